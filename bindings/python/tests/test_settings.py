"""What a constructor's arguments, a pool and a URL become as a whole. Nothing here connects to anything."""

import inspect
import re

import pytest
import redis
import redis.asyncio
import redis.sentinel
from support.said import ALWAYS, PACKAGE, arguments, beyond, both, client_class, module, options, refused

from resilient_redis.errors import ConfigurationError
from resilient_redis.options import OPTIONS
from resilient_redis.settings import Settings, constructor_signature


def same_kwargs(found, expected):
    """Whether the arguments are those of redis-py, as far as they can be compared: some are objects of each pool."""
    own = ("himport_registry", "maint_notifications_pool_handler", "maint_notifications_config")
    assert set(found) == set(expected)
    assert {k: v for k, v in found.items() if k not in own} == {k: v for k, v in expected.items() if k not in own}


# Nothing said


@both
def test_without_arguments_there_is_redis_pys_address_and_protocol_and_the_librarys_defaults(asynchronous):
    settings = arguments(asynchronous)
    assert settings.options == ALWAYS
    assert settings.asynchronous == asynchronous
    assert (settings.encoding, settings.encoding_errors, settings.decode_responses) == ("utf-8", "strict", False)
    assert settings.drain_timeout_ms == 5000
    assert settings.retry is None
    assert settings.credential_provider is None
    assert settings.resolver is None
    assert settings.pool is None
    assert settings.event_dispatcher is None
    assert settings.encoder_class is None
    assert settings.single_connection_client is False
    assert settings.auto_close_connection_pool is True
    assert settings.protocol == int(ALWAYS["protocol"])


@both
def test_the_connection_kwargs_are_those_of_redis_py(asynchronous):
    for said in ({}, {"db": 3, "password": "p", "max_connections": 7}, {"ssl": True}, {"unix_socket_path": "/tmp/s"}):
        pool = client_class(asynchronous)(**said).connection_pool
        settings = arguments(asynchronous, **said)
        same_kwargs(settings.connection_kwargs, pool.connection_kwargs)
        assert settings.connection_class is pool.connection_class
        assert settings.max_connections == pool.max_connections


@both
def test_the_connection_kwargs_of_a_url_are_those_of_redis_py(asynchronous):
    for url in ("redis://h:1/2", "rediss://u:p@h?ssl_cert_reqs=none", "unix:///tmp/s?db=2&socket_timeout=3"):
        pool = module(asynchronous).ConnectionPool.from_url(url, client_name="n")
        settings = Settings.from_url(asynchronous, url + ("&" if "?" in url else "?") + "reconnect_tries=3", client_name="n")
        same_kwargs(settings.connection_kwargs, pool.connection_kwargs)
        assert settings.connection_class is pool.connection_class


@both
def test_a_pool_that_redis_pys_client_made_says_nothing_that_the_program_did_not(asynchronous):
    for said in ({}, {"db": 3}, {"socket_timeout": 3}):
        pool = client_class(asynchronous)(**said).connection_pool
        assert Settings.from_pool(pool).options == arguments(asynchronous, **said).options


@both
def test_a_pool_that_the_program_made_says_nothing_that_it_did_not(asynchronous):
    assert Settings.from_pool(module(asynchronous).ConnectionPool()).options == ALWAYS
    assert Settings.from_pool(module(asynchronous).BlockingConnectionPool()).options == ALWAYS
    tls = module(asynchronous).ConnectionPool(connection_class=module(asynchronous).SSLConnection)
    assert beyond(Settings.from_pool(tls)) == {"tls": "true"}


# The constructor's form


def test_positional_arguments_are_redis_pys_in_their_order():
    assert options(False, "h", 1, 2, "p", 3) == {
        "host": "h",
        "port": "1",
        "db": "2",
        "password": "p",
        "command_timeout_ms": "3000",
    }


@both
def test_the_signature_is_redis_pys_and_ours_by_keyword_after_it(asynchronous):
    theirs = list(inspect.signature(client_class(asynchronous).__init__).parameters.values())[1:]
    ours = list(constructor_signature(asynchronous).parameters.values())
    assert ours[: len(theirs)] == theirs
    assert {parameter.kind for parameter in ours[len(theirs) :]} == {inspect.Parameter.KEYWORD_ONLY}
    defaults = {parameter.name: parameter.default for parameter in ours[len(theirs) :]}
    assert list(defaults)[:4] == ["reconnect_tries", "reconnect_interval_seconds", "buffer_commands", "buffer_max_commands"]
    assert [defaults[name] for name in list(defaults)[:4]] == [10, 60, True, 10000]
    assert defaults["drain_timeout_seconds"] == 5.0
    assert set(OPTIONS) <= set(constructor_signature(asynchronous).parameters)


@both
def test_an_unknown_name_is_a_type_error_that_names_it(asynchronous):
    with pytest.raises(TypeError, match="unexpected keyword argument 'hots'"):
        arguments(asynchronous, hots="h")
    with pytest.raises(TypeError, match="'hots'"):
        Settings.from_url(asynchronous, "redis://h", hots="h")
    with pytest.raises(TypeError, match="'hots'"):
        Settings.from_pool(module(asynchronous).ConnectionPool(), hots="h")


def test_an_argument_given_twice_or_beyond_the_last_one_is_a_type_error():
    with pytest.raises(TypeError, match="host"):
        arguments(False, "h", host="h")
    with pytest.raises(TypeError, match="positional"):
        arguments(False, *range(100))
    with pytest.raises(TypeError, match="positional"):
        arguments(True, "h")


# Pools


@both
def test_a_pool_is_read_and_not_used(asynchronous):
    pool = module(asynchronous).ConnectionPool(host="h", port=1, db=2, decode_responses=True, socket_timeout=3)
    settings = arguments(asynchronous, connection_pool=pool, reconnect_tries=3)
    assert beyond(settings) == {"host": "h", "port": "1", "db": "2", "command_timeout_ms": "3000", "reconnect_tries": "3"}
    assert settings.pool is pool
    assert settings.decode_responses is True
    assert settings.auto_close_connection_pool is False
    assert settings.connection_kwargs == pool.connection_kwargs
    assert beyond(Settings.from_pool(pool, reconnect_tries=3)) == beyond(settings)


@both
def test_arguments_beside_a_pool_must_be_defaults_or_agree_with_it(asynchronous):
    pool = module(asynchronous).ConnectionPool(host="h", decode_responses=True, max_connections=7)
    for said in (
        {"host": "localhost", "port": 6379, "db": 0, "decode_responses": False, "ssl": False},
        {"host": "h", "decode_responses": True, "max_connections": 7},
        {"single_connection_client": True},
    ):
        assert arguments(asynchronous, connection_pool=pool, **said).options["host"] == "h"
    refused(
        "beside connection_pool.*host='other', db=3",
        asynchronous, connection_pool=pool, host="other", db=3, decode_responses=True,
    )
    refused("ssl=True", asynchronous, connection_pool=pool, ssl=True)
    refused("max_connections=8", asynchronous, connection_pool=pool, max_connections=8)
    refused("unix_socket_path", asynchronous, connection_pool=pool, unix_socket_path="/tmp/s")
    refused("command_timeout_ms", asynchronous, connection_pool=module(asynchronous).ConnectionPool(socket_timeout=3),
            command_timeout_ms=500)


def test_a_pool_of_the_other_kind_is_refused():
    refused("redis.asyncio", True, connection_pool=redis.ConnectionPool())
    refused("this client takes a pool of redis$", False, connection_pool=redis.asyncio.ConnectionPool())


def test_a_pool_or_a_connection_of_the_programs_own_is_refused_by_its_name():
    class Pool(redis.ConnectionPool):
        pass

    class Connection(redis.Connection):
        pass

    refused("Pool cannot be honoured", connection_pool=Pool())
    refused("builtins.dict cannot be honoured", connection_pool={"a": 1})
    refused("Connection cannot be honoured", connection_pool=redis.ConnectionPool(connection_class=Connection))
    refused(
        "SentinelManagedConnection cannot be honoured",
        connection_pool=redis.ConnectionPool(connection_class=redis.sentinel.SentinelManagedConnection),
    )
    with pytest.raises(ConfigurationError, match="Connection cannot be honoured"):
        Settings.from_url(False, "redis://h", connection_class=Connection)


def test_a_pool_with_an_argument_that_its_connections_do_not_have_is_a_type_error():
    for pool in (redis.ConnectionPool(hots="h"), redis.ConnectionPool(ssl_keyfile="/k")):
        with pytest.raises(TypeError, match="unexpected keyword argument '(hots|ssl_keyfile)'"):
            Settings.from_pool(pool)


def test_a_pool_with_a_cache_is_refused():
    pool = redis.ConnectionPool(protocol=3)
    pool.cache = object()
    refused("cache cannot be honoured", connection_pool=pool)


# URLs


@both
def test_a_url_is_read_as_redis_py_reads_it(asynchronous):
    settings = Settings.from_url(
        asynchronous, "redis://us%40er:p%23w@h:6380/3?socket_timeout=1.5&client_name=n&health_check_interval=20"
    )
    assert beyond(settings) == {
        "host": "h", "port": "6380", "db": "3", "username": "us@er", "password": "p#w", "command_timeout_ms": "1500",
        "client_name": "n", "health_check_interval_ms": "20000",
    }
    assert settings.auto_close_connection_pool is True


@both
def test_what_stands_in_the_query_wins_over_keywords_ours_too(asynchronous):
    settings = Settings.from_url(
        asynchronous, "redis://h?db=1&reconnect_tries=3&buffer_commands=No", db=2, reconnect_tries=4, buffer_commands=True,
        outage_grace_ms=7,
    )
    assert beyond(settings) == {
        "host": "h", "db": "1", "reconnect_tries": "3", "buffer_commands": "false", "outage_grace_ms": "7",
    }
    with pytest.raises(ConfigurationError, match="socket_timeout=3.0"):
        Settings.from_url(asynchronous, "redis://h?socket_timeout=3", command_timeout_ms=500)


@both
def test_a_url_that_cannot_be_is_refused(asynchronous):
    with pytest.raises(ValueError, match="redis://"):
        Settings.from_url(asynchronous, "http://h")
    with pytest.raises(ValueError, match="socket_timeout"):
        Settings.from_url(asynchronous, "redis://h?socket_timeout=x")
    with pytest.raises(ConfigurationError, match="query says hots"):
        Settings.from_url(asynchronous, "redis://h?hots=1")
    with pytest.raises(ConfigurationError, match="db more than once"):
        Settings.from_url(asynchronous, "redis://h?db=1&db=2")
    with pytest.raises(ConfigurationError, match="tls='true'.*without TLS"):
        Settings.from_url(asynchronous, "redis://h?tls=true")
    with pytest.raises(ConfigurationError, match="tls='no'.*over TLS"):
        Settings.from_url(asynchronous, "rediss://h?tls=no")


# The table for readers


def test_every_argument_of_redis_py_is_in_the_table():
    rows = [line.split("|")[1] for line in (PACKAGE / "SETTINGS.md").read_text().splitlines() if line.startswith("| ")]
    listed = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    for asynchronous in (False, True):
        connections = redis.asyncio.connection if asynchronous else redis.connection
        pools = (module(asynchronous).ConnectionPool, module(asynchronous).BlockingConnectionPool)
        kinds = (connections.Connection, connections.SSLConnection, connections.UnixDomainSocketConnection)
        for kind in (client_class(asynchronous), *pools, *kinds, connections.AbstractConnection):
            for parameter in list(inspect.signature(kind.__init__).parameters.values())[1:]:
                if parameter.kind is not inspect.Parameter.VAR_KEYWORD:
                    assert parameter.name in listed, (kind, parameter.name)


def test_every_parameter_of_our_own_with_a_default_is_in_the_table():
    page = (PACKAGE / "SETTINGS.md").read_text()
    for name, parameter in constructor_signature(False).parameters.items():
        if name not in inspect.signature(redis.Redis.__init__).parameters and parameter.default is not None:
            assert f"| `{name}` | `{parameter.default}` |" in page
