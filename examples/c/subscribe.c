/* Pub/Sub: takes what is published to news.*, and is told of what it missed. Stop and start the server while this runs.
 *
 *     cc subscribe.c -lresilient_redis -o subscribe && ./subscribe redis://127.0.0.1:6379 10
 */

#include <stdio.h>
#include <stdlib.h>

#include <resilient_redis.h>

static int give_up(rr_error *err)
{
    fprintf(stderr, "%s: %s\n", rr_status_name(rr_error_status(err)), rr_error_message(err));
    rr_error_free(err);
    return 1;
}

static void tell(const rr_message *message)
{
    switch (rr_message_kind(message)) {
    case RR_PATTERN:
        printf("%s: %s\n", rr_message_channel(message), rr_message_payload(message));
        break;
    case RR_MESSAGE_LOST:
        printf("(too slow: %llu messages are lost)\n", (unsigned long long)rr_message_lost(message));
        break;
    case RR_MESSAGE_RESTORED:
        /* The place to read whatever tells the present state. */
        printf("(nothing came for %lld ms, and something may have been published)\n",
               (long long)(rr_message_up_at_ms(message) - rr_message_down_since_ms(message)));
        break;
    case RR_MESSAGE_REFUSED:
        printf("(refused: %s)\n", rr_error_message(rr_message_error(message)));
        break;
    default:
        break;
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    const char *patterns[] = {"news.*"};
    long count = argc > 2 ? atol(argv[2]) : 10;
    rr_client *client;
    rr_subscription *subscription;
    rr_error *err;

    if (rr_client_open(argc > 1 ? argv[1] : "redis://127.0.0.1:6379", &client, &err) != RR_OK)
        return give_up(err);
    if (rr_subscription_new(client, NULL, &subscription, &err) != RR_OK)
        return give_up(err);
    if (rr_subscription_add(subscription, RR_PATTERN, 1, patterns, NULL, &err) != RR_OK)
        return give_up(err);
    /* Only who publishes itself, as this program does, needs to wait. */
    if (rr_subscription_wait(subscription, 60000, &err) != RR_OK)
        return give_up(err);

    for (long number = 1; number <= count; number++) {
        char text[32];
        const char *publish[] = {"PUBLISH", "news.example", text};
        rr_message *message;

        snprintf(text, sizeof text, "message %ld", number);
        if (rr_command(client, 3, publish, NULL, NULL, &err) < 0)
            return give_up(err);
        while (rr_subscription_next(subscription, 1000, &message, NULL) == RR_OK) {
            rr_kind kind = rr_message_kind(message);

            tell(message);
            rr_message_free(message);
            if (kind == RR_PATTERN)
                break;
        }
    }
    rr_subscription_free(subscription);
    rr_client_free(client);
    return 0;
}
