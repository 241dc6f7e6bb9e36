"""Subscribing: what a PubSub keeps of its subscription in the library: names, confirmations, and what messages become.

The part that the PubSubs of both clients share. It waits for nothing, but for a lock on names and confirmations.
"""

from __future__ import annotations

import collections
import logging
import os
import threading
import weakref
from typing import Any, Deque, Dict, Iterable, List, NamedTuple, Optional, Tuple

from redis.exceptions import ResponseError
from redis.utils import str_if_bytes

from . import _native
from .engine import Engine, snapshot
from .errors import server_error

logger = logging.getLogger("resilient_redis")

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

    def log(self) -> None:
        """A warning, for who has no function for gaps."""
        if self.up_at is None:
            logger.warning("%d messages found no room in the queue of a subscription and are lost", self.lost)
        else:
            logger.warning(
                "a subscription is whole again: what was published in the last %.3f s was not delivered",
                self.up_at - (self.down_since or self.up_at),
            )


class Subscribing:
    """A PubSub of redis-py's, as far as it is the same for both clients."""

    encoder: Any
    push_handler_func: Any
    UNSUBSCRIBE_MESSAGE_TYPES: Any

    def _begin(self, engine: Engine, queue_size: int, queue_bytes: int) -> None:
        self._engine = engine
        self._queue = (queue_size, queue_bytes)
        self._native: Optional[_native.Subscription] = None
        self._generation = 0
        # How many messages, at most, came before the last unsubscribe() and were not taken yet.
        self._ahead = 0
        self._names_lock = threading.RLock()
        _all.add(self)
        self._forget()

    def _forget(self) -> None:
        # What the server answers to SUBSCRIBE and the like, made here: each is given when all names are agreed to.
        self._confirmations: Deque[List[Any]] = collections.deque()
        self._agreed = True
        # What a confirmation counts: names and patterns together, shard channels apart.
        self._counted: Dict[bool, Dict[Tuple[int, bytes], None]] = {False: {}, True: {}}

    # ---- names ----

    def _note(self, args: Tuple[Any, ...]) -> bool:
        """Subscribes or unsubscribes, without waiting for the server. False for any other command."""
        name = args[0]
        with self._names_lock:
            if name in _SUBSCRIBE:
                if len(args) == 1:
                    raise server_error(f"ERR wrong number of arguments for '{name.lower()}' command")
                kind = _SUBSCRIBE[name]
                self._subscription().add(kind, args[1:])
                self._agreed = False
                self._confirm(name, kind, args[1:], True)
            elif name in _UNSUBSCRIBE:
                kind = _UNSUBSCRIBE[name]
                names = args[1:] or self._names(kind)
                if names:
                    self._subscription().remove(kind, names)
                self._confirm(name, kind, names or (None,), False)
                self._ahead = self._queue[0] or int(self._engine.options["subscription_queue_size"])
            else:
                return False
        return True

    def _pong(self, args: Tuple[Any, ...]) -> None:
        """The server has answered a PING."""
        said = self.encoder.encode(args[1] if len(args) > 1 else b"")
        self._confirmations.append([self._decoded(b"pong"), self._decoded(said)])

    def _names(self, kind: int) -> Tuple[bytes, ...]:
        """What of a kind is subscribed to."""
        counted = self._counted[kind == _native.RR_SHARD_CHANNEL]
        return tuple(sorted(name for which, name in counted if which == kind))

    def _confirm(self, command: str, kind: int, names: Iterable[Any], subscribed: bool) -> None:
        counted = self._counted[kind == _native.RR_SHARD_CHANNEL]
        for name in names:
            encoded = None if name is None else bytes(self.encoder.encode(name))
            if encoded is not None and subscribed:
                counted[kind, encoded] = None
            elif encoded is not None:
                counted.pop((kind, encoded), None)
            self._confirmations.append([self._decoded(command.lower().encode()), self._decoded(encoded), len(counted)])

    def _subscription(self) -> _native.Subscription:
        """The subscription; a new one, to all names, when the client was closed meanwhile, or the process forked."""
        with self._names_lock:
            engine = self._engine
            generation = engine.generation
            native = engine.native
            if native is None:
                native = engine.open()
                generation = engine.generation
            if self._native is None or self._generation != generation:
                made = native.subscription(*self._queue)
                for kind in _SUBSCRIBE.values():
                    names = self._names(kind)
                    if names:
                        made.add(kind, names)
                self._native, self._generation = made, generation
            return self._native

    # ---- messages ----

    def _look_for_agreement(self, native: _native.Subscription, wait_ms: int) -> None:
        """Waits for the server's agreement to all names. What it refuses is raised, once."""
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

    def _confirmation(self) -> Optional[List[Any]]:
        """The next one, if the server has agreed."""
        with self._names_lock:
            return self._confirmations.popleft() if self._agreed and self._confirmations else None

    def _came_before(self, native: _native.Subscription) -> Any:
        """A message that came before the unsubscribe() whose confirmation is next: its handler is still to be called."""
        with self._names_lock:
            if (
                not self._ahead
                or not self._confirmations
                or str_if_bytes(self._confirmations[0][0]) not in self.UNSUBSCRIBE_MESSAGE_TYPES
            ):
                return None
            message = self._take(native, 0)
            self._ahead = 0 if message is None else self._ahead - 1
            return message

    def _take(self, native: _native.Subscription, wait_ms: int) -> Any:
        """The next message, or None."""
        return native.next(wait_ms)

    def _response_of(self, message: Any) -> Any:
        """A message as the server would send it, a :class:`Gap`, or None."""
        kind, channel, pattern, payload, lost, down_since_ms, up_at_ms, error = message
        if kind == _native.RR_CHANNEL:
            return [self._decoded(b"message"), self._decoded(channel), self._decoded(payload)]
        if kind == _native.RR_PATTERN:
            return [self._decoded(b"pmessage"), self._decoded(pattern), self._decoded(channel), self._decoded(payload)]
        if kind == _native.RR_SHARD_CHANNEL:
            return [self._decoded(b"smessage"), self._decoded(channel), self._decoded(payload)]
        if kind == _native.RR_MESSAGE_LOST:
            return Gap(lost, None, None)
        if kind == _native.RR_MESSAGE_RESTORED:
            return Gap(0, down_since_ms / 1000, up_at_ms / 1000)
        if kind == _native.RR_MESSAGE_REFUSED:
            logger.error("the server does not let this client subscribe to %r: %s", channel or pattern, error)
        return None

    def _handed(self, response: List[Any]) -> Any:
        """The response, or what the program's function for pushed messages makes of it: there are some in RESP3 only."""
        if self.push_handler_func is None or self._engine.settings.protocol != 3 or response[0] in (b"pong", "pong"):
            return response
        return self.push_handler_func(response)

    def _decoded(self, data: Optional[bytes]) -> Any:
        return None if data is None else self.encoder.decode(data)


#: For their locks, which another thread may have held when the process forked.
_all: weakref.WeakSet[Subscribing] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for each in snapshot(_all):
        each._names_lock = threading.RLock()


os.register_at_fork(after_in_child=_after_fork_in_child)
