// SPDX-License-Identifier: MIT OR Apache-2.0
// Something that happened in the life of a client: a connection lost, a failover, a buffered command that failed.
//
// One that Client::next_event() gave is owned. One that a callback is given is lent: it ends with the call. Any number of
// threads may read either.

#ifndef RESILIENT_REDIS_EVENT_HPP
#define RESILIENT_REDIS_EVENT_HPP

#include "lent.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace rr {

/// A later version may have new ones: ignore one you do not know.
enum class EventKind : rr_kind {
    connected = RR_EVENT_CONNECTED,
    disconnected = RR_EVENT_DISCONNECTED,
    reconnecting = RR_EVENT_RECONNECTING,
    gave_up = RR_EVENT_GAVE_UP,
    buffering = RR_EVENT_BUFFERING,
    drained = RR_EVENT_DRAINED,
    buffer_full = RR_EVENT_BUFFER_FULL,
    command_failed = RR_EVENT_COMMAND_FAILED,
    command_dropped = RR_EVENT_COMMAND_DROPPED,
    auth_failed = RR_EVENT_AUTH_FAILED,
    subscriptions_restored = RR_EVENT_SUBSCRIPTIONS_RESTORED,
    failover = RR_EVENT_FAILOVER,
    maintenance = RR_EVENT_MAINTENANCE
};

/// The constant's name, such as "RR_EVENT_CONNECTED". Never NULL.
inline const char *name(EventKind kind) noexcept { return rr_event_name(static_cast<rr_kind>(kind)); }

/// Which server there is after a failover.
enum class ServerChange : rr_kind { none = 0, same = RR_SERVER_SAME, restarted = RR_SERVER_RESTARTED, other = RR_SERVER_OTHER };

/// What became of the data in a failover.
enum class History : rr_kind {
    unknown = RR_HISTORY_UNKNOWN,
    continued = RR_HISTORY_CONTINUED,
    rolled_back = RR_HISTORY_ROLLED_BACK
};

/// When something happened, by the system's clock.
using Time = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

class Event {
public:
    /// Takes it over.
    explicit Event(rr_event *event) : event_(event, true) {}
    /// One that somebody else frees.
    static Event lent(const rr_event *event) { return Event(event, false); }

    EventKind kind() const noexcept { return static_cast<EventKind>(rr_event_kind(c_ptr())); }
    /// One sentence for people: the cause, or what was done.
    std::string_view message() const noexcept { return rr_event_message(c_ptr()); }
    Time time() const noexcept { return Time(std::chrono::milliseconds(rr_event_time_ms(c_ptr()))); }
    /// How many connection attempts this outage has seen.
    std::uint32_t attempt() const noexcept { return rr_event_attempt(c_ptr()); }
    /// The pause before the next connection attempt.
    std::chrono::milliseconds delay() const noexcept { return std::chrono::milliseconds(rr_event_delay_ms(c_ptr())); }
    /// How many commands, or subscriptions, it concerns.
    std::uint64_t count() const noexcept { return rr_event_count(c_ptr()); }
    /// The place in the failed list of the command it concerns; 0 when none.
    std::uint64_t failed_id() const noexcept { return rr_event_failed_id(c_ptr()); }
    /// How many events before this one nobody took in time.
    std::uint64_t missed() const noexcept { return rr_event_missed(c_ptr()); }
    /// When that had begun which is over; the epoch for events that say nothing like it.
    Time down_since() const noexcept { return Time(std::chrono::milliseconds(rr_event_down_since_ms(c_ptr()))); }
    ServerChange server_change() const noexcept { return static_cast<ServerChange>(rr_event_server_change(c_ptr())); }
    History history() const noexcept { return static_cast<History>(rr_event_history(c_ptr())); }
    /// The former and the present server's process, as `run_id` in INFO; empty for events other than a failover.
    std::string_view old_run_id() const noexcept { return rr_event_old_run_id(c_ptr()); }
    std::string_view new_run_id() const noexcept { return rr_event_new_run_id(c_ptr()); }
    /// Places in the replication stream, in bytes; -1 when not known. See rr_event_old_offset() and its neighbours.
    std::int64_t old_offset() const noexcept { return rr_event_old_offset(c_ptr()); }
    std::int64_t shared_offset() const noexcept { return rr_event_shared_offset(c_ptr()); }
    std::int64_t new_offset() const noexcept { return rr_event_new_offset(c_ptr()); }

    const rr_event *c_ptr() const noexcept { return event_.get(); }

private:
    Event(const rr_event *event, bool owned) : event_(event, owned) {}

    detail::Lent<rr_event, rr_event_free> event_;
};

} // namespace rr

#endif
