// SPDX-License-Identifier: MIT OR Apache-2.0
// The same workloads through hiredis in C++: a connection for each thread, replies owned by unique_ptr and copied into
// strings of the program's.

#include "worker.hpp"

#include <hiredis/hiredis.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

struct FreeContext {
    void operator()(redisContext *context) const noexcept { redisFree(context); }
};
struct FreeReply {
    void operator()(redisReply *reply) const noexcept { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

/// What the threads share.
struct Nothing {};

struct Connection {
    explicit Connection(const job &job) {
        const bench::Address address(job);
        context.reset(redisConnect(address.host.c_str(), address.port));
        if (context == nullptr || context->err != 0)
            fail("connecting to %s: %s", job.address, context == nullptr ? "no memory" : context->errstr);
    }

    template <std::size_t count> Reply command(const char *const (&arguments)[count], const std::size_t (&lengths)[count]) {
        return checked(redisCommandArgv(context.get(), count, const_cast<const char **>(arguments), lengths));
    }
    template <std::size_t count> void append(const char *const (&arguments)[count], const std::size_t (&lengths)[count]) {
        if (redisAppendCommandArgv(context.get(), count, const_cast<const char **>(arguments), lengths) != REDIS_OK)
            fail("appending: %s", context->errstr);
    }
    Reply next() {
        void *reply = nullptr;
        if (redisGetReply(context.get(), &reply) != REDIS_OK)
            fail("reading a reply: %s", context->errstr);
        return checked(reply);
    }

    std::unique_ptr<redisContext, FreeContext> context;

private:
    Reply checked(void *given) {
        Reply reply(static_cast<redisReply *>(given));
        if (reply == nullptr)
            fail("reading a reply: %s", context->errstr);
        if (reply->type == REDIS_REPLY_ERROR)
            fail("the server: %s", reply->str);
        return reply;
    }
};

std::string text_of(const redisReply &reply) {
    if (reply.type != REDIS_REPLY_STRING)
        fail("a reply of type %d instead of a string", reply.type);
    return std::string(reply.str, reply.len);
}

constexpr const char *get[] = {"GET", BENCH_KEY};
constexpr std::size_t get_lengths[] = {3, sizeof BENCH_KEY - 1};

struct Get {
    Get(Nothing &, const job &job) : connection(job) {}

    long step() {
        const Reply reply = connection.command(get, get_lengths);
        std::optional<std::string> value;
        if (reply->type != REDIS_REPLY_NIL)
            value = text_of(*reply);
        bench::check_optional(value);
        return 1;
    }

    Connection connection;
};

struct Pipeline {
    Pipeline(Nothing &, const job &job) : connection(job), depth(job.depth) {}

    long step() {
        for (int index = 0; index < depth; index++)
            connection.append(get, get_lengths);
        for (int index = 0; index < depth; index++)
            bench::check_value(text_of(*connection.next()));
        return depth;
    }

    Connection connection;
    int depth;
};

struct Range {
    Range(Nothing &, const job &job) : connection(job) {}

    long step() {
        static constexpr const char *range[] = {"LRANGE", BENCH_LIST_KEY, "0", "-1"};
        static constexpr std::size_t lengths[] = {6, sizeof BENCH_LIST_KEY - 1, 1, 2};
        const Reply reply = connection.command(range, lengths);
        if (reply->type != REDIS_REPLY_ARRAY)
            fail("a reply of type %d instead of an array", reply->type);
        std::vector<std::string> list;
        list.reserve(reply->elements);
        for (std::size_t index = 0; index < reply->elements; index++)
            list.push_back(text_of(*reply->element[index]));
        bench::check_list(list);
        return 1;
    }

    Connection connection;
};

template <class State> void run(const job *job) {
    Nothing nothing;
    bench::measure<State>(job, nothing);
}

} // namespace

int main(int argc, char **argv) {
    static const workload workloads[] = {
        {"get", run<Get>}, {"pipeline", run<Pipeline>}, {"lrange", run<Range>}, {nullptr, nullptr}};
    return worker_main(argc, argv, workloads);
}
