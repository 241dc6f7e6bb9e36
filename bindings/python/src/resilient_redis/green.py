"""Green threads: programs in which gevent or eventlet has put its own in the place of Python's threads.

The library waits on real threads and descriptors, which such a hub knows nothing of: while one call waits, all green threads do.
That works where calls are short. What needs a thread of its own cannot work, and is refused.
"""

from __future__ import annotations

import _thread
import logging
import types

from .errors import ConfigurationError
from .settings import Settings

logger = logging.getLogger("resilient_redis")

_has_warned = False


def check(settings: Settings) -> None:
    """Refuses what would wait for ever among green threads, and warns once of the rest."""
    global _has_warned
    if isinstance(_thread.start_new_thread, types.BuiltinFunctionType):
        return
    for name, asked in (("credential_provider", settings.credential_provider), ("a Sentinel's pool", settings.resolver)):
        if asked is not None:
            raise ConfigurationError(
                f"{name} cannot be honoured here: it is asked on a thread, and gevent or eventlet has replaced Python's threads."
                " Patch with thread=False, or give user, password and address"
            )
    if not _has_warned:
        _has_warned = True
        logger.warning(
            "gevent or eventlet has replaced Python's threads: while a call to Redis waits, all green threads of this process wait"
        )
