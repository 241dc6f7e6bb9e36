"""Threads for calls that the library makes only for a caller that waits: transactions, monitors, closing, changes of the session.

Owns the threads of all clients of the process. They are daemons, so that the end of the interpreter waits for none of them, are
made when there is work, and end when there is none for a while. An event loop awaits what a call returns; one that is awaited no
longer goes on to its end, and what it returns is dropped. Nothing here bounds how many calls there are at a time: who calls does.
"""

from __future__ import annotations

import asyncio
import collections
import os
import threading
from typing import Any, Callable, Deque, Optional

#: After how many seconds without work a thread ends.
_IDLE_SECONDS = 10.0


class _Threads:
    """As many threads as there are calls at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ready = threading.Condition(self._lock)
        self._work: Deque[Callable[[], None]] = collections.deque()
        self._idle = 0

    def run(self, work: Callable[[], None]) -> None:
        """Has a thread do it, which it must not fail in."""
        with self._lock:
            self._work.append(work)
            if self._idle >= len(self._work):
                self._ready.notify()
                return
        try:
            threading.Thread(target=self._serve, name="resilient-redis", daemon=True).start()
        except RuntimeError:
            with self._lock:
                if work in self._work:
                    self._work.remove(work)
                    raise

    def _serve(self) -> None:
        while True:
            with self._lock:
                while not self._work:
                    self._idle += 1
                    is_woken = self._ready.wait(_IDLE_SECONDS)
                    self._idle -= 1
                    if not is_woken and not self._work:
                        return
                work = self._work.popleft()
            work()
            del work


_threads = _Threads()


class Strand:
    """Calls on one object: each is made when the one before it has ended, whether or not anybody awaits that."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: Deque[Callable[[], None]] = collections.deque()
        self._is_running = False

    def call(self, function: Callable[..., Any], *args: Any, after: Optional[Callable[[], None]] = None) -> asyncio.Future[Any]:
        """What the function returns, for the running event loop; ``after`` is called there when it has returned.

        One that is given up before its turn is not called; ``after`` is.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()

        def make() -> None:
            result = error = None
            if not future.cancelled():
                try:
                    result = function(*args)
                except BaseException as raised:
                    error = raised
            try:
                loop.call_soon_threadsafe(_conclude, future, result, error, after)
            except RuntimeError:
                pass  # the event loop is closed: nobody waits

        self._add(make)
        return future

    def do(self, function: Callable[[], Any]) -> None:
        """Calls the function in its turn. Nobody hears how that ended."""

        def make() -> None:
            try:
                function()
            except BaseException:
                pass

        self._add(make)

    def _add(self, make: Callable[[], None]) -> None:
        with self._lock:
            self._calls.append(make)
            if self._is_running:
                return
            self._is_running = True
        try:
            _threads.run(self._run)
        except RuntimeError:
            with self._lock:
                self._is_running = False
                self._calls.clear()
            raise

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._calls:
                    self._is_running = False
                    return
                make = self._calls.popleft()
            make()
            del make


def _conclude(
    future: asyncio.Future[Any], result: Any, error: Optional[BaseException], after: Optional[Callable[[], None]]
) -> None:
    if after is not None:
        after()
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


def call(function: Callable[..., Any], *args: Any, after: Optional[Callable[[], None]] = None) -> asyncio.Future[Any]:
    """One call that belongs to no object: see :meth:`Strand.call`."""
    return Strand().call(function, *args, after=after)


def _after_fork_in_child() -> None:
    global _threads
    _threads = _Threads()


os.register_at_fork(after_in_child=_after_fork_in_child)
