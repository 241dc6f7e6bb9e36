/* A completion queue beside other descriptors, in plain epoll: here a timer that submits a command now and then.
 *
 *     cc epoll.c -lresilient_redis -o epoll && ./epoll redis://127.0.0.1:6379
 */

#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <resilient_redis.h>

enum { TICKS = 5 };

_Noreturn static void give_up(const char *what, rr_error *err)
{
    fprintf(stderr, "%s: %s\n", what, rr_error_message(err));
    exit(1);
}

static void watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    if (fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        give_up("cannot watch a descriptor", NULL);
}

int main(int argc, char **argv)
{
    static const char *const incr[] = {"INCR", "ticks"};
    const struct itimerspec often = {.it_interval.tv_nsec = 10000000, .it_value.tv_nsec = 1};
    int epoll = epoll_create1(EPOLL_CLOEXEC), timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    uint64_t submitted = 0, completed = 0;
    rr_client *client;
    rr_queue *queue;
    rr_error *err;

    if (rr_client_open(argc > 1 ? argv[1] : "redis://127.0.0.1:6379", &client, &err) != RR_OK)
        give_up("client", err);
    if (rr_queue_new(&queue, &err) != RR_OK)
        give_up("queue", err);
    watch(epoll, rr_queue_fd(queue));
    watch(epoll, timer);
    if (timerfd_settime(timer, 0, &often, NULL) != 0)
        give_up("timer", NULL);

    while (completed < TICKS) {
        struct epoll_event event;

        if (epoll_wait(epoll, &event, 1, -1) != 1)
            continue;
        if (event.data.fd == timer) {
            uint64_t expired;

            if (read(timer, &expired, sizeof expired) == sizeof expired && submitted < TICKS) {
                /* It returns at once, whatever the network does. */
                if (rr_submit_to(client, queue, submitted, NULL, 2, incr, NULL, NULL, &err) != RR_OK)
                    give_up("submit", err);
                submitted++;
            }
        } else {
            rr_completion done[16];
            size_t count;

            if (rr_queue_next(queue, done, 16, 0, &count, &err) < RR_OK)
                give_up("queue", err);
            for (size_t i = 0; i < count; i++) {
                if (done[i].status == RR_OK)
                    printf("tick %" PRIu64 " is number %" PRId64 "\n", done[i].tag, rr_reply_integer(done[i].reply));
                else
                    printf("tick %" PRIu64 ": %s\n", done[i].tag, rr_error_message(done[i].error));
                rr_reply_free(done[i].reply);
                rr_error_free(done[i].error);
            }
            completed += count;
        }
    }
    close(timer);
    close(epoll);
    rr_queue_free(queue);
    rr_client_free(client);
    return 0;
}
