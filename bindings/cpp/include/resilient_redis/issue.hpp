// SPDX-License-Identifier: MIT OR Apache-2.0
// Issuing commands and scripts and waiting for what becomes of them: what Client and its views have in common.
//
// Everything here may be called by any number of threads at the same time.

#ifndef RESILIENT_REDIS_ISSUE_HPP
#define RESILIENT_REDIS_ISSUE_HPP

#include "answer.hpp"
#include "arguments.hpp"
#include "callback.hpp"
#include "commands/inputs.hpp"
#include "options.hpp"
#include "reply.hpp"
#include "script.hpp"

#include <string_view>
#include <type_traits>
#include <utility>

namespace rr {

namespace detail {

/// Where commands go, and how. It does not own the client, which must outlive it.
struct Target {
    rr_client *client = nullptr;
    SharedExceptions exceptions;
    CommandOptions options;
};

/// The library's own refusal of a command that cannot be issued.
inline Error mistaken(const Arguments &arguments) { return UsageError(arguments.mistake()); }

inline Result<Reply> issue(const Target &target, const Arguments &arguments) {
    if (arguments.mistake() != nullptr)
        return mistaken(arguments);
    const rr_command_options options = target.options.waiting();
    rr_reply *reply = nullptr;
    ErrorPlace error;
    const rr_status status = rr_command_with(target.client, &options, arguments.count(), arguments.data(), arguments.lengths(),
                                             &reply, error.place());
    return replied(status, reply, error);
}

inline Result<Reply> issue(const Target &target, const Script &script, const ScriptArguments &arguments, bool read_only) {
    ScriptOptions options;
    options.timeout(std::chrono::milliseconds(target.options.timeout_ms())).read_only(read_only);
    options.no_buffer((target.options.flags() & RR_COMMAND_NO_BUFFER) != 0);
    options.no_retry((target.options.flags() & RR_COMMAND_NO_RETRY) != 0);
    const rr_script_options given = options.c_struct();
    rr_reply *reply = nullptr;
    ErrorPlace error;
    const rr_status status =
        rr_script_run(target.client, script.c_ptr(), &given, arguments.key_count, arguments.all.count(), arguments.all.data(),
                      arguments.all.lengths(), &reply, error.place());
    return replied(status, reply, error);
}

/// Lets `function` have the arguments, be they given as an Arguments or one by one.
template <class Function, class... A> auto with_arguments(Function function, A &&...arguments) {
    if constexpr (sizeof...(A) == 1 && (std::is_same_v<Bare<A>, Arguments> && ...))
        return function(arguments...);
    else
        return function(rr::arguments(std::forward<A>(arguments)...));
}

/// Calls that wait, and throw what fails.
class Issuer {
public:
    /// Issues a command, whose name and arguments are text, numbers and containers of these, or one Arguments; its reply is
    /// read as a T (see convert.hpp). A write may have been buffered: see Answer.
    template <class T = Reply, class... A> Answer<T> command(A &&...arguments) {
        return detail::give_answer(try_command<T>(std::forward<A>(arguments)...));
    }
    /// The same, and never throws what fails.
    template <class T = Reply, class... A> Result<T> try_command(A &&...arguments) {
        return with_arguments([this](const Arguments &all) { return detail::read<T>(detail::issue(target_, all)); },
                              std::forward<A>(arguments)...);
    }

    /// Runs a script; keys and arguments are containers of text and numbers, texts in braces, or one of these.
    ///
    /// An error that the script itself ends with is a ServerError of unknown outcome: what it did before stays.
    template <class T = Reply> Answer<T> run(const Script &script, const Strings &keys = {}, const Strings &others = {}) {
        return detail::give_answer(try_run<T>(script, keys, others));
    }
    template <class T = Reply> Result<T> try_run(const Script &script, const Strings &keys = {}, const Strings &others = {}) {
        return detail::read<T>(detail::issue(target_, script, ScriptArguments(keys, others), false));
    }

    /// Runs a script that only reads, which the server holds it to (from Redis 7 on): during an outage it waits as a read.
    template <class T = Reply>
    Given<T> run_read_only(const Script &script, const Strings &keys = {}, const Strings &others = {}) {
        return detail::give(try_run_read_only<T>(script, keys, others));
    }
    template <class T = Reply>
    Result<T> try_run_read_only(const Script &script, const Strings &keys = {}, const Strings &others = {}) {
        return detail::read<T>(detail::issue(target_, script, ScriptArguments(keys, others), true));
    }

    // What the typed methods are made of.
    template <class T> Given<T> read(const Arguments &arguments) {
        return detail::give(detail::read<T>(detail::issue(target_, arguments)));
    }
    template <class T> Answer<T> write(const Arguments &arguments) {
        return detail::give_answer(detail::read<T>(detail::issue(target_, arguments)));
    }

    const CommandOptions &options() const noexcept { return target_.options; }
    const Target &target() const noexcept { return target_; }

protected:
    Issuer() = default;
    explicit Issuer(Target target) : target_(std::move(target)) {}

    Target target_;
};

} // namespace detail

} // namespace rr

#endif
