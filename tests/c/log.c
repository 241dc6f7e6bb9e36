/* A client's log: lines with levels, on a thread of the client, that never hold up the client. */

#include "check.h"

/* What the callback has seen. */
struct seen {
    pthread_mutex_t lock;
    pthread_mutex_t hold; /* held: the callback waits */
    pthread_t thread;
    int lines, by_level[5], ended;
    bool lost, recovered, failed, closed, named, secret;
};

static void look(rr_log_level level, const char *message, void *userdata)
{
    struct seen *seen = userdata;

    pthread_mutex_lock(&seen->hold);
    pthread_mutex_unlock(&seen->hold);
    pthread_mutex_lock(&seen->lock);
    CHECK(level >= RR_LOG_ERROR && level <= RR_LOG_DEBUG);
    CHECK(strlen(message) > 0 && strchr(message, '\n') == NULL);
    CHECK_EQ(seen->ended, 0);
    if (seen->lines == 0)
        seen->thread = pthread_self();
    CHECK(pthread_equal(seen->thread, pthread_self()));
    seen->lines++;
    seen->by_level[level]++;
    seen->lost |= level == RR_LOG_WARNING && strstr(message, "the connection is lost") != NULL;
    seen->recovered |= level == RR_LOG_INFO && strstr(message, "commands flow again after") != NULL;
    seen->failed |= level == RR_LOG_ERROR && strstr(message, "LPUSH: WRONGTYPE") != NULL;
    seen->closed |= strstr(message, "lost: 0, unknown: 0, in the failed list: 1") != NULL;
    seen->named |= strncmp(message, "shop at ", 8) == 0;
    seen->secret |= strstr(message, "an argument") != NULL;
    pthread_mutex_unlock(&seen->lock);
}

static void end(void *userdata)
{
    struct seen *seen = userdata;

    pthread_mutex_lock(&seen->lock);
    seen->ended++;
    pthread_mutex_unlock(&seen->lock);
}

static void begin(struct seen *seen)
{
    memset(seen, 0, sizeof *seen);
    pthread_mutex_init(&seen->lock, NULL);
    pthread_mutex_init(&seen->hold, NULL);
}

static rr_client *open_logged(const char *url, rr_log_level level, const char *queue, struct seen *seen)
{
    rr_config *config = NULL;
    rr_client *client = NULL;

    CHECK_OK(rr_config_from_url(url, &config, &err));
    CHECK_OK(rr_config_set(config, "client_name", "shop", &err));
    CHECK_OK(rr_config_set(config, "outage_grace_ms", "0", &err));
    CHECK_OK(rr_config_set(config, "event_queue_size", queue, &err));
    CHECK_OK(rr_config_set_log_callback(config, level, look, seen, end, &err));
    CHECK_OK(rr_client_new(config, &client, &err));
    rr_config_free(config);
    CHECK_EQ(seen->ended, 0);
    CHECK_OK(rr_client_wait_ready(client, 10000, &err));
    return client;
}

static void an_outage_is_logged(const char *url)
{
    struct seen seen;
    rr_client *client;

    begin(&seen);
    client = open_logged(url, RR_LOG_DEBUG, "1024", &seen);
    CHECK_OK(COMMAND(client, NULL, &err, "SET", "string", "an argument"));
    server("kill");
    WAIT_UNTIL(rr_client_state(client) == RR_STATE_RECONNECTING);
    CHECK_STATUS(COMMAND(client, NULL, &err, "LPUSH", "string", "an argument"), RR_BUFFERED);
    server("start");
    CHECK_OK(rr_client_flush(client, 30000, &err));
    CHECK_OK(rr_client_wait_ready(client, 30000, &err));
    CHECK_OK(rr_client_close(client, 5000, NULL, &err));
    /* All lines have come. */
    CHECK(seen.lost && seen.recovered && seen.failed && seen.closed && seen.named && !seen.secret);
    for (rr_log_level level = RR_LOG_ERROR; level <= RR_LOG_DEBUG; level++)
        CHECK(seen.by_level[level] > 0);
    CHECK(!pthread_equal(seen.thread, pthread_self()));
    CHECK_EQ(seen.ended, 0);
    rr_client_free(client);
    CHECK_EQ(seen.ended, 1);
}

static void the_level_is_kept_to(const char *url)
{
    struct seen seen;
    rr_client *client;

    begin(&seen);
    client = open_logged(url, RR_LOG_INFO, "1024", &seen);
    CHECK_OK(rr_client_close(client, 5000, NULL, &err));
    CHECK(seen.by_level[RR_LOG_INFO] > 0);
    CHECK_EQ(seen.by_level[RR_LOG_DEBUG], 0);
    rr_client_free(client);
    CHECK_EQ(seen.ended, 1);
}

static void a_callback_that_waits_holds_nobody_up(const char *url)
{
    struct seen seen;
    rr_client *client;
    rr_stats stats = {.struct_size = sizeof stats};

    begin(&seen);
    pthread_mutex_lock(&seen.hold);
    client = open_logged(url, RR_LOG_DEBUG, "1", &seen);
    CHECK_OK(COMMAND(client, NULL, &err, "SET", "key", "value"));
    CHECK_OK(rr_client_stats(client, &stats, &err));
    CHECK(stats.log_lines_missed > 0);
    CHECK_EQ(seen.lines, 0);
    pthread_mutex_unlock(&seen.hold);
    rr_client_free(client);
    CHECK(seen.lines > 0);
    CHECK_EQ(seen.ended, 1);
}

static void a_registration_that_fails_ends_the_userdata(void)
{
    struct seen seen;
    rr_config *config = rr_config_new();

    begin(&seen);
    CHECK_STATUS(rr_config_set_log_callback(config, 0, look, &seen, end, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_EQ(seen.ended, 1);
    CHECK_STATUS(rr_config_set_log_callback(config, 5, look, &seen, end, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_EQ(seen.ended, 2);
    CHECK_STATUS(rr_config_set_log_callback(config, RR_LOG_INFO, NULL, &seen, end, &err), RR_ERR_NULL_ARGUMENT);
    CHECK_EQ(seen.ended, 3);
    CHECK_STATUS(rr_config_set_log_callback(NULL, RR_LOG_INFO, look, &seen, end, &err), RR_ERR_NULL_ARGUMENT);
    CHECK_EQ(seen.ended, 4);
    /* One that is replaced, and one that no client ever had. */
    CHECK_OK(rr_config_set_log_callback(config, RR_LOG_INFO, look, &seen, end, &err));
    CHECK_OK(rr_config_set_log_callback(config, RR_LOG_INFO, look, &seen, end, &err));
    CHECK_EQ(seen.ended, 5);
    rr_config_free(config);
    CHECK_EQ(seen.ended, 6);
}

static void levels_have_names(void)
{
    CHECK_TEXT(rr_log_level_name(RR_LOG_ERROR), "RR_LOG_ERROR");
    CHECK_TEXT(rr_log_level_name(RR_LOG_DEBUG), "RR_LOG_DEBUG");
    CHECK_TEXT(rr_log_level_name(0), "unknown");
}

int main(int argc, char **argv)
{
    CHECK_EQ(argc, 2);
    an_outage_is_logged(argv[1]);
    the_level_is_kept_to(argv[1]);
    a_callback_that_waits_holds_nobody_up(argv[1]);
    a_registration_that_fails_ends_the_userdata();
    levels_have_names();
    return 0;
}
