"""The end of the interpreter: clients are closed then, and daemon threads that use one stay where they are.

Python stops daemon threads wherever they are when it ends. One that used a client at that moment would be told that it is closed,
and print a traceback that nobody can do anything about. It waits here for the end instead; but not for long once all clients are
closed, since something that runs at the end may wait for that thread.
"""

from __future__ import annotations

import threading

#: How long, in seconds, a thread is held after all clients are closed.
_LONGEST = 2.0

_is_ending = False
_closed = threading.Event()
_free = threading.local()


def begin() -> None:
    """From now on the interpreter ends."""
    global _is_ending
    _is_ending = True


def all_are_closed() -> None:
    """What the end was about is done."""
    _closed.set()


def has_begun() -> bool:
    """Does the interpreter end?"""
    return _is_ending


def is_never_held() -> None:
    """The calling thread is one that closing waits for."""
    _free.is_free = True


def hold_daemons() -> None:
    """While the interpreter ends a daemon thread does not come back from here soon."""
    if _is_ending and threading.current_thread().daemon and not getattr(_free, "is_free", False):
        _closed.wait()
        threading.Event().wait(_LONGEST)


def join_others() -> None:
    """Waits for the threads that are no daemons, as Python does before it ends by itself."""
    for thread in threading.enumerate():
        if not thread.daemon and thread is not threading.current_thread():
            thread.join()
