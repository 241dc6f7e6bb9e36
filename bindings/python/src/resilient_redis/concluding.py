"""Concluding: what a pipeline sends of the commands that are queued in it, and what it makes of their replies.

The part that the pipelines of both clients share. It waits for nothing.
"""

from __future__ import annotations

import re
from typing import Any, List, Optional, Set, Tuple

from redis.client import EMPTY_RESPONSE, NEVER_DECODE
from redis.exceptions import RedisError, ResponseError
from redis.utils import safe_str

from . import _native
from .buffered import BUFFERED
from .errors import Outcome, UnsupportedError, server_error

_get = dict.get
#: Commands that may do something before they fail.
_MAY_FAIL_HALF_WAY = frozenset({"EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO"})


#: What the library adds to EXECABORT: which command the server refused, and why.
_REFUSED = re.compile(r"\(command (\d+) was refused, [^:]*: (.*)\)$", re.DOTALL)


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
        first: Optional[int] = None
        for at, (args, options) in enumerate(stack):
            response = responses[at]
            if not isinstance(response, Exception):
                name = args[0]
                callback = _get(callbacks, name)
                if callback is None and not name.isupper():
                    callback = callbacks.get(name)
                if callback is None:
                    continue
                if options:
                    options = {key: value for key, value in options.items() if key not in ("keys", NEVER_DECODE, EMPTY_RESPONSE)}
                try:
                    responses[at] = callback(response, **options)
                    continue
                except ResponseError as error:
                    response = responses[at] = error
            if isinstance(response, ResponseError):
                _say_outcome(response, args)
                first = at if first is None else first
            elif isinstance(response, RedisError) and failure is None and raise_on_error:
                response.ran_with_others = len(sent) > 1  # type: ignore[attr-defined]
                raise response
        if failure is not None:
            failure.responses = responses  # type: ignore[attr-defined]
            raise failure
        if first is not None and raise_on_error:
            self.annotate_exception(responses[first], first + 1, stack[first][0])
            responses[first].ran_with_others = len(sent) > 1
            raise responses[first]
        return responses

    def _refusal(self, error: Exception, stack: List[Any]) -> Exception:
        """Why a transaction was aborted, as redis-py tells it: what the server said of the first command that it refused."""
        number, refusal = refused_of(error)
        sent = [at for at, (_, options) in enumerate(stack) if EMPTY_RESPONSE not in options]
        if not 0 < number <= len(sent):
            return error
        at = sent[number - 1]
        self.annotate_exception(refusal, at + 1, stack[at][0])
        return refusal

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


def refused_of(error: Exception) -> Tuple[int, Exception]:
    """Which of the commands of an aborted transaction the server refused, from 1 on, and with what. 0: it is not known."""
    found = _REFUSED.search(str(error))
    return (0, error) if found is None else (int(found[1]), server_error(found[2], _native.RR_OUTCOME_NOT_APPLIED))


def _say_outcome(error: Any, args: Any) -> None:
    """What became of a command that the server refused."""
    name = safe_str(args[0]).upper()
    error.outcome = Outcome.UNKNOWN if name in _MAY_FAIL_HALF_WAY else Outcome.NOT_APPLIED
