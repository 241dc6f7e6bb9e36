// SPDX-License-Identifier: MIT OR Apache-2.0
// The version of the library that runs, and whether it is new enough for the headers that a program was compiled with.

#ifndef RESILIENT_REDIS_VERSION_HPP
#define RESILIENT_REDIS_VERSION_HPP

#include "error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rr {

/// Such as "0.1.0".
inline std::string_view version() noexcept { return rr_version(); }

/// major * 1000000 + minor * 1000 + patch, to be compared with RR_VERSION_NUMBER, which is that of the header.
inline std::uint32_t version_number() noexcept { return rr_version_number(); }

namespace detail {

/// Looked at once a program: the loader may have found another library than the one that it was linked with.
inline std::optional<Error> library_is_too_old() {
    static const std::uint32_t running = rr_version_number();
    if (running >= RR_VERSION_NUMBER)
        return std::nullopt;
    const std::string compiled = std::to_string(RR_VERSION_MAJOR) + "." + std::to_string(RR_VERSION_MINOR) + "." +
                                 std::to_string(RR_VERSION_PATCH);
    return Error(RR_ERR_UNSUPPORTED, "the program was compiled with the headers of resilient-redis " + compiled +
                                         ", and the library that runs is older: " + rr_version());
}

} // namespace detail

} // namespace rr

#endif
