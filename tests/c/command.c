/* A command is bytes in and a reply out, however the bytes are given. */

#include "check.h"

static void values_are_bytes_of_any_kind(rr_client *client)
{
    const char value[] = "a\0b\r\nc\xff ";
    const char *const set[] = {"SET", "command:binary", value};
    const size_t lengths[] = {3, 14, sizeof value};
    rr_reply *reply = NULL;

    CHECK_OK(rr_command(client, 3, set, lengths, &reply, &err));
    CHECK_EQ(rr_reply_type(reply), RR_TYPE_STATUS);
    CHECK(reply_is(reply, "OK"));
    rr_reply_free(reply);
    CHECK_OK(COMMAND(client, &reply, &err, "GET", "command:binary"));
    CHECK_EQ(rr_reply_type(reply), RR_TYPE_STRING);
    CHECK_EQ(rr_reply_length(reply), sizeof value);
    CHECK(memcmp(rr_reply_string(reply), value, sizeof value) == 0);
    CHECK_EQ(rr_reply_string(reply)[sizeof value], 0);
    rr_reply_free(reply);
}

static void an_empty_argument_needs_no_pointer(rr_client *client)
{
    const char *const set[] = {"SET", "command:empty", NULL};
    const size_t lengths[] = {3, 13, 0};
    rr_reply *reply = NULL;

    CHECK_OK(rr_command(client, 3, set, lengths, NULL, &err));
    CHECK_OK(COMMAND(client, &reply, &err, "GET", "command:empty"));
    CHECK_EQ(rr_reply_type(reply), RR_TYPE_STRING);
    CHECK_EQ(rr_reply_length(reply), 0);
    CHECK_TEXT(rr_reply_string(reply), "");
    rr_reply_free(reply);
    CHECK_STATUS(rr_command(client, 3, set, NULL, &reply, &err), RR_ERR_NULL_ARGUMENT);
    CHECK(reply == NULL);
}

static void a_missing_argument_is_told(rr_client *client)
{
    const char *const set[] = {"SET", NULL, "value"};
    const size_t lengths[] = {3, 5, 5};
    rr_error *err = NULL;

    CHECK_EQ(rr_command(client, 3, set, lengths, NULL, &err), RR_ERR_NULL_ARGUMENT);
    CHECK_TEXT(rr_error_message(err), "argv[1] is NULL");
    rr_error_free(err);
}

static void a_command_has_a_name(rr_client *client)
{
    const char *const nameless[] = {"", "key"};
    const size_t lengths[] = {0, 3};

    CHECK_STATUS(rr_command(client, 0, nameless, lengths, NULL, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(rr_command(client, 0, NULL, NULL, NULL, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(rr_command(client, 2, nameless, lengths, NULL, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(rr_command(client, (size_t)-1, nameless, lengths, NULL, &err), RR_ERR_INVALID_ARGUMENT);
}

static void packed_arguments_are_cut_by_their_lengths(rr_client *client)
{
    const size_t lengths[] = {4, 0, 5};
    const size_t ping[] = {4, 3}, huge[] = {4, (size_t)-1}, long_one[] = {4, (size_t)-1 / 2 + 1};
    rr_command_options options = {.struct_size = sizeof options};
    rr_reply *reply = NULL;

    CHECK_OK(rr_command_packed(client, 2, "PINGabc", ping, &reply, &err));
    CHECK(reply_is(reply, "abc"));
    rr_reply_free(reply);
    CHECK_OK(rr_command_packed_with(client, &options, 2, "PINGxyz", ping, &reply, &err));
    CHECK(reply_is(reply, "xyz"));
    rr_reply_free(reply);
    CHECK_STATUS(rr_command_packed(client, 3, "ECHO12345", lengths, &reply, &err), RR_ERR_SERVER);
    CHECK(reply == NULL);
    CHECK_STATUS(rr_command_packed(client, 2, "PING", huge, NULL, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(rr_command_packed(client, 2, "PING", long_one, NULL, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(rr_command_packed(client, 1, NULL, ping, NULL, &err), RR_ERR_NULL_ARGUMENT);
    CHECK_STATUS(rr_command_packed(client, 1, NULL, lengths + 1, NULL, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(rr_command_packed(client, 1, "PING", NULL, NULL, &err), RR_ERR_NULL_ARGUMENT);
}

static void more_arguments_than_fit_on_a_page(rr_client *client)
{
    const char *argv[1001];
    rr_reply *reply = NULL;
    size_t i;

    argv[0] = "RPUSH";
    argv[1] = "command:many";
    for (i = 2; i < 1001; i++)
        argv[i] = "element";
    CHECK_OK(COMMAND(client, NULL, &err, "DEL", "command:many"));
    CHECK_OK(rr_command(client, 1001, argv, NULL, &reply, &err));
    CHECK_EQ(rr_reply_integer(reply), 999);
    rr_reply_free(reply);
}

static void options_that_are_not_known_are_refused(rr_client *client)
{
    const char *const ping[] = {"PING"};
    struct {
        rr_command_options known;
        uint64_t later;
    } newer = {.known = {.struct_size = sizeof newer}};
    rr_command_options options = {0};

    CHECK_STATUS(rr_command_with(client, &options, 1, ping, NULL, NULL, &err), RR_ERR_INVALID_ARGUMENT);
    options.struct_size = 1000000;
    CHECK_STATUS(rr_command_with(client, &options, 1, ping, NULL, NULL, &err), RR_ERR_INVALID_ARGUMENT);
    options.struct_size = sizeof options;
    CHECK_OK(rr_command_with(client, &options, 1, ping, NULL, NULL, &err));
    CHECK_OK(rr_command_with(client, NULL, 1, ping, NULL, NULL, &err));
    options.timeout_ms = -1;
    CHECK_STATUS(rr_command_with(client, &options, 1, ping, NULL, NULL, &err), RR_ERR_INVALID_ARGUMENT);
    options.timeout_ms = 5000;
    options.flags = RR_COMMAND_NO_BUFFER | RR_COMMAND_NO_RETRY | RR_COMMAND_FROM_PRIMARY;
    CHECK_OK(rr_command_with(client, &options, 1, ping, NULL, NULL, &err));
    options.flags = 1u << 31;
    CHECK_STATUS(rr_command_with(client, &options, 1, ping, NULL, NULL, &err), RR_ERR_INVALID_ARGUMENT);
    options.flags = 0;
    options.reserved = 1;
    CHECK_STATUS(rr_command_with(client, &options, 1, ping, NULL, NULL, &err), RR_ERR_INVALID_ARGUMENT);
    /* A program of before timeout_ms was there, and one of after something that is not there yet. */
    options.struct_size = sizeof(size_t);
    CHECK_OK(rr_command_with(client, &options, 1, ping, NULL, NULL, &err));
    CHECK_OK(rr_command_with(client, &newer.known, 1, ping, NULL, NULL, &err));
    newer.later = 1;
    CHECK_STATUS(rr_command_with(client, &newer.known, 1, ping, NULL, NULL, &err), RR_ERR_UNSUPPORTED);
}

static void a_command_that_would_hold_the_connection_is_refused(rr_client *client)
{
    rr_error *err = NULL;

    CHECK_EQ(COMMAND(client, NULL, &err, "SUBSCRIBE", "command:channel"), RR_ERR_UNSUPPORTED);
    CHECK_EQ(rr_error_outcome(err), RR_OUTCOME_NOT_APPLIED);
    rr_error_free(err);
}

static void a_large_value_comes_back_whole(rr_client *client)
{
    size_t size = 3 << 20, i;
    char *value = malloc(size);
    const char *const set[] = {"SET", "command:large", value};
    const size_t lengths[] = {3, 13, size};
    rr_reply *reply = NULL;

    CHECK(value != NULL);
    for (i = 0; i < size; i++)
        value[i] = (char)(i * 7 + i / 251);
    CHECK_OK(rr_command(client, 3, set, lengths, NULL, &err));
    CHECK_OK(COMMAND(client, &reply, &err, "GET", "command:large"));
    CHECK_EQ(rr_reply_length(reply), size);
    CHECK(memcmp(rr_reply_string(reply), value, size) == 0);
    CHECK_EQ(rr_reply_string(reply)[size], 0);
    rr_reply_free(reply);
    free(value);
}

int main(int argc, char **argv)
{
    rr_client *client;

    CHECK_EQ(argc, 2);
    client = open_client(argv[1]);
    values_are_bytes_of_any_kind(client);
    an_empty_argument_needs_no_pointer(client);
    a_missing_argument_is_told(client);
    a_command_has_a_name(client);
    packed_arguments_are_cut_by_their_lengths(client);
    more_arguments_than_fit_on_a_page(client);
    options_that_are_not_known_are_refused(client);
    a_command_that_would_hold_the_connection_is_refused(client);
    a_large_value_comes_back_whole(client);
    rr_client_free(client);
    return 0;
}
