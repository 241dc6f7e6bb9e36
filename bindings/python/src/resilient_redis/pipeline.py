"""Pipeline: redis-py's, sent and answered as a unit by the library.

Commands are queued here and cross to the library once, in ``execute()``. A pipeline that watches has a connection of its own in
the library; what it reads before ``multi()`` goes there at once. It belongs to one thread at a time, as redis-py's does.
"""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

import redis.client
from redis.client import EMPTY_RESPONSE, NEVER_DECODE
from redis.exceptions import ExecAbortError, RedisError, ResponseError, WatchError

from . import _native, observe
from .buffered import BUFFERED
from .concluding import Concluding
from .engine import Engine
from .errors import server_error
from .reissue import Reissue
from .using import Using
from .wrapped import Original

_EXECUTE = Original(redis.client.Pipeline, "execute")
_IMMEDIATELY = Original(redis.client.Pipeline, "immediate_execute_command")


class Pipeline(Concluding, redis.client.Pipeline):
    """Commands that are sent together. See redis-py's documentation of pipelines.

    During an outage ``execute()`` returns a list of BUFFERED, one for each command, if all of them are writes; they are applied
    as one unit. If the connection is lost half-way and the rest is not sent again, the exception's ``responses`` has what came.
    """

    def __init__(self, connection_pool: Any, response_callbacks: Any, transaction: Any, shard_hint: Any) -> None:
        self._engine: Engine = connection_pool.engine
        self._watch: Optional[_native.Transaction] = None
        self._reissue: Optional[Reissue] = None
        self._use(Using())
        super().__init__(connection_pool, response_callbacks, transaction, shard_hint)

    def _use(self, using: Using) -> None:
        self._using = using
        self._flags = using.pipeline_flags

    def __del__(self) -> None:
        # A watch ends with its object, without a word to the server.
        pass

    def execute_command(self, *args: Any, **kwargs: Any) -> Any:
        """Queues a command; while keys are watched and before ``multi()``, executes it."""
        if (self.watching or args[0] == "WATCH") and not self.explicit_transaction:
            return self.immediate_execute_command(*args, **kwargs)
        self.command_stack.append((args, kwargs))
        return self

    # ---- watching ----

    def immediate_execute_command(self, *args: Any, **options: Any) -> Any:
        """Executes a command at once, on the connection that watches. A lost connection is a WatchError."""
        if _IMMEDIATELY.is_wrapped():
            return super().immediate_execute_command(*args, **options)
        return self._execute_at_once(*args, **options)

    def _send_command_parse_response(self, conn: Any, command_name: Any, *args: Any, **options: Any) -> Any:
        """What redis-py's own immediate_execute_command() does, when something was put around that."""
        return self._execute_at_once(*args, **options)

    def _disconnect_reset_raise_on_watching(self, *args: Any, **options: Any) -> None:
        """Nothing: what is lost is told by the exception."""

    _disconnect_raise_on_watching = _disconnect_reset_raise_on_watching

    def _execute_at_once(self, *args: Any, **options: Any) -> Any:
        name = args[0]
        try:
            if name == "WATCH":
                return self._begin_watch(args[1:])
            if name == "UNWATCH":
                self._end_watch()
                return True
            if name in self.UNWATCH_COMMANDS:
                raise server_error(f"ERR {name} without MULTI", _native.RR_OUTCOME_NOT_APPLIED)
            if self._watch is None:
                native = self._engine.native or self._engine.open()
                response = native.command(args, self._using.command_flags, self._using.timeout_ms, NEVER_DECODE in options)
            else:
                response = self._watch.command(args, NEVER_DECODE in options)
        except WatchError:
            self.reset()
            raise
        except ResponseError:
            if EMPTY_RESPONSE in options:
                return options[EMPTY_RESPONSE]
            raise
        return self._called_back(name, response, options)

    def _begin_watch(self, keys: Tuple[Any, ...]) -> bool:
        if not keys:
            raise server_error("ERR wrong number of arguments for 'watch' command", _native.RR_OUTCOME_NOT_APPLIED)
        if self._watch is None:
            native = self._engine.native or self._engine.open()
            self._watch = native.transaction(keys, self._using.timeout_ms, self._using.transaction_flags)
        else:
            self._watch.watch(keys)
        self.watching = True
        return True

    def _end_watch(self) -> None:
        watch, self._watch = self._watch, None
        self.watching = False
        if watch is not None:
            try:
                watch.discard()
            except RedisError:
                pass  # its connection is lost, and the watch with it

    def reset(self) -> None:  # type: ignore[override]
        """Forgets what is queued and watched."""
        self.command_stack = []
        self.scripts = set()
        self.explicit_transaction = False
        self.connection = None
        self._end_watch()

    # ---- executing ----

    def execute(self, raise_on_error: bool = True) -> List[Any]:
        """Executes what is queued, and returns a list with a response for each command. See redis-py."""
        stack = self.command_stack
        if not stack and not self.watching:
            return []
        if _EXECUTE.is_wrapped():
            return super().execute(raise_on_error)
        atomic = bool(self.transaction or self.explicit_transaction)  # type: ignore[truthy-function]
        try:
            if not observe.is_on():
                return self._execute_again(stack, atomic, raise_on_error)
            place = self.connection_pool.connection_kwargs
            return observe.recorded(
                "MULTI" if atomic else "PIPELINE", place, lambda: self._execute_again(stack, atomic, raise_on_error)
            )
        finally:
            self.reset()

    def _execute_transaction(self, connection: Any, commands: Any, raise_on_error: bool) -> List[Any]:
        """What redis-py's own execute() does, when something was put around that."""
        return self._execute_again(commands, True, raise_on_error)

    def _execute_pipeline(self, connection: Any, commands: Any, raise_on_error: bool) -> List[Any]:
        """The same, for what is not atomic."""
        return self._execute_again(commands, False, raise_on_error)

    def _execute_again(self, stack: List[Any], atomic: bool, raise_on_error: bool) -> List[Any]:
        """Executes it, and again as the program's ``retry`` says."""
        try:
            if self._reissue is None or self._watch is not None:
                return self._execute(stack, atomic, raise_on_error)
            return self._reissue.call(lambda: self._execute(stack, atomic, raise_on_error))
        except ExecAbortError as error:
            raise self._refusal(error, stack) from error

    def _execute(self, stack: List[Any], atomic: bool, raise_on_error: bool) -> List[Any]:
        sent = self._sent_of(stack)
        failure: Optional[Exception] = None
        if not sent and not self.watching:
            responses: Any = []
        elif self._watch is not None:
            # EXEC without a reply is a conflict, which is raised.
            responses = self._watch.execute(sent)
        else:
            flags = self._flags | (_native.RR_PIPELINE_ATOMIC if atomic else 0)
            native = self._engine.native or self._engine.open()
            responses, failure = native.pipeline(sent, flags, self._using.timeout_ms)
        if responses is BUFFERED:
            self._engine.note_buffered()
            return [BUFFERED] * len(stack)
        return self._concluded(stack, sent, responses, failure, raise_on_error)

    # ---- scripts ----

    def load_scripts(self) -> None:
        """Nothing: scripts go with their source, so that a server that was restarted meanwhile finds them."""
