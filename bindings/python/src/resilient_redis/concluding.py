"""Concluding: what a pipeline sends of the commands that are queued in it, and what it makes of their replies.

The part that the pipelines of both clients share. It waits for nothing.
"""

from __future__ import annotations

from typing import Any, List, Optional, Set

from redis.client import EMPTY_RESPONSE, NEVER_DECODE
from redis.exceptions import RedisError, ResponseError
from redis.utils import safe_str

from .buffered import BUFFERED
from .errors import Outcome, UnsupportedError

_get = dict.get
#: Commands that may do something before they fail.
_MAY_FAIL_HALF_WAY = frozenset({"EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO"})


class WithoutHimport:
    """Refuses HIMPORT, which prepares a connection for one program: here all share one."""

    def himport_set(self, *args: Any, **kwargs: Any) -> Any:
        """Refused: see the class."""
        raise UnsupportedError("HIMPORT prepares a connection, and this one is shared: use HSET in a pipeline")

    himport_prepare = himport_discard = himport_discard_all = himport_set


class Concluding(WithoutHimport):
    """A pipeline of redis-py's, as far as it is the same for both clients."""

    response_callbacks: Any
    scripts: Set[Any]
    annotate_exception: Any

    def _sent_of(self, stack: List[Any]) -> List[Any]:
        """What of the queued commands is sent: scripts with their source, and nothing that has its response already."""
        sent = stack
        if any(EMPTY_RESPONSE in options for _, options in stack):
            sent = [entry for entry in stack if EMPTY_RESPONSE not in entry[1]]
        return self._with_sources(sent) if self.scripts else sent

    def _concluded(
        self, stack: List[Any], sent: List[Any], responses: List[Any], failure: Optional[Exception], raise_on_error: bool
    ) -> List[Any]:
        """The responses as redis-py gives them; raises what is to be raised."""
        if len(sent) != len(stack):
            came = iter(responses)
            responses = [entry[1][EMPTY_RESPONSE] if EMPTY_RESPONSE in entry[1] else next(came) for entry in stack]
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

    def _with_sources(self, stack: List[Any]) -> List[Any]:
        sources = {script.sha: script.script for script in self.scripts}
        return [
            (("EVAL", sources[args[1]]) + args[2:], options) if args[0] == "EVALSHA" and args[1] in sources else (args, options)
            for args, options in stack
        ]
