// SPDX-License-Identifier: MIT OR Apache-2.0
// The least that is a coroutine to be awaited or waited for: what the tests need, and no more.

#ifndef TASK_HPP
#define TASK_HPP

#include <chrono>
#include <coroutine>
#include <exception>
#include <future>
#include <utility>

// A coroutine that begins at once and is not awaited; whoever started it has a future of its end.
class Task {
public:
    struct promise_type {
        std::promise<void> end;

        Task get_return_object() { return Task(end.get_future()); }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() { end.set_value(); }
        void unhandled_exception() { end.set_exception(std::current_exception()); }
    };

    explicit Task(std::future<void> end) : end_(std::move(end)) {}

    bool is_done() const { return end_.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }
    // Throws what the coroutine let out.
    void get() { end_.get(); }

private:
    std::future<void> end_;
};

// A coroutine that lets its exceptions out to whoever resumes it, and can be destroyed while it waits.
class Fragile {
public:
    struct promise_type {
        Fragile get_return_object() { return Fragile(std::coroutine_handle<promise_type>::from_promise(*this)); }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { throw; }
    };

    explicit Fragile(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
    Fragile(Fragile &&other) : handle_(std::exchange(other.handle_, nullptr)) {}
    ~Fragile() {
        if (handle_)
            handle_.destroy();
    }

private:
    std::coroutine_handle<promise_type> handle_;
};

#endif
