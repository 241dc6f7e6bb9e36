"""What the library asks of a program, answered by coroutines in its event loop."""

import asyncio
import logging
import socket

import pytest
import redis
import redis.asyncio
from redis.credentials import CredentialProvider
from support.loops import each_loop, in_thread, until
from support.waiting import wait_until

from resilient_redis.asyncio import ResilientRedisClient


class Provider(CredentialProvider):
    """Knows a password, and notes in which event loop it was asked."""

    def __init__(self, password):
        self.password = password
        self.loops = []

    def get_credentials(self):
        pytest.fail("the coroutine is there")

    async def get_credentials_async(self):
        self.loops.append(asyncio.get_running_loop())
        await asyncio.sleep(0)
        if isinstance(self.password, Exception):
            raise self.password
        return "default", self.password


def client_of(server, **options):
    return ResilientRedisClient(host="127.0.0.1", port=server.port, **{"reconnect_max_delay_ms": 50, **options})


@each_loop
def test_a_provider_is_asked_in_the_event_loop_at_each_connection(run, start_server):
    async def main():
        server = await in_thread(lambda: start_server(password="secret", appendonly=True))
        provider = Provider("secret")
        async with client_of(server, credential_provider=provider) as client:
            assert await client.set("key", 1) is True
            await in_thread(server.restart)
            assert await client.get("key") == b"1"
        assert len(provider.loops) >= 2 and set(provider.loops) == {asyncio.get_running_loop()}

    run(main)


@each_loop
def test_what_a_provider_raises_is_a_failed_attempt_and_logged(run, start_server, caplog):
    async def main():
        server = await in_thread(lambda: start_server(password="secret"))
        provider = Provider(ValueError("no password today"))
        async with client_of(server, credential_provider=provider, socket_timeout=0.2) as client:
            with pytest.raises(redis.TimeoutError):
                await client.get("key")
            assert "no password today" in caplog.text
            provider.password = "secret"
            await client.wait_ready(10)

    run(main)


@each_loop
def test_without_an_event_loop_nobody_is_asked_and_the_next_one_connects_at_once(run, start_server, caplog):
    caplog.set_level(logging.WARNING, "resilient_redis")
    server = start_server(password="secret")
    provider = Provider("secret")
    client = client_of(server, credential_provider=provider, reconnect_max_delay_ms=60_000)
    assert run(client.ping) is True
    server.restart()
    client.reconnect()
    wait_until(lambda: "was not asked: no event loop runs" in caplog.text, "an attempt failed")
    assert run(client.ping) is True and len(provider.loops) == 2
    run(client.aclose)


@each_loop
def test_a_provider_that_knows_no_coroutine_is_called(run, start_server):
    class Plain:
        def get_credentials(self):
            return ("secret",)

    async def main():
        server = await in_thread(lambda: start_server(password="secret"))
        async with client_of(server, credential_provider=Plain()) as client:
            assert await client.ping() is True

    run(main)


@each_loop
def test_a_sentinel_is_asked_in_the_event_loop(run, server):
    async def main():
        loops = []
        sentinel = redis.asyncio.Sentinel([("127.0.0.1", 1)])

        async def discover(service):
            loops.append(asyncio.get_running_loop())
            await asyncio.sleep(0)
            return socket.gethostbyname("127.0.0.1"), server.port

        sentinel.discover_master = discover
        async with sentinel.master_for("service", redis_class=ResilientRedisClient) as client:
            assert await client.set("key", 1) is True
            await until(lambda: loops, "the sentinel was asked")
            assert set(loops) == {asyncio.get_running_loop()}

    run(main)
