/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The same workloads through hiredis, as its users write them: a connection per thread, redisCommandArgv() (which is the
 * fastest of its family), pipelines by append and get, messages by redisGetReply() in a loop. And two yardsticks of its
 * own: `writes`, a pipeline of many SETs, and `decode`, its reader alone. Defining BENCH_TLS makes use of the SSL part of
 * hiredis.
 */

#include "publisher.h"
#include "worker.h"

#include <hiredis/hiredis.h>
#ifdef BENCH_TLS
#include <hiredis/hiredis_ssl.h>
#include <pthread.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FEED = 16 << 10, DECODE_STREAM = 1 << 20 };

static const char *GET[] = {"GET", BENCH_KEY};
static const size_t GET_LENGTHS[] = {3, sizeof BENCH_KEY - 1};

#ifdef BENCH_TLS
static void begin_tls(void)
{
    redisInitOpenSSL();
}

static void protect(redisContext *context, const struct job *job)
{
    static pthread_once_t begun = PTHREAD_ONCE_INIT;
    redisSSLContextError error = REDIS_SSL_CTX_NONE;
    redisSSLContext *trust;

    pthread_once(&begun, begin_tls);
    trust = redisCreateSSLContext(job->authorities, NULL, NULL, NULL, NULL, &error);
    if (trust == NULL)
        fail("%s: %s", job->authorities, redisSSLContextGetError(error));
    if (redisInitiateSSLWithContext(context, trust) != REDIS_OK)
        fail("TLS with %s: %s", job->address, context->errstr);
    redisFreeSSLContext(trust);
}
#else
static void protect(redisContext *context, const struct job *job)
{
    (void)context;
    fail("TLS with %s: this hiredis has no SSL part", job->address);
}
#endif

static redisContext *connect_to(const struct job *job)
{
    redisContext *context;
    if (job_is_unix(job)) {
        context = redisConnectUnix(job->address);
    } else {
        int port;
        const char *host = job_host(job, &port);
        context = redisConnect(host, port);
    }
    if (context == NULL || context->err != 0)
        fail("connecting to %s: %s", job->address, context == NULL ? "no memory" : context->errstr);
    if (job_is_tls(job))
        protect(context, job);
    return context;
}

/* The next reply, of the type it has to have. */
static redisReply *must_get(redisContext *context, int type)
{
    void *reply = NULL;
    if (redisGetReply(context, &reply) != REDIS_OK || reply == NULL)
        fail("reading a reply: %s", context->errstr);
    if (((redisReply *)reply)->type != type)
        fail("a reply of type %d instead of %d", ((redisReply *)reply)->type, type);
    return reply;
}

static void check_value(const redisReply *reply)
{
    if (reply == NULL || reply->type != REDIS_REPLY_STRING || reply->len != BENCH_VALUE_LENGTH)
        fail("GET: not the value");
}

/* ---- GET ----------------------------------------------------------------------------------------------------------- */

static void *get_begin(const struct job *job, void *shared)
{
    (void)shared;
    return connect_to(job);
}

static long get_step(void *state)
{
    redisReply *reply = redisCommandArgv(state, 2, GET, GET_LENGTHS);
    check_value(reply);
    freeReplyObject(reply);
    return 1;
}

static void get_end(void *state)
{
    redisFree(state);
}

static void run_get(const struct job *job)
{
    static const struct work work = {get_begin, get_step, get_end};
    work_run(job, &work, NULL);
}

/* ---- a pipeline ---------------------------------------------------------------------------------------------------- */

struct pipe {
    redisContext *context;
    int depth;
};

static void *pipeline_begin(const struct job *job, void *shared)
{
    struct pipe *pipe = must_allocate(sizeof *pipe);
    (void)shared;
    *pipe = (struct pipe){connect_to(job), job->depth};
    return pipe;
}

static long pipeline_step(void *state)
{
    struct pipe *pipe = state;
    for (int index = 0; index < pipe->depth; index++)
        if (redisAppendCommandArgv(pipe->context, 2, GET, GET_LENGTHS) != REDIS_OK)
            fail("appending: %s", pipe->context->errstr);
    for (int index = 0; index < pipe->depth; index++) {
        redisReply *reply = must_get(pipe->context, REDIS_REPLY_STRING);
        check_value(reply);
        freeReplyObject(reply);
    }
    return pipe->depth;
}

static void pipeline_end(void *state)
{
    struct pipe *pipe = state;
    redisFree(pipe->context);
    free(pipe);
}

static void run_pipeline(const struct job *job)
{
    static const struct work work = {pipeline_begin, pipeline_step, pipeline_end};
    work_run(job, &work, NULL);
}

/* ---- a large value ------------------------------------------------------------------------------------------------- */

static void run_big(const struct job *job)
{
    redisContext *context = connect_to(job);
    double begun, before = memory("VmRSS");

    begun = now();
    for (long index = 0; index < job->count; index++) {
        redisReply *reply = redisCommand(context, "GET " BENCH_BIG_KEY);
        if (reply == NULL || reply->type != REDIS_REPLY_STRING)
            fail("GET of a large value: %s", context->errstr);
        report("payload", (double)reply->len);
        freeReplyObject(reply);
    }
    report("seconds", now() - begun);
    report("peak", memory("VmHWM") - before);
    redisFree(context);
}

/* ---- many writes in one pipeline ----------------------------------------------------------------------------------- */

static void append_set(redisContext *context, long number)
{
    char key[32];
    int length = snprintf(key, sizeof key, "bench:%010ld", number);
    const char *argv[] = {"SET", key, "12345678901234567890"};
    const size_t lengths[] = {3, (size_t)length, 20};
    if (redisAppendCommandArgv(context, 3, argv, lengths) != REDIS_OK)
        fail("appending: %s", context->errstr);
}

static void run_writes(const struct job *job)
{
    redisContext *context = connect_to(job);
    double begun = now(), appended;

    for (long number = 0; number < job->count; number++)
        append_set(context, number);
    appended = now();
    for (long number = 0; number < job->count; number++)
        freeReplyObject(must_get(context, REDIS_REPLY_STATUS));
    report("seconds", now() - begun);
    report("exchange", now() - appended);
    redisFree(context);
}

/* ---- the reader alone ---------------------------------------------------------------------------------------------- */

struct stream {
    redisReader *reader;
    char *bytes;
    size_t length;
    size_t at;
};

/* Whole replies, about DECODE_STREAM bytes; as src/decode.rs makes them. */
static void fill_stream(struct stream *stream, const char *one, size_t length)
{
    size_t count = DECODE_STREAM / length + 1;
    stream->bytes = must_allocate(count * length);
    for (size_t index = 0; index < count; index++)
        memcpy(stream->bytes + index * length, one, length);
    stream->length = count * length;
}

static void fill_with_arrays(struct stream *stream)
{
    static const char head[] = "*1000\r\n", element[] = "$10\r\n0123456789\r\n";
    size_t length = sizeof head - 1 + 1000 * (sizeof element - 1);
    char *one = must_allocate(length);
    memcpy(one, head, sizeof head - 1);
    for (size_t index = 0; index < 1000; index++)
        memcpy(one + sizeof head - 1 + index * (sizeof element - 1), element, sizeof element - 1);
    fill_stream(stream, one, length);
    free(one);
}

static void *decode_begin(const struct job *job, void *shared)
{
    struct stream *stream = must_allocate(sizeof *stream);
    (void)shared;
    *stream = (struct stream){.reader = redisReaderCreate()};
    if (stream->reader == NULL)
        fail("no memory");
    if (strcmp(job->shape, "status") == 0) {
        fill_stream(stream, "+OK\r\n", 5);
    } else if (strcmp(job->shape, "integer") == 0) {
        fill_stream(stream, ":1\r\n", 4);
    } else if (strcmp(job->shape, "string") == 0) {
        fill_stream(stream, "$5\r\nhello\r\n", 11);
    } else if (strcmp(job->shape, "array") == 0) {
        fill_with_arrays(stream);
    } else {
        fail("no such shape: %s", job->shape);
    }
    return stream;
}

static size_t look_at_string(const redisReply *reply)
{
    return (size_t)(unsigned char)reply->str[0] + (size_t)reply->len;
}

/* Looks at every value, as a program would. */
static size_t look_at(const redisReply *reply)
{
    size_t sum = 0;
    switch (reply->type) {
    case REDIS_REPLY_INTEGER:
        return (size_t)reply->integer;
    case REDIS_REPLY_ARRAY:
        for (size_t index = 0; index < reply->elements; index++)
            sum += look_at_string(reply->element[index]);
        return sum;
    default:
        return look_at_string(reply);
    }
}

static long decode_step(void *state)
{
    struct stream *stream = state;
    size_t length = stream->length - stream->at < FEED ? stream->length - stream->at : FEED;
    long count = 0;
    static volatile size_t seen;

    if (redisReaderFeed(stream->reader, stream->bytes + stream->at, length) != REDIS_OK)
        fail("feeding: %s", stream->reader->errstr);
    stream->at = (stream->at + length) % stream->length;
    for (;;) {
        void *reply = NULL;
        if (redisReaderGetReply(stream->reader, &reply) != REDIS_OK)
            fail("decoding: %s", stream->reader->errstr);
        if (reply == NULL)
            return count;
        seen += look_at(reply);
        freeReplyObject(reply);
        count++;
    }
}

static void decode_end(void *state)
{
    struct stream *stream = state;
    redisReaderFree(stream->reader);
    free(stream->bytes);
    free(stream);
}

static void run_decode(const struct job *job)
{
    static const struct work work = {decode_begin, decode_step, decode_end};
    work_run(job, &work, NULL);
}

/* ---- messages of a channel ----------------------------------------------------------------------------------------- */

struct listener {
    redisContext *context;
    struct publisher *publisher;
};

static void *subscribe_begin(const struct job *job, void *shared)
{
    struct listener *listener = must_allocate(sizeof *listener);

    (void)shared;
    listener->context = connect_to(job);
    freeReplyObject(redisCommand(listener->context, "SUBSCRIBE %s", BENCH_CHANNEL));
    listener->publisher = publisher_begin(job);
    return listener;
}

static long subscribe_step(void *state)
{
    struct listener *listener = state;

    for (int index = 0; index < PUBLISH_BATCH; index++) {
        redisReply *reply = must_get(listener->context, REDIS_REPLY_ARRAY);
        if (reply->elements != 3 || reply->element[2]->len != PUBLISH_LENGTH)
            fail("subscribe: not the message");
        freeReplyObject(reply);
    }
    publisher_go_on(listener->publisher);
    return PUBLISH_BATCH;
}

static void subscribe_end(void *state)
{
    struct listener *listener = state;

    publisher_end(listener->publisher);
    redisFree(listener->context);
    free(listener);
}

static void run_subscribe(const struct job *job)
{
    static const struct work work = {subscribe_begin, subscribe_step, subscribe_end};
    work_run(job, &work, NULL);
}

int main(int argc, char **argv)
{
    static const struct workload workloads[] = {{"get", run_get},       {"pipeline", run_pipeline}, {"big", run_big},
                                                {"writes", run_writes}, {"decode", run_decode},     {"subscribe", run_subscribe},
                                                {NULL, NULL}};
    return worker_main(argc, argv, workloads);
}
