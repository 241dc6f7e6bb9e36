// SPDX-License-Identifier: MIT OR Apache-2.0
// The arguments of one command, its name included, as the C interface takes them.
//
// Texts are not copied: what was added must live until the command was issued. Numbers are formatted into a place of the
// arguments' own, and temporary strings are kept. A handful of arguments needs no memory from the heap.

#ifndef RESILIENT_REDIS_ARGUMENTS_HPP
#define RESILIENT_REDIS_ARGUMENTS_HPP

#include <charconv>
#include <cstddef>
#include <cstring>
#include <forward_list>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

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
    ///   text                 as it is, of any bytes. It is not copied, but for a std::string that is moved in. A NULL is an
    ///                        empty text.
    ///   an integer           in decimal digits; a bool as 1 or 0; a char as a text of one byte
    ///   a float or double    as the shortest text that is read as the same number, in any locale
    ///   a pair or tuple      its elements, one argument each
    ///   a container          its elements, one after the other
    ///   another type         what its member append_to(Arguments &) const adds, if it has one
    template <class T>
    Arguments &add(T &&value) {
        using Type = detail::Bare<T>;

        if constexpr (std::is_same_v<Type, std::string> && !std::is_lvalue_reference_v<T>)
            keep(std::string(std::forward<T>(value)));
        else if constexpr (std::is_convertible_v<T, const char *>)
            add_text(static_cast<const char *>(value));
        else if constexpr (detail::is_text_like<T>)
            push(static_cast<std::string_view>(value));
        else if constexpr (std::is_same_v<Type, bool>)
            push(value ? std::string_view("1") : std::string_view("0"));
        else if constexpr (std::is_same_v<Type, char>)
            push_scratch(&value, 1);
        else if constexpr (std::is_integral_v<Type> || std::is_floating_point_v<Type>)
            add_number(value);
        else if constexpr (detail::Appends<Type>::value)
            value.append_to(*this);
        else if constexpr (detail::IsRange<Type>::value)
            add_container<std::is_lvalue_reference_v<T>>(value);
        else if constexpr (detail::IsTuple<Type>::value)
            add_tuple(std::forward<T>(value), std::make_index_sequence<std::tuple_size_v<Type>>());
        else
            static_assert(detail::never<T>, "not an argument: text, a number, or a container, pair or tuple of these");
        return *this;
    }

    /// Adds what is between two iterators, as add() does with each element. Elements of iterators that pass over them only
    /// once are copied.
    template <class It>
    Arguments &add_range(It first, It last) {
        constexpr bool stays =
            std::is_base_of_v<std::forward_iterator_tag, typename std::iterator_traits<It>::iterator_category>;

        for (; first != last; ++first)
            add_element<stays>(*first);
        return *this;
    }

    /// Adds the keys and values of a map, or the elements of another container of pairs.
    template <class Pairs>
    Arguments &add_pairs(const Pairs &pairs) {
        for (const auto &[key, value] : pairs)
            add(key).add(value);
        return *this;
    }

    /// Adds a text that is copied.
    Arguments &add_copy(std::string_view text) {
        if (text.size() <= scratch_size - scratch_used_)
            push_scratch(text.data(), text.size());
        else
            keep(std::string(text));
        return *this;
    }

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
        if (length > scratch_size - scratch_used_) {
            keep(std::string(bytes, length));
            return;
        }
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

    void add_text(const char *text) { push(text != nullptr ? std::string_view(text) : std::string_view()); }

    template <class Number>
    void add_number(Number number) {
        char digits[64];
        std::to_chars_result end = std::to_chars(digits, digits + sizeof digits, number);

        push_scratch(digits, static_cast<std::size_t>(end.ptr - digits));
    }

    template <bool stays, class Container>
    void add_container(Container &container) {
        using It = decltype(std::begin(container));

        if constexpr (stays)
            add_range(std::begin(container), std::end(container));
        else
            for (It at = std::begin(container), end = std::end(container); at != end; ++at)
                add_element<detail::is_text_like<decltype(*at)> &&
                            !std::is_same_v<detail::Bare<decltype(*at)>, std::string>>(*at);
    }

    template <bool stays, class Element>
    void add_element(Element &&element) {
        using Type = detail::Bare<Element>;

        if constexpr (!stays && detail::is_text_like<Element>)
            add_copy(static_cast<std::string_view>(element));
        else if constexpr (!stays && detail::IsTuple<Type>::value)
            std::apply([this](const auto &...parts) { (this->template add_element<false>(parts), ...); }, element);
        else
            add(std::forward<Element>(element));
    }

    template <class Tuple, std::size_t... index>
    void add_tuple(Tuple &&tuple, std::index_sequence<index...>) {
        // Each element is moved out of the tuple once.
        (add(std::get<index>(std::forward<Tuple>(tuple))), ...);
    }

    void take(Arguments &other) noexcept {
        std::less<const char *> before;

        count_ = other.count_;
        scratch_used_ = other.scratch_used_;
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
