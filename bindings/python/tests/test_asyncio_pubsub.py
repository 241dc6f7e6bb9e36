"""Subscriptions in event loops: messages in their order, handlers, gaps told in their place."""

import asyncio
import logging
import re

import pytest
import redis
from support.loops import each_loop, in_thread, until

from resilient_redis import Gap
from resilient_redis.asyncio import ResilientRedisClient


def client_of(server, **options):
    return ResilientRedisClient(host="127.0.0.1", port=server.port, **{"reconnect_max_delay_ms": 50, **options})


async def next_data(pubsub):
    """The data of the next message."""
    while True:
        message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=10)
        if message is not None:
            return message["data"]


async def all_has_come(client):
    """What was published before is there for each PubSub of the client: they have one connection, where this comes last."""
    async with client.pubsub(ignore_subscribe_messages=True) as other:
        await other.subscribe("end")
        await client.publish("end", "")
        while not await other.get_message(timeout=10):
            pass


@each_loop
def test_messages_are_those_of_redis_asyncio(run, server):
    async def talk(client):
        pubsub = client.pubsub()
        await pubsub.subscribe("channel", "other")
        await pubsub.psubscribe("pat*")
        told = [await pubsub.get_message(timeout=10) for _ in range(3)]
        assert pubsub.subscribed
        await client.publish("channel", "one")
        await client.publish("pattern", b"two")
        told += [await pubsub.get_message(timeout=10) for _ in range(2)]
        await pubsub.unsubscribe("other")
        await pubsub.unsubscribe()
        await pubsub.punsubscribe()
        told += [await pubsub.get_message(timeout=10) for _ in range(3)]
        assert not pubsub.subscribed
        assert await pubsub.get_message() is None
        await pubsub.aclose()
        return told

    async def main():
        for decode in (False, True):
            options = {"port": server.port, "decode_responses": decode}
            async with ResilientRedisClient(**options) as ours, redis.asyncio.Redis(**options) as theirs:
                assert await talk(ours) == await talk(theirs)

    run(main)


@each_loop
def test_a_loop_that_looks_for_messages_gives_way_to_other_tasks(run, server):
    async def main():
        async with client_of(server) as client, client.pubsub() as pubsub:
            await pubsub.subscribe("channel")
            told = asyncio.ensure_future(asyncio.sleep(0.1))
            for _ in range(1_000_000):
                await pubsub.get_message()
                if told.done():
                    return
            raise AssertionError("no other task had a turn")

    run(main)


@each_loop
def test_a_descriptor_of_a_subscription_that_ended_is_not_watched_any_more(run, server):
    async def main():
        loop = asyncio.get_running_loop()
        async with client_of(server) as client, client.pubsub() as pubsub:
            await pubsub.subscribe("channel")
            tasks = [asyncio.ensure_future(next_data(pubsub)) for _ in range(3)]
            await until(lambda: len(pubsub._arrivals._waiting) == 3, "they wait")
            before = pubsub._native.fd()
            await pubsub.connection.disconnect()
            await asyncio.sleep(0.05)
            now = pubsub._native.fd()
            assert not loop.remove_reader(before)
            for number in range(3):
                await client.publish("channel", number)
            assert sorted(await asyncio.gather(*tasks)) == [b"0", b"1", b"2"]
            assert not loop.remove_reader(now)

    run(main)


@each_loop
def test_a_ping_is_answered_among_the_messages(run, server):
    async def main():
        for decode, data in ((False, b"hello"), (True, "hello")):
            async with client_of(server, decode_responses=decode) as client, client.pubsub() as pubsub:
                await pubsub.subscribe("channel")
                await pubsub.ping("hello")
                assert (await pubsub.get_message())["type"] == "subscribe"
                assert await pubsub.get_message() == {"type": "pong", "pattern": None, "channel": None, "data": data}

    run(main)


@each_loop
def test_what_is_published_after_subscribing_comes(run, server):
    async def main():
        async with client_of(server) as client, client_of(server) as other:
            for number in range(50):
                async with client.pubsub(ignore_subscribe_messages=True) as pubsub:
                    await pubsub.subscribe(f"channel:{number}")
                    await other.publish(f"channel:{number}", number)
                    assert await next_data(pubsub) == b"%d" % number

    run(main)


@each_loop
def test_what_was_published_before_unsubscribing_comes_before_its_confirmation(run, server):
    handled = []

    async def later(message):
        handled.append(message["data"])

    async def main():
        async with client_of(server) as client, client.pubsub() as pubsub:
            await pubsub.subscribe(a=lambda message: handled.append(message["data"]))
            await pubsub.psubscribe(**{"p*": later})
            await pubsub.subscribe("b")
            assert [(await pubsub.get_message(timeout=10))["data"] for _ in range(3)] == [1, 2, 3]
            for number in range(3):
                await client.publish("a", number)
                await client.publish("pattern", 10 + number)
            await client.publish("b", "last")
            await all_has_come(client)
            await pubsub.unsubscribe("a")
            await pubsub.punsubscribe("p*")
            told = [await pubsub.get_message(timeout=10) for _ in range(9)]
            assert told[:6] == [None] * 6
            assert [message["type"] for message in told[6:]] == ["message", "unsubscribe", "punsubscribe"]
            assert handled == [b"0", b"10", b"1", b"11", b"2", b"12"]
            assert not pubsub.patterns and list(pubsub.channels) == [b"b"]
            # What came before the last name is given up comes to who iterates, too.
            await client.publish("b", "one")
            await all_has_come(client)
            await pubsub.unsubscribe()
            assert [message["data"] async for message in pubsub] == [b"one", 0]

    run(main)


@each_loop
def test_messages_come_in_their_order_to_who_iterates(run, server):
    async def main():
        async with client_of(server) as client:
            pubsub = client.pubsub(ignore_subscribe_messages=True)
            await pubsub.subscribe("channel")

            async def publish():
                for at in range(0, 3000, 100):
                    await asyncio.gather(*(client.publish("channel", number) for number in range(at, at + 100)))

            publishing = asyncio.ensure_future(publish())
            came = []
            async for message in pubsub:
                came.append(int(message["data"]))
                if len(came) == 3000:
                    await pubsub.unsubscribe()
            assert came == list(range(3000))
            await publishing

    run(main)


@each_loop
def test_handlers_may_be_functions_or_coroutine_functions(run, server):
    told = []

    def at_once(message):
        told.append(("function", message["data"]))

    async def later(message):
        await asyncio.sleep(0)
        told.append(("coroutine function", message["data"]))

    async def main():
        async with client_of(server) as client:
            pubsub = client.pubsub()
            running = asyncio.ensure_future(pubsub.run(poll_timeout=10))
            await asyncio.sleep(0)
            await pubsub.subscribe(channel=at_once)  # while a task listens
            await pubsub.psubscribe(**{"pat*": later})
            await client.publish("channel", 1)
            await client.publish("pattern", 2)
            await until(lambda: len(told) == 2, "both were called")
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            assert told == [("function", b"1"), ("coroutine function", b"2")]
            await pubsub.aclose()
            # What a handler raises reaches who runs it, or the function that it gave.
            raised = []
            await pubsub.subscribe(channel=lambda message: 1 / 0)
            running = asyncio.ensure_future(pubsub.run(exception_handler=lambda error, _: raised.append(error)))
            await client.publish("channel", 1)
            await until(lambda: raised, "it was told")
            assert isinstance(raised[0], ZeroDivisionError)
            running.cancel()
            await asyncio.wait({running})
            await pubsub.aclose()
            await pubsub.subscribe("channel")
            with pytest.raises(redis.exceptions.PubSubError):
                await pubsub.run()

    run(main)


@each_loop
def test_a_time_limit_is_kept_and_a_message_in_it_comes_at_once(run, server):
    async def main():
        async with client_of(server) as client:
            loop = asyncio.get_running_loop()
            pubsub = client.pubsub(ignore_subscribe_messages=True)
            with pytest.raises(RuntimeError, match="not subscribed"):
                await pubsub.get_message()
            await pubsub.subscribe("channel")
            assert await pubsub.get_message() is None  # the confirmation
            began = loop.time()
            assert await pubsub.get_message(timeout=0.05) is None
            assert loop.time() - began >= 0.049
            waiting = asyncio.ensure_future(pubsub.get_message(timeout=60))
            await asyncio.sleep(0.01)
            await client.publish("channel", "message")
            assert (await waiting)["data"] == b"message"

    run(main)


@each_loop
def test_a_task_that_is_cancelled_while_it_waits_takes_no_message_along(run, server):
    async def main():
        async with client_of(server) as client:
            pubsub = client.pubsub(ignore_subscribe_messages=True)
            await pubsub.subscribe("channel")
            came = []

            async def listen():
                while len(came) < 300:
                    task = asyncio.ensure_future(pubsub.get_message(timeout=None))
                    done, _ = await asyncio.wait({task}, timeout=0.001)
                    if not done:
                        task.cancel()
                        await asyncio.wait({task})
                    if not task.cancelled() and task.result() is not None:
                        came.append(int(task.result()["data"]))

            listening = asyncio.ensure_future(listen())
            for number in range(300):
                await client.publish("channel", number)
                if number % 7 == 0:
                    await asyncio.sleep(0.002)
            await asyncio.wait_for(listening, 30)
            assert came == list(range(300))

    run(main)


@each_loop
def test_tasks_that_wait_together_each_get_their_messages(run, server):
    async def main():
        async with client_of(server) as client:
            pubsub = client.pubsub(ignore_subscribe_messages=True)
            await pubsub.subscribe("channel")
            assert await pubsub.get_message() is None  # the confirmation
            waiting = [asyncio.ensure_future(pubsub.get_message(timeout=60)) for _ in range(5)]
            await asyncio.sleep(0)
            for number in range(5):
                await client.publish("channel", number)
            assert sorted(int(message["data"]) for message in await asyncio.gather(*waiting)) == list(range(5))

    run(main)


@each_loop
def test_closing_ends_who_waits(run, server):
    async def main():
        async with client_of(server) as client:
            async with client.pubsub() as pubsub:
                await pubsub.subscribe("channel")
                assert (await pubsub.get_message())["type"] == "subscribe"
                waiting = asyncio.ensure_future(pubsub.get_message(timeout=None))
                iterating = asyncio.ensure_future(_all(pubsub))
                await asyncio.sleep(0.01)
            assert await waiting is None and await iterating == []
            assert not pubsub.subscribed
            await pubsub.subscribe("channel")  # it can be used again
            assert (await pubsub.get_message())["data"] == 1
            await pubsub.close()
            await pubsub.reset()

    async def _all(pubsub):
        return [message async for message in pubsub]

    run(main)


@each_loop
def test_a_subscription_comes_back_after_a_restart_and_tells_the_gap(run, outage_server):
    gaps = []

    async def on_gap(gap):
        await asyncio.sleep(0)
        gaps.append(gap)

    async def main():
        async with client_of(outage_server) as client:
            with_function, without = client.pubsub(on_gap=on_gap), client.pubsub(on_gap=gaps.append)
            for pubsub in (with_function, without):
                await pubsub.subscribe("channel")
                await pubsub.psubscribe("pat*")
                assert [(await pubsub.get_message())["data"] for _ in range(2)] == [1, 2]
            waiting = [asyncio.ensure_future(next_data(pubsub)) for pubsub in (with_function, without)]
            await in_thread(outage_server.kill)
            await in_thread(outage_server.start)
            await until(lambda: outage_server.command("PUBSUB", "NUMPAT") == 1, "it is subscribed again")
            await until(lambda: len(gaps) == 2, "the gaps were told")
            await client.publish("channel", "after")
            assert await asyncio.gather(*waiting) == [b"after", b"after"]
            for gap in gaps:
                assert isinstance(gap, Gap) and gap.lost == 0 and gap.down_since < gap.up_at

    run(main)


@each_loop
def test_a_function_for_gaps_may_end_the_subscription(run, server, proxy):
    async def main():
        async def on_gap(gap):
            await pubsub.aclose()

        async with client_of(proxy) as client:
            pubsub = client.pubsub(on_gap=on_gap)
            await pubsub.subscribe("channel")
            assert (await pubsub.get_message(timeout=5))["type"] == "subscribe"
            waiting = asyncio.ensure_future(pubsub.get_message(timeout=None))
            await asyncio.sleep(0)
            await in_thread(proxy.cut)
            assert await waiting is None and not pubsub.subscribed

    run(main)


@each_loop
def test_a_gap_without_a_function_is_a_warning_and_so_is_what_finds_no_room(run, server, proxy, caplog):
    async def main():
        caplog.set_level(logging.WARNING, "resilient_redis")
        async with client_of(proxy) as client, client_of(server) as other:
            pubsub = client.pubsub(ignore_subscribe_messages=True, queue_size=10)
            await pubsub.subscribe("channel")
            assert await pubsub.get_message() is None
            for number in range(300):
                await other.publish("channel", number)
            await other.publish("channel", "last")
            came = []
            while b"last" not in came:
                came.append(await next_data(pubsub))
            lost = [int(number) for number in re.findall(r"(\d+) messages found no room", caplog.text)]
            assert lost and sum(lost) + len(came) == 301
            waiting = asyncio.ensure_future(next_data(pubsub))
            await in_thread(proxy.cut)
            await until(lambda: "a subscription is whole again" in caplog.text, "the gap was told")
            await other.publish("channel", "after")
            assert await waiting == b"after"

    run(main)


@each_loop
def test_subscribing_during_an_outage_holds_nobody_up_and_comes_true(run, outage_server):
    async def main():
        async with client_of(outage_server) as client:
            await client.wait_ready(10)
            await in_thread(outage_server.kill)
            await until(lambda: not client.is_connected(), "the client knows of the outage")
            pubsub = client.pubsub()
            await asyncio.wait_for(pubsub.subscribe("channel"), 4)
            assert await pubsub.get_message(timeout=0.01) is None
            await in_thread(outage_server.start)
            assert (await pubsub.get_message(timeout=20))["type"] == "subscribe"
            await client.publish("channel", "message")
            assert await next_data(pubsub) == b"message"

    run(main)


@each_loop
def test_a_channel_that_the_user_may_not_have_is_an_error_for_who_takes_messages(run, server):
    async def main():
        server.command("ACL", "SETUSER", "guest", "on", ">secret", "+@all", "~*", "resetchannels", "&mine")
        async with client_of(server, username="guest", password="secret") as client:
            pubsub = client.pubsub()
            await pubsub.subscribe("mine")
            assert (await pubsub.get_message(timeout=10))["type"] == "subscribe"
            await pubsub.subscribe("theirs")
            with pytest.raises(redis.exceptions.NoPermissionError):
                await pubsub.get_message(timeout=10)
            server.command("PUBLISH", "mine", "message")
            assert await next_data(pubsub) == b"message"

    run(main)


@each_loop
def test_a_function_for_pushes_is_called_for_messages(run, server):
    told = []

    async def push(response):
        told.append(response)
        return response

    async def main():
        async with client_of(server, protocol=3) as client:
            pubsub = client.pubsub(push_handler_func=push)
            await pubsub.subscribe("channel")
            await client.publish("channel", "message")
            await until(lambda: pubsub.get_message(timeout=0.01), "a message came")
            await until(lambda: len(told) == 2 or pubsub.get_message(timeout=0.01), "both came")
            assert [response[0] for response in told] == [b"subscribe", b"message"]

    run(main)


@each_loop
def test_only_the_commands_of_a_subscription_are_taken(run, server):
    async def main():
        async with client_of(server) as client:
            with pytest.raises(redis.exceptions.PubSubError, match="GET"):
                await client.pubsub().execute_command("GET", "key")

    run(main)
