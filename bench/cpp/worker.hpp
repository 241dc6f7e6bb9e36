// SPDX-License-Identifier: MIT OR Apache-2.0
// What the workers in C++ have in common: the measured loop of c/worker.h over an object for each thread, and how they look
// at what came.
//
// What a client throws is not caught: it ends the worker with its message, as fail() does.

#ifndef BENCH_WORKER_HPP
#define BENCH_WORKER_HPP

#include "../c/worker.h"

#include <cstddef>
#include <string>
#include <vector>

namespace bench {

/// The address as host and port. There is no TLS here.
struct Address {
    explicit Address(const job &job) {
        if (job_is_tls(&job) || job_is_unix(&job))
            fail("the workers in C++ speak TCP alone, not with %s", job.address);
        host = job_host(&job, &port);
    }

    std::string host;
    int port = 0;
};

/// Measures `State(shared, job)`, one for each thread: its step() does it once, and gives how many operations that were.
template <class State, class Shared> void measure(const job *given, Shared &shared) {
    static const work work = {
        [](const job *job, void *shared) noexcept -> void * { return new State(*static_cast<Shared *>(shared), *job); },
        [](void *state) noexcept { return static_cast<State *>(state)->step(); },
        [](void *state) noexcept { delete static_cast<State *>(state); },
    };
    work_run(given, &work, &shared);
}

inline void check_value(const std::string &value) {
    if (value.size() != BENCH_VALUE_LENGTH)
        fail("GET: not the value");
}

/// Of an optional, whosever it is.
template <class Optional> void check_optional(const Optional &value) {
    if (!value)
        fail("GET: no value");
    check_value(*value);
}

inline void check_list(const std::vector<std::string> &list) {
    if (list.size() != BENCH_LIST_COUNT)
        fail("LRANGE: %zu elements", list.size());
    for (const std::string &element : list)
        if (element.size() != BENCH_LIST_ELEMENT_LENGTH)
            fail("LRANGE: not the elements");
}

} // namespace bench

#endif
