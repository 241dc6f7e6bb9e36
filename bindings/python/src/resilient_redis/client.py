"""ResilientRedisClient: redis-py's ``Redis``, with its commands travelling through the library.

It is used as redis-py's is: by any number of threads, and in a child after a fork (which gets a connection of its own). What is
kept of redis-py is what a program sees of it: the methods of all commands, the response callbacks, the exceptions, the settings
in ``connection_pool.connection_kwargs``. Its sockets and its pool are not used.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Iterable, List, Mapping, Optional, Sequence, Tuple

import redis
from redis.client import EMPTY_RESPONSE, NEVER_DECODE
from redis.exceptions import ResponseError

from . import observe
from .buffered import BUFFERED
from .concluding import WithoutHimport
from .connection import Connection
from .constructor import Constructor
from .engine import CloseReport, Engine
from .errors import CommandTimeoutError, ConfigurationError, InvalidArgumentError
from .lock import Lock
from .monitor import Monitor
from .pipeline import Pipeline
from .pool import ConnectionPool, pool_for
from .pubsub import PubSub
from .reissue import Reissue
from .script import Script
from .settings import Settings, constructor_signature, with_self
from .using import Using, copied
from .watching import Event, Watching, event_of
from .wrapped import Original

_EXECUTE = Original(redis.Redis, "execute_command")

logger = logging.getLogger("resilient_redis")

_get = dict.get
#: What a command passes on its way, if a program has put something there.
_ON_THE_WAY = frozenset({"parse_response", "connection", "_execute_command"})


class Reply:
    """A reply that is on its way to ``parse_response()``, in the place of redis-py's connection."""

    __slots__ = ("_read",)

    def __init__(self, read: Any) -> None:
        self._read = read

    def read_response(self, disable_decoding: bool = False, **options: Any) -> Any:
        """Issues the command, and gives its reply."""
        return self._read(disable_decoding)


class ResilientRedisClient(Constructor, WithoutHimport, Watching, redis.Redis):
    """A drop-in replacement of ``redis.Redis`` that outlives outages.

    It takes all that ``redis.Redis`` takes, and the library's options by name after it: ``reconnect_tries=10``,
    ``reconnect_interval_seconds=60``, ``buffer_commands=True``, ``buffer_max_commands=10000``, ``delivery``, and all others of
    docs/CONFIGURATION.md. SETTINGS.md says what each of redis-py's arguments becomes.

    During an outage a write returns :data:`resilient_redis.BUFFERED` once ``outage_grace_ms`` has passed, and is applied when
    the server is back; reads wait for that, up to ``socket_timeout``. Every exception says in ``outcome`` what became of the
    command.
    """

    if not TYPE_CHECKING:

        def __init__(self, *args, **kwargs):
            pool = kwargs.get("connection_pool")
            if isinstance(pool, ConnectionPool):
                self._begin(pool, *_of_facade(args, kwargs))
            else:
                settings = Settings.from_arguments(False, args, kwargs)
                self._begin(pool_for(settings), settings.single_connection_client, settings.auto_close_connection_pool)

        __init__.__signature__ = with_self(constructor_signature(False))

    def _begin(self, pool: ConnectionPool, alone: bool, closes: bool) -> None:
        settings = pool.settings
        self._use(Using())
        self._engine = Engine(settings) if alone else pool.engine
        self._reissue = Reissue(settings.retry, self._engine.options) if settings.retry is not None else None
        super().__init__(connection_pool=pool, event_dispatcher=settings.event_dispatcher)
        self.auto_close_connection_pool = closes
        self._single_connection_client = alone
        if alone:
            self.connection = pool.connection_of(self._engine)  # type: ignore[assignment]
        self._plain = (
            self._reissue is None
            and not alone
            and _ON_THE_WAY.isdisjoint(name for name, value in vars(self).items() if value is not None)
            and type(self).parse_response is ResilientRedisClient.parse_response
            and type(self)._execute_command is ResilientRedisClient._execute_command
        )

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        # A function that a program puts into one client is called, as one of a subclass.
        if name in _ON_THE_WAY and value is not None:
            super().__setattr__("_plain", False)

    @classmethod
    def from_url(cls, url: str, **kwargs: Any) -> ResilientRedisClient:
        """Makes a client from a URL as redis-py does; the library's options may stand in its query, too."""
        settings = Settings.from_url(False, url, **kwargs)
        client = cls(connection_pool=pool_for(settings), single_connection_client=settings.single_connection_client)
        client.auto_close_connection_pool = True
        return client

    # ---- commands ----

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Executes a command, and returns what redis-py returns for it; BUFFERED for a write that an outage keeps."""
        if not self._plain or observe.is_on() or _EXECUTE.is_wrapped():
            return super().execute_command(*args, **options)
        engine = self._engine
        name = args[0]
        try:
            response = (engine.native or engine.open()).command(args, self._flags, self._timeout_ms, NEVER_DECODE in options)
        except ResponseError:
            if EMPTY_RESPONSE in options:
                return options[EMPTY_RESPONSE]
            raise
        if response is BUFFERED:
            engine.note_buffered()
            return response
        callback = _get(self.response_callbacks, name)
        if callback is None:
            if name.isupper():
                return response
            # As redis-py, which finds them whatever the case.
            callback = self.response_callbacks.get(name)
            if callback is None:
                return response
        if options:
            options.pop("keys", None)
            options.pop(NEVER_DECODE, None)
            options.pop(EMPTY_RESPONSE, None)
        return callback(response, **options)

    def _execute_command(self, *args: Any, **options: Any) -> Any:
        """The same, where something is done around it: retries of the program's, metrics, a connection of its own."""
        name = args[0]

        def issue() -> Any:
            response = self.parse_response(Reply(lambda raw: self._issue(args, raw)), name, **options)
            if response is BUFFERED:
                self._engine.note_buffered()
            return response

        def call() -> Any:
            return issue() if self._reissue is None else self._reissue.call(issue)

        if observe.is_on():
            return observe.recorded(str(name), self.get_connection_kwargs(), call)
        return call()

    def _issue(self, args: Tuple[Any, ...], raw: bool) -> Any:
        connection: Any = self.connection
        if isinstance(connection, Connection):
            return connection.execute(args, self._flags, self._timeout_ms, raw)
        if connection is not None:  # a test put a stand-in there
            connection.send_command(*args)
            return connection.read_response(disable_decoding=raw)
        engine = self._engine
        return (engine.native or engine.open()).command(args, self._flags, self._timeout_ms, raw)

    def parse_response(self, connection: Any, command_name: Any, **options: Any) -> Any:
        """Takes a reply, and makes of it what redis-py makes of it. A subclass may override it."""
        if NEVER_DECODE not in options and EMPTY_RESPONSE not in options:
            response = connection.read_response()
        else:
            try:
                response = connection.read_response(disable_decoding=NEVER_DECODE in options)
            except ResponseError:
                if EMPTY_RESPONSE in options:
                    return options[EMPTY_RESPONSE]
                raise
            options.pop(NEVER_DECODE, None)
            options.pop(EMPTY_RESPONSE, None)
        options.pop("keys", None)
        if response is BUFFERED or command_name not in self.response_callbacks:
            return response
        return self.response_callbacks[command_name](response, **options)

    def multi_exec(self, commands: Iterable[Sequence[Any]]) -> List[Any]:
        """Executes commands all or nothing, each given as ``(name, args)``: ``[("set", ("k", 1)), ("incr", ("n",))]``.

        A name is that of a method, or else of a command. Returns the replies in order. During an outage they are buffered as
        one unit: a list of BUFFERED.
        """
        pipeline = self.pipeline(transaction=True)
        for command in commands:
            name, args, kwargs = _of_multi_exec(command)
            method = getattr(pipeline, name, None) if name.isidentifier() and not name.startswith("_") else None
            if callable(method):
                method(*args, **kwargs)
            else:
                pipeline.execute_command(name, *args, **kwargs)
        return pipeline.execute()

    # ---- what else is made from a client ----

    def pipeline(self, transaction: Any = True, shard_hint: Any = None) -> Pipeline:
        """A pipeline, as redis-py's: sent as a unit, retried as a unit, and buffered as a unit during an outage."""
        pipeline = Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        pipeline._engine = self._engine
        pipeline._reissue = self._reissue
        pipeline._use(self._using)
        return pipeline

    def pubsub(self, **kwargs: Any) -> PubSub:
        """A subscription, as redis-py's. It comes back by itself, and tells a gap: see :class:`resilient_redis.PubSub`."""
        return PubSub(self.connection_pool, engine=self._engine, **kwargs)

    def monitor(self) -> Monitor:
        """Every command that the server runs, as redis-py's. It comes back by itself."""
        return Monitor(self.connection_pool, self._engine)

    def lock(
        self,
        name: str,
        timeout: Optional[float] = None,
        sleep: float = 0.1,
        blocking: bool = True,
        blocking_timeout: Optional[float] = None,
        lock_class: Any = None,
        thread_local: bool = True,
        raise_on_release_error: bool = True,
    ) -> Any:
        """A lock, as redis-py's. What it writes is never buffered: a lock is taken when the server says so, or not at all."""
        return super().lock(
            name,
            timeout=timeout,
            sleep=sleep,
            blocking=blocking,
            blocking_timeout=blocking_timeout,
            lock_class=Lock if lock_class is None else lock_class,
            thread_local=thread_local,
            raise_on_release_error=raise_on_release_error,
        )

    def register_script(self, script: Any) -> Script:
        """A script, as redis-py's. It runs whether or not the server knows it, also when it was buffered meanwhile."""
        return Script(self, script)

    # ---- how commands are issued ----

    def using(
        self,
        *,
        buffer: Optional[bool] = None,
        resend: Optional[bool] = None,
        timeout: Optional[float] = None,
        from_primary: Optional[bool] = None,
    ) -> ResilientRedisClient:
        """This client with other rules for what is issued through it; it shares everything else.

        ``buffer=False``: during an outage a write waits for its reply instead of being buffered. ``resend=False``: nothing is
        written a second time; if the connection is lost, the outcome is unknown. ``timeout``: seconds that a call may take,
        in place of ``socket_timeout``. ``from_primary=True``: reads see what was written before, whatever ``read_from`` says.
        """
        other = copied(self)
        other._use(self._using.changed(buffer, resend, timeout, from_primary))
        return other

    def _use(self, using: Using) -> None:
        self._using = using
        self._flags = using.command_flags
        self._timeout_ms = using.timeout_ms

    def set_retry(self, retry: Any) -> None:
        """Has commands issued again as a redis-py ``Retry`` says, on top of what the library does. See reissue.py."""
        super().set_retry(retry)
        self._reissue = Reissue(retry, self._engine.options)
        self._plain = False

    # ---- waiting, and the end ----

    def wait_ready(self, timeout: Optional[float] = None) -> None:
        """Waits until commands flow: for at most ``timeout`` seconds, or ``socket_timeout``. A program need not call it."""
        (self._engine.native or self._engine.open()).wait_ready(self._engine.milliseconds(timeout))

    def flush(self, timeout: Optional[float] = None) -> None:
        """Waits until every buffered command is sent and answered, or failed: for at most ``timeout`` seconds, or
        ``drain_timeout_seconds``. A CommandTimeoutError if some are left; they stay buffered."""
        native = self._engine.native
        if native is not None:
            native.flush(self._engine.settings.drain_timeout_ms if timeout is None else self._engine.milliseconds(timeout))

    def next_event(self, timeout: Optional[float] = 0) -> Optional[Event]:
        """The next event that nobody has taken: None if there is none within ``timeout`` seconds; None waits for ever.

        ClosedError if the client was closed: this alone does not open it again.
        """
        native = self._engine.native or self._engine.open(again=False)
        return event_of(native.event(-1 if timeout is None else self._engine.milliseconds(timeout)))

    def run_script(self, source: Any, keys: Sequence[Any] = (), args: Iterable[Any] = ()) -> Any:
        """Runs a script in Lua: by its digest, and with its source if the server does not know it, or while it is buffered."""
        keys, values = tuple(keys), tuple(args)
        execute = getattr(self.execute_command, "__func__", None)
        if execute is not _EXECUTE_OURS or not self._plain or observe.is_on() or _EXECUTE.is_wrapped():
            return self.execute_command("EVAL", source, len(keys), *keys, *values)
        if isinstance(source, str):
            source = self.get_encoder().encode(source)
        native = self._engine.native or self._engine.open()
        response = native.script(source, len(keys), keys + values, self._using.script_flags, self._using.timeout_ms)
        if response is BUFFERED:
            self._engine.note_buffered()
        return response

    def close(self) -> CloseReport:  # type: ignore[override]
        """Sends what is buffered, for at most ``drain_timeout_seconds``, and ends the connections. Says what was left behind.

        As with redis-py the client can be used again: it connects anew. One whose pool was handed in is not closed: what is
        buffered is sent.
        """
        engine: Optional[Engine] = getattr(self, "_engine", None)
        if engine is None:  # its constructor failed
            return CloseReport()
        pool: Any = self.connection_pool
        if self._single_connection_client and self.connection is not None:
            # As with redis-py, what follows goes the way of the pool's.
            self.connection = None
            report = engine.close()
            self._engine = pool.engine
            if self.auto_close_connection_pool:
                pool.close()
            return report
        if self.auto_close_connection_pool:
            return pool.close()
        try:
            self.flush()
        except CommandTimeoutError:
            logger.warning("%d commands are still buffered in the client that shares this one's pool", self.get_buffer_size())
        return CloseReport()

    def __del__(self) -> None:
        # An engine ends when nobody has it any more.
        pass


_EXECUTE_OURS = ResilientRedisClient.execute_command


def _of_facade(args: Tuple[Any, ...], kwargs: Mapping[str, Any]) -> Tuple[bool, bool]:
    """What is said beside a pool of our own: whether the client has a connection of its own, and that it does not end the pool."""
    unknown = set(kwargs) - {"connection_pool", "single_connection_client"}
    if args or unknown:
        raise ConfigurationError(f"beside a pool of another client only single_connection_client is heeded, not {sorted(unknown)}")
    return bool(kwargs.get("single_connection_client")), False


def _of_multi_exec(command: Any) -> Tuple[str, Sequence[Any], Mapping[str, Any]]:
    """Name, arguments and keyword arguments of an entry of multi_exec()."""
    parts = tuple(command) if isinstance(command, (tuple, list)) else ()
    args = parts[1] if len(parts) > 1 else ()
    kwargs = parts[2] if len(parts) > 2 else {}
    if (
        not 1 <= len(parts) <= 3
        or not isinstance(parts[0], str)
        or not isinstance(args, (tuple, list))
        or not isinstance(kwargs, Mapping)
    ):
        raise InvalidArgumentError(f"multi_exec() takes (name, args) pairs, such as ('set', ('key', 'value')), not {command!r}")
    return parts[0], args, kwargs
