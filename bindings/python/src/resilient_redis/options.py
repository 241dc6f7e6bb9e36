"""The library's options: their names, the text that each takes for a Python value, and a collection of them.

Owns the table of names (a test holds it against docs/CONFIGURATION.md) and the rule that nothing is said twice with two
meanings. Pure functions and plain objects, any thread. Never checks a range that the library checks itself, never shows a
password.
"""

from __future__ import annotations

import math
import numbers
import os
from typing import Any

from resilient_redis.errors import ConfigurationError

BOOLEAN, NUMBER, SIZE, TEXT = "boolean", "number", "size", "text"

_KINDS = {
    BOOLEAN: "tls tls_insecure_skip_verify maintenance_notifications buffer_commands retry_unsafe tcp_nodelay adaptive_spin",
    NUMBER: "port db maintenance_timeout_ms connect_timeout_ms reconnect_tries reconnect_interval_ms reconnect_max_delay_ms"
    " health_check_interval_ms command_timeout_ms outage_grace_ms buffer_max_commands buffer_max_age_ms failed_max_commands"
    " tcp_user_timeout_ms tcp_keepalive_ms spin_us max_in_flight max_submitted private_max_connections max_reply_depth"
    " event_queue_size subscription_queue_size",
    SIZE: "buffer_max_bytes max_output_bytes max_reply_bytes subscription_queue_bytes",
    TEXT: "host unix_socket protocol server_role read_from replica_address maintenance_endpoint tls_ca_file tls_cert_file"
    " tls_key_file tls_server_name tls_min_version username password client_name lib_name lib_version reconnect_backoff"
    " reads_during_outage buffer_overflow delivery",
}

# Every option of the library and the kind of its value.
OPTIONS = {name: kind for kind, names in _KINDS.items() for name in names.split()}

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")

_DAY_MS = 86_400_000


class Options:
    """Options that were said, each with who said it. Saying one again with another meaning is an error that names both."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._sources: dict[str, str] = {}

    def say(self, option: str, text: str, source: str) -> None:
        """Sets `option`. `source` is what the program wrote, as a message shall name it."""
        self.agree(option, text, source)
        self._texts[option] = text
        self._sources.setdefault(option, source)

    def agree(self, option: str, text: str, source: str) -> None:
        """Refuses what another source said differently; sets nothing."""
        said = self._texts.get(option)
        if said is not None and said != text:
            raise ConfigurationError(
                f"{self._sources[option]} and {source} say two things about the library's option {option}: give one of them"
            )

    def get(self, option: str) -> str | None:
        """What was said, or None."""
        return self._texts.get(option)

    def texts(self) -> dict[str, str]:
        """All that was said, as the library takes it."""
        return dict(self._texts)


def option_text(name: str, value: Any) -> str:
    """The text for the option `name`, of a Python value or of text. Ranges and choices are the library's to check."""
    kind = OPTIONS[name]
    if isinstance(value, str):
        return boolean_text(name, value) if kind == BOOLEAN else value.strip() if kind == NUMBER else value
    if kind == BOOLEAN:
        return boolean_text(name, value)
    if isinstance(value, bool):
        raise ConfigurationError(f"{name}={value!r}: this option does not take a bool")
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return str(int(value))
    if kind == TEXT and isinstance(value, (bytes, os.PathLike)):
        return path_text(name, value)
    takes = {NUMBER: "an int", SIZE: "an int (bytes), or text such as '64MiB'", TEXT: "a str"}[kind]
    raise ConfigurationError(f"{shown(name, value)}: this option takes {takes}")


def boolean_text(name: str, value: Any) -> str:
    """`true` or `false`, of a bool, 0, 1, or one of the library's words."""
    word = str(value).lower() if isinstance(value, (bool, int, str)) else None
    if word in _TRUE:
        return "true"
    if word in _FALSE:
        return "false"
    raise ConfigurationError(f"{name}={value!r}: this option takes True or False")


def milliseconds(name: str, seconds: Any, least_ms: int = 1, most_ms: int = _DAY_MS) -> str:
    """The text of a time that redis-py takes in seconds. What is above zero and below a millisecond counts as one."""
    if isinstance(seconds, str):
        try:
            seconds = float(seconds)
        except ValueError:
            raise ConfigurationError(f"{name}={seconds!r}: a number of seconds is needed") from None
    if isinstance(seconds, bool) or not isinstance(seconds, numbers.Real) or not math.isfinite(seconds):
        raise ConfigurationError(f"{name}={seconds!r}: a number of seconds is needed")
    exact = float(seconds) * 1000
    number = max(1, round(exact)) if exact > 0 else round(exact)
    if not least_ms <= number <= most_ms:
        raise ConfigurationError(f"{name}={seconds!r}: it takes {least_ms / 1000:g} to {most_ms / 1000:g} seconds")
    return str(number)


def milliseconds_left(end: float, now: float) -> int:
    """What is left until a time in seconds, rounded up: who waits for that is not told too early that nothing came."""
    return max(0, math.ceil((end - now) * 1000))


def whole(name: str, value: Any, least: int, most: int) -> str:
    """The text of a whole number, given as int, as text, or as bytes."""
    try:
        number = int(value) if isinstance(value, (int, str, bytes)) and not isinstance(value, bool) else None
    except ValueError:
        number = None
    if number is None or not least <= number <= most:
        raise ConfigurationError(f"{name}={value!r}: it takes a whole number from {least} to {most}")
    return str(number)


def plain_text(name: str, value: Any) -> str:
    """Text that is given as str, as bytes, or as a number, the way redis-py would send it."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise ConfigurationError(f"{name}: its bytes are not UTF-8, which the library needs") from None
    if isinstance(value, str) or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return str(value)
    raise ConfigurationError(f"{name}: it takes text, not {type(value).__name__}")


def path_text(name: str, value: Any) -> str:
    """A path as text."""
    try:
        path = os.fsdecode(value)
    except TypeError:
        raise ConfigurationError(f"{name}={value!r}: it takes a path") from None
    if not path:
        raise ConfigurationError(f"{name} is empty: it takes a path")
    return path


def shown(name: str, value: Any) -> str:
    """An argument as a message may name it: a password is not shown."""
    return name if "password" in name or name == "credential_provider" else f"{name}={value!r}"
