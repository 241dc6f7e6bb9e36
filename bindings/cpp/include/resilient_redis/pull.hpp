// SPDX-License-Identifier: MIT OR Apache-2.0
// A loop over what comes next from something that is waited for: `for (const rr::Message &message : subscription)`.

#ifndef RESILIENT_REDIS_PULL_HPP
#define RESILIENT_REDIS_PULL_HPP

#include "answer.hpp"

#include <chrono>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

namespace rr {

namespace detail {

/// Waits for one after the other, until the source is closed. Other failures are thrown; without exceptions they end it.
template <class Source, class Item> class PullIterator {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Item;
    using difference_type = std::ptrdiff_t;
    using pointer = const Item *;
    using reference = const Item &;

    PullIterator() = default;
    explicit PullIterator(Source &source) : source_(&source) { advance(); }

    const Item &operator*() const noexcept { return *item_; }
    const Item *operator->() const noexcept { return &*item_; }
    PullIterator &operator++() {
        advance();
        return *this;
    }
    void operator++(int) { ++*this; }

    friend bool operator==(const PullIterator &left, const PullIterator &right) noexcept {
        return left.item_.has_value() == right.item_.has_value();
    }
    friend bool operator!=(const PullIterator &left, const PullIterator &right) noexcept { return !(left == right); }

private:
    void advance() {
        item_.reset();
        while (!item_) {
            Result<std::optional<Item>> next = source_->try_next(std::chrono::hours(1));
            if (next.has_error()) {
#if RR_EXCEPTIONS
                if (next.error().status() != RR_ERR_CLOSED)
                    next.error().raise();
#endif
                return;
            }
            item_ = std::move(*next);
        }
    }

    Source *source_ = nullptr;
    std::optional<Item> item_;
};

/// What a function of C of the form ..._next() gave.
template <class Item, class Handle>
Result<std::optional<Item>> pulled(rr_status status, Handle *handle, const ErrorPlace &error) {
    if (status < 0)
        return error.take(status);
    if (status == RR_EMPTY)
        return std::optional<Item>();
    return std::optional<Item>(Item(handle));
}

} // namespace detail

} // namespace rr

#endif
