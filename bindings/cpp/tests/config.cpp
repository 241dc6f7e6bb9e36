// SPDX-License-Identifier: MIT OR Apache-2.0
// Configs: options by name and by their own methods, functions for events, the log, credentials and host names.

#include <resilient_redis/resilient_redis.hpp>

#include "check.hpp"

#include <atomic>
#include <cstdlib>
#include <mutex>

using namespace std::chrono_literals;

static void options_are_set_by_name_and_read_back() {
    rr::Config config;
    config.set("client_name", "named").set("buffer_commands", false).set("command_timeout_ms", 1500ms).set("port", 7000);
    CHECK_EQ(config.get("client_name"), "named");
    CHECK_EQ(config.get("buffer_commands"), "false");
    CHECK_EQ(config.get("command_timeout_ms"), "1500");
    CHECK_EQ(config.get("port"), "7000");
    // Integers of any type.
    CHECK_EQ(config.set("port", 7002L).get("port"), "7002");
    CHECK_EQ(config.set("port", 7003u).get("port"), "7003");
    CHECK_EQ(config.set("port", std::int64_t{7004}).get("port"), "7004");
    CHECK_EQ(config.set("port", std::uint32_t{7005}).get("port"), "7005");
    CHECK_EQ(config.set("port", std::uint16_t{7006}).get("port"), "7006");
    CHECK_EQ(config.set("reconnect_tries", -1LL).get("reconnect_tries"), "-1");

    config.host("example.org").port(7001).username("user").password("secret").db(3).client_name("other").tls(true);
    config.command_timeout(1s).connect_timeout(2s).health_check_interval(3s).reconnect_tries(-1).reconnect_interval(4s);
    config.reconnect_max_delay(5s).outage_grace(0ms).buffer_commands(true).buffer_max_commands(6).buffer_max_bytes(2048);
    config.buffer_max_age(7s);
    const std::pair<const char *, const char *> expected[] = {
        {"host", "example.org"},
        {"port", "7001"},
        {"username", "user"},
        {"password", "***"},
        {"db", "3"},
        {"client_name", "other"},
        {"tls", "true"},
        {"command_timeout_ms", "1000"},
        {"connect_timeout_ms", "2000"},
        {"health_check_interval_ms", "3000"},
        {"reconnect_tries", "-1"},
        {"reconnect_interval_ms", "4000"},
        {"reconnect_max_delay_ms", "5000"},
        {"outage_grace_ms", "0"},
        {"buffer_commands", "true"},
        {"buffer_max_commands", "6"},
        {"buffer_max_bytes", "2048"},
        {"buffer_max_age_ms", "7000"},
    };
    for (const auto &[name, value] : expected)
        CHECK_EQ(config.get(name), value);
}

static void what_is_wrong_is_named() {
    rr::Config config;
    CHECK_CONTAINS(CAUGHT(rr::ConfigError, config.set("no_such_option", "1")).what(), "no_such_option");
    CHECK_CONTAINS(CAUGHT(rr::ConfigError, config.set("port", "many")).what(), "many");
    CHECK_CONTAINS(CAUGHT(rr::ConfigError, config.command_timeout(-1s)).what(), "command_timeout_ms");
    CHECK_CONTAINS(CAUGHT(rr::ConfigError, config.set("host", std::string("a\0b", 3))).what(), "host");
    CHECK_CONTAINS(CAUGHT(rr::ConfigError, config.set(std::string("host\0x", 6), "b")).what(), "host");
    CHECK_CONTAINS(CAUGHT(rr::ConfigError, config.get(std::string("host\0x", 6))).what(), "host");
    CHECK_THROWS(rr::ConfigError, config.get("no_such_option"));
    CHECK_THROWS(rr::ConfigError, rr::Config::from_url("http://example.org"));
    CHECK_THROWS(rr::ConfigError, rr::Client("redis://127.0.0.1:port"));
    CHECK_EQ(config.get("port"), "6379");

    const rr::ConfigError version = CAUGHT(rr::ConfigError, config.set("tls_min_version", "1.1"));
    CHECK_CONTAINS(version.what(), "1.2, 1.3");
    config.tls().set("tls_ca_file", "/nonexistent.pem");
    CHECK_CONTAINS(CAUGHT(rr::ConfigError, rr::Client(config)).what(), "/nonexistent.pem cannot be read");
    CHECK_CONTAINS(CAUGHT(rr::ConfigError, rr::Client(rr::Config().tls().set("tls_cert_file", "a.pem"))).what(), "tls_key_file");
    rr::Config moved = std::move(config);
    CHECK_EQ(moved.get("tls"), "true");
    CHECK_THROWS(rr::UsageError, rr::Client(config));
}

static void a_chain_can_begin_with_a_config_that_has_no_name() {
    std::atomic<int> asked{0};
    rr::Config config = rr::Config::from_url("redis://example.org").command_timeout(5ms).set("port", 7000u).tls().on_event(nullptr);
    rr::Config other = rr::Config().resolver([&](std::string_view, std::uint16_t) {
        asked++;
        return std::vector<rr::Address>();
    });
    CHECK_EQ(config.get("host"), "example.org");
    CHECK_EQ(config.get("command_timeout_ms"), "5");
    CHECK_EQ(config.get("port"), "7000");
    CHECK_EQ(config.get("tls"), "true");
    const rr::Client client(other.host("cache.test"));
    WAIT_UNTIL(asked > 0);
}

static void functions_can_be_taken_away(const std::string &url) {
    const auto token = std::make_shared<int>(0);
    std::atomic<int> events{0}, lines{0};
    rr::Config config = rr::Config::from_url(url);
    config.on_event([&events, token](const rr::Event &) { events++; });
    config.on_log(rr::LogLevel::debug, [&lines, token](rr::LogLevel, std::string_view) { lines++; });
    {
        rr::Client client(config);
        WAIT_UNTIL(events > 0 && lines > 0);
        client.close(1s);
    }
    config.on_event(nullptr).on_log(rr::LogLevel::debug, nullptr);
    events = lines = 0;
    rr::Client client(config);
    client.wait_ready(10s);
    CHECK(client.next_event(10s).has_value()); // behind which the function would have been called
    client.close(1s);
    CHECK_EQ(events.load() + lines.load(), 0);
    CHECK_EQ(token.use_count(), 1);
}

// C has no word for it, and nobody but the program knows what else to log in with.
static void credentials_and_a_resolver_cannot_be_taken_away_from_a_config_that_made_a_client(const std::string &url) {
    rr::Config config = rr::Config::from_url(url);
    config.credentials([] { return std::nullopt; }).credentials(nullptr);
    CHECK_EQ(rr::Client(config).ping(), "PONG");
    config.credentials([] { return rr::Credentials{"", "any"}; });
    static_cast<void>(rr::Client(config));
    CHECK_CONTAINS(CAUGHT(rr::UsageError, rr::Client(config.credentials(nullptr))).what(), "credentials");
    rr::Config other = rr::Config::from_url(url);
    other.resolver([](std::string_view, std::uint16_t) { return std::vector<rr::Address>(); });
    static_cast<void>(rr::Client(other));
    CHECK_CONTAINS(CAUGHT(rr::UsageError, rr::Client(other.resolver(nullptr))).what(), "resolver");
}

static void the_environment_is_read(const std::string &url) {
    setenv("RR_URL", url.c_str(), 1);
    setenv("RR_CLIENT_NAME", "environment", 1);
    rr::Client client(rr::Config::from_environment());
    CHECK_EQ(client.command<std::string>("CLIENT", "GETNAME").value(), "environment");
    setenv("RR_PORT", "many", 1);
    CHECK_CONTAINS(CAUGHT(rr::ConfigError, rr::Config::from_environment()).what(), "RR_PORT");
    unsetenv("RR_PORT");
    unsetenv("RR_CLIENT_NAME");
    unsetenv("RR_URL");
}

static void events_and_log_lines_are_told_to_functions(const std::string &url) {
    std::mutex lock;
    std::vector<rr::EventKind> kinds;
    std::vector<std::string> lines;
    rr::Config config = rr::Config::from_url(url);
    config.on_event([&](const rr::Event &event) {
        const std::lock_guard<std::mutex> guard(lock);
        CHECK(!event.message().empty());
        kinds.push_back(event.kind());
    });
    config.on_log(rr::LogLevel::info, [&](rr::LogLevel level, std::string_view line) {
        const std::lock_guard<std::mutex> guard(lock);
        CHECK(level <= rr::LogLevel::info);
        lines.emplace_back(line);
    });
    {
        rr::Client client(config);
        client.wait_ready(10s);
        const auto is_told = [&] {
            const std::lock_guard<std::mutex> guard(lock);
            return !kinds.empty() && !lines.empty();
        };
        WAIT_UNTIL(is_told());
        client.close(1s);
    }
    CHECK(kinds[0] == rr::EventKind::connected);
    CHECK_CONTAINS(lines[0], "127.0.0.1");
    CHECK_EQ(std::string(rr::name(rr::LogLevel::warning)), "RR_LOG_WARNING");
}

static void credentials_are_asked_for(const std::string &url, rr::Client &admin) {
    admin.command("ACL", "SETUSER", "app", "on", ">first", ">second", "+@all", "~*");
    std::atomic<int> asked{0};
    rr::Config config = rr::Config::from_url(url);
    config.credentials([&]() -> std::optional<rr::Credentials> {
        switch (asked++) {
        case 0: return std::nullopt; // none now
        case 1: return rr::Credentials{"app", "first", 200ms};
        default: return rr::Credentials{"app", "second"};
        }
    });
    rr::Client client(config);
    client.wait_ready(20s);
    CHECK_EQ(client.command<std::string>("ACL", "WHOAMI").value(), "app");
    WAIT_UNTIL(asked >= 3); // renewed before they expire
    CHECK_THROWS(rr::UsageError, client.command("AUTH", "app", "first"));
    CHECK_THROWS(rr::ConfigError, rr::Client(config.password("another")));

    rr::Config wrong = rr::Config::from_url(url);
    wrong.credentials([] { return rr::Credentials{"app", "third"}; });
    rr::Client refused(wrong);
    WAIT_UNTIL(refused.state() == rr::State::gave_up);
    CHECK_THROWS(rr::AuthError, refused.get("config:a"));
}

static void host_names_are_looked_up(const std::string &url) {
    const auto port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
    std::atomic<int> asked{0};
    rr::Config config;
    config.host("cache.test").port(1).reconnect_max_delay(10ms);
    config.resolver([&](std::string_view host, std::uint16_t asked_port) -> std::vector<rr::Address> {
        CHECK_EQ(host, "cache.test");
        CHECK_EQ(asked_port, 1);
        if (asked++ == 0)
            return {};
        return {{"127.0.0.1", port}};
    });
    rr::Client client(config);
    client.wait_ready(20s);
    CHECK_EQ(client.ping(), "PONG");
    CHECK(asked >= 2);

    rr::Client nowhere(rr::Config().host("cache.test").resolver([](std::string_view, std::uint16_t) {
        return std::vector<rr::Address>{{"not.numeric", 1}};
    }));
    CHECK_THROWS(rr::TimeoutError, nowhere.wait_ready(100ms));
}

static void one_config_makes_many_clients(const std::string &url) {
    std::atomic<int> connected{0};
    rr::Config config = rr::Config::from_url(url);
    config.on_event([&](const rr::Event &event) { connected += event.kind() == rr::EventKind::connected ? 1 : 0; });
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([&] {
            rr::Client client(config);
            client.wait_ready(10s);
            client.close(1s);
        });
    for (std::thread &thread : threads)
        thread.join();
    CHECK_EQ(connected.load(), 4);
}

int main(int argc, char **argv) {
    CHECK_EQ(argc, 2);
    options_are_set_by_name_and_read_back();
    what_is_wrong_is_named();
    a_chain_can_begin_with_a_config_that_has_no_name();
    functions_can_be_taken_away(argv[1]);
    credentials_and_a_resolver_cannot_be_taken_away_from_a_config_that_made_a_client(argv[1]);
    the_environment_is_read(argv[1]);
    events_and_log_lines_are_told_to_functions(argv[1]);
    rr::Client admin(argv[1]);
    credentials_are_asked_for(argv[1], admin);
    host_names_are_looked_up(argv[1]);
    one_config_makes_many_clients(argv[1]);
    return 0;
}
