"""Text and bytes: encodings, error handlers, and what may be an argument."""

import pytest
import redis

from resilient_redis import ResilientRedisClient


@pytest.fixture
def client_of(server):
    return lambda **options: ResilientRedisClient(port=server.port, **options)


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("encoding, text", [("utf-8", "größe"), ("latin-1", "größe"), ("UTF8", "☃")])
def test_text_comes_back_in_the_encoding_in_which_it_went(client_of, server, protocol, encoding, text):
    client = client_of(encoding=encoding, decode_responses=True, protocol=protocol)
    assert client.set("key".encode(), text) is True
    assert client.get(b"key") == text
    assert server.command("GET", b"key") == text.encode(encoding)
    assert client.pipeline().get(b"key").execute() == [text]


def test_what_cannot_be_encoded_or_decoded_is_pythons_error_or_what_the_handler_makes_of_it(client_of, server):
    server.command("SET", "key", b"\xff")
    with pytest.raises(UnicodeDecodeError):
        client_of(decode_responses=True).get("key")
    assert client_of(decode_responses=True, encoding_errors="replace").get("key") == "\ufffd"
    with pytest.raises(UnicodeEncodeError):
        client_of(encoding="ascii").set("key", "ö")
    assert client_of(encoding="ascii", encoding_errors="ignore").set("key", "xö") is True
    assert server.command("GET", "key") == b"x"


def test_arguments_are_bytes_and_their_like_text_and_numbers(client_of):
    client = client_of()
    for value, there in (
        (b"\x00\xff", b"\x00\xff"),
        (bytearray(b"ab"), b"ab"),
        (memoryview(b"abcd")[1:3], b"bc"),
        ("text", b"text"),
        (7, b"7"),
        (-(2**70), str(-(2**70)).encode()),
        (1.5, b"1.5"),
        (float("inf"), b"inf"),
        (1e300, b"1e+300"),
        ("", b""),
        ("x" * 100_000, b"x" * 100_000),
    ):
        client.set("key", value)
        assert client.get("key") == there
    assert client.execute_command("SET", *["key", "y"]) is True
    client.rpush("list", *range(1000))
    assert client.lrange("list", 0, -1) == [str(number).encode() for number in range(1000)]


@pytest.mark.parametrize("value, name", [(True, "bool"), (None, "NoneType"), ([1], "list"), ({"a": 1}, "dict"), (object(), "object")])
def test_anything_else_is_a_data_error_that_names_its_type_and_nothing_is_sent(client_of, server, value, name):
    client = client_of()
    with pytest.raises(redis.DataError, match=f"Invalid input of type: '{name}'. Convert to a bytes, string, int or float first."):
        client.set("key", value)
    with pytest.raises(redis.DataError, match=name):
        client.pipeline().set("other", 1).set("key", value).execute()
    assert server.command("DBSIZE") == 0


def test_a_name_of_two_words_is_sent_as_two(client_of):
    client = client_of()
    assert client.execute_command("CONFIG GET", "maxmemory") == {"maxmemory": "0"}
    assert client.execute_command(b"OBJECT ENCODING", "none") is None
    with pytest.raises(redis.ResponseError, match="unknown command"):
        client.execute_command("NO SUCH COMMAND", 1)
