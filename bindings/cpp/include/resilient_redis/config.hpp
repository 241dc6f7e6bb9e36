// SPDX-License-Identifier: MIT OR Apache-2.0
// Everything a client can be told: options by name, and functions of the program that it calls.
//
// A client copies what it needs: a config can be changed, used for more clients and destroyed at any time after. One
// thread at a time may change a config; any number may make clients from it. docs/CONFIGURATION.md lists the options.
//
// A function that throws does no harm: see Config::on_callback_exception().

#ifndef RESILIENT_REDIS_CONFIG_HPP
#define RESILIENT_REDIS_CONFIG_HPP

#include "answer.hpp"
#include "callback.hpp"
#include "event.hpp"
#include "version.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace rr {

/// How much a log line matters: the smaller the number, the more.
enum class LogLevel : rr_log_level {
    error = RR_LOG_ERROR,
    warning = RR_LOG_WARNING,
    info = RR_LOG_INFO,
    debug = RR_LOG_DEBUG
};

/// The constant's name, such as "RR_LOG_WARNING". Never NULL.
inline const char *name(LogLevel level) noexcept { return rr_log_level_name(static_cast<rr_log_level>(level)); }

/// User and password, as a function of the program gives them.
struct Credentials {
    /// Empty for the user `default`.
    std::string username;
    std::string password;
    /// After how long the server will not take them any more: they are asked for again before. 0: they do not expire.
    std::chrono::milliseconds valid_for = std::chrono::milliseconds(0);
};

/// Where a server is.
struct Address {
    /// Numeric, IPv4 or IPv6.
    std::string address;
    std::uint16_t port = 0;
};

class Config {
public:
    using EventFunction = std::function<void(const Event &)>;
    using LogFunction = std::function<void(LogLevel, std::string_view)>;
    using CredentialsFunction = std::function<std::optional<Credentials>()>;
    using ResolverFunction = std::function<std::vector<Address>(std::string_view host, std::uint16_t port)>;
    using ExceptionFunction = std::function<void(std::exception_ptr)>;

    /// Every option has its default; the server is 127.0.0.1:6379.
    Config() : c_(rr_config_new()) {}
    Config(Config &&) = default;
    Config &operator=(Config &&) = default;

    /// From a URL such as redis://user:password@host:port/db?command_timeout_ms=500.
    static detail::Given<Config> from_url(std::string_view url) { return detail::give(try_from_url(url)); }
    static Result<Config> try_from_url(std::string_view url) {
        if (std::optional<Error> outdated = detail::library_is_too_old())
            return *outdated;
        if (has_nul(url))
            return Error(RR_ERR_CONFIG, "the URL has a NUL in it");
        rr_config *config = nullptr;
        detail::ErrorPlace error;
        const rr_status status = rr_config_from_url(std::string(url).c_str(), &config, error.place());
        if (status < 0)
            return error.take(status);
        return Config(config);
    }

    /// From environment variables: RR_URL, and RR_ with an option's name in capitals. No other thread may be changing the
    /// environment.
    static detail::Given<Config> from_environment() { return detail::give(try_from_environment()); }
    static Result<Config> try_from_environment() {
        if (std::optional<Error> outdated = detail::library_is_too_old())
            return *outdated;
        rr_config *config = nullptr;
        detail::ErrorPlace error;
        const rr_status status = rr_config_from_environment(&config, error.place());
        if (status < 0)
            return error.take(status);
        return Config(config);
    }

    /// Sets an option. ConfigError names the option, the value and what would be right. Without exceptions the first such
    /// error is kept: error() has it, and no client can be made.
    Config &set(std::string_view name, std::string_view value) & {
        note(try_set(name, value));
        return *this;
    }
    /// An integer of any type, or a bool.
    template <class Integer, class = std::enable_if_t<std::is_integral_v<Integer>>>
    Config &set(std::string_view name, Integer value) & {
        if constexpr (std::is_same_v<Integer, bool>)
            return set(name, std::string_view(value ? "true" : "false"));
        else
            return set(name, std::string_view(std::to_string(value)));
    }
    /// Of options whose names end in _ms.
    Config &set(std::string_view name, std::chrono::milliseconds value) & { return set(name, value.count()); }
    /// Every setter of a config that has no name yet gives the config itself: `rr::Config config = rr::Config().set(...);`.
    template <class Value> Config set(std::string_view name, const Value &value) && { return std::move(set(name, value)); }

    Result<void> try_set(std::string_view name, std::string_view value) {
        if (has_nul(name) || has_nul(value))
            return nul_in(name);
        detail::ErrorPlace error;
        return detail::done(rr_config_set(c(), std::string(name).c_str(), std::string(value).c_str(), error.place()), error);
    }

    /// An option's value as text, as set() would take it; "***" for a password.
    detail::Given<std::string> get(std::string_view name) const { return detail::give(try_get(name)); }
    Result<std::string> try_get(std::string_view name) const {
        if (has_nul(name))
            return nul_in(name);
        char *value = nullptr;
        detail::ErrorPlace error;
        const rr_status status = rr_config_get(c(), std::string(name).c_str(), &value, error.place());
        if (status < 0)
            return error.take(status);
        const detail::OwnedText owner(value);
        return std::string(value);
    }

    // Some options by their own names; set() reaches all.
    Config &host(std::string_view host) & { return set("host", host); }
    Config host(std::string_view host) && { return std::move(this->host(host)); }
    Config &port(std::uint16_t port) & { return set("port", port); }
    Config port(std::uint16_t port) && { return std::move(this->port(port)); }
    Config &username(std::string_view username) & { return set("username", username); }
    Config username(std::string_view username) && { return std::move(this->username(username)); }
    Config &password(std::string_view password) & { return set("password", password); }
    Config password(std::string_view password) && { return std::move(this->password(password)); }
    Config &db(int db) & { return set("db", db); }
    Config db(int db) && { return std::move(this->db(db)); }
    Config &client_name(std::string_view name) & { return set("client_name", name); }
    Config client_name(std::string_view name) && { return std::move(this->client_name(name)); }
    Config &tls(bool on = true) & { return set("tls", on); }
    Config tls(bool on = true) && { return std::move(this->tls(on)); }
    /// How long a call may wait for its reply, an outage included.
    Config &command_timeout(std::chrono::milliseconds time) & { return set("command_timeout_ms", time); }
    Config command_timeout(std::chrono::milliseconds time) && { return std::move(command_timeout(time)); }
    Config &connect_timeout(std::chrono::milliseconds time) & { return set("connect_timeout_ms", time); }
    Config connect_timeout(std::chrono::milliseconds time) && { return std::move(connect_timeout(time)); }
    Config &health_check_interval(std::chrono::milliseconds time) & { return set("health_check_interval_ms", time); }
    Config health_check_interval(std::chrono::milliseconds time) && { return std::move(health_check_interval(time)); }
    /// -1: for ever.
    Config &reconnect_tries(int tries) & { return set("reconnect_tries", tries); }
    Config reconnect_tries(int tries) && { return std::move(reconnect_tries(tries)); }
    Config &reconnect_interval(std::chrono::milliseconds time) & { return set("reconnect_interval_ms", time); }
    Config reconnect_interval(std::chrono::milliseconds time) && { return std::move(reconnect_interval(time)); }
    Config &reconnect_max_delay(std::chrono::milliseconds time) & { return set("reconnect_max_delay_ms", time); }
    Config reconnect_max_delay(std::chrono::milliseconds time) && { return std::move(reconnect_max_delay(time)); }
    /// How long a write waits for the connection to come back before it is buffered.
    Config &outage_grace(std::chrono::milliseconds time) & { return set("outage_grace_ms", time); }
    Config outage_grace(std::chrono::milliseconds time) && { return std::move(outage_grace(time)); }
    Config &buffer_commands(bool on) & { return set("buffer_commands", on); }
    Config buffer_commands(bool on) && { return std::move(buffer_commands(on)); }
    Config &buffer_max_commands(std::size_t commands) & { return set("buffer_max_commands", commands); }
    Config buffer_max_commands(std::size_t commands) && { return std::move(buffer_max_commands(commands)); }
    Config &buffer_max_bytes(std::size_t bytes) & { return set("buffer_max_bytes", bytes); }
    Config buffer_max_bytes(std::size_t bytes) && { return std::move(buffer_max_bytes(bytes)); }
    Config &buffer_max_age(std::chrono::milliseconds time) & { return set("buffer_max_age_ms", time); }
    Config buffer_max_age(std::chrono::milliseconds time) && { return std::move(buffer_max_age(time)); }

    // A function that is empty, or nullptr, takes an earlier one away. Clients that are made already keep theirs.

    /// Called with each event, on a thread of the client, one at a time. It may use the client, but not close it.
    Config &on_event(EventFunction function) & {
        on_event_ = std::move(function);
        return *this;
    }
    Config on_event(EventFunction function) && { return std::move(on_event(std::move(function))); }
    /// Called with each line of the log up to `level`, on the same thread. A line has no end of line, no credentials and no
    /// arguments of commands, and lives until the function returns.
    Config &on_log(LogLevel level, LogFunction function) & {
        on_log_ = std::move(function);
        log_level_ = level;
        return *this;
    }
    Config on_log(LogLevel level, LogFunction function) && { return std::move(on_log(level, std::move(function))); }
    /// Asked for user and password for each connection, and again before they expire, on a thread of its own. Nothing, or
    /// an exception: there are none now, which is a failed attempt to connect. It must not use a client. What it gives is
    /// wiped from memory; wipe your own copies. Once a client was made with it, it can be replaced but not taken away: making
    /// a client without it is a UsageError then.
    Config &credentials(CredentialsFunction function) & {
        credentials_ = std::move(function);
        return *this;
    }
    Config credentials(CredentialsFunction function) && { return std::move(credentials(std::move(function))); }
    /// Looks a host name up, in place of the system; may run for several connections at the same time. No address, or an
    /// exception: a failed attempt to connect. It must not use a client. Once a client was made with it, it can be replaced
    /// but not taken away, as with credentials().
    Config &resolver(ResolverFunction function) & {
        resolver_ = std::move(function);
        return *this;
    }
    Config resolver(ResolverFunction function) && { return std::move(resolver(std::move(function))); }
    /// Called with what a function of the program threw inside a callback of a client that is made from this config, on the
    /// thread of that callback: perhaps on several threads at the same time. Without it the first such exception of a client is
    /// kept and thrown by the next Client::rethrow_callback_exception() or Client::close().
    Config &on_callback_exception(ExceptionFunction function) & {
        on_exception_ = std::move(function);
        return *this;
    }
    Config on_callback_exception(ExceptionFunction function) && { return std::move(on_callback_exception(std::move(function))); }

    /// The first option that was wrong, in a build without exceptions.
    const std::optional<Error> &error() const noexcept { return error_; }

    rr_config *c_ptr() const noexcept { return c_.get(); }

private:
    friend class Client;

    struct FreeConfig {
        void operator()(rr_config *config) const noexcept { rr_config_free(config); }
    };

    explicit Config(rr_config *config) : c_(config) {}

    static bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }
    static Error nul_in(std::string_view name) {
        return Error(RR_ERR_CONFIG, "option " + std::string(name.substr(0, name.find('\0'))) + ": a NUL cannot be in it");
    }

    static Error kept(const char *function) {
        return Error(RR_ERR_INVALID_ARGUMENT,
                     function + std::string(" of a config that has made a client cannot be taken away: make another config"));
    }

    rr_config *c() const noexcept { return c_.get(); }

    void note(Result<void> &&result) {
#if RR_EXCEPTIONS
        result.value();
#else
        if (result.has_error() && !error_)
            error_ = result.error();
#endif
    }

    /// A client, with functions of its own: their exceptions are that client's.
    Result<rr_client *> make_client(const detail::SharedExceptions &exceptions) const;

    Result<void> give_functions(const detail::SharedExceptions &exceptions) const;

    /// Leaves nothing of a password in memory that is about to be freed.
    static void wipe(std::string &secret) noexcept {
        volatile char *bytes = secret.data();
        for (std::size_t i = 0; i < secret.size(); i++)
            bytes[i] = 0;
    }

    static void event_arrives(const rr_event *event, void *userdata) noexcept {
        detail::Holder<EventFunction>::call(userdata, [&](EventFunction &function) { function(Event::lent(event)); });
    }
    static void line_arrives(rr_log_level level, const char *message, void *userdata) noexcept {
        detail::Holder<LogFunction>::call(
            userdata, [&](LogFunction &function) { function(static_cast<LogLevel>(level), std::string_view(message)); });
    }
    static rr_status credentials_are_asked(rr_credentials *place, void *userdata) noexcept {
        rr_status status = RR_ERR_UNAVAILABLE;
        detail::Holder<CredentialsFunction>::call(userdata, [&](CredentialsFunction &function) {
            if (std::optional<Credentials> given = function()) {
                status = rr_credentials_set(place, given->username.empty() ? nullptr : given->username.data(),
                                            given->username.size(), given->password.data(), given->password.size(),
                                            given->valid_for.count(), nullptr);
                wipe(given->password);
            }
        });
        return status;
    }
    static rr_status address_is_asked(const char *host, std::uint16_t port, rr_addresses *place, void *userdata) noexcept {
        rr_status status = RR_ERR_UNAVAILABLE;
        detail::Holder<ResolverFunction>::call(userdata, [&](ResolverFunction &function) {
            for (const Address &address : function(std::string_view(host), port)) {
                status = has_nul(address.address) ? RR_ERR_INVALID_ARGUMENT
                                                  : rr_addresses_add(place, address.address.c_str(), address.port, nullptr);
                if (status != RR_OK)
                    return;
            }
        });
        return status;
    }

    std::unique_ptr<rr_config, FreeConfig> c_;
    /// The making of clients gives functions to C first, which keeps them: C has no word for taking one away.
    struct Making {
        std::mutex lock;
        // Under the lock: what C was given.
        bool events = false, log = false, credentials = false, resolver = false;
    };
    std::unique_ptr<Making> making_ = std::make_unique<Making>();
    EventFunction on_event_;
    LogFunction on_log_;
    LogLevel log_level_ = LogLevel::info;
    CredentialsFunction credentials_;
    ResolverFunction resolver_;
    ExceptionFunction on_exception_;
    std::optional<Error> error_;
};

inline Result<void> Config::give_functions(const detail::SharedExceptions &exceptions) const {
    if (making_->credentials && !credentials_)
        return kept("the function for credentials");
    if (making_->resolver && !resolver_)
        return kept("the resolver");
    detail::ErrorPlace error;
    rr_status status = RR_OK;
    // In the place of a function that was taken away is one that does nothing.
    if (on_event_ || making_->events) {
        status = rr_config_set_event_callback(
            c(), event_arrives, detail::Holder<EventFunction>::give(on_event_ ? on_event_ : [](const Event &) {}, exceptions),
            detail::Holder<EventFunction>::destroy, error.place());
        making_->events = true;
    }
    if (status == RR_OK && (on_log_ || making_->log)) {
        status = rr_config_set_log_callback(
            c(), static_cast<rr_log_level>(on_log_ ? log_level_ : LogLevel::error), line_arrives,
            detail::Holder<LogFunction>::give(on_log_ ? on_log_ : [](LogLevel, std::string_view) {}, exceptions),
            detail::Holder<LogFunction>::destroy, error.place());
        making_->log = true;
    }
    making_->credentials = making_->credentials || credentials_;
    making_->resolver = making_->resolver || resolver_;
    if (status == RR_OK && credentials_)
        status = rr_config_set_credentials_callback(c(), credentials_are_asked,
                                                    detail::Holder<CredentialsFunction>::give(credentials_, exceptions),
                                                    detail::Holder<CredentialsFunction>::destroy, error.place());
    if (status == RR_OK && resolver_)
        status = rr_config_set_resolver_callback(c(), address_is_asked,
                                                 detail::Holder<ResolverFunction>::give(resolver_, exceptions),
                                                 detail::Holder<ResolverFunction>::destroy, error.place());
    return detail::done(status, error);
}

inline Result<rr_client *> Config::make_client(const detail::SharedExceptions &exceptions) const {
    if (std::optional<Error> outdated = detail::library_is_too_old())
        return *outdated;
    if (error_)
        return *error_;
    if (c_ == nullptr)
        return Error(RR_ERR_NULL_ARGUMENT, "the config was moved from");
    const std::lock_guard<std::mutex> lock(making_->lock);
    if (Result<void> given = give_functions(exceptions); given.has_error())
        return given.error();
    rr_client *client = nullptr;
    detail::ErrorPlace error;
    const rr_status status = rr_client_new(c(), &client, error.place());
    if (status < 0)
        return error.take(status);
    return client;
}

} // namespace rr

#endif
