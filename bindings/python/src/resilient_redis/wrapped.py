"""Has somebody put a function around one of redis-py's methods?

Tracing does (OpenTelemetry, Sentry and others): it replaces ``redis.Redis.execute_command`` and methods of redis-py's pipeline by
functions that call them. Ours, which stand in their place, then go through them, so that tracing sees every command.

Any thread may ask.
"""

from __future__ import annotations

import types
from typing import Any, Dict, Optional


class Original:
    """A method of a class of redis-py's, as redis-py made it."""

    __slots__ = ("_class", "_name", "_function")

    def __init__(self, class_: type, name: str) -> None:
        function = class_.__dict__.get(name)
        self._class = class_
        self._name = name
        # What was put around it before this package was imported is none of redis-py's either.
        self._function: Optional[Any] = function if _is_of_module(function, class_.__module__) else None

    def is_wrapped(self) -> bool:
        """Is something else in its place?"""
        return getattr(self._class, self._name) is not self._function


def _is_of_module(function: Any, module: str) -> bool:
    if not isinstance(function, types.FunctionType) or hasattr(function, "__wrapped__"):
        return False
    names: Dict[str, Any] = function.__globals__
    return names.get("__name__") == module
