"""Measures the ways in which Python can cross into the library: ctypes, cffi in its two modes, and the extension of this package.

Each does the same with the same functions of the header, from a tuple of arguments to Python's objects: a GET, an LRANGE of 1000,
a pipeline of 100 GETs. README.md says what was chosen and why. ``crossings.py [--rounds 7]``; it needs ``gcc``, ``cffi`` and the
package installed in the interpreter that runs it.
"""

import argparse
import ctypes
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.server import Server

import resilient_redis
from resilient_redis import _native

HEADER = Path(__file__).parents[3] / "include" / "resilient_redis.h"
LIST = tuple(f"element:{number:08d}" for number in range(1000))


def library():
    """The library that the extension is linked to."""
    return next(line.split()[-1] for line in open("/proc/self/maps") if "libresilient_redis.so" in line)


def packed(args):
    """The arguments one after the other, and their lengths."""
    encoded = [arg if isinstance(arg, bytes) else arg.encode() for arg in args]
    return b"".join(encoded), [len(arg) for arg in encoded]


class Extension:
    """This package's."""

    def __init__(self, port):
        self._client = _native.Client({"port": str(port)}, "utf-8", "strict", False)
        self._client.wait_ready(5000)
        _native.main_thread_is(0)  # all wait in the library, as the others do

    def command(self, args):
        return self._client.command(args)

    def pipeline(self, commands):
        return self._client.pipeline(commands)[0]


class Ctypes:
    """ctypes: structures and functions declared by hand."""

    class Value(ctypes.Structure):
        pass

    Value._fields_ = [
        ("type", ctypes.c_int32),
        ("format", ctypes.c_char * 4),
        ("integer", ctypes.c_int64),
        ("real", ctypes.c_double),
        ("string", ctypes.c_void_p),
        ("length", ctypes.c_size_t),
        ("children", ctypes.POINTER(Value)),
        ("count", ctypes.c_size_t),
    ]

    def __init__(self, port):
        self._lib = lib = ctypes.CDLL(library())
        lib.rr_reply_view.restype = ctypes.POINTER(self.Value)
        lib.rr_reply_view.argtypes = [ctypes.c_void_p]
        lib.rr_reply_free.argtypes = [ctypes.c_void_p]
        lib.rr_command_packed.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_void_p] + [ctypes.c_void_p] * 2
        lib.rr_pipeline_new.argtypes = [ctypes.c_void_p] * 4
        lib.rr_pipeline_append_packed.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p] + [ctypes.c_void_p] * 2
        lib.rr_pipeline_execute.argtypes = [ctypes.c_void_p] * 3
        lib.rr_pipeline_free.argtypes = [ctypes.c_void_p]
        client = ctypes.c_void_p()
        lib.rr_client_open(f"redis://127.0.0.1:{port}".encode(), ctypes.byref(client), None)
        self._client = client

    def _value(self, value):
        if value.type in (_native.RR_TYPE_STRING, _native.RR_TYPE_STATUS):
            return ctypes.string_at(value.string, value.length)
        if value.type == _native.RR_TYPE_ARRAY:
            return [self._value(value.children[at]) for at in range(value.count)]
        return value.integer

    def _taken(self, reply):
        try:
            return self._value(self._lib.rr_reply_view(reply).contents)
        finally:
            self._lib.rr_reply_free(reply)

    def command(self, args):
        data, lengths = packed(args)
        sizes = (ctypes.c_size_t * len(lengths))(*lengths)
        reply = ctypes.c_void_p()
        self._lib.rr_command_packed(self._client, len(lengths), data, sizes, ctypes.byref(reply), None)
        return self._taken(reply)

    def pipeline(self, commands):
        pipeline, reply = ctypes.c_void_p(), ctypes.c_void_p()
        self._lib.rr_pipeline_new(self._client, None, ctypes.byref(pipeline), None)
        for args, _ in commands:
            data, lengths = packed(args)
            sizes = (ctypes.c_size_t * len(lengths))(*lengths)
            self._lib.rr_pipeline_append_packed(pipeline, len(lengths), data, sizes, None)
        self._lib.rr_pipeline_execute(pipeline, ctypes.byref(reply), None)
        self._lib.rr_pipeline_free(pipeline)
        return self._taken(reply)


def declarations():
    """The header as cffi reads it."""
    text = subprocess.run(["gcc", "-E", "-P", str(HEADER)], check=True, stdout=subprocess.PIPE, text=True).stdout
    return text[re.search(r"typedef struct rr_addresses", text).start() :]


class Cffi:
    """cffi: the header's own declarations, called by libffi (ABI mode) or by code that a compiler made (API mode)."""

    def __init__(self, port, compiled):
        import cffi

        ffi = cffi.FFI()
        ffi.cdef(declarations())
        if compiled:
            folder = tempfile.mkdtemp()
            place = str(Path(library()).parent)
            options = {"libraries": [":" + Path(library()).name], "library_dirs": [place], "runtime_library_dirs": [place]}
            ffi.set_source("_crossing", "#include <resilient_redis.h>", include_dirs=[str(HEADER.parent)], **options)
            ffi.compile(folder)
            sys.path.insert(0, folder)
            from _crossing import ffi, lib
        else:
            lib = ffi.dlopen(library())
        self._ffi, self._lib = ffi, lib
        client = ffi.new("rr_client **")
        lib.rr_client_open(f"redis://127.0.0.1:{port}".encode(), client, ffi.NULL)
        self._client = client[0]

    def _value(self, value):
        if value.type in (_native.RR_TYPE_STRING, _native.RR_TYPE_STATUS):
            return self._ffi.buffer(value.string, value.length)[:]
        if value.type == _native.RR_TYPE_ARRAY:
            return [self._value(child) for child in value.children[0 : value.count]]
        return value.integer

    def _taken(self, reply):
        try:
            return self._value(self._lib.rr_reply_view(reply[0])[0])
        finally:
            self._lib.rr_reply_free(reply[0])

    def command(self, args):
        data, lengths = packed(args)
        reply = self._ffi.new("rr_reply **")
        self._lib.rr_command_packed(self._client, len(lengths), data, lengths, reply, self._ffi.NULL)
        return self._taken(reply)

    def pipeline(self, commands):
        pipeline, reply = self._ffi.new("rr_pipeline **"), self._ffi.new("rr_reply **")
        self._lib.rr_pipeline_new(self._client, self._ffi.NULL, pipeline, self._ffi.NULL)
        for args, _ in commands:
            data, lengths = packed(args)
            self._lib.rr_pipeline_append_packed(pipeline[0], len(lengths), data, lengths, self._ffi.NULL)
        self._lib.rr_pipeline_execute(pipeline[0], reply, self._ffi.NULL)
        self._lib.rr_pipeline_free(pipeline[0])
        return self._taken(reply)


def microseconds(once, times):
    """Of the processor, this process's, for one."""
    once()
    began = time.process_time()
    for _ in range(times):
        once()
    return (time.process_time() - began) / times * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    server = Server()
    try:
        server.command("SET", "value", "x" * 16)
        server.command("RPUSH", "list", *LIST)
        ways = {
            "extension": Extension(server.port),
            "cffi, API mode": Cffi(server.port, True),
            "cffi, ABI mode": Cffi(server.port, False),
            "ctypes": Ctypes(server.port),
        }
        works = {
            "GET": (lambda way: way.command(("GET", "value")), 5000),
            "LRANGE of 1000": (lambda way: way.command(("LRANGE", "list", "0", "-1")), 300),
            "pipeline of 100 GETs": (lambda way: way.pipeline([(("GET", "value"), {})] * 100), 300),
        }
        print(f"resilient_redis {resilient_redis.__version__}: microseconds of the processor for one, median of {rounds} rounds")
        for about, (work, times) in works.items():
            expected = work(ways["extension"])
            assert all(work(way) == expected for way in ways.values())
            taken = {name: [] for name in ways}
            for _ in range(rounds):
                for name, way in ways.items():
                    taken[name].append(microseconds(lambda way=way, work=work: work(way), times))
            print(about, *(f"{name} {statistics.median(all):.1f}" for name, all in taken.items()), sep=" | ", flush=True)
    finally:
        server.close()


if __name__ == "__main__":
    main()
