// SPDX-License-Identifier: MIT OR Apache-2.0
// Ranges that go over keys and elements page by page.

#include "both_protocols.hpp"

#include <map>
#include <set>

namespace {

using Set = std::set<std::string>;

Set names(const std::string &prefix, int count) {
    Set all;

    for (int i = 0; i < count; i++)
        all.insert(prefix + std::to_string(i));
    return all;
}

void all_keys_that_match_come_over_many_pages(rr::Client &client) {
    for (const std::string &key : names("user:", 300))
        client.set(key, "v").value();
    client.sadd("user:set", "m").value();
    client.set("other", "v").value();
    Set found;
    for (std::string &key : client.scan("user:*"))
        found.insert(std::move(key));
    Set expected = names("user:", 300);
    expected.insert("user:set");
    CHECK_EQ(found, expected);
    Set all;
    for (const std::string &key : client.scan())
        all.insert(key);
    CHECK_EQ(all.size(), 302);
    rr::ScanOptions sets;
    sets.type = "set";
    sets.count = 50;
    std::size_t count = 0;
    for (const std::string &key : client.scan(sets)) {
        CHECK_EQ(key, "user:set");
        count++;
    }
    CHECK_EQ(count, 1);
    for (const std::string &key : client.scan("nothing:*", 1000))
        CHECK_EQ(key, "no key at all");
}

void a_loop_may_end_early_and_begin_anew(rr::Client &client) {
    for (const std::string &key : names("k", 50))
        client.set(key, "v").value();
    auto range = client.scan("k*", 5);
    int seen = 0;
    for (const std::string &key : range) {
        CHECK(!key.empty());
        if (++seen == 7)
            break;
    }
    Set all;
    for (const std::string &key : range)
        all.insert(key);
    CHECK_EQ(all, names("k", 50));
}

void a_range_of_a_view_outlives_it(rr::Client &client) {
    client.set("k", "v").value();
    Set found;
    for (const std::string &key : client.with(rr::CommandOptions()).scan("k"))
        found.insert(key);
    CHECK_EQ(found, Set{"k"});
}

void elements_of_hashes_sets_and_sorted_sets_come_too(rr::Client &client) {
    std::map<std::string, std::string> hash;
    std::map<std::string, double> scores;

    for (const std::string &name : names("m", 1000)) {
        hash[name] = "v" + name;
        scores[name] = 0.5 + std::stod(name.substr(1));
    }
    client.hset("h", hash).value();
    client.sadd("s", names("m", 1000)).value();
    client.zadd("z", scores).value();
    std::map<std::string, std::string> found_hash;
    for (auto &[field, value] : client.hscan("h"))
        found_hash.insert_or_assign(field, value);
    CHECK_EQ(found_hash, hash);
    Set found_set;
    for (const std::string &member : client.sscan("s", "m*", 100))
        found_set.insert(member);
    CHECK_EQ(found_set, names("m", 1000));
    std::map<std::string, double> found_scores;
    for (const auto &[member, score] : client.zscan("z"))
        found_scores[member] = score;
    CHECK_EQ(found_scores, scores);
    for (const auto &[member, score] : client.zscan("z", "m77"))
        CHECK(member == "m77" && score == 77.5);
}

template <class Scan>
void page_by_page(Scan scan) {
    std::uint64_t cursor = 0;

    do
        cursor = scan(cursor);
    while (cursor != 0);
}

void pages_go_into_output_iterators(rr::Client &client) {
    client.set("k", "v").value();
    client.hset("h", "f", "v").value();
    client.sadd("s", "m").value();
    client.zadd("z", "m", 1.5).value();
    Set keys, members;
    std::map<std::string, std::string> hash;
    std::map<std::string, double> scores;
    page_by_page([&](std::uint64_t cursor) { return client.scan(cursor, "?", 2, std::inserter(keys, keys.end())); });
    page_by_page([&](std::uint64_t at) { return client.hscan("h", at, "*", 10, std::inserter(hash, hash.end())); });
    page_by_page([&](std::uint64_t at) { return client.sscan("s", at, "*", 10, std::inserter(members, members.end())); });
    page_by_page([&](std::uint64_t at) { return client.zscan("z", at, "*", 10, std::inserter(scores, scores.end())); });
    CHECK_EQ(keys, (Set{"k", "h", "s", "z"}));
    CHECK_EQ(members, Set{"m"});
    CHECK_EQ(hash.at("f"), "v");
    CHECK_EQ(scores.at("m"), 1.5);
    CHECK_EQ(client.async().scan_page(0).get().items.size(), 4);
    CHECK_EQ(client.async().zscan_page("z", 0).get().items.at(0).second, 1.5);
    CHECK_EQ(client.async().hscan_page("h", 0).get().items.at(0).first, "f");
    CHECK_EQ(client.async().sscan_page("s", 0).get().items.at(0), "m");
}

void what_fails_on_the_way_is_thrown(rr::Client &client) {
    client.set("k", "v").value();
    CHECK_EQ(CAUGHT(rr::ServerError, client.hscan("k").begin()).server_code(), "WRONGTYPE");
}

} // namespace

int main(int, char **argv) {
    with_both_protocols(argv[1], all_keys_that_match_come_over_many_pages, a_loop_may_end_early_and_begin_anew,
                        a_range_of_a_view_outlives_it, elements_of_hashes_sets_and_sorted_sets_come_too,
                        pages_go_into_output_iterators, what_fails_on_the_way_is_thrown);
}
