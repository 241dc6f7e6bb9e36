// SPDX-License-Identifier: MIT OR Apache-2.0
// The words that commands take beside their keys and values: enums, intervals, and their spelling.

#ifndef RESILIENT_REDIS_COMMANDS_OPTIONS_HPP
#define RESILIENT_REDIS_COMMANDS_OPTIONS_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "../arguments.hpp"
#include "../digits.hpp"

namespace rr {

/// Whether something is set that exists already, or not.
enum class UpdateType { EXIST, NOT_EXIST, ALWAYS };

/// When a time to live is set: only if there is none (NX) or one (XX) already, or if it would be later (GT) or earlier (LT).
enum class ExpireType { ALWAYS, NX, XX, GT, LT };

enum class InsertPosition { BEFORE, AFTER };

/// Which end of a list.
enum class ListWhence { LEFT, RIGHT };

/// Which ends of an interval do not belong to it.
enum class BoundType { CLOSED, OPEN, LEFT_OPEN, RIGHT_OPEN };

/// How the scores of one member in several sets are put together.
enum class Aggregation { SUM, MIN, MAX };

enum class BitOp { AND, OR, XOR, NOT };

/// What the positions in a string count.
enum class BitUnit { BYTE, BIT };

enum class GeoUnit { M, KM, MI, FT };

/// What a stream is trimmed by: how many entries it keeps, or which is the oldest.
enum class XtrimStrategy { MAXLEN, MINID };

/// Which part of the results: as many as `count` behind the first `offset` ones. Negative: all.
struct LimitOptions {
    long long offset = 0;
    long long count = -1;
};

namespace detail {

inline const char *word(UpdateType type) noexcept {
    return type == UpdateType::EXIST ? "XX" : type == UpdateType::NOT_EXIST ? "NX" : "";
}

inline const char *word(ExpireType type) noexcept {
    switch (type) {
    case ExpireType::NX: return "NX";
    case ExpireType::XX: return "XX";
    case ExpireType::GT: return "GT";
    case ExpireType::LT: return "LT";
    case ExpireType::ALWAYS: break;
    }
    return "";
}

inline const char *word(InsertPosition position) noexcept {
    return position == InsertPosition::BEFORE ? "BEFORE" : "AFTER";
}

inline const char *word(ListWhence whence) noexcept { return whence == ListWhence::LEFT ? "LEFT" : "RIGHT"; }

inline const char *word(Aggregation aggregation) noexcept {
    return aggregation == Aggregation::MIN ? "MIN" : aggregation == Aggregation::MAX ? "MAX" : "SUM";
}

inline const char *word(BitOp op) noexcept {
    switch (op) {
    case BitOp::OR: return "OR";
    case BitOp::XOR: return "XOR";
    case BitOp::NOT: return "NOT";
    case BitOp::AND: break;
    }
    return "AND";
}

inline const char *word(BitUnit unit) noexcept { return unit == BitUnit::BIT ? "BIT" : "BYTE"; }

inline const char *word(GeoUnit unit) noexcept {
    switch (unit) {
    case GeoUnit::KM: return "km";
    case GeoUnit::MI: return "mi";
    case GeoUnit::FT: return "ft";
    case GeoUnit::M: break;
    }
    return "m";
}

inline const char *word(XtrimStrategy strategy) noexcept {
    return strategy == XtrimStrategy::MINID ? "MINID" : "MAXLEN";
}

/// Adds an option's word, if it is there.
template <class Option>
void add_option(Arguments &arguments, Option option) {
    const char *text = word(option);

    if (*text != '\0')
        arguments.add(text);
}

inline void add_limit(Arguments &arguments, const LimitOptions &limit) {
    if (limit.offset != 0 || limit.count >= 0)
        arguments.add("LIMIT").add(limit.offset).add(limit.count);
}

/// The end of an interval of scores: "(" in front says that it does not belong to it.
inline std::string bound(double score, bool open) {
    std::string text(open ? "(" : "");

    return text.append(Digits(score).text());
}

/// The end of an interval of texts: "(" or "[" in front.
inline std::string bound(std::string_view text, bool open) {
    std::string result(open ? "(" : "[");

    return result.append(text);
}

template <class T>
struct Ends;

template <>
struct Ends<double> {
    static constexpr const char *lowest = "-inf";
    static constexpr const char *highest = "+inf";
};

template <>
struct Ends<std::string> {
    static constexpr const char *lowest = "-";
    static constexpr const char *highest = "+";
};

inline bool is_left_open(BoundType type) noexcept { return type == BoundType::OPEN || type == BoundType::LEFT_OPEN; }
inline bool is_right_open(BoundType type) noexcept { return type == BoundType::OPEN || type == BoundType::RIGHT_OPEN; }

/// Its two ends, as commands take them.
class Interval {
public:
    const std::string &lower() const noexcept { return lower_; }
    const std::string &upper() const noexcept { return upper_; }

protected:
    Interval(std::string lower, std::string upper) : lower_(std::move(lower)), upper_(std::move(upper)) {}

private:
    std::string lower_, upper_;
};

} // namespace detail

/// Everything. T is double for scores, std::string for members.
template <class T>
class UnboundedInterval : public detail::Interval {
public:
    UnboundedInterval() : Interval(detail::Ends<T>::lowest, detail::Ends<T>::highest) {}
};

/// From `min` to `max`.
template <class T>
class BoundedInterval : public detail::Interval {
public:
    BoundedInterval(const T &min, const T &max, BoundType type)
        : Interval(detail::bound(min, detail::is_left_open(type)), detail::bound(max, detail::is_right_open(type))) {}
};

/// From `min` on, without it if the type is OPEN or LEFT_OPEN.
template <class T>
class LeftBoundedInterval : public detail::Interval {
public:
    LeftBoundedInterval(const T &min, BoundType type)
        : Interval(detail::bound(min, detail::is_left_open(type)), detail::Ends<T>::highest) {}
};

/// Up to `max`, without it if the type is OPEN or RIGHT_OPEN.
template <class T>
class RightBoundedInterval : public detail::Interval {
public:
    RightBoundedInterval(const T &max, BoundType type)
        : Interval(detail::Ends<T>::lowest, detail::bound(max, detail::is_right_open(type))) {}
};

} // namespace rr

#endif
