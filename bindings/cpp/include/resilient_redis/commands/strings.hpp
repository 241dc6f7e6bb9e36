// SPDX-License-Identifier: MIT OR Apache-2.0
// Commands about strings, and the bits and estimates (HyperLogLog) that are kept in them.
//
// Each method exists on everything that commands are issued with. Read<T> and Write<T> are what that gives for a reply of
// type T: see commands.hpp.

#ifndef RESILIENT_REDIS_COMMANDS_STRINGS_HPP
#define RESILIENT_REDIS_COMMANDS_STRINGS_HPP

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "inputs.hpp"
#include "options.hpp"
#include "../arguments.hpp"

namespace rr {

template <class Derived, template <class> class Read, template <class> class Write>
class StringCommands {
public:
    /// Sets a key. `ttl` 0: for ever. False if `type` kept it from being set.
    Write<bool> set(std::string_view key, std::string_view value,
                    std::chrono::milliseconds ttl = std::chrono::milliseconds(0), UpdateType type = UpdateType::ALWAYS) {
        return set_<bool>(key, value, ttl, false, type, false);
    }

    Write<bool> set(std::string_view key, std::string_view value, UpdateType type) {
        return set_<bool>(key, value, std::chrono::milliseconds(0), false, type, false);
    }

    /// Sets a key, which with `keepttl` goes on living as long as it would have. Takes a bool and nothing that becomes one:
    /// a number is no time to live.
    template <class Bool, class = std::enable_if_t<std::is_same_v<Bool, bool>>>
    Write<bool> set(std::string_view key, std::string_view value, Bool keepttl, UpdateType type = UpdateType::ALWAYS) {
        return set_<bool>(key, value, std::chrono::milliseconds(0), keepttl, type, false);
    }

    /// SET with GET: sets a key and gives what it was before.
    Write<std::optional<std::string>> set_with_get_option(std::string_view key, std::string_view value,
                                                          std::chrono::milliseconds ttl = std::chrono::milliseconds(0),
                                                          UpdateType type = UpdateType::ALWAYS) {
        return set_<std::optional<std::string>>(key, value, ttl, false, type, true);
    }

    template <class Bool, class = std::enable_if_t<std::is_same_v<Bool, bool>>>
    Write<std::optional<std::string>> set_with_get_option(std::string_view key, std::string_view value, Bool keepttl,
                                                          UpdateType type = UpdateType::ALWAYS) {
        return set_<std::optional<std::string>>(key, value, std::chrono::milliseconds(0), keepttl, type, true);
    }

    Write<void> setex(std::string_view key, std::chrono::seconds ttl, std::string_view value) {
        return write_<void>("SETEX", key, ttl.count(), value);
    }

    Write<void> psetex(std::string_view key, std::chrono::milliseconds ttl, std::string_view value) {
        return write_<void>("PSETEX", key, ttl.count(), value);
    }

    Write<bool> setnx(std::string_view key, std::string_view value) { return write_<bool>("SETNX", key, value); }

    /// Nothing if the key does not exist. T may be a number, or another type that replies are read as.
    template <class T = std::string>
    Read<std::optional<T>> get(std::string_view key) {
        return read_<std::optional<T>>("GET", key);
    }

    Write<std::optional<std::string>> getset(std::string_view key, std::string_view value) {
        return write_<std::optional<std::string>>("GETSET", key, value);
    }

    Write<std::optional<std::string>> getdel(std::string_view key) {
        return write_<std::optional<std::string>>("GETDEL", key);
    }

    /// Gets a key and sets how long it lives from now on.
    Write<std::optional<std::string>> getex(std::string_view key, std::chrono::milliseconds ttl) {
        return write_<std::optional<std::string>>("GETEX", key, "PX", ttl.count());
    }

    /// Gets a key and sets until when it lives.
    template <class Duration>
    Write<std::optional<std::string>> getex(std::string_view key,
                                            std::chrono::time_point<std::chrono::system_clock, Duration> until) {
        return write_<std::optional<std::string>>("GETEX", key, "PXAT", detail::milliseconds_since_1970(until));
    }

    /// Gets a key and has it live for ever.
    Write<std::optional<std::string>> getex_persist(std::string_view key) {
        return write_<std::optional<std::string>>("GETEX", key, "PERSIST");
    }

    /// One for each key, in their order.
    template <class T = std::vector<std::optional<std::string>>>
    Read<T> mget(const Strings &keys) {
        return read_<T>("MGET", keys);
    }

    template <class T = std::vector<std::optional<std::string>>, class It, class = detail::RequireIterator<It>>
    Read<T> mget(It first, It last) {
        return mget<T>(detail::between(first, last));
    }

    Write<void> mset(const Pairs &pairs) { return write_<void>("MSET", pairs); }

    template <class It, class = detail::RequireIterator<It>>
    Write<void> mset(It first, It last) {
        return mset(detail::between(first, last));
    }

    /// Sets all of them if none exists.
    Write<bool> msetnx(const Pairs &pairs) { return write_<bool>("MSETNX", pairs); }

    template <class It, class = detail::RequireIterator<It>>
    Write<bool> msetnx(It first, It last) {
        return msetnx(detail::between(first, last));
    }

    /// The length that it has then.
    Write<long long> append(std::string_view key, std::string_view text) { return write_<long long>("APPEND", key, text); }

    Write<long long> incr(std::string_view key) { return write_<long long>("INCR", key); }

    Write<long long> incrby(std::string_view key, long long increment) {
        return write_<long long>("INCRBY", key, increment);
    }

    Write<double> incrbyfloat(std::string_view key, double increment) {
        return write_<double>("INCRBYFLOAT", key, increment);
    }

    Write<long long> decr(std::string_view key) { return write_<long long>("DECR", key); }

    Write<long long> decrby(std::string_view key, long long decrement) {
        return write_<long long>("DECRBY", key, decrement);
    }

    /// How many bytes; 0 if the key does not exist.
    Read<long long> strlen(std::string_view key) { return read_<long long>("STRLEN", key); }

    /// The bytes from `start` to `end`, that one included; negative ones count from the end.
    Read<std::string> getrange(std::string_view key, long long start, long long end) {
        return read_<std::string>("GETRANGE", key, start, end);
    }

    /// The length that it has then.
    Write<long long> setrange(std::string_view key, long long offset, std::string_view text) {
        return write_<long long>("SETRANGE", key, offset, text);
    }

    Read<long long> getbit(std::string_view key, long long offset) { return read_<long long>("GETBIT", key, offset); }

    /// The bit that was there before.
    Write<long long> setbit(std::string_view key, long long offset, long long bit) {
        return write_<long long>("SETBIT", key, offset, bit);
    }

    Read<long long> bitcount(std::string_view key, long long start = 0, long long end = -1) {
        return read_<long long>("BITCOUNT", key, start, end);
    }

    /// From Redis 7 on.
    Read<long long> bitcount(std::string_view key, long long start, long long end, BitUnit unit) {
        return read_<long long>("BITCOUNT", key, start, end, detail::word(unit));
    }

    Read<long long> bitpos(std::string_view key, long long bit, long long start = 0) {
        return read_<long long>("BITPOS", key, bit, start);
    }

    Read<long long> bitpos(std::string_view key, long long bit, long long start, long long end) {
        return read_<long long>("BITPOS", key, bit, start, end);
    }

    /// From Redis 7 on.
    Read<long long> bitpos(std::string_view key, long long bit, long long start, long long end, BitUnit unit) {
        return read_<long long>("BITPOS", key, bit, start, end, detail::word(unit));
    }

    /// The length of what is stored at `destination`.
    Write<long long> bitop(BitOp op, std::string_view destination, const Strings &keys) {
        return write_<long long>("BITOP", detail::word(op), destination, keys);
    }

    template <class It, class = detail::RequireIterator<It>>
    Write<long long> bitop(BitOp op, std::string_view destination, It first, It last) {
        return bitop(op, destination, detail::between(first, last));
    }

    /// Has the estimate changed?
    Write<bool> pfadd(std::string_view key, const Strings &elements) { return write_<bool>("PFADD", key, elements); }

    template <class It, class = detail::RequireIterator<It>>
    Write<bool> pfadd(std::string_view key, It first, It last) {
        return pfadd(key, detail::between(first, last));
    }

    Read<long long> pfcount(const Strings &keys) { return read_<long long>("PFCOUNT", keys); }

    template <class It, class = detail::RequireIterator<It>>
    Read<long long> pfcount(It first, It last) {
        return pfcount(detail::between(first, last));
    }

    Write<void> pfmerge(std::string_view destination, const Strings &keys) {
        return write_<void>("PFMERGE", destination, keys);
    }

    template <class It, class = detail::RequireIterator<It>>
    Write<void> pfmerge(std::string_view destination, It first, It last) {
        return pfmerge(destination, detail::between(first, last));
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
    Write<T> set_(std::string_view key, std::string_view value, std::chrono::milliseconds ttl, bool keepttl, UpdateType type,
                  bool get) {
        Arguments command("SET", key, value);

        detail::add_option(command, type);
        if (get)
            command.add("GET");
        if (keepttl)
            command.add("KEEPTTL");
        else if (ttl.count() != 0)
            command.add("PX").add(ttl.count());
        return static_cast<Derived &>(*this).template write<T>(std::move(command));
    }
};

} // namespace rr

#endif
