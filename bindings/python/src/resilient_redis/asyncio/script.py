"""Script: redis-py's, run whether or not the server knows it.

Its source goes along whenever it is run: what an outage keeps, and what is in a pipeline, may reach a server that was restarted.
"""

from __future__ import annotations

from typing import Any

import redis.commands.core
from redis.asyncio.client import Pipeline


class Script(redis.commands.core.AsyncScript):
    """A script that is called: ``await script(keys=[...], args=[...])``. See redis-py's documentation."""

    async def __call__(self, keys: Any = None, args: Any = None, client: Any = None) -> Any:
        client = self.registered_client if client is None else client
        run = getattr(client, "run_script", None)
        if run is None or isinstance(client, Pipeline):
            return await super().__call__(keys, args, client)
        return await run(self.script, tuple(keys or ()), tuple(args or ()))
