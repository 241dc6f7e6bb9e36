// SPDX-License-Identifier: MIT OR Apache-2.0
// Commands about scripts and functions, which run at the server.

#ifndef RESILIENT_REDIS_COMMANDS_SCRIPTING_HPP
#define RESILIENT_REDIS_COMMANDS_SCRIPTING_HPP

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inputs.hpp"
#include "../arguments.hpp"

namespace rr {

class Reply;

template <class Derived, template <class> class Read, template <class> class Write>
class ScriptingCommands {
public:
    /// Runs a script. T is what its reply is read as.
    template <class T = Reply>
    Write<T> eval(std::string_view script, const Strings &keys = {}, const Strings &values = {}) {
        return write_<T>("EVAL", script, keys.size(), keys, values);
    }

    template <class T = Reply, class Keys, class Values, class = detail::RequireIterator<Keys>,
              class = detail::RequireIterator<Values>>
    Write<T> eval(std::string_view script, Keys keys_first, Keys keys_last, Values values_first, Values values_last) {
        return eval<T>(script, detail::between(keys_first, keys_last), detail::between(values_first, values_last));
    }

    /// Runs a script that the server knows, by its SHA-1. Script (script.hpp) sends one that it does not know yet.
    template <class T = Reply>
    Write<T> evalsha(std::string_view sha1, const Strings &keys = {}, const Strings &values = {}) {
        return write_<T>("EVALSHA", sha1, keys.size(), keys, values);
    }

    template <class T = Reply, class Keys, class Values, class = detail::RequireIterator<Keys>,
              class = detail::RequireIterator<Values>>
    Write<T> evalsha(std::string_view sha1, Keys keys_first, Keys keys_last, Values values_first, Values values_last) {
        return evalsha<T>(sha1, detail::between(keys_first, keys_last), detail::between(values_first, values_last));
    }

    /// Runs a script that only reads: during an outage it waits as a read. From Redis 7 on.
    template <class T = Reply>
    Read<T> eval_ro(std::string_view script, const Strings &keys = {}, const Strings &values = {}) {
        return read_<T>("EVAL_RO", script, keys.size(), keys, values);
    }

    template <class T = Reply, class Keys, class Values, class = detail::RequireIterator<Keys>,
              class = detail::RequireIterator<Values>>
    Read<T> eval_ro(std::string_view script, Keys keys_first, Keys keys_last, Values values_first, Values values_last) {
        return eval_ro<T>(script, detail::between(keys_first, keys_last), detail::between(values_first, values_last));
    }

    template <class T = Reply>
    Read<T> evalsha_ro(std::string_view sha1, const Strings &keys = {}, const Strings &values = {}) {
        return read_<T>("EVALSHA_RO", sha1, keys.size(), keys, values);
    }

    template <class T = Reply, class Keys, class Values, class = detail::RequireIterator<Keys>,
              class = detail::RequireIterator<Values>>
    Read<T> evalsha_ro(std::string_view sha1, Keys keys_first, Keys keys_last, Values values_first, Values values_last) {
        return evalsha_ro<T>(sha1, detail::between(keys_first, keys_last), detail::between(values_first, values_last));
    }

    /// Runs a function of a library. From Redis 7 on.
    template <class T = Reply>
    Write<T> fcall(std::string_view function, const Strings &keys = {}, const Strings &values = {}) {
        return write_<T>("FCALL", function, keys.size(), keys, values);
    }

    template <class T = Reply, class Keys, class Values, class = detail::RequireIterator<Keys>,
              class = detail::RequireIterator<Values>>
    Write<T> fcall(std::string_view function, Keys keys_first, Keys keys_last, Values values_first, Values values_last) {
        return fcall<T>(function, detail::between(keys_first, keys_last), detail::between(values_first, values_last));
    }

    template <class T = Reply>
    Read<T> fcall_ro(std::string_view function, const Strings &keys = {}, const Strings &values = {}) {
        return read_<T>("FCALL_RO", function, keys.size(), keys, values);
    }

    template <class T = Reply, class Keys, class Values, class = detail::RequireIterator<Keys>,
              class = detail::RequireIterator<Values>>
    Read<T> fcall_ro(std::string_view function, Keys keys_first, Keys keys_last, Values values_first, Values values_last) {
        return fcall_ro<T>(function, detail::between(keys_first, keys_last), detail::between(values_first, values_last));
    }

    /// Its SHA-1.
    Write<std::string> script_load(std::string_view script) { return write_<std::string>("SCRIPT", "LOAD", script); }

    /// One for each SHA-1, in their order.
    Read<std::vector<bool>> script_exists(const Strings &sha1) {
        return read_<std::vector<bool>>("SCRIPT", "EXISTS", sha1);
    }

    Write<void> script_flush() { return write_<void>("SCRIPT", "FLUSH"); }

    /// Ends a script that is running and has written nothing yet.
    Write<void> script_kill() { return write_<void>("SCRIPT", "KILL"); }

    /// The library's name. From Redis 7 on.
    Write<std::string> function_load(std::string_view code, bool replace = false) {
        if (replace)
            return write_<std::string>("FUNCTION", "LOAD", "REPLACE", code);
        return write_<std::string>("FUNCTION", "LOAD", code);
    }

    Write<void> function_delete(std::string_view library) { return write_<void>("FUNCTION", "DELETE", library); }

private:
    template <class T, class... A>
    Read<T> read_(A &&...values) {
        return static_cast<Derived &>(*this).template read<T>(rr::arguments(std::forward<A>(values)...));
    }

    template <class T, class... A>
    Write<T> write_(A &&...values) {
        return static_cast<Derived &>(*this).template write<T>(rr::arguments(std::forward<A>(values)...));
    }
};

} // namespace rr

#endif
