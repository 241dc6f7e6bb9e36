// SPDX-License-Identifier: MIT OR Apache-2.0
// Typed commands about strings, keys, scripts and the server.

#include "both_protocols.hpp"

#include <map>
#include <unordered_map>

using namespace std::chrono_literals;

namespace {

using Optional = std::optional<std::string>;

void strings_are_set_and_read(rr::Client &client) {
    const std::string bytes("\0\r\n\xff", 4);

    CHECK(client.set("k", bytes).value());
    CHECK_EQ(client.get("k"), Optional(bytes));
    CHECK_EQ(client.get("missing"), Optional());
    CHECK(!client.set("k", "other", rr::UpdateType::NOT_EXIST).value());
    CHECK(client.set("k", "other", rr::UpdateType::EXIST).value());
    CHECK(!client.set("missing", "v", 10s, rr::UpdateType::EXIST).value());
    CHECK(client.set("k", "v", 90s).value());
    CHECK(client.ttl("k") > 80s && client.ttl("k") <= 90s);
    CHECK(client.set("k", "w", true).value());
    CHECK(client.ttl("k") > 80s);
    CHECK(client.set("k", "w", false).value());
    CHECK_EQ(client.ttl("k").count(), -1);
    CHECK_EQ(client.set_with_get_option("k", "x").value(), Optional("w"));
    CHECK_EQ(client.set_with_get_option("k", "y", 100s).value(), Optional("x"));
    CHECK_EQ(client.set_with_get_option("k", "z", true).value(), Optional("y"));
    CHECK(client.ttl("k") > 90s);
    client.setex("k", 50s, "s").value();
    CHECK(client.ttl("k") <= 50s);
    client.psetex("k", 5000ms, "p").value();
    CHECK(client.pttl("k") <= 5s && client.pttl("k") > 1s);
    CHECK(client.setnx("n", "1").value() && !client.setnx("n", "2").value());
    CHECK_EQ(client.get<int>("n"), std::optional<int>(1));
    CHECK_EQ(client.getset("n", "5").value(), Optional("1"));
    CHECK_EQ(client.getdel("n").value(), Optional("5"));
    CHECK_EQ(client.getdel("n").value(), Optional());
    CHECK_EQ(client.getex("k", 70s).value(), Optional("p"));
    CHECK(client.ttl("k") > 60s);
    CHECK_EQ(client.getex("k", std::chrono::system_clock::now() + 200s).value(), Optional("p"));
    CHECK(client.ttl("k") > 100s);
    CHECK_EQ(client.getex_persist("k").value(), Optional("p"));
    CHECK_EQ(client.ttl("k").count(), -1);
}

void several_strings_are_set_and_read_at_once(rr::Client &client) {
    const std::map<std::string, int> map{{"a", 1}, {"b", 2}};
    const Texts keys{"a", "missing", "b"};
    const std::vector<Optional> expected{Optional("1"), Optional(), Optional("2")};

    client.mset(map).value();
    CHECK_EQ(client.mget(keys), expected);
    CHECK_EQ(client.mget({"a", "missing", "b"}), expected);
    CHECK_EQ(client.mget(keys.begin(), keys.end()), expected);
    CHECK_EQ((client.mget<std::vector<std::optional<int>>>(keys)[2]), std::optional<int>(2));
    std::vector<Optional> filled;
    client.mget(keys.begin(), keys.end(), std::back_inserter(filled));
    CHECK_EQ(filled, expected);
    filled.clear();
    client.mget({"a", "missing", "b"}, std::back_inserter(filled));
    CHECK_EQ(filled, expected);
    client.mset({{"a", "x"}, {"c", "y"}}).value();
    client.mset(map.begin(), map.end()).value();
    CHECK_EQ(client.get("a"), Optional("1"));
    CHECK(!client.msetnx({{"c", "1"}, {"d", "1"}}).value());
    CHECK(client.msetnx({{"d", "1"}}).value());
    CHECK(!client.msetnx(map.begin(), map.end()).value());
}

void strings_count_and_grow(rr::Client &client) {
    const long long one = client.incr("n");

    CHECK_EQ(one, 1);
    CHECK_EQ(client.incrby("n", 10).value(), 11);
    CHECK_EQ(client.decr("n").value(), 10);
    CHECK_EQ(client.decrby("n", 3).value(), 7);
    CHECK_EQ(client.incrbyfloat("n", 0.5).value(), 7.5);
    CHECK_EQ(client.append("t", "Hello").value(), 5);
    CHECK_EQ(client.append("t", " World").value(), 11);
    CHECK_EQ(client.strlen("t"), 11);
    CHECK_EQ(client.getrange("t", -5, -1), "World");
    CHECK_EQ(client.setrange("t", 6, "Redis").value(), 11);
    CHECK_EQ(client.get("t"), Optional("Hello Redis"));
}

void bits_are_set_and_counted(rr::Client &client) {
    CHECK_EQ(client.setbit("b", 7, 1).value(), 0);
    CHECK_EQ(client.getbit("b", 7), 1);
    CHECK_EQ(client.setbit("b", 8, 1).value(), 0);
    CHECK_EQ(client.bitcount("b"), 2);
    CHECK_EQ(client.bitcount("b", 1, 1), 1);
    CHECK_EQ(client.bitcount("b", 0, 7, rr::BitUnit::BIT), 1);
    CHECK_EQ(client.bitpos("b", 1), 7);
    CHECK_EQ(client.bitpos("b", 1, 1), 8);
    CHECK_EQ(client.bitpos("b", 1, 1, 1), 8);
    CHECK_EQ(client.bitpos("b", 1, 8, 15, rr::BitUnit::BIT), 8);
    client.set("c", "\xff").value();
    CHECK_EQ(client.bitop(rr::BitOp::OR, "d", {"b", "c"}).value(), 2);
    CHECK_EQ(client.bitcount("d"), 9);
    CHECK_EQ(client.bitop(rr::BitOp::NOT, "d", "c").value(), 1);
    CHECK_EQ(client.bitcount("d"), 0);
    const Texts keys{"b", "c"};
    CHECK_EQ(client.bitop(rr::BitOp::AND, "d", keys.begin(), keys.end()).value(), 2);
    CHECK_EQ(client.bitop(rr::BitOp::XOR, "d", keys).value(), 2);
    CHECK_EQ(client.bitcount("d"), 8);
}

void elements_are_estimated(rr::Client &client) {
    const Texts elements{"c", "d"};

    CHECK(client.pfadd("p", {"a", "b"}).value());
    CHECK(!client.pfadd("p", "a").value());
    CHECK(client.pfadd("q", elements.begin(), elements.end()).value());
    CHECK_EQ(client.pfcount("p"), 2);
    CHECK_EQ(client.pfcount({"p", "q"}), 4);
    const Texts keys{"p", "q"};
    CHECK_EQ(client.pfcount(keys.begin(), keys.end()), 4);
    client.pfmerge("r", keys).value();
    CHECK_EQ(client.pfcount("r"), 4);
    client.pfmerge("s", keys.begin(), keys.end()).value();
    CHECK_EQ(client.pfcount("s"), 4);
}

void keys_are_found_and_removed(rr::Client &client) {
    const Texts keys{"a", "b", "missing"};

    client.mset({{"a", "1"}, {"b", "2"}, {"c", "3"}}).value();
    CHECK_EQ(client.exists("a"), 1);
    CHECK_EQ(client.exists({"a", "a", "missing"}), 2);
    CHECK_EQ(client.exists(keys.begin(), keys.end()), 2);
    CHECK_EQ(client.touch(keys), 2);
    CHECK_EQ(client.touch(keys.begin(), keys.end()), 2);
    CHECK_EQ(sorted(client.keys("?")), texts("a", "b", "c"));
    Texts filled;
    client.keys("a*", std::back_inserter(filled));
    CHECK_EQ(filled, texts("a"));
    CHECK(client.randomkey().has_value());
    CHECK_EQ(client.type("a"), "string");
    CHECK_EQ(client.type("missing"), "none");
    CHECK_EQ(client.del(keys).value(), 2);
    CHECK_EQ(client.del("c").value(), 1);
    CHECK_EQ(client.randomkey(), Optional());
    client.mset({{"a", "1"}, {"b", "2"}, {"c", "3"}}).value();
    CHECK_EQ(client.unlink({"a", "missing"}).value(), 1);
    CHECK_EQ(client.unlink(keys.begin(), keys.end()).value(), 1);
    CHECK_EQ(client.del(keys.begin(), keys.end()).value(), 0);
    CHECK_EQ(client.dbsize(), 1);
}

void keys_live_for_a_time(rr::Client &client) {
    const auto now = std::chrono::system_clock::now();

    client.set("k", "v").value();
    CHECK_EQ(client.ttl("k").count(), -1);
    CHECK_EQ(client.pttl("missing").count(), -2);
    CHECK(client.expire("k", 100s).value() && !client.expire("missing", 100s).value());
    CHECK(client.ttl("k") <= 100s && client.ttl("k") > 90s);
    CHECK(!client.expire("k", 50s, rr::ExpireType::NX).value());
    CHECK(!client.expire("k", 50s, rr::ExpireType::GT).value());
    CHECK(client.expire("k", 50s, rr::ExpireType::LT).value());
    CHECK(client.expire("k", 60s, rr::ExpireType::XX).value());
    CHECK(client.pexpire("k", 70000ms).value());
    CHECK(client.pttl("k") <= 70s && client.pttl("k") > 60s);
    CHECK(client.expireat("k", now + 200s).value());
    CHECK(client.ttl("k") > 100s);
    CHECK(client.pexpireat("k", now + 300s).value());
    const auto until = std::chrono::floor<std::chrono::milliseconds>((now + 300s).time_since_epoch());
    CHECK_EQ(client.pexpiretime("k").count(), until.count());
    CHECK_EQ(client.expiretime("k").count(), std::chrono::round<std::chrono::seconds>(until).count());
    CHECK(client.persist("k").value() && !client.persist("k").value());
}

void keys_are_renamed_copied_moved_dumped_and_looked_at(rr::Client &client) {
    client.set("a", "1").value();
    client.rename("a", "b").value();
    CHECK_EQ(client.get("b"), Optional("1"));
    client.set("a", "2").value();
    CHECK(!client.renamenx("a", "b").value() && client.renamenx("a", "c").value());
    CHECK(client.copy("c", "d").value() && !client.copy("b", "d").value() && client.copy("b", "d", true).value());
    CHECK_EQ(client.get("d"), Optional("1"));
    CHECK(client.move("d", 1).value() && client.get("d") == std::nullopt);
    const Optional dumped = client.dump("b");
    CHECK(dumped.has_value() && !client.dump("missing").has_value());
    client.restore("e", *dumped).value();
    CHECK_EQ(client.get("e"), Optional("1"));
    CHECK_EQ(CAUGHT(rr::ServerError, client.restore("e", *dumped)).server_code(), "BUSYKEY");
    client.restore("e", *dumped, 100s, true).value();
    CHECK(client.ttl("e") > 90s);
    CHECK_EQ(client.object_encoding("b"), Optional("int"));
    CHECK_EQ(client.object_encoding("missing"), Optional());
    CHECK(client.object_refcount("b").has_value());
    CHECK(client.object_idletime("b").value() < 60s);
    CHECK(client.memory_usage("b").value() > 0 && !client.memory_usage("missing").has_value());
}

void scripts_run_and_give_what_is_asked_for(rr::Client &client) {
    const Texts keys{"k"}, values{"a", "b"};

    CHECK_EQ(client.eval<long long>("return 42").value(), 42);
    CHECK_EQ(client.eval<Texts>("return {KEYS[1], ARGV[1], ARGV[2]}", keys, values).value(), texts("k", "a", "b"));
    CHECK_EQ(client.eval<Texts>("return {KEYS[1], ARGV[2]}", keys.begin(), keys.end(), values.begin(), values.end()).value(),
             texts("k", "b"));
    CHECK_EQ(client.eval<Texts>("return ARGV", {}, {"x"}).value(), texts("x"));
    const rr::Reply tree = client.eval("return {1, {2}}");
    CHECK_EQ(tree[1][0].integer(), 2);
    const std::string sha1 = client.script_load("return ARGV[1]").value();
    CHECK_EQ(client.evalsha<std::string>(sha1, {}, {"v"}).value(), "v");
    CHECK_EQ(client.evalsha_ro<std::string>(sha1, {}, {"v"}), "v");
    CHECK_EQ(client.eval_ro<int>("return 7"), 7);
    CHECK_EQ(client.script_exists({sha1, "0000000000000000000000000000000000000000"}), (std::vector<bool>{true, false}));
    client.script_flush().value();
    CHECK_EQ(client.script_exists(sha1), std::vector<bool>{false});
    CHECK_EQ(CAUGHT(rr::ServerError, client.evalsha<int>(sha1)).server_code(), "NOSCRIPT");
    CHECK_EQ(CAUGHT(rr::ServerError, client.script_kill()).server_code(), "NOTBUSY");
    const char *code = "#!lua name=lib\nredis.register_function{function_name='f', flags={'no-writes'}, "
                       "callback=function(keys, args) return args[1] end}";
    CHECK_EQ(client.function_load(code).value(), "lib");
    CHECK_EQ(client.function_load(code, true).value(), "lib");
    CHECK_EQ(client.fcall<std::string>("f", keys, values).value(), "a");
    CHECK_EQ(client.fcall_ro<std::string>("f", {}, {"z"}), "z");
    client.function_delete("lib").value();
}

void the_server_is_asked_and_told(rr::Client &client) {
    CHECK_EQ(client.ping(), "PONG");
    CHECK_EQ(client.ping("hi"), "hi");
    CHECK_EQ(client.echo("hello"), "hello");
    CHECK_CONTAINS(client.info(), "redis_version:");
    CHECK_CONTAINS(client.info("memory"), "used_memory:");
    const auto distance = client.time() - std::chrono::system_clock::now();
    CHECK(distance < 10s && distance > -10s);
    CHECK(client.lastsave() > 1000000000s);
    CHECK_EQ(client.config_get("maxmemory-policy").at("maxmemory-policy"), "noeviction");
    client.config_set("slowlog-max-len", "77").value();
    CHECK_EQ((client.config_get<std::map<std::string, int>>("slowlog-max-len").at("slowlog-max-len")), 77);
    client.config_resetstat().value();
    client.config_rewrite().value();
    client.client_setname("tester").value();
    CHECK_EQ(client.client_getname(), Optional("tester"));
    CHECK_CONTAINS(client.client_list(), "name=tester");
    CHECK(client.client_id() > 0);
    CHECK_EQ(client.publish("channel", "message").value(), 0);
    CHECK_EQ(client.spublish("channel", "message").value(), 0);
    CHECK_EQ(client.wait(0, 10ms), 0);
    client.set("k", "v").value();
    client.swapdb(0, 1).value();
    CHECK_EQ(client.dbsize(), 0);
    client.swapdb(0, 1).value();
    client.flushdb().value();
    client.set("k", "v").value();
    client.flushdb(true).value();
    CHECK_EQ(client.dbsize(), 0);
    client.flushall(true).value();
    client.save().value();
    CHECK_CONTAINS(client.bgsave().value(), "Background saving");
    WAIT_UNTIL(client.info("persistence").find("rdb_bgsave_in_progress:0") != std::string::npos);
    client.bgrewriteaof().value();
    WAIT_UNTIL(client.info("persistence").find("aof_rewrite_in_progress:0") != std::string::npos);
}

void a_pipeline_has_the_same_commands(rr::Client &client) {
    rr::Pipeline pipeline = client.pipeline();
    auto replies = pipeline.set("k", "v").incr("n").hset("h", {{"f", "1"}}).zadd("z", {{"m", 1.5}}).get("k").hgetall("h").exec();

    CHECK_EQ(replies.get<std::string>(4), "v");
    CHECK_EQ((replies.get<std::map<std::string, int>>(5)), (std::map<std::string, int>{{"f", 1}}));
}

} // namespace

int main(int, char **argv) {
    with_both_protocols(argv[1], strings_are_set_and_read, several_strings_are_set_and_read_at_once, strings_count_and_grow,
                        bits_are_set_and_counted, elements_are_estimated, keys_are_found_and_removed, keys_live_for_a_time,
                        keys_are_renamed_copied_moved_dumped_and_looked_at, scripts_run_and_give_what_is_asked_for,
                        the_server_is_asked_and_told, a_pipeline_has_the_same_commands);
}
