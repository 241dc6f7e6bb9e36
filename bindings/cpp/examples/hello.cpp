// SPDX-License-Identifier: MIT OR Apache-2.0
// Sets a key and gets it: hello redis://127.0.0.1:6379

#include <resilient_redis/resilient_redis.hpp>

#include <iostream>

int main(int argc, char **argv) {
    if (argc != 2) {
        std::cerr << "usage: " << argv[0] << " url\n";
        return 2;
    }
    try {
        rr::Client client(argv[1]);
        client.set("greeting", "hello");
        const std::optional<std::string> greeting = client.get("greeting");
        std::cout << greeting.value_or("(nothing)") << '\n';

        client.hset("person", {{"name", "Ada"}, {"born", "1815"}});
        std::cout << client.hget("person", "name").value() << ", " << client.hget("person", "born").value() << '\n';
        return 0;
    } catch (const rr::Error &error) {
        std::cerr << error.status_name() << ": " << error.what() << '\n';
        return 1;
    }
}
