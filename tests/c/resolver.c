/* A program looks names up by itself, and is told when another server has taken over. */

#include "check.h"

struct registry {
    pthread_mutex_t lock;
    unsigned short port;
    int asked, ended;
    rr_status answer;
};

static rr_status look_up(const char *host, uint16_t port, rr_addresses *addresses, void *userdata)
{
    struct registry *registry = userdata;
    rr_status answer;

    CHECK_TEXT(host, "cache.test");
    CHECK_EQ(port, 7000);
    pthread_mutex_lock(&registry->lock);
    registry->asked++;
    answer = registry->answer;
    CHECK_STATUS(rr_addresses_add(addresses, "localhost", 1, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(rr_addresses_add(addresses, "127.0.0.1", 0, &err), RR_ERR_INVALID_ARGUMENT);
    /* Nobody listens at the first one. */
    CHECK_OK(rr_addresses_add(addresses, "[::1]", 1, &err));
    CHECK_OK(rr_addresses_add(addresses, "127.0.0.1", registry->port, &err));
    pthread_mutex_unlock(&registry->lock);
    return answer;
}

static void end(void *userdata)
{
    ((struct registry *)userdata)->ended++;
}

static rr_event *next_event(rr_client *client, rr_kind kind)
{
    for (;;) {
        rr_event *event = NULL;

        CHECK_OK(rr_event_next(client, 20000, &event, &err));
        if (rr_event_kind(event) == kind)
            return event;
        rr_event_free(event);
    }
}

static void a_name_is_looked_up_at_each_attempt(unsigned short port)
{
    struct registry registry = {PTHREAD_MUTEX_INITIALIZER, port, 0, 0, RR_ERR_UNAVAILABLE};
    rr_config *config = NULL;
    rr_client *client = NULL;
    rr_event *event;
    char old_run_id[64];

    CHECK_OK(rr_config_from_url("redis://cache.test:7000", &config, &err));
    CHECK_OK(rr_config_set(config, "reconnect_max_delay_ms", "20", &err));
    CHECK_OK(rr_config_set_resolver_callback(config, look_up, &registry, end, &err));
    CHECK_OK(rr_client_new(config, &client, &err));
    rr_config_free(config);
    event = next_event(client, RR_EVENT_RECONNECTING);
    CHECK(strstr(rr_event_message(event), "cannot resolve cache.test: the resolver callback returned RR_ERR_UNAVAILABLE") != NULL);
    rr_event_free(event);
    pthread_mutex_lock(&registry.lock);
    registry.answer = RR_OK;
    pthread_mutex_unlock(&registry.lock);
    CHECK_OK(rr_client_wait_ready(client, 20000, &err));

    server("kill");
    server("start");
    event = next_event(client, RR_EVENT_FAILOVER);
    CHECK_TEXT(rr_event_name(rr_event_kind(event)), "RR_EVENT_FAILOVER");
    CHECK_EQ(rr_event_server_change(event), RR_SERVER_RESTARTED);
    CHECK_EQ(rr_event_history(event), RR_HISTORY_UNKNOWN);
    snprintf(old_run_id, sizeof old_run_id, "%s", rr_event_old_run_id(event));
    CHECK_EQ(strlen(old_run_id), 40);
    CHECK_EQ(strlen(rr_event_new_run_id(event)), 40);
    CHECK(strcmp(old_run_id, rr_event_new_run_id(event)) != 0);
    CHECK(rr_event_old_offset(event) >= 0);
    CHECK_EQ(rr_event_shared_offset(event), -1);
    CHECK(rr_event_new_offset(event) >= 0);
    rr_event_free(event);
    event = next_event(client, RR_EVENT_CONNECTED);
    CHECK_EQ(rr_event_server_change(event), 0);
    CHECK_TEXT(rr_event_old_run_id(event), "");
    CHECK_TEXT(rr_event_new_run_id(event), "");
    CHECK_EQ(rr_event_new_offset(event), -1);
    rr_event_free(event);
    CHECK(registry.asked >= 3);
    CHECK_EQ(registry.ended, 0);
    rr_client_free(client);
    CHECK_EQ(registry.ended, 1);
}

int main(int argc, char **argv)
{
    const char *port;

    CHECK_EQ(argc, 2);
    port = strrchr(argv[1], ':');
    CHECK(port != NULL);
    a_name_is_looked_up_at_each_attempt((unsigned short)atoi(port + 1));
    CHECK_EQ(rr_event_server_change(NULL), 0);
    CHECK_EQ(rr_event_history(NULL), RR_HISTORY_UNKNOWN);
    CHECK_TEXT(rr_event_old_run_id(NULL), "");
    CHECK_EQ(rr_event_old_offset(NULL), -1);
    return 0;
}
