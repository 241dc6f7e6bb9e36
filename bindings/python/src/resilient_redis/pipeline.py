"""Pipeline: redis-py's, sent and answered as a unit by the library.

Commands are queued here and cross to the library once, in ``execute()``. A pipeline that watches has a connection of its own in
the library; what it reads before ``multi()`` goes there at once. It belongs to one thread at a time, as redis-py's does.
"""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

import redis.client
from redis.client import EMPTY_RESPONSE, NEVER_DECODE
from redis.exceptions import RedisError, ResponseError, WatchError
from redis.utils import safe_str

from . import _native, observe
from .buffered import BUFFERED
from .engine import Engine
from .errors import Outcome
from .using import Using

_get = dict.get
#: Commands that may do something before they fail.
_MAY_FAIL_HALF_WAY = frozenset({"EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO"})


class Pipeline(redis.client.Pipeline):
    """Commands that are sent together. See redis-py's documentation of pipelines.

    During an outage ``execute()`` returns a list of BUFFERED, one for each command, if all of them are writes; they are applied
    as one unit. If the connection is lost half-way and the rest is not sent again, the exception's ``responses`` has what came.
    """

    def __init__(self, connection_pool: Any, response_callbacks: Any, transaction: Any, shard_hint: Any) -> None:
        self._engine: Engine = connection_pool.engine
        self._watch: Optional[_native.Transaction] = None
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
        name = args[0]
        try:
            if name == "WATCH":
                return self._begin_watch(args[1:])
            if name in self.UNWATCH_COMMANDS:
                self._end_watch()
                return True
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
        self._end_watch()

    # ---- executing ----

    def execute(self, raise_on_error: bool = True) -> List[Any]:
        """Executes what is queued, and returns a list with a response for each command. See redis-py."""
        stack = self.command_stack
        if not stack and not self.watching:
            return []
        atomic = bool(self.transaction or self.explicit_transaction)  # type: ignore[truthy-function]
        try:
            if not observe.is_on():
                return self._execute(stack, atomic, raise_on_error)
            place = self.connection_pool.connection_kwargs
            return observe.recorded(
                "MULTI" if atomic else "PIPELINE", place, lambda: self._execute(stack, atomic, raise_on_error)
            )
        finally:
            self.reset()

    def _execute(self, stack: List[Any], atomic: bool, raise_on_error: bool) -> List[Any]:
        sent = [entry for entry in stack if EMPTY_RESPONSE not in entry[1]] if _has_empty(stack) else stack
        if self.scripts:
            sent = self._with_sources(sent)
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
        if sent is not stack and len(sent) != len(stack):
            came = iter(responses)
            responses = [entry[1][EMPTY_RESPONSE] if EMPTY_RESPONSE in entry[1] else next(came) for entry in stack]
        return self._concluded(stack, responses, failure, raise_on_error)

    def _concluded(self, stack: List[Any], responses: List[Any], failure: Optional[Exception], raise_on_error: bool) -> List[Any]:
        """The responses as redis-py gives them; raises what is to be raised."""
        callbacks = self.response_callbacks
        first: Optional[ResponseError] = None
        for at, (args, options) in enumerate(stack):
            response = responses[at]
            if isinstance(response, Exception):
                if isinstance(response, ResponseError):
                    self._tell(response, at + 1, args)
                    first = first or response
                elif isinstance(response, RedisError) and failure is None and raise_on_error:
                    raise response
                continue
            name = args[0]
            callback = _get(callbacks, name)
            if callback is None and not name.isupper():
                callback = callbacks.get(name)
            if callback is not None:
                if options:
                    options = {key: value for key, value in options.items() if key not in ("keys", NEVER_DECODE, EMPTY_RESPONSE)}
                responses[at] = callback(response, **options)
        if failure is not None:
            failure.responses = responses  # type: ignore[attr-defined]
            raise failure
        if first is not None and raise_on_error:
            raise first
        return responses

    def _tell(self, error: Any, number: int, args: Any) -> None:
        """Says which command it was, and what became of it."""
        self.annotate_exception(error, number, args)
        name = safe_str(args[0]).upper()
        error.outcome = Outcome.UNKNOWN if name in _MAY_FAIL_HALF_WAY else Outcome.NOT_APPLIED

    def _called_back(self, name: Any, response: Any, options: Any) -> Any:
        for option in ("keys", NEVER_DECODE, EMPTY_RESPONSE):
            options.pop(option, None)
        if response is not BUFFERED and name in self.response_callbacks:
            return self.response_callbacks[name](response, **options)
        return response

    # ---- scripts ----

    def load_scripts(self) -> None:
        """Nothing: scripts go with their source, so that a server that was restarted meanwhile finds them."""

    def _with_sources(self, stack: List[Any]) -> List[Any]:
        sources = {script.sha: script.script for script in self.scripts}
        return [
            (("EVAL", sources[args[1]]) + args[2:], options) if args[0] == "EVALSHA" and args[1] in sources else (args, options)
            for args, options in stack
        ]


def _has_empty(stack: List[Any]) -> bool:
    return any(EMPTY_RESPONSE in options for _, options in stack)
