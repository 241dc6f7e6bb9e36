/*
 * Calls of the library that wait in one piece: scripts, transactions, the end of a client.
 *
 * In the main thread such a call is made aside, by a thread of the extension's, so that a signal's handler can run meanwhile. If
 * that raises, the call is left alone: it ends by itself, and so does what it was made of. Other threads make the call themselves,
 * and so does the main thread while commands flow and the call cannot take long: the way to another thread and back is longer than
 * most such calls.
 */
#include "native.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* A call that takes no longer is not worth another thread. The library's own limit for a call is as long. */
#define BRIEF_MS 5000
#define SLICE_NS (100 * 1000 * 1000)

/* A thread that makes calls, one after the other. All but `owner` is under the lock. */
struct helper {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    aside *call; /* NULL: it is free */
    bool is_done;
    bool is_left; /* nobody waits for its call any more */
    bool is_over; /* it is not needed any more */
    pid_t owner;
};

/* One that is free, so that most calls make no thread. Under the interpreter's lock. */
static struct helper *idle;

aside *aside_new(PyObject *owner)
{
    aside *call = calloc(1, sizeof *call);

    if (call == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    arguments_begin(&call->packed);
    Py_INCREF(owner);
    call->owner = owner;
    return call;
}

void aside_end(aside *call)
{
    arguments_end(&call->packed);
    rr_script_free(call->script);
    rr_pipeline_free(call->pipeline);
    rr_reply_free(call->reply);
    rr_error_free(call->err);
    if (call->transaction != NULL || call->monitor != NULL) {
        Py_BEGIN_ALLOW_THREADS
        rr_transaction_free(call->transaction);
        rr_monitor_free(call->monitor);
        Py_END_ALLOW_THREADS
    }
    Py_DECREF(call->owner);
    free(call);
}

PyObject *aside_raise(aside *call)
{
    rr_error *err = call->err;

    call->err = NULL;
    return raise_failure_at(call->client, call->status, err);
}

static void free_helper(struct helper *helper)
{
    pthread_cond_destroy(&helper->changed);
    pthread_mutex_destroy(&helper->lock);
    free(helper);
}

static void end_left_call(aside *call)
{
    PyGILState_STATE state = PyGILState_Ensure();

    aside_end(call);
    PyGILState_Release(state);
}

static void *help(void *given)
{
    struct helper *helper = given;
    bool is_left = false;

    while (!is_left) {
        aside *call;

        pthread_mutex_lock(&helper->lock);
        while (!helper->is_over && (helper->call == NULL || helper->is_done))
            pthread_cond_wait(&helper->changed, &helper->lock);
        call = helper->call;
        pthread_mutex_unlock(&helper->lock);
        if (call == NULL)
            break;
        call->work(call);
        pthread_mutex_lock(&helper->lock);
        helper->is_done = true;
        is_left = helper->is_left;
        pthread_cond_broadcast(&helper->changed);
        pthread_mutex_unlock(&helper->lock);
        if (is_left)
            end_left_call(call);
    }
    free_helper(helper);
    return NULL;
}

static struct helper *new_helper(void)
{
    struct helper *helper = calloc(1, sizeof *helper);
    pthread_condattr_t attributes;
    sigset_t all, before;
    pthread_t thread;
    int failed;

    if (helper == NULL)
        return NULL;
    pthread_mutex_init(&helper->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&helper->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    helper->owner = getpid();
    /* Signals are the program's, and its threads'. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&thread, NULL, help, helper);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        free_helper(helper);
        return NULL;
    }
    pthread_detach(thread);
    return helper;
}

/* Takes the idle helper, or makes one. The one of the process that forked is not there. */
static struct helper *take_helper(void)
{
    struct helper *helper = idle;

    idle = NULL;
    return helper != NULL && helper->owner == getpid() ? helper : new_helper();
}

/* Takes a helper back. There are two when a signal's handler made a call, too: one of them ends. */
static void give_helper(struct helper *helper)
{
    pthread_mutex_lock(&helper->lock);
    helper->call = NULL;
    helper->is_done = false;
    helper->is_over = idle != NULL;
    pthread_cond_broadcast(&helper->changed);
    pthread_mutex_unlock(&helper->lock);
    if (idle == NULL)
        idle = helper;
}

static bool wait_a_slice(struct helper *helper)
{
    struct timespec until;
    bool is_done;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += SLICE_NS;
    if (until.tv_nsec >= NS_PER_S) {
        until.tv_nsec -= NS_PER_S;
        until.tv_sec++;
    }
    pthread_mutex_lock(&helper->lock);
    while (!helper->is_done && pthread_cond_timedwait(&helper->changed, &helper->lock, &until) != ETIMEDOUT)
        ;
    is_done = helper->is_done;
    pthread_mutex_unlock(&helper->lock);
    return is_done;
}

/* Leaves the call to its thread. False: it is done. */
static bool leave(struct helper *helper)
{
    bool is_left;

    pthread_mutex_lock(&helper->lock);
    is_left = helper->is_left = !helper->is_done;
    pthread_mutex_unlock(&helper->lock);
    return is_left;
}

static bool is_brief(const aside *call)
{
    return call->limit_ms > 0 && call->limit_ms <= BRIEF_MS && rr_client_state(call->client) == RR_STATE_READY;
}

int aside_do(aside *call)
{
    struct helper *helper = on_main_thread() && !is_brief(call) ? take_helper() : NULL;

    if (helper == NULL) {
        Py_BEGIN_ALLOW_THREADS
        call->work(call);
        Py_END_ALLOW_THREADS
        return 0;
    }
    pthread_mutex_lock(&helper->lock);
    helper->call = call;
    pthread_cond_broadcast(&helper->changed);
    pthread_mutex_unlock(&helper->lock);
    for (;;) {
        bool is_done;
        int status;

        Py_BEGIN_ALLOW_THREADS
        is_done = wait_a_slice(helper);
        Py_END_ALLOW_THREADS
        if (is_done) {
            give_helper(helper);
            return 0;
        }
        status = PyErr_CheckSignals();
        if (helper->owner != getpid()) {
            /* The handler forked, and this is the child: the thread is the parent's, and so is the call. Neither is touched. */
            if (status == 0)
                raise_failure(RR_ERR_FORKED, NULL);
            return -1;
        }
        if (status == 0)
            continue;
        if (!leave(helper)) {
            give_helper(helper);
            aside_end(call);
        }
        return -1;
    }
}
