"""Monitors and locks in event loops."""

import asyncio
import logging

import pytest
import redis
from support.loops import each_loop, in_thread, until

from resilient_redis.asyncio import ResilientRedisClient


def client_of(server, **options):
    return ResilientRedisClient(host="127.0.0.1", port=server.port, **{"reconnect_max_delay_ms": 50, **options})


async def next_of(monitor, name):
    """The next command with that name."""
    while True:
        entry = await monitor.next_command()
        if entry["command"].startswith(name):
            return entry


@each_loop
def test_a_monitor_tells_each_command(run, server):
    async def main():
        async with client_of(server, db=2) as client, client.monitor() as monitor:
            await client.set("key", 'a "quoted" value')
            entry = await next_of(monitor, "SET")
            assert entry["command"] == 'SET key a "quoted" value' and entry["db"] == 2
            assert entry["client_address"] == "127.0.0.1" and entry["client_type"] == "tcp"
            await asyncio.gather(*(client.get(f"key:{number}") for number in range(3000)))
            told = [(await next_of(monitor, "GET"))["command"] for _ in range(3000)]
            assert told == [f"GET key:{number}" for number in range(3000)]
            await client.eval("return redis.call('ping')", 0)
            listening = monitor.listen()
            types = [(await listening.__anext__())["client_type"] for _ in range(2)]
            assert types == ["tcp", "lua"]
            await listening.aclose()

    run(main)


@each_loop
def test_a_monitor_comes_back_and_its_gap_is_logged(run, outage_server, caplog):
    async def main():
        caplog.set_level(logging.WARNING, "resilient_redis")
        async with client_of(outage_server) as client, client.monitor() as monitor:
            waiting = asyncio.ensure_future(next_of(monitor, "SET after"))
            await in_thread(outage_server.kill)
            await in_thread(outage_server.start)
            await client.wait_ready(10)
            await until(lambda: b"cmd=monitor" in outage_server.command("CLIENT", "LIST"), "it is there again")
            await client.set("after", 1)
            assert (await waiting)["command"] == "SET after 1"
            assert "the monitor's connection was lost" in caplog.text

    run(main)


@each_loop
def test_what_came_for_a_task_that_was_cancelled_is_told_to_the_next(run, server):
    async def main():
        async with client_of(server) as client, client.monitor() as monitor:
            for number in range(20):
                task = asyncio.ensure_future(next_of(monitor, "SET"))
                await asyncio.sleep(0)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                await client.set("key", number)
                assert (await next_of(monitor, "SET"))["command"] == f"SET key {number}"

    run(main)


@each_loop
def test_the_end_of_a_monitor_ends_who_waits(run, server):
    async def main():
        async with client_of(server) as client:
            async with client.monitor() as monitor:
                waiting = asyncio.ensure_future(next_of(monitor, "NEVER"))
                await asyncio.sleep(0.01)
            with pytest.raises(redis.ConnectionError):
                await waiting
            with pytest.raises(redis.ConnectionError, match="async with"):
                await client.monitor().next_command()

    run(main)


@each_loop
def test_a_lock_excludes_and_says_when_it_is_not_owned(run, server):
    inside = []

    async def main():
        async with client_of(server) as client:

            async def work(number):
                async with client.lock("lock", timeout=30, sleep=0.001):
                    inside.append(number)
                    assert len(inside) == 1
                    await asyncio.sleep(0.001)
                    inside.remove(number)

            await asyncio.gather(*(work(number) for number in range(20)))
            lock = client.lock("lock", timeout=30)
            assert await lock.acquire() is True and await lock.locked() and await lock.owned()
            assert await client.lock("lock", blocking=False).acquire() is False
            assert await lock.extend(10) is True and await lock.reacquire() is True
            server.command("DEL", "lock")
            with pytest.raises(redis.exceptions.LockNotOwnedError):
                await lock.release()
            with pytest.raises(redis.exceptions.LockError):
                await client.lock("lock").release()

    run(main)


@each_loop
def test_a_lock_whose_taking_was_not_answered_is_looked_at(run, server, proxy):
    async def main():
        async with client_of(proxy) as client:
            await client.ping()
            before = proxy.carried["to_server"]
            await client.set("measure", "x" * 32, nx=True)
            length = proxy.carried["to_server"] - before
            await in_thread(proxy.cut_after, length - 3)  # "measure" is three bytes longer than "lock"
            lock = client.lock("lock")
            assert await lock.acquire() is True and await lock.owned()
            await lock.release()

    run(main)
