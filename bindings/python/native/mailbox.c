/*
 * The type Mailbox: what the library asks a program for, credentials or addresses, waits here for a thread of Python's.
 *
 * The library asks on threads of its own. No code of Python's runs on those: they put a request here and wait, without the
 * interpreter, until a thread of the package has answered it, or the mailbox is closed. So the process can end at any time.
 *
 * Mailbox and library hold on to it together: whoever lets go last frees it.
 */
#include "native.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { OPEN, TAKEN, ANSWERED, REFUSED };

typedef struct request {
    struct request *next;
    uint64_t id;
    int state;
    const char *host; /* of a request for addresses; NULL for credentials */
    uint16_t port;
    struct rr_credentials *credentials;
    struct rr_addresses *addresses;
} request;

typedef struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t asked;
    pthread_cond_t answered;
    request *first; /* every request that is not finished */
    uint64_t last_id;
    bool closed;
    size_t holders;
} mailbox;

typedef struct mailbox_object {
    PyObject_HEAD
    mailbox *mailbox;
    pid_t owner; /* in a forked child the lock may be held by a thread that is not there */
} mailbox_object;

static PyTypeObject *mailbox_type;

static void let_go(void *what)
{
    mailbox *box = what;
    bool last;

    pthread_mutex_lock(&box->lock);
    last = --box->holders == 0;
    pthread_mutex_unlock(&box->lock);
    if (last) {
        pthread_mutex_destroy(&box->lock);
        pthread_cond_destroy(&box->asked);
        pthread_cond_destroy(&box->answered);
        free(box);
    }
}

static void hold(mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    box->holders++;
    pthread_mutex_unlock(&box->lock);
}

/* On a thread of the library's: asks, and waits for the answer. */
static rr_status ask(mailbox *box, request *asked)
{
    rr_status status;
    request **place;

    pthread_mutex_lock(&box->lock);
    asked->id = ++box->last_id;
    asked->state = OPEN;
    asked->next = NULL;
    for (place = &box->first; *place != NULL; place = &(*place)->next)
        ;
    *place = asked;
    pthread_cond_signal(&box->asked);
    while (!box->closed && asked->state != ANSWERED && asked->state != REFUSED)
        pthread_cond_wait(&box->answered, &box->lock);
    status = asked->state == ANSWERED ? RR_OK : RR_ERR_UNAVAILABLE;
    for (place = &box->first; *place != asked; place = &(*place)->next)
        ;
    *place = asked->next;
    pthread_mutex_unlock(&box->lock);
    return status;
}

static rr_status ask_for_credentials(struct rr_credentials *credentials, void *userdata)
{
    request asked;

    memset(&asked, 0, sizeof asked);
    asked.credentials = credentials;
    return ask(userdata, &asked);
}

static rr_status ask_for_addresses(const char *host, uint16_t port, struct rr_addresses *addresses, void *userdata)
{
    request asked;

    memset(&asked, 0, sizeof asked);
    asked.host = host;
    asked.port = port;
    asked.addresses = addresses;
    return ask(userdata, &asked);
}

static int mailbox_of(PyObject *object, mailbox **box)
{
    *box = NULL;
    if (object == Py_None)
        return 0;
    if (!PyObject_TypeCheck(object, mailbox_type)) {
        PyErr_SetString(PyExc_TypeError, "not a Mailbox");
        return -1;
    }
    *box = ((mailbox_object *)object)->mailbox;
    return 0;
}

int mailbox_give_credentials_of(PyObject *object, rr_config *config)
{
    rr_error *err = NULL;
    rr_status status;
    mailbox *box;

    if (mailbox_of(object, &box) < 0)
        return -1;
    if (box == NULL)
        return 0;
    hold(box);
    status = rr_config_set_credentials_callback(config, ask_for_credentials, box, let_go, &err);
    if (status == RR_OK)
        return 0;
    raise_failure(status, err);
    return -1;
}

int mailbox_give_addresses_of(PyObject *object, rr_config *config)
{
    rr_error *err = NULL;
    rr_status status;
    mailbox *box;

    if (mailbox_of(object, &box) < 0)
        return -1;
    if (box == NULL)
        return 0;
    hold(box);
    status = rr_config_set_resolver_callback(config, ask_for_addresses, box, let_go, &err);
    if (status == RR_OK)
        return 0;
    raise_failure(status, err);
    return -1;
}

static PyObject *mailbox_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    mailbox_object *self = (mailbox_object *)PyType_GenericAlloc(type, 0);
    pthread_condattr_t attributes;
    mailbox *box;

    (void)args;
    (void)keywords;
    if (self == NULL)
        return NULL;
    box = calloc(1, sizeof *box);
    if (box == NULL) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&box->lock, NULL);
    pthread_cond_init(&box->asked, &attributes);
    pthread_cond_init(&box->answered, &attributes);
    pthread_condattr_destroy(&attributes);
    box->holders = 1;
    self->mailbox = box;
    self->owner = getpid();
    return (PyObject *)self;
}

static void shut(mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    box->closed = true;
    pthread_cond_broadcast(&box->asked);
    pthread_cond_broadcast(&box->answered);
    pthread_mutex_unlock(&box->lock);
}

static void mailbox_dealloc(mailbox_object *self)
{
    if (self->mailbox != NULL && self->owner == getpid()) {
        shut(self->mailbox);
        let_go(self->mailbox);
    }
    free_object((PyObject *)self);
}

struct taken {
    mailbox *box;
    uint64_t id;
    char *host; /* a copy */
    uint16_t port;
};

static rr_status step_request(void *what, int64_t timeout_ms)
{
    struct taken *taken = what;
    mailbox *box = taken->box;
    struct timespec end;
    request *asked = NULL;
    rr_status status = RR_EMPTY;
    int waited = 0;

    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += timeout_ms / 1000;
    end.tv_nsec += (timeout_ms % 1000) * NS_PER_MS;
    if (end.tv_nsec >= NS_PER_S) {
        end.tv_sec++;
        end.tv_nsec -= NS_PER_S;
    }
    pthread_mutex_lock(&box->lock);
    for (;;) {
        for (asked = box->first; asked != NULL && asked->state != OPEN; asked = asked->next)
            ;
        if (asked != NULL || box->closed || waited == ETIMEDOUT)
            break;
        waited = pthread_cond_timedwait(&box->asked, &box->lock, &end);
    }
    if (box->closed) {
        status = RR_ERR_CLOSED;
    } else if (asked != NULL) {
        asked->state = TAKEN;
        taken->id = asked->id;
        taken->host = asked->host == NULL ? NULL : strdup(asked->host);
        taken->port = asked->port;
        status = RR_OK;
    }
    pthread_mutex_unlock(&box->lock);
    return status;
}

static PyObject *mailbox_next(mailbox_object *self, PyObject *args)
{
    struct taken taken = {self->mailbox, 0, NULL, 0};
    long long timeout_ms;
    PyObject *result;
    rr_status status;

    if (!PyArg_ParseTuple(args, "L", &timeout_ms))
        return NULL;
    status = wait_for(step_request, &taken, timeout_ms);
    if (status == INTERRUPTED)
        return NULL;
    if (status == RR_EMPTY)
        return given(Py_None);
    if (status != RR_OK)
        return given(Py_False);
    result = Py_BuildValue("KzH", (unsigned long long)taken.id, taken.host, taken.port);
    free(taken.host);
    return result;
}

/* The request that was taken with this number, with the lock held; NULL, without it, if nobody waits for an answer any more. */
static request *request_of(mailbox *box, uint64_t id)
{
    request *asked;

    pthread_mutex_lock(&box->lock);
    for (asked = box->first; asked != NULL; asked = asked->next)
        if (asked->id == id && asked->state == TAKEN && !box->closed)
            return asked;
    pthread_mutex_unlock(&box->lock);
    return NULL;
}

static void answer(mailbox *box, request *asked, bool given)
{
    asked->state = given ? ANSWERED : REFUSED;
    pthread_cond_broadcast(&box->answered);
    pthread_mutex_unlock(&box->lock);
}

static PyObject *mailbox_give_credentials(mailbox_object *self, PyObject *args)
{
    Py_ssize_t username_length = 0, password_length;
    char *username = NULL, *password;
    PyObject *name, *secret;
    long long valid_for_ms = 0;
    unsigned long long id;
    rr_error *err = NULL;
    rr_status status = RR_OK;
    request *asked;

    if (!PyArg_ParseTuple(args, "KOS|L", &id, &name, &secret, &valid_for_ms) ||
        PyBytes_AsStringAndSize(secret, &password, &password_length) < 0 ||
        (name != Py_None && PyBytes_AsStringAndSize(name, &username, &username_length) < 0))
        return NULL;
    asked = request_of(self->mailbox, id);
    if (asked != NULL) {
        status = rr_credentials_set(asked->credentials, username, username == NULL ? 0 : (size_t)username_length, password,
                                    (size_t)password_length, valid_for_ms, &err);
        answer(self->mailbox, asked, status == RR_OK);
    }
    if (status != RR_OK)
        return raise_failure(status, err);
    return given(Py_None);
}

/* Addresses, each a text and a port. They are read before the lock is taken: code of Python's may run. */
struct address {
    PyObject *text; /* bytes */
    uint16_t port;
};

static void free_addresses(struct address *addresses, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++)
        Py_XDECREF(addresses[i].text);
    PyMem_Free(addresses);
}

static struct address *addresses_of(PyObject *pairs)
{
    Py_ssize_t count = PyTuple_Size(pairs);
    struct address *addresses = PyMem_Malloc(((size_t)count + 1) * sizeof *addresses);

    if (addresses == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    memset(addresses, 0, ((size_t)count + 1) * sizeof *addresses);
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *pair = PyTuple_GetItem(pairs, i);
        PyObject *text;
        long port;

        if (!PyTuple_Check(pair)) {
            PyErr_SetString(PyExc_TypeError, "an address is a pair of a text and a port");
            break;
        }
        if (!PyArg_ParseTuple(pair, "Ul", &text, &port))
            break;
        if (port < 1 || port > UINT16_MAX) {
            PyErr_Format(PyExc_ValueError, "%ld is no port", port);
            break;
        }
        addresses[i].port = (uint16_t)port;
        addresses[i].text = PyUnicode_AsUTF8String(text);
        if (addresses[i].text == NULL)
            break;
    }
    if (PyErr_Occurred()) {
        free_addresses(addresses, count);
        return NULL;
    }
    return addresses;
}

static PyObject *mailbox_give_addresses(mailbox_object *self, PyObject *args)
{
    struct address *addresses;
    unsigned long long id;
    rr_status status = RR_OK;
    rr_error *err = NULL;
    Py_ssize_t count;
    PyObject *list, *pairs;
    request *asked;

    if (!PyArg_ParseTuple(args, "KO!", &id, &PyList_Type, &list))
        return NULL;
    pairs = PyList_AsTuple(list);
    if (pairs == NULL)
        return NULL;
    count = PyTuple_Size(pairs);
    addresses = addresses_of(pairs);
    Py_DECREF(pairs);
    if (addresses == NULL)
        return NULL;
    asked = request_of(self->mailbox, id);
    if (asked != NULL) {
        for (Py_ssize_t i = 0; status == RR_OK && i < count; i++)
            status = rr_addresses_add(asked->addresses, PyBytes_AsString(addresses[i].text), addresses[i].port, &err);
        answer(self->mailbox, asked, status == RR_OK);
    }
    free_addresses(addresses, count);
    if (status != RR_OK)
        return raise_failure(status, err);
    return given(Py_None);
}

static PyObject *mailbox_refuse(mailbox_object *self, PyObject *args)
{
    unsigned long long id;
    request *asked;

    if (!PyArg_ParseTuple(args, "K", &id))
        return NULL;
    asked = request_of(self->mailbox, id);
    if (asked != NULL)
        answer(self->mailbox, asked, false);
    return given(Py_None);
}

static PyObject *mailbox_close(mailbox_object *self, PyObject *none)
{
    (void)none;
    shut(self->mailbox);
    return given(Py_None);
}

static PyMethodDef mailbox_methods[] = {
    {"next", (PyCFunction)(void (*)(void))mailbox_next, METH_VARARGS,
     "next(timeout_ms): (id, host or None, port), None if there was none in time, False when it is closed"},
    {"give_credentials", (PyCFunction)(void (*)(void))mailbox_give_credentials, METH_VARARGS,
     "give_credentials(id, username, password, valid_for_ms=0)"},
    {"give_addresses", (PyCFunction)(void (*)(void))mailbox_give_addresses, METH_VARARGS, "give_addresses(id, [(address, port)])"},
    {"refuse", (PyCFunction)(void (*)(void))mailbox_refuse, METH_VARARGS, "refuse(id)"},
    {"close", (PyCFunction)(void (*)(void))mailbox_close, METH_NOARGS, "close()"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot mailbox_slots[] = {
    {Py_tp_doc, (void *)"Where the library's requests for credentials, or for addresses, wait for a thread of Python's."},
    {Py_tp_new, (void *)mailbox_new},
    {Py_tp_dealloc, (void *)mailbox_dealloc},
    {Py_tp_methods, mailbox_methods},
    {0, NULL},
};

static PyType_Spec mailbox_spec = {"resilient_redis._native.Mailbox", sizeof(mailbox_object), 0, Py_TPFLAGS_DEFAULT, mailbox_slots};

int mailbox_add(PyObject *module)
{
    mailbox_type = add_type(module, &mailbox_spec);
    return mailbox_type == NULL ? -1 : 0;
}
