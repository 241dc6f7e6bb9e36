/* The subscriber of the demonstration: takes numbered messages from the channel "demo:ticks" while the server is killed and
 * comes back, and says what it got and which gaps it was told of.
 *
 *     listener <url> <seconds> [option=value ...]
 *
 * It prints `listening` once the server has agreed; `received <time> <number>` for each message, `gap <from> <to>` for each
 * gap, in microseconds since 1970; and `lost <count>` for messages that found no room, which would be a failure here.
 */

#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <resilient_redis.h>

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

_Noreturn static void give_up(rr_error *err)
{
    fprintf(stderr, "listener: %s\n", rr_error_message(err));
    exit(1);
}

static void tell(const rr_message *message)
{
    switch (rr_message_kind(message)) {
    case RR_CHANNEL:
        printf("received %" PRId64 " %s\n", now_us(), rr_message_payload(message));
        break;
    case RR_MESSAGE_RESTORED:
        printf("gap %" PRId64 " %" PRId64 "\n", rr_message_down_since_ms(message) * 1000,
               rr_message_up_at_ms(message) * 1000 + 999);
        break;
    case RR_MESSAGE_LOST:
        printf("lost %" PRIu64 "\n", (uint64_t)rr_message_lost(message));
        break;
    default:
        break;
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    const char *channels[] = {"demo:ticks"};
    rr_subscription *subscription;
    rr_config *config;
    rr_client *client;
    rr_error *err;
    int64_t end;

    if (argc < 3)
        return 2;
    if (rr_config_from_url(argv[1], &config, &err) != RR_OK)
        give_up(err);
    for (int index = 3; index < argc; index++) {
        char *value = strchr(argv[index], '=');

        if (value == NULL)
            return 2;
        *value++ = '\0';
        if (rr_config_set(config, argv[index], value, &err) != RR_OK)
            give_up(err);
    }
    if (rr_client_new(config, &client, &err) != RR_OK || rr_subscription_new(client, NULL, &subscription, &err) != RR_OK ||
        rr_subscription_add(subscription, RR_CHANNEL, 1, channels, NULL, &err) != RR_OK ||
        rr_subscription_wait(subscription, 10000, &err) != RR_OK)
        give_up(err);
    rr_config_free(config);
    puts("listening");
    fflush(stdout);

    end = now_us() + atol(argv[2]) * 1000000;
    while (now_us() < end) {
        rr_message *message;

        if (rr_subscription_next(subscription, 100, &message, &err) < 0)
            give_up(err);
        if (message != NULL)
            tell(message);
        rr_message_free(message);
    }
    rr_subscription_free(subscription);
    rr_client_free(client);
    return 0;
}
