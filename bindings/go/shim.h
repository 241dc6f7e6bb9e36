/* What the completion queue needs from C: one crossing for a batch of completions, and one for a submission. */

#ifndef RR_GO_SHIM_H
#define RR_GO_SHIM_H

#include <resilient_redis.h>

/* One completion, as Go reads it in place. Small replies are told in full, so that no further call is made for them. */
struct rrgo_completion {
    uint64_t tag;
    rr_reply *reply;    /* given away to Go when it is an aggregate, else kept by the batch */
    rr_error *error;    /* given away to Go */
    const char *string; /* lives until the next rrgo_next() of the batch */
    size_t length;
    int64_t integer;
    double real;
    int32_t status;
    int32_t type;
};

enum { RRGO_BATCH = 256 };

/* What was taken last. */
struct rrgo_batch {
    rr_completion taken[RRGO_BATCH];
    struct rrgo_completion told[RRGO_BATCH];
    size_t count;
};

struct rrgo_batch *rrgo_batch_new(void);
/* Frees what is left of the last batch and takes the next: how many, 0 when none came in time, or a negative status. */
int64_t rrgo_next(rr_queue *queue, struct rrgo_batch *batch, int64_t timeout_ms);
void rrgo_batch_free(struct rrgo_batch *batch);

/* rr_submit_packed_to() with the options in its arguments. */
rr_status rrgo_submit(rr_client *client, rr_queue *queue, uint64_t tag, uint32_t flags, int64_t timeout_ms, size_t argc,
                      const void *bytes, const size_t *lengths, uint64_t *id, rr_error **err);

#endif
