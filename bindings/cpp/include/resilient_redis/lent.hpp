// SPDX-License-Identifier: MIT OR Apache-2.0
// A handle of C that is either owned, and freed with its owner, or lent for the time of a callback.

#ifndef RESILIENT_REDIS_LENT_HPP
#define RESILIENT_REDIS_LENT_HPP

#include <resilient_redis.h>

#include <memory>
#include <utility>

namespace rr {

namespace detail {

/// Moves like a unique_ptr; a moved-from one is NULL, which every accessor of C takes.
template <class Handle, void (*free)(Handle *)> class Lent {
public:
    Lent() = default;
    Lent(const Handle *handle, bool owned) noexcept : handle_(handle), owned_(owned) {}
    Lent(Lent &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)), owned_(other.owned_) {}
    Lent &operator=(Lent &&other) noexcept {
        if (this != &other) {
            end();
            handle_ = std::exchange(other.handle_, nullptr);
            owned_ = other.owned_;
        }
        return *this;
    }
    ~Lent() { end(); }

    const Handle *get() const noexcept { return handle_; }
    /// The same, of one that is changed by what is called with it.
    Handle *get_mutable() const noexcept { return const_cast<Handle *>(handle_); }
    bool is_owned() const noexcept { return owned_; }

private:
    void end() noexcept {
        // What is owned was given by C as a pointer that is not const. Of most calls one was moved away: C is not bothered.
        if (owned_ && handle_ != nullptr)
            free(get_mutable());
    }

    const Handle *handle_ = nullptr;
    bool owned_ = false;
};

/// A string that C made for the caller.
struct FreeText {
    void operator()(char *text) const noexcept { rr_string_free(text); }
};
using OwnedText = std::unique_ptr<char, FreeText>;

} // namespace detail

} // namespace rr

#endif
