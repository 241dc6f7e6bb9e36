"""Gate: lets so many in at a time, the others in their turn.

A gate belongs to one event loop, whose thread alone uses it. It holds no thread.
"""

from __future__ import annotations

import asyncio
import collections
from typing import Deque, Optional

from .. import _native
from ..errors import ClosedError, make_failure


class Gate:
    """Lets ``most`` in at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop, most: int) -> None:
        self._loop = loop
        self._free = most
        self._waiting: Deque[asyncio.Future[None]] = collections.deque()

    async def enter(self, seconds: Optional[float]) -> None:
        """Waits for a turn; a CommandTimeoutError if that does not come in time. Who was let in has to leave()."""
        if self._free > 0:
            self._free -= 1
            return
        turn: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append(turn)
        timer = None if seconds is None else self._loop.call_later(seconds, _is_late, turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.leave()  # its turn had come
            raise
        finally:
            if timer is not None:
                timer.cancel()

    def leave(self) -> None:
        """Gives the place to the next."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def close(self) -> None:
        """Those that wait do so in vain: the client was closed. It lets in as before."""
        for turn in self._waiting:
            if not turn.done():
                turn.set_exception(ClosedError("the client was closed"))

    def leave_soon(self) -> None:
        """The same, for any thread."""
        try:
            self._loop.call_soon_threadsafe(self.leave)
        except RuntimeError:
            pass  # the event loop is closed: nobody waits


def _is_late(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_exception(too_late("the time passed while the call waited for its turn"))


def too_late(message: str) -> Exception:
    """The failure of what was not even sent in its time."""
    return make_failure(_native.RR_ERR_TIMEOUT, _native.RR_OUTCOME_NOT_APPLIED, None, message, True)
