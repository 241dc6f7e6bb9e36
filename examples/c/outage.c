/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Writes through an outage. Eight threads share one client and push numbered values onto lists, whatever happens to the
 * server meanwhile: kill it, start it again, and look at the account in the end.
 *
 *     outage [-t threads] [-r writes a second] [-s seconds] [-o file] redis://127.0.0.1:6379 [option=value ...]
 *
 * The threads, their pace and the counting are in workload.h. What is done with the client is all here. */

#define _POSIX_C_SOURCE 200809L

#include <stdatomic.h>

#include <resilient_redis.h>
#include <resilient_redis_format.h>

#include "../demo/workload.h"

static struct workload workload;

/* Ends the program when it cannot even begin. */
static void check(rr_status status, rr_error *err)
{
    if (status < 0) {
        fprintf(stderr, "%s: %s\n", rr_status_name(status), rr_error_message(err));
        rr_error_free(err);
        exit(2);
    }
}

/* One write, and what became of it. There is no reconnecting here, no repeating and no waiting for the server: the
 * library does that. What is left is to look at the status. */
static enum fate issue(void *client, int thread, long number)
{
    static atomic_flag told = ATOMIC_FLAG_INIT;
    rr_error *err;
    enum fate fate;

    switch (rr_commandf(client, NULL, &err, "RPUSH demo:thread:%d %ld", thread, number)) {
    case RR_OK: return REPLIED;
    case RR_BUFFERED: return BUFFERED; /* the server is away; it will be applied, in order, when it is back */
    default: break;
    }
    switch (rr_error_outcome(err)) {
    case RR_OUTCOME_NOT_APPLIED: fate = NOT_APPLIED; break; /* it did not run and never will: safe to issue again */
    case RR_OUTCOME_APPLIED: fate = APPLIED; break;         /* it ran, its reply is lost */
    default: fate = UNKNOWN; break;                         /* it may have run: look before issuing it again */
    }
    if (!atomic_flag_test_and_set(&told))
        fprintf(stderr, "the first write that failed: %s\n", rr_error_message(err));
    rr_error_free(err);
    return fate;
}

/* How the client is, for the samples. */
static void look(void *client, long *buffered, const char **state)
{
    *buffered = (long)rr_client_buffered(client);
    *state = rr_state_name(rr_client_state(client));
}

/* Runs on the client's own thread for events. */
static void happened(const rr_event *event, void *userdata)
{
    double seconds = workload.began_us == 0 ? 0 : (double)(rr_event_time_ms(event) - workload.began_us / 1000) / 1e3;

    (void)userdata;
    if (rr_event_kind(event) == RR_EVENT_RECONNECTING) /* one for every attempt that failed */
        return;
    printf("%7.3f s  %s: %s\n", seconds, rr_event_name(rr_event_kind(event)), rr_event_message(event));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    rr_config *config;
    rr_client *client;
    rr_error *err;
    rr_close_report report = {.struct_size = sizeof report};
    rr_stats stats = {.struct_size = sizeof stats};
    int at = workload_options(&workload, argc, argv);

    if (at >= argc) {
        fprintf(stderr, "usage: %s [-t threads] [-r rate] [-s seconds] [-o file] url [option=value ...]\n", argv[0]);
        return 2;
    }
    check(rr_config_from_url(argv[at], &config, &err), err);
    while (++at < argc) {
        char *value = strchr(argv[at], '=');
        if (value != NULL)
            *value++ = '\0';
        check(rr_config_set(config, argv[at], value, &err), err);
    }
    check(rr_config_set_event_callback(config, happened, NULL, NULL, &err), err);
    check(rr_client_new(config, &client, &err), err);
    rr_config_free(config);
    check(rr_client_wait_ready(client, 10000, &err), err);

    workload.client = client;
    workload.issue = issue;
    workload.look = look;
    workload_run(&workload);

    /* What is still buffered is sent before the program ends, and what could not be is told. */
    if (rr_client_flush(client, 30000, &err) != RR_OK) {
        fprintf(stderr, "not everything could be sent: %s\n", rr_error_message(err));
        rr_error_free(err);
    }
    check(rr_client_stats(client, &stats, &err), err);
    check(rr_client_close(client, 1000, &report, &err), err);
    rr_client_free(client);

    printf("version %s\n", rr_version());
    workload_account(&workload);
    printf("account replayed %" PRIu64 "\n", stats.replayed);
    printf("account resent %" PRIu64 "\n", stats.resent);
    printf("account longest_outage_us %" PRIu64 "\n", stats.longest_outage_us);
    printf("account left_at_close %" PRIu64 "\n", report.lost + report.unknown + report.failed);
    return 0;
}
