/*
 * The type Queue, and what is submitted to one: commands and pipelines of which the completion is taken later, under a tag.
 *
 * A tag's lowest bit says, on its way through the library, that the reply is not decoded.
 */
#include "native.h"

#include <string.h>

#define MOST_TAGS (1ULL << 62)
/* How many completions are taken at once. */
#define BATCH 128

typedef struct queue_object {
    PyObject_HEAD
    rr_queue *queue;
    client_object *client;
} queue_object;

static PyTypeObject *queue_type;

PyObject *client_queue(client_object *self, PyObject *none)
{
    queue_object *made = (queue_object *)new_object(queue_type);
    rr_error *err = NULL;
    rr_status status;

    (void)none;
    if (made == NULL)
        return NULL;
    Py_INCREF(self);
    made->client = self;
    status = rr_queue_new(&made->queue, &err);
    if (status != RR_OK) {
        Py_DECREF(made);
        return raise_failure(status, err);
    }
    return (PyObject *)made;
}

static void queue_dealloc(queue_object *self)
{
    rr_queue_free(self->queue);
    Py_XDECREF(self->client);
    free_object((PyObject *)self);
}

static PyObject *queue_fd(queue_object *self, PyObject *none)
{
    int descriptor = rr_queue_fd(self->queue);

    (void)none;
    if (descriptor < 0)
        return raise_failure(descriptor, NULL);
    return PyLong_FromLong(descriptor);
}

static PyObject *queue_close(queue_object *self, PyObject *none)
{
    rr_error *err = NULL;
    rr_status status = rr_queue_close(self->queue, &err);

    (void)none;
    if (status != RR_OK)
        return raise_failure(status, err);
    return given(Py_None);
}

/* What Python raised, as an object. NULL if there is none. */
static PyObject *raised(void)
{
    PyObject *type, *exception, *trace;

    PyErr_Fetch(&type, &exception, &trace);
    PyErr_NormalizeException(&type, &exception, &trace);
    Py_XDECREF(type);
    Py_XDECREF(trace);
    return exception;
}

/* (tag, value, exception), with None for what there is not. It consumes the completion. */
static PyObject *completion_to_python(const queue_object *self, rr_completion *completion)
{
    PyObject *value = Py_None, *failure = Py_None, *result = NULL;
    bool raw = (completion->tag & 1) != 0;

    Py_INCREF(Py_None);
    Py_INCREF(Py_None);
    if (completion->status == RR_BUFFERED) {
        Py_DECREF(value);
        Py_INCREF(buffered);
        value = buffered;
    } else if (completion->reply != NULL) {
        Py_DECREF(value);
        value = reply_to_python(completion->reply, &self->client->codec, raw, completion->error);
        /* What cannot be decoded is this command's failure, and nobody else's. */
        if (value == NULL) {
            Py_DECREF(failure);
            failure = raised();
            value = given(Py_None);
        }
    }
    if (completion->error != NULL && failure == Py_None) {
        Py_DECREF(failure);
        failure = failure_at(self->client->client, completion->status, completion->error);
        /* So is what a signal's handler raised meanwhile. */
        if (failure == NULL)
            failure = raised();
    }
    rr_error_free(completion->error);
    if (failure != NULL)
        result = Py_BuildValue("KOO", (unsigned long long)(completion->tag >> 1), value, failure);
    Py_XDECREF(failure);
    Py_XDECREF(value);
    return result;
}

struct batch {
    rr_queue *queue;
    rr_completion completions[BATCH];
    size_t most;
    size_t count;
    rr_error *err;
};

static rr_status step_batch(void *what, int64_t timeout_ms)
{
    struct batch *batch = what;

    return rr_queue_next(batch->queue, batch->completions, batch->most, timeout_ms, &batch->count, &batch->err);
}

static PyObject *queue_next(queue_object *self, PyObject *args)
{
    struct batch batch;
    long long timeout_ms;
    Py_ssize_t most;
    rr_status status;
    PyObject *list;

    if (!PyArg_ParseTuple(args, "nL", &most, &timeout_ms))
        return NULL;
    if (most < 1) {
        PyErr_SetString(PyExc_ValueError, "at least one completion must be asked for");
        return NULL;
    }
    batch.queue = self->queue;
    batch.most = most < BATCH ? (size_t)most : BATCH;
    batch.count = 0;
    batch.err = NULL;
    if (timeout_ms == 0)
        status = step_batch(&batch, 0); /* it does not wait */
    else
        status = wait_for(step_batch, &batch, timeout_ms);
    if (status == INTERRUPTED)
        return NULL;
    if (status != RR_OK && status != RR_EMPTY)
        return raise_failure(status, batch.err);
    list = PyList_New((Py_ssize_t)batch.count);
    for (size_t i = 0; i < batch.count; i++) {
        PyObject *item = list == NULL ? NULL : completion_to_python(self, &batch.completions[i]);

        if (item == NULL || PyList_SetItem(list, (Py_ssize_t)i, item) < 0) {
            /* There is no memory: the rest is given back. */
            for (size_t k = list == NULL ? i : i + 1; k < batch.count; k++) {
                rr_reply_free(batch.completions[k].reply);
                rr_error_free(batch.completions[k].error);
            }
            Py_XDECREF(list);
            return NULL;
        }
    }
    return list;
}

static int queue_of(PyObject *object, queue_object **queue)
{
    if (!PyObject_TypeCheck(object, queue_type)) {
        PyErr_SetString(PyExc_TypeError, "not a Queue");
        return -1;
    }
    *queue = (queue_object *)object;
    return 0;
}

static int check_tag(unsigned long long tag)
{
    if (tag < MOST_TAGS)
        return 0;
    PyErr_SetString(PyExc_ValueError, "a tag must be less than 2**62");
    return -1;
}

PyObject *client_submit(client_object *self, PyObject *args)
{
    rr_command_options options = {sizeof options, 0, 0, 0};
    PyObject *place, *command;
    unsigned long long tag;
    long long timeout_ms = 0;
    unsigned int flags = 0;
    rr_error *err = NULL;
    queue_object *queue;
    arguments packed;
    rr_status status;
    uint64_t id = 0;
    int raw = 0;

    if (!PyArg_ParseTuple(args, "OKO|ILp", &place, &tag, &command, &flags, &timeout_ms, &raw) || queue_of(place, &queue) < 0 ||
        check_tag(tag) < 0)
        return NULL;
    options.timeout_ms = timeout_ms;
    options.flags = flags;
    tag = tag << 1 | (raw != 0);
    arguments_begin(&packed);
    if (arguments_pack_command(&packed, command, &self->codec) < 0) {
        arguments_end(&packed);
        return NULL;
    }
    if (flags & RR_SUBMIT_WAIT) {
        Py_BEGIN_ALLOW_THREADS
        status = rr_submit_packed_to(self->client, queue->queue, tag, &options, packed.count, packed.bytes, packed.lengths, &id, &err);
        Py_END_ALLOW_THREADS
    } else {
        status = rr_submit_packed_to(self->client, queue->queue, tag, &options, packed.count, packed.bytes, packed.lengths, &id, &err);
    }
    arguments_end(&packed);
    if (status != RR_OK)
        return raise_failure(status, err);
    return PyLong_FromUnsignedLongLong(id);
}

PyObject *client_submit_pipeline(client_object *self, PyObject *args)
{
    rr_pipeline_options options = {sizeof options, 0, 0, 0};
    unsigned int flags = 0, how;
    PyObject *place, *commands;
    unsigned long long tag;
    long long timeout_ms = 0;
    rr_pipeline *pipeline;
    rr_error *err = NULL;
    queue_object *queue;
    rr_status status;
    uint64_t id = 0;
    char *raw;

    if (!PyArg_ParseTuple(args, "OKO|IIL", &place, &tag, &commands, &flags, &how, &timeout_ms))
        return NULL;
    if (queue_of(place, &queue) < 0 || check_tag(tag) < 0)
        return NULL;
    how = PyTuple_Size(args) > 4 ? how : 0;
    options.timeout_ms = timeout_ms;
    options.flags = flags;
    pipeline = pipeline_of(self, commands, &options, &raw);
    if (pipeline == NULL)
        return NULL;
    /* One reply that is not decoded leaves all of them as they came. */
    tag = tag << 1 | (raw != NULL);
    PyMem_Free(raw);
    status = rr_submit_pipeline_to(self->client, queue->queue, tag, pipeline, how, &id, &err);
    rr_pipeline_free(pipeline);
    if (status != RR_OK)
        return raise_failure(status, err);
    return PyLong_FromUnsignedLongLong(id);
}

PyObject *client_cancel(client_object *self, PyObject *args)
{
    unsigned long long id;
    rr_error *err = NULL;
    rr_status status;

    if (!PyArg_ParseTuple(args, "K", &id))
        return NULL;
    status = rr_cancel(self->client, id, &err);
    if (status != RR_OK && status != RR_EMPTY)
        return raise_failure(status, err);
    return PyBool_FromLong(status == RR_OK);
}

static PyMethodDef queue_methods[] = {
    {"fd", (PyCFunction)(void (*)(void))queue_fd, METH_NOARGS, "fd(): readable while there are completions to take"},
    {"next", (PyCFunction)(void (*)(void))queue_next, METH_VARARGS, "next(most, timeout_ms): a list of (tag, value, exception)"},
    {"close", (PyCFunction)(void (*)(void))queue_close, METH_NOARGS, "close()"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot queue_slots[] = {
    {Py_tp_doc, (void *)"Where what became of submitted commands waits to be taken."},
    {Py_tp_new, (void *)made_by_a_client},
    {Py_tp_dealloc, (void *)queue_dealloc},
    {Py_tp_methods, queue_methods},
    {0, NULL},
};

static PyType_Spec queue_spec = {"resilient_redis._native.Queue", sizeof(queue_object), 0, Py_TPFLAGS_DEFAULT, queue_slots};

int queue_add(PyObject *module)
{
    queue_type = add_type(module, &queue_spec);
    return queue_type == NULL ? -1 : 0;
}
