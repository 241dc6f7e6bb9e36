// SPDX-License-Identifier: MIT OR Apache-2.0
// The replies of a pipeline or a transaction, one for each of its commands, and what is thrown when only some came.

#ifndef RESILIENT_REDIS_REPLIES_HPP
#define RESILIENT_REDIS_REPLIES_HPP

#include "reply.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace rr {

/// It never changes: any number of threads may read it, and views into it live as long as it does.
class Replies {
public:
    /// Those of `count` commands that were buffered.
    explicit Replies(std::size_t count) : count_(count), is_buffered_(true) {}
    /// Those that came; `failure` says why some did not.
    explicit Replies(Reply reply, std::optional<Error> failure = std::nullopt)
        : reply_(std::move(reply)), count_(reply_.size()), failure_(std::move(failure)) {}

    /// How many commands there were.
    std::size_t size() const noexcept { return count_; }
    bool empty() const noexcept { return count_ == 0; }

    /// All of it was accepted during an outage and is applied later: there are no replies.
    bool is_buffered() const noexcept { return is_buffered_; }

    /// Why not all commands were answered; nothing if all were.
    const std::optional<Error> &failure() const noexcept { return failure_; }

    /// The reply at `index`, from 0, read as a T (see convert.hpp; std::string_view and Value live as long as this).
    ///
    /// ServerError if the server refused that command. The C interface does not say what a refused command of a batch did,
    /// so that its outcome() is unknown; one that is no script did nothing. Where failure() is set, a command that was not
    /// answered gives that error, with an outcome of its own. BufferedError if all of it was buffered.
    template <class T> detail::Given<T> get(std::size_t index) const & { return detail::give(try_get<T>(index)); }
    template <class T> detail::Given<T> get(std::size_t index) && {
        return detail::give(std::move(*this).template try_get<T>(index));
    }
    template <class T> Result<T> try_get(std::size_t index) && {
        static_assert(!detail::IsView<T>::value, "it would point into replies that are gone: give them a name first");
        return try_get<T>(index);
    }
    template <class T> Result<T> try_get(std::size_t index) const & {
        if (index >= count_)
            return Error(RR_ERR_INVALID_ARGUMENT,
                         "there is no reply " + std::to_string(index) + " of " + std::to_string(count_) + ", counted from 0");
        if (is_buffered_)
            return Buffered();
        const Value value = reply_[index];
        if (value.is_error())
            return error_of(value.string());
        return detail::read<T>(value);
    }

    /// The reply as it is, errors too; a nil if it was buffered.
    Value operator[](std::size_t index) const & noexcept { return reply_[index]; }
    Value operator[](std::size_t index) && = delete;
    Value::Iterator begin() const & noexcept { return reply_.begin(); }
    Value::Iterator begin() && = delete;
    Value::Iterator end() const & noexcept { return reply_.end(); }
    Value::Iterator end() && = delete;

    const Reply &reply() const & noexcept { return reply_; }
    const Reply &reply() && = delete;

private:
    Error error_of(std::string_view text) const {
        const std::string_view code = text.substr(0, text.find(' '));
        if (failure_ && (code == "NOTAPPLIED" || code == "UNKNOWN"))
            return Error(failure_->status(), std::string(text), code == "UNKNOWN" ? Outcome::unknown : Outcome::not_applied);
        return ServerError(std::string(text), Outcome::unknown);
    }

    Reply reply_;
    std::size_t count_ = 0;
    bool is_buffered_ = false;
    std::optional<Error> failure_;
};

namespace detail {

/// Those of a pipeline that was submitted; `partial` is what came of one that failed half-way.
inline Result<Replies> replies_of(Result<Reply> &&result, std::optional<Reply> &&partial) {
    if (result.is_buffered())
        return Buffered();
    if (result.has_value())
        return Replies(std::move(*result));
    if (partial)
        return Replies(std::move(*partial), result.error());
    return result.error();
}

} // namespace detail

/// Only some commands of a pipeline were answered. status(), outcome() and what() are those of the failure; replies() has
/// what came, and for each other command whether it was not applied or may have run.
class PipelineError : public Error {
public:
    /// Of replies that have a failure().
    explicit PipelineError(Replies replies)
        : Error(*replies.failure()), replies_(std::make_shared<const Replies>(std::move(replies))) {}

    const Replies &replies() const noexcept { return *replies_; }

private:
    std::shared_ptr<const Replies> replies_;
};

} // namespace rr

#endif
