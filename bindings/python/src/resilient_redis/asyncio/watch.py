"""Watch: watched keys, reads, and what is executed unless one of them was changed, for one task at a time.

The library waits in these calls, so that each is made on a thread, after the one before it. When a task is cancelled in one, the
call goes on to its end, and then all is forgotten: nothing is watched any more.
"""

from __future__ import annotations

import asyncio
from typing import Any, List, Optional, Tuple

from redis.exceptions import RedisError, WatchError

from .. import _native
from ..using import Using
from .engine import Engine
from .threads import Strand


class Watch:
    """A transaction of the library's, from its first WATCH on. It ends with ``end()``, or when nobody has it any more."""

    def __init__(self, engine: Engine, using: Using) -> None:
        self._engine = engine
        self._using = using
        self._strand = Strand()
        # Of the strand's calls alone.
        self._native: Optional[_native.Transaction] = None
        self._gate: Any = None
        self._is_over = False

    async def watch(self, keys: Tuple[Any, ...]) -> None:
        """Watches keys, or more of them."""
        if self._gate is None:
            queue = self._engine.queue()
            timeout_ms = self._using.timeout_ms or self._engine.milliseconds(None)
            await queue.private.enter(timeout_ms / 1000)
            self._gate = queue.private
        await self._call(self._watch, keys)

    async def command(self, args: Tuple[Any, ...], raw: bool) -> Any:
        """Sends a command at once, and gives its reply."""
        return await self._call(self._command, args, raw)

    async def execute(self, commands: List[Any]) -> List[Any]:
        """Executes all of them or none. Nothing is watched afterwards."""
        responses: List[Any] = await self._call(self._execute, commands)
        return responses

    async def end(self) -> None:
        """Forgets what is watched."""
        if not self._is_over:
            self._is_over = True
            await self._strand.call(self._discard)

    async def _call(self, function: Any, *args: Any) -> Any:
        if self._is_over:
            raise WatchError("what was watched was given up, when a call on it was cancelled")
        try:
            return await self._strand.call(function, *args)
        except asyncio.CancelledError:
            self._is_over = True
            self._strand.do(self._discard)
            raise

    # ---- on the strand ----

    def _watch(self, keys: Tuple[Any, ...]) -> None:
        if self._native is None:
            native = self._engine.native or self._engine.open()
            self._native = native.transaction(keys, self._using.timeout_ms, self._using.transaction_flags)
        else:
            self._native.watch(keys)

    def _command(self, args: Tuple[Any, ...], raw: bool) -> Any:
        assert self._native is not None
        return self._native.command(args, raw)

    def _execute(self, commands: List[Any]) -> List[Any]:
        assert self._native is not None
        return self._native.execute(commands)

    def _discard(self) -> None:
        native, self._native = self._native, None
        if native is not None:
            try:
                native.discard()
            except RedisError:
                pass  # its connection is lost, and the watch with it
        self._leave()

    def _leave(self) -> None:
        gate, self._gate = self._gate, None
        if gate is not None:
            gate.leave_soon()

    def __del__(self) -> None:
        # The transaction ends with its object, without a word to the server.
        self._leave()
