"""Pipelines and transactions: redis-py's behaviour, over one crossing."""

import threading

import pytest
import redis
from support.proxy import TO_CLIENT
from support.waiting import wait_until

from resilient_redis import CommandTimeoutError, ConnectionLostError, InvalidArgumentError, Outcome, ResilientRedisClient

BOTH = pytest.mark.parametrize("transaction", [True, False])


@pytest.fixture
def client(server):
    with ResilientRedisClient(port=server.port) as made:
        yield made


@BOTH
def test_responses_come_in_order_as_the_methods_give_them(client, transaction):
    pipe = client.pipeline(transaction=transaction)
    assert len(pipe) == 0 and bool(pipe)
    queued = pipe.set("a", 1).incr("a").hset("h", mapping={"f": "v"}).hgetall("h").get("none").zadd("z", {"m": 1.5})
    assert queued is pipe and len(pipe) == 6
    pipe.zrange("z", 0, -1, withscores=True).mget([]).execute_command("get", "a")
    assert pipe.execute() == [True, 2, 1, {b"f": b"v"}, None, 1, [(b"m", 1.5)], [], b"2"]
    assert len(pipe) == 0 and pipe.execute() == []


@BOTH
def test_a_failing_command_is_raised_with_its_number_or_stands_in_its_place(client, transaction):
    client.set("text", "x")
    pipe = client.pipeline(transaction=transaction).set("a", 1).lpush("text", 1).set("b", 2)
    with pytest.raises(redis.ResponseError, match=r"Command # 2 \(LPUSH text 1\) of pipeline caused error: WRONGTYPE") as failure:
        pipe.execute()
    assert failure.value.outcome is Outcome.NOT_APPLIED
    assert client.mget("a", "b") == [b"1", b"2"]
    responses = pipe.set("a", 3).lpush("text", 1).get("a").execute(raise_on_error=False)
    assert responses[0] is True and isinstance(responses[1], redis.ResponseError) and responses[2] == b"3"
    # Only what is raised has to say which it was.
    assert str(responses[1]).startswith("WRONGTYPE") and responses[1].outcome is Outcome.NOT_APPLIED


def test_a_command_that_is_refused_when_it_is_queued_aborts_a_transaction(client, server):
    pipe = client.pipeline()
    for _ in range(2):
        for raise_on_error in (True, False):
            pipe.mget([]).set("a", 1).execute_command("NOSUCH", "x")
            with pytest.raises(redis.ResponseError, match=r"Command # 3 \(NOSUCH x\) of pipeline.*unknown command") as failure:
                pipe.execute(raise_on_error)
            assert type(failure.value) is redis.ResponseError
            assert isinstance(failure.value.__cause__, redis.exceptions.ExecAbortError)
            assert failure.value.outcome is Outcome.NOT_APPLIED
            assert server.command("EXISTS", "a") == 0
            pipe.watch("b")
            pipe.multi()


def test_a_pipeline_of_redis_py_s_over_the_pool_tells_which_command_was_refused(client):
    pipe = redis.client.Pipeline(client.connection_pool, client.response_callbacks, True, None)
    pipe.set("a", 1).execute_command("NOSUCH", "x")
    with pytest.raises(redis.ResponseError, match=r"Command # 2 \(NOSUCH x\) of pipeline.*unknown command"):
        pipe.execute()
    assert pipe.set("a", 1).get("a").execute() == [True, b"1"]
    with client.client() as alone:
        assert alone.execute_command("MULTI") == b"OK"
        assert alone.execute_command("NOSUCH") == b"QUEUED"
        with pytest.raises(redis.exceptions.ExecAbortError):
            alone.execute_command("EXEC")


@BOTH
def test_a_callback_that_refuses_a_reply_stands_in_its_place(client, transaction):
    def refuse(reply):
        raise redis.ResponseError(f"no {reply}")

    client.set_response_callback("TTL", refuse)
    pipe = client.pipeline(transaction=transaction)
    responses = pipe.ttl("a").set("a", 1).execute(raise_on_error=False)
    assert str(responses[0]) == "no -2" and responses[1] is True
    with pytest.raises(redis.ResponseError, match=r"Command # 2 \(TTL a\) of pipeline caused error: no -1"):
        pipe.set("a", 1).ttl("a").execute()


def test_replies_that_are_never_decoded_stay_bytes_in_a_watch_too(server):
    with ResilientRedisClient(port=server.port, decode_responses=True) as client:
        client.set("a", "\u00e9")
        dumped = client.dump("a")
        for begin in (lambda pipe: None, lambda pipe: pipe.watch("a") and pipe.multi()):
            pipe = client.pipeline()
            begin(pipe)
            assert pipe.dump("a").get("a").dump("none").execute() == [dumped, "\u00e9", None]


def test_a_pipeline_is_issued_again_as_the_program_s_retry_says(outage_server):
    retry = redis.retry.Retry(redis.backoff.NoBackoff(), 3)
    with ResilientRedisClient(port=outage_server.port, socket_timeout=0.2, retry=retry) as client:
        client.ping()
        outage_server.kill()
        tried = []
        pipe = client.pipeline().get("a")
        execute = pipe._execute
        pipe._execute = lambda *args: tried.append(args) or execute(*args)
        with pytest.raises(redis.ConnectionError):
            pipe.execute()
        assert len(tried) == 4


@pytest.mark.parametrize("transaction", [False, True])
@pytest.mark.parametrize("delivery, runs", [("at_most_once", b"1"), ("at_least_once", b"3")])
def test_a_pipeline_with_a_refused_command_is_issued_again_only_where_it_may_run_twice(server, transaction, delivery, runs):
    retry = redis.retry.Retry(redis.backoff.NoBackoff(), 2, supported_errors=(redis.ResponseError,))
    with ResilientRedisClient(port=server.port, retry=retry, delivery=delivery) as client:
        client.set("text", "a")
        client.delete("n")
        with pytest.raises(redis.ResponseError, match="not an integer"):
            client.pipeline(transaction).incr("n").incr("text").execute()
        assert client.get("n") == runs


def test_a_thousand_commands_and_a_large_value_go_in_one_piece(client):
    pipe = client.pipeline(transaction=False)
    for number in range(1000):
        pipe.set(f"key:{number}", b"x" * (1 if number else 5_000_000))
    assert pipe.execute() == [True] * 1000
    assert client.pipeline().strlen("key:0").dbsize().execute() == [5_000_000, 1000]


def test_a_watched_key_that_was_changed_is_a_watch_error(client, server):
    client.set("n", 1)
    with client.pipeline() as pipe:
        assert pipe.watch("n") is True
        assert pipe.get("n") == b"1"
        server.command("SET", "n", 5)
        pipe.multi()
        pipe.incr("n")
        with pytest.raises(redis.WatchError, match=r"^Watched variable changed\.$"):
            pipe.execute()
        pipe.watch("n")
        value = int(pipe.get("n"))
        pipe.multi()
        assert pipe.set("n", value + 1).get("n").execute() == [True, b"6"]
        # What was watched is not any more.
        assert pipe.set("n", 9).execute() == [True]


def test_what_is_wrong_in_a_watch_is_an_error_as_with_redis_py(client):
    pipe = client.pipeline()
    pipe.set("a", 1)
    with pytest.raises(redis.RedisError, match="without an initial WATCH"):
        pipe.multi()
    pipe.reset()
    pipe.multi()
    with pytest.raises(redis.RedisError, match="nested"):
        pipe.multi()
    with pytest.raises(redis.RedisError, match="WATCH after a MULTI"):
        pipe.watch("a")
    pipe.reset()
    assert pipe.watch("a") is True and pipe.watching
    with pytest.raises(redis.ResponseError, match="DISCARD without MULTI"):
        pipe.discard()
    with pytest.raises(redis.ResponseError, match="wrong number of arguments for 'watch'"):
        pipe.watch()
    assert pipe.watching
    assert pipe.unwatch() is True and not pipe.watching
    assert pipe.unwatch() is True


def test_a_watch_without_commands_says_whether_something_was_changed(client, server):
    with client.pipeline() as pipe:
        pipe.watch("n")
        assert pipe.execute() == []
        pipe.watch("n")
        server.command("SET", "n", 1)
        with pytest.raises(redis.WatchError):
            pipe.execute()


def test_a_transaction_is_tried_again_until_its_reads_held(client, server):
    client.set("n", 1)
    seen = []

    def change(pipe):
        seen.append(int(pipe.get("n")))
        if len(seen) == 1:
            server.command("SET", "n", 10)
        pipe.multi()
        pipe.set("n", seen[-1] * 2)
        return "value"

    assert client.transaction(change, "n") == [True]
    assert seen == [1, 10] and client.get("n") == b"20"
    assert client.transaction(change, "n", value_from_callable=True) == "value"


def test_threads_move_money_and_none_comes_or_goes(client):
    accounts = [f"account:{number}" for number in range(3)]
    for account in accounts:
        client.set(account, 100)

    def move(seed):
        for step in range(40):
            source, target = accounts[(seed + step) % 3], accounts[(seed + step * 2 + 1) % 3]
            if source == target:
                continue

            def transfer(pipe, source=source, target=target):
                if int(pipe.get(source)) < 7:
                    return
                pipe.multi()
                pipe.decrby(source, 7).incrby(target, 7)

            client.transaction(transfer, source, target)

    movers = [threading.Thread(target=move, args=(seed,)) for seed in range(4)]
    for mover in movers:
        mover.start()
    for mover in movers:
        mover.join()
    assert sum(int(value) for value in client.mget(accounts)) == 300


def test_multi_exec_takes_names_and_arguments(client):
    commands = [("set", ("k", 1)), ("incr", ["k"]), ("set", ("x", 1), {"ex": 10}), ("OBJECT ENCODING", ("k",)), ("dbsize",)]
    assert client.multi_exec(commands) == [True, 2, True, b"int", 2]
    for wrong in ("set", ("set", "kv"), (1, ()), ("set", (), (), ()), ()):
        with pytest.raises(InvalidArgumentError, match="multi_exec"):
            client.multi_exec([wrong])


def test_scripts_run_alone_and_in_pipelines_whether_or_not_they_are_known(client, server):
    script = client.register_script("redis.call('set', KEYS[1], ARGV[1]) return redis.call('get', KEYS[1])")
    assert script(keys=["k"], args=[5]) == b"5"
    server.command("SCRIPT", "FLUSH")
    assert script(keys=["k"], args=["x"]) == b"x"
    for transaction in (True, False):
        server.command("SCRIPT", "FLUSH")
        pipe = client.pipeline(transaction=transaction)
        script(keys=["k"], args=["y"], client=pipe)
        assert pipe.get("k").execute() == [b"y", b"y"]
    with pytest.raises(redis.exceptions.NoScriptError):
        client.evalsha("0" * 40, 0)
    failing = client.register_script("return redis.call('nosuch')")
    with pytest.raises(redis.ResponseError) as failure:
        failing()
    assert failure.value.outcome is Outcome.UNKNOWN


def test_a_lock_is_held_by_one_and_never_buffered(outage_server):
    with ResilientRedisClient(port=outage_server.port, outage_grace_ms=0, socket_timeout=0.5, reconnect_max_delay_ms=20) as client:
        client.wait_ready(10)
        with client.lock("lock", timeout=30) as lock:
            assert lock.owned() and lock.locked()
            assert client.lock("lock").acquire(blocking=False) is False
            assert lock.extend(10) is True and lock.reacquire() is True
        assert not client.lock("lock").locked()
        outage_server.kill()
        wait_until(lambda: not client.is_connected(), "the outage is noticed")
        with pytest.raises(redis.TimeoutError):
            client.lock("lock").acquire(blocking=False)
        outage_server.start()
        client.flush(10)
        assert outage_server.command("EXISTS", "lock") == 0


def test_a_pipeline_that_is_lost_half_way_tells_what_came(server, start_proxy):
    server.command("SET", "big", "x" * 200_000)
    proxy = start_proxy(server)
    with ResilientRedisClient(port=proxy.port, delivery="at_most_once", socket_timeout=5) as client:
        client.wait_ready(10)
        proxy.cut_after(250_000, TO_CLIENT)
        pipe = client.pipeline(transaction=False)
        for number in range(3):
            pipe.get("big").incr(f"n:{number}")
        with pytest.raises((ConnectionLostError, CommandTimeoutError)) as failure:
            pipe.execute()
        responses = failure.value.responses
        assert len(responses) == 6 and responses[0] == b"x" * 200_000 and responses[1] == 1
        assert any(isinstance(response, redis.RedisError) for response in responses)
        assert all(response.outcome in (Outcome.UNKNOWN, Outcome.NOT_APPLIED) for response in responses if isinstance(response, Exception))
