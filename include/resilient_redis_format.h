/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Commands written like printf: rr_commandf(client, &reply, &err, "SET user:%d:name %s", 7, "any text, with spaces").
 *
 * The format is cut into arguments at its own spaces, before the values are put in: a value with spaces, quotes or
 * line ends stays one argument, or part of one (as "user:%d:name" above). There is no quoting.
 *
 *   %s         text that ends with a NUL (const char *)
 *   %b         bytes of any kind: two values, pointer and length (const void *, size_t)
 *   %d %i      int;  %u unsigned int
 *   %ld %lu    long;  unsigned long
 *   %lld %llu  long long;  unsigned long long
 *   %zu        size_t
 *   %f %g      double, always with a point; with a precision as in "%.17g", which keeps every double exact
 *   %%         a percent sign
 *
 * Anything else is RR_ERR_INVALID_ARGUMENT with a message that shows it, and nothing is sent. The values must be of the
 * types above; nothing can check that. Everything here is a static inline function on top of the functions that end
 * in _packed, for C99 and later and C++.
 */

#ifndef RESILIENT_REDIS_FORMAT_H
#define RESILIENT_REDIS_FORMAT_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resilient_redis.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A command that is being put together. Internal. */
struct rr_format_command {
    char *bytes;
    size_t used, room;
    size_t *lengths;
    size_t argc, argc_room;
    rr_status status;
};

/** Makes room for `more` bytes and for one more argument. Internal. */
static inline bool rr_format_reserve(struct rr_format_command *command, size_t more)
{
    if (command->room - command->used < more) {
        size_t room = command->used + more > 64 ? 2 * (command->used + more) : 128;
        char *bytes = room > more ? (char *)realloc(command->bytes, room) : NULL;
        if (bytes == NULL) {
            command->status = RR_ERR_SYSTEM;
            return false;
        }
        command->bytes = bytes;
        command->room = room;
    }
    if (command->argc == command->argc_room) {
        size_t room = command->argc_room == 0 ? 16 : 2 * command->argc_room;
        size_t *lengths = (size_t *)realloc(command->lengths, room * sizeof *lengths);
        if (lengths == NULL) {
            command->status = RR_ERR_SYSTEM;
            return false;
        }
        command->lengths = lengths;
        command->argc_room = room;
    }
    return true;
}

/** Adds bytes to the argument that is being put together. Internal. */
static inline bool rr_format_add(struct rr_format_command *command, const void *bytes, size_t length)
{
    if (bytes == NULL && length > 0) {
        command->status = RR_ERR_NULL_ARGUMENT;
        return false;
    }
    if (!rr_format_reserve(command, length))
        return false;
    if (length > 0)
        memcpy(command->bytes + command->used, bytes, length);
    command->used += length;
    return true;
}

/** Adds a double with a point, whatever the locale writes. Internal. */
static inline bool rr_format_add_double(struct rr_format_command *command, char kind, int precision, double value)
{
    char text[512];
    size_t from, to = 0;
    int length = kind == 'f' ? snprintf(text, sizeof text, "%.*f", precision, value)
                             : snprintf(text, sizeof text, "%.*g", precision, value);

    if (length < 0 || (size_t)length >= sizeof text) {
        command->status = RR_ERR_INVALID_ARGUMENT;
        return false;
    }
    for (from = 0; from < (size_t)length; from++) {
        if (strchr("+-0123456789abcdefinxABCDEFINX", text[from]) != NULL)
            text[to++] = text[from];
        else if (to == 0 || text[to - 1] != '.')
            text[to++] = '.';
    }
    return rr_format_add(command, text, to);
}

/** Puts a command together. On failure it holds the status, and `*failed_at` what could not be done. Internal. */
static inline void rr_format_parse(
    struct rr_format_command *command, const char **failed_at, const char *format, va_list values)
{
    const char *at = format;
    bool inside = false; /* an argument, which may be empty so far */
    size_t start = 0;
    char text[32];

    memset(command, 0, sizeof *command);
    *failed_at = format;
    if (format == NULL) {
        command->status = RR_ERR_NULL_ARGUMENT;
        return;
    }
    for (;;) {
        *failed_at = at;
        if (*at == ' ' || *at == '\0') {
            if (inside && rr_format_reserve(command, 0)) {
                command->lengths[command->argc++] = command->used - start;
                start = command->used;
                inside = false;
            }
            if (*at == '\0' || command->status != RR_OK)
                return;
            at++;
            continue;
        }
        inside = true;
        if (*at != '%') {
            if (!rr_format_add(command, at, 1))
                return;
            at++;
            continue;
        }
        at++;
        text[0] = '\0';
        if (*at == '%') {
            strcpy(text, "%");
        } else if (*at == 's') {
            const char *value = va_arg(values, const char *);
            if (!rr_format_add(command, value, value != NULL ? strlen(value) : 1))
                return;
        } else if (*at == 'b') {
            const void *value = va_arg(values, const void *);
            if (!rr_format_add(command, value, va_arg(values, size_t)))
                return;
        } else if (*at == 'd' || *at == 'i') {
            snprintf(text, sizeof text, "%d", va_arg(values, int));
        } else if (*at == 'u') {
            snprintf(text, sizeof text, "%u", va_arg(values, unsigned int));
        } else if (strncmp(at, "ld", 2) == 0) {
            at += 1;
            snprintf(text, sizeof text, "%ld", va_arg(values, long));
        } else if (strncmp(at, "lu", 2) == 0) {
            at += 1;
            snprintf(text, sizeof text, "%lu", va_arg(values, unsigned long));
        } else if (strncmp(at, "lld", 3) == 0) {
            at += 2;
            snprintf(text, sizeof text, "%lld", va_arg(values, long long));
        } else if (strncmp(at, "llu", 3) == 0) {
            at += 2;
            snprintf(text, sizeof text, "%llu", va_arg(values, unsigned long long));
        } else if (strncmp(at, "zu", 2) == 0) {
            at += 1;
            snprintf(text, sizeof text, "%zu", va_arg(values, size_t));
        } else {
            int precision = 6;
            if (*at == '.') {
                for (precision = 0, at++; *at >= '0' && *at <= '9' && precision < 100; at++)
                    precision = 10 * precision + (*at - '0');
            }
            if ((*at != 'f' && *at != 'g') || precision >= 100) {
                command->status = RR_ERR_INVALID_ARGUMENT;
                return;
            }
            if (!rr_format_add_double(command, *at, precision, va_arg(values, double)))
                return;
        }
        if (!rr_format_add(command, text, strlen(text)))
            return;
        at++;
    }
}

/** Says what was wrong with a format. Internal. */
static inline rr_status rr_format_fail(struct rr_format_command *command, const char *failed_at, rr_error **err)
{
    rr_status status = command->status;
    char message[160];

    if (status == RR_ERR_SYSTEM)
        snprintf(message, sizeof message, "no memory for the command");
    else if (failed_at == NULL)
        snprintf(message, sizeof message, "format is NULL");
    else if (status == RR_ERR_NULL_ARGUMENT)
        snprintf(message, sizeof message, "the value for \"%.80s\" in the format is NULL", failed_at);
    else
        snprintf(message, sizeof message, "the format is not understood at \"%.80s\"", failed_at);
    if (err != NULL)
        *err = rr_error_new(status, message);
    free(command->bytes);
    free(command->lengths);
    return status;
}

/** rr_commandf() with the values in a va_list. */
static inline rr_status rr_vcommandf(
    rr_client *client, rr_reply **reply, rr_error **err, const char *format, va_list values)
{
    struct rr_format_command command;
    const char *failed_at;
    rr_status status;

    if (reply != NULL)
        *reply = NULL;
    rr_format_parse(&command, &failed_at, format, values);
    if (command.status != RR_OK)
        return rr_format_fail(&command, failed_at, err);
    status = rr_command_packed(client, command.argc, command.bytes, command.lengths, reply, err);
    free(command.bytes);
    free(command.lengths);
    return status;
}

/** rr_command() with the command written as a format: see above. Mind the order: the format and its values come last. */
static inline rr_status rr_commandf(rr_client *client, rr_reply **reply, rr_error **err, const char *format, ...)
{
    rr_status status;
    va_list values;

    va_start(values, format);
    status = rr_vcommandf(client, reply, err, format, values);
    va_end(values);
    return status;
}

/** rr_pipeline_appendf() with the values in a va_list. */
static inline rr_status rr_pipeline_vappendf(rr_pipeline *pipeline, rr_error **err, const char *format, va_list values)
{
    struct rr_format_command command;
    const char *failed_at;
    rr_status status;

    rr_format_parse(&command, &failed_at, format, values);
    if (command.status != RR_OK)
        return rr_format_fail(&command, failed_at, err);
    status = rr_pipeline_append_packed(pipeline, command.argc, command.bytes, command.lengths, err);
    free(command.bytes);
    free(command.lengths);
    return status;
}

/** rr_pipeline_append() with the command written as a format: see above. */
static inline rr_status rr_pipeline_appendf(rr_pipeline *pipeline, rr_error **err, const char *format, ...)
{
    rr_status status;
    va_list values;

    va_start(values, format);
    status = rr_pipeline_vappendf(pipeline, err, format, values);
    va_end(values);
    return status;
}

/** rr_transaction_commandf() with the values in a va_list. */
static inline rr_status rr_transaction_vcommandf(rr_transaction *transaction, rr_reply **reply, rr_error **err,
                                                 const char *format, va_list values)
{
    struct rr_format_command command;
    const char *failed_at;
    rr_status status;

    if (reply != NULL)
        *reply = NULL;
    rr_format_parse(&command, &failed_at, format, values);
    if (command.status != RR_OK)
        return rr_format_fail(&command, failed_at, err);
    status = rr_transaction_command_packed(transaction, command.argc, command.bytes, command.lengths, reply, err);
    free(command.bytes);
    free(command.lengths);
    return status;
}

/** rr_transaction_command() with the command written as a format: see above. */
static inline rr_status rr_transaction_commandf(rr_transaction *transaction, rr_reply **reply, rr_error **err,
                                                const char *format, ...)
{
    rr_status status;
    va_list values;

    va_start(values, format);
    status = rr_transaction_vcommandf(transaction, reply, err, format, values);
    va_end(values);
    return status;
}

/** rr_transaction_queuef() with the values in a va_list. */
static inline rr_status rr_transaction_vqueuef(rr_transaction *transaction, rr_error **err, const char *format,
                                               va_list values)
{
    struct rr_format_command command;
    const char *failed_at;
    rr_status status;

    rr_format_parse(&command, &failed_at, format, values);
    if (command.status != RR_OK)
        return rr_format_fail(&command, failed_at, err);
    status = rr_transaction_queue_packed(transaction, command.argc, command.bytes, command.lengths, err);
    free(command.bytes);
    free(command.lengths);
    return status;
}

/** rr_transaction_queue() with the command written as a format: see above. */
static inline rr_status rr_transaction_queuef(rr_transaction *transaction, rr_error **err, const char *format, ...)
{
    rr_status status;
    va_list values;

    va_start(values, format);
    status = rr_transaction_vqueuef(transaction, err, format, values);
    va_end(values);
    return status;
}

#ifdef __cplusplus
}
#endif

#endif
