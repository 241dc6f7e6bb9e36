"""ConnectionPool: what a program finds where redis-py keeps its pool.

It holds the settings (``connection_kwargs``) and the engine. It has no connections of its own: what is asked for one gets a
:class:`resilient_redis.connection.Connection`, whose commands travel through the engine. Any thread may use it.
"""

from __future__ import annotations

import os
import threading
from typing import Any, Callable, List, Tuple

import redis

from .connection import Connection
from .engine import CloseReport, Engine
from .settings import Settings


class ConnectionPool(redis.ConnectionPool):
    """Settings and engine, in the shape of redis-py's pool. Made by a client."""

    def __init__(self, settings: Settings) -> None:
        # Not redis-py's own: it would prepare for connections that are never made.
        self.settings = settings
        self.engine = Engine(settings)
        self.connection_class = settings.connection_class
        self.connection_kwargs = settings.connection_kwargs
        self.max_connections = settings.max_connections
        self.cache = None
        self.pid = os.getpid()
        self.himport_registry = settings.connection_kwargs.get("himport_registry")
        self._lock = threading.RLock()
        self._fork_lock = threading.RLock()
        # What is counted here are redis-py's connections: there are none.
        self._created_connections = 0
        self._available_connections = []
        self._in_use_connections = set()
        self._maint_notifications_pool_handler = None  # type: ignore[assignment]
        self._oss_cluster_maint_notifications_handler = None  # type: ignore[assignment]

    def __getattr__(self, name: str) -> Any:
        """What else the program's pool shows, as a Sentinel's does: ``service_name``, ``get_master_address()``."""
        settings = self.__dict__.get("settings")
        if settings is None or settings.pool is None or name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(settings.pool, name)

    def connection_of(self, engine: Engine) -> Connection:
        """A connection whose commands travel through that engine."""
        return Connection(engine, self.get_encoder())

    def get_connection(self, *args: Any, **options: Any) -> Any:
        """What takes the place of a connection, for code that asks redis-py's pool for one."""
        return self.connection_of(self.engine)

    def make_connection(self) -> Any:
        """The same."""
        return self.connection_of(self.engine)

    def release(self, connection: Any) -> None:
        """Takes it back."""
        connection.disconnect()

    def owns_connection(self, connection: Any) -> bool:
        """Is it from here?"""
        return isinstance(connection, Connection)

    def disconnect(self, inuse_connections: bool = True) -> CloseReport:  # type: ignore[override]
        """Ends the engine's connections, with what is buffered sent first. They are made anew when they are needed.

        Without those that are in use there is none: all share the engine's.
        """
        return self.engine.close() if inuse_connections else CloseReport()

    def close(self) -> CloseReport:  # type: ignore[override]
        """Ends the engine's connections, and those of the pool that the program brought. Says what was left behind."""
        report = self.disconnect()
        if self.settings.pool is not None:
            self.settings.pool.close()
        return report

    def reset(self) -> None:
        """Nothing: after a fork the engine is new by itself."""

    def set_retry(self, retry: Any) -> None:
        """Keeps it among the settings; a client's ``set_retry()`` has it used."""
        self.connection_kwargs["retry"] = retry

    def get_connection_count(self) -> List[Tuple[int, dict]]:
        """None of redis-py's connections is in use: ``get_metrics()`` of a client tells of the library's."""
        return []


#: Where a pool that a program brought keeps its facades.
_FACADES = "_resilient_redis"
_lock = threading.Lock()


def pool_for(settings: Settings, facade: Callable[[Settings], Any] = ConnectionPool) -> Any:
    """The facade for these settings.

    Clients with the same pool of the program's, and the same options beside it, share one: it lives as long as that pool.
    """
    if settings.pool is None:
        return facade(settings)
    with _lock:
        facades = settings.pool.__dict__.setdefault(_FACADES, {})
        key = frozenset(settings.options.items())
        if key not in facades:
            facades[key] = facade(settings)
        return facades[key]


def _after_fork_in_child() -> None:
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork_in_child)
