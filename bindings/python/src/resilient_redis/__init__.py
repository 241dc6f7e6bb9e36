"""A Redis client that carries a program through the restarts and outages of its server.

::

    from resilient_redis import ResilientRedisClient as Redis

is all that an existing program with redis-py needs. ``resilient_redis.asyncio`` has the same for asyncio.
"""

from __future__ import annotations

# Before anything else, so that a sub-interpreter is refused at once.
from ._native import version as library_version  # isort: skip
from . import _setup  # noqa: F401
from .buffered import BUFFERED, Buffered, BufferedReplyError
from .client import ResilientRedisClient
from .engine import CloseReport
from .errors import (
    BufferFullError,
    BusyError,
    CancelledError,
    ClosedError,
    CommandTimeoutError,
    ConfigurationError,
    ConflictError,
    ConnectionLostError,
    DroppedError,
    ExpiredError,
    ForkedError,
    GaveUpError,
    InternalError,
    InvalidArgumentError,
    LoginError,
    NotConnectedError,
    Outcome,
    ProtocolError,
    ResilientError,
    SystemFailureError,
    TLSError,
    TooLargeError,
    TooManySubmittedError,
    UnavailableError,
    UnsupportedError,
    outcome_of,
)
from .failed import FailedCommand
from .lock import Lock
from .monitor import Monitor
from .pipeline import Pipeline
from .pool import ConnectionPool
from .pubsub import PubSub
from .script import Script
from .subscribing import Gap
from .watching import Event, State

__version__ = library_version()

__all__ = [
    "BUFFERED",
    "BufferFullError",
    "Buffered",
    "BufferedReplyError",
    "BusyError",
    "CancelledError",
    "CloseReport",
    "ClosedError",
    "CommandTimeoutError",
    "ConfigurationError",
    "ConflictError",
    "ConnectionLostError",
    "ConnectionPool",
    "DroppedError",
    "Event",
    "ExpiredError",
    "FailedCommand",
    "ForkedError",
    "Gap",
    "GaveUpError",
    "InternalError",
    "InvalidArgumentError",
    "Lock",
    "LoginError",
    "Monitor",
    "NotConnectedError",
    "Outcome",
    "Pipeline",
    "ProtocolError",
    "PubSub",
    "ResilientError",
    "ResilientRedisClient",
    "Script",
    "State",
    "SystemFailureError",
    "TLSError",
    "TooLargeError",
    "TooManySubmittedError",
    "UnavailableError",
    "UnsupportedError",
    "library_version",
    "outcome_of",
]
