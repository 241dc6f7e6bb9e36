// SPDX-License-Identifier: MIT OR Apache-2.0
// Commands about keys of any type: whether they exist, how long they live, what they are called.

#ifndef RESILIENT_REDIS_COMMANDS_KEYS_HPP
#define RESILIENT_REDIS_COMMANDS_KEYS_HPP

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
class KeyCommands {
public:
    /// How many of them existed.
    Write<long long> del(const Strings &keys) { return write_<long long>("DEL", keys); }

    template <class It, class = detail::RequireIterator<It>>
    Write<long long> del(It first, It last) {
        return del(detail::between(first, last));
    }

    /// del(), with their memory freed later by another thread of the server.
    Write<long long> unlink(const Strings &keys) { return write_<long long>("UNLINK", keys); }

    template <class It, class = detail::RequireIterator<It>>
    Write<long long> unlink(It first, It last) {
        return unlink(detail::between(first, last));
    }

    /// How many of them exist; one that is named twice counts twice.
    Read<long long> exists(const Strings &keys) { return read_<long long>("EXISTS", keys); }

    template <class It, class = detail::RequireIterator<It>>
    Read<long long> exists(It first, It last) {
        return exists(detail::between(first, last));
    }

    /// How many of them exist. Those count as used just now.
    Read<long long> touch(const Strings &keys) { return read_<long long>("TOUCH", keys); }

    template <class It, class = detail::RequireIterator<It>>
    Read<long long> touch(It first, It last) {
        return touch(detail::between(first, last));
    }

    /// How long a key lives from now on. False if it does not exist, or `type` (from Redis 7 on) kept it from being set.
    Write<bool> expire(std::string_view key, std::chrono::seconds ttl, ExpireType type = ExpireType::ALWAYS) {
        return expire_("EXPIRE", key, ttl.count(), type);
    }

    Write<bool> pexpire(std::string_view key, std::chrono::milliseconds ttl, ExpireType type = ExpireType::ALWAYS) {
        return expire_("PEXPIRE", key, ttl.count(), type);
    }

    /// Until when a key lives, in whole seconds.
    template <class Duration>
    Write<bool> expireat(std::string_view key, std::chrono::time_point<std::chrono::system_clock, Duration> until,
                         ExpireType type = ExpireType::ALWAYS) {
        return expire_("EXPIREAT", key, detail::seconds_since_1970(until), type);
    }

    template <class Duration>
    Write<bool> pexpireat(std::string_view key, std::chrono::time_point<std::chrono::system_clock, Duration> until,
                          ExpireType type = ExpireType::ALWAYS) {
        return expire_("PEXPIREAT", key, detail::milliseconds_since_1970(until), type);
    }

    /// Has a key live for ever. False if it does already, or does not exist.
    Write<bool> persist(std::string_view key) { return write_<bool>("PERSIST", key); }

    /// How much longer a key lives. -1 s: for ever. -2 s: it does not exist.
    Read<std::chrono::seconds> ttl(std::string_view key) { return read_<std::chrono::seconds>("TTL", key); }

    /// How much longer a key lives. -1 ms: for ever. -2 ms: it does not exist.
    Read<std::chrono::milliseconds> pttl(std::string_view key) { return read_<std::chrono::milliseconds>("PTTL", key); }

    /// Until when a key lives, since 1970. -1 s: for ever. -2 s: it does not exist. From Redis 7 on.
    Read<std::chrono::seconds> expiretime(std::string_view key) {
        return read_<std::chrono::seconds>("EXPIRETIME", key);
    }

    Read<std::chrono::milliseconds> pexpiretime(std::string_view key) {
        return read_<std::chrono::milliseconds>("PEXPIRETIME", key);
    }

    /// "string", "list", ...; "none" if it does not exist.
    Read<std::string> type(std::string_view key) { return read_<std::string>("TYPE", key); }

    /// An error if it does not exist.
    Write<void> rename(std::string_view key, std::string_view new_key) { return write_<void>("RENAME", key, new_key); }

    /// False if the new name is taken.
    Write<bool> renamenx(std::string_view key, std::string_view new_key) {
        return write_<bool>("RENAMENX", key, new_key);
    }

    Read<std::optional<std::string>> randomkey() { return read_<std::optional<std::string>>("RANDOMKEY"); }

    /// All keys that match. It keeps the server from everything else meanwhile: see scan().
    template <class T = std::vector<std::string>>
    Read<T> keys(std::string_view pattern) {
        return read_<T>("KEYS", pattern);
    }

    /// A key's value in the server's own form; nothing if it does not exist.
    Read<std::optional<std::string>> dump(std::string_view key) {
        return read_<std::optional<std::string>>("DUMP", key);
    }

    /// Makes a key of what dump() gave. `ttl` 0: for ever.
    Write<void> restore(std::string_view key, std::string_view dumped,
                        std::chrono::milliseconds ttl = std::chrono::milliseconds(0), bool replace = false) {
        Arguments command("RESTORE", key, ttl.count(), dumped);

        if (replace)
            command.add("REPLACE");
        return static_cast<Derived &>(*this).template write<void>(std::move(command));
    }

    /// False if the destination exists and is not to be replaced, or there is nothing to copy.
    Write<bool> copy(std::string_view source, std::string_view destination, bool replace = false) {
        Arguments command("COPY", source, destination);

        if (replace)
            command.add("REPLACE");
        return static_cast<Derived &>(*this).template write<bool>(std::move(command));
    }

    /// Moves a key to another database.
    Write<bool> move(std::string_view key, long long db) { return write_<bool>("MOVE", key, db); }

    /// How it is kept in memory; nothing if it does not exist.
    Read<std::optional<std::string>> object_encoding(std::string_view key) {
        return read_<std::optional<std::string>>("OBJECT", "ENCODING", key);
    }

    Read<std::optional<long long>> object_refcount(std::string_view key) {
        return read_<std::optional<long long>>("OBJECT", "REFCOUNT", key);
    }

    /// How long nobody has used it.
    Read<std::optional<std::chrono::seconds>> object_idletime(std::string_view key) {
        return read_<std::optional<std::chrono::seconds>>("OBJECT", "IDLETIME", key);
    }

    /// How many bytes of memory it takes; nothing if it does not exist.
    Read<std::optional<long long>> memory_usage(std::string_view key) {
        return read_<std::optional<long long>>("MEMORY", "USAGE", key);
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

    Write<bool> expire_(const char *name, std::string_view key, long long time, ExpireType type) {
        Arguments command(name, key, time);

        detail::add_option(command, type);
        return static_cast<Derived &>(*this).template write<bool>(std::move(command));
    }
};

} // namespace rr

#endif
