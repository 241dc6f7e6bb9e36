/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The measured loop and the rest of worker.h. Each thread of a run has its own state and counter; they meet at a barrier
 * before the clock starts and stop by the clock, each after the step that it is in.
 */

#include "worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { WARM_UP = 50 };
/* Seconds after which a worker that hangs is ended by the system. */
enum { LAST_RESORT = 120 };

void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("worker: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

double now(void)
{
    struct timespec time;
    if (clock_gettime(CLOCK_MONOTONIC, &time) != 0)
        fail("clock_gettime: %s", strerror(errno));
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

void pause_for(double seconds)
{
    struct timespec left = {.tv_sec = (time_t)seconds};
    left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
    while (nanosleep(&left, &left) != 0)
        if (errno != EINTR)
            fail("nanosleep: %s", strerror(errno));
}

double processor_time(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        fail("getrusage: %s", strerror(errno));
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

void report(const char *name, double value)
{
    if (printf("%s %.9g\n", name, value) < 0 || fflush(stdout) != 0)
        fail("the driver does not listen");
}

void *must_allocate(size_t size)
{
    void *memory = malloc(size);
    if (memory == NULL)
        fail("no memory");
    return memory;
}

double memory(const char *field)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    size_t length = strlen(field);
    double bytes = -1;
    if (status == NULL)
        fail("/proc/self/status: %s", strerror(errno));
    while (bytes < 0 && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, field, length) == 0 && line[length] == ':')
            bytes = strtod(line + length + 1, NULL) * 1024;
    fclose(status);
    if (bytes < 0)
        fail("/proc/self/status has no %s", field);
    return bytes;
}

bool job_is_unix(const struct job *job)
{
    return job->address[0] == '/';
}

bool job_is_tls(const struct job *job)
{
    return job->authorities[0] != '\0';
}

const char *job_host(const struct job *job, int *port)
{
    static char host[256];
    const char *colon = strrchr(job->address, ':');
    if (colon == NULL || (size_t)(colon - job->address) >= sizeof host)
        fail("not an address: %s", job->address);
    memcpy(host, job->address, (size_t)(colon - job->address));
    host[colon - job->address] = '\0';
    *port = atoi(colon + 1);
    return host;
}

/* ---- the measured loop ------------------------------------------------------------------------------------------- */

struct run {
    const struct job *job;
    const struct work *work;
    void *shared;
    pthread_barrier_t ready;
    pthread_barrier_t go;
};

struct worker {
    struct run *run;
    pthread_t thread;
    long operations;
    double ended;
};

static long steps_until(const struct run *run, void *state, double deadline)
{
    long operations = 0;
    if (run->job->steps > 0)
        for (long step = 0; step < run->job->steps; step++)
            operations += run->work->step(state);
    else
        do
            operations += run->work->step(state);
        while (now() < deadline);
    return operations;
}

static void *worker_thread(void *argument)
{
    struct worker *worker = argument;
    struct run *run = worker->run;
    void *state = run->work->begin(run->job, run->shared);
    double begun = now();

    /* Not longer than a tenth of the whole: a step may be a long one. */
    for (int step = 0; step < WARM_UP && now() - begun < run->job->seconds / 10; step++)
        run->work->step(state);
    pthread_barrier_wait(&run->ready);
    pthread_barrier_wait(&run->go);
    worker->operations = steps_until(run, state, now() + run->job->seconds);
    worker->ended = now();
    run->work->end(state);
    return NULL;
}

static void run_alone(struct run *run)
{
    void *state = run->work->begin(run->job, run->shared);
    double begun = now();
    double cpu;
    long operations;

    for (int step = 0; step < WARM_UP && now() - begun < run->job->seconds / 10; step++)
        run->work->step(state);
    cpu = processor_time();
    begun = now();
    operations = steps_until(run, state, begun + run->job->seconds);
    report("seconds", now() - begun);
    report("cpu", processor_time() - cpu);
    report("ops", (double)operations);
    run->work->end(state);
}

static void run_threads(struct run *run, int count)
{
    struct worker *workers = must_allocate((size_t)count * sizeof *workers);
    double begun, ended = 0, cpu;
    long operations = 0;

    pthread_barrier_init(&run->ready, NULL, (unsigned)count + 1);
    pthread_barrier_init(&run->go, NULL, (unsigned)count + 1);
    for (int index = 0; index < count; index++) {
        workers[index] = (struct worker){.run = run};
        if (pthread_create(&workers[index].thread, NULL, worker_thread, &workers[index]) != 0)
            fail("cannot start a thread");
    }
    pthread_barrier_wait(&run->ready);
    cpu = processor_time();
    begun = now();
    pthread_barrier_wait(&run->go);
    for (int index = 0; index < count; index++) {
        pthread_join(workers[index].thread, NULL);
        operations += workers[index].operations;
        ended = workers[index].ended > ended ? workers[index].ended : ended;
    }
    report("seconds", ended - begun);
    report("cpu", processor_time() - cpu);
    report("ops", (double)operations);
    pthread_barrier_destroy(&run->ready);
    pthread_barrier_destroy(&run->go);
    free(workers);
}

void work_run(const struct job *job, const struct work *work, void *shared)
{
    struct run run = {.job = job, .work = work, .shared = shared};
    if (job->threads == 1)
        run_alone(&run);
    else
        run_threads(&run, job->threads);
}

/* ---- arguments --------------------------------------------------------------------------------------------------- */

static void parse(struct job *job, char *argument)
{
    char *value = strchr(argument, '=');
    if (value == NULL)
        fail("not NAME=VALUE: %s", argument);
    *value++ = '\0';
    if (strcmp(argument, "address") == 0)
        job->address = value;
    else if (strcmp(argument, "admin") == 0)
        job->admin = value;
    else if (strcmp(argument, "shape") == 0)
        job->shape = value;
    else if (strcmp(argument, "authorities") == 0)
        job->authorities = value;
    else if (strcmp(argument, "seconds") == 0)
        job->seconds = strtod(value, NULL);
    else if (strcmp(argument, "steps") == 0)
        job->steps = atol(value);
    else if (strcmp(argument, "count") == 0)
        job->count = atol(value);
    else if (strcmp(argument, "threads") == 0)
        job->threads = atoi(value);
    else if (strcmp(argument, "depth") == 0)
        job->depth = atoi(value);
    else if (strcmp(argument, "option") == 0 && job->option_count < MAX_OPTIONS)
        job->options[job->option_count++] = value;
    else
        fail("no such argument: %s", argument);
}

int worker_main(int argc, char **argv, const struct workload *workloads)
{
    struct job job = {.workload = argc > 1 ? argv[1] : "", .address = "127.0.0.1:6379", .seconds = 0.3,
                      .count = 1, .threads = 1, .depth = 100, .admin = "", .shape = "", .authorities = ""};
    alarm(LAST_RESORT);
    for (int index = 2; index < argc; index++)
        parse(&job, argv[index]);
    if (job.threads < 1 || job.depth < 1)
        fail("threads and depth begin at 1");
    for (; workloads->name != NULL; workloads++) {
        if (strcmp(workloads->name, job.workload) == 0) {
            workloads->run(&job);
            return EXIT_SUCCESS;
        }
    }
    fail("no such workload: %s", job.workload);
}
