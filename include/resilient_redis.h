/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * resilient-redis: a Redis client that outlives outages.
 *
 *     rr_client *client;
 *     rr_reply *reply;
 *     rr_error *err;
 *     const char *argv[] = {"SET", "greeting", "hello"};
 *
 *     if (rr_client_open("redis://127.0.0.1:6379", &client, &err) != RR_OK)
 *         ... rr_error_message(err) ... rr_error_free(err) ...
 *     switch (rr_command(client, 3, argv, NULL, &reply, &err)) {
 *     case RR_OK:       ... rr_reply_string(reply) ... rr_reply_free(reply) ...
 *     case RR_BUFFERED: the server is away; the write is kept and applied when it is back
 *     default:          rr_error_outcome(err) says whether it ran, did not run, or may have
 *     }
 *     rr_client_free(client);
 *
 * Conventions
 *
 *   Names       rr_<noun>_<verb>, RR_...; a handle made by ..._new, ..._from_..., ..._open or ..._next ends with its
 *               noun's ..._free, which does nothing for NULL. const handles are lent, and not freed.
 *   Failure     A function that can fail returns an rr_status: negative is failure. Its last argument `err` is a place
 *               for an error object or NULL. Nothing is kept per thread.
 *   Results     Places for results come before `err`. They are set to NULL or 0 at once and to a result only on
 *               success, so an old handle in one must be freed before. (One exception: rr_pipeline_execute().)
 *   NULL        Any pointer may be NULL by mistake: RR_ERR_NULL_ARGUMENT, or a neutral value where there is no status.
 *               Where it means something, the function says so. Handles that were freed, or are of another type, are
 *               told by RR_ERR_INVALID_ARGUMENT as far as that is possible at all.
 *   Bytes       (pointer, length), of any kind; with length 0 the pointer may be NULL. Arguments are read during the call
 *               only. Bytes that are given out are followed by a NUL that is not counted. Names, URLs and messages are
 *               UTF-8 and end with a NUL.
 *   Time        In milliseconds. 0 means what the function says, negative is RR_ERR_INVALID_ARGUMENT.
 *   Threads     Each type says who may share it.
 *   Callbacks   (function, userdata, destroy): see rr_event_callback and rr_destroy.
 *   Structs     Those with struct_size may grow at their end in later versions: set it to sizeof. All other structs
 *               never change.
 *   fork        A client belongs to the process that made it: RR_ERR_FORKED elsewhere. A child can make its own.
 *
 * docs/GUARANTEES.md says what is promised during an outage, docs/CONFIGURATION.md lists the options, docs/ABI.md what
 * may change between versions.
 */


#ifndef RESILIENT_REDIS_H
#define RESILIENT_REDIS_H

/* Generated from src/ffi/. Do not edit: run `UPDATE_HEADER=1 cargo test --test header`. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The version of this header. rr_version_number() is that of the library that runs. */
#define RR_VERSION_MAJOR 0
#define RR_VERSION_MINOR 1
#define RR_VERSION_PATCH 0
/** major * 1000000 + minor * 1000 + patch */
#define RR_VERSION_NUMBER 1000

/**
 * During an outage, wait for the reply instead of being buffered.
 */
#define RR_COMMAND_NO_BUFFER 1

/**
 * Never write it a second time: if the connection is lost before the reply, fail with RR_OUTCOME_UNKNOWN.
 */
#define RR_COMMAND_NO_RETRY 2

/**
 * For the functions that submit only: wait for room, up to the command's time, instead of RR_ERR_WOULD_BLOCK.
 */
#define RR_SUBMIT_WAIT 4

/**
 * For the functions that submit only: a write that is accepted into the buffer during an outage completes with RR_BUFFERED
 * then, as it does with rr_command(), and not when it is answered.
 */
#define RR_SUBMIT_UNTIL_BUFFERED 16

/**
 * Have the primary answer it, also if it only reads and read_from is replica: it then sees what was written before.
 */
#define RR_COMMAND_FROM_PRIMARY 8

/**
 * During an outage, wait for the replies instead of being buffered.
 */
#define RR_PIPELINE_NO_BUFFER 1

/**
 * Never write a command of it a second time: if the connection is lost, the unanswered ones are of unknown outcome.
 */
#define RR_PIPELINE_NO_RETRY 2

/**
 * Wrap it in MULTI and EXEC: all or nothing, and nothing of other clients in between.
 */
#define RR_PIPELINE_ATOMIC 4

/**
 * Have the primary answer it, also if all of it only reads and read_from is replica: it then sees what was written before.
 */
#define RR_PIPELINE_FROM_PRIMARY 8

/**
 * During an outage, wait for the reply instead of being buffered.
 */
#define RR_SCRIPT_NO_BUFFER 1

/**
 * Never write it a second time: if the connection is lost before the reply, fail with RR_OUTCOME_UNKNOWN.
 */
#define RR_SCRIPT_NO_RETRY 2

/**
 * It only reads, and the server holds it to that (EVALSHA_RO, from Redis 7 on): during an outage it waits as a read.
 */
#define RR_SCRIPT_READ_ONLY 4

/**
 * Never write it a second time: if the connection is lost before the reply, fail with RR_OUTCOME_UNKNOWN. With
 * watched keys it never is.
 */
#define RR_TRANSACTION_NO_RETRY 1

/**
 * The server ran a command.
 */
#define RR_MONITOR_COMMAND 1

/**
 * The connection was lost and is back: what ran in between is not told.
 */
#define RR_MONITOR_GAP 2

/**
 * The addresses that a look-up finds, in the order in which they are tried. Lives as long as the callback's call.
 */
typedef struct rr_addresses rr_addresses;

/**
 * A connection to Redis that comes back, and what waits for it.
 *
 * Any number of threads may call any function with one client at any time, except rr_client_free(), which is the
 * last. One client for a whole program is the way to use it: the commands of all threads share its connection. A
 * client belongs to the process that made it: in a forked child every function answers RR_ERR_FORKED, and
 * rr_client_free() does nothing.
 */
typedef struct rr_client rr_client;

/**
 * Everything a client can be told: options by name, and callbacks.
 *
 * A client copies what it needs: a config can be changed, used for more clients, and freed at any time after. One
 * thread at a time may change it (RR_ERR_BUSY tells when two do); any number may make clients from it. It belongs to
 * no process: one made before a fork can be used after it.
 */
typedef struct rr_config rr_config;

/**
 * Where a credentials callback puts what it gives. Lives as long as the callback's call.
 */
typedef struct rr_credentials rr_credentials;

/**
 * Why a call failed, and what became of the command.
 *
 * Made by the call that failed, when it was given a place for it; freed with rr_error_free(). It never changes: any
 * number of threads may read it. It holds no credentials and no arguments of the command.
 */
typedef struct rr_error rr_error;

/**
 * Something that happened in the life of a client. It never changes: any number of threads may read it.
 *
 * One that rr_event_next() gave is freed with rr_event_free(); one that a callback was given is not, and ends with
 * the callback.
 */
typedef struct rr_event rr_event;

/**
 * A copy of an entry of the failed list: a buffered command that the server refused for good, that was dropped to make
 * room, or that became too old. It never changes: any number of threads may read it. Freed with rr_failed_free().
 *
 * A pipeline that was buffered as one unit is one entry with several commands.
 */
typedef struct rr_failed rr_failed;

/**
 * What a subscription is told next: something that was published, or what became of messages that it is not told.
 *
 * It never changes: any number of threads may read it. One that rr_subscription_next() gave is freed with
 * rr_message_free(), before or after its subscription; one that a callback was given is not, and ends with the callback.
 */
typedef struct rr_message rr_message;

/**
 * A stream of every command that the server runs, on a connection of its own that comes back.
 *
 * It belongs to one thread at a time; a call while another thread is in one answers RR_ERR_BUSY. Only
 * rr_monitor_close() and rr_monitor_free() may be called at any time. It may be freed before or after its client. In a
 * forked child every function answers RR_ERR_FORKED.
 */
typedef struct rr_monitor rr_monitor;

/**
 * One thing that a monitor tells. It never changes: any number of threads may read it. Freed with
 * rr_monitor_entry_free().
 */
typedef struct rr_monitor_entry rr_monitor_entry;

/**
 * A batch of commands that are sent together; their replies come back together.
 *
 * It belongs to one thread at a time; a call while another thread is in one answers RR_ERR_BUSY. It may be freed
 * before or after its client. In a forked child every function answers RR_ERR_FORKED.
 */
typedef struct rr_pipeline rr_pipeline;

/**
 * Where what became of submitted commands waits to be taken.
 *
 * Any number of threads may call any function with one queue at any time, except rr_queue_free(), which is the last.
 * Clients and queues may be freed in any order. A queue belongs to the process that made it.
 */
typedef struct rr_queue rr_queue;

/**
 * A server's reply. It never changes: any number of threads may read it. One of them frees it, once.
 */
typedef struct rr_reply rr_reply;

/**
 * A script that servers run, in Lua. It belongs to no client and never changes: any number of threads may use it.
 */
typedef struct rr_script rr_script;

/**
 * Channels, patterns and shard channels that a part of a program wants, and the messages that have come for it.
 *
 * Any number of threads may call any function with one at any time, except rr_subscription_free(), which is the last.
 * All subscriptions of a client share one connection, besides the one of its commands; when that is lost it is made again
 * and everything is subscribed to again, for as long as there are subscriptions. Messages wait in a queue of this
 * subscription's own, in their order; a queue that is full drops its oldest and says how many (RR_MESSAGE_LOST), and
 * neither other subscriptions nor commands wait. It may be freed before or after its client. In a forked child every
 * function answers RR_ERR_FORKED.
 */
typedef struct rr_subscription rr_subscription;

/**
 * Keys that are watched, and commands that are executed together unless one of those keys was changed meanwhile.
 *
 * rr_transaction_new() watches keys, rr_transaction_command() reads at once, rr_transaction_queue() adds what is to be
 * done, and rr_transaction_execute() does all of that or nothing. rr_transaction_run() goes through it again after a
 * conflict.
 *
 * While it watches it has a connection of its own (see the option private_max_connections), and the watch ends with
 * that connection: if it is lost, that is a conflict. Once it was executed or discarded the transaction is over, until
 * rr_transaction_watch() begins it anew.
 *
 * It belongs to one thread at a time; a call while another thread is in one answers RR_ERR_BUSY. It may be freed
 * before or after its client. In a forked child every function answers RR_ERR_FORKED.
 */
typedef struct rr_transaction rr_transaction;

/**
 * What a function that can fail returns: RR_OK, a larger number that is not a failure either, or a negative number
 * RR_ERR_... Numbers are never changed or used again. A later version may return new ones: treat an unknown negative
 * number as a failure.
 */
typedef int32_t rr_status;

/**
 * What became of a command that did not return its reply.
 */
typedef int32_t rr_outcome;

/**
 * A program's function for the events of the clients that have it.
 *
 * It runs on the thread of each such client on which all its callbacks run, one at a time, and in the order of the
 * events; for several clients that share it, at the same time. No lock is held: it may call anything of this
 * library except rr_client_close(), which answers RR_ERR_IN_CALLBACK (rr_client_free() works and finishes on another
 * thread). While it runs, further events wait, at most event_queue_size of them; then the oldest make room, and
 * rr_event_missed() counts them. `event` lives until it returns. It must not throw an exception or jump out. After
 * rr_client_close() or rr_client_free() has returned it does not run any more for that client.
 */
typedef void (*rr_event_callback)(const struct rr_event *event, void *userdata);

/**
 * Ends a callback's userdata. Runs exactly once, after the callback's last call, also when registration failed; on
 * the thread that freed the last user of it, or on one of the library's. It must not call this library. May be NULL.
 */
typedef void (*rr_destroy)(void *userdata);

/**
 * What a client's connection is doing.
 */
typedef int32_t rr_state;

/**
 * What rr_client_close() left behind. Set struct_size to sizeof(rr_close_report) before the call.
 */
typedef struct rr_close_report {
    /**
     * Set by the caller.
     */
    size_t struct_size;
    /**
     * Buffered commands that were sent while closing.
     */
    uint64_t drained;
    /**
     * Buffered commands that could not be sent: they are lost with the client.
     */
    uint64_t lost;
    /**
     * Buffered commands that were written but not answered: they may have run.
     */
    uint64_t unknown;
    /**
     * Commands that were left in the failed list.
     */
    uint64_t failed;
} rr_close_report;

/**
 * How one command differs from the client's settings. Set it all to zero, then struct_size to
 * sizeof(rr_command_options), then what you want.
 */
typedef struct rr_command_options {
    /**
     * Set by the caller.
     */
    size_t struct_size;
    /**
     * How long the call may take, in milliseconds. 0: the option command_timeout_ms. Negative: invalid.
     */
    int64_t timeout_ms;
    /**
     * RR_COMMAND_... added together, for submitting RR_SUBMIT_... too; others are invalid.
     */
    uint32_t flags;
    /**
     * Zero.
     */
    uint32_t reserved;
} rr_command_options;

/**
 * What type a value is of. A later version may know new ones.
 */
typedef int32_t rr_type;

/**
 * A value of a reply: the whole reply or an element of it. Its layout is part of the ABI and never changes.
 *
 * It belongs to its reply and lives as long. Fields that its type does not use are zero.
 */
typedef struct rr_value {
    /**
     * RR_TYPE_...
     */
    rr_type type;
    /**
     * A verbatim string's format and a NUL, such as "txt"; else "".
     */
    char format[4];
    /**
     * An integer's value; 1 or 0 for a boolean.
     */
    int64_t integer;
    /**
     * A double's value.
     */
    double real;
    /**
     * The bytes of a status, string, verbatim string, big number or error, followed by a NUL that is not counted. Not
     * NULL for these, also when there are none.
     */
    const char *string;
    /**
     * How many bytes.
     */
    size_t length;
    /**
     * The elements of an array, map, set, push or attribute, one after the other; NULL when there are none.
     */
    const struct rr_value *children;
    /**
     * How many elements. For a map, keys and values are counted one by one.
     */
    size_t count;
} rr_value;

/**
 * How a pipeline is executed. Set it all to zero, then struct_size to sizeof(rr_pipeline_options), then what you want.
 */
typedef struct rr_pipeline_options {
    /**
     * Set by the caller.
     */
    size_t struct_size;
    /**
     * How long one execution may take, in milliseconds. 0: the option command_timeout_ms. Negative: invalid.
     */
    int64_t timeout_ms;
    /**
     * RR_PIPELINE_... added together; others are invalid.
     */
    uint32_t flags;
    /**
     * Zero.
     */
    uint32_t reserved;
} rr_pipeline_options;

/**
 * How a script is run. Set it all to zero, then struct_size to sizeof(rr_script_options), then what you want.
 */
typedef struct rr_script_options {
    /**
     * Set by the caller.
     */
    size_t struct_size;
    /**
     * How long the call may take, in milliseconds. 0: the option command_timeout_ms. Negative: invalid.
     */
    int64_t timeout_ms;
    /**
     * RR_SCRIPT_... added together; others are invalid.
     */
    uint32_t flags;
    /**
     * Zero.
     */
    uint32_t reserved;
} rr_script_options;

/**
 * How a transaction is executed. Set it all to zero, then struct_size to sizeof(rr_transaction_options), then what you
 * want.
 */
typedef struct rr_transaction_options {
    /**
     * Set by the caller.
     */
    size_t struct_size;
    /**
     * How long each call on it may take, in milliseconds. 0: the option command_timeout_ms. Negative: invalid.
     */
    int64_t timeout_ms;
    /**
     * RR_TRANSACTION_... added together; others are invalid.
     */
    uint32_t flags;
    /**
     * Zero.
     */
    uint32_t reserved;
} rr_transaction_options;

/**
 * Prepares a transaction for rr_transaction_run(): reads with rr_transaction_command(), adds what is to be done with
 * rr_transaction_queue(), and returns 0 to have it executed, or another number to give up.
 *
 * It runs on the thread that called rr_transaction_run(), perhaps several times, and may use the client. `transaction`
 * is lent: it is watching already, and is not executed, discarded or freed here.
 */
typedef int32_t (*rr_transaction_function)(struct rr_transaction *transaction, void *userdata);

/**
 * What became of one command, or pipeline. Its layout is part of the ABI and never changes.
 */
typedef struct rr_completion {
    /**
     * What the program gave when it submitted it.
     */
    uint64_t tag;
    /**
     * The reply, freed with rr_reply_free(), if `status` is RR_OK. Of a pipeline that failed half-way also the replies that
     * came, beside the error, as rr_pipeline_execute() gives them. Else NULL.
     */
    struct rr_reply *reply;
    /**
     * Why there is none, freed with rr_error_free(); else NULL.
     */
    struct rr_error *error;
    /**
     * RR_OK; RR_BUFFERED, with neither, if it was submitted with RR_SUBMIT_UNTIL_BUFFERED; or what rr_error_status() says of
     * `error`.
     */
    rr_status status;
    /**
     * Zero.
     */
    int32_t reserved;
} rr_completion;

/**
 * A program's function for one submitted command, or pipeline.
 *
 * RR_OK with `reply`, or another status with `error`; the other of the two is NULL, but for a pipeline that failed half-way:
 * `reply` is then what came, as rr_pipeline_execute() gives it. RR_BUFFERED with neither if it was submitted with
 * RR_SUBMIT_UNTIL_BUFFERED. Both live until it returns. It runs
 * once, on the thread on which all callbacks of the client run, one at a time, in the order in which their commands were
 * answered. No lock is held: it may call anything of this library except rr_client_close(), which answers
 * RR_ERR_IN_CALLBACK; a command that it waits for holds up all other callbacks. It must not throw an exception or jump
 * out. It runs for every command that was submitted, also while the client is closed or freed, and never after that.
 */
typedef void (*rr_completion_callback)(rr_status status,
                                       const struct rr_reply *reply,
                                       const struct rr_error *error,
                                       void *userdata);

/**
 * What kind of event it is, or of message, or what a name is that is subscribed to. A later version may have new ones:
 * ignore a number you do not know.
 */
typedef int32_t rr_kind;

/**
 * A program's function that gives user and password: a token that expires, a password that is changed.
 *
 * It puts them into `credentials` with rr_credentials_set() and returns RR_OK; anything else means that it has none now,
 * which is a failed attempt to connect. It is asked for each connection that is made, and again before what it gave
 * expires, so that the connections that are there can be told: AUTH is sent between two commands. It runs on a thread of
 * its own, once at a time for each client, and may take its time: an attempt whose connect_timeout_ms is over goes on
 * without it, and what it says is then used by the next one. It must not use a client, throw an exception or jump out.
 * After rr_client_close() or rr_client_free() has returned it does not run any more for that client; both wait for it.
 *
 * The library wipes its copies from memory as soon as they were sent, and keeps none.
 */
typedef rr_status (*rr_credentials_callback)(struct rr_credentials *credentials, void *userdata);

/**
 * A program's function that turns `host` and `port` into addresses, in place of the system: for names that a registry
 * knows, or one that moves with the primary. Asked for are those of the configuration, and those that the server names:
 * replicas with read_from=replica, and the place it moves to. Of these, numeric ones too: give back what you do not know
 * better.
 *
 * It puts them into `addresses` with rr_addresses_add() and returns RR_OK; anything else means that it cannot, which is a
 * failed attempt to connect. It is asked at each attempt, on a thread of its own, and for several connections of a client
 * at the same time. It may take its time: an attempt whose connect_timeout_ms is over goes on without it, and what it says
 * is then used by the next one. It must not use a client, throw an exception or jump out. After rr_client_close() or
 * rr_client_free() has returned it does not run any more for that client; both wait for it. `host` ends with a NUL and lives
 * until it returns.
 */
typedef rr_status (*rr_resolver_callback)(const char *host,
                                          uint16_t port,
                                          struct rr_addresses *addresses,
                                          void *userdata);

/**
 * A program's function for the messages of a subscription.
 *
 * It runs on the thread of the client that runs all of its callbacks, and nothing else: one call at a time, in the order
 * of the messages. No lock is held: it may call anything of this library except rr_client_close(), which answers
 * RR_ERR_IN_CALLBACK; rr_subscription_free() of its own subscription returns at once, and this call is then the last.
 * While it runs further messages wait, as many as the queue holds. `message` lives until it returns. It must not throw an
 * exception or jump out.
 */
typedef void (*rr_message_callback)(const struct rr_message *message, void *userdata);

/**
 * How a subscription differs from the client's settings. Set it all to zero, then struct_size to
 * sizeof(rr_subscription_options), then what you want.
 */
typedef struct rr_subscription_options {
    /**
     * Set by the caller.
     */
    size_t struct_size;
    /**
     * How many messages wait to be taken. 0: the option subscription_queue_size.
     */
    size_t queue_size;
    /**
     * How many bytes they occupy together. 0: the option subscription_queue_bytes.
     */
    size_t queue_bytes;
    /**
     * Zero.
     */
    size_t reserved;
} rr_subscription_options;

/**
 * What a client counted since it was made. The numbers only grow, except last_outage_us and those that end in "now".
 * Later versions may add some at the end.
 */
typedef struct rr_stats {
    /**
     * Set by the caller.
     */
    size_t struct_size;
    /**
     * Commands that the program issued (a pipeline counts each of its commands).
     */
    uint64_t commands;
    /**
     * Replies that reached the program, server errors among them.
     */
    uint64_t replies;
    /**
     * Replies that were server errors.
     */
    uint64_t server_errors;
    /**
     * Commands that ended in a timeout.
     */
    uint64_t timeouts;
    /**
     * Commands that were written again after a connection was lost.
     */
    uint64_t resent;
    /**
     * Of those, the ones that may have run twice with an effect: not idempotent.
     */
    uint64_t resent_unsafe;
    /**
     * Commands that ended with outcome unknown.
     */
    uint64_t unknown;
    /**
     * Commands accepted into the buffer (each was answered RR_BUFFERED).
     */
    uint64_t buffered;
    /**
     * Buffered commands that the server answered.
     */
    uint64_t replayed;
    /**
     * Writes refused because the buffer was full.
     */
    uint64_t rejected;
    /**
     * Buffered commands dropped to make room.
     */
    uint64_t dropped;
    /**
     * Buffered commands that became too old.
     */
    uint64_t expired;
    /**
     * Buffered commands that the server refused for good.
     */
    uint64_t failed;
    /**
     * Connections made.
     */
    uint64_t connects;
    /**
     * Connection attempts that failed.
     */
    uint64_t connect_failures;
    /**
     * Connections lost.
     */
    uint64_t disconnects;
    /**
     * Health checks sent.
     */
    uint64_t health_checks;
    /**
     * Bytes written to the server.
     */
    uint64_t bytes_written;
    /**
     * Bytes read from the server.
     */
    uint64_t bytes_read;
    /**
     * How long the longest outage lasted, in microseconds, from the loss to commands flowing again. The time before the
     * first connection counts here, too.
     */
    uint64_t longest_outage_us;
    /**
     * How long the last outage lasted, in microseconds. The same.
     */
    uint64_t last_outage_us;
    /**
     * Commands in the buffer now.
     */
    uint64_t buffered_now;
    /**
     * Bytes of the commands in the buffer now.
     */
    uint64_t buffered_bytes_now;
    /**
     * Commands written or about to be, not yet answered.
     */
    uint64_t in_flight_now;
    /**
     * Entries in the failed list now.
     */
    uint64_t failed_now;
    /**
     * Outages that ended with commands flowing again; the time before the first connection is none.
     */
    uint64_t outages;
    /**
     * How long these outages lasted together, in microseconds.
     */
    uint64_t outage_total_us;
    /**
     * Entries that the full failed list let go to make room for newer ones.
     */
    uint64_t failed_discarded;
    /**
     * Events that were dropped because the callback, or without one rr_event_next(), did not take them in time.
     */
    uint64_t events_missed;
    /**
     * Log lines that were dropped because the log callback did not come after.
     */
    uint64_t log_lines_missed;
    /**
     * How long the slowest call took that was answered, in microseconds; a pipeline is one call.
     */
    uint64_t longest_call_us;
    /**
     * Commands that a replica answered.
     */
    uint64_t replica_reads;
    /**
     * Connections that led to another server, a restarted one, or other data than before (RR_EVENT_FAILOVER).
     */
    uint64_t failovers;
} rr_stats;

/**
 * How much a log line matters: the smaller the number, the more.
 */
typedef int32_t rr_log_level;

/**
 * A program's function for the log lines of the clients that have it.
 *
 * `message` is one line of UTF-8 without an end of line; it ends with a NUL, lives until the function returns, and holds no
 * credentials and no arguments of commands. Threads, order, what may be called and what must not be done are as for
 * rr_event_callback: it runs on the same thread. The client never waits for it: while it runs, further lines wait, at most
 * event_queue_size of them; then the oldest make room, and a line says how many did. Closing a client waits until the lines
 * that are there by then have been taken.
 */
typedef void (*rr_log_callback)(rr_log_level level, const char *message, void *userdata);

/**
 * Done.
 */
#define RR_OK 0

/**
 * Not a failure: the write was accepted into the buffer during an outage. It will be applied after recovery, in
 * order. There is no reply.
 */
#define RR_BUFFERED 1

/**
 * Not a failure: there was nothing to take, within the time given.
 */
#define RR_EMPTY 2

/**
 * A pointer that must not be NULL was NULL.
 */
#define RR_ERR_NULL_ARGUMENT -1

/**
 * An argument has a value that cannot be used, or is not a handle of the right type, or one that was freed.
 */
#define RR_ERR_INVALID_ARGUMENT -2

/**
 * An option's name or value, or a URL, is wrong; the message says what would be right.
 */
#define RR_ERR_CONFIG -3

/**
 * The library itself failed. That is a bug; the process and its other handles live on.
 */
#define RR_ERR_PANIC -4

/**
 * The handle was made by the parent process, before a fork. Make one in this process.
 */
#define RR_ERR_FORKED -5

/**
 * Another thread is using a handle that belongs to one thread at a time.
 */
#define RR_ERR_BUSY -6

/**
 * Not allowed from inside a callback.
 */
#define RR_ERR_IN_CALLBACK -7

/**
 * The client is closed, or closing.
 */
#define RR_ERR_CLOSED -8

/**
 * The time given for the call has passed.
 */
#define RR_ERR_TIMEOUT -9

/**
 * The connection was lost and the command is not sent again.
 */
#define RR_ERR_CONNECTION_LOST -10

/**
 * The outage has lasted longer than the reconnect budget.
 */
#define RR_ERR_GAVE_UP -11

/**
 * The buffer has no room.
 */
#define RR_ERR_BUFFER_FULL -12

/**
 * The command was in the buffer for longer than buffer_max_age_ms.
 */
#define RR_ERR_EXPIRED -13

/**
 * The command was dropped from the buffer to make room for a newer one.
 */
#define RR_ERR_DROPPED -14

/**
 * The server answered with an error; rr_error_server_code() is its first word.
 */
#define RR_ERR_SERVER -15

/**
 * The server sent bytes that are not RESP, or beyond the limits set.
 */
#define RR_ERR_PROTOCOL -16

/**
 * The server refused the credentials.
 */
#define RR_ERR_AUTH -17

/**
 * The command does not belong on a shared connection, or this version cannot do what was asked for.
 */
#define RR_ERR_UNSUPPORTED -18

/**
 * There is an outage, and the call asked not to wait for its end.
 */
#define RR_ERR_UNAVAILABLE -19

/**
 * The command is larger than the limit.
 */
#define RR_ERR_TOO_LARGE -20

/**
 * The operating system refused something: a thread, a socket, memory.
 */
#define RR_ERR_SYSTEM -21

/**
 * Submitting would have to wait for room. Take completions, or ask to wait.
 */
#define RR_ERR_WOULD_BLOCK -22

/**
 * The command was cancelled by rr_cancel(); rr_error_outcome() says whether it may have run.
 */
#define RR_ERR_CANCELLED -23

/**
 * A watched key was changed, or the connection that watched was lost: the transaction did not run. Begin anew, with
 * fresh reads.
 */
#define RR_ERR_CONFLICT -24

/**
 * The server's certificate was not taken, or the client's was not, or the two found no way of TLS in common; the message
 * says which and why. Treated as wrong credentials are: not tried again and again.
 */
#define RR_ERR_TLS -25

/**
 * The failure is not about a command.
 */
#define RR_OUTCOME_NONE 0

/**
 * The server did not run it, and it will never be sent later. Issuing it again is safe.
 */
#define RR_OUTCOME_NOT_APPLIED 1

/**
 * It ran, once; its reply is lost.
 */
#define RR_OUTCOME_APPLIED 2

/**
 * It was written and no answer came: it may have run. Look before issuing it again.
 */
#define RR_OUTCOME_UNKNOWN 3

/**
 * The first connection is being made.
 */
#define RR_STATE_CONNECTING 0

/**
 * Commands flow.
 */
#define RR_STATE_READY 1

/**
 * The connection is lost; attempts to make a new one go on.
 */
#define RR_STATE_RECONNECTING 2

/**
 * The connection is back; what waited is being sent.
 */
#define RR_STATE_RECOVERING 3

/**
 * The reconnect budget is spent, or the credentials were refused; only a slow probe goes on.
 */
#define RR_STATE_GAVE_UP 4

/**
 * Closed by the program.
 */
#define RR_STATE_CLOSED 5

/**
 * No value: the key does not exist.
 */
#define RR_TYPE_NIL 0

/**
 * An integer; its value is in `integer`.
 */
#define RR_TYPE_INTEGER 1

/**
 * A double; its value is in `real`. With RESP2 servers send doubles as strings.
 */
#define RR_TYPE_DOUBLE 2

/**
 * True or false; 1 or 0 is in `integer`. With RESP2 servers send integers instead.
 */
#define RR_TYPE_BOOLEAN 3

/**
 * A status, such as "OK".
 */
#define RR_TYPE_STATUS 4

/**
 * Bytes of any kind.
 */
#define RR_TYPE_STRING 5

/**
 * Text with a format of three letters, such as "txt".
 */
#define RR_TYPE_VERBATIM 6

/**
 * An integer of any size, as its decimal digits.
 */
#define RR_TYPE_BIG_NUMBER 7

/**
 * An error inside a reply, such as one command's in a pipeline; its first word is its code.
 */
#define RR_TYPE_ERROR 8

/**
 * Values in order.
 */
#define RR_TYPE_ARRAY 9

/**
 * Keys and values: the children are key, value, key, value. With RESP2 servers send arrays instead.
 */
#define RR_TYPE_MAP 10

/**
 * Values without an order. With RESP2 servers send arrays instead.
 */
#define RR_TYPE_SET 11

/**
 * What a server sends without being asked.
 */
#define RR_TYPE_PUSH 12

/**
 * A value and what the server says about it: the children are the value, then key, value, key, value.
 */
#define RR_TYPE_ATTRIBUTE 13

/**
 * The connection is up and everything buffered has been sent; commands flow.
 */
#define RR_EVENT_CONNECTED 1

/**
 * The connection was lost, or the server refuses commands as one that is not ready does.
 */
#define RR_EVENT_DISCONNECTED 2

/**
 * A connection attempt failed; the next one follows after rr_event_delay_ms().
 */
#define RR_EVENT_RECONNECTING 3

/**
 * The reconnect budget is spent; only a slow probe goes on.
 */
#define RR_EVENT_GAVE_UP 4

/**
 * The first write of this outage went into the buffer.
 */
#define RR_EVENT_BUFFERING 5

/**
 * The buffer is empty again; rr_event_count() commands were sent from it.
 */
#define RR_EVENT_DRAINED 6

/**
 * A write found no room in the buffer. Announced once an outage.
 */
#define RR_EVENT_BUFFER_FULL 7

/**
 * The server refused a buffered command for good; it is in the failed list as rr_event_failed_id().
 */
#define RR_EVENT_COMMAND_FAILED 8

/**
 * A buffered command was dropped to make room, or became too old; it is in the failed list as rr_event_failed_id().
 */
#define RR_EVENT_COMMAND_DROPPED 9

/**
 * The server refused the credentials. They are not tried again and again: only a slow probe goes on.
 */
#define RR_EVENT_AUTH_FAILED 10

/**
 * The connection of the subscriptions had been lost, and all of them are there again: rr_event_count() names. What was
 * published between rr_event_down_since_ms() and rr_event_time_ms() was not delivered.
 */
#define RR_EVENT_SUBSCRIPTIONS_RESTORED 11

/**
 * The connection is back, and it is not the same server or not the same data: rr_event_server_change() and
 * rr_event_history() say what has changed. It comes before RR_EVENT_CONNECTED.
 */
#define RR_EVENT_FAILOVER 12

/**
 * The server announces its own maintenance: that it moves, or may be slow for a while, or that this is over.
 */
#define RR_EVENT_MAINTENANCE 13

/**
 * The same process as before, with another history of data: it was a replica meanwhile.
 */
#define RR_SERVER_SAME 1

/**
 * A new process at the same address.
 */
#define RR_SERVER_RESTARTED 2

/**
 * Another server.
 */
#define RR_SERVER_OTHER 3

/**
 * Whether the data is the same cannot be told from the outside, as after a restart.
 */
#define RR_HISTORY_UNKNOWN 0

/**
 * What the former server had when it was last asked is there. What it took after that may be missing:
 * rr_event_shared_offset() says how far the two are the same.
 */
#define RR_HISTORY_CONTINUED 1

/**
 * The former server had data that is not there, beyond rr_event_shared_offset().
 */
#define RR_HISTORY_ROLLED_BACK 2

/**
 * A channel.
 */
#define RR_CHANNEL 1

/**
 * A pattern, such as "news.*". A message that matches a pattern and a channel comes once for each.
 */
#define RR_PATTERN 2

/**
 * A shard channel.
 */
#define RR_SHARD_CHANNEL 3

/**
 * In place of messages that found no room in the subscription's queue: rr_message_lost() of them. Nobody will deliver
 * them.
 */
#define RR_MESSAGE_LOST 16

/**
 * The connection had been lost, and the subscription is whole again. In this place belongs what was published between
 * rr_message_down_since_ms() and rr_message_up_at_ms(); nobody will deliver it.
 */
#define RR_MESSAGE_RESTORED 17

/**
 * The server does not let this client subscribe to rr_message_channel(), or rr_message_pattern(); rr_message_error() says
 * why. It is asked again from time to time; when it agrees, messages come.
 */
#define RR_MESSAGE_REFUSED 18

/**
 * Something is lost or will not come back by itself: a buffered command failed or was dropped, the buffer is full, the
 * client gave up.
 */
#define RR_LOG_ERROR 1

/**
 * Something is wrong that the client deals with: a lost connection, a failed attempt, options that may not be meant.
 */
#define RR_LOG_WARNING 2

/**
 * What happens in a client's life: what the server says of itself, recovery, the report at the end.
 */
#define RR_LOG_INFO 3

/**
 * Each step: every attempt to connect and every change of state.
 */
#define RR_LOG_DEBUG 4

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the library that runs, such as "0.1.0". Never freed.
 */
const char *rr_version(void);

/**
 * The version of the library that runs as a number that grows with it: major * 1000000 + minor * 1000 + patch.
 * Compare it with RR_VERSION_NUMBER, which is that of the header.
 */
uint32_t rr_version_number(void);

/**
 * The constant's name, such as "RR_ERR_TIMEOUT", for logs. Never NULL, never freed; "unknown" for other numbers.
 */
const char *rr_status_name(rr_status status);

/**
 * Makes an error, for code built on this library that reports its own failures the same way.
 *
 * `status` is one of the RR_ERR_ numbers, else RR_ERR_INVALID_ARGUMENT is taken; `message` is copied and may be NULL.
 * Freed with rr_error_free(). NULL only if the library itself fails.
 */
struct rr_error *rr_error_new(rr_status status,
                              const char *message);

/**
 * The number that the failed call returned. RR_OK for NULL: no error.
 */
rr_status rr_error_status(const struct rr_error *error);

/**
 * One sentence for people, ending with a NUL. It lives as long as the error. "" for NULL.
 *
 * For RR_ERR_SERVER it is the server's own text, without the arguments that some errors quote.
 */
const char *rr_error_message(const struct rr_error *error);

/**
 * The first word of the server's error, such as "WRONGTYPE". It lives as long as the error. NULL if the server did
 * not answer with an error, and for NULL.
 */
const char *rr_error_server_code(const struct rr_error *error);

/**
 * What became of the command: RR_OUTCOME_... RR_OUTCOME_NONE for NULL.
 */
rr_outcome rr_error_outcome(const struct rr_error *error);

/**
 * Would the same command have a fair chance if it were issued again, and could it not run twice? True only when it
 * was not applied and the cause is one that passes. False for NULL.
 */
bool rr_error_is_retryable(const struct rr_error *error);

/**
 * Frees an error. Does nothing for NULL.
 */
void rr_error_free(struct rr_error *error);

/**
 * The constant's name, such as "RR_OUTCOME_UNKNOWN", for logs. Never NULL, never freed; "unknown" for other numbers.
 */
const char *rr_outcome_name(rr_outcome outcome);

/**
 * Makes a config in which every option has its default. Freed with rr_config_free(). NULL only if the library itself
 * fails.
 */
struct rr_config *rr_config_new(void);

/**
 * Makes a config from a URL: redis://user:password@host:port/db or unix:///path, with options by name after a question
 * mark (?command_timeout_ms=500&buffer_commands=no); docs/CONFIGURATION.md has the details. RR_ERR_CONFIG with a
 * message that says what is wrong and never repeats a password.
 */
rr_status rr_config_from_url(const char *url,
                             struct rr_config **config,
                             struct rr_error **err);

/**
 * Makes a config from environment variables: RR_URL, and for each option RR_ and its name in capitals, which
 * overrides the URL (RR_COMMAND_TIMEOUT_MS=500). RR_ERR_CONFIG names a variable that is wrong.
 *
 * Reads the environment: no other thread may be changing it.
 */
rr_status rr_config_from_environment(struct rr_config **config,
                                     struct rr_error **err);

/**
 * Sets an option: docs/CONFIGURATION.md lists names and values. Both end with a NUL and are copied.
 *
 * RR_ERR_CONFIG with a message that names the option, the value and what would be right; nothing is changed then.
 */
rr_status rr_config_set(struct rr_config *config,
                        const char *name,
                        const char *value,
                        struct rr_error **err);

/**
 * Gives an option's value as text, as rr_config_set() would take it: a new string, freed with rr_string_free().
 *
 * A password is not given back: its text is "***". RR_ERR_CONFIG for an unknown name.
 */
rr_status rr_config_get(const struct rr_config *config,
                        const char *name,
                        char **value,
                        struct rr_error **err);

/**
 * Frees a string that this library made for the caller. Does nothing for NULL.
 */
void rr_string_free(char *string);

/**
 * Gives clients that are made from this config from now on a callback for their events, in place of an earlier one.
 *
 * `userdata` is handed to every call and may be NULL. `destroy`, unless NULL, is called with it exactly once: when
 * this config no longer has the callback and every client that has it is freed, or at once if registration fails.
 * Without a callback, use rr_event_next().
 */
rr_status rr_config_set_event_callback(struct rr_config *config,
                                       rr_event_callback callback,
                                       void *userdata,
                                       rr_destroy destroy,
                                       struct rr_error **err);

/**
 * Frees a config; clients made from it keep what they were told. Does nothing for NULL.
 */
void rr_config_free(struct rr_config *config);

/**
 * Makes a client as `config` says, or with every default if that is NULL (the server is 127.0.0.1:6379). Returns at
 * once; the connection is made in the background, and the server may be down. Freed with rr_client_free().
 */
rr_status rr_client_new(const struct rr_config *config,
                        struct rr_client **client,
                        struct rr_error **err);

/**
 * Makes a client from a URL: rr_config_from_url() and rr_client_new() in one.
 */
rr_status rr_client_open(const char *url, struct rr_client **client, struct rr_error **err);

/**
 * Waits up to `timeout_ms` until commands flow (0: looks once). A program need not call it: commands wait by
 * themselves. RR_ERR_TIMEOUT if there is no connection in time; RR_ERR_GAVE_UP and RR_ERR_CLOSED at once.
 */
rr_status rr_client_wait_ready(const struct rr_client *client,
                               int64_t timeout_ms,
                               struct rr_error **err);

/**
 * What the connection is doing: RR_STATE_..., or a negative RR_ERR_ number when it cannot be told.
 */
rr_state rr_client_state(const struct rr_client *client);

/**
 * The constant's name, such as "RR_STATE_READY", for logs. Never NULL, never freed; "unknown" for other numbers.
 */
const char *rr_state_name(rr_state state);

/**
 * Tries to connect now instead of after the present pause, also after giving up, and asks again for subscriptions
 * that the server refused. When an attempt that is under way fails, another is made at once; a connection that is
 * there is left alone. Returns at once.
 */
rr_status rr_client_reconnect(struct rr_client *client,
                              struct rr_error **err);

/**
 * Waits up to `timeout_ms` until every buffered command is sent and answered, or failed (0: looks once).
 * RR_ERR_TIMEOUT if some are left; they stay buffered.
 */
rr_status rr_client_flush(struct rr_client *client,
                          int64_t timeout_ms,
                          struct rr_error **err);

/**
 * Stops accepting commands, waits up to `drain_timeout_ms` for those that are buffered or in flight, and disconnects.
 *
 * `report` may be NULL. From then on commands answer RR_ERR_CLOSED, and so do, at once, those that wait at the server
 * (BLPOP, ...). When this returns, no callback of the client is
 * running or will: it waits for one that is, so hold no lock that the callback takes. RR_ERR_IN_CALLBACK from inside a
 * callback. The client is freed with rr_client_free() all the same. Closing once more is RR_OK, with nothing left.
 */
rr_status rr_client_close(struct rr_client *client,
                          int64_t drain_timeout_ms,
                          struct rr_close_report *report,
                          struct rr_error **err);

/**
 * Closes a client, if it is not closed yet, without waiting for what is buffered, and frees it. Does nothing for NULL.
 *
 * Calls that are running in other threads end with RR_ERR_CLOSED; none may begin. Pipelines and monitors of the client
 * can still be freed. When it returns, no callback of the client is running or will: it waits for one that is, so hold
 * no lock that the callback takes. From inside a callback it returns at once and the client ends on another thread. In a
 * forked child it does nothing: what the client holds belongs to the parent.
 */
void rr_client_free(struct rr_client *client);

/**
 * Issues a command and waits for its reply.
 *
 * The command is `argc` arguments, the first being its name. `argv[i]` is `argvlen[i]` bytes of any kind, and may be
 * NULL if that is 0. If `argvlen` is NULL, each ends with a NUL instead. They are only read during the call.
 *
 * RR_OK with the reply, freed with rr_reply_free(); `reply` may be NULL if it is not wanted. RR_BUFFERED without one:
 * a write during an outage, which will be applied after it. An error reply of the server is RR_ERR_SERVER, not a
 * reply. Every failure says by rr_error_outcome() what became of the command. It waits no longer than the option
 * command_timeout_ms.
 *
 * A command whose reply hands out what it takes away (LPOP, SPOP, ZPOPMIN, GETDEL, GETSET, SET with GET, XREADGROUP, ...) is
 * never buffered, since nobody would get that: it waits for its reply.
 *
 * A command that waits at the server (BLPOP, BLMOVE, XREAD with BLOCK, WAIT, ...) has a connection of its own, so that
 * nobody waits behind it, and is never buffered. It may take the time that it asks for itself and command_timeout_ms on
 * top, or for ever if it asks for that; a timeout_ms in its options takes the place of both. When the time has passed
 * it is ended at the server, which may take a second more: RR_ERR_TIMEOUT with RR_OUTCOME_NOT_APPLIED then means that it
 * took no element and never will.
 */
rr_status rr_command(struct rr_client *client,
                     size_t argc,
                     const char *const *argv,
                     const size_t *argvlen,
                     struct rr_reply **reply,
                     struct rr_error **err);

/**
 * rr_command() with options; NULL for none.
 */
rr_status rr_command_with(struct rr_client *client,
                          const struct rr_command_options *options,
                          size_t argc,
                          const char *const *argv,
                          const size_t *argvlen,
                          struct rr_reply **reply,
                          struct rr_error **err);

/**
 * rr_command() for callers without arrays of pointers: all arguments one after the other in `bytes`, without anything
 * between them, and their `argc` lengths. `bytes` may be NULL if all are 0.
 */
rr_status rr_command_packed(struct rr_client *client,
                            size_t argc,
                            const void *bytes,
                            const size_t *lengths,
                            struct rr_reply **reply,
                            struct rr_error **err);

/**
 * rr_command_packed() with options; NULL for none.
 */
rr_status rr_command_packed_with(struct rr_client *client,
                                 const struct rr_command_options *options,
                                 size_t argc,
                                 const void *bytes,
                                 const size_t *lengths,
                                 struct rr_reply **reply,
                                 struct rr_error **err);

/**
 * The constant's name, such as "RR_TYPE_STRING", for logs. Never NULL, never freed; "unknown" for other numbers.
 */
const char *rr_type_name(rr_type type);

/**
 * The whole reply as a tree of plain structs. The first call makes it, at 56 bytes a value; it lives as long as the
 * reply. NULL for NULL.
 */
const struct rr_value *rr_reply_view(const struct rr_reply *reply);

/**
 * The reply's type: RR_TYPE_... RR_TYPE_NIL for NULL.
 */
rr_type rr_reply_type(const struct rr_reply *reply);

/**
 * An integer's value, 1 or 0 for a boolean. 0 for other types and NULL.
 */
int64_t rr_reply_integer(const struct rr_reply *reply);

/**
 * A double's value. 0 for other types and NULL.
 */
double rr_reply_double(const struct rr_reply *reply);

/**
 * The bytes of a status, string, verbatim string, big number or error: rr_reply_length() of them, followed by a NUL that
 * is not counted. They live as long as the reply. NULL for other types and NULL.
 */
const char *rr_reply_string(const struct rr_reply *reply);

/**
 * How many bytes rr_reply_string() has, or how many elements the reply has. 0 for other types and NULL.
 */
size_t rr_reply_length(const struct rr_reply *reply);

/**
 * The element at `index`, from 0; of a map, key and value in turn. It lives as long as the reply. NULL if there is
 * none, and for NULL.
 */
const struct rr_value *rr_reply_element(const struct rr_reply *reply,
                                        size_t index);

/**
 * Frees a reply with all its values and bytes. Does nothing for NULL.
 */
void rr_reply_free(struct rr_reply *reply);

/**
 * Makes an empty pipeline. `options` may be NULL. Freed with rr_pipeline_free().
 */
rr_status rr_pipeline_new(struct rr_client *client,
                          const struct rr_pipeline_options *options,
                          struct rr_pipeline **pipeline,
                          struct rr_error **err);

/**
 * Adds a command, given as to rr_command(), and copies it. Nothing is sent yet.
 */
rr_status rr_pipeline_append(struct rr_pipeline *pipeline,
                             size_t argc,
                             const char *const *argv,
                             const size_t *argvlen,
                             struct rr_error **err);

/**
 * Adds a command, given as to rr_command_packed(), and copies it. Nothing is sent yet.
 */
rr_status rr_pipeline_append_packed(struct rr_pipeline *pipeline,
                                    size_t argc,
                                    const void *bytes,
                                    const size_t *lengths,
                                    struct rr_error **err);

/**
 * How many commands it holds, or a negative RR_ERR_ number when it cannot be told.
 */
int64_t rr_pipeline_length(const struct rr_pipeline *pipeline);

/**
 * Sends its commands and waits for all replies: an array with one per command, in order, in which a command that the
 * server refused is a value of RR_TYPE_ERROR. The commands stay in it, to be executed again, until
 * rr_pipeline_clear().
 *
 * RR_OK with the reply, freed with rr_reply_free(); `reply` may be NULL if it is not wanted. RR_BUFFERED without one:
 * during an outage it is buffered as one unit if all its commands are writes that rr_command() would buffer. If only
 * some were answered, it fails and gives the reply too, beside the error: the replies that came, and in place of each
 * other one a value of RR_TYPE_ERROR that begins with "NOTAPPLIED" or "UNKNOWN". If none was, there is no reply and
 * rr_error_outcome() holds for all.
 */
rr_status rr_pipeline_execute(struct rr_pipeline *pipeline,
                              struct rr_reply **reply,
                              struct rr_error **err);

/**
 * Empties it.
 */
rr_status rr_pipeline_clear(struct rr_pipeline *pipeline, struct rr_error **err);

/**
 * Frees a pipeline. Does nothing for NULL, and in a forked child.
 */
void rr_pipeline_free(struct rr_pipeline *pipeline);

/**
 * Makes a script of `length` bytes of source, which are copied and not looked at: a mistake in them is the server's to
 * find. Freed with rr_script_free().
 */
rr_status rr_script_new(const char *source,
                        size_t length,
                        struct rr_script **script,
                        struct rr_error **err);

/**
 * Runs a script and waits for its reply, as rr_command() does with a command. `options` may be NULL.
 *
 * `argv` holds its `argc` arguments, which may be none; the first `key_count` of them are the keys (KEYS), the others
 * are ARGV. It is sent by its digest, and once more with its source if the server does not know it. What is buffered
 * during an outage is kept with its source, so that a server that was restarted finds it, too.
 *
 * An error that the script itself ends with is RR_ERR_SERVER and of unknown outcome: what it did before that stays.
 */
rr_status rr_script_run(struct rr_client *client,
                        const struct rr_script *script,
                        const struct rr_script_options *options,
                        size_t key_count,
                        size_t argc,
                        const char *const *argv,
                        const size_t *argvlen,
                        struct rr_reply **reply,
                        struct rr_error **err);

/**
 * rr_script_run() for callers without arrays of pointers; the arguments are given as to rr_command_packed().
 */
rr_status rr_script_run_packed(struct rr_client *client,
                               const struct rr_script *script,
                               const struct rr_script_options *options,
                               size_t key_count,
                               size_t argc,
                               const void *bytes,
                               const size_t *lengths,
                               struct rr_reply **reply,
                               struct rr_error **err);

/**
 * Adds a script with its arguments, given as to rr_script_run(), to a pipeline. All of it is copied.
 *
 * Its source goes along, so that it runs in its place whatever became of the server's memory of scripts, between the
 * commands of the pipeline, too.
 */
rr_status rr_pipeline_append_script(struct rr_pipeline *pipeline,
                                    const struct rr_script *script,
                                    size_t key_count,
                                    size_t argc,
                                    const char *const *argv,
                                    const size_t *argvlen,
                                    struct rr_error **err);

/**
 * Frees a script. What was sent or appended of it stays. Does nothing for NULL.
 */
void rr_script_free(struct rr_script *script);

/**
 * Makes a transaction that watches `count` keys; `options` may be NULL. Freed with rr_transaction_free().
 *
 * `keys[i]` is `lengths[i]` bytes; if `lengths` is NULL, each ends with a NUL instead. With no keys nothing is
 * watched, no connection of its own is needed, and what is executed is all or nothing as in an atomic pipeline.
 *
 * It waits for its connection, during an outage too, and behind what is buffered: until commands flow, one of the
 * private_max_connections is free, or the time has passed. Failing, there is no transaction.
 */
rr_status rr_transaction_new(struct rr_client *client,
                             const struct rr_transaction_options *options,
                             size_t count,
                             const char *const *keys,
                             const size_t *lengths,
                             struct rr_transaction **transaction,
                             struct rr_error **err);

/**
 * Watches keys, given as to rr_transaction_new(): more of them, or, after it was executed or discarded, the first of a
 * transaction that begins anew. RR_ERR_CONFLICT if it was watching and its connection is lost.
 */
rr_status rr_transaction_watch(struct rr_transaction *transaction,
                               size_t count,
                               const char *const *keys,
                               const size_t *lengths,
                               struct rr_error **err);

/**
 * Sends a command at once, given as to rr_command(), and waits for its reply: most often a read of what is watched.
 *
 * A write is possible, is not part of what is executed, and makes that a conflict if its key is watched. Commands that
 * change the connection are refused. If the connection is lost: RR_ERR_CONFLICT for a read, RR_ERR_CONNECTION_LOST with
 * an unknown outcome for a write; whatever follows is a conflict. Without watched keys it goes the way of any other
 * command, and is not buffered.
 */
rr_status rr_transaction_command(struct rr_transaction *transaction,
                                 size_t argc,
                                 const char *const *argv,
                                 const size_t *argvlen,
                                 struct rr_reply **reply,
                                 struct rr_error **err);

/**
 * rr_transaction_command() with the command given as to rr_command_packed().
 */
rr_status rr_transaction_command_packed(struct rr_transaction *transaction,
                                        size_t argc,
                                        const void *bytes,
                                        const size_t *lengths,
                                        struct rr_reply **reply,
                                        struct rr_error **err);

/**
 * Adds a command, given as to rr_command(), to what is executed, and copies it. Nothing is sent yet.
 */
rr_status rr_transaction_queue(struct rr_transaction *transaction,
                               size_t argc,
                               const char *const *argv,
                               const size_t *argvlen,
                               struct rr_error **err);

/**
 * rr_transaction_queue() with the command given as to rr_command_packed().
 */
rr_status rr_transaction_queue_packed(struct rr_transaction *transaction,
                                      size_t argc,
                                      const void *bytes,
                                      const size_t *lengths,
                                      struct rr_error **err);

/**
 * Adds a script with its arguments, given as to rr_script_run(), to what is executed. All of it is copied.
 */
rr_status rr_transaction_queue_script(struct rr_transaction *transaction,
                                      const struct rr_script *script,
                                      size_t key_count,
                                      size_t argc,
                                      const char *const *argv,
                                      const size_t *argvlen,
                                      struct rr_error **err);

/**
 * Executes what is queued, all of it or nothing, and waits. Whatever it returns, nothing is queued or watched
 * afterwards.
 *
 * RR_OK with the reply, freed with rr_reply_free() (`reply` may be NULL): an array with one value per command, in order,
 * in which a command that failed while it ran is a value of RR_TYPE_ERROR. With nothing queued it is empty and tells
 * that no watched key was changed.
 *
 * RR_ERR_CONFLICT, not applied: a watched key was changed, the connection was lost before all of it was written, or
 * the server was not ready for it (READONLY, LOADING). Begin anew, with fresh reads.
 *
 * RR_ERR_SERVER with the code "EXECABORT", not applied: the server refused a command that was queued; the message
 * names it. RR_ERR_CONNECTION_LOST or RR_ERR_TIMEOUT with an unknown outcome: it was written, and may have run. With
 * watched keys it is never written a second time, whatever the option delivery says.
 */
rr_status rr_transaction_execute(struct rr_transaction *transaction,
                                 struct rr_reply **reply,
                                 struct rr_error **err);

/**
 * Forgets what is queued and watched.
 */
rr_status rr_transaction_discard(struct rr_transaction *transaction, struct rr_error **err);

/**
 * Frees a transaction. While it is watching this ends its connection, which rr_transaction_discard() would keep for the
 * next. Does nothing for NULL, and in a forked child.
 */
void rr_transaction_free(struct rr_transaction *transaction);

/**
 * Watches `count` keys, given as to rr_transaction_new(), calls `function` to read and to queue, and executes what it
 * queued; after a conflict all of that once more, with fresh reads and after a pause of some milliseconds, until it
 * was executed or `max_attempts` were made.
 *
 * RR_OK and the failures are those of rr_transaction_execute(), RR_ERR_CONFLICT that of the last attempt. What may have
 * run is not tried again.
 *
 * A number above 0 that `function` gives up with is returned as it is, without an error object. One below 0 is that of
 * a failure, so that `function` can return what a call in it returned: RR_ERR_CONFLICT leads to the next attempt, any
 * other is returned, with the error of the last call on the transaction if it was that one.
 */
rr_status rr_transaction_run(struct rr_client *client,
                             size_t count,
                             const char *const *keys,
                             const size_t *lengths,
                             rr_transaction_function function,
                             void *userdata,
                             uint32_t max_attempts,
                             struct rr_reply **reply,
                             struct rr_error **err);

/**
 * Makes an empty queue. Freed with rr_queue_free().
 */
rr_status rr_queue_new(struct rr_queue **queue, struct rr_error **err);

/**
 * Takes up to `max` completions, in the order in which their commands were answered, into `completions[0..max]`; waits
 * up to `timeout_ms` for the first (0: not at all). `count` is how many were taken; the rest of the array is left as it
 * was.
 *
 * RR_OK with at least one; RR_EMPTY if none came in time; RR_ERR_CLOSED if the queue was closed or freed meanwhile.
 * Each completion is given once, to one of the threads that wait here.
 */
rr_status rr_queue_next(struct rr_queue *queue,
                        struct rr_completion *completions,
                        size_t max,
                        int64_t timeout_ms,
                        size_t *count,
                        struct rr_error **err);

/**
 * A descriptor that is readable while there are completions to take, to be watched beside others with poll, epoll or an
 * event loop; or a negative RR_ERR_ number. Watch it only: rr_queue_next() makes it unreadable again when it has taken the
 * last. Of a queue that was closed it stays readable. It is the queue's: it is closed by rr_queue_free().
 */
int rr_queue_fd(struct rr_queue *queue);

/**
 * Closes a queue: what is in it, and what would still come, is dropped, and every call that waits here, now or later, ends
 * with RR_ERR_CLOSED. So a thread that takes from it can be ended before it is freed. Commands that are on their way are not
 * cancelled. Closing once more is RR_OK.
 */
rr_status rr_queue_close(struct rr_queue *queue,
                         struct rr_error **err);

/**
 * Frees a queue, with what is in it. Commands that are on their way are not cancelled; what becomes of them is dropped.
 * Calls that wait in other threads end with RR_ERR_CLOSED; none may begin. Does nothing for NULL, and in a forked child.
 */
void rr_queue_free(struct rr_queue *queue);

/**
 * Sends a command, given as to rr_command(), and returns without waiting for its reply, which goes to `callback`.
 *
 * It never waits for the network. RR_OK: the command is on its way, or in the buffer during an outage, and `callback`
 * will run once with what becomes of it; `id` (may be NULL) is its number, for rr_cancel(). Otherwise it was not taken,
 * will not be sent, and `callback` does not run: RR_ERR_WOULD_BLOCK when max_submitted commands are on their way already
 * or too much waits to be written; with RR_SUBMIT_WAIT in the options it waits for room instead, up to the command's time.
 * RR_ERR_BUFFER_FULL as for any other write in an outage.
 *
 * In an outage a write that may be buffered completes when it is really answered, however long that takes; reads and
 * writes with RR_COMMAND_NO_BUFFER fail when their time has passed. With RR_SUBMIT_UNTIL_BUFFERED such a write completes when
 * it is accepted into the buffer, with RR_BUFFERED; from then on it is like any other that is buffered.
 *
 * Commands of one thread keep their order, those that are waited for included. Commands that change the connection (SELECT,
 * AUTH, ...) are RR_ERR_UNSUPPORTED. One that waits at the server (BLPOP, ...) has a connection of its own, as with
 * rr_command(), and a thread of its own for as long as it waits; it has no place in the order.
 *
 * `destroy` ends `userdata` after the call of `callback`, or before this returns when it fails. `options` may be NULL.
 */
rr_status rr_submit(struct rr_client *client,
                    const struct rr_command_options *options,
                    size_t argc,
                    const char *const *argv,
                    const size_t *argvlen,
                    rr_completion_callback callback,
                    void *userdata,
                    rr_destroy destroy,
                    uint64_t *id,
                    struct rr_error **err);

/**
 * rr_submit() with a queue in place of a callback: what becomes of the command goes there, under `tag`, which the program
 * chooses. The queue may be shared by any number of clients.
 */
rr_status rr_submit_to(struct rr_client *client,
                       struct rr_queue *queue,
                       uint64_t tag,
                       const struct rr_command_options *options,
                       size_t argc,
                       const char *const *argv,
                       const size_t *argvlen,
                       uint64_t *id,
                       struct rr_error **err);

/**
 * rr_submit_to() for callers without arrays of pointers, as rr_command_packed().
 */
rr_status rr_submit_packed_to(struct rr_client *client,
                              struct rr_queue *queue,
                              uint64_t tag,
                              const struct rr_command_options *options,
                              size_t argc,
                              const void *bytes,
                              const size_t *lengths,
                              uint64_t *id,
                              struct rr_error **err);

/**
 * Sends a pipeline of `client` as rr_pipeline_execute() does, and returns without waiting for its replies, which go to
 * `callback`: all that is said of rr_submit() holds for it. It is one of the max_submitted, completes once, and its options
 * are those that it was made with. `flags` are RR_SUBMIT_... added together.
 *
 * What it holds is copied: it can be changed, submitted again, executed or freed as soon as this returns.
 */
rr_status rr_submit_pipeline(struct rr_client *client,
                             struct rr_pipeline *pipeline,
                             uint32_t flags,
                             rr_completion_callback callback,
                             void *userdata,
                             rr_destroy destroy,
                             uint64_t *id,
                             struct rr_error **err);

/**
 * rr_submit_pipeline() with a queue in place of a callback: what becomes of the pipeline goes there, under `tag`.
 */
rr_status rr_submit_pipeline_to(struct rr_client *client,
                                struct rr_queue *queue,
                                uint64_t tag,
                                struct rr_pipeline *pipeline,
                                uint32_t flags,
                                uint64_t *id,
                                struct rr_error **err);

/**
 * Gives up the submitted command, or pipeline, with this number. RR_OK: it completes at once with RR_ERR_CANCELLED, and
 * rr_error_outcome() says whether it was taken back before it was written (RR_OUTCOME_NOT_APPLIED: it is never sent) or
 * may run (RR_OUTCOME_UNKNOWN). RR_EMPTY: it is completed already, or there is none with this number.
 *
 * One that waits at the server (BLPOP, ...) is ended there first, which may take a second, and then completes with
 * RR_ERR_CANCELLED: RR_OUTCOME_NOT_APPLIED means that it took no element and never will. If it got one in this very moment
 * it completes with that.
 */
rr_status rr_cancel(struct rr_client *client,
                    uint64_t id,
                    struct rr_error **err);

/**
 * Takes the next event that nobody has taken yet, waiting up to `timeout_ms` for one (0: not at all).
 *
 * RR_EMPTY if there was none in time, and RR_ERR_CLOSED if there is none and never will be. Events wait here whether
 * or not there is a callback, at most event_queue_size of them; then the oldest make room, and rr_event_missed()
 * counts them. Each event goes to one of the threads that wait here.
 */
rr_status rr_event_next(struct rr_client *client,
                        int64_t timeout_ms,
                        struct rr_event **event,
                        struct rr_error **err);

/**
 * What happened: RR_EVENT_... 0 for NULL.
 */
rr_kind rr_event_kind(const struct rr_event *event);

/**
 * One sentence for people: the cause, or what was done. It ends with a NUL and lives as long as the event. "" for
 * NULL.
 */
const char *rr_event_message(const struct rr_event *event);

/**
 * When it happened, by the system's clock: milliseconds since 1970. 0 for NULL.
 */
int64_t rr_event_time_ms(const struct rr_event *event);

/**
 * How many connection attempts this outage has seen. 0 for NULL.
 */
uint32_t rr_event_attempt(const struct rr_event *event);

/**
 * The pause before the next connection attempt, in milliseconds. 0 for NULL.
 */
int64_t rr_event_delay_ms(const struct rr_event *event);

/**
 * How many commands, or subscriptions, it concerns. 0 for NULL.
 */
uint64_t rr_event_count(const struct rr_event *event);

/**
 * The place in the failed list of the command it concerns, as rr_failed_next() gives it; 0 when none, and for NULL.
 */
uint64_t rr_event_failed_id(const struct rr_event *event);

/**
 * How many events before this one were missed because nobody took them in time. 0 for NULL.
 */
uint64_t rr_event_missed(const struct rr_event *event);

/**
 * When that had begun which the event says is over, by the system's clock: milliseconds since 1970. 0 for events that
 * say nothing like it, and for NULL.
 */
int64_t rr_event_down_since_ms(const struct rr_event *event);

/**
 * Which server there is after a failover: RR_SERVER_... 0 for other events, and for NULL.
 */
rr_kind rr_event_server_change(const struct rr_event *event);

/**
 * What became of the data in a failover: RR_HISTORY_... RR_HISTORY_UNKNOWN for other events, and for NULL.
 */
rr_kind rr_event_history(const struct rr_event *event);

/**
 * The former server's process in a failover, by the name that Redis gives itself at each start (`run_id` in INFO). It ends
 * with a NUL and lives as long as the event. "" for other events, and for NULL.
 */
const char *rr_event_old_run_id(const struct rr_event *event);

/**
 * The present server's process in a failover, by the name that Redis gives itself at each start (`run_id` in INFO). It ends
 * with a NUL and lives as long as the event. "" for other events, and for NULL.
 */
const char *rr_event_new_run_id(const struct rr_event *event);

/**
 * How far the former server was in its replication stream, in bytes, when it was last asked: when it was connected to, and
 * at each health check (health_check_interval_ms). -1 when that is not known, for other events, and for NULL.
 */
int64_t rr_event_old_offset(const struct rr_event *event);

/**
 * Up to where in that stream the present server has the same data. -1 when that is not known, for other events, and for
 * NULL.
 */
int64_t rr_event_shared_offset(const struct rr_event *event);

/**
 * How far the present server was in its replication stream when it was connected to. -1 when that is not known, for other
 * events, and for NULL.
 */
int64_t rr_event_new_offset(const struct rr_event *event);

/**
 * Frees an event that rr_event_next() gave. Does nothing for NULL.
 */
void rr_event_free(struct rr_event *event);

/**
 * The constant's name, such as "RR_EVENT_CONNECTED", for logs. Never NULL, never freed; "unknown" for other numbers.
 */
const char *rr_event_name(rr_kind kind);

/**
 * Gives user and password to the client that asks. Only for the callback that was given `credentials`, while it runs; a
 * second call replaces the first. The bytes are copied; wipe your own.
 *
 * `username` may be NULL for the user `default`. `valid_for_ms` says after how many milliseconds the server will not take
 * them any more: when three quarters of that time are over the callback is asked again. 0: they do not expire.
 * RR_ERR_INVALID_ARGUMENT for an empty password, or a negative time.
 */
rr_status rr_credentials_set(struct rr_credentials *credentials,
                             const char *username,
                             size_t username_len,
                             const char *password,
                             size_t password_len,
                             int64_t valid_for_ms,
                             struct rr_error **err);

/**
 * Gives clients that are made from this config from now on a callback for their credentials, in place of an earlier one. A
 * client with such a callback and a password in its configuration is refused with RR_ERR_CONFIG. AUTH is refused as a
 * command of such a client.
 *
 * `userdata` is handed to every call and may be NULL. `destroy`, unless NULL, is called with it exactly once: when
 * this config no longer has the callback and every client that has it is freed, or at once if registration fails.
 */
rr_status rr_config_set_credentials_callback(struct rr_config *config,
                                             rr_credentials_callback callback,
                                             void *userdata,
                                             rr_destroy destroy,
                                             struct rr_error **err);

/**
 * Adds an address to what a resolver callback finds: numeric, IPv4 or IPv6, and a port from 1 to 65535. Only for the callback
 * that was given `addresses`, while it runs.
 *
 * RR_ERR_INVALID_ARGUMENT if `address` is no numeric address or `port` is 0.
 */
rr_status rr_addresses_add(struct rr_addresses *addresses,
                           const char *address,
                           uint16_t port,
                           struct rr_error **err);

/**
 * Gives clients that are made from this config from now on a callback that looks host names up, in place of the system or of
 * an earlier one.
 *
 * `userdata` is handed to every call and may be NULL. `destroy`, unless NULL, is called with it exactly once: when
 * this config no longer has the callback and every client that has it is freed, or at once if registration fails.
 */
rr_status rr_config_set_resolver_callback(struct rr_config *config,
                                          rr_resolver_callback callback,
                                          void *userdata,
                                          rr_destroy destroy,
                                          struct rr_error **err);

/**
 * How many entries the failed list has, or a negative RR_ERR_ number when it cannot be told.
 */
int64_t rr_failed_count(const struct rr_client *client);

/**
 * Copies the oldest entry with an id above `after_id`; 0 for the first. It stays in the list. RR_EMPTY if there is none.
 */
rr_status rr_failed_next(const struct rr_client *client,
                         uint64_t after_id,
                         struct rr_failed **failed,
                         struct rr_error **err);

/**
 * Its number: larger than those of earlier failures of the same client. 0 for NULL.
 */
uint64_t rr_failed_id(const struct rr_failed *failed);

/**
 * Why it failed. It lives as long as the entry: do not free it. NULL for NULL.
 */
const struct rr_error *rr_failed_error(const struct rr_failed *failed);

/**
 * How many commands the entry has. 0 for NULL.
 */
size_t rr_failed_command_count(const struct rr_failed *failed);

/**
 * How many arguments, its name included, the command at `command`, from 0, has. 0 if there is none, and for NULL.
 */
size_t rr_failed_argument_count(const struct rr_failed *failed,
                                size_t command);

/**
 * The argument at `argument`, from 0 (the name), of the command at `command`: `*length` bytes, followed by a NUL that is
 * not counted. They live as long as the entry. NULL and 0 if there is none, and for NULL.
 */
const char *rr_failed_argument(const struct rr_failed *failed,
                               size_t command,
                               size_t argument,
                               size_t *length);

/**
 * Frees the copy of an entry; the entry stays in the list. Does nothing for NULL.
 */
void rr_failed_free(struct rr_failed *failed);

/**
 * Takes the entry with this id out of the failed list and puts it at the end of the buffer, to be sent again.
 * RR_ERR_INVALID_ARGUMENT if there is none with that id.
 */
rr_status rr_failed_retry(struct rr_client *client,
                          uint64_t id,
                          struct rr_error **err);

/**
 * Takes the entry with this id out of the failed list for good. RR_ERR_INVALID_ARGUMENT if there is none.
 */
rr_status rr_failed_discard(struct rr_client *client,
                            uint64_t id,
                            struct rr_error **err);

/**
 * Begins to listen to every command that the server runs (MONITOR). It waits up to the option command_timeout_ms for a
 * connection of its own. Freed with rr_monitor_free().
 *
 * A monitor costs the server a good part of its throughput, and shows the arguments of other programs: it is for looking
 * into things. The credentials in AUTH and HELLO the server leaves out itself.
 */
rr_status rr_monitor_new(struct rr_client *client,
                         struct rr_monitor **monitor,
                         struct rr_error **err);

/**
 * Takes the next entry, waiting up to `timeout_ms` for one (0: takes only what is there). RR_EMPTY if there was none in
 * time. RR_ERR_CLOSED when its client is closed, or when it is freed meanwhile.
 *
 * After the connection was lost a call makes a new one, as far as its time allows, and gives an entry RR_MONITOR_GAP first.
 * Failing is not the end: call it again. What nobody takes waits at the server, which ends the connection of a reader
 * that is too slow (its client-output-buffer-limit): also a gap.
 */
rr_status rr_monitor_next(struct rr_monitor *monitor,
                          int64_t timeout_ms,
                          struct rr_monitor_entry **entry,
                          struct rr_error **err);

/**
 * Ends a monitor without freeing it: a call of rr_monitor_next() that is running in another thread, and every later one,
 * returns RR_ERR_CLOSED. It may be called at any time, also while another thread is in a call. Once more is RR_OK.
 */
rr_status rr_monitor_close(struct rr_monitor *monitor,
                           struct rr_error **err);

/**
 * Ends a monitor and frees it. A call of rr_monitor_next() that is running in another thread returns RR_ERR_CLOSED; none
 * may begin. Does nothing for NULL, and in a forked child.
 */
void rr_monitor_free(struct rr_monitor *monitor);

/**
 * What it is: RR_MONITOR_... A later version may know new ones: ignore a number you do not know. 0 for NULL.
 */
int32_t rr_monitor_entry_kind(const struct rr_monitor_entry *entry);

/**
 * When, in microseconds since 1970 UTC: when the command ran, by the server's clock, or when a gap ended, by this
 * machine's. 0 for NULL.
 */
int64_t rr_monitor_entry_time_us(const struct rr_monitor_entry *entry);

/**
 * How long a gap was, in milliseconds. 0 for other entries and NULL.
 */
int64_t rr_monitor_entry_gap_ms(const struct rr_monitor_entry *entry);

/**
 * In which database the command ran. 0 for other entries and NULL.
 */
int64_t rr_monitor_entry_db(const struct rr_monitor_entry *entry);

/**
 * For whom the command ran: an address and port, "unix:" and a path, or "lua" for a script. It ends with a NUL and lives
 * as long as the entry. "" for other entries and NULL.
 */
const char *rr_monitor_entry_address(const struct rr_monitor_entry *entry);

/**
 * The line as the server sent it, or the cause of a gap: `*length` bytes, followed by a NUL that is not counted. They live
 * as long as the entry. NULL and 0 for NULL.
 */
const char *rr_monitor_entry_line(const struct rr_monitor_entry *entry,
                                  size_t *length);

/**
 * How many arguments, its name included, the command had. 0 for other entries, NULL, and a line of another form than is
 * known.
 */
size_t rr_monitor_entry_argument_count(const struct rr_monitor_entry *entry);

/**
 * The argument at `argument`, from 0 (the name): `*length` bytes, followed by a NUL that is not counted. They live as
 * long as the entry. NULL and 0 if there is none, and for NULL.
 */
const char *rr_monitor_entry_argument(const struct rr_monitor_entry *entry,
                                      size_t argument,
                                      size_t *length);

/**
 * Frees an entry. Does nothing for NULL.
 */
void rr_monitor_entry_free(struct rr_monitor_entry *entry);

/**
 * What it is: RR_CHANNEL, RR_PATTERN or RR_SHARD_CHANNEL when it was published, by what the subscription is to; else
 * RR_MESSAGE_... 0 for NULL.
 */
rr_kind rr_message_kind(const struct rr_message *message);

/**
 * The channel that it was published to, or that the server refuses: rr_message_channel_length() bytes, followed by a NUL
 * that is not counted. They live as long as the message. NULL if it has none, and for NULL.
 */
const char *rr_message_channel(const struct rr_message *message);

/**
 * How many bytes rr_message_channel() has. 0 for NULL.
 */
size_t rr_message_channel_length(const struct rr_message *message);

/**
 * The pattern that its channel matches, when the subscription is to that, or that the server refuses:
 * rr_message_pattern_length() bytes, followed by a NUL that is not counted. They live as long as the message. NULL if it
 * has none, and for NULL.
 */
const char *rr_message_pattern(const struct rr_message *message);

/**
 * How many bytes rr_message_pattern() has. 0 for NULL.
 */
size_t rr_message_pattern_length(const struct rr_message *message);

/**
 * What was published: rr_message_length() bytes, followed by a NUL that is not counted. They live as long as the message.
 * NULL if nothing was, and for NULL.
 */
const char *rr_message_payload(const struct rr_message *message);

/**
 * How many bytes rr_message_payload() has. 0 for NULL.
 */
size_t rr_message_length(const struct rr_message *message);

/**
 * How many messages are lost in this place, for RR_MESSAGE_LOST. 0 for others, and for NULL.
 */
uint64_t rr_message_lost(const struct rr_message *message);

/**
 * When the server was last heard before the gap that RR_MESSAGE_RESTORED tells of, by the system's clock: milliseconds
 * since 1970. What was under way at that moment is lost too. 0 for others, and for NULL.
 */
int64_t rr_message_down_since_ms(const struct rr_message *message);

/**
 * When the server had agreed to everything again, for RR_MESSAGE_RESTORED, by the system's clock: milliseconds since 1970.
 * Nothing published after it is in the gap. 0 for others, and for NULL.
 */
int64_t rr_message_up_at_ms(const struct rr_message *message);

/**
 * What the server said, for RR_MESSAGE_REFUSED. It lives as long as the message: do not free it. NULL for others, and for
 * NULL.
 */
const struct rr_error *rr_message_error(const struct rr_message *message);

/**
 * Frees a message that rr_subscription_next() gave. Does nothing for NULL.
 */
void rr_message_free(struct rr_message *message);

/**
 * Subscribes to `count` names of a kind (RR_CHANNEL, RR_PATTERN or RR_SHARD_CHANNEL), given as to rr_command(), and has
 * `callback` run with each message: see rr_message_callback. Returns at once; freed with rr_subscription_free().
 *
 * `userdata` is handed to every call and may be NULL. `destroy`, unless NULL, is called with it exactly once: when the
 * subscription is freed, or at once if this fails.
 */
rr_status rr_subscribe(struct rr_client *client,
                       rr_kind kind,
                       size_t count,
                       const char *const *names,
                       const size_t *lengths,
                       rr_message_callback callback,
                       void *userdata,
                       rr_destroy destroy,
                       struct rr_subscription **subscription,
                       struct rr_error **err);

/**
 * Makes a subscription to nothing as yet: add names with rr_subscription_add() and take messages with
 * rr_subscription_next(). `options` may be NULL. Freed with rr_subscription_free().
 */
rr_status rr_subscription_new(struct rr_client *client,
                              const struct rr_subscription_options *options,
                              struct rr_subscription **subscription,
                              struct rr_error **err);

/**
 * Subscribes to `count` more names of a kind (RR_CHANNEL, RR_PATTERN or RR_SHARD_CHANNEL), given as to rr_command().
 * Those that it has already stay as they are.
 *
 * Returns as soon as that is noted; the server is asked in the background, now or when it is there. See
 * rr_subscription_wait().
 */
rr_status rr_subscription_add(struct rr_subscription *subscription,
                              rr_kind kind,
                              size_t count,
                              const char *const *names,
                              const size_t *lengths,
                              struct rr_error **err);

/**
 * Gives up `count` names of a kind. No message for them comes any more, but for those that wait to be taken. Names that
 * it does not have are ignored; other subscriptions keep theirs.
 */
rr_status rr_subscription_remove(struct rr_subscription *subscription,
                                 rr_kind kind,
                                 size_t count,
                                 const char *const *names,
                                 const size_t *lengths,
                                 struct rr_error **err);

/**
 * Waits up to `timeout_ms` until the server has agreed to every name (0: looks once). What is published from then on
 * comes. RR_ERR_SERVER when it refuses one, with its text; RR_ERR_TIMEOUT when it has not answered, or is not there.
 */
rr_status rr_subscription_wait(const struct rr_subscription *subscription,
                               int64_t timeout_ms,
                               struct rr_error **err);

/**
 * Takes the next message, waiting up to `timeout_ms` for one (0: not at all). Freed with rr_message_free().
 *
 * RR_EMPTY if none came in time. RR_ERR_CLOSED if none ever will: the client was closed, and everything that had come is
 * taken. Each message goes to one of the threads that wait here. Not for a subscription with a callback:
 * RR_ERR_INVALID_ARGUMENT.
 */
rr_status rr_subscription_next(struct rr_subscription *subscription,
                               int64_t timeout_ms,
                               struct rr_message **message,
                               struct rr_error **err);

/**
 * A descriptor that is readable while rr_subscription_next() has something to give: a message of any kind, or RR_ERR_CLOSED
 * because none will ever come. To be watched beside others with poll, epoll or an event loop; or a negative RR_ERR_ number.
 * Watch it only: rr_subscription_next() makes it unreadable again when it has taken the last. It is the subscription's: it
 * is closed by rr_subscription_free(). Not for a subscription with a callback: RR_ERR_INVALID_ARGUMENT.
 */
int rr_subscription_fd(struct rr_subscription *subscription);

/**
 * Ends a subscription without freeing it: nothing comes any more, what has come can still be taken, and then every call of
 * rr_subscription_next(), those that wait among them, ends with RR_ERR_CLOSED. So a thread that takes messages can be ended
 * before it is freed. Of one with a callback all is said that is said of rr_subscription_free(). Once more is RR_OK.
 */
rr_status rr_subscription_close(struct rr_subscription *subscription,
                                struct rr_error **err);

/**
 * Ends a subscription and frees it; messages that wait are lost. Does nothing for NULL, and in a forked child.
 *
 * Calls that wait in other threads end with RR_ERR_CLOSED; none may begin. When it returns, its callback is not running
 * and will not run, and `destroy` has run: it waits for a call that is running, so hold no lock that the callback takes.
 * From inside that callback it returns at once: the call is the last, and `destroy` runs after it.
 */
void rr_subscription_free(struct rr_subscription *subscription);

/**
 * Fills `stats` as far as its struct_size reaches; what this library does not know of it becomes 0. Set struct_size to
 * sizeof(rr_stats) before the call. The numbers are not of one instant: each is.
 */
rr_status rr_client_stats(const struct rr_client *client,
                          struct rr_stats *stats,
                          struct rr_error **err);

/**
 * How many commands are in the buffer now, or a negative RR_ERR_ number when it cannot be told.
 */
int64_t rr_client_buffered(const struct rr_client *client);

/**
 * Gives all of rr_stats, the state and a histogram of how long calls took in the text format of Prometheus, version 0.0.4
 * (Content-Type: text/plain; version=0.0.4). docs/METRICS.md lists the metrics.
 *
 * A new string of `length` bytes and a NUL, freed with rr_string_free(); `length` may be NULL. Each sample has the label
 * client, which is the option client_name. The numbers are not of one instant: each is.
 */
rr_status rr_client_metrics(const struct rr_client *client,
                            char **text,
                            size_t *length,
                            struct rr_error **err);

/**
 * Gives clients that are made from this config from now on a callback for log lines up to `level` (RR_LOG_INFO: also
 * warnings and errors), in place of an earlier one. Every event is a line, too.
 *
 * `userdata` is handed to every call and may be NULL. `destroy`, unless NULL, is called with it exactly once: when
 * this config no longer has the callback and every client that has it is freed, or at once if registration fails.
 * RR_ERR_INVALID_ARGUMENT if `level` is none.
 */
rr_status rr_config_set_log_callback(struct rr_config *config,
                                     rr_log_level level,
                                     rr_log_callback callback,
                                     void *userdata,
                                     rr_destroy destroy,
                                     struct rr_error **err);

/**
 * The constant's name, such as "RR_LOG_WARNING". Never NULL, never freed; "unknown" for other numbers.
 */
const char *rr_log_level_name(rr_log_level level);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* RESILIENT_REDIS_H */
