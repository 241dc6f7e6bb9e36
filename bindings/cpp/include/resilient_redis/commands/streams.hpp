// SPDX-License-Identifier: MIT OR Apache-2.0
// Commands about streams.
//
// Entries are read as StreamEntry, or as std::pair of an ID and any map or container of pairs. What waits at the server (BLOCK)
// is never buffered, so it gives its value itself.

#ifndef RESILIENT_REDIS_COMMANDS_STREAMS_HPP
#define RESILIENT_REDIS_COMMANDS_STREAMS_HPP

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inputs.hpp"
#include "stream_types.hpp"
#include "options.hpp"
#include "../arguments.hpp"

namespace rr {

class Reply;

template <class Derived, template <class> class Read, template <class> class Write>
class StreamCommands {
public:
    /// Adds an entry and gives its ID; "*": the server makes one.
    Write<std::string> xadd(std::string_view key, std::string_view id, const Pairs &fields) {
        return write_<std::string>("XADD", key, id, fields);
    }

    template <class It, class = detail::RequireIterator<It>>
    Write<std::string> xadd(std::string_view key, std::string_view id, It first, It last) {
        return xadd(key, id, detail::between(first, last));
    }

    /// Adds an entry and trims the stream to its newest `max_length` entries, or with `approx` to a few more.
    Write<std::string> xadd(std::string_view key, std::string_view id, const Pairs &fields, long long max_length,
                            bool approx = true) {
        return write_<std::string>("XADD", key, "MAXLEN", approx ? "~" : "=", max_length, id, fields);
    }

    template <class It, class = detail::RequireIterator<It>>
    Write<std::string> xadd(std::string_view key, std::string_view id, It first, It last, long long max_length,
                            bool approx = true) {
        return xadd(key, id, detail::between(first, last), max_length, approx);
    }

    /// xadd() that makes no stream: nothing if there is none.
    Write<std::optional<std::string>> xadd_nomkstream(std::string_view key, std::string_view id, const Pairs &fields) {
        return write_<std::optional<std::string>>("XADD", key, "NOMKSTREAM", id, fields);
    }

    /// How many entries were removed. The threshold is a length, for MAXLEN.
    Write<long long> xtrim(std::string_view key, long long threshold, bool approx = true,
                           XtrimStrategy strategy = XtrimStrategy::MAXLEN) {
        return write_<long long>("XTRIM", key, detail::word(strategy), approx ? "~" : "=", threshold);
    }

    /// The threshold is the ID of the oldest entry that stays, for MINID.
    Write<long long> xtrim(std::string_view key, std::string_view threshold, bool approx = true,
                           XtrimStrategy strategy = XtrimStrategy::MINID) {
        return write_<long long>("XTRIM", key, detail::word(strategy), approx ? "~" : "=", threshold);
    }

    Read<long long> xlen(std::string_view key) { return read_<long long>("XLEN", key); }

    /// How many of them were there.
    Write<long long> xdel(std::string_view key, const Strings &ids) { return write_<long long>("XDEL", key, ids); }

    template <class It, class = detail::RequireIterator<It>>
    Write<long long> xdel(std::string_view key, It first, It last) {
        return xdel(key, detail::between(first, last));
    }

    /// The entries from `start` to `end`, both included; "-" and "+" are the first and the last. `count` 0: all.
    template <class T = std::vector<StreamEntry>>
    Read<T> xrange(std::string_view key, std::string_view start, std::string_view end, long long count = 0) {
        return range_<T>("XRANGE", key, start, end, count);
    }

    /// The same, from the end: `end` comes first.
    template <class T = std::vector<StreamEntry>>
    Read<T> xrevrange(std::string_view key, std::string_view end, std::string_view start, long long count = 0) {
        return range_<T>("XREVRANGE", key, end, start, count);
    }

    /// The entries behind `id`, with their stream: {"stream", entries}. Empty if there are none. `count` 0: all.
    template <class T = StreamMessages>
    Read<T> xread(std::string_view key, std::string_view id, long long count = 0) {
        return xread<T>(std::pair<std::string_view, std::string_view>(key, id), count);
    }

    /// Of several streams: {{"stream", "id"}, ...}.
    template <class T = StreamMessages>
    Read<T> xread(const Pairs &streams, long long count = 0) {
        return static_cast<Derived &>(*this).template read<T>(xread_(streams, nullptr, count));
    }

    /// Waits up to `timeout` for entries; 0: for ever. "$" is the last ID when the server begins to wait.
    template <class T = StreamMessages>
    Read<T> xread(std::string_view key, std::string_view id, std::chrono::milliseconds timeout, long long count = 0) {
        return xread<T>(std::pair<std::string_view, std::string_view>(key, id), timeout, count);
    }

    template <class T = StreamMessages>
    Read<T> xread(const Pairs &streams, std::chrono::milliseconds timeout, long long count = 0) {
        return static_cast<Derived &>(*this).template read<T>(xread_(streams, &timeout, count));
    }

    /// Entries for a consumer of a group: with ID ">" those that were given to none yet. `noack`: they count as done.
    template <class T = StreamMessages>
    Write<T> xreadgroup(std::string_view group, std::string_view consumer, std::string_view key, std::string_view id,
                        long long count = 0, bool noack = false) {
        return xreadgroup<T>(group, consumer, std::pair<std::string_view, std::string_view>(key, id), count, noack);
    }

    template <class T = StreamMessages>
    Write<T> xreadgroup(std::string_view group, std::string_view consumer, const Pairs &streams, long long count = 0,
                        bool noack = false) {
        return static_cast<Derived &>(*this).template write<T>(xreadgroup_(group, consumer, streams, nullptr, count, noack));
    }

    /// Waits up to `timeout` for entries; 0: for ever.
    template <class T = StreamMessages>
    Read<T> xreadgroup(std::string_view group, std::string_view consumer, std::string_view key, std::string_view id,
                       std::chrono::milliseconds timeout, long long count = 0, bool noack = false) {
        return xreadgroup<T>(group, consumer, std::pair<std::string_view, std::string_view>(key, id), timeout, count,
                             noack);
    }

    template <class T = StreamMessages>
    Read<T> xreadgroup(std::string_view group, std::string_view consumer, const Pairs &streams,
                       std::chrono::milliseconds timeout, long long count = 0, bool noack = false) {
        return static_cast<Derived &>(*this).template read<T>(
            xreadgroup_(group, consumer, streams, &timeout, count, noack));
    }

    /// A group of consumers that begins behind `id`: "0" is the beginning, "$" the end.
    Write<void> xgroup_create(std::string_view key, std::string_view group, std::string_view id, bool mkstream = false) {
        if (mkstream)
            return write_<void>("XGROUP", "CREATE", key, group, id, "MKSTREAM");
        return write_<void>("XGROUP", "CREATE", key, group, id);
    }

    Write<void> xgroup_setid(std::string_view key, std::string_view group, std::string_view id) {
        return write_<void>("XGROUP", "SETID", key, group, id);
    }

    /// False if there is no such group.
    Write<bool> xgroup_destroy(std::string_view key, std::string_view group) {
        return write_<bool>("XGROUP", "DESTROY", key, group);
    }

    /// False if there is one already.
    Write<bool> xgroup_createconsumer(std::string_view key, std::string_view group, std::string_view consumer) {
        return write_<bool>("XGROUP", "CREATECONSUMER", key, group, consumer);
    }

    /// How many entries it had been given and not done.
    Write<long long> xgroup_delconsumer(std::string_view key, std::string_view group, std::string_view consumer) {
        return write_<long long>("XGROUP", "DELCONSUMER", key, group, consumer);
    }

    /// Entries are done. How many of them were not before.
    Write<long long> xack(std::string_view key, std::string_view group, const Strings &ids) {
        return write_<long long>("XACK", key, group, ids);
    }

    template <class It, class = detail::RequireIterator<It>>
    Write<long long> xack(std::string_view key, std::string_view group, It first, It last) {
        return xack(key, group, detail::between(first, last));
    }

    /// What a group was given and has not done.
    Read<PendingSummary> xpending(std::string_view key, std::string_view group) {
        return read_<PendingSummary>("XPENDING", key, group);
    }

    /// The same one by one, up to `count`, of one consumer if it is named.
    template <class T = std::vector<PendingEntry>>
    Read<T> xpending(std::string_view key, std::string_view group, std::string_view start, std::string_view end,
                     long long count, std::string_view consumer = {}) {
        if (consumer.empty())
            return read_<T>("XPENDING", key, group, start, end, count);
        return read_<T>("XPENDING", key, group, start, end, count, consumer);
    }

    /// Gives entries to this consumer that another has not done for `min_idle_time`.
    template <class T = std::vector<StreamEntry>>
    Write<T> xclaim(std::string_view key, std::string_view group, std::string_view consumer,
                    std::chrono::milliseconds min_idle_time, const Strings &ids) {
        return write_<T>("XCLAIM", key, group, consumer, min_idle_time.count(), ids);
    }

    template <class T = std::vector<StreamEntry>, class It, class = detail::RequireIterator<It>>
    Write<T> xclaim(std::string_view key, std::string_view group, std::string_view consumer,
                    std::chrono::milliseconds min_idle_time, It first, It last) {
        return xclaim<T>(key, group, consumer, min_idle_time, detail::between(first, last));
    }

    /// The same with whatever such entries there are, from `start` on: see Autoclaimed.
    Write<Autoclaimed> xautoclaim(std::string_view key, std::string_view group, std::string_view consumer,
                                  std::chrono::milliseconds min_idle_time, std::string_view start, long long count = 100) {
        return write_<Autoclaimed>("XAUTOCLAIM", key, group, consumer, min_idle_time.count(), start, "COUNT", count);
    }

    /// What the server tells about a stream, its groups and consumers: names and values.
    template <class T = Reply>
    Read<T> xinfo_stream(std::string_view key) {
        return read_<T>("XINFO", "STREAM", key);
    }

    template <class T = Reply>
    Read<T> xinfo_groups(std::string_view key) {
        return read_<T>("XINFO", "GROUPS", key);
    }

    template <class T = Reply>
    Read<T> xinfo_consumers(std::string_view key, std::string_view group) {
        return read_<T>("XINFO", "CONSUMERS", key, group);
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
    Read<T> range_(const char *name, std::string_view key, std::string_view from, std::string_view to, long long count) {
        if (count > 0)
            return read_<T>(name, key, from, to, "COUNT", count);
        return read_<T>(name, key, from, to);
    }

    static void add_streams_(Arguments &command, const Pairs &streams, const std::chrono::milliseconds *timeout,
                             long long count, bool noack) {
        if (count > 0)
            command.add("COUNT").add(count);
        if (timeout != nullptr)
            command.add("BLOCK").add(timeout->count());
        if (noack)
            command.add("NOACK");
        command.add("STREAMS");
        streams.append_firsts_to(command);
        streams.append_seconds_to(command);
    }

    static Arguments xread_(const Pairs &streams, const std::chrono::milliseconds *timeout, long long count) {
        Arguments command("XREAD");

        add_streams_(command, streams, timeout, count, false);
        return command;
    }

    static Arguments xreadgroup_(std::string_view group, std::string_view consumer, const Pairs &streams,
                                 const std::chrono::milliseconds *timeout, long long count, bool noack) {
        Arguments command("XREADGROUP", "GROUP", group, consumer);

        add_streams_(command, streams, timeout, count, noack);
        return command;
    }
};

} // namespace rr

#endif
