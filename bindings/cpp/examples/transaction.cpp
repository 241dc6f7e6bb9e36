// SPDX-License-Identifier: MIT OR Apache-2.0
// Moves money between two accounts, from four threads at a time: transaction redis://127.0.0.1:6379

#include <resilient_redis/resilient_redis.hpp>

#include <iostream>
#include <thread>
#include <vector>

static void move(rr::Client &client, long long amount) {
    // After a conflict it is called again, with fresh reads.
    const auto prepare = [&](rr::Transaction &transaction) {
        if (transaction.now().get<long long>("account:a").value_or(0) < amount)
            return false; // not enough: give up
        transaction.decrby("account:a", amount).incrby("account:b", amount);
        return true;
    };
    if (!client.transact({"account:a"}, prepare, 100))
        std::cerr << "there is not enough\n";
}

int main(int argc, char **argv) {
    if (argc != 2) {
        std::cerr << "usage: " << argv[0] << " url\n";
        return 2;
    }
    try {
        rr::Client client(argv[1]);
        client.mset({{"account:a", "100"}, {"account:b", "0"}});
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; i++)
            threads.emplace_back([&client] {
                try {
                    for (int round = 0; round < 3; round++)
                        move(client, 5);
                } catch (const rr::Error &error) {
                    std::cerr << error.status_name() << ": " << error.what() << '\n';
                }
            });
        for (std::thread &thread : threads)
            thread.join();
        std::cout << client.get("account:a").value() << " and " << client.get("account:b").value() << '\n';
        return 0;
    } catch (const rr::Error &error) {
        std::cerr << error.status_name() << ": " << error.what() << '\n';
        return 1;
    }
}
