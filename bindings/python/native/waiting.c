/*
 * Waits that a signal ends.
 *
 * Python runs the handlers of signals in its main thread only, and only while that runs code of Python's. A wait there is
 * taken in slices, with a look at the signals after each. Other threads wait in one piece.
 */
#include "native.h"

#include <time.h>

#define SLICE_MS 100
/* What "for ever" is taken in, where nothing is looked at in between. */
#define LONG_MS (3600 * 1000)

static unsigned long main_thread;

void set_main_thread(unsigned long identity)
{
    main_thread = identity;
}

bool on_main_thread(void)
{
    return PyThread_get_thread_ident() == main_thread;
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

rr_status wait_for(wait_step step, void *what, int64_t timeout_ms)
{
    bool main = on_main_thread();
    int64_t slice_ms = main ? SLICE_MS : LONG_MS;
    int64_t end_ns = 0;

    if (timeout_ms > INT64_MAX / 2 / NS_PER_MS)
        timeout_ms = FOR_EVER;
    if (timeout_ms > slice_ms)
        end_ns = now_ns() + timeout_ms * NS_PER_MS;
    for (;;) {
        bool last = timeout_ms >= 0 && timeout_ms <= slice_ms;
        rr_status status;

        Py_BEGIN_ALLOW_THREADS
        status = step(what, last ? timeout_ms : slice_ms);
        Py_END_ALLOW_THREADS
        if (status != RR_EMPTY)
            return status;
        if (main && PyErr_CheckSignals() < 0)
            return INTERRUPTED;
        if (last)
            return RR_EMPTY;
        if (timeout_ms >= 0) {
            int64_t left_ns = end_ns - now_ns();

            /* Rounded up: nobody is told too early that there was nothing. */
            timeout_ms = left_ns > 0 ? (left_ns + NS_PER_MS - 1) / NS_PER_MS : 0;
        }
    }
}
