/* A client belongs to the process that made it. In a forked child every call says so at once, and a new client works. */

#include "check.h"

#include <sys/wait.h>
#include <unistd.h>

static rr_client *client;
static rr_pipeline *pipeline;
static rr_subscription *subscription;

/* The child of a process whose other threads may have held any lock. */
static void use_what_belongs_to_the_parent(void)
{
    const char *const ping[] = {"PING"};
    const size_t lengths[] = {4};
    rr_command_options options = {.struct_size = sizeof options};
    rr_stats stats = {.struct_size = sizeof stats};
    rr_close_report report = {.struct_size = sizeof report};
    rr_reply *reply = NULL;
    rr_event *event = NULL;
    rr_failed *failed = NULL;
    rr_pipeline *other = NULL;
    rr_subscription *another = NULL;
    rr_message *message = NULL;
    double start = now();

    CHECK_STATUS(rr_command(client, 1, ping, lengths, &reply, &err), RR_ERR_FORKED);
    CHECK_STATUS(rr_command_with(client, &options, 1, ping, lengths, &reply, &err), RR_ERR_FORKED);
    CHECK_STATUS(rr_command_packed(client, 1, "PING", lengths, &reply, &err), RR_ERR_FORKED);
    CHECK_STATUS(rr_command_packed_with(client, &options, 1, "PING", lengths, &reply, &err), RR_ERR_FORKED);
    CHECK_STATUS(rr_client_wait_ready(client, 1000, &err), RR_ERR_FORKED);
    CHECK_STATUS(rr_client_reconnect(client, &err), RR_ERR_FORKED);
    CHECK_STATUS(rr_client_flush(client, 1000, &err), RR_ERR_FORKED);
    CHECK_STATUS(rr_client_stats(client, &stats, &err), RR_ERR_FORKED);
    CHECK_STATUS(rr_client_close(client, 1000, &report, &err), RR_ERR_FORKED);
    CHECK_STATUS(rr_event_next(client, 1000, &event, &err), RR_ERR_FORKED);
    CHECK_STATUS(rr_failed_next(client, 0, &failed, &err), RR_ERR_FORKED);
    CHECK_STATUS(rr_failed_retry(client, 1, &err), RR_ERR_FORKED);
    CHECK_STATUS(rr_failed_discard(client, 1, &err), RR_ERR_FORKED);
    CHECK_STATUS(rr_pipeline_new(client, NULL, &other, &err), RR_ERR_FORKED);
    CHECK_STATUS(rr_pipeline_append(pipeline, 1, ping, lengths, &err), RR_ERR_FORKED);
    CHECK_STATUS(rr_pipeline_append_packed(pipeline, 1, "PING", lengths, &err), RR_ERR_FORKED);
    CHECK_STATUS(rr_pipeline_execute(pipeline, &reply, &err), RR_ERR_FORKED);
    CHECK_STATUS(rr_pipeline_clear(pipeline, &err), RR_ERR_FORKED);
    CHECK_STATUS(rr_subscription_new(client, NULL, &another, &err), RR_ERR_FORKED);
    CHECK_STATUS(rr_subscription_add(subscription, RR_CHANNEL, 1, ping, lengths, &err), RR_ERR_FORKED);
    CHECK_STATUS(rr_subscription_remove(subscription, RR_CHANNEL, 1, ping, lengths, &err), RR_ERR_FORKED);
    CHECK_STATUS(rr_subscription_wait(subscription, 1000, &err), RR_ERR_FORKED);
    CHECK_STATUS(rr_subscription_next(subscription, 1000, &message, &err), RR_ERR_FORKED);
    CHECK_EQ(rr_subscription_fd(subscription), RR_ERR_FORKED);
    CHECK_EQ(rr_client_state(client), RR_ERR_FORKED);
    CHECK_EQ(rr_client_buffered(client), RR_ERR_FORKED);
    CHECK_EQ(rr_failed_count(client), RR_ERR_FORKED);
    CHECK_EQ(rr_pipeline_length(pipeline), RR_ERR_FORKED);
    rr_subscription_free(subscription);
    rr_pipeline_free(pipeline);
    rr_client_free(client);
    /* Nothing was freed, so it can still be told. */
    CHECK_EQ(rr_client_state(client), RR_ERR_FORKED);
    CHECK(now() - start < (getenv("SLOW_TOOL") ? 5 : 0.1));
}

static void in_child(void (*body)(void *), void *argument)
{
    pid_t child = fork();
    int status = 0;

    CHECK(child >= 0);
    if (child == 0) {
        body(argument);
        /* Leaves without a look at the memory: that of the parent's threads has no owner here. */
        execl("/bin/true", "true", (char *)NULL);
        _exit(2);
    }
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), 0);
}

static void only_look(void *unused)
{
    (void)unused;
    use_what_belongs_to_the_parent();
}

static void make_its_own(void *config)
{
    rr_client *own = NULL;
    rr_reply *reply = NULL;

    use_what_belongs_to_the_parent();
    CHECK_OK(rr_client_new(config, &own, &err));
    CHECK_OK(COMMAND(own, &reply, &err, "ECHO", "child"));
    CHECK(reply_is(reply, "child"));
    rr_reply_free(reply);
    rr_client_free(own);
}

static void fork_again(void *config)
{
    rr_client *own = NULL, *parents = client;

    CHECK_OK(rr_client_new(config, &own, &err));
    CHECK_OK(rr_client_wait_ready(own, 10000, &err));
    client = own;
    in_child(only_look, NULL);
    client = parents;
    use_what_belongs_to_the_parent();
    CHECK_OK(COMMAND(own, NULL, &err, "PING"));
    rr_client_free(own);
}

static bool stop;

static void *keep_busy(void *unused)
{
    (void)unused;
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        CHECK_OK(COMMAND(client, NULL, &err, "INCR", "fork:counter"));
    return NULL;
}

int main(int argc, char **argv)
{
    rr_config *config = NULL;
    rr_reply *reply = NULL;
    pthread_t threads[4];
    int i;

    CHECK_EQ(argc, 2);
    CHECK_OK(rr_config_from_url(argv[1], &config, &err));
    client = open_client(argv[1]);
    CHECK_OK(rr_subscription_new(client, NULL, &subscription, &err));
    CHECK_OK(rr_subscription_add(subscription, RR_CHANNEL, 1, (const char *const[]){"c"}, NULL, &err));
    CHECK_OK(rr_pipeline_new(client, NULL, &pipeline, &err));
    CHECK_OK(COMMAND(client, &reply, &err, "ECHO", "before"));

    in_child(only_look, NULL);
    in_child(make_its_own, config);
    in_child(fork_again, config);

    for (i = 0; i < 4; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, keep_busy, NULL), 0);
    for (i = 0; i < 20; i++)
        in_child(only_look, NULL);
    for (i = 0; i < 5; i++)
        in_child(make_its_own, config);
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (i = 0; i < 4; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);

    /* The parent's client never noticed. */
    CHECK(reply_is(reply, "before"));
    rr_reply_free(reply);
    CHECK_OK(APPEND(pipeline, &err, "PING"));
    CHECK_OK(rr_pipeline_execute(pipeline, NULL, &err));
    CHECK_OK(rr_subscription_wait(subscription, 10000, &err));
    rr_subscription_free(subscription);
    rr_pipeline_free(pipeline);
    rr_client_free(client);
    rr_config_free(config);
    return 0;
}
