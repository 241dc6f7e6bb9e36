/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What this library does around an outage, and when there is nothing to do: `drain`, `recovery`, `failover`, `idle`, `frozen`. There
 * is no other client to hold these against; their yardsticks are limits, or what a pipeline takes.
 *
 * `drain` needs the driver to kill and restart its server, `frozen` to stop it for a while: they print what they want and
 * wait for a line. `recovery` closes and opens the server's port itself, over a unix socket. `failover` has two servers change
 * places, of which `admin` is the other one's address.
 */

#include "client.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 30000 };

/* Has the driver do something, which it answers with a line. */
static void ask_for(const char *what)
{
    char line[64];
    if (puts(what) < 0 || fflush(stdout) != 0 || fgets(line, sizeof line, stdin) == NULL)
        fail("the driver does not answer");
}

static double wait_for_state(const rr_client *client, bool (*is_it)(rr_state state))
{
    double deadline = now() + PATIENCE_MS / 1e3;
    while (!is_it(rr_client_state(client))) {
        if (now() > deadline)
            fail("the client stays %s", rr_state_name(rr_client_state(client)));
        pause_for(100e-6);
    }
    return now();
}

static bool is_away(rr_state state)
{
    return state == RR_STATE_RECONNECTING;
}

static bool is_back(rr_state state)
{
    return state == RR_STATE_RECOVERING || state == RR_STATE_READY;
}

/* ---- many writes in an outage, and their way to the server after it ------------------------------------------------ */

static const char *const DRAIN_OPTIONS[] = {"outage_grace_ms=0", "buffer_max_commands=10000000", "buffer_max_bytes=1GiB",
                                            "reconnect_tries=-1", "reconnect_max_delay_ms=10", NULL};

/* Issues SETs with values of 20 bytes during an outage. Returns how many bytes they have as sent. */
static size_t buffer_writes(rr_client *client, long count)
{
    static const char value[] = "12345678901234567890";
    size_t encoded = 0;
    for (long number = 0; number < count; number++) {
        char key[32];
        int length = snprintf(key, sizeof key, "bench:%010ld", number);
        const char *argv[] = {"SET", key, value};
        const size_t lengths[] = {3, (size_t)length, sizeof value - 1};
        rr_error *err;
        rr_status status = rr_command(client, 3, argv, lengths, NULL, &err);
        if (status != RR_BUFFERED)
            expect(status, RR_BUFFERED, &err, "SET during an outage");
        encoded += strlen("*3\r\n$3\r\nSET\r\n$16\r\n\r\n$20\r\n\r\n") + (size_t)length + sizeof value - 1;
    }
    return encoded;
}

static double wait_for_event(rr_client *client, rr_kind wanted)
{
    for (;;) {
        rr_event *event;
        rr_error *err = NULL;
        double when;
        rr_kind kind;
        expect(rr_event_next(client, PATIENCE_MS, &event, &err), RR_OK, &err, rr_event_name(wanted));
        when = now();
        kind = rr_event_kind(event);
        rr_event_free(event);
        if (kind == wanted)
            return when;
    }
}

static void run_drain(const struct job *job)
{
    rr_client *client = client_open(job, DRAIN_OPTIONS);
    double before, begun;
    size_t encoded;

    ask_for("kill");
    wait_for_state(client, is_away);
    before = memory("VmRSS");
    begun = now();
    encoded = buffer_writes(client, job->count);
    report("buffering", now() - begun);
    report("over", (memory("VmRSS") - before - (double)encoded) / (double)job->count);
    ask_for("restart");
    begun = wait_for_state(client, is_back);
    report("seconds", wait_for_event(client, RR_EVENT_DRAINED) - begun);
    if (rr_client_buffered(client) != 0 || rr_failed_count(client) != 0)
        fail("%ld commands are left, %ld failed", (long)rr_client_buffered(client), (long)rr_failed_count(client));
    rr_client_free(client);
}

/* ---- how long after the end of an outage the first reply comes ----------------------------------------------------- */

static const char *const RECOVERY_OPTIONS[] = {"reconnect_backoff=fixed", "reconnect_interval_ms=20",
                                               "reconnect_tries=-1", NULL};

/* When the next attempt was due, as the client's events tell. */
struct attempts {
    rr_client *client;
    pthread_mutex_t lock;
    double due;
};

static void *watch_attempts(void *argument)
{
    struct attempts *attempts = argument;
    rr_event *event;
    while (rr_event_next(attempts->client, PATIENCE_MS, &event, NULL) == RR_OK) {
        double when = now();
        if (rr_event_kind(event) == RR_EVENT_RECONNECTING) {
            pthread_mutex_lock(&attempts->lock);
            attempts->due = when + (double)rr_event_delay_ms(event) / 1e3;
            pthread_mutex_unlock(&attempts->lock);
        }
        rr_event_free(event);
    }
    return NULL;
}

/* The server listens on a port again, or on none, as somebody on its unix socket says. */
static void set_port(rr_client *admin, const char *port)
{
    const char *argv[] = {"CONFIG", "SET", "port", port};
    rr_error *err;
    expect(rr_command(admin, 4, argv, NULL, NULL, &err), RR_OK, &err, "CONFIG SET port");
}

static void end_connections(rr_client *admin)
{
    static const char *const argv[] = {"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"};
    rr_error *err;
    expect(rr_command(admin, 6, argv, NULL, NULL, &err), RR_OK, &err, "CLIENT KILL");
}

struct door {
    rr_client *admin;
    char port[16];
    double shut_for;
    double opened;
};

static void *open_door(void *argument)
{
    struct door *door = argument;
    pause_for(door->shut_for);
    door->opened = now();
    set_port(door->admin, door->port);
    return NULL;
}

static void get(rr_client *client)
{
    static const char *const argv[] = {"GET", BENCH_KEY};
    rr_error *err;
    expect(rr_command(client, 2, argv, NULL, NULL, &err), RR_OK, &err, "GET");
}

/* One outage: seconds from the first moment at which an attempt could and was due to succeed until a GET is answered. */
static double recover_once(struct attempts *attempts, struct door *door)
{
    pthread_t opener;
    double answered, due;

    /* A connection that is of no use before it is lost counts as a flapping one, after which the client pauses. */
    get(attempts->client);
    set_port(door->admin, "0");
    end_connections(door->admin);
    wait_for_state(attempts->client, is_away);
    if (pthread_create(&opener, NULL, open_door, door) != 0)
        fail("cannot start a thread");
    get(attempts->client);
    answered = now();
    pthread_join(opener, NULL);
    pthread_mutex_lock(&attempts->lock);
    due = attempts->due;
    pthread_mutex_unlock(&attempts->lock);
    return answered - (due > door->opened ? due : door->opened);
}

static void run_recovery(const struct job *job)
{
    struct job by_socket = *job;
    struct attempts attempts = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct door door = {.shut_for = 0};
    pthread_t watcher;
    int port;

    job_host(job, &port);
    snprintf(door.port, sizeof door.port, "%d", port);
    by_socket.address = job->admin;
    by_socket.option_count = 0;
    door.admin = client_open(&by_socket, NULL);
    attempts.client = client_open(job, RECOVERY_OPTIONS);
    if (pthread_create(&watcher, NULL, watch_attempts, &attempts) != 0)
        fail("cannot start a thread");
    for (long round = 0; round < job->count; round++) {
        /* Shut for 25 to 45 ms, so that it opens at any point of the pause of 20 ms. */
        door.shut_for = 0.025 + (double)(round * 7 % 20) / 1e3;
        report("extra", recover_once(&attempts, &door));
    }
    rr_client_close(attempts.client, 0, NULL, NULL);
    pthread_join(watcher, NULL);
    rr_client_free(attempts.client);
    rr_client_free(door.admin);
}

/* ---- a primary and its replica change places ------------------------------------------------------------------------- */

/* One of two servers, and somebody who may command it. */
struct peer {
    rr_client *admin;
    const char *host;
    char port[16];
};

/* Where the name leads. */
struct sign {
    pthread_mutex_t lock;
    const struct peer *peer;
};

static rr_status look_up(const char *name, uint16_t port, rr_addresses *addresses, void *userdata)
{
    struct sign *sign = userdata;
    const struct peer *peer;

    (void)name;
    (void)port;
    pthread_mutex_lock(&sign->lock);
    peer = sign->peer;
    pthread_mutex_unlock(&sign->lock);
    return rr_addresses_add(addresses, peer->host, (uint16_t)atoi(peer->port), NULL);
}

static void replicate(const struct peer *peer, const char *host, const char *port)
{
    const char *argv[] = {"REPLICAOF", host, port};
    rr_error *err;
    expect(rr_command(peer->admin, 3, argv, NULL, NULL, &err), RR_OK, &err, "REPLICAOF");
}

static void wait_for_link(const struct peer *peer)
{
    static const char *const argv[] = {"INFO", "replication"};
    double deadline = now() + PATIENCE_MS / 1e3;
    for (bool is_up = false; !is_up; pause_for(1e-3)) {
        rr_reply *reply;
        rr_error *err;
        if (now() > deadline)
            fail("the replica does not find its primary");
        expect(rr_command(peer->admin, 2, argv, NULL, &reply, &err), RR_OK, &err, "INFO");
        is_up = strstr(rr_reply_string(reply), "master_link_status:up") != NULL;
        rr_reply_free(reply);
    }
}

static void set_patiently(rr_client *client)
{
    static const char *const argv[] = {"SET", BENCH_KEY, "hello"};
    static const rr_command_options patient = {.struct_size = sizeof patient, .flags = RR_COMMAND_NO_BUFFER};
    rr_error *err;
    expect(rr_command_with(client, &patient, 3, argv, NULL, NULL, &err), RR_OK, &err, "SET");
}

static void run_failover(const struct job *job)
{
    static const char *const any[] = {"server_role=any", NULL};
    struct job jobs[2] = {*job, *job};
    struct peer peers[2], *primary = &peers[0], *replica = &peers[1];
    struct sign sign = {PTHREAD_MUTEX_INITIALIZER, primary};
    rr_config *config;
    rr_client *client;
    rr_error *err;

    jobs[1].address = job->admin;
    for (int number = 0; number < 2; number++) {
        int port;
        peers[number].host = job_host(&jobs[number], &port);
        snprintf(peers[number].port, sizeof peers[number].port, "%d", port);
        jobs[number].option_count = 0;
        peers[number].admin = client_open(&jobs[number], any);
    }
    replicate(replica, primary->host, primary->port);
    wait_for_link(replica);
    expect(rr_config_from_url("redis://moving.test", &config, &err), RR_OK, &err, "rr_config_from_url");
    expect(rr_config_set_resolver_callback(config, look_up, &sign, NULL, &err), RR_OK, &err, "the resolver");
    expect(rr_client_new(config, &client, &err), RR_OK, &err, "rr_client_new");
    rr_config_free(config);
    for (long round = 0; round < job->count; round++) {
        struct peer *former = primary;
        double begun;

        set_patiently(client);
        replicate(replica, "NO", "ONE");
        pthread_mutex_lock(&sign.lock);
        sign.peer = replica;
        pthread_mutex_unlock(&sign.lock);
        replicate(primary, replica->host, replica->port);
        begun = now();
        set_patiently(client);
        report("extra", now() - begun);
        primary = replica;
        replica = former;
        wait_for_link(replica);
    }
    rr_client_free(client);
    rr_client_free(peers[0].admin);
    rr_client_free(peers[1].admin);
}

/* ---- nothing to do ------------------------------------------------------------------------------------------------- */

static long switches_of(const char *task)
{
    char path[300], line[256];
    long count = -1;
    FILE *status;
    snprintf(path, sizeof path, "/proc/self/task/%s/status", task);
    status = fopen(path, "r");
    if (status == NULL)
        fail("cannot read %s", path);
    while (count < 0 && fgets(line, sizeof line, status) != NULL)
        if (sscanf(line, "voluntary_ctxt_switches: %ld", &count) != 1)
            count = -1;
    fclose(status);
    if (count < 0)
        fail("%s does not count switches", path);
    return count;
}

/* How often the threads that are not the main one went to sleep so far, and how many they are. */
static long count_switches(int *threads)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *task;
    long count = 0;
    if (tasks == NULL)
        fail("cannot read /proc/self/task");
    *threads = 0;
    while ((task = readdir(tasks)) != NULL) {
        if (task->d_name[0] == '.' || atol(task->d_name) == (long)getpid())
            continue;
        count += switches_of(task->d_name);
        ++*threads;
    }
    closedir(tasks);
    return count;
}

static const char *const IDLE_OPTIONS[] = {"command_timeout_ms=500", "outage_grace_ms=100", NULL};

/* A while after the last command, so that nothing is left that would time out. */
static void run_idle(const struct job *job)
{
    rr_client *client = client_open(job, IDLE_OPTIONS);
    rr_stats stats = {.struct_size = sizeof stats};
    rr_error *err;
    int threads;
    long before;

    get(client);
    pause_for(0.8);
    before = count_switches(&threads);
    pause_for(job->seconds);
    report("wakeups", (double)(count_switches(&threads) - before) / job->seconds);
    report("threads", threads);
    expect(rr_client_stats(client, &stats, &err), RR_OK, &err, "reading the counters");
    report("health_checks", (double)stats.health_checks);
    rr_client_free(client);
}

/* A server that does not answer, and a caller that has stopped waiting: the reply is still to come, and nobody to read it
   but the library. The share of a processor that it takes. */
static void run_frozen(const struct job *job)
{
    static const char *const argv[] = {"GET", BENCH_KEY};
    rr_client *client = client_open(job, NULL);
    rr_command_options options = {.struct_size = sizeof options, .timeout_ms = 50};
    rr_error *err;
    double before;

    get(client);
    ask_for("freeze");
    /* The library is left to read after the first one, and woken up while it does by the end of the second. */
    for (int index = 0; index < 2; index++) {
        rr_status status = rr_command_with(client, &options, 2, argv, NULL, NULL, &err);
        expect(status, RR_ERR_TIMEOUT, &err, "GET from a frozen server");
        rr_error_free(err);
        pause_for(0.02);
    }
    before = processor_time();
    pause_for(job->seconds);
    report("share", (processor_time() - before) / job->seconds * 100);
    ask_for("thaw");
    rr_client_free(client);
}

int main(int argc, char **argv)
{
    static const struct workload workloads[] = {{"drain", run_drain},
                                                {"recovery", run_recovery},
                                                {"failover", run_failover},
                                                {"idle", run_idle},
                                                {"frozen", run_frozen},
                                                {NULL, NULL}};
    return worker_main(argc, argv, workloads);
}
