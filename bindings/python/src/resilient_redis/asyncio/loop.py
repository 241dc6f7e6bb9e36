"""LoopQueue: what the tasks of one event loop have on their way through one native client.

Commands are submitted here without waiting, and what becomes of them comes into a queue of the library, whose descriptor the
event loop watches; a batch of them is taken at a time, and wakes the tasks that await them. Each command has a tag of its own,
which is never used again, so that a reply finds nobody but its command.

It belongs to its event loop: that alone holds it, by the watched descriptor, and its thread alone uses it (``end_soon()`` may be
called by any). It ends with its native client, or with its event loop. In a forked child it is never touched.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from redis.exceptions import RedisError

from .. import _native
from ..errors import BufferFullError, ClosedError, Outcome, TooManySubmittedError, UnsupportedError, outcome_of
from ..options import milliseconds_left
from . import threads
from .gate import Gate
from .kinds import HAS_TO_PREPARE, ORDINARY, TAKES, is_special, kind_of
from .room import BufferRoom, Room

logger = logging.getLogger("resilient_redis")

#: How many completions are taken in one piece, and how many pieces before other callbacks of the event loop have their turn.
_BATCH = 128
_BATCHES = 16
#: How many calls that can only be waited for are made at a time.
_MOST_THREADS = 32
#: How long a cancelled command that waits at the server is awaited, in seconds: the library ends it there within one.
_PATIENCE = 2.0

_UNTIL_BUFFERED = _native.RR_SUBMIT_UNTIL_BUFFERED


class Partial(NamedTuple):
    """What came of a pipeline that was lost half-way."""

    responses: List[Any]
    failure: Exception


class LoopQueue:
    """The commands of one event loop. See the module."""

    def __init__(self, loop: asyncio.AbstractEventLoop, native: _native.Client, options: Dict[str, str], seconds: float) -> None:
        self.loop = loop
        self.native = native
        #: Lets in who needs a connection of its own: what waits at the server, and transactions.
        self.private = Gate(loop, int(options["private_max_connections"]))
        self._threads = Gate(loop, _MOST_THREADS)
        self._buffer_room = BufferRoom(loop) if options["buffer_overflow"] == "block" else None
        self._room = Room(loop, self._buffer_room)
        self._seconds = seconds
        self._pending: Dict[int, asyncio.Future[Any]] = {}
        self._late_numbers: Dict[int, int] = {}
        self._tag = 0
        self._is_over = False
        self._queue = native.queue()
        self._descriptor = self._queue.fd()
        loop.add_reader(self._descriptor, self._take)

    # ---- commands ----

    async def command(
        self, args: Tuple[Any, ...], flags: int, timeout_ms: int, raw: bool, takes_replica: bool = False
    ) -> Any:
        """Issues a command, and gives its reply, BUFFERED, or the failure. Cancelled it is not sent if it was not yet.

        What is submitted is answered by the primary; ``takes_replica``: a replica may answer, as ``read_from`` says.
        """
        if is_special(args[0]):
            kind = kind_of(args)
            if kind == HAS_TO_PREPARE:
                raise UnsupportedError("HIMPORT prepares a connection, and this one is shared: use HSET in a pipeline")
            if kind != ORDINARY:
                return await self._at_server(args, flags, timeout_ms, raw, kind == TAKES)
        if takes_replica:
            return await self.waited(timeout_ms, lambda limit: self.native.command(args, flags, limit, raw))
        tag = number = 0
        try:
            future, tag, number = self._submit(args, flags, timeout_ms, raw)
            return await future
        except asyncio.CancelledError:
            self._give_up(tag, number)
            raise
        except UnsupportedError:
            if number:
                raise
        # It changes the connection (SELECT, ...), which only who waits for it may do; or it is refused once more.
        return await self.waited(timeout_ms, lambda limit: self.native.command(args, flags, limit, raw))

    async def pipeline(self, commands: List[Any], flags: int, timeout_ms: int, takes_replica: bool = False) -> Any:
        """Issues a pipeline: the list of its replies, or a :class:`Partial`, or BUFFERED."""
        if takes_replica:
            return await self._waited_pipeline(commands, flags, timeout_ms)
        tag = self._tag = self._tag + 1

        def submit(limit_ms: int) -> int:
            return self.native.submit_pipeline(self._queue, tag, commands, flags, _UNTIL_BUFFERED, limit_ms)

        number = 0
        try:
            future, number = self._enter(tag, submit, timeout_ms)
            return await future
        except asyncio.CancelledError:
            self._give_up(tag, number)
            raise
        except UnsupportedError:
            if number:
                raise
        return await self._waited_pipeline(commands, flags, timeout_ms)

    async def _waited_pipeline(self, commands: List[Any], flags: int, timeout_ms: int) -> Any:
        responses, failure = await self.waited(timeout_ms, lambda limit: self.native.pipeline(commands, flags, limit))
        return responses if failure is None else Partial(responses, failure)

    def _submit(
        self, args: Tuple[Any, ...], flags: int, timeout_ms: int, raw: bool, says_its_time: bool = False
    ) -> Tuple[asyncio.Future[Any], int, int]:
        tag = self._tag = self._tag + 1
        if not self._room:
            try:
                number = self.native.submit(self._queue, tag, args, flags | _UNTIL_BUFFERED, timeout_ms, raw)
            except (TooManySubmittedError, BufferFullError):
                pass  # it is tried once more, in its turn
            else:
                future = self._pending[tag] = self.loop.create_future()
                return future, tag, number

        def submit(limit_ms: int) -> int:
            return self.native.submit(self._queue, tag, args, flags | _UNTIL_BUFFERED, limit_ms, raw)

        future, number = self._enter(tag, submit, timeout_ms, says_its_time)
        return future, tag, number

    def _enter(
        self, tag: int, submit: Callable[[int], int], timeout_ms: int, says_its_time: bool = False
    ) -> Tuple[asyncio.Future[Any], int]:
        """Submits at once, or when there is room: then its number is not known yet, and 0.

        ``says_its_time``: it says itself how long it waits at the server, which begins there.
        """
        room = self._room
        if not room:
            try:
                number = submit(timeout_ms)
            except TooManySubmittedError:
                pass
            except BufferFullError:
                if self._buffer_room is None:
                    raise
                room = self._buffer_room
            else:
                future = self._pending[tag] = self.loop.create_future()
                return future, number
        future = self.loop.create_future()
        deadline = self.loop.time() + (timeout_ms / 1000 if timeout_ms else self._seconds)

        def take() -> None:
            is_free = says_its_time and timeout_ms == 0
            self._late_numbers[tag] = submit(0 if is_free else max(1, milliseconds_left(deadline, self.loop.time())))
            self._pending[tag] = future

        room.wait(future, take, deadline)
        return future, 0

    def _give_up(self, tag: int, number: int) -> None:
        self._pending.pop(tag, None)
        number = self._late_numbers.pop(tag, number)
        if number and not self._is_over:
            try:
                self.native.cancel(number)
            except RedisError:
                pass  # the client was closed: it completes as that

    # ---- what waits ----

    async def waited(self, timeout_ms: int, call: Callable[[int], Any]) -> Any:
        """What the library does only for who waits, with the time in milliseconds that is left for it: on a thread.

        Given up it goes on to its end, and nobody hears of that.
        """
        began = self.loop.time()
        seconds = timeout_ms / 1000 if timeout_ms else self._seconds
        await self._threads.enter(seconds)
        passed = round((self.loop.time() - began) * 1000)
        limit = max(1, round(seconds * 1000) - passed) if passed else timeout_ms
        try:
            future = threads.call(call, limit, after=self._threads.leave)
        except BaseException:
            self._threads.leave()
            raise
        return await future

    async def _at_server(self, args: Tuple[Any, ...], flags: int, timeout_ms: int, raw: bool, takes: bool) -> Any:
        """A command that waits at the server. Cancelled it is ended there first; what it took then is returned all the same."""
        await self.private.enter(timeout_ms / 1000 if timeout_ms else None)
        try:
            future, tag, number = self._submit(args, flags, timeout_ms, raw, True)
        except BaseException:
            self.private.leave()
            raise
        future.add_done_callback(lambda _: self.private.leave())
        if not takes:
            try:
                return await future
            except (asyncio.CancelledError, GeneratorExit):
                self._give_up(tag, number)
                raise
        try:
            await asyncio.wait({future})
        except asyncio.CancelledError as cancelled:
            return await self._after_cancel(future, tag, number, cancelled)
        except GeneratorExit:
            # Its event loop was closed before it: it would go on at the server for nobody.
            self._give_up(tag, number)
            raise
        return future.result()

    async def _after_cancel(
        self, future: asyncio.Future[Any], tag: int, number: int, cancelled: asyncio.CancelledError
    ) -> Any:
        if not future.done():
            number = self._late_numbers.get(tag, number)
            if number == 0:
                future.cancel()  # it was not even submitted
                raise cancelled
            try:
                self.native.cancel(number)
            except RedisError:
                pass  # the client was closed: it completes as that
        end = self.loop.time() + _PATIENCE
        while not future.done() and self.loop.time() < end:
            try:
                await asyncio.wait({future}, timeout=end - self.loop.time())
            except asyncio.CancelledError:
                pass  # it is on its way out already
        if not future.done():
            future.add_done_callback(_say_what_is_lost)
        elif future.exception() is not None:
            _say_what_is_lost(future)
        elif future.result() is not None:
            return future.result()
        raise cancelled

    # ---- what became of them ----

    def _take(self) -> bool:
        """Takes what there is, but no more than lets others have their turn. Is there more?"""
        has_more = True
        pop = self._pending.pop
        for _ in range(_BATCHES):
            batch = self._queue.next(_BATCH, 0)
            for tag, value, failure in batch:
                future = pop(tag, None)
                if future is None or future.done():
                    continue  # it was cancelled
                if failure is None:
                    future.set_result(value)
                elif value is None:
                    future.set_exception(failure)
                else:
                    future.set_result(Partial(value, failure))
            if self._late_numbers:
                for tag, _value, _failure in batch:
                    self._late_numbers.pop(tag, None)
            if len(batch) < _BATCH:
                has_more = False
                break
        if self._room:
            self._room.look()
        if self._buffer_room:
            self._buffer_room.look()
        return has_more

    # ---- the end ----

    def end_soon(self) -> None:
        """Has the event loop end it: its client was closed. Any thread may call it."""
        try:
            self.loop.call_soon_threadsafe(self._end)
        except RuntimeError:
            pass  # the event loop is closed, and watches nothing any more

    def _end(self) -> None:
        if self._is_over:
            return
        while self._take():
            pass  # each is told what became of it, however many there are
        self._is_over = True
        self.loop.remove_reader(self._descriptor)
        self._queue.close()
        # Each of those that wait is told that the client is closed.
        self._room.look()
        if self._buffer_room is not None:
            self._buffer_room.look()
        for gate in (self.private, self._threads):
            gate.close()
        pending, self._pending = self._pending, {}
        for future in pending.values():
            if not future.done():
                future.set_exception(ClosedError("the client was closed"))

    def abandon(self) -> None:
        """In a forked child: all of it stays the parent's."""
        self._is_over = True


def _say_what_is_lost(future: asyncio.Future[Any]) -> None:
    if future.cancelled():
        return
    failure = future.exception()
    if failure is not None and outcome_of(failure) is Outcome.UNKNOWN:
        logger.warning("a cancelled command that waited at the server may have taken an element, which nobody gets: %s", failure)
    elif failure is None and future.result() is not None:
        logger.error("a cancelled command that waited at the server took an element too late, which nobody gets")
