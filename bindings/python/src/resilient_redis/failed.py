"""The failed list: buffered commands that the server refused for good, that made room for newer ones, or became too old."""

from __future__ import annotations

from typing import Any, Callable, List, Tuple

from .engine import Engine

#: Commands whose method in redis-py has another name.
_METHODS = {"del": "delete", "exec": "execute"}


class FailedCommand:
    """A buffered command, or pipeline, that was not applied. It is a copy: the entry stays in the list."""

    def __init__(self, engine: Engine, number: int, exception: Exception, commands: List[List[bytes]]) -> None:
        #: Larger than that of earlier failures of the same client.
        self.id = number
        #: Why it failed.
        self.exception = exception
        #: All its commands, each as ``[name, argument, ...]``: several for a pipeline that was buffered as one unit.
        self.commands = commands
        self._engine = engine

    @property
    def method_name(self) -> str:
        """The method of the client that it was: ``"set"``; ``"pipeline"`` for a pipeline."""
        if len(self.commands) != 1:
            return "pipeline"
        name = self.commands[0][0].decode("utf-8", "replace").lower()
        return _METHODS.get(name, name)

    @property
    def args(self) -> Tuple[Any, ...]:
        """The arguments without the name, as bytes; for a pipeline a tuple for each command, with its name."""
        if len(self.commands) != 1:
            return tuple(tuple(command) for command in self.commands)
        return tuple(self.commands[0][1:])

    def retry(self) -> None:
        """Puts it at the end of the buffer, to be sent again, and takes it out of the list."""
        self._with(lambda native: native.failed_retry(self.id))

    def discard(self) -> None:
        """Takes it out of the list for good."""
        self._with(lambda native: native.failed_discard(self.id))

    def _with(self, call: Callable[[Any], None]) -> None:
        call(self._engine.native or self._engine.open())

    def __repr__(self) -> str:
        return f"<FailedCommand {self.id}: {self.method_name}, {self.exception!r}>"


def failed_commands(engine: Engine) -> List[FailedCommand]:
    """All of the list, the oldest first."""
    native = engine.native
    found: List[FailedCommand] = []
    after = 0
    while native is not None:
        entry = native.failed(after)
        if entry is None:
            break
        after, exception, commands = entry
        found.append(FailedCommand(engine, after, exception, commands))
    return found
