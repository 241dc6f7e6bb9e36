// SPDX-License-Identifier: MIT OR Apache-2.0
// The server is killed and started again: what writes, reads, pipelines, transactions, futures, coroutines' queues and
// subscriptions do meanwhile and afterwards.

#include <resilient_redis/resilient_redis.hpp>

#include "check.hpp"

#include <atomic>

using namespace std::chrono_literals;

static rr::Config config_of(const std::string &url) {
    rr::Config config = rr::Config::from_url(url);
    config.outage_grace(20ms).reconnect_max_delay(50ms);
    return config;
}

static void kill_server(rr::Client &client) {
    check::server("kill");
    WAIT_UNTIL(client.state() != rr::State::ready);
}

static void start_server(rr::Client &client) {
    check::server("start");
    client.reconnect();
    client.flush(10s);
}

static void writes_are_buffered_and_reads_wait(rr::Client &client) {
    kill_server(client);
    const rr::Answer<bool> set = client.set("outage:key", "value");
    CHECK(set.is_buffered() && !set.has_value());
    CHECK_THROWS(rr::BufferedError, set.value());
    CHECK_EQ(client.incr("outage:counter").value_or(-1), -1);
    client.incr("outage:counter"); // an answer may be dropped, then as ever
    CHECK_THROWS(rr::BufferedError, [&]() -> long long { return client.incr("outage:counter"); }());
    CHECK_EQ(client.buffered(), 4);
    CHECK(client.attempt().incr("outage:counter").is_buffered());
    CHECK(client.command("INCR", "outage:counter").is_buffered());

    rr::View quick = client.with(rr::CommandOptions().timeout(50ms));
    const rr::TimeoutError late = CAUGHT(rr::TimeoutError, quick.get("outage:key"));
    CHECK(late.outcome() == rr::Outcome::not_applied && late.is_retryable());
    rr::View unbuffered = client.with(rr::CommandOptions().timeout(50ms).no_buffer());
    CHECK_THROWS(rr::TimeoutError, unbuffered.set("outage:key", "unheard"));
    CHECK_THROWS(rr::TimeoutError, client.flush(20ms));

    start_server(client);
    CHECK_EQ(client.buffered(), 0);
    CHECK_EQ(client.get("outage:key"), std::optional<std::string>("value"));
    CHECK_EQ(client.get<int>("outage:counter"), 5);
}

static void scripts_and_pipelines_are_buffered_too(rr::Client &client) {
    const rr::Script script("return redis.call('APPEND', KEYS[1], ARGV[1])");
    rr::Pipeline writes = client.pipeline();
    writes.set("outage:one", "1").set("outage:two", "2");
    rr::Pipeline reads = client.pipeline(rr::PipelineOptions().timeout(50ms));
    reads.get("outage:one");
    kill_server(client);
    CHECK(client.run<int>(script, {"outage:script"}, {"x"}).is_buffered());
    const rr::Replies replies = writes.exec();
    CHECK(replies.is_buffered());
    CHECK_EQ(replies.size(), 2);
    CHECK_THROWS(rr::BufferedError, replies.get<bool>(0));
    CHECK(replies[0].is_nil());
    CHECK_THROWS(rr::TimeoutError, reads.exec());
    start_server(client);
    CHECK_EQ(reads.exec().get<std::string>(0), "1");
    CHECK_EQ(client.get("outage:script"), std::optional<std::string>("x"));
}

static void futures_are_answered_after_it(rr::Client &client) {
    std::atomic<bool> called{false};
    rr::Queue queue;
    kill_server(client);
    std::future<bool> set = client.async().set("outage:future", "1");
    std::future<long long> incremented = client.async().incr("outage:future");
    client.submit(rr::arguments("INCR", "outage:future"), [&](const rr::Result<rr::Reply> &reply) {
        CHECK_EQ(reply->integer(), 3);
        called = true;
    });
    client.submit_to(queue, 7, "INCR", "outage:future");
    std::future<std::optional<std::string>> read = client.with(rr::CommandOptions().timeout(50ms)).async().get("outage:future");
    CHECK_THROWS(rr::TimeoutError, read.get());
    CHECK(set.wait_for(0s) == std::future_status::timeout);
    CHECK(!called);
    // Those that only want to know that it will be done.
    rr::View accepted = client.with(rr::CommandOptions().until_buffered());
    CHECK_THROWS(rr::BufferedError, accepted.async().incr("outage:future").get());
    accepted.submit_to(queue, 8, "INCR", "outage:future");
    rr::Pipeline pipeline = client.pipeline();
    pipeline.incr("outage:future");
    accepted.submit_to(queue, 9, pipeline);
    std::vector<rr::Completion> buffered;
    while (buffered.size() < 2)
        for (rr::Completion &completion : queue.next(2, 10s))
            buffered.push_back(std::move(completion));
    CHECK(buffered[0].tag == 8 && buffered[0].result.is_buffered());
    CHECK(buffered[1].tag == 9 && buffered[1].replies().is_buffered());
    check::server("start");
    CHECK(set.get());
    CHECK_EQ(incremented.get(), 2);
    WAIT_UNTIL(called);
    const std::vector<rr::Completion> completions = queue.next(1, 10s);
    CHECK_EQ(completions.at(0).tag, 7);
    CHECK_EQ(completions[0].result->integer(), 4);
    client.flush(10s);
    CHECK_EQ(client.get<int>("outage:future"), 7);
}

static void what_is_refused_afterwards_is_listed(rr::Client &client) {
    const std::string binary("with\0inside", 11);
    client.set("outage:text", "text");
    kill_server(client);
    CHECK(client.lpush("outage:text", {binary, ""}).is_buffered());
    rr::Pipeline pipeline = client.pipeline();
    CHECK(pipeline.set("outage:other", "1").lpush("outage:text", "x").exec().is_buffered());
    start_server(client);

    rr::FailedList failed = client.failed();
    CHECK_EQ(failed.size(), 2);
    std::vector<std::uint64_t> ids;
    for (const rr::FailedCommand &command : failed) {
        ids.push_back(command.id());
        CHECK_EQ(command.error().server_code(), "WRONGTYPE");
        CHECK_THROWS(rr::ServerError, command.error().raise());
        if (ids.size() == 1) {
            CHECK_EQ(command.size(), 1);
            CHECK_EQ(command.arguments(), (std::vector<std::string_view>{"LPUSH", "outage:text", binary, ""}));
            CHECK_EQ(command.arguments(1).size(), 0);
        }
    }
    CHECK(ids[0] < ids[1]);
    CHECK_EQ(failed.next(ids[0])->id(), ids[1]);
    client.del("outage:text");
    failed.retry(ids[0]);
    failed.discard(ids[1]);
    client.flush(10s);
    CHECK_EQ(failed.size(), 0);
    CHECK_EQ(client.llen("outage:text"), 2);
}

static void events_tell_of_it(rr::Client &client) {
    while (client.next_event(0ms)) {
    }
    kill_server(client);
    client.incr("outage:text"); // a list by now
    check::server("start");
    bool seen[16] = {};
    std::uint64_t failed_id = 0;
    while (!seen[RR_EVENT_COMMAND_FAILED] || !seen[RR_EVENT_CONNECTED] || !seen[RR_EVENT_DRAINED]) {
        const std::optional<rr::Event> event = client.next_event(10s);
        CHECK(event);
        seen[static_cast<int>(event->kind())] = true;
        switch (event->kind()) {
        case rr::EventKind::command_failed: failed_id = event->failed_id(); break;
        case rr::EventKind::reconnecting: CHECK(event->attempt() > 0); CHECK(event->delay() >= 0ms); break;
        case rr::EventKind::drained: CHECK(event->count() > 0); break;
        case rr::EventKind::failover:
            CHECK(event->server_change() == rr::ServerChange::restarted);
            CHECK(event->history() == rr::History::unknown);
            CHECK(event->old_run_id() != event->new_run_id() && event->old_run_id().size() == 40);
            break;
        default: break;
        }
    }
    CHECK(seen[RR_EVENT_DISCONNECTED] && seen[RR_EVENT_BUFFERING] && seen[RR_EVENT_FAILOVER]);
    client.failed().discard(failed_id);
    CHECK(client.stats().longest_outage() > 0us);
    CHECK(client.stats().outages > 0);
}

static void subscriptions_come_back(rr::Client &client) {
    std::atomic<int> restored{0}, published{0};
    const rr::Subscription pushed = client.subscribe({"outage:channel"}, [&](const rr::Message &message) {
        restored += message.kind() == rr::MessageKind::restored ? 1 : 0;
        published += message.payload() == "after" ? 1 : 0;
    });
    rr::Subscription pulled = client.subscription();
    pulled.add({"outage:channel"});
    pushed.wait(10s);
    pulled.wait(10s);
    const auto before = std::chrono::system_clock::now();
    kill_server(client);
    start_server(client);
    pulled.wait(10s);
    pushed.wait(10s);
    client.publish("outage:channel", "after");
    const std::optional<rr::Message> gap = pulled.next(10s);
    CHECK(gap && gap->kind() == rr::MessageKind::restored && gap->payload().empty());
    CHECK(gap->down_since() < gap->up_at());
    CHECK(gap->up_at() > before);
    CHECK_EQ(pulled.next(10s)->payload(), "after");
    WAIT_UNTIL(restored == 1 && published == 1);
}

static void a_watch_that_is_lost_is_a_conflict(rr::Client &client) {
    rr::Transaction transaction = client.transaction({"outage:watched"});
    transaction.set("outage:watched", "1");
    kill_server(client);
    start_server(client);
    CHECK_THROWS(rr::ConflictError, transaction.exec());
    int calls = 0;
    client.transact({"outage:watched"}, [&](rr::Transaction &again) {
        if (++calls == 1) {
            kill_server(client);
            start_server(client);
        }
        again.set("outage:watched", std::to_string(calls));
    });
    CHECK_EQ(client.get("outage:watched"), std::optional<std::string>("2"));
}

// What was written and not answered: a pipeline of which the server ran only a part.
static void a_pipeline_that_was_cut_says_what_became_of_each_command(const std::string &url) {
    rr::Client client(config_of(url).set("delivery", "at_most_once"));
    client.wait_ready(10s);
    rr::Pipeline pipeline = client.pipeline();
    // The server cuts the connection in between, by its own order.
    const std::string id = std::to_string(client.command<long long>("CLIENT", "ID").value());
    pipeline.incr("outage:cut").command("EVAL", "return redis.call('INCR', KEYS[1])", 1, "outage:cut");
    pipeline.command("CLIENT", "KILL", "ID", id, "SKIPME", "no").incr("outage:cut").incr("outage:cut");
    const rr::PipelineError error = CAUGHT(rr::PipelineError, pipeline.exec());
    CHECK_EQ(error.status(), RR_ERR_CONNECTION_LOST);
    CHECK(error.replies().failure().has_value());
    CHECK_EQ(error.replies().size(), 5);
    CHECK_EQ(error.replies().get<int>(0), 1);
    CHECK_EQ(error.replies().get<int>(1), 2);
    const rr::ConnectionError lost = CAUGHT(rr::ConnectionError, error.replies().get<int>(3));
    CHECK(lost.outcome() == rr::Outcome::unknown);

    const rr::Result<rr::Replies> result = client.try_pipeline()->get("outage:cut").try_exec();
    CHECK(result.has_value() && !result->failure());
    pipeline.clear();
    CHECK_EQ(pipeline.get("outage:cut").exec().size(), 1);
}

static void a_submitted_pipeline_that_was_cut_gives_what_came(const std::string &url) {
    rr::Client client(config_of(url).set("delivery", "at_most_once"));
    client.wait_ready(10s);
    rr::Pipeline pipeline = client.pipeline();
    const auto cut = [&](const std::string &key) {
        const std::string id = std::to_string(client.command<long long>("CLIENT", "ID").value());
        pipeline.clear().incr(key).command("CLIENT", "KILL", "ID", id, "SKIPME", "no").incr(key);
    };
    std::atomic<bool> called{false};
    cut("outage:submitted");
    client.submit(pipeline, [&](const rr::Result<rr::Replies> &replies) {
        CHECK_EQ(replies->failure()->status(), RR_ERR_CONNECTION_LOST);
        CHECK_EQ(replies->get<int>(0), 1);
        CHECK(replies->try_get<int>(2).error().outcome() == rr::Outcome::unknown);
        called = true;
    });
    WAIT_UNTIL(called);
    client.wait_ready(10s);
    rr::Queue queue;
    cut("outage:queued");
    client.submit_to(queue, 1, pipeline);
    rr::Completion completion = std::move(queue.next(1, 10s).at(0));
    CHECK(completion.result.has_error() && completion.partial);
    const rr::Result<rr::Replies> replies = completion.replies();
    CHECK_EQ(replies->get<int>(0), 1);
    CHECK_EQ(replies->failure()->status(), RR_ERR_CONNECTION_LOST);
}

static void the_end_says_what_is_left(rr::Client &client) {
    kill_server(client);
    CHECK(client.set("outage:lost", "1").is_buffered());
    CHECK(client.set("outage:lost", "2").is_buffered());
    const rr::CloseReport report = client.close(20ms);
    CHECK_EQ(report.drained, 0);
    CHECK_EQ(report.lost, 2);
    CHECK_EQ(report.unknown, 0);
    CHECK_EQ(report.failed, 0);
}

static void a_full_buffer_and_giving_up_are_told(const std::string &url) {
    // Nobody is there.
    rr::Client full(config_of(url).buffer_max_commands(1));
    WAIT_UNTIL(full.set("outage:full", "1").is_buffered());
    const rr::BufferFullError error = CAUGHT(rr::BufferFullError, full.set("outage:full", "2"));
    CHECK(error.outcome() == rr::Outcome::not_applied);
    rr::Client given_up(config_of(url).reconnect_tries(1).reconnect_interval(20ms));
    WAIT_UNTIL(given_up.state() == rr::State::gave_up);
    CHECK_EQ(CAUGHT(rr::ConnectionError, given_up.get("outage:key")).status(), RR_ERR_GAVE_UP);
    rr::Client failing(config_of(url).set("reads_during_outage", "fail"));
    CHECK_EQ(CAUGHT(rr::ConnectionError, failing.get("outage:key")).status(), RR_ERR_UNAVAILABLE);
}

int main(int argc, char **argv) {
    CHECK_EQ(argc, 2);
    rr::Client client(config_of(argv[1]));
    client.wait_ready(10s);
    writes_are_buffered_and_reads_wait(client);
    scripts_and_pipelines_are_buffered_too(client);
    futures_are_answered_after_it(client);
    what_is_refused_afterwards_is_listed(client);
    events_tell_of_it(client);
    subscriptions_come_back(client);
    a_watch_that_is_lost_is_a_conflict(client);
    a_pipeline_that_was_cut_says_what_became_of_each_command(argv[1]);
    a_submitted_pipeline_that_was_cut_gives_what_came(argv[1]);
    the_end_says_what_is_left(client);
    a_full_buffer_and_giving_up_are_told(argv[1]);
    return 0;
}
