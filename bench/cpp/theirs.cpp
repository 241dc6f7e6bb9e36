// SPDX-License-Identifier: MIT OR Apache-2.0
// The same workloads through redis-plus-plus, as its users write them: all threads share one Redis, whose pool has a
// connection for each of them; the pipeline keeps one of these and is filled again after each exec().

#include "worker.hpp"

#include <sw/redis++/redis++.h>

#include <iterator>
#include <string>
#include <vector>

namespace {

sw::redis::Redis connect(const job &job) {
    const bench::Address address(job);
    sw::redis::ConnectionOptions connection;
    connection.host = address.host;
    connection.port = address.port;
    sw::redis::ConnectionPoolOptions pool;
    pool.size = static_cast<std::size_t>(job.threads);
    return sw::redis::Redis(connection, pool);
}

struct Get {
    Get(sw::redis::Redis &redis, const job &) : redis(redis) {}

    long step() {
        const sw::redis::OptionalString value = redis.get(BENCH_KEY);
        bench::check_optional(value);
        return 1;
    }

    sw::redis::Redis &redis;
};

struct Pipeline {
    Pipeline(sw::redis::Redis &redis, const job &job) : pipeline(redis.pipeline(false)), depth(job.depth) {}

    long step() {
        for (int index = 0; index < depth; index++)
            pipeline.get(BENCH_KEY);
        sw::redis::QueuedReplies replies = pipeline.exec();
        for (std::size_t index = 0; index < replies.size(); index++)
            bench::check_value(replies.get<std::string>(index));
        return static_cast<long>(replies.size());
    }

    sw::redis::Pipeline pipeline;
    int depth;
};

struct Range {
    Range(sw::redis::Redis &redis, const job &) : redis(redis) {}

    long step() {
        std::vector<std::string> list;
        redis.lrange(BENCH_LIST_KEY, 0, -1, std::back_inserter(list));
        bench::check_list(list);
        return 1;
    }

    sw::redis::Redis &redis;
};

template <class State> void run(const job *job) {
    sw::redis::Redis redis = connect(*job);
    bench::measure<State>(job, redis);
}

} // namespace

int main(int argc, char **argv) {
    static const workload workloads[] = {
        {"get", run<Get>}, {"pipeline", run<Pipeline>}, {"lrange", run<Range>}, {nullptr, nullptr}};
    return worker_main(argc, argv, workloads);
}
