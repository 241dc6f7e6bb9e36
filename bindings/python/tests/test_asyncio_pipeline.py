"""Pipelines and transactions in event loops, as redis.asyncio's."""

import asyncio

import pytest
import redis
import redis.asyncio
from support.loops import each_loop, in_thread

from resilient_redis import BusyError, Outcome
from resilient_redis.asyncio import ResilientRedisClient


def client_of(server, **options):
    return ResilientRedisClient(host="127.0.0.1", port=server.port, **{"reconnect_max_delay_ms": 50, **options})


@each_loop
def test_pipelines_give_what_redis_asyncio_gives(run, server):
    async def ask(client):
        await client.flushall()
        answers = []
        for transaction in (True, False):
            async with client.pipeline(transaction=transaction) as pipe:
                assert pipe.set("key", 1).incr("key") is pipe and len(pipe) == 2 and pipe
                pipe.hset("hash", mapping={"a": 1}).hgetall("hash").zadd("z", {"a": 1}).zrange("z", 0, -1, withscores=True)
                answers.append(await pipe.execute())
                assert len(pipe) == 0 and await pipe.execute() == []
                answers.append(await pipe.get("key").lpush("key", 1).get("key").execute(raise_on_error=False))
                answers[-1][1] = (type(answers[-1][1]), str(answers[-1][1]))
                with pytest.raises(redis.ResponseError, match=r"Command # 2 \(LPUSH key 1\) of pipeline"):
                    await pipe.get("key").lpush("key", 1).execute()
                assert await (await pipe.get("key")).execute() == [b"2"]
        return answers

    async def main():
        async with client_of(server) as ours, redis.asyncio.Redis(port=server.port) as theirs:
            assert await ask(ours) == await ask(theirs)

    run(main)


@each_loop
def test_a_transaction_that_watches_runs_unless_a_key_was_changed(run, server):
    async def main():
        async with client_of(server) as client, client.pipeline() as pipe:
            await client.set("n", 1)
            assert await pipe.watch("n", "m") is True and pipe.watching
            assert await pipe.get("n") == b"1"
            pipe.multi()
            pipe.incr("n")
            assert await pipe.execute() == [2] and not pipe.watching
            await pipe.watch("n")
            await client.set("n", 10)
            pipe.multi()
            pipe.incr("n")
            with pytest.raises(redis.WatchError, match=r"^Watched variable changed\.$") as failure:
                await pipe.execute()
            assert failure.value.outcome is Outcome.NOT_APPLIED
            await pipe.watch("n")
            await pipe.unwatch()
            assert not pipe.watching
            await client.set("n", 20)
            assert await pipe.incr("n").execute() == [21]
            await pipe.watch("n")
            await pipe.watch("m")
            await client.set("m", 1)
            pipe.multi()
            with pytest.raises(redis.RedisError, match="MULTI"):
                pipe.multi()
            pipe.set("n", 0)
            with pytest.raises(redis.WatchError):
                await pipe.execute()
            assert await client.get("n") == b"21"

    run(main)


@each_loop
def test_transaction_calls_its_function_until_its_reads_held(run, server):
    calls = []

    async def main():
        async with client_of(server) as client:
            await client.set("n", 1)

            async def step(pipe):
                value = int(await pipe.get("n"))
                calls.append(value)
                if len(calls) < 3:
                    await client.incr("n")
                pipe.multi()
                pipe.set("n", value * 10)

            assert await client.transaction(step, "n") == [True]
            assert calls == [1, 2, 3] and await client.get("n") == b"30"

    run(main)


@each_loop
def test_many_transactions_at_a_time_wait_in_their_turn(run, server):
    async def main():
        async with client_of(server, private_max_connections=3) as client:

            async def step():
                while True:
                    async with client.pipeline() as pipe:
                        try:
                            await pipe.watch("n")
                            value = int(await pipe.get("n") or 0)
                            pipe.multi()
                            await pipe.set("n", value + 1).execute()
                            return
                        except redis.WatchError:
                            continue

            await asyncio.gather(*(step() for _ in range(40)))
            assert await client.get("n") == b"40"
            # Pipelines that are forgotten while they watch give their connections back.
            for _ in range(10):
                forgotten = client.pipeline()
                await forgotten.watch("n")
                del forgotten
            assert len(await client.client_list()) <= 4

    run(main)


@each_loop
def test_a_watch_whose_connection_is_lost_is_a_watch_error(run, outage_server, start_proxy):
    async def main():
        proxy = start_proxy(outage_server)
        async with client_of(proxy) as client, client.pipeline() as pipe:
            await client.set("n", 1)
            await pipe.watch("n")
            await in_thread(proxy.cut)
            pipe.multi()
            pipe.incr("n")
            with pytest.raises(redis.WatchError) as failure:
                await pipe.execute()
            assert failure.value.outcome is Outcome.NOT_APPLIED
            await pipe.watch("n")
            await in_thread(proxy.cut)
            with pytest.raises(redis.WatchError):
                await pipe.get("n")
            assert not pipe.watching and await client.get("n") == b"1"

    run(main)


@each_loop
def test_a_pipeline_that_is_cut_half_way_tells_what_came(run, outage_server, start_proxy):
    async def main():
        proxy = start_proxy(outage_server)
        async with client_of(proxy, delivery="at_most_once") as client:
            await client.set("text", "x" * 1000)
            await in_thread(proxy.cut_after, 3500, "to_client")
            pipe = client.pipeline(transaction=False)
            for _ in range(10):
                pipe.get("text").incr("n")
            try:
                told = await pipe.execute()
            except redis.ConnectionError as error:
                told = error.responses
                assert error.outcome is Outcome.UNKNOWN
            failed = [value for value in told if isinstance(value, Exception)]
            assert told[:2] == [b"x" * 1000, 1] and failed
            assert {value.outcome for value in failed} <= {Outcome.UNKNOWN, Outcome.NOT_APPLIED}

    run(main)


@each_loop
def test_a_pipeline_that_changes_the_connection_is_waited_for(run, server):
    async def main():
        async with client_of(server) as client:
            pipe = client.pipeline(transaction=False)
            assert await pipe.select(2).set("key", 1).client_setname("mine").execute() == [True, True, True]
            assert await client.get("key") == b"1" and server.command("EXISTS", "key") == 0

    run(main)


@each_loop
def test_two_tasks_in_one_transaction_are_answered_one_after_the_other(run, server):
    async def main():
        async with client_of(server) as client, client.pipeline() as pipe:
            await client.mset({"a": 1, "b": 2})
            await pipe.watch("a")
            try:
                assert await asyncio.gather(pipe.get("a"), pipe.get("b")) == [b"1", b"2"]
            except BusyError:
                pytest.fail("calls on one transaction are made one after the other")

    run(main)


@each_loop
def test_scripts_run_in_pipelines_whatever_the_server_knows(run, server):
    async def main():
        async with client_of(server) as client:
            add = client.register_script("return redis.call('incrby', KEYS[1], ARGV[1])")
            assert await add(keys=["n"], args=[2]) == 2
            await client.script_flush()
            async with client.pipeline() as pipe:
                await add(keys=["n"], args=[3], client=pipe)
                await pipe.get("n")
                assert await pipe.execute() == [5, b"5"]
            await client.script_flush()
            async with client.pipeline() as pipe:
                await pipe.watch("n")
                assert await add(keys=["n"], args=[1], client=pipe) == 6
            broken = client.register_script("return redis.call('incr', 'n', 'wrong')")
            with pytest.raises(redis.ResponseError) as failure:
                await broken()
            assert failure.value.outcome is Outcome.UNKNOWN

    run(main)
