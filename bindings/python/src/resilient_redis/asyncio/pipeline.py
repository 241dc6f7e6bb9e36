"""Pipeline: redis.asyncio's, sent and answered as a unit by the library.

Commands are queued here and submitted once, in ``execute()``. A pipeline that watches has a connection of its own in the library;
what it reads before ``multi()`` goes there at once. It belongs to one task at a time, as redis-py's does.

A task that is cancelled in ``execute()`` gives the pipeline up as a whole: what was not written yet is never sent. If it was
watching, nothing is watched any more.
"""

from __future__ import annotations

import inspect
from typing import Any, List, Optional, Tuple

import redis.asyncio.client
from redis.client import EMPTY_RESPONSE, NEVER_DECODE
from redis.exceptions import ExecAbortError, ResponseError, WatchError
from redis.utils import safe_str, truncate_text

from .. import _native, observe
from ..buffered import BUFFERED
from ..concluding import Concluding
from ..errors import server_error
from ..reissue import Reissue
from ..using import Using
from ..wrapped import Original
from .engine import Engine
from .loop import Partial
from .watch import Watch

_EXECUTE = Original(redis.asyncio.client.Pipeline, "execute")
_IMMEDIATELY = Original(redis.asyncio.client.Pipeline, "immediate_execute_command")


class Pipeline(Concluding, redis.asyncio.client.Pipeline):  # type: ignore[misc]
    """Commands that are sent together. See redis-py's documentation of pipelines.

    During an outage ``execute()`` returns a list of BUFFERED, one for each command, if all of them are writes; they are applied
    as one unit. If the connection is lost half-way and the rest is not sent again, the exception's ``responses`` has what came.
    """

    def __init__(self, connection_pool: Any, response_callbacks: Any, transaction: Any, shard_hint: Any) -> None:
        self._engine: Engine = connection_pool.engine
        self._watch: Optional[Watch] = None
        self._reissue: Optional[Reissue] = None
        self._use(Using())
        super().__init__(connection_pool, response_callbacks, transaction, shard_hint)

    def _use(self, using: Using) -> None:
        self._using = using
        self._flags = using.pipeline_flags
        self._takes_replica = not using.from_primary and self._engine.options["read_from"] == "replica"

    def __del__(self, *_: Any) -> None:
        # A watch ends with its object.
        pass

    # ---- watching ----

    async def immediate_execute_command(self, *args: Any, **options: Any) -> Any:
        """Executes a command at once, on the connection that watches. A lost connection is a WatchError."""
        if _IMMEDIATELY.is_wrapped():
            return await super().immediate_execute_command(*args, **options)
        return await self._execute_at_once(*args, **options)

    async def _send_command_parse_response(self, conn: Any, command_name: Any, *args: Any, **options: Any) -> Any:
        """What redis-py's own immediate_execute_command() does, when something was put around that."""
        return await self._execute_at_once(*args, **options)

    async def _disconnect_reset_raise_on_watching(self, *args: Any, **options: Any) -> None:
        """Nothing: what is lost is told by the exception."""

    _disconnect_raise_on_watching = _disconnect_reset_raise_on_watching

    async def _execute_at_once(self, *args: Any, **options: Any) -> Any:
        name = args[0]
        raw = NEVER_DECODE in options
        try:
            if name == "WATCH":
                return await self._begin_watch(args[1:])
            if name == "UNWATCH":
                await self._end_watch()
                return True
            if name in self.UNWATCH_COMMANDS:
                raise server_error(f"ERR {name} without MULTI", _native.RR_OUTCOME_NOT_APPLIED)
            if self._watch is None:
                using = self._using
                queue = self._engine.queue()
                response = await queue.command(args, using.command_flags, using.timeout_ms, raw, self._takes_replica)
            else:
                response = await self._watch.command(args, raw)
        except WatchError:
            await self.reset()
            raise
        except ResponseError:
            if EMPTY_RESPONSE in options:
                return options[EMPTY_RESPONSE]
            raise
        result = self._called_back(name, response, options)
        return await result if inspect.isawaitable(result) else result

    async def _begin_watch(self, keys: Tuple[Any, ...]) -> bool:
        if not keys:
            raise server_error("ERR wrong number of arguments for 'watch' command", _native.RR_OUTCOME_NOT_APPLIED)
        if self._watch is not None:
            await self._watch.watch(keys)
            return True
        watch = Watch(self._engine, self._using)
        try:
            await watch.watch(keys)
        except Exception:
            await watch.end()
            raise
        self._watch = watch
        self.watching = True
        return True

    async def _end_watch(self) -> None:
        watch, self._watch = self._watch, None
        self.watching = False
        if watch is not None:
            await watch.end()

    async def reset(self) -> None:  # type: ignore[override]
        """Forgets what is queued and watched."""
        self.command_stack = []
        self.scripts = set()
        self.explicit_transaction = False
        self.connection = None
        await self._end_watch()

    # ---- executing ----

    async def execute(self, raise_on_error: bool = True) -> List[Any]:
        """Executes what is queued, and returns a list with a response for each command. See redis-py."""
        if not self.command_stack and not self.watching:
            return []
        if _EXECUTE.is_wrapped():
            return await super().execute(raise_on_error)
        stack, self.command_stack = self.command_stack, []
        atomic = bool(self.is_transaction or self.explicit_transaction)
        try:
            if not observe.is_on():
                return await self._execute_again(stack, atomic, raise_on_error)
            with observe.recording("MULTI" if atomic else "PIPELINE", self.connection_pool.connection_kwargs):
                return await self._execute_again(stack, atomic, raise_on_error)
        finally:
            await self.reset()

    async def _execute_transaction(self, connection: Any, commands: Any, raise_on_error: Any) -> List[Any]:
        """What redis-py's own execute() does, when something was put around that."""
        return await self._execute_again(commands, True, raise_on_error)

    async def _execute_pipeline(self, connection: Any, commands: Any, raise_on_error: bool) -> List[Any]:
        """The same, for what is not atomic."""
        return await self._execute_again(commands, False, raise_on_error)

    async def _execute_again(self, stack: List[Any], atomic: bool, raise_on_error: bool) -> List[Any]:
        """Executes it, and again as the program's ``retry`` says."""
        try:
            if self._reissue is None or self._watch is not None:
                return await self._execute(stack, atomic, raise_on_error)
            responses: List[Any] = await self._reissue.call_async(lambda: self._execute(stack, atomic, raise_on_error))
            return responses
        except ExecAbortError as error:
            raise self._refusal(error, stack) from error

    async def _execute(self, stack: List[Any], atomic: bool, raise_on_error: bool) -> List[Any]:
        sent = self._sent_of(stack)
        failure: Optional[Exception] = None
        if not sent and not self.watching:
            responses: Any = []
        elif self._watch is not None:
            # EXEC without a reply is a conflict, which is raised.
            responses = await self._watch.execute(sent)
        else:
            flags = self._flags | (_native.RR_PIPELINE_ATOMIC if atomic else 0)
            responses = await self._engine.queue().pipeline(sent, flags, self._using.timeout_ms, self._takes_replica)
            if type(responses) is Partial:
                responses, failure = responses
        if responses is BUFFERED:
            self._engine.note_buffered()
            return [BUFFERED] * len(stack)
        if self._engine.settings.decode_responses and any(NEVER_DECODE in options for _, options in sent):
            self._decode(sent, responses)
        concluded = self._concluded(stack, sent, responses, failure, raise_on_error)
        for at, response in enumerate(concluded):
            if inspect.isawaitable(response):
                concluded[at] = await response
        return concluded

    def annotate_exception(self, exception: Exception, number: int, command: Any) -> None:
        """Says which command it was, as redis-py does; some versions of it forget to say what the error was."""
        text = truncate_text(" ".join(map(safe_str, command)))
        said = f"Command # {number} ({text}) of pipeline caused error: {exception.args}"
        exception.args = (said,) + exception.args[1:]

    def _decode(self, sent: List[Any], responses: List[Any]) -> None:
        """Where one reply is not to be decoded none is: this does it for the others."""
        decode = self.connection_pool.get_encoder().decode
        for at, (_, options) in enumerate(sent):
            if NEVER_DECODE not in options:
                responses[at] = _decoded(responses[at], decode)

    # ---- scripts ----

    async def load_scripts(self) -> None:
        """Nothing: scripts go with their source, so that a server that was restarted meanwhile finds them."""


def _decoded(value: Any, decode: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(one, decode) for one in value]
    if isinstance(value, tuple):
        return tuple(_decoded(one, decode) for one in value)
    if isinstance(value, dict):
        return {_decoded(key, decode): _decoded(one, decode) for key, one in value.items()}
    return decode(value)
