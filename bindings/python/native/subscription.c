/* The type Subscription: names that are wanted, and the messages that have come. They are pulled; any thread may. */
#include "native.h"

#include <string.h>

typedef struct subscription_object {
    PyObject_HEAD
    rr_subscription *subscription;
    client_object *client;
} subscription_object;

static PyTypeObject *subscription_type;

PyObject *client_subscription(client_object *self, PyObject *args)
{
    Py_ssize_t queue_size = 0, queue_bytes = 0;
    rr_subscription_options options;
    subscription_object *made;
    rr_error *err = NULL;
    rr_status status;

    if (!PyArg_ParseTuple(args, "|nn", &queue_size, &queue_bytes))
        return NULL;
    if (queue_size < 0 || queue_bytes < 0) {
        PyErr_SetString(PyExc_ValueError, "the size of a queue cannot be negative");
        return NULL;
    }
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.queue_size = (size_t)queue_size;
    options.queue_bytes = (size_t)queue_bytes;
    made = (subscription_object *)new_object(subscription_type);
    if (made == NULL)
        return NULL;
    Py_INCREF(self);
    made->client = self;
    status = rr_subscription_new(self->client, &options, &made->subscription, &err);
    if (status != RR_OK) {
        Py_DECREF(made);
        return raise_failure(status, err);
    }
    return (PyObject *)made;
}

static void subscription_dealloc(subscription_object *self)
{
    Py_BEGIN_ALLOW_THREADS
    rr_subscription_free(self->subscription);
    Py_END_ALLOW_THREADS
    Py_XDECREF(self->client);
    free_object((PyObject *)self);
}

typedef rr_status (*names_function)(rr_subscription *subscription, rr_kind kind, size_t count, const char *const *names,
                                    const size_t *lengths, rr_error **err);

static PyObject *with_names(subscription_object *self, PyObject *args, names_function function)
{
    const char *const *pointers;
    PyObject *names, *result = NULL;
    rr_error *err = NULL;
    arguments packed;
    rr_status status;
    int kind;

    if (!PyArg_ParseTuple(args, "iO", &kind, &names))
        return NULL;
    arguments_begin(&packed);
    if (arguments_pack_names(&packed, names, &self->client->codec) == 0 && (pointers = arguments_pointers(&packed)) != NULL) {
        Py_BEGIN_ALLOW_THREADS
        status = function(self->subscription, kind, packed.count, pointers, packed.lengths, &err);
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

static PyObject *subscription_add_names(subscription_object *self, PyObject *args)
{
    return with_names(self, args, rr_subscription_add);
}

static PyObject *subscription_remove(subscription_object *self, PyObject *args)
{
    return with_names(self, args, rr_subscription_remove);
}

struct awaited_message {
    subscription_object *subscription;
    rr_message *message;
    rr_error *err;
};

static rr_status step_agreed(void *what, int64_t timeout_ms)
{
    struct awaited_message *awaited = what;
    rr_status status;

    rr_error_free(awaited->err);
    status = rr_subscription_wait(awaited->subscription->subscription, timeout_ms, &awaited->err);
    return status == RR_ERR_TIMEOUT ? RR_EMPTY : status;
}

static rr_status step_message(void *what, int64_t timeout_ms)
{
    struct awaited_message *awaited = what;

    return rr_subscription_next(awaited->subscription->subscription, timeout_ms, &awaited->message, &awaited->err);
}

static PyObject *subscription_wait(subscription_object *self, PyObject *args)
{
    struct awaited_message awaited = {self, NULL, NULL};
    long long timeout_ms;
    rr_status status;

    if (!PyArg_ParseTuple(args, "L", &timeout_ms))
        return NULL;
    status = wait_for(step_agreed, &awaited, timeout_ms);
    if (status == INTERRUPTED || status == RR_EMPTY || status == RR_OK) {
        rr_error_free(awaited.err);
        return status == INTERRUPTED ? NULL : PyBool_FromLong(status == RR_OK);
    }
    return raise_failure(status, awaited.err);
}

static PyObject *message_to_python(const rr_message *message)
{
    const rr_error *error = rr_message_error(message);
    PyObject *channel = bytes_to_python(rr_message_channel(message), rr_message_channel_length(message));
    PyObject *pattern = bytes_to_python(rr_message_pattern(message), rr_message_pattern_length(message));
    PyObject *payload = bytes_to_python(rr_message_payload(message), rr_message_length(message));
    PyObject *failure = Py_None, *result = NULL;

    Py_INCREF(Py_None);
    if (error != NULL) {
        Py_DECREF(failure);
        failure = failure_of(rr_error_status(error), error);
    }
    if (channel != NULL && pattern != NULL && payload != NULL && failure != NULL)
        result = Py_BuildValue("iOOOKLLO", (int)rr_message_kind(message), channel, pattern, payload,
                               (unsigned long long)rr_message_lost(message), (long long)rr_message_down_since_ms(message),
                               (long long)rr_message_up_at_ms(message), failure);
    Py_XDECREF(channel);
    Py_XDECREF(pattern);
    Py_XDECREF(payload);
    Py_XDECREF(failure);
    return result;
}

static PyObject *subscription_next(subscription_object *self, PyObject *args)
{
    struct awaited_message awaited = {self, NULL, NULL};
    long long timeout_ms;
    PyObject *result;
    rr_status status;

    if (!PyArg_ParseTuple(args, "L", &timeout_ms))
        return NULL;
    if (timeout_ms == 0)
        status = step_message(&awaited, 0); /* it does not wait */
    else
        status = wait_for(step_message, &awaited, timeout_ms);
    if (status == INTERRUPTED)
        return NULL;
    if (status == RR_EMPTY)
        return given(Py_None);
    if (status != RR_OK)
        return raise_failure(status, awaited.err);
    result = message_to_python(awaited.message);
    rr_message_free(awaited.message);
    return result;
}

static PyObject *subscription_fd(subscription_object *self, PyObject *none)
{
    int descriptor = rr_subscription_fd(self->subscription);

    (void)none;
    if (descriptor < 0)
        return raise_failure(descriptor, NULL);
    return PyLong_FromLong(descriptor);
}

static PyObject *subscription_close(subscription_object *self, PyObject *none)
{
    rr_error *err = NULL;
    rr_status status;

    (void)none;
    Py_BEGIN_ALLOW_THREADS
    status = rr_subscription_close(self->subscription, &err);
    Py_END_ALLOW_THREADS
    if (status != RR_OK)
        return raise_failure(status, err);
    return given(Py_None);
}

static PyMethodDef subscription_methods[] = {
    {"add", (PyCFunction)(void (*)(void))subscription_add_names, METH_VARARGS, "add(kind, names)"},
    {"remove", (PyCFunction)(void (*)(void))subscription_remove, METH_VARARGS, "remove(kind, names)"},
    {"wait", (PyCFunction)(void (*)(void))subscription_wait, METH_VARARGS, "wait(timeout_ms): has the server agreed to all?"},
    {"next", (PyCFunction)(void (*)(void))subscription_next, METH_VARARGS,
     "next(timeout_ms): None, or (kind, channel, pattern, payload, lost, down_since_ms, up_at_ms, exception)"},
    {"fd", (PyCFunction)(void (*)(void))subscription_fd, METH_NOARGS, "fd(): readable while next() has something to give"},
    {"close", (PyCFunction)(void (*)(void))subscription_close, METH_NOARGS, "close()"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot subscription_slots[] = {
    {Py_tp_doc, (void *)"Names that are wanted, and the messages that have come for them."},
    {Py_tp_new, (void *)made_by_a_client},
    {Py_tp_dealloc, (void *)subscription_dealloc},
    {Py_tp_methods, subscription_methods},
    {0, NULL},
};

static PyType_Spec subscription_spec = {"resilient_redis._native.Subscription", sizeof(subscription_object), 0, Py_TPFLAGS_DEFAULT,
                                        subscription_slots};

int subscription_add(PyObject *module)
{
    subscription_type = add_type(module, &subscription_spec);
    return subscription_type == NULL ? -1 : 0;
}
