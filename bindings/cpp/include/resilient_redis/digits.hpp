// SPDX-License-Identifier: MIT OR Apache-2.0
// A number as text, in any locale: whole numbers in plain digits, others as the shortest text that is read as the same number.

#ifndef RESILIENT_REDIS_DIGITS_HPP
#define RESILIENT_REDIS_DIGITS_HPP

#include <charconv>
#include <cmath>
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace rr {

namespace detail {

class Digits {
public:
    template <class Number>
    explicit Digits(Number number) noexcept {
        char *const end = digits_ + sizeof digits_;

        if constexpr (std::is_floating_point_v<Number>) {
            // Below 2 to the power of 53 each whole number is a double: none needs an exponent.
            if (std::fabs(number) < Number(9007199254740992.0) && std::trunc(number) == number) {
                end_ = std::to_chars(digits_, end, number, std::chars_format::fixed).ptr;
                return;
            }
        }
        end_ = std::to_chars(digits_, end, number).ptr;
    }

    std::string_view text() const noexcept { return {digits_, static_cast<std::size_t>(end_ - digits_)}; }

private:
    char digits_[64];
    char *end_;
};

} // namespace detail

} // namespace rr

#endif
