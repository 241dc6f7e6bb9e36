/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* See client.h. */

#include "client.h"

#include <stdio.h>
#include <string.h>

enum { PATIENCE_MS = 10000 };

void expect(rr_status status, rr_status wanted, rr_error *const *err, const char *doing)
{
    if (status != wanted)
        fail("%s: %s: %s", doing, rr_status_name(status), rr_error_message(*err));
}

static void set(rr_config *config, const char *name, const char *value)
{
    rr_error *err = NULL;
    expect(rr_config_set(config, name, value, &err), RR_OK, &err, name);
}

static void set_pair(rr_config *config, const char *pair)
{
    char name[64];
    size_t length = strcspn(pair, "=");
    if (pair[length] != '=' || length >= sizeof name)
        fail("not NAME=VALUE: %s", pair);
    memcpy(name, pair, length);
    name[length] = '\0';
    set(config, name, pair + length + 1);
}

static void set_address(rr_config *config, const struct job *job)
{
    if (job_is_unix(job)) {
        set(config, "unix_socket", job->address);
    } else {
        char text[16];
        int port;
        set(config, "host", job_host(job, &port));
        snprintf(text, sizeof text, "%d", port);
        set(config, "port", text);
    }
}

rr_client *client_open(const struct job *job, const char *const *more)
{
    rr_config *config = rr_config_new();
    rr_client *client = NULL;
    rr_error *err = NULL;

    set_address(config, job);
    if (job_is_tls(job)) {
        set(config, "tls", "true");
        set(config, "tls_ca_file", job->authorities);
    }
    for (; more != NULL && *more != NULL; more++)
        set_pair(config, *more);
    for (int index = 0; index < job->option_count; index++)
        set_pair(config, job->options[index]);
    expect(rr_client_new(config, &client, &err), RR_OK, &err, "making a client");
    rr_config_free(config);
    expect(rr_client_wait_ready(client, PATIENCE_MS, &err), RR_OK, &err, "connecting");
    return client;
}
