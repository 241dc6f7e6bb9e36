/* The type Transaction: watched keys, reads, and what is executed unless one of them was changed. One thread at a time. */
#include "native.h"

typedef struct transaction_object {
    PyObject_HEAD
    rr_transaction *transaction;
    client_object *client;
    int64_t limit_ms; /* how long each call may take */
} transaction_object;

static PyTypeObject *transaction_type;

static void do_begin(aside *call)
{
    rr_transaction_options options = {sizeof options, 0, 0, 0};

    options.timeout_ms = call->timeout_ms;
    options.flags = call->flags;
    call->status = rr_transaction_new(call->client, &options, call->packed.count, call->pointers, call->packed.lengths,
                                      &call->transaction, &call->err);
}

PyObject *client_transaction(client_object *self, PyObject *args)
{
    transaction_object *made = NULL;
    long long timeout_ms = 0;
    unsigned int flags = 0;
    PyObject *keys;
    aside *call;

    if (!PyArg_ParseTuple(args, "O|LI", &keys, &timeout_ms, &flags))
        return NULL;
    call = aside_new((PyObject *)self);
    if (call == NULL)
        return NULL;
    call->work = do_begin;
    call->client = self->client;
    call->timeout_ms = timeout_ms;
    call->limit_ms = timeout_ms > 0 ? timeout_ms : self->command_timeout_ms;
    call->flags = flags;
    if (arguments_pack_names(&call->packed, keys, &self->codec) == 0 &&
        (call->pointers = arguments_pointers(&call->packed)) != NULL) {
        if (aside_do(call) < 0)
            return NULL;
        if (call->status != RR_OK) {
            aside_raise(call);
        } else if ((made = (transaction_object *)new_object(transaction_type)) != NULL) {
            Py_INCREF(self);
            made->client = self;
            made->limit_ms = call->limit_ms;
            made->transaction = call->transaction;
            call->transaction = NULL;
        }
    }
    aside_end(call);
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

/* A call on the transaction. */
static aside *call_on(transaction_object *self, void (*work)(aside *call))
{
    aside *call = aside_new((PyObject *)self);

    if (call != NULL) {
        call->work = work;
        call->client = self->client->client;
        call->watch = self->transaction;
        call->limit_ms = self->limit_ms;
    }
    return call;
}

/* Makes a call that gives nothing. It ends the call. */
static PyObject *done(aside *call)
{
    PyObject *result = NULL;

    if (aside_do(call) < 0)
        return NULL;
    if (call->status == RR_OK) {
        Py_INCREF(Py_None);
        result = Py_None;
    } else {
        aside_raise(call);
    }
    aside_end(call);
    return result;
}

static void do_watch(aside *call)
{
    call->status = rr_transaction_watch(call->watch, call->packed.count, call->pointers, call->packed.lengths, &call->err);
}

static PyObject *transaction_watch(transaction_object *self, PyObject *keys)
{
    aside *call = call_on(self, do_watch);

    if (call == NULL)
        return NULL;
    if (arguments_pack_names(&call->packed, keys, &self->client->codec) < 0 ||
        (call->pointers = arguments_pointers(&call->packed)) == NULL) {
        aside_end(call);
        return NULL;
    }
    return done(call);
}

static void do_command(aside *call)
{
    call->status = rr_transaction_command_packed(call->watch, call->packed.count, call->packed.bytes, call->packed.lengths,
                                                 &call->reply, &call->err);
}

static PyObject *transaction_command(transaction_object *self, PyObject *args)
{
    PyObject *command, *result;
    rr_reply *reply;
    aside *call;
    int raw = 0;

    if (!PyArg_ParseTuple(args, "O|p", &command, &raw) || (call = call_on(self, do_command)) == NULL)
        return NULL;
    if (arguments_pack_command(&call->packed, command, &self->client->codec) < 0) {
        aside_end(call);
        return NULL;
    }
    if (aside_do(call) < 0)
        return NULL;
    reply = call->reply;
    call->reply = NULL;
    result = call->status == RR_OK ? reply_to_python(reply, &self->client->codec, raw != 0, NULL) : aside_raise(call);
    aside_end(call);
    return result;
}

/* Queues what the list of (args, options) pairs says. `*raw` gets a byte for each, as with pipeline_of(). */
static int queue_all(transaction_object *self, PyObject *commands, char **raw)
{
    PyObject *entries = PyList_AsTuple(commands); /* code of Python's may run, and the list may change */
    Py_ssize_t count;
    rr_error *err = NULL;
    arguments packed;
    int result = 0;

    if (entries == NULL)
        return -1;
    count = PyTuple_Size(entries);
    arguments_begin(&packed);
    for (Py_ssize_t i = 0; result == 0 && i < count; i++) {
        PyObject *command = queued(PyTuple_GetItem(entries, i), &self->client->codec, i, count, raw);
        rr_status status;

        if (command == NULL || arguments_pack_command(&packed, command, &self->client->codec) < 0) {
            result = -1;
            break;
        }
        status = rr_transaction_queue_packed(self->transaction, packed.count, packed.bytes, packed.lengths, &err);
        if (status != RR_OK) {
            raise_failure(status, err);
            result = -1;
        }
    }
    arguments_end(&packed);
    Py_DECREF(entries);
    return result;
}

static void do_execute(aside *call)
{
    call->status = rr_transaction_execute(call->watch, &call->reply, &call->err);
}

static PyObject *transaction_execute(transaction_object *self, PyObject *commands)
{
    PyObject *result = NULL;
    char *raw = NULL;
    aside *call;

    if (!PyList_Check(commands)) {
        PyErr_SetString(PyExc_TypeError, "queued commands must be a list");
        return NULL;
    }
    call = call_on(self, do_execute);
    if (call == NULL)
        return NULL;
    if (queue_all(self, commands, &raw) < 0) {
        aside_end(call);
    } else if (aside_do(call) == 0) {
        if (call->status == RR_OK) {
            rr_reply *reply = call->reply;

            call->reply = NULL;
            result = replies_to_python(reply, &self->client->codec, raw, NULL);
        } else {
            aside_raise(call);
        }
        aside_end(call);
    }
    PyMem_Free(raw);
    return result;
}

static void do_discard(aside *call)
{
    call->status = rr_transaction_discard(call->watch, &call->err);
}

static PyObject *transaction_discard(transaction_object *self, PyObject *none)
{
    aside *call = call_on(self, do_discard);

    (void)none;
    return call == NULL ? NULL : done(call);
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
    {Py_tp_new, (void *)made_by_a_client},
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
