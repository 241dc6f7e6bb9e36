"""The threads that answer what the library asks a program for: credentials, and addresses.

Each takes requests from a mailbox until that is closed, asks what the program gave, and puts the answer back. A program's
exception is logged and is a refusal: the attempt to connect has failed, and another one follows.
"""

from __future__ import annotations

import logging
from typing import Any, Callable, List, Sequence, Tuple

from redis.exceptions import RedisError

from . import _native, ending

logger = logging.getLogger("resilient_redis")

_ANY_PASSWORD = b"nopass"
#: How long a thread waits in one piece.
_WAIT_MS = 60_000


class NobodyToAsk(Exception):
    """What the program gave cannot be called now."""


def _answer_all(mailbox: _native.Mailbox, answer: Callable[[int, Any, int], None], what: str) -> None:
    ending.is_never_held()
    while True:
        request = mailbox.next(_WAIT_MS)
        if request is False:
            return
        if request is None:
            continue
        number, host, port = request  # type: ignore[misc]
        try:
            answer(number, host, port)
        except NobodyToAsk as error:
            logger.warning("the program's %s was not asked: %s", what, error)
            mailbox.refuse(number)
        except (RedisError, OSError) as error:
            # A server that cannot be asked, as is to be expected at times.
            logger.warning("the program's %s failed: %s", what, error)
            mailbox.refuse(number)
        except BaseException:  # whatever it is, the library waits for an answer
            logger.exception("the program's %s failed", what)
            mailbox.refuse(number)


def answer_credentials(mailbox: _native.Mailbox, get_credentials: Callable[[], Sequence[Any]]) -> None:
    """Has a function of a redis-py CredentialProvider answer."""

    def answer(number: int, host: Any, port: int) -> None:
        given = get_credentials()
        username, password = given if len(given) == 2 else ("", given[0])
        name = _bytes(username)
        # A user without a password is sent one all the same, as redis_arguments.py does.
        mailbox.give_credentials(number, name or None, _bytes(password) or (_ANY_PASSWORD if name else b""))

    _answer_all(mailbox, answer, "credential provider")


def answer_addresses(mailbox: _native.Mailbox, resolver: Callable[[str, int], List[Tuple[str, int]]]) -> None:
    """Has a function answer that gives addresses for a host and a port."""

    def answer(number: int, host: Any, port: int) -> None:
        mailbox.give_addresses(number, [(str(address), int(at)) for address, at in resolver(host, port)])

    _answer_all(mailbox, answer, "look-up of addresses")


def _bytes(text: Any) -> bytes:
    return text if isinstance(text, bytes) else str(text or "").encode()
