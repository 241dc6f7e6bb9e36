// SPDX-License-Identifier: MIT OR Apache-2.0
// What types of C++ a reply is read as.
//
//   bool                        1 or 0, a boolean, a status (true), nil (false)
//   char                        text of one byte, or an integer of one digit
//   integers                    an integer, or text or a whole double that is one; told when it does not fit
//   float, double               a double, an integer, or text that is a number
//   std::string                 bytes; an integer or double as text
//   std::string_view            bytes, which live as long as the Reply
//   std::optional<T>            nothing for nil, and for an empty array where T is a pair or tuple
//   containers                  arrays, sets, maps (keys and values one after the other); empty for nil
//   containers of pairs, maps   what Value::entries() gives: a map of RESP3 and the arrays of RESP2 alike
//   std::pair, std::tuple       an array of as many elements
//   std::chrono::duration       an integer of its unit; system_clock::time_point: seconds and microseconds, as of TIME
//   Value                       itself, which lives as long as the Reply
//   void                        anything
//
// A program's own type is read by a specialisation:
//
//     template <>
//     struct rr::Convert<Point> : rr::Conversion<Point> {
//         static constexpr const char *name = "a point";
//         static bool into(const Value &value, Point &point) { return ...; }
//     };

#ifndef RESILIENT_REDIS_CONVERT_HPP
#define RESILIENT_REDIS_CONVERT_HPP

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

#include "digits.hpp"
#include "error.hpp"
#include "value.hpp"

namespace rr {

/// How a T is made of a value: `static bool into(const Value &, T &)` says whether it is one. T is default-constructible.
template <class T, class = void>
struct Convert {
    static_assert(sizeof(T) == 0, "rr::Convert has no specialisation for this type");
};

namespace detail {

template <class T, class = void>
struct TypeName {
    static constexpr const char *value = "what was asked for";
};

template <class T>
struct TypeName<T, std::void_t<decltype(Convert<T>::name)>> {
    static constexpr const char *value = Convert<T>::name;
};

/// Says what came instead of what was asked for. Of an error its code is told, which is its first word.
inline std::string conversion_message(const char *wanted, const Value &value) {
    std::string message = "a reply of type ";

    message += rr_type_name(value.c_ptr()->type);
    if (value.is_error()) {
        message += " (";
        message += value.string().substr(0, value.string().find(' '));
        message += ')';
    }
    message += " is not ";
    message += wanted;
    return message;
}

[[noreturn]] inline void conversion_failed(const char *wanted, const Value &value) {
#if RR_EXCEPTIONS
    throw ConversionError(conversion_message(wanted, value));
#else
    misuse(conversion_message(wanted, value).c_str());
#endif
}

} // namespace detail

/// What specialisations of Convert have in common.
template <class T>
struct Conversion {
    /// A T of this value. Throws ConversionError if it is none; without exceptions the program is ended then.
    static T from(const Value &value) {
        T result{};

        if (!Convert<T>::into(value, result))
            detail::conversion_failed(detail::TypeName<T>::value, value);
        return result;
    }
};

template <class T>
T Value::as() const {
    return Convert<T>::from(*this);
}

template <class T>
std::optional<T> Value::try_as() const {
    std::optional<T> result(std::in_place);

    if (!Convert<T>::into(*this, *result))
        result.reset();
    return result;
}

namespace detail {

template <class Number>
bool parse(std::string_view text, Number &number) {
    std::from_chars_result end = std::from_chars(text.data(), text.data() + text.size(), number);

    return !text.empty() && end.ec == std::errc() && end.ptr == text.data() + text.size();
}

/// Text that is a value, and no error.
inline bool is_plain_text(const Value &value) {
    return value.is_text() && !value.is_error();
}

template <class T>
bool narrow(std::int64_t from, T &to) {
    to = static_cast<T>(from);
    return static_cast<std::int64_t>(to) == from && (to < T{}) == (from < 0);
}

template <class T>
struct IsPair : std::false_type {};

template <class A, class B>
struct IsPair<std::pair<A, B>> : std::true_type {};

template <class T>
struct IsFixed : IsPair<T> {};

template <class... A>
struct IsFixed<std::tuple<A...>> : std::true_type {};

/// A container's element, without the const of a map's keys.
template <class T>
struct Element {
    using type = T;
};

template <class A, class B>
struct Element<std::pair<const A, B>> {
    using type = std::pair<A, B>;
};

template <class T, class = void>
struct IsContainer : std::false_type {};

template <class T>
struct IsContainer<T, std::void_t<typename T::value_type, decltype(std::declval<T &>().clear()),
                                  decltype(std::declval<T &>().insert(std::declval<T &>().end(),
                                                                      std::declval<typename T::value_type>()))>>
    : std::bool_constant<!std::is_convertible_v<T, std::string_view>> {};

/// Is it, or has it in it, something that points into a reply?
template <class T, class = void>
struct IsView : std::bool_constant<std::is_same_v<T, std::string_view> || std::is_same_v<T, Value>> {};

template <class T>
struct IsView<T, std::void_t<typename T::value_type>>
    : std::bool_constant<std::is_same_v<T, std::string_view> ||
                         IsView<std::remove_cv_t<typename T::value_type>>::value> {};

template <class A, class B>
struct IsView<std::pair<A, B>> : std::bool_constant<IsView<std::remove_cv_t<A>>::value || IsView<std::remove_cv_t<B>>::value> {};

template <class... A>
struct IsView<std::tuple<A...>> : std::bool_constant<(IsView<std::remove_cv_t<A>>::value || ...)> {};

template <class T, class = void>
struct CanReserve : std::false_type {};

template <class T>
struct CanReserve<T, std::void_t<decltype(std::declval<T &>().reserve(std::size_t{}))>> : std::true_type {};

} // namespace detail

template <>
struct Convert<void> {
    static void from(const Value &) noexcept {}
};

template <>
struct Convert<Value> : Conversion<Value> {
    static bool into(const Value &value, Value &result) noexcept {
        result = value;
        return true;
    }
};

template <>
struct Convert<bool> : Conversion<bool> {
    static constexpr const char *name = "a boolean";

    static bool into(const Value &wrapped, bool &result) {
        Value value = wrapped.plain();

        switch (value.type()) {
        case Type::nil:
            result = false;
            return true;
        case Type::integer:
        case Type::boolean:
            result = value.integer() != 0;
            return true;
        case Type::status:
            result = true;
            return true;
        case Type::string:
            result = value.string() == "1";
            return result || value.string() == "0";
        default:
            return false;
        }
    }
};

template <>
struct Convert<char> : Conversion<char> {
    static constexpr const char *name = "one byte";

    static bool into(const Value &wrapped, char &result) {
        Value value = wrapped.plain();

        if (value.type() == Type::integer) {
            result = static_cast<char>('0' + value.integer() % 10);
            return value.integer() >= 0 && value.integer() <= 9;
        }
        if (!detail::is_plain_text(value) || value.string().size() != 1)
            return false;
        result = value.string().front();
        return true;
    }
};

template <class T>
struct Convert<T, std::enable_if_t<std::is_integral_v<T>>> : Conversion<T> {
    static constexpr const char *name = "an integer that fits";

    static bool into(const Value &wrapped, T &result) {
        Value value = wrapped.plain();

        switch (value.type()) {
        case Type::integer:
        case Type::boolean:
            return detail::narrow(value.integer(), result);
        case Type::real:
            // 2 to the power of 63 is the least that does not fit.
            return std::trunc(value.real()) == value.real() && std::fabs(value.real()) < 9223372036854775808.0 &&
                   detail::narrow(static_cast<std::int64_t>(value.real()), result);
        default:
            return detail::is_plain_text(value) && detail::parse(value.string(), result);
        }
    }
};

template <class T>
struct Convert<T, std::enable_if_t<std::is_floating_point_v<T>>> : Conversion<T> {
    static constexpr const char *name = "a number";

    static bool into(const Value &wrapped, T &result) {
        Value value = wrapped.plain();

        switch (value.type()) {
        case Type::integer:
            result = static_cast<T>(value.integer());
            return true;
        case Type::real:
            // An infinity is one of any type; a number must fit.
            if (std::isfinite(value.real()) && std::fabs(value.real()) > static_cast<double>(std::numeric_limits<T>::max()))
                return false;
            result = static_cast<T>(value.real());
            return true;
        default:
            return detail::is_plain_text(value) && detail::parse(value.string(), result);
        }
    }
};

template <>
struct Convert<std::string_view> : Conversion<std::string_view> {
    static constexpr const char *name = "a string";

    static bool into(const Value &wrapped, std::string_view &result) {
        Value value = wrapped.plain();

        result = value.string();
        return detail::is_plain_text(value);
    }
};

template <>
struct Convert<std::string> : Conversion<std::string> {
    static constexpr const char *name = "a string";

    static bool into(const Value &wrapped, std::string &result) {
        Value value = wrapped.plain();

        switch (value.type()) {
        case Type::integer:
            result = std::to_string(value.integer());
            return true;
        case Type::real:
            result = detail::Digits(value.real()).text();
            return true;
        default:
            result.assign(value.string());
            return detail::is_plain_text(value);
        }
    }
};

template <class T>
struct Convert<std::optional<T>> : Conversion<std::optional<T>> {
    static constexpr const char *name = detail::TypeName<T>::value;

    static bool into(const Value &wrapped, std::optional<T> &result) {
        Value value = wrapped.plain();

        result.reset();
        if (value.is_nil() || (detail::IsFixed<T>::value && value.type() == Type::array && value.empty()))
            return true;
        return Convert<T>::into(value, result.emplace());
    }
};

template <class T>
struct Convert<T, std::enable_if_t<detail::IsContainer<T>::value>> : Conversion<T> {
    static constexpr const char *name = "a list of such elements";

    static bool into(const Value &wrapped, T &result) {
        using Element = typename detail::Element<typename T::value_type>::type;

        Value value = wrapped.plain();

        result.clear();
        if (value.is_nil())
            return true;
        if (!value.is_aggregate())
            return false;
        if constexpr (detail::IsPair<Element>::value) {
            Entries entries = value.entries();

            if (!entries.complete())
                return false;
            if constexpr (detail::CanReserve<T>::value)
                result.reserve(entries.size());
            for (auto [key, mapped] : entries) {
                Element element{};

                if (!Convert<typename Element::first_type>::into(key, element.first) ||
                    !Convert<typename Element::second_type>::into(mapped, element.second))
                    return false;
                result.insert(result.end(), std::move(element));
            }
        } else {
            if constexpr (detail::CanReserve<T>::value)
                result.reserve(value.size());
            for (Value child : value) {
                Element element{};

                if (!Convert<Element>::into(child, element))
                    return false;
                result.insert(result.end(), std::move(element));
            }
        }
        return true;
    }
};

template <class A, class B>
struct Convert<std::pair<A, B>> : Conversion<std::pair<A, B>> {
    static constexpr const char *name = "an array of two such elements";

    static bool into(const Value &wrapped, std::pair<A, B> &result) {
        Value value = wrapped.plain();

        return value.is_aggregate() && value.size() == 2 && Convert<A>::into(value[0], result.first) &&
               Convert<B>::into(value[1], result.second);
    }
};

template <class... A>
struct Convert<std::tuple<A...>> : Conversion<std::tuple<A...>> {
    static constexpr const char *name = "an array of such elements";

    static bool into(const Value &wrapped, std::tuple<A...> &result) {
        Value value = wrapped.plain();

        return value.is_aggregate() && value.size() == sizeof...(A) && each(value, result, std::index_sequence_for<A...>());
    }

private:
    template <std::size_t... index>
    static bool each(const Value &value, std::tuple<A...> &result, std::index_sequence<index...>) {
        return (Convert<A>::into(value[index], std::get<index>(result)) && ...);
    }
};

template <class Rep, class Period>
struct Convert<std::chrono::duration<Rep, Period>> : Conversion<std::chrono::duration<Rep, Period>> {
    static constexpr const char *name = "a time";

    static bool into(const Value &value, std::chrono::duration<Rep, Period> &result) {
        Rep count{};

        if (!Convert<Rep>::into(value, count))
            return false;
        result = std::chrono::duration<Rep, Period>(count);
        return true;
    }
};

template <>
struct Convert<std::chrono::system_clock::time_point> : Conversion<std::chrono::system_clock::time_point> {
    static constexpr const char *name = "a time of seconds and microseconds";

    static bool into(const Value &value, std::chrono::system_clock::time_point &result) {
        std::pair<std::int64_t, std::int64_t> parts;

        if (!Convert<std::pair<std::int64_t, std::int64_t>>::into(value, parts))
            return false;
        result = std::chrono::system_clock::time_point(std::chrono::duration_cast<std::chrono::system_clock::duration>(
            std::chrono::seconds(parts.first) + std::chrono::microseconds(parts.second)));
        return true;
    }
};

} // namespace rr

#endif
