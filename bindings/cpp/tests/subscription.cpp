// SPDX-License-Identifier: MIT OR Apache-2.0
// Subscriptions: with a function, or taken one by one or in a loop; channels, patterns and shard channels; what is lost and
// what is refused is told.

#include <resilient_redis/resilient_redis.hpp>

#include "check.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>

#include <poll.h>

using namespace std::chrono_literals;

static void messages_are_taken_one_by_one(rr::Client &client) {
    rr::Subscription subscription = client.subscription();
    CHECK(!subscription.next(0ms));
    subscription.add({"subscription:a", "subscription:b"});
    subscription.add(rr::Topic::pattern, {"subscription:[c]*"});
    subscription.add(rr::Topic::shard_channel, std::vector<std::string>{"subscription:s"});
    subscription.wait(10s);

    const std::string binary("a\0b", 3);
    client.publish("subscription:a", binary);
    std::optional<rr::Message> message = subscription.next(10s);
    CHECK(message && message->kind() == rr::MessageKind::channel && message->is_published());
    CHECK_EQ(message->channel(), "subscription:a");
    CHECK_EQ(message->pattern(), "");
    CHECK_EQ(message->payload(), binary);
    CHECK(message->lost() == 0 && !message->error());
    CHECK_EQ(message->up_at().time_since_epoch().count(), 0);

    client.publish("subscription:cd", "");
    message = subscription.next(10s);
    CHECK(message && message->kind() == rr::MessageKind::pattern);
    CHECK_EQ(message->channel(), "subscription:cd");
    CHECK_EQ(message->pattern(), "subscription:[c]*");
    CHECK_EQ(message->payload(), "");

    client.command("SPUBLISH", "subscription:s", "shard");
    message = subscription.next(10s);
    CHECK(message && message->kind() == rr::MessageKind::shard_channel);
    CHECK_EQ(message->payload(), "shard");

    subscription.remove({"subscription:a"});
    subscription.remove(rr::Topic::pattern, {"subscription:[c]*"});
    subscription.remove(rr::Topic::shard_channel, std::vector<std::string>{"subscription:s"});
    WAIT_UNTIL(client.command<long long>("PUBLISH", "subscription:a", "nobody").value() == 0);
    client.publish("subscription:b", "still");
    message = subscription.next(10s);
    CHECK(message && message->payload() == "still");
    const rr::Message moved = std::move(*message);
    subscription = client.subscription();
    CHECK_EQ(moved.payload(), "still"); // it outlives its subscription
}

static void messages_are_taken_in_a_loop(const std::string &url) {
    rr::Client client(url);
    rr::Subscription subscription = client.subscription();
    subscription.add({"subscription:loop"});
    subscription.wait(10s);
    for (int i = 0; i < 3; i++)
        client.publish("subscription:loop", std::to_string(i));
    std::string seen;
    for (const rr::Message &message : subscription) {
        seen += message.payload();
        if (seen.size() == 3)
            client.close(1s); // which ends the loop
    }
    CHECK_EQ(seen, "012");
}

static bool is_readable(int descriptor, std::chrono::milliseconds timeout) {
    pollfd watched = {descriptor, POLLIN, 0};
    return poll(&watched, 1, static_cast<int>(timeout.count())) == 1;
}

static void messages_are_taken_when_the_descriptor_says_so(rr::Client &client) {
    rr::Subscription subscription = client.subscription();
    const int descriptor = subscription.fd();
    CHECK(descriptor >= 0 && subscription.fd() == descriptor);
    subscription.add({"subscription:fd"});
    subscription.wait(10s);
    CHECK(!is_readable(descriptor, 0ms));
    client.publish("subscription:fd", "1");
    CHECK(is_readable(descriptor, 10s));
    CHECK_EQ(subscription.next(0ms)->payload(), "1");
    CHECK(!is_readable(descriptor, 0ms));
    subscription.close();
    CHECK(is_readable(descriptor, 0ms));
    CHECK_THROWS(rr::ClosedError, subscription.next(0ms));

    const rr::Subscription pushed = client.subscribe({"subscription:fd"}, [](const rr::Message &) {});
    CHECK_EQ(pushed.fd(), RR_ERR_INVALID_ARGUMENT);
}

static void a_function_is_called_in_order(rr::Client &client) {
    std::mutex lock;
    std::vector<std::string> seen;
    const auto note = [&](const rr::Message &message) {
        const std::lock_guard<std::mutex> guard(lock);
        seen.push_back(std::string(message.channel()) + "=" + std::string(message.payload()));
    };
    const std::vector<std::string> names = {"subscription:f1", "subscription:f2"};
    rr::Subscription channels = client.try_subscribe(rr::Topic::channel, {names[0]}, note).value();
    channels = client.subscribe(names, note);
    rr::Subscription patterns = client.psubscribe({"subscription:g*"}, note);
    rr::Subscription shards = client.ssubscribe({"subscription:h"}, note);
    for (const rr::Subscription *subscription : {&channels, &patterns, &shards})
        subscription->wait(10s);
    client.publish("subscription:f1", "1");
    client.publish("subscription:g1", "2");
    client.command("SPUBLISH", "subscription:h", "3");
    client.publish("subscription:f2", "4");
    const auto count = [&] {
        const std::lock_guard<std::mutex> guard(lock);
        return seen.size();
    };
    WAIT_UNTIL(count() == 4);
    const std::vector<std::string> four = [&] {
        const std::lock_guard<std::mutex> guard(lock);
        return seen;
    }();
    // In order within a subscription; which of several is served first is nobody's promise.
    const auto place = [&](const std::string &message) { return std::find(four.begin(), four.end(), message); };
    CHECK(place("subscription:f1=1") < place("subscription:f2=4") && place("subscription:f2=4") != four.end());
    CHECK(place("subscription:g1=2") != four.end() && place("subscription:h=3") != four.end());

    // More names can be added to it, and it moves with its function.
    rr::Subscription moved = std::move(channels);
    moved.add({"subscription:f3"});
    moved.wait(10s);
    client.publish("subscription:f3", "5");
    WAIT_UNTIL(count() == 5);
    CHECK_THROWS(rr::UsageError, moved.next(0ms));
    CHECK_THROWS(rr::UsageError, channels.add({"x"}));
}

// Counts how many there are of it.
struct Counted {
    explicit Counted(std::atomic<int> &counter) : count(counter) { count++; }
    Counted(const Counted &other) : count(other.count) { count++; }
    ~Counted() { count--; }

    std::atomic<int> &count;
};

static void a_function_ends_with_its_subscription(rr::Client &client) {
    std::atomic<int> count{0};
    {
        const rr::Subscription subscription =
            client.subscribe({"subscription:x"}, [counted = Counted(count)](const rr::Message &) { CHECK(counted.count > 0); });
        subscription.wait(10s);
        CHECK_EQ(count.load(), 1);
        client.publish("subscription:x", "x");
    }
    CHECK_EQ(count.load(), 0);
    const std::vector<std::string> none;
    CHECK_THROWS(rr::UsageError, client.subscribe(none, [counted = Counted(count)](const rr::Message &) {}));
    CHECK_EQ(count.load(), 0);
}

static void what_finds_no_room_is_counted(rr::Client &client) {
    rr::Subscription subscription = client.subscription(rr::SubscriptionOptions().queue_size(2).queue_bytes(100000));
    subscription.add({"subscription:full"});
    subscription.wait(10s);
    for (int i = 0; i < 10; i++)
        client.publish("subscription:full", std::to_string(i));
    // A subscription that the server agrees to after that has its place behind all of them.
    rr::Subscription later = client.subscription();
    later.add({"subscription:later"});
    later.wait(10s);
    std::uint64_t lost = 0;
    std::string kept;
    while (std::optional<rr::Message> message = subscription.next(0ms)) {
        lost += message->lost();
        CHECK_EQ(message->lost() > 0, message->kind() == rr::MessageKind::lost);
        kept += message->payload();
    }
    CHECK_EQ(lost, 8);
    CHECK_EQ(kept, "89");
}

static void a_refusal_is_told(rr::Client &admin, const std::string &url) {
    admin.command("ACL", "SETUSER", "narrow", "on", ">pass", "+@all", "~*", "resetchannels", "&allowed");
    rr::Client client(rr::Config::from_url(url).username("narrow").password("pass"));
    rr::Subscription subscription = client.subscription();
    subscription.add({"forbidden"});
    CHECK_EQ(CAUGHT(rr::ServerError, subscription.wait(10s)).server_code(), "NOPERM");
    const std::optional<rr::Message> message = subscription.next(10s);
    CHECK(message && message->kind() == rr::MessageKind::refused && !message->is_published());
    CHECK_EQ(message->channel(), "forbidden");
    CHECK_EQ(message->error().value().server_code(), "NOPERM");
}

int main(int argc, char **argv) {
    CHECK_EQ(argc, 2);
    rr::Client client(argv[1]);
    client.wait_ready(10s);
    messages_are_taken_one_by_one(client);
    messages_are_taken_in_a_loop(argv[1]);
    messages_are_taken_when_the_descriptor_says_so(client);
    a_function_is_called_in_order(client);
    a_function_ends_with_its_subscription(client);
    what_finds_no_room_is_counted(client);
    a_refusal_is_told(client, argv[1]);
    return 0;
}
