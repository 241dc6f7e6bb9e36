// SPDX-License-Identifier: MIT OR Apache-2.0
// A connection to Redis that comes back, and what waits for it.
//
// One client for a whole program is the way to use it: any number of threads may call anything of one client at any time,
// but for moving and destroying it, and they share its connection. It belongs to the process that made it: after a fork
// every call in the child is a UsageError.
//
// Destroying a client does not wait for what is buffered (close() does). It waits for callbacks that are running, so hold no
// lock that they take. What is made from a client (pipelines, transactions, subscriptions, monitors, queues) may be destroyed
// before or after it; views of it (with(), async(), attempt(), failed()) must not be used after it.

#ifndef RESILIENT_REDIS_CLIENT_HPP
#define RESILIENT_REDIS_CLIENT_HPP

#include "async.hpp"
#include "attempt.hpp"
#include "commands/commands.hpp"
#include "config.hpp"
#include "coroutine.hpp"
#include "failed.hpp"
#include "monitor.hpp"
#include "pipeline.hpp"
#include "stats.hpp"
#include "subscription.hpp"
#include "transaction.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace rr {

/// What a client's connection is doing.
enum class State : rr_state {
    connecting = RR_STATE_CONNECTING,
    ready = RR_STATE_READY,
    reconnecting = RR_STATE_RECONNECTING,
    recovering = RR_STATE_RECOVERING,
    gave_up = RR_STATE_GAVE_UP,
    closed = RR_STATE_CLOSED
};

/// The constant's name, such as "RR_STATE_READY". Never NULL.
inline const char *name(State state) noexcept { return rr_state_name(static_cast<rr_state>(state)); }

/// A client with other options for its commands, cheap to make: `client.with(rr::CommandOptions().timeout(50ms)).get("k")`.
/// The client must outlive it; the client may be moved meanwhile.
class View : public detail::Submitter, public DirectCommands<View> {
public:
    explicit View(detail::Target target) : Submitter(std::move(target)) {}

    using Submitter::read;
    using Submitter::write;

    /// The typed methods that give a Result.
    Attempt attempt() const { return Attempt(target_); }
#if RR_COROUTINES
    /// The typed methods that are awaited.
    Co co() const { return Co(target_); }
    Co co(Executor executor) const { return Co(target_, std::move(executor)); }
    Co co(Loop &loop) const { return Co(target_, loop); }
#endif
};

class Client : public detail::Submitter, public DirectCommands<Client> {
public:
#if RR_EXCEPTIONS
    /// From a URL such as redis://user:password@host:port/db?command_timeout_ms=500. Returns at once; the connection is made
    /// in the background, and the server may be down.
    explicit Client(std::string_view url) : Client(Config::from_url(url)) {}
    explicit Client(const Config &config) : Client(try_open(config).value()) {}
#endif

    static detail::Given<Client> open(std::string_view url) { return detail::give(try_open(url)); }
    static detail::Given<Client> open(const Config &config) { return detail::give(try_open(config)); }
    static Result<Client> try_open(std::string_view url) {
        const Result<Config> config = Config::try_from_url(url);
        return config.has_error() ? Result<Client>(config.error()) : try_open(*config);
    }
    static Result<Client> try_open(const Config &config) {
        detail::Target target;
        target.exceptions = std::make_shared<detail::CallbackExceptions>(config.on_exception_);
        const Result<rr_client *> client = config.make_client(target.exceptions);
        if (client.has_error())
            return client.error();
        target.client = *client;
        return Client(std::move(target));
    }

    Client(Client &&other) noexcept : Submitter(std::exchange(other.target_, detail::Target())) {}
    Client &operator=(Client &&other) noexcept {
        if (this != &other) {
            rr_client_free(target_.client);
            target_ = std::exchange(other.target_, detail::Target());
        }
        return *this;
    }
    ~Client() { rr_client_free(target_.client); }

    using Submitter::read;
    using Submitter::write;

    /// The same client with other options for its commands.
    View with(const CommandOptions &options) const {
        detail::Target target = target_;
        target.options = options;
        return View(std::move(target));
    }

    /// The typed methods that give a Result.
    Attempt attempt() const { return Attempt(target_); }

#if RR_COROUTINES
    /// The typed methods that are awaited: `co_await client.co().get("k")`. Who resumes: see coroutine.hpp.
    Co co() const { return Co(target_); }
    Co co(Executor executor) const { return Co(target_, std::move(executor)); }
    Co co(Loop &loop) const { return Co(target_, loop); }
#endif

    /// An empty pipeline.
    detail::Given<Pipeline> pipeline(const PipelineOptions &options = PipelineOptions()) {
        return detail::give(try_pipeline(options));
    }
    Result<Pipeline> try_pipeline(const PipelineOptions &options = PipelineOptions()) {
        return Pipeline::make(target_.client, options);
    }

    /// A transaction that watches keys, texts in braces, a container or one; with none, what is executed is all or nothing.
    /// Waits for a connection of its own if there are keys.
    detail::Given<Transaction> transaction(const Strings &keys = {}, const TransactionOptions &options = TransactionOptions()) {
        return detail::give(try_transaction(keys, options));
    }
    Result<Transaction> try_transaction(const Strings &keys = {}, const TransactionOptions &options = TransactionOptions()) {
        return Transaction::make(target_.client, options, rr::arguments(keys));
    }

    /// Watches keys, calls `function` with a Transaction to read and to queue, and executes what it queued; after a conflict
    /// all of that once more, with fresh reads, at most `attempts` times. Gives the replies.
    ///
    /// The function returns nothing; or bool, and false gives up: then the replies are in an optional, which is empty. What it
    /// throws ends it and is thrown on, a ConflictError excepted, which leads to the next attempt. Without exceptions it may
    /// return a Result<void>.
    template <class Function>
    detail::Given<detail::Transacted<Function>> transact(const Strings &keys, Function function, std::uint32_t attempts = 16) {
        return detail::give(detail::transact(target_.client, rr::arguments(keys), function, attempts));
    }
    /// The same, and throws only what the function throws.
    template <class Function>
    Result<detail::Transacted<Function>> try_transact(const Strings &keys, Function function, std::uint32_t attempts = 16) {
        return detail::transact(target_.client, rr::arguments(keys), function, attempts);
    }

    /// Subscribes to channels, texts in braces, a container or one, and has `function` called with each message, on the thread
    /// that runs all callbacks of the client. Returns at once.
    detail::Given<Subscription> subscribe(const Strings &channels, Subscription::MessageFunction function) {
        return detail::give(try_subscribe(Topic::channel, channels, std::move(function)));
    }
    /// The same with patterns, such as "news.*".
    detail::Given<Subscription> psubscribe(const Strings &patterns, Subscription::MessageFunction function) {
        return detail::give(try_subscribe(Topic::pattern, patterns, std::move(function)));
    }
    /// The same with shard channels.
    detail::Given<Subscription> ssubscribe(const Strings &channels, Subscription::MessageFunction function) {
        return detail::give(try_subscribe(Topic::shard_channel, channels, std::move(function)));
    }
    Result<Subscription> try_subscribe(Topic topic, const Strings &names, Subscription::MessageFunction function) {
        return Subscription::make(target_, topic, rr::arguments(names), std::move(function));
    }

    /// A subscription to nothing as yet, whose messages are taken with next() or in a loop over it.
    detail::Given<Subscription> subscription(const SubscriptionOptions &options = SubscriptionOptions()) {
        return detail::give(try_subscription(options));
    }
    Result<Subscription> try_subscription(const SubscriptionOptions &options = SubscriptionOptions()) {
        return Subscription::make(target_, options);
    }

    /// Begins to listen to every command that the server runs. Waits for a connection of its own.
    detail::Given<Monitor> monitor() { return detail::give(try_monitor()); }
    Result<Monitor> try_monitor() { return Monitor::make(target_.client); }

    /// Waits until commands flow (0: looks once). A program need not call it: commands wait by themselves.
    detail::Given<void> wait_ready(std::chrono::milliseconds timeout) const { return detail::give(try_wait_ready(timeout)); }
    Result<void> try_wait_ready(std::chrono::milliseconds timeout) const {
        detail::ErrorPlace error;
        return detail::done(rr_client_wait_ready(target_.client, timeout.count(), error.place()), error);
    }

    detail::Given<State> state() const { return detail::give(try_state()); }
    Result<State> try_state() const {
        const rr_state state = rr_client_state(target_.client);
        return state < 0 ? Result<State>(Error(nullptr, state)) : static_cast<State>(state);
    }

    /// Tries to connect now instead of after the present pause, also after giving up, and asks again for subscriptions that
    /// the server refused. When an attempt that is under way fails, another is made at once; a connection that is there is
    /// left alone. Returns at once.
    detail::Given<void> reconnect() { return detail::give(try_reconnect()); }
    Result<void> try_reconnect() {
        detail::ErrorPlace error;
        return detail::done(rr_client_reconnect(target_.client, error.place()), error);
    }

    /// Waits until every buffered command is sent and answered, or failed (0: looks once). TimeoutError if some are left; they
    /// stay buffered.
    detail::Given<void> flush(std::chrono::milliseconds timeout) { return detail::give(try_flush(timeout)); }
    Result<void> try_flush(std::chrono::milliseconds timeout) {
        detail::ErrorPlace error;
        return detail::done(rr_client_flush(target_.client, timeout.count(), error.place()), error);
    }

    /// How many commands are buffered now.
    detail::Given<std::uint64_t> buffered() const { return detail::give(try_buffered()); }
    Result<std::uint64_t> try_buffered() const {
        const std::int64_t count = rr_client_buffered(target_.client);
        if (count < 0)
            return Error(nullptr, static_cast<rr_status>(count));
        return static_cast<std::uint64_t>(count);
    }

    /// Stops accepting commands, waits for those that are buffered or in flight, and disconnects. Then throws what
    /// rethrow_callback_exception() would. When it returns no callback of the client is running or will. Inside a callback
    /// it is a UsageError. Closing once more is fine. When it throws what a callback threw there is no report: who needs both
    /// calls try_close() and rethrow_callback_exception().
    detail::Given<CloseReport> close(std::chrono::milliseconds drain_timeout) {
        Result<CloseReport> report = try_close(drain_timeout);
        if (report.has_value())
            rethrow_callback_exception();
        return detail::give(std::move(report));
    }
    /// The same, and leaves what callbacks threw where it is.
    Result<CloseReport> try_close(std::chrono::milliseconds drain_timeout) {
        CloseReport report;
        detail::ErrorPlace error;
        const rr_status status = rr_client_close(target_.client, drain_timeout.count(), &report, error.place());
        if (status < 0)
            return error.take(status);
        return report;
    }

    /// Throws the first exception that a function of the program threw inside a callback, once. Does nothing if there is
    /// none, or Config::on_callback_exception() was given them.
    void rethrow_callback_exception() {
#if RR_EXCEPTIONS
        if (target_.exceptions)
            target_.exceptions->rethrow();
#endif
    }

    detail::Given<Stats> stats() const { return detail::give(try_stats()); }
    Result<Stats> try_stats() const {
        Stats stats;
        detail::ErrorPlace error;
        const rr_status status = rr_client_stats(target_.client, &stats, error.place());
        if (status < 0)
            return error.take(status);
        return stats;
    }

    /// All of the stats, the state and a histogram of how long calls took, in the text format of Prometheus.
    detail::Given<std::string> metrics() const { return detail::give(try_metrics()); }
    Result<std::string> try_metrics() const {
        char *text = nullptr;
        std::size_t length = 0;
        detail::ErrorPlace error;
        const rr_status status = rr_client_metrics(target_.client, &text, &length, error.place());
        if (status < 0)
            return error.take(status);
        const detail::OwnedText owner(text);
        return std::string(text, length);
    }

    /// The buffered commands that failed: a range.
    FailedList failed() const { return FailedList(target_.client); }

    /// Takes the next event that nobody has taken yet; nothing if none came in time (0: only what is there). ClosedError if
    /// none ever will. Events wait here whether or not there is a function for them.
    detail::Given<std::optional<Event>> next_event(std::chrono::milliseconds timeout) {
        return detail::give(try_next_event(timeout));
    }
    Result<std::optional<Event>> try_next_event(std::chrono::milliseconds timeout) {
        rr_event *event = nullptr;
        detail::ErrorPlace error;
        const rr_status status = rr_event_next(target_.client, timeout.count(), &event, error.place());
        return detail::pulled<Event>(status, event, error);
    }

    rr_client *c_ptr() const noexcept { return target_.client; }

private:
    explicit Client(detail::Target target) : Submitter(std::move(target)) {}
};

} // namespace rr

#endif
