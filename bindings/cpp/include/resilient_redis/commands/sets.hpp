// SPDX-License-Identifier: MIT OR Apache-2.0
// Commands about sets. What has no order may be read as a std::unordered_set, or another container.

#ifndef RESILIENT_REDIS_COMMANDS_SETS_HPP
#define RESILIENT_REDIS_COMMANDS_SETS_HPP

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inputs.hpp"
#include "../arguments.hpp"

namespace rr {

template <class Derived, template <class> class Read, template <class> class Write>
class SetCommands {
public:
    /// How many of them are new.
    Write<long long> sadd(std::string_view key, const Strings &members) { return write_<long long>("SADD", key, members); }

    template <class It, class = detail::RequireIterator<It>>
    Write<long long> sadd(std::string_view key, It first, It last) {
        return sadd(key, detail::between(first, last));
    }

    /// How many of them were there.
    Write<long long> srem(std::string_view key, const Strings &members) { return write_<long long>("SREM", key, members); }

    template <class It, class = detail::RequireIterator<It>>
    Write<long long> srem(std::string_view key, It first, It last) {
        return srem(key, detail::between(first, last));
    }

    Read<long long> scard(std::string_view key) { return read_<long long>("SCARD", key); }

    Read<bool> sismember(std::string_view key, std::string_view member) {
        return read_<bool>("SISMEMBER", key, member);
    }

    /// One for each member, in their order.
    Read<std::vector<bool>> smismember(std::string_view key, const Strings &members) {
        return read_<std::vector<bool>>("SMISMEMBER", key, members);
    }

    template <class It, class = detail::RequireIterator<It>>
    Read<std::vector<bool>> smismember(std::string_view key, It first, It last) {
        return smismember(key, detail::between(first, last));
    }

    template <class T = std::vector<std::string>>
    Read<T> smembers(std::string_view key) {
        return read_<T>("SMEMBERS", key);
    }

    /// False if it was not there.
    Write<bool> smove(std::string_view source, std::string_view destination, std::string_view member) {
        return write_<bool>("SMOVE", source, destination, member);
    }

    /// Takes out a member at random.
    Write<std::optional<std::string>> spop(std::string_view key) {
        return write_<std::optional<std::string>>("SPOP", key);
    }

    /// Up to `count` of them.
    template <class T = std::vector<std::string>>
    Write<T> spop(std::string_view key, long long count) {
        return write_<T>("SPOP", key, count);
    }

    Read<std::optional<std::string>> srandmember(std::string_view key) {
        return read_<std::optional<std::string>>("SRANDMEMBER", key);
    }

    /// Up to `count` different members; with a negative one as many as that, perhaps several times the same.
    template <class T = std::vector<std::string>>
    Read<T> srandmember(std::string_view key, long long count) {
        return read_<T>("SRANDMEMBER", key, count);
    }

    /// What is in the first set and in none of the others.
    template <class T = std::vector<std::string>>
    Read<T> sdiff(const Strings &keys) {
        return read_<T>("SDIFF", keys);
    }

    template <class T = std::vector<std::string>, class It, class = detail::RequireIterator<It>>
    Read<T> sdiff(It first, It last) {
        return sdiff<T>(detail::between(first, last));
    }

    /// How many there are, stored at `destination`.
    Write<long long> sdiffstore(std::string_view destination, const Strings &keys) {
        return write_<long long>("SDIFFSTORE", destination, keys);
    }

    template <class It, class = detail::RequireIterator<It>>
    Write<long long> sdiffstore(std::string_view destination, It first, It last) {
        return sdiffstore(destination, detail::between(first, last));
    }

    /// What is in all of them.
    template <class T = std::vector<std::string>>
    Read<T> sinter(const Strings &keys) {
        return read_<T>("SINTER", keys);
    }

    template <class T = std::vector<std::string>, class It, class = detail::RequireIterator<It>>
    Read<T> sinter(It first, It last) {
        return sinter<T>(detail::between(first, last));
    }

    /// How many there are, stored at `destination`.
    Write<long long> sinterstore(std::string_view destination, const Strings &keys) {
        return write_<long long>("SINTERSTORE", destination, keys);
    }

    template <class It, class = detail::RequireIterator<It>>
    Write<long long> sinterstore(std::string_view destination, It first, It last) {
        return sinterstore(destination, detail::between(first, last));
    }

    /// What is in any of them.
    template <class T = std::vector<std::string>>
    Read<T> sunion(const Strings &keys) {
        return read_<T>("SUNION", keys);
    }

    template <class T = std::vector<std::string>, class It, class = detail::RequireIterator<It>>
    Read<T> sunion(It first, It last) {
        return sunion<T>(detail::between(first, last));
    }

    /// How many there are, stored at `destination`.
    Write<long long> sunionstore(std::string_view destination, const Strings &keys) {
        return write_<long long>("SUNIONSTORE", destination, keys);
    }

    template <class It, class = detail::RequireIterator<It>>
    Write<long long> sunionstore(std::string_view destination, It first, It last) {
        return sunionstore(destination, detail::between(first, last));
    }

    /// How many are in all of them; counting ends at `limit`, unless that is 0. From Redis 7 on.
    Read<long long> sintercard(const Strings &keys, long long limit = 0) {
        return read_<long long>("SINTERCARD", keys.size(), keys, "LIMIT", limit);
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
