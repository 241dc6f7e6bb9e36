// SPDX-License-Identifier: MIT OR Apache-2.0
// All of the C++ binding of resilient-redis, a Redis client that outlives outages.
//
//     rr::Client client("redis://127.0.0.1:6379");
//     client.set("greeting", "hello");
//     std::optional<std::string> greeting = client.get("greeting");
//
// Needs C++17; with coroutines, C++20. Link -lresilient_redis.

#ifndef RESILIENT_REDIS_HPP
#define RESILIENT_REDIS_HPP

#include "client.hpp"

#endif
