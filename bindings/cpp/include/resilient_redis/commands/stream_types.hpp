// SPDX-License-Identifier: MIT OR Apache-2.0
// What commands about streams give: entries, and what of them is pending.

#ifndef RESILIENT_REDIS_COMMANDS_STREAM_TYPES_HPP
#define RESILIENT_REDIS_COMMANDS_STREAM_TYPES_HPP

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../convert.hpp"

namespace rr {

/// An entry of a stream. One that a consumer was given and that was deleted since has no fields; in Redis before 7 XCLAIM
/// gives it without an ID, too.
struct StreamEntry {
    std::string id;
    /// In the order in which they were added; a name may be there twice.
    std::vector<std::pair<std::string, std::string>> fields;

    /// The value of the first field of this name.
    std::optional<std::string_view> field(std::string_view name) const {
        for (const auto &[field_name, value] : fields)
            if (field_name == name)
                return value;
        return std::nullopt;
    }
};

/// Streams by name, each with its entries, as XREAD and XREADGROUP give them.
using StreamMessages = std::vector<std::pair<std::string, std::vector<StreamEntry>>>;

template <>
struct Convert<StreamEntry> : Conversion<StreamEntry> {
    static constexpr const char *name = "an entry of a stream";

    static bool into(const Value &value, StreamEntry &entry) {
        entry = StreamEntry();
        return value.is_nil() || (value.size() == 2 && Convert<std::string>::into(value[0], entry.id) &&
                                  Convert<decltype(entry.fields)>::into(value[1], entry.fields));
    }
};

/// What a group was given and has not done.
struct PendingSummary {
    long long count = 0;
    /// The lowest and the highest ID, if there are any.
    std::optional<std::string> first, last;
    /// How many each consumer has.
    std::vector<std::pair<std::string, long long>> consumers;
};

template <>
struct Convert<PendingSummary> : Conversion<PendingSummary> {
    static constexpr const char *name = "a summary of what is pending";

    static bool into(const Value &value, PendingSummary &summary) {
        return value.size() == 4 && Convert<long long>::into(value[0], summary.count) &&
               Convert<std::optional<std::string>>::into(value[1], summary.first) &&
               Convert<std::optional<std::string>>::into(value[2], summary.last) &&
               Convert<decltype(summary.consumers)>::into(value[3], summary.consumers);
    }
};

/// An entry that a consumer was given and has not done.
struct PendingEntry {
    std::string id, consumer;
    /// How long ago it was given.
    std::chrono::milliseconds idle{0};
    /// How many times it was given.
    long long deliveries = 0;
};

template <>
struct Convert<PendingEntry> : Conversion<PendingEntry> {
    static constexpr const char *name = "an entry that is pending";

    static bool into(const Value &value, PendingEntry &entry) {
        return value.size() == 4 && Convert<std::string>::into(value[0], entry.id) &&
               Convert<std::string>::into(value[1], entry.consumer) &&
               Convert<std::chrono::milliseconds>::into(value[2], entry.idle) &&
               Convert<long long>::into(value[3], entry.deliveries);
    }
};

/// What XAUTOCLAIM gave.
struct Autoclaimed {
    /// Where to go on; "0-0" when all was looked at.
    std::string next;
    std::vector<StreamEntry> entries;
    /// IDs of entries that had been deleted and are not pending any more. From Redis 7 on.
    std::vector<std::string> deleted;
};

template <>
struct Convert<Autoclaimed> : Conversion<Autoclaimed> {
    static constexpr const char *name = "what was claimed";

    static bool into(const Value &value, Autoclaimed &claimed) {
        return value.size() >= 2 && Convert<std::string>::into(value[0], claimed.next) &&
               Convert<decltype(claimed.entries)>::into(value[1], claimed.entries) &&
               Convert<decltype(claimed.deleted)>::into(value[2], claimed.deleted);
    }
};

} // namespace rr

#endif
