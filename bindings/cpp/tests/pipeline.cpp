// SPDX-License-Identifier: MIT OR Apache-2.0
// Pipelines: chains of typed methods, replies by index, errors of single commands, and use again after whatever happened.

#include <resilient_redis/resilient_redis.hpp>

#include "check.hpp"

#include <map>

using namespace std::chrono_literals;

static void replies_come_in_order_and_are_read_by_index(rr::Client &client) {
    const std::string binary("a\0b", 3);
    const rr::Replies replies = client.pipeline()
                                    .set("pipeline:a", "1")
                                    .incr("pipeline:a")
                                    .get("pipeline:a")
                                    .command("SET", "pipeline:b", binary)
                                    .get("pipeline:b")
                                    .hset("pipeline:h", "field", "value")
                                    .hgetall<std::map<std::string, std::string>>("pipeline:h")
                                    .get("pipeline:none")
                                    .exec();
    CHECK_EQ(replies.size(), 8);
    CHECK(!replies.is_buffered() && !replies.failure() && !replies.empty());
    CHECK(replies.get<bool>(0));
    CHECK_EQ(replies.get<long long>(1), 2);
    CHECK_EQ(replies.get<std::string>(2), "2");
    replies.get<void>(3);
    CHECK_EQ(replies.get<std::string_view>(4), binary);
    CHECK_EQ(replies.get<int>(5), 1);
    CHECK_EQ((replies.get<std::map<std::string, std::string>>(6)), (std::map<std::string, std::string>{{"field", "value"}}));
    CHECK_EQ(replies.get<std::optional<std::string>>(7), std::nullopt);
    CHECK(replies[7].is_nil());
    std::size_t count = 0;
    for (const rr::Value reply : replies)
        count += reply.is_error() ? 0 : 1;
    CHECK_EQ(count, 8);
    const rr::UsageError beyond = CAUGHT(rr::UsageError, replies.get<int>(8));
    CHECK_CONTAINS(beyond.what(), "reply 8 of 8");
}

static void a_refused_command_throws_where_it_is_taken(rr::Client &client) {
    rr::Pipeline pipeline = client.pipeline();
    const rr::Replies replies = pipeline.set("pipeline:text", "text").incr("pipeline:text").get("pipeline:text").exec();
    const rr::ServerError error = CAUGHT(rr::ServerError, replies.get<long long>(1));
    CHECK_EQ(error.server_code(), "ERR");
    CHECK_EQ(replies.get<std::string>(2), "text");
    CHECK_EQ(replies.try_get<long long>(1).error().server_code(), "ERR");
    CHECK_THROWS(rr::ServerError, replies.get<void>(1));
    CHECK_THROWS(rr::ConversionError, replies.get<long long>(2));
}

static void it_stays_usable(rr::Client &client) {
    rr::Pipeline pipeline = client.pipeline();
    CHECK_EQ(pipeline.size(), 0);
    CHECK_THROWS(rr::UsageError, pipeline.exec());
    pipeline.incr("pipeline:again");
    CHECK_EQ(pipeline.exec().get<int>(0), 1);
    CHECK_EQ(pipeline.exec().get<int>(0), 2);
    // What cannot be added is told at once and leaves the rest as it was.
    CHECK_THROWS(rr::UsageError, pipeline.command("SUBSCRIBE", "channel"));
    CHECK_THROWS(rr::UsageError, pipeline.command(rr::Arguments()));
    CHECK_EQ(pipeline.size(), 1);
    CHECK_EQ(pipeline.exec().get<int>(0), 3);
    CHECK_EQ(pipeline.clear().size(), 0);
    CHECK_EQ(pipeline.get("pipeline:again").exec().get<int>(0), 3);
    rr::Pipeline moved = std::move(pipeline);
    CHECK_EQ(moved.exec().get<int>(0), 3);
    CHECK_THROWS(rr::UsageError, pipeline.get("pipeline:again"));
    CHECK_THROWS(rr::UsageError, pipeline.exec());
}

static void it_can_be_atomic_and_have_a_time(rr::Client &client) {
    rr::Pipeline atomic = client.pipeline(rr::PipelineOptions().atomic().no_buffer().no_retry().from_primary().timeout(5s));
    const rr::Replies replies = atomic.set("pipeline:x", "1").incr("pipeline:x").lpush("pipeline:x", "2").exec();
    CHECK_EQ(replies.get<int>(1), 2);
    CHECK_EQ(CAUGHT(rr::ServerError, replies.get<int>(2)).server_code(), "WRONGTYPE");
    // A command of wrong form: nothing of it runs.
    atomic.clear();
    const rr::ServerError refused = CAUGHT(rr::ServerError, atomic.incr("pipeline:x").command("GET").exec());
    CHECK_EQ(refused.server_code(), "EXECABORT");
    CHECK(refused.outcome() == rr::Outcome::not_applied);
    CHECK_EQ(client.get<int>("pipeline:x"), 2);
    CHECK_THROWS(rr::UsageError, client.pipeline(rr::PipelineOptions().timeout(-1s)));
}

static void scripts_run_in_their_place(rr::Client &client) {
    const rr::Script script("return {KEYS[1], ARGV[1], ARGV[2]}");
    const std::vector<std::string> keys = {"k"};
    const std::vector<int> numbers = {1, 2};
    CHECK_EQ(client.pipeline().set("pipeline:text", "a").append("pipeline:text", "b").exec().get<int>(1), 2);
    const rr::Replies replies = client.pipeline().run(script, {"k"}, {"a", "b"}).run(script, keys, numbers).exec();
    CHECK_EQ(replies.get<std::vector<std::string>>(0), (std::vector<std::string>{"k", "a", "b"}));
    CHECK_EQ(replies.get<std::vector<std::string>>(1), (std::vector<std::string>{"k", "1", "2"}));
}

int main(int argc, char **argv) {
    CHECK_EQ(argc, 2);
    rr::Client client(argv[1]);
    client.wait_ready(10s);
    replies_come_in_order_and_are_read_by_index(client);
    a_refused_command_throws_where_it_is_taken(client);
    it_stays_usable(client);
    it_can_be_atomic_and_have_a_time(client);
    scripts_run_in_their_place(client);
    return 0;
}
