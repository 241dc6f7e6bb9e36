// SPDX-License-Identifier: MIT OR Apache-2.0
// Typed commands about sorted sets and positions. In RESP2 scores come as text in flat arrays, in RESP3 as doubles in pairs.

#include "both_protocols.hpp"

#include <cmath>
#include <limits>
#include <map>
#include <tuple>

using namespace std::chrono_literals;

namespace {

using Scored = std::pair<std::string, double>;
using List = std::vector<Scored>;
using Optional = std::optional<std::string>;

List list(std::initializer_list<Scored> scored) { return scored; }

void members_are_added_with_scores(rr::Client &client) {
    const std::map<std::string, double> map{{"a", 1}, {"b", 2.5}};

    CHECK_EQ(client.zadd("z", "m", 0.1).value(), 1);
    CHECK_EQ(client.zadd("z", map).value(), 2);
    CHECK_EQ(client.zadd("z", map.begin(), map.end()).value(), 0);
    CHECK_EQ(client.zadd("z", {{"a", 5.0}, {"c", 3.0}}, rr::UpdateType::ALWAYS, true).value(), 2);
    CHECK_EQ(client.zadd("z", "a", 9, rr::UpdateType::NOT_EXIST, true).value(), 0);
    CHECK_EQ(client.zadd("z", "new", 9, rr::UpdateType::EXIST).value(), 0);
    CHECK_EQ(client.zadd("z", {{"a", 4.0}}, {rr::UpdateType::EXIST, rr::ExpireType::GT, true}).value(), 0);
    CHECK_EQ(client.zadd("z", {{"a", 4.0}}, {rr::UpdateType::EXIST, rr::ExpireType::LT, true}).value(), 1);
    CHECK_EQ(client.zscore("z", "a"), std::optional<double>(4));
    CHECK_EQ(client.zscore("z", "m"), std::optional<double>(0.1));
    CHECK_EQ(client.zscore("z", "missing"), std::optional<double>());
    CHECK_EQ(client.zmscore("z", {"b", "missing"}), (std::vector<std::optional<double>>{2.5, std::nullopt}));
    CHECK_EQ(client.zincrby("z", -1.5, "a").value(), 2.5);
    CHECK_EQ(client.zcard("z"), 4);
    CHECK_EQ(client.zrem("z", {"a", "missing"}).value(), 1);
    const Texts members{"b", "c"};
    CHECK_EQ(client.zrem("z", members.begin(), members.end()).value(), 2);
    client.zadd("z", {{"inf", std::numeric_limits<double>::infinity()}}).value();
    CHECK(std::isinf(client.zscore("z", "inf").value()));
}

void ranges_are_read_by_place_score_and_member(rr::Client &client) {
    using rr::BoundType;

    client.zadd("z", {{"a", 1}, {"b", 2}, {"c", 3}, {"d", 4.5}}).value();
    CHECK_EQ(client.zrank("z", "b"), std::optional<long long>(1));
    CHECK_EQ(client.zrevrank("z", "b"), std::optional<long long>(2));
    CHECK_EQ(client.zrank("z", "missing"), std::optional<long long>());
    CHECK_EQ(client.zrange("z", 0, 1), texts("a", "b"));
    CHECK_EQ(client.zrevrange("z", 0, 1), texts("d", "c"));
    CHECK_EQ(client.zrange_with_scores("z", -2, -1), list({{"c", 3}, {"d", 4.5}}));
    CHECK_EQ(client.zrevrange_with_scores("z", 0, 0), list({{"d", 4.5}}));
    CHECK_EQ((client.zrange_with_scores<std::map<std::string, double>>("z", 0, -1).at("d")), 4.5);
    Texts members;
    List scored;
    std::map<std::string, double> map;
    client.zrange("z", 0, 0, std::back_inserter(members));
    client.zrange("z", 0, 0, std::back_inserter(scored));
    client.zrevrange("z", 0, 0, std::back_inserter(scored));
    client.zrange("z", 0, -1, std::inserter(map, map.end()));
    CHECK_EQ(members, texts("a"));
    CHECK_EQ(scored, list({{"a", 1}, {"d", 4.5}}));
    CHECK_EQ(map.size(), 4);

    const rr::BoundedInterval<double> middle(1, 3, BoundType::LEFT_OPEN);
    CHECK_EQ(client.zcount("z", rr::UnboundedInterval<double>()), 4);
    CHECK_EQ(client.zcount("z", middle), 2);
    CHECK_EQ(client.zcount("z", rr::BoundedInterval<double>(1, 3, BoundType::CLOSED)), 3);
    CHECK_EQ(client.zcount("z", rr::BoundedInterval<double>(1, 3, BoundType::OPEN)), 1);
    CHECK_EQ(client.zcount("z", rr::BoundedInterval<double>(1, 3, BoundType::RIGHT_OPEN)), 2);
    CHECK_EQ(client.zcount("z", rr::LeftBoundedInterval<double>(3, BoundType::OPEN)), 1);
    CHECK_EQ(client.zcount("z", rr::LeftBoundedInterval<double>(3, BoundType::RIGHT_OPEN)), 2);
    CHECK_EQ(client.zcount("z", rr::RightBoundedInterval<double>(3, BoundType::OPEN)), 2);
    CHECK_EQ(client.zcount("z", rr::RightBoundedInterval<double>(3, BoundType::LEFT_OPEN)), 3);
    CHECK_EQ(client.zrangebyscore("z", middle), texts("b", "c"));
    CHECK_EQ(client.zrangebyscore("z", middle, {1, 5}), texts("c"));
    CHECK_EQ(client.zrangebyscore("z", middle, {1, -1}), texts("c"));
    CHECK_EQ(client.zrevrangebyscore("z", middle), texts("c", "b"));
    CHECK_EQ(client.zrangebyscore_with_scores("z", middle), list({{"b", 2}, {"c", 3}}));
    CHECK_EQ(client.zrevrangebyscore_with_scores("z", middle, {0, 1}), list({{"c", 3}}));
    members.clear();
    scored.clear();
    client.zrangebyscore("z", middle, std::back_inserter(members));
    client.zrevrangebyscore("z", middle, rr::LimitOptions{0, 1}, std::back_inserter(members));
    client.zrevrangebyscore("z", middle, std::back_inserter(scored));
    client.zrangebyscore("z", middle, rr::LimitOptions{0, 1}, std::back_inserter(scored));
    CHECK_EQ(members, texts("b", "c", "c"));
    CHECK_EQ(scored, list({{"c", 3}, {"b", 2}, {"b", 2}}));
    CHECK_EQ(client.zrangestore("y", "z", 0, 1).value(), 2);

    client.zadd("lex", {{"a", 0}, {"b", 0}, {"c", 0}}).value();
    const rr::LeftBoundedInterval<std::string> behind("a", BoundType::OPEN);
    CHECK_EQ(client.zlexcount("lex", rr::UnboundedInterval<std::string>()), 3);
    CHECK_EQ(client.zlexcount("lex", rr::BoundedInterval<std::string>("a", "b", BoundType::CLOSED)), 2);
    CHECK_EQ(client.zrangebylex("lex", behind), texts("b", "c"));
    CHECK_EQ(client.zrangebylex("lex", behind, {0, 1}), texts("b"));
    CHECK_EQ(client.zrevrangebylex("lex", behind), texts("c", "b"));
    members.clear();
    client.zrangebylex("lex", behind, std::back_inserter(members));
    client.zrevrangebylex("lex", behind, rr::LimitOptions{0, 1}, std::back_inserter(members));
    client.zrangebylex("lex", behind, rr::LimitOptions{0, 1}, std::back_inserter(members));
    client.zrevrangebylex("lex", behind, std::back_inserter(members));
    CHECK_EQ(members, texts("b", "c", "c", "b", "c", "b"));
    CHECK_EQ(client.zremrangebylex("lex", rr::RightBoundedInterval<std::string>("b", BoundType::OPEN)).value(), 1);
    CHECK_EQ(client.zremrangebyrank("z", 0, 0).value(), 1);
    CHECK_EQ(client.zremrangebyscore("z", middle).value(), 2);
    CHECK_EQ(client.zrange("z", 0, -1), texts("d"));
}

void members_are_taken_out(rr::Client &client) {
    using Popped = std::optional<std::tuple<std::string, std::string, double>>;
    const Texts keys{"none", "z"};

    client.zadd("z", {{"a", 1}, {"b", 2}, {"c", 3}, {"d", 4}, {"e", 5}, {"f", 6}, {"g", 7}, {"h", 8.5}}).value();
    CHECK_EQ(client.zpopmin("z").value(), std::optional<Scored>(Scored("a", 1)));
    CHECK_EQ(client.zpopmax("z").value(), std::optional<Scored>(Scored("h", 8.5)));
    CHECK_EQ(client.zpopmin("missing").value(), std::optional<Scored>());
    CHECK_EQ(client.zpopmin("z", 1).value(), list({{"b", 2}}));
    CHECK_EQ(client.zpopmax("z", 1).value(), list({{"g", 7}}));
    List popped;
    client.zpopmin("z", 1, std::back_inserter(popped));
    client.zpopmax("z", 1, std::back_inserter(popped));
    CHECK_EQ(popped, list({{"c", 3}, {"f", 6}}));
    CHECK(client.bzpopmin("z", 5s) == Popped(std::make_tuple("z", "d", 4.0)));
    CHECK(client.bzpopmax(keys.begin(), keys.end(), 5s) == Popped(std::make_tuple("z", "e", 5.0)));
    CHECK(client.bzpopmin(keys.begin(), keys.end(), 10ms) == std::nullopt);
    CHECK(client.bzpopmax({"none", "z"}, 10ms) == std::nullopt);
    client.zadd("z", "m", 1.5).value();
    CHECK_EQ(client.zrandmember("z"), Optional("m"));
    CHECK_EQ(client.zrandmember("z", -2), texts("m", "m"));
    CHECK_EQ(client.zrandmember_with_scores("z", 3), list({{"m", 1.5}}));
}

void sorted_sets_are_put_together(rr::Client &client) {
    const Texts keys{"x", "y"};
    const std::map<std::string, double> weights{{"x", 10}, {"y", 1}};

    client.zadd("x", {{"a", 1}, {"b", 2}}).value();
    client.zadd("y", {{"b", 3}, {"c", 4}}).value();
    CHECK_EQ(client.zunionstore("d", keys).value(), 3);
    CHECK_EQ(client.zscore("d", "b"), std::optional<double>(5));
    CHECK_EQ(client.zunionstore("d", {"x", "y"}, rr::Aggregation::MAX).value(), 3);
    CHECK_EQ(client.zscore("d", "b"), std::optional<double>(3));
    CHECK_EQ(client.zunionstore("d", weights).value(), 3);
    CHECK_EQ(client.zscore("d", "b"), std::optional<double>(23));
    CHECK_EQ(client.zinterstore("d", weights.begin(), weights.end(), rr::Aggregation::MIN).value(), 1);
    CHECK_EQ(client.zscore("d", "b"), std::optional<double>(3));
    CHECK_EQ(client.zunionstore("d", {{"x", 1}, {"y", 10.0}}).value(), 3);
    CHECK_EQ(client.zscore("d", "b"), std::optional<double>(32));
    CHECK_EQ(client.zinterstore("d", {{"x", 1}, {"y", 0}}, rr::Aggregation::MAX).value(), 1);
    CHECK_EQ(client.zscore("d", "b"), std::optional<double>(2));
    CHECK_EQ(client.pipeline().zunionstore("d", {{keys[0], 0.5}}).exec().get<int>(0), 2);
    CHECK_EQ(client.zinterstore("d", keys).value(), 1);
    CHECK_EQ(client.zinterstore("d", weights).value(), 1);
    CHECK_EQ(client.zunionstore("d", keys.begin(), keys.end()).value(), 3);
    CHECK_EQ(client.zdiffstore("d", keys).value(), 1);
    CHECK_EQ(client.zunion(keys).size(), 3);
    CHECK_EQ(client.zinter(keys), texts("b"));
    CHECK_EQ(client.zdiff(keys), texts("a"));
    CHECK_EQ(client.zunion_with_scores(keys), list({{"a", 1}, {"c", 4}, {"b", 5}}));
    CHECK_EQ(client.zinter_with_scores(keys, rr::Aggregation::MIN), list({{"b", 2}}));
    CHECK_EQ(client.zdiff_with_scores(keys), list({{"a", 1}}));
}

bool is_near(double a, double b) { return std::fabs(a - b) < 1e-3 * std::max(1.0, std::fabs(b)); }

void positions_are_kept_and_searched(rr::Client &client) {
    using rr::GeoArea;
    const std::vector<std::tuple<std::string, double, double>> more{{"Rome", 12.4964, 41.9028}};

    CHECK_EQ(client.geoadd("g", {{"Palermo", 13.361389, 38.115556}, {"Catania", 15.087269, 37.502669}}).value(), 2);
    CHECK_EQ(client.geoadd("g", more).value(), 1);
    CHECK_EQ(client.geoadd("g", more.begin(), more.end()).value(), 0);
    CHECK_EQ(client.geoadd("g", std::make_tuple("Rome", 12.4964, 41.9028)).value(), 0);
    CHECK(is_near(client.geodist("g", "Palermo", "Catania").value(), 166274.1516));
    CHECK(is_near(client.geodist("g", "Palermo", "Catania", rr::GeoUnit::KM).value(), 166.2742));
    CHECK(is_near(client.geodist("g", "Palermo", "Catania", rr::GeoUnit::MI).value(), 103.3182));
    CHECK(is_near(client.geodist("g", "Palermo", "Catania", rr::GeoUnit::FT).value(), 545518.8700));
    CHECK_EQ(client.geodist("g", "Palermo", "missing"), std::optional<double>());
    CHECK_EQ(client.geohash("g", {"Palermo", "missing"}), (std::vector<Optional>{Optional("sqc8b49rny0"), Optional()}));
    const auto positions = client.geopos("g", {"Palermo", "missing"});
    CHECK(is_near(positions.at(0)->first, 13.361389) && is_near(positions.at(0)->second, 38.115556));
    CHECK(!positions.at(1).has_value());
    std::vector<std::optional<std::pair<double, double>>> filled;
    client.geopos("g", {"Catania"}, std::back_inserter(filled));
    CHECK(is_near(filled.at(0)->first, 15.087269));
    std::vector<Optional> hashes;
    client.geohash("g", {"Palermo"}, std::back_inserter(hashes));
    CHECK_EQ(hashes.at(0), Optional("sqc8b49rny0"));

    rr::GeoSearchOptions nearest;
    nearest.order = rr::GeoSearchOptions::Order::ASC;
    CHECK_EQ(client.geosearch("g", GeoArea::circle({15, 37}, 200, rr::GeoUnit::KM), nearest), texts("Catania", "Palermo"));
    CHECK_EQ(client.geosearch("g", GeoArea::circle("Rome", 1)), texts("Rome"));
    CHECK_EQ(client.geosearch("g", GeoArea::box({15, 37}, 400, 400, rr::GeoUnit::KM)).size(), 2);
    CHECK_EQ(client.geosearch("g", GeoArea::box("Rome", 10, 10)).size(), 1);
    nearest.count = 1;
    const auto hits = client.geosearch_with("g", GeoArea::circle({15, 37}, 200, rr::GeoUnit::KM), nearest);
    CHECK_EQ(hits.size(), 1);
    CHECK_EQ(hits[0].member, "Catania");
    CHECK(is_near(hits[0].distance, 56.4413) && is_near(hits[0].position.second, 37.502669));
    rr::GeoSearchOptions any;
    any.count = 1;
    any.any = true;
    any.order = rr::GeoSearchOptions::Order::DESC;
    CHECK_EQ(client.geosearch("g", GeoArea::circle({15, 37}, 200, rr::GeoUnit::KM), any).size(), 1);
    CHECK_EQ(client.geosearchstore("near", "g", GeoArea::circle({15, 37}, 200, rr::GeoUnit::KM)).value(), 2);
    CHECK_EQ(client.geosearchstore("near", "g", GeoArea::circle({15, 37}, 200, rr::GeoUnit::KM), {}, true).value(), 2);
    CHECK(is_near(client.zscore("near", "Catania").value(), 56.4413));
}

} // namespace

int main(int, char **argv) {
    with_both_protocols(argv[1], members_are_added_with_scores, ranges_are_read_by_place_score_and_member,
                        members_are_taken_out, sorted_sets_are_put_together, positions_are_kept_and_searched);
}
