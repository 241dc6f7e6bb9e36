// SPDX-License-Identifier: MIT OR Apache-2.0
// What a call gives back. Result<T>: a value, or the word that a write was buffered, or an error; it never throws by
// itself. Answer<T>: what became of a write in a build with exceptions, where an error was thrown already; without
// exceptions it is a Result<T>.
//
// Both are values that belong to one thread at a time.

#ifndef RESILIENT_REDIS_ANSWER_HPP
#define RESILIENT_REDIS_ANSWER_HPP

#include "error.hpp"

#include <iosfwd>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace rr {

/// The write was accepted during an outage. It is applied when the server is back, in order, and has no reply.
struct Buffered {};

namespace detail {

template <class T> using Stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

/// Does a T say yes or no by itself where a condition is asked for?
template <class T> struct IsYesOrNo : std::is_same<T, bool> {};
template <class T> struct IsYesOrNo<std::optional<T>> : std::true_type {};

} // namespace detail

/// A value, or that the write was buffered, or an error. Ask has_value() first: value() of one that has none throws why
/// there is none, and in a build without exceptions ends the program with a message.
template <class T> class [[nodiscard]] Result {
public:
    using value_type = T;

    Result(detail::Stored<T> value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Buffered buffered) : state_(std::in_place_index<1>, buffered) {}
    Result(Error error) : state_(std::in_place_index<2>, std::move(error)) {}

    bool has_value() const noexcept { return state_.index() == 0; }
    template <class U = T, std::enable_if_t<!detail::IsYesOrNo<U>::value, int> = 0> explicit operator bool() const noexcept {
        return has_value();
    }
    /// `if (client.attempt().sismember("s", "m"))` would ask the call and not the set: has_value(), or value(), says which.
    template <class U = T, std::enable_if_t<detail::IsYesOrNo<U>::value, int> = 0> explicit operator bool() const = delete;
    /// The write was accepted during an outage and is applied later. That is neither a value nor an error.
    bool is_buffered() const noexcept { return state_.index() == 1; }
    bool has_error() const noexcept { return state_.index() == 2; }

    /// Only of one that has an error.
    const Error &error() const {
        if (const Error *error = std::get_if<2>(&state_))
            return *error;
        detail::misuse("error() of a Result that has none");
    }

    template <class U = T, class = std::enable_if_t<!std::is_void_v<U>>> const U &value() const & {
        if (const U *value = std::get_if<0>(&state_))
            return *value;
        fail();
    }
    template <class U = T, class = std::enable_if_t<!std::is_void_v<U>>> U &value() & {
        if (U *value = std::get_if<0>(&state_))
            return *value;
        fail();
    }
    // By value: a loop over what a call has given goes over something that stays.
    template <class U = T, class = std::enable_if_t<!std::is_void_v<U>>> U value() && {
        if (U *value = std::get_if<0>(&state_))
            return std::move(*value);
        fail();
    }
    template <class U = T, std::enable_if_t<std::is_void_v<U>, int> = 0> void value() const {
        if (!has_value())
            fail();
    }

    template <class U = T, class = std::enable_if_t<!std::is_void_v<U>>> const U &operator*() const & { return value(); }
    template <class U = T, class = std::enable_if_t<!std::is_void_v<U>>> U &operator*() & { return value(); }
    template <class U = T, class = std::enable_if_t<!std::is_void_v<U>>> U operator*() && {
        return std::move(*this).value();
    }
    template <class U = T, class = std::enable_if_t<!std::is_void_v<U>>> const U *operator->() const { return &value(); }
    template <class U = T, class = std::enable_if_t<!std::is_void_v<U>>> U *operator->() { return &value(); }

    /// The value, or another in its place.
    template <class U = T, class V, class = std::enable_if_t<!std::is_void_v<U>>> U value_or(V &&other) const {
        return has_value() ? value() : static_cast<U>(std::forward<V>(other));
    }

private:
    [[noreturn]] void fail() const {
        if (const Error *error = std::get_if<2>(&state_))
            error->raise();
        BufferedError().raise();
    }

    std::variant<detail::Stored<T>, Buffered, Error> state_;
};

#if RR_EXCEPTIONS

/// What became of a write that did not fail: its value, or that it was buffered. It becomes its value by itself
/// (`long long n = client.incr("k");`), which throws BufferedError when there is none. Dropping it is fine.
template <class T> class Answer {
public:
    using value_type = T;

    Answer(T value) : value_(std::move(value)) {}
    Answer(Buffered) {}

    /// The write was accepted during an outage. It is applied when the server is back, in order, and has no value.
    bool is_buffered() const noexcept { return !value_; }
    bool has_value() const noexcept { return value_.has_value(); }

    const T &value() const & {
        check();
        return *value_;
    }
    T &value() & {
        check();
        return *value_;
    }
    // By value: a loop over what a call has given goes over something that stays.
    T value() && {
        check();
        return std::move(*value_);
    }
    const T &operator*() const & { return value(); }
    T &operator*() & { return value(); }
    T operator*() && { return std::move(*this).value(); }
    const T *operator->() const { return &value(); }
    T *operator->() { return &value(); }
    template <class V> T value_or(V &&other) const { return value_ ? *value_ : static_cast<T>(std::forward<V>(other)); }

    template <class U = T, class = std::enable_if_t<std::is_copy_constructible_v<U>>> operator T() const & {
        return value();
    }
    operator T() && { return std::move(*this).value(); }

private:
    void check() const {
        if (!value_)
            throw BufferedError();
    }

    std::optional<T> value_;
};

template <> class Answer<void> {
public:
    using value_type = void;

    Answer() = default;
    Answer(Buffered) : buffered_(true) {}

    bool is_buffered() const noexcept { return buffered_; }
    bool has_value() const noexcept { return !buffered_; }
    void value() const {
        if (buffered_)
            throw BufferedError();
    }

private:
    bool buffered_ = false;
};

/// Texts are written to a stream as other values are. BufferedError if there is none.
template <class Traits>
std::basic_ostream<char, Traits> &operator<<(std::basic_ostream<char, Traits> &stream,
                                             const Answer<std::basic_string<char, Traits>> &answer) {
    return stream << answer.value();
}

#else

template <class T> using Answer = Result<T>;

#endif

namespace detail {

#if RR_EXCEPTIONS

/// What a call that is no write gives back.
template <class T> using Given = T;

template <class T> T give(Result<T> &&result) {
    if constexpr (std::is_void_v<T>)
        result.value();
    else
        return std::move(result).value();
}

template <class T> Answer<T> give_answer(Result<T> &&result) {
    if (result.is_buffered())
        return Buffered();
    if constexpr (std::is_void_v<T>) {
        result.value();
        return Answer<void>();
    } else {
        return std::move(result).value();
    }
}

#else

template <class T> using Given = Result<T>;

template <class T> Result<T> give(Result<T> &&result) { return std::move(result); }
template <class T> Result<T> give_answer(Result<T> &&result) { return std::move(result); }

#endif

/// RR_OK or a failure, from a call of C that gives nothing else.
inline Result<void> done(rr_status status, const ErrorPlace &error) {
    if (status < 0)
        return error.take(status);
    return std::monostate();
}

} // namespace detail

} // namespace rr

#endif
