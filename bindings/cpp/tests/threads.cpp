// SPDX-License-Identifier: MIT OR Apache-2.0
// Many threads and one client; objects that end while others are at work.

#include <resilient_redis/resilient_redis.hpp>

#include "check.hpp"

#include <atomic>

using namespace std::chrono_literals;

static constexpr int THREADS = 64;
static constexpr int ROUNDS = 25;

template <class Function> static void in_threads(int count, Function function) {
    std::vector<std::thread> threads;
    for (int i = 0; i < count; i++)
        threads.emplace_back(function, i);
    for (std::thread &thread : threads)
        thread.join();
}

static void all_threads_share_a_client(rr::Client &client) {
    in_threads(THREADS, [&](int thread) {
        const std::string key = "threads:" + std::to_string(thread);
        rr::Pipeline pipeline = client.pipeline();
        pipeline.incr("threads:all").get(key);
        for (int i = 0; i < ROUNDS; i++) {
            const std::string value = key + "=" + std::to_string(i);
            client.set(key, value);
            CHECK_EQ(client.get(key), std::optional<std::string>(value));
            CHECK_EQ(pipeline.exec().get<std::string>(1), value);
            CHECK_EQ(client.async().get(key).get(), std::optional<std::string>(value));
            CHECK_EQ(client.with(rr::CommandOptions().timeout(10s)).get(key), std::optional<std::string>(value));
            CHECK_EQ(client.attempt().lpush(key, "x").error().server_code(), "WRONGTYPE");
            CHECK_THROWS(rr::ServerError, client.lpush(key, "x"));
        }
    });
    CHECK_EQ(client.get<int>("threads:all"), THREADS * ROUNDS);
}

static void replies_and_errors_are_read_by_others(rr::Client &client) {
    client.rpush("threads:list", {"a", "b", "c"});
    const rr::Reply reply = client.command("LRANGE", "threads:list", 0, -1);
    const rr::Error error = client.try_command("INCR", "threads:list").error();
    in_threads(8, [&](int) {
        CHECK_EQ(reply.as<std::vector<std::string>>(), (std::vector<std::string>{"a", "b", "c"}));
        const rr::Error copy = error;
        CHECK_EQ(copy.server_code(), "WRONGTYPE");
    });
}

static void a_queue_serves_many(rr::Client &client) {
    rr::Queue queue;
    std::atomic<int> taken{0};
    in_threads(8, [&](int thread) {
        for (int i = 0; i < ROUNDS; i++)
            client.submit_to(queue, static_cast<std::uint64_t>(thread), "PING");
        while (taken < 8 * ROUNDS)
            for (const rr::Completion &completion : queue.next(4, 1ms)) {
                CHECK_EQ(completion.result->string(), "PONG");
                taken++;
            }
    });
    CHECK_EQ(taken.load(), 8 * ROUNDS);
}

static void one_subscription_is_used_by_many(rr::Client &client) {
    rr::Subscription subscription = client.subscription();
    subscription.add({"threads:channel"});
    subscription.wait(10s);
    std::atomic<int> received{0};
    in_threads(8, [&](int thread) {
        subscription.add({"threads:own:" + std::to_string(thread)});
        client.publish("threads:channel", "m");
        while (received < 8)
            received += subscription.next(1ms) ? 1 : 0;
    });
}

static void a_client_ends_with_live_subscriptions_and_calls(const std::string &url) {
    for (int round = 0; round < 5; round++) {
        std::atomic<int> called{0};
        std::optional<rr::Client> client(std::in_place, url);
        client->wait_ready(10s);
        std::vector<rr::Subscription> subscriptions;
        for (int i = 0; i < 8; i++)
            subscriptions.push_back(client->subscribe({"threads:live"}, [&](const rr::Message &) { called++; }));
        subscriptions.back().wait(10s);
        for (int i = 0; i < 50; i++)
            client->async().publish("threads:live", "m");
        if (round % 2 == 0) {
            client.reset();
            subscriptions.clear();
        } else {
            subscriptions.clear();
            client.reset();
        }
        // No callback runs any more: what it counted cannot change.
        const int count = called;
        CHECK_EQ(called.load(), count);
    }
}

static void calls_that_wait_end_when_the_client_is_closed(const std::string &url) {
    rr::Client client(url);
    client.wait_ready(10s);
    std::atomic<int> closed{0};
    std::vector<std::thread> threads;
    rr::Subscription subscription = client.subscription();
    const auto until_closed = [&](auto call) {
        threads.emplace_back([&closed, call] {
            try {
                for (;;)
                    call();
            } catch (const rr::ClosedError &) {
                closed++;
            }
        });
    };
    until_closed([&] { client.incr("threads:closing"); });
    until_closed([&] { client.next_event(50ms); });
    until_closed([&] { subscription.next(1min); });
    until_closed([&] { client.command<std::vector<std::string>>("BLPOP", "threads:none", 0).value(); });
    until_closed([&] { client.async().incr("threads:closing").get(); });
    WAIT_UNTIL(client.get<int>("threads:closing").value_or(0) > 20);
    client.close(5s);
    for (std::thread &thread : threads)
        thread.join();
    CHECK_EQ(closed.load(), 5);
}

static void closing_ends_who_waits_for_messages_and_entries(rr::Client &client) {
    rr::Subscription subscription = client.subscription();
    subscription.add({"threads:ending"});
    subscription.wait(10s);
    rr::Monitor monitor = client.monitor();
    std::atomic<int> messages{0};
    std::thread listens([&] {
        for (const rr::Message &message : subscription)
            messages += message.payload() == "m" ? 1 : 0;
    });
    std::thread watches([&] {
        for (const rr::MonitorEntry &entry : monitor)
            CHECK(!entry.line().empty());
    });
    client.publish("threads:ending", "m");
    WAIT_UNTIL(messages == 1);
    subscription.close();
    monitor.close();
    listens.join();
    watches.join();
    CHECK_THROWS(rr::ClosedError, subscription.next(0ms));
    CHECK_THROWS(rr::ClosedError, monitor.next(0ms));
    subscription.close();
}

static void a_client_moves_between_threads(const std::string &url) {
    rr::Client client(url);
    client.set("threads:moved", "1");
    std::thread([client = std::move(client)]() mutable {
        CHECK_EQ(client.get("threads:moved"), std::optional<std::string>("1"));
    }).join();
    std::future<rr::Client> made = std::async(std::launch::async, [&] { return rr::Client(url); });
    rr::Client here = made.get();
    CHECK_EQ(here.get("threads:moved"), std::optional<std::string>("1"));
}

int main(int argc, char **argv) {
    CHECK_EQ(argc, 2);
    rr::Client client(argv[1]);
    client.wait_ready(10s);
    all_threads_share_a_client(client);
    replies_and_errors_are_read_by_others(client);
    a_queue_serves_many(client);
    one_subscription_is_used_by_many(client);
    a_client_ends_with_live_subscriptions_and_calls(argv[1]);
    calls_that_wait_end_when_the_client_is_closed(argv[1]);
    closing_ends_who_waits_for_messages_and_entries(client);
    a_client_moves_between_threads(argv[1]);
    return 0;
}
