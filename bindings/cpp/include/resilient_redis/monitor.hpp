// SPDX-License-Identifier: MIT OR Apache-2.0
// A stream of every command that the server runs (MONITOR), on a connection of its own that comes back.
//
// A monitor belongs to one thread at a time, but for close(), which ends a call of next() in another thread. It may be
// destroyed before or after its client. It costs the server a good part of its throughput: it is for looking into things.

#ifndef RESILIENT_REDIS_MONITOR_HPP
#define RESILIENT_REDIS_MONITOR_HPP

#include "lent.hpp"
#include "pull.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace rr {

/// A later version may have new ones: ignore one you do not know.
enum class MonitorKind : std::int32_t {
    /// The server ran a command.
    command = RR_MONITOR_COMMAND,
    /// The connection was lost and is back: what ran in between is not told.
    gap = RR_MONITOR_GAP
};

/// One thing that a monitor tells. Views into it live as long as it does.
class MonitorEntry {
public:
    using Time = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

    /// Takes it over.
    explicit MonitorEntry(rr_monitor_entry *entry) : entry_(entry, true) {}

    MonitorKind kind() const noexcept { return static_cast<MonitorKind>(rr_monitor_entry_kind(c_ptr())); }
    /// When the command ran, by the server's clock, or when a gap ended, by this machine's.
    Time time() const noexcept { return Time(std::chrono::microseconds(rr_monitor_entry_time_us(c_ptr()))); }
    /// How long a gap was.
    std::chrono::milliseconds gap() const noexcept { return std::chrono::milliseconds(rr_monitor_entry_gap_ms(c_ptr())); }
    /// In which database the command ran.
    std::int64_t db() const noexcept { return rr_monitor_entry_db(c_ptr()); }
    /// For whom it ran: an address and port, "unix:" and a path, or "lua" for a script.
    std::string_view address() const noexcept { return rr_monitor_entry_address(c_ptr()); }
    /// The line as the server sent it, or the cause of a gap.
    std::string_view line() const noexcept {
        std::size_t length = 0;
        const char *bytes = rr_monitor_entry_line(c_ptr(), &length);
        return bytes != nullptr ? std::string_view(bytes, length) : std::string_view();
    }
    /// The command, its name first; empty for a gap.
    std::vector<std::string_view> arguments() const {
        std::vector<std::string_view> arguments(rr_monitor_entry_argument_count(c_ptr()));
        for (std::size_t i = 0; i < arguments.size(); i++) {
            std::size_t length = 0;
            const char *bytes = rr_monitor_entry_argument(c_ptr(), i, &length);
            arguments[i] = std::string_view(bytes, length);
        }
        return arguments;
    }

    const rr_monitor_entry *c_ptr() const noexcept { return entry_.get(); }

private:
    detail::Lent<rr_monitor_entry, rr_monitor_entry_free> entry_;
};

class Monitor {
public:
    using Iterator = detail::PullIterator<Monitor, MonitorEntry>;

    static Result<Monitor> make(rr_client *client) {
        rr_monitor *monitor = nullptr;
        detail::ErrorPlace error;
        const rr_status status = rr_monitor_new(client, &monitor, error.place());
        if (status < 0)
            return error.take(status);
        return Monitor(monitor);
    }

    /// Takes the next entry; nothing if there was none in time (0: only what is there). After the connection was lost it
    /// makes a new one as far as the time allows; failing is not the end, call it again. ClosedError: the client is closed.
    detail::Given<std::optional<MonitorEntry>> next(std::chrono::milliseconds timeout) { return detail::give(try_next(timeout)); }
    Result<std::optional<MonitorEntry>> try_next(std::chrono::milliseconds timeout) {
        rr_monitor_entry *entry = nullptr;
        detail::ErrorPlace error;
        const rr_status status = rr_monitor_next(monitor_.get(), timeout.count(), &entry, error.place());
        return detail::pulled<MonitorEntry>(status, entry, error);
    }

    /// Ends it: a call of next() that is running in another thread, and every later one, ends with ClosedError.
    detail::Given<void> close() { return detail::give(try_close()); }
    Result<void> try_close() {
        detail::ErrorPlace error;
        return detail::done(rr_monitor_close(monitor_.get(), error.place()), error);
    }

    /// Waits for one entry after the other, until this or the client is closed.
    Iterator begin() { return Iterator(*this); }
    Iterator end() { return Iterator(); }

    rr_monitor *c_ptr() const noexcept { return monitor_.get(); }

private:
    struct Free {
        void operator()(rr_monitor *monitor) const noexcept { rr_monitor_free(monitor); }
    };

    explicit Monitor(rr_monitor *monitor) : monitor_(monitor) {}

    std::unique_ptr<rr_monitor, Free> monitor_;
};

} // namespace rr

#endif
