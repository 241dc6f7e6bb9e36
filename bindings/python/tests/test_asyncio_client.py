"""What redis.asyncio's client does, this one does, too: replies, callbacks, errors, settings."""

import asyncio
import inspect
import time
import warnings

import pytest
import redis
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from support.loops import each_loop, in_thread, until

import resilient_redis
from resilient_redis import BUFFERED, ConfigurationError, Outcome, UnsupportedError, outcome_of
from resilient_redis.asyncio import ResilientRedisClient
from resilient_redis.settings import constructor_signature


def client_of(server, **options):
    return ResilientRedisClient(host="127.0.0.1", port=server.port, **options)


@each_loop
def test_what_a_signal_raises_while_a_failure_is_made_is_of_that_command_alone(run, server, monkeypatch):
    made = []

    def interrupted(text, outcome=0):
        made.append(text)
        if len(made) == 3:
            raise InterruptedError("as a signal's handler does")
        return server_error(text, outcome)

    async def main():
        async with client_of(server) as client:
            await client.set("text", "text")
            monkeypatch.setattr("resilient_redis.errors.server_error", interrupted)
            failures = await asyncio.gather(*(client.incr("text") for _ in range(20)), return_exceptions=True)
            assert [type(failure) for failure in failures].count(redis.ResponseError) == 19
            assert [type(failure) for failure in failures].count(InterruptedError) == 1

    server_error = resilient_redis.errors.server_error
    run(main, within=10)


@each_loop
def test_replies_are_those_of_redis_asyncio(run, server):
    async def ask(client):
        await client.flushall()
        return [
            await client.set("key", "välue"),
            await client.set("key", "other", nx=True),
            await client.get("key"),
            await client.get("nothing"),
            await client.incrbyfloat("float", 1.5),
            await client.rpush("list", *range(5)),
            await client.lrange("list", 1, 3),
            await client.sadd("set", "a", "b"),
            sorted(await client.smembers("set")),
            await client.hset("hash", mapping={"a": 1, "b": 2}),
            await client.hgetall("hash"),
            await client.zadd("sorted", {"a": 1, "b": 2.5}),
            await client.zrange("sorted", 0, -1, withscores=True),
            await client.expire("key", 100),
            await client.ttl("key"),
            (await client.config_get("maxmemory*"))["maxmemory"],
            (await client.info("server"))["redis_version"],
            await client.xadd("stream", {"a": 1}, id="1-1"),
            await client.xrange("stream"),
            await client.xread({"stream": 0}, count=1),
            await client.execute_command("set", "lower", "case"),
            await client.client_setname("name"),
            await client.client_getname(),
            await client.object("encoding", "list"),
            await client.script_exists("0" * 40),
            [name async for name in client.scan_iter("k*")],
            await client.sort("list", desc=True),
            await client.delete("key", "list"),
        ]

    async def main():
        for decode in (False, True):
            options = {"decode_responses": decode}
            async with client_of(server, **options) as ours, redis.asyncio.Redis(port=server.port, **options) as theirs:
                assert await ask(ours) == await ask(theirs)

    run(main)


@each_loop
def test_many_tasks_share_one_connection(run, server):
    async def main():
        async with client_of(server, outage_grace_ms=4000) as client:
            assert await asyncio.gather(*(client.incr("n") for _ in range(2000))) == list(range(1, 2001))
            assert len(await client.client_list(_type="normal")) == 1
            # It returns coroutines, as redis-py does.
            assert await asyncio.create_task(client.get("n")) == b"2000"

    run(main)


@each_loop
def test_errors_are_those_of_redis_py_and_say_what_became_of_the_command(run, server):
    async def main():
        async with client_of(server) as client:
            await client.set("text", "value")
            with pytest.raises(redis.ResponseError, match="WRONGTYPE") as failure:
                await client.lpush("text", 1)
            assert failure.value.outcome is Outcome.NOT_APPLIED
            with pytest.raises(redis.exceptions.NoScriptError):
                await client.evalsha("0" * 40, 0)
            with pytest.raises(redis.DataError):
                await client.set("key", object())
            with pytest.raises(UnsupportedError, match="pubsub|rr_subscri"):
                await client.execute_command("SUBSCRIBE", "channel")
            with pytest.raises(UnsupportedError, match="HIMPORT"):
                await client.execute_command("HIMPORT PREPARE", "fields", "a")
            assert outcome_of(ValueError()) is Outcome.NONE
            assert await client.get("text") == b"value"

    run(main)


@each_loop
def test_an_aborted_transaction_names_the_command_that_was_refused(run, server):
    async def execute():
        async with client_of(server) as client:
            with pytest.raises(redis.ResponseError, match=r"Command # 2 \(NOSUCH x\) of pipeline") as refusal:
                await client.pipeline().set("key", 1).execute_command("NOSUCH", "x").execute()
            assert outcome_of(refusal.value) is Outcome.NOT_APPLIED
            assert await client.exists("key") == 0

    run(execute)


@each_loop
def test_commands_that_change_the_connection_hold_for_all_tasks_and_after_an_outage(run, outage_server, start_proxy):
    async def main():
        proxy = start_proxy(outage_server)
        async with client_of(proxy) as client:
            assert await client.select(3) is True
            assert await client.client_setname("mine") is True
            assert await asyncio.gather(*(client.set(f"key:{n}", n) for n in range(10))) == [True] * 10
            await in_thread(proxy.cut)
            assert await client.client_getname() in ("mine", b"mine")
            assert outage_server.command("DBSIZE") == 0 and await client.dbsize() == 10
            assert await asyncio.gather(*(client.select(3) for _ in range(50))) == [True] * 50
            with pytest.raises(redis.ResponseError):
                await client.select(99)

    run(main)


@each_loop
def test_replies_are_decoded_as_the_settings_say_and_binary_ones_are_not(run, server):
    async def main():
        async with client_of(server, decode_responses=True) as client:
            await client.set("key", "välue")
            dump = await client.dump("key")
            assert isinstance(dump, bytes)
            await client.restore("copy", 0, dump)
            assert await client.get("copy") == "välue"
            async with client.pipeline() as pipe:
                assert await pipe.get("key").dump("key").hset("h", "a", 1).hgetall("h").execute() == ["välue", dump, 1, {"a": "1"}]
            server.command("SET", "key", b"\xff")
            with pytest.raises(UnicodeDecodeError):
                await client.get("key")
            assert await client.get("copy") == "välue"
        async with client_of(server, decode_responses=True, encoding="latin-1") as client:
            await client.set("key", "välue")
            assert server.command("GET", "key") == "välue".encode("latin-1") and await client.get("key") == "välue"

    run(main)


@each_loop
def test_response_callbacks_may_be_functions_or_coroutine_functions(run, server):
    async def later(response, **options):
        await asyncio.sleep(0)
        return [response]

    async def main():
        async with client_of(server) as client:
            client.set_response_callback("GET", later)
            await client.set("key", "value")
            assert await client.get("key") == [b"value"]
            assert await client.pipeline().get("key").execute() == [[b"value"]]
            async with client.pipeline() as pipe:
                await pipe.watch("key")
                assert await pipe.get("key") == [b"value"]

    run(main)


@each_loop
def test_a_subclass_may_take_replies_apart_itself(run, server):
    class Loud(ResilientRedisClient):
        async def parse_response(self, connection, command_name, **options):
            response = await super().parse_response(connection, command_name, **options)
            return response.upper() if command_name == "GET" else response

    async def main():
        async with Loud(port=server.port) as client:
            assert await client.set("key", "value") is True
            assert await client.get("key") == b"VALUE"

    run(main)


@each_loop
def test_a_client_comes_from_a_url_a_pool_or_another_client(run, server):
    async def main():
        async with ResilientRedisClient.from_url(f"{server.url}?buffer_max_commands=7", client_name="url") as client:
            assert await client.client_getname() in ("url", b"url")
            assert client._engine.settings.options["buffer_max_commands"] == "7"
            assert client.get_connection_kwargs()["port"] == server.port
        pool = redis.asyncio.ConnectionPool.from_url(server.url, client_name="pool")
        first, second = ResilientRedisClient(connection_pool=pool), ResilientRedisClient(connection_pool=pool)
        assert first._engine is second._engine
        assert await first.client_id() == await second.client_id()
        await first.aclose()  # whose pool was handed in: it is not closed
        assert first.is_connected()
        owner = ResilientRedisClient.from_pool(pool)
        assert await owner.client_getname() in ("pool", b"pool")
        await owner.aclose()
        assert not first.is_connected()
        facade = second.connection_pool
        assert await ResilientRedisClient(connection_pool=facade).ping() is True
        await facade.disconnect()
        assert not second.is_connected()

    run(main)


def test_settings_that_cannot_be_honoured_are_refused():
    with pytest.raises(ConfigurationError, match="buffer_commands='perhaps'"):
        ResilientRedisClient(buffer_commands="perhaps")
    with pytest.raises(ConfigurationError, match="redis_connect_func"):
        ResilientRedisClient(redis_connect_func=print)
    with pytest.raises(TypeError, match="wrong"):
        ResilientRedisClient(wrong=1)
    with pytest.raises(TypeError):
        ResilientRedisClient("127.0.0.1")
    with pytest.raises(ConfigurationError, match="takes a pool of redis.asyncio"):
        ResilientRedisClient(connection_pool=redis.ConnectionPool())
    assert list(inspect.signature(ResilientRedisClient).parameters) == list(constructor_signature(True).parameters)


@each_loop
def test_a_client_is_awaited_entered_and_closed_as_redis_py_s(run, server):
    async def main():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            client = await client_of(server)
            async with client as entered:
                assert entered is client
                async with client:
                    await client.set("key", 1)
                assert client.is_connected()
            assert not client.is_connected()
            assert await client.get("key") == b"1"
            assert await client.aclose() == resilient_redis.CloseReport()
            assert await client.aclose() == resilient_redis.CloseReport()
            assert await client.close() == resilient_redis.CloseReport()

    run(main)


@each_loop
def test_a_connection_of_its_own_knows_transactions_by_command(run, server):
    async def main():
        async with client_of(server) as client, client.client() as alone:
            assert await alone.client_id() != await client.client_id()
            assert await alone.execute_command("WATCH", "n") is True
            assert await alone.get("n") is None
            assert await alone.execute_command("MULTI") == b"OK"
            assert await alone.incr("n") == b"QUEUED"
            assert await alone.execute_command("EXEC") == [1]
            await alone.execute_command("WATCH", "n")
            await client.incr("n")
            await alone.execute_command("MULTI")
            await alone.incr("n")
            assert await alone.execute_command("EXEC") is None
            # Tasks take turns, so that these stay together.
            increments = [alone.incr("m") for _ in range(3)]
            begun, *queued, done = await asyncio.gather(
                alone.execute_command("MULTI"), *increments, alone.execute_command("EXEC")
            )
            assert (begun, queued, done) == (b"OK", [b"QUEUED"] * 3, [1, 2, 3])
            assert await alone.blpop("list", 0.01) is None

    run(main)


@each_loop
def test_a_connection_of_its_own_forgets_a_transaction_that_was_cancelled(run, server, proxy):
    async def main():
        async with client_of(proxy, single_connection_client=True) as client:
            await client.set("n", 1)
            await client.execute_command("WATCH", "n")
            await in_thread(proxy.hold)
            task = asyncio.ensure_future(client.get("n"))
            await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await in_thread(proxy.release)
            assert await client.incr("n") == 2
            with pytest.raises(redis.ResponseError, match="EXEC without MULTI"):
                await client.execute_command("EXEC")

    run(main)


@each_loop
def test_a_reply_that_was_given_up_is_not_read_as_that_of_the_next_command(run, server, proxy):
    async def main():
        async with client_of(proxy) as client:
            await client.mset({"first": "first", "second": "second"})
            connection = await client.connection_pool.get_connection()
            await connection.send_command("GET", "first")
            await in_thread(proxy.hold)
            task = asyncio.ensure_future(connection.read_response())
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await in_thread(proxy.release)
            await connection.send_command("GET", "second")
            assert await connection.read_response() == b"second"

    run(main)


@each_loop
def test_code_that_asks_the_pool_for_connections_gets_replies(run, server):
    async def main():
        async with client_of(server) as client:
            connection = await client.connection_pool.get_connection()
            await connection.send_command("SET", "key", "value")
            assert await connection.read_response() == b"OK"
            await connection.send_packed_command(connection.pack_commands([("GET", "key"), ("LPUSH", "key", 1), ("PING",)]))
            assert await connection.can_read()
            assert await connection.read_response() == b"value"
            with pytest.raises(redis.ResponseError):
                await connection.read_response()
            assert await connection.read_response() == b"PONG"
            await client.connection_pool.release(connection)
            # redis-py's own pipeline goes through such a connection, as those of its modules do.
            theirs = redis.asyncio.client.Pipeline(client.connection_pool, client.response_callbacks, True, None)
            assert await theirs.set("key", 1).incr("key").execute() == [True, 2]
            await theirs.watch("key")
            value = await theirs.get("key")
            theirs.multi()
            theirs.set("key", int(value) + 1)
            assert await theirs.execute() == [True]

    run(main)


@each_loop
def test_a_retry_of_the_program_issues_again_what_failed(run, outage_server):
    async def main():
        retry = Retry(NoBackoff(), 100, supported_errors=(redis.TimeoutError,))
        async with client_of(outage_server, retry=retry, socket_timeout=0.05, buffer_commands=False) as client:
            await client.wait_ready(10)
            await in_thread(outage_server.kill)
            task = asyncio.ensure_future(client.set("key", 1))
            await until(lambda: client.get_stats()["timeouts"] > 3, "it was issued again")
            await in_thread(outage_server.start)
            assert await task is True
        async with client_of(outage_server, socket_timeout=0.05, buffer_commands=False) as client:
            await client.wait_ready(10)
            client.set_retry(Retry(NoBackoff(), 2, supported_errors=(redis.TimeoutError,)))
            await in_thread(outage_server.kill)
            with pytest.raises(redis.TimeoutError):
                await client.get("key")
            assert client.get_stats()["timeouts"] == 3

    run(main)


@each_loop
def test_reads_are_answered_by_a_replica_where_that_is_asked_for(run, server, start_server):
    async def main():
        server.command("CONFIG", "SET", "repl-diskless-sync-delay", "0")
        replica = start_server(directives=[("replicaof", f"127.0.0.1 {server.port}")])
        await until(lambda: b"state=online" in server.command("INFO", "replication"), "the replica follows")
        await until(lambda: replica.info("replication")["master_link_status"] == "up", "the replica follows")
        options = {"read_from": "replica", "replica_address": f"127.0.0.1:{replica.port}"}
        async with client_of(server, **options) as client:
            await client.set("key", "value")
            await client.wait(1, 5000)
            reads = asyncio.gather(*(client.get("key") for _ in range(100)))
            assert await reads == [b"value"] * 100
            await until(lambda: _calls(replica, "get"), "the replica answers")
            before = _calls(server, "get")
            assert await client.get("key") == b"value" and await client.pipeline(False).get("key").execute() == [b"value"]
            assert _calls(server, "get") == before
            assert await client.using(from_primary=True).get("key") == b"value"
            assert _calls(server, "get") == before + 1

    run(main)


def _calls(server, name):
    line = server.info("commandstats").get(f"cmdstat_{name}", "calls=0,")
    return int(line.split(",")[0].split("=")[1])


@each_loop
def test_what_is_asked_of_a_client_s_state_does_not_wait(run, server):
    async def main():
        async with client_of(server) as client:
            assert client.get_buffer_size() == 0 and client.get_failed_commands() == []
            began = time.monotonic()
            await client.wait_ready()
            await client.flush()
            assert time.monotonic() - began < 5
            assert client.is_connected() and client.get_state() is resilient_redis.State.READY
            assert client.get_stats()["commands"] == 0
            assert await client.set("key", 1) is not BUFFERED

    run(main)


@each_loop
def test_multi_exec_takes_methods_and_commands(run, server):
    async def main():
        async with client_of(server) as client:
            commands = [("set", ("key", 1)), ("INCR", ("key",)), ("set", ("key", 9), {"nx": True})]
            assert await client.multi_exec(commands) == [True, 2, None]
            with pytest.raises(resilient_redis.InvalidArgumentError, match="pairs"):
                await client.multi_exec(["set"])

    run(main)
