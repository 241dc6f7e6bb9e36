"""What a program puts around redis-py's methods, or in their place: subclasses, functions of one client, tracing."""

from unittest import mock

import pytest
import redis

from resilient_redis import ResilientRedisClient


@pytest.fixture
def client(server):
    with ResilientRedisClient(port=server.port) as made:
        yield made


def test_a_subclass_s_methods_are_called_for_commands_and_scripts(server):
    calls = []

    class Client(ResilientRedisClient):
        def execute_command(self, *args, **options):
            calls.append(args[0])
            return super().execute_command(*args, **options)

        def parse_response(self, connection, command_name, **options):
            reply = super().parse_response(connection, command_name, **options)
            calls.append((command_name, reply))
            return reply

    with Client(port=server.port) as client:
        assert client.set("a", 1) is True and client.mget([]) == []
        assert client.register_script("return 7")() == 7
        assert type(client.client()) is Client
    assert calls == ["SET", ("SET", True), "MGET", ("MGET", []), "EVAL", ("EVAL", 7)]


def test_scripts_go_through_execute_command_if_that_is_a_program_s(server):
    class Client(ResilientRedisClient):
        def execute_command(self, *args, **options):
            return args[0], super().execute_command(*args, **options)

    with Client(port=server.port) as client:
        assert client.register_script("return 7")() == ("EVAL", 7)
    with ResilientRedisClient(port=server.port) as client:
        client.execute_command = lambda *args, **options: args
        assert client.register_script("return 7")(keys=["k"]) == ("EVAL", "return 7", 1, "k")


def test_a_function_that_is_put_into_one_client_is_called(client, server):
    parse = client.parse_response
    seen = []

    def parse_response(connection, command_name, **options):
        seen.append(command_name)
        return parse(connection, command_name, **options)

    client.parse_response = parse_response
    assert client.get("a") is None and client.register_script("return 1")() == 1
    assert seen == ["GET", "EVAL"]
    with ResilientRedisClient(port=server.port) as other:
        assert other.get("a") is None
    assert seen == ["GET", "EVAL"]


def test_a_stand_in_for_the_connection_is_spoken_to(client):
    stand_in = mock.Mock(spec=redis.Connection)
    stand_in.read_response.return_value = b"from the stand-in"
    with mock.patch.object(client, "connection", stand_in):
        assert client.get("a") == b"from the stand-in"
    stand_in.send_command.assert_called_once_with("GET", "a")
    assert client.get("a") is None


def traced(seen, method):
    """What tracing puts in the place of a method."""

    def trace(self, *args, **options):
        seen.append((method.__name__, args[0] if args and isinstance(args[0], str) else len(self)))
        return method(self, *args, **options)

    return trace


def test_tracing_that_is_put_around_redis_py_s_methods_sees_every_call(client, monkeypatch):
    seen = []
    pipeline = redis.client.Pipeline
    monkeypatch.setattr(redis.Redis, "execute_command", traced(seen, redis.Redis.execute_command))
    monkeypatch.setattr(pipeline, "execute", traced(seen, pipeline.execute))
    monkeypatch.setattr(pipeline, "immediate_execute_command", traced(seen, pipeline.immediate_execute_command))
    assert client.set("a", 1) is True
    assert client.register_script("return 1")() == 1
    assert client.pipeline().incr("a").get("a").execute() == [2, b"2"]
    assert client.pipeline(transaction=False).get("a").execute() == [b"2"]
    with client.pipeline() as pipe:
        pipe.watch("a")
        assert pipe.get("a") == b"2"
        pipe.multi()
        assert pipe.incr("a").execute() == [3]
        assert not pipe.watching
    with pytest.raises(redis.ResponseError, match="Command # 2"):
        client.pipeline().get("a").lpush("a", 1).execute()
    assert seen == [
        ("execute_command", "SET"),
        ("execute_command", "EVAL"),
        ("execute", 2),
        ("execute", 1),
        ("immediate_execute_command", "WATCH"),
        ("immediate_execute_command", "GET"),
        ("execute", 1),
        ("execute", 2),
    ]
    monkeypatch.undo()
    del seen[:]
    assert client.get("a") == b"3" and client.pipeline().get("a").execute() == [b"3"]
    assert seen == []


def test_under_tracing_a_conflict_is_a_watch_error_and_an_outage_buffers(outage_server, monkeypatch):
    seen = []
    monkeypatch.setattr(redis.client.Pipeline, "execute", traced(seen, redis.client.Pipeline.execute))
    with ResilientRedisClient(port=outage_server.port, outage_grace_ms=0, reconnect_max_delay_ms=20) as client:
        with client.pipeline() as pipe:
            pipe.watch("a")
            outage_server.command("SET", "a", "1")
            pipe.multi()
            with pytest.raises(redis.WatchError):
                pipe.incr("a").execute()
            pipe.watch("a")
            outage_server.kill()
            pipe.multi()
            with pytest.raises(redis.WatchError):
                pipe.incr("a").execute()
        assert len(client.pipeline().incr("a").incr("a").execute()) == 2
        outage_server.start()
        client.flush(20)
        assert client.get("a") == b"3"
    assert len(seen) == 3
