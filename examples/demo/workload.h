/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the outage programs do: threads that write numbered values at a steady pace, and a look every 50 ms at how it
 * goes. It knows no Redis client. A program brings the two functions that do, so that clients which are compared do
 * exactly the same work.
 *
 * It is C that is also C++. Everything is counted under the writer's own lock, which only the look every 50 ms contends
 * for. */

#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What became of a write, and the letter that stands for it in the record. */
enum fate { REPLIED, BUFFERED, NOT_APPLIED, APPLIED, UNKNOWN, FATES };
static const char fate_letters[FATES + 1] = "rbnau";

enum { SAMPLE_MS = 50, HELD_UP_US = 100000, MOST_THREADS = 64, MOST_LATENCIES = 4096 };

struct writer {
    pthread_t thread;
    int index;
    struct workload *workload;
    pthread_mutex_t lock; /* for all below */
    long count[FATES];
    char *fates; /* one letter for each number written */
    size_t room;
    int64_t latencies[MOST_LATENCIES]; /* microseconds, since the last look */
    int latency_count;
    int64_t longest_us;
};

struct workload {
    /* The client and what is done with it: write `number` to the list of `thread`; tell what is buffered, and how it is. */
    void *client;
    enum fate (*issue)(void *client, int thread, long number);
    void (*look)(void *client, long *buffered, const char **state);

    int threads;
    double rate, seconds; /* writes a second of all threads together; how long */
    FILE *record;         /* NULL: progress is shown instead */

    int64_t began_us, ends_us;
    pthread_mutex_t lock; /* for `away` */
    int away;             /* a write got no reply, and none has got one since */
    struct writer writers[MOST_THREADS];
};

/* Since 1970, so that what other programs saw can be laid beside it. */
static int64_t workload_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t workload_ticks_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void workload_sleep_until(int64_t ticks_us)
{
    struct timespec then;
    then.tv_sec = (time_t)(ticks_us / 1000000);
    then.tv_nsec = (long)(ticks_us % 1000000) * 1000;
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &then, NULL) == EINTR)
        ;
}

static void workload_fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(2);
}

/* -t threads, -r writes a second, -s seconds, -o file to record to. Returns the index of the first argument left. */
static int workload_options(struct workload *workload, int argc, char **argv)
{
    int option;

    workload->threads = 8;
    workload->rate = 2000;
    workload->seconds = 20;
    while ((option = getopt(argc, argv, "t:r:s:o:")) != -1) {
        switch (option) {
        case 't': workload->threads = atoi(optarg); break;
        case 'r': workload->rate = atof(optarg); break;
        case 's': workload->seconds = atof(optarg); break;
        case 'o':
            workload->record = fopen(optarg, "w");
            if (workload->record == NULL)
                workload_fail("the file to record to cannot be written");
            setvbuf(workload->record, NULL, _IOLBF, 0);
            break;
        default: return argc;
        }
    }
    if (workload->threads < 1 || workload->threads > MOST_THREADS || workload->rate <= 0 || workload->seconds <= 0)
        return argc;
    return optind;
}

/* The first reply after writes that got none. */
static void workload_note_recovery(struct workload *workload, enum fate fate)
{
    int back;

    pthread_mutex_lock(&workload->lock);
    back = workload->away && fate == REPLIED;
    workload->away = fate != REPLIED;
    pthread_mutex_unlock(&workload->lock);
    if (back && workload->record != NULL)
        fprintf(workload->record, "recovered %" PRId64 "\n", workload_now_us());
}

static void workload_count(struct writer *writer, long number, enum fate fate, int64_t took_us)
{
    pthread_mutex_lock(&writer->lock);
    if ((size_t)number > writer->room) {
        writer->room = 2 * writer->room + 1024;
        writer->fates = (char *)realloc(writer->fates, writer->room);
        if (writer->fates == NULL)
            workload_fail("no memory");
    }
    writer->fates[number - 1] = fate_letters[fate];
    writer->count[fate]++;
    if (writer->latency_count < MOST_LATENCIES)
        writer->latencies[writer->latency_count++] = took_us;
    if (took_us > writer->longest_us)
        writer->longest_us = took_us;
    pthread_mutex_unlock(&writer->lock);
}

static void *workload_write(void *argument)
{
    struct writer *writer = (struct writer *)argument;
    struct workload *workload = writer->workload;
    int64_t pause = (int64_t)(1e6 * workload->threads / workload->rate);
    int64_t next = workload_ticks_us() + pause * writer->index / workload->threads;
    long number;

    for (number = 1;; number++) {
        int64_t began, ended;
        enum fate fate;

        workload_sleep_until(next);
        if (workload_now_us() >= workload->ends_us)
            return NULL;
        began = workload_ticks_us();
        fate = workload->issue(workload->client, writer->index, number);
        ended = workload_ticks_us();
        workload_count(writer, number, fate, ended - began);
        workload_note_recovery(workload, fate);
        /* A slow reply does not change the pace; one that was held up for long does not hurry to catch up. */
        next = ended - next < HELD_UP_US ? next + pause : ended;
    }
}

static int workload_compare(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* One look at everything: what was issued, replied and buffered so far, and the latencies since the last look. */
static void workload_sample(struct workload *workload, long *shown, int64_t *slowest_us)
{
    static int64_t latencies[MOST_THREADS * MOST_LATENCIES];
    long count[FATES] = {0}, issued = 0, buffered = 0;
    const char *state = "-";
    int latency_count = 0, thread, fate;
    int64_t now = workload_now_us(), median = -1, longest = -1;

    for (thread = 0; thread < workload->threads; thread++) {
        struct writer *writer = &workload->writers[thread];
        pthread_mutex_lock(&writer->lock);
        for (fate = 0; fate < FATES; fate++) {
            count[fate] += writer->count[fate];
            issued += writer->count[fate];
        }
        memcpy(latencies + latency_count, writer->latencies, sizeof *latencies * (size_t)writer->latency_count);
        latency_count += writer->latency_count;
        writer->latency_count = 0;
        pthread_mutex_unlock(&writer->lock);
    }
    if (latency_count > 0) {
        qsort(latencies, (size_t)latency_count, sizeof *latencies, workload_compare);
        median = latencies[latency_count / 2];
        longest = latencies[latency_count - 1];
    }
    if (longest > *slowest_us)
        *slowest_us = longest;
    workload->look(workload->client, &buffered, &state);

    if (workload->record != NULL) {
        fprintf(workload->record, "sample %" PRId64 " %ld %ld %ld %ld %" PRId64 " %" PRId64 " %s\n", now, issued,
            count[REPLIED], count[BUFFERED], buffered, median, longest, state);
    } else if (now - workload->began_us >= (*shown + 1) * 1000000) {
        static long accepted_before;
        long accepted = count[REPLIED] + count[BUFFERED];
        printf("%7.3f s  %6ld writes/s  buffered %6ld  slowest %8.3f ms  %s\n", (double)(now - workload->began_us) / 1e6,
            accepted - accepted_before, buffered, (double)*slowest_us / 1e3, state);
        fflush(stdout);
        accepted_before = accepted;
        *slowest_us = 0;
        ++*shown;
    }
}

/* Lets the writers write for as long as was asked for. */
static void workload_run(struct workload *workload)
{
    int64_t next = workload_ticks_us(), slowest_us = 0;
    long shown = 0;
    int thread;

    workload->began_us = workload_now_us();
    workload->ends_us = workload->began_us + (int64_t)(workload->seconds * 1e6);
    pthread_mutex_init(&workload->lock, NULL);
    for (thread = 0; thread < workload->threads; thread++) {
        struct writer *writer = &workload->writers[thread];
        writer->index = thread;
        writer->workload = workload;
        pthread_mutex_init(&writer->lock, NULL);
        if (pthread_create(&writer->thread, NULL, workload_write, writer) != 0)
            workload_fail("no thread");
    }
    while (workload_now_us() < workload->ends_us) {
        workload_sample(workload, &shown, &slowest_us);
        workload_sleep_until(next += SAMPLE_MS * 1000);
    }
    for (thread = 0; thread < workload->threads; thread++)
        pthread_join(workload->writers[thread].thread, NULL);
    workload_sample(workload, &shown, &slowest_us);
}

/* Prints what became of the writes; into the record goes the fate of every single one. */
static void workload_account(struct workload *workload)
{
    long count[FATES] = {0}, issued = 0;
    int64_t longest_us = 0;
    int thread, fate;

    for (thread = 0; thread < workload->threads; thread++) {
        struct writer *writer = &workload->writers[thread];
        long written = 0;
        for (fate = 0; fate < FATES; fate++) {
            count[fate] += writer->count[fate];
            written += writer->count[fate];
        }
        issued += written;
        if (writer->longest_us > longest_us)
            longest_us = writer->longest_us;
        if (workload->record != NULL)
            fprintf(workload->record, "fates %d %.*s\n", thread, (int)written, written > 0 ? writer->fates : "");
        free(writer->fates);
        writer->fates = NULL;
    }
    printf("account issued %ld\n", issued);
    printf("account acknowledged %ld\n", count[REPLIED]);
    printf("account buffered %ld\n", count[BUFFERED]);
    printf("account failed_not_applied %ld\n", count[NOT_APPLIED]);
    printf("account failed_applied %ld\n", count[APPLIED]);
    printf("account failed_unknown %ld\n", count[UNKNOWN]);
    printf("account longest_stall_us %" PRId64 "\n", longest_us);
    if (workload->record != NULL)
        fclose(workload->record);
}

#endif
