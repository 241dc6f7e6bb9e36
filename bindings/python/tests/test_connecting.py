"""Where a client connects to, as whom, and over what: TCP, unix sockets, TLS, passwords, providers of credentials, pools."""

import _thread
import copy
import gc
import logging
import os
import threading

import pytest
import redis
from redis.credentials import CredentialProvider, UsernamePasswordCredentialProvider
from support.waiting import wait_until

from resilient_redis import (
    BUFFERED,
    CommandTimeoutError,
    ConfigurationError,
    GaveUpError,
    LoginError,
    NotConnectedError,
    Outcome,
    ResilientRedisClient,
    State,
    TLSError,
    UnsupportedError,
    green,
)


def test_a_url_leads_to_a_server_over_tcp_a_unix_socket_or_tls(start_server):
    plain = start_server(unix_socket=True, password="se cret")
    for url in (plain.url.replace("/0", "/3"), plain.unix_url + "?db=3"):
        with ResilientRedisClient.from_url(url, client_name="shop") as client:
            assert client.set("key", 1) is True
            info = client.client_info()
            assert (info["name"], info["db"]) == ("shop", 3)
    encrypted = start_server(tls=True)
    with ResilientRedisClient.from_url(encrypted.url) as client:
        assert client.set("key", 1) is True


def test_tls_is_configured_as_with_redis_py(start_server):
    server = start_server(tls_clients=True)
    options = {"host": "localhost", "port": server.tls_port, "ssl": True, "ssl_ca_certs": str(server.ca_file)}
    with ResilientRedisClient(
        **options, ssl_certfile=str(server.client_certificate), ssl_keyfile=str(server.client_key)
    ) as client:
        assert client.ping() is True
    authority = server.ca_file.read_text()
    del options["ssl_ca_certs"]
    with ResilientRedisClient(
        **options,
        ssl_ca_data=authority,
        ssl_certfile=str(server.client_certificate),
        ssl_keyfile=str(server.client_key),
    ) as client:
        assert client.ping() is True
    with ResilientRedisClient(**options, socket_timeout=10) as client, pytest.raises(redis.ConnectionError) as failure:
        client.ping()
    assert isinstance(failure.value, TLSError)


def test_a_wrong_password_is_an_authentication_error(start_server):
    server = start_server(password="right")
    with ResilientRedisClient(port=server.port, password="wrong") as client:
        with pytest.raises(redis.AuthenticationError) as failure:
            client.get("key")
        assert isinstance(failure.value, (LoginError, GaveUpError))
    with ResilientRedisClient(port=server.port) as client, pytest.raises(redis.AuthenticationError):
        client.get("key")


class Tokens(CredentialProvider):
    """Gives the password that is valid now, and counts how often it was asked."""

    def __init__(self, token):
        self.token = token
        self.asked = 0
        self.threads = set()

    def get_credentials(self):
        self.asked += 1
        self.threads.add(threading.current_thread())
        if self.token is None:
            raise RuntimeError("no token today")
        return ("default", self.token)


def test_a_provider_of_credentials_is_asked_for_each_connection(start_server, start_proxy):
    server = start_server(password="one")
    proxy = start_proxy(server)
    provider = Tokens("one")
    with ResilientRedisClient(port=proxy.port, credential_provider=provider, reconnect_max_delay_ms=20) as client:
        assert client.set("key", 1) is True
        assert provider.asked == 1
        server.command("CONFIG", "SET", "requirepass", "two")
        server.password = "two"
        provider.token = "two"
        proxy.cut()
        assert client.get("key") == b"1"
        assert provider.asked >= 2
        assert all(thread.daemon for thread in provider.threads)


def test_a_provider_that_fails_is_logged_and_asked_again(start_server, caplog):
    server = start_server(password="one")
    provider = Tokens(None)
    with ResilientRedisClient(port=server.port, credential_provider=provider, reconnect_max_delay_ms=20, socket_timeout=20) as client:
        answers = []
        reader = threading.Thread(target=lambda: answers.append(client.get("key")))
        reader.start()
        wait_until(lambda: provider.asked >= 2, "it is asked again")
        provider.token = "one"
        reader.join()
        assert answers == [None]
    assert "the program's credential provider failed" in caplog.text and "no token today" in caplog.text


def test_a_provider_with_only_a_password_logs_the_default_user_in(start_server):
    server = start_server(password="one")
    provider = UsernamePasswordCredentialProvider(password="one")
    with ResilientRedisClient(port=server.port, credential_provider=provider) as client:
        assert client.acl_whoami() == "default"


def test_a_provider_and_a_password_are_a_data_error():
    with pytest.raises(redis.DataError):
        ResilientRedisClient(password="one", credential_provider=UsernamePasswordCredentialProvider(password="one"))


def test_clients_with_the_same_pool_share_a_connection(server):
    pool = redis.ConnectionPool(port=server.port, client_name="shared")
    clients = [ResilientRedisClient(connection_pool=pool) for _ in range(3)]
    for client in clients:
        client.ping()
    assert [each["name"] for each in clients[0].client_list()].count("shared") == 1
    assert clients[0].connection_pool is clients[1].connection_pool
    # A pool that was handed in stays open when a client is closed, as with redis-py.
    clients[0].close()
    assert clients[1].get_state() is State.READY


def test_a_connection_lasts_as_long_as_what_it_was_made_for(server):
    def connections():
        return [each["name"] for each in watching.client_list()]

    watching = ResilientRedisClient(port=server.port)
    pool = redis.ConnectionPool(port=server.port, client_name="of-a-pool")
    for _ in range(3):  # as a web framework does for each request
        ResilientRedisClient(connection_pool=pool).ping()
        assert connections().count("of-a-pool") == 1
    del pool
    gc.collect()
    wait_until(lambda: "of-a-pool" not in connections(), "the pool's connection is ended")
    client = ResilientRedisClient(port=server.port, client_name="alone")
    pipe = client.pipeline().ping()
    del client
    assert pipe.execute() == [True] and "alone" in connections()
    del pipe
    gc.collect()
    wait_until(lambda: "alone" not in connections(), "the client's connection is ended")


def test_a_client_of_another_client_s_pool_shares_its_connection(server):
    first = ResilientRedisClient(port=server.port, client_name="first")
    second = ResilientRedisClient(connection_pool=first.connection_pool)
    first.ping()
    wait_until(second.is_connected, "what waited for the connection is answered")
    with pytest.raises(ConfigurationError, match="reconnect_tries"):
        ResilientRedisClient(connection_pool=first.connection_pool, reconnect_tries=5)


def test_a_pool_shows_the_settings(server):
    client = ResilientRedisClient(port=server.port, db=2, socket_timeout=7, client_name="shop")
    kwargs = client.connection_pool.connection_kwargs
    assert (kwargs["port"], kwargs["db"], kwargs["socket_timeout"], kwargs["client_name"]) == (server.port, 2, 7, "shop")
    assert isinstance(client.connection_pool, redis.ConnectionPool)
    assert client.get_connection_kwargs() is kwargs
    assert str(server.port) in repr(client)


def test_a_client_with_a_connection_of_its_own_has_its_own_database_and_transaction(server):
    shared = ResilientRedisClient(port=server.port)
    alone = ResilientRedisClient(port=server.port, single_connection_client=True)
    assert alone.select(5) is True
    alone.set("key", "five")
    assert shared.get("key") is None
    assert alone.execute_command("WATCH", "key") is True
    assert alone.execute_command("MULTI") in (True, b"OK")
    assert alone.execute_command("APPEND", "key", "!") == b"QUEUED"
    assert alone.execute_command("EXEC") == [5]
    alone.execute_command("WATCH", "key")
    with ResilientRedisClient(port=server.port, db=5) as other:
        other.set("key", "six")
    alone.execute_command("MULTI")
    alone.execute_command("APPEND", "key", "!")
    assert alone.execute_command("EXEC") is None
    alone.execute_command("MULTI")
    assert alone.execute_command("DISCARD") in (True, b"OK")
    for wrong in (("EXEC",), ("DISCARD",)):
        with pytest.raises(redis.ResponseError, match="without MULTI"):
            alone.execute_command(*wrong)
    with shared.client() as derived:
        derived.select(7)
        derived.set("seven", 1)
    assert shared.get("seven") is None


def test_a_client_can_be_used_again_after_it_was_closed(server):
    client = ResilientRedisClient(port=server.port)
    client.set("key", 1)
    report = client.close()
    assert report == (0, 0, 0, 0)
    assert client.get_state() is State.CLOSED and client.get_buffer_size() == 0
    assert client.get("key") == b"1"
    client.close()
    client.close()


def test_closing_sends_what_is_buffered_and_says_what_was_lost(outage_server, caplog):
    caplog.set_level(logging.ERROR, "resilient_redis")
    client = ResilientRedisClient(port=outage_server.port, outage_grace_ms=0, drain_timeout_seconds=20, reconnect_max_delay_ms=20)
    client.wait_ready(10)
    outage_server.kill()
    wait_until(lambda: client.get_state() is State.RECONNECTING, "the outage is noticed")
    assert client.set("key", 1) is BUFFERED
    starter = threading.Thread(target=outage_server.start)
    starter.start()
    assert client.close() == (1, 0, 0, 0)
    starter.join()
    assert outage_server.command("GET", "key") == b"1"

    client = ResilientRedisClient(port=outage_server.port, outage_grace_ms=0, drain_timeout_seconds=0)
    client.wait_ready(10)
    outage_server.kill()
    wait_until(lambda: client.get_state() is State.RECONNECTING, "the outage is noticed")
    assert client.set("other", 1) is BUFFERED
    assert client.close() == (0, 1, 0, 0)
    assert "closing lost 1 buffered commands" in caplog.text


def test_a_client_whose_constructor_failed_can_be_closed():
    client = ResilientRedisClient.__new__(ResilientRedisClient)
    assert client.close() == (0, 0, 0, 0)
    with pytest.raises(ConfigurationError, match="buffer_overflow.*perhaps"):
        ResilientRedisClient(buffer_overflow="perhaps")


def test_a_provider_may_name_a_user_without_a_password(server):
    server.command("ACL", "SETUSER", "guest", "on", "nopass", "~*", "+@all")

    class Provider(redis.CredentialProvider):
        def get_credentials(self):
            return "guest", ""

    with ResilientRedisClient(port=server.port, credential_provider=Provider()) as client:
        assert client.acl_whoami() == "guest"
    server.command("ACL", "DELUSER", "guest")


def test_what_redis_py_shows_of_a_pool_is_there_and_counts_nothing(server):
    with ResilientRedisClient(port=server.port) as client:
        pool = client.connection_pool
        identity = client.client_id()
        pool.disconnect(inuse_connections=False)
        assert client.client_id() == identity
        assert len(pool._available_connections) == len(pool._in_use_connections) == pool._created_connections == 0
        connection = pool.get_connection()
        assert connection.repr_pieces() == [("host", "localhost"), ("port", server.port), ("db", 0)]
        assert connection.pid == os.getpid() and not connection.should_reconnect()
        pool.release(connection)


def test_what_only_the_program_s_pool_has_is_there_too(server):
    class Sentinel:
        def discover_master(self, service):
            return "127.0.0.1", server.port

    pool = redis.sentinel.SentinelConnectionPool("shop", Sentinel())
    with ResilientRedisClient(connection_pool=pool) as client:
        shown = client.connection_pool
        assert client.ping()
        assert (shown.service_name, shown.is_master) == ("shop", True)
        assert shown.get_master_address() == ("127.0.0.1", server.port)
        assert isinstance(copy.copy(shown), redis.ConnectionPool)
    with ResilientRedisClient(connection_pool=redis.BlockingConnectionPool(port=server.port, timeout=3)) as client:
        assert client.connection_pool.timeout == 3
    with ResilientRedisClient(port=server.port) as client, pytest.raises(AttributeError, match="service_name"):
        client.connection_pool.service_name


def test_a_client_that_owns_its_pool_closes_it(server):
    closed = []
    pool = redis.ConnectionPool(port=server.port)
    pool.disconnect = lambda: closed.append(pool)
    with ResilientRedisClient(connection_pool=pool) as client:
        assert client.ping()
    assert closed == []
    with ResilientRedisClient.from_pool(pool) as client:
        assert client.ping()
    assert closed == [pool]


def test_a_client_with_a_connection_of_its_own_uses_the_pool_s_after_it_was_closed(server):
    with ResilientRedisClient(port=server.port) as client:
        alone = client.client()
        assert alone.select(3) and alone.client_id() != client.client_id()
        alone.close()
        assert alone.connection is None
        assert alone.client_id() == client.client_id()


def test_a_time_that_has_passed_without_a_connection_is_a_connection_error_too(outage_server):
    with ResilientRedisClient(port=outage_server.port, socket_timeout=1) as client:
        client.ping()
        outage_server.pause()
        with pytest.raises(CommandTimeoutError) as slow:
            client.using(timeout=0.01).get("key")
        assert not isinstance(slow.value, redis.ConnectionError)
        outage_server.resume()
        outage_server.kill()
        wait_until(lambda: not client.is_connected(), "the connection is lost")
        for call in (lambda: client.get("key"), lambda: client.pipeline().get("key").execute()):
            with pytest.raises(NotConnectedError) as away:
                call()
            assert isinstance(away.value, redis.ConnectionError) and isinstance(away.value, redis.TimeoutError)
            assert away.value.outcome is Outcome.NOT_APPLIED


@pytest.mark.parametrize(
    ("command", "advice"),
    [
        (("SUBSCRIBE", "c"), "pubsub()"),
        (("UNSUBSCRIBE", "c"), "pubsub()"),
        (("MONITOR",), "monitor()"),
        (("MULTI",), "pipeline()"),
        (("WATCH", "k"), "watch()"),
        (("QUIT",), "close()"),
        (("CLIENT", "REPLY", "OFF"), "reply"),
        (("CLIENT", "TRACKING", "ON"), "invalidation"),
    ],
)
def test_what_does_not_belong_on_a_shared_connection_is_refused_as_by_a_server_and_says_what_does(server, command, advice):
    with ResilientRedisClient(port=server.port) as client:
        with pytest.raises(UnsupportedError) as refusal:
            client.execute_command(*command)
        assert isinstance(refusal.value, redis.ResponseError)
        assert advice in str(refusal.value) and "rr_" not in str(refusal.value)
        assert client.ping()


def test_among_green_threads_what_needs_a_real_one_is_refused_and_the_rest_works_with_a_warning(server, monkeypatch, caplog):
    real = _thread.start_new_thread
    # As gevent and eventlet do it.
    monkeypatch.setattr(_thread, "start_new_thread", lambda *args: real(*args))
    monkeypatch.setattr(green, "_has_warned", False)
    with pytest.raises(ConfigurationError, match="credential_provider.*gevent"):
        ResilientRedisClient(port=server.port, credential_provider=UsernamePasswordCredentialProvider("user", "password"))
    with caplog.at_level(logging.WARNING, "resilient_redis"):
        for _ in range(2):
            with ResilientRedisClient(port=server.port) as client:
                assert client.ping()
    assert len(caplog.records) == 1 and "green threads" in caplog.text


def test_a_provider_that_ends_in_whatever_way_never_holds_the_client_up(start_server):
    server = start_server(password="one")

    class Leaves(CredentialProvider):
        def get_credentials(self):
            raise SystemExit("not today")

    client = ResilientRedisClient(port=server.port, credential_provider=Leaves(), socket_timeout=0.3, reconnect_max_delay_ms=20)
    with pytest.raises(redis.RedisError):
        client.get("key")
    with pytest.raises(redis.RedisError):
        client.get("key")
    assert client.close() == (0, 0, 0, 0)
