// SPDX-License-Identifier: MIT OR Apache-2.0
// Commands about hashes: fields with values.

#ifndef RESILIENT_REDIS_COMMANDS_HASHES_HPP
#define RESILIENT_REDIS_COMMANDS_HASHES_HPP

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "inputs.hpp"
#include "../arguments.hpp"

namespace rr {

template <class Derived, template <class> class Read, template <class> class Write>
class HashCommands {
public:
    Read<std::optional<std::string>> hget(std::string_view key, std::string_view field) {
        return read_<std::optional<std::string>>("HGET", key, field);
    }

    /// How many fields are new.
    Write<long long> hset(std::string_view key, std::string_view field, std::string_view value) {
        return write_<long long>("HSET", key, field, value);
    }

    Write<long long> hset(std::string_view key, const Pairs &fields) { return write_<long long>("HSET", key, fields); }

    template <class It, class = detail::RequireIterator<It>>
    Write<long long> hset(std::string_view key, It first, It last) {
        return hset(key, detail::between(first, last));
    }

    /// hset() that says nothing, as it was before Redis 4.
    Write<void> hmset(std::string_view key, const Pairs &fields) { return write_<void>("HMSET", key, fields); }

    template <class It, class = detail::RequireIterator<It>>
    Write<void> hmset(std::string_view key, It first, It last) {
        return hmset(key, detail::between(first, last));
    }

    Write<bool> hsetnx(std::string_view key, std::string_view field, std::string_view value) {
        return write_<bool>("HSETNX", key, field, value);
    }

    /// One for each field, in their order.
    template <class T = std::vector<std::optional<std::string>>>
    Read<T> hmget(std::string_view key, const Strings &fields) {
        return read_<T>("HMGET", key, fields);
    }

    template <class T = std::vector<std::optional<std::string>>, class It, class = detail::RequireIterator<It>>
    Read<T> hmget(std::string_view key, It first, It last) {
        return hmget<T>(key, detail::between(first, last));
    }

    /// T: any map, or a container of pairs.
    template <class T = std::unordered_map<std::string, std::string>>
    Read<T> hgetall(std::string_view key) {
        return read_<T>("HGETALL", key);
    }

    /// How many of them existed.
    Write<long long> hdel(std::string_view key, const Strings &fields) { return write_<long long>("HDEL", key, fields); }

    template <class It, class = detail::RequireIterator<It>>
    Write<long long> hdel(std::string_view key, It first, It last) {
        return hdel(key, detail::between(first, last));
    }

    Read<bool> hexists(std::string_view key, std::string_view field) { return read_<bool>("HEXISTS", key, field); }

    Write<long long> hincrby(std::string_view key, std::string_view field, long long increment) {
        return write_<long long>("HINCRBY", key, field, increment);
    }

    Write<double> hincrbyfloat(std::string_view key, std::string_view field, double increment) {
        return write_<double>("HINCRBYFLOAT", key, field, increment);
    }

    template <class T = std::vector<std::string>>
    Read<T> hkeys(std::string_view key) {
        return read_<T>("HKEYS", key);
    }

    template <class T = std::vector<std::string>>
    Read<T> hvals(std::string_view key) {
        return read_<T>("HVALS", key);
    }

    Read<long long> hlen(std::string_view key) { return read_<long long>("HLEN", key); }

    Read<long long> hstrlen(std::string_view key, std::string_view field) {
        return read_<long long>("HSTRLEN", key, field);
    }

    /// A field at random; nothing if there is none.
    Read<std::optional<std::string>> hrandfield(std::string_view key) {
        return read_<std::optional<std::string>>("HRANDFIELD", key);
    }

    /// Up to `count` different fields; with a negative one as many as that, perhaps several times the same.
    template <class T = std::vector<std::string>>
    Read<T> hrandfield(std::string_view key, long long count) {
        return read_<T>("HRANDFIELD", key, count);
    }

    template <class T = std::vector<std::pair<std::string, std::string>>>
    Read<T> hrandfield_with_values(std::string_view key, long long count) {
        return read_<T>("HRANDFIELD", key, count, "WITHVALUES");
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
