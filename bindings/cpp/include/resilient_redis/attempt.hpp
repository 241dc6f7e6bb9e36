// SPDX-License-Identifier: MIT OR Apache-2.0
// The typed methods in a spelling that never throws what fails: `client.attempt().get("k")` gives a Result.

#ifndef RESILIENT_REDIS_ATTEMPT_HPP
#define RESILIENT_REDIS_ATTEMPT_HPP

#include "commands/commands.hpp"
#include "issue.hpp"

#include <utility>

namespace rr {

class Attempt : public Commands<Attempt, Result, Result> {
public:
    explicit Attempt(detail::Target target) : target_(std::move(target)) {}

    template <class T = Reply, class... A> Result<T> command(A &&...arguments) {
        return detail::with_arguments([this](const Arguments &all) { return read<T>(all); }, std::forward<A>(arguments)...);
    }

    // What the typed methods are made of.
    template <class T> Result<T> read(const Arguments &arguments) { return detail::read<T>(detail::issue(target_, arguments)); }
    template <class T> Result<T> write(const Arguments &arguments) { return read<T>(arguments); }

private:
    detail::Target target_;
};

} // namespace rr

#endif
