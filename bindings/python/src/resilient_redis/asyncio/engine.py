"""Engine: the native client for event loops, each with a queue of its own, and what the library asks of their coroutines.

What is said of :class:`resilient_redis.engine.Engine` holds here. It may be used in any number of event loops, one after the
other or in several threads at once. It does not keep an event loop alive, nor does an event loop keep it.
"""

from __future__ import annotations

import asyncio
import collections
import inspect
import threading
import weakref
from typing import Any, Callable, Deque, Optional, Tuple

from .. import _native, engine
from ..answers import NobodyToAsk
from ..settings import Settings
from . import threads
from .loop import LoopQueue

#: How often, in seconds, is looked whether the event loop that answers is still there.
_GLANCE = 0.2


class Engine(engine.Engine):
    """The native client of a redis.asyncio client. See the module."""

    def __init__(self, settings: Settings) -> None:
        self._place = _Place()
        # The queue that was used last. Event loops hold theirs; here is only looked for them.
        self._recent: Callable[[], Optional[LoopQueue]] = _nothing
        #: Events that a thread has taken, in their order, for whoever asks next.
        self.events: Deque[Any] = collections.deque()
        # The thread that takes one, and of which native client.
        self._taking: Optional[Tuple[_native.Client, asyncio.Future[Any]]] = None
        super().__init__(settings)

    def open(self, again: bool = True) -> _native.Client:
        """The native client; a new one if there is none."""
        self._place.is_here()
        return super().open(again)

    def queue(self) -> LoopQueue:
        """The queue of the running event loop."""
        loop = asyncio.get_running_loop()
        queue = self._recent()
        if queue is not None and queue.loop is loop and queue.native is self.native:
            return queue
        return self._queue_of(loop)

    def _queue_of(self, loop: asyncio.AbstractEventLoop) -> LoopQueue:
        while True:
            native = self.native or self.open()
            with self._lock:
                if native is not self.native:
                    continue  # another thread has closed it meanwhile
                for queue in engine.snapshot(self._life.dependents):
                    if queue.loop is loop:
                        break
                else:
                    queue = LoopQueue(loop, native, self.options, self.milliseconds(None) / 1000)
                    self._life.dependents.add(queue)
                self._recent = weakref.ref(queue)
            if self._place.is_here():
                native.reconnect()  # what was asked for in vain can be answered now
            return queue

    def taking_of(self, native: _native.Client) -> Optional[asyncio.Future[Any]]:
        """What awaits the thread that takes an event of this client, if there is one for the running event loop."""
        if self._taking is None or self._taking[0] is not native:
            return None
        taking = self._taking[1]
        return taking if taking.get_loop() is asyncio.get_running_loop() else None

    def take_event(self, native: _native.Client, wait_ms: int) -> asyncio.Future[Any]:
        """Has a thread wait for an event, which comes into ``events`` also if nobody awaits that any more."""
        taking = threads.call(native.event, wait_ms)
        self._taking = (native, taking)

        def keep(taken: asyncio.Future[Any]) -> None:
            if self._taking is not None and self._taking[1] is taken:
                self._taking = None
            if not taken.cancelled() and taken.exception() is None and taken.result() is not None:
                self.events.append(taken.result())

        taking.add_done_callback(keep)
        return taking

    async def aclose(self, drain_ms: Optional[int] = None) -> engine.CloseReport:
        """close() on a thread. Given up it goes on to its end."""
        if self.native is None:
            return self.close(drain_ms)
        report: engine.CloseReport = await threads.call(self.close, drain_ms)
        return report

    def _abandon(self) -> None:
        for queue in engine.snapshot(self._life.dependents):
            queue.abandon()
        self._recent = _nothing
        self._place = _Place()
        self.events.clear()
        self._taking = None
        super()._abandon()

    # ---- what the library asks the program for ----

    def _credentials(self) -> Callable[..., Any]:
        provider = self.settings.credential_provider
        return self._place.asking(getattr(provider, "get_credentials_async", None) or provider.get_credentials)

    def _resolver(self) -> Callable[..., Any]:
        return self._place.asking(super()._resolver())

    # ---- the end ----

    @staticmethod
    def _end_unused(life: Any) -> None:
        """Nobody has the engine any more. An event loop does not wait while what is buffered is sent."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            engine.Engine._end_unused(life)
            return
        if life.native is not None:
            life.end_apart()


class _Place:
    """The event loop in which the program's coroutines run: the one that used the engine last."""

    def __init__(self) -> None:
        self._loop: Callable[[], Optional[asyncio.AbstractEventLoop]] = _nothing
        self._was_missed = False

    def is_here(self) -> bool:
        """It is the running event loop, if one runs. True if one was missed before."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return False
        self._loop = weakref.ref(loop)
        was_missed, self._was_missed = self._was_missed, False
        return was_missed

    def asking(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function that, on another thread, has the event loop call the program's, and await what that returns."""

        async def ask(args: Any) -> Any:
            answer = function(*args)
            return await answer if inspect.isawaitable(answer) else answer

        return lambda *args: self._ask(ask, args)

    def _ask(self, ask: Callable[[Any], Any], args: Any) -> Any:
        loop = self._loop()
        if loop is None or not loop.is_running():
            self._was_missed = True
            raise NobodyToAsk("no event loop runs")
        asking = ask(args)
        try:
            future = asyncio.run_coroutine_threadsafe(asking, loop)
        except RuntimeError:
            asking.close()
            self._was_missed = True
            raise NobodyToAsk("the event loop is closed") from None
        answered = threading.Event()
        future.add_done_callback(lambda _: answered.set())
        while not answered.wait(_GLANCE) and loop.is_running():
            pass
        if future.cancelled() or not future.done():
            self._was_missed = True
            raise NobodyToAsk("the event loop ended")
        return future.result()


def _nothing() -> None:
    return None
