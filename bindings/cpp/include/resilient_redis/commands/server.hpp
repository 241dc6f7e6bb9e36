// SPDX-License-Identifier: MIT OR Apache-2.0
// Commands about the server and the connection, and publishing.

#ifndef RESILIENT_REDIS_COMMANDS_SERVER_HPP
#define RESILIENT_REDIS_COMMANDS_SERVER_HPP

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "inputs.hpp"
#include "../arguments.hpp"

namespace rr {

template <class Derived, template <class> class Read, template <class> class Write>
class ServerCommands {
public:
    /// "PONG".
    Read<std::string> ping() { return read_<std::string>("PING"); }

    /// The message.
    Read<std::string> ping(std::string_view message) { return read_<std::string>("PING", message); }

    Read<std::string> echo(std::string_view message) { return read_<std::string>("ECHO", message); }

    Read<std::string> info() { return read_<std::string>("INFO"); }
    Read<std::string> info(std::string_view section) { return read_<std::string>("INFO", section); }

    /// How many keys the database has.
    Read<long long> dbsize() { return read_<long long>("DBSIZE"); }

    /// The server's clock.
    Read<std::chrono::system_clock::time_point> time() { return read_<std::chrono::system_clock::time_point>("TIME"); }

    /// When the data was last saved, since 1970.
    Read<std::chrono::seconds> lastsave() { return read_<std::chrono::seconds>("LASTSAVE"); }

    /// Removes all keys of the database; with `async` their memory is freed later, by another thread of the server.
    Write<void> flushdb(bool async = false) { return write_<void>("FLUSHDB", async ? "ASYNC" : "SYNC"); }

    /// Removes all keys of all databases.
    Write<void> flushall(bool async = false) { return write_<void>("FLUSHALL", async ? "ASYNC" : "SYNC"); }

    Write<void> swapdb(long long db1, long long db2) { return write_<void>("SWAPDB", db1, db2); }

    Write<void> save() { return write_<void>("SAVE"); }
    Write<std::string> bgsave() { return write_<std::string>("BGSAVE"); }
    Write<void> bgrewriteaof() { return write_<void>("BGREWRITEAOF"); }

    /// The settings whose names match.
    template <class T = std::unordered_map<std::string, std::string>>
    Read<T> config_get(std::string_view pattern) {
        return read_<T>("CONFIG", "GET", pattern);
    }

    Write<void> config_set(std::string_view name, std::string_view value) {
        return write_<void>("CONFIG", "SET", name, value);
    }

    Write<void> config_resetstat() { return write_<void>("CONFIG", "RESETSTAT"); }
    Write<void> config_rewrite() { return write_<void>("CONFIG", "REWRITE"); }

    /// The connection's name; nothing, or an empty one, if it has none.
    Read<std::optional<std::string>> client_getname() {
        return read_<std::optional<std::string>>("CLIENT", "GETNAME");
    }

    /// The client's connections have this name from now on, those to come too.
    Write<void> client_setname(std::string_view name) { return write_<void>("CLIENT", "SETNAME", name); }

    /// The connection's number at the server; each connection has another one.
    Read<long long> client_id() { return read_<long long>("CLIENT", "ID"); }

    /// A line for each connection that the server has.
    Read<std::string> client_list() { return read_<std::string>("CLIENT", "LIST"); }

    /// How many replicas have all that the client wrote before, after up to `timeout`; 0: without end. It is never buffered.
    Read<long long> wait(long long replicas, std::chrono::milliseconds timeout) {
        return read_<long long>("WAIT", replicas, timeout.count());
    }

    /// How many subscribers got it. Buffered during an outage as any write.
    Write<long long> publish(std::string_view channel, std::string_view message) {
        return write_<long long>("PUBLISH", channel, message);
    }

    /// Publishes to a shard channel. From Redis 7 on.
    Write<long long> spublish(std::string_view channel, std::string_view message) {
        return write_<long long>("SPUBLISH", channel, message);
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
