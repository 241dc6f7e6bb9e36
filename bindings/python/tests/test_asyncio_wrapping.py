"""What a program puts around redis.asyncio's methods, or in their place: subclasses, functions of one client, tracing."""

from unittest import mock

import pytest
import redis
import redis.asyncio
from support.loops import each_loop, in_thread, until

from resilient_redis import BUFFERED
from resilient_redis.asyncio import ResilientRedisClient

Pipeline = redis.asyncio.client.Pipeline


def client_of(server, **options):
    return ResilientRedisClient(host="127.0.0.1", port=server.port, **{"reconnect_max_delay_ms": 50, **options})


def traced(seen, method):
    """What tracing puts in the place of a method."""

    async def trace(self, *args, **options):
        seen.append((method.__name__, args[0] if args and isinstance(args[0], str) else len(self)))
        return await method(self, *args, **options)

    return trace


@each_loop
def test_a_subclass_s_methods_are_called_for_commands_and_scripts(run, server):
    calls = []

    class Client(ResilientRedisClient):
        async def execute_command(self, *args, **options):
            calls.append(args[0])
            return await super().execute_command(*args, **options)

    async def main():
        async with Client(port=server.port) as client:
            assert await client.set("a", 1) is True and await client.register_script("return 7")() == 7
            assert type(client.client()) is Client
        assert calls == ["SET", "EVAL"]

    run(main)


@each_loop
def test_a_function_that_is_put_into_one_client_is_called(run, server):
    async def main():
        async with client_of(server) as client:
            parse = client.parse_response
            seen = []

            async def parse_response(connection, command_name, **options):
                seen.append(command_name)
                return await parse(connection, command_name, **options)

            client.parse_response = parse_response
            assert await client.get("a") is None and await client.using(timeout=5).get("b") is None
            assert seen == ["GET", "GET"]

    run(main)


@each_loop
def test_a_stand_in_for_the_connection_is_spoken_to(run, server):
    async def main():
        async with client_of(server) as client:
            stand_in = mock.AsyncMock(spec=redis.asyncio.Connection)
            stand_in.read_response.return_value = b"from the stand-in"
            with mock.patch.object(client, "connection", stand_in):
                assert await client.get("a") == b"from the stand-in"
            stand_in.send_command.assert_called_once_with("GET", "a")
            assert await client.get("a") is None

    run(main)


@each_loop
def test_tracing_that_is_put_around_redis_py_s_methods_sees_every_call(run, server, monkeypatch):
    seen = []

    async def main():
        async with client_of(server) as client:
            monkeypatch.setattr(redis.asyncio.Redis, "execute_command", traced(seen, redis.asyncio.Redis.execute_command))
            monkeypatch.setattr(Pipeline, "execute", traced(seen, Pipeline.execute))
            immediately = traced(seen, Pipeline.immediate_execute_command)
            monkeypatch.setattr(Pipeline, "immediate_execute_command", immediately)
            assert await client.set("a", 1) is True
            assert await client.register_script("return 1")() == 1
            assert await client.pipeline().incr("a").get("a").execute() == [2, b"2"]
            assert await client.pipeline(transaction=False).get("a").execute() == [b"2"]
            async with client.pipeline() as pipe:
                await pipe.watch("a")
                assert await pipe.get("a") == b"2"
                pipe.multi()
                assert await pipe.incr("a").execute() == [3]
                assert not pipe.watching
                await pipe.watch("a")
                server.command("SET", "a", "3")
                pipe.multi()
                with pytest.raises(redis.WatchError):
                    await pipe.incr("a").execute()
            with pytest.raises(redis.ResponseError, match="Command # 2"):
                await client.pipeline().get("a").lpush("a", 1).execute()
            alone = client.client()
            assert await alone.get("a") == b"3"
            await alone.aclose()
            names = ["SET", "EVAL", 2, 1, "WATCH", "GET", 1, "WATCH", 1, 2, "GET"]
            assert [what for _, what in seen] == names
            monkeypatch.undo()
            del seen[:]
            assert await client.get("a") == b"3" and await client.pipeline().get("a").execute() == [b"3"]
            assert seen == []

    run(main)


@each_loop
def test_under_tracing_an_outage_buffers(run, outage_server, monkeypatch):
    seen = []

    async def main():
        monkeypatch.setattr(Pipeline, "execute", traced(seen, Pipeline.execute))
        monkeypatch.setattr(redis.asyncio.Redis, "execute_command", traced(seen, redis.asyncio.Redis.execute_command))
        async with client_of(outage_server, outage_grace_ms=0) as client:
            await client.wait_ready(10)
            await in_thread(outage_server.kill)
            await until(lambda: not client.is_connected(), "the client knows of the outage")
            assert await client.pipeline().incr("a").incr("a").execute() == [BUFFERED, BUFFERED]
            assert await client.incr("a") is BUFFERED
            await in_thread(outage_server.start)
            await client.flush(20)
            assert await client.get("a") == b"3"
        assert len(seen) == 3

    run(main)
