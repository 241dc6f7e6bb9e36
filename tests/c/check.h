/* What the test programs share: checks that end the program with a message, and the server they run against.
 *
 * A program is given the server's URL as its argument. It can ask the harness, which is at the other end of its
 * standard input and output, to kill the server and to start it again. */

#ifndef CHECK_H
#define CHECK_H

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "resilient_redis.h"

#define CHECK(condition) \
    do { \
        if (!(condition)) \
            fail(__FILE__, __LINE__, "%s", #condition); \
    } while (0)

/* Compares whole numbers and shows both. */
#define CHECK_EQ(actual, expected) \
    do { \
        long long actual_ = (long long)(actual), expected_ = (long long)(expected); \
        if (actual_ != expected_) \
            fail(__FILE__, __LINE__, "%s is %lld, not %s (%lld)", #actual, actual_, #expected, expected_); \
    } while (0)

/* Compares texts and shows both. */
#define CHECK_TEXT(actual, expected) \
    do { \
        const char *actual_ = (actual), *expected_ = (expected); \
        if (actual_ == NULL || strcmp(actual_, expected_) != 0) \
            fail(__FILE__, __LINE__, "%s is \"%s\", not \"%s\"", #actual, actual_ ? actual_ : "NULL", expected_); \
    } while (0)

/* The status of a call that is given `&err`, which is freed: shows the message when it is another. */
#define CHECK_STATUS(call, expected) \
    do { \
        rr_error *err = NULL; \
        rr_status status_ = (call); \
        if (status_ != (expected)) \
            fail(__FILE__, __LINE__, "%s is %s (%s), not %s", #call, rr_status_name(status_), rr_error_message(err), #expected); \
        if (status_ < 0 ? rr_error_status(err) != status_ : err != NULL) \
            fail(__FILE__, __LINE__, "%s: the error does not go with its status", #call); \
        rr_error_free(err); \
    } while (0)

#define CHECK_OK(call) CHECK_STATUS(call, RR_OK)

__attribute__((format(printf, 3, 4), noreturn)) static inline void fail(const char *file, int line, const char *format, ...)
{
    va_list values;

    fprintf(stderr, "%s:%d: ", file, line);
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
    exit(1);
}

/* Asks the harness: "kill" or "start" the server. */
static inline void server(const char *what)
{
    char answer[64];

    printf("%s\n", what);
    fflush(stdout);
    CHECK(fgets(answer, sizeof answer, stdin) != NULL);
    CHECK_TEXT(answer, "done\n");
}

static inline double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static inline void pause_ms(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&time, NULL);
}

/* Waits until something holds. */
#define WAIT_UNTIL(condition) \
    do { \
        double deadline_ = now() + 30; \
        while (!(condition)) { \
            if (now() > deadline_) \
                fail(__FILE__, __LINE__, "it never came that %s", #condition); \
            pause_ms(2); \
        } \
    } while (0)

static inline rr_client *open_client(const char *url)
{
    rr_client *client = NULL;

    CHECK_OK(rr_client_open(url, &client, &err));
    CHECK(client != NULL);
    CHECK_OK(rr_client_wait_ready(client, 10000, &err));
    return client;
}

/* A client with options: name, value, ..., NULL. */
static inline rr_client *open_client_with(const char *url, ...)
{
    rr_config *config = NULL;
    rr_client *client = NULL;
    const char *name;
    va_list options;

    CHECK_OK(rr_config_from_url(url, &config, &err));
    va_start(options, url);
    while ((name = va_arg(options, const char *)) != NULL) {
        const char *value = va_arg(options, const char *);

        CHECK_OK(rr_config_set(config, name, value, &err));
    }
    va_end(options);
    CHECK_OK(rr_client_new(config, &client, &err));
    rr_config_free(config);
    return client;
}

/* Counts how many texts come before the NULL. */
static inline size_t count_texts(const char *const *texts)
{
    size_t count = 0;

    while (texts[count] != NULL)
        count++;
    return count;
}

/* A command of texts: COMMAND(client, &reply, &err, "GET", "key"). */
#define COMMAND(client, reply, err, ...) \
    rr_command(client, count_texts((const char *const[]){__VA_ARGS__, NULL}), (const char *const[]){__VA_ARGS__}, NULL, reply, err)

#define APPEND(pipeline, err, ...) \
    rr_pipeline_append(pipeline, count_texts((const char *const[]){__VA_ARGS__, NULL}), (const char *const[]){__VA_ARGS__}, NULL, err)

/* Is it this text, with its NUL? */
static inline bool value_is(const rr_value *value, const char *text)
{
    return value != NULL && value->length == strlen(text) && strcmp(value->string, text) == 0;
}

static inline bool reply_is(const rr_reply *reply, const char *text)
{
    return value_is(rr_reply_view(reply), text);
}

#endif
