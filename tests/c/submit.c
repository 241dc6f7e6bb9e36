/* Submitted commands: callbacks, queues, cancelling, outages, and every order of freeing. */

#include "check.h"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

static const char *url;

#define SUBMIT_TO(client, queue, tag, options, id, ...) \
    rr_submit_to(client, queue, tag, options, count_texts((const char *const[]){__VA_ARGS__, NULL}), \
                 (const char *const[]){__VA_ARGS__}, NULL, id, &err)

/* ---- callbacks ----------------------------------------------------------------------------------------------------- */

struct seen {
    pthread_mutex_t lock;
    int calls, ends, last;
    bool in_order;
    rr_client *client;
};

struct call {
    struct seen *seen;
    int number;
};

static struct call calls[1000];

static void on_completion(rr_status status, const rr_reply *reply, const rr_error *error, void *userdata)
{
    struct call *call = userdata;

    if (call->seen->client != NULL)
        CHECK_STATUS(rr_client_close(call->seen->client, 0, NULL, &err), RR_ERR_IN_CALLBACK);
    pthread_mutex_lock(&call->seen->lock);
    if (status == RR_OK) {
        CHECK(error == NULL && rr_reply_integer(reply) > 0);
        call->seen->in_order &= rr_reply_integer(reply) > call->seen->last;
        call->seen->last = (int)rr_reply_integer(reply);
    } else {
        CHECK(reply == NULL && rr_error_status(error) == status);
        CHECK(rr_error_outcome(error) == RR_OUTCOME_NOT_APPLIED || rr_error_outcome(error) == RR_OUTCOME_UNKNOWN);
    }
    call->seen->calls++;
    pthread_mutex_unlock(&call->seen->lock);
}

static void on_end(void *userdata)
{
    struct call *call = userdata;

    pthread_mutex_lock(&call->seen->lock);
    call->seen->ends++;
    pthread_mutex_unlock(&call->seen->lock);
}

static void submit_incr(rr_client *client, struct seen *seen, int number)
{
    static const char *const argv[] = {"INCR", "n"};

    calls[number] = (struct call){seen, number};
    CHECK_OK(rr_submit(client, NULL, 2, argv, NULL, on_completion, &calls[number], on_end, NULL, &err));
}

static int ends(struct seen *seen)
{
    int count;

    pthread_mutex_lock(&seen->lock);
    count = seen->ends;
    pthread_mutex_unlock(&seen->lock);
    return count;
}

static void callbacks_run_once_in_order(void)
{
    struct seen seen = {.lock = PTHREAD_MUTEX_INITIALIZER, .in_order = true};
    rr_client *client = open_client(url);

    seen.client = client;
    for (int number = 0; number < 1000; number++)
        submit_incr(client, &seen, number);
    WAIT_UNTIL(ends(&seen) == 1000);
    CHECK_EQ(seen.calls, 1000);
    CHECK(seen.in_order);
    rr_client_free(client);
    CHECK_EQ(seen.calls, 1000);
}

static void freeing_the_client_completes_what_is_on_its_way(void)
{
    struct seen seen = {.lock = PTHREAD_MUTEX_INITIALIZER, .in_order = true};
    rr_client *client = open_client(url);

    for (int number = 0; number < 500; number++)
        submit_incr(client, &seen, number);
    rr_client_free(client);
    CHECK_EQ(seen.calls, 500);
    CHECK_EQ(seen.ends, 500);
}

static void what_is_not_taken_is_destroyed_and_not_called(void)
{
    struct seen seen = {.lock = PTHREAD_MUTEX_INITIALIZER};
    static const char *const argv[] = {"SELECT", "1"};
    rr_client *client = open_client(url);

    calls[0] = (struct call){&seen, 0};
    CHECK_STATUS(rr_submit(client, NULL, 2, argv, NULL, on_completion, &calls[0], on_end, NULL, &err), RR_ERR_UNSUPPORTED);
    CHECK_STATUS(rr_submit(client, NULL, 2, argv, NULL, NULL, &calls[0], on_end, NULL, &err), RR_ERR_NULL_ARGUMENT);
    CHECK_STATUS(rr_submit(NULL, NULL, 2, argv, NULL, on_completion, &calls[0], on_end, NULL, &err), RR_ERR_NULL_ARGUMENT);
    CHECK_EQ(seen.ends, 3);
    CHECK_EQ(seen.calls, 0);
    rr_client_free(client);
}

/* ---- queues -------------------------------------------------------------------------------------------------------- */

static size_t take(rr_queue *queue, rr_completion *completions, size_t count)
{
    size_t taken = 0;

    while (taken < count) {
        size_t some = 99;

        CHECK_OK(rr_queue_next(queue, completions + taken, count - taken, 30000, &some, &err));
        CHECK(some > 0);
        taken += some;
    }
    return taken;
}

static void let_go(rr_completion *completions, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        rr_reply_free(completions[index].reply);
        rr_error_free(completions[index].error);
    }
}

static void a_queue_gives_each_completion_once(void)
{
    rr_client *clients[2] = {open_client(url), open_client(url)};
    rr_completion completions[200];
    rr_queue *queue;
    bool was_there[200] = {false};
    size_t count;
    uint64_t id = 0, earlier = 0;

    CHECK_OK(rr_queue_new(&queue, &err));
    for (uint64_t tag = 0; tag < 200; tag++) {
        CHECK_OK(SUBMIT_TO(clients[tag % 2], queue, tag, NULL, &id, "ECHO", "hello"));
        CHECK(tag < 2 || id > earlier || tag % 2 == 1);
        earlier = id;
    }
    take(queue, completions, 200);
    for (size_t index = 0; index < 200; index++) {
        CHECK_EQ(completions[index].status, RR_OK);
        CHECK(completions[index].error == NULL && reply_is(completions[index].reply, "hello"));
        CHECK(completions[index].tag < 200 && !was_there[completions[index].tag]);
        was_there[completions[index].tag] = true;
    }
    let_go(completions, 200);
    CHECK_STATUS(rr_queue_next(queue, completions, 200, 0, &count, &err), RR_EMPTY);
    CHECK_EQ(count, 0);
    CHECK_STATUS(rr_queue_next(queue, completions, 0, 0, &count, &err), RR_ERR_INVALID_ARGUMENT);
    rr_client_free(clients[0]);
    rr_client_free(clients[1]);
    rr_queue_free(queue);
}

static bool is_readable(int fd, int timeout_ms)
{
    struct pollfd watched = {.fd = fd, .events = POLLIN};

    return poll(&watched, 1, timeout_ms) == 1;
}

static void a_queue_can_be_watched_beside_other_descriptors(void)
{
    rr_client *client = open_client(url);
    rr_completion completions[3];
    rr_queue *queue;
    int fd;

    CHECK_OK(rr_queue_new(&queue, &err));
    fd = rr_queue_fd(queue);
    CHECK(fd >= 0);
    CHECK_EQ(rr_queue_fd(queue), fd);
    for (int round = 0; round < 50; round++) {
        CHECK(!is_readable(fd, 0));
        for (uint64_t tag = 0; tag < 3; tag++)
            CHECK_OK(SUBMIT_TO(client, queue, tag, NULL, NULL, "PING"));
        CHECK(is_readable(fd, 30000));
        take(queue, completions, 3);
        let_go(completions, 3);
    }
    CHECK(!is_readable(fd, 0));
    CHECK_OK(rr_queue_close(queue, &err));
    for (int round = 0; round < 2; round++) {
        size_t count;

        CHECK(is_readable(fd, 0));
        CHECK_STATUS(rr_queue_next(queue, completions, 3, 0, &count, &err), RR_ERR_CLOSED);
    }
    rr_queue_free(queue);
    rr_client_free(client);
}

static void *wait_in_queue(void *queue)
{
    rr_completion completion;
    size_t count;

    CHECK_STATUS(rr_queue_next(queue, &completion, 1, 30000, &count, &err), RR_ERR_CLOSED);
    return NULL;
}

static void a_queue_may_be_freed_before_its_completions_come(void)
{
    rr_client *client = open_client(url);
    struct epoll_event event = {.events = EPOLLIN};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    pthread_t thread;
    rr_queue *queue;

    CHECK_OK(rr_queue_new(&queue, &err));
    for (uint64_t tag = 0; tag < 100; tag++)
        CHECK_OK(SUBMIT_TO(client, queue, tag, NULL, NULL, "PING"));
    rr_queue_free(queue);
    /* It is watched no longer, although a command is on its way. */
    CHECK_OK(rr_queue_new(&queue, &err));
    CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, rr_queue_fd(queue), &event), 0);
    CHECK_OK(SUBMIT_TO(client, queue, 0, NULL, NULL, "BLPOP", "submitted:nothing", "0"));
    rr_queue_free(queue);
    CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
    close(epoll);
    CHECK_OK(rr_queue_new(&queue, &err));
    CHECK_EQ(pthread_create(&thread, NULL, wait_in_queue, queue), 0);
    pause_ms(20);
    /* Closed first, it is freed when nobody uses it any more. */
    CHECK_OK(rr_queue_close(queue, &err));
    CHECK_OK(rr_queue_close(queue, &err));
    CHECK_EQ(pthread_join(thread, NULL), 0);
    wait_in_queue(queue);
    rr_queue_free(queue);
    rr_client_free(client);
}

static void on_pipeline(rr_status status, const rr_reply *reply, const rr_error *error, void *userdata)
{
    CHECK_EQ(status, RR_OK);
    CHECK(error == NULL);
    CHECK_EQ(rr_reply_length(reply), 2);
    CHECK_EQ(rr_reply_element(reply, 1)->integer, 2);
    *(volatile int *)userdata += 1;
}

static void a_pipeline_can_be_submitted(void)
{
    const char *argv[] = {"INCR", "submitted:pipeline"};
    rr_client *client = open_client(url);
    rr_completion completion;
    rr_pipeline *pipeline;
    rr_queue *queue;
    volatile int called = 0;
    uint64_t id = 0;

    CHECK_OK(rr_queue_new(&queue, &err));
    CHECK_OK(rr_pipeline_new(client, NULL, &pipeline, &err));
    CHECK_STATUS(rr_submit_pipeline_to(client, queue, 7, pipeline, 0, NULL, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_OK(rr_pipeline_append(pipeline, 2, argv, NULL, &err));
    CHECK_OK(rr_pipeline_append(pipeline, 2, argv, NULL, &err));
    CHECK_STATUS(rr_submit_pipeline_to(client, queue, 7, pipeline, 1u << 20, NULL, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_OK(rr_submit_pipeline(client, pipeline, RR_SUBMIT_WAIT, on_pipeline, (void *)&called, NULL, &id, &err));
    CHECK_OK(rr_submit_pipeline_to(client, queue, 7, pipeline, RR_SUBMIT_UNTIL_BUFFERED, &id, &err));
    CHECK(id > 1);
    rr_pipeline_free(pipeline);
    take(queue, &completion, 1);
    CHECK_EQ(completion.tag, 7);
    CHECK_EQ(completion.status, RR_OK);
    CHECK_EQ(rr_reply_element(completion.reply, 0)->integer, 3);
    let_go(&completion, 1);
    CHECK_OK(rr_client_close(client, 10000, NULL, &err));
    CHECK_EQ(called, 1);
    rr_client_free(client);
    rr_queue_free(queue);
}

/* ---- cancelling, room, outages -------------------------------------------------------------------------------------- */

static void a_command_can_be_cancelled(void)
{
    rr_client *client = open_client(url);
    rr_completion completions[2];
    rr_queue *queue;
    uint64_t slow, waiting;

    CHECK_OK(rr_queue_new(&queue, &err));
    CHECK_OK(SUBMIT_TO(client, queue, 1, NULL, &slow, "DEBUG", "SLEEP", "0.2"));
    pause_ms(20);
    CHECK_OK(SUBMIT_TO(client, queue, 2, NULL, &waiting, "SET", "cancelled", "x"));
    CHECK_OK(rr_cancel(client, waiting, &err));
    CHECK_STATUS(rr_cancel(client, waiting, &err), RR_EMPTY);
    CHECK_STATUS(rr_cancel(client, 12345678, &err), RR_EMPTY);
    take(queue, completions, 2);
    CHECK_EQ(completions[0].tag, 2);
    CHECK_EQ(completions[0].status, RR_ERR_CANCELLED);
    CHECK_EQ(completions[0].status, rr_error_status(completions[0].error));
    if (rr_error_outcome(completions[0].error) == RR_OUTCOME_NOT_APPLIED) {
        rr_reply *reply;

        CHECK_OK(COMMAND(client, &reply, &err, "EXISTS", "cancelled"));
        CHECK_EQ(rr_reply_integer(reply), 0);
        rr_reply_free(reply);
    }
    let_go(completions, 2);
    rr_queue_free(queue);
    rr_client_free(client);
}

static void room_is_bounded(void)
{
    rr_client *client = open_client_with(url, "max_submitted", "2", (char *)NULL);
    rr_command_options wait = {.struct_size = sizeof wait, .timeout_ms = 30000, .flags = RR_SUBMIT_WAIT};
    rr_command_options wrong = {.struct_size = sizeof wrong, .flags = 1u << 20};
    rr_completion completions[2];
    rr_queue *queue;

    CHECK_OK(rr_queue_new(&queue, &err));
    CHECK_OK(SUBMIT_TO(client, queue, 1, NULL, NULL, "PING"));
    CHECK_OK(SUBMIT_TO(client, queue, 2, &wait, NULL, "PING"));
    CHECK_STATUS(SUBMIT_TO(client, queue, 3, NULL, NULL, "PING"), RR_ERR_WOULD_BLOCK);
    CHECK_STATUS(SUBMIT_TO(client, queue, 3, &wrong, NULL, "PING"), RR_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(rr_command_with(client, &wait, 1, (const char *const[]){"PING"}, NULL, NULL, &err), RR_ERR_INVALID_ARGUMENT);
    take(queue, completions, 2);
    let_go(completions, 2);
    CHECK_OK(SUBMIT_TO(client, queue, 3, NULL, NULL, "PING"));
    take(queue, completions, 1);
    let_go(completions, 1);
    rr_queue_free(queue);
    rr_client_free(client);
}

static void a_write_in_an_outage_completes_after_it(void)
{
    rr_client *client = open_client(url);
    rr_completion completions[100];
    rr_queue *queue;

    CHECK_OK(rr_queue_new(&queue, &err));
    server("kill");
    for (uint64_t tag = 0; tag < 100; tag++)
        CHECK_OK(SUBMIT_TO(client, queue, tag, NULL, NULL, "RPUSH", "outage", "x"));
    server("start");
    take(queue, completions, 100);
    for (size_t index = 0; index < 100; index++) {
        CHECK_EQ(completions[index].tag, index);
        CHECK_EQ(rr_reply_integer(completions[index].reply), index + 1);
    }
    let_go(completions, 100);
    rr_queue_free(queue);
    rr_client_free(client);
}

int main(int argc, char **argv)
{
    CHECK_EQ(argc, 2);
    url = argv[1];
    callbacks_run_once_in_order();
    freeing_the_client_completes_what_is_on_its_way();
    what_is_not_taken_is_destroyed_and_not_called();
    a_queue_gives_each_completion_once();
    a_queue_can_be_watched_beside_other_descriptors();
    a_queue_may_be_freed_before_its_completions_come();
    a_pipeline_can_be_submitted();
    a_command_can_be_cancelled();
    room_is_bounded();
    a_write_in_an_outage_completes_after_it();
    return 0;
}
