/*
 * What the files of the extension know of each other: resilient_redis._native, the C interface of the library for Python.
 *
 * Rules that hold everywhere:
 *   - A call that may wait gives up the interpreter's lock meanwhile, and uses no object of Python's without it.
 *   - A method holds its object, and an object the ones that it needs: a handle is freed when nobody can be in a call.
 *   - No code of Python's runs on a thread of the library's: what the library asks for waits in a mailbox (mailbox.c).
 *   - A negative int, or NULL, is a failure with Python's exception set.
 */
#ifndef RESILIENT_REDIS_NATIVE_H
#define RESILIENT_REDIS_NATIVE_H

/* No format with '#' is used: built with the headers of one version of Python it is another function in others. */
#include <Python.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <resilient_redis.h>

/* What a function returned that ended because Python has an exception: no number of the library's. */
#define INTERRUPTED INT32_MIN
/* For ever, as a time in milliseconds. */
#define FOR_EVER (-1)
#define NS_PER_MS 1000000
#define NS_PER_S 1000000000

/* A new reference. In place of Py_RETURN_NONE and its like: the headers of Python 3.12 and 3.13 count none for older versions. */
static inline PyObject *given(PyObject *object)
{
    Py_INCREF(object);
    return object;
}

/* ---- object.c: what all objects are made with ---- */

/* setup(make_failure, server_error, buffered, data_error): what the package gives, once. */
PyObject *setup(PyObject *module, PyObject *args);

extern PyObject *make_failure; /* (status, outcome, code, message, retryable) -> an exception */
extern PyObject *server_error; /* (text, outcome) -> an exception */
extern PyObject *buffered;     /* what RR_BUFFERED returns */
extern PyObject *data_error;   /* redis.exceptions.DataError */

/* Makes a type, and adds it to the module under the last part of its name. */
PyTypeObject *add_type(PyObject *module, PyType_Spec *spec);
/* The tp_new of types that only a client makes objects of: it refuses. */
PyObject *made_by_a_client(PyTypeObject *type, PyObject *args, PyObject *keywords);
/* A zeroed object of a type. */
PyObject *new_object(PyTypeObject *type);
/* Gives the memory of an object back; the last thing that a tp_dealloc does. */
void free_object(PyObject *object);
/* A text of the library's. */
PyObject *text_to_python(const char *text);
/* None for NULL. */
PyObject *bytes_to_python(const char *bytes, size_t length);

/* ---- waiting.c: waits that a signal ends ---- */

/* Is this the thread in which Python handles signals? */
bool on_main_thread(void);
void set_main_thread(unsigned long identity);

/* One step of a wait: waits up to `timeout_ms` without Python, and says RR_EMPTY if it was in vain. */
typedef rr_status (*wait_step)(void *what, int64_t timeout_ms);
/*
 * Waits up to `timeout_ms`, or FOR_EVER, without the interpreter's lock. INTERRUPTED when a signal's handler raised; any other
 * number is the last that the step returned.
 */
rr_status wait_for(wait_step step, void *what, int64_t timeout_ms);

/* ---- codec.c: bytes and text ---- */

typedef struct codec {
    PyObject *encoding; /* str */
    PyObject *errors;   /* str */
    char *encoding_name;
    char *errors_name;
    bool utf8;
    bool decode; /* are replies decoded? */
} codec;

int codec_init(codec *codec, PyObject *encoding, PyObject *errors, bool decode);
void codec_end(codec *codec);
/* A str as bytes in the codec's encoding. */
PyObject *codec_encode(const codec *codec, PyObject *text);
PyObject *codec_decode(const codec *codec, const char *bytes, size_t length);

/* ---- arguments.c: the arguments of a command, one after the other ---- */

typedef struct arguments {
    char *bytes;
    size_t used;
    size_t room;
    size_t *lengths;
    size_t count;
    size_t slots;
    const char **pointers; /* made by arguments_pointers() */
    char bytes_here[1024];
    size_t lengths_here[32];
} arguments;

void arguments_begin(arguments *arguments);
void arguments_end(arguments *arguments);
/* Puts a command in place of what is there. Its name, the first of the sequence, is several words if it has spaces. */
int arguments_pack_command(arguments *arguments, PyObject *command, const codec *codec);
/* Puts names, or keys, in place of what is there. */
int arguments_pack_names(arguments *arguments, PyObject *names, const codec *codec);
/* Adds further ones to what is there. */
int arguments_add(arguments *arguments, PyObject *values, const codec *codec);
/* Where each begins; valid until the next packing. NULL if there is no memory. */
const char *const *arguments_pointers(arguments *arguments);

/* ---- reply.c: replies as Python's values ---- */

/* `raw`: nothing is decoded. `error` is that of a pipeline of which only a part was answered, or NULL. */
PyObject *value_to_python(const rr_value *value, const codec *codec, bool raw, const rr_error *error);
/* Consumes the reply. */
PyObject *reply_to_python(rr_reply *reply, const codec *codec, bool raw, const rr_error *error);
/* The replies of a pipeline: with `raw`, those are not decoded that have a byte there. Consumes the reply. */
PyObject *replies_to_python(rr_reply *reply, const codec *codec, const char *raw, const rr_error *error);

/* ---- failure.c: errors as exceptions ---- */

/* The exception for an error, or for a status when there is none. It does not take the error. */
PyObject *failure_of(rr_status status, const rr_error *error);
/* Raises it, and frees the error. Returns NULL. */
PyObject *raise_failure(rr_status status, rr_error *error);
/* The exception for an error value in a reply. */
PyObject *failure_in_reply(const rr_value *value, const rr_error *error);

/* The same as failure_of(), of a client's call: one that ended in time's passing says whether commands flow. */
PyObject *failure_at(const rr_client *client, rr_status status, const rr_error *error);
PyObject *raise_failure_at(const rr_client *client, rr_status status, rr_error *error);

/* ---- aside.c: calls that cannot be taken in slices ---- */

/* A call, with all that it needs and gives. What it owns is freed with it; take a result by putting NULL in its place. */
typedef struct aside {
    void (*work)(struct aside *call); /* makes the call: without the interpreter's lock, on any thread */
    PyObject *owner;                  /* has `client` and `watch`, and is held until it is over */
    rr_client *client;
    rr_transaction *watch;
    arguments packed;
    const char *const *pointers; /* to what is packed */
    int64_t timeout_ms;
    int64_t limit_ms; /* how long it may take at most; 0: for long */
    uint32_t flags;
    size_t key_count;
    rr_script *script;
    rr_pipeline *pipeline;
    rr_status status;
    rr_error *err;
    rr_reply *reply;
    rr_transaction *transaction;
    rr_monitor *monitor;
    rr_close_report report;
} aside;

aside *aside_new(PyObject *owner);
/*
 * Makes the call, and waits for it. -1 if a signal's handler raised: then the call is not the caller's any more. While commands
 * flow one that may take some seconds at most is made at once, and a signal waits for it.
 */
int aside_do(aside *call);
void aside_end(aside *call);
/* Raises why the call failed. Returns NULL. */
PyObject *aside_raise(aside *call);

/* ---- client.c ---- */

#define SPARE_QUEUES 4

typedef struct client_object {
    PyObject_HEAD
    rr_client *client;
    codec codec;
    bool reads_from_replica;
    int64_t command_timeout_ms;
    int64_t most_buffered; /* when writes wait for room in the buffer: how many commands it holds; else 0 */
    rr_queue *spare[SPARE_QUEUES]; /* for calls that a signal may end; each serves one at a time */
    size_t spares;
} client_object;

extern PyTypeObject *client_type;
int client_add(PyObject *module);
/* (options, names): what these options are when those are set, as a dict of texts. Raises for one that cannot be. */
PyObject *options_with(PyObject *module, PyObject *args);

/* ---- issue.c: commands and pipelines that are waited for ---- */

PyObject *client_command(client_object *self, PyObject *args);
PyObject *client_pipeline(client_object *self, PyObject *args);
PyObject *client_script(client_object *self, PyObject *args);
/*
 * The arguments of a queued command, an (args, options) pair. If it says "NEVER_DECODE" and replies are decoded, its byte in
 * `*raw` is set, which is made with `count` bytes if it is NULL.
 */
PyObject *queued(PyObject *entry, const codec *codec, Py_ssize_t at, Py_ssize_t count, char **raw);
/* Makes a pipeline of (args, options) pairs. `*raw` gets a byte for each that says "NEVER_DECODE", or NULL if none does. */
rr_pipeline *pipeline_of(client_object *self, PyObject *commands, const rr_pipeline_options *options, char **raw);

/* ---- observe.c: what can be watched of a client ---- */

PyObject *client_state(client_object *self, PyObject *none);
PyObject *client_buffered(client_object *self, PyObject *none);
PyObject *client_stats(client_object *self, PyObject *none);
PyObject *client_metrics(client_object *self, PyObject *none);
PyObject *client_event(client_object *self, PyObject *args);
PyObject *client_failed_count(client_object *self, PyObject *none);
PyObject *client_failed(client_object *self, PyObject *args);
PyObject *client_failed_retry(client_object *self, PyObject *args);
PyObject *client_failed_discard(client_object *self, PyObject *args);

/* ---- queue.c: submitted commands ---- */

int queue_add(PyObject *module);
PyObject *client_queue(client_object *self, PyObject *none);
PyObject *client_submit(client_object *self, PyObject *args);
PyObject *client_submit_pipeline(client_object *self, PyObject *args);
PyObject *client_cancel(client_object *self, PyObject *args);

/* ---- transaction.c, subscription.c, monitor.c ---- */

int transaction_add(PyObject *module);
PyObject *client_transaction(client_object *self, PyObject *args);
int subscription_add(PyObject *module);
PyObject *client_subscription(client_object *self, PyObject *args);
int monitor_add(PyObject *module);
PyObject *client_monitor(client_object *self, PyObject *none);

/* ---- mailbox.c: what the library asks a program for ---- */

int mailbox_add(PyObject *module);
/* Has a config ask the mailbox; None is no mailbox. */
int mailbox_give_credentials_of(PyObject *mailbox, rr_config *config);
int mailbox_give_addresses_of(PyObject *mailbox, rr_config *config);

#endif
