// SPDX-License-Identifier: MIT OR Apache-2.0
// Going over all keys, or all elements of one, in a for loop that asks the server for page after page.
//
//     for (std::string &key : client.scan("user:*"))
//
// What is there from the beginning to the end of the loop comes at least once, and may come twice; what is added or removed
// meanwhile may come or not. The server is free for others between the pages. A range belongs to one thread at a time, and its
// client stays where it is meanwhile.

#ifndef RESILIENT_REDIS_SCAN_HPP
#define RESILIENT_REDIS_SCAN_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <utility>

#include "commands/scanning.hpp"

namespace rr {

/// What a loop goes over, once: a second begin() starts anew.
template <class T>
class ScanRange {
public:
    /// Gives the page of a cursor.
    using Turn = std::function<ScanPage<T>(std::uint64_t)>;

    /// Stands at an element until it is moved on; what it gives may be moved from.
    class Iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = T;
        using difference_type = std::ptrdiff_t;
        using pointer = T *;
        using reference = T &;

        Iterator() noexcept = default;
        explicit Iterator(ScanRange *range) : range_(range) { settle(); }

        T &operator*() const { return range_->page_.items[range_->at_]; }
        T *operator->() const { return &**this; }

        /// Asks for the next page if this one is over. Throws as any command does; the range then stays where it is.
        Iterator &operator++() {
            range_->at_++;
            settle();
            return *this;
        }

        void operator++(int) { ++*this; }

        friend bool operator==(const Iterator &a, const Iterator &b) noexcept { return a.range_ == b.range_; }
        friend bool operator!=(const Iterator &a, const Iterator &b) noexcept { return a.range_ != b.range_; }

    private:
        void settle() {
            while (range_->at_ >= range_->page_.items.size()) {
                if (range_->page_.cursor == 0) {
                    range_ = nullptr;
                    return;
                }
                range_->turn_to(range_->page_.cursor);
            }
        }

        ScanRange *range_ = nullptr;
    };

    explicit ScanRange(Turn turn) : turn_(std::move(turn)) {}

    Iterator begin() {
        turn_to(0);
        return Iterator(this);
    }

    Iterator end() noexcept { return Iterator(); }

private:
    void turn_to(std::uint64_t cursor) {
        page_ = turn_(cursor);
        at_ = 0;
    }

    Turn turn_;
    ScanPage<T> page_;
    std::size_t at_ = 0;
};

namespace detail {

/// What a range asks: a copy of what can be copied, such as a View, or a pointer to a Client.
template <class Source, bool copied = std::is_copy_constructible_v<Source>>
class Asked {
public:
    explicit Asked(Source &source) : source_(&source) {}
    Source &operator*() const noexcept { return *source_; }

private:
    Source *source_;
};

template <class Source>
class Asked<Source, true> {
public:
    explicit Asked(const Source &source) : source_(std::make_shared<Source>(source)) {}
    Source &operator*() const noexcept { return *source_; }

private:
    std::shared_ptr<Source> source_;
};

} // namespace detail

} // namespace rr

#endif
