"""BUFFERED: what a write returns that was accepted during an outage.

It is no reply: there will be none. The command is applied when the server is back, in order, or ends in the failed list
(``get_failed_commands()``). Compare with ``is``::

    if client.incr("visits") is BUFFERED:
        ...

So that it cannot be taken for a reply, asking whether it is true raises :class:`BufferedReplyError`; it equals nothing but
itself, and it is no number, no string and no list.
"""

from __future__ import annotations

from typing import Any


class BufferedReplyError(TypeError):
    """The truth of BUFFERED was asked for: the write is accepted, and its reply is not known."""


class Buffered:
    """The type of :data:`BUFFERED`. There is one of it."""

    __slots__ = ()

    def __new__(cls) -> Buffered:
        return BUFFERED if "BUFFERED" in globals() else super().__new__(cls)

    def __bool__(self) -> bool:
        raise BufferedReplyError(
            "the write was buffered during an outage and has no reply: compare with `is resilient_redis.BUFFERED`,"
            " or have it wait with client.using(buffer=False)"
        )

    def __repr__(self) -> str:
        return "BUFFERED"

    def __reduce__(self) -> Any:
        return "BUFFERED"

    def __copy__(self) -> Buffered:
        return self

    def __deepcopy__(self, memo: Any) -> Buffered:
        return self


#: What a write returns that was accepted into the buffer during an outage.
BUFFERED = Buffered()
