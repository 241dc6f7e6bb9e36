"""How commands are issued: the rules that ``using()`` changes, as numbers of the library. They never change once made."""

from __future__ import annotations

from typing import NamedTuple, Optional, TypeVar

from . import _native
from .errors import InvalidArgumentError

_Client = TypeVar("_Client")


def copied(client: _Client) -> _Client:
    """Another client that shares all that this one has.

    It is not copy.copy(), which looks for the slots of a class when it sees it first: with a bare ``except`` that loses what a
    signal's handler raises at that moment, so that Ctrl-C would not end the program.
    """
    other = object.__new__(type(client))
    vars(other).update(vars(client))
    return other


class Using(NamedTuple):
    """The rules for what is issued through a client."""

    buffer: bool = True
    resend: bool = True
    timeout_ms: int = 0
    from_primary: bool = False

    def changed(
        self, buffer: Optional[bool], resend: Optional[bool], timeout: Optional[float], from_primary: Optional[bool]
    ) -> Using:
        """These rules with what is given, not None, in place of theirs."""
        timeout_ms = self.timeout_ms
        if timeout is not None:
            if not timeout > 0:
                raise InvalidArgumentError(f"timeout is a number of seconds above 0, not {timeout!r}")
            timeout_ms = max(1, round(timeout * 1000))
        return Using(
            self.buffer if buffer is None else bool(buffer),
            self.resend if resend is None else bool(resend),
            timeout_ms,
            self.from_primary if from_primary is None else bool(from_primary),
        )

    @property
    def command_flags(self) -> int:
        """RR_COMMAND_... added together."""
        return (
            (0 if self.buffer else _native.RR_COMMAND_NO_BUFFER)
            + (0 if self.resend else _native.RR_COMMAND_NO_RETRY)
            + (_native.RR_COMMAND_FROM_PRIMARY if self.from_primary else 0)
        )

    @property
    def pipeline_flags(self) -> int:
        """RR_PIPELINE_... added together."""
        return (
            (0 if self.buffer else _native.RR_PIPELINE_NO_BUFFER)
            + (0 if self.resend else _native.RR_PIPELINE_NO_RETRY)
            + (_native.RR_PIPELINE_FROM_PRIMARY if self.from_primary else 0)
        )

    @property
    def script_flags(self) -> int:
        """RR_SCRIPT_... added together."""
        return (0 if self.buffer else _native.RR_SCRIPT_NO_BUFFER) + (0 if self.resend else _native.RR_SCRIPT_NO_RETRY)

    @property
    def transaction_flags(self) -> int:
        """RR_TRANSACTION_... added together."""
        return 0 if self.resend else _native.RR_TRANSACTION_NO_RETRY
