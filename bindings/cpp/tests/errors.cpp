// SPDX-License-Identifier: MIT OR Apache-2.0
// Failures: each is thrown as the class that fits it, says what became of the command, and can be had as a value.

#include <resilient_redis/resilient_redis.hpp>

#include "check.hpp"

#include <map>

using namespace std::chrono_literals;

// What catches an error of a status: the classes from the nearest up.
static std::vector<std::string> caught_by(rr_status status) {
    std::vector<std::string> classes;
    try {
        rr::Error(status, "told").raise();
    } catch (const rr::Error &error) {
        CHECK_EQ(error.status(), status);
        CHECK_EQ(std::string(error.what()), "told");
        const std::pair<bool, const char *> known[] = {
            {dynamic_cast<const rr::AuthError *>(&error) != nullptr, "auth"},
            {dynamic_cast<const rr::TlsError *>(&error) != nullptr, "tls"},
            {dynamic_cast<const rr::ConnectionError *>(&error) != nullptr, "connection"},
            {dynamic_cast<const rr::UsageError *>(&error) != nullptr, "usage"},
            {dynamic_cast<const rr::ConfigError *>(&error) != nullptr, "config"},
            {dynamic_cast<const rr::TimeoutError *>(&error) != nullptr, "timeout"},
            {dynamic_cast<const rr::ClosedError *>(&error) != nullptr, "closed"},
            {dynamic_cast<const rr::BufferFullError *>(&error) != nullptr, "buffer full"},
            {dynamic_cast<const rr::WouldBlockError *>(&error) != nullptr, "would block"},
            {dynamic_cast<const rr::DroppedError *>(&error) != nullptr, "dropped"},
            {dynamic_cast<const rr::ServerError *>(&error) != nullptr, "server"},
            {dynamic_cast<const rr::WatchError *>(&error) != nullptr, "conflict"},
            {dynamic_cast<const rr::CancelledError *>(&error) != nullptr, "cancelled"},
            {dynamic_cast<const rr::ProtocolError *>(&error) != nullptr, "protocol"},
            {dynamic_cast<const rr::SystemError *>(&error) != nullptr, "system"},
            {dynamic_cast<const rr::InternalError *>(&error) != nullptr, "internal"},
            {dynamic_cast<const rr::BufferedError *>(&error) != nullptr, "buffered"},
            {dynamic_cast<const rr::ConversionError *>(&error) != nullptr, "conversion"},
        };
        for (const auto &[is, name] : known)
            if (is)
                classes.emplace_back(name);
    }
    return classes;
}

static void each_status_has_its_class() {
    using Classes = std::vector<std::string>;
    const std::map<rr_status, Classes> expected = {
        {RR_ERR_NULL_ARGUMENT, {"usage"}},
        {RR_ERR_INVALID_ARGUMENT, {"usage"}},
        {RR_ERR_CONFIG, {"config"}},
        {RR_ERR_PANIC, {"internal"}},
        {RR_ERR_FORKED, {"usage"}},
        {RR_ERR_BUSY, {"usage"}},
        {RR_ERR_IN_CALLBACK, {"usage"}},
        {RR_ERR_CLOSED, {"closed"}},
        {RR_ERR_TIMEOUT, {"timeout"}},
        {RR_ERR_CONNECTION_LOST, {"connection"}},
        {RR_ERR_GAVE_UP, {"connection"}},
        {RR_ERR_BUFFER_FULL, {"buffer full"}},
        {RR_ERR_EXPIRED, {"dropped"}},
        {RR_ERR_DROPPED, {"dropped"}},
        {RR_ERR_SERVER, {"server"}},
        {RR_ERR_PROTOCOL, {"protocol"}},
        {RR_ERR_AUTH, {"auth", "connection"}},
        {RR_ERR_UNSUPPORTED, {"usage"}},
        {RR_ERR_UNAVAILABLE, {"connection"}},
        {RR_ERR_TOO_LARGE, {"usage"}},
        {RR_ERR_SYSTEM, {"system"}},
        {RR_ERR_WOULD_BLOCK, {"would block"}},
        {RR_ERR_CANCELLED, {"cancelled"}},
        {RR_ERR_CONFLICT, {"conflict"}},
        {RR_ERR_TLS, {"tls", "connection"}},
        {RR_BUFFERED, {"buffered"}},
        {rr::ConversionError::conversion_status, {"conversion"}},
        {-999, {}},
    };
    for (const auto &[status, classes] : expected)
        CHECK_EQ(caught_by(status), classes);
    // No number that the C interface knows is left out.
    for (rr_status status = -1; std::string(rr_status_name(status)) != "unknown"; status--)
        CHECK_EQ(expected.count(status), 1);
}

static void an_error_of_c_is_copied_in_full(rr::Client &client) {
    client.set("errors:text", "text");
    const rr::ServerError error = CAUGHT(rr::ServerError, client.command("LPUSH", "errors:text", "x"));
    CHECK_EQ(error.status(), RR_ERR_SERVER);
    CHECK_EQ(std::string(error.status_name()), "RR_ERR_SERVER");
    CHECK_EQ(error.server_code(), "WRONGTYPE");
    CHECK_CONTAINS(error.what(), "WRONGTYPE");
    CHECK(error.outcome() == rr::Outcome::not_applied);
    CHECK_EQ(std::string(rr::name(error.outcome())), "RR_OUTCOME_NOT_APPLIED");
    CHECK(!error.is_retryable());
    CHECK_EQ(rr::Error(nullptr, RR_ERR_TIMEOUT).status(), RR_ERR_TIMEOUT);
    CHECK_EQ(std::string(rr::Error(nullptr, RR_ERR_TIMEOUT).what()), "RR_ERR_TIMEOUT");
}

static void every_call_can_be_made_without_exceptions_too(rr::Client &client) {
    const rr::Result<rr::Reply> wrong = client.try_command("LPUSH", "errors:text", "x");
    CHECK(!wrong && wrong.has_error() && !wrong.is_buffered());
    CHECK_EQ(wrong.error().server_code(), "WRONGTYPE");
    CHECK_THROWS(rr::ServerError, wrong.value());
    CHECK_THROWS(rr::ServerError, wrong.error().raise());

    const rr::Result<std::string> right = client.try_command<std::string>("GET", "errors:text");
    CHECK(right && *right == "text" && right->size() == 4);
    CHECK_EQ(client.try_command<int>("GET", "errors:text").value_or(7), 7);

    const rr::Result<std::optional<std::string>> typed = client.attempt().get("errors:text");
    CHECK_EQ(typed.value(), std::optional<std::string>("text"));
    CHECK_EQ(client.attempt().lpush("errors:text", "x").error().server_code(), "WRONGTYPE");
    CHECK(client.attempt().command<void>("PING").has_value());
    CHECK(client.try_wait_ready(1s).has_value());
    CHECK_EQ(rr::Client::try_open("http://nowhere").error().status(), RR_ERR_CONFIG);
    CHECK_EQ(rr::Config::try_from_url(std::string_view("redis://a\0b", 11)).error().status(), RR_ERR_CONFIG);
}

static void a_reply_of_another_type_was_applied(rr::Client &client) {
    const rr::ConversionError error = CAUGHT(rr::ConversionError, client.command<long long>("GET", "errors:text"));
    CHECK(error.outcome() == rr::Outcome::applied);
    CHECK_CONTAINS(error.what(), "RR_TYPE_STRING");
    CHECK(client.try_command<long long>("GET", "errors:text").error().outcome() == rr::Outcome::applied);
    CHECK_THROWS(rr::ConversionError, client.command("GET", "errors:text")->as<double>());
    CHECK_THROWS(rr::ConversionError, client.async().command<int>("GET", "errors:text").get());
    CHECK_EQ(std::string(client.try_command<int>("GET", "errors:text").error().status_name()), "rr::ConversionError");
}

static void what_is_refused_is_named(rr::Client &client) {
    const rr::UsageError multi = CAUGHT(rr::UsageError, client.command("MULTI"));
    CHECK_EQ(multi.status(), RR_ERR_UNSUPPORTED);
    CHECK_CONTAINS(multi.what(), "rr_");
    CHECK_THROWS(rr::UsageError, client.command(rr::Arguments()));
    CHECK_THROWS(rr::UsageError, client.subscribe({"c"}, nullptr));
    CHECK_THROWS(rr::UsageError, client.submit(rr::arguments("PING"), rr::CompletionFunction()));
    CHECK_THROWS(rr::UsageError, client.failed().retry(1));
    CHECK_THROWS(rr::UsageError, client.failed().discard(1));
}

static void answers_and_results_are_values() {
    rr::Answer<std::string> answer = std::string("value");
    CHECK(answer.has_value() && !answer.is_buffered());
    CHECK_EQ(answer->size(), 5);
    const std::string copy = answer;
    CHECK_EQ(copy, "value");
    const std::string moved = *std::move(answer);
    CHECK_EQ(moved, "value");

    const rr::Answer<long long> buffered = rr::Buffered();
    CHECK(buffered.is_buffered() && !buffered.has_value());
    CHECK_EQ(buffered.value_or(9), 9);
    const rr::BufferedError error = CAUGHT(rr::BufferedError, buffered.value());
    CHECK_EQ(error.status(), RR_BUFFERED);
    CHECK_THROWS(rr::BufferedError, [&]() -> long long { return buffered; }());
    CHECK_THROWS(rr::BufferedError, rr::Answer<void>(rr::Buffered()).value());
    rr::Answer<void>().value();

    rr::Result<std::unique_ptr<int>> owned = std::make_unique<int>(4);
    const std::unique_ptr<int> taken = std::move(owned).value();
    CHECK_EQ(*taken, 4);
    CHECK_THROWS(rr::BufferedError, rr::Result<int>(rr::Buffered()).value());
    CHECK(!rr::Result<int>(rr::Buffered()).has_error());
    CHECK(rr::Result<bool>(false).has_value());
    CHECK_EQ(rr::Result<bool>(false).value(), false);
}

int main(int argc, char **argv) {
    CHECK_EQ(argc, 2);
    rr::Client client(argv[1]);
    client.wait_ready(10s);
    each_status_has_its_class();
    an_error_of_c_is_copied_in_full(client);
    every_call_can_be_made_without_exceptions_too(client);
    a_reply_of_another_type_was_applied(client);
    what_is_refused_is_named(client);
    answers_and_results_are_values();
    CHECK_THROWS(rr::TimeoutError, rr::Client("redis://127.0.0.1:1").wait_ready(50ms));
    return 0;
}
