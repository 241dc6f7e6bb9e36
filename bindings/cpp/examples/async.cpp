// SPDX-License-Identifier: MIT OR Apache-2.0
// A thousand commands on their way at once, by futures, by a function and by a queue: async redis://127.0.0.1:6379

#include <resilient_redis/resilient_redis.hpp>

#include <chrono>
#include <iostream>
#include <vector>

using namespace std::chrono_literals;

int main(int argc, char **argv) {
    if (argc != 2) {
        std::cerr << "usage: " << argv[0] << " url\n";
        return 2;
    }
    try {
        rr::Client client(argv[1]);
        client.del("async:count");
        std::vector<std::future<long long>> counts;
        for (int i = 0; i < 1000; i++)
            counts.push_back(client.async().incr("async:count"));
        std::cout << "counted to " << counts.back().get() << std::endl;

        // On the client's own thread; an exception would be for Config::on_callback_exception().
        std::promise<void> called;
        client.submit(rr::arguments("GET", "async:count"), [&](const rr::Result<rr::Reply> &reply) {
            std::cout << "a function is told " << (reply ? reply->string() : reply.error().what()) << std::endl;
            called.set_value();
        });
        called.get_future().get();

        // For a program with a loop of its own: queue.fd() is readable while there is something to take.
        rr::Queue queue;
        for (std::uint64_t tag = 1; tag <= 3; tag++)
            client.submit_to(queue, tag, "ECHO", tag * 11);
        for (std::size_t taken = 0; taken < 3;)
            for (const rr::Completion &completion : queue.next(3, 5s)) {
                std::cout << "tag " << completion.tag << " is told " << completion.result->string() << '\n';
                taken++;
            }
        return 0;
    } catch (const rr::Error &error) {
        std::cerr << error.status_name() << ": " << error.what() << '\n';
        return 1;
    }
}
