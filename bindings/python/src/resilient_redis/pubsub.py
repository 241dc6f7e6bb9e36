"""PubSub: redis-py's, over a subscription of the library's, which comes back by itself with every name.

redis-py's book-keeping and handlers are used as they are; what it reads from a connection comes from the library's queue of
messages. A message that comes after a gap is preceded by what is known of the gap: it is logged, and given to ``on_gap``.

As with redis-py, one thread subscribes and another may take messages; ``close()`` may be called by any.
"""

from __future__ import annotations

import collections
import logging
import threading
import time
from typing import Any, Callable, Deque, Dict, Iterable, List, NamedTuple, Optional, Set, Tuple

import redis.client
from redis.exceptions import PubSubError, ResponseError

from . import _native
from .engine import Engine
from .errors import ClosedError

logger = logging.getLogger("resilient_redis")

#: How long, in milliseconds, is waited for one of two things before the other is looked at.
_PIECE_MS = 50

_SUBSCRIBE = {
    "SUBSCRIBE": _native.RR_CHANNEL,
    "PSUBSCRIBE": _native.RR_PATTERN,
    "SSUBSCRIBE": _native.RR_SHARD_CHANNEL,
}
_UNSUBSCRIBE = {
    "UNSUBSCRIBE": _native.RR_CHANNEL,
    "PUNSUBSCRIBE": _native.RR_PATTERN,
    "SUNSUBSCRIBE": _native.RR_SHARD_CHANNEL,
}


class Gap(NamedTuple):
    """Messages that this subscription was not given, and nobody will deliver."""

    #: How many found no room in the queue of messages; 0 for a connection that was lost, where nobody knows.
    lost: int
    #: When the server was last heard before the connection was lost, in seconds since 1970; None if it was not.
    down_since: Optional[float]
    #: When the server had agreed to every name again, in seconds since 1970; None if it was not lost.
    up_at: Optional[float]


class PubSub(redis.client.PubSub):
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
        self._engine: Engine = connection_pool.engine if engine is None else engine
        self._on_gap = on_gap
        self._queue = (queue_size, queue_bytes)
        self._native: Optional[_native.Subscription] = None
        self._generation = 0
        self._names_lock = threading.RLock()
        self._forget()
        super().__init__(connection_pool, *args, **kwargs)

    def _forget(self) -> None:
        # What the server answers to SUBSCRIBE and the like, made here: each is given when all names are agreed to.
        self._confirmations: Deque[List[Any]] = collections.deque()
        self._agreed = True
        # What a confirmation counts: names and patterns together, shard channels apart.
        self._counted: Dict[bool, Set[Tuple[int, bytes]]] = {False: set(), True: set()}

    def __del__(self) -> None:
        # A subscription ends with its object.
        pass

    def reset(self) -> None:
        """Ends the subscription, and forgets all names."""
        with self._names_lock:
            native, self._native = self._native, None
            self._forget()
            super().reset()
        if native is not None:
            native.close()

    # ---- names ----

    def execute_command(self, *args: Any) -> Any:
        """Subscribes, unsubscribes, or pings: what redis-py's methods send."""
        name = args[0]
        with self._names_lock:
            if name in _SUBSCRIBE:
                kind = _SUBSCRIBE[name]
                self._subscription().add(kind, args[1:])
                self._agreed = False
                self._confirm(name, kind, args[1:], True)
            elif name in _UNSUBSCRIBE:
                kind = _UNSUBSCRIBE[name]
                names = args[1:] or tuple(self._names(kind))
                self._subscription().remove(kind, names)
                self._confirm(name, kind, names or (None,), False)
            elif name == "PING":
                (self._engine.native or self._engine.open()).command(("PING",))
                said = self.encoder.encode(args[1] if len(args) > 1 else b"")  # type: ignore[union-attr]
                self._confirmations.append([b"pong", self._decoded(said)])
            else:
                raise PubSubError(f"{name} is no command of a subscription")

    def _names(self, kind: int) -> Iterable[Any]:
        return {
            _native.RR_CHANNEL: self.channels,
            _native.RR_PATTERN: self.patterns,
            _native.RR_SHARD_CHANNEL: self.shard_channels,
        }[kind]

    def _confirm(self, command: str, kind: int, names: Iterable[Any], subscribed: bool) -> None:
        counted = self._counted[kind == _native.RR_SHARD_CHANNEL]
        for name in names:
            encoded = None if name is None else bytes(self.encoder.encode(name))  # type: ignore[union-attr]
            if encoded is not None and subscribed:
                counted.add((kind, encoded))
            elif encoded is not None:
                counted.discard((kind, encoded))
            self._confirmations.append([command.lower().encode(), self._decoded(encoded), len(counted)])

    def _subscription(self) -> _native.Subscription:
        """The subscription; a new one, to all names, when the client was closed meanwhile, or the process forked."""
        with self._names_lock:
            engine = self._engine
            native = engine.native or engine.open()
            if self._native is None or self._generation != engine.generation:
                self._generation = engine.generation
                self._native = native.subscription(*self._queue)
                for kind in _SUBSCRIBE.values():
                    names = tuple(self._names(kind)) if hasattr(self, "channels") else ()
                    if names:
                        self._native.add(kind, names)
            return self._native

    # ---- messages ----

    def parse_response(self, block: bool = True, timeout: Optional[float] = 0) -> Any:
        """The next message as the server would send it; None if there is none within ``timeout`` seconds."""
        if self._native is None:
            raise RuntimeError("not subscribed to anything yet: call subscribe(), psubscribe() or ssubscribe() first")
        end = None if block else time.monotonic() + (timeout or 0)
        while True:
            left = -1 if end is None else max(0, round((end - time.monotonic()) * 1000))
            native = self._native
            try:
                response = self._next(left)
            except ClosedError:
                if native is not self._native:  # reset() ended it
                    return None
                raise
            if response is not None:
                if self.push_handler_func is not None and response[0] != b"pong":
                    response = self.push_handler_func(response)
                return response
            if left == 0:
                return None

    def _next(self, left_ms: int) -> Any:
        """One step: a confirmation or a message, or None after some time, at most the time that is left."""
        native = self._subscription()
        if not self._agreed:
            # The server's agreement is awaited in pieces, since messages for other names may come meanwhile.
            self._agree(native, _PIECE_MS if left_ms < 0 else min(left_ms, _PIECE_MS))
        with self._names_lock:
            if self._agreed and self._confirmations:
                return self._confirmations.popleft()
        message = native.next(left_ms if self._agreed else 0)
        return None if message is None else self._response_of(message)

    def _agree(self, native: _native.Subscription, wait_ms: int) -> None:
        try:
            agreed = native.wait(wait_ms)
        except ResponseError:
            # What it refuses is asked for again from time to time by the library.
            with self._names_lock:
                self._agreed = True
                self._confirmations.clear()
            raise
        if agreed:
            self._agreed = True

    def _response_of(self, message: Any) -> Any:
        kind, channel, pattern, payload, lost, down_since_ms, up_at_ms, error = message
        if kind == _native.RR_CHANNEL:
            return [b"message", self._decoded(channel), self._decoded(payload)]
        if kind == _native.RR_PATTERN:
            return [b"pmessage", self._decoded(pattern), self._decoded(channel), self._decoded(payload)]
        if kind == _native.RR_SHARD_CHANNEL:
            return [b"smessage", self._decoded(channel), self._decoded(payload)]
        if kind == _native.RR_MESSAGE_LOST:
            self._tell(Gap(lost, None, None))
        elif kind == _native.RR_MESSAGE_RESTORED:
            self._tell(Gap(0, down_since_ms / 1000, up_at_ms / 1000))
        elif kind == _native.RR_MESSAGE_REFUSED:
            logger.error("the server does not let this client subscribe to %r: %s", channel or pattern, error)
        return None

    def _tell(self, gap: Gap) -> None:
        if self._on_gap is not None:
            self._on_gap(gap)
        elif gap.up_at is None:
            logger.warning("%d messages found no room in the queue of a subscription and are lost", gap.lost)
        else:
            logger.warning(
                "a subscription is whole again: what was published in the last %.3f s was not delivered",
                gap.up_at - (gap.down_since or gap.up_at),
            )

    def _decoded(self, data: Optional[bytes]) -> Any:
        return None if data is None else self.encoder.decode(data)  # type: ignore[union-attr]

    def check_health(self) -> None:
        """Nothing: the library looks after its connections."""

    def clean_health_check_responses(self) -> None:
        """Nothing."""
