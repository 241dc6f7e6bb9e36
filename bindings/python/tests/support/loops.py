"""Event loops for tests: asyncio's own and uvloop, each made for one run and looked at when it is over.

A run fails when a task or a future of it ended with an exception that nobody looked at. Nothing here uses redis-py.
"""

import asyncio
import gc
import time

import pytest
import uvloop

from .waiting import SOON, STEP

# Longer than anything takes that ends.
WITHIN = 90.0


class Runner:
    """Runs coroutine functions, each in an event loop of its own."""

    def __init__(self, new_loop):
        self.new_loop = new_loop

    def __call__(self, main, within=WITHIN):
        """What `main()` returns. As with asyncio.run, tasks that are left are cancelled, and the event loop is closed.

        The thread's own event loop stays as it is: redis-py's clients need one with Python 3.9.
        """
        loop = self.new_loop()
        unseen = []
        loop.set_exception_handler(lambda _, context: unseen.append(context))
        try:
            result = loop.run_until_complete(asyncio.wait_for(main(), within))
        finally:
            loop.run_until_complete(_end_tasks())
            loop.run_until_complete(loop.shutdown_asyncgens())
            gc.collect()
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()
        assert not unseen, unseen
        return result


async def _end_tasks():
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


RUNNERS = {"asyncio": Runner(asyncio.new_event_loop), "uvloop": Runner(uvloop.new_event_loop)}

# A test with this gets `run`, once for each kind of event loop.
each_loop = pytest.mark.parametrize("run", list(RUNNERS.values()), ids=list(RUNNERS))


async def until(condition, what="", within=SOON):
    """Returns what `condition` gives as soon as that is true; it may be a coroutine function."""
    deadline = time.monotonic() + within
    while True:
        is_over = time.monotonic() > deadline
        value = condition()
        if asyncio.iscoroutine(value):
            value = await value
        if value:
            return value
        assert not is_over, f"waited {within} s in vain until {what or condition}"
        await asyncio.sleep(STEP)


async def in_thread(function, *args):
    """Has a thread do what would block the event loop, such as starting a server."""
    return await asyncio.get_running_loop().run_in_executor(None, function, *args)
