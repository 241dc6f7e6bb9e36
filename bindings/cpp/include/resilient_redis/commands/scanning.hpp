// SPDX-License-Identifier: MIT OR Apache-2.0
// Going over many keys or elements step by step: one page of SCAN, HSCAN, SSCAN and ZSCAN.
//
// A client has ranges that turn the pages by themselves: see scan.hpp.

#ifndef RESILIENT_REDIS_COMMANDS_SCANNING_HPP
#define RESILIENT_REDIS_COMMANDS_SCANNING_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../arguments.hpp"
#include "../convert.hpp"

namespace rr {

/// What is gone over, and in which steps.
struct ScanOptions {
    /// A glob-style pattern; empty: everything.
    std::string match;
    /// About how many elements the server looks at for a page; 0: as it likes, which is 10.
    long long count = 0;
    /// Only keys of this type, such as "hash"; empty: all. For SCAN only.
    std::string type;

    void append_to(Arguments &arguments) const {
        if (!match.empty())
            arguments.add("MATCH").add(match);
        if (count > 0)
            arguments.add("COUNT").add(count);
        if (!type.empty())
            arguments.add("TYPE").add(type);
    }
};

/// Some of the elements, perhaps none although there are more.
template <class T>
struct ScanPage {
    /// Where to go on; 0: it was the last page.
    std::uint64_t cursor = 0;
    std::vector<T> items;
};

template <class T>
struct Convert<ScanPage<T>> : Conversion<ScanPage<T>> {
    static constexpr const char *name = "a page of such elements";

    static bool into(const Value &value, ScanPage<T> &page) {
        return value.size() == 2 && Convert<std::uint64_t>::into(value[0], page.cursor) &&
               Convert<std::vector<T>>::into(value[1], page.items);
    }
};

namespace detail {

template <class T>
struct IsView<ScanPage<T>> : IsView<T> {};

} // namespace detail

template <class Derived, template <class> class Read, template <class> class Write>
class ScanCommands {
public:
    /// Keys of the database, from a cursor on: 0 at first, then that of the page before.
    template <class T = std::string>
    Read<ScanPage<T>> scan_page(std::uint64_t cursor, const ScanOptions &options = {}) {
        return read_<ScanPage<T>>("SCAN", cursor, options);
    }

    /// Fields of a hash, with their values.
    template <class T = std::pair<std::string, std::string>>
    Read<ScanPage<T>> hscan_page(std::string_view key, std::uint64_t cursor, const ScanOptions &options = {}) {
        return read_<ScanPage<T>>("HSCAN", key, cursor, options);
    }

    /// Members of a set.
    template <class T = std::string>
    Read<ScanPage<T>> sscan_page(std::string_view key, std::uint64_t cursor, const ScanOptions &options = {}) {
        return read_<ScanPage<T>>("SSCAN", key, cursor, options);
    }

    /// Members of a sorted set, with their scores.
    template <class T = std::pair<std::string, double>>
    Read<ScanPage<T>> zscan_page(std::string_view key, std::uint64_t cursor, const ScanOptions &options = {}) {
        return read_<ScanPage<T>>("ZSCAN", key, cursor, options);
    }

private:
    template <class T, class... A>
    Read<T> read_(A &&...values) {
        return static_cast<Derived &>(*this).template read<T>(rr::arguments(std::forward<A>(values)...));
    }

    template <class T, class... A>
    Write<T> write_(A &&...values) {
        return static_cast<Derived &>(*this).template write<T>(rr::arguments(std::forward<A>(values)...));
    }
};

} // namespace rr

#endif
