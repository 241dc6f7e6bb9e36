"""Lock: redis.asyncio's, made safe against what an outage, or a cancelled task, does.

What a lock writes is never buffered, and what takes it is never written a second time: if the reply to that is lost, the key is
looked at, and the lock is ours if our token is there. A task that is cancelled while it takes one leaves none behind.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Set

import redis.asyncio.lock
from redis.exceptions import RedisError

from ..errors import Outcome, outcome_of

logger = logging.getLogger("resilient_redis")

#: Locks that are given back for tasks that were cancelled.
_given_back: Set[asyncio.Task[None]] = set()


class Lock(redis.asyncio.lock.Lock):
    """A lock in the server. See redis-py's documentation."""

    def __init__(self, redis: Any, name: Any, *args: Any, **kwargs: Any) -> None:
        using = getattr(redis, "using", None)
        client = redis if using is None else using(buffer=False)
        self._takes = client if using is None else using(buffer=False, resend=False)
        super().__init__(client, name, *args, **kwargs)

    def register_scripts(self) -> None:
        """The scripts of this lock; they are not kept for others, which may have another server."""
        self.lua_release: Any = self.redis.register_script(self.LUA_RELEASE_SCRIPT)  # type: ignore[misc]
        self.lua_extend: Any = self.redis.register_script(self.LUA_EXTEND_SCRIPT)  # type: ignore[misc]
        self.lua_reacquire: Any = self.redis.register_script(self.LUA_REACQUIRE_SCRIPT)  # type: ignore[misc]

    async def do_acquire(self, token: Any) -> bool:
        """Tries to take it, once."""
        timeout = int(self.timeout * 1000) if self.timeout else None
        try:
            try:
                return bool(await self._takes.set(self.name, token, nx=True, px=timeout))
            except RedisError as error:
                if outcome_of(error) is not Outcome.UNKNOWN:
                    raise
                return await self._is_ours(token)
        except asyncio.CancelledError:
            task = asyncio.ensure_future(self._give_back(token))
            _given_back.add(task)
            task.add_done_callback(_given_back.discard)
            raise

    async def _give_back(self, token: Any) -> None:
        """Ends the lock, if it was taken: the server runs this after what may have taken it."""
        try:
            await self.lua_release(keys=[self.name], args=[token])
        except RedisError as error:
            logger.warning("a lock may be taken for a task that was cancelled while it acquired it: %s", error)

    async def _is_ours(self, token: Any) -> bool:
        there = await self.redis.get(self.name)
        if isinstance(there, str):
            there = self.redis.get_encoder().encode(there)
        return bool(there == token)
