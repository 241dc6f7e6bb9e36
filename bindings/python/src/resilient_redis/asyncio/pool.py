"""ConnectionPool: what a program finds where redis.asyncio keeps its pool. See :mod:`resilient_redis.pool`."""

from __future__ import annotations

from typing import Any, List, Tuple

import redis.asyncio
from redis._parsers import Encoder

from .. import pool
from ..engine import CloseReport
from ..settings import Settings
from .connection import Connection
from .engine import Engine


class ConnectionPool(redis.asyncio.ConnectionPool):
    """Settings and engine, in the shape of redis.asyncio's pool. Made by a client."""

    def __init__(self, settings: Settings) -> None:
        # Not redis-py's own: it would prepare for connections that are never made.
        self.settings = settings
        self.engine = Engine(settings)
        self.connection_class = settings.connection_class
        self.connection_kwargs = settings.connection_kwargs
        self.max_connections = settings.max_connections
        self.encoder_class = settings.encoder_class or Encoder
        # What is counted here are redis-py's connections: there are none.
        self._available_connections = []
        self._in_use_connections = set()
        self.himport_registry = settings.connection_kwargs.get("himport_registry")
        self._maint_notifications_pool_handler = None  # type: ignore[assignment]
        self._oss_cluster_maint_notifications_handler = None  # type: ignore[assignment]

    def connection_of(self, engine: Engine) -> Connection:
        """A connection whose commands travel through that engine."""
        return Connection(engine, self.get_encoder())

    async def get_connection(self, *args: Any, **options: Any) -> Any:
        """What takes the place of a connection, for code that asks redis-py's pool for one."""
        return self.connection_of(self.engine)

    def make_connection(self) -> Any:
        """The same."""
        return self.connection_of(self.engine)

    def get_available_connection(self) -> Any:
        """The same."""
        return self.connection_of(self.engine)

    def can_get_connection(self) -> bool:
        """Always."""
        return True

    async def ensure_connection(self, connection: Any) -> None:
        """Nothing: the library connects when it has something to send."""

    async def release(self, connection: Any) -> None:
        """Takes it back."""
        await connection.disconnect()

    async def disconnect(self, inuse_connections: bool = True) -> CloseReport:  # type: ignore[override]
        """Ends the engine's connections, with what is buffered sent first. They are made anew when they are needed.

        Without those that are in use there is none: all share the engine's.
        """
        return await self.engine.aclose() if inuse_connections else CloseReport()

    async def aclose(self) -> CloseReport:  # type: ignore[override]
        """Ends the engine's connections, and those of the pool that the program brought. Says what was left behind."""
        report = await self.disconnect()
        if self.settings.pool is not None:
            await self.settings.pool.aclose()
        return report

    async def update_active_connections_for_reconnect(self) -> None:
        """Nothing: there are none of redis-py's."""

    def reset(self) -> None:
        """Nothing: after a fork the engine is new by itself."""

    def set_retry(self, retry: Any) -> None:
        """Keeps it among the settings; a client's ``set_retry()`` has it used."""
        self.connection_kwargs["retry"] = retry

    def get_connection_count(self) -> List[Tuple[int, dict]]:
        """None of redis-py's connections is in use: ``get_metrics()`` of a client tells of the library's."""
        return []


def pool_for(settings: Settings) -> ConnectionPool:
    """The facade for these settings: the one that there is, if clients with the same pool were made before."""
    facade: ConnectionPool = pool.pool_for(settings, ConnectionPool)
    return facade
