// SPDX-License-Identifier: MIT OR Apache-2.0
// Many commands in one go, and what became of each: pipeline redis://127.0.0.1:6379

#include <resilient_redis/resilient_redis.hpp>

#include <iostream>

int main(int argc, char **argv) {
    if (argc != 2) {
        std::cerr << "usage: " << argv[0] << " url\n";
        return 2;
    }
    try {
        rr::Client client(argv[1]);
        const rr::Replies replies = client.pipeline()
                                        .set("fruit", "apple")
                                        .append("fruit", " pie")
                                        .get("fruit")
                                        .incr("fruit") // no number: this one is refused, the others run
                                        .command("STRLEN", "fruit")
                                        .exec();
        if (replies.is_buffered()) // the server is away; all of it is applied when it is back
            return 0;
        std::cout << replies.get<std::string>(2) << " has " << replies.get<int>(4) << " letters\n";
        try {
            replies.get<long long>(3);
        } catch (const rr::ServerError &error) {
            std::cout << "refused: " << error.what() << '\n';
        }
        return 0;
    } catch (const rr::PipelineError &error) { // only some were answered
        std::cerr << error.what() << "; of " << error.replies().size() << " commands\n";
    } catch (const rr::Error &error) {
        std::cerr << error.status_name() << ": " << error.what() << '\n';
    }
    return 1;
}
