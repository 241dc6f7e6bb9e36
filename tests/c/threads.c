/* Any number of threads may use one client, and it may be freed while they wait in it. */

#include "check.h"

#define THREADS 8
#define ROUNDS 200

struct worker {
    rr_client *client;
    pthread_t thread;
    int number;
};

static void *work(void *argument)
{
    struct worker *worker = argument;
    char key[32], value[32];
    int i;

    snprintf(key, sizeof key, "threads:%d", worker->number);
    for (i = 0; i < ROUNDS; i++) {
        rr_reply *reply = NULL;

        snprintf(value, sizeof value, "%d of %d", i, worker->number);
        CHECK_OK(COMMAND(worker->client, NULL, &err, "SET", key, value));
        CHECK_OK(COMMAND(worker->client, &reply, &err, "GET", key));
        CHECK(reply_is(reply, value));
        rr_reply_free(reply);
        CHECK_OK(COMMAND(worker->client, NULL, &err, "INCR", "threads:all"));
    }
    return NULL;
}

static void each_thread_gets_its_own_replies(rr_client *client)
{
    struct worker workers[THREADS];
    rr_reply *reply = NULL;
    int i;

    CHECK_OK(COMMAND(client, NULL, &err, "DEL", "threads:all"));
    for (i = 0; i < THREADS; i++) {
        workers[i].client = client;
        workers[i].number = i;
        CHECK_EQ(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(workers[i].thread, NULL), 0);
    CHECK_OK(COMMAND(client, &reply, &err, "GET", "threads:all"));
    CHECK_EQ(atoi(rr_reply_string(reply)), THREADS * ROUNDS);
    rr_reply_free(reply);
}

static void *wait_long(void *client)
{
    rr_error *err = NULL;
    rr_status status = COMMAND(client, NULL, &err, "DEBUG", "SLEEP", "1");

    CHECK_EQ(status, RR_ERR_CLOSED);
    CHECK_EQ(rr_error_outcome(err), RR_OUTCOME_UNKNOWN);
    rr_error_free(err);
    return NULL;
}

static void *wait_for_event(void *client)
{
    rr_event *event = NULL;
    rr_status status = rr_event_next(client, 10000, &event, NULL);

    /* The end itself may be an event. */
    CHECK(status == RR_ERR_CLOSED || status == RR_OK);
    rr_event_free(event);
    return NULL;
}

static void freeing_ends_the_calls_that_wait(const char *url)
{
    rr_client *client = open_client(url);
    pthread_t command, events;
    rr_stats stats = {.struct_size = sizeof stats};
    rr_event *event = NULL;

    CHECK_OK(rr_event_next(client, 10000, &event, &err));
    rr_event_free(event);
    CHECK_EQ(pthread_create(&events, NULL, wait_for_event, client), 0);
    CHECK_EQ(pthread_create(&command, NULL, wait_long, client), 0);
    WAIT_UNTIL(rr_client_stats(client, &stats, NULL) == RR_OK && stats.in_flight_now > 0);
    /* The other thread is in its call by then. */
    pause_ms(100);
    rr_client_free(client);
    CHECK_EQ(pthread_join(command, NULL), 0);
    CHECK_EQ(pthread_join(events, NULL), 0);
}

int main(int argc, char **argv)
{
    rr_client *client;

    CHECK_EQ(argc, 2);
    client = open_client(argv[1]);
    each_thread_gets_its_own_replies(client);
    rr_client_free(client);
    freeing_ends_the_calls_that_wait(argv[1]);
    return 0;
}
