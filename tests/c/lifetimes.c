/* What is made is gone when it is freed: memory, threads, descriptors. */

#include "check.h"

#include <dirent.h>

static int entries(const char *folder)
{
    DIR *directory = opendir(folder);
    int count = 0;

    CHECK(directory != NULL);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

static void making_and_freeing_leaves_nothing_behind(const char *url)
{
    int rounds = getenv("SLOW_TOOL") ? 50 : 1000;
    int threads, descriptors, i;

    /* The first client may bring what stays for good. */
    rr_client_free(open_client(url));
    threads = entries("/proc/self/task");
    descriptors = entries("/proc/self/fd");
    for (i = 0; i < rounds; i++) {
        rr_client *client = NULL;

        CHECK_OK(rr_client_open(url, &client, &err));
        if (i % 2 == 0)
            CHECK_OK(COMMAND(client, NULL, &err, "PING"));
        if (i % 3 == 0)
            CHECK_OK(rr_client_close(client, 1000, NULL, &err));
        rr_client_free(client);
    }
    WAIT_UNTIL(entries("/proc/self/task") == threads);
    CHECK_EQ(entries("/proc/self/fd"), descriptors);
}

static void a_closed_client_says_so(const char *url)
{
    rr_close_report report = {.struct_size = sizeof report, .lost = 7};
    rr_client *client = open_client(url);

    CHECK_OK(COMMAND(client, NULL, &err, "PING"));
    CHECK_OK(rr_client_close(client, 1000, &report, &err));
    CHECK_EQ(report.struct_size, sizeof report);
    CHECK_EQ(report.lost, 0);
    CHECK_EQ(report.unknown, 0);
    CHECK_EQ(rr_client_state(client), RR_STATE_CLOSED);
    CHECK_STATUS(COMMAND(client, NULL, &err, "PING"), RR_ERR_CLOSED);
    CHECK_STATUS(rr_client_wait_ready(client, 1000, &err), RR_ERR_CLOSED);
    CHECK_STATUS(rr_client_reconnect(client, &err), RR_ERR_CLOSED);
    CHECK_EQ(rr_client_buffered(client), 0);
    CHECK_OK(rr_client_close(client, 0, NULL, &err));
    CHECK_STATUS(rr_client_close(client, -1, NULL, &err), RR_ERR_INVALID_ARGUMENT);
    rr_client_free(client);
    rr_client_free(NULL);
}

static void a_struct_is_filled_as_far_as_it_reaches(const char *url)
{
    rr_client *client = open_client(url);
    rr_stats stats = {0};
    struct {
        rr_stats known;
        uint64_t later;
    } newer;

    CHECK_OK(COMMAND(client, NULL, &err, "PING"));
    CHECK_STATUS(rr_client_stats(client, &stats, &err), RR_ERR_INVALID_ARGUMENT);
    stats.struct_size = sizeof stats;
    CHECK_OK(rr_client_stats(client, &stats, &err));
    CHECK_EQ(stats.struct_size, sizeof stats);
    CHECK_EQ(stats.commands, 1);
    CHECK_EQ(stats.replies, 1);
    CHECK_EQ(stats.connects, 1);
    CHECK(stats.bytes_read > 0);

    /* A program that was compiled when there was only one counter. */
    memset(&stats, 0x55, sizeof stats);
    stats.struct_size = offsetof(rr_stats, replies);
    CHECK_OK(rr_client_stats(client, &stats, &err));
    CHECK_EQ(stats.commands, 1);
    CHECK_EQ(stats.replies, 0x5555555555555555);

    /* A program that knows a counter which this library does not. */
    memset(&newer, 0x55, sizeof newer);
    newer.known.struct_size = sizeof newer;
    CHECK_OK(rr_client_stats(client, &newer.known, &err));
    CHECK_EQ(newer.known.struct_size, sizeof newer);
    CHECK_EQ(newer.known.commands, 1);
    CHECK_EQ(newer.later, 0);
    rr_client_free(client);
}

static void a_server_that_is_down_does_not_hold_up_the_making(void)
{
    rr_client *client = NULL;
    double start = now();

    CHECK_OK(rr_client_open("redis://127.0.0.1:1/", &client, &err));
    CHECK(now() - start < (getenv("SLOW_TOOL") ? 5 : 0.5));
    CHECK_STATUS(rr_client_wait_ready(client, 0, &err), RR_ERR_TIMEOUT);
    CHECK_STATUS(rr_client_wait_ready(client, 30, &err), RR_ERR_TIMEOUT);
    CHECK_STATUS(rr_client_wait_ready(client, -1, &err), RR_ERR_INVALID_ARGUMENT);
    rr_client_free(client);
}

int main(int argc, char **argv)
{
    CHECK_EQ(argc, 2);
    making_and_freeing_leaves_nothing_behind(argv[1]);
    a_closed_client_says_so(argv[1]);
    a_struct_is_filled_as_far_as_it_reaches(argv[1]);
    a_server_that_is_down_does_not_hold_up_the_making();
    return 0;
}
