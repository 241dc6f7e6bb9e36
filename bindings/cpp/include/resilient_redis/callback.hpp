// SPDX-License-Identifier: MIT OR Apache-2.0
// The bridge between the library's callbacks and functions of C++: what holds such a function, and what becomes of an
// exception that it throws, which never enters the library.
//
// Each client has one place for such exceptions. They go to the handler of Config::on_callback_exception(), on the thread
// of the callback; without one the first of them is kept for Client::rethrow_callback_exception() and Client::close().

#ifndef RESILIENT_REDIS_CALLBACK_HPP
#define RESILIENT_REDIS_CALLBACK_HPP

#include "error.hpp"

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace rr {

namespace detail {

/// What the callbacks of one client threw. Any number of threads may use it.
class CallbackExceptions {
public:
    using Handler = std::function<void(std::exception_ptr)>;

    CallbackExceptions() = default;
    explicit CallbackExceptions(Handler handler) : handler_(std::move(handler)) {}

#if RR_EXCEPTIONS
    /// Deals with the exception that is being handled.
    void caught() noexcept {
        std::exception_ptr exception = std::current_exception();
        if (handler_) {
            try {
                handler_(exception);
                return;
            } catch (...) {
                // What the handler throws is kept in its place.
                exception = std::current_exception();
            }
        }
        const std::lock_guard<std::mutex> lock(lock_);
        if (!first_)
            first_ = std::move(exception);
    }

    /// Throws what is kept, once.
    void rethrow() {
        std::exception_ptr exception;
        {
            const std::lock_guard<std::mutex> lock(lock_);
            exception = std::exchange(first_, nullptr);
        }
        if (exception)
            std::rethrow_exception(exception);
    }
#endif

private:
    const Handler handler_;
    std::mutex lock_;
    std::exception_ptr first_; // under lock_
};

using SharedExceptions = std::shared_ptr<CallbackExceptions>;

/// Runs a function that is called by the library; false if it threw.
template <class Body> bool guarded(CallbackExceptions &exceptions, Body body) noexcept {
#if RR_EXCEPTIONS
    try {
        body();
        return true;
    } catch (...) {
        exceptions.caught();
        return false;
    }
#else
    static_cast<void>(exceptions);
    body();
    return true;
#endif
}

/// Makes what one thread wrote before leave() visible to one that called enter() later. The library hands userdata from
/// thread to thread under its own locks; tools that do not see into it are shown the same by this.
class Handover {
public:
    void leave() noexcept { turns_.fetch_add(1, std::memory_order_release); }
    void enter() const noexcept { static_cast<void>(turns_.load(std::memory_order_acquire)); }

private:
    std::atomic<unsigned> turns_{0};
};

/// A function of C++ as the userdata of a callback: made before it is registered, deleted by destroy().
template <class Function> class Holder {
public:
    Holder(Function function, SharedExceptions exceptions)
        : function_(std::move(function)), exceptions_(std::move(exceptions)) {}

    /// The userdata to be registered. From here on the library owns it, and ends it with destroy().
    static void *give(Function function, SharedExceptions exceptions) {
        Holder *holder = new Holder(std::move(function), std::move(exceptions));
        holder->handover_.leave();
        return holder;
    }

    /// Calls `body` with the function; false if it threw.
    template <class Body> static bool call(void *userdata, Body body) noexcept {
        Holder *holder = static_cast<Holder *>(userdata);
        holder->handover_.enter();
        const bool done = guarded(*holder->exceptions_, [&] { body(holder->function_); });
        holder->handover_.leave();
        return done;
    }

    static void destroy(void *userdata) noexcept {
        Holder *holder = static_cast<Holder *>(userdata);
        holder->handover_.enter();
        delete holder;
    }

private:
    Function function_;
    SharedExceptions exceptions_;
    Handover handover_;
};

} // namespace detail

} // namespace rr

#endif
