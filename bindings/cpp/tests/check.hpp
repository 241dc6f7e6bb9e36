// SPDX-License-Identifier: MIT OR Apache-2.0
// What the test programs share: checks that end the program with a message, and the server they run against.
//
// A program is given the server's URL as its argument. It can ask the harness, which is at the other end of its standard
// input and output, to kill the server and to start it again.

#ifndef CHECK_HPP
#define CHECK_HPP

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <typeinfo>
#include <utility>

#define CHECK(condition) \
    do { \
        if (!(condition)) \
            check::fail(__FILE__, __LINE__, #condition); \
    } while (false)

// Compares two values of any comparable types and shows both.
#define CHECK_EQ(actual, expected) check::equal(__FILE__, __LINE__, #actual, (actual), #expected, (expected))

// Does the text contain the part? Shows the text if not.
#define CHECK_CONTAINS(text, part) check::contains(__FILE__, __LINE__, #text, (text), (part))

#if defined(__cpp_exceptions) || defined(__EXCEPTIONS)
// The exception of exactly this type that an expression throws, as a value.
#define CAUGHT(Type, ...) \
    check::caught<Type>(__FILE__, __LINE__, #Type, #__VA_ARGS__, [&] { static_cast<void>(__VA_ARGS__); })

#define CHECK_THROWS(Type, ...) static_cast<void>(CAUGHT(Type, __VA_ARGS__))
#endif

// Waits until something holds.
#define WAIT_UNTIL(...) check::wait_until(__FILE__, __LINE__, #__VA_ARGS__, [&] { return static_cast<bool>(__VA_ARGS__); })

namespace check {

[[noreturn]] inline void fail(const char *file, int line, const std::string &what) {
    std::fprintf(stderr, "%s:%d: %s\n", file, line, what.c_str());
    // Not exit(): other threads may be running.
    std::_Exit(1);
}

template <class T, class = void> struct is_printable : std::false_type {};
template <class T>
struct is_printable<T, std::void_t<decltype(std::declval<std::ostream &>() << std::declval<const T &>())>>
    : std::true_type {};

template <class T, class = void> struct is_range : std::false_type {};
template <class T>
struct is_range<T, std::void_t<decltype(std::declval<const T &>().begin()), decltype(std::declval<const T &>().end())>>
    : std::true_type {};

template <class T> std::string show(const T &value);

template <class First, class Second> std::string show(const std::pair<First, Second> &value) {
    return "(" + show(value.first) + ", " + show(value.second) + ")";
}

template <class T> std::string show(const std::optional<T> &value) { return value ? show(*value) : "nullopt"; }

template <class T> std::string show(const T &value) {
    if constexpr (std::is_same_v<T, bool>) {
        return value ? "true" : "false";
    } else if constexpr (std::is_enum_v<T>) {
        return std::to_string(static_cast<long long>(value));
    } else if constexpr (std::is_convertible_v<const T &, std::string_view>) {
        return "\"" + std::string(std::string_view(value)) + "\"";
    } else if constexpr (is_printable<T>::value) {
        std::ostringstream stream;
        stream.precision(17);
        stream << value;
        return stream.str();
    } else if constexpr (is_range<T>::value) {
        std::string text = "[";
        for (const auto &element : value)
            text += (text.size() == 1 ? "" : ", ") + show(element);
        return text + "]";
    } else {
        return "(not printable)";
    }
}

template <class Left, class Right> bool same(const Left &left, const Right &right) {
    constexpr bool whole = std::is_integral_v<Left> && std::is_integral_v<Right>;
    if constexpr (whole && std::is_signed_v<Left> != std::is_signed_v<Right>) {
        if constexpr (std::is_signed_v<Left>)
            return left >= 0 && static_cast<std::make_unsigned_t<Left>>(left) == right;
        else
            return right >= 0 && left == static_cast<std::make_unsigned_t<Right>>(right);
    } else {
        return left == right;
    }
}

template <class Actual, class Expected>
void equal(const char *file, int line, const char *name, const Actual &actual, const char *wanted, const Expected &expected) {
    if (!same(actual, expected))
        fail(file, line, std::string(name) + " is " + show(actual) + ", not " + wanted + " (" + show(expected) + ")");
}

inline void contains(const char *file, int line, const char *name, std::string_view text, std::string_view part) {
    if (text.find(part) == std::string_view::npos)
        fail(file, line, std::string(name) + " is \"" + std::string(text) + "\", without \"" + std::string(part) + "\"");
}

#if defined(__cpp_exceptions) || defined(__EXCEPTIONS)
template <class Type, class Function>
Type caught(const char *file, int line, const char *type, const char *text, Function function) {
    const std::string what = text;
    try {
        function();
    } catch (const Type &exception) {
        if (typeid(exception) != typeid(Type))
            fail(file, line, what + " throws a class below " + type + ": " + typeid(exception).name());
        return exception;
    } catch (const std::exception &exception) {
        fail(file, line, what + " throws " + typeid(exception).name() + " (" + exception.what() + "), not " + type);
    } catch (...) {
        fail(file, line, what + " throws something else than " + type);
    }
    fail(file, line, what + " throws nothing, not " + type);
}
#endif

template <class Condition> void wait_until(const char *file, int line, const char *text, Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline)
            fail(file, line, std::string("it never came that ") + text);
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

// Asks the harness: "kill" or "start" the server.
inline void server(const std::string &what) {
    std::cout << what << std::endl;
    std::string answer;
    if (!std::getline(std::cin, answer) || answer != "done")
        fail(__FILE__, __LINE__, "the harness does not " + what + " the server");
}

} // namespace check

#endif
