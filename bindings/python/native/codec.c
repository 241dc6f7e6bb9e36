/* How text becomes bytes and bytes become text: encoding, error handler, and whether replies are decoded at all. */
#include "native.h"

#include <ctype.h>
#include <string.h>

/* A copy of a str of ASCII characters. */
static char *name_of(PyObject *text)
{
    PyObject *bytes = PyUnicode_AsUTF8String(text);
    char *from, *copy = NULL;
    Py_ssize_t length;

    if (bytes == NULL)
        return NULL;
    if (PyBytes_AsStringAndSize(bytes, &from, NULL) == 0) { /* refuses a NUL */
        length = PyBytes_Size(bytes);
        copy = PyMem_Malloc((size_t)length + 1);
        if (copy == NULL)
            PyErr_NoMemory();
        else
            memcpy(copy, from, (size_t)length + 1);
    }
    Py_DECREF(bytes);
    return copy;
}

static bool is_utf8(const char *name)
{
    char plain[6];
    size_t length = 0;

    for (; *name != '\0'; name++) {
        if (*name == '-' || *name == '_')
            continue;
        if (length == sizeof plain - 1)
            return false;
        plain[length++] = (char)tolower((unsigned char)*name);
    }
    plain[length] = '\0';
    return strcmp(plain, "utf8") == 0;
}

int codec_init(codec *codec, PyObject *encoding, PyObject *errors, bool decode)
{
    codec_end(codec); /* an earlier attempt may have failed later on */
    codec->encoding_name = name_of(encoding);
    if (codec->encoding_name == NULL)
        return -1;
    codec->errors_name = name_of(errors);
    if (codec->errors_name == NULL)
        return -1;
    codec->utf8 = is_utf8(codec->encoding_name);
    codec->decode = decode;
    Py_INCREF(encoding);
    Py_INCREF(errors);
    codec->encoding = encoding;
    codec->errors = errors;
    return 0;
}

void codec_end(codec *codec)
{
    PyMem_Free(codec->encoding_name);
    PyMem_Free(codec->errors_name);
    codec->encoding_name = codec->errors_name = NULL;
    Py_CLEAR(codec->encoding);
    Py_CLEAR(codec->errors);
}

PyObject *codec_encode(const codec *codec, PyObject *text)
{
    /* Without an error handler of its own, UTF-8 has a short way. */
    if (codec->utf8 && strcmp(codec->errors_name, "strict") == 0)
        return PyUnicode_AsUTF8String(text);
    return PyUnicode_AsEncodedString(text, codec->encoding_name, codec->errors_name);
}

PyObject *codec_decode(const codec *codec, const char *bytes, size_t length)
{
    if (codec->utf8)
        return PyUnicode_DecodeUTF8(bytes, (Py_ssize_t)length, codec->errors_name);
    return PyUnicode_Decode(bytes, (Py_ssize_t)length, codec->encoding_name, codec->errors_name);
}
