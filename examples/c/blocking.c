/* A worker's queue: jobs are moved into a list of the worker's own while it works on them (BLMOVE), so that none is lost
 * when it dies. The worker waits on a connection of its own, which comes back by itself.
 *
 *     cc blocking.c -lresilient_redis -o blocking && ./blocking redis://127.0.0.1:6379
 */

#include <inttypes.h>
#include <stdio.h>

#include <resilient_redis_format.h>

static int give_up(rr_error *err)
{
    fprintf(stderr, "%s: %s\n", rr_status_name(rr_error_status(err)), rr_error_message(err));
    rr_error_free(err);
    return 1;
}

static int64_t length(rr_client *client, const char *list)
{
    rr_reply *reply;
    int64_t length = -1;

    if (rr_commandf(client, &reply, NULL, "LLEN %s", list) == RR_OK)
        length = rr_reply_integer(reply);
    rr_reply_free(reply);
    return length;
}

int main(int argc, char **argv)
{
    static const char *const jobs[] = {"send the letters", "feed the cat", "water the plants"};
    rr_client *client;
    rr_reply *job;
    rr_error *err;
    int done = 0;
    size_t i;

    if (rr_client_open(argc > 1 ? argv[1] : "redis://127.0.0.1:6379", &client, &err) != RR_OK)
        return give_up(err);

    /* What a worker of this name was doing when it died goes back to the front first. */
    while (rr_commandf(client, &job, &err, "LMOVE jobs:mine jobs RIGHT LEFT") == RR_OK && rr_reply_type(job) != RR_TYPE_NIL)
        rr_reply_free(job);
    rr_error_free(err);
    rr_reply_free(job);

    for (i = 0; i < 3; i++)
        if (rr_commandf(client, NULL, &err, "RPUSH jobs %s", jobs[i]) < 0)
            return give_up(err);

    /* A real worker goes on for ever, and may ask for 0: no end. This one ends when no job came for a tenth of a second. */
    for (;;) {
        if (rr_commandf(client, &job, &err, "BLMOVE jobs jobs:mine LEFT RIGHT 0.1") != RR_OK)
            return give_up(err);
        if (rr_reply_type(job) == RR_TYPE_NIL)
            break;
        printf("%s\n", rr_reply_string(job));
        if (rr_commandf(client, NULL, &err, "LREM jobs:mine 1 %b", rr_reply_string(job), rr_reply_length(job)) < 0)
            return give_up(err);
        rr_reply_free(job);
        done++;
    }
    rr_reply_free(job);
    printf("%d jobs done, %" PRId64 " waiting, %" PRId64 " left behind\n", done, length(client, "jobs"),
           length(client, "jobs:mine"));
    rr_client_free(client);
    return 0;
}
