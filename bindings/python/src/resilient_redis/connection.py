"""Connection: what takes the place of redis-py's connection, for code that sends and reads by itself.

redis-py's helpers for modules do (``client.json().pipeline()``), and so does a client with ``single_connection_client=True``, of
which it is the connection. Commands are sent when the first reply is read, those that are there together as one pipeline. MULTI,
EXEC, DISCARD, WATCH and UNWATCH mean what they mean on a connection of one's own. Nothing is buffered: who reads replies waits
for them. One thread uses it.
"""

from __future__ import annotations

import collections
import os
from typing import Any, Deque, List, Optional, Sequence, Tuple

from redis.backoff import NoBackoff
from redis.exceptions import ExecAbortError, RedisError, WatchError
from redis.retry import Retry
from redis.utils import safe_str

from . import _native
from .concluding import refused_of
from .engine import Engine
from .errors import UnsupportedError, server_error

_OF_TRANSACTIONS = frozenset({"MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH"})
_OF_SUBSCRIPTIONS = frozenset({"SUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE", "SSUBSCRIBE", "SUNSUBSCRIBE", "MONITOR"})


class Connection:
    """Sends commands and reads replies, as redis-py's connection does. See the module."""

    def __init__(self, engine: Engine, encoder: Any) -> None:
        kwargs = engine.settings.connection_kwargs
        self._engine = engine
        self.encoder = encoder
        self.retry = Retry(NoBackoff(), 0)  # the library retries
        self.host = kwargs.get("host")
        self.port = kwargs.get("port")
        self.path = kwargs.get("path")
        self.db = kwargs.get("db", 0)
        self.username = kwargs.get("username")
        self.client_name = kwargs.get("client_name")
        self.pid = os.getpid()
        self.socket_timeout = kwargs.get("socket_timeout")
        self.protocol = engine.settings.protocol
        self.health_check_interval = 0
        self.is_connected = True
        self._sent: List[Tuple[Any, ...]] = []
        self._ready: Deque[Any] = collections.deque()
        self._queued: Optional[List[Tuple[Any, dict]]] = None
        self._watch: Optional[_native.Transaction] = None

    # ---- as redis-py's ----

    def connect(self) -> None:
        """Nothing: the library connects when it has something to send."""

    def disconnect(self, *args: Any, **options: Any) -> None:
        """Forgets what was sent and not read, and what is watched."""
        self._sent.clear()
        self._ready.clear()
        self._queued = None
        self._unwatch()

    def should_reconnect(self) -> bool:
        """Never: the library reconnects."""
        return False

    def mark_for_reconnect(self) -> None:
        """Nothing: the library reconnects."""

    def reset_should_reconnect(self) -> None:
        """The same."""

    def check_health(self) -> None:
        """Nothing: the library looks after its connections."""

    def register_connect_callback(self, callback: Any) -> None:
        """Nothing: it would be called when this connects again, and it never does: what is subscribed to comes back by itself."""

    def deregister_connect_callback(self, callback: Any) -> None:
        """The same."""

    def repr_pieces(self) -> List[Tuple[str, Any]]:
        """What its repr() tells."""
        if self.path is not None:
            return [("path", self.path), ("db", self.db)]
        return [("host", self.host), ("port", self.port), ("db", self.db)]

    def get_protocol(self) -> int:
        """The version of the Redis protocol."""
        return self.protocol

    def pack_command(self, *args: Any) -> List[Tuple[Any, ...]]:
        """A command, for send_packed_command()."""
        return [args]

    def pack_commands(self, commands: Sequence[Sequence[Any]]) -> List[Tuple[Any, ...]]:
        """Commands, for send_packed_command()."""
        return [tuple(command) for command in commands]

    def send_packed_command(self, commands: Sequence[Tuple[Any, ...]], check_health: bool = True) -> None:
        """Takes commands that were packed here."""
        for args in commands:
            self.send_command(*args)

    def send_command(self, *args: Any, **options: Any) -> None:
        """Takes a command; it is sent when its reply, or that of one after it, is read."""
        if _first_word(args) in _OF_SUBSCRIPTIONS:
            raise UnsupportedError(f"{safe_str(args[0])} needs the client's pubsub() or monitor(): commands share this connection")
        self._sent.append(args)

    def can_read(self, timeout: Any = 0) -> bool:
        """Is there a reply to read, or to wait for?"""
        return bool(self._ready or self._sent)

    def read_response(self, disable_decoding: bool = False, **options: Any) -> Any:
        """The next reply; raises the error that it is."""
        if not self._ready:
            self._send(disable_decoding)
        response = self._ready.popleft()
        if isinstance(response, Exception):
            raise response
        return response

    def extract_connection_details(self) -> str:
        """For log lines."""
        return repr(self)

    def __repr__(self) -> str:
        pieces = ",".join(f"{name}={value}" for name, value in self.repr_pieces())
        return f"<{type(self).__module__}.{type(self).__name__}({pieces})>"

    # ---- sending ----

    def _send(self, raw: bool) -> None:
        sent, self._sent = self._sent, []
        if not sent:
            raise RuntimeError("a reply is read and no command was sent")
        together: List[Tuple[Any, dict]] = []
        for args in sent:
            if self._queued is None and self._watch is None and _first_word(args) not in _OF_TRANSACTIONS:
                together.append((args, {}))
                continue
            self._send_together(together, raw)
            together = []
            try:
                self._ready.append(self.execute(args, _native.RR_COMMAND_NO_BUFFER, 0, raw))
            except RedisError as error:
                self._ready.append(error)
        self._send_together(together, raw)

    def _send_together(self, commands: List[Tuple[Any, dict]], raw: bool) -> None:
        if not commands:
            return
        native = self._engine.native or self._engine.open()
        try:
            if len(commands) == 1:
                self._ready.append(native.command(commands[0][0], _native.RR_COMMAND_NO_BUFFER, 0, raw))
                return
            responses, failure = native.pipeline(commands, _native.RR_PIPELINE_NO_BUFFER)
            # What was not answered stands among them as an exception.
            self._ready.extend(responses)
        except RedisError as error:
            self._ready.extend([error] * len(commands))

    def execute(self, args: Tuple[Any, ...], flags: int, timeout_ms: int, raw: bool) -> Any:
        """Executes a command at once."""
        name = _first_word(args)
        if self._queued is not None:
            return self._in_multi(name, args)
        if name in _OF_TRANSACTIONS:
            return self._of_transactions(name, args, timeout_ms)
        if self._watch is not None:
            return self._watch.command(args, raw)
        return (self._engine.native or self._engine.open()).command(args, flags, timeout_ms, raw)

    def _of_transactions(self, name: str, args: Tuple[Any, ...], timeout_ms: int) -> Any:
        if name == "MULTI":
            self._queued = []
        elif name == "WATCH":
            if self._watch is None:
                native = self._engine.native or self._engine.open()
                self._watch = native.transaction(args[1:], timeout_ms)
            else:
                self._watch.watch(args[1:])
        elif name == "UNWATCH":
            self._unwatch()
        else:
            raise server_error(f"ERR {name} without MULTI")
        return self._status("OK")

    def _in_multi(self, name: str, args: Tuple[Any, ...]) -> Any:
        queued = self._queued
        assert queued is not None
        if name == "MULTI":
            raise server_error("ERR MULTI calls can not be nested")
        if name == "WATCH":
            raise server_error("ERR WATCH inside MULTI is not allowed")
        if name not in ("EXEC", "DISCARD"):
            queued.append((args, {}))
            return self._status("QUEUED")
        self._queued = None
        if name == "DISCARD":
            self._unwatch()
            return self._status("OK")
        try:
            return self._exec(queued)
        except ExecAbortError as error:
            number, refusal = refused_of(error)
            # Whoever has not read yet what was said of the commands is told of the one that was refused.
            if 0 < number <= len(queued) <= len(self._ready):
                self._ready[number - 1 - len(queued)] = refusal
            raise

    def _exec(self, queued: List[Tuple[Any, dict]]) -> Any:
        watch, self._watch = self._watch, None
        if watch is not None:
            try:
                return watch.execute(queued)
            except WatchError:
                return None  # as the server's nil
        if not queued:
            return []
        native = self._engine.native or self._engine.open()
        flags = _native.RR_PIPELINE_ATOMIC | _native.RR_PIPELINE_NO_BUFFER
        responses, failure = native.pipeline(queued, flags)
        if failure is not None:
            raise failure
        return responses

    def _unwatch(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            try:
                watch.discard()
            except RedisError:
                pass  # its connection is lost, and the watch with it

    def _status(self, text: str) -> Any:
        return text if self.encoder.decode_responses else text.encode()


def _first_word(args: Sequence[Any]) -> str:
    return safe_str(args[0]).split(" ", 1)[0].upper()
