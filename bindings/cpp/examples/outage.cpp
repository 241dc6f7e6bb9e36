// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes through an outage. Eight threads share one client and push numbered values onto lists, whatever happens to the
// server meanwhile: kill it, start it again, and look at the account in the end.
//
//     outage [-t threads] [-r writes a second] [-s seconds] [-o file] redis://127.0.0.1:6379 [option=value ...]
//
// The threads, their pace and the counting are those of the program in C: examples/demo/workload.h. What is done with the
// client is all here.

#include <resilient_redis/resilient_redis.hpp>

#include "../../../examples/demo/workload.h"

#include <chrono>
#include <iostream>
#include <mutex>

using namespace std::chrono_literals;

static workload work;

// One write, and what became of it. There is no reconnecting here, no repeating and no waiting for the server: the library
// does that. What is left is to look at the answer.
static fate issue(void *client, int thread, long number) {
    try {
        const std::string list = "demo:thread:" + std::to_string(thread);
        const rr::Answer<long long> length = static_cast<rr::Client *>(client)->rpush(list, std::to_string(number));
        return length.is_buffered() ? BUFFERED : REPLIED; // buffered: applied, in order, when the server is back
    } catch (const rr::Error &error) {
        static std::once_flag told;
        std::call_once(told, [&] { std::cerr << "the first write that failed: " << error.what() << std::endl; });
        switch (error.outcome()) {
        case rr::Outcome::not_applied: return NOT_APPLIED; // it did not run and never will: safe to issue again
        case rr::Outcome::applied: return APPLIED;         // it ran, its reply is lost
        default: return UNKNOWN;                           // it may have run: look before issuing it again
        }
    }
}

// How the client is, for the samples.
static void look(void *client, long *buffered, const char **state) {
    *buffered = static_cast<long>(static_cast<rr::Client *>(client)->buffered());
    *state = rr::name(static_cast<rr::Client *>(client)->state());
}

// Runs on the client's own thread for events.
static void happened(const rr::Event &event) {
    const long long ms = work.began_us == 0 ? 0 : event.time().time_since_epoch().count() - work.began_us / 1000;
    if (event.kind() == rr::EventKind::reconnecting) // one for every attempt that failed
        return;
    std::printf("%7.3f s  %s: %s\n", static_cast<double>(ms) / 1e3, rr::name(event.kind()), event.message().data());
    std::fflush(stdout);
}

int main(int argc, char **argv) {
    int at = workload_options(&work, argc, argv);

    if (at >= argc) {
        std::cerr << "usage: " << argv[0] << " [-t threads] [-r rate] [-s seconds] [-o file] url [option=value ...]\n";
        return 2;
    }
    try {
        rr::Config config = rr::Config::from_url(argv[at]);
        while (++at < argc) {
            const std::string_view option = argv[at];
            const std::size_t equals = option.find('=');
            config.set(option.substr(0, equals), equals == option.npos ? "" : option.substr(equals + 1));
        }
        rr::Client client(config.on_event(happened));
        client.wait_ready(10s);

        work.client = &client;
        work.issue = issue;
        work.look = look;
        workload_run(&work);

        // What is still buffered is sent before the program ends, and what could not be is told.
        if (const rr::Result<void> sent = client.try_flush(30s); sent.has_error())
            std::cerr << "not everything could be sent: " << sent.error().what() << std::endl;
        const rr::Stats stats = client.stats();
        const rr::CloseReport report = client.close(1s);

        std::cout << "version " << rr::version() << std::endl;
        workload_account(&work);
        std::cout << "account replayed " << stats.replayed << '\n';
        std::cout << "account resent " << stats.resent << '\n';
        std::cout << "account longest_outage_us " << stats.longest_outage_us << '\n';
        std::cout << "account left_at_close " << report.lost + report.unknown + report.failed << '\n';
        return 0;
    } catch (const rr::Error &error) {
        std::cerr << error.status_name() << ": " << error.what() << '\n';
        return 2;
    }
}
