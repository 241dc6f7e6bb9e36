// SPDX-License-Identifier: MIT OR Apache-2.0
// Channels, patterns and shard channels that a part of a program wants, and the messages that come for it.
//
// Any number of threads may use one subscription at any time, but for moving and destroying it. It may be destroyed before
// or after its client. When the connection is lost it is made again and everything is subscribed to again; what was missed
// is told in its place, as a message of its own kind.

#ifndef RESILIENT_REDIS_SUBSCRIPTION_HPP
#define RESILIENT_REDIS_SUBSCRIPTION_HPP

#include "issue.hpp"
#include "message.hpp"
#include "pull.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace rr {

class Subscription {
public:
    using MessageFunction = std::function<void(const Message &)>;
    using Iterator = detail::PullIterator<Subscription, Message>;

    /// To nothing as yet; messages are taken with next().
    static Result<Subscription> make(const detail::Target &target, const SubscriptionOptions &options) {
        const rr_subscription_options given = options.c_struct();
        rr_subscription *subscription = nullptr;
        detail::ErrorPlace error;
        const rr_status status = rr_subscription_new(target.client, &given, &subscription, error.place());
        if (status < 0)
            return error.take(status);
        return Subscription(subscription);
    }

    /// With a function that is called with each message.
    static Result<Subscription> make(const detail::Target &target, Topic topic, const Arguments &names, MessageFunction function) {
        using Holder = detail::Holder<MessageFunction>;
        if (!function)
            return Error(RR_ERR_NULL_ARGUMENT, "the function for messages is empty");
        rr_subscription *subscription = nullptr;
        detail::ErrorPlace error;
        const rr_status status = rr_subscribe(target.client, static_cast<rr_kind>(topic), names.count(), names.data(),
                                              names.lengths(), message_arrives,
                                              Holder::give(std::move(function), target.exceptions), Holder::destroy,
                                              &subscription, error.place());
        if (status < 0)
            return error.take(status);
        return Subscription(subscription);
    }

    /// Subscribes to more. Returns as soon as that is noted; the server is asked in the background: see wait().
    detail::Given<void> add(Topic topic, const Strings &names) { return detail::give(try_add(topic, names)); }
    detail::Given<void> add(const Strings &channels) { return add(Topic::channel, channels); }
    Result<void> try_add(Topic topic, const Strings &names) {
        return change(rr_subscription_add, topic, rr::arguments(names));
    }

    /// Gives some up. Names that it does not have are ignored; other subscriptions keep theirs.
    detail::Given<void> remove(Topic topic, const Strings &names) { return detail::give(try_remove(topic, names)); }
    detail::Given<void> remove(const Strings &channels) { return remove(Topic::channel, channels); }
    Result<void> try_remove(Topic topic, const Strings &names) {
        return change(rr_subscription_remove, topic, rr::arguments(names));
    }

    /// Waits until the server has agreed to every name: what is published from then on comes. ServerError when it refuses
    /// one, TimeoutError when it has not answered, or is not there.
    detail::Given<void> wait(std::chrono::milliseconds timeout) const { return detail::give(try_wait(timeout)); }
    Result<void> try_wait(std::chrono::milliseconds timeout) const {
        detail::ErrorPlace error;
        return detail::done(rr_subscription_wait(subscription_.get(), timeout.count(), error.place()), error);
    }

    /// Takes the next message; nothing if none came in time (0: only what is there). ClosedError if none ever will.
    detail::Given<std::optional<Message>> next(std::chrono::milliseconds timeout) { return detail::give(try_next(timeout)); }
    Result<std::optional<Message>> try_next(std::chrono::milliseconds timeout) {
        rr_message *message = nullptr;
        detail::ErrorPlace error;
        const rr_status status = rr_subscription_next(subscription_.get(), timeout.count(), &message, error.place());
        return detail::pulled<Message>(status, message, error);
    }

    /// A descriptor that is readable while next() has something to give, ClosedError included, to be watched by poll, epoll or
    /// an event loop. It is the subscription's, and closed when that is destroyed. Negative: an RR_ERR_ number; one with a
    /// function has none.
    int fd() const noexcept { return rr_subscription_fd(subscription_.get()); }

    /// Ends it: nothing comes any more. What has come can still be taken; then every next(), those that wait among them, ends
    /// with ClosedError, and a loop is over. So a thread that takes messages can be ended before the subscription is
    /// destroyed. It waits for a call of its function that is running, unless this is that call.
    detail::Given<void> close() { return detail::give(try_close()); }
    Result<void> try_close() {
        detail::ErrorPlace error;
        return detail::done(rr_subscription_close(subscription_.get(), error.place()), error);
    }

    /// Waits for one message after the other, until this or the client is closed.
    Iterator begin() { return Iterator(*this); }
    Iterator end() { return Iterator(); }

    rr_subscription *c_ptr() const noexcept { return subscription_.get(); }

private:
    /// Waits for a call of the function that is running, unless this is that call.
    struct Free {
        void operator()(rr_subscription *subscription) const noexcept { rr_subscription_free(subscription); }
    };

    explicit Subscription(rr_subscription *subscription) : subscription_(subscription) {}

    template <class Change> Result<void> change(Change call, Topic topic, const Arguments &names) {
        detail::ErrorPlace error;
        const rr_status status = call(subscription_.get(), static_cast<rr_kind>(topic), names.count(), names.data(),
                                      names.lengths(), error.place());
        return detail::done(status, error);
    }

    static void message_arrives(const rr_message *message, void *userdata) noexcept {
        detail::Holder<MessageFunction>::call(userdata, [&](MessageFunction &function) { function(Message::lent(message)); });
    }

    std::unique_ptr<rr_subscription, Free> subscription_;
};

} // namespace rr

#endif
