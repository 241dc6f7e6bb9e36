/* Subscriptions, pulled and pushed: what comes, what is told of what does not, and every way in which they end. */

#include "check.h"

#include <dirent.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

static const char *const one[] = {"c"};

static void publish(rr_client *client, const char *channel, const char *text)
{
    CHECK_OK(COMMAND(client, NULL, &err, "PUBLISH", channel, text));
}

static rr_message *take(rr_subscription *subscription)
{
    rr_message *message = NULL;

    CHECK_OK(rr_subscription_next(subscription, 30000, &message, &err));
    CHECK(message != NULL);
    return message;
}

static void expect_payload(rr_subscription *subscription, const char *text)
{
    rr_message *message = take(subscription);

    CHECK_TEXT(rr_message_payload(message), text);
    CHECK_EQ(rr_message_length(message), strlen(text));
    rr_message_free(message);
}

static bool is_readable(int fd, int timeout_ms)
{
    struct pollfd watched = {.fd = fd, .events = POLLIN};

    return poll(&watched, 1, timeout_ms) == 1;
}

static void messages_are_pulled(const char *url)
{
    rr_client *client = open_client(url);
    rr_subscription *subscription = NULL;
    rr_message *message = (rr_message *)&message;
    const char *const names[] = {"a\0b", "ab"};
    const size_t lengths[] = {3, 1};
    const char *const pattern[] = {"p*"};

    CHECK_OK(rr_subscription_new(client, NULL, &subscription, &err));
    CHECK_OK(rr_subscription_wait(subscription, 0, &err));
    CHECK_OK(rr_subscription_add(subscription, RR_CHANNEL, 2, names, lengths, &err));
    CHECK_OK(rr_subscription_add(subscription, RR_PATTERN, 1, pattern, NULL, &err));
    CHECK_OK(rr_subscription_add(subscription, RR_SHARD_CHANNEL, 1, one, NULL, &err));
    CHECK_OK(rr_subscription_wait(subscription, 30000, &err));
    CHECK_STATUS(rr_subscription_next(subscription, 0, &message, &err), RR_EMPTY);
    CHECK(message == NULL);
    CHECK_EQ(rr_subscription_next(subscription, 20, &message, NULL), RR_EMPTY);

    publish(client, "a", "");
    message = take(subscription);
    CHECK_EQ(rr_message_kind(message), RR_CHANNEL);
    CHECK_TEXT(rr_message_channel(message), "a");
    CHECK_EQ(rr_message_channel_length(message), 1);
    CHECK(rr_message_pattern(message) == NULL);
    CHECK_TEXT(rr_message_payload(message), "");
    CHECK_EQ(rr_message_length(message), 0);
    CHECK_EQ(rr_message_lost(message), 0);
    CHECK_EQ(rr_message_down_since_ms(message), 0);
    CHECK(rr_message_error(message) == NULL);
    rr_message_free(message);

    publish(client, "pq", "x");
    message = take(subscription);
    CHECK_EQ(rr_message_kind(message), RR_PATTERN);
    CHECK_TEXT(rr_message_channel(message), "pq");
    CHECK_TEXT(rr_message_pattern(message), "p*");
    CHECK_EQ(rr_message_pattern_length(message), 2);
    CHECK_TEXT(rr_message_payload(message), "x");
    rr_message_free(message);

    CHECK_OK(COMMAND(client, NULL, &err, "SPUBLISH", "c", "to the shard"));
    message = take(subscription);
    CHECK_EQ(rr_message_kind(message), RR_SHARD_CHANNEL);
    /* It outlives the subscription and the client. */
    CHECK_OK(rr_subscription_remove(subscription, RR_PATTERN, 1, pattern, NULL, &err));
    rr_subscription_free(subscription);
    rr_client_free(client);
    CHECK_TEXT(rr_message_payload(message), "to the shard");
    rr_message_free(message);
}

static void what_is_lost_is_told(const char *url)
{
    rr_client *client = open_client(url);
    rr_subscription *subscription = NULL, *roomy = NULL;
    rr_subscription_options options = {.struct_size = sizeof options, .queue_size = 2};
    rr_message *message;
    int i;

    CHECK_OK(rr_subscription_new(client, &options, &subscription, &err));
    CHECK_OK(rr_subscription_add(subscription, RR_CHANNEL, 1, one, NULL, &err));
    CHECK_OK(rr_subscription_new(client, NULL, &roomy, &err));
    CHECK_OK(rr_subscription_add(roomy, RR_CHANNEL, 1, one, NULL, &err));
    CHECK_OK(rr_subscription_wait(roomy, 30000, &err));
    for (i = 0; i < 5; i++) {
        char text[8];

        snprintf(text, sizeof text, "%d", i);
        publish(client, "c", text);
    }
    for (i = 0; i < 5; i++)
        rr_message_free(take(roomy));
    message = take(subscription);
    CHECK_EQ(rr_message_kind(message), RR_MESSAGE_LOST);
    CHECK_EQ(rr_message_lost(message), 3);
    CHECK(rr_message_channel(message) == NULL);
    CHECK(rr_message_payload(message) == NULL);
    CHECK_EQ(rr_message_length(message), 0);
    rr_message_free(message);
    expect_payload(subscription, "3");
    expect_payload(subscription, "4");
    rr_subscription_free(roomy);
    rr_subscription_free(subscription);
    rr_client_free(client);
}

static void an_outage_is_a_gap(const char *url)
{
    rr_client *client = open_client(url);
    rr_subscription *subscription = NULL;
    rr_message *message;
    rr_event *event = NULL;
    int64_t down_since, up_at;

    CHECK_OK(rr_subscription_new(client, NULL, &subscription, &err));
    CHECK_OK(rr_subscription_add(subscription, RR_CHANNEL, 1, one, NULL, &err));
    CHECK_OK(rr_subscription_wait(subscription, 30000, &err));
    publish(client, "c", "before");
    server("kill");
    server("start");
    expect_payload(subscription, "before");
    message = take(subscription);
    CHECK_EQ(rr_message_kind(message), RR_MESSAGE_RESTORED);
    down_since = rr_message_down_since_ms(message);
    up_at = rr_message_up_at_ms(message);
    CHECK(down_since > 1600000000000 && down_since <= up_at);
    rr_message_free(message);
    for (;;) {
        rr_kind kind;

        CHECK_OK(rr_event_next(client, 30000, &event, &err));
        kind = rr_event_kind(event);
        if (kind == RR_EVENT_SUBSCRIPTIONS_RESTORED)
            break;
        CHECK_EQ(rr_event_down_since_ms(event), 0);
        rr_event_free(event);
    }
    CHECK_TEXT(rr_event_name(rr_event_kind(event)), "RR_EVENT_SUBSCRIPTIONS_RESTORED");
    CHECK_EQ(rr_event_down_since_ms(event), down_since);
    CHECK_EQ(rr_event_time_ms(event), up_at);
    CHECK_EQ(rr_event_count(event), 1);
    rr_event_free(event);
    CHECK_OK(rr_client_wait_ready(client, 30000, &err));
    publish(client, "c", "after");
    expect_payload(subscription, "after");
    rr_subscription_free(subscription);
    rr_client_free(client);
}

static void a_refusal_is_told(const char *url)
{
    rr_client *admin = open_client(url);
    rr_client *client;
    rr_subscription *subscription = NULL;
    rr_message *message;

    CHECK_OK(COMMAND(admin, NULL, &err, "ACL", "SETUSER", "nobody", "on", ">p", "+@all", "resetchannels"));
    client = open_client_with(url, "username", "nobody", "password", "p", NULL);
    CHECK_OK(rr_client_wait_ready(client, 30000, &err));
    CHECK_OK(rr_subscription_new(client, NULL, &subscription, &err));
    CHECK_OK(rr_subscription_add(subscription, RR_PATTERN, 1, one, NULL, &err));
    CHECK_STATUS(rr_subscription_wait(subscription, 30000, &err), RR_ERR_SERVER);
    CHECK(is_readable(rr_subscription_fd(subscription), 30000));
    message = take(subscription);
    CHECK_EQ(rr_message_kind(message), RR_MESSAGE_REFUSED);
    CHECK_TEXT(rr_message_pattern(message), "c");
    CHECK(rr_message_channel(message) == NULL);
    CHECK_TEXT(rr_error_server_code(rr_message_error(message)), "NOPERM");
    rr_message_free(message);
    rr_subscription_free(subscription);
    rr_client_free(client);
    rr_client_free(admin);
}

/* What the callback has seen and done. */
struct seen {
    pthread_mutex_t lock;
    int messages, ended;
    rr_subscription *shall_free;
    rr_client *shall_free_client, *shall_close;
};

static void look(const rr_message *message, void *userdata)
{
    struct seen *seen = userdata;
    rr_subscription *subscription;
    rr_client *client;

    pthread_mutex_lock(&seen->lock);
    CHECK_EQ(seen->ended, 0);
    CHECK_EQ(rr_message_kind(message), RR_CHANNEL);
    CHECK_EQ(rr_message_length(message), 1);
    seen->messages++;
    subscription = seen->shall_free;
    client = seen->shall_free_client;
    seen->shall_free = NULL;
    seen->shall_free_client = NULL;
    pthread_mutex_unlock(&seen->lock);
    if (seen->shall_close != NULL)
        CHECK_STATUS(rr_client_close(seen->shall_close, 0, NULL, &err), RR_ERR_IN_CALLBACK);
    rr_subscription_free(subscription);
    rr_client_free(client);
}

static void end(void *userdata)
{
    struct seen *seen = userdata;

    pthread_mutex_lock(&seen->lock);
    seen->ended++;
    pthread_mutex_unlock(&seen->lock);
}

static int read_locked(struct seen *seen, const int *number)
{
    int value;

    pthread_mutex_lock(&seen->lock);
    value = *number;
    pthread_mutex_unlock(&seen->lock);
    return value;
}

static rr_subscription *push(rr_client *client, struct seen *seen)
{
    rr_subscription *subscription = NULL;

    CHECK_OK(rr_subscribe(client, RR_CHANNEL, 1, one, NULL, look, seen, end, &subscription, &err));
    CHECK_OK(rr_subscription_wait(subscription, 30000, &err));
    return subscription;
}

/* Publishes for as long as it is not told to stop. */
struct pourer {
    rr_client *client;
    pthread_t thread;
    volatile bool stop;
};

static void *pour(void *argument)
{
    struct pourer *pourer = argument;

    while (!pourer->stop)
        publish(pourer->client, "c", "x");
    return NULL;
}

static void pour_begin(struct pourer *pourer, const char *url)
{
    pourer->client = open_client(url);
    pourer->stop = false;
    CHECK_EQ(pthread_create(&pourer->thread, NULL, pour, pourer), 0);
}

static void pour_end(struct pourer *pourer)
{
    pourer->stop = true;
    pthread_join(pourer->thread, NULL);
    rr_client_free(pourer->client);
}

static void a_subscription_is_freed_while_messages_pour_in(const char *url)
{
    struct pourer pourer;
    rr_client *client = open_client(url);
    int i;

    pour_begin(&pourer, url);
    for (i = 0; i < 10; i++) {
        struct seen seen = {.lock = PTHREAD_MUTEX_INITIALIZER, .shall_close = client};
        rr_subscription *subscription = push(client, &seen);
        rr_message *message = NULL;
        int last;

        CHECK_STATUS(rr_subscription_next(subscription, 0, &message, &err), RR_ERR_INVALID_ARGUMENT);
        WAIT_UNTIL(read_locked(&seen, &seen.messages) > 0);
        rr_subscription_free(subscription);
        /* It is a barrier: nothing runs any more, and the end has come. */
        CHECK_EQ(seen.ended, 1);
        last = seen.messages;
        pause_ms(2);
        CHECK_EQ(seen.messages, last);
    }
    pour_end(&pourer);
    rr_client_free(client);
}

static void a_callback_frees_its_own_subscription(const char *url)
{
    struct pourer pourer;
    rr_client *client = open_client(url);
    int i;

    pour_begin(&pourer, url);
    for (i = 0; i < 10; i++) {
        struct seen seen = {.lock = PTHREAD_MUTEX_INITIALIZER};
        rr_subscription *subscription = push(client, &seen);
        int last;

        pthread_mutex_lock(&seen.lock);
        last = seen.messages;
        seen.shall_free = subscription;
        pthread_mutex_unlock(&seen.lock);
        WAIT_UNTIL(read_locked(&seen, &seen.ended) > 0);
        CHECK_EQ(read_locked(&seen, &seen.messages), last + 1);
        CHECK_EQ(seen.ended, 1);
    }
    pour_end(&pourer);
    rr_client_free(client);
}

static int threads(void)
{
    DIR *directory = opendir("/proc/self/task");
    int count = 0;

    CHECK(directory != NULL);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

static void the_client_goes_first(const char *url)
{
    struct pourer pourer;
    rr_client *client = open_client(url);
    struct seen seen = {.lock = PTHREAD_MUTEX_INITIALIZER};
    rr_subscription *pushed, *pulled = NULL;
    rr_message *message = NULL;
    int last, before;

    pour_begin(&pourer, url);
    pushed = push(client, &seen);
    CHECK_OK(rr_subscription_new(client, NULL, &pulled, &err));
    WAIT_UNTIL(read_locked(&seen, &seen.messages) > 0);
    rr_client_free(client);
    last = seen.messages;
    pause_ms(5);
    CHECK_EQ(seen.messages, last);
    CHECK_EQ(seen.ended, 0);
    CHECK_STATUS(rr_subscription_next(pulled, 1000, &message, &err), RR_ERR_CLOSED);
    CHECK_STATUS(rr_subscription_add(pulled, RR_CHANNEL, 1, one, NULL, &err), RR_ERR_CLOSED);
    CHECK_STATUS(rr_subscription_wait(pulled, 1000, &err), RR_ERR_CLOSED);
    rr_subscription_free(pushed);
    CHECK_EQ(seen.ended, 1);
    rr_subscription_free(pulled);

    /* From inside a callback, too. */
    before = threads();
    client = open_client(url);
    seen.ended = 0;
    pushed = push(client, &seen);
    pthread_mutex_lock(&seen.lock);
    seen.shall_free_client = client;
    pthread_mutex_unlock(&seen.lock);
    WAIT_UNTIL(rr_subscription_wait(pushed, 0, NULL) == RR_ERR_CLOSED);
    rr_subscription_free(pushed);
    CHECK_EQ(seen.ended, 1);
    WAIT_UNTIL(threads() == before);
    pour_end(&pourer);
}

static void *wait_for_nothing(void *argument)
{
    rr_message *message = NULL;

    CHECK_STATUS(rr_subscription_next(argument, 3600000, &message, &err), RR_ERR_CLOSED);
    return NULL;
}

static void whoever_waits_returns(const char *url)
{
    rr_client *client = open_client(url);
    rr_subscription *subscription = NULL;
    pthread_t thread;

    CHECK_OK(rr_subscription_new(client, NULL, &subscription, &err));
    CHECK_EQ(pthread_create(&thread, NULL, wait_for_nothing, subscription), 0);
    pause_ms(20);
    CHECK_OK(rr_client_close(client, 0, NULL, &err));
    CHECK_EQ(pthread_join(thread, NULL), 0);
    rr_subscription_free(subscription);
    rr_client_free(client);

    /* Closed, what has come can still be taken, and it is freed when nobody uses it any more. */
    client = open_client(url);
    CHECK_OK(rr_subscription_new(client, NULL, &subscription, &err));
    CHECK_EQ(pthread_create(&thread, NULL, wait_for_nothing, subscription), 0);
    pause_ms(20);
    CHECK_OK(rr_subscription_close(subscription, &err));
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_OK(rr_subscription_close(subscription, &err));
    CHECK_STATUS(rr_subscription_add(subscription, RR_CHANNEL, 1, one, NULL, &err), RR_ERR_CLOSED);
    rr_subscription_free(subscription);
    CHECK_OK(rr_subscription_new(client, NULL, &subscription, &err));
    CHECK_OK(rr_subscription_add(subscription, RR_CHANNEL, 1, one, NULL, &err));
    CHECK_OK(rr_subscription_wait(subscription, 30000, &err));
    publish(client, "c", "last");
    expect_payload(subscription, "last");
    CHECK_OK(rr_subscription_close(subscription, &err));
    wait_for_nothing(subscription);
    rr_subscription_free(subscription);
    rr_client_free(client);
}

static void a_subscription_can_be_watched_beside_other_descriptors(const char *url)
{
    rr_client *client = open_client(url);
    rr_subscription *subscription = NULL, *roomy = NULL;
    rr_subscription_options options = {.struct_size = sizeof options, .queue_size = 3};
    const char *const texts[] = {"0", "1", "2", "3", "4"};
    rr_message *message = NULL;
    int fd, i;

    CHECK_OK(rr_subscription_new(client, &options, &subscription, &err));
    CHECK_OK(rr_subscription_add(subscription, RR_CHANNEL, 1, one, NULL, &err));
    CHECK_OK(rr_subscription_wait(subscription, 30000, &err));
    fd = rr_subscription_fd(subscription);
    CHECK(fd >= 0);
    CHECK_EQ(rr_subscription_fd(subscription), fd);
    CHECK(!is_readable(fd, 0));
    CHECK_STATUS(rr_subscription_next(subscription, 0, &message, &err), RR_EMPTY);

    publish(client, "c", "first");
    CHECK(is_readable(fd, 30000));
    CHECK(is_readable(fd, 0));
    expect_payload(subscription, "first");
    CHECK(!is_readable(fd, 0));

    /* Several, of which some find no room: readable until the last is taken. */
    CHECK_OK(rr_subscription_new(client, NULL, &roomy, &err));
    CHECK_OK(rr_subscription_add(roomy, RR_CHANNEL, 1, one, NULL, &err));
    CHECK_OK(rr_subscription_wait(roomy, 30000, &err));
    for (i = 0; i < 5; i++)
        publish(client, "c", texts[i]);
    for (i = 0; i < 5; i++)
        rr_message_free(take(roomy));
    rr_subscription_free(roomy);
    CHECK(is_readable(fd, 30000));
    message = take(subscription);
    CHECK_EQ(rr_message_kind(message), RR_MESSAGE_LOST);
    CHECK_EQ(rr_message_lost(message), 2);
    rr_message_free(message);
    for (i = 2; i < 5; i++) {
        CHECK(is_readable(fd, 0));
        expect_payload(subscription, texts[i]);
    }
    CHECK(!is_readable(fd, 0));

    /* A gap is something to take, too. */
    server("kill");
    server("start");
    CHECK(is_readable(fd, 30000));
    message = take(subscription);
    CHECK_EQ(rr_message_kind(message), RR_MESSAGE_RESTORED);
    rr_message_free(message);
    CHECK(!is_readable(fd, 0));

    /* The end is readable, behind what had come and for good. */
    CHECK_OK(rr_client_wait_ready(client, 30000, &err));
    publish(client, "c", "last");
    CHECK(is_readable(fd, 30000));
    CHECK_OK(rr_subscription_close(subscription, &err));
    CHECK(is_readable(fd, 0));
    expect_payload(subscription, "last");
    for (i = 0; i < 2; i++) {
        CHECK(is_readable(fd, 0));
        CHECK_STATUS(rr_subscription_next(subscription, 0, &message, &err), RR_ERR_CLOSED);
    }
    CHECK_EQ(rr_subscription_fd(subscription), fd);
    rr_subscription_free(subscription);
    rr_client_free(client);
}

static void the_end_of_the_client_is_seen_by_who_watches(const char *url)
{
    rr_client *client = open_client(url);
    rr_subscription *early = NULL, *late = NULL, *pushed;
    struct seen seen = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct epoll_event event = {.events = EPOLLIN};
    rr_message *message = NULL;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int fd;

    CHECK_OK(rr_subscription_new(client, NULL, &early, &err));
    CHECK_OK(rr_subscription_new(client, NULL, &late, &err));
    pushed = push(client, &seen);
    CHECK_EQ(rr_subscription_fd(pushed), RR_ERR_INVALID_ARGUMENT);
    rr_subscription_free(pushed);
    fd = rr_subscription_fd(early);
    CHECK(fd >= 0);
    CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
    CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
    CHECK_OK(rr_client_close(client, 0, NULL, &err));
    CHECK_EQ(epoll_wait(epoll, &event, 1, 30000), 1);
    CHECK_STATUS(rr_subscription_next(early, 0, &message, &err), RR_ERR_CLOSED);
    CHECK(is_readable(fd, 0));
    CHECK(is_readable(rr_subscription_fd(late), 0));

    /* Freed, it is watched no longer. */
    rr_subscription_free(early);
    CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
    rr_subscription_free(late);
    close(epoll);
    rr_client_free(client);
}

static void what_is_wrong_is_told(const char *url)
{
    rr_client *client = open_client(url);
    rr_subscription *subscription = NULL;
    rr_subscription_options options = {.struct_size = sizeof options, .reserved = 1};
    struct seen seen = {.lock = PTHREAD_MUTEX_INITIALIZER};
    rr_error *error = NULL;
    const char *const names[] = {"a", NULL}, *const two[] = {"a", "b"};
    const size_t lengths[] = {1, SIZE_MAX};

    /* A registration that fails has an end, too. */
    CHECK_STATUS(rr_subscribe(client, 4, 1, one, NULL, look, &seen, end, &subscription, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(rr_subscribe(client, RR_CHANNEL, 1, one, NULL, NULL, &seen, end, &subscription, &err), RR_ERR_NULL_ARGUMENT);
    CHECK_STATUS(rr_subscribe(NULL, RR_CHANNEL, 1, one, NULL, look, &seen, end, &subscription, &err), RR_ERR_NULL_ARGUMENT);
    CHECK_EQ(seen.ended, 3);
    CHECK_STATUS(rr_subscription_new(client, &options, &subscription, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK(subscription == NULL);
    CHECK_OK(rr_subscription_new(client, NULL, &subscription, &err));
    CHECK_STATUS(rr_subscription_add(subscription, 0, 1, one, NULL, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(rr_subscription_add(subscription, RR_CHANNEL, 0, one, NULL, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(rr_subscription_add(subscription, RR_CHANNEL, 2, two, lengths, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(rr_subscription_add(subscription, RR_CHANNEL, SIZE_MAX, one, NULL, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_EQ(rr_subscription_add(subscription, RR_CHANNEL, 2, names, NULL, &error), RR_ERR_NULL_ARGUMENT);
    CHECK_TEXT(rr_error_message(error), "names[1] is NULL");
    rr_error_free(error);
    CHECK_STATUS(rr_subscription_wait(subscription, -1, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(rr_subscription_add((rr_subscription *)client, RR_CHANNEL, 1, one, NULL, &err), RR_ERR_INVALID_ARGUMENT);
    rr_subscription_free(subscription);
    rr_client_free(client);
}

int main(int argc, char **argv)
{
    CHECK_EQ(argc, 2);
    messages_are_pulled(argv[1]);
    what_is_lost_is_told(argv[1]);
    an_outage_is_a_gap(argv[1]);
    a_refusal_is_told(argv[1]);
    a_subscription_is_freed_while_messages_pour_in(argv[1]);
    a_callback_frees_its_own_subscription(argv[1]);
    the_client_goes_first(argv[1]);
    whoever_waits_returns(argv[1]);
    a_subscription_can_be_watched_beside_other_descriptors(argv[1]);
    the_end_of_the_client_is_seen_by_who_watches(argv[1]);
    what_is_wrong_is_told(argv[1]);
    return 0;
}
