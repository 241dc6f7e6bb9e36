// SPDX-License-Identifier: MIT OR Apache-2.0
// Listens to channels, through outages: subscribe redis://127.0.0.1:6379 [messages]
//
// Publishes as many messages as it is told to and ends after them; without a number it listens until it is interrupted.

#include <resilient_redis/resilient_redis.hpp>

#include <chrono>
#include <iostream>

using namespace std::chrono_literals;

int main(int argc, char **argv) {
    if (argc < 2) {
        std::cerr << "usage: " << argv[0] << " url [messages]\n";
        return 2;
    }
    try {
        const int count = argc > 2 ? std::stoi(argv[2]) : 0;
        rr::Client client(argv[1]);
        rr::Subscription subscription = client.subscription();
        subscription.add(rr::Topic::pattern, {"news.*"});
        subscription.wait(10s);
        for (int i = 1; i <= count; i++)
            client.publish("news.example", "message " + std::to_string(i));

        int left = count;
        for (const rr::Message &message : subscription) {
            switch (message.kind()) {
            case rr::MessageKind::pattern: std::cout << message.channel() << ": " << message.payload() << std::endl; break;
            case rr::MessageKind::lost: std::cout << message.lost() << " messages found no room\n"; break;
            case rr::MessageKind::restored:
                std::cout << "what was published in the last " << (message.up_at() - message.down_since()).count()
                          << " ms may be missing\n";
                break;
            default: break;
            }
            if (message.is_published() && --left == 0)
                break;
        }
        return 0;
    } catch (const rr::Error &error) {
        std::cerr << error.status_name() << ": " << error.what() << '\n';
        return 1;
    }
}
