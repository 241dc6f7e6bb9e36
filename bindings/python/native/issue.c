/*
 * Commands, pipelines and scripts that are waited for.
 *
 * In the main thread, where a signal's handler may have to run, they are submitted, and their completion is waited for in slices;
 * in other threads the library waits. One whose wait a signal ended is cancelled. What cannot be submitted is done aside.
 */
#include "native.h"

#include <string.h>

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
    rr_command_options submitted = *options;
    rr_queue *queue = take_queue(self);
    rr_error *err = NULL;
    rr_status status;
    struct one one;
    uint64_t id;

    if (queue == NULL)
        return NULL;
    submitted.flags |= RR_SUBMIT_WAIT | RR_SUBMIT_UNTIL_BUFFERED;
    Py_BEGIN_ALLOW_THREADS
    status = rr_submit_packed_to(self->client, queue, 0, &submitted, packed->count, packed->bytes, packed->lengths, &id, &err);
    Py_END_ALLOW_THREADS
    if (status != RR_OK) {
        give_queue(self, queue);
        if (status == RR_ERR_UNSUPPORTED) { /* it changes the connection (SELECT, ...), which only who waits for it may do */
            rr_error_free(err);
            return command_aside(self, command, options, raw);
        }
        return raise_failure_at(self->client, status, err);
    }
    status = wait_for_one(self, queue, id, &one);
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
static PyObject *pipeline_in_slices(client_object *self, rr_pipeline *pipeline, const char *raw)
{
    rr_queue *queue = take_queue(self);
    rr_error *err = NULL;
    rr_status status;
    struct one one;
    uint64_t id;

    if (queue == NULL) {
        rr_pipeline_free(pipeline);
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    status = rr_submit_pipeline_to(self->client, queue, 0, pipeline, RR_SUBMIT_WAIT | RR_SUBMIT_UNTIL_BUFFERED, &id, &err);
    Py_END_ALLOW_THREADS
    if (status != RR_OK) {
        give_queue(self, queue);
        if (status == RR_ERR_UNSUPPORTED) {
            rr_error_free(err);
            return pipeline_in_one_piece(self, pipeline, raw);
        }
        rr_pipeline_free(pipeline);
        return raise_failure_at(self->client, status, err);
    }
    rr_pipeline_free(pipeline);
    status = wait_for_one(self, queue, id, &one);
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
        result = pipeline_in_slices(self, pipeline, raw);
    else
        result = pipeline_in_one_piece(self, pipeline, raw);
    PyMem_Free(raw);
    return result;
}
