/* A pipeline's commands go together and its replies come together. */

#include "check.h"

static void replies_come_in_order_and_errors_in_place(rr_client *client)
{
    rr_pipeline *pipeline = NULL;
    rr_reply *reply = NULL;
    const size_t lengths[] = {4, 2};
    const rr_value *root;

    CHECK_OK(rr_pipeline_new(client, NULL, &pipeline, &err));
    CHECK_EQ(rr_pipeline_length(pipeline), 0);
    CHECK_OK(APPEND(pipeline, &err, "SET", "pipeline:text", "x"));
    CHECK_OK(APPEND(pipeline, &err, "LPUSH", "pipeline:text", "y"));
    CHECK_OK(rr_pipeline_append_packed(pipeline, 2, "ECHOhi", lengths, &err));
    CHECK_EQ(rr_pipeline_length(pipeline), 3);
    CHECK_OK(rr_pipeline_execute(pipeline, &reply, &err));
    root = rr_reply_view(reply);
    CHECK_EQ(root->type, RR_TYPE_ARRAY);
    CHECK_EQ(root->count, 3);
    CHECK(value_is(&root->children[0], "OK"));
    CHECK_EQ(root->children[1].type, RR_TYPE_ERROR);
    CHECK(strncmp(root->children[1].string, "WRONGTYPE ", 10) == 0);
    CHECK(value_is(&root->children[2], "hi"));
    rr_reply_free(reply);

    /* The commands are still in it. */
    CHECK_EQ(rr_pipeline_length(pipeline), 3);
    CHECK_OK(rr_pipeline_execute(pipeline, NULL, &err));
    CHECK_OK(rr_pipeline_clear(pipeline, &err));
    CHECK_EQ(rr_pipeline_length(pipeline), 0);
    CHECK_OK(APPEND(pipeline, &err, "PING"));
    CHECK_OK(rr_pipeline_execute(pipeline, &reply, &err));
    CHECK_EQ(rr_reply_length(reply), 1);
    rr_reply_free(reply);
    rr_pipeline_free(pipeline);
    rr_pipeline_free(NULL);
}

static void an_empty_one_is_refused(rr_client *client)
{
    rr_pipeline *pipeline = NULL;
    rr_reply *reply = (rr_reply *)&reply;

    CHECK_OK(rr_pipeline_new(client, NULL, &pipeline, &err));
    CHECK_STATUS(rr_pipeline_execute(pipeline, &reply, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK(reply == NULL);
    rr_pipeline_free(pipeline);
}

static void a_refused_command_is_not_added(rr_client *client)
{
    rr_pipeline *pipeline = NULL;

    CHECK_OK(rr_pipeline_new(client, NULL, &pipeline, &err));
    CHECK_STATUS(rr_pipeline_append(pipeline, 0, NULL, NULL, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(APPEND(pipeline, &err, "BLPOP", "pipeline:list", "0"), RR_ERR_UNSUPPORTED);
    CHECK_EQ(rr_pipeline_length(pipeline), 0);
    rr_pipeline_free(pipeline);
}

static void an_atomic_one_is_all_or_nothing(rr_client *client)
{
    rr_pipeline_options options = {.struct_size = sizeof options, .flags = RR_PIPELINE_ATOMIC};
    rr_pipeline *pipeline = NULL;
    rr_reply *reply = NULL;

    CHECK_OK(COMMAND(client, NULL, &err, "DEL", "pipeline:a", "pipeline:b"));
    CHECK_OK(rr_pipeline_new(client, &options, &pipeline, &err));
    CHECK_OK(APPEND(pipeline, &err, "SET", "pipeline:a", "1"));
    CHECK_OK(APPEND(pipeline, &err, "INCR", "pipeline:a"));
    CHECK_OK(rr_pipeline_execute(pipeline, &reply, &err));
    CHECK_EQ(rr_reply_length(reply), 2);
    CHECK_EQ(rr_reply_element(reply, 1)->integer, 2);
    rr_reply_free(reply);
    CHECK_OK(rr_pipeline_clear(pipeline, &err));
    CHECK_OK(APPEND(pipeline, &err, "SET", "pipeline:b", "1"));
    CHECK_OK(APPEND(pipeline, &err, "GET"));
    CHECK_STATUS(rr_pipeline_execute(pipeline, &reply, &err), RR_ERR_SERVER);
    CHECK_OK(COMMAND(client, &reply, &err, "EXISTS", "pipeline:b"));
    CHECK_EQ(rr_reply_integer(reply), 0);
    rr_reply_free(reply);
    rr_pipeline_free(pipeline);
}

static void options_are_checked(rr_client *client)
{
    rr_pipeline_options options = {.struct_size = sizeof options, .timeout_ms = -1};
    rr_pipeline *pipeline = (rr_pipeline *)&pipeline;

    CHECK_STATUS(rr_pipeline_new(client, &options, &pipeline, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK(pipeline == NULL);
    options.timeout_ms = 0;
    options.flags = 16;
    CHECK_STATUS(rr_pipeline_new(client, &options, &pipeline, &err), RR_ERR_INVALID_ARGUMENT);
    options.flags = RR_PIPELINE_NO_BUFFER | RR_PIPELINE_NO_RETRY | RR_PIPELINE_FROM_PRIMARY;
    CHECK_OK(rr_pipeline_new(client, &options, &pipeline, &err));
    rr_pipeline_free(pipeline);
}

static void *execute_slowly(void *pipeline)
{
    CHECK_OK(rr_pipeline_execute(pipeline, NULL, &err));
    return NULL;
}

static void two_threads_in_one_are_told(rr_client *client)
{
    rr_pipeline *pipeline = NULL;
    pthread_t thread;
    int64_t length;

    CHECK_OK(rr_pipeline_new(client, NULL, &pipeline, &err));
    CHECK_OK(APPEND(pipeline, &err, "DEBUG", "SLEEP", "0.5"));
    CHECK_EQ(pthread_create(&thread, NULL, execute_slowly, pipeline), 0);
    WAIT_UNTIL((length = rr_pipeline_length(pipeline)) == RR_ERR_BUSY);
    CHECK_STATUS(APPEND(pipeline, &err, "PING"), RR_ERR_BUSY);
    CHECK_STATUS(rr_pipeline_execute(pipeline, NULL, &err), RR_ERR_BUSY);
    CHECK_STATUS(rr_pipeline_clear(pipeline, &err), RR_ERR_BUSY);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_EQ(rr_pipeline_length(pipeline), 1);
    rr_pipeline_free(pipeline);
}

static void it_is_freed_before_or_after_its_client(const char *url)
{
    rr_client *client = open_client(url);
    rr_pipeline *before = NULL, *after = NULL;

    CHECK_OK(rr_pipeline_new(client, NULL, &before, &err));
    CHECK_OK(rr_pipeline_new(client, NULL, &after, &err));
    CHECK_OK(APPEND(after, &err, "PING"));
    rr_pipeline_free(before);
    rr_client_free(client);
    CHECK_STATUS(rr_pipeline_execute(after, NULL, &err), RR_ERR_CLOSED);
    rr_pipeline_free(after);
}

static void a_long_one_is_whole(rr_client *client)
{
    rr_pipeline *pipeline = NULL;
    rr_reply *reply = NULL;
    int i;

    CHECK_OK(COMMAND(client, NULL, &err, "DEL", "pipeline:counter"));
    CHECK_OK(rr_pipeline_new(client, NULL, &pipeline, &err));
    for (i = 0; i < 5000; i++)
        CHECK_OK(APPEND(pipeline, &err, "INCR", "pipeline:counter"));
    CHECK_OK(rr_pipeline_execute(pipeline, &reply, &err));
    CHECK_EQ(rr_reply_length(reply), 5000);
    for (i = 0; i < 5000; i++)
        CHECK_EQ(rr_reply_element(reply, (size_t)i)->integer, i + 1);
    rr_reply_free(reply);
    rr_pipeline_free(pipeline);
}

int main(int argc, char **argv)
{
    rr_client *client;

    CHECK_EQ(argc, 2);
    client = open_client(argv[1]);
    replies_come_in_order_and_errors_in_place(client);
    an_empty_one_is_refused(client);
    a_refused_command_is_not_added(client);
    an_atomic_one_is_all_or_nothing(client);
    options_are_checked(client);
    two_threads_in_one_are_told(client);
    a_long_one_is_whole(client);
    rr_client_free(client);
    it_is_freed_before_or_after_its_client(argv[1]);
    return 0;
}
