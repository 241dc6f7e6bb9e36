// SPDX-License-Identifier: MIT OR Apache-2.0
// Commands that coroutines wait for (C++20): `co_await client.co().get("k")`.
//
// The command is on its way when co() has given its awaitable, so that several can be begun and then awaited. Who resumes the
// coroutine is chosen when co() is called:
//
//   client.co()            the thread that runs all callbacks of the client. Until the coroutine waits again no other
//                          callback runs: it must not block there, nor close or destroy the client.
//   client.co(executor)    a function of the program is given the coroutine's handle, on that same thread, and sees to it that
//                          it is called, once: a thread pool's post, for instance. A handle is a function without arguments.
//   client.co(loop)        whoever calls loop.run_once(), as in a program with an event loop: rr::Loop has a descriptor.
//
// What a coroutine lets out on resumption is dealt with as what any callback throws (Config::on_callback_exception()), or
// comes out of run_once(). A coroutine that waits may be destroyed, if that is not at the very time at which it is resumed.
//
// GCC 12 makes wrong code of a co_await in the condition of a while loop, whatever is awaited: await into a variable first.

#ifndef RESILIENT_REDIS_COROUTINE_HPP
#define RESILIENT_REDIS_COROUTINE_HPP

#if defined(__cpp_impl_coroutine) && __cpp_impl_coroutine >= 201902L
#define RR_COROUTINES 1
#else
#define RR_COROUTINES 0
#endif

#if RR_COROUTINES

#include "async.hpp"
#include "commands/commands.hpp"
#include "issue.hpp"
#include "queue.hpp"

#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace rr {

/// Sees to it that the handle is called once: `[&pool](std::coroutine_handle<> handle) { pool.post(handle); }`.
using Executor = std::function<void(std::coroutine_handle<>)>;

/// Takes completions and resumes the coroutines that wait for them, on the thread that calls run_once(). Any number of
/// threads may use it at any time, but for destroying it; then coroutines that still wait are never resumed.
class Loop {
public:
#if RR_EXCEPTIONS
    Loop() : Loop(Queue()) {}
#endif
    explicit Loop(Queue queue) : queue_(std::move(queue)) {}

    /// Waits for completions (0: takes only those that are there) and resumes whoever waits for them. Gives how many there
    /// were. Throws the first exception that a coroutine let out, when all were resumed.
    detail::Given<std::size_t> run_once(std::chrono::milliseconds timeout) {
        const Result<std::vector<Completion>> completions = queue_.try_next(64, timeout);
        if (completions.has_error())
            return detail::give(Result<std::size_t>(completions.error()));
        detail::CallbackExceptions exceptions;
        for (const Completion &completion : *completions)
            detail::guarded(exceptions, [&] { take(completion.tag)(completion.result); });
#if RR_EXCEPTIONS
        exceptions.rethrow();
#endif
        return completions->size();
    }

    /// Readable while run_once() has something to do: to be watched by poll, epoll or an event loop.
    int fd() const noexcept { return queue_.fd(); }

    /// Ends every run_once(), now and later, with ClosedError. Coroutines that wait are not resumed any more.
    detail::Given<void> close() { return queue_.close(); }

    /// Submits a command; `function` is called by run_once(). The reply in the result lives for the call.
    Result<std::uint64_t> submit(const detail::Target &target, const Arguments &arguments, CompletionFunction function) {
        std::uint64_t tag = 0;
        {
            const std::lock_guard<std::mutex> lock(lock_);
            tag = ++last_tag_;
            waiting_.emplace(tag, std::move(function));
        }
        const Result<std::uint64_t> id = detail::submit_to(target.client, queue_.c_ptr(), tag, target.options, arguments);
        if (id.has_error())
            take(tag);
        return id;
    }

private:
    CompletionFunction take(std::uint64_t tag) {
        const std::lock_guard<std::mutex> lock(lock_);
        const auto place = waiting_.find(tag);
        CompletionFunction function = std::move(place->second);
        waiting_.erase(place);
        return function;
    }

    Queue queue_;
    std::mutex lock_;
    // Under the lock.
    std::uint64_t last_tag_ = 0;
    std::unordered_map<std::uint64_t, CompletionFunction> waiting_;
};

namespace detail {

/// What an awaitable and the completion of its command share. Whoever comes second resumes.
template <class T> class Awaited {
public:
    explicit Awaited(Executor executor) : executor_(std::move(executor)) {}

    bool is_done() const noexcept { return phase_.load(std::memory_order_acquire) == Phase::done; }

    /// False if the command has completed meanwhile: go on at once.
    bool wait(std::coroutine_handle<> handle) noexcept {
        handle_ = handle;
        Phase expected = Phase::pending;
        return phase_.compare_exchange_strong(expected, Phase::waiting, std::memory_order_acq_rel);
    }

    /// With what `read` gives as a Result<T>, or what it throws: making a T is the program's own code, and takes memory.
    template <class Read> void complete(Read read) {
#if RR_EXCEPTIONS
        try {
            result_.emplace(read());
        } catch (...) {
            thrown_ = std::current_exception();
        }
#else
        result_.emplace(read());
#endif
        if (phase_.exchange(Phase::done, std::memory_order_acq_rel) != Phase::waiting)
            return;
        if (executor_)
            executor_(handle_);
        else
            handle_.resume();
    }

    void abandon() noexcept { phase_.exchange(Phase::abandoned, std::memory_order_acq_rel); }

    Result<T> take() {
#if RR_EXCEPTIONS
        if (thrown_)
            std::rethrow_exception(thrown_);
#endif
        return std::move(*result_);
    }

private:
    enum class Phase { pending, waiting, done, abandoned };

    const Executor executor_;
    std::atomic<Phase> phase_{Phase::pending};
    std::coroutine_handle<> handle_;
    std::optional<Result<T>> result_;
    std::exception_ptr thrown_; // in its place
};

} // namespace detail

/// One submitted command, to be awaited once: co_await gives what the same call that waits would, or throws it, also what a
/// specialisation of rr::Convert throws.
template <class T> class [[nodiscard]] Awaitable {
public:
    explicit Awaitable(std::shared_ptr<detail::Awaited<T>> awaited) : awaited_(std::move(awaited)) {}
    Awaitable(Awaitable &&) = default;
    Awaitable &operator=(Awaitable &&) = delete;
    ~Awaitable() {
        if (awaited_)
            awaited_->abandon();
    }

    bool await_ready() const noexcept { return awaited_->is_done(); }
    bool await_suspend(std::coroutine_handle<> handle) noexcept { return awaited_->wait(handle); }
    detail::Given<T> await_resume() { return detail::give(awaited_->take()); }

private:
    std::shared_ptr<detail::Awaited<T>> awaited_;
};

/// The typed methods, each of which submits its command and gives an awaitable.
class Co : public Commands<Co, Awaitable, Awaitable> {
public:
    explicit Co(detail::Target target) : target_(std::move(target)) {}
    Co(detail::Target target, Executor executor) : target_(std::move(target)), executor_(std::move(executor)) {}
    Co(detail::Target target, Loop &loop) : target_(std::move(target)), loop_(&loop) {}

    /// A command, whose reply is read as a T.
    template <class T, class... A> Awaitable<T> command(A &&...arguments) {
        return detail::with_arguments([this](const Arguments &all) { return submit<T>(all); }, std::forward<A>(arguments)...);
    }

    // What the typed methods are made of.
    template <class T> Awaitable<T> read(const Arguments &arguments) { return submit<T>(arguments); }
    template <class T> Awaitable<T> write(const Arguments &arguments) { return submit<T>(arguments); }

private:
    template <class T> Awaitable<T> submit(const Arguments &arguments) {
        const auto awaited = std::make_shared<detail::Awaited<T>>(executor_);
        const auto complete = [awaited](const Result<Reply> &reply) {
            awaited->complete([&] { return detail::read_lent<T>(reply); });
        };
        const Result<std::uint64_t> id = loop_ != nullptr ? loop_->submit(target_, arguments, complete)
                                                          : detail::submit(target_, arguments, complete);
        if (id.has_error())
            awaited->complete([&] { return Result<T>(id.error()); });
        return Awaitable<T>(awaited);
    }

    detail::Target target_;
    Executor executor_;
    Loop *loop_ = nullptr;
};

} // namespace rr

#endif

#endif
