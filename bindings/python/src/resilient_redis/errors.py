"""Exceptions: each is one of redis-py's own, or derives from it, and says what became of the command.

``exception.outcome`` is an :class:`Outcome`, ``exception.status`` the library's number (``RR_ERR_...``), and
``exception.retryable`` whether the same command has a fair chance if it is issued again and cannot run twice. What a server
answered is an instance of redis-py's own classes, with these three attributes set.

Nothing here keeps state; any thread may use it.
"""

from __future__ import annotations

import enum
from typing import Any, Dict, List, Optional, Type

import redis.exceptions
from redis._parsers.base import BaseParser

from . import _native, ending


class Outcome(enum.IntEnum):
    """What became of a command that did not return its reply."""

    #: The failure is not about a command.
    NONE = _native.RR_OUTCOME_NONE
    #: The server did not run it, and it will never be sent later. Issuing it again is safe.
    NOT_APPLIED = _native.RR_OUTCOME_NOT_APPLIED
    #: It ran, once; its reply is lost.
    APPLIED = _native.RR_OUTCOME_APPLIED
    #: It was written and no answer came: it may have run. Look before issuing it again.
    UNKNOWN = _native.RR_OUTCOME_UNKNOWN

    def __str__(self) -> str:
        return self.name.lower().replace("_", " ")


class ResilientError(redis.exceptions.RedisError):
    """What the library itself fails with. It is one of redis-py's exceptions as well."""

    #: What became of the command.
    outcome: Outcome = Outcome.NONE
    #: The library's number: ``RR_ERR_...``, 0 if it is not from there.
    status: int = 0
    #: Would the same command have a fair chance if it were issued again, and could it not run twice?
    retryable: bool = False
    #: Of a pipeline that failed half-way: what came for each of its commands, an exception in place of what did not.
    responses: Optional[List[Any]] = None


class ConfigurationError(ResilientError, redis.exceptions.DataError, ValueError):
    """An argument of the constructor, an option or a URL is wrong, or cannot be honoured; the message says what would be right."""


class InvalidArgumentError(ResilientError, redis.exceptions.DataError):
    """An argument has a value that cannot be used."""


class TooLargeError(ResilientError, redis.exceptions.DataError):
    """The command is larger than the limit (``max_output_bytes``)."""


class UnsupportedError(ResilientError, redis.exceptions.ResponseError):
    """The command does not belong on a shared connection, or this version cannot do what was asked for.

    To a program it is as if the server had refused it.
    """


class ConnectionLostError(ResilientError, redis.exceptions.ConnectionError):
    """The connection was lost, and the command is not sent again."""


class GaveUpError(ResilientError, redis.exceptions.ConnectionError):
    """The outage has lasted longer than ``reconnect_tries`` times ``reconnect_interval_seconds``."""


class UnavailableError(ResilientError, redis.exceptions.ConnectionError):
    """There is an outage, and the call asked not to wait for its end."""


class BufferFullError(ResilientError, redis.exceptions.ConnectionError):
    """The buffer has no room: the write was refused during an outage."""


class ExpiredError(ResilientError, redis.exceptions.ConnectionError):
    """The command was in the buffer for longer than ``buffer_max_age_ms``."""


class DroppedError(ResilientError, redis.exceptions.ConnectionError):
    """The command was dropped from the buffer to make room for a newer one."""


class ClosedError(ResilientError, redis.exceptions.ConnectionError):
    """The client was closed while the call was running, or the interpreter is ending."""


class ForkedError(ResilientError, redis.exceptions.ConnectionError):
    """The object belongs to the process that made this one by a fork: make one here."""


class TLSError(ResilientError, redis.exceptions.ConnectionError):
    """The server's certificate was not taken, or the client's was not; the message says which and why."""


class SystemFailureError(ResilientError, redis.exceptions.ConnectionError):
    """The operating system refused something: a thread, a socket, memory."""


class CommandTimeoutError(ResilientError, redis.exceptions.TimeoutError):
    """The time given for the call (``socket_timeout``) has passed."""


class NotConnectedError(CommandTimeoutError, redis.exceptions.ConnectionError):
    """The time given for the call has passed, and there is no connection."""


class LoginError(ResilientError, redis.exceptions.AuthenticationError):
    """The server refused the credentials. They are not tried again and again: only a slow probe goes on."""


class ConflictError(ResilientError, redis.exceptions.WatchError):
    """A watched key was changed, or the connection that watched was lost: the transaction did not run."""


class ProtocolError(ResilientError, redis.exceptions.InvalidResponse):
    """The server sent what is not its protocol, or is beyond the limits."""


class BusyError(ResilientError):
    """Another thread is using an object that belongs to one thread at a time, such as a pipeline that watches."""


class CancelledError(ResilientError):
    """The command was cancelled; its outcome says whether it may have run."""


class TooManySubmittedError(ResilientError):
    """More commands are on their way than ``max_submitted``."""


class InternalError(ResilientError):
    """The library itself failed. That is a bug; other clients live on."""


_CLASSES: Dict[int, Type[ResilientError]] = {
    _native.RR_ERR_NULL_ARGUMENT: InternalError,
    _native.RR_ERR_INVALID_ARGUMENT: InvalidArgumentError,
    _native.RR_ERR_CONFIG: ConfigurationError,
    _native.RR_ERR_PANIC: InternalError,
    _native.RR_ERR_FORKED: ForkedError,
    _native.RR_ERR_BUSY: BusyError,
    _native.RR_ERR_CLOSED: ClosedError,
    _native.RR_ERR_TIMEOUT: CommandTimeoutError,
    _native.RR_ERR_CONNECTION_LOST: ConnectionLostError,
    _native.RR_ERR_GAVE_UP: GaveUpError,
    _native.RR_ERR_BUFFER_FULL: BufferFullError,
    _native.RR_ERR_EXPIRED: ExpiredError,
    _native.RR_ERR_DROPPED: DroppedError,
    _native.RR_ERR_PROTOCOL: ProtocolError,
    _native.RR_ERR_AUTH: LoginError,
    _native.RR_ERR_UNSUPPORTED: UnsupportedError,
    _native.RR_ERR_UNAVAILABLE: UnavailableError,
    _native.RR_ERR_TOO_LARGE: TooLargeError,
    _native.RR_ERR_SYSTEM: SystemFailureError,
    _native.RR_ERR_WOULD_BLOCK: TooManySubmittedError,
    _native.RR_ERR_CANCELLED: CancelledError,
    _native.RR_ERR_CONFLICT: ConflictError,
    _native.RR_ERR_TLS: TLSError,
}


#: What messages of the library advise to call, and what that is in Python.
_IN_PYTHON = {
    "use rr_command before": "issue it with the client before",
    "use rr_command, which gives it": "issue it by itself, which gives it",
    "use rr_command": "issue it by itself",
    "use rr_transaction_execute or rr_transaction_discard": "use execute() or reset()",
    "use rr_transaction_watch or rr_transaction_discard": "use watch() or unwatch()",
    "rr_transaction_watch begins": "watch() begins",
    "use rr_subscribe, or rr_subscription_new and rr_subscription_add": "use pubsub()",
    "use rr_subscription_remove or rr_subscription_free": "use pubsub() and its unsubscribe()",
    "use rr_monitor_new": "use monitor()",
    "use rr_pipeline_execute with RR_PIPELINE_ATOMIC, or rr_transaction_new": "use pipeline()",
    "use rr_transaction_new": "use pipeline() and its watch()",
    "use rr_client_close": "use close()",
    "lib_version with rr_config_set": "lib_version when the client is made",
}

#: What redis-py says of the same, which a program may look for.
_AS_REDIS_PY = {"a watched key was changed; nothing was executed": "Watched variable changed."}


def _in_python(message: str) -> str:
    message = _AS_REDIS_PY.get(message, message)
    if "rr_" in message:
        for theirs, ours in _IN_PYTHON.items():
            message = message.replace(theirs, ours)
    return message


def outcome_of(exception: BaseException) -> Outcome:
    """What became of the command that ended with this exception, of whatever class it is."""
    return getattr(exception, "outcome", Outcome.NONE)


def server_error(text: str, outcome: int = _native.RR_OUTCOME_NONE) -> Exception:
    """What a server answered, as redis-py makes of it."""
    exception: Any = BaseParser.parse_error(text)
    exception.outcome = Outcome(outcome)
    exception.status = _native.RR_ERR_SERVER
    exception.retryable = False
    return exception


def make_failure(
    status: int, outcome: int, code: Optional[str], message: str, retryable: bool, is_away: bool = False
) -> Exception:
    """The exception for a failure of the library's; ``code`` is the first word of what a server answered.

    ``is_away``: there is no connection at this moment.
    """
    if status == _native.RR_ERR_CLOSED:
        ending.hold_daemons()
    if status == _native.RR_ERR_SERVER:
        exception: Any = server_error(message, outcome)
    else:
        kind = _CLASSES.get(status, ResilientError)
        if kind is CommandTimeoutError and is_away:
            kind = NotConnectedError
        exception = kind(_in_python(message))
        exception.status = status
        exception.outcome = Outcome(outcome)
    exception.retryable = retryable
    return exception
