/* What can be watched of a client: state, buffer, statistics, events, and the failed list. */
#include "native.h"

#include <string.h>

static PyObject *number_or_failure(int64_t number)
{
    if (number < 0)
        return raise_failure((rr_status)number, NULL);
    return PyLong_FromLongLong(number);
}

PyObject *client_state(client_object *self, PyObject *none)
{
    (void)none;
    return number_or_failure(rr_client_state(self->client));
}

PyObject *client_buffered(client_object *self, PyObject *none)
{
    (void)none;
    return number_or_failure(rr_client_buffered(self->client));
}

PyObject *client_failed_count(client_object *self, PyObject *none)
{
    (void)none;
    return number_or_failure(rr_failed_count(self->client));
}

/* Puts a new value into a dict; NULL is a failure. */
static int put(PyObject *dict, const char *name, PyObject *value)
{
    int result;

    if (value == NULL)
        return -1;
    result = PyDict_SetItemString(dict, name, value);
    Py_DECREF(value);
    return result;
}

PyObject *client_stats(client_object *self, PyObject *none)
{
    rr_error *err = NULL;
    rr_status status;
    rr_stats stats;
    PyObject *dict;

    (void)none;
    memset(&stats, 0, sizeof stats);
    stats.struct_size = sizeof stats;
    status = rr_client_stats(self->client, &stats, &err);
    if (status != RR_OK)
        return raise_failure(status, err);
    dict = PyDict_New();
#define X(field) \
    if (dict != NULL && put(dict, #field, PyLong_FromUnsignedLongLong(stats.field)) < 0) \
        Py_CLEAR(dict);
#include "stats.inc"
#undef X
    return dict;
}

PyObject *client_metrics(client_object *self, PyObject *none)
{
    char *text = NULL;
    size_t length = 0;
    rr_error *err = NULL;
    rr_status status = rr_client_metrics(self->client, &text, &length, &err);
    PyObject *result;

    (void)none;
    if (status != RR_OK)
        return raise_failure(status, err);
    result = PyUnicode_DecodeUTF8(text, (Py_ssize_t)length, "replace");
    rr_string_free(text);
    return result;
}

/* ---- events ---- */

struct awaited_event {
    client_object *client;
    rr_event *event;
    rr_error *err;
};

static rr_status step_event(void *what, int64_t timeout_ms)
{
    struct awaited_event *awaited = what;

    return rr_event_next(awaited->client->client, timeout_ms, &awaited->event, &awaited->err);
}

static PyObject *event_to_python(const rr_event *event)
{
    PyObject *dict = PyDict_New();

    if (dict == NULL)
        return NULL;
    if (put(dict, "kind", PyLong_FromLong(rr_event_kind(event))) < 0 ||
        put(dict, "name", text_to_python(rr_event_name(rr_event_kind(event)))) < 0 ||
        put(dict, "message", text_to_python(rr_event_message(event))) < 0 ||
        put(dict, "time_ms", PyLong_FromLongLong(rr_event_time_ms(event))) < 0 ||
        put(dict, "attempt", PyLong_FromUnsignedLong(rr_event_attempt(event))) < 0 ||
        put(dict, "delay_ms", PyLong_FromLongLong(rr_event_delay_ms(event))) < 0 ||
        put(dict, "count", PyLong_FromUnsignedLongLong(rr_event_count(event))) < 0 ||
        put(dict, "failed_id", PyLong_FromUnsignedLongLong(rr_event_failed_id(event))) < 0 ||
        put(dict, "missed", PyLong_FromUnsignedLongLong(rr_event_missed(event))) < 0 ||
        put(dict, "down_since_ms", PyLong_FromLongLong(rr_event_down_since_ms(event))) < 0 ||
        put(dict, "server_change", PyLong_FromLong(rr_event_server_change(event))) < 0 ||
        put(dict, "history", PyLong_FromLong(rr_event_history(event))) < 0 ||
        put(dict, "old_run_id", text_to_python(rr_event_old_run_id(event))) < 0 ||
        put(dict, "new_run_id", text_to_python(rr_event_new_run_id(event))) < 0 ||
        put(dict, "old_offset", PyLong_FromLongLong(rr_event_old_offset(event))) < 0 ||
        put(dict, "shared_offset", PyLong_FromLongLong(rr_event_shared_offset(event))) < 0 ||
        put(dict, "new_offset", PyLong_FromLongLong(rr_event_new_offset(event))) < 0)
        Py_CLEAR(dict);
    return dict;
}

PyObject *client_event(client_object *self, PyObject *args)
{
    struct awaited_event awaited = {self, NULL, NULL};
    long long timeout_ms;
    PyObject *result;
    rr_status status;

    if (!PyArg_ParseTuple(args, "L", &timeout_ms))
        return NULL;
    status = wait_for(step_event, &awaited, timeout_ms);
    if (status == INTERRUPTED)
        return NULL;
    if (status == RR_EMPTY)
        return given(Py_None);
    if (status != RR_OK)
        return raise_failure(status, awaited.err);
    result = event_to_python(awaited.event);
    rr_event_free(awaited.event);
    return result;
}

/* ---- the failed list ---- */

static PyObject *commands_of(const rr_failed *failed)
{
    size_t count = rr_failed_command_count(failed);
    PyObject *commands = PyList_New((Py_ssize_t)count);

    for (size_t i = 0; commands != NULL && i < count; i++) {
        size_t arguments = rr_failed_argument_count(failed, i);
        PyObject *command = PyList_New((Py_ssize_t)arguments);

        for (size_t k = 0; command != NULL && k < arguments; k++) {
            size_t length;
            const char *bytes = rr_failed_argument(failed, i, k, &length);
            PyObject *argument = PyBytes_FromStringAndSize(bytes, (Py_ssize_t)length);

            if (argument == NULL || PyList_SetItem(command, (Py_ssize_t)k, argument) < 0)
                Py_CLEAR(command);
        }
        if (command == NULL || PyList_SetItem(commands, (Py_ssize_t)i, command) < 0)
            Py_CLEAR(commands);
    }
    return commands;
}

PyObject *client_failed(client_object *self, PyObject *args)
{
    PyObject *commands, *failure, *result = NULL;
    unsigned long long after = 0;
    rr_failed *failed = NULL;
    rr_error *err = NULL;
    rr_status status;

    if (!PyArg_ParseTuple(args, "|K", &after))
        return NULL;
    status = rr_failed_next(self->client, after, &failed, &err);
    if (status == RR_EMPTY)
        return given(Py_None);
    if (status != RR_OK)
        return raise_failure(status, err);
    commands = commands_of(failed);
    failure = commands == NULL ? NULL : failure_of(rr_error_status(rr_failed_error(failed)), rr_failed_error(failed));
    if (failure != NULL)
        result = Py_BuildValue("KOO", (unsigned long long)rr_failed_id(failed), failure, commands);
    Py_XDECREF(commands);
    Py_XDECREF(failure);
    rr_failed_free(failed);
    return result;
}

typedef rr_status (*failed_function)(rr_client *client, uint64_t id, rr_error **err);

static PyObject *with_failed(client_object *self, PyObject *args, failed_function function)
{
    unsigned long long id;
    rr_error *err = NULL;
    rr_status status;

    if (!PyArg_ParseTuple(args, "K", &id))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = function(self->client, id, &err);
    Py_END_ALLOW_THREADS
    if (status != RR_OK)
        return raise_failure(status, err);
    return given(Py_None);
}

PyObject *client_failed_retry(client_object *self, PyObject *args)
{
    return with_failed(self, args, rr_failed_retry);
}

PyObject *client_failed_discard(client_object *self, PyObject *args)
{
    return with_failed(self, args, rr_failed_discard);
}
