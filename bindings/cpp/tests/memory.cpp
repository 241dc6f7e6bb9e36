// SPDX-License-Identifier: MIT OR Apache-2.0
// A program whose memory runs out: what the library gave is freed, whichever allocation it was that failed. The sanitizer for
// leaks is who looks.

#include <resilient_redis/resilient_redis.hpp>

#include "check.hpp"

#include <cstdlib>
#include <new>

using namespace std::chrono_literals;

// How many allocations of this thread succeed yet; negative: all.
static thread_local int allocations_left = -1;

// The thread sanitizer has an operator new of its own, with which memory never runs out.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MEMORY_RUNS_OUT false
#endif
#endif

#ifndef MEMORY_RUNS_OUT
#define MEMORY_RUNS_OUT true

void *operator new(std::size_t size) {
    if (allocations_left == 0)
        throw std::bad_alloc();
    if (allocations_left > 0)
        allocations_left--;
    if (void *memory = std::malloc(size == 0 ? 1 : size))
        return memory;
    throw std::bad_alloc();
}
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, std::size_t) noexcept { std::free(memory); }

#endif

// Does it run with so few allocations?
template <class Function> static bool runs_with(int allocations, Function function) {
    allocations_left = allocations;
    try {
        function();
        allocations_left = -1;
        return true;
    } catch (const std::bad_alloc &) {
        allocations_left = -1;
        return false;
    }
}

static void completions_are_freed(rr::Client &client) {
    client.set("memory:text", std::string(100, 'x'));
    rr::Queue queue;
    std::size_t taken = 0;
    int allocations = 0;
    for (bool is_done = false; !is_done; allocations++) {
        client.submit_to(queue, 1, "GET", "memory:text");
        client.submit_to(queue, 2, "LPUSH", "memory:text", "no list");
        client.submit_to(queue, 3, "GET", "memory:text");
        client.ping(); // behind them
        is_done = runs_with(allocations, [&] { taken = queue.next(3, 10s).size(); });
        queue.next(64, 0ms);
    }
    CHECK_EQ(taken, 3);
    CHECK(!MEMORY_RUNS_OUT || allocations > 2);
}

// As in an outage, but cut by the server's own order.
static void the_replies_of_a_pipeline_that_was_cut_are_freed(const std::string &url) {
    rr::Client client(rr::Config::from_url(url).set("delivery", "at_most_once").reconnect_max_delay(10ms));
    int allocations = 0;
    for (bool is_done = false; !is_done; allocations++) {
        client.wait_ready(10s);
        const std::string id = std::to_string(client.command<long long>("CLIENT", "ID").value());
        rr::Pipeline pipeline = client.pipeline();
        pipeline.get("memory:text").command("EVAL", "return ARGV", 0, "a", "b");
        pipeline.command("CLIENT", "KILL", "ID", id, "SKIPME", "no").incr("memory:n");
        is_done = runs_with(allocations, [&] {
            const rr::Result<rr::Replies> replies = pipeline.try_exec();
            CHECK(replies.has_value() && replies->failure() && replies->size() == 4);
        });
    }
    CHECK(!MEMORY_RUNS_OUT || allocations > 1);
}

int main(int argc, char **argv) {
    CHECK_EQ(argc, 2);
    rr::Client client(argv[1]);
    client.wait_ready(10s);
    completions_are_freed(client);
    the_replies_of_a_pipeline_that_was_cut_are_freed(argv[1]);
    return 0;
}
