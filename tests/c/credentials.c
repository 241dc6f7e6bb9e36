/* Credentials from a callback: given for each connection and renewed before they expire, and wiped from memory. */

#include "check.h"

#include <inttypes.h>

/* Tokens as nobody finds them in memory: each byte is another one until it is needed. The server knows their hashes. */
#define MASK 0x5a
#define LENGTH 16
static const volatile unsigned char hidden[2][LENGTH] = {
    {0x2e, 0x35, 0x31, 0x3f, 0x34, 0x77, 0x6d, 0x3c, 0x69, 0x3b, 0x63, 0x6b, 0x39, 0x68, 0x3e, 0x6e},
    {0x2e, 0x35, 0x31, 0x3f, 0x34, 0x77, 0x34, 0x3f, 0x22, 0x2e, 0x77, 0x6f, 0x6f, 0x3b, 0x3b, 0x6a},
};
#define HASHES "#3b47908db8d833399ab2f62fd8dc1662d6db9c68bef57d6376b60e60d88535c5", \
               "#35ce3d80928911dc65c90982fba2d2160ff402a57177ef15966ba1d248b3b2ee"

struct vault {
    pthread_mutex_t lock;
    int asked, ended;
    rr_status answer;
    rr_client *client; /* which the callback tries to close */
    rr_status close_status;
};

static rr_status give(rr_credentials *credentials, void *userdata)
{
    struct vault *vault = userdata;
    char token[LENGTH];
    rr_status answer;
    int which;

    pthread_mutex_lock(&vault->lock);
    which = vault->asked++ == 0 ? 0 : 1;
    answer = vault->answer;
    if (vault->client != NULL)
        vault->close_status = rr_client_close(vault->client, 0, NULL, NULL);
    pthread_mutex_unlock(&vault->lock);
    CHECK_STATUS(rr_credentials_set(credentials, NULL, 0, "", 0, 0, &err), RR_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(rr_credentials_set(credentials, NULL, 0, "x", 1, -1, &err), RR_ERR_INVALID_ARGUMENT);
    for (int i = 0; i < LENGTH; i++)
        token[i] = (char)(hidden[which][i] ^ MASK);
    /* The first one expires soon. */
    CHECK_OK(rr_credentials_set(credentials, "app", 3, token, LENGTH, which == 0 ? 200 : 0, &err));
    explicit_bzero(token, sizeof token);
    return answer;
}

static void end(void *userdata)
{
    struct vault *vault = userdata;

    pthread_mutex_lock(&vault->lock);
    vault->ended++;
    pthread_mutex_unlock(&vault->lock);
}

static int asked(struct vault *vault)
{
    int count;

    pthread_mutex_lock(&vault->lock);
    count = vault->asked;
    pthread_mutex_unlock(&vault->lock);
    return count;
}

static bool is_there(const unsigned char *place, int which)
{
    int i = 0;

    while (i < LENGTH && (place[i] ^ MASK) == hidden[which][i])
        i++;
    return i == LENGTH;
}

/* How often a token stands anywhere in this process's own memory. */
__attribute__((no_sanitize("address"))) static int times_in_memory(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    int found = 0;

    CHECK(maps != NULL);
    while (fgets(line, sizeof line, maps) != NULL) {
        uintptr_t from, to;
        char rights[8];

        CHECK_EQ(sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s", &from, &to, rights), 3);
        if (rights[0] != 'r' || rights[1] != 'w' || strstr(line, "[v") != NULL)
            continue;
        for (const unsigned char *place = (const unsigned char *)from; place + LENGTH <= (const unsigned char *)to; place++)
            found += is_there(place, 0) + is_there(place, 1);
    }
    fclose(maps);
    return found;
}

/* `url` is that of the server; a user with two tokens is made there. */
static void they_are_renewed_and_leave_no_trace(const char *url)
{
    struct vault vault = {PTHREAD_MUTEX_INITIALIZER, 0, 0, RR_OK, NULL, RR_OK};
    rr_client *admin = open_client(url), *client = NULL;
    rr_config *config = NULL;
    rr_reply *reply = NULL;
    rr_subscription *subscription = NULL;
    const char *const channels[] = {"news"};

    CHECK_OK(COMMAND(admin, NULL, &err, "ACL", "SETUSER", "app", "reset", "on", HASHES, "~*", "&*", "+@all"));
    CHECK_OK(rr_config_from_url(url, &config, &err));
    CHECK_OK(rr_config_set_credentials_callback(config, give, &vault, end, &err));
    CHECK_OK(rr_client_new(config, &client, &err));
    rr_config_free(config);
    CHECK_OK(rr_client_wait_ready(client, 10000, &err));
    WAIT_UNTIL(asked(&vault) >= 2);
    CHECK_OK(rr_subscription_new(client, NULL, &subscription, &err));
    CHECK_OK(rr_subscription_add(subscription, RR_CHANNEL, 1, channels, NULL, &err));
    CHECK_OK(rr_subscription_wait(subscription, 10000, &err));
    CHECK_OK(COMMAND(client, &reply, &err, "ACL", "WHOAMI"));
    CHECK(reply_is(reply, "app"));
    rr_reply_free(reply);
    CHECK_STATUS(COMMAND(client, NULL, &err, "AUTH", "x"), RR_ERR_UNSUPPORTED);
    /* Valgrind and the sanitizer forbid such looks around. */
    if (getenv("SLOW_TOOL") == NULL) {
        static unsigned char example[LENGTH];

        for (int i = 0; i < LENGTH; i++)
            example[i] = hidden[0][i] ^ MASK;
        CHECK(times_in_memory() >= 1);
        explicit_bzero(example, sizeof example);
        CHECK_EQ(times_in_memory(), 0);
    }
    rr_subscription_free(subscription);
    CHECK_EQ(vault.ended, 0);
    rr_client_free(client);
    CHECK_EQ(vault.ended, 1);
    rr_client_free(admin);
}

static void a_callback_that_has_none_is_told_by_its_status(const char *url)
{
    struct vault vault = {PTHREAD_MUTEX_INITIALIZER, 0, 0, RR_ERR_UNAVAILABLE, NULL, RR_OK};
    rr_client *client = NULL;
    rr_config *config = NULL;
    rr_event *event = NULL;

    CHECK_OK(rr_config_from_url(url, &config, &err));
    CHECK_OK(rr_config_set_credentials_callback(config, give, &vault, end, &err));
    CHECK_OK(rr_client_new(config, &client, &err));
    CHECK_OK(rr_event_next(client, 10000, &event, &err));
    CHECK_EQ(rr_event_kind(event), RR_EVENT_RECONNECTING);
    CHECK(strstr(rr_event_message(event), "it returned RR_ERR_UNAVAILABLE") != NULL);
    rr_event_free(event);
    /* From inside of it the client cannot be closed. */
    pthread_mutex_lock(&vault.lock);
    vault.client = client;
    pthread_mutex_unlock(&vault.lock);
    WAIT_UNTIL(asked(&vault) >= 3);
    pthread_mutex_lock(&vault.lock);
    CHECK_EQ(vault.close_status, RR_ERR_IN_CALLBACK);
    vault.client = NULL;
    pthread_mutex_unlock(&vault.lock);
    rr_client_free(client);
    CHECK_EQ(vault.ended, 0);
    /* The config has it still, and a client with a password as well is refused. */
    CHECK_OK(rr_config_set(config, "password", "x", &err));
    CHECK_STATUS(rr_client_new(config, &client, &err), RR_ERR_CONFIG);
    rr_config_free(config);
    CHECK_EQ(vault.ended, 1);
    CHECK_STATUS(rr_config_set_credentials_callback(NULL, give, &vault, end, &err), RR_ERR_NULL_ARGUMENT);
    CHECK_EQ(vault.ended, 2);
}

int main(int argc, char **argv)
{
    CHECK_EQ(argc, 2);
    they_are_renewed_and_leave_no_trace(argv[1]);
    a_callback_that_has_none_is_told_by_its_status(argv[1]);
    return 0;
}
