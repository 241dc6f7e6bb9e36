// SPDX-License-Identifier: MIT OR Apache-2.0
// Commands that are submitted and not waited for: futures, functions that are called with what became of them, and queues
// where that waits to be taken.
//
// Everything here may be called by any number of threads at the same time. In an outage a submitted write completes when it
// is really answered, however long that takes; with CommandOptions::until_buffered() it completes when it is buffered, and has
// no value then.

#ifndef RESILIENT_REDIS_ASYNC_HPP
#define RESILIENT_REDIS_ASYNC_HPP

#include "commands/commands.hpp"
#include "issue.hpp"
#include "pipeline.hpp"
#include "queue.hpp"

#include <cstdint>
#include <functional>
#include <future>
#include <optional>
#include <type_traits>
#include <utility>

namespace rr {

namespace detail {

/// What the library tells a callback. The reply ends with it.
inline Result<Reply> lent_result(rr_status status, const rr_reply *reply, const rr_error *error) {
    if (status == RR_OK)
        return Reply::lent(reply);
    if (status == RR_BUFFERED)
        return Buffered();
    return Error(error, status);
}

/// Calls `function` once with what becomes of the command, as a `const Result<Reply> &` that lives for the call.
template <class Function> void completed(rr_status status, const rr_reply *reply, const rr_error *error, void *userdata) noexcept {
    Holder<Function>::call(userdata, [&](Function &function) {
        function(lent_result(status, reply, error));
    });
}

/// The same of a pipeline, as a `const Result<Replies> &`.
template <class Function>
void pipeline_completed(rr_status status, const rr_reply *reply, const rr_error *error, void *userdata) noexcept {
    Holder<Function>::call(userdata, [&](Function &function) {
        std::optional<Reply> partial;
        if (status < 0 && reply != nullptr)
            partial = Reply::lent(reply);
        function(replies_of(lent_result(status, reply, error), std::move(partial)));
    });
}

/// Gives the command's number. If it was not taken, `function` is not called.
template <class Function> Result<std::uint64_t> submit(const Target &target, const Arguments &arguments, Function function) {
    if (arguments.mistake() != nullptr)
        return mistaken(arguments);
    const rr_command_options options = target.options.submitting();
    std::uint64_t id = 0;
    ErrorPlace error;
    const rr_status status =
        rr_submit(target.client, &options, arguments.count(), arguments.data(), arguments.lengths(), completed<Function>,
                  Holder<Function>::give(std::move(function), target.exceptions), Holder<Function>::destroy, &id, error.place());
    if (status < 0)
        return error.take(status);
    return id;
}

/// A reply that is lent for a call, as a T of the program's own.
template <class T> Result<T> read_lent(const Result<Reply> &reply) {
    static_assert(!IsView<T>::value && !std::is_same_v<T, Reply>,
                  "the reply ends with the callback: ask for a type that copies what it wants, or use rr::Queue");
    if (reply.has_error())
        return reply.error();
    if (reply.is_buffered())
        return Buffered();
    return detail::read<T>(reply->value());
}

/// What futures hold: what is thrown has a place of its own in them; without exceptions it is in the value.
#if RR_EXCEPTIONS
template <class T> using InFuture = T;
#else
template <class T> using InFuture = Result<T>;
#endif

/// Sets what `read` gives as a Result<T>, or what it throws: making a T is the program's own code, and takes memory.
template <class T, class Read> void fulfil(std::promise<InFuture<T>> &promise, Read read) {
#if RR_EXCEPTIONS
    try {
        Result<T> result = read();
        if constexpr (std::is_void_v<T>) {
            result.value();
            promise.set_value();
        } else {
            promise.set_value(std::move(result).value());
        }
    } catch (...) {
        promise.set_exception(std::current_exception());
    }
#else
    promise.set_value(read());
#endif
}

} // namespace detail

/// What a typed method of Async gives. Its get() throws as the same call that waits would; without exceptions it holds a
/// Result<T>.
template <class T> using Future = std::future<detail::InFuture<T>>;

/// The typed methods, each of which submits its command and gives a future: `client.async().get("k")`. Dropping a future is
/// fine. Waiting for one inside a callback waits for ever.
class Async : public Commands<Async, Future, Future> {
public:
    explicit Async(detail::Target target) : target_(std::move(target)) {}

    /// A command, whose reply is read as a T.
    template <class T, class... A> Future<T> command(A &&...arguments) {
        return detail::with_arguments([this](const Arguments &all) { return submit<T>(all); }, std::forward<A>(arguments)...);
    }

    // What the typed methods are made of.
    template <class T> Future<T> read(const Arguments &arguments) { return submit<T>(arguments); }
    template <class T> Future<T> write(const Arguments &arguments) { return submit<T>(arguments); }

private:
    template <class T> Future<T> submit(const Arguments &arguments) {
        std::promise<detail::InFuture<T>> promise;
        Future<T> future = promise.get_future();
        const Result<std::uint64_t> id =
            detail::submit(target_, arguments, [promise = std::move(promise)](const Result<Reply> &reply) mutable {
                detail::fulfil<T>(promise, [&] { return detail::read_lent<T>(reply); });
            });
        if (id.has_error()) {
            std::promise<detail::InFuture<T>> failed;
            future = failed.get_future();
            detail::fulfil<T>(failed, [&] { return Result<T>(id.error()); });
        }
        return future;
    }

    detail::Target target_;
};

/// Called with what became of one command, on the thread that runs all callbacks of its client. The result lives for the
/// call. It may use the client, but not close it; a command that it waits for holds up all other callbacks.
using CompletionFunction = std::function<void(const Result<Reply> &)>;
/// The same of a pipeline; what is said of Pipeline::try_exec() holds for the replies.
using PipelineFunction = std::function<void(const Result<Replies> &)>;

namespace detail {

/// Calls that do not wait.
class Submitter : public Issuer {
public:
    /// Sends a command and has `function` called with what becomes of it, once, also while the client is closed. Gives its
    /// number, for cancel(). WouldBlockError when max_submitted commands are on their way already or too much waits to be
    /// written, unless the options say wait_for_room(); BufferFullError as for any other write in an outage.
    ///
    /// `function` is called as a CompletionFunction is, and need not be copyable.
    template <class Function, class = std::enable_if_t<std::is_invocable_v<Function &, const Result<Reply> &>>>
    Given<std::uint64_t> submit(const Arguments &arguments, Function function) {
        return detail::give(try_submit(arguments, std::move(function)));
    }
    template <class Function, class = std::enable_if_t<std::is_invocable_v<Function &, const Result<Reply> &>>>
    Result<std::uint64_t> try_submit(const Arguments &arguments, Function function) {
        if constexpr (std::is_same_v<Function, CompletionFunction> || std::is_pointer_v<Function>)
            if (!function)
                return Error(RR_ERR_NULL_ARGUMENT, "the function for the completion is empty");
        return detail::submit(target_, arguments, std::move(function));
    }

    /// Sends a command; what becomes of it goes to a queue, under a tag that the program chooses. Gives its number.
    template <class... A> Given<std::uint64_t> submit_to(Queue &queue, std::uint64_t tag, A &&...arguments) {
        return detail::give(try_submit_to(queue, tag, std::forward<A>(arguments)...));
    }
    template <class... A> Result<std::uint64_t> try_submit_to(Queue &queue, std::uint64_t tag, A &&...arguments) {
        return with_arguments(
            [&](const Arguments &all) { return detail::submit_to(target_.client, queue.c_ptr(), tag, target_.options, all); },
            std::forward<A>(arguments)...);
    }

    /// Sends a pipeline of this client as its exec() does, and has `function` called with its replies, which live for the call.
    /// What it holds is copied: it can be changed, submitted again or destroyed at once. It has its own options.
    template <class Function, class = std::enable_if_t<std::is_invocable_v<Function &, const Result<Replies> &>>>
    Given<std::uint64_t> submit(Pipeline &pipeline, Function function) {
        return detail::give(try_submit(pipeline, std::move(function)));
    }
    template <class Function, class = std::enable_if_t<std::is_invocable_v<Function &, const Result<Replies> &>>>
    Result<std::uint64_t> try_submit(Pipeline &pipeline, Function function) {
        if constexpr (std::is_same_v<Function, PipelineFunction> || std::is_pointer_v<Function>)
            if (!function)
                return Error(RR_ERR_NULL_ARGUMENT, "the function for the completion is empty");
        if (pipeline.error())
            return *pipeline.error();
        std::uint64_t id = 0;
        ErrorPlace error;
        const rr_status status = rr_submit_pipeline(
            target_.client, pipeline.c_ptr(), target_.options.submitting_pipeline(), pipeline_completed<Function>,
            Holder<Function>::give(std::move(function), target_.exceptions), Holder<Function>::destroy, &id, error.place());
        if (status < 0)
            return error.take(status);
        return id;
    }

    /// Sends a pipeline; what becomes of it goes to a queue: Completion::replies().
    Given<std::uint64_t> submit_to(Queue &queue, std::uint64_t tag, Pipeline &pipeline) {
        return detail::give(try_submit_to(queue, tag, pipeline));
    }
    Result<std::uint64_t> try_submit_to(Queue &queue, std::uint64_t tag, Pipeline &pipeline) {
        if (pipeline.error())
            return *pipeline.error();
        std::uint64_t id = 0;
        ErrorPlace error;
        const rr_status status = rr_submit_pipeline_to(target_.client, queue.c_ptr(), tag, pipeline.c_ptr(),
                                                       target_.options.submitting_pipeline(), &id, error.place());
        if (status < 0)
            return error.take(status);
        return id;
    }

    /// Gives up the submitted command, or pipeline, with this number: it completes with CancelledError, whose outcome()
    /// says whether it may run. False: it is completed already.
    Given<bool> cancel(std::uint64_t id) { return detail::give(try_cancel(id)); }
    Result<bool> try_cancel(std::uint64_t id) {
        ErrorPlace error;
        const rr_status status = rr_cancel(target_.client, id, error.place());
        if (status < 0)
            return error.take(status);
        return status == RR_OK;
    }

    /// The typed methods that give futures.
    Async async() const { return Async(target_); }

protected:
    Submitter() = default;
    explicit Submitter(Target target) : Issuer(std::move(target)) {}
};

} // namespace detail

} // namespace rr

#endif
