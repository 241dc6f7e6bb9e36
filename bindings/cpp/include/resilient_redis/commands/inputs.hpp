// SPDX-License-Identifier: MIT OR Apache-2.0
// What typed methods take in place of one text: several, pairs, scores, positions; and times.
//
// They are made of a braced list, of a container or of one element, and copy nothing: they live for the call that they are
// given to. Nobody needs to name them: client.del({"a", "b"}), client.del(keys), client.hset("h", map).

#ifndef RESILIENT_REDIS_COMMANDS_INPUTS_HPP
#define RESILIENT_REDIS_COMMANDS_INPUTS_HPP

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "../arguments.hpp"

namespace rr {

namespace detail {

/// Which part of each element is added.
enum class Part { all, firsts, seconds };

template <class C>
using ElementOf = Bare<decltype(*std::begin(std::declval<const C &>()))>;

/// Lends elements. `Kind` says what an element is and how one is added, which is by copying its texts if it does not stay.
template <class Kind>
class Inputs {
public:
    using Literal = typename Kind::Literal;

    Inputs(std::initializer_list<Literal> list) {
        set(list.begin(), list.size(), &add_list);
    }

    template <class T, std::enable_if_t<Kind::template is_element<T>, int> = 0>
    Inputs(const T &element) {
        set(&element, 1, &add_one<T>);
    }

    template <class C, std::enable_if_t<IsRange<C>::value && !Kind::template is_element<C>, int> = 0,
              std::enable_if_t<Kind::template is_element<ElementOf<C>>, int> = 0>
    Inputs(const C &container) {
        set(&container, static_cast<std::size_t>(std::distance(std::begin(container), std::end(container))), &add_all<C>);
    }

    std::size_t size() const noexcept { return size_; }

    void append_to(Arguments &arguments) const { add_(*this, arguments, Part::all); }
    void append_firsts_to(Arguments &arguments) const { add_(*this, arguments, Part::firsts); }
    void append_seconds_to(Arguments &arguments) const { add_(*this, arguments, Part::seconds); }

private:
    using Add = void (*)(const Inputs &, Arguments &, Part);

    void set(const void *object, std::size_t size, Add add) noexcept {
        object_ = object;
        size_ = size;
        add_ = add;
    }

    static void add_list(const Inputs &lent, Arguments &arguments, Part part) {
        const auto *elements = static_cast<const typename Kind::Literal *>(lent.object_);

        for (std::size_t i = 0; i < lent.size_; i++)
            Kind::template add<true>(arguments, elements[i], part);
    }

    template <class T>
    static void add_one(const Inputs &lent, Arguments &arguments, Part part) {
        Kind::template add<true>(arguments, *static_cast<const T *>(lent.object_), part);
    }

    template <class C>
    static void add_all(const Inputs &lent, Arguments &arguments, Part part) {
        const C &container = *static_cast<const C *>(lent.object_);

        for (auto &&element : container)
            Kind::template add<ElementsStay<decltype(std::begin(container))>::value>(arguments, element, part);
    }

    const void *object_;
    std::size_t size_;
    Add add_;
};

template <class T>
constexpr bool is_text_or_number = is_text_like<const T &> || std::is_arithmetic_v<T>;

struct TextKind {
    using Literal = std::string_view;

    template <class T>
    static constexpr bool is_element = is_text_or_number<T>;

    template <bool stays, class T>
    static void add(Arguments &arguments, const T &element, Part) {
        arguments.add_as<stays>(element);
    }
};

template <class T>
struct IsPairOf : std::false_type {};

template <class A, class B>
struct IsPairOf<std::pair<A, B>> : std::bool_constant<is_text_or_number<A> && is_text_or_number<B>> {};

struct PairKind {
    using Literal = std::pair<std::string_view, std::string_view>;

    template <class T>
    static constexpr bool is_element = IsPairOf<T>::value;

    template <bool stays, class T>
    static void add(Arguments &arguments, const T &element, Part part) {
        if (part != Part::seconds)
            arguments.add_as<stays>(element.first);
        if (part != Part::firsts)
            arguments.add_as<stays>(element.second);
    }
};

template <class T>
struct IsScored : std::false_type {};

template <class A, class B>
struct IsScored<std::pair<A, B>> : std::bool_constant<is_text_or_number<A> && std::is_arithmetic_v<B>> {};

/// A member and its score, which comes before it in a command.
struct ScoreKind {
    using Literal = std::pair<std::string_view, double>;

    template <class T>
    static constexpr bool is_element = IsScored<T>::value;

    template <bool stays, class T>
    static void add(Arguments &arguments, const T &element, Part part) {
        if (part != Part::firsts)
            arguments.add(element.second);
        if (part != Part::seconds)
            arguments.add_as<stays>(element.first);
    }
};

template <class T>
struct IsPosition : std::false_type {};

template <class A, class B, class C>
struct IsPosition<std::tuple<A, B, C>>
    : std::bool_constant<is_text_or_number<A> && std::is_arithmetic_v<B> && std::is_arithmetic_v<C>> {};

/// A member, its longitude and its latitude, which come before it in a command.
struct PositionKind {
    using Literal = std::tuple<std::string_view, double, double>;

    template <class T>
    static constexpr bool is_element = IsPosition<T>::value;

    template <bool stays, class T>
    static void add(Arguments &arguments, const T &element, Part) {
        arguments.add(std::get<1>(element)).add(std::get<2>(element)).template add_as<stays>(std::get<0>(element));
    }
};

/// What is between two iterators, as a container. A pointer into a text is no such iterator.
template <class It>
class Between {
public:
    Between(It first, It last) : first_(first), last_(last) {}

    It begin() const { return first_; }
    It end() const { return last_; }

private:
    It first_, last_;
};

/// Is it an iterator that can be passed over twice, of something else than the bytes of a text?
template <class It>
using RequireIterator = std::enable_if_t<
    std::is_base_of_v<std::forward_iterator_tag, typename std::iterator_traits<It>::iterator_category> &&
    !std::is_same_v<std::remove_cv_t<IteratorValue<It>>, char>>;

template <class It>
Between<It> between(It first, It last) {
    return Between<It>(first, last);
}

/// A time as the seconds, with a fraction, that some commands wait at the server.
class Seconds {
public:
    explicit Seconds(std::chrono::duration<double> time) noexcept : seconds_(time.count()) {}

    /// A server takes a little less than nothing for 0, which is for ever.
    void append_to(Arguments &arguments) const {
        if (!(seconds_ >= 0))
            arguments.refuse("a time to wait is negative; 0 waits for ever");
        arguments.add(seconds_);
    }

private:
    double seconds_;
};

inline Seconds in_seconds(std::chrono::milliseconds time) noexcept {
    return Seconds(time);
}

template <class Duration>
long long seconds_since_1970(std::chrono::time_point<std::chrono::system_clock, Duration> time) {
    return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

template <class Duration>
long long milliseconds_since_1970(std::chrono::time_point<std::chrono::system_clock, Duration> time) {
    return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

} // namespace detail

/// Texts or numbers: {"a", "b"}, a container of them, or one.
using Strings = detail::Inputs<detail::TextKind>;

/// Pairs of a name and a value: {{"name", "value"}, ...}, a map or another container of pairs, or one std::pair.
using Pairs = detail::Inputs<detail::PairKind>;

/// Members with scores, or keys with weights: {{"member", 1.5}, ...}, a map, a container of pairs, or one std::pair.
using Scores = detail::Inputs<detail::ScoreKind>;

/// Members with positions: {{"member", longitude, latitude}, ...}, a container of such tuples, or one.
using Positions = detail::Inputs<detail::PositionKind>;

} // namespace rr

#endif
