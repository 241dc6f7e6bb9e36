// SPDX-License-Identifier: MIT OR Apache-2.0
// What the tests of typed commands share: they run with RESP2 and with RESP3, each time in an empty database.

#ifndef BOTH_PROTOCOLS_HPP
#define BOTH_PROTOCOLS_HPP

#include <resilient_redis/resilient_redis.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "check.hpp"

using Texts = std::vector<std::string>;

template <class... A>
Texts texts(A... values) {
    return Texts{values...};
}

template <class Container>
Container sorted(Container container) {
    std::sort(container.begin(), container.end());
    return container;
}

template <class... Test>
void with_both_protocols(const char *url, Test... tests) {
    for (const char *protocol : {"2", "3"}) {
        rr::Config config = rr::Config::from_url(url);

        config.set("protocol", protocol);
        rr::Client client(config);
        const auto run = [&](auto test) {
            client.flushall().value();
            test(client);
        };

        (run(tests), ...);
        std::fprintf(stderr, "RESP%s passed\n", protocol);
    }
}

#endif
