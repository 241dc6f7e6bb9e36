// SPDX-License-Identifier: MIT OR Apache-2.0
// The binding in a program that is compiled without exceptions: every call gives a Result, which is asked before it is used.

#include <resilient_redis/resilient_redis.hpp>

#include "check.hpp"

#include <atomic>
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

using namespace std::chrono_literals;

static_assert(RR_EXCEPTIONS == 0);
static_assert(std::is_same_v<rr::Answer<int>, rr::Result<int>>);

// It would ask the call, and not the set or the key.
template <class T> constexpr bool is_condition = std::is_constructible_v<bool, T>;
static_assert(!is_condition<decltype(std::declval<rr::Client>().sismember("", ""))>);
static_assert(!is_condition<decltype(std::declval<rr::Client>().setnx("", ""))>);
static_assert(!is_condition<decltype(std::declval<rr::Client>().get(""))>);
static_assert(is_condition<decltype(std::declval<rr::Client>().incr(""))>);

static void calls_give_results(rr::Client &client) {
    CHECK(client.set("plain:a", "1").value());
    const rr::Result<std::optional<std::string>> got = client.get("plain:a");
    CHECK(got.has_value() && *got == "1");
    CHECK_EQ(client.incr("plain:a").value_or(0), 2);
    const rr::Result<long long> wrong = client.command<long long>("LPUSH", "plain:a", "x");
    CHECK(!wrong && wrong.has_error());
    CHECK_EQ(wrong.error().server_code(), "WRONGTYPE");
    CHECK(wrong.error().outcome() == rr::Outcome::not_applied);
    CHECK(client.command<int>("PING").error().status() == rr::ConversionError::conversion_status);
    CHECK(client.with(rr::CommandOptions().timeout(-1ms)).get("plain:a").error().status() == RR_ERR_INVALID_ARGUMENT);
    CHECK_CONTAINS(client.blpop("plain:nothing", -1ms).error().what(), "negative");
    CHECK_CONTAINS(client.pipeline()->blpop("plain:nothing", -1ms).exec().error().what(), "negative");
    CHECK_CONTAINS(client.transaction()->blpop("plain:nothing", -1ms).exec().error().what(), "negative");
    const rr::Result<rr::Reply> reply = client.command("GET", "plain:a");
    CHECK_EQ(reply->string(), "2");
    CHECK_EQ(reply->try_as<double>(), std::optional<double>(2.0));
    CHECK_EQ(client.run<int>(rr::Script::make("return 7").value()).value(), 7);
    CHECK(client.state().value() == rr::State::ready);
    CHECK(client.stats()->commands > 0);
    CHECK_CONTAINS(client.metrics().value(), "resilient_redis_");
    CHECK_EQ(client.failed().size().value(), 0);
    for (const rr::FailedCommand &failed : client.failed())
        check::fail(__FILE__, __LINE__, "a failed command: " + std::to_string(failed.id()));
    CHECK_EQ(client.next_event(10s)->value().kind(), rr::EventKind::connected);
}

static void the_first_mistake_of_a_chain_is_kept(rr::Client &client, const std::string &url) {
    rr::Config config = rr::Config::from_url(url).value();
    config.set("no_such_option", "1").command_timeout(-1s).client_name("fine");
    CHECK_CONTAINS(config.error()->what(), "no_such_option");
    CHECK_EQ(rr::Client::open(config).error().status(), RR_ERR_CONFIG);
    CHECK_EQ(rr::Client::open("http://nowhere").error().status(), RR_ERR_CONFIG);

    rr::Pipeline pipeline = client.pipeline().value();
    const rr::Result<rr::Replies> failed = pipeline.set("plain:b", "1").command("SUBSCRIBE", "x").get("plain:b").exec();
    CHECK_EQ(failed.error().status(), RR_ERR_UNSUPPORTED);
    CHECK_EQ(pipeline.clear().set("plain:b", "1").get("plain:b").exec()->get<std::string>(1).value(), "1");
    CHECK_EQ(pipeline.exec()->get<int>(2).error().status(), RR_ERR_INVALID_ARGUMENT);
    CHECK_EQ(pipeline.clear().lpush("plain:b", "x").exec()->get<int>(0).error().server_code(), "WRONGTYPE");

    rr::Transaction transaction = client.transaction({"plain:b"}).value();
    CHECK_EQ(transaction.now().get("plain:b")->value(), "1");
    CHECK_EQ(transaction.set("plain:b", "2").queue("SUBSCRIBE", "x").exec().error().status(), RR_ERR_UNSUPPORTED);
    CHECK(transaction.watch({"plain:b"}).has_value());
    CHECK_EQ(transaction.set("plain:b", "3").exec()->size(), 1);
}

static void a_function_says_by_its_result_how_it_ended(rr::Client &client) {
    int calls = 0;
    const rr::Result<rr::Replies> done = client.transact({"plain:n"}, [&](rr::Transaction &transaction) -> rr::Result<void> {
        const rr::Result<std::optional<std::string>> before = transaction.now().get("plain:n");
        if (before.has_error())
            return before.error();
        if (++calls == 1)
            CHECK(client.set("plain:n", "theirs").has_value());
        transaction.set("plain:n", "mine");
        return std::monostate();
    });
    CHECK(done.has_value());
    CHECK_EQ(calls, 2);
    const auto fails = [](rr::Transaction &transaction) -> rr::Result<void> {
        return transaction.now().lpush("plain:n", "x").error();
    };
    CHECK_EQ(client.transact({"plain:n"}, fails).error().server_code(), "WRONGTYPE");
    const auto queues_what_cannot_be = [](rr::Transaction &transaction) { transaction.queue("SUBSCRIBE", "x"); };
    CHECK_EQ(client.transact({"plain:n"}, queues_what_cannot_be).error().status(), RR_ERR_UNSUPPORTED);
    const auto gives_up = [](rr::Transaction &) { return false; };
    CHECK(!client.transact({"plain:n"}, gives_up)->has_value());
}

static void callbacks_futures_and_queues_give_results(rr::Client &client) {
    std::atomic<int> seen{0};
    const rr::Result<rr::Subscription> subscription = client.subscribe({"plain:c"}, [&](const rr::Message &) { seen++; });
    CHECK(subscription->wait(10s).has_value());
    CHECK_EQ(client.publish("plain:c", "m").value(), 1);
    CHECK(client.submit(rr::arguments("PING"), [&](const rr::Result<rr::Reply> &) { seen++; }).has_value());
    WAIT_UNTIL(seen == 2);
    CHECK_EQ(client.async().get("plain:b").get().value(), std::optional<std::string>("3"));
    CHECK_EQ(client.async().lpush("plain:b", "x").get().error().server_code(), "WRONGTYPE");
    rr::Queue queue = rr::Queue::make().value();
    CHECK(client.submit_to(queue, 1, "PING").has_value());
    CHECK_EQ(queue.next(1, 10s)->at(0).tag, 1);
}

static void writes_of_an_outage_are_neither_values_nor_errors(rr::Client &client) {
    check::server("kill");
    WAIT_UNTIL(client.state().value() != rr::State::ready);
    const rr::Answer<long long> buffered = client.incr("plain:outage");
    CHECK(buffered.is_buffered() && !buffered.has_value() && !buffered.has_error() && !buffered);
    CHECK(client.pipeline()->set("plain:c", "1").exec()->is_buffered());
    check::server("start");
    CHECK(client.flush(10s).has_value());
    CHECK_EQ(client.get<int>("plain:outage")->value(), 1);
}

// In a process of its own.
template <class Function> static void ends_the_program(Function function) {
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        std::fclose(stderr);
        function();
        std::_Exit(0);
    }
    int status = 0;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void a_value_that_is_not_there_ends_the_program() {
    ends_the_program([] { static_cast<void>(rr::Result<int>(rr::Error(RR_ERR_TIMEOUT, "late")).value()); });
    ends_the_program([] { static_cast<void>(rr::Result<int>(rr::Buffered()).value()); });
    ends_the_program([] { static_cast<void>(rr::Result<int>(1).error()); });
}

int main(int argc, char **argv) {
    CHECK_EQ(argc, 2);
    a_value_that_is_not_there_ends_the_program();
    rr::Result<rr::Config> config = rr::Config::from_url(argv[1]);
    config->outage_grace(20ms).reconnect_max_delay(50ms);
    rr::Result<rr::Client> opened = rr::Client::open(*config);
    rr::Client &client = *opened;
    CHECK(client.wait_ready(10s).has_value());
    calls_give_results(client);
    the_first_mistake_of_a_chain_is_kept(client, argv[1]);
    a_function_says_by_its_result_how_it_ended(client);
    callbacks_futures_and_queues_give_results(client);
    writes_of_an_outage_are_neither_values_nor_errors(client);
    CHECK(client.close(5s).has_value());
    CHECK_EQ(client.get("plain:a").error().status(), RR_ERR_CLOSED);
    return 0;
}
