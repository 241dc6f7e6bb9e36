#include "shim.h"

#include <stdlib.h>
#include <string.h>

struct rrgo_batch *rrgo_batch_new(void)
{
    return calloc(1, sizeof(struct rrgo_batch));
}

static void forget(struct rrgo_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        rr_reply_free(batch->taken[i].reply);
    batch->count = 0;
}

int64_t rrgo_next(rr_queue *queue, struct rrgo_batch *batch, int64_t timeout_ms)
{
    size_t count = 0;
    rr_status status;

    forget(batch);
    status = rr_queue_next(queue, batch->taken, RRGO_BATCH, timeout_ms, &count, NULL);
    for (size_t i = 0; i < count; i++) {
        rr_completion *taken = &batch->taken[i];
        struct rrgo_completion *told = &batch->told[i];

        memset(told, 0, sizeof *told);
        told->tag = taken->tag;
        told->status = taken->status;
        told->error = taken->error;
        if (taken->reply == NULL)
            continue;
        told->type = rr_reply_type(taken->reply);
        switch (told->type) {
        case RR_TYPE_NIL:
            break;
        case RR_TYPE_INTEGER:
        case RR_TYPE_BOOLEAN:
            told->integer = rr_reply_integer(taken->reply);
            break;
        case RR_TYPE_DOUBLE:
            told->real = rr_reply_double(taken->reply);
            break;
        case RR_TYPE_STATUS:
        case RR_TYPE_STRING:
            told->string = rr_reply_string(taken->reply);
            told->length = rr_reply_length(taken->reply);
            break;
        default:
            /* The goroutine that waits for it makes the rest of it, beside others. */
            told->reply = taken->reply;
            taken->reply = NULL;
        }
    }
    batch->count = count;
    return status < 0 ? status : (int64_t)count;
}

void rrgo_batch_free(struct rrgo_batch *batch)
{
    if (batch != NULL)
        forget(batch);
    free(batch);
}

rr_status rrgo_submit(rr_client *client, rr_queue *queue, uint64_t tag, uint32_t flags, int64_t timeout_ms, size_t argc,
                      const void *bytes, const size_t *lengths, uint64_t *id, rr_error **err)
{
    rr_command_options options = {.struct_size = sizeof options, .timeout_ms = timeout_ms, .flags = flags};

    return rr_submit_packed_to(client, queue, tag, &options, argc, bytes, lengths, id, err);
}
