"""Script: redis-py's, run whether or not the server knows it.

It is sent by its digest, and again with its source when the server does not know it; what is buffered, and what is in a
pipeline, goes with its source, so that a server that was restarted finds it.
"""

from __future__ import annotations

from typing import Any

import redis.commands.core
from redis.client import Pipeline


class Script(redis.commands.core.Script):
    """A script that is called: ``script(keys=[...], args=[...])``. See redis-py's documentation."""

    def __call__(self, keys: Any = None, args: Any = None, client: Any = None) -> Any:
        client = self.registered_client if client is None else client
        run = getattr(client, "run_script", None)
        if run is None or isinstance(client, Pipeline):
            return super().__call__(keys, args, client)
        return run(self.script, tuple(keys or ()), tuple(args or ()))
