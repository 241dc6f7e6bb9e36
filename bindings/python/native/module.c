/*
 * The module: its functions, its constants and its types.
 *
 * Its state is the process's: an interpreter beside the main one is refused.
 */
#include "native.h"

static int add_constants(PyObject *module)
{
    static const struct {
        const char *name;
        long long value;
    } constants[] = {
#define X(name) {#name, name},
#include "constants.inc"
#undef X
    };

    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
        if (PyModule_AddIntConstant(module, constants[i].name, (long)constants[i].value) < 0)
            return -1;
    return 0;
}

static PyObject *main_thread_is(PyObject *module, PyObject *identity)
{
    unsigned long number = PyLong_AsUnsignedLong(identity);

    (void)module;
    if (number == (unsigned long)-1 && PyErr_Occurred())
        return NULL;
    set_main_thread(number);
    return given(Py_None);
}

static PyObject *version(PyObject *module, PyObject *none)
{
    (void)module;
    (void)none;
    return text_to_python(rr_version());
}

static PyObject *version_number(PyObject *module, PyObject *none)
{
    (void)module;
    (void)none;
    return PyLong_FromUnsignedLong(rr_version_number());
}

static PyMethodDef functions[] = {
    {"setup", setup, METH_VARARGS, "setup(make_failure, server_error, buffered, data_error): once, before anything else."},
    {"main_thread_is", main_thread_is, METH_O, "Says which thread handles signals: its waits are ended by them."},
    {"options_with", options_with, METH_VARARGS, "options_with(options, names): what these are when those are set."},
    {"version", version, METH_NOARGS, "The version of the library that runs."},
    {"version_number", version_number, METH_NOARGS, "The version of the library that runs, as a number."},
    {NULL, NULL, 0, NULL},
};

static int execute(PyObject *module)
{
    if (PyInterpreterState_GetID(PyInterpreterState_Get()) != 0) {
        PyErr_SetString(PyExc_ImportError, "resilient_redis cannot be used in a sub-interpreter: "
                                           "import it in the main interpreter of the process");
        return -1;
    }
    if (rr_version_number() < RR_VERSION_NUMBER) {
        PyErr_Format(PyExc_ImportError, "libresilient_redis %s was found, and this package needs %d.%d.%d or later",
                     rr_version(), RR_VERSION_MAJOR, RR_VERSION_MINOR, RR_VERSION_PATCH);
        return -1;
    }
    if (add_constants(module) < 0 || client_add(module) < 0 || queue_add(module) < 0 || transaction_add(module) < 0 ||
        subscription_add(module) < 0 || monitor_add(module) < 0 || mailbox_add(module) < 0)
        return -1;
    return 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)execute},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "resilient_redis._native",
    .m_doc = "The C interface of the library. Programs use the package.",
    .m_size = 0,
    .m_methods = functions,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__native(void);

PyMODINIT_FUNC PyInit__native(void)
{
    return PyModuleDef_Init(&definition);
}
