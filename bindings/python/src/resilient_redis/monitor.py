"""Monitor: every command that the server runs, as redis-py gives it. It comes back by itself; a gap is logged."""

from __future__ import annotations

import logging
from typing import Any, Dict, Optional

import redis.client

from . import _native
from .engine import Engine

logger = logging.getLogger("resilient_redis")


class Monitor(redis.client.Monitor):
    """The stream of MONITOR, to be used in ``with``. One thread takes from it. See redis-py's documentation."""

    def __init__(self, connection_pool: Any, engine: Optional[Engine] = None) -> None:
        self.connection_pool = connection_pool
        self.connection = self
        self._engine: Engine = connection_pool.engine if engine is None else engine
        self._native: Optional[_native.Monitor] = None

    def __enter__(self) -> Monitor:
        self._native = (self._engine.native or self._engine.open()).monitor()
        return self

    def __exit__(self, *args: Any) -> None:
        native, self._native = self._native, None
        if native is not None:
            native.close()

    def next_command(self) -> Dict[str, Any]:
        """The next command; waits for it."""
        parsed: Dict[str, Any] = super().next_command()
        return parsed

    def read_response(self) -> bytes:
        """The next line, for redis-py to take apart."""
        while True:
            if self._native is None:
                raise redis.exceptions.ConnectionError("the monitor is not running: use it in `with client.monitor() as monitor`")
            entry = self._native.next(-1)
            if entry is None:
                continue
            if entry[0] == _native.RR_MONITOR_GAP:
                logger.warning("the monitor's connection was lost for %d ms: what ran meanwhile is not told", entry[5])
                continue
            return entry[4]

    @property
    def encoder(self) -> Any:
        """What decodes a line."""
        return self.connection_pool.get_encoder()
