/* What all objects of the extension are made with: what the package gave to setup(), types, and the texts of the library. */
#include "native.h"

#include <string.h>

PyObject *make_failure;
PyObject *server_error;
PyObject *buffered;
PyObject *data_error;

static void keep(PyObject **place, PyObject *object)
{
    PyObject *before = *place;

    Py_INCREF(object);
    *place = object;
    Py_XDECREF(before);
}

PyObject *setup(PyObject *module, PyObject *args)
{
    PyObject *failure, *in_reply, *accepted, *wrong;

    (void)module;
    if (!PyArg_ParseTuple(args, "OOOO", &failure, &in_reply, &accepted, &wrong))
        return NULL;
    keep(&make_failure, failure);
    keep(&server_error, in_reply);
    keep(&buffered, accepted);
    keep(&data_error, wrong);
    return given(Py_None);
}

PyTypeObject *add_type(PyObject *module, PyType_Spec *spec)
{
    const char *name = strrchr(spec->name, '.') + 1;
    PyObject *type = PyType_FromSpec(spec);

    if (type == NULL)
        return NULL;
    Py_INCREF(type); /* one is the module's, one stays with who asked */
    if (PyModule_AddObject(module, name, type) < 0) {
        Py_DECREF(type);
        Py_DECREF(type);
        return NULL;
    }
    return (PyTypeObject *)type;
}

PyObject *made_by_a_client(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    (void)type;
    (void)args;
    (void)keywords;
    PyErr_SetString(PyExc_TypeError, "it is made by a Client");
    return NULL;
}

PyObject *new_object(PyTypeObject *type)
{
    return PyType_GenericAlloc(type, 0);
}

void free_object(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    freefunc give_back = (freefunc)PyType_GetSlot(type, Py_tp_free);

    give_back(object);
    Py_DECREF(type);
}

PyObject *text_to_python(const char *text)
{
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
}

PyObject *bytes_to_python(const char *bytes, size_t length)
{
    if (bytes == NULL)
        return given(Py_None);
    return PyBytes_FromStringAndSize(bytes, (Py_ssize_t)length);
}
