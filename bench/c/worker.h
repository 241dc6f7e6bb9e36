/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the worker programs, in C and in C++, have in common: their arguments, the clock, the measured loop, and how they
 * report.
 *
 * A worker is started by the driver for one round of one workload, as `ours get address=127.0.0.1:6379 seconds=0.3`,
 * prints its figures as lines of a name and a number, and ends. Anything unexpected ends it with a message and status 1:
 * a figure of a run in which something failed is worse than none.
 */

#ifndef BENCH_WORKER_H
#define BENCH_WORKER_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The key that the driver sets before GET workloads, and the length of its value. */
#define BENCH_KEY "bench:key"
#define BENCH_VALUE_LENGTH 5
/* The key of a value of 64 MiB. */
#define BENCH_BIG_KEY "bench:big"
/* The key of a list, how many elements it has, and the length of each. */
#define BENCH_LIST_KEY "bench:list"
#define BENCH_LIST_COUNT 1000
#define BENCH_LIST_ELEMENT_LENGTH 10

enum { MAX_OPTIONS = 16 };

/* The arguments of a worker. */
struct job {
    const char *workload;
    const char *address;               /* HOST:PORT, or the path of a unix socket */
    const char *admin;                 /* a unix socket of the same server */
    const char *shape;                 /* which reply to decode */
    const char *authorities;           /* a PEM file of whom to trust; with one, TLS is spoken */
    double seconds;                    /* how long to measure, unless `steps` is given */
    long steps;                        /* how often to do it instead, in each thread */
    long count;                        /* how many commands, where that is what the workload is about */
    int threads;
    int depth;                         /* commands in a pipeline */
    int option_count;
    const char *options[MAX_OPTIONS];  /* NAME=VALUE for the client */
};

/* What is measured. */
struct work {
    /* Makes one thread's state; `shared` is what work_run() was given. Not measured. */
    void *(*begin)(const struct job *job, void *shared);
    /* Does it once. Returns how many operations that were. */
    long (*step)(void *state);
    /* Frees a thread's state. Not measured. */
    void (*end)(void *state);
};

/* A workload's name and function. The last of a list has no name. */
struct workload {
    const char *name;
    void (*run)(const struct job *job);
};

/* Runs the workload that the arguments ask for. Returns main()'s status. */
int worker_main(int argc, char **argv, const struct workload *workloads);

/* Runs `work` in as many threads as the job says, all beginning at once, after a warm-up. One is the main thread itself:
   a program without other threads has a faster malloc(). Reports ops, seconds and cpu (seconds of processor time). */
void work_run(const struct job *job, const struct work *work, void *shared);

/* Is the address a unix socket's path? */
bool job_is_unix(const struct job *job);
/* Is TLS to be spoken? */
bool job_is_tls(const struct job *job);
/* The address as host and port. The host is one of those of struct job's lifetime. */
const char *job_host(const struct job *job, int *port);

/* Seconds of a clock that all processes of the machine share. */
double now(void);
void pause_for(double seconds);
/* Seconds of processor time that this process has taken. */
double processor_time(void);
/* Prints a figure for the driver. */
void report(const char *name, double value);
/* A figure of /proc/self/status in bytes, such as "VmRSS". */
double memory(const char *field);
/* malloc() that does not return without memory. */
void *must_allocate(size_t size);
/* Ends the worker. */
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#ifdef __cplusplus
}
#endif

#endif
