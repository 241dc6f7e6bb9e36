// SPDX-License-Identifier: MIT OR Apache-2.0
// Typed commands about streams.

#include "both_protocols.hpp"

#include <map>
#include <unordered_map>

using namespace std::chrono_literals;

namespace {

using Map = std::map<std::string, std::string>;
using Entry = std::pair<std::string, Map>;

void entries_are_added_read_and_trimmed(rr::Client &client) {
    const Map fields{{"f", "v"}, {"g", "w"}};

    CHECK_EQ(client.xadd("s", "1-0", {{"f", "v"}, {"f", "again"}}).value(), "1-0");
    CHECK_EQ(client.xadd("s", "2-0", fields).value(), "2-0");
    CHECK_EQ(client.xadd("s", "3-0", fields.begin(), fields.end()).value(), "3-0");
    CHECK(!client.xadd("s", "*", fields, 1000).value().empty());
    CHECK(!client.xadd_nomkstream("missing", "*", fields).value().has_value());
    CHECK(client.xadd_nomkstream("s", "*", fields).value().has_value());
    CHECK_EQ(client.xlen("s"), 5);
    const auto entries = client.xrange("s", "-", "+", 2);
    CHECK_EQ(entries.size(), 2);
    CHECK_EQ(entries[0].id, "1-0");
    CHECK_EQ(entries[0].fields, (std::vector<std::pair<std::string, std::string>>{{"f", "v"}, {"f", "again"}}));
    CHECK_EQ(entries[0].field("f"), std::optional<std::string_view>("v"));
    CHECK_EQ(entries[0].field("missing"), std::optional<std::string_view>());
    CHECK_EQ(client.xrange("s", "2", "3").size(), 2);
    CHECK_EQ(client.xrevrange("s", "+", "-").size(), 5);
    CHECK_EQ(client.xrevrange("s", "3-0", "-", 1).at(0).id, "3-0");
    CHECK_EQ((client.xrange<std::vector<Entry>>("s", "2-0", "2-0").at(0)), Entry("2-0", fields));
    std::vector<Entry> filled;
    client.xrange("s", "2-0", "3-0", std::back_inserter(filled));
    client.xrange("s", "-", "+", 1, std::back_inserter(filled));
    client.xrevrange("s", "3-0", "2-0", std::back_inserter(filled));
    client.xrevrange("s", "+", "-", 1, std::back_inserter(filled));
    CHECK_EQ(filled.size(), 6);
    CHECK_EQ(filled[3], Entry("3-0", fields));
    CHECK_EQ(client.xdel("s", {"1-0", "9-9"}).value(), 1);
    const Texts ids{"2-0"};
    CHECK_EQ(client.xdel("s", ids.begin(), ids.end()).value(), 1);
    CHECK_EQ(client.xadd("s", "*", fields.begin(), fields.end(), 2, false).value().empty(), false);
    CHECK_EQ(client.xlen("s"), 2);
    CHECK_EQ(client.xtrim("s", 1, false).value(), 1);
    CHECK_EQ(client.xtrim("s", 1).value(), 0);
    CHECK_EQ(client.xtrim("s", "9999999999999-0", false).value(), 1);
    CHECK_EQ(client.xlen("s"), 0);
}

void several_streams_are_read_and_waited_for(rr::Client &client) {
    const Map ids{{"s", "0"}, {"t", "0"}};

    CHECK(client.xread("s", "0").empty());
    CHECK(client.xread("s", "$", 10ms).empty());
    client.xadd("s", "1-0", {{"f", "v"}}).value();
    client.xadd("s", "2-0", {{"f", "v"}}).value();
    client.xadd("t", "1-0", {{"g", "w"}}).value();
    const rr::StreamMessages one = client.xread("s", "0", 1);
    CHECK_EQ(one.size(), 1);
    CHECK_EQ(one[0].first, "s");
    CHECK_EQ(one[0].second.size(), 1);
    CHECK_EQ(client.xread({{"s", "1-0"}, {"t", "0"}}).size(), 2);
    CHECK_EQ(client.xread(ids, 5s, 10).size(), 2);
    CHECK_EQ((client.xread<std::map<std::string, std::vector<Entry>>>(ids).at("t").at(0)), Entry("1-0", Map{{"g", "w"}}));
    std::vector<std::pair<std::string, std::vector<Entry>>> filled;
    client.xread("s", "0", std::back_inserter(filled));
    client.xread("s", "0", 1, std::back_inserter(filled));
    client.xread("s", "0", 1000ms, std::back_inserter(filled));
    client.xread("s", "0", 1000ms, 1, std::back_inserter(filled));
    CHECK_EQ(filled.size(), 4);
    CHECK_EQ(filled[0].second.size(), 2);
    CHECK_EQ(filled[3].second.size(), 1);
    std::unordered_map<std::string, std::vector<Entry>> streams;
    client.xread(ids, std::inserter(streams, streams.end()));
    CHECK_EQ(streams.at("s").size(), 2);
    streams.clear();
    client.xread(ids, 1, std::inserter(streams, streams.end()));
    CHECK_EQ(streams.at("s").size(), 1);
    client.xread(ids, 1000ms, std::inserter(streams, streams.end()));
    client.xread(ids, 1000ms, 1, std::inserter(streams, streams.end()));
    std::thread adder([&] { client.xadd("late", "1-0", {{"f", "v"}}).value(); });
    CHECK_EQ(client.xread("late", "0", 10s).at(0).second.at(0).id, "1-0");
    adder.join();
}

void groups_share_the_work(rr::Client &client) {
    client.xgroup_create("s", "g", "$", true).value();
    CHECK_EQ(CAUGHT(rr::ServerError, client.xgroup_create("s", "g", "$")).server_code(), "BUSYGROUP");
    client.xgroup_setid("s", "g", "0").value();
    CHECK(client.xgroup_createconsumer("s", "g", "c").value() && !client.xgroup_createconsumer("s", "g", "c").value());
    CHECK(client.xreadgroup("g", "c", "s", ">").value().empty());
    CHECK(client.xreadgroup("g", "c", "s", ">", 10ms).empty());
    CHECK_EQ(client.xpending("s", "g").count, 0);
    CHECK(!client.xpending("s", "g").first.has_value());
    for (const char *id : {"1-0", "2-0", "3-0", "4-0", "5-0", "6-0"})
        client.xadd("s", id, {{"f", id}}).value();
    const rr::StreamMessages first = client.xreadgroup("g", "c", "s", ">", 2).value();
    CHECK_EQ(first.at(0).second.size(), 2);
    CHECK_EQ(client.xreadgroup("g", "d", "s", ">", 5s, 1).at(0).second.at(0).id, "3-0");
    CHECK_EQ(client.xreadgroup("g", "d", {{"s", ">"}}, 1, true).value().at(0).second.at(0).id, "4-0");
    CHECK_EQ(client.xreadgroup("g", "d", {{"s", ">"}}, 5s, 1, true).at(0).second.at(0).id, "5-0");
    CHECK_EQ(client.xack("s", "g", {"1-0", "9-9"}).value(), 1);
    const rr::PendingSummary summary = client.xpending("s", "g");
    CHECK_EQ(summary.count, 2);
    CHECK_EQ(summary.first, std::optional<std::string>("2-0"));
    CHECK_EQ(summary.last, std::optional<std::string>("3-0"));
    CHECK_EQ(summary.consumers, (std::vector<std::pair<std::string, long long>>{{"c", 1}, {"d", 1}}));
    const auto pending = client.xpending("s", "g", "-", "+", 10);
    CHECK_EQ(pending.size(), 2);
    CHECK_EQ(pending[0].id, "2-0");
    CHECK_EQ(pending[0].consumer, "c");
    CHECK_EQ(pending[0].deliveries, 1);
    CHECK(pending[0].idle < 60s);
    CHECK_EQ(client.xpending("s", "g", "-", "+", 10, "d").at(0).id, "3-0");
    CHECK_EQ(client.xclaim("s", "g", "c", 0ms, "3-0").value().at(0).id, "3-0");
    const Texts ids{"2-0", "3-0"};
    CHECK_EQ(client.xclaim("s", "g", "d", 0ms, ids.begin(), ids.end()).value().size(), 2);
    std::vector<Entry> claimed;
    client.xclaim("s", "g", "c", 0ms, ids, std::back_inserter(claimed));
    CHECK_EQ(claimed.at(0), Entry("2-0", Map{{"f", "2-0"}}));
    client.xdel("s", "2-0").value();
    const rr::StreamMessages history = client.xreadgroup("g", "c", "s", "0").value();
    CHECK_EQ(history.at(0).second.at(0).id, "2-0");
    CHECK(history.at(0).second.at(0).fields.empty());
    const rr::Autoclaimed autoclaimed = client.xautoclaim("s", "g", "d", 0ms, "0").value();
    CHECK_EQ(autoclaimed.next, "0-0");
    CHECK_EQ(autoclaimed.entries.size(), 1);
    CHECK_EQ(autoclaimed.deleted, texts("2-0"));
    std::vector<std::pair<std::string, std::vector<Entry>>> filled;
    client.xreadgroup("g", "d", "s", "0", std::back_inserter(filled));
    client.xreadgroup("g", "d", "s", "0", 1, std::back_inserter(filled));
    client.xreadgroup("g", "d", "s", "0", 1, false, std::back_inserter(filled));
    client.xreadgroup("g", "d", "s", "0", 1000ms, std::back_inserter(filled));
    client.xreadgroup("g", "d", "s", "0", 1000ms, 1, std::back_inserter(filled));
    client.xreadgroup("g", "d", "s", "0", 1000ms, 1, false, std::back_inserter(filled));
    CHECK_EQ(filled.size(), 6);
    CHECK_EQ(filled[5].second.at(0).first, "3-0");
    CHECK_EQ(client.xack("s", "g", ids.begin(), ids.end()).value(), 1);
    const rr::Reply stream = client.xinfo_stream("s");
    long long length = 0;
    for (const auto &[name, value] : stream.entries())
        if (name.string() == "length")
            length = value.integer();
    CHECK_EQ(length, 5);
    CHECK_EQ((client.xinfo_groups<std::vector<std::map<std::string, std::optional<std::string>>>>("s").at(0).at("name")),
             std::optional<std::string>("g"));
    CHECK_EQ(client.xinfo_consumers("s", "g").size(), 2);
    CHECK_EQ(client.xgroup_delconsumer("s", "g", "d").value(), 0);
    CHECK(client.xgroup_destroy("s", "g").value() && !client.xgroup_destroy("s", "g").value());
}

} // namespace

int main(int, char **argv) {
    with_both_protocols(argv[1], entries_are_added_read_and_trimmed, several_streams_are_read_and_waited_for,
                        groups_share_the_work);
}
