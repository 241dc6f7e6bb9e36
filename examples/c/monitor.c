/* A monitor: what the server is asked, by whom, as it happens. Stop and start the server while this runs.
 *
 *     cc monitor.c -lresilient_redis -o monitor && ./monitor redis://127.0.0.1:6379 1000
 */

#include <stdio.h>
#include <stdlib.h>

#include <resilient_redis.h>

static int give_up(rr_error *err)
{
    fprintf(stderr, "%s: %s\n", rr_status_name(rr_error_status(err)), rr_error_message(err));
    rr_error_free(err);
    return 1;
}

int main(int argc, char **argv)
{
    const char *ping[] = {"PING"};
    long count = argc > 2 ? atol(argv[2]) : 1;
    rr_client *client;
    rr_monitor *monitor;
    rr_error *err;

    if (rr_client_open(argc > 1 ? argv[1] : "redis://127.0.0.1:6379", &client, &err) != RR_OK)
        return give_up(err);
    if (rr_monitor_new(client, &monitor, &err) != RR_OK)
        return give_up(err);
    /* So that there is something to see. */
    if (rr_command(client, 1, ping, NULL, NULL, &err) < 0)
        return give_up(err);

    while (count > 0) {
        rr_monitor_entry *entry;
        size_t length;
        rr_status status = rr_monitor_next(monitor, 1000, &entry, &err);

        if (status == RR_OK) {
            if (rr_monitor_entry_kind(entry) == RR_MONITOR_GAP)
                printf("(the connection was lost, and something may be missing)\n");
            else
                printf("%s\n", rr_monitor_entry_line(entry, &length));
            fflush(stdout);
            rr_monitor_entry_free(entry);
            count--;
        } else if (status < 0) {
            /* It comes back: only a closed client is the end. */
            fprintf(stderr, "%s\n", rr_error_message(err));
            rr_error_free(err);
        }
    }
    rr_monitor_free(monitor);
    rr_client_free(client);
    return 0;
}
