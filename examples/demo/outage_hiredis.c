/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The same work with hiredis, as programs are usually written: each thread has its connection, and when a command
 * fails the thread connects again and goes on with the next command.
 *
 *     outage_hiredis [-t threads] [-r writes a second] [-s seconds] [-o file] host port */

#define _POSIX_C_SOURCE 200809L

#include <hiredis/hiredis.h>
#include <signal.h>

#include "workload.h"

static struct workload workload;
static redisContext *contexts[MOST_THREADS];

static enum fate issue(void *client, int thread, long number)
{
    redisContext *context = contexts[thread];
    redisReply *reply = redisCommand(context, "RPUSH demo:hiredis:%d %ld", thread, number);
    enum fate fate;

    (void)client;
    if (reply == NULL) {
        /* The connection is of no use any more. Whether the command ran cannot be told. */
        redisReconnect(context);
        return UNKNOWN;
    }
    fate = reply->type == REDIS_REPLY_ERROR ? NOT_APPLIED : REPLIED;
    freeReplyObject(reply);
    return fate;
}

static void look(void *client, long *buffered, const char **state)
{
    (void)client;
    *buffered = 0;
    *state = "-";
}

int main(int argc, char **argv)
{
    int at = workload_options(&workload, argc, argv), thread;

    if (at + 1 >= argc) {
        fprintf(stderr, "usage: %s [-t threads] [-r rate] [-s seconds] [-o file] host port\n", argv[0]);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    for (thread = 0; thread < workload.threads; thread++) {
        contexts[thread] = redisConnect(argv[at], atoi(argv[at + 1]));
        if (contexts[thread] == NULL || contexts[thread]->err != 0)
            workload_fail("no connection");
    }
    workload.issue = issue;
    workload.look = look;
    workload_run(&workload);
    for (thread = 0; thread < workload.threads; thread++)
        redisFree(contexts[thread]);
    printf("version %d.%d.%d\n", HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH);
    workload_account(&workload);
    return 0;
}
