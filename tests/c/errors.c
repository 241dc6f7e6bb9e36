/* Statuses have names; errors say what happened and what became of the command. */

#include "check.h"

static void every_number_has_a_name(void)
{
    int status;

    CHECK_TEXT(rr_status_name(RR_OK), "RR_OK");
    CHECK_TEXT(rr_status_name(RR_BUFFERED), "RR_BUFFERED");
    CHECK_TEXT(rr_status_name(RR_EMPTY), "RR_EMPTY");
    CHECK_TEXT(rr_status_name(RR_ERR_BUFFER_FULL), "RR_ERR_BUFFER_FULL");
    for (status = -1; status >= RR_ERR_SYSTEM; status--)
        CHECK(strncmp(rr_status_name(status), "RR_ERR_", 7) == 0);
    CHECK_TEXT(rr_status_name(-12345), "unknown");
    CHECK_TEXT(rr_status_name(12345), "unknown");
    CHECK_TEXT(rr_outcome_name(RR_OUTCOME_UNKNOWN), "RR_OUTCOME_UNKNOWN");
    CHECK_TEXT(rr_outcome_name(99), "unknown");
    CHECK_TEXT(rr_state_name(RR_STATE_GAVE_UP), "RR_STATE_GAVE_UP");
    CHECK_TEXT(rr_state_name(-1), "unknown");
    CHECK_TEXT(rr_type_name(RR_TYPE_VERBATIM), "RR_TYPE_VERBATIM");
    CHECK_TEXT(rr_type_name(99), "unknown");
    CHECK_TEXT(rr_event_name(RR_EVENT_DRAINED), "RR_EVENT_DRAINED");
    CHECK_TEXT(rr_event_name(0), "unknown");
}

static void no_error_is_neutral(void)
{
    CHECK_EQ(rr_error_status(NULL), RR_OK);
    CHECK_TEXT(rr_error_message(NULL), "");
    CHECK(rr_error_server_code(NULL) == NULL);
    CHECK_EQ(rr_error_outcome(NULL), RR_OUTCOME_NONE);
    CHECK(!rr_error_is_retryable(NULL));
    rr_error_free(NULL);
}

static void a_program_can_make_its_own(void)
{
    rr_error *error = rr_error_new(RR_ERR_TIMEOUT, "the program's own");

    CHECK_EQ(rr_error_status(error), RR_ERR_TIMEOUT);
    CHECK_TEXT(rr_error_message(error), "the program's own");
    CHECK_EQ(rr_error_outcome(error), RR_OUTCOME_NONE);
    rr_error_free(error);

    error = rr_error_new(7, NULL);
    CHECK_EQ(rr_error_status(error), RR_ERR_INVALID_ARGUMENT);
    CHECK_TEXT(rr_error_message(error), "");
    rr_error_free(error);
}

static void a_servers_error_is_a_failure_with_its_code(rr_client *client)
{
    rr_reply *reply = (rr_reply *)&reply;
    rr_error *err = NULL;

    CHECK_OK(COMMAND(client, NULL, &err, "SET", "errors:text", "x"));
    CHECK_EQ(COMMAND(client, &reply, &err, "LPUSH", "errors:text", "x"), RR_ERR_SERVER);
    CHECK(reply == NULL);
    CHECK_EQ(rr_error_status(err), RR_ERR_SERVER);
    CHECK_TEXT(rr_error_server_code(err), "WRONGTYPE");
    CHECK(strncmp(rr_error_message(err), "WRONGTYPE Operation", 19) == 0);
    CHECK_EQ(rr_error_outcome(err), RR_OUTCOME_NOT_APPLIED);
    CHECK(!rr_error_is_retryable(err));
    rr_error_free(err);
}

static void a_place_for_an_error_is_cleared_by_success_and_may_be_missing(rr_client *client)
{
    rr_error *err = (rr_error *)&err;

    CHECK_EQ(COMMAND(client, NULL, &err, "PING"), RR_OK);
    CHECK(err == NULL);
    CHECK_EQ(COMMAND(client, NULL, NULL, "LPUSH", "errors:text", "x"), RR_ERR_SERVER);
}

static void a_missing_pointer_is_named(rr_client *client)
{
    rr_error *err = NULL;

    CHECK_EQ(rr_command(client, 1, NULL, NULL, NULL, &err), RR_ERR_NULL_ARGUMENT);
    CHECK_TEXT(rr_error_message(err), "argv is NULL");
    CHECK_EQ(rr_error_outcome(err), RR_OUTCOME_NOT_APPLIED);
    rr_error_free(err);
    CHECK_EQ(COMMAND(NULL, NULL, &err, "PING"), RR_ERR_NULL_ARGUMENT);
    CHECK_TEXT(rr_error_message(err), "client is NULL");
    rr_error_free(err);
}

static void a_timeout_says_whether_it_may_have_run(rr_client *client)
{
    const char *const sleep[] = {"DEBUG", "SLEEP", "0.4"};
    rr_command_options options = {.struct_size = sizeof options, .timeout_ms = 50};
    rr_error *err = NULL;
    double start = now();

    CHECK_EQ(rr_command_with(client, &options, 3, sleep, NULL, NULL, &err), RR_ERR_TIMEOUT);
    CHECK(now() - start < 0.3);
    CHECK_EQ(rr_error_outcome(err), RR_OUTCOME_UNKNOWN);
    CHECK(!rr_error_is_retryable(err));
    rr_error_free(err);
    /* The connection goes on, in step. */
    CHECK_OK(COMMAND(client, NULL, &err, "PING"));
}

static void a_handle_of_another_type_is_told(rr_client *client)
{
    rr_config *config = rr_config_new();
    rr_error *error = rr_error_new(RR_ERR_TIMEOUT, "text");

    CHECK_STATUS(COMMAND((rr_client *)config, NULL, &err, "PING"), RR_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(rr_config_set((rr_config *)client, "db", "0", &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_EQ(rr_client_state((rr_client *)error), RR_ERR_INVALID_ARGUMENT);
    CHECK(rr_reply_view((rr_reply *)client) == NULL);
    rr_client_free((rr_client *)config);
    rr_config_free((rr_config *)error);
    rr_reply_free((rr_reply *)client);
    CHECK_TEXT(rr_error_message(error), "text");
    CHECK_OK(COMMAND(client, NULL, &err, "PING"));
    rr_config_free(config);
    rr_error_free(error);
}

int main(int argc, char **argv)
{
    rr_client *client;

    every_number_has_a_name();
    no_error_is_neutral();
    a_program_can_make_its_own();
    CHECK_EQ(argc, 2);
    client = open_client(argv[1]);
    a_servers_error_is_a_failure_with_its_code(client);
    a_place_for_an_error_is_cleared_by_success_and_may_be_missing(client);
    a_missing_pointer_is_named(client);
    a_timeout_says_whether_it_may_have_run(client);
    a_handle_of_another_type_is_told(client);
    rr_client_free(client);
    return 0;
}
