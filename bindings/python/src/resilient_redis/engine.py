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
from typing import Any, Callable, List, NamedTuple, Optional

from redis.exceptions import RedisError

from . import _native, _setup, ending, green  # noqa: F401  (the extension is set up before it is used)
from .answers import answer_addresses, answer_credentials
from .errors import ClosedError
from .settings import Settings

logger = logging.getLogger("resilient_redis")


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


def _drained_and_closed(native: _native.Client, drain_ms: int) -> CloseReport:
    """Ends a native client. What is buffered is waited for first, since a signal can end that wait and not the one of close()."""
    if drain_ms == 0 or native.buffered() == 0:
        return CloseReport(*native.close(drain_ms))
    end = time.monotonic() + drain_ms / 1000
    replayed = native.stats()["replayed"]
    try:
        native.flush(drain_ms)
    except RedisError:
        pass  # what is left is told by close()
    except BaseException:
        native.close(0)
        raise
    drained = native.stats()["replayed"] - replayed
    report = CloseReport(*native.close(max(0, round((end - time.monotonic()) * 1000))))
    return report._replace(drained=report.drained + drained)


class _Life:
    """The native client of an engine, apart from it, so that it can be ended when the engine is gone."""

    def __init__(self, drain_ms: int) -> None:
        self.drain_ms = drain_ms
        self.native: Optional[_native.Client] = None
        self.mailboxes: List[_native.Mailbox] = []
        #: What ends with it: its end_soon() is called.
        self.dependents: weakref.WeakSet[Any] = weakref.WeakSet()

    def end(self, drain_ms: Optional[int] = None) -> CloseReport:
        native, self.native = self.native, None
        mailboxes, self.mailboxes = self.mailboxes, []
        dependents, self.dependents = list(self.dependents), weakref.WeakSet()
        report = CloseReport()
        if native is not None:
            try:
                report = _drained_and_closed(native, self.drain_ms if drain_ms is None else drain_ms)
            finally:
                for mailbox in mailboxes:
                    mailbox.close()
                for dependent in dependents:
                    dependent.end_soon()
        if report.lost or report.unknown:
            logger.error(
                "closing lost %d buffered commands, and %d more may or may not have run", report.lost, report.unknown
            )
        return report

    def abandon(self) -> None:
        """In a forked child: what the parent has stays the parent's."""
        self.native = None
        self.mailboxes = []
        self.dependents = weakref.WeakSet()


class Engine:
    """The native client of a redis-py client. See the module."""

    def __init__(self, settings: Settings) -> None:
        _native.check_options(settings.options)
        green.check(settings)
        self.settings = settings
        #: The native client, or None when none is there: then open() makes one.
        self.native: Optional[_native.Client] = None
        self._lock = threading.Lock()
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
            if self.native is None:
                if self._closed and not again:
                    raise ClosedError("the client is closed")
                if ending.has_begun():
                    raise ClosedError("the interpreter is ending")
                self._make()
            native = self.native
            assert native is not None
            return native

    def _make(self) -> None:
        settings = self.settings
        credentials = _native.Mailbox() if settings.credential_provider is not None else None
        addresses = _native.Mailbox() if settings.resolver is not None else None
        native = _native.Client(
            settings.options,
            settings.encoding,
            settings.encoding_errors,
            settings.decode_responses,
            credentials,
            addresses,
        )
        if credentials is not None:
            self._answer(answer_credentials, credentials, self._credentials())
        if addresses is not None:
            self._answer(answer_addresses, addresses, self._resolver())
        self._life.mailboxes = [mailbox for mailbox in (credentials, addresses) if mailbox is not None]
        self._dropped = 0
        self._closed = False
        self.generation += 1
        self._life.native = self.native = native

    def _credentials(self) -> Callable[..., Any]:
        """What is called for user and password."""
        return self.settings.credential_provider.get_credentials

    def _resolver(self) -> Callable[..., Any]:
        """What is called for addresses."""
        assert self.settings.resolver is not None
        return self.settings.resolver

    @staticmethod
    def _end_unused(life: _Life) -> None:
        """Nobody has the engine any more."""
        life.end()

    @staticmethod
    def _answer(how: Callable[[_native.Mailbox, Any], None], mailbox: _native.Mailbox, what: Any) -> None:
        threading.Thread(target=how, args=(mailbox, what), name="resilient-redis", daemon=True).start()

    def close(self, drain_ms: Optional[int] = None) -> CloseReport:
        """Ends the native client; what is buffered is sent first, for at most this long."""
        with self._lock:
            self.native = None
            self._closed = True
            life = self._life
            ended = _Life(life.drain_ms)
            ended.native, ended.mailboxes, ended.dependents = life.native, life.mailboxes, life.dependents
            life.abandon()
        return ended.end(drain_ms)

    def milliseconds(self, timeout: Optional[float]) -> int:
        """A timeout in seconds as the extension takes it; None is ``socket_timeout``."""
        if timeout is None:
            return int(self.settings.options.get("command_timeout_ms", "5000"))
        return max(0, round(timeout * 1000))

    def note_buffered(self) -> None:
        """After a write was buffered: says so when it took the place of an older one."""
        native = self.native
        if native is None or self.settings.options.get("buffer_overflow") != "drop_oldest":
            return
        dropped = native.stats()["dropped"]
        if dropped > self._dropped:
            logger.warning(
                "the buffer is full: the %d oldest buffered commands were dropped, see get_failed_commands()",
                dropped - self._dropped,
            )
            self._dropped = dropped

    def _abandon(self) -> None:
        self._lock = threading.Lock()
        self.native = None
        self.generation += 1
        self._life.abandon()


_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


def _close_all() -> None:
    ending.begin()
    for engine in list(_engines):
        try:
            engine.close()
        except Exception:
            logger.exception("a client could not be closed")


def _after_fork_in_child() -> None:
    for engine in list(_engines):
        engine._abandon()
    # A child of multiprocessing ends without what is registered with atexit.
    util: Any = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.register_after_fork(_engines, _register_with_multiprocessing)


def _register_with_multiprocessing(engines: Any) -> None:
    util: Any = sys.modules["multiprocessing.util"]
    util.Finalize(None, _close_all, exitpriority=10)


atexit.register(_close_all)
os.register_at_fork(after_in_child=_after_fork_in_child)
