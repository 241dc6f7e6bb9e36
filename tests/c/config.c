/* Options are text by name; what is wrong is said so that it can be put right; a callback's userdata ends exactly once. */

#include "check.h"

static void an_option_reads_back_as_it_was_set(void)
{
    rr_config *config = rr_config_new();
    char *value = NULL;

    CHECK_OK(rr_config_get(config, "command_timeout_ms", &value, &err));
    CHECK_TEXT(value, "5000");
    rr_string_free(value);
    CHECK_OK(rr_config_set(config, "command_timeout_ms", "1234", &err));
    CHECK_OK(rr_config_get(config, "command_timeout_ms", &value, &err));
    CHECK_TEXT(value, "1234");
    rr_string_free(value);
    rr_string_free(NULL);
    rr_config_free(config);
    rr_config_free(NULL);
}

/* The call fails as a mistake in the configuration, with a message that has these words. */
#define CHECK_REFUSED(call, word, other) \
    do { \
        rr_error *err = NULL; \
        CHECK_EQ(call, RR_ERR_CONFIG); \
        if (strstr(rr_error_message(err), word) == NULL || strstr(rr_error_message(err), other) == NULL) \
            fail(__FILE__, __LINE__, "\"%s\" does not say %s and %s", rr_error_message(err), word, other); \
        CHECK_EQ(rr_error_outcome(err), RR_OUTCOME_NONE); \
        rr_error_free(err); \
    } while (0)

static void what_is_wrong_is_named(void)
{
    rr_config *config = rr_config_new(), *other = (rr_config *)&other;
    char *value = (char *)&value;

    CHECK_REFUSED(rr_config_set(config, "command_timeout", "1", &err), "command_timeout", "command_timeout_ms");
    CHECK_REFUSED(rr_config_set(config, "command_timeout_ms", "soon", &err), "command_timeout_ms", "soon");
    CHECK_REFUSED(rr_config_set(config, "delivery", "maybe", &err), "maybe", "at_least_once");
    CHECK_REFUSED(rr_config_get(config, "nonsense", &value, &err), "nonsense", "option");
    CHECK(value == NULL);
    CHECK_REFUSED(rr_config_from_url("http://example.com", &other, &err), "http", "redis");
    CHECK(other == NULL);
    CHECK_REFUSED(rr_config_from_url("redis://localhost/?command_timeout_ms=soon", &other, &err), "command_timeout_ms", "soon");
    CHECK_STATUS(rr_config_set(config, "client_name", "\xff\xfe", &err), RR_ERR_INVALID_ARGUMENT);
    rr_config_free(config);
}

static void a_password_is_not_given_back(void)
{
    rr_config *config = NULL;
    rr_error *err = NULL;
    char *value = NULL;

    CHECK_OK(rr_config_from_url("redis://somebody:tiger@localhost/", &config, &err));
    CHECK_OK(rr_config_get(config, "password", &value, &err));
    CHECK_TEXT(value, "***");
    rr_string_free(value);
    rr_config_free(config);
    CHECK_EQ(rr_config_from_url("redis://somebody:tiger@localhost/notadb", &config, &err), RR_ERR_CONFIG);
    CHECK(strstr(rr_error_message(err), "tiger") == NULL);
    rr_error_free(err);
}

static void the_environment_configures(void)
{
    rr_config *config = NULL;
    char *value = NULL;

    setenv("RR_URL", "redis://localhost:7777/3", 1);
    setenv("RR_COMMAND_TIMEOUT_MS", "777", 1);
    CHECK_OK(rr_config_from_environment(&config, &err));
    CHECK_OK(rr_config_get(config, "port", &value, &err));
    CHECK_TEXT(value, "7777");
    rr_string_free(value);
    CHECK_OK(rr_config_get(config, "command_timeout_ms", &value, &err));
    CHECK_TEXT(value, "777");
    rr_string_free(value);
    rr_config_free(config);
    setenv("RR_COMMAND_TIMEOUT_MS", "soon", 1);
    CHECK_REFUSED(rr_config_from_environment(&config, &err), "RR_COMMAND_TIMEOUT_MS", "soon");
    CHECK(config == NULL);
    unsetenv("RR_URL");
    unsetenv("RR_COMMAND_TIMEOUT_MS");
}

static void count_end(void *userdata)
{
    ++*(int *)userdata;
}

static void ignore_event(const rr_event *event, void *userdata)
{
    (void)event;
    (void)userdata;
}

static void userdata_ends_once_whatever_happens(const char *url)
{
    rr_config *config = NULL;
    rr_client *one = NULL, *two = NULL;
    int first = 0, second = 0, refused = 0;

    CHECK_OK(rr_config_from_url(url, &config, &err));
    CHECK_STATUS(rr_config_set_event_callback(NULL, ignore_event, &refused, count_end, &err), RR_ERR_NULL_ARGUMENT);
    CHECK_EQ(refused, 1);
    CHECK_STATUS(rr_config_set_event_callback(config, NULL, &refused, count_end, &err), RR_ERR_NULL_ARGUMENT);
    CHECK_EQ(refused, 2);
    CHECK_OK(rr_config_set_event_callback(config, ignore_event, NULL, NULL, &err));
    CHECK_OK(rr_config_set_event_callback(config, ignore_event, &first, count_end, &err));
    CHECK_EQ(first, 0);
    CHECK_OK(rr_config_set_event_callback(config, ignore_event, &second, count_end, &err));
    CHECK_EQ(first, 1);
    CHECK_OK(rr_client_new(config, &one, &err));
    CHECK_OK(rr_client_new(config, &two, &err));
    CHECK_OK(rr_client_wait_ready(one, 10000, &err));
    rr_client_free(one);
    rr_config_free(config);
    CHECK_EQ(second, 0);
    rr_client_free(two);
    CHECK_EQ(first, 1);
    CHECK_EQ(second, 1);
    CHECK_EQ(refused, 2);
}

static void userdata_ends_with_a_config_that_made_no_client(void)
{
    rr_config *config = rr_config_new();
    int ended = 0;

    CHECK_OK(rr_config_set_event_callback(config, ignore_event, &ended, count_end, &err));
    rr_config_free(config);
    CHECK_EQ(ended, 1);
}

static void options_that_contradict_each_other_make_no_client(void)
{
    rr_config *config = rr_config_new();
    rr_client *client = (rr_client *)&client;
    int ended = 0;

    CHECK_OK(rr_config_set_event_callback(config, ignore_event, &ended, count_end, &err));
    CHECK_OK(rr_config_set(config, "username", "somebody", &err));
    CHECK_REFUSED(rr_client_new(config, &client, &err), "username", "password");
    CHECK(client == NULL);
    CHECK_EQ(ended, 0);
    rr_config_free(config);
    CHECK_EQ(ended, 1);
}

int main(int argc, char **argv)
{
    CHECK_EQ(argc, 2);
    an_option_reads_back_as_it_was_set();
    what_is_wrong_is_named();
    a_password_is_not_given_back();
    the_environment_configures();
    userdata_ends_once_whatever_happens(argv[1]);
    userdata_ends_with_a_config_that_made_no_client();
    options_that_contradict_each_other_make_no_client();
    return 0;
}
