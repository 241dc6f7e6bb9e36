// SPDX-License-Identifier: MIT OR Apache-2.0
// A client: making, moving and closing it, commands of any kind, options of single commands, scripts, state, stats, events,
// and MONITOR.

#include <resilient_redis/resilient_redis.hpp>

#include "check.hpp"

#include <map>
#include <set>
#include <vector>

using namespace std::chrono_literals;

static_assert(!std::is_copy_constructible_v<rr::Client> && std::is_nothrow_move_constructible_v<rr::Client>);
static_assert(std::is_nothrow_copy_constructible_v<rr::Error>);

static void typed_commands_give_values(rr::Client &client) {
    CHECK_EQ(client.set("client:a", "1").value(), true);
    CHECK_EQ(client.get("client:a"), std::optional<std::string>("1"));
    CHECK_EQ(client.get("client:none"), std::nullopt);
    const long long count = client.incr("client:a");
    CHECK_EQ(count, 2);
    client.incr("client:a"); // an answer may be dropped
    CHECK_EQ(*client.get<int>("client:a"), 3);
}

static void any_command_can_be_issued_and_its_reply_read_as_a_type(rr::Client &client) {
    const std::string binary("a\0b\r\n", 5);
    const std::vector<std::string> members = {"x", "y", binary};
    CHECK_EQ(client.command<long long>("RPUSH", "client:list", members, 7).value(), 4);
    CHECK_EQ(client.command<std::vector<std::string>>("LRANGE", "client:list", 0, -1).value(),
             (std::vector<std::string>{"x", "y", binary, "7"}));
    client.command<void>("SET", "client:real", 0.1);
    CHECK_EQ(client.command<double>("GET", "client:real").value(), 0.1);
    const rr::Arguments arguments = rr::arguments("SET", "client:b", binary);
    client.command(arguments);
    CHECK_EQ(client.command<std::string>("GET", "client:b").value(), binary);
    const std::optional<std::string> none = client.command<std::optional<std::string>>("GET", "client:none");
    CHECK_EQ(none, std::nullopt);
}

static void a_reply_is_looked_into_without_copying(rr::Client &client) {
    client.command("HSET", "client:hash", "one", 1, "two", 2);
    const rr::Reply reply = client.command("HGETALL", "client:hash");
    std::map<std::string_view, std::string_view> seen;
    for (const auto &[key, value] : reply.entries())
        seen.emplace(key.string(), value.string());
    CHECK_EQ(seen, (std::map<std::string_view, std::string_view>{{"one", "1"}, {"two", "2"}}));
    std::size_t count = 0;
    for (const rr::Value value : reply)
        count += value.string().size();
    CHECK_EQ(count, 8);
    CHECK_EQ((reply.as<std::map<std::string, int>>()), (std::map<std::string, int>{{"one", 1}, {"two", 2}}));

    rr::Reply pong = client.command("PING");
    CHECK(pong.type() == rr::Type::status);
    CHECK_EQ(pong.string(), "PONG");
    const rr::Reply moved = std::move(pong);
    CHECK_EQ(moved.string(), "PONG");
    CHECK(rr::Reply().is_nil());
}

static void a_call_can_have_options_of_its_own(rr::Client &client) {
    rr::View quick = client.with(rr::CommandOptions().timeout(50ms).no_buffer().no_retry().from_primary());
    CHECK_EQ(quick.set("client:view", "v").value(), true);
    CHECK_EQ(quick.get("client:view"), std::optional<std::string>("v"));
    const auto before = std::chrono::steady_clock::now();
    const rr::TimeoutError late = CAUGHT(rr::TimeoutError, quick.command("BLPOP", "client:nothing", 0));
    CHECK(std::chrono::steady_clock::now() - before < 5s);
    CHECK(late.outcome() == rr::Outcome::not_applied);
    CHECK_THROWS(rr::UsageError, client.with(rr::CommandOptions().timeout(-1ms)).get("client:view"));
    // Less than nothing is not for ever.
    CHECK_CONTAINS(CAUGHT(rr::UsageError, client.blpop("client:nothing", -1ms)).what(), "negative");
    CHECK_EQ(client.attempt().blpop("client:nothing", -1ms).error().status(), RR_ERR_INVALID_ARGUMENT);
    CHECK_THROWS(rr::UsageError, client.async().bzpopmin("client:nothing", -1ms).get());
    CHECK_THROWS(rr::UsageError, client.pipeline().blpop("client:nothing", -1s));
    CHECK_THROWS(rr::UsageError, client.transaction().brpop("client:nothing", -1ms));
    CHECK_THROWS(rr::UsageError, client.transaction({"client:view"}).now().brpop("client:nothing", -1ms));
    CHECK_EQ(client.blpop("client:nothing", 1ms), std::nullopt);
    // Room is waited for by what is submitted; a call that waits has no such choice, and does not mind.
    CHECK_EQ(client.with(rr::CommandOptions().wait_for_room()).get("client:view"), std::optional<std::string>("v"));
    CHECK_EQ(quick.async().get("client:view").get(), std::optional<std::string>("v"));
}

// A namespace of the program's own, with names that the binding uses, too: the program's are not called.
namespace program {

struct Keys : std::vector<std::string> {
    using std::vector<std::string>::vector;
};
struct Number {};

template <class... A> void arguments(A &&...) { CHECK(false); }
template <class T> Number give(T &&) { return Number(); }
template <class T> Number give_answer(T &&) { return Number(); }
template <class... A> Number issue(A &&...) { return Number(); }

} // namespace program

template <> struct rr::Convert<program::Number> : rr::Conversion<program::Number> {
    static bool into(const Value &, program::Number &) { return true; }
};

static void names_of_the_program_do_no_harm(rr::Client &client) {
    const program::Keys keys{"client:a", "client:b"};
    CHECK_EQ(client.transact(keys, [&](rr::Transaction &transaction) { transaction.exists(keys); }).size(), 1);
    CHECK_EQ(client.transaction(keys).exists(keys).exec().size(), 1);
    CHECK_EQ(client.try_transaction({"client:a"}).value().exists(keys).exec().size(), 1);
    CHECK_EQ(client.try_transaction().value().exists(keys).exec().size(), 1);
    static_cast<void>(client.command<program::Number>("PING"));
    static_cast<void>(client.run_read_only<program::Number>(rr::Script("return 1")));
}

static void texts_are_written_to_streams(rr::Client &client) {
    std::ostringstream stream;
    stream << client.script_load("return 1") << ' ' << client.incr("client:stream");
    CHECK_EQ(stream.str(), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db 1");
}

static void scripts_run(rr::Client &client) {
    const rr::Script add("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    CHECK_EQ(client.run<long long>(add, {"client:sum"}, {"40"}).value(), 40);
    const std::vector<std::string> keys = {"client:sum"};
    CHECK_EQ(client.run<long long>(add, keys, std::vector<int>{2}).value(), 42);
    // In braces, in containers, or both.
    CHECK_EQ(client.run<long long>(add, {"client:sum"}, std::vector<int>{0}).value(), 42);
    CHECK_EQ(client.run<long long>(add, keys, {"0"}).value(), 42);
    CHECK_EQ(client.run<long long>(add, "client:sum", 0).value(), 42);
    CHECK_EQ(client.try_run<long long>(add, keys, {"0"}).value(), 42);
    const rr::Script look("return redis.call('GET', KEYS[1])");
    CHECK_EQ(client.run_read_only<std::string>(look, {"client:sum"}), "42");
    CHECK_EQ(client.with(rr::CommandOptions().no_buffer().no_retry()).run<int>(rr::Script("return 7")).value(), 7);
    CHECK_THROWS(rr::ServerError, client.run_read_only(add, {"client:sum"}, {"1"}));
    const rr::ServerError broken = CAUGHT(rr::ServerError, client.run(rr::Script("redis.call('SET', 'client:half', 1) error('no')")));
    CHECK(broken.outcome() == rr::Outcome::unknown);
    CHECK_EQ(client.exists("client:half"), 1);
    CHECK_EQ(client.pipeline().run(add, {"client:sum"}, {"8"}).exec().get<int>(0), 50);
}

static void state_stats_and_metrics_can_be_told(rr::Client &client) {
    CHECK(client.state() == rr::State::ready);
    CHECK_EQ(std::string(rr::name(client.state())), "RR_STATE_READY");
    client.wait_ready(0ms);
    client.reconnect();
    client.flush(1s);
    CHECK_EQ(client.buffered(), 0);
    const rr::Stats before = client.stats();
    client.command("PING");
    const rr::Stats after = client.stats();
    CHECK(after.commands > before.commands);
    CHECK(after.connects >= 1);
    CHECK(after.longest_call() > 0us);
    CHECK_EQ(after.longest_outage().count(), after.longest_outage_us);
    CHECK_EQ(after.last_outage().count(), after.last_outage_us);
    CHECK_EQ(after.outage_total().count(), after.outage_total_us);
    CHECK_CONTAINS(client.metrics(), "\nresilient_redis_commands_total");
    CHECK_EQ(client.failed().size(), 0);
    CHECK(client.failed().begin() == client.failed().end());
}

static void events_can_be_taken(const std::string &url) {
    rr::Client client(url);
    client.wait_ready(10s);
    std::optional<rr::Event> event = client.next_event(10s);
    CHECK(event && event->kind() == rr::EventKind::connected);
    CHECK_EQ(std::string(rr::name(event->kind())), "RR_EVENT_CONNECTED");
    CHECK(!event->message().empty());
    CHECK(event->time() > std::chrono::system_clock::now() - 1min);
    CHECK_EQ(event->missed(), 0);
    CHECK(event->server_change() == rr::ServerChange::none && event->history() == rr::History::unknown);
    CHECK_EQ(event->old_run_id(), "");
    CHECK_EQ(event->new_run_id(), "");
    CHECK(event->old_offset() == -1 && event->shared_offset() == -1 && event->new_offset() == -1);
    CHECK(!client.next_event(0ms));
    client.close(1s);
    CHECK_THROWS(rr::ClosedError, [&] { while (client.next_event(1s)) {} }());
}

static void a_monitor_shows_what_runs(rr::Client &client) {
    rr::Monitor monitor = client.monitor();
    CHECK(!monitor.next(0ms));
    const std::string binary("a\0b", 3);
    client.command("ECHO", binary);
    for (const rr::MonitorEntry &entry : monitor) {
        const std::vector<std::string_view> arguments = entry.arguments();
        if (arguments.size() != 2 || arguments[1] != binary)
            continue;
        CHECK(entry.kind() == rr::MonitorKind::command);
        CHECK_EQ(arguments[0], "ECHO");
        CHECK_EQ(entry.db(), 0);
        CHECK_CONTAINS(entry.address(), "127.0.0.1:");
        CHECK_CONTAINS(entry.line(), "ECHO");
        CHECK_EQ(entry.gap().count(), 0);
        CHECK(entry.time() > std::chrono::system_clock::now() - 1min);
        break;
    }
}

static void a_client_moves_and_its_views_with_it(const std::string &url) {
    rr::Client first(url);
    rr::View view = first.with(rr::CommandOptions().timeout(10s));
    rr::Pipeline pipeline = first.pipeline();
    rr::Client second = std::move(first);
    CHECK_EQ(second.set("client:moved", "1").value(), true);
    CHECK_EQ(view.get("client:moved"), std::optional<std::string>("1"));
    CHECK_EQ(pipeline.get("client:moved").exec().get<std::string>(0), "1");
    CHECK_THROWS(rr::UsageError, first.get("client:moved"));
    CHECK_THROWS(rr::UsageError, first.state());
    CHECK_THROWS(rr::UsageError, first.close(0ms));
    first = std::move(second);
    CHECK_EQ(first.get("client:moved"), std::optional<std::string>("1"));
    std::vector<rr::Client> clients;
    clients.push_back(std::move(first));
    clients.emplace_back(url);
    CHECK_EQ(clients[0].get("client:moved"), std::optional<std::string>("1"));
    clients[1] = std::move(clients[0]);
    CHECK_EQ(clients[1].get("client:moved"), std::optional<std::string>("1"));
}

static void a_closed_client_says_so(const std::string &url) {
    rr::Client client = rr::Client::open(url);
    client.set("client:closed", "1");
    const rr::CloseReport report = client.close(5s);
    CHECK_EQ(report.lost, 0);
    CHECK_EQ(report.unknown, 0);
    CHECK_EQ(report.failed, 0);
    CHECK(client.state() == rr::State::closed);
    const rr::ClosedError closed = CAUGHT(rr::ClosedError, client.get("client:closed"));
    CHECK(closed.outcome() == rr::Outcome::not_applied);
    CHECK_EQ(client.close(0ms).drained, 0);
}

static void what_is_made_from_a_client_may_outlive_it(const std::string &url) {
    std::optional<rr::Client> client(std::in_place, url);
    rr::Pipeline pipeline = client->pipeline();
    rr::Transaction transaction = client->transaction({"client:a"});
    rr::Subscription subscription = client->subscription();
    rr::Monitor monitor = client->monitor();
    client.reset();
    CHECK_THROWS(rr::ClosedError, pipeline.get("client:a").exec());
    CHECK_THROWS(rr::ClosedError, [&] { while (subscription.next(1s)) {} }());
    CHECK_THROWS(rr::ClosedError, [&] { while (monitor.next(1s)) {} }());
    CHECK_THROWS(rr::ClosedError, transaction.now().get("client:a"));
    for (const rr::Message &message : subscription)
        check::fail(__FILE__, __LINE__, "a message of a closed client: " + std::string(message.payload()));
}

int main(int argc, char **argv) {
    CHECK_EQ(argc, 2);
    CHECK_EQ(rr::version_number(), RR_VERSION_NUMBER);
    CHECK_EQ(std::string(rr::version()), std::to_string(RR_VERSION_MAJOR) + "." + std::to_string(RR_VERSION_MINOR) + "." +
                                             std::to_string(RR_VERSION_PATCH));
    rr::Client client(argv[1]);
    client.wait_ready(10s);
    typed_commands_give_values(client);
    any_command_can_be_issued_and_its_reply_read_as_a_type(client);
    a_reply_is_looked_into_without_copying(client);
    a_call_can_have_options_of_its_own(client);
    names_of_the_program_do_no_harm(client);
    texts_are_written_to_streams(client);
    scripts_run(client);
    state_stats_and_metrics_can_be_told(client);
    events_can_be_taken(argv[1]);
    a_monitor_shows_what_runs(client);
    a_client_moves_and_its_views_with_it(argv[1]);
    a_closed_client_says_so(argv[1]);
    what_is_made_from_a_client_may_outlive_it(argv[1]);
    return 0;
}
