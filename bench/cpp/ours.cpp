// SPDX-License-Identifier: MIT OR Apache-2.0
// The workloads in C++ through this library's binding: all threads share one client. theirs.cpp and hiredis.cpp are its
// twins.

#include "worker.hpp"

#include <resilient_redis/resilient_redis.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace std::chrono_literals;

rr::Client connect(const job &job) {
    const bench::Address address(job);
    rr::Config config;
    config.host(address.host).port(static_cast<std::uint16_t>(address.port));
    for (int index = 0; index < job.option_count; index++) {
        const std::string_view option = job.options[index];
        const std::size_t name = option.find('=');
        if (name == std::string_view::npos)
            fail("not NAME=VALUE: %s", job.options[index]);
        config.set(option.substr(0, name), option.substr(name + 1));
    }
    rr::Client client(config);
    client.wait_ready(10s);
    return client;
}

struct Get {
    Get(rr::Client &client, const job &) : client(client) {}

    long step() {
        const std::optional<std::string> value = client.get(BENCH_KEY);
        bench::check_optional(value);
        return 1;
    }

    rr::Client &client;
};

struct Pipeline {
    Pipeline(rr::Client &client, const job &job) : pipeline(client.pipeline()), depth(job.depth) {}

    long step() {
        pipeline.clear();
        for (int index = 0; index < depth; index++)
            pipeline.get(BENCH_KEY);
        const rr::Replies replies = pipeline.exec();
        for (std::size_t index = 0; index < replies.size(); index++)
            bench::check_value(replies.get<std::string>(index));
        return static_cast<long>(replies.size());
    }

    rr::Pipeline pipeline;
    int depth;
};

struct Range {
    Range(rr::Client &client, const job &) : client(client) {}

    long step() {
        const std::vector<std::string> list = client.lrange(BENCH_LIST_KEY, 0, -1);
        bench::check_list(list);
        return 1;
    }

    rr::Client &client;
};

template <class State> void run(const job *job) {
    rr::Client client = connect(*job);
    bench::measure<State>(job, client);
}

} // namespace

int main(int argc, char **argv) {
    static const workload workloads[] = {
        {"get", run<Get>}, {"pipeline", run<Pipeline>}, {"lrange", run<Range>}, {nullptr, nullptr}};
    return worker_main(argc, argv, workloads);
}
