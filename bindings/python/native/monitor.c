/* The type Monitor: every command that the server runs. One thread takes them; any other may close it. */
#include "native.h"

typedef struct monitor_object {
    PyObject_HEAD
    rr_monitor *monitor;
    client_object *client;
} monitor_object;

static PyTypeObject *monitor_type;

static void do_begin(aside *call)
{
    call->status = rr_monitor_new(call->client, &call->monitor, &call->err);
}

PyObject *client_monitor(client_object *self, PyObject *none)
{
    aside *call = aside_new((PyObject *)self);
    monitor_object *made = NULL;

    (void)none;
    if (call == NULL)
        return NULL;
    call->work = do_begin;
    call->client = self->client;
    if (aside_do(call) < 0)
        return NULL;
    if (call->status != RR_OK) {
        aside_raise(call);
    } else if ((made = (monitor_object *)new_object(monitor_type)) != NULL) {
        Py_INCREF(self);
        made->client = self;
        made->monitor = call->monitor;
        call->monitor = NULL;
    }
    aside_end(call);
    return (PyObject *)made;
}

static void monitor_dealloc(monitor_object *self)
{
    Py_BEGIN_ALLOW_THREADS
    rr_monitor_free(self->monitor);
    Py_END_ALLOW_THREADS
    Py_XDECREF(self->client);
    free_object((PyObject *)self);
}

struct awaited_entry {
    monitor_object *monitor;
    rr_monitor_entry *entry;
    rr_error *err;
};

static rr_status step_entry(void *what, int64_t timeout_ms)
{
    struct awaited_entry *awaited = what;

    return rr_monitor_next(awaited->monitor->monitor, timeout_ms, &awaited->entry, &awaited->err);
}

static PyObject *entry_to_python(const rr_monitor_entry *entry)
{
    size_t count = rr_monitor_entry_argument_count(entry), length;
    PyObject *args = PyList_New((Py_ssize_t)count);
    const char *line = rr_monitor_entry_line(entry, &length);

    for (size_t i = 0; args != NULL && i < count; i++) {
        size_t size;
        const char *bytes = rr_monitor_entry_argument(entry, i, &size);
        PyObject *argument = PyBytes_FromStringAndSize(bytes, (Py_ssize_t)size);

        if (argument == NULL || PyList_SetItem(args, (Py_ssize_t)i, argument) < 0)
            Py_CLEAR(args);
    }
    if (args == NULL)
        return NULL;
    return Py_BuildValue("iLLsNLN", (int)rr_monitor_entry_kind(entry), (long long)rr_monitor_entry_time_us(entry),
                         (long long)rr_monitor_entry_db(entry), rr_monitor_entry_address(entry), bytes_to_python(line, length),
                         (long long)rr_monitor_entry_gap_ms(entry), args);
}

static PyObject *monitor_next(monitor_object *self, PyObject *args)
{
    struct awaited_entry awaited = {self, NULL, NULL};
    long long timeout_ms;
    PyObject *result;
    rr_status status;

    if (!PyArg_ParseTuple(args, "L", &timeout_ms))
        return NULL;
    status = wait_for(step_entry, &awaited, timeout_ms);
    if (status == INTERRUPTED)
        return NULL;
    if (status == RR_EMPTY)
        return given(Py_None);
    if (status != RR_OK)
        return raise_failure(status, awaited.err);
    result = entry_to_python(awaited.entry);
    rr_monitor_entry_free(awaited.entry);
    return result;
}

static PyObject *monitor_close(monitor_object *self, PyObject *none)
{
    rr_error *err = NULL;
    rr_status status;

    (void)none;
    Py_BEGIN_ALLOW_THREADS
    status = rr_monitor_close(self->monitor, &err);
    Py_END_ALLOW_THREADS
    if (status != RR_OK)
        return raise_failure(status, err);
    return given(Py_None);
}

static PyMethodDef monitor_methods[] = {
    {"next", (PyCFunction)(void (*)(void))monitor_next, METH_VARARGS,
     "next(timeout_ms): None, or (kind, time_us, db, address, line, gap_ms, args)"},
    {"close", (PyCFunction)(void (*)(void))monitor_close, METH_NOARGS, "close()"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot monitor_slots[] = {
    {Py_tp_doc, (void *)"Every command that the server runs."},
    {Py_tp_new, (void *)made_by_a_client},
    {Py_tp_dealloc, (void *)monitor_dealloc},
    {Py_tp_methods, monitor_methods},
    {0, NULL},
};

static PyType_Spec monitor_spec = {"resilient_redis._native.Monitor", sizeof(monitor_object), 0, Py_TPFLAGS_DEFAULT, monitor_slots};

int monitor_add(PyObject *module)
{
    monitor_type = add_type(module, &monitor_spec);
    return monitor_type == NULL ? -1 : 0;
}
