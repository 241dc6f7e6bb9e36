/*
 * Replies as Python's values, as redis-py's parsers give them: bytes or text, int, float, bool, None, list (for sets too), dict;
 * an error inside of a reply is an exception object in its place.
 */
#include "native.h"

static PyObject *list_of(const rr_value *children, size_t count, const codec *codec, bool raw, const rr_error *error)
{
    PyObject *list = PyList_New((Py_ssize_t)count);

    if (list == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        PyObject *child = value_to_python(&children[i], codec, raw, error);

        if (child == NULL || PyList_SetItem(list, (Py_ssize_t)i, child) < 0) {
            Py_DECREF(list);
            return NULL;
        }
    }
    return list;
}

/* A key that a dict takes: lists become tuples, dicts the tuple of their pairs. It takes the reference, and gives a new one. */
static PyObject *hashable(PyObject *key)
{
    PyObject *parts, *tuple;

    if (PyDict_Check(key))
        parts = PyDict_Items(key);
    else if (PyList_Check(key) || PyTuple_Check(key))
        parts = PySequence_List(key);
    else
        return key;
    Py_DECREF(key);
    if (parts == NULL)
        return NULL;
    for (Py_ssize_t i = 0; i < PyList_Size(parts); i++) {
        PyObject *part = PyList_GetItem(parts, i);

        Py_INCREF(part);
        part = hashable(part);
        if (part == NULL || PyList_SetItem(parts, i, part) < 0) {
            Py_DECREF(parts);
            return NULL;
        }
    }
    tuple = PyList_AsTuple(parts);
    Py_DECREF(parts);
    return tuple;
}

static PyObject *dict_of(const rr_value *value, const codec *codec, bool raw, const rr_error *error)
{
    PyObject *dict = PyDict_New();

    if (dict == NULL)
        return NULL;
    for (size_t i = 0; i + 1 < value->count; i += 2) {
        PyObject *key = value_to_python(&value->children[i], codec, raw, error);
        PyObject *item;
        int failed;

        if (key != NULL)
            key = hashable(key);
        item = key == NULL ? NULL : value_to_python(&value->children[i + 1], codec, raw, error);
        failed = item == NULL || PyDict_SetItem(dict, key, item) < 0;
        Py_XDECREF(key);
        Py_XDECREF(item);
        if (failed) {
            Py_DECREF(dict);
            return NULL;
        }
    }
    return dict;
}

PyObject *value_to_python(const rr_value *value, const codec *codec, bool raw, const rr_error *error)
{
    switch (value->type) {
    case RR_TYPE_STATUS:
    case RR_TYPE_STRING:
    case RR_TYPE_VERBATIM:
        if (codec->decode && !raw)
            return codec_decode(codec, value->string, value->length);
        return PyBytes_FromStringAndSize(value->string, (Py_ssize_t)value->length);
    case RR_TYPE_INTEGER:
        return PyLong_FromLongLong(value->integer);
    case RR_TYPE_NIL:
        return given(Py_None);
    case RR_TYPE_ARRAY:
    case RR_TYPE_SET:
    case RR_TYPE_PUSH:
        return list_of(value->children, value->count, codec, raw, error);
    case RR_TYPE_MAP:
        return dict_of(value, codec, raw, error);
    case RR_TYPE_DOUBLE:
        return PyFloat_FromDouble(value->real);
    case RR_TYPE_BOOLEAN:
        return PyBool_FromLong(value->integer != 0);
    case RR_TYPE_BIG_NUMBER:
        return PyLong_FromString(value->string, NULL, 10);
    case RR_TYPE_ERROR:
        return failure_in_reply(value, error);
    case RR_TYPE_ATTRIBUTE: /* what the server says about a value is for others */
        if (value->count > 0)
            return value_to_python(&value->children[0], codec, raw, error);
        return given(Py_None);
    default:
        PyErr_Format(PyExc_ValueError, "a reply has a value of type %d, which this version does not know", (int)value->type);
        return NULL;
    }
}

PyObject *reply_to_python(rr_reply *reply, const codec *codec, bool raw, const rr_error *error)
{
    const rr_value *view = rr_reply_view(reply);
    PyObject *result;

    if (view == NULL) {
        PyErr_NoMemory();
        result = NULL;
    } else {
        result = value_to_python(view, codec, raw, error);
    }
    rr_reply_free(reply);
    return result;
}

PyObject *replies_to_python(rr_reply *reply, const codec *codec, const char *raw, const rr_error *error)
{
    const rr_value *view = raw == NULL ? NULL : rr_reply_view(reply);
    PyObject *list;

    if (view == NULL || view->type != RR_TYPE_ARRAY)
        return reply_to_python(reply, codec, false, error);
    list = PyList_New((Py_ssize_t)view->count);
    for (size_t i = 0; list != NULL && i < view->count; i++) {
        PyObject *value = value_to_python(&view->children[i], codec, raw[i] != 0, error);

        if (value == NULL || PyList_SetItem(list, (Py_ssize_t)i, value) < 0)
            Py_CLEAR(list);
    }
    rr_reply_free(reply);
    return list;
}
