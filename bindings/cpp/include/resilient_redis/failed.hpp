// SPDX-License-Identifier: MIT OR Apache-2.0
// The failed list of a client: buffered commands that the server refused for good, that were dropped to make room, or that
// became too old. Each entry can be tried again or thrown away.

#ifndef RESILIENT_REDIS_FAILED_HPP
#define RESILIENT_REDIS_FAILED_HPP

#include "answer.hpp"
#include "lent.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace rr {

/// A copy of an entry. It never changes; views into it live as long as it does.
class FailedCommand {
public:
    /// Takes it over.
    explicit FailedCommand(rr_failed *failed) : failed_(failed, true) {}

    /// Its number: larger than those of earlier failures of the same client.
    std::uint64_t id() const noexcept { return rr_failed_id(c_ptr()); }
    /// Why it failed.
    Error error() const {
        const rr_error *error = rr_failed_error(c_ptr());
        return Error(error, rr_error_status(error));
    }
    /// How many commands: a pipeline that was buffered as one unit is one entry with several.
    std::size_t size() const noexcept { return rr_failed_command_count(c_ptr()); }
    /// The command at `index`, from 0, its name first; empty if there is none.
    std::vector<std::string_view> arguments(std::size_t index = 0) const {
        std::vector<std::string_view> arguments(rr_failed_argument_count(c_ptr(), index));
        for (std::size_t i = 0; i < arguments.size(); i++) {
            std::size_t length = 0;
            const char *bytes = rr_failed_argument(c_ptr(), index, i, &length);
            arguments[i] = std::string_view(bytes, length);
        }
        return arguments;
    }

    const rr_failed *c_ptr() const noexcept { return failed_.get(); }

private:
    detail::Lent<rr_failed, rr_failed_free> failed_;
};

/// The list as a range, oldest first: `for (const rr::FailedCommand &failed : client.failed())`. Entries may be tried again
/// or discarded meanwhile. Any number of threads may use it; the client must outlive it.
class FailedList {
public:
    class Iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = FailedCommand;
        using difference_type = std::ptrdiff_t;
        using pointer = const FailedCommand *;
        using reference = const FailedCommand &;

        Iterator() = default;
        explicit Iterator(const FailedList &list) : list_(&list) { advance(0); }

        const FailedCommand &operator*() const noexcept { return *entry_; }
        const FailedCommand *operator->() const noexcept { return &*entry_; }
        Iterator &operator++() {
            advance(entry_->id());
            return *this;
        }
        void operator++(int) { ++*this; }

        friend bool operator==(const Iterator &left, const Iterator &right) noexcept {
            return left.entry_.has_value() == right.entry_.has_value();
        }
        friend bool operator!=(const Iterator &left, const Iterator &right) noexcept { return !(left == right); }

    private:
        // A failure ends the loop of a build without exceptions.
        void advance(std::uint64_t after) {
            Result<std::optional<FailedCommand>> next = list_->try_next(after);
            entry_.reset();
#if RR_EXCEPTIONS
            entry_ = std::move(next).value();
#else
            if (next.has_value())
                entry_ = std::move(*next);
#endif
        }

        const FailedList *list_ = nullptr;
        std::optional<FailedCommand> entry_;
    };

    explicit FailedList(rr_client *client) : client_(client) {}

    /// How many entries.
    detail::Given<std::size_t> size() const { return detail::give(try_size()); }
    Result<std::size_t> try_size() const {
        const std::int64_t count = rr_failed_count(client_);
        if (count < 0)
            return Error(nullptr, static_cast<rr_status>(count));
        return static_cast<std::size_t>(count);
    }

    /// The oldest entry with an id above `after`; 0 for the first. Nothing if there is none.
    detail::Given<std::optional<FailedCommand>> next(std::uint64_t after) const { return detail::give(try_next(after)); }
    Result<std::optional<FailedCommand>> try_next(std::uint64_t after) const {
        rr_failed *failed = nullptr;
        detail::ErrorPlace error;
        const rr_status status = rr_failed_next(client_, after, &failed, error.place());
        if (status < 0)
            return error.take(status);
        if (status == RR_EMPTY)
            return std::optional<FailedCommand>();
        return std::optional<FailedCommand>(FailedCommand(failed));
    }

    Iterator begin() const { return Iterator(*this); }
    Iterator end() const { return Iterator(); }

    /// Takes the entry out and puts it at the end of the buffer, to be sent again. UsageError if there is none.
    detail::Given<void> retry(std::uint64_t id) { return detail::give(try_retry(id)); }
    Result<void> try_retry(std::uint64_t id) {
        detail::ErrorPlace error;
        return detail::done(rr_failed_retry(client_, id, error.place()), error);
    }

    /// Takes the entry out for good. UsageError if there is none.
    detail::Given<void> discard(std::uint64_t id) { return detail::give(try_discard(id)); }
    Result<void> try_discard(std::uint64_t id) {
        detail::ErrorPlace error;
        return detail::done(rr_failed_discard(client_, id, error.place()), error);
    }

private:
    rr_client *client_;
};

} // namespace rr

#endif
