"""The end of the interpreter: clients are closed then, and the threads that are left stay where they are.

Only daemon threads are left when the interpreter ends; Python stops them wherever they are. One that used a client at that moment
would be told that it is closed, and print a traceback that nobody can do anything about. It waits here for the end instead.
"""

from __future__ import annotations

import threading

_is_ending = False


def begin() -> None:
    """From now on the interpreter ends."""
    global _is_ending
    _is_ending = True


def has_begun() -> bool:
    """Does the interpreter end?"""
    return _is_ending


def hold_daemons() -> None:
    """While the interpreter ends a thread other than the main one does not come back from here."""
    if _is_ending and threading.current_thread() is not threading.main_thread():
        threading.Event().wait()
