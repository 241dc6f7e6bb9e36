"""redis-py's ``retry``, where a program gives one: what failed is issued again, on top of what the library does by itself.

The library reconnects and sends again within the time of a call; that is all there is unless the program hands in a ``Retry``
of its own (or ``retry_on_error``, ``retry_on_timeout``). Then a call that failed with one of its errors is issued once more,
after its pause, as often as it says, if that cannot run the command twice: what may have run already is issued again only
where the delivery level allows that (``at_least_once`` with ``retry_unsafe``).
"""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Mapping

from .errors import Outcome, outcome_of


class Reissue:
    """What a program's ``retry`` means here. It never changes; any thread may use it."""

    def __init__(self, retry: Any, options: Mapping[str, str]) -> None:
        self._retry = retry
        self._twice = options["delivery"] == "at_least_once" and options["retry_unsafe"] == "true"

    def call(self, issue: Callable[[], Any]) -> Any:
        """Issues it, and again as the program's ``retry`` says."""

        def attempt() -> Any:
            try:
                return issue()
            except Exception as error:
                raise self._checked(error)

        try:
            return self._retry.call_with_retry(attempt, lambda error: None)
        except _Final as final:
            raise final.error from None

    async def call_async(self, issue: Callable[[], Awaitable[Any]]) -> Any:
        """The same, with a Retry of redis.asyncio."""

        async def attempt() -> Any:
            try:
                return await issue()
            except Exception as error:
                raise self._checked(error)

        async def failed(error: Exception) -> None:
            pass

        try:
            return await self._retry.call_with_retry(attempt, failed)
        except _Final as final:
            raise final.error from None

    def _checked(self, error: Exception) -> BaseException:
        """The failure, or, if the command is not to be issued again, one that passes the program's ``retry``."""
        return _Final(error) if _may_have_run(error) and not self._twice else error


def _may_have_run(error: Any) -> bool:
    """May what failed have run, if only in part? A pipeline does, though one of its commands was refused."""
    if outcome_of(error) is Outcome.UNKNOWN or getattr(error, "ran_with_others", False):
        return True
    responses = getattr(error, "responses", None) or ()
    return any(not isinstance(response, Exception) or outcome_of(response) is Outcome.UNKNOWN for response in responses)


class _Final(BaseException):
    """A failure that is not retried, past the program's ``retry``."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error
