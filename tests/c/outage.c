/* What the header says of writes during an outage: buffered, drained, failed, and what an end leaves behind. */

#include "check.h"

static void during_an_outage_writes_are_kept_and_reads_wait(rr_client *client)
{
    const char *const get[] = {"GET", "outage:key"}, *const set[] = {"SET", "outage:key", "unheard"};
    rr_command_options quickly = {.struct_size = sizeof quickly, .timeout_ms = 50};
    rr_command_options wait = {.struct_size = sizeof wait, .timeout_ms = 50, .flags = RR_COMMAND_NO_BUFFER};
    rr_reply *reply = (rr_reply *)&reply;
    rr_error *err = NULL;

    server("kill");
    WAIT_UNTIL(rr_client_state(client) != RR_STATE_READY);
    CHECK_EQ(COMMAND(client, &reply, &err, "SET", "outage:key", "value"), RR_BUFFERED);
    CHECK(reply == NULL);
    CHECK(err == NULL);
    CHECK_EQ(COMMAND(client, &reply, &err, "INCR", "outage:counter"), RR_BUFFERED);
    CHECK_EQ(rr_client_buffered(client), 2);

    CHECK_EQ(rr_command_with(client, &quickly, 2, get, NULL, &reply, &err), RR_ERR_TIMEOUT);
    CHECK_EQ(rr_error_outcome(err), RR_OUTCOME_NOT_APPLIED);
    CHECK(rr_error_is_retryable(err));
    rr_error_free(err);
    CHECK_EQ(rr_command_with(client, &wait, 3, set, NULL, &reply, &err), RR_ERR_TIMEOUT);
    CHECK_EQ(rr_error_outcome(err), RR_OUTCOME_NOT_APPLIED);
    rr_error_free(err);
    CHECK_STATUS(rr_client_flush(client, 20, &err), RR_ERR_TIMEOUT);

    server("start");
    CHECK_OK(rr_client_reconnect(client, &err));
    CHECK_OK(rr_client_flush(client, 10000, &err));
    CHECK_EQ(rr_client_buffered(client), 0);
    CHECK_OK(COMMAND(client, &reply, &err, "GET", "outage:key"));
    CHECK(reply_is(reply, "value"));
    rr_reply_free(reply);
    CHECK_OK(COMMAND(client, &reply, &err, "GET", "outage:counter"));
    CHECK(reply_is(reply, "1"));
    rr_reply_free(reply);
}

static void what_was_refused_afterwards_is_listed(rr_client *client)
{
    const char binary[] = "with\0inside";
    const char *const push[] = {"LPUSH", "outage:text", binary, ""};
    const size_t lengths[] = {5, 11, sizeof binary, 0};
    rr_failed *failed = (rr_failed *)&failed;
    const char *argument;
    size_t length = 7;
    uint64_t id;

    CHECK_EQ(rr_failed_count(client), 0);
    CHECK_EQ(rr_failed_next(client, 0, &failed, NULL), RR_EMPTY);
    CHECK(failed == NULL);
    CHECK_OK(COMMAND(client, NULL, &err, "SET", "outage:text", "text"));
    server("kill");
    WAIT_UNTIL(rr_client_state(client) != RR_STATE_READY);
    CHECK_EQ(rr_command(client, 4, push, lengths, NULL, NULL), RR_BUFFERED);
    server("start");
    CHECK_OK(rr_client_reconnect(client, &err));
    CHECK_OK(rr_client_flush(client, 10000, &err));

    CHECK_EQ(rr_failed_count(client), 1);
    CHECK_OK(rr_failed_next(client, 0, &failed, &err));
    id = rr_failed_id(failed);
    CHECK(id > 0);
    CHECK_EQ(rr_error_status(rr_failed_error(failed)), RR_ERR_SERVER);
    CHECK_TEXT(rr_error_server_code(rr_failed_error(failed)), "WRONGTYPE");
    CHECK_EQ(rr_failed_command_count(failed), 1);
    CHECK_EQ(rr_failed_argument_count(failed, 0), 4);
    CHECK_EQ(rr_failed_argument_count(failed, 1), 0);
    argument = rr_failed_argument(failed, 0, 0, &length);
    CHECK_EQ(length, 5);
    CHECK_TEXT(argument, "LPUSH");
    argument = rr_failed_argument(failed, 0, 2, &length);
    CHECK_EQ(length, sizeof binary);
    CHECK(memcmp(argument, binary, sizeof binary) == 0);
    argument = rr_failed_argument(failed, 0, 3, &length);
    CHECK_TEXT(argument, "");
    CHECK_EQ(length, 0);
    length = 7;
    CHECK(rr_failed_argument(failed, 0, 4, &length) == NULL);
    CHECK_EQ(length, 0);
    CHECK(rr_failed_argument(failed, 0, 0, NULL) == NULL);
    rr_failed_free(failed);
    CHECK_EQ(rr_failed_next(client, id, &failed, NULL), RR_EMPTY);

    /* Once the cause is gone it can be tried again. */
    CHECK_OK(COMMAND(client, NULL, &err, "DEL", "outage:text"));
    CHECK_STATUS(rr_failed_retry(client, id + 1, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(rr_failed_discard(client, id + 1, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_OK(rr_failed_retry(client, id, &err));
    CHECK_OK(rr_client_flush(client, 10000, &err));
    CHECK_EQ(rr_failed_count(client), 0);
    {
        rr_reply *reply = NULL;

        CHECK_OK(COMMAND(client, &reply, &err, "LLEN", "outage:text"));
        CHECK_EQ(rr_reply_integer(reply), 2);
        rr_reply_free(reply);
    }
}

static void the_event_of_a_failure_leads_to_it(rr_client *client)
{
    rr_event *event = NULL;
    rr_failed *failed = NULL;
    uint64_t id = 0;
    bool seen[16] = {false};

    while (rr_event_next(client, 0, &event, NULL) == RR_OK)
        rr_event_free(event);
    server("kill");
    WAIT_UNTIL(rr_client_state(client) != RR_STATE_READY);
    CHECK_EQ(COMMAND(client, NULL, NULL, "INCR", "outage:text"), RR_BUFFERED);
    server("start");
    while (!seen[RR_EVENT_COMMAND_FAILED] || !seen[RR_EVENT_CONNECTED] || !seen[RR_EVENT_DRAINED]) {
        CHECK_OK(rr_event_next(client, 10000, &event, &err));
        CHECK(rr_event_kind(event) > 0 && rr_event_kind(event) < 16);
        seen[rr_event_kind(event)] = true;
        if (rr_event_kind(event) == RR_EVENT_COMMAND_FAILED)
            id = rr_event_failed_id(event);
        if (rr_event_kind(event) == RR_EVENT_RECONNECTING)
            CHECK(rr_event_attempt(event) > 0);
        rr_event_free(event);
    }
    CHECK(seen[RR_EVENT_DISCONNECTED]);
    CHECK(seen[RR_EVENT_BUFFERING]);
    CHECK_OK(rr_failed_next(client, id - 1, &failed, &err));
    CHECK_EQ(rr_failed_id(failed), id);
    rr_failed_free(failed);
    CHECK_OK(rr_failed_discard(client, id, &err));
    CHECK_EQ(rr_failed_count(client), 0);
}

static void a_pipeline_is_buffered_as_one(rr_client *client)
{
    rr_pipeline *pipeline = NULL;
    rr_reply *reply = (rr_reply *)&reply;

    CHECK_OK(rr_pipeline_new(client, NULL, &pipeline, &err));
    CHECK_OK(APPEND(pipeline, &err, "SET", "outage:one", "1"));
    CHECK_OK(APPEND(pipeline, &err, "SET", "outage:two", "2"));
    server("kill");
    WAIT_UNTIL(rr_client_state(client) != RR_STATE_READY);
    CHECK_EQ(rr_pipeline_execute(pipeline, &reply, NULL), RR_BUFFERED);
    CHECK(reply == NULL);
    server("start");
    CHECK_OK(rr_client_flush(client, 10000, &err));
    CHECK_OK(COMMAND(client, &reply, &err, "EXISTS", "outage:one", "outage:two"));
    CHECK_EQ(rr_reply_integer(reply), 2);
    rr_reply_free(reply);
    rr_pipeline_free(pipeline);
}

static void an_end_says_what_it_leaves_behind(rr_client *client)
{
    rr_close_report report = {.struct_size = sizeof report};

    server("kill");
    WAIT_UNTIL(rr_client_state(client) != RR_STATE_READY);
    CHECK_EQ(COMMAND(client, NULL, NULL, "SET", "outage:lost", "1"), RR_BUFFERED);
    CHECK_EQ(COMMAND(client, NULL, NULL, "SET", "outage:lost", "2"), RR_BUFFERED);
    CHECK_OK(rr_client_close(client, 20, &report, &err));
    CHECK_EQ(report.drained, 0);
    CHECK_EQ(report.lost, 2);
    CHECK_EQ(report.unknown, 0);
    CHECK_EQ(report.failed, 0);
}

int main(int argc, char **argv)
{
    rr_client *client;

    CHECK_EQ(argc, 2);
    client = open_client_with(argv[1], "outage_grace_ms", "20", "reconnect_max_delay_ms", "50", NULL);
    CHECK_OK(rr_client_wait_ready(client, 10000, &err));
    during_an_outage_writes_are_kept_and_reads_wait(client);
    what_was_refused_afterwards_is_listed(client);
    the_event_of_a_failure_leads_to_it(client);
    a_pipeline_is_buffered_as_one(client);
    an_end_says_what_it_leaves_behind(client);
    rr_client_free(client);
    return 0;
}
