/* Credentials that change: a token is read from a file for each connection, and again before it expires. Whoever renews
 * the token writes the file; the program goes on.
 *
 *     cc token.c -lresilient_redis -o token && ./token rediss://cache.example.org:6380 /run/secrets/token app
 */

#include <stdio.h>
#include <string.h>

#include <resilient_redis.h>

/* How long a token is good. The library asks again when three quarters of that are over. */
#define VALID_MS 3600000

struct source {
    const char *path, *user;
};

/* Runs on a thread of its own; it may take its time. */
static rr_status give(rr_credentials *credentials, void *userdata)
{
    const struct source *source = userdata;
    FILE *file = fopen(source->path, "r");
    char token[4096];
    size_t length;
    rr_status status;

    if (file == NULL)
        return RR_ERR_UNAVAILABLE; /* none now: asked again at the next attempt to connect */
    length = fread(token, 1, sizeof token, file);
    fclose(file);
    while (length > 0 && strchr("\r\n", token[length - 1]) != NULL)
        length--;
    status = rr_credentials_set(credentials, source->user, source->user ? strlen(source->user) : 0, token, length,
                                VALID_MS, NULL);
    memset(token, 0, sizeof token); /* the library wipes its own copy */
    return status;
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
    const char *whoami[] = {"ACL", "WHOAMI"};
    struct source source = {argc > 2 ? argv[2] : "/run/secrets/token", argc > 3 ? argv[3] : NULL};
    rr_config *config;
    rr_client *client;
    rr_reply *reply;
    rr_error *err;

    if (rr_config_from_url(argc > 1 ? argv[1] : "redis://127.0.0.1:6379", &config, &err) != RR_OK)
        return give_up(NULL, err);
    if (rr_config_set_credentials_callback(config, give, &source, NULL, &err) != RR_OK)
        return give_up(config, err);
    if (rr_client_new(config, &client, &err) != RR_OK)
        return give_up(config, err);
    if (rr_command(client, 2, whoami, NULL, &reply, &err) != RR_OK) {
        rr_client_free(client);
        return give_up(config, err);
    }
    printf("logged in as %s\n", rr_reply_string(reply));
    rr_reply_free(reply);
    rr_client_free(client);
    rr_config_free(config);
    return 0;
}
