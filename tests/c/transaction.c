/* A transaction executes all of what is queued if no watched key was changed, and nothing otherwise. */

#include "check.h"

#define READ(transaction, reply, err, ...) \
    rr_transaction_command(transaction, count_texts((const char *const[]){__VA_ARGS__, NULL}), (const char *const[]){__VA_ARGS__}, NULL, reply, err)

#define QUEUE(transaction, err, ...) \
    rr_transaction_queue(transaction, count_texts((const char *const[]){__VA_ARGS__, NULL}), (const char *const[]){__VA_ARGS__}, NULL, err)

static const char *const keys[] = {"tx:a", "tx:b"};

static void what_is_queued_is_executed_together(rr_client *client)
{
    rr_transaction *transaction = NULL;
    rr_reply *reply = NULL;
    const size_t lengths[] = {4, 4}, get[] = {3, 4}, incr[] = {4, 4};

    CHECK_OK(COMMAND(client, NULL, &err, "MSET", "tx:a", "1", "tx:b", "2"));
    CHECK_OK(rr_transaction_new(client, NULL, 2, keys, lengths, &transaction, &err));
    CHECK_OK(rr_transaction_command_packed(transaction, 2, "GETtx:b", get, &reply, &err));
    CHECK(reply_is(reply, "2"));
    rr_reply_free(reply);
    CHECK_OK(rr_transaction_queue_packed(transaction, 2, "INCRtx:a", incr, &err));
    CHECK_OK(QUEUE(transaction, &err, "LPUSH", "tx:b", "x"));
    CHECK_OK(rr_transaction_execute(transaction, &reply, &err));
    CHECK_EQ(rr_reply_length(reply), 2);
    CHECK_EQ(rr_reply_element(reply, 0)->integer, 2);
    CHECK_EQ(rr_reply_element(reply, 1)->type, RR_TYPE_ERROR);
    rr_reply_free(reply);
    CHECK_STATUS(rr_transaction_execute(transaction, &reply, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK(reply == NULL);
    rr_transaction_free(transaction);
    rr_transaction_free(NULL);
}

static void a_changed_key_is_a_conflict(rr_client *client)
{
    rr_transaction *transaction = NULL;
    rr_error *error = NULL;

    CHECK_OK(rr_transaction_new(client, NULL, 1, keys, NULL, &transaction, &err));
    CHECK_OK(COMMAND(client, NULL, &err, "SET", "tx:a", "7"));
    CHECK_OK(QUEUE(transaction, &err, "SET", "tx:a", "8"));
    CHECK_EQ(rr_transaction_execute(transaction, NULL, &error), RR_ERR_CONFLICT);
    CHECK_EQ(rr_error_outcome(error), RR_OUTCOME_NOT_APPLIED);
    CHECK(rr_error_is_retryable(error));
    rr_error_free(error);
    CHECK_TEXT(rr_status_name(RR_ERR_CONFLICT), "RR_ERR_CONFLICT");
    CHECK_OK(rr_transaction_watch(transaction, 1, keys, NULL, &err));
    CHECK_OK(QUEUE(transaction, &err, "SET", "tx:a", "9"));
    CHECK_OK(rr_transaction_discard(transaction, &err));
    CHECK_OK(rr_transaction_watch(transaction, 0, NULL, NULL, &err));
    CHECK_OK(QUEUE(transaction, &err, "INCR", "tx:a"));
    CHECK_OK(rr_transaction_execute(transaction, NULL, &err));
    rr_transaction_free(transaction);
}

static void keys_and_options_are_checked(rr_client *client)
{
    rr_transaction_options options = {.struct_size = sizeof options, .timeout_ms = -1};
    rr_transaction *transaction = (rr_transaction *)&transaction;
    const char *const holed[] = {"tx:a", NULL};
    rr_error *error = NULL;

    CHECK_STATUS(rr_transaction_new(client, &options, 0, NULL, NULL, &transaction, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK(transaction == NULL);
    options.timeout_ms = 0;
    options.flags = 2;
    CHECK_STATUS(rr_transaction_new(client, &options, 0, NULL, NULL, &transaction, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_EQ(rr_transaction_new(client, NULL, 2, holed, NULL, &transaction, &error), RR_ERR_NULL_ARGUMENT);
    CHECK_TEXT(rr_error_message(error), "keys[1] is NULL");
    rr_error_free(error);
    options.flags = RR_TRANSACTION_NO_RETRY;
    options.timeout_ms = 5000;
    CHECK_OK(rr_transaction_new(client, &options, 1, keys, NULL, &transaction, &err));
    CHECK_STATUS(QUEUE(transaction, &err, "SUBSCRIBE", "channel"), RR_ERR_UNSUPPORTED);
    CHECK_STATUS(READ(transaction, NULL, &err, "MULTI"), RR_ERR_UNSUPPORTED);
    CHECK_STATUS(rr_transaction_queue(transaction, 0, NULL, NULL, &err), RR_ERR_INVALID_ARGUMENT);
    /* Freed while it watches. */
    rr_transaction_free(transaction);
}

static void a_command_that_is_refused_is_named(rr_client *client)
{
    rr_transaction *transaction = NULL;
    rr_error *error = NULL;

    CHECK_OK(rr_transaction_new(client, NULL, 1, keys, NULL, &transaction, &err));
    CHECK_OK(QUEUE(transaction, &err, "GET"));
    CHECK_EQ(rr_transaction_execute(transaction, NULL, &error), RR_ERR_SERVER);
    CHECK_TEXT(rr_error_server_code(error), "EXECABORT");
    CHECK(strstr(rr_error_message(error), "command 1 was refused, GET: ERR wrong number") != NULL);
    rr_error_free(error);
    rr_transaction_free(transaction);
}

struct run {
    rr_client *client;
    int calls, disturbed;
    int32_t verdict;
};

static int32_t double_it(rr_transaction *transaction, void *userdata)
{
    struct run *run = userdata;
    rr_reply *reply = NULL;
    char text[32];

    run->calls++;
    CHECK_OK(READ(transaction, &reply, &err, "GET", "tx:a"));
    snprintf(text, sizeof text, "%lld", 2 * strtoll(rr_reply_string(reply), NULL, 10));
    rr_reply_free(reply);
    if (run->calls <= run->disturbed)
        CHECK_OK(COMMAND(run->client, NULL, &err, "INCR", "tx:a"));
    CHECK_OK(QUEUE(transaction, &err, "SET", "tx:a", text));
    return run->verdict;
}

static void it_is_run_again_after_a_conflict(rr_client *client)
{
    struct run run = {.client = client, .disturbed = 2};
    rr_reply *reply = (rr_reply *)&reply;

    CHECK_OK(COMMAND(client, NULL, &err, "SET", "tx:a", "10"));
    CHECK_OK(rr_transaction_run(client, 1, keys, NULL, double_it, &run, 5, &reply, &err));
    CHECK_EQ(rr_reply_length(reply), 1);
    rr_reply_free(reply);
    CHECK_EQ(run.calls, 3);
    CHECK_OK(COMMAND(client, &reply, &err, "GET", "tx:a"));
    CHECK(reply_is(reply, "24"));
    rr_reply_free(reply);

    run = (struct run){.client = client, .disturbed = 100};
    CHECK_STATUS(rr_transaction_run(client, 1, keys, NULL, double_it, &run, 3, &reply, &err), RR_ERR_CONFLICT);
    CHECK_EQ(run.calls, 3);
    CHECK(reply == NULL);
    CHECK_STATUS(rr_transaction_run(client, 1, keys, NULL, double_it, &run, 0, NULL, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(rr_transaction_run(client, 1, keys, NULL, NULL, NULL, 3, NULL, &err), RR_ERR_NULL_ARGUMENT);

    run = (struct run){.client = client, .verdict = 42};
    CHECK_STATUS(rr_transaction_run(client, 1, keys, NULL, double_it, &run, 3, &reply, &err), 42);
    run.verdict = RR_ERR_TIMEOUT;
    CHECK_STATUS(rr_transaction_run(client, 1, keys, NULL, double_it, &run, 3, &reply, &err), RR_ERR_TIMEOUT);
    CHECK_EQ(run.calls, 2);
    run.verdict = RR_ERR_CONFLICT;
    CHECK_STATUS(rr_transaction_run(client, 1, keys, NULL, double_it, &run, 3, &reply, &err), RR_ERR_CONFLICT);
    CHECK_EQ(run.calls, 5);
}

static void *read_slowly(void *transaction)
{
    const char *const loop = "local n = 0 for i = 1, 3e7 do n = n + i end return 0";

    CHECK_OK(READ(transaction, NULL, &err, "EVAL", loop, "0"));
    return NULL;
}

static void two_threads_in_one_are_told(rr_client *client)
{
    rr_transaction *transaction = NULL;
    pthread_t thread;
    rr_status status;

    CHECK_OK(rr_transaction_new(client, NULL, 1, keys, NULL, &transaction, &err));
    CHECK_EQ(pthread_create(&thread, NULL, read_slowly, transaction), 0);
    WAIT_UNTIL((status = QUEUE(transaction, NULL, "PING")) == RR_ERR_BUSY);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_OK(rr_transaction_discard(transaction, &err));
    rr_transaction_free(transaction);
}

static void a_restart_while_watching_is_a_conflict(rr_client *client)
{
    rr_transaction *transaction = NULL;

    CHECK_OK(rr_transaction_new(client, NULL, 1, keys, NULL, &transaction, &err));
    server("kill");
    server("start");
    CHECK_OK(QUEUE(transaction, &err, "SET", "tx:a", "1"));
    CHECK_STATUS(rr_transaction_execute(transaction, NULL, &err), RR_ERR_CONFLICT);
    rr_transaction_free(transaction);
}

static void it_is_freed_before_or_after_its_client(const char *url)
{
    rr_client *client = open_client(url);
    rr_transaction *before = NULL, *after = NULL;

    CHECK_OK(rr_transaction_new(client, NULL, 1, keys, NULL, &before, &err));
    CHECK_OK(rr_transaction_new(client, NULL, 1, keys, NULL, &after, &err));
    rr_transaction_free(before);
    rr_client_free(client);
    CHECK_STATUS(READ(after, NULL, &err, "PING"), RR_ERR_CLOSED);
    CHECK_OK(rr_transaction_discard(after, &err));
    CHECK_STATUS(rr_transaction_watch(after, 1, keys, NULL, &err), RR_ERR_CLOSED);
    rr_transaction_free(after);
}

int main(int argc, char **argv)
{
    rr_client *client;

    CHECK_EQ(argc, 2);
    client = open_client(argv[1]);
    what_is_queued_is_executed_together(client);
    a_changed_key_is_a_conflict(client);
    keys_and_options_are_checked(client);
    a_command_that_is_refused_is_named(client);
    it_is_run_again_after_a_conflict(client);
    two_threads_in_one_are_told(client);
    a_restart_while_watching_is_a_conflict(client);
    rr_client_free(client);
    it_is_freed_before_or_after_its_client(argv[1]);
    return 0;
}
