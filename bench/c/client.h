/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A client of this library as a job asks for it, for the two worker programs that use one. */

#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include "worker.h"

#include "resilient_redis.h"

/* Ends the worker, with the message of `*err`, unless `status` is `wanted`. */
void expect(rr_status status, rr_status wanted, rr_error *const *err, const char *doing);

/* A client that is connected, with the options of the job and `more`, NAME=VALUE each, NULL last; NULL for none. */
rr_client *client_open(const struct job *job, const char *const *more);

#endif
