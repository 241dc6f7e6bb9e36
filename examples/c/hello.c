/* The smallest program: a client, a value written and read back.
 *
 *     cc hello.c -lresilient_redis -o hello && ./hello redis://127.0.0.1:6379
 */

#include <stdio.h>

#include <resilient_redis.h>

/* Says what went wrong and what became of the command. */
static int give_up(rr_error *err)
{
    fprintf(stderr, "%s: %s (%s)\n", rr_status_name(rr_error_status(err)), rr_error_message(err),
            rr_outcome_name(rr_error_outcome(err)));
    rr_error_free(err);
    return 1;
}

int main(int argc, char **argv)
{
    const char *set[] = {"SET", "greeting", "hello"};
    const char *get[] = {"GET", "greeting"};
    rr_client *client;
    rr_reply *reply;
    rr_error *err;

    if (rr_client_open(argc > 1 ? argv[1] : "redis://127.0.0.1:6379", &client, &err) != RR_OK)
        return give_up(err);

    /* RR_OK, or RR_BUFFERED when the server is away: then the write is kept and applied when it is back. */
    if (rr_command(client, 3, set, NULL, NULL, &err) < 0)
        return give_up(err);
    if (rr_command(client, 2, get, NULL, &reply, &err) < 0)
        return give_up(err);
    if (rr_reply_type(reply) == RR_TYPE_STRING)
        printf("%s\n", rr_reply_string(reply));
    rr_reply_free(reply);
    rr_client_free(client);
    return 0;
}
