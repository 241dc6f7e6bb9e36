// SPDX-License-Identifier: MIT OR Apache-2.0
// What a client counted since it was made, and what it left behind when it was closed: the structs of the C interface, whose
// members are documented there, with their times as durations besides.

#ifndef RESILIENT_REDIS_STATS_HPP
#define RESILIENT_REDIS_STATS_HPP

#include "answer.hpp"

#include <chrono>

namespace rr {

/// The numbers are not of one instant: each is.
struct Stats : rr_stats {
    Stats() : rr_stats() { struct_size = sizeof(rr_stats); }

    std::chrono::microseconds longest_outage() const noexcept { return time(longest_outage_us); }
    std::chrono::microseconds last_outage() const noexcept { return time(last_outage_us); }
    std::chrono::microseconds outage_total() const noexcept { return time(outage_total_us); }
    std::chrono::microseconds longest_call() const noexcept { return time(longest_call_us); }

private:
    static std::chrono::microseconds time(std::uint64_t us) noexcept {
        return std::chrono::microseconds(static_cast<std::chrono::microseconds::rep>(us));
    }
};

/// `drained` was sent while closing; `lost` could not be; `unknown` was written and not answered; `failed` was left in the
/// failed list.
struct CloseReport : rr_close_report {
    CloseReport() : rr_close_report() { struct_size = sizeof(rr_close_report); }
};

} // namespace rr

#endif
