/* A script: a counter that never passes its limit, decided at the server in one step.
 *
 *     cc script.c -lresilient_redis -o script && ./script redis://127.0.0.1:6379
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <resilient_redis.h>

/* KEYS[1] is the counter, ARGV[1] its limit. */
static const char source[] = "if tonumber(redis.call('GET', KEYS[1]) or '0') >= tonumber(ARGV[1]) then return -1 end "
                             "return redis.call('INCR', KEYS[1])";

static int give_up(rr_error *err)
{
    fprintf(stderr, "%s: %s\n", rr_status_name(rr_error_status(err)), rr_error_message(err));
    rr_error_free(err);
    return 1;
}

int main(int argc, char **argv)
{
    const char *arguments[] = {"seats", "3"};
    rr_client *client;
    rr_script *script;
    rr_error *err;

    if (rr_client_open(argc > 1 ? argv[1] : "redis://127.0.0.1:6379", &client, &err) != RR_OK)
        return give_up(err);
    /* The server is sent the digest only, and the source when it does not know it: also after it was restarted. */
    if (rr_script_new(source, strlen(source), &script, &err) != RR_OK)
        return give_up(err);
    for (int attempt = 1; attempt <= 4; attempt++) {
        rr_reply *reply;
        rr_status status = rr_script_run(client, script, NULL, 1, 2, arguments, NULL, &reply, &err);

        if (status < 0)
            return give_up(err);
        if (status == RR_BUFFERED)
            printf("the server is away: asked later, without an answer\n");
        else if (rr_reply_integer(reply) < 0)
            printf("no seat is left\n");
        else
            printf("seat %" PRId64 "\n", rr_reply_integer(reply));
        rr_reply_free(reply);
    }
    rr_script_free(script);
    rr_client_free(client);
    return 0;
}
