// SPDX-License-Identifier: MIT OR Apache-2.0
// Where what became of submitted commands waits to be taken: for a program with a loop of its own.
//
// Any number of threads may use one queue at any time, but for moving and destroying it. Clients and queues may be
// destroyed in any order.

#ifndef RESILIENT_REDIS_QUEUE_HPP
#define RESILIENT_REDIS_QUEUE_HPP

#include "issue.hpp"
#include "replies.hpp"
#include "reply.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace rr {

/// What became of one command, or pipeline.
struct Completion {
    /// What the program gave to submit_to().
    std::uint64_t tag = 0;
    /// Its reply, or why there is none. Buffered if it was submitted with CommandOptions::until_buffered().
    Result<Reply> result;
    /// Of a pipeline that failed half-way: what came.
    std::optional<Reply> partial;

    /// Of a pipeline: its replies, as Pipeline::try_exec() gives them; they are taken out of this.
    Result<Replies> replies() { return detail::replies_of(std::move(result), std::move(partial)); }
};

class Queue {
public:
#if RR_EXCEPTIONS
    Queue() : Queue(make()) {}
#endif

    static detail::Given<Queue> make() { return detail::give(try_make()); }
    static Result<Queue> try_make() {
        rr_queue *queue = nullptr;
        detail::ErrorPlace error;
        const rr_status status = rr_queue_new(&queue, error.place());
        if (status < 0)
            return error.take(status);
        return Queue(queue);
    }

    /// Takes up to `most` completions, in the order in which their commands were answered; waits for the first (0: takes
    /// only what is there). None came in time: an empty list.
    detail::Given<std::vector<Completion>> next(std::size_t most, std::chrono::milliseconds timeout) {
        return detail::give(try_next(most, timeout));
    }
    Result<std::vector<Completion>> try_next(std::size_t most, std::chrono::milliseconds timeout) {
        Taken taken(most);
        std::vector<Completion> completions;
        completions.reserve(most);
        std::size_t count = 0;
        detail::ErrorPlace error;
        const rr_status status = rr_queue_next(queue_.get(), taken.data(), most, timeout.count(), &count, error.place());
        if (status < 0)
            return error.take(status);
        for (std::size_t i = 0; i < count; i++)
            completions.push_back(completion_of(taken[i]));
        return completions;
    }

    /// What is in it, and what would still come, is dropped; every call of next(), now or later, ends with ClosedError. So a
    /// thread that takes from it can be ended before it is destroyed. Commands that are on their way are not cancelled.
    detail::Given<void> close() { return detail::give(try_close()); }
    Result<void> try_close() {
        detail::ErrorPlace error;
        return detail::done(rr_queue_close(queue_.get(), error.place()), error);
    }

    /// A descriptor that is readable while there are completions to take, and once this is closed, to be watched by poll, epoll
    /// or an event loop. It is the queue's, and closed when that is destroyed. Negative: an RR_ERR_ number.
    int fd() const noexcept { return rr_queue_fd(queue_.get()); }

    rr_queue *c_ptr() const noexcept { return queue_.get(); }

private:
    struct Free {
        void operator()(rr_queue *queue) const noexcept { rr_queue_free(queue); }
    };

    explicit Queue(rr_queue *queue) : queue_(queue) {}

    /// What C gave, and nobody has taken over yet.
    class Taken {
    public:
        explicit Taken(std::size_t most) : completions_(most) {}
        Taken(const Taken &) = delete;
        Taken &operator=(const Taken &) = delete;
        ~Taken() {
            for (const rr_completion &completion : completions_) {
                rr_reply_free(completion.reply);
                rr_error_free(completion.error);
            }
        }

        rr_completion *data() noexcept { return completions_.data(); }
        rr_completion &operator[](std::size_t index) noexcept { return completions_[index]; }

    private:
        std::vector<rr_completion> completions_;
    };

    static Completion completion_of(rr_completion &taken) {
        Reply reply(std::exchange(taken.reply, nullptr));
        if (taken.status == RR_OK)
            return Completion{taken.tag, std::move(reply), std::nullopt};
        if (taken.status == RR_BUFFERED)
            return Completion{taken.tag, Buffered(), std::nullopt};
        std::optional<Reply> partial;
        if (reply.c_ptr() != nullptr)
            partial = std::move(reply);
        return Completion{taken.tag, Error(taken.error, taken.status), std::move(partial)};
    }

    std::unique_ptr<rr_queue, Free> queue_;
};

namespace detail {

inline Result<std::uint64_t> submit_to(rr_client *client, rr_queue *queue, std::uint64_t tag, const CommandOptions &options,
                                       const Arguments &arguments) {
    if (arguments.mistake() != nullptr)
        return mistaken(arguments);
    const rr_command_options given = options.submitting();
    std::uint64_t id = 0;
    ErrorPlace error;
    const rr_status status = rr_submit_to(client, queue, tag, &given, arguments.count(), arguments.data(), arguments.lengths(),
                                          &id, error.place());
    if (status < 0)
        return error.take(status);
    return id;
}

} // namespace detail

} // namespace rr

#endif
