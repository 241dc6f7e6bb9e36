// SPDX-License-Identifier: MIT OR Apache-2.0
// Coroutines that wait for commands, resumed by the client's own thread, by an executor, or by a loop.

#include <resilient_redis/resilient_redis.hpp>

#include "check.hpp"
#include "task.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <poll.h>

using namespace std::chrono_literals;

// A thread that runs what it is given, in order.
class Worker {
public:
    Worker() : thread_([this] { run(); }) {}
    ~Worker() {
        post(nullptr);
        thread_.join();
    }

    void post(std::function<void()> job) {
        const std::lock_guard<std::mutex> lock(lock_);
        jobs_.push_back(std::move(job));
        there_is_one_.notify_one();
    }

    std::thread::id id() const { return thread_.get_id(); }

private:
    void run() {
        for (;;) {
            std::unique_lock<std::mutex> lock(lock_);
            there_is_one_.wait(lock, [this] { return !jobs_.empty(); });
            const std::function<void()> job = std::move(jobs_.front());
            jobs_.pop_front();
            lock.unlock();
            if (!job)
                return;
            job();
        }
    }

    std::mutex lock_;
    std::condition_variable there_is_one_;
    std::deque<std::function<void()>> jobs_;
    std::thread thread_;
};

// The server answers nobody for a while, so that what awaits its answer has to be resumed.
static void pause(rr::Client &client) { client.command("CLIENT", "PAUSE", 50); }

static Task count(rr::Co co, std::string key, int &last) {
    CHECK(co_await co.set(key, "0"));
    for (int i = 0; i < 10; i++)
        co_await co.incr(key);
    last = (co_await co.get<int>(key)).value();
}

static void the_clients_thread_resumes(rr::Client &client) {
    int last = 0;
    count(client.co(), "coroutine:a", last).get();
    CHECK_EQ(last, 10);
}

static void an_executor_resumes(rr::Client &client) {
    Worker worker;
    int last = 0;
    count(client.co([&](std::coroutine_handle<> handle) { worker.post(handle); }), "coroutine:b", last).get();
    CHECK_EQ(last, 10);

    const auto where = [](rr::Co co, std::thread::id &id) -> Task {
        co_await co.get("coroutine:b");
        id = std::this_thread::get_id();
    };
    std::thread::id id;
    pause(client);
    where(client.with(rr::CommandOptions().timeout(5s)).co([&](std::coroutine_handle<> handle) { worker.post(handle); }), id).get();
    CHECK(id == worker.id());
}

static void a_loop_resumes(rr::Client &client) {
    rr::Loop loop;
    int last[3] = {};
    Task tasks[] = {count(client.co(loop), "coroutine:c0", last[0]), count(client.co(loop), "coroutine:c1", last[1]),
                    count(client.co(loop), "coroutine:c2", last[2])};
    pollfd watched = {loop.fd(), POLLIN, 0};
    while (!tasks[0].is_done() || !tasks[1].is_done() || !tasks[2].is_done()) {
        CHECK_EQ(poll(&watched, 1, 10000), 1);
        CHECK(loop.run_once(0ms) > 0);
    }
    for (const int number : last)
        CHECK_EQ(number, 10);
    CHECK_EQ(loop.run_once(0ms), 0);
}

static void commands_are_on_their_way_before_they_are_awaited(rr::Client &client) {
    const auto both = [](rr::Co co) -> Task {
        rr::Awaitable<bool> set = co.set("coroutine:d", std::string("temporary")); // is read before it returns
        rr::Awaitable<std::optional<std::string>> get = co.get("coroutine:d");
        CHECK_EQ(co_await std::move(get), std::optional<std::string>("temporary"));
        CHECK(co_await std::move(set));
        static_cast<void>(co.set("coroutine:d", "not awaited"));
    };
    both(client.co()).get();
    WAIT_UNTIL(client.get("coroutine:d") == "not awaited");
}

static void failures_are_thrown_where_it_awaits(rr::Client &client, rr::Loop &loop) {
    client.set("coroutine:text", "text");
    const auto fails = [](rr::Co co) -> Task {
        std::string code;
        try {
            co_await co.lpush("coroutine:text", "x");
        } catch (const rr::ServerError &error) {
            code = error.server_code();
        }
        CHECK_EQ(code, "WRONGTYPE");
        bool is_refused = false;
        try {
            co_await co.command<void>("SELECT", 1); // not even taken
        } catch (const rr::UsageError &) {
            is_refused = true;
        }
        CHECK(is_refused);
        co_await co.command<int>("GET", "coroutine:text");
    };
    CHECK_THROWS(rr::ConversionError, fails(client.co()).get());
    Task task = fails(client.co(loop));
    while (!task.is_done())
        loop.run_once(10s);
    CHECK_THROWS(rr::ConversionError, task.get());
}

struct Mine {};

// Reading it is the program's own code, which throws.
struct Unreadable {};

template <> struct rr::Convert<Unreadable> : rr::Conversion<Unreadable> {
    static bool into(const Value &, Unreadable &) { throw Mine(); }
};

static Task reads(rr::Co co) { co_await co.command<Unreadable>("PING"); }

static void what_a_conversion_throws_is_thrown_where_it_awaits(rr::Client &client, rr::Loop &loop) {
    pause(client);
    Task by_client = reads(client.co());
    WAIT_UNTIL(by_client.is_done());
    CHECK_THROWS(Mine, by_client.get());
    pause(client);
    Task by_loop = reads(client.co(loop));
    while (loop.run_once(10s) == 0) {
    }
    CHECK(by_loop.is_done());
    CHECK_THROWS(Mine, by_loop.get());
    client.rethrow_callback_exception(); // there is none
}

static Fragile throws(rr::Co co) {
    co_await co.get("coroutine:a");
    throw Mine();
}

static void what_a_coroutine_lets_out_goes_where_callbacks_exceptions_go(rr::Client &client, rr::Loop &loop) {
    pause(client);
    const Fragile by_client = throws(client.co());
    WAIT_UNTIL([&] {
        try {
            client.rethrow_callback_exception();
            return false;
        } catch (const Mine &) {
            return true;
        }
    }());
    pause(client);
    const Fragile by_loop = throws(client.co(loop));
    CHECK_THROWS(Mine, [&] { while (loop.run_once(10s) == 0) {} }());
}

static Fragile waits(rr::Co co, bool &is_resumed) {
    co_await co.get("coroutine:a");
    is_resumed = true;
}

static void a_coroutine_that_waits_can_be_destroyed(rr::Client &client, rr::Loop &loop) {
    bool is_resumed = false;
    pause(client);
    {
        const Fragile by_client = waits(client.co(), is_resumed);
        const Fragile by_loop = waits(client.co(loop), is_resumed);
    }
    client.async().ping().get(); // behind both
    while (loop.run_once(10s) == 0) {
    }
    CHECK(!is_resumed);
}

static void a_loop_may_end_before_what_waits_for_it(rr::Client &client) {
    bool is_resumed = false;
    std::optional<rr::Loop> loop(std::in_place);
    pause(client);
    const Fragile waiting = waits(client.co(*loop), is_resumed);
    loop.reset();
    client.async().ping().get();
    CHECK(!is_resumed);
}

int main(int argc, char **argv) {
    CHECK_EQ(argc, 2);
    rr::Client client(argv[1]);
    client.wait_ready(10s);
    rr::Loop loop;
    the_clients_thread_resumes(client);
    an_executor_resumes(client);
    a_loop_resumes(client);
    commands_are_on_their_way_before_they_are_awaited(client);
    failures_are_thrown_where_it_awaits(client, loop);
    what_a_conversion_throws_is_thrown_where_it_awaits(client, loop);
    what_a_coroutine_lets_out_goes_where_callbacks_exceptions_go(client, loop);
    a_coroutine_that_waits_can_be_destroyed(client, loop);
    a_loop_may_end_before_what_waits_for_it(client);
    return 0;
}
