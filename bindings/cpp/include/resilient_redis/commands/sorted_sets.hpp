// SPDX-License-Identifier: MIT OR Apache-2.0
// Commands about sorted sets: members with scores, in the order of these.
//
// Intervals of scores are UnboundedInterval<double>, BoundedInterval<double> and so on; intervals of members, for sets in which
// all scores are the same, those of std::string. What is named ..._with_scores gives members and scores: in RESP2 and RESP3
// alike as a container of pairs, or as a map, which forgets the order.

#ifndef RESILIENT_REDIS_COMMANDS_SORTED_SETS_HPP
#define RESILIENT_REDIS_COMMANDS_SORTED_SETS_HPP

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "inputs.hpp"
#include "options.hpp"
#include "../arguments.hpp"

namespace rr {

/// How members are added: ExpireType's GT and LT set a score only if it is higher or lower than before.
struct ZaddOptions {
    UpdateType type = UpdateType::ALWAYS;
    ExpireType only_if = ExpireType::ALWAYS;
    /// Count those that have another score now, too.
    bool changed = false;
};

template <class Derived, template <class> class Read, template <class> class Write>
class SortedSetCommands {
public:
    /// How many members are new, or with `changed` how many are new or have another score now.
    Write<long long> zadd(std::string_view key, std::string_view member, double score,
                          UpdateType type = UpdateType::ALWAYS, bool changed = false) {
        return zadd(key, std::pair<std::string_view, double>(member, score), type, changed);
    }

    Write<long long> zadd(std::string_view key, const Scores &members, UpdateType type = UpdateType::ALWAYS,
                          bool changed = false) {
        return zadd(key, members, ZaddOptions{type, ExpireType::ALWAYS, changed});
    }

    template <class It, class = detail::RequireIterator<It>>
    Write<long long> zadd(std::string_view key, It first, It last, UpdateType type = UpdateType::ALWAYS,
                          bool changed = false) {
        return zadd(key, detail::between(first, last), type, changed);
    }

    Write<long long> zadd(std::string_view key, const Scores &members, const ZaddOptions &options) {
        Arguments command("ZADD", key);

        detail::add_option(command, options.type);
        detail::add_option(command, options.only_if);
        if (options.changed)
            command.add("CH");
        command.add(members);
        return static_cast<Derived &>(*this).template write<long long>(std::move(command));
    }

    /// How many of them were there.
    Write<long long> zrem(std::string_view key, const Strings &members) { return write_<long long>("ZREM", key, members); }

    template <class It, class = detail::RequireIterator<It>>
    Write<long long> zrem(std::string_view key, It first, It last) {
        return zrem(key, detail::between(first, last));
    }

    /// The score that it has then.
    Write<double> zincrby(std::string_view key, double increment, std::string_view member) {
        return write_<double>("ZINCRBY", key, increment, member);
    }

    Read<std::optional<double>> zscore(std::string_view key, std::string_view member) {
        return read_<std::optional<double>>("ZSCORE", key, member);
    }

    /// One for each member, in their order.
    template <class T = std::vector<std::optional<double>>>
    Read<T> zmscore(std::string_view key, const Strings &members) {
        return read_<T>("ZMSCORE", key, members);
    }

    Read<long long> zcard(std::string_view key) { return read_<long long>("ZCARD", key); }

    Read<long long> zcount(std::string_view key, const detail::Interval &scores) {
        return read_<long long>("ZCOUNT", key, scores.lower(), scores.upper());
    }

    Read<long long> zlexcount(std::string_view key, const detail::Interval &members) {
        return read_<long long>("ZLEXCOUNT", key, members.lower(), members.upper());
    }

    /// At which place it is, from 0 for the lowest score.
    Read<std::optional<long long>> zrank(std::string_view key, std::string_view member) {
        return read_<std::optional<long long>>("ZRANK", key, member);
    }

    /// At which place it is, from 0 for the highest score.
    Read<std::optional<long long>> zrevrank(std::string_view key, std::string_view member) {
        return read_<std::optional<long long>>("ZREVRANK", key, member);
    }

    /// The members at the places from `start` to `stop`, that one included; negative ones count from the end.
    template <class T = std::vector<std::string>>
    Read<T> zrange(std::string_view key, long long start, long long stop) {
        return read_<T>("ZRANGE", key, start, stop);
    }

    template <class T = std::vector<std::pair<std::string, double>>>
    Read<T> zrange_with_scores(std::string_view key, long long start, long long stop) {
        return read_<T>("ZRANGE", key, start, stop, "WITHSCORES");
    }

    /// The same, from the highest score.
    template <class T = std::vector<std::string>>
    Read<T> zrevrange(std::string_view key, long long start, long long stop) {
        return read_<T>("ZREVRANGE", key, start, stop);
    }

    template <class T = std::vector<std::pair<std::string, double>>>
    Read<T> zrevrange_with_scores(std::string_view key, long long start, long long stop) {
        return read_<T>("ZREVRANGE", key, start, stop, "WITHSCORES");
    }

    template <class T = std::vector<std::string>>
    Read<T> zrangebyscore(std::string_view key, const detail::Interval &scores, const LimitOptions &limit = {}) {
        return range_<T>("ZRANGEBYSCORE", key, scores.lower(), scores.upper(), limit, false);
    }

    template <class T = std::vector<std::pair<std::string, double>>>
    Read<T> zrangebyscore_with_scores(std::string_view key, const detail::Interval &scores,
                                      const LimitOptions &limit = {}) {
        return range_<T>("ZRANGEBYSCORE", key, scores.lower(), scores.upper(), limit, true);
    }

    template <class T = std::vector<std::string>>
    Read<T> zrevrangebyscore(std::string_view key, const detail::Interval &scores, const LimitOptions &limit = {}) {
        return range_<T>("ZREVRANGEBYSCORE", key, scores.upper(), scores.lower(), limit, false);
    }

    template <class T = std::vector<std::pair<std::string, double>>>
    Read<T> zrevrangebyscore_with_scores(std::string_view key, const detail::Interval &scores,
                                         const LimitOptions &limit = {}) {
        return range_<T>("ZREVRANGEBYSCORE", key, scores.upper(), scores.lower(), limit, true);
    }

    template <class T = std::vector<std::string>>
    Read<T> zrangebylex(std::string_view key, const detail::Interval &members, const LimitOptions &limit = {}) {
        return range_<T>("ZRANGEBYLEX", key, members.lower(), members.upper(), limit, false);
    }

    template <class T = std::vector<std::string>>
    Read<T> zrevrangebylex(std::string_view key, const detail::Interval &members, const LimitOptions &limit = {}) {
        return range_<T>("ZREVRANGEBYLEX", key, members.upper(), members.lower(), limit, false);
    }

    /// Stores the members at the places from `start` to `stop` at `destination`; how many there are.
    Write<long long> zrangestore(std::string_view destination, std::string_view source, long long start, long long stop) {
        return write_<long long>("ZRANGESTORE", destination, source, start, stop);
    }

    /// How many were removed.
    Write<long long> zremrangebyrank(std::string_view key, long long start, long long stop) {
        return write_<long long>("ZREMRANGEBYRANK", key, start, stop);
    }

    Write<long long> zremrangebyscore(std::string_view key, const detail::Interval &scores) {
        return write_<long long>("ZREMRANGEBYSCORE", key, scores.lower(), scores.upper());
    }

    Write<long long> zremrangebylex(std::string_view key, const detail::Interval &members) {
        return write_<long long>("ZREMRANGEBYLEX", key, members.lower(), members.upper());
    }

    /// Takes out the member with the lowest score, which is given with it.
    Write<std::optional<std::pair<std::string, double>>> zpopmin(std::string_view key) {
        return write_<std::optional<std::pair<std::string, double>>>("ZPOPMIN", key);
    }

    /// Up to `count` of them.
    template <class T = std::vector<std::pair<std::string, double>>>
    Write<T> zpopmin(std::string_view key, long long count) {
        return write_<T>("ZPOPMIN", key, count);
    }

    /// Waits for a member in the first set that has one: key, member, score. It is never buffered. Timeout 0: for ever.
    Read<std::optional<std::tuple<std::string, std::string, double>>> bzpopmin(
        const Strings &keys, std::chrono::milliseconds timeout = std::chrono::milliseconds(0)) {
        return read_<std::optional<std::tuple<std::string, std::string, double>>>("BZPOPMIN", keys,
                                                                                  detail::in_seconds(timeout));
    }

    template <class It, class = detail::RequireIterator<It>>
    Read<std::optional<std::tuple<std::string, std::string, double>>> bzpopmin(
        It first, It last, std::chrono::milliseconds timeout = std::chrono::milliseconds(0)) {
        return bzpopmin(detail::between(first, last), timeout);
    }

    /// Takes out the member with the highest score, which is given with it.
    Write<std::optional<std::pair<std::string, double>>> zpopmax(std::string_view key) {
        return write_<std::optional<std::pair<std::string, double>>>("ZPOPMAX", key);
    }

    /// Up to `count` of them.
    template <class T = std::vector<std::pair<std::string, double>>>
    Write<T> zpopmax(std::string_view key, long long count) {
        return write_<T>("ZPOPMAX", key, count);
    }

    /// Waits for a member in the first set that has one: key, member, score. It is never buffered. Timeout 0: for ever.
    Read<std::optional<std::tuple<std::string, std::string, double>>> bzpopmax(
        const Strings &keys, std::chrono::milliseconds timeout = std::chrono::milliseconds(0)) {
        return read_<std::optional<std::tuple<std::string, std::string, double>>>("BZPOPMAX", keys,
                                                                                  detail::in_seconds(timeout));
    }

    template <class It, class = detail::RequireIterator<It>>
    Read<std::optional<std::tuple<std::string, std::string, double>>> bzpopmax(
        It first, It last, std::chrono::milliseconds timeout = std::chrono::milliseconds(0)) {
        return bzpopmax(detail::between(first, last), timeout);
    }

    Read<std::optional<std::string>> zrandmember(std::string_view key) {
        return read_<std::optional<std::string>>("ZRANDMEMBER", key);
    }

    /// Up to `count` different members; with a negative one as many as that, perhaps several times the same.
    template <class T = std::vector<std::string>>
    Read<T> zrandmember(std::string_view key, long long count) {
        return read_<T>("ZRANDMEMBER", key, count);
    }

    template <class T = std::vector<std::pair<std::string, double>>>
    Read<T> zrandmember_with_scores(std::string_view key, long long count) {
        return read_<T>("ZRANDMEMBER", key, count, "WITHSCORES");
    }

    /// What is in any of them. How many there are, stored at `destination`.
    Write<long long> zunionstore(std::string_view destination, const Strings &keys, Aggregation type = Aggregation::SUM) {
        return write_<long long>("ZUNIONSTORE", destination, keys.size(), keys, "AGGREGATE", detail::word(type));
    }

    /// The scores of each set are multiplied by its weight: {{"key", 2.0}}.
    Write<long long> zunionstore(std::string_view destination, const Scores &keys, Aggregation type = Aggregation::SUM) {
        return static_cast<Derived &>(*this).template write<long long>(
            weighted_("ZUNIONSTORE", destination, keys, type));
    }

    Write<long long> zunionstore(std::string_view destination, std::initializer_list<Scores::Literal> keys,
                                 Aggregation type = Aggregation::SUM) {
        return zunionstore(destination, Scores(keys), type);
    }

    template <class It, class = detail::RequireIterator<It>>
    Write<long long> zunionstore(std::string_view destination, It first, It last, Aggregation type = Aggregation::SUM) {
        return zunionstore(destination, detail::between(first, last), type);
    }

    /// What is in all of them. How many there are, stored at `destination`.
    Write<long long> zinterstore(std::string_view destination, const Strings &keys, Aggregation type = Aggregation::SUM) {
        return write_<long long>("ZINTERSTORE", destination, keys.size(), keys, "AGGREGATE", detail::word(type));
    }

    /// The scores of each set are multiplied by its weight: {{"key", 2.0}}.
    Write<long long> zinterstore(std::string_view destination, const Scores &keys, Aggregation type = Aggregation::SUM) {
        return static_cast<Derived &>(*this).template write<long long>(
            weighted_("ZINTERSTORE", destination, keys, type));
    }

    Write<long long> zinterstore(std::string_view destination, std::initializer_list<Scores::Literal> keys,
                                 Aggregation type = Aggregation::SUM) {
        return zinterstore(destination, Scores(keys), type);
    }

    template <class It, class = detail::RequireIterator<It>>
    Write<long long> zinterstore(std::string_view destination, It first, It last, Aggregation type = Aggregation::SUM) {
        return zinterstore(destination, detail::between(first, last), type);
    }

    /// What is in the first set and in none of the others. How many there are, stored at `destination`.
    Write<long long> zdiffstore(std::string_view destination, const Strings &keys) {
        return write_<long long>("ZDIFFSTORE", destination, keys.size(), keys);
    }

    /// What is in any of them.
    template <class T = std::vector<std::string>>
    Read<T> zunion(const Strings &keys) {
        return read_<T>("ZUNION", keys.size(), keys);
    }

    template <class T = std::vector<std::pair<std::string, double>>>
    Read<T> zunion_with_scores(const Strings &keys, Aggregation type = Aggregation::SUM) {
        return read_<T>("ZUNION", keys.size(), keys, "AGGREGATE", detail::word(type), "WITHSCORES");
    }

    /// What is in all of them.
    template <class T = std::vector<std::string>>
    Read<T> zinter(const Strings &keys) {
        return read_<T>("ZINTER", keys.size(), keys);
    }

    template <class T = std::vector<std::pair<std::string, double>>>
    Read<T> zinter_with_scores(const Strings &keys, Aggregation type = Aggregation::SUM) {
        return read_<T>("ZINTER", keys.size(), keys, "AGGREGATE", detail::word(type), "WITHSCORES");
    }

    /// What is in the first set and in none of the others.
    template <class T = std::vector<std::string>>
    Read<T> zdiff(const Strings &keys) {
        return read_<T>("ZDIFF", keys.size(), keys);
    }

    template <class T = std::vector<std::pair<std::string, double>>>
    Read<T> zdiff_with_scores(const Strings &keys) {
        return read_<T>("ZDIFF", keys.size(), keys, "WITHSCORES");
    }

private:
    template <class T, class... A>
    Read<T> read_(A &&...values) {
        return static_cast<Derived &>(*this).template read<T>(rr::arguments(std::forward<A>(values)...));
    }

    template <class T, class... A>
    Write<T> write_(A &&...values) {
        return static_cast<Derived &>(*this).template write<T>(rr::arguments(std::forward<A>(values)...));
    }

    template <class T>
    Read<T> range_(const char *name, std::string_view key, std::string_view from, std::string_view to,
                   const LimitOptions &limit, bool with_scores) {
        Arguments command(name, key, from, to);

        if (with_scores)
            command.add("WITHSCORES");
        detail::add_limit(command, limit);
        return static_cast<Derived &>(*this).template read<T>(std::move(command));
    }

    static Arguments weighted_(const char *name, std::string_view destination, const Scores &keys, Aggregation type) {
        Arguments command(name, destination, keys.size());

        keys.append_firsts_to(command);
        command.add("WEIGHTS");
        keys.append_seconds_to(command);
        command.add("AGGREGATE").add(detail::word(type));
        return command;
    }
};

} // namespace rr

#endif
