"""The native client with its life: made when it is first needed, closed with what is buffered sent, and new after a fork.

An engine is shared by all that was made from one client: its pipelines, its subscriptions, clients with the same pool. It may
be used by any thread. A closed one is made anew when it is needed again, as redis-py's pool is, but for the end of the
interpreter.

In a forked child the parent's client is left alone, and one of the child's own is made at the first use.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
import time
import weakref
from typing import Any, Callable, Iterable, List, NamedTuple, Optional, Set, TypeVar

from redis.exceptions import RedisError

from . import _native, _setup, ending, green  # noqa: F401  (the extension is set up before it is used)
from .answers import answer_addresses, answer_credentials
from .errors import ClosedError
from .options import milliseconds_left
from .settings import Settings

logger = logging.getLogger("resilient_redis")

_Some = TypeVar("_Some")

#: The options by which the package itself does something.
_KNOWN = (
    "command_timeout_ms",
    "buffer_overflow",
    "private_max_connections",
    "read_from",
    "delivery",
    "retry_unsafe",
    "subscription_queue_size",
)


class CloseReport(NamedTuple):
    """What ``close()`` left behind."""

    #: Buffered commands that were sent while closing.
    drained: int = 0
    #: Buffered commands that could not be sent: they are lost.
    lost: int = 0
    #: Buffered commands that were written but not answered: they may have run.
    unknown: int = 0
    #: Commands that were left in the failed list.
    failed: int = 0


def snapshot(of: Iterable[_Some]) -> List[_Some]:
    """What a weak set holds, although other threads change it meanwhile."""
    while True:
        try:
            return list(of)
        except RuntimeError:
            continue


def _drain(native: _native.Client, drain_ms: int) -> int:
    """Waits until what is buffered was sent, for at most so long. How many were."""
    replayed = native.stats()["replayed"]
    try:
        native.flush(drain_ms)
    except RedisError:
        pass  # what is left is told by close()
    return native.stats()["replayed"] - replayed


class _Life:
    """The native client of an engine, apart from it, so that it can be ended when the engine is gone."""

    def __init__(self, drain_ms: int) -> None:
        self.drain_ms = drain_ms
        self.native: Optional[_native.Client] = None
        self.mailboxes: List[_native.Mailbox] = []
        #: What ends with it: its end_soon() is called.
        self.dependents: weakref.WeakSet[Any] = weakref.WeakSet()

    def taken(self) -> _Life:
        """All that it has, which is not its any more."""
        other = _Life(self.drain_ms)
        other.native, other.mailboxes, other.dependents = self.native, self.mailboxes, self.dependents
        self.abandon()
        return other

    def is_idle(self) -> bool:
        """Does ending it take no time?"""
        return self.native is None or (not self.mailboxes and not self.dependents and self.native.buffered() == 0)

    def end(self, drain_ms: Optional[int] = None) -> CloseReport:
        ended = self.taken()
        native = ended.native
        if native is None:
            for mailbox in ended.mailboxes:
                mailbox.close()
            return CloseReport()
        end = time.monotonic() + (self.drain_ms if drain_ms is None else drain_ms) / 1000
        drained = 0
        try:
            # A signal can end this wait, and not always the one of close(). The program may still be asked for credentials.
            if native.buffered() > 0:
                drained = _drain(native, _left(end))
        finally:
            # What the library still asks for is refused: closing waits for the answers.
            for mailbox in ended.mailboxes:
                mailbox.close()
            try:
                report = CloseReport(*native.close(_left(end) if sys.exc_info()[0] is None else 0))
            finally:
                for dependent in snapshot(ended.dependents):
                    dependent.end_soon()
        if report.lost or report.unknown:
            logger.error(
                "closing lost %d buffered commands, and %d more may or may not have run", report.lost, report.unknown
            )
        return report._replace(drained=report.drained + drained)

    def end_apart(self) -> None:
        """Ends it on a thread, for who must not wait; here where there can be no more threads."""
        thread = threading.Thread(target=_end_on_thread, args=(self,), name="resilient-redis", daemon=True)
        _ends.add(thread)
        try:
            thread.start()
        except RuntimeError:
            _ends.discard(thread)
            self.end(0)

    def abandon(self) -> None:
        """In a forked child: what the parent has stays the parent's."""
        self.native = None
        self.mailboxes = []
        self.dependents = weakref.WeakSet()


def _left(end: float) -> int:
    return milliseconds_left(end, time.monotonic())


def _end_on_thread(life: _Life) -> None:
    try:
        life.end()
    finally:
        _ends.discard(threading.current_thread())


class Engine:
    """The native client of a redis-py client. See the module."""

    def __init__(self, settings: Settings) -> None:
        #: What the package has to know, with the library's defaults in the place of what nobody said.
        self.options = _native.options_with(settings.options, _KNOWN)
        green.check(settings)
        self.settings = settings
        #: The native client, or None when none is there: then open() makes one.
        self.native: Optional[_native.Client] = None
        # A signal's handler may come while it is held, and use the client.
        self._lock = threading.RLock()
        self._life = _Life(settings.drain_timeout_ms)
        self._dropped = 0
        self._closed = False
        #: Grows with each native client: what belongs to an earlier one is of no more use.
        self.generation = 0
        weakref.finalize(self, self._end_unused, self._life).atexit = False
        _engines.add(self)

    def open(self, again: bool = True) -> _native.Client:
        """The native client; a new one if there is none. ``again``: also after it was closed."""
        ending.hold_daemons()
        with self._lock:
            while True:
                native = self.native
                if native is not None:
                    return native
                if self._closed and not again:
                    raise ClosedError("the client is closed")
                if ending.has_begun():
                    raise ClosedError("the interpreter is ending")
                # A signal's handler may close what is made here: then it is made once more.
                self._make()

    def _make(self) -> None:
        made = _Life(self._life.drain_ms)
        try:
            self._fill(made)
            if self.native is not None:  # a signal's handler has made one meanwhile
                return
            self._life.native, self._life.mailboxes = made.native, made.mailboxes
            self._dropped = 0
            self._closed = False
            self.generation += 1
            self.native = made.native
            made.abandon()
        finally:
            made.end(0)

    def _fill(self, made: _Life) -> None:
        settings = self.settings
        credentials = _native.Mailbox() if settings.credential_provider is not None else None
        addresses = _native.Mailbox() if settings.resolver is not None else None
        made.native = _native.Client(
            settings.options,
            settings.encoding,
            settings.encoding_errors,
            settings.decode_responses,
            credentials,
            addresses,
        )
        made.mailboxes = [mailbox for mailbox in (credentials, addresses) if mailbox is not None]
        if credentials is not None:
            self._answer(answer_credentials, credentials, self._credentials())
        if addresses is not None:
            self._answer(answer_addresses, addresses, self._resolver())

    def _credentials(self) -> Callable[..., Any]:
        """What is called for user and password."""
        return self.settings.credential_provider.get_credentials

    def _resolver(self) -> Callable[..., Any]:
        """What is called for addresses."""
        assert self.settings.resolver is not None
        return self.settings.resolver

    @staticmethod
    def _end_unused(life: _Life) -> None:
        """Nobody has the engine any more. This may be in any thread, in the midst of anything."""
        if life.is_idle():
            life.end()
        else:
            life.end_apart()

    @staticmethod
    def _answer(how: Callable[[_native.Mailbox, Any], None], mailbox: _native.Mailbox, what: Any) -> None:
        threading.Thread(target=how, args=(mailbox, what), name="resilient-redis", daemon=True).start()

    def close(self, drain_ms: Optional[int] = None) -> CloseReport:
        """Ends the native client; what is buffered is sent first, for at most this long."""
        with self._lock:
            self.native = None
            self._closed = True
            ended = self._life.taken()
        return ended.end(drain_ms)

    def milliseconds(self, timeout: Optional[float]) -> int:
        """A timeout in seconds as the extension takes it; None is ``socket_timeout``."""
        if timeout is None:
            return int(self.options["command_timeout_ms"])
        return max(0, round(timeout * 1000))

    def note_buffered(self) -> None:
        """After a write was buffered: says so when it took the place of an older one."""
        native = self.native
        if native is None or self.options["buffer_overflow"] != "drop_oldest":
            return
        dropped = native.stats()["dropped"]
        if dropped > self._dropped:
            logger.warning(
                "the buffer is full: the %d oldest buffered commands were dropped, see get_failed_commands()",
                dropped - self._dropped,
            )
            self._dropped = dropped

    def _abandon(self) -> None:
        self._lock = threading.RLock()
        self.native = None
        self.generation += 1
        self._life.abandon()


_engines: weakref.WeakSet[Engine] = weakref.WeakSet()
#: Threads that end what nobody has any more.
_ends: Set[threading.Thread] = set()


def _close_all() -> None:
    ending.begin()
    try:
        for engine in snapshot(_engines):
            try:
                engine.close()
            except Exception:
                logger.exception("a client could not be closed")
        for thread in snapshot(_ends):
            thread.join()
    finally:
        ending.all_are_closed()


def _close_all_of_child() -> None:
    # multiprocessing ends a child before its other threads.
    ending.join_others()
    _close_all()


def _after_fork_in_child() -> None:
    _ends.clear()
    for engine in snapshot(_engines):
        engine._abandon()
    # A child of multiprocessing ends without what is registered with atexit.
    util: Any = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.register_after_fork(_engines, _register_with_multiprocessing)


def _register_with_multiprocessing(engines: Any) -> None:
    util: Any = sys.modules["multiprocessing.util"]
    util.Finalize(None, _close_all_of_child, exitpriority=10)


def _is_child_of_multiprocessing() -> bool:
    process: Any = sys.modules.get("multiprocessing.process")
    return process is not None and "multiprocessing.util" in sys.modules and process.parent_process() is not None


atexit.register(_close_all)
os.register_at_fork(after_in_child=_after_fork_in_child)
if _is_child_of_multiprocessing():
    _register_with_multiprocessing(_engines)
