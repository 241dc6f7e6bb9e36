/* Several calls of the library in one crossing from Go. Commands come as Go keeps them: all arguments one after the other in
 * `bytes`, their `lengths`, and for each command how many arguments it has. `scripts` is NULL, or has a script or NULL for
 * each command, and `key_counts` how many of a script's arguments are keys. */

#ifndef RR_GO_CROSSINGS_H
#define RR_GO_CROSSINGS_H

#include <resilient_redis.h>

/* Makes a pipeline of `count` commands and submits it to the queue: what becomes of it is told there, under `tag`. */
rr_status rrgo_pipeline_submit(rr_client *client, rr_queue *queue, uint64_t tag, int64_t timeout_ms, uint32_t flags,
                               size_t count, const size_t *argcs, const void *bytes, const size_t *lengths,
                               const rr_script *const *scripts, const size_t *key_counts, uint64_t *id, rr_error **err);

/* Queues `count` commands and executes them. What cannot be queued ends the transaction. */
rr_status rrgo_transaction_run(rr_transaction *transaction, size_t count, const size_t *argcs, const void *bytes,
                               const size_t *lengths, const rr_script *const *scripts, const size_t *key_counts,
                               rr_reply **reply, rr_error **err);

/* rr_transaction_new() and rr_transaction_watch() with the keys one after the other. */
rr_status rrgo_transaction_new(rr_client *client, int64_t timeout_ms, uint32_t flags, size_t count, const void *bytes,
                               const size_t *lengths, rr_transaction **transaction, rr_error **err);
rr_status rrgo_transaction_watch(rr_transaction *transaction, size_t count, const void *bytes, const size_t *lengths,
                                 rr_error **err);

/* rr_command_packed_with() with the options in its arguments. */
rr_status rrgo_command(rr_client *client, int64_t timeout_ms, uint32_t flags, size_t argc, const void *bytes,
                       const size_t *lengths, rr_reply **reply, rr_error **err);

/* rr_subscription_add() and rr_subscription_remove() with the names one after the other. */
rr_status rrgo_subscription_add(rr_subscription *subscription, int32_t kind, size_t count, const void *bytes,
                                const size_t *lengths, rr_error **err);
rr_status rrgo_subscription_remove(rr_subscription *subscription, int32_t kind, size_t count, const void *bytes,
                                   const size_t *lengths, rr_error **err);

enum { RRGO_MESSAGES = 64 };

/* A message with all that it says. */
struct rrgo_message {
    rr_message *message; /* to be freed by rrgo_messages_free() */
    int32_t kind;
    const char *channel;
    size_t channel_length;
    const char *pattern;
    size_t pattern_length;
    const char *payload;
    size_t payload_length;
    uint64_t lost;
    int64_t down_since_ms;
    int64_t up_at_ms;
    const rr_error *error;
};

struct rrgo_messages {
    struct rrgo_message all[RRGO_MESSAGES];
    size_t count;
};

/* Takes the messages that are there, waiting up to `timeout_ms` for the first: RR_OK with one or more, or a status without. */
rr_status rrgo_messages_next(rr_subscription *subscription, int64_t timeout_ms, struct rrgo_messages *messages,
                             rr_error **err);
void rrgo_messages_free(struct rrgo_messages *messages);

#endif
