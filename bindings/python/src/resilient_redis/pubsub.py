"""PubSub: redis-py's, over a subscription of the library's, which comes back by itself with every name.

redis-py's book-keeping and handlers are used as they are; what it reads from a connection comes from the library's queue of
messages. A message that comes after a gap is preceded by what is known of the gap: it is logged, and given to ``on_gap``.

As with redis-py, one thread subscribes and another may take messages; ``close()`` may be called by any.
"""

from __future__ import annotations

import collections
import select
import time
import weakref
from typing import Any, Callable, Deque, Optional

import redis.client
from redis.exceptions import PubSubError, RedisError

from . import _native
from .connection import Connection
from .engine import Engine
from .errors import ClosedError
from .options import milliseconds_left
from .subscribing import Gap, Subscribing

#: How long, in milliseconds, is waited for one of two things before the other is looked at.
_PIECE_MS = 50
#: How long, in seconds, subscribe() waits for a server that is there to agree.
_SETTLE_S = 1.0
#: In these states the server is there, or not known to be away.
_IS_THERE = frozenset({_native.RR_STATE_CONNECTING, _native.RR_STATE_READY, _native.RR_STATE_RECOVERING})


class SubscriptionConnection(Connection):
    """What takes the place of the connection of a redis-py PubSub, for code that asks whether there is one, or ends it."""

    def __init__(self, pubsub: PubSub) -> None:
        super().__init__(pubsub._engine, pubsub.encoder)
        self._pubsub = weakref.ref(pubsub)

    def disconnect(self, *args: Any, **options: Any) -> None:
        """Has the PubSub subscribe anew to all its names, with new confirmations, as redis-py's does after that."""
        pubsub = self._pubsub()
        if pubsub is not None and pubsub.connection is self:
            pubsub._subscribe_anew()

    def can_read(self, timeout: Optional[float] = 0) -> bool:
        """Is there something to take, or does it come within ``timeout`` seconds? None waits for ever."""
        pubsub = self._pubsub()
        return pubsub is not None and pubsub._has_something(timeout)

    @property
    def _sock(self) -> SubscriptionConnection:
        # It is waited for as a socket is: Celery does.
        return self

    def fileno(self) -> int:
        """A descriptor that is readable while there is a message to take."""
        pubsub = self._pubsub()
        if pubsub is None:
            raise ClosedError("the subscription is gone")
        return pubsub._subscription().fd()


class PubSub(Subscribing, redis.client.PubSub):
    """A subscription to channels, patterns and shard channels. See redis-py's documentation.

    ``on_gap(gap)`` is called, by the thread that takes messages, in the place of what is missing: see :class:`Gap`. Without it a
    gap is a warning in the log ``resilient_redis``. ``queue_size`` and ``queue_bytes`` bound the messages that wait to be taken.
    """

    def __init__(
        self,
        connection_pool: Any,
        *args: Any,
        engine: Optional[Engine] = None,
        on_gap: Optional[Callable[[Gap], None]] = None,
        queue_size: int = 0,
        queue_bytes: int = 0,
        **kwargs: Any,
    ) -> None:
        self._begin(connection_pool.engine if engine is None else engine, queue_size, queue_bytes)
        self._on_gap = on_gap
        # A message that has come and was not handed on, since a signal's handler raised at that moment.
        self._arrived: Deque[Any] = collections.deque()
        super().__init__(connection_pool, *args, **kwargs)

    def __del__(self) -> None:
        # A subscription ends with its object.
        pass

    def reset(self) -> None:
        """Ends the subscription, and forgets all names."""
        with self._names_lock:
            native, self._native = self._native, None
            self._forget()
            self._arrived.clear()
            self.connection = None
            super().reset()
        if native is not None:
            native.close()

    # ---- names ----

    def execute_command(self, *args: Any) -> Any:
        """Subscribes, unsubscribes, or pings: what redis-py's methods send."""
        if self.connection is None:
            self.connection = SubscriptionConnection(self)  # type: ignore[assignment]
        if self._note(args):
            self._settle()
            return
        if args[0] != "PING":
            raise PubSubError(f"{args[0]} is no command of a subscription")
        (self._engine.native or self._engine.open()).command(("PING",))
        self._pong(args)

    def _settle(self) -> None:
        """Waits until the server has agreed, if it is there: what is published after subscribe() has returned comes."""
        with self._names_lock:
            subscription, native = self._native, self._engine.native
        if subscription is None or native is None:
            return
        end = time.monotonic() + _SETTLE_S
        try:
            while native.state() in _IS_THERE and time.monotonic() < end:
                if subscription.wait(_PIECE_MS):
                    return
        except RedisError:
            pass  # whoever takes messages is told

    def _subscribe_anew(self) -> None:
        with self._names_lock:
            native, self._native = self._native, None
            self._forget()
            self.on_connect(self.connection)
        if native is not None:
            native.close()

    # ---- messages ----

    def parse_response(self, block: bool = True, timeout: Optional[float] = 0) -> Any:
        """The next message as the server would send it; None if there is none within ``timeout`` seconds."""
        if self.connection is None:
            raise RuntimeError("not subscribed to anything yet: call subscribe(), psubscribe() or ssubscribe() first")
        end = None if block else time.monotonic() + (timeout or 0)
        with self._names_lock:
            if self.connection is None:  # reset() was quicker
                return None
            # The same all the time: one that is closed meanwhile is not made anew by who waits for it.
            native = self._subscription()
        while True:
            left = -1 if end is None else milliseconds_left(end, time.monotonic())
            try:
                response = self._next(native, left)
            except ClosedError:
                if native is not self._native:  # reset() ended it
                    return None
                raise
            if response is not None:
                return self._handed(response)
            if left == 0:
                return None

    def _next(self, native: _native.Subscription, left_ms: int) -> Any:
        """One step: a confirmation or a message, or None after some time, at most the time that is left."""
        piece_ms = _PIECE_MS if left_ms < 0 else min(left_ms, _PIECE_MS)
        if not self._agreed:
            # The server's agreement is awaited in pieces, since messages for other names may come meanwhile.
            self._look_for_agreement(native, piece_ms)
        message = self._came_before(native)
        if message is None:
            confirmation = self._confirmation()
            if confirmation is not None:
                return confirmation
            # Another thread may subscribe or unsubscribe meanwhile: so messages are awaited in pieces, too.
            message = self._take(native, piece_ms if self._agreed else 0)
        response = None if message is None else self._response_of(message)
        if not isinstance(response, Gap):
            return response
        if self._on_gap is None:
            response.log()
        else:
            self._on_gap(response)
        return None

    def _take(self, native: _native.Subscription, wait_ms: int) -> Any:
        """The next message, or None. One that has come stays where a signal's handler that raises does not lose it."""
        if not self._arrived:
            # Between the two nothing of Python's runs, so no handler either.
            self._arrived.extend(filter(None, map(native.next, (wait_ms,))))
        return self._arrived.popleft() if self._arrived else None

    def _has_something(self, timeout: Optional[float]) -> bool:
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            native = self._subscription()
            with self._names_lock:
                if self._arrived or (self._confirmations and (self._agreed or native.wait(0))):
                    return True
            left = _PIECE_MS if end is None else min(_PIECE_MS, milliseconds_left(end, time.monotonic()))
            poll = select.poll()
            poll.register(native.fd(), select.POLLIN)
            if poll.poll(left):
                return True
            if left == 0:
                return False

    def check_health(self) -> None:
        """Nothing: the library looks after its connections."""

    def clean_health_check_responses(self) -> None:
        """Nothing."""
