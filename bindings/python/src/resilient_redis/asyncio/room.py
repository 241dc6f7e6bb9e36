"""Room: commands that wait, in their turn, until the library takes more.

It takes none while too many are on their way, or, where the buffer is to be waited for, while that is full: for each there is a
room. Who waits is an entry here and holds nothing else; each has its time. Belongs to one event loop, whose thread alone uses it.
It sends nothing by itself: an entry brings the function that does.
"""

from __future__ import annotations

import asyncio
import collections
from typing import Callable, Deque, NamedTuple, Optional

from ..errors import BufferFullError, TooManySubmittedError
from .gate import too_late

#: After how many seconds is looked for room, whatever is heard of it: others may have made it.
_PAUSE = 0.01


class _Entry(NamedTuple):
    future: asyncio.Future
    take: Callable[[], None]
    deadline: float


class Room:
    """Those that wait for there to be fewer on their way; with ``buffer``, those whose write finds the buffer full go there."""

    def __init__(self, loop: asyncio.AbstractEventLoop, buffer: Optional[BufferRoom] = None) -> None:
        self._loop = loop
        self._buffer = buffer
        self._entries: Deque[_Entry] = collections.deque()
        self._timer: Optional[asyncio.TimerHandle] = None

    def __bool__(self) -> bool:
        """Does anybody wait?"""
        return bool(self._entries)

    def wait(self, future: asyncio.Future, take: Callable[[], None], deadline: float) -> None:
        """Calls ``take`` when there may be room, until it finds some; the future fails when that is late."""
        self._entries.append(_Entry(future, take, deadline))
        if self._timer is None:
            self._timer = self._loop.call_later(_PAUSE, self._look_again)

    def look(self) -> None:
        """There may be room: those in front take it."""
        while self._entries:
            entry = self._entries[0]
            if not entry.future.done() and not self._takes(entry):
                return
            self._entries.popleft()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _takes(self, entry: _Entry) -> bool:
        """Lets one take what room there is; False if there is none."""
        try:
            entry.take()
        except TooManySubmittedError:
            return False
        except BufferFullError as full:
            if self._buffer is None:
                entry.future.set_exception(full)
            else:
                self._buffer.wait(*entry)
        except Exception as error:
            entry.future.set_exception(error)
        return True

    def _look_again(self) -> None:
        self._timer = None
        now = self._loop.time()
        entries, self._entries = self._entries, collections.deque()
        for entry in entries:
            if entry.deadline > now:
                self._entries.append(entry)
            elif not entry.future.done():
                entry.future.set_exception(self._late())
        self.look()
        if self._entries:
            self._timer = self._loop.call_later(_PAUSE, self._look_again)

    def _late(self) -> Exception:
        return too_late("the time passed while too many commands were on their way")


class BufferRoom(Room):
    """Those that wait for the buffer not to be full."""

    _full: Optional[BufferFullError] = None

    def _takes(self, entry: _Entry) -> bool:
        try:
            entry.take()
        except (TooManySubmittedError, BufferFullError) as full:
            self._full = full if isinstance(full, BufferFullError) else self._full
            return False
        except Exception as error:
            entry.future.set_exception(error)
        return True

    def _late(self) -> Exception:
        return self._full or super()._late()
