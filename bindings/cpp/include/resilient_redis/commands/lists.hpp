// SPDX-License-Identifier: MIT OR Apache-2.0
// Commands about lists.
//
// Those that wait (blpop() and others) are never buffered, so they give their value itself. A timeout of 0 waits for ever.

#ifndef RESILIENT_REDIS_COMMANDS_LISTS_HPP
#define RESILIENT_REDIS_COMMANDS_LISTS_HPP

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inputs.hpp"
#include "options.hpp"
#include "../arguments.hpp"

namespace rr {

template <class Derived, template <class> class Read, template <class> class Write>
class ListCommands {
public:
    /// The length that it has then.
    Write<long long> lpush(std::string_view key, const Strings &values) { return write_<long long>("LPUSH", key, values); }

    template <class It, class = detail::RequireIterator<It>>
    Write<long long> lpush(std::string_view key, It first, It last) {
        return lpush(key, detail::between(first, last));
    }

    /// Only if the list exists.
    Write<long long> lpushx(std::string_view key, const Strings &values) {
        return write_<long long>("LPUSHX", key, values);
    }

    Write<long long> rpush(std::string_view key, const Strings &values) { return write_<long long>("RPUSH", key, values); }

    template <class It, class = detail::RequireIterator<It>>
    Write<long long> rpush(std::string_view key, It first, It last) {
        return rpush(key, detail::between(first, last));
    }

    Write<long long> rpushx(std::string_view key, const Strings &values) {
        return write_<long long>("RPUSHX", key, values);
    }

    Write<std::optional<std::string>> lpop(std::string_view key) {
        return write_<std::optional<std::string>>("LPOP", key);
    }

    /// Up to `count` elements.
    template <class T = std::vector<std::string>>
    Write<T> lpop(std::string_view key, long long count) {
        return write_<T>("LPOP", key, count);
    }

    Write<std::optional<std::string>> rpop(std::string_view key) {
        return write_<std::optional<std::string>>("RPOP", key);
    }

    template <class T = std::vector<std::string>>
    Write<T> rpop(std::string_view key, long long count) {
        return write_<T>("RPOP", key, count);
    }

    /// The elements from `start` to `stop`, that one included; negative ones count from the end.
    template <class T = std::vector<std::string>>
    Read<T> lrange(std::string_view key, long long start, long long stop) {
        return read_<T>("LRANGE", key, start, stop);
    }

    Read<std::optional<std::string>> lindex(std::string_view key, long long index) {
        return read_<std::optional<std::string>>("LINDEX", key, index);
    }

    Read<long long> llen(std::string_view key) { return read_<long long>("LLEN", key); }

    /// The length that it has then; -1 if there is no such pivot, 0 if there is no list.
    Write<long long> linsert(std::string_view key, InsertPosition position, std::string_view pivot, std::string_view value) {
        return write_<long long>("LINSERT", key, detail::word(position), pivot, value);
    }

    Write<void> lset(std::string_view key, long long index, std::string_view value) {
        return write_<void>("LSET", key, index, value);
    }

    /// Removes `count` elements that are equal to the value, from the end if it is negative, all if it is 0. How many were.
    Write<long long> lrem(std::string_view key, long long count, std::string_view value) {
        return write_<long long>("LREM", key, count, value);
    }

    Write<void> ltrim(std::string_view key, long long start, long long stop) {
        return write_<void>("LTRIM", key, start, stop);
    }

    /// Where the value is first, from 0. With `rank` 2 where it is for the second time; negative ones count from the end.
    Read<std::optional<long long>> lpos(std::string_view key, std::string_view value, long long rank = 1) {
        return read_<std::optional<long long>>("LPOS", key, value, "RANK", rank);
    }

    /// Where the value is, up to `count` times; 0: every time.
    template <class T = std::vector<long long>>
    Read<T> lpos_all(std::string_view key, std::string_view value, long long count = 0, long long rank = 1) {
        return read_<T>("LPOS", key, value, "RANK", rank, "COUNT", count);
    }

    Write<std::optional<std::string>> lmove(std::string_view source, std::string_view destination, ListWhence from,
                                            ListWhence to) {
        return write_<std::optional<std::string>>("LMOVE", source, destination, detail::word(from), detail::word(to));
    }

    Write<std::optional<std::string>> rpoplpush(std::string_view source, std::string_view destination) {
        return write_<std::optional<std::string>>("RPOPLPUSH", source, destination);
    }

    /// Up to `count` elements of the first list that has some, with its key. From Redis 7 on.
    template <class T = std::vector<std::string>>
    Write<std::optional<std::pair<std::string, T>>> lmpop(const Strings &keys, ListWhence from, long long count = 1) {
        return write_<std::optional<std::pair<std::string, T>>>("LMPOP", keys.size(), keys, detail::word(from), "COUNT",
                                                                count);
    }

    /// Waits for an element of the first list that has one: its key and the element. Nothing if none came in time.
    Read<std::optional<std::pair<std::string, std::string>>> blpop(
        const Strings &keys, std::chrono::milliseconds timeout = std::chrono::milliseconds(0)) {
        return read_<std::optional<std::pair<std::string, std::string>>>("BLPOP", keys, detail::in_seconds(timeout));
    }

    template <class It, class = detail::RequireIterator<It>>
    Read<std::optional<std::pair<std::string, std::string>>> blpop(
        It first, It last, std::chrono::milliseconds timeout = std::chrono::milliseconds(0)) {
        return blpop(detail::between(first, last), timeout);
    }

    Read<std::optional<std::pair<std::string, std::string>>> brpop(
        const Strings &keys, std::chrono::milliseconds timeout = std::chrono::milliseconds(0)) {
        return read_<std::optional<std::pair<std::string, std::string>>>("BRPOP", keys, detail::in_seconds(timeout));
    }

    template <class It, class = detail::RequireIterator<It>>
    Read<std::optional<std::pair<std::string, std::string>>> brpop(
        It first, It last, std::chrono::milliseconds timeout = std::chrono::milliseconds(0)) {
        return brpop(detail::between(first, last), timeout);
    }

    Read<std::optional<std::string>> blmove(std::string_view source, std::string_view destination, ListWhence from,
                                            ListWhence to,
                                            std::chrono::milliseconds timeout = std::chrono::milliseconds(0)) {
        return read_<std::optional<std::string>>("BLMOVE", source, destination, detail::word(from), detail::word(to),
                                                 detail::in_seconds(timeout));
    }

    Read<std::optional<std::string>> brpoplpush(std::string_view source, std::string_view destination,
                                                std::chrono::milliseconds timeout = std::chrono::milliseconds(0)) {
        return read_<std::optional<std::string>>("BRPOPLPUSH", source, destination, detail::in_seconds(timeout));
    }

    /// lmpop() that waits. From Redis 7 on.
    template <class T = std::vector<std::string>>
    Read<std::optional<std::pair<std::string, T>>> blmpop(const Strings &keys, ListWhence from, long long count = 1,
                                                          std::chrono::milliseconds timeout = std::chrono::milliseconds(0)) {
        return read_<std::optional<std::pair<std::string, T>>>("BLMPOP", detail::in_seconds(timeout), keys.size(), keys,
                                                               detail::word(from), "COUNT", count);
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
};

} // namespace rr

#endif
