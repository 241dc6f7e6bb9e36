"""redis-py's ``retry``, where a program gives one: what failed is issued again, on top of what the library does by itself.

The library reconnects and sends again within the time of a call; that is all there is unless the program hands in a ``Retry``
of its own (or ``retry_on_error``, ``retry_on_timeout``). Then a call that failed with one of its errors is issued once more,
after its pause, as often as it says, if that cannot run the command twice: what may have run already is issued again only
where the delivery level allows that (``at_least_once`` with ``retry_unsafe``).
"""

from __future__ import annotations

from typing import Any, Callable, Tuple, Type

from .errors import Outcome, outcome_of


class Reissue:
    """What a program's ``retry`` means here. It never changes; any thread may use it."""

    def __init__(self, retry: Any, options: Any) -> None:
        self._retry = retry
        self._twice = options.get("delivery", "at_least_once") == "at_least_once" and options.get(
            "retry_unsafe", "true"
        ) not in ("false", "no", "off", "0")

    def call(self, issue: Callable[[], Any]) -> Any:
        """Issues it, and again as the program's ``retry`` says."""

        def attempt() -> Any:
            try:
                return issue()
            except Exception as error:
                if outcome_of(error) is Outcome.UNKNOWN and not self._twice:
                    raise _Final(error) from error
                raise

        try:
            return self._retry.call_with_retry(attempt, lambda error: None)
        except _Final as final:
            raise final.error from None

    @property
    def errors(self) -> Tuple[Type[BaseException], ...]:
        """The errors after which it is issued again."""
        return tuple(self._retry._supported_errors)


class _Final(BaseException):
    """A failure that is not retried, past the program's ``retry``."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error
