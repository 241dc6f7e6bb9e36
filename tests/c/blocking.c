/* What the header says of commands that wait at the server, and of monitors. */

#include "check.h"

#include <stdatomic.h>

struct popping {
    rr_client *client;
    rr_status status;
    rr_outcome outcome;
    rr_reply *reply;
};

static void *pop(void *argument)
{
    struct popping *popping = argument;
    rr_error *err = NULL;

    popping->status = COMMAND(popping->client, &popping->reply, &err, "BLPOP", "blocking:list", "0");
    popping->outcome = rr_error_outcome(err);
    rr_error_free(err);
    return NULL;
}

static int64_t ask_number(rr_client *client, const char *command, const char *argument)
{
    rr_reply *reply = NULL;
    int64_t number;

    CHECK_OK(COMMAND(client, &reply, &err, command, argument));
    number = rr_reply_integer(reply);
    rr_reply_free(reply);
    return number;
}

/* How many commands wait at the server. */
static int blocked(rr_client *client)
{
    rr_reply *reply = NULL;
    const char *line;
    int count;

    CHECK_OK(COMMAND(client, &reply, &err, "INFO", "clients"));
    line = strstr(rr_reply_string(reply), "blocked_clients:");
    CHECK(line != NULL);
    count = atoi(line + strlen("blocked_clients:"));
    rr_reply_free(reply);
    return count;
}

static void a_command_that_waits_holds_nobody_up(rr_client *client)
{
    struct popping popping = {.client = client};
    pthread_t thread;

    CHECK_EQ(pthread_create(&thread, NULL, pop, &popping), 0);
    WAIT_UNTIL(blocked(client) == 1);
    CHECK_EQ(ask_number(client, "INCR", "blocking:n"), 1);
    CHECK_OK(COMMAND(client, NULL, &err, "RPUSH", "blocking:list", "element"));
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_EQ(popping.status, RR_OK);
    CHECK_EQ(popping.outcome, RR_OUTCOME_NONE);
    CHECK(value_is(rr_reply_element(popping.reply, 1), "element"));
    rr_reply_free(popping.reply);
}

static void its_own_timeout_is_nil_and_the_call_s_is_an_error(rr_client *client)
{
    const char *const argv[] = {"BLPOP", "blocking:list", "0"};
    const size_t lengths[] = {5, 13, 1};
    rr_command_options soon = {.struct_size = sizeof soon, .timeout_ms = 30};
    rr_reply *reply = NULL;
    rr_error *err = NULL;

    CHECK_OK(COMMAND(client, &reply, &err, "BLPOP", "blocking:list", "0.01"));
    CHECK_EQ(rr_reply_type(reply), RR_TYPE_NIL);
    rr_reply_free(reply);
    CHECK_EQ(rr_command_with(client, &soon, 3, argv, NULL, &reply, &err), RR_ERR_TIMEOUT);
    CHECK_EQ(rr_error_outcome(err), RR_OUTCOME_NOT_APPLIED);
    CHECK(rr_error_is_retryable(err));
    rr_error_free(err);
    CHECK_EQ(rr_command_packed_with(client, &soon, 3, "BLPOPblocking:list0", lengths, &reply, &err), RR_ERR_TIMEOUT);
    CHECK_EQ(rr_error_outcome(err), RR_OUTCOME_NOT_APPLIED);
    rr_error_free(err);
    CHECK_OK(COMMAND(client, NULL, &err, "RPUSH", "blocking:list", "kept"));
    CHECK_EQ(ask_number(client, "LLEN", "blocking:list"), 1);
    CHECK_OK(COMMAND(client, NULL, &err, "DEL", "blocking:list"));
}

static void it_goes_on_waiting_through_a_restart(rr_client *client)
{
    struct popping popping = {.client = client};
    pthread_t thread;

    CHECK_EQ(pthread_create(&thread, NULL, pop, &popping), 0);
    WAIT_UNTIL(blocked(client) == 1);
    server("kill");
    WAIT_UNTIL(rr_client_state(client) != RR_STATE_READY);
    server("start");
    CHECK_OK(rr_client_reconnect(client, &err));
    WAIT_UNTIL(blocked(client) == 1);
    CHECK_OK(COMMAND(client, NULL, &err, "RPUSH", "blocking:list", "element"));
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_EQ(popping.status, RR_OK);
    rr_reply_free(popping.reply);
}

static void closing_ends_it(const char *url, rr_client *other)
{
    struct popping popping = {.client = open_client(url)};
    pthread_t thread;

    CHECK_EQ(pthread_create(&thread, NULL, pop, &popping), 0);
    WAIT_UNTIL(blocked(other) == 1);
    CHECK_OK(rr_client_close(popping.client, 20000, NULL, &err));
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_EQ(popping.status, RR_ERR_CLOSED);
    CHECK_EQ(popping.outcome, RR_OUTCOME_NOT_APPLIED);
    CHECK(popping.reply == NULL);
    rr_client_free(popping.client);
    CHECK_OK(COMMAND(other, NULL, &err, "RPUSH", "blocking:list", "kept"));
    CHECK_EQ(ask_number(other, "LLEN", "blocking:list"), 1);
}

/* The next entry about a command of this name, or a gap. */
static rr_monitor_entry *told(rr_monitor *monitor, const char *name)
{
    double deadline = now() + 30;
    rr_monitor_entry *entry = NULL;
    size_t length;

    while (now() < deadline) {
        rr_status status = rr_monitor_next(monitor, 1000, &entry, NULL);

        CHECK(status == RR_OK || status == RR_EMPTY);
        if (status == RR_OK && rr_monitor_entry_kind(entry) == RR_MONITOR_GAP)
            return entry;
        if (status == RR_OK && strcmp(rr_monitor_entry_argument(entry, 0, &length), name) == 0)
            return entry;
        rr_monitor_entry_free(entry);
    }
    fail(__FILE__, __LINE__, "nothing was told of %s", name);
}

static void a_monitor_tells_what_runs_and_where_it_has_a_gap(rr_client *client)
{
    rr_monitor *monitor = NULL;
    rr_monitor_entry *entry;
    size_t length = 7;

    CHECK_OK(rr_monitor_new(client, &monitor, &err));
    CHECK_EQ(rr_monitor_next(monitor, 0, &entry, NULL), RR_EMPTY);
    CHECK(entry == NULL);
    CHECK_STATUS(rr_monitor_next(monitor, -1, &entry, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_OK(COMMAND(client, NULL, &err, "SET", "monitor:key", "a \"value\""));
    entry = told(monitor, "SET");
    CHECK_EQ(rr_monitor_entry_kind(entry), RR_MONITOR_COMMAND);
    CHECK_EQ(rr_monitor_entry_argument_count(entry), 3);
    CHECK_TEXT(rr_monitor_entry_argument(entry, 2, &length), "a \"value\"");
    CHECK_EQ(length, 9);
    CHECK(rr_monitor_entry_argument(entry, 3, &length) == NULL);
    CHECK_EQ(length, 0);
    CHECK(strstr(rr_monitor_entry_line(entry, &length), "\"monitor:key\"") != NULL);
    CHECK_EQ(length, strlen(rr_monitor_entry_line(entry, &length)));
    CHECK(strncmp(rr_monitor_entry_address(entry), "127.0.0.1:", 10) == 0);
    CHECK_EQ(rr_monitor_entry_db(entry), 0);
    CHECK(rr_monitor_entry_time_us(entry) > 1700000000000000);
    CHECK_EQ(rr_monitor_entry_gap_ms(entry), 0);
    rr_monitor_entry_free(entry);

    server("kill");
    CHECK_EQ(rr_monitor_next(monitor, 20, &entry, NULL), RR_EMPTY);
    server("start");
    entry = told(monitor, "nothing");
    CHECK_EQ(rr_monitor_entry_kind(entry), RR_MONITOR_GAP);
    CHECK(rr_monitor_entry_gap_ms(entry) >= 20);
    CHECK(rr_monitor_entry_line(entry, &length) != NULL && length > 0);
    CHECK_EQ(rr_monitor_entry_argument_count(entry), 0);
    rr_monitor_entry_free(entry);
    CHECK_OK(COMMAND(client, NULL, &err, "GET", "monitor:key"));
    rr_monitor_entry_free(told(monitor, "GET"));
    rr_monitor_free(monitor);
}

static atomic_int taking;

static void *take(void *argument)
{
    rr_monitor *monitor = argument;
    rr_monitor_entry *entry;
    rr_error *err = NULL;
    rr_status status;

    taking = 1;
    do {
        status = rr_monitor_next(monitor, 60000, &entry, &err);
        rr_monitor_entry_free(entry);
        rr_error_free(err);
    } while (status >= 0 || status == RR_ERR_BUSY);
    CHECK_EQ(status, RR_ERR_CLOSED);
    return NULL;
}

static void a_monitor_belongs_to_one_thread_and_can_be_ended_by_another(rr_client *client, bool is_closed_first)
{
    rr_monitor *monitor = NULL;
    rr_monitor_entry *entry;
    pthread_t thread;
    rr_status status;

    CHECK_OK(rr_monitor_new(client, &monitor, &err));
    CHECK_EQ(pthread_create(&thread, NULL, take, monitor), 0);
    WAIT_UNTIL(taking == 1);
    do {
        status = rr_monitor_next(monitor, 0, &entry, NULL);
        rr_monitor_entry_free(entry);
    } while (status >= 0);
    CHECK_EQ(status, RR_ERR_BUSY);
    if (!is_closed_first) {
        rr_monitor_free(monitor);
        CHECK_EQ(pthread_join(thread, NULL), 0);
        return;
    }
    CHECK_OK(rr_monitor_close(monitor, &err));
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_STATUS(rr_monitor_next(monitor, 60000, &entry, &err), RR_ERR_CLOSED);
    CHECK_OK(rr_monitor_close(monitor, &err));
    rr_monitor_free(monitor);
}

int main(int argc, char **argv)
{
    rr_client *client;

    CHECK_EQ(argc, 2);
    client = open_client(argv[1]);
    a_command_that_waits_holds_nobody_up(client);
    its_own_timeout_is_nil_and_the_call_s_is_an_error(client);
    it_goes_on_waiting_through_a_restart(client);
    closing_ends_it(argv[1], client);
    a_monitor_tells_what_runs_and_where_it_has_a_gap(client);
    a_monitor_belongs_to_one_thread_and_can_be_ended_by_another(client, false);
    taking = 0;
    a_monitor_belongs_to_one_thread_and_can_be_ended_by_another(client, true);
    rr_client_free(client);
    return 0;
}
