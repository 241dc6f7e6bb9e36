/* What a client counted, as text for monitoring. */

#include "check.h"

/* The value of the line that begins with `series`. */
static double sample(const char *text, const char *series)
{
    const char *line = strstr(text, series);

    if (line == NULL || (line != text && line[-1] != '\n'))
        fail(__FILE__, __LINE__, "there is no line %s in:\n%s", series, text);
    line += strlen(series);
    CHECK(*line == ' ');
    return strtod(line + 1, NULL);
}

static char *metrics(rr_client *client)
{
    char *text = NULL;
    size_t length = 0;

    CHECK_OK(rr_client_metrics(client, &text, &length, &err));
    CHECK_EQ(strlen(text), length);
    CHECK(length > 1000 && text[length - 1] == '\n');
    return text;
}

static void a_text_says_what_was_counted(const char *url)
{
    rr_client *client = open_client_with(url, "client_name", "a\"b\\c", NULL);
    char *text, *without_length = NULL;
    rr_stats stats = {.struct_size = sizeof stats};

    CHECK_OK(rr_client_wait_ready(client, 10000, &err));
    for (int i = 0; i < 3; i++)
        CHECK_OK(COMMAND(client, NULL, &err, "SET", "key", "value"));
    CHECK_STATUS(COMMAND(client, NULL, &err, "LPUSH", "key", "value"), RR_ERR_SERVER);
    text = metrics(client);
    CHECK_OK(rr_client_stats(client, &stats, &err));
#define SERIES(name) "resilient_redis_" name "{client=\"a\\\"b\\\\c\"}"
    CHECK_EQ(sample(text, SERIES("commands_total")), 4);
    CHECK_EQ(sample(text, SERIES("server_errors_total")), 1);
    CHECK_EQ(sample(text, SERIES("connects_total")), 1);
    CHECK_EQ(sample(text, SERIES("written_bytes_total")), stats.bytes_written);
    CHECK_EQ(sample(text, SERIES("command_duration_seconds_count")), 4);
    CHECK(sample(text, SERIES("command_duration_seconds_sum")) > 0);
    CHECK_EQ(sample(text, SERIES("longest_call_seconds")) * 1e6 + 0.5, stats.longest_call_us);
    CHECK_EQ(sample(text, "resilient_redis_state{client=\"a\\\"b\\\\c\",state=\"READY\"}"), 1);
    CHECK_EQ(sample(text, "resilient_redis_state{client=\"a\\\"b\\\\c\",state=\"CLOSED\"}"), 0);
    CHECK(strstr(text, "# TYPE resilient_redis_command_duration_seconds histogram\n") != NULL);
    rr_string_free(text);
    CHECK_OK(rr_client_metrics(client, &without_length, NULL, &err));
    CHECK(without_length != NULL);
    rr_string_free(without_length);
    CHECK_OK(rr_client_close(client, 1000, NULL, &err));
    text = metrics(client);
    CHECK_EQ(sample(text, "resilient_redis_state{client=\"a\\\"b\\\\c\",state=\"CLOSED\"}"), 1);
    rr_string_free(text);
    rr_client_free(client);
}

static void an_outage_is_counted(const char *url)
{
    rr_client *client = open_client_with(url, "outage_grace_ms", "0", "failed_max_commands", "1", NULL);
    rr_stats stats = {.struct_size = sizeof stats};

    CHECK_OK(rr_client_wait_ready(client, 10000, &err));
    CHECK_OK(COMMAND(client, NULL, &err, "SET", "string", "value"));
    server("kill");
    WAIT_UNTIL(rr_client_state(client) == RR_STATE_RECONNECTING);
    for (int i = 0; i < 3; i++)
        CHECK_STATUS(COMMAND(client, NULL, &err, "LPUSH", "string", "value"), RR_BUFFERED);
    server("start");
    CHECK_OK(rr_client_flush(client, 30000, &err));
    CHECK_OK(rr_client_wait_ready(client, 30000, &err));
    CHECK_OK(rr_client_stats(client, &stats, &err));
    CHECK_EQ(stats.outages, 1);
    /* The time before the first connection is none of them, and may have been the longest. */
    CHECK_EQ(stats.outage_total_us, stats.last_outage_us);
    CHECK(stats.last_outage_us > 0 && stats.longest_outage_us >= stats.last_outage_us);
    CHECK_EQ(stats.failed, 3);
    CHECK_EQ(stats.failed_now, 1);
    CHECK_EQ(stats.failed_discarded, 2);
    rr_client_free(client);
}

/* A program that was compiled before the struct grew. */
static void an_older_struct_is_filled_as_far_as_it_reaches(const char *url)
{
    rr_client *client = open_client(url);
    rr_stats stats;

    memset(&stats, 0xee, sizeof stats);
    stats.struct_size = offsetof(rr_stats, outages);
    CHECK_OK(COMMAND(client, NULL, &err, "PING"));
    CHECK_OK(rr_client_stats(client, &stats, &err));
    CHECK_EQ(stats.commands, 1);
    CHECK_EQ(stats.failed_now, 0);
    CHECK_EQ(stats.outages, 0xeeeeeeeeeeeeeeee);
    rr_client_free(client);
}

int main(int argc, char **argv)
{
    CHECK_EQ(argc, 2);
    a_text_says_what_was_counted(argv[1]);
    an_outage_is_counted(argv[1]);
    an_older_struct_is_filled_as_far_as_it_reaches(argv[1]);
    return 0;
}
