"""Tasks that are cancelled: what they gave up reaches nobody else, what was not written is never sent, no element is lost."""

import asyncio
import random
import threading

import pytest
import redis
from support.loops import each_loop, in_thread, until

from resilient_redis import BUFFERED, State
from resilient_redis.asyncio import ResilientRedisClient
from resilient_redis.asyncio.gate import Gate
from resilient_redis.asyncio.threads import Strand

KEYS = 500


def client_of(server, **options):
    return ResilientRedisClient(host="127.0.0.1", port=server.port, **{"reconnect_max_delay_ms": 50, **options})


async def cancelled(task):
    """Cancels a task and awaits its end: True if it was cancelled, else its result is of interest."""
    task.cancel()
    await asyncio.wait({task})
    return task.cancelled()


async def nothing_is_on_its_way(client):
    await until(lambda: client.get_stats()["in_flight_now"] == 0 and not client._engine.queue()._pending, "all is answered")


@each_loop
def test_replies_never_reach_another_task_whatever_is_cancelled(run, outage_server):
    tasks, told = set(), {"replies": 0, "cancelled": 0, "late": 0, "failed": 0}

    async def ask(client, number, patience):
        try:
            if number % 7 == 0:
                async with client.pipeline(transaction=number % 2 == 0) as pipe:
                    value = (await asyncio.wait_for(pipe.get(f"other:{number}").get(f"key:{number}").execute(), patience))[1]
            else:
                value = await asyncio.wait_for(client.get(f"key:{number}"), patience)
        except asyncio.TimeoutError:
            told["late"] += 1
        except redis.RedisError:
            told["failed"] += 1
        else:
            assert value == b"value of %d" % number
            told["replies"] += 1

    async def run_one(client, chance):
        number = chance.randrange(KEYS)
        await ask(client, number, chance.choice([None, None, 0, 0.0005, 0.002, 0.01]))

    async def ask_on(client, seed):
        chance = random.Random(seed)
        while not is_over:
            task = asyncio.ensure_future(run_one(client, chance))
            tasks.add(task)
            if await asyncio.gather(asyncio.wait({task}), return_exceptions=True) and task.cancelled():
                told["cancelled"] += 1
            else:
                task.result()
            tasks.discard(task)
            await asyncio.sleep(chance.random() * 0.05)  # the thread that starts the server needs the interpreter, too

    async def cancel_on():
        chance = random.Random(1)
        while not is_over:
            await asyncio.sleep(chance.random() * 0.002)
            for task in chance.sample(sorted(tasks, key=id), min(len(tasks), 20)):
                task.cancel()

    async def main():
        nonlocal is_over
        async with client_of(outage_server, socket_timeout=2) as client:
            await client.mset({f"key:{number}": f"value of {number}" for number in range(KEYS)})
            running = [asyncio.ensure_future(ask_on(client, seed)) for seed in range(200)]
            running.append(asyncio.ensure_future(cancel_on()))
            for _ in range(3):
                enough = told["replies"] + 1000
                await until(lambda enough=enough: told["replies"] > enough, "replies come")
                await in_thread(outage_server.kill)
                await until(lambda: client.get_state() is State.RECONNECTING, "the client knows of the outage")
                await in_thread(outage_server.start)
            enough = told["replies"] + 1000
            await until(lambda: told["replies"] > enough, "replies come")
            is_over = True
            await asyncio.gather(*running)
            await nothing_is_on_its_way(client)
            assert await client.get("key:1") == b"value of 1"

    is_over = False
    run(main)
    assert told["cancelled"] > 100 and told["late"] > 100, told


@each_loop
def test_a_queue_keeps_all_of_its_elements_whatever_is_cancelled(run, server):
    taken = []

    async def work(client, seed):
        chance = random.Random(seed)
        while not is_over:
            if seed % 2:
                task = asyncio.ensure_future(client.blpop(["jobs", "more jobs"], 0))
            else:
                task = asyncio.ensure_future(client.brpop("jobs", 1))
            done, _ = await asyncio.wait({task}, timeout=chance.random() * 0.01)
            if not done and await cancelled(task):
                continue
            if task.result() is not None:
                taken.append(int(task.result()[1]))

    async def main():
        nonlocal is_over
        async with client_of(server) as client:
            workers = [asyncio.ensure_future(work(client, seed)) for seed in range(20)]
            chance = random.Random(2)
            for number in range(600):
                await client.rpush(chance.choice(["jobs", "more jobs"]), number)
                if chance.random() < 0.5:
                    await asyncio.sleep(chance.random() * 0.005)
            is_over = True
            await asyncio.gather(*workers)
            left = await client.lrange("jobs", 0, -1) + await client.lrange("more jobs", 0, -1)
            assert sorted([*taken, *map(int, left)]) == list(range(600))

    is_over = False
    run(main)
    assert len(taken) > 100


@each_loop
def test_an_element_that_came_in_the_moment_of_the_cancel_is_the_result(run, server, proxy):
    async def main():
        async with client_of(proxy) as client:
            task = asyncio.ensure_future(client.blpop("jobs", 0))
            await until(lambda: server.info("clients")["blocked_clients"] == "1", "it waits at the server")
            await in_thread(proxy.hold)
            server.command("RPUSH", "jobs", "job")
            task.cancel()
            await asyncio.sleep(0)
            task.cancel()  # once more changes nothing
            await in_thread(proxy.release)
            assert await task == (b"jobs", b"job")

    run(main)


@each_loop
def test_an_element_is_the_result_too_of_a_command_that_had_to_wait_for_its_turn(run, server):
    async def main():
        async with client_of(server, max_submitted=1) as client:
            first = asyncio.ensure_future(client.blpop("first", 0))
            await until(lambda: server.info("clients")["blocked_clients"] == "1", "one waits at the server")
            task = asyncio.ensure_future(client.blpop("jobs", 0))
            await asyncio.sleep(0)
            server.command("RPUSH", "first", "job")
            assert await first == (b"first", b"job")
            await until(lambda: server.info("clients")["blocked_clients"] == "1", "the other waits at the server")
            (future,) = client._engine.queue()._pending.values()
            future.add_done_callback(lambda _: task.cancel())
            server.command("RPUSH", "jobs", "job")
            assert await task == (b"jobs", b"job")

    run(main)


@each_loop
def test_a_time_limit_around_a_command_that_waits_ends_it_and_takes_nothing(run, server):
    async def main():
        async with client_of(server) as client:
            for _ in range(3):
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(client.blpop("jobs", 0), 0.01)
            await until(lambda: server.info("clients")["blocked_clients"] == "0", "nobody waits at the server")
            server.command("RPUSH", "jobs", "job")
            assert await client.blpop("jobs", 1) == (b"jobs", b"job")

    run(main)


@each_loop
def test_commands_that_wait_in_great_numbers_wait_in_their_turn(run, server):
    async def main():
        async with client_of(server, private_max_connections=4) as client:
            tasks = [asyncio.ensure_future(client.blpop("jobs", 0)) for _ in range(50)]
            await until(lambda: server.info("clients")["blocked_clients"] == "4", "four wait at the server")
            for task in tasks[:3] + tasks[20:30]:
                assert await cancelled(task)
            for number in range(37):
                await client.rpush("jobs", number)
            done = await asyncio.gather(*tasks, return_exceptions=True)
            assert sorted(int(one[1]) for one in done if isinstance(one, tuple)) == list(range(37))

    run(main)


@each_loop
def test_a_command_that_was_cancelled_before_it_was_written_is_never_sent(run, outage_server):
    async def main():
        async with client_of(outage_server, buffer_commands=False) as client:
            await client.ping()
            await in_thread(outage_server.kill)
            await until(lambda: client.get_state() is State.RECONNECTING, "the client knows of the outage")
            tasks = [asyncio.ensure_future(client.set(f"key:{number}", number)) for number in range(20)]
            tasks += [asyncio.ensure_future(client.pipeline().set("in pipeline", 1).execute())]
            await asyncio.sleep(0.01)
            for task in tasks[10:]:
                assert await cancelled(task)
            await in_thread(outage_server.start)
            await asyncio.gather(*tasks[:10])
            assert sorted(await client.keys("*")) == [b"key:%d" % number for number in range(10)]

    run(main)


@each_loop
def test_siblings_of_a_cancelled_task_get_their_own_replies(run, server, proxy):
    async def main():
        async with client_of(proxy) as client:
            await client.mset({f"key:{number}": number for number in range(100)})
            await in_thread(proxy.hold)
            tasks = [asyncio.ensure_future(client.get(f"key:{number}")) for number in range(100)]
            together = asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.sleep(0.01)
            for number in range(0, 100, 3):
                tasks[number].cancel()
            whole = asyncio.gather(*(client.get("key:1") for _ in range(10)))
            await asyncio.sleep(0)
            whole.cancel()
            await asyncio.sleep(0)
            await in_thread(proxy.release)
            for number, value in enumerate(await together):
                assert isinstance(value, asyncio.CancelledError) if number % 3 == 0 else value == b"%d" % number
            with pytest.raises(asyncio.CancelledError):
                await whole
            await nothing_is_on_its_way(client)

    run(main)


@each_loop
def test_a_pipeline_that_was_cancelled_leaves_nothing(run, server, proxy):
    async def main():
        async with client_of(proxy) as client:
            await client.set("key", "value")
            pipe = client.pipeline()
            pipe.get("key").get("key")
            await in_thread(proxy.hold)
            task = asyncio.ensure_future(pipe.execute())
            await asyncio.sleep(0.01)
            assert await cancelled(task)
            assert len(pipe) == 0
            await in_thread(proxy.release)
            assert await pipe.incr("n").get("key").execute() == [1, b"value"]
            await nothing_is_on_its_way(client)

    run(main)


@each_loop
def test_a_transaction_that_was_cancelled_while_it_watches_is_over(run, server, proxy):
    async def main():
        async with client_of(proxy, private_max_connections=1) as client:
            await client.set("n", 1)
            for cut_short in ("watch", "get", "execute"):
                pipe = client.pipeline()
                if cut_short != "watch":
                    await pipe.watch("n")
                if cut_short == "execute":
                    pipe.multi()
                    pipe.incr("n")
                await in_thread(proxy.hold)
                call = {"watch": lambda: pipe.watch("n"), "get": lambda: pipe.get("n"), "execute": pipe.execute}[cut_short]
                task = asyncio.ensure_future(call())
                await asyncio.sleep(0.01)
                assert await cancelled(task)
                await in_thread(proxy.release)
                if cut_short == "get":
                    pipe.multi()
                    pipe.set("n", "never")
                    with pytest.raises(redis.WatchError, match="was given up"):
                        await pipe.execute()
                # There is one connection for all of them: it was given back.
                await pipe.watch("n")
                value = int(await pipe.get("n"))
                pipe.multi()
                pipe.set("n", value + 1)
                assert await pipe.execute() == [True]
            assert int(await client.get("n")) in (4, 5)  # the cancelled one may have run

    run(main)


@each_loop
def test_a_turn_that_came_in_the_moment_of_the_cancel_is_the_next_one_s(run):
    async def main():
        gate = Gate(asyncio.get_running_loop(), 1)
        await gate.enter(None)
        task = asyncio.ensure_future(gate.enter(None))
        await asyncio.sleep(0)
        gate.leave()
        assert await cancelled(task)
        await asyncio.wait_for(gate.enter(None), 10)

    run(main)


@each_loop
def test_a_call_on_a_thread_that_is_given_up_before_its_turn_is_not_made(run):
    async def main():
        strand, begun, may_end, made = Strand(), threading.Event(), threading.Event(), []
        first = strand.call(lambda: (begun.set(), may_end.wait(5)))
        second = strand.call(made.append, "given up")
        third = strand.call(made.append, "made")
        await in_thread(begun.wait, 5)
        second.cancel()
        may_end.set()
        await asyncio.gather(first, third)
        assert made == ["made"]

    run(main)


@each_loop
def test_tasks_that_watch_and_are_cancelled_at_random_lose_no_step(run, server):
    done = []

    async def step(client):
        async with client.pipeline() as pipe:
            while True:
                try:
                    await pipe.watch("n")
                    value = int(await pipe.get("n") or 0)
                    pipe.multi()
                    pipe.set("n", value + 1)
                    pipe.rpush("steps", value + 1)
                    done.append((await pipe.execute())[1])
                    return
                except redis.WatchError:
                    continue

    async def main():
        async with client_of(server) as client:
            chance = random.Random(3)
            tasks = [asyncio.ensure_future(step(client)) for _ in range(60)]
            while not all(task.done() for task in tasks):
                await asyncio.sleep(chance.random() * 0.01)
                if chance.random() < 0.3:
                    chance.choice(tasks).cancel()
            there = [int(value) for value in await client.lrange("steps", 0, -1)]
            assert there == list(range(1, len(there) + 1)) and int(await client.get("n")) == len(there)
            assert set(done) <= set(there) and len(done) == len(set(done)) > 5

    run(main)


@each_loop
def test_a_lock_is_not_left_behind_by_a_task_that_was_cancelled_while_it_took_it(run, server, proxy):
    async def main():
        async with client_of(proxy) as client:
            await client.ping()
            await in_thread(proxy.hold)
            task = asyncio.ensure_future(client.lock("lock").acquire())
            await asyncio.sleep(0.01)
            assert await cancelled(task)
            await in_thread(proxy.release)
            await until(lambda: "cmdstat_eval" in server.info("commandstats"), "it was given back")
            async with client.lock("lock", blocking_timeout=5):
                pass

    run(main)


@each_loop
def test_a_lock_is_not_left_behind_by_a_task_that_was_cancelled_while_it_looked_whose_it_is(run, server, proxy):
    async def main():
        async with client_of(proxy) as client:
            await client.ping()
            before = proxy.carried["to_server"]
            await client.set("lock", "x" * 32, nx=True)
            length = proxy.carried["to_server"] - before
            await client.delete("lock")
            await in_thread(proxy.cut_after, length)
            await in_thread(proxy.refuse)
            task = asyncio.ensure_future(client.lock("lock").acquire())
            await until(lambda: server.command("EXISTS", "lock") == 1, "the server has it taken")
            await until(lambda: client.get_state() is State.RECONNECTING, "it has no reply")
            await asyncio.sleep(0.05)
            assert await cancelled(task)
            await in_thread(proxy.accept)
            await until(lambda: server.command("EXISTS", "lock") == 0, "it was given back")

    run(main)


@each_loop
def test_waiting_for_a_state_can_be_given_up(run, outage_server):
    async def main():
        async with client_of(outage_server, outage_grace_ms=0, drain_timeout_seconds=0) as client:
            await client.ping()
            await in_thread(outage_server.kill)
            await until(lambda: client.get_state() is State.RECONNECTING, "the client knows of the outage")
            assert await client.set("key", 1) is BUFFERED
            waits = [client.wait_ready(60), client.flush(60), client.next_event(60)]
            tasks = [asyncio.ensure_future(one) for one in waits]
            while await client.next_event():
                pass
            await asyncio.sleep(0.05)
            for task in tasks:
                assert task.done() or await cancelled(task)

    run(main)


@each_loop
def test_an_event_that_comes_for_a_cancelled_task_is_told_to_the_next(run, outage_server, start_proxy):
    async def main():
        proxy = start_proxy(outage_server)
        async with client_of(proxy) as client:
            await client.ping()
            assert (await client.next_event(5)).name == "RR_EVENT_CONNECTED"
            task = asyncio.ensure_future(client.next_event(None))
            await asyncio.sleep(0.05)  # a thread waits for it
            assert await cancelled(task)
            await in_thread(proxy.cut)
            assert (await client.next_event(5)).name == "RR_EVENT_DISCONNECTED"
            while (await client.next_event(5)).name != "RR_EVENT_CONNECTED":
                pass

    run(main)
