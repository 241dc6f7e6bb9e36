// SPDX-License-Identifier: MIT OR Apache-2.0
// A value of a reply: what the server answered, or an element of it, as a view.
//
// A Value owns nothing and is as cheap to copy as a pointer. It lives as long as the Reply that it came from. It never
// changes: any number of threads may read it.

#ifndef RESILIENT_REDIS_VALUE_HPP
#define RESILIENT_REDIS_VALUE_HPP

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include <resilient_redis.h>

namespace rr {

/// What a value is. A later version of the library may know more types than these.
enum class Type : rr_type {
    nil = RR_TYPE_NIL,
    integer = RR_TYPE_INTEGER,
    real = RR_TYPE_DOUBLE,
    boolean = RR_TYPE_BOOLEAN,
    status = RR_TYPE_STATUS,
    string = RR_TYPE_STRING,
    verbatim = RR_TYPE_VERBATIM,
    big_number = RR_TYPE_BIG_NUMBER,
    error = RR_TYPE_ERROR,
    array = RR_TYPE_ARRAY,
    map = RR_TYPE_MAP,
    set = RR_TYPE_SET,
    push = RR_TYPE_PUSH,
    attribute = RR_TYPE_ATTRIBUTE,
};

class Entries;

class Value {
public:
    class Iterator;

    /// A nil.
    Value() noexcept : value_(&nil_value()) {}

    /// A view of what the C interface gives; of a nil for NULL.
    explicit Value(const rr_value *value) noexcept : value_(value != nullptr ? value : &nil_value()) {}

    Type type() const noexcept { return static_cast<Type>(value_->type); }
    bool is_nil() const noexcept { return type() == Type::nil; }
    bool is_error() const noexcept { return type() == Type::error; }

    /// Has it elements? Then it is an array, a map, a set, a push or an attribute, perhaps an empty one.
    bool is_aggregate() const noexcept {
        switch (type()) {
        case Type::array:
        case Type::map:
        case Type::set:
        case Type::push:
        case Type::attribute:
            return true;
        default:
            return false;
        }
    }

    /// Has it bytes? Then it is a string, a status, a verbatim string, a big number or an error, perhaps an empty one.
    bool is_text() const noexcept { return value_->string != nullptr; }

    /// The bytes of a value that has some; empty for others.
    std::string_view string() const noexcept {
        return is_text() ? std::string_view(value_->string, value_->length) : std::string_view();
    }

    /// An integer's value, 1 or 0 for a boolean, 0 for others. as<long long>() reads text too, and tells what is neither.
    std::int64_t integer() const noexcept { return value_->integer; }

    /// A double's value, 0 for others. as<double>() reads text and integers too, and tells what is neither.
    double real() const noexcept { return value_->real; }

    /// Is it the boolean true?
    bool boolean() const noexcept { return type() == Type::boolean && value_->integer != 0; }

    /// The three letters of a verbatim string's format, such as "txt"; empty for others.
    std::string_view format() const noexcept { return std::string_view(static_cast<const char *>(value_->format)); }

    /// How many elements. For a map, keys and values are counted one by one.
    std::size_t size() const noexcept { return value_->count; }
    bool empty() const noexcept { return value_->count == 0; }

    /// The element at `index`, from 0; a nil if there is none.
    Value operator[](std::size_t index) const noexcept {
        return index < value_->count ? Value(value_->children + index) : Value();
    }

    Iterator begin() const noexcept;
    Iterator end() const noexcept;

    /// The elements as pairs of key and value: of a map, of an array of key, value, key, value (which servers send in its
    /// place in RESP2), and of an array of arrays of two.
    Entries entries() const noexcept;

    /// The value that an attribute says something about; itself for others.
    Value plain() const noexcept {
        const rr_value *value = value_;

        while (value->type == RR_TYPE_ATTRIBUTE && value->count != 0)
            value = value->children;
        return Value(value);
    }

    /// Reads it as a T: see convert.hpp. Throws ConversionError if it is none; without exceptions the program is ended
    /// then, so ask try_as().
    template <class T>
    T as() const;

    /// Reads it as a T, or gives nothing if it is none.
    template <class T>
    std::optional<T> try_as() const;

    /// What the C interface knows it as. Never NULL.
    const rr_value *c_ptr() const noexcept { return value_; }

private:
    static const rr_value &nil_value() noexcept {
        static const rr_value nil{};

        return nil;
    }

    const rr_value *value_;
};

/// Goes over the elements of a value.
class Value::Iterator {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Value;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = Value;

    Iterator() noexcept = default;
    explicit Iterator(const rr_value *at) noexcept : at_(at) {}

    Value operator*() const noexcept { return Value(at_); }

    Iterator &operator++() noexcept {
        ++at_;
        return *this;
    }

    Iterator operator++(int) noexcept { return Iterator(at_++); }

    friend bool operator==(Iterator a, Iterator b) noexcept { return a.at_ == b.at_; }
    friend bool operator!=(Iterator a, Iterator b) noexcept { return a.at_ != b.at_; }

private:
    const rr_value *at_ = nullptr;
};

inline Value::Iterator Value::begin() const noexcept {
    return Iterator(value_->children);
}

inline Value::Iterator Value::end() const noexcept {
    return Iterator(value_->count != 0 ? value_->children + value_->count : value_->children);
}

/// The pairs of a value: see Value::entries().
class Entries {
public:
    class Iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = std::pair<Value, Value>;
        using difference_type = std::ptrdiff_t;
        using pointer = void;
        using reference = value_type;

        Iterator() noexcept = default;
        Iterator(const rr_value *at, bool nested) noexcept : at_(at), nested_(nested) {}

        value_type operator*() const noexcept {
            if (nested_)
                return {Value(at_)[0], Value(at_)[1]};
            return {Value(at_), Value(at_ + 1)};
        }

        Iterator &operator++() noexcept {
            at_ += nested_ ? 1 : 2;
            return *this;
        }

        Iterator operator++(int) noexcept {
            Iterator before = *this;

            ++*this;
            return before;
        }

        friend bool operator==(Iterator a, Iterator b) noexcept { return a.at_ == b.at_; }
        friend bool operator!=(Iterator a, Iterator b) noexcept { return a.at_ != b.at_; }

    private:
        const rr_value *at_ = nullptr;
        bool nested_ = false;
    };

    explicit Entries(Value value) noexcept : value_(value), nested_(is_pair(value[0]) && value.type() != Type::map) {}

    /// How many pairs.
    std::size_t size() const noexcept { return nested_ ? value_.size() : value_.size() / 2; }
    bool empty() const noexcept { return size() == 0; }

    /// Is every element part of a pair? If not, a last one without a partner is left out, and a missing partner is a nil.
    bool complete() const noexcept {
        if (!nested_)
            return value_.size() % 2 == 0;
        for (Value element : value_)
            if (!is_pair(element))
                return false;
        return true;
    }

    Iterator begin() const noexcept { return Iterator(value_.c_ptr()->children, nested_); }

    Iterator end() const noexcept {
        const rr_value *first = value_.c_ptr()->children;

        return Iterator(empty() ? first : first + (nested_ ? size() : size() * 2), nested_);
    }

private:
    static bool is_pair(Value value) noexcept { return value.type() == Type::array && value.size() == 2; }

    Value value_;
    bool nested_;
};

inline Entries Value::entries() const noexcept {
    return Entries(*this);
}

} // namespace rr

#endif
