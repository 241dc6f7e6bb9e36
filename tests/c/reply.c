/* A reply is read at once through its view, or by accessors; it does not change and threads may share it. */

#include "check.h"

static void each_type_is_told(rr_client *client)
{
    rr_reply *reply = NULL;
    const rr_value *value;

    CHECK_OK(COMMAND(client, &reply, &err, "GET", "reply:nothing"));
    CHECK_EQ(rr_reply_type(reply), RR_TYPE_NIL);
    CHECK(rr_reply_string(reply) == NULL);
    CHECK_EQ(rr_reply_length(reply), 0);
    rr_reply_free(reply);

    CHECK_OK(COMMAND(client, &reply, &err, "DEBUG", "PROTOCOL", "integer"));
    CHECK_EQ(rr_reply_type(reply), RR_TYPE_INTEGER);
    CHECK_EQ(rr_reply_integer(reply), 12345);
    CHECK_EQ(rr_reply_view(reply)->integer, 12345);
    rr_reply_free(reply);

    CHECK_OK(COMMAND(client, &reply, &err, "DEBUG", "PROTOCOL", "double"));
    CHECK_EQ(rr_reply_type(reply), RR_TYPE_DOUBLE);
    CHECK(rr_reply_double(reply) > 3.14 && rr_reply_double(reply) < 3.15);
    CHECK(rr_reply_view(reply)->real == rr_reply_double(reply));
    CHECK_EQ(rr_reply_integer(reply), 0);
    rr_reply_free(reply);

    CHECK_OK(COMMAND(client, &reply, &err, "DEBUG", "PROTOCOL", "true"));
    CHECK_EQ(rr_reply_type(reply), RR_TYPE_BOOLEAN);
    CHECK_EQ(rr_reply_integer(reply), 1);
    rr_reply_free(reply);

    CHECK_OK(COMMAND(client, &reply, &err, "DEBUG", "PROTOCOL", "bignum"));
    CHECK_EQ(rr_reply_type(reply), RR_TYPE_BIG_NUMBER);
    CHECK(reply_is(reply, "1234567999999999999999999999999999999"));
    rr_reply_free(reply);

    CHECK_OK(COMMAND(client, &reply, &err, "DEBUG", "PROTOCOL", "verbatim"));
    CHECK_EQ(rr_reply_type(reply), RR_TYPE_VERBATIM);
    CHECK_TEXT(rr_reply_view(reply)->format, "txt");
    CHECK(reply_is(reply, "This is a verbatim\nstring"));
    rr_reply_free(reply);

    CHECK_OK(COMMAND(client, &reply, &err, "DEBUG", "PROTOCOL", "map"));
    value = rr_reply_view(reply);
    CHECK_EQ(value->type, RR_TYPE_MAP);
    CHECK_EQ(value->count, 6);
    CHECK_EQ(value->children[0].type, RR_TYPE_INTEGER);
    CHECK_EQ(value->children[0].integer, 0);
    CHECK_EQ(value->children[1].type, RR_TYPE_BOOLEAN);
    rr_reply_free(reply);

    CHECK_OK(COMMAND(client, &reply, &err, "DEBUG", "PROTOCOL", "set"));
    CHECK_EQ(rr_reply_type(reply), RR_TYPE_SET);
    CHECK_EQ(rr_reply_length(reply), 3);
    rr_reply_free(reply);

    CHECK_OK(COMMAND(client, &reply, &err, "PING"));
    CHECK_EQ(rr_reply_type(reply), RR_TYPE_STATUS);
    CHECK_EQ(rr_reply_length(reply), 4);
    CHECK(rr_reply_view(reply)->children == NULL);
    CHECK_TEXT(rr_reply_view(reply)->format, "");
    rr_reply_free(reply);
}

static const char NESTED[] = "return {1, {'two', {}, {3, 'four', {err='ERR five'}}}, false, 'six'}";

static void a_nested_reply_is_one_tree(rr_client *client)
{
    rr_reply *reply = NULL;
    const rr_value *root, *inner, *innermost;

    CHECK_OK(COMMAND(client, &reply, &err, "EVAL", NESTED, "0"));
    root = rr_reply_view(reply);
    CHECK_EQ(root->type, RR_TYPE_ARRAY);
    CHECK_EQ(root->count, 4);
    CHECK_EQ(root->children[0].integer, 1);
    CHECK_EQ(root->children[2].type, RR_TYPE_NIL);
    CHECK(value_is(&root->children[3], "six"));
    inner = &root->children[1];
    CHECK_EQ(inner->count, 3);
    CHECK(value_is(&inner->children[0], "two"));
    CHECK_EQ(inner->children[1].type, RR_TYPE_ARRAY);
    CHECK_EQ(inner->children[1].count, 0);
    CHECK(inner->children[1].children == NULL);
    innermost = &inner->children[2];
    CHECK_EQ(innermost->children[0].integer, 3);
    CHECK(value_is(&innermost->children[1], "four"));
    CHECK_EQ(innermost->children[2].type, RR_TYPE_ERROR);
    CHECK(value_is(&innermost->children[2], "ERR five"));

    CHECK_EQ(rr_reply_length(reply), 4);
    CHECK(rr_reply_element(reply, 1) == inner);
    CHECK(rr_reply_element(reply, 4) == NULL);
    CHECK(rr_reply_element(reply, (size_t)-1) == NULL);
    CHECK(rr_reply_view(reply) == root);
    rr_reply_free(reply);
}

static void *look(void *reply)
{
    const rr_value *root = rr_reply_view(reply);

    CHECK(value_is(&root->children[1].children[0], "two"));
    return (void *)root;
}

static void threads_share_a_reply(rr_client *client)
{
    rr_reply *reply = NULL;
    pthread_t threads[8];
    void *seen[8];
    int round, i;

    for (round = 0; round < 20; round++) {
        CHECK_OK(COMMAND(client, &reply, &err, "EVAL", NESTED, "0"));
        for (i = 0; i < 8; i++)
            CHECK_EQ(pthread_create(&threads[i], NULL, look, reply), 0);
        for (i = 0; i < 8; i++) {
            CHECK_EQ(pthread_join(threads[i], &seen[i]), 0);
            CHECK(seen[i] == seen[0]);
        }
        rr_reply_free(reply);
    }
}

static void no_reply_is_neutral(void)
{
    CHECK(rr_reply_view(NULL) == NULL);
    CHECK_EQ(rr_reply_type(NULL), RR_TYPE_NIL);
    CHECK_EQ(rr_reply_integer(NULL), 0);
    CHECK(rr_reply_double(NULL) == 0);
    CHECK(rr_reply_string(NULL) == NULL);
    CHECK_EQ(rr_reply_length(NULL), 0);
    CHECK(rr_reply_element(NULL, 0) == NULL);
    rr_reply_free(NULL);
}

static void resp2_is_spoken_too(const char *url)
{
    rr_client *client = open_client_with(url, "protocol", "2", NULL);
    rr_reply *reply = NULL;

    CHECK_OK(COMMAND(client, &reply, &err, "DEBUG", "PROTOCOL", "map"));
    CHECK_EQ(rr_reply_type(reply), RR_TYPE_ARRAY);
    CHECK_EQ(rr_reply_length(reply), 6);
    rr_reply_free(reply);
    CHECK_OK(COMMAND(client, &reply, &err, "GET", "reply:nothing"));
    CHECK_EQ(rr_reply_type(reply), RR_TYPE_NIL);
    rr_reply_free(reply);
    rr_client_free(client);
}

static void a_reply_outlives_its_client(const char *url)
{
    rr_client *client = open_client(url);
    rr_reply *reply = NULL;

    CHECK_OK(COMMAND(client, &reply, &err, "ECHO", "still here"));
    rr_client_free(client);
    CHECK(reply_is(reply, "still here"));
    rr_reply_free(reply);
}

int main(int argc, char **argv)
{
    rr_client *client;

    CHECK_EQ(argc, 2);
    client = open_client(argv[1]);
    each_type_is_told(client);
    a_nested_reply_is_one_tree(client);
    threads_share_a_reply(client);
    no_reply_is_neutral();
    rr_client_free(client);
    resp2_is_spoken_too(argv[1]);
    a_reply_outlives_its_client(argv[1]);
    return 0;
}
