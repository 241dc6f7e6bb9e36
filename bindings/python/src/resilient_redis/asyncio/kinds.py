"""Which commands need something else than to be submitted and awaited. A table of names, for any thread."""

from __future__ import annotations

from typing import Any, Dict, Sequence

from redis.utils import safe_str

#: It is answered as soon as the server runs it.
ORDINARY = 0
#: It waits at the server for something that it takes away.
TAKES = 1
#: It waits at the server, and takes nothing away.
WAITS = 2
#: HIMPORT, which is of use only on a connection that it has prepared.
HAS_TO_PREPARE = 3

# These wait only if their arguments say BLOCK.
_MAY_TAKE, _MAY_WAIT = 4, 5

_BY_NAME = {
    **dict.fromkeys("BLPOP BRPOP BRPOPLPUSH BLMOVE BLMPOP BZPOPMIN BZPOPMAX BZMPOP".split(), TAKES),
    **dict.fromkeys("WAIT WAITAOF".split(), WAITS),
    "HIMPORT": HAS_TO_PREPARE,
    "XREADGROUP": _MAY_TAKE,
    "XREAD": _MAY_WAIT,
}
#: How many names are remembered: more than there are commands.
_MOST_NAMES = 10_000


class _Kinds(Dict[Any, int]):
    """The kind of each name, however it is written."""

    def __missing__(self, name: Any) -> int:
        kind = _BY_NAME.get(safe_str(name).split(" ", 1)[0].upper(), ORDINARY)
        if len(self) < _MOST_NAMES:
            self[name] = kind
        return kind


_KINDS = _Kinds()

#: Zero for the name of what is ORDINARY; kind_of() tells more of another.
is_special = _KINDS.__getitem__


def kind_of(args: Sequence[Any]) -> int:
    """The kind of a command."""
    kind = _KINDS[args[0]]
    if kind not in (_MAY_TAKE, _MAY_WAIT):
        return kind
    if not any("BLOCK" in safe_str(arg).upper().split() for arg in args):
        return ORDINARY
    return TAKES if kind == _MAY_TAKE else WAITS
