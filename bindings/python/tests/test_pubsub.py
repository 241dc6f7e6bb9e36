"""Subscriptions: redis-py's behaviour, and what an outage does to them."""

import logging
import select
import threading
import time

import pytest
import redis
from support.waiting import wait_until

from resilient_redis import ClosedError, Gap, ResilientRedisClient


@pytest.fixture
def client(server):
    with ResilientRedisClient(port=server.port) as made:
        yield made


def taken(pubsub, count, **options):
    """The next messages."""
    messages = []
    while len(messages) < count:
        message = pubsub.get_message(timeout=10, **options)
        assert message is not None, f"only {messages} came"
        messages.append(message)
    return messages


def confirmation(kind, name, count):
    return {"type": kind, "pattern": None, "channel": name, "data": count}


def test_names_are_confirmed_with_how_many_there_are(client):
    pubsub = client.pubsub()
    pubsub.subscribe("a", "b")
    pubsub.psubscribe("c.*")
    pubsub.ssubscribe("s")
    assert taken(pubsub, 4) == [
        confirmation("subscribe", b"a", 1),
        confirmation("subscribe", b"b", 2),
        confirmation("psubscribe", b"c.*", 3),
        confirmation("ssubscribe", b"s", 1),
    ]
    pubsub.unsubscribe("a")
    pubsub.punsubscribe()
    pubsub.sunsubscribe()
    pubsub.unsubscribe()
    assert taken(pubsub, 4) == [
        confirmation("unsubscribe", b"a", 2),
        confirmation("punsubscribe", b"c.*", 1),
        confirmation("sunsubscribe", b"s", 0),
        confirmation("unsubscribe", b"b", 0),
    ]
    assert not pubsub.subscribed
    assert pubsub.get_message() is None
    pubsub.close()


def test_unsubscribing_from_nothing_is_confirmed_too(client):
    with client.pubsub() as pubsub:
        pubsub.subscribe("a")
        pubsub.punsubscribe()
        assert taken(pubsub, 2) == [confirmation("subscribe", b"a", 1), confirmation("punsubscribe", None, 1)]
        pubsub.unsubscribe()
        pubsub.unsubscribe()
        assert taken(pubsub, 1) == [confirmation("unsubscribe", b"a", 0)]
        assert not pubsub.subscribed
        with pytest.raises(redis.ResponseError, match="wrong number of arguments for 'subscribe' command"):
            pubsub.subscribe()


def test_what_was_published_before_unsubscribing_comes_before_its_confirmation(client):
    handled = []
    with client.pubsub() as pubsub:
        pubsub.subscribe(a=lambda message: handled.append(message["data"]))
        pubsub.subscribe("b")
        taken(pubsub, 2)
        for number in range(3):
            client.publish("a", number)
        client.publish("b", "last")
        # Both have the same connection: what comes there last has all else before it.
        with client.pubsub(ignore_subscribe_messages=True) as other:
            other.subscribe("end")
            assert wait_until(lambda: client.publish("end", "") and other.get_message(timeout=0.1))
        pubsub.unsubscribe("a")
        assert [pubsub.get_message(timeout=10) for _ in range(3)] == [None] * 3
        assert [message["type"] for message in taken(pubsub, 2)] == ["message", "unsubscribe"]
        assert handled == [b"0", b"1", b"2"]


def test_who_unsubscribes_in_another_thread_ends_listen(client):
    pubsub = client.pubsub()
    pubsub.subscribe("a", "b")
    types = []
    listening = threading.Thread(target=lambda: types.extend(message["type"] for message in pubsub.listen()), daemon=True)
    listening.start()
    wait_until(lambda: len(types) == 2, "all has been taken")
    pubsub.unsubscribe()
    listening.join(5)
    assert not listening.is_alive()
    assert types == ["subscribe", "subscribe", "unsubscribe", "unsubscribe"]
    pubsub.close()


def test_what_is_published_after_a_confirmation_comes(client):
    with client.pubsub(ignore_subscribe_messages=True) as pubsub:
        for number in range(50):
            pubsub.subscribe(f"channel:{number}")
            assert pubsub.get_message(timeout=10) is None  # the confirmation, which is ignored
            assert client.publish(f"channel:{number}", number) == 1
            assert taken(pubsub, 1)[0]["data"] == str(number).encode()


def test_a_message_comes_for_each_match_and_to_its_handler(client):
    handled = []
    with client.pubsub(ignore_subscribe_messages=True) as pubsub:
        pubsub.subscribe("news", **{"sport": handled.append})
        pubsub.psubscribe(**{"n*": handled.append})
        pubsub.ssubscribe("shard")
        assert [pubsub.get_message(timeout=1) for _ in range(4)] == [None] * 4
        client.publish("news", "x")
        client.publish("sport", b"\xff")
        client.spublish("shard", "y")
        messages = [pubsub.get_message(timeout=1) for _ in range(4)]
        assert [message for message in messages if message] == [
            {"type": "message", "pattern": None, "channel": b"news", "data": b"x"},
            {"type": "smessage", "pattern": None, "channel": b"shard", "data": b"y"},
        ]
        assert handled == [
            {"type": "pmessage", "pattern": b"n*", "channel": b"news", "data": b"x"},
            {"type": "message", "pattern": None, "channel": b"sport", "data": b"\xff"},
        ]


def test_replies_are_decoded_as_the_client_says(server):
    with ResilientRedisClient(port=server.port, decode_responses=True) as client, client.pubsub() as pubsub:
        pubsub.subscribe("größe")
        pubsub.ping("hallo")
        assert taken(pubsub, 2) == [
            confirmation("subscribe", "größe", 1),
            {"type": "pong", "pattern": None, "channel": None, "data": "hallo"},
        ]
        client.publish("größe", "ö")
        assert taken(pubsub, 1)[0]["data"] == "ö"


def test_get_message_waits_as_long_as_it_is_told(client):
    with client.pubsub() as pubsub:
        assert pubsub.get_message(timeout=0.01) is None  # nothing is subscribed to
        pubsub.subscribe("channel")
        assert taken(pubsub, 1) == [confirmation("subscribe", b"channel", 1)]
        assert pubsub.get_message() is None
        # In one piece and in several, from a moment anywhere within a millisecond: never too early.
        for timeout in [0.0007, 0.0093, 0.0995, 0.1, 0.1003, 0.2011] * 5:
            began = time.monotonic()
            assert pubsub.get_message(timeout=timeout) is None
            assert time.monotonic() - began >= timeout
        publisher = threading.Thread(target=client.publish, args=("channel", "late"))
        publisher.start()
        assert pubsub.get_message(timeout=None)["data"] == b"late"
        publisher.join()


def test_listen_gives_what_comes_until_nothing_is_subscribed_to(client):
    with client.pubsub() as pubsub:
        pubsub.subscribe("channel")
        came = []
        for message in pubsub.listen():
            came.append(message["type"])
            if message["type"] == "subscribe":
                client.publish("channel", "x")
            elif message["type"] == "message":
                pubsub.unsubscribe("channel")
        assert came == ["subscribe", "message", "unsubscribe"]


def test_a_thread_calls_handlers_until_it_is_stopped(client):
    handled = []
    pubsub = client.pubsub()
    pubsub.subscribe(channel=lambda message: handled.append(message["data"]))
    thread = pubsub.run_in_thread(sleep_time=0.01)
    wait_until(lambda: client.publish("channel", "x") == 1 and handled, "a handler was called")
    thread.stop()
    thread.join(10)
    assert not thread.is_alive() and not pubsub.subscribed
    with pytest.raises(redis.PubSubError, match="no handler"):
        bare = client.pubsub()
        bare.subscribe("channel")
        bare.run_in_thread()


def test_a_handler_that_raises_goes_to_the_exception_handler(client):
    seen = []

    def handler(message):
        raise ValueError(message["data"])

    def on_exception(error, pubsub, thread):
        seen.append(error)
        thread.stop()

    pubsub = client.pubsub()
    pubsub.subscribe(channel=handler)
    thread = pubsub.run_in_thread(sleep_time=0.01, exception_handler=on_exception)
    wait_until(lambda: client.publish("channel", "x") == 1, "it is subscribed")
    thread.join(10)
    assert [type(error) for error in seen] == [ValueError]


def test_a_subscription_comes_back_with_its_handlers_and_tells_the_gap(outage_server):
    with ResilientRedisClient(port=outage_server.port, reconnect_max_delay_ms=20) as client:
        gaps, handled = [], []
        with client.pubsub(on_gap=gaps.append, ignore_subscribe_messages=True) as pubsub:
            pubsub.subscribe("plain", handled=handled.append)
            pubsub.psubscribe("p*")
            wait_until(lambda: pubsub.get_message(timeout=0.01) is None and not pubsub._confirmations, "all is confirmed")
            before = time.time()
            outage_server.kill()
            outage_server.start()
            wait_until(lambda: pubsub.get_message(timeout=0.01) is None and gaps, "the gap is told")
            (gap,) = gaps
            assert isinstance(gap, Gap) and gap.lost == 0
            assert before - 11 <= gap.down_since <= gap.up_at <= time.time() + 1
            assert client.publish("plain", "after") == 2
            assert [message["type"] for message in taken(pubsub, 2)] == ["message", "pmessage"]
            client.publish("handled", "after")
            assert pubsub.get_message(timeout=5) is None and handled[0]["data"] == b"after"


def test_without_a_function_a_gap_is_a_warning(outage_server, caplog):
    caplog.set_level(logging.WARNING, "resilient_redis")
    with ResilientRedisClient(port=outage_server.port, reconnect_max_delay_ms=20) as client, client.pubsub() as pubsub:
        pubsub.subscribe("channel")
        taken(pubsub, 1)
        outage_server.restart()
        wait_until(lambda: pubsub.get_message(timeout=0.01) is None and "whole again" in caplog.text, "the gap is logged")


def test_messages_that_find_no_room_are_counted_in_their_place(client):
    gaps = []
    with client.pubsub(on_gap=gaps.append, queue_size=10) as pubsub:
        pubsub.subscribe("channel")
        taken(pubsub, 1)
        for number in range(100):
            client.publish("channel", number)
        wait_until(lambda: pubsub.get_message(timeout=0.1) is None or gaps, "the gap is told")
        rest = []
        while True:
            message = pubsub.get_message(timeout=0.2)
            if message is None:
                break
            rest.append(int(message["data"]))
        assert rest[-1] == 99 and sum(gap.lost for gap in gaps) + len(rest) <= 100
        assert all(gap.up_at is None for gap in gaps)


def test_a_refused_name_is_the_server_s_error(server):
    server.command("ACL", "SETUSER", "limited", "on", "nopass", "+@all", "~*", "resetchannels", "&allowed")
    with ResilientRedisClient(port=server.port, username="limited", password="x") as client, client.pubsub() as pubsub:
        pubsub.subscribe("forbidden")
        with pytest.raises(redis.exceptions.NoPermissionError):
            pubsub.get_message(timeout=10)
        pubsub.subscribe("allowed")
        client.close()


def test_closing_ends_who_waits_for_a_message(client):
    pubsub = client.pubsub()
    pubsub.subscribe("channel")
    taken(pubsub, 1)
    ended = []

    def wait():
        try:
            ended.append(pubsub.get_message(timeout=None))
        except ClosedError as error:
            ended.append(error)

    for end in (client.close, pubsub.close):
        if not pubsub.subscribed:
            pubsub.subscribe("channel")
            taken(pubsub, 1)
        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.05)  # most often it waits by then; it is right all the same if not
        end()
        waiting.join(10)
        assert not waiting.is_alive()
    assert len(ended) == 2


def test_one_thread_subscribes_while_another_takes_messages(client):
    pubsub = client.pubsub(ignore_subscribe_messages=True)
    pubsub.subscribe("first")
    came, done = [], threading.Event()

    def take():
        while not done.is_set():
            message = pubsub.get_message(timeout=0.05)
            if message:
                came.append(message["channel"])

    taker = threading.Thread(target=take)
    taker.start()
    for number in range(50):
        pubsub.subscribe(f"more:{number}")
    wait_until(lambda: client.publish("more:49", "x") == 1, "the last is subscribed to")
    wait_until(lambda: b"more:49" in came, "its message comes")
    done.set()
    taker.join()
    pubsub.close()


def test_a_monitor_tells_what_the_server_runs(client, server):
    with client.monitor() as monitor:
        client.set("monitored", 'va"lue', ex=5)
        for command in monitor.listen():
            if "monitored" in command["command"]:
                break
        assert command["command"] == 'SET monitored va"lue EX 5'
        assert (command["client_type"], command["db"]) == ("tcp", 0)
        client.eval("return redis.call('get', 'monitored')", 0)
        for command in monitor.listen():
            if command["client_type"] == "lua":
                break
        assert command["command"] == "get monitored"


def test_what_is_published_after_subscribe_has_returned_comes(server):
    for _ in range(30):
        with ResilientRedisClient(port=server.port) as client:
            with client.pubsub(ignore_subscribe_messages=True) as pubsub:
                pubsub.subscribe("a")
                assert client.publish("a", 1) == 1
                pubsub.psubscribe("b*")
                assert client.publish("b", 2) == 1
                taken = [message for message in (pubsub.get_message(timeout=5) for _ in range(4)) if message]
                assert [message["data"] for message in taken] == [b"1", b"2"]


def test_subscribe_does_not_wait_for_a_server_that_is_away(outage_server):
    with ResilientRedisClient(port=outage_server.port, reconnect_max_delay_ms=20) as client:
        client.ping()
        outage_server.kill()
        wait_until(lambda: not client.is_connected(), "the connection is lost")
        with client.pubsub() as pubsub:
            pubsub.subscribe("a")
            assert pubsub.get_message(timeout=0.05) is None
            outage_server.start()
            assert wait_until(lambda: pubsub.get_message(timeout=1), "it is confirmed")["type"] == "subscribe"


def test_a_subscription_has_a_connection_once_it_has_names_which_can_be_waited_for(client):
    pubsub = client.pubsub()
    assert pubsub.connection is None
    with pytest.raises(RuntimeError, match="subscribe"):
        pubsub.parse_response()
    pubsub.subscribe("a")
    connection = pubsub.connection
    assert connection.can_read(timeout=5)  # the confirmation
    assert pubsub.get_message(timeout=5)["type"] == "subscribe"
    assert not connection.can_read(timeout=0)
    client.publish("a", 1)
    assert select.select([connection._sock], [], [], 5)[0] == [connection]
    assert connection.can_read(timeout=5)
    assert pubsub.get_message(timeout=0)["data"] == b"1"
    assert not connection.can_read(timeout=0)
    pubsub.close()
    assert pubsub.connection is None


def test_a_subscription_whose_connection_is_ended_subscribes_anew_to_all_its_names(client):
    with client.pubsub() as pubsub:
        pubsub.subscribe("a", "b")
        pubsub.psubscribe("p*")
        assert [pubsub.get_message(timeout=5)["data"] for _ in range(3)] == [1, 2, 3]
        pubsub.connection.disconnect()
        again = [pubsub.get_message(timeout=5) for _ in range(3)]
        assert {message["channel"] for message in again} == {b"a", b"b", b"p*"}
        assert [message["data"] for message in again] == [1, 2, 3]
        assert client.publish("a", "x") == 1
        assert pubsub.get_message(timeout=5)["data"] == b"x"


def test_what_is_pushed_goes_through_the_program_s_function_in_resp3_only(server):
    for protocol in (3, 2):
        with ResilientRedisClient(port=server.port, protocol=protocol, decode_responses=True) as client:
            pushed = []
            with client.pubsub(push_handler_func=lambda response: pushed.append(response) or response) as pubsub:
                pubsub.subscribe("a")
                client.publish("a", "x")
                assert pubsub.parse_response() == ["subscribe", "a", 1]
                assert pubsub.get_message(timeout=5) == {"type": "message", "pattern": None, "channel": "a", "data": "x"}
            assert pushed == ([["subscribe", "a", 1], ["message", "a", "x"]] if protocol == 3 else [])
