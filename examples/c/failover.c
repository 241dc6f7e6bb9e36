/* The failover of a server: a program that counts, and says which server it has, also when that becomes another one.
 *
 * With a file as the third argument, names are looked up there instead of by the system: lines of a name, an address and a
 * port. Promote a replica, change the line, and watch.
 *
 *     cc failover.c -lresilient_redis -o failover && ./failover redis://cache.test 60 hosts
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <resilient_redis.h>

/* Runs on threads of the library, at each attempt to connect. */
static rr_status look_up(const char *host, uint16_t port, rr_addresses *addresses, void *userdata)
{
    FILE *file = fopen(userdata, "r");
    char name[256], address[64];
    unsigned other;

    (void)port;
    if (file == NULL)
        return RR_ERR_UNAVAILABLE;
    while (fscanf(file, "%255s %63s %u", name, address, &other) == 3)
        if (strcmp(name, host) == 0)
            rr_addresses_add(addresses, address, (uint16_t)other, NULL);
    fclose(file);
    return RR_OK;
}

static const char *server_is(rr_kind change)
{
    switch (change) {
    case RR_SERVER_SAME: return "the same server, with other data";
    case RR_SERVER_RESTARTED: return "the same server, restarted";
    default: return "another server";
    }
}

static const char *data_is(rr_kind history)
{
    switch (history) {
    case RR_HISTORY_CONTINUED: return "what was seen of the data is there";
    case RR_HISTORY_ROLLED_BACK: return "some of the data is gone";
    default: return "whether the data is the same is not known";
    }
}

/* Runs on a thread of the client that does nothing else. */
static void tell(const rr_event *event, void *userdata)
{
    (void)userdata;
    printf("%s: %s\n", rr_event_name(rr_event_kind(event)), rr_event_message(event));
    if (rr_event_kind(event) == RR_EVENT_FAILOVER)
        printf("  %s; %s (offsets: seen %lld, shared %lld, now %lld)\n", server_is(rr_event_server_change(event)),
               data_is(rr_event_history(event)), (long long)rr_event_old_offset(event),
               (long long)rr_event_shared_offset(event), (long long)rr_event_new_offset(event));
    fflush(stdout);
}

static int give_up(rr_config *config, rr_error *err)
{
    fprintf(stderr, "%s: %s\n", rr_status_name(rr_error_status(err)), rr_error_message(err));
    rr_error_free(err);
    rr_config_free(config);
    return 1;
}

int main(int argc, char **argv)
{
    const char *incr[] = {"INCR", "failover:count"};
    int seconds = argc > 2 ? atoi(argv[2]) : 10;
    rr_config *config;
    rr_client *client;
    rr_error *err;

    if (rr_config_from_url(argc > 1 ? argv[1] : "redis://127.0.0.1:6379", &config, &err) != RR_OK)
        return give_up(NULL, err);
    if (argc > 3 && rr_config_set_resolver_callback(config, look_up, argv[3], NULL, &err) != RR_OK)
        return give_up(config, err);
    /* Never a replica, not even for the first connection. */
    if (rr_config_set(config, "server_role", "primary", &err) != RR_OK ||
        rr_config_set_event_callback(config, tell, NULL, NULL, &err) != RR_OK)
        return give_up(config, err);
    if (rr_client_new(config, &client, &err) != RR_OK)
        return give_up(config, err);
    rr_config_free(config);

    for (time_t end = time(NULL) + seconds; time(NULL) <= end;) {
        struct timespec tenth = {0, 100000000};

        if (rr_command(client, 2, incr, NULL, NULL, &err) < 0) {
            fprintf(stderr, "%s (%s)\n", rr_error_message(err), rr_outcome_name(rr_error_outcome(err)));
            rr_error_free(err);
        }
        nanosleep(&tenth, NULL);
    }
    rr_client_free(client);
    return 0;
}
