"""redis.asyncio's client through outages: what is told is what the server holds, and the event loop never waits."""

import asyncio
import logging
import threading
import time

import pytest
import redis
from support.loops import each_loop, in_thread, until
from support.waiting import wait_until

from resilient_redis import (
    BUFFERED,
    BufferedReplyError,
    BufferFullError,
    CloseReport,
    CommandTimeoutError,
    GaveUpError,
    Outcome,
    State,
    TooManySubmittedError,
    UnavailableError,
)
from resilient_redis.asyncio import ResilientRedisClient


def client_of(server, **options):
    return ResilientRedisClient(host="127.0.0.1", port=server.port, **{"reconnect_max_delay_ms": 50, **options})


async def kill(server, client):
    """Ends the server, and returns when the client knows."""
    await client.wait_ready(10)
    await in_thread(server.kill)
    await until(lambda: client.get_state() is State.RECONNECTING, "the client knows of the outage")


@each_loop
def test_a_write_during_an_outage_is_buffered_and_applied_after_it(run, outage_server):
    async def main():
        async with client_of(outage_server, outage_grace_ms=0) as client:
            await kill(outage_server, client)
            answers = await asyncio.gather(client.set("key", 1), client.incr("counter"), client.hset("hash", "field", "value"))
            assert all(answer is BUFFERED for answer in answers)
            with pytest.raises(BufferedReplyError):
                bool(answers[1])
            assert client.get_buffer_size() == 3 and not client.is_connected()
            await in_thread(outage_server.start)
            await client.flush(10)
            assert client.get_buffer_size() == 0
            assert await client.mget("key", "counter") == [b"1", b"1"]

    run(main)


@each_loop
def test_an_outage_shorter_than_the_grace_is_invisible(run, outage_server, start_proxy):
    async def main():
        proxy = start_proxy(outage_server)
        async with client_of(proxy, outage_grace_ms=4000, socket_timeout=10) as client:
            for number in range(1, 6):
                await in_thread(proxy.cut)
                assert await client.incr("n") == number

    run(main)


@each_loop
def test_a_read_waits_for_the_end_of_the_outage_or_for_its_time(run, outage_server):
    async def main():
        async with client_of(outage_server, socket_timeout=20) as client:
            await client.set("key", "value")
            await kill(outage_server, client)
            patient = asyncio.ensure_future(client.get("key"))
            with pytest.raises(redis.TimeoutError) as failure:
                await client.using(timeout=0.1).get("key")
            assert isinstance(failure.value, CommandTimeoutError) and failure.value.outcome is Outcome.NOT_APPLIED
            with pytest.raises(redis.TimeoutError):
                await client.using(buffer=False, timeout=0.1).set("key", 2)
            await in_thread(outage_server.start)
            assert await patient == b"value"

    run(main)


@each_loop
def test_reads_fail_at_once_when_told_so(run, outage_server):
    async def main():
        async with client_of(outage_server, reads_during_outage="fail") as client:
            await kill(outage_server, client)
            with pytest.raises(UnavailableError) as failure:
                await client.get("key")
            assert isinstance(failure.value, redis.ConnectionError) and failure.value.retryable

    run(main)


@each_loop
def test_a_full_buffer_refuses_or_is_waited_for_as_it_is_told(run, outage_server):
    async def main():
        async with client_of(outage_server, outage_grace_ms=0, buffer_max_commands=2) as client:
            await kill(outage_server, client)
            assert [await client.set("a", 1), await client.set("b", 2)] == [BUFFERED, BUFFERED]
            with pytest.raises(BufferFullError) as failure:
                await client.set("c", 3)
            assert failure.value.outcome is Outcome.NOT_APPLIED
            await in_thread(outage_server.start)
        options = {"buffer_overflow": "block", "reads_during_outage": "fail"}
        async with client_of(outage_server, outage_grace_ms=0, buffer_max_commands=2, **options) as client:
            await kill(outage_server, client)
            assert [await client.set("a", 3), await client.set("b", 4)] == [BUFFERED, BUFFERED]
            with pytest.raises(BufferFullError):
                await client.using(timeout=0.1).set("never", 1)
            tasks = [asyncio.ensure_future(client.using(timeout=20).rpush("list", number)) for number in range(10)]
            tasks.append(asyncio.ensure_future(client.using(timeout=20).pipeline().rpush("list", 10).execute()))
            await asyncio.sleep(0.05)
            assert not any(task.done() for task in tasks)
            with pytest.raises(UnavailableError):
                await client.get("a")  # it does not wait behind them
            await in_thread(outage_server.start)
            await asyncio.gather(*tasks)
            await client.flush(10)
            assert await client.lrange("list", 0, -1) == [b"%d" % number for number in range(11)]
            assert await client.mget("a", "b", "never") == [b"3", b"4", None]

    run(main)


@each_loop
def test_a_full_buffer_that_drops_the_oldest_warns_and_lists_it(run, outage_server, caplog):
    async def main():
        caplog.set_level(logging.WARNING, "resilient_redis")
        options = {"outage_grace_ms": 0, "buffer_max_commands": 2, "buffer_overflow": "drop_oldest"}
        async with client_of(outage_server, **options) as client:
            await kill(outage_server, client)
            for name in "abc":
                assert await client.set(name, name) is BUFFERED
            assert "the 1 oldest buffered commands were dropped" in caplog.text
            (failed,) = client.get_failed_commands()
            assert (failed.method_name, failed.args) == ("set", (b"a", b"a"))
            await in_thread(outage_server.start)
            await client.flush(10)
            failed.retry()
            await client.flush(10)
            assert await client.mget("a", "b", "c") == [b"a", b"b", b"c"] and client.get_failed_commands() == []

    run(main)


@each_loop
def test_too_many_on_their_way_wait_in_their_turn_and_hold_nobody_up(run, server, proxy):
    async def main():
        async with client_of(proxy, max_submitted=10, socket_timeout=20) as client:
            await client.set("key", "value")
            await in_thread(proxy.hold)
            tasks = [asyncio.ensure_future(client.rpush("list", number)) for number in range(200)]
            tasks.append(asyncio.ensure_future(client.pipeline().rpush("list", 200).execute()))
            began = time.monotonic()
            await asyncio.sleep(0)
            assert time.monotonic() - began < 5 and client.get_stats()["commands"] <= 12
            with pytest.raises(CommandTimeoutError) as failure:
                await client.using(timeout=0.05).get("key")
            assert failure.value.outcome is Outcome.NOT_APPLIED
            for task in tasks[50:60]:
                task.cancel()
            await in_thread(proxy.release)
            done = await asyncio.gather(*tasks, return_exceptions=True)
            assert not any(isinstance(one, TooManySubmittedError) for one in done)
            there = [int(value) for value in await client.lrange("list", 0, -1)]
            assert there == [number for number in range(201) if not 50 <= number < 60]

    run(main)


@each_loop
def test_any_number_of_tasks_wait_for_a_server_on_a_few_threads(run, outage_server):
    async def main():
        async with client_of(outage_server) as client:
            await client.ping()
            await kill(outage_server, client)
            before = threading.active_count()
            tasks = [asyncio.ensure_future(client.wait_ready(20)) for _ in range(300)]
            late = asyncio.ensure_future(client.wait_ready(0.2))
            await asyncio.wait({late}, timeout=20)
            assert threading.active_count() < before + 60
            assert isinstance(late.exception(), CommandTimeoutError)
            await in_thread(outage_server.start)
            await asyncio.gather(*tasks)

    run(main)


@each_loop
def test_what_changes_the_connection_waits_for_its_turn_too(run, server):
    async def main():
        async with client_of(server, max_submitted=1) as client:
            await client.ping()
            pipe = client.pipeline(transaction=False)
            pipe.execute_command("CLIENT", "SETNAME", "second")
            told = await asyncio.gather(client.get("key"), client.client_setname("first"), client.get("key"), pipe.execute())
            assert told == [None, True, None, [b"OK"]]
            assert await client.client_getname() in ("first", "second", b"first", b"second")

    run(main)


@each_loop
def test_what_waits_at_the_server_has_its_own_time_there_also_after_it_waited_for_its_turn(run, server):
    async def main():
        async with client_of(server, max_submitted=1, socket_timeout=1) as client:
            first = asyncio.ensure_future(client.blpop("nothing", 0.1))
            await asyncio.sleep(0)
            began = time.monotonic()
            assert await client.blpop("nothing", 1.5) is None
            assert time.monotonic() - began > 1.4
            assert await first is None
            first = asyncio.ensure_future(client.blpop("nothing", 0.1))
            await asyncio.sleep(0)
            with pytest.raises(CommandTimeoutError):
                await client.using(timeout=1).blpop("nothing", 5)
            assert await first is None

    run(main)


@each_loop
def test_pipelines_are_buffered_and_applied_as_a_unit(run, outage_server):
    async def main():
        async with client_of(outage_server, outage_grace_ms=0) as client:
            await kill(outage_server, client)
            for atomic in (True, False):
                async with client.pipeline(transaction=atomic) as pipe:
                    assert await pipe.incr("n").incr("n").execute() == [BUFFERED, BUFFERED]
            assert await client.multi_exec([("incr", ("n",)), ("SET", ("key", 1))]) == [BUFFERED, BUFFERED]
            await in_thread(outage_server.start)
            await client.flush(10)
            assert await client.mget("n", "key") == [b"5", b"1"]

    run(main)


@each_loop
def test_a_script_that_an_outage_keeps_is_found_by_the_server_that_restarted(run, outage_server):
    async def main():
        async with client_of(outage_server, outage_grace_ms=0) as client:
            await client.wait_ready(10)
            append = client.register_script("return redis.call('rpush', KEYS[1], ARGV[1])")
            assert await append(keys=["list"], args=["before"]) == 1
            await kill(outage_server, client)
            assert await append(keys=["list"], args=["during"]) is BUFFERED
            async with client.pipeline() as pipe:
                await append(keys=["list"], args=["in a pipeline"], client=pipe)
                assert await pipe.execute() == [BUFFERED]
            await in_thread(outage_server.start)
            await client.flush(10)
            assert await client.lrange("list", 0, -1) == [b"before", b"during", b"in a pipeline"]
            assert client.get_failed_commands() == []

    run(main)


@each_loop
def test_a_lock_is_never_buffered(run, outage_server):
    async def main():
        async with client_of(outage_server, outage_grace_ms=0, socket_timeout=0.3) as client:
            lock = client.lock("lock", timeout=30)
            async with lock:
                await kill(outage_server, client)
                with pytest.raises(redis.TimeoutError):
                    await client.lock("other").acquire()
                with pytest.raises(redis.TimeoutError):
                    await lock.extend(10)
                assert client.get_buffer_size() == 0
                await in_thread(outage_server.start)
                await client.wait_ready(10)
            assert await client.keys("*") == []

    run(main)


@each_loop
def test_a_client_that_gave_up_says_so_and_comes_back(run, outage_server):
    async def main():
        async with client_of(outage_server, reconnect_tries=1, reconnect_interval_seconds=0.2) as client:
            await kill(outage_server, client)
            await until(lambda: client.get_state() is State.GAVE_UP, "it gave up")
            with pytest.raises(GaveUpError):
                await client.set("key", 1)
            await in_thread(outage_server.start)
            client.reconnect()
            await client.wait_ready(10)
            assert await client.set("key", 2) is True

    run(main)


@each_loop
def test_closing_sends_what_is_buffered_and_tells_what_is_lost(run, outage_server):
    async def main():
        client = client_of(outage_server, outage_grace_ms=0)
        await kill(outage_server, client)
        assert await client.set("key", 1) is BUFFERED
        closing = asyncio.ensure_future(client.aclose())
        await asyncio.sleep(0)  # it goes on on a thread, while the server comes back
        await in_thread(outage_server.start)
        assert await closing == CloseReport(drained=1)
        assert outage_server.command("GET", "key") == b"1"
        hasty = client_of(outage_server, outage_grace_ms=0, drain_timeout_seconds=0.05)
        await kill(outage_server, hasty)
        assert await hasty.set("key", 2) is BUFFERED
        assert await hasty.close() == CloseReport(lost=1)

    run(main)


@each_loop
def test_calls_that_wait_while_the_client_is_closed_are_told_so(run, server, proxy):
    async def main():
        client = client_of(proxy, drain_timeout_seconds=0.1)
        pubsub = client.pubsub()
        await pubsub.subscribe("channel")
        assert (await pubsub.get_message())["type"] == "subscribe"
        await in_thread(proxy.hold)
        calls = [client.get("key"), client.blpop("list", 0), client.pipeline().get("key").execute()]
        calls.append(pubsub.get_message(ignore_subscribe_messages=True, timeout=None))
        tasks = [asyncio.ensure_future(call) for call in calls]
        await asyncio.sleep(0.01)
        await client.aclose()
        await in_thread(proxy.release)
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(ended, redis.ConnectionError), ended
        # As redis-py's it can be used again.
        assert await client.set("key", 1) is True
        await client.aclose()

    run(main)


@each_loop
def test_calls_that_wait_for_their_turn_while_the_client_is_closed_are_told_so(run, server, proxy):
    async def main():
        client = client_of(proxy, drain_timeout_seconds=0.1, max_submitted=5, private_max_connections=1)
        async with client.pipeline() as pipe:
            await pipe.watch("key")
            await in_thread(proxy.hold)
            tasks = [asyncio.ensure_future(client.blpop("list", 0)) for _ in range(3)]
            tasks += [asyncio.ensure_future(client.get("key")) for _ in range(20)]
            await asyncio.sleep(0.01)
            await client.aclose()
            for ended in await asyncio.gather(*tasks, return_exceptions=True):
                assert isinstance(ended, redis.ConnectionError), ended
            await in_thread(proxy.release)

    run(main)


@each_loop
def test_what_was_answered_before_the_client_was_closed_is_told_however_much_that_is(run, server):
    async def main():
        client = client_of(server)
        await client.ping()
        tasks = [asyncio.ensure_future(client.incr("n")) for _ in range(10_000)]
        await asyncio.sleep(0)
        # The event loop has other things to do.
        wait_until(lambda: client.get_stats()["in_flight_now"] == 0, "all is answered")
        client._engine.close()
        assert await asyncio.gather(*tasks) == list(range(1, 10_001))

    run(main)


@each_loop
def test_no_accepted_write_of_any_task_is_lost_through_kills(run, outage_server):
    told = [[] for _ in range(20)]

    async def write(client, number):
        for at in range(100_000):
            if is_over:
                return
            told[number].append(await client.rpush(f"list:{number}", at))
            await asyncio.sleep(0.002)

    async def main():
        nonlocal is_over
        async with client_of(outage_server, buffer_max_commands=100_000) as client:
            writers = [asyncio.ensure_future(write(client, number)) for number in range(20)]
            for _ in range(3):
                enough = client.get_stats()["replies"] + 200
                await until(lambda enough=enough: client.get_stats()["replies"] > enough, "writes flow")
                await in_thread(outage_server.kill)
                await until(lambda: client.get_buffer_size() > 20, "writes are buffered")
                await in_thread(outage_server.start)
                await client.wait_ready(10)
            is_over = True
            await asyncio.gather(*writers)
            await client.flush(30)
            assert any(answer is BUFFERED for answers in told for answer in answers)
            for number in range(20):
                # Sent again where the reply was lost, so that one may be there twice; in order and without a hole it is.
                there = list(dict.fromkeys(int(value) for value in await client.lrange(f"list:{number}", 0, -1)))
                assert there == list(range(len(told[number])))

    is_over = False
    run(main)


@each_loop
def test_an_outage_is_told_by_events(run, outage_server):
    async def main():
        async with client_of(outage_server) as client:
            await client.ping()
            assert (await client.next_event(5)).name == "RR_EVENT_CONNECTED"
            assert await client.next_event() is None and await client.next_event(0.01) is None
            waiting = asyncio.ensure_future(client.next_event(None))
            await kill(outage_server, client)
            assert (await waiting).name == "RR_EVENT_DISCONNECTED"
            await in_thread(outage_server.start)
            names = []
            while "RR_EVENT_CONNECTED" not in names:
                names.append((await client.next_event(10)).name)
            assert client.get_stats()["outages"] == 1 and "resilient_redis" in client.get_metrics()

    run(main)
