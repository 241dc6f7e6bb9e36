// SPDX-License-Identifier: MIT OR Apache-2.0
// The arguments of one command, its name included, as the C interface takes them.
//
// Texts are not copied: what was added must live until the command was issued. Numbers are formatted into a place of the
// arguments' own, and of temporaries the texts are kept. A handful of arguments needs no memory from the heap.

#ifndef RESILIENT_REDIS_ARGUMENTS_HPP
#define RESILIENT_REDIS_ARGUMENTS_HPP

#include <cstddef>
#include <cstring>
#include <forward_list>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "digits.hpp"

namespace rr {

namespace detail {

template <class T>
using Bare = std::remove_cv_t<std::remove_reference_t<T>>;

template <class T>
constexpr bool is_text_like = std::is_convertible_v<T, std::string_view>;

template <class T, class = void>
struct IsRange : std::false_type {};

template <class T>
struct IsRange<T, std::void_t<decltype(std::begin(std::declval<T &>())), decltype(std::end(std::declval<T &>()))>>
    : std::bool_constant<!is_text_like<T>> {};

template <class T, class = void>
struct IsTuple : std::false_type {};

template <class T>
struct IsTuple<T, std::void_t<decltype(std::tuple_size<T>::value)>> : std::bool_constant<!IsRange<T>::value> {};

/// Has it a member append_to(Arguments &)?
template <class T, class = void>
struct Appends : std::false_type {};

/// Does it own no text itself, so that its bytes do not end with it?
template <class T>
constexpr bool is_lent_text = std::is_same_v<T, std::string_view> || std::is_pointer_v<T>;

/// Does an element stay where it is when its iterator goes on? Others are made, or shown, one at a time.
template <class It, class = void>
struct ElementsStay : std::false_type {};

template <class It>
struct ElementsStay<It, std::void_t<typename std::iterator_traits<It>::iterator_category>>
    : std::bool_constant<std::is_lvalue_reference_v<decltype(*std::declval<It &>())> &&
                         std::is_base_of_v<std::forward_iterator_tag, typename std::iterator_traits<It>::iterator_category>> {};

template <class It>
using IteratorValue = typename std::iterator_traits<It>::value_type;

template <class>
constexpr bool never = false;

} // namespace detail

class Arguments {
public:
    Arguments() noexcept {}

    template <class First, class... More,
              class = std::enable_if_t<!std::is_same_v<detail::Bare<First>, Arguments>>>
    explicit Arguments(First &&first, More &&...more) {
        add(std::forward<First>(first));
        (add(std::forward<More>(more)), ...);
    }

    Arguments(Arguments &&other) noexcept { take(other); }

    Arguments &operator=(Arguments &&other) noexcept {
        if (this != &other) {
            kept_.clear();
            take(other);
        }
        return *this;
    }

    Arguments(const Arguments &) = delete;
    Arguments &operator=(const Arguments &) = delete;
    ~Arguments() = default;

    /// Adds an argument:
    ///   text                 as it is, of any bytes. It is not copied, but for the text of a temporary object that owns it,
    ///                        or of a part of one; a std::string is moved in. A NULL is an empty text.
    ///   an integer           in decimal digits; a bool as 1 or 0; a char as a text of one byte
    ///   a float or double    as the shortest text that is read as the same number, whole ones below 2 to the power of 53 in
    ///                        plain digits, in any locale
    ///   a pair or tuple      its elements, one argument each
    ///   a container          its elements, one after the other
    ///   another type         what its member append_to(Arguments &) const adds, if it has one
    template <class T>
    Arguments &add(T &&value) {
        return add_as<std::is_lvalue_reference_v<T>>(std::forward<T>(value));
    }

    /// The same; `stays` says whether the texts that the value owns stay where they are until the command was issued. Others
    /// are copied.
    template <bool stays, class T>
    Arguments &add_as(T &&value) {
        using Type = detail::Bare<T>;

        if constexpr (std::is_same_v<T, std::string>)
            keep(std::move(value));
        else if constexpr (std::is_convertible_v<T, const char *>)
            add_text<stays || detail::is_lent_text<Type>>(view_of(static_cast<const char *>(value)));
        else if constexpr (detail::is_text_like<T>)
            add_text<stays || detail::is_lent_text<Type>>(static_cast<std::string_view>(value));
        else if constexpr (std::is_same_v<Type, bool>)
            push(value ? std::string_view("1") : std::string_view("0"));
        else if constexpr (std::is_same_v<Type, char>)
            add_copy(std::string_view(&value, 1));
        else if constexpr (std::is_integral_v<Type> || std::is_floating_point_v<Type>)
            add_copy(detail::Digits(value).text());
        else if constexpr (detail::Appends<Type>::value)
            add_appended<stays>(value);
        else if constexpr (detail::IsRange<Type>::value)
            for (auto &&element : value)
                add_as<stays && detail::ElementsStay<decltype(std::begin(value))>::value>(
                    std::forward<decltype(element)>(element));
        else if constexpr (detail::IsTuple<Type>::value)
            add_tuple<stays>(std::forward<T>(value), std::make_index_sequence<std::tuple_size_v<Type>>());
        else
            static_assert(detail::never<T>, "not an argument: text, a number, or a container, pair or tuple of these");
        return *this;
    }

    /// Adds what is between two iterators, as add() does with each element. Elements that do not stay when the iterator goes
    /// on are copied.
    template <class It>
    Arguments &add_range(It first, It last) {
        for (; first != last; ++first)
            add_as<detail::ElementsStay<It>::value>(*first);
        return *this;
    }

    /// Adds the keys and values of a map, or the elements of another container of pairs.
    template <class Pairs>
    Arguments &add_pairs(Pairs &&pairs) {
        return add(std::forward<Pairs>(pairs));
    }

    /// Adds a text that is copied.
    Arguments &add_copy(std::string_view text) {
        if (text.size() <= scratch_size - scratch_used_)
            push_scratch(text.data(), text.size());
        else
            keep(std::string(text));
        return *this;
    }

    /// Says that the command cannot be issued, and why: whoever issues it gives that as a UsageError. The text is a literal;
    /// NULL changes nothing.
    void refuse(const char *mistake) noexcept {
        if (mistake_ == nullptr)
            mistake_ = mistake;
    }

    /// What refuse() was told first; NULL if the command can be issued.
    const char *mistake() const noexcept { return mistake_; }

    std::size_t count() const noexcept { return count_; }

    /// count() pointers. They and lengths() hold until the next argument is added.
    const char *const *data() const noexcept { return more_data_.empty() ? data_ : more_data_.data(); }

    const std::size_t *lengths() const noexcept { return more_data_.empty() ? lengths_ : more_lengths_.data(); }

    /// The argument at `index`, from 0, which must be less than count().
    std::string_view operator[](std::size_t index) const noexcept { return {data()[index], lengths()[index]}; }

private:
    static constexpr std::size_t inline_count = 12;
    static constexpr std::size_t scratch_size = 96;

    void push(std::string_view text) {
        const char *bytes = text.data() != nullptr ? text.data() : "";

        if (count_ < inline_count) {
            data_[count_] = bytes;
            lengths_[count_] = text.size();
        } else {
            if (count_ == inline_count) {
                more_data_.assign(data_, data_ + inline_count);
                more_lengths_.assign(lengths_, lengths_ + inline_count);
            }
            more_data_.push_back(bytes);
            more_lengths_.push_back(text.size());
        }
        count_++;
    }

    void push_scratch(const char *bytes, std::size_t length) {
        char *place = scratch_ + scratch_used_;

        if (length != 0)
            std::memcpy(place, bytes, length);
        scratch_used_ += length;
        push(std::string_view(place, length));
    }

    void keep(std::string &&text) {
        kept_.push_front(std::move(text));
        push(kept_.front());
    }

    static std::string_view view_of(const char *text) {
        return text != nullptr ? std::string_view(text) : std::string_view();
    }

    template <bool stays>
    void add_text(std::string_view text) {
        if constexpr (stays)
            push(text);
        else
            add_copy(text);
    }

    template <bool stays, class T>
    void add_appended(const T &value) {
        if constexpr (stays) {
            value.append_to(*this);
        } else {
            Arguments parts;

            value.append_to(parts);
            for (std::size_t i = 0; i < parts.count(); i++)
                add_copy(parts[i]);
            refuse(parts.mistake_);
        }
    }

    template <bool stays, class Tuple, std::size_t... index>
    void add_tuple(Tuple &&tuple, std::index_sequence<index...>) {
        // Each element is moved out of the tuple once.
        (add_as<stays>(std::get<index>(std::forward<Tuple>(tuple))), ...);
    }

    void take(Arguments &other) noexcept {
        std::less<const char *> before;

        count_ = other.count_;
        scratch_used_ = other.scratch_used_;
        mistake_ = std::exchange(other.mistake_, nullptr);
        kept_ = std::move(other.kept_);
        more_data_ = std::move(other.more_data_);
        more_lengths_ = std::move(other.more_lengths_);
        std::memcpy(scratch_, other.scratch_, scratch_used_);
        if (more_data_.empty())
            std::memcpy(lengths_, other.lengths_, count_ * sizeof lengths_[0]);
        for (std::size_t i = 0; i < count_; i++) {
            const char *bytes = more_data_.empty() ? other.data_[i] : more_data_[i];

            // What is in the other's scratch is now in this one's.
            if (!before(bytes, other.scratch_) && before(bytes, other.scratch_ + scratch_size))
                bytes = scratch_ + (bytes - other.scratch_);
            (more_data_.empty() ? data_[i] : more_data_[i]) = bytes;
        }
        other.count_ = 0;
        other.scratch_used_ = 0;
        other.more_data_.clear();
        other.more_lengths_.clear();
        other.kept_.clear();
    }

    std::size_t count_ = 0;
    std::size_t scratch_used_ = 0;
    const char *mistake_ = nullptr;
    const char *data_[inline_count];
    std::size_t lengths_[inline_count];
    char scratch_[scratch_size];
    std::vector<const char *> more_data_;
    std::vector<std::size_t> more_lengths_;
    std::forward_list<std::string> kept_;
};

namespace detail {

template <class T>
struct Appends<T, std::void_t<decltype(std::declval<const T &>().append_to(std::declval<Arguments &>()))>> : std::true_type {
};

} // namespace detail

/// The arguments of one command: rr::arguments("SET", key, 1).
template <class... A>
Arguments arguments(A &&...values) {
    return Arguments(std::forward<A>(values)...);
}

} // namespace rr

#endif
