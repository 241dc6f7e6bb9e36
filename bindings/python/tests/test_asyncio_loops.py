"""Event loops: many of them, their ends, forks and the end of the interpreter. Nothing is left behind, nobody waits."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import traceback
import warnings
import weakref

import pytest
import redis
from support.loops import RUNNERS, each_loop, in_thread, until
from support.waiting import SOON, wait_until

from resilient_redis import BUFFERED, State
from resilient_redis.asyncio import ResilientRedisClient


def client_of(server, **options):
    return ResilientRedisClient(host="127.0.0.1", port=server.port, **{"reconnect_max_delay_ms": 50, **options})


def descriptors():
    """How many this process has open."""
    return len(os.listdir("/proc/self/fd"))


@each_loop
def test_a_client_is_used_in_one_event_loop_after_the_other(run, server):
    client = client_of(server)
    pubsub = client.pubsub()

    async def use(number):
        assert await client.incr("n") == number
        await pubsub.subscribe(f"channel:{number}")
        await client.publish(f"channel:{number}", "message")
        while (await pubsub.get_message(timeout=5))["data"] != b"message":
            pass
        assert await client.blpop("list", 0.01) is None
        async with client.pipeline() as pipe:
            await pipe.watch("n")
            assert int(await pipe.get("n")) == number
        # One that is left in the middle is the next event loop's.
        waiting.append(asyncio.ensure_future(client.blpop("list", 0)))
        await asyncio.sleep(0)

    waiting = []
    for number in range(1, 6):
        run(lambda number=number: use(number))
    run(client.aclose)
    assert all(task.cancelled() for task in waiting)


def test_a_client_is_used_in_many_event_loops_at_the_same_time(server):
    client = client_of(server)
    failures = []

    async def use(number):
        for at in range(200):
            key = f"key:{number}:{at}"
            assert await client.set(key, at) is True
            assert await asyncio.gather(*(client.get(key) for _ in range(5))) == [b"%d" % at] * 5
        async with client.pipeline() as pipe:
            await pipe.watch(key)
            pipe.multi()
            assert await pipe.get(key).execute() == [b"199"]

    def live(number):
        try:
            list(RUNNERS.values())[number % 2](lambda: use(number))
        except BaseException:
            failures.append(traceback.format_exc())

    threads = [threading.Thread(target=live, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures, failures[0]
    RUNNERS["asyncio"](client.aclose)


@each_loop
def test_what_ends_leaves_no_descriptor_and_no_watch_behind(run, server):
    client = client_of(server)

    async def use():
        await client.ping()
        pubsub = client.pubsub()
        await pubsub.subscribe("channel")
        waiting = asyncio.ensure_future(pubsub.get_message(ignore_subscribe_messages=True, timeout=None))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})

    async def use_and_close():
        async with client_of(server) as other:
            await other.ping()
        await other.ping()
        await other.aclose()
        selector = getattr(asyncio.get_running_loop(), "_selector", None)
        if selector is not None:
            # One is the event loop's own.
            assert len(selector.get_map()) == 1
        return descriptors()

    run(use)
    gc.collect()
    before = descriptors()
    for _ in range(5):
        run(use)  # the client lives on, its queues end with their event loops
        gc.collect()
    assert descriptors() <= before
    inside = [run(use_and_close) for _ in range(5)]
    assert inside[-1] <= inside[0]
    run(client.aclose)


@each_loop
def test_a_client_that_nobody_has_any_more_ends_while_its_event_loop_goes_on(run, outage_server):
    async def main():
        client = client_of(outage_server, outage_grace_ms=0, drain_timeout_seconds=20)
        await client.ping()
        engine = weakref.ref(client._engine)
        await in_thread(outage_server.kill)
        await until(lambda: client.get_state() is State.RECONNECTING, "the client knows of the outage")
        assert await client.set("key", 1) is BUFFERED
        began = asyncio.get_running_loop().time()
        del client
        gc.collect()
        assert engine() is None
        # What was buffered is sent by a thread, which nobody waits for.
        assert asyncio.get_running_loop().time() - began < 10
        await in_thread(outage_server.start)
        await until(lambda: outage_server.command("GET", "key") == b"1", "what was buffered is sent")

    run(main)


@each_loop
def test_an_event_loop_that_nobody_has_any_more_is_not_kept_by_a_client(run, server):
    client = client_of(server)

    async def use():
        await client.ping()
        return weakref.ref(asyncio.get_running_loop())

    loop = run(use)
    gc.collect()
    assert loop() is None
    run(client.aclose)


@each_loop
def test_an_event_loop_that_is_closed_over_commands_on_their_way_takes_nobody_along(run, server, proxy):
    client = client_of(proxy)
    loop = run.new_loop()
    loop.run_until_complete(client.ping())
    proxy.hold()
    tasks = [loop.create_task(client.get("key")), loop.create_task(client.pipeline().get("key").execute())]
    loop.run_until_complete(asyncio.sleep(0.01))
    for task in tasks:
        task._log_destroy_pending = False
    loop.close()
    proxy.release()
    del loop, task, tasks
    gc.collect()
    assert run(client.ping) is True
    run(client.aclose)


@each_loop
def test_what_waits_at_the_server_for_an_event_loop_that_is_closed_takes_nothing(run, server):
    client = client_of(server)
    loop = run.new_loop()
    tasks = [loop.create_task(client.blpop("jobs", 0)), loop.create_task(client.execute_command("XREAD BLOCK 0 STREAMS x 1"))]
    loop.run_until_complete(until(lambda: server.info("clients")["blocked_clients"] == "2", "they wait at the server"))
    loop.set_exception_handler(lambda *_: None)  # of what becomes of the tasks
    loop.close()
    del loop, tasks
    gc.collect()
    wait_until(lambda: server.info("clients")["blocked_clients"] == "0", "nobody waits at the server")
    server.command("RPUSH", "jobs", "job")
    assert run(lambda: client.lrange("jobs", 0, -1)) == [b"job"]
    run(client.aclose)


@each_loop
def test_a_forked_child_has_a_connection_of_its_own_and_leaves_the_parent_s_alone(run, server):
    client = client_of(server)
    pubsub = client.pubsub()

    async def in_child():
        await client.set("child", await client.client_id())
        async with client.pipeline() as pipe:
            await pipe.watch("child")
            pipe.multi()
            await pipe.set("watched", 1).execute()
        await pubsub.subscribe("other channel")
        await client.publish("other channel", "from the child")
        while (await pubsub.get_message(timeout=5))["data"] != b"from the child":
            pass
        await client.aclose()

    def fork(tasks):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of a fork beside threads
            pid = os.fork()
        if pid == 0:
            try:
                # What the parent's event loop has goes away here, and must not go away there.
                for task in tasks:
                    task.get_coro().close()
                gc.collect()
                run(in_child)
                os._exit(0)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)
        return pid

    async def main():
        own = await client.client_id()
        await pubsub.subscribe("channel")
        assert (await pubsub.get_message())["type"] == "subscribe"
        waiting = asyncio.ensure_future(client.blpop("list", 0))
        listening = asyncio.ensure_future(pubsub.get_message(timeout=None))
        await asyncio.sleep(0)
        on_its_way = asyncio.ensure_future(client.get("nothing"))
        await asyncio.sleep(0)
        pid = fork([waiting, listening, on_its_way])
        assert await on_its_way is None
        _, status = await in_thread(os.waitpid, pid, 0)
        assert os.WEXITSTATUS(status) == 0 and not os.WIFSIGNALED(status)
        assert await asyncio.gather(*(client.client_id() for _ in range(100))) == [own] * 100
        assert int(await client.get("child")) != own and await client.get("watched") == b"1"
        await client.rpush("list", 1)
        assert await waiting == (b"list", b"1")
        await client.publish("channel", "message")
        assert (await listening)["data"] == b"message"
        await pubsub.aclose()
        await client.aclose()

    run(main)


PROGRAM = """
    import asyncio, os, sys, threading
    import uvloop
    from resilient_redis.asyncio import ResilientRedisClient

    client = ResilientRedisClient(port=int(sys.argv[1]), drain_timeout_seconds=0.2, outage_grace_ms=0)

    async def use(how):
        await client.wait_ready(10)
        pubsub = client.pubsub()
        await pubsub.subscribe("channel")
        listening = asyncio.ensure_future(pubsub.run() if how == "handlers" else pubsub.get_message(timeout=None))
        waiting = [asyncio.ensure_future(client.blpop("list", 0)) for _ in range(5)]
        pipe = client.pipeline()
        await pipe.watch("key")
        monitor = await client.monitor().__aenter__()
        watching = asyncio.ensure_future(monitor.next_command())
        event = asyncio.ensure_future(client.next_event(None))
        await client.set("key", 1)
        asyncio.ensure_future(client.get("key"))
        keep.extend([pubsub, listening, waiting, pipe, monitor, watching, event])

    keep = []
    loop = (uvloop if sys.argv[2] == "uvloop" else asyncio).new_event_loop()
    how = sys.argv[3]
    if how == "running in a thread":
        # The event loop goes on until the process ends.
        asyncio.set_event_loop(loop)
        threading.Thread(target=loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(use(how), loop).result(20)
    else:
        loop.run_until_complete(use(how))
    if how == "closed":
        for task in asyncio.all_tasks(loop):
            task._log_destroy_pending = False
        loop.close()
    if how == "cancelled":
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.wait(tasks))
        loop.close()
    for task in [] if loop.is_closed() else asyncio.all_tasks(loop):
        task._log_destroy_pending = False
    if how == "killed by Ctrl-C":
        # When nothing happens any more: what Ctrl-C meets in a task is that task's, and nobody looks at it.
        loop.call_later(0.2, lambda: print("ready", flush=True))
        try:
            loop.run_forever()
        except KeyboardInterrupt:
            sys.exit(7)
    print("ready", flush=True)
"""


@pytest.mark.parametrize("how", ["left", "closed", "cancelled", "running in a thread", "killed by Ctrl-C"])
@pytest.mark.parametrize("kind", list(RUNNERS))
def test_the_interpreter_ends_whatever_is_going_on(server, kind, how):
    program = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(PROGRAM), str(server.port), kind, how],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert program.stdout.readline() == "ready\n", program.stderr.read()
        if how == "killed by Ctrl-C":
            program.send_signal(signal.SIGINT)
        _, errors = program.communicate(timeout=SOON)
    finally:
        program.kill()
    assert errors == ""
    assert program.returncode == (7 if how == "killed by Ctrl-C" else 0)


@each_loop
def test_what_is_buffered_is_sent_at_the_end_of_the_interpreter(run, outage_server):
    program = """
        import asyncio, sys
        from resilient_redis import BUFFERED
        from resilient_redis.asyncio import ResilientRedisClient

        async def main():
            client = ResilientRedisClient(port=int(sys.argv[1]), outage_grace_ms=0, drain_timeout_seconds=20)
            assert await client.set("key", 1) is BUFFERED
            keep.append(client)
            gone = ResilientRedisClient(port=int(sys.argv[1]), outage_grace_ms=0, drain_timeout_seconds=20)
            assert await gone.set("other", 1) is BUFFERED

        keep = []
        asyncio.run(main())
        print("buffered", flush=True)
    """
    outage_server.kill()
    ending = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), str(outage_server.port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert ending.stdout.readline() == "buffered\n", ending.stderr.read()
        outage_server.start()
        _, errors = ending.communicate(timeout=SOON)
    finally:
        ending.kill()
    assert (ending.returncode, errors) == (0, "")
    assert outage_server.command("MGET", "key", "other") == [b"1", b"1"]


def test_outside_of_an_event_loop_there_is_no_command_to_await(server):
    client = client_of(server)
    assert client.get_state() is State.CLOSED and client.get_buffer_size() == 0
    assert client.get_stats()["commands"] == 0
    coroutine = client.get("key")
    with pytest.raises(RuntimeError, match="no running event loop"):
        coroutine.send(None)
    RUNNERS["asyncio"](client.aclose)
    with pytest.raises(redis.ConnectionError):
        RUNNERS["asyncio"](client.next_event)
