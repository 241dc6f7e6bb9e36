// SPDX-License-Identifier: MIT OR Apache-2.0
// Transactions: watched keys, reads at once, queued writes, conflicts, and the function that is called again after one.

#include <resilient_redis/resilient_redis.hpp>

#include "check.hpp"

using namespace std::chrono_literals;

static void what_is_queued_is_executed_together(rr::Client &client) {
    client.set("transaction:a", "10");
    rr::Transaction transaction = client.transaction({"transaction:a"}, rr::TransactionOptions().timeout(5s).no_retry());
    const int before = transaction.now().get<int>("transaction:a").value();
    CHECK_EQ(transaction.command<int>("GET", "transaction:a"), before);
    transaction.incrby("transaction:a", before).queue("SET", "transaction:b", before);
    CHECK_EQ(client.get("transaction:b"), std::nullopt);
    const rr::Replies replies = transaction.exec();
    CHECK_EQ(replies.size(), 2);
    CHECK_EQ(replies.get<int>(0), 20);
    CHECK(replies.get<bool>(1));
    CHECK_EQ(client.get("transaction:b"), std::optional<std::string>("10"));
}

static void a_change_of_a_watched_key_is_a_conflict(rr::Client &client) {
    const std::vector<std::string> keys = {"transaction:a", "transaction:c"};
    rr::Transaction transaction = client.transaction(keys);
    transaction.set("transaction:c", "mine");
    client.set("transaction:c", "theirs");
    const rr::ConflictError conflict = CAUGHT(rr::ConflictError, transaction.exec());
    CHECK(conflict.outcome() == rr::Outcome::not_applied);
    CHECK_EQ(client.get("transaction:c"), std::optional<std::string>("theirs"));
    // It begins anew.
    transaction.watch({"transaction:c"});
    transaction.watch(keys);
    CHECK_EQ(transaction.set("transaction:c", "mine").exec().size(), 1);
    CHECK_EQ(client.get("transaction:c"), std::optional<std::string>("mine"));
}

static void nothing_is_left_after_a_discard(rr::Client &client) {
    rr::Transaction transaction = client.transaction({"transaction:a"});
    transaction.set("transaction:a", "no").discard();
    client.set("transaction:a", "1");
    CHECK_THROWS(rr::UsageError, transaction.exec());
    transaction.watch({"transaction:a"});
    CHECK_EQ(transaction.exec().size(), 0);
    CHECK_EQ(client.get("transaction:a"), std::optional<std::string>("1"));
}

static void errors_are_told_where_they_belong(rr::Client &client) {
    rr::Transaction transaction = client.transaction();
    CHECK_THROWS(rr::UsageError, transaction.queue("SUBSCRIBE", "x"));
    client.set("transaction:text", "text");
    const rr::Replies replies = transaction.incr("transaction:text").get("transaction:text").exec();
    CHECK_EQ(CAUGHT(rr::ServerError, replies.get<int>(0)).server_code(), "ERR");
    CHECK_EQ(replies.get<std::string>(1), "text");
    CHECK_EQ(CAUGHT(rr::ServerError, client.transaction().queue("GET").exec()).server_code(), "EXECABORT");
    transaction = client.transaction({"transaction:text"});
    CHECK_THROWS(rr::ServerError, transaction.command("LPUSH", "transaction:text", "x"));
    CHECK_EQ(transaction.try_command("LPUSH", "transaction:text", "x").error().server_code(), "WRONGTYPE");
    CHECK_EQ(client.transaction().append("transaction:new", "abc").exec().get<int>(0), 3);
    CHECK_EQ(transaction.run(rr::Script("return ARGV[1]"), {}, {"5"}).exec().get<int>(0), 5);
}

static void a_function_is_called_again_after_a_conflict(rr::Client &client) {
    client.set("transaction:n", "1");
    int calls = 0;
    const rr::Replies replies = client.transact({"transaction:n"}, [&](rr::Transaction &transaction) {
        const long long n = transaction.now().get<long long>("transaction:n").value();
        if (++calls < 3)
            client.incr("transaction:n");
        transaction.set("transaction:n", std::to_string(n * 10)).get("transaction:n");
    });
    CHECK_EQ(calls, 3);
    CHECK_EQ(replies.get<int>(1), 30);

    const auto always = [&](rr::Transaction &transaction) {
        client.incr("transaction:n");
        transaction.del("transaction:n");
    };
    CHECK_THROWS(rr::ConflictError, client.transact({"transaction:n"}, always, 2));
    CHECK_EQ(client.try_transact({"transaction:n"}, always, 2).error().status(), RR_ERR_CONFLICT);
    CHECK_EQ(client.get<int>("transaction:n"), 34);
}

static void a_function_can_give_up(rr::Client &client) {
    const std::vector<std::string> keys = {"transaction:n"};
    const auto unless_set = [](rr::Transaction &transaction) {
        if (transaction.now().get("transaction:n"))
            return false;
        transaction.set("transaction:n", "new");
        return true;
    };
    CHECK(!client.transact(keys, unless_set));
    client.del("transaction:n");
    const std::optional<rr::Replies> done = client.transact(keys, unless_set);
    CHECK(done && done->get<bool>(0));
    CHECK(client.try_transact(keys, [](rr::Transaction &) { return false; }).value() == std::nullopt);
    const rr::Result<rr::Replies> failed = client.try_transact({"transaction:n"}, [](rr::Transaction &) -> rr::Result<void> {
        return rr::Error(RR_ERR_TIMEOUT, "my own");
    });
    CHECK_EQ(std::string(failed.error().what()), "my own");
}

struct Mine {
    int number;
};

static void what_a_function_throws_is_thrown_on(rr::Client &client) {
    const auto throws = [](rr::Transaction &transaction) {
        transaction.set("transaction:n", "never");
        throw Mine{7};
    };
    try {
        client.transact({"transaction:n"}, throws);
        CHECK(false);
    } catch (const Mine &mine) {
        CHECK_EQ(mine.number, 7);
    }
    const auto wrong_type = [](rr::Transaction &transaction) { transaction.now().lpush("transaction:n", "x"); };
    CHECK_EQ(CAUGHT(rr::ServerError, client.transact({"transaction:n"}, wrong_type)).server_code(), "WRONGTYPE");
    // A conflict that the function lets out leads to the next attempt.
    int calls = 0;
    client.transact({"transaction:n"}, [&](rr::Transaction &transaction) {
        if (++calls == 1)
            rr::Error(RR_ERR_CONFLICT, "again").raise();
        transaction.set("transaction:n", "at last");
    });
    CHECK_EQ(calls, 2);
    CHECK_EQ(client.get("transaction:n"), std::optional<std::string>("at last"));
}

int main(int argc, char **argv) {
    CHECK_EQ(argc, 2);
    rr::Client client(argv[1]);
    client.wait_ready(10s);
    what_is_queued_is_executed_together(client);
    a_change_of_a_watched_key_is_a_conflict(client);
    nothing_is_left_after_a_discard(client);
    errors_are_told_where_they_belong(client);
    a_function_is_called_again_after_a_conflict(client);
    a_function_can_give_up(client);
    what_a_function_throws_is_thrown_on(client);
    return 0;
}
