/* A client's life is told by events, pushed to a callback and pulled with a timeout. */

#include "check.h"

static const char *client_id_of(rr_client *client)
{
    static char text[32];
    rr_reply *reply = NULL;

    CHECK_OK(COMMAND(client, &reply, &err, "CLIENT", "ID"));
    snprintf(text, sizeof text, "%lld", (long long)rr_reply_integer(reply));
    rr_reply_free(reply);
    return text;
}

/* Takes events until one of this kind comes. */
static void wait_for_event(rr_client *client, rr_kind kind)
{
    rr_kind taken = 0;

    while (taken != kind) {
        rr_event *event = NULL;

        CHECK_OK(rr_event_next(client, 10000, &event, &err));
        taken = rr_event_kind(event);
        CHECK(strlen(rr_event_message(event)) > 0);
        CHECK(rr_event_time_ms(event) > 1600000000000);
        CHECK_EQ(rr_event_missed(event), 0);
        CHECK_EQ(rr_event_failed_id(event), 0);
        rr_event_free(event);
    }
}

static void events_are_pulled(const char *url)
{
    rr_client *client = open_client(url), *other = open_client(url);
    rr_event *event = (rr_event *)&event;

    wait_for_event(client, RR_EVENT_CONNECTED);
    CHECK_EQ(rr_event_next(client, 0, &event, NULL), RR_EMPTY);
    CHECK(event == NULL);
    CHECK_EQ(rr_event_next(client, 20, &event, NULL), RR_EMPTY);
    CHECK_STATUS(rr_event_next(client, -1, &event, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_OK(COMMAND(other, NULL, &err, "CLIENT", "KILL", "ID", client_id_of(client)));
    wait_for_event(client, RR_EVENT_DISCONNECTED);
    wait_for_event(client, RR_EVENT_CONNECTED);
    CHECK_OK(rr_client_close(client, 1000, NULL, &err));
    while (rr_event_next(client, 0, &event, NULL) == RR_OK)
        rr_event_free(event);
    CHECK_STATUS(rr_event_next(client, 0, &event, &err), RR_ERR_CLOSED);
    rr_client_free(client);
    rr_client_free(other);
}

static void no_event_is_neutral(void)
{
    CHECK_EQ(rr_event_kind(NULL), 0);
    CHECK_TEXT(rr_event_message(NULL), "");
    CHECK_EQ(rr_event_time_ms(NULL), 0);
    CHECK_EQ(rr_event_attempt(NULL), 0);
    CHECK_EQ(rr_event_delay_ms(NULL), 0);
    CHECK_EQ(rr_event_count(NULL), 0);
    rr_event_free(NULL);
}

/* What the callback has seen and done. */
struct seen {
    pthread_mutex_t lock;
    pthread_t thread;
    rr_client *client; /* what the callback shall use */
    rr_status close_status;
    bool shall_close, shall_free;
    int events, kinds[64], ended;
};

static void look(const rr_event *event, void *userdata)
{
    struct seen *seen = userdata;

    pthread_mutex_lock(&seen->lock);
    if (seen->events == 0)
        seen->thread = pthread_self();
    CHECK(pthread_equal(seen->thread, pthread_self()));
    CHECK_EQ(seen->ended, 0);
    if (seen->events < 64)
        seen->kinds[seen->events] = rr_event_kind(event);
    seen->events++;
    if (seen->client != NULL && seen->shall_close) {
        rr_error *err = NULL;

        seen->close_status = rr_client_close(seen->client, 0, NULL, &err);
        CHECK_EQ(rr_error_status(err), seen->close_status);
        rr_error_free(err);
        seen->shall_close = false;
        /* Everything else works. */
        CHECK_OK(COMMAND(seen->client, NULL, &err, "PING"));
        CHECK(rr_client_state(seen->client) >= 0);
    }
    if (seen->client != NULL && seen->shall_free) {
        rr_client_free(seen->client);
        seen->client = NULL;
    }
    pthread_mutex_unlock(&seen->lock);
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

static rr_client *open_watched(const char *url, struct seen *seen)
{
    rr_config *config = NULL;
    rr_client *client = NULL;

    memset(seen, 0, sizeof *seen);
    pthread_mutex_init(&seen->lock, NULL);
    CHECK_OK(rr_config_from_url(url, &config, &err));
    CHECK_OK(rr_config_set_event_callback(config, look, seen, end, &err));
    CHECK_OK(rr_client_new(config, &client, &err));
    rr_config_free(config);
    CHECK_OK(rr_client_wait_ready(client, 10000, &err));
    return client;
}

static void events_are_pushed_in_order_on_one_thread_until_the_end(const char *url)
{
    struct seen seen;
    rr_client *client = open_watched(url, &seen), *other = open_client(url);

    WAIT_UNTIL(read_locked(&seen, &seen.events) == 1);
    CHECK_OK(COMMAND(other, NULL, &err, "CLIENT", "KILL", "ID", client_id_of(client)));
    WAIT_UNTIL(read_locked(&seen, &seen.events) >= 3);
    CHECK_EQ(seen.kinds[0], RR_EVENT_CONNECTED);
    CHECK_EQ(seen.kinds[1], RR_EVENT_DISCONNECTED);
    CHECK_EQ(seen.kinds[seen.events - 1], RR_EVENT_CONNECTED);
    CHECK(!pthread_equal(seen.thread, pthread_self()));
    rr_client_free(client);
    CHECK_EQ(seen.ended, 1);
    rr_client_free(other);
}

static void closing_ends_the_callback_too(const char *url)
{
    struct seen seen;
    rr_client *client = open_watched(url, &seen);
    int events;

    CHECK_OK(rr_client_close(client, 1000, NULL, &err));
    events = read_locked(&seen, &seen.events);
    pause_ms(50);
    CHECK_EQ(read_locked(&seen, &seen.events), events);
    rr_client_free(client);
    CHECK_EQ(seen.ended, 1);
}

static void a_client_is_not_closed_from_its_callback(const char *url)
{
    struct seen seen;
    rr_client *client = open_watched(url, &seen), *other = open_client(url);

    pthread_mutex_lock(&seen.lock);
    seen.client = client;
    seen.shall_close = true;
    pthread_mutex_unlock(&seen.lock);
    CHECK_OK(COMMAND(other, NULL, &err, "CLIENT", "KILL", "ID", client_id_of(client)));
    WAIT_UNTIL(read_locked(&seen, &seen.close_status) != 0);
    CHECK_EQ(seen.close_status, RR_ERR_IN_CALLBACK);
    CHECK_OK(COMMAND(client, NULL, &err, "PING"));
    rr_client_free(client);
    CHECK_EQ(seen.ended, 1);
    rr_client_free(other);
}

static void a_client_freed_from_its_callback_ends_after_it(const char *url)
{
    struct seen seen;
    rr_client *client = open_watched(url, &seen), *other = open_client(url);
    const char *id = client_id_of(client);

    /* From here on the client belongs to the callback. */
    pthread_mutex_lock(&seen.lock);
    seen.client = client;
    seen.shall_free = true;
    pthread_mutex_unlock(&seen.lock);
    CHECK_OK(COMMAND(other, NULL, &err, "CLIENT", "KILL", "ID", id));
    WAIT_UNTIL(read_locked(&seen, &seen.ended) == 1);
    rr_client_free(other);
}

/* Between the end of the callback's userdata and that of the library's thread there is a moment. */
static void let_threads_end(void)
{
    pause_ms(100);
}

int main(int argc, char **argv)
{
    CHECK_EQ(argc, 2);
    events_are_pulled(argv[1]);
    no_event_is_neutral();
    events_are_pushed_in_order_on_one_thread_until_the_end(argv[1]);
    closing_ends_the_callback_too(argv[1]);
    a_client_is_not_closed_from_its_callback(argv[1]);
    a_client_freed_from_its_callback_ends_after_it(argv[1]);
    let_threads_end();
    return 0;
}
