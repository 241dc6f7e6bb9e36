"""PubSub: redis.asyncio's, over a subscription of the library's, which comes back by itself with every name.

redis-py's book-keeping and handlers are used as they are; what it reads from a connection comes from the library's queue of
messages, whose descriptor the event loop watches while a task waits. A message that comes after a gap is preceded by what is
known of the gap: it is logged, or given to ``on_gap``.

It is used in one event loop at a time. Any of its tasks may subscribe while others take messages.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import weakref
from typing import Any, AsyncIterator, Callable, Dict, Optional

import redis.asyncio.client
from redis.exceptions import PubSubError, ResponseError

from .. import _native
from ..errors import ClosedError
from ..subscribing import Gap, Subscribing
from .connection import Connection
from .engine import Engine

#: The pauses between two looks for the server's agreement to new names, in seconds.
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.0005, 0.05
#: How long subscribe() waits for that while commands do not flow, in seconds.
_OUTAGE = 0.25


class SubscriptionConnection(Connection):
    """What takes the place of the connection of a redis.asyncio PubSub, for code that asks whether there is one, or ends it."""

    def __init__(self, pubsub: PubSub) -> None:
        super().__init__(pubsub._engine, pubsub.encoder)
        self._pubsub = weakref.ref(pubsub)

    async def disconnect(self, *args: Any, **options: Any) -> None:  # type: ignore[override]
        """Has the PubSub subscribe anew to all its names, with new confirmations, as redis-py's does after that."""
        pubsub = self._pubsub()
        if pubsub is not None and pubsub.connection is self:
            await pubsub._subscribe_anew()


class PubSub(Subscribing, redis.asyncio.client.PubSub):
    """A subscription to channels, patterns and shard channels. See redis-py's documentation.

    ``async for message in pubsub`` takes messages, as ``listen()`` does. ``on_gap(gap)``, a function or a coroutine function, is
    called by the task that takes messages, in the place of what is missing: see :class:`Gap`. Without it a gap is a warning in
    the log ``resilient_redis``. ``queue_size`` and ``queue_bytes`` bound the messages that wait to be taken.
    """

    _engine: Engine

    def __init__(
        self,
        connection_pool: Any,
        *args: Any,
        engine: Optional[Engine] = None,
        on_gap: Optional[Callable[[Gap], Any]] = None,
        queue_size: int = 0,
        queue_bytes: int = 0,
        **kwargs: Any,
    ) -> None:
        self._begin(connection_pool.engine if engine is None else engine, queue_size, queue_bytes)
        self._on_gap = on_gap
        self._arrivals = _Arrivals()
        self.shard_channels: Any = {}
        super().__init__(connection_pool, *args, **kwargs)

    def __del__(self) -> None:
        # A subscription ends with its object.
        pass

    def __aiter__(self) -> AsyncIterator[Any]:
        """The messages, for as long as there are names: see ``listen()``."""
        return self.listen()

    async def aclose(self) -> None:
        """Ends the subscription, and forgets all names."""
        native, self._native = self._native, None
        self.connection = None
        self._forget()
        self.channels, self.pending_unsubscribe_channels = {}, set()
        self.patterns, self.pending_unsubscribe_patterns = {}, set()
        self.shard_channels = {}
        self.pending_unsubscribe_shard_channels: Any = set()
        if native is not None:
            native.close()

    async def close(self) -> None:
        """The same."""
        await self.aclose()

    async def reset(self) -> None:
        """The same."""
        await self.aclose()

    # ---- names ----

    async def connect(self) -> None:
        """Makes the subscription; the library connects when there are names."""
        if self.connection is None:
            self.connection = SubscriptionConnection(self)  # type: ignore[assignment]
        self._subscription()
        # A loop around it gives way to others, as it does with redis-py.
        await asyncio.sleep(0)

    async def subscribe(self, *args: Any, **kwargs: Any) -> None:
        """Subscribes to channels. What is published after it comes, unless there is an outage."""
        await super().subscribe(*args, **kwargs)
        await self._agreement()

    async def psubscribe(self, *args: Any, **kwargs: Any) -> None:
        """Subscribes to patterns. What is published after it comes, unless there is an outage."""
        await super().psubscribe(*args, **kwargs)
        await self._agreement()

    async def ssubscribe(self, *args: Any, **kwargs: Any) -> None:
        """Subscribes to shard channels. What is published after it comes, unless there is an outage."""
        await super().ssubscribe(*args, **kwargs)  # type: ignore[misc]
        await self._agreement()

    async def execute_command(self, *args: Any) -> Any:
        """Subscribes, unsubscribes, or pings: what redis-py's methods send."""
        if self.connection is None:
            self.connection = SubscriptionConnection(self)  # type: ignore[assignment]
        if not self._note(args):
            if args[0] != "PING":
                raise PubSubError(f"{args[0]} is no command of a subscription")
            await self._engine.queue().command(("PING",), 0, 0, False)
            self._pong(args)
        self._arrivals.wake()

    async def _subscribe_anew(self) -> None:
        native, self._native = self._native, None
        self._forget()
        await self.on_connect(self.connection)  # type: ignore[arg-type]
        if native is not None:
            native.close()

    async def _agreement(self) -> None:
        """Waits for the server's agreement to all names. Where it refuses one, who takes messages is told."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        pause = _SHORTEST_PAUSE
        native = self._native
        while native is not None and native is self._native and not self._agreed:
            try:
                if native.wait(0):
                    self._agreed = True
                    self._arrivals.wake()
                    return
            except (ResponseError, ClosedError):
                return
            passed = loop.time() - began
            client = self._engine.native
            is_ready = client is not None and client.state() == _native.RR_STATE_READY
            if passed > (self._engine.milliseconds(None) / 1000 if is_ready else _OUTAGE):
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    # ---- messages ----

    async def parse_response(self, block: bool = True, timeout: Optional[float] = 0) -> Any:
        """The next message as the server would send it; None if there is none within ``timeout`` seconds."""
        if self.connection is None:
            raise RuntimeError("not subscribed to anything yet: call subscribe(), psubscribe() or ssubscribe() first")
        loop = asyncio.get_running_loop()
        end = None if block else loop.time() + (timeout or 0)
        pause = _SHORTEST_PAUSE
        native = self._subscription()
        while True:
            try:
                response = await self._next(native)
            except ClosedError:
                if native is self._native:
                    raise
                response = None
            if response is not None:
                return response
            left = None if end is None else end - loop.time()
            if left is not None and left <= 0:
                # A loop around it gives way to others, as it does with redis-py.
                await asyncio.sleep(0)
                return None
            if not self._agreed:
                left = pause if left is None else min(pause, left)
                pause = min(2 * pause, _LONGEST_PAUSE)
            if native is self._native:
                await self._arrivals.wait(native, left)
            if self.connection is None:  # aclose() ended it
                return None
            if native is not self._native:
                native = self._subscription()

    async def _next(self, native: _native.Subscription) -> Any:
        """What there is: a confirmation, or a message, or None."""
        if not self._agreed:
            self._look_for_agreement(native, 0)
        response = None
        while response is None:
            message = self._came_before(native)
            if message is None:
                response = self._confirmation()
                if response is not None:
                    break
                message = self._take(native, 0)
            if message is None:
                return None
            response = self._response_of(message)
            if isinstance(response, Gap):
                await self._tell(response)
                response = None
        response = self._handed(response)
        return await response if inspect.isawaitable(response) else response

    async def _tell(self, gap: Gap) -> None:
        if self._on_gap is None:
            gap.log()
            return
        told = self._on_gap(gap)
        if inspect.isawaitable(told):
            await told

    async def check_health(self) -> None:
        """Nothing: the library looks after its connections."""


class _Arrivals:
    """Wakes the tasks that wait for a subscription. Its descriptor is watched only while there are some, by their event loop."""

    def __init__(self) -> None:
        # Each with the descriptor that it waits for: a subscription that was made anew has another.
        self._waiting: Dict[asyncio.Future[None], int] = {}
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._pid = 0

    async def wait(self, native: _native.Subscription, seconds: Optional[float]) -> None:
        """Waits until there is something to take, until wake(), or for so long."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            if self._loop is not None and not self._loop.is_closed() and os.getpid() == self._pid:
                raise RuntimeError("a task of another event loop takes messages from this PubSub")
            self._loop, self._pid = loop, os.getpid()
            self._waiting = {}
        descriptor = native.fd()
        woken: asyncio.Future[None] = loop.create_future()
        self._waiting[woken] = descriptor
        loop.add_reader(descriptor, self.wake)
        timer = None if seconds is None else loop.call_later(seconds, _wake, woken)
        try:
            await woken
        finally:
            if timer is not None:
                timer.cancel()
            self._waiting.pop(woken, None)
            # In a forked child it is the parent's descriptor, and the parent's event loop that watches it.
            if os.getpid() == self._pid and self._loop is loop:
                if not self._waiting:
                    self._loop = None
                if descriptor not in self._waiting.values() and not loop.is_closed():
                    loop.remove_reader(descriptor)

    def wake(self) -> None:
        """Wakes all that wait."""
        for woken in self._waiting:
            _wake(woken)


def _wake(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)
