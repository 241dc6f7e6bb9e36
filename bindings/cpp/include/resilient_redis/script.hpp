// SPDX-License-Identifier: MIT OR Apache-2.0
// A script that servers run, in Lua. It belongs to no client and never changes: any number of threads may use one, and
// copies share it.
//
// It is sent by its digest, and with its source to a server that does not know it.

#ifndef RESILIENT_REDIS_SCRIPT_HPP
#define RESILIENT_REDIS_SCRIPT_HPP

#include "answer.hpp"
#include "arguments.hpp"
#include "commands/inputs.hpp"
#include "version.hpp"

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

namespace rr {

class Script {
public:
#if RR_EXCEPTIONS
    /// A mistake in the source is the server's to find.
    explicit Script(std::string_view source) : Script(make(source)) {}
#endif

    static detail::Given<Script> make(std::string_view source) { return detail::give(try_make(source)); }
    static Result<Script> try_make(std::string_view source) {
        rr_script *script = nullptr;
        detail::ErrorPlace error;
        const rr_status status = rr_script_new(source.data(), source.size(), &script, error.place());
        if (status < 0)
            return error.take(status);
        return Script(script);
    }

    const rr_script *c_ptr() const noexcept { return script_.get(); }

private:
    explicit Script(rr_script *script) : script_(script, rr_script_free) {}

    std::shared_ptr<rr_script> script_;
};

namespace detail {

/// The keys and then the other arguments of a script.
struct ScriptArguments {
    ScriptArguments(const Strings &keys, const Strings &others) {
        all.add(keys);
        key_count = all.count();
        all.add(others);
    }

    Arguments all;
    std::size_t key_count = 0;
};

} // namespace detail

} // namespace rr

#endif
