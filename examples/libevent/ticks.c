/* A completion queue in an event loop of libevent: a timer submits, the queue's descriptor brings the replies.
 *
 *     cc ticks.c $(pkg-config --cflags --libs resilient_redis libevent_core) -o ticks && ./ticks redis://127.0.0.1:6379
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <event2/event.h>
#include <resilient_redis.h>

enum { TICKS = 5 };

struct program {
    struct event_base *base;
    rr_client *client;
    rr_queue *queue;
    uint64_t submitted, completed;
};

_Noreturn static void give_up(const char *what, rr_error *err)
{
    fprintf(stderr, "%s: %s\n", what, rr_error_message(err));
    exit(1);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    static const char *const incr[] = {"INCR", "ticks"};
    struct program *program = arg;
    rr_error *err;

    (void)fd;
    (void)what;
    if (program->submitted == TICKS)
        return;
    if (rr_submit_to(program->client, program->queue, program->submitted, NULL, 2, incr, NULL, NULL, &err) != RR_OK)
        give_up("submit", err);
    program->submitted++;
}

static void on_completions(evutil_socket_t fd, short what, void *arg)
{
    struct program *program = arg;
    rr_completion done[16];
    rr_error *err;
    size_t count;

    (void)fd;
    (void)what;
    if (rr_queue_next(program->queue, done, 16, 0, &count, &err) < RR_OK)
        give_up("queue", err);
    for (size_t i = 0; i < count; i++) {
        if (done[i].status == RR_OK)
            printf("tick %" PRIu64 " is number %" PRId64 "\n", done[i].tag, rr_reply_integer(done[i].reply));
        else
            printf("tick %" PRIu64 ": %s\n", done[i].tag, rr_error_message(done[i].error));
        rr_reply_free(done[i].reply);
        rr_error_free(done[i].error);
    }
    program->completed += count;
    if (program->completed == TICKS)
        event_base_loopbreak(program->base);
}

int main(int argc, char **argv)
{
    const struct timeval often = {.tv_usec = 10000};
    struct program program = {.base = event_base_new()};
    struct event *timer, *completions;
    rr_error *err;

    if (rr_client_open(argc > 1 ? argv[1] : "redis://127.0.0.1:6379", &program.client, &err) != RR_OK)
        give_up("client", err);
    if (rr_queue_new(&program.queue, &err) != RR_OK)
        give_up("queue", err);
    timer = event_new(program.base, -1, EV_PERSIST, on_timer, &program);
    completions = event_new(program.base, rr_queue_fd(program.queue), EV_READ | EV_PERSIST, on_completions, &program);
    if (timer == NULL || completions == NULL || event_add(timer, &often) != 0 || event_add(completions, NULL) != 0)
        give_up("event loop", NULL);
    event_base_dispatch(program.base);

    event_free(timer);
    event_free(completions);
    event_base_free(program.base);
    rr_queue_free(program.queue);
    rr_client_free(program.client);
    return 0;
}
