"""Monitor: every command that the server runs, as redis.asyncio gives it. It comes back by itself; a gap is logged.

A thread takes from the library, in batches; what it took and nobody awaited any more is given to who asks next.
"""

from __future__ import annotations

import asyncio
import collections
import logging
from typing import Any, Deque, List, Optional

import redis.asyncio.client
from redis.exceptions import ConnectionError

from .. import _native
from .engine import Engine
from .threads import Strand

logger = logging.getLogger("resilient_redis")

#: How many entries are taken in one piece.
_BATCH = 1000


class Monitor(redis.asyncio.client.Monitor):
    """The stream of MONITOR, to be used in ``async with``. One task takes from it. See redis-py's documentation."""

    def __init__(self, connection_pool: Any, engine: Optional[Engine] = None) -> None:
        self.connection_pool = connection_pool
        self.connection = self  # type: ignore[assignment]
        self._engine: Engine = connection_pool.engine if engine is None else engine
        self._native: Optional[_native.Monitor] = None
        self._strand = Strand()
        self._entries: Deque[Any] = collections.deque()
        self._taking: Optional[asyncio.Future[List[Any]]] = None

    async def connect(self) -> None:
        """Nothing: it is connected in ``async with``."""

    async def __aenter__(self) -> Monitor:
        begun = self._strand.call(self._begin)
        try:
            await begun
        except asyncio.CancelledError:
            self._strand.do(self._end)
            raise
        return self

    async def __aexit__(self, *args: Any) -> None:
        self._entries.clear()
        taking, self._taking = self._taking, None
        if taking is not None:
            taking.cancel()
        native = self._native
        if native is not None:
            native.close()  # which ends a call that waits
        await self._strand.call(self._end)

    def _begin(self) -> None:
        self._native = (self._engine.native or self._engine.open()).monitor()

    def _end(self) -> None:
        native, self._native = self._native, None
        if native is not None:
            native.close()

    async def read_response(self) -> bytes:
        """The next line, for redis-py to take apart."""
        while True:
            while not self._entries:
                if self._native is None:
                    raise ConnectionError("the monitor is not running: use it in `async with client.monitor() as monitor`")
                if self._taking is None:
                    self._taking = self._strand.call(_taken, self._native)
                    self._taking.add_done_callback(_look_at)
                await asyncio.wait({self._taking})
                taking, self._taking = self._taking, None
                if taking is not None and not taking.cancelled():
                    self._entries.extend(taking.result())
            entry = self._entries.popleft()
            if entry[0] == _native.RR_MONITOR_GAP:
                logger.warning("the monitor's connection was lost for %d ms: what ran meanwhile is not told", entry[5])
                continue
            line: bytes = entry[4]
            return line

    @property
    def encoder(self) -> Any:
        """What decodes a line."""
        return self.connection_pool.get_encoder()


def _taken(native: _native.Monitor) -> List[Any]:
    """What there is, after waiting for the first."""
    entries: List[Any] = []
    entry = native.next(-1)
    while entry is not None and len(entries) < _BATCH:
        entries.append(entry)
        entry = native.next(0)
    if entry is not None:
        entries.append(entry)
    return entries


def _look_at(taking: asyncio.Future[List[Any]]) -> None:
    """It may fail when nobody asks any more."""
    if not taking.cancelled():
        taking.exception()
