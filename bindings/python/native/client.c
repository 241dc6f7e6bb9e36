/* The type Client: a client of the library, what its replies are decoded with, and its life. The rest is in the files by noun. */
#include "native.h"

#include <string.h>

PyTypeObject *client_type;

static PyObject *client_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    (void)args;
    (void)keywords;
    return PyType_GenericAlloc(type, 0);
}

/* Sets every option of the dict. */
static int set_options(rr_config *config, PyObject *options)
{
    PyObject *name, *value;
    Py_ssize_t at = 0;

    while (PyDict_Next(options, &at, &name, &value)) {
        PyObject *name_bytes = PyUnicode_AsUTF8String(name);
        PyObject *value_bytes = name_bytes == NULL ? NULL : PyUnicode_AsUTF8String(value);
        char *name_text = NULL, *value_text = NULL;
        rr_error *err = NULL;
        rr_status status = RR_OK;
        int failed = value_bytes == NULL || PyBytes_AsStringAndSize(name_bytes, &name_text, NULL) < 0 ||
                     PyBytes_AsStringAndSize(value_bytes, &value_text, NULL) < 0;

        if (!failed)
            status = rr_config_set(config, name_text, value_text, &err);
        Py_XDECREF(name_bytes);
        Py_XDECREF(value_bytes);
        if (failed)
            return -1;
        if (status != RR_OK) {
            raise_failure(status, err);
            return -1;
        }
    }
    return 0;
}

/* What an option of a config is, as text. */
static PyObject *option_of(const rr_config *config, const char *name)
{
    char *value = NULL;
    rr_error *err = NULL;
    rr_status status = rr_config_get(config, name, &value, &err);
    PyObject *text;

    if (status != RR_OK)
        return raise_failure(status, err);
    text = text_to_python(value);
    rr_string_free(value);
    return text;
}

PyObject *options_with(PyObject *module, PyObject *args)
{
    PyObject *options, *names, *found;
    rr_config *config;

    (void)module;
    if (!PyArg_ParseTuple(args, "O!O!", &PyDict_Type, &options, &PyTuple_Type, &names))
        return NULL;
    config = rr_config_new();
    if (config == NULL)
        return PyErr_NoMemory();
    found = set_options(config, options) < 0 ? NULL : PyDict_New();
    for (Py_ssize_t i = 0; found != NULL && i < PyTuple_Size(names); i++) {
        PyObject *name = PyTuple_GetItem(names, i);
        PyObject *bytes = PyUnicode_AsUTF8String(name);
        PyObject *value = bytes == NULL ? NULL : option_of(config, PyBytes_AsString(bytes));

        if (value == NULL || PyDict_SetItem(found, name, value) < 0)
            Py_CLEAR(found);
        Py_XDECREF(bytes);
        Py_XDECREF(value);
    }
    rr_config_free(config);
    return found;
}

/* What an option of a config is, as a number; -1 with an exception if it cannot be had. */
static long long number_of(const rr_config *config, const char *name)
{
    PyObject *text = option_of(config, name);
    PyObject *number = text == NULL ? NULL : PyNumber_Long(text);
    long long value = number == NULL ? -1 : PyLong_AsLongLong(number);

    Py_XDECREF(text);
    Py_XDECREF(number);
    return value;
}

/* The options that calls here are made by. */
static int look_at_options(client_object *self, const rr_config *config)
{
    PyObject *source = option_of(config, "read_from");
    PyObject *overflow = source == NULL ? NULL : option_of(config, "buffer_overflow");

    if (overflow != NULL) {
        self->reads_from_replica = PyUnicode_CompareWithASCIIString(source, "replica") == 0;
        self->command_timeout_ms = number_of(config, "command_timeout_ms");
        if (self->command_timeout_ms >= 0 && PyUnicode_CompareWithASCIIString(overflow, "block") == 0)
            self->most_buffered = number_of(config, "buffer_max_commands");
    }
    Py_XDECREF(source);
    Py_XDECREF(overflow);
    return PyErr_Occurred() ? -1 : 0;
}

static int client_init(client_object *self, PyObject *args, PyObject *keywords)
{
    PyObject *options, *encoding, *errors, *credentials = Py_None, *resolver = Py_None;
    int decode;
    rr_client *client = NULL;
    rr_config *config;
    rr_error *err = NULL;
    rr_status status;

    if (keywords != NULL && PyDict_Size(keywords) > 0) {
        PyErr_SetString(PyExc_TypeError, "Client() takes no keyword arguments");
        return -1;
    }
    if (!PyArg_ParseTuple(args, "O!UUp|OO", &PyDict_Type, &options, &encoding, &errors, &decode, &credentials, &resolver))
        return -1;
    if (self->client != NULL) {
        PyErr_SetString(PyExc_RuntimeError, "a Client is made once");
        return -1;
    }
    if (codec_init(&self->codec, encoding, errors, decode != 0) < 0)
        return -1;
    config = rr_config_new();
    if (config == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (set_options(config, options) < 0 || look_at_options(self, config) < 0 || mailbox_give_credentials_of(credentials, config) < 0 ||
        mailbox_give_addresses_of(resolver, config) < 0) {
        rr_config_free(config);
        return -1;
    }
    Py_BEGIN_ALLOW_THREADS
    status = rr_client_new(config, &client, &err);
    rr_config_free(config);
    Py_END_ALLOW_THREADS
    if (status != RR_OK) {
        raise_failure(status, err);
        return -1;
    }
    if (self->client != NULL) { /* another thread was quicker */
        Py_BEGIN_ALLOW_THREADS
        rr_client_free(client);
        Py_END_ALLOW_THREADS
        PyErr_SetString(PyExc_RuntimeError, "a Client is made once");
        return -1;
    }
    self->client = client;
    return 0;
}

static void client_dealloc(client_object *self)
{
    rr_client *client = self->client;

    for (size_t i = 0; i < self->spares; i++)
        rr_queue_free(self->spare[i]);
    if (client != NULL) {
        /* It may wait for a mailbox to refuse; a mailbox is closed before (engine.py), or nobody waits. */
        Py_BEGIN_ALLOW_THREADS
        rr_client_free(client);
        Py_END_ALLOW_THREADS
    }
    codec_end(&self->codec);
    free_object((PyObject *)self);
}

struct patience {
    const client_object *client;
    rr_error *err;
};

static rr_status step_ready(void *what, int64_t timeout_ms)
{
    struct patience *patience = what;
    rr_status status;

    rr_error_free(patience->err);
    status = rr_client_wait_ready(patience->client->client, timeout_ms, &patience->err);
    return status == RR_ERR_TIMEOUT ? RR_EMPTY : status;
}

static rr_status step_flush(void *what, int64_t timeout_ms)
{
    struct patience *patience = what;
    rr_status status;

    rr_error_free(patience->err);
    status = rr_client_flush(patience->client->client, timeout_ms, &patience->err);
    return status == RR_ERR_TIMEOUT ? RR_EMPTY : status;
}

static PyObject *wait_with(client_object *self, PyObject *args, wait_step step)
{
    struct patience patience = {self, NULL};
    long long timeout_ms;
    rr_status status;

    if (!PyArg_ParseTuple(args, "L", &timeout_ms))
        return NULL;
    status = wait_for(step, &patience, timeout_ms);
    if (status == INTERRUPTED) {
        rr_error_free(patience.err);
        return NULL;
    }
    if (status != RR_OK)
        return raise_failure(status, patience.err);
    return given(Py_None);
}

static PyObject *client_wait_ready(client_object *self, PyObject *args)
{
    return wait_with(self, args, step_ready);
}

static PyObject *client_flush(client_object *self, PyObject *args)
{
    return wait_with(self, args, step_flush);
}

static PyObject *client_reconnect(client_object *self, PyObject *none)
{
    rr_error *err = NULL;
    rr_status status;

    (void)none;
    status = rr_client_reconnect(self->client, &err);
    if (status != RR_OK)
        return raise_failure(status, err);
    return given(Py_None);
}

static void do_close(aside *call)
{
    call->status = rr_client_close(call->client, call->timeout_ms, &call->report, &call->err);
}

static PyObject *client_close(client_object *self, PyObject *args)
{
    PyObject *result = NULL;
    long long timeout_ms;
    aside *call;

    if (!PyArg_ParseTuple(args, "L", &timeout_ms))
        return NULL;
    call = aside_new((PyObject *)self);
    if (call == NULL)
        return NULL;
    call->work = do_close;
    call->client = self->client;
    call->timeout_ms = timeout_ms;
    call->report.struct_size = sizeof call->report;
    if (aside_do(call) < 0)
        return NULL;
    if (call->status == RR_OK)
        result = Py_BuildValue("KKKK", (unsigned long long)call->report.drained, (unsigned long long)call->report.lost,
                               (unsigned long long)call->report.unknown, (unsigned long long)call->report.failed);
    else
        aside_raise(call);
    aside_end(call);
    return result;
}

#define METHOD(name, flags, text) {#name, (PyCFunction)(void (*)(void))client_##name, flags, text}

static PyMethodDef client_methods[] = {
    METHOD(command, METH_VARARGS, "command(args, flags=0, timeout_ms=0, raw=False)"),
    METHOD(pipeline, METH_VARARGS, "pipeline(commands, flags=0, timeout_ms=0)"),
    METHOD(script, METH_VARARGS, "script(source, key_count, args, flags=0, timeout_ms=0, raw=False)"),
    METHOD(transaction, METH_VARARGS, "transaction(keys, timeout_ms=0)"),
    METHOD(queue, METH_NOARGS, "queue()"),
    METHOD(submit, METH_VARARGS, "submit(queue, tag, args, flags=0, timeout_ms=0, raw=False)"),
    METHOD(submit_pipeline, METH_VARARGS, "submit_pipeline(queue, tag, commands, flags=0, timeout_ms=0)"),
    METHOD(cancel, METH_VARARGS, "cancel(id)"),
    METHOD(subscription, METH_VARARGS, "subscription(queue_size=0, queue_bytes=0)"),
    METHOD(monitor, METH_NOARGS, "monitor()"),
    METHOD(event, METH_VARARGS, "event(timeout_ms)"),
    METHOD(state, METH_NOARGS, "state()"),
    METHOD(buffered, METH_NOARGS, "buffered()"),
    METHOD(stats, METH_NOARGS, "stats()"),
    METHOD(metrics, METH_NOARGS, "metrics()"),
    METHOD(failed_count, METH_NOARGS, "failed_count()"),
    METHOD(failed, METH_VARARGS, "failed(after_id=0)"),
    METHOD(failed_retry, METH_VARARGS, "failed_retry(id)"),
    METHOD(failed_discard, METH_VARARGS, "failed_discard(id)"),
    METHOD(wait_ready, METH_VARARGS, "wait_ready(timeout_ms)"),
    METHOD(flush, METH_VARARGS, "flush(timeout_ms)"),
    METHOD(reconnect, METH_NOARGS, "reconnect()"),
    METHOD(close, METH_VARARGS, "close(timeout_ms)"),
    {NULL, NULL, 0, NULL},
};

static PyType_Slot client_slots[] = {
    {Py_tp_doc, (void *)"Client(options, encoding, errors, decode, credentials=None, resolver=None)"},
    {Py_tp_new, (void *)client_new},
    {Py_tp_init, (void *)client_init},
    {Py_tp_dealloc, (void *)client_dealloc},
    {Py_tp_methods, client_methods},
    {0, NULL},
};

static PyType_Spec client_spec = {"resilient_redis._native.Client", sizeof(client_object), 0, Py_TPFLAGS_DEFAULT, client_slots};

int client_add(PyObject *module)
{
    client_type = add_type(module, &client_spec);
    return client_type == NULL ? -1 : 0;
}
