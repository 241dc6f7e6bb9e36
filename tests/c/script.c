/* A script is found by the server whatever became of its memory of scripts. */

#include "check.h"

static const char source[] = "redis.call('INCRBY', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])";
static const char *const arguments[] = {"script:n", "2"};

static rr_script *make(void)
{
    rr_script *script = NULL;

    CHECK_OK(rr_script_new(source, sizeof source - 1, &script, &err));
    return script;
}

static void run(rr_client *client, const rr_script *script, const char *becomes)
{
    rr_reply *reply = NULL;

    CHECK_OK(rr_script_run(client, script, NULL, 1, 2, arguments, NULL, &reply, &err));
    CHECK(reply_is(reply, becomes));
    rr_reply_free(reply);
}

static void it_is_run_also_after_the_server_forgot_it(rr_client *client)
{
    rr_script *script = make();
    rr_reply *reply = NULL;
    const size_t lengths[] = {8, 1};

    run(client, script, "2");
    run(client, script, "4");
    CHECK_OK(COMMAND(client, NULL, &err, "SCRIPT", "FLUSH"));
    run(client, script, "6");
    CHECK_OK(rr_script_run_packed(client, script, NULL, 1, 2, "script:n9", lengths, &reply, &err));
    CHECK(reply_is(reply, "15"));
    rr_reply_free(reply);
    server("kill");
    server("start");
    CHECK_OK(COMMAND(client, NULL, &err, "SET", "script:n", "0"));
    run(client, script, "2");
    rr_script_free(script);
    rr_script_free(NULL);
}

static void it_is_run_in_a_pipeline_in_its_place(rr_client *client)
{
    rr_pipeline_options options = {.struct_size = sizeof options};
    rr_script *script = make();
    int atomic;

    for (atomic = 0; atomic < 2; atomic++) {
        rr_pipeline *pipeline = NULL;
        rr_reply *reply = NULL;

        options.flags = atomic ? RR_PIPELINE_ATOMIC : 0;
        CHECK_OK(COMMAND(client, NULL, &err, "SCRIPT", "FLUSH"));
        CHECK_OK(rr_pipeline_new(client, &options, &pipeline, &err));
        CHECK_OK(APPEND(pipeline, &err, "SET", "script:n", "10"));
        CHECK_OK(rr_pipeline_append_script(pipeline, script, 1, 2, arguments, NULL, &err));
        CHECK_OK(APPEND(pipeline, &err, "INCR", "script:n"));
        CHECK_OK(rr_pipeline_execute(pipeline, &reply, &err));
        CHECK_EQ(rr_reply_length(reply), 3);
        CHECK(value_is(rr_reply_element(reply, 1), "12"));
        CHECK_EQ(rr_reply_element(reply, 2)->integer, 13);
        rr_reply_free(reply);
        rr_pipeline_free(pipeline);
    }
    rr_script_free(script);
}

static void it_is_run_in_a_transaction(rr_client *client)
{
    rr_script *script = make();
    rr_transaction *transaction = NULL;
    rr_reply *reply = NULL;

    CHECK_OK(COMMAND(client, NULL, &err, "SET", "script:n", "0"));
    CHECK_OK(rr_transaction_new(client, NULL, 1, arguments, NULL, &transaction, &err));
    CHECK_OK(COMMAND(client, NULL, &err, "SCRIPT", "FLUSH"));
    CHECK_OK(rr_transaction_queue_script(transaction, script, 1, 2, arguments, NULL, &err));
    rr_script_free(script);
    CHECK_OK(rr_transaction_execute(transaction, &reply, &err));
    CHECK(value_is(rr_reply_element(reply, 0), "2"));
    rr_reply_free(reply);
    rr_transaction_free(transaction);
}

static void its_own_error_is_of_unknown_outcome(rr_client *client)
{
    const char text[] = "redis.call('SET', 'script:half', '1') return redis.call('LPUSH', 'script:half', '1')";
    rr_script *script = NULL;
    rr_error *error = NULL;

    CHECK_OK(rr_script_new(text, sizeof text - 1, &script, &err));
    CHECK_EQ(rr_script_run(client, script, NULL, 0, 0, NULL, NULL, NULL, &error), RR_ERR_SERVER);
    CHECK_EQ(rr_error_outcome(error), RR_OUTCOME_UNKNOWN);
    rr_error_free(error);
    rr_script_free(script);
}

static void arguments_and_options_are_checked(rr_client *client)
{
    rr_script_options options = {.struct_size = sizeof options, .flags = 8};
    rr_script *script = (rr_script *)&script, *good = make();

    CHECK_STATUS(rr_script_new("", 0, &script, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK(script == NULL);
    CHECK_STATUS(rr_script_run(client, good, NULL, 3, 2, arguments, NULL, NULL, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(rr_script_run(client, good, NULL, 0, 2, NULL, NULL, NULL, &err), RR_ERR_NULL_ARGUMENT);
    CHECK_STATUS(rr_script_run(client, good, &options, 1, 2, arguments, NULL, NULL, &err), RR_ERR_INVALID_ARGUMENT);
    options.flags = RR_SCRIPT_READ_ONLY | RR_SCRIPT_NO_BUFFER | RR_SCRIPT_NO_RETRY;
    /* The server holds it to what was said of it. */
    CHECK_STATUS(rr_script_run(client, good, &options, 1, 2, arguments, NULL, NULL, &err), RR_ERR_SERVER);
    rr_script_free(good);
}

int main(int argc, char **argv)
{
    rr_client *client;

    CHECK_EQ(argc, 2);
    client = open_client(argv[1]);
    it_is_run_also_after_the_server_forgot_it(client);
    it_is_run_in_a_pipeline_in_its_place(client);
    it_is_run_in_a_transaction(client);
    its_own_error_is_of_unknown_outcome(client);
    arguments_and_options_are_checked(client);
    rr_client_free(client);
    return 0;
}
