"""Commands through outages: kills, cuts, silence. What is told is what the server holds."""

import logging
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import redis
from support.waiting import wait_until

from resilient_redis import (
    BUFFERED,
    BufferedReplyError,
    BufferFullError,
    CommandTimeoutError,
    GaveUpError,
    Outcome,
    ResilientRedisClient,
    State,
    UnavailableError,
)

EXAMPLES = Path(__file__).parent.parent / "examples"


def client_of(server, **options):
    client = ResilientRedisClient(host="127.0.0.1", port=server.port, **{"reconnect_max_delay_ms": 50, **options})
    if getattr(server, "is_running", lambda: True)():
        client.wait_ready(10)
    return client


def until_ready(client):
    wait_until(lambda: client.get_state() is State.READY, "commands flow")


def until_lost(client):
    wait_until(lambda: client.get_state() is State.RECONNECTING, "the client knows of the outage")


def test_a_write_during_an_outage_is_buffered_and_applied_after_it(outage_server):
    with client_of(outage_server, outage_grace_ms=0) as client:
        assert client.set("before", 1) is True
        outage_server.kill()
        until_lost(client)
        assert client.set("during", 2) is BUFFERED
        assert client.incr("counter") is BUFFERED
        assert client.get_buffer_size() == 2
        outage_server.start()
        client.flush(10)
        assert client.get_buffer_size() == 0
        assert client.mget("before", "during", "counter") == [b"1", b"2", b"1"]


def test_a_buffered_write_cannot_be_taken_for_a_reply(outage_server):
    with client_of(outage_server, outage_grace_ms=0) as client:
        until_ready_then_kill(client, outage_server)
        answer = client.incr("n")
        assert answer is BUFFERED and repr(answer) == "BUFFERED"
        with pytest.raises(BufferedReplyError, match="was buffered during an outage"):
            bool(answer)
        for misuse in (lambda: answer + 1, lambda: int(answer), lambda: len(answer), lambda: answer > 0, lambda: answer[0]):
            with pytest.raises(TypeError):
                misuse()
        assert answer not in (True, False, None, 0, 1, b"OK", "OK")
        outage_server.start()


def until_ready_then_kill(client, server):
    client.ping()
    server.kill()
    until_lost(client)


def test_an_outage_shorter_than_the_grace_is_invisible(outage_server, start_proxy):
    proxy = start_proxy(outage_server)
    with client_of(proxy, outage_grace_ms=4000, socket_timeout=10) as client:
        client.set("n", 0)
        for number in range(1, 6):
            proxy.cut()
            assert client.incr("n") == number


def test_a_read_waits_for_the_end_of_the_outage(outage_server):
    with client_of(outage_server, socket_timeout=20) as client:
        client.set("key", "value")
        outage_server.kill()
        until_lost(client)
        found = []
        reader = threading.Thread(target=lambda: found.append(client.get("key")))
        reader.start()
        outage_server.start()
        reader.join()
        assert found == [b"value"]


def test_a_read_that_waits_in_vain_says_that_it_was_not_applied(outage_server):
    with client_of(outage_server, socket_timeout=0.3) as client:
        until_ready_then_kill(client, outage_server)
        with pytest.raises(redis.TimeoutError) as failure:
            client.get("key")
        assert isinstance(failure.value, CommandTimeoutError)
        assert failure.value.outcome is Outcome.NOT_APPLIED
        assert f":{outage_server.port}" in str(failure.value) and "refused" in str(failure.value), "it says why"


def test_reads_fail_at_once_when_told_so(outage_server):
    with client_of(outage_server, reads_during_outage="fail") as client:
        until_ready_then_kill(client, outage_server)
        with pytest.raises(UnavailableError) as failure:
            client.get("key")
        assert isinstance(failure.value, redis.ConnectionError)
        assert failure.value.outcome is Outcome.NOT_APPLIED and failure.value.retryable


def test_a_full_buffer_refuses_what_was_not_applied(outage_server):
    with client_of(outage_server, outage_grace_ms=0, buffer_max_commands=2) as client:
        until_ready_then_kill(client, outage_server)
        assert [client.set("a", 1), client.set("b", 2)] == [BUFFERED, BUFFERED]
        with pytest.raises(BufferFullError) as failure:
            client.set("c", 3)
        assert isinstance(failure.value, redis.ConnectionError)
        assert failure.value.outcome is Outcome.NOT_APPLIED
        outage_server.start()
        client.flush(10)
        assert client.mget("a", "b", "c") == [b"1", b"2", None]


def test_a_full_buffer_that_drops_the_oldest_warns_and_lists_it(outage_server, caplog):
    caplog.set_level(logging.WARNING, "resilient_redis")
    with client_of(outage_server, outage_grace_ms=0, buffer_max_commands=2, buffer_overflow="drop_oldest") as client:
        until_ready_then_kill(client, outage_server)
        for name in "abc":
            assert client.set(name, name) is BUFFERED
        assert "the buffer is full: the 1 oldest buffered commands were dropped" in caplog.text
        (failed,) = client.get_failed_commands()
        assert (failed.method_name, failed.args) == ("set", (b"a", b"a"))
        assert isinstance(failed.exception, redis.ConnectionError)
        outage_server.start()
        client.flush(10)
        assert client.mget("a", "b", "c") == [None, b"b", b"c"]
        failed.retry()
        client.flush(10)
        assert client.get("a") == b"a" and client.get_failed_commands() == []


def test_a_buffered_write_that_the_server_refuses_is_listed(outage_server):
    with client_of(outage_server, outage_grace_ms=0) as client:
        client.set("text", "no list")
        until_ready_then_kill(client, outage_server)
        assert client.rpush("text", "x", 5) is BUFFERED
        assert client.delete("other") is BUFFERED
        with client.pipeline() as pipe:
            assert pipe.set("p", 1).rpush("text", "y").execute() == [BUFFERED, BUFFERED]
        outage_server.start()
        client.flush(10)
        wait_until(lambda: len(client.get_failed_commands()) == 2, "both are listed")
        one, pipeline = client.get_failed_commands()
        assert (one.method_name, one.args) == ("rpush", (b"text", b"x", b"5"))
        assert isinstance(one.exception, redis.ResponseError) and "WRONGTYPE" in str(one.exception)
        assert one.id < pipeline.id
        one.discard()
        pipeline.discard()
        assert client.get_failed_commands() == []


def test_without_a_buffer_writes_wait(outage_server):
    with client_of(outage_server, buffer_commands=False, socket_timeout=0.3) as client:
        until_ready_then_kill(client, outage_server)
        with pytest.raises(redis.TimeoutError) as failure:
            client.set("key", 1)
        assert failure.value.outcome is Outcome.NOT_APPLIED


def test_using_has_single_calls_wait_instead_of_being_buffered(outage_server):
    with client_of(outage_server, outage_grace_ms=0) as client:
        until_ready_then_kill(client, outage_server)
        patient = client.using(buffer=False, timeout=0.2)
        with pytest.raises(redis.TimeoutError):
            patient.set("key", 1)
        with patient.pipeline() as pipe, pytest.raises(redis.TimeoutError):
            pipe.set("key", 1).execute()
        assert client.set("key", 2) is BUFFERED
        outage_server.start()


def test_a_client_that_gave_up_says_so_and_comes_back(outage_server):
    with client_of(outage_server, reconnect_tries=1, reconnect_interval_seconds=0.2) as client:
        until_ready_then_kill(client, outage_server)
        wait_until(lambda: client.get_state() is State.GAVE_UP, "it gave up")
        with pytest.raises(GaveUpError) as failure:
            client.set("key", 1)
        assert isinstance(failure.value, redis.ConnectionError)
        assert failure.value.outcome is Outcome.NOT_APPLIED
        outage_server.start()
        client.reconnect()
        until_ready(client)
        assert client.set("key", 2) is True


def test_a_server_that_is_absent_at_the_start_is_an_outage_like_any_other(outage_server):
    outage_server.kill()
    with client_of(outage_server, outage_grace_ms=0) as client:
        assert client.set("key", 1) is BUFFERED
        outage_server.start()
        assert client.get("key") == b"1"


def test_at_most_once_tells_what_may_have_run(outage_server):
    with client_of(outage_server, delivery="at_most_once", socket_timeout=10) as client:
        client.set("n", 0)
        outage_server.pause()
        failures = []

        def increase():
            try:
                client.incr("n")
            except redis.ConnectionError as error:
                failures.append(error)

        writer = threading.Thread(target=increase)
        writer.start()
        wait_until(lambda: client.get_stats()["in_flight_now"] == 1, "it was written")
        outage_server.resume()
        outage_server.kill()
        writer.join()
        if failures:
            assert failures[0].outcome is Outcome.UNKNOWN
        outage_server.start()
        assert client.get("n") in (b"0", b"1") if failures else client.get("n") == b"1"


def test_no_accepted_write_of_any_thread_is_lost_through_kills(outage_server):
    client = client_of(outage_server, buffer_max_commands=100_000)
    client.ping()
    told = [[] for _ in range(4)]
    done = threading.Event()

    def write(number):
        at = 0
        while not done.is_set() and at < 50_000:
            answer = client.rpush(f"list:{number}", at)
            told[number].append(answer)
            at += 1
            if answer is BUFFERED:
                time.sleep(0.001)  # not to fill the buffer while the server starts

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    for _ in range(3):
        before = client.get_stats()["replies"]
        wait_until(lambda before=before: client.get_stats()["replies"] > before + 200, "writes flow")
        outage_server.kill()
        wait_until(lambda: client.get_buffer_size() > 20, "writes are buffered")
        outage_server.start()
        until_ready(client)
    done.set()
    for writer in writers:
        writer.join()
    client.flush(30)
    assert BUFFERED in [answer for answers in told for answer in answers if answer is BUFFERED]
    for number in range(4):
        # Sent again where the reply was lost, so that one may be there twice; in order and without a hole it is.
        there = [int(value) for value in client.lrange(f"list:{number}", 0, -1)]
        first_of = {}
        for place, value in enumerate(there):
            first_of.setdefault(value, place)
        assert sorted(first_of) == list(range(len(told[number])))
        assert [value for value, _ in sorted(first_of.items(), key=lambda item: item[1])] == sorted(first_of)
    client.close()


def test_pipelines_are_buffered_and_applied_as_a_unit(outage_server):
    with client_of(outage_server, outage_grace_ms=0) as client:
        until_ready_then_kill(client, outage_server)
        for atomic in (True, False):
            with client.pipeline(transaction=atomic) as pipe:
                assert pipe.incr("n").incr("n").execute() == [BUFFERED, BUFFERED]
        outage_server.start()
        client.flush(10)
        assert client.get("n") == b"4"


def test_a_watch_that_is_lost_is_a_watch_error(outage_server, start_proxy):
    proxy = start_proxy(outage_server)
    with client_of(proxy) as client, client.pipeline() as pipe:
        client.set("n", 1)
        pipe.watch("n")
        proxy.cut()
        pipe.multi()
        pipe.incr("n")
        with pytest.raises(redis.WatchError) as failure:
            pipe.execute()
        assert failure.value.outcome is Outcome.NOT_APPLIED
        assert client.get("n") == b"1"


def test_the_program_of_the_documentation_runs_through_an_outage(outage_server):
    program = subprocess.Popen(
        [sys.executable, str(EXAMPLES / "transfer.py"), outage_server.url, "3"], stdout=subprocess.PIPE, text=True
    )
    try:
        wait_until(lambda: outage_server.command("EXISTS", "key:200") == 1, "it writes")
        outage_server.kill()
        outage_server.start()
        output, _ = program.communicate(timeout=60)
    finally:
        program.kill()
    assert program.returncode == 0
    assert "greeting: b'hello'" in output
    assert "pipeline: [True, True, 1]" in output
    assert "buffer: 0" in output
    assert "accounts: 70 30" in output
    assert outage_server.command("DBSIZE") == 1000 + 6
