"""Connection: what takes the place of redis.asyncio's connection. See :mod:`resilient_redis.connection`, whose rules hold here.

One task at a time uses it, the others in their turn. A command outside of MULTI and WATCH is submitted like those of other
clients. What belongs to a transaction, and what is sent and read by itself, is done on a thread, each after the one before; when
a task is cancelled meanwhile, all that the connection held is forgotten.
"""

from __future__ import annotations

import asyncio
import weakref
from typing import Any, Callable, Optional, Sequence, Tuple

from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from .. import connection
from ..connection import _OF_TRANSACTIONS, _first_word
from .engine import Engine
from .threads import Strand


class Connection(connection.Connection):
    """Sends commands and reads replies, as redis.asyncio's connection does. See the module."""

    _engine: Engine

    def __init__(self, engine: Engine, encoder: Any) -> None:
        super().__init__(engine, encoder)
        self.retry = Retry(NoBackoff(), 0)  # type: ignore[assignment]
        self._strand = Strand()
        # What was given up is still being done.
        self._is_stale = False
        self._turn: Optional[asyncio.Lock] = None
        self._turn_in: Callable[[], Any] = type(None)

    async def connect(self) -> None:  # type: ignore[override]
        """Nothing: the library connects when it has something to send."""

    async def disconnect(self, *args: Any, **options: Any) -> None:  # type: ignore[override]
        """Forgets what was sent and not read, and what is watched."""
        if self._is_stale or self._sent or self._ready or self._queued is not None or self._watch is not None:
            await self._strand.call(super().disconnect)

    async def check_health(self) -> None:  # type: ignore[override]
        """Nothing: the library looks after its connections."""

    async def send_packed_command(  # type: ignore[override]
        self, commands: Sequence[Tuple[Any, ...]], check_health: bool = True
    ) -> None:
        """Takes commands that were packed here."""
        await self._settle()
        for args in commands:
            super().send_command(*args)

    async def send_command(self, *args: Any, **options: Any) -> None:  # type: ignore[override]
        """Takes a command; it is sent when its reply, or that of one after it, is read."""
        await self._settle()
        super().send_command(*args, **options)

    async def can_read(self, timeout: Any = 0) -> bool:  # type: ignore[override]
        """Is there a reply to read, or to wait for?"""
        return super().can_read(timeout)

    async def read_response(self, disable_decoding: bool = False, **options: Any) -> Any:  # type: ignore[override]
        """The next reply; raises the error that it is."""
        await self._settle()
        if not self._ready:
            await self._in_turn(self._send, disable_decoding)
        return super().read_response(disable_decoding)

    async def execute_async(self, args: Tuple[Any, ...], flags: int, timeout_ms: int, raw: bool) -> Any:
        """Executes a command, in its turn."""
        async with self._turn_of_task():
            await self._settle()
            if self._queued is None and self._watch is None and _first_word(args) not in _OF_TRANSACTIONS:
                return await self._engine.queue().command(args, flags, timeout_ms, raw)
            return await self._in_turn(self.execute, args, flags, timeout_ms, raw)

    def _turn_of_task(self) -> asyncio.Lock:
        loop = asyncio.get_running_loop()
        if self._turn is None or self._turn_in() is not loop:
            self._turn = asyncio.Lock()
            self._turn_in = weakref.ref(loop)
        return self._turn

    async def _in_turn(self, function: Callable[..., Any], *args: Any) -> Any:
        try:
            return await self._strand.call(function, *args)
        except asyncio.CancelledError:
            self._is_stale = True
            self._strand.do(super().disconnect)
            raise

    async def _settle(self) -> None:
        while self._is_stale:
            await self._strand.call(int)
            self._is_stale = False
