/*
 * Commands, pipelines and scripts that are waited for.
 *
 * In the main thread, where a signal's handler may have to run, they are submitted, and their completion is waited for in slices;
 * in other threads the library waits. One whose wait a signal ended is cancelled. What cannot be submitted is done aside. What
 * finds no room is submitted again and again: the library's own wait for room ends with the time of the command, and no earlier.
 */
#include "native.h"

#include <string.h>
#include <time.h>

/* How long a cancelled command may take to complete: one that waits at the server is ended there first. */
#define CANCEL_MS 5000

static rr_queue *take_queue(client_object *self)
{
    rr_queue *queue = NULL;
    rr_error *err = NULL;
    rr_status status;

    if (self->spares > 0)
        return self->spare[--self->spares];
    status = rr_queue_new(&queue, &err);
    if (status != RR_OK)
        raise_failure(status, err);
    return queue;
}

static void give_queue(client_object *self, rr_queue *queue)
{
    if (self->spares < SPARE_QUEUES)
        self->spare[self->spares++] = queue;
    else
        rr_queue_free(queue);
}

struct one {
    rr_queue *queue;
    rr_completion completion;
    rr_error *err;
};

static rr_status step_one(void *what, int64_t timeout_ms)
{
    struct one *one = what;
    size_t count;

    return rr_queue_next(one->queue, &one->completion, 1, timeout_ms, &count, &one->err);
}

/*
 * Waits for the one completion that the queue is going to have. INTERRUPTED when a signal's handler raised: then the command is
 * cancelled, and the queue is of no more use if what became of it does not come in time.
 */
static rr_status wait_for_one(client_object *self, rr_queue *queue, uint64_t id, struct one *one)
{
    rr_status status;
    size_t count = 0;

    memset(one, 0, sizeof *one);
    one->queue = queue;
    status = wait_for(step_one, one, FOR_EVER);
    if (status != INTERRUPTED) {
        give_queue(self, queue);
        return status;
    }
    rr_cancel(self->client, id, NULL);
    Py_BEGIN_ALLOW_THREADS
    status = rr_queue_next(queue, &one->completion, 1, CANCEL_MS, &count, NULL);
    Py_END_ALLOW_THREADS
    if (status == RR_OK) {
        rr_reply_free(one->completion.reply);
        rr_error_free(one->completion.error);
        give_queue(self, queue);
    } else {
        rr_queue_free(queue);
    }
    return INTERRUPTED;
}

/* The pauses between two looks for room. */
#define SHORTEST_PAUSE_NS 100000
#define LONGEST_PAUSE_NS 20000000

/* A command, or a pipeline, that is to be submitted. */
struct submission {
    client_object *self;
    rr_queue *queue;
    rr_command_options options;
    const arguments *packed;
    rr_pipeline *pipeline;
    int64_t count;
    int64_t limit_ms;
    int64_t waited_ns;
    uint64_t id;
    rr_status status; /* of the last attempt */
    rr_error *err;
};

static void submit_at_once(struct submission *one)
{
    rr_error_free(one->err);
    one->err = NULL;
    /* What was waited for room is of the command's time. That of a pipeline is known since it was made, and begins anew. */
    if (one->waited_ns > 0) {
        int64_t left_ms = one->limit_ms - one->waited_ns / NS_PER_MS;

        one->options.timeout_ms = left_ms > 1 ? left_ms : 1;
    }
    if (one->pipeline != NULL)
        one->status = rr_submit_pipeline_to(one->self->client, one->queue, 0, one->pipeline, RR_SUBMIT_UNTIL_BUFFERED, &one->id,
                                            &one->err);
    else
        one->status = rr_submit_packed_to(one->self->client, one->queue, 0, &one->options, one->packed->count, one->packed->bytes,
                                          one->packed->lengths, &one->id, &one->err);
}

static bool waits_for_room(const struct submission *one)
{
    return one->status == RR_ERR_WOULD_BLOCK || (one->status == RR_ERR_BUFFER_FULL && one->self->most_buffered >= one->count);
}

/* An attempt that the buffer would refuse again is counted by the library as a write that was refused. */
static bool is_still_full(const struct submission *one)
{
    rr_state state;

    if (one->status != RR_ERR_BUFFER_FULL)
        return false;
    state = rr_client_state(one->self->client);
    return state != RR_STATE_READY && state != RR_STATE_CLOSED &&
           rr_client_buffered(one->self->client) + one->count > one->self->most_buffered;
}

static rr_status step_submit(void *what, int64_t timeout_ms)
{
    struct submission *one = what;
    struct timespec pause = {0, SHORTEST_PAUSE_NS};
    int64_t end_ns = one->waited_ns + timeout_ms * NS_PER_MS;

    for (;;) {
        if (!is_still_full(one))
            submit_at_once(one);
        if (!waits_for_room(one))
            return RR_OK;
        if (one->waited_ns >= end_ns)
            return RR_EMPTY;
        nanosleep(&pause, NULL);
        one->waited_ns += pause.tv_nsec;
        if (pause.tv_nsec < LONGEST_PAUSE_NS)
            pause.tv_nsec *= 2;
    }
}

/* Submits it when there is room. INTERRUPTED when a signal's handler raised meanwhile; else what came of it, beside `err`. */
static rr_status submit(struct submission *one)
{
    one->limit_ms = one->options.timeout_ms > 0 ? one->options.timeout_ms : one->self->command_timeout_ms;
    if (wait_for(step_submit, one, one->limit_ms) == INTERRUPTED) {
        rr_error_free(one->err);
        return INTERRUPTED;
    }
    return one->status;
}

static PyObject *accepted(void)
{
    Py_INCREF(buffered);
    return buffered;
}

/* What a command became of, as a value or an exception. */
static PyObject *outcome_of(client_object *self, rr_status status, rr_reply *reply, rr_error *err, bool raw)
{
    if (status == RR_OK)
        return reply_to_python(reply, &self->codec, raw, NULL);
    if (status == RR_BUFFERED)
        return accepted();
    return raise_failure_at(self->client, status, err);
}

/* The same, of a call that was made. It ends the call. */
static PyObject *outcome_of_call(client_object *self, aside *call, bool raw)
{
    rr_reply *reply = call->reply;
    rr_error *err = call->err;
    PyObject *result;

    call->reply = NULL;
    call->err = NULL;
    result = outcome_of(self, call->status, reply, err, raw);
    aside_end(call);
    return result;
}

static PyObject *command_in_one_piece(client_object *self, const arguments *packed, const rr_command_options *options, bool raw)
{
    rr_reply *reply = NULL;
    rr_error *err = NULL;
    rr_status status;

    Py_BEGIN_ALLOW_THREADS
    status = rr_command_packed_with(self->client, options, packed->count, packed->bytes, packed->lengths, &reply, &err);
    Py_END_ALLOW_THREADS
    return outcome_of(self, status, reply, err, raw);
}

static void do_command(aside *call)
{
    rr_command_options options = {sizeof options, 0, 0, 0};

    options.timeout_ms = call->timeout_ms;
    options.flags = call->flags;
    call->status = rr_command_packed_with(call->client, &options, call->packed.count, call->packed.bytes, call->packed.lengths,
                                          &call->reply, &call->err);
}

static PyObject *command_aside(client_object *self, PyObject *command, const rr_command_options *options, bool raw)
{
    aside *call = aside_new((PyObject *)self);

    if (call == NULL)
        return NULL;
    call->work = do_command;
    call->client = self->client;
    call->timeout_ms = options->timeout_ms;
    call->flags = options->flags;
    if (arguments_pack_command(&call->packed, command, &self->codec) < 0) {
        aside_end(call);
        return NULL;
    }
    return aside_do(call) < 0 ? NULL : outcome_of_call(self, call, raw);
}

static PyObject *command_in_slices(client_object *self, PyObject *command, const arguments *packed,
                                   const rr_command_options *options, bool raw)
{
    struct submission submitted = {.self = self, .queue = take_queue(self), .options = *options, .packed = packed, .count = 1};
    rr_queue *queue = submitted.queue;
    rr_status status;
    struct one one;

    if (queue == NULL)
        return NULL;
    submitted.options.flags |= RR_SUBMIT_UNTIL_BUFFERED;
    status = submit(&submitted);
    if (status != RR_OK) {
        give_queue(self, queue);
        if (status == INTERRUPTED)
            return NULL;
        if (status == RR_ERR_UNSUPPORTED) { /* it changes the connection (SELECT, ...), which only who waits for it may do */
            rr_error_free(submitted.err);
            return command_aside(self, command, options, raw);
        }
        return raise_failure_at(self->client, status, submitted.err);
    }
    status = wait_for_one(self, queue, submitted.id, &one);
    if (status == INTERRUPTED)
        return NULL;
    if (status != RR_OK)
        return raise_failure(status, one.err);
    return outcome_of(self, one.completion.status, one.completion.reply, one.completion.error, raw);
}

static PyObject *command_with(client_object *self, PyObject *command, const rr_command_options *options, bool raw)
{
    PyObject *result = NULL;
    arguments packed;

    arguments_begin(&packed);
    if (arguments_pack_command(&packed, command, &self->codec) == 0) {
        /* What is submitted is answered by the primary alone. */
        if (!on_main_thread())
            result = command_in_one_piece(self, &packed, options, raw);
        else if (self->reads_from_replica)
            result = command_aside(self, command, options, raw);
        else
            result = command_in_slices(self, command, &packed, options, raw);
    }
    arguments_end(&packed);
    return result;
}

PyObject *client_command(client_object *self, PyObject *args)
{
    rr_command_options options = {sizeof options, 0, 0, 0};
    long long timeout_ms = 0;
    unsigned int flags = 0;
    PyObject *command;
    int raw = 0;

    if (!PyArg_ParseTuple(args, "O|ILp", &command, &flags, &timeout_ms, &raw))
        return NULL;
    options.timeout_ms = timeout_ms;
    options.flags = flags;
    return command_with(self, command, &options, raw != 0);
}

/* A script that is not longer than this costs less to send than to have it run aside. */
#define SHORT_SCRIPT 4096

/* A script as a command, with its source. */
static PyObject *eval_of(const char *source, Py_ssize_t length, Py_ssize_t key_count, PyObject *values)
{
    PyObject *head = Py_BuildValue("(sNn)", "EVAL", PyBytes_FromStringAndSize(source, length), key_count);
    PyObject *command = head == NULL ? NULL : PySequence_Concat(head, values);

    Py_XDECREF(head);
    return command;
}

static void do_script(aside *call)
{
    rr_script_options options = {sizeof options, 0, 0, 0};

    options.timeout_ms = call->timeout_ms;
    options.flags = call->flags;
    call->status = rr_script_run_packed(call->client, call->script, &options, call->key_count, call->packed.count,
                                        call->packed.bytes, call->packed.lengths, &call->reply, &call->err);
}

PyObject *client_script(client_object *self, PyObject *args)
{
    Py_ssize_t length, key_count;
    long long timeout_ms = 0;
    unsigned int flags = 0;
    char *source;
    PyObject *text, *values;
    aside *call;
    int raw = 0;

    if (!PyArg_ParseTuple(args, "SnO|ILp", &text, &key_count, &values, &flags, &timeout_ms, &raw) ||
        PyBytes_AsStringAndSize(text, &source, &length) < 0)
        return NULL;
    if (length <= SHORT_SCRIPT && !(flags & RR_SCRIPT_READ_ONLY) && on_main_thread() && !self->reads_from_replica &&
        PyTuple_Check(values)) {
        rr_command_options options = {sizeof options, 0, 0, 0};
        PyObject *command = eval_of(source, length, key_count, values), *result;

        options.timeout_ms = timeout_ms;
        options.flags = ((flags & RR_SCRIPT_NO_BUFFER) ? RR_COMMAND_NO_BUFFER : 0) |
                        ((flags & RR_SCRIPT_NO_RETRY) ? RR_COMMAND_NO_RETRY : 0);
        result = command == NULL ? NULL : command_with(self, command, &options, raw != 0);
        Py_XDECREF(command);
        return result;
    }
    call = aside_new((PyObject *)self);
    if (call == NULL)
        return NULL;
    call->work = do_script;
    call->client = self->client;
    call->timeout_ms = timeout_ms;
    call->limit_ms = timeout_ms > 0 ? timeout_ms : self->command_timeout_ms;
    call->flags = flags;
    call->key_count = (size_t)key_count;
    if (arguments_pack_names(&call->packed, values, &self->codec) < 0) {
        aside_end(call);
        return NULL;
    }
    call->status = rr_script_new(source, (size_t)length, &call->script, &call->err);
    if (call->status == RR_OK && aside_do(call) < 0)
        return NULL;
    return outcome_of_call(self, call, raw != 0);
}

PyObject *queued(PyObject *entry, const codec *codec, Py_ssize_t at, Py_ssize_t count, char **raw)
{
    PyObject *command = NULL, *options = NULL;

    if (entry != NULL && PyTuple_Check(entry) && PyTuple_Size(entry) == 2) {
        command = PyTuple_GetItem(entry, 0);
        options = PyTuple_GetItem(entry, 1);
    }
    if (command == NULL || options == NULL || !PyDict_Check(options)) {
        PyErr_SetString(PyExc_TypeError, "a queued command is a pair of its arguments and its options");
        return NULL;
    }
    if (!codec->decode || PyDict_GetItemString(options, "NEVER_DECODE") == NULL)
        return command;
    if (*raw == NULL) {
        /* Python 3.9 declares no PyMem_Calloc() in its limited interface. */
        *raw = PyMem_Malloc((size_t)count);
        if (*raw == NULL) {
            PyErr_NoMemory();
            return NULL;
        }
        memset(*raw, 0, (size_t)count);
    }
    (*raw)[at] = 1;
    return command;
}

rr_pipeline *pipeline_of(client_object *self, PyObject *commands, const rr_pipeline_options *options, char **raw)
{
    rr_pipeline *pipeline = NULL;
    rr_error *err = NULL;
    PyObject *entries;
    Py_ssize_t count;
    arguments packed;
    rr_status status;

    *raw = NULL;
    if (!PyList_Check(commands)) {
        PyErr_SetString(PyExc_TypeError, "queued commands must be a list");
        return NULL;
    }
    entries = PyList_AsTuple(commands); /* code of Python's may run, and the list may change */
    if (entries == NULL)
        return NULL;
    status = rr_pipeline_new(self->client, options, &pipeline, &err);
    if (status != RR_OK) {
        Py_DECREF(entries);
        raise_failure(status, err);
        return NULL;
    }
    count = PyTuple_Size(entries);
    arguments_begin(&packed);
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *command = queued(PyTuple_GetItem(entries, i), &self->codec, i, count, raw);

        if (command == NULL || arguments_pack_command(&packed, command, &self->codec) < 0)
            goto failed;
        status = rr_pipeline_append_packed(pipeline, packed.count, packed.bytes, packed.lengths, &err);
        if (status != RR_OK) {
            raise_failure(status, err);
            goto failed;
        }
    }
    arguments_end(&packed);
    Py_DECREF(entries);
    return pipeline;
failed:
    arguments_end(&packed);
    Py_DECREF(entries);
    rr_pipeline_free(pipeline);
    PyMem_Free(*raw);
    *raw = NULL;
    return NULL;
}

/* (replies, None), or (what came, why not all of it), or an exception. It consumes reply and error. */
static PyObject *pipeline_outcome(client_object *self, rr_status status, rr_reply *reply, rr_error *err, const char *raw)
{
    PyObject *replies, *failure = Py_None, *result;

    if (status == RR_BUFFERED)
        return Py_BuildValue("OO", buffered, Py_None);
    if (reply == NULL)
        return raise_failure_at(self->client, status, err);
    replies = replies_to_python(reply, &self->codec, raw, err);
    if (replies != NULL && err != NULL)
        failure = failure_at(self->client, status, err);
    rr_error_free(err);
    if (replies == NULL || failure == NULL) {
        Py_XDECREF(replies);
        return NULL;
    }
    result = PyTuple_Pack(2, replies, failure);
    Py_DECREF(replies);
    if (failure != Py_None)
        Py_DECREF(failure);
    return result;
}

static void do_pipeline(aside *call)
{
    call->status = rr_pipeline_execute(call->pipeline, &call->reply, &call->err);
}

/* It takes the pipeline. */
static PyObject *pipeline_in_one_piece(client_object *self, rr_pipeline *pipeline, const char *raw)
{
    aside *call = aside_new((PyObject *)self);
    PyObject *result;
    rr_reply *reply;
    rr_error *err;

    if (call == NULL) {
        rr_pipeline_free(pipeline);
        return NULL;
    }
    call->work = do_pipeline;
    call->pipeline = pipeline;
    if (aside_do(call) < 0)
        return NULL;
    reply = call->reply;
    err = call->err;
    call->reply = NULL;
    call->err = NULL;
    result = pipeline_outcome(self, call->status, reply, err, raw);
    aside_end(call);
    return result;
}

/* It takes the pipeline. */
static PyObject *pipeline_in_slices(client_object *self, rr_pipeline *pipeline, int64_t timeout_ms, Py_ssize_t count,
                                    const char *raw)
{
    struct submission submitted = {.self = self, .queue = take_queue(self), .pipeline = pipeline, .count = count};
    rr_queue *queue = submitted.queue;
    rr_status status;
    struct one one;

    if (queue == NULL) {
        rr_pipeline_free(pipeline);
        return NULL;
    }
    submitted.options.timeout_ms = timeout_ms;
    status = submit(&submitted);
    if (status != RR_OK) {
        give_queue(self, queue);
        if (status == RR_ERR_UNSUPPORTED) {
            rr_error_free(submitted.err);
            return pipeline_in_one_piece(self, pipeline, raw);
        }
        rr_pipeline_free(pipeline);
        return status == INTERRUPTED ? NULL : raise_failure_at(self->client, status, submitted.err);
    }
    rr_pipeline_free(pipeline);
    status = wait_for_one(self, queue, submitted.id, &one);
    if (status == INTERRUPTED)
        return NULL;
    if (status != RR_OK)
        return raise_failure(status, one.err);
    return pipeline_outcome(self, one.completion.status, one.completion.reply, one.completion.error, raw);
}

PyObject *client_pipeline(client_object *self, PyObject *args)
{
    rr_pipeline_options options = {sizeof options, 0, 0, 0};
    PyObject *commands, *result;
    long long timeout_ms = 0;
    rr_pipeline *pipeline;
    unsigned int flags = 0;
    char *raw;

    if (!PyArg_ParseTuple(args, "O|IL", &commands, &flags, &timeout_ms))
        return NULL;
    options.timeout_ms = timeout_ms;
    options.flags = flags;
    pipeline = pipeline_of(self, commands, &options, &raw);
    if (pipeline == NULL)
        return NULL;
    if (on_main_thread() && !self->reads_from_replica)
        result = pipeline_in_slices(self, pipeline, timeout_ms, PyList_Size(commands), raw);
    else
        result = pipeline_in_one_piece(self, pipeline, raw);
    PyMem_Free(raw);
    return result;
}
