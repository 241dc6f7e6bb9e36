"""The client for asyncio: what ``redis.asyncio.Redis`` is to ``redis.Redis``.

::

    from resilient_redis.asyncio import ResilientRedisClient as Redis

is all that an existing program with redis-py needs.
"""

from __future__ import annotations

from ..buffered import BUFFERED
from ..engine import CloseReport
from ..failed import FailedCommand
from ..subscribing import Gap
from ..watching import Event, State
from .client import ResilientRedisClient
from .lock import Lock
from .monitor import Monitor
from .pipeline import Pipeline
from .pool import ConnectionPool
from .pubsub import PubSub
from .script import Script

__all__ = [
    "BUFFERED",
    "CloseReport",
    "ConnectionPool",
    "Event",
    "FailedCommand",
    "Gap",
    "Lock",
    "Monitor",
    "Pipeline",
    "PubSub",
    "ResilientRedisClient",
    "Script",
    "State",
]
