"""Tells the extension, once and before anything else, what it makes of failures, and which thread handles signals."""

from __future__ import annotations

import os
import threading

from redis.exceptions import DataError

from . import _native
from .buffered import BUFFERED
from .errors import make_failure, server_error


def _say_which_thread_is_the_main_one() -> None:
    _native.main_thread_is(threading.main_thread().ident)


_native.setup(make_failure, server_error, BUFFERED, DataError)
_say_which_thread_is_the_main_one()
# The thread that forked is the main one of the child.
os.register_at_fork(after_in_child=lambda: _native.main_thread_is(threading.get_ident()))
