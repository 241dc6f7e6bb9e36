/* The type Transaction: watched keys, reads, and what is executed unless one of them was changed. One thread at a time. */
#include "native.h"

typedef struct transaction_object {
    PyObject_HEAD
    rr_transaction *transaction;
    client_object *client;
} transaction_object;

static PyTypeObject *transaction_type;

PyObject *client_transaction(client_object *self, PyObject *args)
{
    rr_transaction_options options = {sizeof options, 0, 0, 0};
    transaction_object *made = NULL;
    const char *const *pointers;
    rr_error *err = NULL;
    unsigned int flags = 0;
    long long timeout_ms = 0;
    arguments packed;
    rr_status status;
    PyObject *keys;

    if (!PyArg_ParseTuple(args, "O|LI", &keys, &timeout_ms, &flags))
        return NULL;
    if (client_outlast_outage(self, timeout_ms) < 0)
        return NULL;
    options.timeout_ms = timeout_ms;
    options.flags = flags;
    arguments_begin(&packed);
    if (arguments_pack_names(&packed, keys, &self->codec) == 0 && (pointers = arguments_pointers(&packed)) != NULL &&
        (made = (transaction_object *)new_object(transaction_type)) != NULL) {
        Py_INCREF(self);
        made->client = self;
        Py_BEGIN_ALLOW_THREADS
        status = rr_transaction_new(self->client, &options, packed.count, pointers, packed.lengths, &made->transaction, &err);
        Py_END_ALLOW_THREADS
        if (status != RR_OK) {
            Py_CLEAR(made);
            raise_failure(status, err);
        }
    }
    arguments_end(&packed);
    return (PyObject *)made;
}

static void transaction_dealloc(transaction_object *self)
{
    Py_BEGIN_ALLOW_THREADS
    rr_transaction_free(self->transaction);
    Py_END_ALLOW_THREADS
    Py_XDECREF(self->client);
    free_object((PyObject *)self);
}

static PyObject *transaction_watch(transaction_object *self, PyObject *keys)
{
    const char *const *pointers;
    rr_error *err = NULL;
    PyObject *result = NULL;
    arguments packed;
    rr_status status;

    arguments_begin(&packed);
    if (arguments_pack_names(&packed, keys, &self->client->codec) == 0 && (pointers = arguments_pointers(&packed)) != NULL) {
        Py_BEGIN_ALLOW_THREADS
        status = rr_transaction_watch(self->transaction, packed.count, pointers, packed.lengths, &err);
        Py_END_ALLOW_THREADS
        if (status == RR_OK) {
            Py_INCREF(Py_None);
            result = Py_None;
        } else {
            raise_failure(status, err);
        }
    }
    arguments_end(&packed);
    return result;
}

static PyObject *transaction_command(transaction_object *self, PyObject *args)
{
    PyObject *command, *result = NULL;
    rr_reply *reply = NULL;
    rr_error *err = NULL;
    arguments packed;
    rr_status status;
    int raw = 0;

    if (!PyArg_ParseTuple(args, "O|p", &command, &raw))
        return NULL;
    arguments_begin(&packed);
    if (arguments_pack_command(&packed, command, &self->client->codec) == 0) {
        Py_BEGIN_ALLOW_THREADS
        status = rr_transaction_command_packed(self->transaction, packed.count, packed.bytes, packed.lengths, &reply, &err);
        Py_END_ALLOW_THREADS
        result = status == RR_OK ? reply_to_python(reply, &self->client->codec, raw != 0, NULL) : raise_failure(status, err);
    }
    arguments_end(&packed);
    return result;
}

/* Queues what the list of (args, options) pairs says. */
static int queue_all(transaction_object *self, PyObject *commands)
{
    rr_error *err = NULL;
    arguments packed;
    int result = 0;

    arguments_begin(&packed);
    for (Py_ssize_t i = 0; result == 0 && i < PyList_Size(commands); i++) {
        PyObject *entry = PyList_GetItem(commands, i);
        PyObject *command = PyTuple_Check(entry) && PyTuple_Size(entry) == 2 ? PyTuple_GetItem(entry, 0) : NULL;
        rr_status status;

        if (command == NULL) {
            PyErr_SetString(PyExc_TypeError, "a queued command is a pair of its arguments and its options");
            result = -1;
        } else {
            result = arguments_pack_command(&packed, command, &self->client->codec);
        }
        if (result < 0)
            break;
        status = rr_transaction_queue_packed(self->transaction, packed.count, packed.bytes, packed.lengths, &err);
        if (status != RR_OK) {
            raise_failure(status, err);
            result = -1;
        }
    }
    arguments_end(&packed);
    return result;
}

static PyObject *transaction_execute(transaction_object *self, PyObject *commands)
{
    rr_reply *reply = NULL;
    rr_error *err = NULL;
    rr_status status;

    if (!PyList_Check(commands)) {
        PyErr_SetString(PyExc_TypeError, "queued commands must be a list");
        return NULL;
    }
    if (queue_all(self, commands) < 0)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = rr_transaction_execute(self->transaction, &reply, &err);
    Py_END_ALLOW_THREADS
    if (status != RR_OK)
        return raise_failure(status, err);
    return reply_to_python(reply, &self->client->codec, false, NULL);
}

static PyObject *transaction_discard(transaction_object *self, PyObject *none)
{
    rr_error *err = NULL;
    rr_status status;

    (void)none;
    Py_BEGIN_ALLOW_THREADS
    status = rr_transaction_discard(self->transaction, &err);
    Py_END_ALLOW_THREADS
    if (status != RR_OK)
        return raise_failure(status, err);
    Py_RETURN_NONE;
}

static PyMethodDef transaction_methods[] = {
    {"watch", (PyCFunction)(void (*)(void))transaction_watch, METH_O, "watch(keys)"},
    {"command", (PyCFunction)(void (*)(void))transaction_command, METH_VARARGS, "command(args, raw=False)"},
    {"execute", (PyCFunction)(void (*)(void))transaction_execute, METH_O, "execute(commands): a list with a value for each"},
    {"discard", (PyCFunction)(void (*)(void))transaction_discard, METH_NOARGS, "discard()"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot transaction_slots[] = {
    {Py_tp_doc, (void *)"Watched keys, and what is executed unless one of them was changed."},
    {Py_tp_dealloc, (void *)transaction_dealloc},
    {Py_tp_methods, transaction_methods},
    {0, NULL},
};

static PyType_Spec transaction_spec = {"resilient_redis._native.Transaction", sizeof(transaction_object), 0, Py_TPFLAGS_DEFAULT,
                                       transaction_slots};

int transaction_add(PyObject *module)
{
    transaction_type = add_type(module, &transaction_spec);
    return transaction_type == NULL ? -1 : 0;
}
