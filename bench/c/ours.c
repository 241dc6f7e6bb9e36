/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The workloads that need nothing but a server, through this library: `get` and `pipeline`, in any number of threads
 * that share one client, `big`, and `subscribe`. Written as a program would be that has nothing to lose: replies are
 * looked at and freed. hiredis.c is its twin.
 */

#include "client.h"
#include "publisher.h"

#include <stdlib.h>

static const char *const GET[] = {"GET", BENCH_KEY};
static const size_t GET_LENGTHS[] = {3, sizeof BENCH_KEY - 1};

/* ---- GET: one command and its reply -------------------------------------------------------------------------------- */

static void *get_begin(const struct job *job, void *shared)
{
    (void)job;
    return shared;
}

static long get_step(void *state)
{
    rr_client *client = state;
    rr_reply *reply;
    rr_error *err;
    rr_status status = rr_command(client, 2, GET, GET_LENGTHS, &reply, &err);

    if (status != RR_OK)
        expect(status, RR_OK, &err, "GET");
    if (rr_reply_string(reply) == NULL || rr_reply_length(reply) != BENCH_VALUE_LENGTH)
        fail("GET: not the value");
    rr_reply_free(reply);
    return 1;
}

static void get_end(void *state)
{
    (void)state;
}

static void run_get(const struct job *job)
{
    static const struct work work = {get_begin, get_step, get_end};
    rr_client *client = client_open(job, NULL);
    work_run(job, &work, client);
    rr_client_free(client);
}

/* ---- a pipeline of GETs, executed again and again ------------------------------------------------------------------ */

static void *pipeline_begin(const struct job *job, void *shared)
{
    rr_pipeline *pipeline;
    rr_error *err = NULL;

    expect(rr_pipeline_new(shared, NULL, &pipeline, &err), RR_OK, &err, "making a pipeline");
    for (int index = 0; index < job->depth; index++)
        expect(rr_pipeline_append(pipeline, 2, GET, GET_LENGTHS, &err), RR_OK, &err, "appending");
    return pipeline;
}

static long pipeline_step(void *state)
{
    rr_reply *reply;
    rr_error *err;
    rr_status status = rr_pipeline_execute(state, &reply, &err);
    const rr_value *all;
    long count;

    if (status != RR_OK)
        expect(status, RR_OK, &err, "executing");
    all = rr_reply_view(reply);
    for (size_t index = 0; index < all->count; index++)
        if (all->children[index].string == NULL || all->children[index].length != BENCH_VALUE_LENGTH)
            fail("pipeline: not the value");
    count = (long)all->count;
    rr_reply_free(reply);
    return count;
}

static void pipeline_end(void *state)
{
    rr_pipeline_free(state);
}

static void run_pipeline(const struct job *job)
{
    static const struct work work = {pipeline_begin, pipeline_step, pipeline_end};
    rr_client *client = client_open(job, NULL);
    work_run(job, &work, client);
    rr_client_free(client);
}

/* ---- submitted GETs, their replies taken from a queue -------------------------------------------------------------- */

struct submitting {
    rr_client *client;
    rr_queue *queue;
    rr_completion *completions;
    int depth;
};

static void *submit_begin(const struct job *job, void *shared)
{
    struct submitting *state = must_allocate(sizeof *state);
    rr_error *err = NULL;

    *state = (struct submitting){.client = shared, .depth = job->depth};
    state->completions = must_allocate((size_t)job->depth * sizeof *state->completions);
    expect(rr_queue_new(&state->queue, &err), RR_OK, &err, "making a queue");
    return state;
}

static long submit_step(void *given)
{
    struct submitting *state = given;
    rr_error *err;
    size_t count;

    for (int index = 0; index < state->depth; index++) {
        rr_status status = rr_submit_to(state->client, state->queue, (uint64_t)index, NULL, 2, GET, GET_LENGTHS, NULL, &err);
        if (status != RR_OK)
            expect(status, RR_OK, &err, "submitting");
    }
    for (int left = state->depth; left > 0; left -= (int)count) {
        rr_status status = rr_queue_next(state->queue, state->completions, (size_t)left, 5000, &count, &err);
        if (status != RR_OK)
            expect(status, RR_OK, &err, "taking completions");
        for (size_t index = 0; index < count; index++) {
            const rr_completion *completion = &state->completions[index];
            if (completion->status != RR_OK || rr_reply_string(completion->reply) == NULL ||
                rr_reply_length(completion->reply) != BENCH_VALUE_LENGTH)
                fail("submit: not the value");
            rr_reply_free(completion->reply);
        }
    }
    return state->depth;
}

static void submit_end(void *given)
{
    struct submitting *state = given;
    rr_queue_free(state->queue);
    free(state->completions);
    free(state);
}

static void run_submit(const struct job *job)
{
    static const struct work work = {submit_begin, submit_step, submit_end};
    rr_client *client = client_open(job, NULL);
    work_run(job, &work, client);
    rr_client_free(client);
}

/* ---- a large value ------------------------------------------------------------------------------------------------- */

static void run_big(const struct job *job)
{
    static const char *const argv[] = {"GET", BENCH_BIG_KEY};
    rr_client *client = client_open(job, NULL);
    rr_reply *reply;
    rr_error *err = NULL;
    double begun, before = memory("VmRSS");

    begun = now();
    for (long index = 0; index < job->count; index++) {
        expect(rr_command(client, 2, argv, NULL, &reply, &err), RR_OK, &err, "GET of a large value");
        report("payload", (double)rr_reply_length(reply));
        rr_reply_free(reply);
    }
    report("seconds", now() - begun);
    report("peak", memory("VmHWM") - before);
    rr_client_free(client);
}

/* ---- messages of a channel ----------------------------------------------------------------------------------------- */

struct reader {
    rr_client *client;
    rr_subscription *subscription;
    struct publisher *publisher;
};

static void *subscribe_begin(const struct job *job, void *shared)
{
    static const char *const names[] = {BENCH_CHANNEL};
    struct reader *reader = must_allocate(sizeof *reader);
    rr_error *err = NULL;

    (void)shared;
    reader->client = client_open(job, NULL);
    expect(rr_subscription_new(reader->client, NULL, &reader->subscription, &err), RR_OK, &err, "making a subscription");
    expect(rr_subscription_add(reader->subscription, RR_CHANNEL, 1, names, NULL, &err), RR_OK, &err, "subscribing");
    expect(rr_subscription_wait(reader->subscription, 10000, &err), RR_OK, &err, "subscribing");
    reader->publisher = publisher_begin(job);
    return reader;
}

static long subscribe_step(void *state)
{
    struct reader *reader = state;

    for (int index = 0; index < PUBLISH_BATCH; index++) {
        rr_message *message;
        rr_error *err;
        rr_status status = rr_subscription_next(reader->subscription, 10000, &message, &err);

        if (status != RR_OK)
            expect(status, RR_OK, &err, "taking a message");
        if (rr_message_kind(message) != RR_CHANNEL || rr_message_length(message) != PUBLISH_LENGTH)
            fail("subscribe: not the message");
        rr_message_free(message);
    }
    publisher_go_on(reader->publisher);
    return PUBLISH_BATCH;
}

static void subscribe_end(void *state)
{
    struct reader *reader = state;

    publisher_end(reader->publisher);
    rr_subscription_free(reader->subscription);
    rr_client_free(reader->client);
    free(reader);
}

static void run_subscribe(const struct job *job)
{
    static const struct work work = {subscribe_begin, subscribe_step, subscribe_end};
    work_run(job, &work, NULL);
}

int main(int argc, char **argv)
{
    static const struct workload workloads[] = {
        {"get", run_get}, {"pipeline", run_pipeline},   {"submit", run_submit},
        {"big", run_big}, {"subscribe", run_subscribe}, {NULL, NULL}};
    return worker_main(argc, argv, workloads);
}
