/* Events: what a client goes through, told as it happens. Stop and start the server while this runs.
 *
 *     cc events.c -lresilient_redis -o events && ./events redis://127.0.0.1:6379 60
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <resilient_redis.h>

/* Runs on a thread of the client that does nothing else. */
static void tell(const rr_event *event, void *userdata)
{
    fprintf(userdata, "%s: %s\n", rr_event_name(rr_event_kind(event)), rr_event_message(event));
    if (rr_event_missed(event) > 0)
        fprintf(userdata, "(%llu events before it were missed)\n", (unsigned long long)rr_event_missed(event));
    fflush(userdata);
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
    const char *incr[] = {"INCR", "events:ticks"};
    int seconds = argc > 2 ? atoi(argv[2]) : 10;
    rr_config *config;
    rr_client *client;
    rr_error *err;

    if (rr_config_from_url(argc > 1 ? argv[1] : "redis://127.0.0.1:6379", &config, &err) != RR_OK)
        return give_up(NULL, err);
    /* A FILE needs no end of its own, so there is no function for that. */
    if (rr_config_set_event_callback(config, tell, stdout, NULL, &err) != RR_OK)
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
