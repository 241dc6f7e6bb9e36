"""Settings in tests: made in one line, and compared with what is always there. Connects to nothing."""

import asyncio
from pathlib import Path

import pytest
import redis
import redis.asyncio

from resilient_redis.errors import ConfigurationError
from resilient_redis.settings import Settings

PACKAGE = Path(__file__).resolve().parent.parent.parent
VERSION = int(redis.__version__.split(".")[0])

# Which of redis-py's clients a test is about.
both = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "asyncio"])

# The options when nothing is said.
ALWAYS = {"host": "localhost", "port": "6379", "protocol": "3" if VERSION >= 8 else "2"}


def client_class(asynchronous):
    return redis.asyncio.Redis if asynchronous else redis.Redis


def module(asynchronous):
    return redis.asyncio if asynchronous else redis


def arguments(asynchronous=False, *args, **kwargs):
    """The settings of a constructor's arguments."""
    return Settings.from_arguments(asynchronous, args, kwargs)


def options(asynchronous=False, *args, **kwargs):
    """Their options beyond those that are always there."""
    return beyond(arguments(asynchronous, *args, **kwargs))


def beyond(settings):
    """The options beyond those that are always there."""
    return {name: text for name, text in settings.options.items() if ALWAYS.get(name) != text}


def refused(match, asynchronous=False, *args, **kwargs):
    """Asserts that a constructor's arguments are refused so."""
    with pytest.raises(ConfigurationError, match=match):
        arguments(asynchronous, *args, **kwargs)


def run(coroutine):
    """Runs a coroutine without taking away the thread's event loop, which redis-py's pools need with Python 3.9."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()
