// SPDX-License-Identifier: MIT OR Apache-2.0
// Exceptions out of functions that the library calls: whichever it is, the client lives on, and the exception comes out at
// the handler, or where the program asks for it.

#include <resilient_redis/resilient_redis.hpp>

#include "check.hpp"

#include <atomic>
#include <mutex>

using namespace std::chrono_literals;

struct Mine {
    std::string from;
};

// Collects what a handler is given.
class Caught {
public:
    void operator()(std::exception_ptr exception) {
        try {
            std::rethrow_exception(exception);
        } catch (const Mine &mine) {
            const std::lock_guard<std::mutex> lock(lock_);
            from_.push_back(mine.from);
        }
    }

    bool has(const std::string &from) const {
        const std::lock_guard<std::mutex> lock(lock_);
        for (const std::string &one : from_)
            if (one == from)
                return true;
        return false;
    }

private:
    mutable std::mutex lock_;
    std::vector<std::string> from_;
};

static void every_callback_may_throw(const std::string &url) {
    Caught caught;
    rr::Config config = rr::Config::from_url(url);
    config.reconnect_max_delay(10ms).on_callback_exception([&](std::exception_ptr exception) { caught(exception); });
    config.on_event([](const rr::Event &) { throw Mine{"event"}; });
    config.on_log(rr::LogLevel::debug, [](rr::LogLevel, std::string_view) { throw Mine{"log"}; });
    std::atomic<int> asked{0};
    config.credentials([&]() -> std::optional<rr::Credentials> {
        if (asked++ == 0)
            throw Mine{"credentials"};
        return rr::Credentials{"", "any"};
    });
    std::atomic<int> looked_up{0};
    config.resolver([&](std::string_view host, std::uint16_t port) -> std::vector<rr::Address> {
        if (looked_up++ == 0)
            throw Mine{"resolver"};
        return {{std::string(host), port}};
    });
    rr::Client client(config);
    client.wait_ready(20s);
    const rr::Subscription subscription = client.subscribe({"exceptions"}, [](const rr::Message &) { throw Mine{"message"}; });
    subscription.wait(10s);
    client.publish("exceptions", "x");
    client.submit(rr::arguments("PING"), [](const rr::Result<rr::Reply> &) { throw Mine{"completion"}; });
    for (const char *from : {"event", "log", "credentials", "resolver", "message", "completion"})
        WAIT_UNTIL(caught.has(from));
    CHECK_EQ(client.ping(), "PONG");
    client.rethrow_callback_exception(); // the handler was given them
    client.close(1s);
}

static void without_a_handler_the_first_is_kept(const std::string &url) {
    rr::Client client(url);
    client.rethrow_callback_exception();
    std::atomic<int> called{0};
    for (int i = 0; i < 2; i++)
        client.submit(rr::arguments("PING"), [&, i](const rr::Result<rr::Reply> &) {
            called++;
            throw Mine{std::to_string(i)};
        });
    WAIT_UNTIL(called == 2);
    client.async().ping().get(); // behind both, on the same thread
    CHECK_EQ(CAUGHT(Mine, client.rethrow_callback_exception()).from, "0");
    client.rethrow_callback_exception();
    client.submit(rr::arguments("PING"), [&](const rr::Result<rr::Reply> &) { throw Mine{"close"}; });
    CHECK_EQ(CAUGHT(Mine, client.close(5s)).from, "close");
    // It is closed all the same, and nothing is left.
    CHECK(client.state() == rr::State::closed);
    client.close(0ms);

    rr::Client other(url);
    other.submit(rr::arguments("PING"), [&](const rr::Result<rr::Reply> &) { throw Mine{"never asked for"}; });
    CHECK(other.try_close(5s).has_value());
}

static void what_a_handler_throws_is_kept(const std::string &url) {
    rr::Config config = rr::Config::from_url(url);
    config.on_callback_exception([](std::exception_ptr) { throw Mine{"handler"}; });
    rr::Client client(config);
    client.submit(rr::arguments("PING"), [](const rr::Result<rr::Reply> &) { throw Mine{"completion"}; });
    CHECK_EQ(CAUGHT(Mine, client.close(5s)).from, "handler");
}

static void each_client_has_its_own(const std::string &url) {
    rr::Config config = rr::Config::from_url(url);
    std::atomic<int> clients{0};
    config.on_event([&](const rr::Event &event) {
        if (event.kind() == rr::EventKind::connected && clients++ == 0)
            throw Mine{"first"};
    });
    rr::Client first(config);
    first.wait_ready(10s);
    WAIT_UNTIL(clients == 1);
    rr::Client second(config);
    second.wait_ready(10s);
    WAIT_UNTIL(clients == 2);
    second.close(5s);
    CHECK_EQ(CAUGHT(Mine, first.close(5s)).from, "first");
}

static void a_callback_may_use_the_client_and_end_its_subscription(const std::string &url) {
    rr::Client client(url);
    std::atomic<bool> ended{false};
    std::optional<rr::Subscription> subscription;
    std::mutex lock;
    {
        const std::lock_guard<std::mutex> guard(lock);
        subscription = client.subscribe({"exceptions:end"}, [&](const rr::Message &message) {
            client.set("exceptions:last", message.payload());
            CHECK_THROWS(rr::UsageError, client.close(0ms));
            const std::lock_guard<std::mutex> inner(lock);
            subscription.reset();
            ended = true;
        });
        subscription->wait(10s);
    }
    client.publish("exceptions:end", "bye");
    WAIT_UNTIL(ended);
    CHECK_EQ(client.get("exceptions:last"), std::optional<std::string>("bye"));
    client.close(5s);
}

int main(int argc, char **argv) {
    CHECK_EQ(argc, 2);
    every_callback_may_throw(argv[1]);
    without_a_handler_the_first_is_kept(argv[1]);
    what_a_handler_throws_is_kept(argv[1]);
    each_client_has_its_own(argv[1]);
    a_callback_may_use_the_client_and_end_its_subscription(argv[1]);
    return 0;
}
