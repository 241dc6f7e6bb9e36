/* Errors of the library, and of a server, as exceptions: the package makes them, here is only what they are made of. */
#include "native.h"

#include <string.h>

static PyObject *made(PyObject *exception)
{
    if (exception != NULL && !PyExceptionInstance_Check(exception)) {
        Py_DECREF(exception);
        PyErr_SetString(PyExc_TypeError, "what setup() was given made no exception");
        return NULL;
    }
    return exception;
}

PyObject *failure_at(const rr_client *client, rr_status status, const rr_error *error)
{
    bool is_away = client != NULL && status == RR_ERR_TIMEOUT && rr_client_state(client) != RR_STATE_READY;
    const char *code = rr_error_server_code(error);
    PyObject *message = text_to_python(error == NULL ? rr_status_name(status) : rr_error_message(error));
    PyObject *exception;

    if (message == NULL)
        return NULL;
    exception = PyObject_CallFunction(make_failure, "iizOOO", (int)(error == NULL ? status : rr_error_status(error)),
                                      (int)rr_error_outcome(error), code, message,
                                      rr_error_is_retryable(error) ? Py_True : Py_False, is_away ? Py_True : Py_False);
    Py_DECREF(message);
    return made(exception);
}

PyObject *failure_of(rr_status status, const rr_error *error)
{
    return failure_at(NULL, status, error);
}

PyObject *raise_failure_at(const rr_client *client, rr_status status, rr_error *error)
{
    PyObject *exception = failure_at(client, status, error);

    rr_error_free(error);
    if (exception != NULL) {
        PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
        Py_DECREF(exception);
    }
    return NULL;
}

PyObject *raise_failure(rr_status status, rr_error *error)
{
    return raise_failure_at(NULL, status, error);
}

PyObject *failure_in_reply(const rr_value *value, const rr_error *error)
{
    PyObject *message, *exception;
    int outcome = RR_OUTCOME_NONE;

    /* In a pipeline that was lost half-way these stand for what was not answered. */
    if (error != NULL && strncmp(value->string, "NOTAPPLIED", 10) == 0)
        outcome = RR_OUTCOME_NOT_APPLIED;
    else if (error != NULL && strncmp(value->string, "UNKNOWN", 7) == 0)
        outcome = RR_OUTCOME_UNKNOWN;
    if (outcome != RR_OUTCOME_NONE) {
        message = text_to_python(rr_error_message(error));
        exception = message == NULL ? NULL
                                    : PyObject_CallFunction(make_failure, "iizOOO", (int)rr_error_status(error), outcome, NULL,
                                                            message, Py_False, Py_False);
    } else {
        message = PyUnicode_DecodeUTF8(value->string, (Py_ssize_t)value->length, "replace");
        exception = message == NULL ? NULL : PyObject_CallFunction(server_error, "Oi", message, outcome);
    }
    Py_XDECREF(message);
    return made(exception);
}
