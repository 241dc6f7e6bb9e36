"""ResilientRedisClient for asyncio: redis-py's ``redis.asyncio.Redis``, with its commands travelling through the library.

It is used as redis-py's is, by any number of tasks at once: all share one connection, and a command holds no thread while it
waits. It may be used in one event loop after the other, or in several at once, each in a thread of its own. See
:mod:`resilient_redis.client` for what is kept of redis-py.

A task that is cancelled gives its command up: what was not written yet is never sent, and a reply that still comes reaches
nobody. A command that takes an element (BLPOP, BLMOVE, XREADGROUP with BLOCK, ...) is ended at the server first, which may take a
second; if it got an element in that very moment, the call returns it in place of the CancelledError, so that nothing is lost.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from typing import TYPE_CHECKING, Any, Callable, Generator, Iterable, List, Optional, Sequence, Tuple

import redis.asyncio
from redis.client import EMPTY_RESPONSE, NEVER_DECODE
from redis.exceptions import ResponseError

from .. import observe
from ..buffered import BUFFERED
from ..client import _of_facade, _of_multi_exec
from ..concluding import WithoutHimport
from ..constructor import AsyncConstructor
from ..engine import CloseReport
from ..errors import CommandTimeoutError
from ..options import milliseconds_left
from ..reissue import Reissue
from ..settings import Settings, constructor_signature, with_self
from ..using import Using, copied
from ..watching import Event, Watching, event_of
from ..wrapped import Original
from .connection import Connection
from .engine import Engine
from .lock import Lock
from .loop import LoopQueue
from .monitor import Monitor
from .pipeline import Pipeline
from .pool import ConnectionPool, pool_for
from .pubsub import PubSub
from .script import Script

_EXECUTE = Original(redis.asyncio.Redis, "execute_command")

logger = logging.getLogger("resilient_redis")

_get = dict.get
#: What a command passes on its way, if a program has put something there.
_ON_THE_WAY = frozenset({"parse_response", "connection", "_execute_command", "_send_command_parse_response"})
#: What a callback makes of a reply is most often one of these, and never to be awaited then.
_READY = frozenset({bool, int, float, str, bytes, list, dict, set, tuple, type(None)})
#: How long a thread waits in one piece for a caller that may give up, in milliseconds.
_PIECE_MS = 1000


class Reply:
    """A reply that is on its way to ``parse_response()``, in the place of redis-py's connection."""

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[bool], Any]) -> None:
        self._read = read

    async def read_response(self, disable_decoding: bool = False, **options: Any) -> Any:
        """Issues the command, and gives its reply."""
        return await self._read(disable_decoding)


class ResilientRedisClient(AsyncConstructor, WithoutHimport, Watching, redis.asyncio.Redis):  # type: ignore[misc]
    """A drop-in replacement of ``redis.asyncio.Redis`` that outlives outages.

    It takes all that ``redis.asyncio.Redis`` takes, and the library's options by name: see
    :class:`resilient_redis.ResilientRedisClient`, of which everything holds here. What waits there is awaited here.
    """

    _engine: Engine

    if not TYPE_CHECKING:

        def __init__(self, **kwargs):
            pool = kwargs.get("connection_pool")
            if isinstance(pool, ConnectionPool):
                self._begin(pool, *_of_facade((), kwargs))
            else:
                settings = Settings.from_arguments(True, (), kwargs)
                self._begin(pool_for(settings), settings.single_connection_client, settings.auto_close_connection_pool)

        __init__.__signature__ = with_self(constructor_signature(True))

    def _begin(self, pool: ConnectionPool, alone: bool, closes: bool) -> None:
        settings = pool.settings
        self._engine = Engine(settings) if alone else pool.engine
        self._reads_from_replica = self._engine.options["read_from"] == "replica"
        self._reissue = Reissue(settings.retry, self._engine.options) if settings.retry is not None else None
        self._is_alone = alone
        super().__init__(connection_pool=pool, single_connection_client=alone, event_dispatcher=settings.event_dispatcher)
        self.auto_close_connection_pool = closes
        self._use(Using())

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        # A function that a program puts into one client is called, as one of a subclass.
        if name in _ON_THE_WAY and value is not None:
            super().__setattr__("_plain", False)

    @classmethod
    def from_url(  # type: ignore[override]
        cls,
        url: str,
        single_connection_client: bool = False,
        auto_close_connection_pool: Optional[bool] = None,
        **kwargs: Any,
    ) -> ResilientRedisClient:
        """Makes a client from a URL as redis-py does; the library's options may stand in its query, too."""
        settings = Settings.from_url(True, url, **kwargs)
        client = cls(connection_pool=pool_for(settings), single_connection_client=single_connection_client)
        client.auto_close_connection_pool = auto_close_connection_pool is None or auto_close_connection_pool
        return client

    async def initialize(self) -> ResilientRedisClient:
        """The client itself: nothing has to be prepared."""
        if self._is_alone and self.connection is None:
            self.connection = self.connection_pool.connection_of(self._engine)  # type: ignore[attr-defined]
        return self

    def __await__(self) -> Generator[Any, Any, ResilientRedisClient]:
        return self.initialize().__await__()

    # ---- commands ----

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Executes a command, and returns what redis-py returns for it; BUFFERED for a write that an outage keeps."""
        if not self._plain or observe.is_on() or _EXECUTE.is_wrapped():
            if _EXECUTE.is_wrapped():
                return await super().execute_command(*args, **options)
            return await self._execute_command(*args, **options)
        name = args[0]
        try:
            response = await self._engine.queue().command(args, self._flags, self._timeout_ms, NEVER_DECODE in options)
        except ResponseError:
            if EMPTY_RESPONSE in options:
                return options[EMPTY_RESPONSE]
            raise
        if response is BUFFERED:
            self._engine.note_buffered()
            return response
        callback = _get(self.response_callbacks, name)  # type: ignore[call-overload]
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
        result = callback(response, **options)
        if type(result) not in _READY and inspect.isawaitable(result):
            return await result
        return result

    async def _execute_command(self, *args: Any, **options: Any) -> Any:
        """The same, where something is done around it: retries of the program's, metrics, a connection of its own."""
        if not observe.is_on():
            return await self._send_command_parse_response(None, args[0], *args, **options)
        with observe.recording(str(args[0]), self.get_connection_kwargs()):
            return await self._send_command_parse_response(None, args[0], *args, **options)

    async def _send_command_parse_response(self, conn: Any, command_name: Any, *args: Any, **options: Any) -> Any:
        """What redis-py's own execute_command() does, too, when something was put around that."""

        async def issue() -> Any:
            reply: Any = Reply(lambda raw: self._issue(args, raw))
            response = await self.parse_response(reply, command_name, **options)
            if response is BUFFERED:
                self._engine.note_buffered()
            return response

        return await (issue() if self._reissue is None else self._reissue.call_async(issue))

    async def _issue(self, args: Tuple[Any, ...], raw: bool) -> Any:
        if self._is_alone:
            await self.initialize()
        connection: Any = self.connection
        if isinstance(connection, Connection):
            return await connection.execute_async(args, self._flags, self._timeout_ms, raw)
        if connection is not None:  # a test put a stand-in there
            await connection.send_command(*args)
            return await connection.read_response(disable_decoding=raw)
        return await self._engine.queue().command(args, self._flags, self._timeout_ms, raw, self._takes_replica)

    async def parse_response(self, connection: Any, command_name: Any, **options: Any) -> Any:
        """Takes a reply, and makes of it what redis-py makes of it. A subclass may override it."""
        try:
            response = await connection.read_response(disable_decoding=NEVER_DECODE in options)
        except ResponseError:
            if EMPTY_RESPONSE in options:
                return options[EMPTY_RESPONSE]
            raise
        for option in ("keys", NEVER_DECODE, EMPTY_RESPONSE):
            options.pop(option, None)
        if response is BUFFERED or command_name not in self.response_callbacks:
            return response
        result = self.response_callbacks[command_name](response, **options)
        return await result if inspect.isawaitable(result) else result

    async def multi_exec(self, commands: Iterable[Sequence[Any]]) -> List[Any]:
        """Executes commands all or nothing: see :meth:`resilient_redis.ResilientRedisClient.multi_exec`."""
        pipeline = self.pipeline(transaction=True)
        for command in commands:
            name, args, kwargs = _of_multi_exec(command)
            method = getattr(pipeline, name, None) if name.isidentifier() and not name.startswith("_") else None
            if callable(method):
                method(*args, **kwargs)
            else:
                pipeline.execute_command(name, *args, **kwargs)
        return await pipeline.execute()

    # ---- what else is made from a client ----

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> Pipeline:
        """A pipeline, as redis-py's: sent as a unit, retried as a unit, and buffered as a unit during an outage."""
        pipeline = Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        pipeline._engine = self._engine
        pipeline._reissue = self._reissue
        pipeline._use(self._using)
        return pipeline

    def pubsub(self, **kwargs: Any) -> PubSub:
        """A subscription, as redis-py's. It comes back by itself, and tells a gap: see :class:`PubSub`."""
        return PubSub(self.connection_pool, engine=self._engine, **kwargs)

    def monitor(self) -> Monitor:
        """Every command that the server runs, as redis-py's. It comes back by itself."""
        return Monitor(self.connection_pool, self._engine)

    def lock(
        self,
        name: Any,
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

    def register_script(self, script: Any) -> Script:  # type: ignore[override]
        """A script, as redis-py's. It runs whether or not the server knows it, also when it was buffered meanwhile."""
        return Script(self, script)

    async def run_script(self, source: Any, keys: Sequence[Any] = (), args: Iterable[Any] = ()) -> Any:
        """Runs a script in Lua. Its source goes along, so that the server may be another by the time it runs."""
        return await self.execute_command("EVAL", source, len(keys), *keys, *args)

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
        self._takes_replica = self._reads_from_replica and not using.from_primary
        self._plain = (
            self._reissue is None
            and not self._is_alone
            and not self._takes_replica
            and _ON_THE_WAY.isdisjoint(name for name, value in vars(self).items() if value is not None)
            and type(self).parse_response is ResilientRedisClient.parse_response
            and type(self)._execute_command is ResilientRedisClient._execute_command
        )

    def set_retry(self, retry: Any) -> None:
        """Has what fails be issued again as this Retry says."""
        super().set_retry(retry)
        self._reissue = Reissue(retry, self._engine.options)
        self._use(self._using)

    # ---- waiting, and the end ----

    async def wait_ready(self, timeout: Optional[float] = None) -> None:
        """Waits until commands flow: for at most ``timeout`` seconds, or ``socket_timeout``. A program need not call it."""
        queue = self._engine.queue()
        await _in_pieces(queue, queue.native.wait_ready, self._engine.milliseconds(timeout))

    async def flush(self, timeout: Optional[float] = None) -> None:
        """Waits until every buffered command is sent and answered, or failed: for at most ``timeout`` seconds, or
        ``drain_timeout_seconds``. A CommandTimeoutError if some are left; they stay buffered."""
        engine = self._engine
        if engine.native is not None:
            limit = engine.settings.drain_timeout_ms if timeout is None else engine.milliseconds(timeout)
            queue = engine.queue()
            await _in_pieces(queue, queue.native.flush, limit)

    async def next_event(self, timeout: Optional[float] = 0) -> Optional[Event]:
        """The next event that nobody has taken: None if there is none within ``timeout`` seconds; None waits for ever.

        ClosedError if the client was closed: this alone does not open it again.
        """
        engine = self._engine
        native = engine.native or engine.open(again=False)
        loop = asyncio.get_running_loop()
        end = None if timeout is None else loop.time() + timeout
        while True:
            if engine.events:
                return event_of(engine.events.popleft())
            # While a thread takes one nobody else does: so they keep their order.
            taking = engine.taking_of(native)
            found = native.event(0) if taking is None else None
            left_ms = _PIECE_MS if end is None else min(_PIECE_MS, milliseconds_left(end, loop.time()))
            if taking is not None and left_ms <= 0:
                await asyncio.sleep(0)  # what it has taken comes in a callback
                return event_of(engine.events.popleft() if engine.events else None)
            if found is not None or left_ms <= 0:
                return event_of(found)
            if taking is None:
                taking = engine.take_event(native, left_ms)
            await asyncio.wait({taking}, timeout=left_ms / 1000)
            if taking.done():
                failure = taking.exception()
                if failure is not None:
                    raise failure

    async def aclose(self, close_connection_pool: Optional[bool] = None) -> CloseReport:  # type: ignore[override]
        """Sends what is buffered, for at most ``drain_timeout_seconds``, and ends the connections. Says what was left behind.

        As with redis-py the client can be used again: it connects anew. One whose pool was handed in is not closed, unless
        ``close_connection_pool`` says so: what is buffered is sent.
        """
        engine: Optional[Engine] = getattr(self, "_engine", None)
        if engine is None:  # its constructor failed
            return CloseReport()
        closes = self.auto_close_connection_pool if close_connection_pool is None else close_connection_pool
        pool: Any = self.connection_pool
        if self._is_alone:
            self.connection = None
            report = await engine.aclose()
            if closes:
                await pool.aclose()
            return report
        if closes:
            closed: CloseReport = await pool.aclose()
            return closed
        try:
            await self.flush()
        except CommandTimeoutError:
            logger.warning("%d commands are still buffered in the client that shares this one's pool", self.get_buffer_size())
        return CloseReport()

    async def close(self, close_connection_pool: Optional[bool] = None) -> CloseReport:  # type: ignore[override]
        """The same."""
        return await self.aclose(close_connection_pool)

    def __del__(self, *_: Any) -> None:
        # An engine ends when nobody has it any more.
        pass


async def _in_pieces(queue: LoopQueue, wait: Callable[[int], None], limit_ms: int) -> None:
    """Has a thread wait, in pieces: when the caller gives up, no thread goes on for long, and others have their turn."""
    loop = asyncio.get_running_loop()
    end = loop.time() + limit_ms / 1000
    while True:
        left_ms = milliseconds_left(end, loop.time())
        try:
            return await queue.waited(max(1, min(left_ms, _PIECE_MS)), wait)
        except CommandTimeoutError:
            if left_ms <= _PIECE_MS:
                raise
