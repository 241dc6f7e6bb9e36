"""What can be watched of a client: its connection, its buffer, the failed list, events and figures. Nothing here waits."""

from __future__ import annotations

import enum
from typing import Any, Dict, List, NamedTuple, Optional

from . import _native
from .engine import Engine
from .failed import FailedCommand, failed_commands


class State(enum.IntEnum):
    """What a client's connection is doing."""

    #: The first connection is being made.
    CONNECTING = _native.RR_STATE_CONNECTING
    #: Commands flow.
    READY = _native.RR_STATE_READY
    #: The connection is lost; attempts to make a new one go on.
    RECONNECTING = _native.RR_STATE_RECONNECTING
    #: The connection is back; what waited is being sent.
    RECOVERING = _native.RR_STATE_RECOVERING
    #: The reconnect budget is spent, or the credentials were refused; only a slow probe goes on.
    GAVE_UP = _native.RR_STATE_GAVE_UP
    #: There is no native client: it was closed, or not used yet.
    CLOSED = _native.RR_STATE_CLOSED


class Event(NamedTuple):
    """Something that happened in the life of a client. docs of ``rr_event_...`` in the header say what each field means."""

    kind: int
    name: str
    message: str
    time_ms: int
    attempt: int
    delay_ms: int
    count: int  # type: ignore[assignment]
    failed_id: int
    missed: int
    down_since_ms: int
    server_change: int
    history: int
    old_run_id: str
    new_run_id: str
    old_offset: int
    shared_offset: int
    new_offset: int


def event_of(found: Optional[Dict[str, Any]]) -> Optional[Event]:
    """An event of the extension's; None for none."""
    return None if found is None else Event(**found)


class Watching:
    """The part of a client that watches it."""

    _engine: Engine

    def get_buffer_size(self) -> int:
        """How many commands are in the buffer now."""
        native = self._engine.native
        return 0 if native is None else native.buffered()

    def get_failed_commands(self) -> List[FailedCommand]:
        """Buffered commands that were not applied, the oldest first: see :class:`FailedCommand`."""
        return failed_commands(self._engine)

    def is_connected(self) -> bool:
        """Is the server connected? What waited during an outage may still be on its way: see ``wait_ready()``."""
        return self.get_state() in (State.READY, State.RECOVERING)

    def get_state(self) -> State:
        """What the connection is doing."""
        native = self._engine.native
        return State.CLOSED if native is None else State(native.state())

    def get_stats(self) -> Dict[str, int]:
        """What was counted since the client was made: the fields of ``rr_stats`` in the header, by name."""
        return (self._engine.native or self._engine.open()).stats()

    def get_metrics(self) -> str:
        """Figures in the text format of Prometheus: docs/METRICS.md lists them."""
        return (self._engine.native or self._engine.open()).metrics()

    def reconnect(self) -> None:
        """Tries to connect now instead of after the present pause, also after giving up. Returns at once.

        When an attempt that is under way fails, another is made at once; a connection that is there is left alone.
        Subscriptions that the server refused are asked for again.
        """
        (self._engine.native or self._engine.open()).reconnect()
