"""Lock: redis-py's, made safe against what an outage does.

What a lock writes is never buffered, and what takes it is never written a second time: if the reply to that is lost, the key is
looked at, and the lock is ours if our token is there.
"""

from __future__ import annotations

from typing import Any

import redis.lock
from redis.exceptions import RedisError

from .errors import Outcome, outcome_of


class Lock(redis.lock.Lock):
    """A lock in the server. See redis-py's documentation."""

    def __init__(self, redis: Any, name: Any, *args: Any, **kwargs: Any) -> None:
        using = getattr(redis, "using", None)
        client = redis if using is None else using(buffer=False)
        self._takes = client if using is None else using(buffer=False, resend=False)
        super().__init__(client, name, *args, **kwargs)

    def register_scripts(self) -> None:
        """The scripts of this lock; they are not kept for others, which may have another server."""
        self.lua_release = self.redis.register_script(self.LUA_RELEASE_SCRIPT)
        self.lua_extend = self.redis.register_script(self.LUA_EXTEND_SCRIPT)
        self.lua_reacquire = self.redis.register_script(self.LUA_REACQUIRE_SCRIPT)

    def do_acquire(self, token: Any) -> bool:
        """Tries to take it, once."""
        timeout = int(self.timeout * 1000) if self.timeout else None
        try:
            return bool(self._takes.set(self.name, token, nx=True, px=timeout))
        except RedisError as error:
            if outcome_of(error) is not Outcome.UNKNOWN:
                raise
            return self._is_ours(token)

    def _is_ours(self, token: Any) -> bool:
        there = self.redis.get(self.name)
        if isinstance(there, str):
            there = self.redis.get_encoder().encode(there)
        return there == token
