// SPDX-License-Identifier: MIT OR Apache-2.0
// Typed commands about hashes, lists and sets.

#include "both_protocols.hpp"

#include <map>
#include <set>
#include <unordered_set>

using namespace std::chrono_literals;

namespace {

using Optional = std::optional<std::string>;
using Map = std::map<std::string, std::string>;

void hashes_take_fields_in_every_form(rr::Client &client) {
    const Map map{{"a", "1"}, {"b", "2"}};
    const std::vector<std::pair<std::string, int>> numbers{{"c", 3}};

    CHECK_EQ(client.hset("h", "f", "v").value(), 1);
    CHECK_EQ(client.hset("h", {{"f", "w"}, {"g", "x"}}).value(), 1);
    CHECK_EQ(client.hset("h", map).value(), 2);
    CHECK_EQ(client.hset("h", map.begin(), map.end()).value(), 0);
    CHECK_EQ(client.hset("h", numbers).value(), 1);
    CHECK_EQ(client.hset("h", std::make_pair("d", "4")).value(), 1);
    client.hmset("h", {{"e", "5"}}).value();
    client.hmset("h", map.begin(), map.end()).value();
    CHECK_EQ(client.hlen("h"), 7);
    CHECK(client.hsetnx("h", "z", "1").value() && !client.hsetnx("h", "z", "2").value());
    CHECK_EQ(client.hget("h", "z"), Optional("1"));
    CHECK_EQ(client.hget("h", "missing"), Optional());
    CHECK_EQ(client.hdel("h", "z").value(), 1);
    CHECK_EQ(client.hdel("h", {"f", "g", "missing"}).value(), 2);
    const Texts fields{"d", "e"};
    CHECK_EQ(client.hdel("h", fields.begin(), fields.end()).value(), 2);
    CHECK(client.hexists("h", "a") && !client.hexists("h", "d"));
}

void hashes_are_read_as_any_container(rr::Client &client) {
    const Map map{{"a", "1"}, {"b", "2"}};
    const Texts fields{"a", "x"};
    const std::vector<Optional> expected{Optional("1"), Optional()};

    client.hset("h", map).value();
    CHECK_EQ(client.hgetall("h").at("a"), "1");
    CHECK_EQ(client.hgetall<Map>("h"), map);
    Map filled;
    client.hgetall("h", std::inserter(filled, filled.end()));
    CHECK_EQ(filled, map);
    std::vector<std::pair<std::string, int>> pairs;
    client.hgetall("h", std::back_inserter(pairs));
    CHECK_EQ(sorted(pairs), (std::vector<std::pair<std::string, int>>{{"a", 1}, {"b", 2}}));
    CHECK(client.hgetall("missing").empty());
    CHECK_EQ(sorted(client.hkeys("h")), texts("a", "b"));
    CHECK_EQ(client.hvals<std::set<int>>("h"), (std::set<int>{1, 2}));
    Texts names, values;
    client.hkeys("h", std::back_inserter(names));
    client.hvals("h", std::back_inserter(values));
    CHECK_EQ(sorted(names), texts("a", "b"));
    CHECK_EQ(sorted(values), texts("1", "2"));
    CHECK_EQ(client.hmget("h", {"a", "x"}), expected);
    CHECK_EQ(client.hmget("h", fields.begin(), fields.end()), expected);
    std::vector<Optional> some;
    client.hmget("h", fields.begin(), fields.end(), std::back_inserter(some));
    client.hmget("h", fields, std::back_inserter(some));
    CHECK_EQ(some.size(), 4);
    CHECK_EQ(some[2], Optional("1"));
    CHECK_EQ(client.hstrlen("h", "a"), 1);
    CHECK(client.hrandfield("h").has_value() && !client.hrandfield("missing").has_value());
    CHECK_EQ(sorted(client.hrandfield("h", 5)), texts("a", "b"));
    CHECK_EQ(client.hrandfield("h", -5).size(), 5);
    CHECK_EQ(client.hrandfield_with_values<Map>("h", 5), map);
    Texts random;
    client.hrandfield("h", 1, std::back_inserter(random));
    CHECK_EQ(random.size(), 1);
    CHECK_EQ(client.hincrby("h", "a", 4).value(), 5);
    CHECK_EQ(client.hincrbyfloat("h", "a", 0.25).value(), 5.25);
}

void lists_grow_and_shrink_at_both_ends(rr::Client &client) {
    const Texts values{"c", "d"};

    CHECK_EQ(client.rpush("l", {"a", "b"}).value(), 2);
    CHECK_EQ(client.rpush("l", values.begin(), values.end()).value(), 4);
    CHECK_EQ(client.lpush("l", "z").value(), 5);
    CHECK_EQ(client.lpush("m", values.begin(), values.end()).value(), 2);
    CHECK_EQ(client.lpushx("missing", "v").value(), 0);
    CHECK_EQ(client.rpushx("missing", "v").value(), 0);
    CHECK_EQ(client.lrange("l", 0, -1), texts("z", "a", "b", "c", "d"));
    std::vector<std::string> filled;
    client.lrange("l", 0, 1, std::back_inserter(filled));
    CHECK_EQ(filled, texts("z", "a"));
    CHECK_EQ(client.llen("l"), 5);
    CHECK_EQ(client.lindex("l", -1), Optional("d"));
    CHECK_EQ(client.lindex("l", 9), Optional());
    CHECK_EQ(client.lpop("l").value(), Optional("z"));
    CHECK_EQ(client.rpop("l").value(), Optional("d"));
    CHECK_EQ(client.lpop("missing").value(), Optional());
    CHECK_EQ(client.rpop("m", 5).value(), texts("c", "d"));
    CHECK_EQ(client.lpop("missing", 5).value(), Texts());
    Texts popped;
    client.rpush("m", values).value();
    client.lpop("m", 1, std::back_inserter(popped));
    client.rpop("m", 1, std::back_inserter(popped));
    CHECK_EQ(popped, values);
    CHECK_EQ(client.linsert("l", rr::InsertPosition::BEFORE, "b", "ab").value(), 4);
    CHECK_EQ(client.linsert("l", rr::InsertPosition::AFTER, "c", "x").value(), 5);
    CHECK_EQ(client.linsert("l", rr::InsertPosition::AFTER, "missing", "x").value(), -1);
    client.lset("l", -1, "a").value();
    CHECK_EQ(client.lrange("l", 0, -1), texts("a", "ab", "b", "c", "a"));
    CHECK_EQ(client.lpos("l", "a"), std::optional<long long>(0));
    CHECK_EQ(client.lpos("l", "a", -1), std::optional<long long>(4));
    CHECK_EQ(client.lpos("l", "missing"), std::optional<long long>());
    CHECK_EQ(client.lpos_all("l", "a"), (std::vector<long long>{0, 4}));
    CHECK_EQ(client.lpos_all("l", "a", 1, 2), std::vector<long long>{4});
    CHECK_EQ(client.lrem("l", 0, "a").value(), 2);
    client.ltrim("l", 0, 1).value();
    CHECK_EQ(client.lrange("l", 0, -1), texts("ab", "b"));
}

void elements_are_moved_from_list_to_list(rr::Client &client) {
    const Texts keys{"missing", "l"};
    using Popped = std::optional<std::pair<std::string, Texts>>;

    client.rpush("l", {"a", "b", "c", "d"}).value();
    CHECK_EQ(client.lmove("l", "m", rr::ListWhence::LEFT, rr::ListWhence::RIGHT).value(), Optional("a"));
    CHECK_EQ(client.rpoplpush("l", "m").value(), Optional("d"));
    CHECK_EQ(client.lrange("m", 0, -1), texts("d", "a"));
    CHECK_EQ(client.lmpop(keys, rr::ListWhence::LEFT, 5).value(), Popped(std::make_pair("l", texts("b", "c"))));
    CHECK_EQ(client.lmpop(keys, rr::ListWhence::LEFT).value(), Popped());
}

void what_waits_gives_an_element_or_nothing_in_time(rr::Client &client) {
    using Popped = std::optional<std::pair<std::string, std::string>>;
    const Texts keys{"none", "l"};

    client.rpush("l", {"a", "b", "c", "d", "e"}).value();
    CHECK_EQ(client.blpop("l", 5s), Popped(std::make_pair("l", "a")));
    CHECK_EQ(client.blpop({"none", "l"}), Popped(std::make_pair("l", "b")));
    CHECK_EQ(client.brpop(keys.begin(), keys.end(), 5s), Popped(std::make_pair("l", "e")));
    CHECK_EQ(client.brpop("l", 5s), Popped(std::make_pair("l", "d")));
    CHECK_EQ(client.blmove("l", "m", rr::ListWhence::LEFT, rr::ListWhence::LEFT, 5s), Optional("c"));
    CHECK_EQ(client.brpoplpush("m", "l", 5s), Optional("c"));
    CHECK_EQ(client.blmpop(keys, rr::ListWhence::LEFT, 2, 5s)->second, texts("c"));
    const auto begun = std::chrono::steady_clock::now();
    CHECK_EQ(client.blpop(keys.begin(), keys.end(), 150ms), Popped());
    CHECK(std::chrono::steady_clock::now() - begun >= 140ms);
    CHECK_EQ(client.blmove("l", "m", rr::ListWhence::LEFT, rr::ListWhence::LEFT, 10ms), Optional());
    std::thread pusher([&] { client.rpush("l", "late").value(); });
    CHECK_EQ(client.blpop("l", 10s), Popped(std::make_pair("l", "late")));
    pusher.join();
}

void sets_have_members(rr::Client &client) {
    const std::unordered_set<std::string> members{"a", "b"};
    const Texts more{"c", "d"};

    CHECK_EQ(client.sadd("s", members).value(), 2);
    CHECK_EQ(client.sadd("s", {"b", "c"}).value(), 1);
    CHECK_EQ(client.sadd("s", more.begin(), more.end()).value(), 1);
    CHECK_EQ(client.sadd("s", "e").value(), 1);
    CHECK_EQ(client.srem("s", {"e", "missing"}).value(), 1);
    CHECK_EQ(client.srem("s", more.begin(), more.end()).value(), 2);
    CHECK_EQ(client.scard("s"), 2);
    CHECK(client.sismember("s", "a") && !client.sismember("s", "e"));
    CHECK_EQ(client.smismember("s", {"a", "e"}), (std::vector<bool>{true, false}));
    CHECK_EQ(client.smismember("s", more.begin(), more.end()), (std::vector<bool>{false, false}));
    CHECK(client.smembers<std::unordered_set<std::string>>("s") == members);
    Texts filled;
    client.smembers("s", std::back_inserter(filled));
    CHECK_EQ(sorted(filled), texts("a", "b"));
    CHECK(client.smove("s", "t", "a").value() && !client.smove("s", "t", "x").value());
    CHECK_EQ(client.srandmember("t"), Optional("a"));
    CHECK_EQ(client.srandmember("t", -3), texts("a", "a", "a"));
    Texts random;
    client.srandmember("t", 2, std::back_inserter(random));
    CHECK_EQ(random, texts("a"));
    CHECK_EQ(client.spop("t").value(), Optional("a"));
    CHECK_EQ(client.spop("t").value(), Optional());
    client.sadd("t", {"x", "y"}).value();
    CHECK_EQ(sorted(client.spop("t", 5).value()), texts("x", "y"));
    client.sadd("t", "x").value();
    Texts popped;
    client.spop("t", 5, std::back_inserter(popped));
    CHECK_EQ(popped, texts("x"));
}

void sets_are_put_together(rr::Client &client) {
    const Texts keys{"s", "t"};

    client.sadd("s", {"a", "b", "c"}).value();
    client.sadd("t", {"b", "c", "d"}).value();
    CHECK_EQ(client.sdiff(keys), texts("a"));
    CHECK_EQ(sorted(client.sinter({"s", "t"})), texts("b", "c"));
    CHECK_EQ(client.sunion<std::set<std::string>>(keys.begin(), keys.end()).size(), 4);
    CHECK_EQ(client.sdiff(keys.begin(), keys.end()), texts("a"));
    CHECK_EQ(client.sinter(keys.begin(), keys.end()).size(), 2);
    Texts filled;
    client.sdiff(keys, std::back_inserter(filled));
    client.sinter(keys.begin(), keys.end(), std::back_inserter(filled));
    client.sunion({"s", "t"}, std::back_inserter(filled));
    CHECK_EQ(filled.size(), 7);
    CHECK_EQ(client.sdiffstore("d", keys).value(), 1);
    CHECK_EQ(client.sinterstore("d", {"s", "t"}).value(), 2);
    CHECK_EQ(client.sunionstore("d", keys.begin(), keys.end()).value(), 4);
    CHECK_EQ(client.sdiffstore("d", keys.begin(), keys.end()).value(), 1);
    CHECK_EQ(client.sinterstore("d", keys.begin(), keys.end()).value(), 2);
    CHECK_EQ(client.sunionstore("d", keys).value(), 4);
    CHECK_EQ(client.sintercard(keys), 2);
    CHECK_EQ(client.sintercard(keys, 1), 1);
}

} // namespace

int main(int, char **argv) {
    with_both_protocols(argv[1], hashes_take_fields_in_every_form, hashes_are_read_as_any_container,
                        lists_grow_and_shrink_at_both_ends, elements_are_moved_from_list_to_list,
                        what_waits_gives_an_element_or_nothing_in_time, sets_have_members, sets_are_put_together);
}
