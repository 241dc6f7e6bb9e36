// SPDX-License-Identifier: MIT OR Apache-2.0
// Commands that are not waited for: futures, functions, queues, and giving a command up.

#include <resilient_redis/resilient_redis.hpp>

#include "check.hpp"

#include <atomic>
#include <poll.h>
#include <set>

using namespace std::chrono_literals;

static void futures_hold_what_the_call_would_give(rr::Client &client) {
    std::future<bool> set = client.async().set("async:a", "1");
    std::vector<std::future<long long>> counts;
    for (int i = 0; i < 100; i++)
        counts.push_back(client.async().incr("async:a"));
    std::future<std::optional<std::string>> get = client.async().get("async:a");
    CHECK(set.get());
    for (int i = 0; i < 100; i++)
        CHECK_EQ(counts[static_cast<std::size_t>(i)].get(), i + 2);
    CHECK_EQ(get.get(), std::optional<std::string>("101"));
    client.async().command<void>("DEL", "async:a").get();
    CHECK_EQ(client.async().command<std::optional<int>>("GET", "async:a").get(), std::nullopt);
    client.async().incr("async:dropped"); // a future may be dropped
    WAIT_UNTIL(client.get("async:dropped"));
}

static void futures_throw_what_the_call_would(rr::Client &client) {
    client.set("async:text", "text");
    std::future<long long> wrong = client.async().lpush("async:text", "x");
    const rr::ServerError error = CAUGHT(rr::ServerError, wrong.get());
    CHECK_EQ(error.server_code(), "WRONGTYPE");
    CHECK(error.outcome() == rr::Outcome::not_applied);
    CHECK_THROWS(rr::ConversionError, client.async().command<int>("GET", "async:text").get());
    // What is not even taken is in the future as well.
    CHECK_THROWS(rr::UsageError, client.async().command<void>("SELECT", 1).get());
}

// Reading it is the program's own code, which throws.
struct Unreadable {};
struct Mine {};

template <> struct rr::Convert<Unreadable> : rr::Conversion<Unreadable> {
    static bool into(const Value &, Unreadable &) { throw Mine(); }
};

static void futures_throw_what_a_conversion_throws(rr::Client &client) {
    CHECK_THROWS(Mine, client.async().command<Unreadable>("PING").get());
    client.rethrow_callback_exception(); // there is none
}

static void a_function_need_not_be_copyable(rr::Client &client) {
    std::promise<std::string> promise;
    std::future<std::string> future = promise.get_future();
    client.submit(rr::arguments("PING"), [promise = std::move(promise)](const rr::Result<rr::Reply> &reply) mutable {
        promise.set_value(std::string(reply->string()));
    });
    CHECK_EQ(future.get(), "PONG");
    std::promise<std::size_t> size;
    std::future<std::size_t> sizes = size.get_future();
    rr::Pipeline pipeline = client.pipeline();
    pipeline.ping().ping();
    client.submit(pipeline, [size = std::move(size)](const rr::Result<rr::Replies> &replies) mutable {
        size.set_value(replies->size());
    });
    CHECK_EQ(sizes.get(), 2);
}

static void a_function_is_called_once_with_what_became_of_it(rr::Client &client) {
    std::atomic<int> calls{0};
    client.set("async:f", "value");
    client.submit(rr::arguments("GET", "async:f"), [&](const rr::Result<rr::Reply> &reply) {
        CHECK_EQ(reply->string(), "value");
        CHECK_EQ(reply->as<std::string>(), "value");
        calls++;
    });
    client.submit(rr::arguments("LPUSH", "async:f", "x"), [&](const rr::Result<rr::Reply> &reply) {
        CHECK_EQ(reply.error().server_code(), "WRONGTYPE");
        calls++;
    });
    WAIT_UNTIL(calls == 2);
    CHECK_EQ(client.try_submit(rr::arguments("SELECT", 1), [](const rr::Result<rr::Reply> &) { CHECK(false); }).error().status(),
             RR_ERR_UNSUPPORTED);
}

static void a_command_can_be_given_up(rr::Client &client) {
    std::atomic<bool> done{false};
    rr::View patient = client.with(rr::CommandOptions().timeout(1h).wait_for_room());
    // The server is stopped for a while, so that there is something to give up.
    client.command("CLIENT", "PAUSE", 300);
    const std::uint64_t id = patient.submit(rr::arguments("GET", "async:f"), [&](const rr::Result<rr::Reply> &reply) {
        CHECK_EQ(reply.error().status(), RR_ERR_CANCELLED);
        CHECK_THROWS(rr::CancelledError, reply.value());
        done = true;
    });
    CHECK(client.cancel(id));
    WAIT_UNTIL(done);
    CHECK(!client.cancel(id));
    CHECK(!client.cancel(1000000));
}

static void completions_wait_in_a_queue(rr::Client &client) {
    rr::Queue queue;
    CHECK(queue.next(8, 0ms).empty());
    CHECK_THROWS(rr::UsageError, queue.next(0, 0ms));
    client.set("async:text", "text");
    client.submit_to(queue, 1, "SET", "async:q", "1");
    client.submit_to(queue, 2, "INCR", "async:q");
    client.with(rr::CommandOptions().timeout(5s)).submit_to(queue, 3, rr::arguments("LPUSH", "async:text", "x"));
    pollfd watched = {queue.fd(), POLLIN, 0};
    std::vector<rr::Completion> completions;
    while (completions.size() < 3) {
        CHECK_EQ(poll(&watched, 1, 10000), 1);
        for (rr::Completion &completion : queue.next(2, 0ms))
            completions.push_back(std::move(completion));
    }
    CHECK_EQ(completions[0].tag, 1);
    CHECK_EQ(completions[1].tag, 2);
    CHECK_EQ(completions[1].result->integer(), 2);
    CHECK_EQ(completions[2].tag, 3);
    CHECK_EQ(completions[2].result.error().server_code(), "WRONGTYPE");
    CHECK_EQ(poll(&watched, 1, 0), 0);
    CHECK_THROWS(rr::UsageError, client.submit_to(queue, 4, "SELECT", 1));
    rr::Queue moved = std::move(queue);
    client.submit_to(moved, 5, "PING");
    CHECK_EQ(moved.next(1, 10s).at(0).tag, 5);
    client.submit_to(moved, 6, "PING"); // what is not taken goes with the queue
}

static void pipelines_are_submitted_too(rr::Client &client) {
    std::atomic<int> calls{0};
    client.set("async:text", "text");
    rr::Pipeline pipeline = client.pipeline();
    pipeline.set("async:p", "1").incr("async:p").lpush("async:text", "x");
    client.submit(pipeline, [&](const rr::Result<rr::Replies> &replies) {
        CHECK(replies->get<bool>(0));
        CHECK_EQ(replies->get<int>(1), 2);
        CHECK_EQ(replies->try_get<int>(2).error().server_code(), "WRONGTYPE");
        calls++;
    });
    rr::Queue queue;
    client.with(rr::CommandOptions().wait_for_room()).submit_to(queue, 8, pipeline);
    pipeline.clear().get("async:p");
    WAIT_UNTIL(calls == 1);
    rr::Completion completion = std::move(queue.next(1, 10s).at(0));
    CHECK_EQ(completion.tag, 8);
    const rr::Result<rr::Replies> replies = completion.replies();
    CHECK_EQ(replies->size(), 3);
    CHECK_EQ(replies->get<int>(1), 2);
    CHECK_THROWS(rr::UsageError, client.submit(pipeline, rr::PipelineFunction()));
    pipeline.clear();
    CHECK_THROWS(rr::UsageError, client.submit_to(queue, 9, pipeline));
    CHECK_EQ(client.try_submit(pipeline, [](const rr::Result<rr::Replies> &) { CHECK(false); }).error().status(),
             RR_ERR_INVALID_ARGUMENT);
}

static void a_queue_that_is_closed_ends_who_waits_for_it(rr::Client &client) {
    rr::Queue queue;
    std::thread waits([&] { CHECK_THROWS(rr::ClosedError, queue.next(1, 1min)); });
    queue.close();
    waits.join();
    client.submit_to(queue, 1, "PING");
    CHECK_THROWS(rr::ClosedError, queue.next(1, 0ms));
}

static void a_command_that_waits_at_the_server_can_be_submitted_and_given_up(rr::Client &client) {
    std::atomic<int> ended{0};
    const std::uint64_t id = client.submit(rr::arguments("BLPOP", "async:jobs", 0), [&](const rr::Result<rr::Reply> &reply) {
        CHECK(reply.error().status() == RR_ERR_CANCELLED && reply.error().outcome() == rr::Outcome::not_applied);
        ended++;
    });
    CHECK(client.cancel(id));
    WAIT_UNTIL(ended == 1);
    std::future<std::optional<std::pair<std::string, std::string>>> job = client.async().blpop("async:jobs", 10s);
    client.rpush("async:jobs", "a job");
    CHECK_EQ(job.get().value().second, "a job");
}

static void too_many_at_once_are_told(const std::string &url) {
    rr::Client client(rr::Config::from_url(url).set("max_submitted", 4));
    client.wait_ready(10s);
    rr::Queue queue;
    for (std::uint64_t tag = 0; tag < 4; tag++)
        client.submit_to(queue, tag, "PING");
    CHECK_THROWS(rr::WouldBlockError, client.submit_to(queue, 4, "PING"));
    CHECK_THROWS(rr::WouldBlockError, client.async().ping().get());
    WAIT_UNTIL(!queue.next(4, 10s).empty());
    client.submit_to(queue, 4, "PING");
}

static void everything_is_answered_when_the_client_ends(const std::string &url) {
    std::vector<std::future<std::string>> futures;
    std::atomic<int> calls{0};
    {
        rr::Client client(url);
        for (int i = 0; i < 50; i++) {
            futures.push_back(client.async().ping());
            client.submit(rr::arguments("PING"), [&](const rr::Result<rr::Reply> &) { calls++; });
        }
    }
    CHECK_EQ(calls.load(), 50);
    for (std::future<std::string> &future : futures) {
        CHECK(future.wait_for(0s) == std::future_status::ready);
        try {
            CHECK_EQ(future.get(), "PONG");
        } catch (const rr::ClosedError &) {
        }
    }
}

int main(int argc, char **argv) {
    CHECK_EQ(argc, 2);
    rr::Client client(argv[1]);
    client.wait_ready(10s);
    futures_hold_what_the_call_would_give(client);
    futures_throw_what_the_call_would(client);
    futures_throw_what_a_conversion_throws(client);
    a_function_need_not_be_copyable(client);
    a_function_is_called_once_with_what_became_of_it(client);
    a_command_can_be_given_up(client);
    completions_wait_in_a_queue(client);
    pipelines_are_submitted_too(client);
    a_queue_that_is_closed_ends_who_waits_for_it(client);
    a_command_that_waits_at_the_server_can_be_submitted_and_given_up(client);
    too_many_at_once_are_told(argv[1]);
    everything_is_answered_when_the_client_ends(argv[1]);
    return 0;
}
