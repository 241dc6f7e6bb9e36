#include "crossings.h"

#include <stdlib.h>

/* The arguments as an array of pointers, for functions that have no packed form. NULL when there is no memory. */
static const char **pointers(size_t count, const char *bytes, const size_t *lengths)
{
    const char **all = malloc((count + 1) * sizeof *all);

    for (size_t i = 0; all != NULL && i < count; i++) {
        all[i] = bytes;
        if (bytes != NULL)
            bytes += lengths[i];
    }
    return all;
}

static rr_status no_memory(rr_error **err)
{
    if (err != NULL)
        *err = rr_error_new(RR_ERR_SYSTEM, "there is no memory for the arguments");
    return RR_ERR_SYSTEM;
}

static size_t bytes_of(size_t count, const size_t *lengths)
{
    size_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += lengths[i];
    return sum;
}

static rr_status append(rr_pipeline *pipeline, size_t count, const size_t *argcs, const char *bytes,
                        const size_t *lengths, const rr_script *const *scripts, const size_t *key_counts, rr_error **err)
{
    for (size_t i = 0; i < count; i++) {
        size_t argc = argcs[i];
        rr_status status;

        if (scripts != NULL && scripts[i] != NULL) {
            const char **argv = pointers(argc, bytes, lengths);
            if (argv == NULL)
                return no_memory(err);
            status = rr_pipeline_append_script(pipeline, scripts[i], key_counts[i], argc, argv, lengths, err);
            free(argv);
        } else {
            status = rr_pipeline_append_packed(pipeline, argc, bytes, lengths, err);
        }
        if (status < 0)
            return status;
        if (bytes != NULL)
            bytes += bytes_of(argc, lengths);
        lengths += argc;
    }
    return RR_OK;
}

rr_status rrgo_pipeline_submit(rr_client *client, rr_queue *queue, uint64_t tag, int64_t timeout_ms, uint32_t flags,
                               size_t count, const size_t *argcs, const void *bytes, const size_t *lengths,
                               const rr_script *const *scripts, const size_t *key_counts, uint64_t *id, rr_error **err)
{
    rr_pipeline_options options = {.struct_size = sizeof options, .timeout_ms = timeout_ms, .flags = flags};
    rr_pipeline *pipeline;
    rr_status status = rr_pipeline_new(client, &options, &pipeline, err);

    if (status >= 0)
        status = append(pipeline, count, argcs, bytes, lengths, scripts, key_counts, err);
    if (status >= 0)
        status = rr_submit_pipeline_to(client, queue, tag, pipeline, RR_SUBMIT_UNTIL_BUFFERED, id, err);
    rr_pipeline_free(pipeline);
    return status;
}

static rr_status queue(rr_transaction *transaction, size_t count, const size_t *argcs, const char *bytes,
                       const size_t *lengths, const rr_script *const *scripts, const size_t *key_counts, rr_error **err)
{
    for (size_t i = 0; i < count; i++) {
        size_t argc = argcs[i];
        rr_status status;

        if (scripts != NULL && scripts[i] != NULL) {
            const char **argv = pointers(argc, bytes, lengths);
            if (argv == NULL)
                return no_memory(err);
            status = rr_transaction_queue_script(transaction, scripts[i], key_counts[i], argc, argv, lengths, err);
            free(argv);
        } else {
            status = rr_transaction_queue_packed(transaction, argc, bytes, lengths, err);
        }
        if (status < 0)
            return status;
        if (bytes != NULL)
            bytes += bytes_of(argc, lengths);
        lengths += argc;
    }
    return RR_OK;
}

rr_status rrgo_transaction_run(rr_transaction *transaction, size_t count, const size_t *argcs, const void *bytes,
                               const size_t *lengths, const rr_script *const *scripts, const size_t *key_counts,
                               rr_reply **reply, rr_error **err)
{
    rr_status status = queue(transaction, count, argcs, bytes, lengths, scripts, key_counts, err);

    *reply = NULL;
    if (status >= 0)
        return rr_transaction_execute(transaction, reply, err);
    rr_transaction_discard(transaction, NULL);
    return status;
}

rr_status rrgo_transaction_new(rr_client *client, int64_t timeout_ms, uint32_t flags, size_t count, const void *bytes,
                               const size_t *lengths, rr_transaction **transaction, rr_error **err)
{
    rr_transaction_options options = {.struct_size = sizeof options, .timeout_ms = timeout_ms, .flags = flags};
    const char **keys = pointers(count, bytes, lengths);
    rr_status status;

    *transaction = NULL;
    if (keys == NULL)
        return no_memory(err);
    status = rr_transaction_new(client, &options, count, keys, lengths, transaction, err);
    free(keys);
    return status;
}

rr_status rrgo_transaction_watch(rr_transaction *transaction, size_t count, const void *bytes, const size_t *lengths,
                                 rr_error **err)
{
    const char **keys = pointers(count, bytes, lengths);
    rr_status status;

    if (keys == NULL)
        return no_memory(err);
    status = rr_transaction_watch(transaction, count, keys, lengths, err);
    free(keys);
    return status;
}

rr_status rrgo_command(rr_client *client, int64_t timeout_ms, uint32_t flags, size_t argc, const void *bytes,
                       const size_t *lengths, rr_reply **reply, rr_error **err)
{
    rr_command_options options = {.struct_size = sizeof options, .timeout_ms = timeout_ms, .flags = flags};

    return rr_command_packed_with(client, &options, argc, bytes, lengths, reply, err);
}

rr_status rrgo_subscription_add(rr_subscription *subscription, int32_t kind, size_t count, const void *bytes,
                                const size_t *lengths, rr_error **err)
{
    const char **names = pointers(count, bytes, lengths);
    rr_status status;

    if (names == NULL)
        return no_memory(err);
    status = rr_subscription_add(subscription, kind, count, names, lengths, err);
    free(names);
    return status;
}

rr_status rrgo_subscription_remove(rr_subscription *subscription, int32_t kind, size_t count, const void *bytes,
                                   const size_t *lengths, rr_error **err)
{
    const char **names = pointers(count, bytes, lengths);
    rr_status status;

    if (names == NULL)
        return no_memory(err);
    status = rr_subscription_remove(subscription, kind, count, names, lengths, err);
    free(names);
    return status;
}

rr_status rrgo_messages_next(rr_subscription *subscription, int64_t timeout_ms, struct rrgo_messages *messages,
                             rr_error **err)
{
    messages->count = 0;
    while (messages->count < RRGO_MESSAGES) {
        rr_message *message;
        struct rrgo_message *told = &messages->all[messages->count];
        rr_status status = rr_subscription_next(subscription, timeout_ms, &message, messages->count == 0 ? err : NULL);

        if (status != RR_OK)
            return messages->count > 0 ? RR_OK : status;
        told->message = message;
        told->kind = rr_message_kind(message);
        told->channel = rr_message_channel(message);
        told->channel_length = rr_message_channel_length(message);
        told->pattern = rr_message_pattern(message);
        told->pattern_length = rr_message_pattern_length(message);
        told->payload = rr_message_payload(message);
        told->payload_length = rr_message_length(message);
        told->lost = rr_message_lost(message);
        told->down_since_ms = rr_message_down_since_ms(message);
        told->up_at_ms = rr_message_up_at_ms(message);
        told->error = rr_message_error(message);
        messages->count++;
        timeout_ms = 0;
    }
    return RR_OK;
}

void rrgo_messages_free(struct rrgo_messages *messages)
{
    for (size_t i = 0; i < messages->count; i++)
        rr_message_free(messages->all[i].message);
    messages->count = 0;
}
