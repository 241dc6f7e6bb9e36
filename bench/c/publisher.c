/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A thread that has the server publish a batch of messages by a script for each time that it is told to go on. It is
 * some batches ahead of who receives them, so that the server has always something to send, and never so far that the
 * server would give up on a subscriber that is slow.
 */

#include "publisher.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { AHEAD = 8 };

struct publisher {
    int socket;
    sem_t allowed;
    pthread_t thread;
    bool ended;
    char request[512];
};

static int connect_to(const struct job *job)
{
    int made = -1, port = 0;
    int descriptor = socket(job_is_unix(job) ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (job_is_unix(job)) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        if (strlen(job->address) < sizeof address.sun_path) {
            strcpy(address.sun_path, job->address);
            made = connect(descriptor, (const struct sockaddr *)&address, sizeof address);
        }
    } else {
        struct sockaddr_in address = {.sin_family = AF_INET};
        if (inet_pton(AF_INET, job_host(job, &port), &address.sin_addr) == 1) {
            address.sin_port = htons((unsigned short)port);
            made = connect(descriptor, (const struct sockaddr *)&address, sizeof address);
        }
    }
    if (made != 0)
        fail("the publisher cannot connect to %s", job->address);
    return descriptor;
}

static void publish_batch(const struct publisher *publisher)
{
    char reply[64];
    size_t length = strlen(publisher->request);

    if (write(publisher->socket, publisher->request, length) != (ssize_t)length)
        fail("the publisher cannot write");
    /* ":1\r\n" is short enough to come in one piece. */
    if (read(publisher->socket, reply, sizeof reply) < 4 || memcmp(reply, ":1\r\n", 4) != 0)
        fail("the publisher was refused");
}

static void *publish(void *argument)
{
    struct publisher *publisher = argument;

    for (;;) {
        while (sem_wait(&publisher->allowed) != 0)
            ;
        if (publisher->ended)
            return NULL;
        publish_batch(publisher);
    }
}

struct publisher *publisher_begin(const struct job *job)
{
    struct publisher *publisher = must_allocate(sizeof *publisher);
    char script[128];

    *publisher = (struct publisher){.socket = connect_to(job)};
    snprintf(script, sizeof script, "for i=1,%d do redis.call('PUBLISH','%s',ARGV[1]) end return 1", PUBLISH_BATCH,
             BENCH_CHANNEL);
    snprintf(publisher->request, sizeof publisher->request, "*4\r\n$4\r\nEVAL\r\n$%zu\r\n%s\r\n$1\r\n0\r\n$%d\r\n%0*d\r\n",
             strlen(script), script, PUBLISH_LENGTH, PUBLISH_LENGTH, 0);
    if (sem_init(&publisher->allowed, 0, AHEAD) != 0 ||
        pthread_create(&publisher->thread, NULL, publish, publisher) != 0)
        fail("cannot start the publisher");
    return publisher;
}

void publisher_go_on(struct publisher *publisher)
{
    sem_post(&publisher->allowed);
}

void publisher_end(struct publisher *publisher)
{
    /* Seen by the thread after the semaphore. */
    publisher->ended = true;
    sem_post(&publisher->allowed);
    pthread_join(publisher->thread, NULL);
    close(publisher->socket);
    sem_destroy(&publisher->allowed);
    free(publisher);
}
