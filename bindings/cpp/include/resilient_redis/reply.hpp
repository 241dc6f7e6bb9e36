// SPDX-License-Identifier: MIT OR Apache-2.0
// A server's reply: the owner of the values in it, and how a call's reply becomes what the program asked for.
//
// Nothing is copied out of a reply: views into it live as long as it does, so that one that has no name gives none. Any
// number of threads may read one.

#ifndef RESILIENT_REDIS_REPLY_HPP
#define RESILIENT_REDIS_REPLY_HPP

#include "answer.hpp"
#include "convert.hpp"
#include "lent.hpp"
#include "value.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace rr {

class Reply {
public:
    /// A nil.
    Reply() = default;
    /// Takes it over.
    explicit Reply(rr_reply *reply) : Reply(reply, true) {}
    /// One that somebody else frees.
    static Reply lent(const rr_reply *reply) { return Reply(reply, false); }

    /// The whole reply as a view, which lives as long as the reply.
    Value value() const & noexcept { return view(); }
    Value value() && = delete;
    operator Value() const & noexcept { return view(); }
    operator Value() && = delete;

    Type type() const noexcept { return static_cast<Type>(rr_reply_type(c_ptr())); }
    bool is_nil() const noexcept { return type() == Type::nil; }
    /// The bytes of a string, status, verbatim string, big number or error; empty for others.
    std::string_view string() const & noexcept {
        const char *bytes = rr_reply_string(c_ptr());
        return bytes != nullptr ? std::string_view(bytes, rr_reply_length(c_ptr())) : std::string_view();
    }
    std::string_view string() && = delete;
    std::int64_t integer() const noexcept { return rr_reply_integer(c_ptr()); }
    double real() const noexcept { return rr_reply_double(c_ptr()); }
    bool boolean() const noexcept { return type() == Type::boolean && integer() != 0; }

    /// How many elements; of a map, keys and values are counted one by one.
    std::size_t size() const noexcept { return view().size(); }
    bool empty() const noexcept { return size() == 0; }
    /// The element at `index`, from 0; a nil if there is none.
    Value operator[](std::size_t index) const & noexcept { return Value(rr_reply_element(c_ptr(), index)); }
    Value operator[](std::size_t index) && = delete;
    Value::Iterator begin() const & noexcept { return view().begin(); }
    Value::Iterator begin() && = delete;
    Value::Iterator end() const & noexcept { return view().end(); }
    Value::Iterator end() && = delete;
    /// The elements as pairs of key and value.
    Entries entries() const & noexcept { return view().entries(); }
    Entries entries() && = delete;

    /// Reads it as a T: see convert.hpp.
    template <class T> T as() const & { return view().as<T>(); }
    template <class T> T as() && {
        static_assert(!detail::IsView<T>::value, "it would point into a reply that is gone: give the reply a name first");
        return view().as<T>();
    }
    template <class T> std::optional<T> try_as() const & { return view().try_as<T>(); }
    template <class T> std::optional<T> try_as() && {
        static_assert(!detail::IsView<T>::value, "it would point into a reply that is gone: give the reply a name first");
        return view().try_as<T>();
    }

    const rr_reply *c_ptr() const noexcept { return reply_.get(); }

private:
    Reply(const rr_reply *reply, bool owned) : reply_(reply, owned) {}

    Value view() const noexcept { return Value(rr_reply_view(c_ptr())); }

    detail::Lent<rr_reply, rr_reply_free> reply_;
};

namespace detail {

/// A value that came as a whole command's, as a T; an error if it is none.
template <class T> Result<T> read(const Value &value) {
    if constexpr (std::is_void_v<T>) {
        return std::monostate();
    } else {
        T result{};
        if (Convert<T>::into(value, result))
            return result;
        return ConversionError(conversion_message(TypeName<T>::value, value), Outcome::applied);
    }
}

/// A reply's value for as long as this lives. Of a nil, an integer or a text it is put together here: C makes a table of
/// values on the heap for rr_reply_view(), which such a reply, the usual one, does not need.
class WholeValue {
public:
    explicit WholeValue(const Reply &reply) noexcept {
        const rr_reply *given = reply.c_ptr();
        own_.type = rr_reply_type(given);
        switch (own_.type) {
        case RR_TYPE_NIL: break;
        case RR_TYPE_INTEGER: own_.integer = rr_reply_integer(given); break;
        case RR_TYPE_STATUS:
        case RR_TYPE_STRING:
            own_.string = rr_reply_string(given);
            own_.length = rr_reply_length(given);
            break;
        default: value_ = reply.value();
        }
    }
    WholeValue(const WholeValue &) = delete;
    WholeValue &operator=(const WholeValue &) = delete;

    const Value &get() const noexcept { return value_; }

private:
    rr_value own_ = rr_value();
    Value value_{&own_};
};

/// What a call's reply is as a T. A Reply is moved.
template <class T> Result<T> read(Result<Reply> &&reply) {
    static_assert(!IsView<T>::value, "it would point into a reply that is gone: ask for rr::Reply, or for std::string");
    if constexpr (std::is_same_v<T, Reply>) {
        return std::move(reply);
    } else {
        if (reply.is_buffered())
            return Buffered();
        if (reply.has_error())
            return reply.error();
        return read<T>(WholeValue(*reply).get());
    }
}

/// What C gave for a call.
inline Result<Reply> replied(rr_status status, rr_reply *reply, const ErrorPlace &error) {
    if (status == RR_OK)
        return Reply(reply);
    if (status == RR_BUFFERED)
        return Buffered();
    return error.take(status);
}

} // namespace detail

} // namespace rr

#endif
