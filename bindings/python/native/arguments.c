/*
 * The arguments of a command, packed one after the other as the library's "packed" functions take them.
 *
 * What may be an argument, and what it becomes, is as in redis-py: bytes and what is like them as they are, text in the client's
 * encoding, numbers as Python writes them. Anything else is redis-py's DataError.
 */
#include "native.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void arguments_begin(arguments *arguments)
{
    arguments->bytes = arguments->bytes_here;
    arguments->room = sizeof arguments->bytes_here;
    arguments->used = 0;
    arguments->lengths = arguments->lengths_here;
    arguments->slots = sizeof arguments->lengths_here / sizeof *arguments->lengths_here;
    arguments->count = 0;
    arguments->pointers = NULL;
}

void arguments_end(arguments *arguments)
{
    if (arguments->bytes != arguments->bytes_here)
        PyMem_Free(arguments->bytes);
    if (arguments->lengths != arguments->lengths_here)
        PyMem_Free(arguments->lengths);
    PyMem_Free((void *)arguments->pointers);
}

static int add(arguments *arguments, const char *bytes, size_t length)
{
    if (arguments->count == arguments->slots) {
        size_t slots = arguments->slots * 2;
        size_t *lengths = PyMem_Malloc(slots * sizeof *lengths);

        if (lengths == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        memcpy(lengths, arguments->lengths, arguments->count * sizeof *lengths);
        if (arguments->lengths != arguments->lengths_here)
            PyMem_Free(arguments->lengths);
        arguments->lengths = lengths;
        arguments->slots = slots;
    }
    if (length > arguments->room - arguments->used) {
        size_t room = arguments->room * 2 > arguments->used + length ? arguments->room * 2 : arguments->used + length;
        char *more = PyMem_Malloc(room);

        if (more == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        memcpy(more, arguments->bytes, arguments->used);
        if (arguments->bytes != arguments->bytes_here)
            PyMem_Free(arguments->bytes);
        arguments->bytes = more;
        arguments->room = room;
    }
    if (length > 0)
        memcpy(arguments->bytes + arguments->used, bytes, length);
    arguments->used += length;
    arguments->lengths[arguments->count++] = length;
    return 0;
}

static int add_bytes(arguments *arguments, PyObject *bytes)
{
    char *from;
    Py_ssize_t length;

    if (PyBytes_AsStringAndSize(bytes, &from, &length) < 0)
        return -1;
    return add(arguments, from, (size_t)length);
}

/* Adds a new bytes object, and gives it back. NULL: there is an exception. */
static int add_new(arguments *arguments, PyObject *bytes)
{
    int result;

    if (bytes == NULL)
        return -1;
    result = add_bytes(arguments, bytes);
    Py_DECREF(bytes);
    return result;
}

static int add_number(arguments *arguments, PyObject *number)
{
    PyObject *text;
    int result;

    if (PyLong_CheckExact(number)) {
        int overflow;
        long long value = PyLong_AsLongLongAndOverflow(number, &overflow);

        if (overflow == 0) {
            char digits[24];
            int length;

            if (value == -1 && PyErr_Occurred())
                return -1;
            length = snprintf(digits, sizeof digits, "%lld", value);
            return add(arguments, digits, (size_t)length);
        }
    }
    text = PyObject_Repr(number);
    if (text == NULL)
        return -1;
    result = add_new(arguments, PyUnicode_AsUTF8String(text));
    Py_DECREF(text);
    return result;
}

static int refuse(PyObject *value)
{
    PyObject *name = PyObject_GetAttrString((PyObject *)Py_TYPE(value), "__name__");

    if (name == NULL)
        return -1;
    if (PyBool_Check(value))
        PyErr_SetString(data_error, "Invalid input of type: 'bool'. Convert to a bytes, string, int or float first.");
    else
        PyErr_Format(data_error, "Invalid input of type: '%S'. Convert to a bytes, string, int or float first.", name);
    Py_DECREF(name);
    return -1;
}

static int add_value(arguments *arguments, PyObject *value, const codec *codec)
{
    if (PyBytes_Check(value))
        return add_bytes(arguments, value);
    if (PyUnicode_Check(value))
        return add_new(arguments, codec_encode(codec, value));
    if (PyBool_Check(value))
        return refuse(value);
    if (PyLong_Check(value) || PyFloat_Check(value))
        return add_number(arguments, value);
    if (PyByteArray_Check(value) || PyMemoryView_Check(value))
        return add_new(arguments, PyBytes_FromObject(value));
    return refuse(value);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Puts each word of the name, which is all that was added so far, in its own place. */
static int split_name(arguments *arguments)
{
    size_t length = arguments->lengths[0];
    char *name = arguments->bytes;
    size_t to = 0, begin = 0, words = 0;

    while (begin < length && !is_space(name[begin]))
        begin++;
    if (begin == length)
        return 0;
    begin = 0;
    for (size_t i = 0; i <= length; i++) {
        if (i < length && !is_space(name[i]))
            continue;
        if (i > begin) {
            if (words == arguments->slots) {
                PyErr_SetString(data_error, "the name of the command has too many words");
                return -1;
            }
            memmove(name + to, name + begin, i - begin);
            to += i - begin;
            arguments->lengths[words++] = i - begin;
        }
        begin = i + 1;
    }
    arguments->count = words;
    arguments->used = to;
    return 0;
}

static int add_all(arguments *arguments, PyObject *values, const codec *codec, bool command)
{
    bool tuple = PyTuple_Check(values) != 0;
    Py_ssize_t count;

    if (!tuple && !PyList_Check(values)) {
        PyErr_SetString(PyExc_TypeError, "arguments must be a tuple or a list");
        return -1;
    }
    count = tuple ? PyTuple_Size(values) : PyList_Size(values);
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *value = tuple ? PyTuple_GetItem(values, i) : PyList_GetItem(values, i);
        int result;

        if (value == NULL)
            return -1;
        Py_INCREF(value); /* code of Python's may run, and the list may change */
        result = add_value(arguments, value, codec);
        Py_DECREF(value);
        if (result < 0 || (command && i == 0 && split_name(arguments) < 0))
            return -1;
    }
    return 0;
}

static void forget(arguments *arguments)
{
    arguments->used = 0;
    arguments->count = 0;
    PyMem_Free((void *)arguments->pointers);
    arguments->pointers = NULL;
}

int arguments_pack_command(arguments *arguments, PyObject *command, const codec *codec)
{
    forget(arguments);
    return add_all(arguments, command, codec, true);
}

int arguments_pack_names(arguments *arguments, PyObject *names, const codec *codec)
{
    forget(arguments);
    return add_all(arguments, names, codec, false);
}

int arguments_add(arguments *arguments, PyObject *values, const codec *codec)
{
    return add_all(arguments, values, codec, false);
}

const char *const *arguments_pointers(arguments *arguments)
{
    size_t at = 0;

    PyMem_Free((void *)arguments->pointers);
    arguments->pointers = PyMem_Malloc((arguments->count + 1) * sizeof *arguments->pointers);
    if (arguments->pointers == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    for (size_t i = 0; i < arguments->count; i++) {
        arguments->pointers[i] = arguments->bytes + at;
        at += arguments->lengths[i];
    }
    return arguments->pointers;
}
