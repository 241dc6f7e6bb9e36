/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Watching a client: its events, its log, and what a monitoring system would read. Stop and start the server while this
 * runs, and see what is told.
 *
 *     cc watch.c -lresilient_redis -o watch && ./watch redis://127.0.0.1:6379 60
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <resilient_redis.h>

/* Both callbacks run on a thread of the client that does nothing else, one call at a time. */

static void on_event(const rr_event *event, void *userdata)
{
    fprintf(userdata, "event %s: %s\n", rr_event_name(rr_event_kind(event)), rr_event_message(event));
    fflush(userdata);
}

static void on_line(rr_log_level level, const char *message, void *userdata)
{
    fprintf(userdata, "log   %s: %s\n", rr_log_level_name(level), message);
    fflush(userdata);
}

/* A monitoring system reads all of it; here are the lines that are not 0, without the explanations. */
static void show_metrics(const rr_client *client)
{
    char *text;
    rr_error *err;

    if (rr_client_metrics(client, &text, NULL, &err) != RR_OK) {
        fprintf(stderr, "%s\n", rr_error_message(err));
        rr_error_free(err);
        return;
    }
    for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        if (*line != '#' && strcmp(end - 2, " 0") != 0)
            printf("      %s\n", line);
    }
    rr_string_free(text);
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
    const char *incr[] = {"INCR", "watch:ticks"};
    int seconds = argc > 2 ? atoi(argv[2]) : 30;
    rr_close_report report = {.struct_size = sizeof report};
    rr_config *config;
    rr_client *client;
    rr_error *err;

    if (rr_config_from_url(argc > 1 ? argv[1] : "redis://127.0.0.1:6379", &config, &err) != RR_OK)
        return give_up(NULL, err);
    if (rr_config_set(config, "client_name", "watch", &err) != RR_OK)
        return give_up(config, err);
    /* A FILE needs no end of its own, so there is no function for that. */
    if (rr_config_set_event_callback(config, on_event, stdout, NULL, &err) != RR_OK)
        return give_up(config, err);
    if (rr_config_set_log_callback(config, RR_LOG_DEBUG, on_line, stdout, NULL, &err) != RR_OK)
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
    if (rr_client_close(client, 5000, &report, NULL) == RR_OK)
        printf("at the end: %" PRIu64 " sent from the buffer, %" PRIu64 " lost\n", report.drained, report.lost);
    show_metrics(client);
    rr_client_free(client);
    return 0;
}
