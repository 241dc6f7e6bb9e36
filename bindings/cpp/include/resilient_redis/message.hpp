// SPDX-License-Identifier: MIT OR Apache-2.0
// What a subscription is told next: something that was published, or what became of messages that it is not told.
//
// One that Subscription::next() gave is owned, and may outlive its subscription. One that a function is called with is lent:
// it ends with the call. Any number of threads may read either; views into it live as long as it does.

#ifndef RESILIENT_REDIS_MESSAGE_HPP
#define RESILIENT_REDIS_MESSAGE_HPP

#include "error.hpp"
#include "event.hpp"
#include "lent.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rr {

/// What a name is that is subscribed to.
enum class Topic : rr_kind { channel = RR_CHANNEL, pattern = RR_PATTERN, shard_channel = RR_SHARD_CHANNEL };

/// A later version may have new ones: ignore one you do not know.
enum class MessageKind : rr_kind {
    /// Published to a channel that is subscribed to.
    channel = RR_CHANNEL,
    /// Published to a channel that matches a pattern.
    pattern = RR_PATTERN,
    shard_channel = RR_SHARD_CHANNEL,
    /// In place of messages that found no room in the subscription's queue: lost() of them.
    lost = RR_MESSAGE_LOST,
    /// The connection had been lost, and the subscription is whole again. What was published between down_since() and
    /// up_at() belongs in this place, and nobody will deliver it.
    restored = RR_MESSAGE_RESTORED,
    /// The server does not let this client subscribe to channel(), or pattern(); error() says why. It is asked again.
    refused = RR_MESSAGE_REFUSED
};

class Message {
public:
    /// Takes it over.
    explicit Message(rr_message *message) : message_(message, true) {}
    /// One that somebody else frees.
    static Message lent(const rr_message *message) { return Message(message, false); }

    MessageKind kind() const noexcept { return static_cast<MessageKind>(rr_message_kind(c_ptr())); }
    /// Was it published, and is no word about messages?
    bool is_published() const noexcept {
        return kind() == MessageKind::channel || kind() == MessageKind::pattern || kind() == MessageKind::shard_channel;
    }
    /// The channel that it was published to, or that the server refuses; empty if it has none.
    std::string_view channel() const noexcept { return view(rr_message_channel(c_ptr()), rr_message_channel_length(c_ptr())); }
    /// The pattern that its channel matches, or that the server refuses; empty if it has none.
    std::string_view pattern() const noexcept { return view(rr_message_pattern(c_ptr()), rr_message_pattern_length(c_ptr())); }
    /// What was published; empty if nothing was.
    std::string_view payload() const noexcept { return view(rr_message_payload(c_ptr()), rr_message_length(c_ptr())); }
    /// How many messages are lost in this place.
    std::uint64_t lost() const noexcept { return rr_message_lost(c_ptr()); }
    /// When the server was last heard before the gap, and when it had agreed to everything again. The epoch for other kinds.
    Time down_since() const noexcept { return Time(std::chrono::milliseconds(rr_message_down_since_ms(c_ptr()))); }
    Time up_at() const noexcept { return Time(std::chrono::milliseconds(rr_message_up_at_ms(c_ptr()))); }
    /// What the server said when it refused; nothing for other kinds.
    std::optional<Error> error() const {
        const rr_error *error = rr_message_error(c_ptr());
        return error != nullptr ? std::optional<Error>(Error(error, rr_error_status(error))) : std::nullopt;
    }

    const rr_message *c_ptr() const noexcept { return message_.get(); }

private:
    Message(const rr_message *message, bool owned) : message_(message, owned) {}

    static std::string_view view(const char *bytes, std::size_t length) noexcept {
        return bytes != nullptr ? std::string_view(bytes, length) : std::string_view();
    }

    detail::Lent<rr_message, rr_message_free> message_;
};

} // namespace rr

#endif
