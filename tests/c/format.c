/* Commands written like printf: what the server gets is what was meant, whatever is in the values. */

#include "check.h"

#include <limits.h>
#include <locale.h>

#include "resilient_redis_format.h"

/* A script that gives back its arguments, so that they can be looked at. */
static const char ARGV[] = "return ARGV";

#define CHECK_ARGUMENTS(count, ...) \
    do { \
        rr_reply *reply = NULL; \
        CHECK_OK(rr_commandf(client, &reply, &err, __VA_ARGS__)); \
        CHECK_EQ(rr_reply_length(reply), count); \
        for (i = 0; i < count; i++) \
            if (!value_is(rr_reply_element(reply, i), expected[i])) \
                fail(__FILE__, __LINE__, "argument %zu is \"%.*s\", not \"%s\"", i, \
                     (int)rr_reply_element(reply, i)->length, rr_reply_element(reply, i)->string, expected[i]); \
        rr_reply_free(reply); \
    } while (0)

static void values_are_never_cut(rr_client *client)
{
    const char *const expected[] = {"one two", "", "three\r\nfour \"five\"", "plain"};
    size_t i;

    CHECK_ARGUMENTS(4, "EVAL %s 0 %s %s %b plain", ARGV, "one two", "", "three\r\nfour \"five\"", (size_t)18);
    CHECK_ARGUMENTS(4, "  EVAL   %s 0  %s %b %s plain ", ARGV, "one two", NULL, (size_t)0, "three\r\nfour \"five\"");
}

static void an_argument_may_be_mixed(rr_client *client)
{
    const char *const expected[] = {"user:7:name x", "100%", "-5:5", "a b"};
    size_t i;

    CHECK_ARGUMENTS(4, "EVAL %s 0 user:%d:name%b 100%% %i:%u %s%s", ARGV, 7, " x", (size_t)2, -5, 5u, "a", " b");
}

static void numbers_of_every_width(rr_client *client)
{
    const char *const expected[] = {
        "-2147483648", "4294967295", "-9223372036854775808", "18446744073709551615", "-9223372036854775808",
        "18446744073709551615", "18446744073709551615", "0.500000", "0.1", "0.10000000000000001", "1.50", "inf",
    };
    size_t i;

    CHECK_ARGUMENTS(12, "EVAL %s 0 %d %u %ld %lu %lld %llu %zu %f %g %.17g %.2f %g", ARGV, INT_MIN, UINT_MAX, LONG_MIN,
                    ULONG_MAX, LLONG_MIN, ULLONG_MAX, SIZE_MAX, 0.5, 0.1, 0.1, 1.5, 1e308 * 10);
}

static void a_locale_with_a_comma_changes_nothing(rr_client *client)
{
    const char *const expected[] = {"1.5", "1.5:2"};
    size_t i;

    /* Any of them will do; without them there is nothing to see. */
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL && setlocale(LC_NUMERIC, "fr_FR.UTF-8") == NULL)
        setlocale(LC_NUMERIC, "C");
    CHECK_ARGUMENTS(2, "EVAL %s 0 %g %g:%d", ARGV, 1.5, 1.5, 2);
    setlocale(LC_NUMERIC, "C");
}

static void bytes_of_any_kind(rr_client *client)
{
    const char value[] = "a\0b %s";
    rr_reply *reply = NULL;

    CHECK_OK(rr_commandf(client, NULL, &err, "SET format:%s %b", "bytes", value, sizeof value));
    CHECK_OK(rr_commandf(client, &reply, &err, "GET %s", "format:bytes"));
    CHECK_EQ(rr_reply_length(reply), sizeof value);
    CHECK(memcmp(rr_reply_string(reply), value, sizeof value) == 0);
    rr_reply_free(reply);
}

static void a_long_command(rr_client *client)
{
    size_t size = 100000;
    char *value = malloc(size + 1);
    rr_reply *reply = NULL;

    CHECK(value != NULL);
    memset(value, 'x', size);
    value[size] = '\0';
    CHECK_OK(rr_commandf(client, &reply, &err, "ECHO %s%s", value, value));
    CHECK_EQ(rr_reply_length(reply), 2 * size);
    rr_reply_free(reply);
    CHECK_OK(rr_commandf(client, &reply, &err, "DEL a b c d e f g h i j k l m n o p q r s t u v w x y z"));
    CHECK_EQ(rr_reply_type(reply), RR_TYPE_INTEGER);
    rr_reply_free(reply);
    free(value);
}

static void what_is_not_understood_is_shown(rr_client *client)
{
    static const char *const bad[] = {"%x", "%", "%l", "%lx", "%z", "%5d", "%.", "%.5", "%.5d", "%.100f", "%.1000f", "% d", "%*d"};
    rr_reply *reply = (rr_reply *)&reply;
    rr_error *err = NULL;
    char format[32];
    size_t i;

    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(format, sizeof format, "SET key %s", bad[i]);
        CHECK_EQ(rr_commandf(client, &reply, &err, format, 1, 2, 3), RR_ERR_INVALID_ARGUMENT);
        CHECK(reply == NULL);
        CHECK_EQ(rr_error_status(err), RR_ERR_INVALID_ARGUMENT);
        CHECK(strstr(rr_error_message(err), bad[i]) != NULL);
        rr_error_free(err);
    }
    CHECK_EQ(rr_commandf(client, &reply, NULL, "SET key %x", 1), RR_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(rr_commandf(client, &reply, &err, ""), RR_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(rr_commandf(client, &reply, &err, "   "), RR_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(rr_commandf(client, &reply, &err, "%s key", ""), RR_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(rr_commandf(client, &reply, &err, NULL), RR_ERR_NULL_ARGUMENT);
    CHECK_STATUS(rr_commandf(client, &reply, &err, "GET %s", (char *)NULL), RR_ERR_NULL_ARGUMENT);
    CHECK_STATUS(rr_commandf(client, &reply, &err, "GET %b", NULL, (size_t)1), RR_ERR_NULL_ARGUMENT);
    CHECK_STATUS(rr_commandf(client, &reply, &err, "GET %b", "x", (size_t)-1), RR_ERR_SYSTEM);
    CHECK_STATUS(rr_commandf(NULL, &reply, &err, "PING"), RR_ERR_NULL_ARGUMENT);
}

static void a_pipeline_takes_formats_too(rr_client *client)
{
    rr_pipeline *pipeline = NULL;
    rr_reply *reply = NULL;

    CHECK_OK(rr_pipeline_new(client, NULL, &pipeline, &err));
    CHECK_OK(rr_pipeline_appendf(pipeline, &err, "ECHO %d", 1));
    CHECK_OK(rr_pipeline_appendf(pipeline, &err, "ECHO %s", "two words"));
    CHECK_STATUS(rr_pipeline_appendf(pipeline, &err, "ECHO %x", 3), RR_ERR_INVALID_ARGUMENT);
    CHECK_OK(rr_pipeline_execute(pipeline, &reply, &err));
    CHECK_EQ(rr_reply_length(reply), 2);
    CHECK(value_is(rr_reply_element(reply, 1), "two words"));
    rr_reply_free(reply);
    rr_pipeline_free(pipeline);
}

static void a_transaction_takes_formats_too(rr_client *client)
{
    const char *const key = "format:watched";
    rr_transaction *transaction = NULL;
    rr_reply *reply = (rr_reply *)&reply;

    CHECK_OK(rr_transaction_new(client, NULL, 1, &key, NULL, &transaction, &err));
    CHECK_STATUS(rr_transaction_commandf(transaction, &reply, &err, "ECHO %x", 3), RR_ERR_INVALID_ARGUMENT);
    CHECK(reply == NULL);
    CHECK_OK(rr_transaction_commandf(transaction, &reply, &err, "ECHO %s", "two words"));
    CHECK(reply_is(reply, "two words"));
    rr_reply_free(reply);
    CHECK_STATUS(rr_transaction_queuef(transaction, &err, "ECHO %x", 3), RR_ERR_INVALID_ARGUMENT);
    CHECK_OK(rr_transaction_queuef(transaction, &err, "SET %s %d", key, 7));
    CHECK_OK(rr_transaction_queuef(transaction, &err, "GET %s", key));
    CHECK_OK(rr_transaction_execute(transaction, &reply, &err));
    CHECK(value_is(rr_reply_element(reply, 1), "7"));
    rr_reply_free(reply);
    rr_transaction_free(transaction);
}

int main(int argc, char **argv)
{
    rr_client *client;

    CHECK_EQ(argc, 2);
    client = open_client(argv[1]);
    values_are_never_cut(client);
    an_argument_may_be_mixed(client);
    numbers_of_every_width(client);
    a_locale_with_a_comma_changes_nothing(client);
    bytes_of_any_kind(client);
    a_long_command(client);
    what_is_not_understood_is_shown(client);
    a_pipeline_takes_formats_too(client);
    a_transaction_takes_formats_too(client);
    rr_client_free(client);
    return 0;
}
