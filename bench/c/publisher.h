/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Who publishes for the `subscribe` workloads: the same on both sides, through neither side's library. */

#ifndef BENCH_PUBLISHER_H
#define BENCH_PUBLISHER_H

#include "worker.h"

#define BENCH_CHANNEL "bench:channel"
/* How many messages are published at once, and how long each is. */
enum { PUBLISH_BATCH = 1000, PUBLISH_LENGTH = 64 };

struct publisher;

/* A connection and a thread of its own, and a few batches on their way. */
struct publisher *publisher_begin(const struct job *job);
/* A batch was received: one more may be published. */
void publisher_go_on(struct publisher *publisher);
/* Publishes no more. */
void publisher_end(struct publisher *publisher);

#endif
