"""The extension in C: the library's C interface as Python objects. It knows nothing of redis-py.

Every call that waits releases the GIL. In the main thread it looks for signals while it waits, so that Ctrl-C ends it, and
what is given up so is cancelled. Times are milliseconds; 0 as `timeout_ms` of a command means the option command_timeout_ms,
and elsewhere not to wait. An object is freed when nobody holds it, and a running call holds its object, so that none is freed
while it is used. Objects may be shared by threads, except `Transaction` and `Monitor`, which are one thread's at a time.
"""

from collections.abc import Callable
from typing import Any, Final, Literal, Union, final

from typing_extensions import TypeAlias

# What is encoded as an argument of a command; anything else is a DataError of redis-py.
Argument: TypeAlias = Union[str, bytes, bytearray, memoryview, int, float]
# A command as redis-py gives it to execute_command(): its name, which may hold spaces ("CONFIG GET"), and its arguments.
CommandArgs: TypeAlias = tuple[Argument, ...]
# A command of a pipeline as redis-py keeps it: with NEVER_DECODE in its options its reply stays bytes; others are not looked at.
StackedCommand: TypeAlias = tuple[CommandArgs, dict[str, Any]]
# make_failure(status, outcome, code, message, retryable): the exception for a failed call. `code` is the server's.
MakeFailure: TypeAlias = Callable[[int, int, Union[str, None], str, bool], Exception]
# server_error(text, outcome): the exception for an error that is a value inside of a reply.
ServerError: TypeAlias = Callable[[str, int], Exception]

def options_with(options: dict[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """What these options are when those are set. Raises ConfigurationError for one that cannot be."""

def version() -> str:
    """The version of the library that runs, such as "0.1.0"."""

def version_number() -> int:
    """The same as a number that grows with it, to be compared with RR_VERSION_NUMBER."""

def setup(
    make_failure: MakeFailure, server_error: ServerError, buffered: object, data_error: type[Exception], /
) -> None:
    """Says how failures become exceptions, and which value a write that was buffered returns. Comes before all else."""

def main_thread_is(identity: int | None, /) -> None:
    """Says which thread handles signals: its waits are ended by them."""

@final
class Client:
    """A connection to Redis that comes back, and what waits for it. Belongs to the process that made it."""

    def __init__(
        self,
        options: dict[str, str],
        encoding: str,
        errors: str,
        decode: bool,
        credentials: Mailbox | None = None,
        resolver: Mailbox | None = None,
        /,
    ) -> None:
        """Returns at once; the server may be away. A wrong option is a failure with RR_ERR_CONFIG that names it.

        `encoding` and `errors` say how str becomes bytes, and with `decode` how bytes of replies become str.
        """

    def command(self, args: CommandArgs, flags: int = 0, timeout_ms: int = 0, raw: bool = False, /) -> Any:
        """Issues a command and waits for its reply. `flags` are RR_COMMAND_...; with `raw` the reply is not decoded."""

    def pipeline(
        self, commands: list[StackedCommand], flags: int = 0, timeout_ms: int = 0, /
    ) -> tuple[Any, Exception | None]:
        """Sends all and waits for all replies. `flags` are RR_PIPELINE_...

        A list with a reply per command, those that were refused as exceptions in their places; or what a buffered write
        returns. Beside the exception if only some were answered. If none was, the exception is raised.
        """

    def transaction(self, keys: tuple[Argument, ...], timeout_ms: int = 0, flags: int = 0, /) -> Transaction:
        """Watches keys. `timeout_ms` is the time for each call on the transaction, `flags` are RR_TRANSACTION_..."""

    def script(
        self,
        source: bytes,
        key_count: int,
        args: tuple[Argument, ...],
        flags: int = 0,
        timeout_ms: int = 0,
        raw: bool = False,
        /,
    ) -> Any:
        """Runs a script in Lua, by its digest where the server knows it. `flags` are RR_SCRIPT_..."""

    def queue(self) -> Queue:
        """An empty queue for what becomes of submitted commands. It serves any client."""

    def submit(
        self,
        queue: Queue,
        tag: int,
        args: CommandArgs,
        flags: int = 0,
        timeout_ms: int = 0,
        raw: bool = False,
        /,
    ) -> int:
        """Sends a command without waiting for its reply, which goes to the queue under `tag`, 0 <= tag < 2**62.

        `flags` are RR_COMMAND_... and RR_SUBMIT_... The number that is returned is for cancel().
        """

    def submit_pipeline(
        self,
        queue: Queue,
        tag: int,
        commands: list[StackedCommand],
        flags: int = 0,
        submit_flags: int = 0,
        timeout_ms: int = 0,
        /,
    ) -> int:
        """Sends a pipeline without waiting. `flags` are RR_PIPELINE_..., `submit_flags` are RR_SUBMIT_...

        Its completion has the list that pipeline() returns, or what came of it beside the exception.
        """

    def cancel(self, id: int, /) -> bool:
        """Gives up what was submitted; it completes at once. False if it is completed already."""

    def subscription(self, queue_size: int = 0, queue_bytes: int = 0, /) -> Subscription:
        """A subscription to nothing as yet. 0 stands for the options subscription_queue_size and _bytes."""

    def monitor(self) -> Monitor:
        """Begins to listen to every command that the server runs."""

    def event(self, timeout_ms: int, /) -> dict[str, Any] | None:
        """The next event that nobody has taken, by what rr_event_... tell, with its name; None if there was none in time."""

    def state(self) -> int:
        """What the connection is doing: RR_STATE_..."""

    def buffered(self) -> int:
        """How many commands are in the buffer now."""

    def stats(self) -> dict[str, int]:
        """The fields of rr_stats."""

    def metrics(self) -> str:
        """The same in the text format of Prometheus."""

    def wait_ready(self, timeout_ms: int, /) -> None:
        """Waits until commands flow; fails if they do not in time."""

    def flush(self, timeout_ms: int, /) -> None:
        """Waits until the buffer is empty; fails if it is not in time."""

    def reconnect(self) -> None:
        """Tries to connect now instead of after the present pause."""

    def close(self, timeout_ms: int, /) -> tuple[int, int, int, int]:
        """Waits for what is buffered or on its way, and disconnects: how many were drained, lost, unknown and failed."""

    def failed_count(self) -> int:
        """How many entries the failed list has."""

    def failed(self, after_id: int = 0, /) -> tuple[int, Exception, list[list[bytes]]] | None:
        """The oldest entry above `after_id`: its id, why it failed, and its commands. None if there is none."""

    def failed_retry(self, id: int, /) -> None:
        """Takes an entry out of the failed list and puts it at the end of the buffer."""

    def failed_discard(self, id: int, /) -> None:
        """Takes an entry out of the failed list for good."""

@final
class Transaction:
    """Keys that are watched, and what is executed unless one of them was changed. One thread's at a time."""

    def watch(self, keys: tuple[Argument, ...], /) -> None:
        """Watches more keys, or the first of a transaction that begins anew."""

    def command(self, args: CommandArgs, raw: bool = False, /) -> Any:
        """Sends a command at once and waits for its reply: most often a read of what is watched."""

    def execute(self, commands: list[StackedCommand], /) -> list[Any]:
        """Executes all of the commands or none. Nothing is watched afterwards."""

    def discard(self) -> None:
        """Forgets what is watched."""

@final
class Queue:
    """Where what became of submitted commands waits to be taken."""

    def fd(self) -> int:
        """A descriptor that is readable while there is something to take. It is the queue's: it is only watched."""

    def next(self, most: int, timeout_ms: int, /) -> list[tuple[int, Any, Exception | None]]:
        """Up to `most` completions as (tag, value, exception), in the order of their answers; none if none came in time."""

    def close(self) -> None:
        """Drops what is in it and would still come, and ends calls that wait."""

@final
class Subscription:
    """Channels, patterns and shard channels that are wanted, and the messages that have come."""

    def add(self, kind: int, names: tuple[Argument, ...], /) -> None:
        """Subscribes to more names: RR_CHANNEL, RR_PATTERN or RR_SHARD_CHANNEL. Does not wait for the server."""

    def remove(self, kind: int, names: tuple[Argument, ...], /) -> None:
        """Gives up names."""

    def wait(self, timeout_ms: int, /) -> bool:
        """Waits until the server has agreed to every name. False: not yet. Raises when it refuses one."""

    def next(
        self, timeout_ms: int, /
    ) -> tuple[int, bytes | None, bytes | None, bytes | None, int, int, int, Exception | None] | None:
        """The next message: (kind, channel, pattern, payload, lost, down_since_ms, up_at_ms, exception). None: none in time."""

    def fd(self) -> int:
        """A descriptor that is readable while next() has something to give. It is the subscription's: it is only watched."""

    def close(self) -> None:
        """Nothing comes any more; what has come can still be taken."""

@final
class Monitor:
    """A stream of every command that the server runs. One thread's at a time, except for close()."""

    def next(self, timeout_ms: int, /) -> tuple[int, int, int, str, bytes, int, list[bytes]] | None:
        """The next entry: (kind, time_us, db, address, line, gap_ms, args). None if there was none in time."""

    def close(self) -> None:
        """Ends it, and a call that waits in another thread."""

@final
class Mailbox:
    """Where the library's requests for credentials, or for addresses, wait for a thread of Python to answer them."""

    def __init__(self) -> None: ...
    def next(self, timeout_ms: int, /) -> tuple[int, str | None, int] | Literal[False] | None:
        """The next request: (id, host, port), without a host for credentials. None: none in time. False: it is closed."""

    def give_credentials(self, id: int, username: bytes | None, password: bytes, valid_for_ms: int = 0, /) -> None:
        """Answers with user and password. `valid_for_ms` 0: they do not expire."""

    def give_addresses(self, id: int, addresses: list[tuple[str, int]], /) -> None:
        """Answers with numeric addresses and ports, in the order in which they are tried."""

    def refuse(self, id: int, /) -> None:
        """Answers that there is nothing to give, which is a failed attempt to connect."""

    def close(self) -> None:
        """Refuses everything from now on, and ends calls that wait."""

# Constants. Made from include/resilient_redis.h by bindings/python/generate. Do not edit.
RR_VERSION_MAJOR: Final = 0
RR_VERSION_MINOR: Final = 1
RR_VERSION_PATCH: Final = 0
RR_VERSION_NUMBER: Final = 1000
RR_COMMAND_NO_BUFFER: Final = 1
RR_COMMAND_NO_RETRY: Final = 2
RR_SUBMIT_WAIT: Final = 4
RR_SUBMIT_UNTIL_BUFFERED: Final = 16
RR_COMMAND_FROM_PRIMARY: Final = 8
RR_PIPELINE_NO_BUFFER: Final = 1
RR_PIPELINE_NO_RETRY: Final = 2
RR_PIPELINE_ATOMIC: Final = 4
RR_PIPELINE_FROM_PRIMARY: Final = 8
RR_SCRIPT_NO_BUFFER: Final = 1
RR_SCRIPT_NO_RETRY: Final = 2
RR_SCRIPT_READ_ONLY: Final = 4
RR_TRANSACTION_NO_RETRY: Final = 1
RR_MONITOR_COMMAND: Final = 1
RR_MONITOR_GAP: Final = 2
RR_OK: Final = 0
RR_BUFFERED: Final = 1
RR_EMPTY: Final = 2
RR_ERR_NULL_ARGUMENT: Final = -1
RR_ERR_INVALID_ARGUMENT: Final = -2
RR_ERR_CONFIG: Final = -3
RR_ERR_PANIC: Final = -4
RR_ERR_FORKED: Final = -5
RR_ERR_BUSY: Final = -6
RR_ERR_IN_CALLBACK: Final = -7
RR_ERR_CLOSED: Final = -8
RR_ERR_TIMEOUT: Final = -9
RR_ERR_CONNECTION_LOST: Final = -10
RR_ERR_GAVE_UP: Final = -11
RR_ERR_BUFFER_FULL: Final = -12
RR_ERR_EXPIRED: Final = -13
RR_ERR_DROPPED: Final = -14
RR_ERR_SERVER: Final = -15
RR_ERR_PROTOCOL: Final = -16
RR_ERR_AUTH: Final = -17
RR_ERR_UNSUPPORTED: Final = -18
RR_ERR_UNAVAILABLE: Final = -19
RR_ERR_TOO_LARGE: Final = -20
RR_ERR_SYSTEM: Final = -21
RR_ERR_WOULD_BLOCK: Final = -22
RR_ERR_CANCELLED: Final = -23
RR_ERR_CONFLICT: Final = -24
RR_ERR_TLS: Final = -25
RR_OUTCOME_NONE: Final = 0
RR_OUTCOME_NOT_APPLIED: Final = 1
RR_OUTCOME_APPLIED: Final = 2
RR_OUTCOME_UNKNOWN: Final = 3
RR_STATE_CONNECTING: Final = 0
RR_STATE_READY: Final = 1
RR_STATE_RECONNECTING: Final = 2
RR_STATE_RECOVERING: Final = 3
RR_STATE_GAVE_UP: Final = 4
RR_STATE_CLOSED: Final = 5
RR_TYPE_NIL: Final = 0
RR_TYPE_INTEGER: Final = 1
RR_TYPE_DOUBLE: Final = 2
RR_TYPE_BOOLEAN: Final = 3
RR_TYPE_STATUS: Final = 4
RR_TYPE_STRING: Final = 5
RR_TYPE_VERBATIM: Final = 6
RR_TYPE_BIG_NUMBER: Final = 7
RR_TYPE_ERROR: Final = 8
RR_TYPE_ARRAY: Final = 9
RR_TYPE_MAP: Final = 10
RR_TYPE_SET: Final = 11
RR_TYPE_PUSH: Final = 12
RR_TYPE_ATTRIBUTE: Final = 13
RR_EVENT_CONNECTED: Final = 1
RR_EVENT_DISCONNECTED: Final = 2
RR_EVENT_RECONNECTING: Final = 3
RR_EVENT_GAVE_UP: Final = 4
RR_EVENT_BUFFERING: Final = 5
RR_EVENT_DRAINED: Final = 6
RR_EVENT_BUFFER_FULL: Final = 7
RR_EVENT_COMMAND_FAILED: Final = 8
RR_EVENT_COMMAND_DROPPED: Final = 9
RR_EVENT_AUTH_FAILED: Final = 10
RR_EVENT_SUBSCRIPTIONS_RESTORED: Final = 11
RR_EVENT_FAILOVER: Final = 12
RR_EVENT_MAINTENANCE: Final = 13
RR_SERVER_SAME: Final = 1
RR_SERVER_RESTARTED: Final = 2
RR_SERVER_OTHER: Final = 3
RR_HISTORY_UNKNOWN: Final = 0
RR_HISTORY_CONTINUED: Final = 1
RR_HISTORY_ROLLED_BACK: Final = 2
RR_CHANNEL: Final = 1
RR_PATTERN: Final = 2
RR_SHARD_CHANNEL: Final = 3
RR_MESSAGE_LOST: Final = 16
RR_MESSAGE_RESTORED: Final = 17
RR_MESSAGE_REFUSED: Final = 18
RR_LOG_ERROR: Final = 1
RR_LOG_WARNING: Final = 2
RR_LOG_INFO: Final = 3
RR_LOG_DEBUG: Final = 4
# End of the constants.
