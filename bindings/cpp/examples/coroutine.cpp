// SPDX-License-Identifier: MIT OR Apache-2.0
// Three coroutines on one thread, each of which waits for its own commands: coroutine redis://127.0.0.1:6379
//
// C++20. The thread watches the descriptor of a loop, as a program with an event loop would.

#include <resilient_redis/resilient_redis.hpp>

#include <iostream>

#if RR_COROUTINES

#include <poll.h>

// A coroutine that begins at once, and counts itself as done in the end.
struct Task {
    struct promise_type {
        Task get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { throw; } // out of Loop::run_once()
    };
};

static Task count(rr::Co co, std::string key, int &running) {
    running++;
    co_await co.set(key, "0");
    for (long long reached = 0; reached < 1000;)
        reached = co_await co.incr(key);
    const std::optional<std::string> last = co_await co.get(key);
    std::cout << key << " is " << last.value() << '\n';
    running--;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        std::cerr << "usage: " << argv[0] << " url\n";
        return 2;
    }
    try {
        rr::Client client(argv[1]);
        rr::Loop loop;
        int running = 0;
        for (const char *key : {"counter:a", "counter:b", "counter:c"})
            count(client.co(loop), key, running);
        pollfd watched = {loop.fd(), POLLIN, 0};
        while (running > 0) {
            poll(&watched, 1, -1);
            loop.run_once(std::chrono::milliseconds(0));
        }
        return 0;
    } catch (const rr::Error &error) {
        std::cerr << error.status_name() << ": " << error.what() << '\n';
        return 1;
    }
}

#else

int main() {
    std::cout << "this compiler has no coroutines\n";
    return 0;
}

#endif
