"""Where the servers are that a real Sentinel knows, and what its pool becomes."""

import inspect
import subprocess

import pytest
import redis
import redis.asyncio
import redis.asyncio.sentinel
import redis.sentinel
from support.port import LOOPBACK, ReservedPort
from support.said import both, run
from support.waiting import wait_until

from resilient_redis import BUFFERED, ResilientRedisClient
from resilient_redis.errors import ConfigurationError
from resilient_redis.settings import Settings



def answers(port):
    try:
        return redis.Redis(LOOPBACK, port).ping()
    except redis.ConnectionError:
        return False


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """A primary, a replica and a Sentinel that knows both: their ports."""
    folder = tmp_path_factory.mktemp("sentinel")
    reserved = [ReservedPort() for _ in range(3)]
    primary, replica, sentinel = (port.number for port in reserved)
    configuration = folder / "sentinel.conf"
    configuration.write_text(f"port {sentinel}\nbind {LOOPBACK}\ndir {folder}\nsentinel monitor shop {LOOPBACK} {primary} 1\n")
    server = ["redis-server", "--bind", LOOPBACK, "--save", "", "--dir", str(folder)]
    commands = [
        [*server, "--port", str(primary)],
        [*server, "--port", str(replica), "--replicaof", LOOPBACK, str(primary)],
        ["redis-server", str(configuration), "--sentinel"],
    ]
    running = []
    try:
        for command, port in zip(commands, (primary, replica, sentinel)):
            running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
            wait_until(lambda port=port: answers(port), "a server answers", within=60)
        asked = redis.sentinel.Sentinel([(LOOPBACK, sentinel)])
        wait_until(lambda: asked.discover_slaves("shop"), "Sentinel knows the replica", within=60)
        yield {"primary": primary, "replica": replica, "sentinel": sentinel}
    finally:
        for process in running:
            process.terminate()
            process.wait(60)
        for port in reserved:
            port.release()


def pool(port, asynchronous=False, service="shop", **kwargs):
    module = redis.asyncio.sentinel if asynchronous else redis.sentinel
    sentinel = module.Sentinel([(LOOPBACK, port)])
    return module.SentinelConnectionPool(service, sentinel, **kwargs)


def found(port, asynchronous, host, number=6379, **kwargs):
    """What the resolver of a pool's settings finds."""
    if not asynchronous:
        return Settings.from_pool(pool(port, **kwargs)).resolver(host, number)

    async def ask():
        settings = Settings.from_pool(pool(port, True, **kwargs))
        assert inspect.iscoroutinefunction(settings.resolver)
        try:
            return await settings.resolver(host, number)
        finally:
            for sentinel in settings.pool.sentinel_manager.sentinels:
                await sentinel.aclose()

    return run(ask())


@both
def test_a_sentinel_pool_becomes_its_service_and_the_role_that_it_wants(asynchronous):
    for is_master, role in ((True, "primary"), (False, "any")):
        settings = Settings.from_pool(pool(1, asynchronous, is_master=is_master, db=3, socket_timeout=2))
        settings.options.pop("protocol")
        assert settings.options == {"host": "shop", "server_role": role, "db": "3", "command_timeout_ms": "2000"}
        assert settings.asynchronous == asynchronous
        assert settings.pool.is_master == is_master


def test_a_service_whose_name_is_no_hosts_name_still_has_a_host():
    assert Settings.from_pool(pool(1, service="the shop:1")).options["host"] == "the_shop_1"


@both
def test_the_primary_is_asked_for(watched, asynchronous):
    assert found(watched["sentinel"], asynchronous, "shop") == [(LOOPBACK, watched["primary"])]


@both
def test_replicas_come_first_and_the_primary_is_the_last_resort(watched, asynchronous):
    expected = [(LOOPBACK, watched["replica"]), (LOOPBACK, watched["primary"])]
    assert found(watched["sentinel"], asynchronous, "shop", is_master=False) == expected


@both
def test_another_host_is_looked_up_as_usual(watched, asynchronous):
    assert found(watched["sentinel"], asynchronous, LOOPBACK, 7) == [(LOOPBACK, 7)]
    addresses = found(watched["sentinel"], asynchronous, "localhost", 7)
    assert addresses and {address for address, _port in addresses} <= {LOOPBACK, "::1"}


@both
def test_a_service_that_nobody_knows_is_an_error(watched, asynchronous):
    for is_master in (True, False):
        with pytest.raises(redis.ConnectionError, match="nowhere"):
            found(watched["sentinel"], asynchronous, "nowhere", service="nowhere", is_master=is_master)


def test_a_replica_whose_name_nobody_knows_does_no_harm_to_the_others():
    asked = pool(1, is_master=False)
    asked.rotate_slaves = lambda: iter([("name.invalid", 1), (LOOPBACK.encode(), "2"), (LOOPBACK, 3), (LOOPBACK, 2)])
    assert Settings.from_pool(asked).resolver("shop", 6379) == [(LOOPBACK, 2), (LOOPBACK, 3)]


@both
def test_a_host_that_nobody_knows_is_an_error(asynchronous):
    with pytest.raises(OSError):
        found(1, asynchronous, "name.invalid")


def test_tls_with_sentinel_needs_the_name_that_the_certificates_are_for():
    with pytest.raises(ConfigurationError, match="Sentinel.*tls_server_name"):
        Settings.from_pool(pool(1, ssl=True))
    named = Settings.from_pool(pool(1, ssl=True), tls_server_name="cache.example.org").options
    assert (named["tls"], named["tls_server_name"]) == ("true", "cache.example.org")
    assert Settings.from_pool(pool(1, ssl=True, ssl_cert_reqs="none")).options["tls_insecure_skip_verify"] == "true"


def test_an_address_or_a_role_beside_sentinels_is_refused():
    with pytest.raises(ConfigurationError, match="host and port"):
        Settings.from_pool(pool(1, host="h"))
    with pytest.raises(ConfigurationError, match="server_role='any'.*is_master"):
        Settings.from_pool(pool(1), server_role="any")


# Last, since it changes who is the primary.
def test_a_client_of_a_sentinel_follows_the_primary_through_a_failover(watched):
    sentinel = redis.sentinel.Sentinel([(LOOPBACK, watched["sentinel"])])
    client = sentinel.master_for("shop", redis_class=ResilientRedisClient, reconnect_max_delay_ms=50)
    reader = sentinel.slave_for("shop", redis_class=ResilientRedisClient)
    assert client.set("before", 1) is True
    assert client.info("server")["tcp_port"] == watched["primary"]
    wait_until(lambda: reader.get("before") == b"1", "it is replicated", within=60)
    assert reader.info("server")["tcp_port"] == watched["replica"]
    with pytest.raises(redis.ReadOnlyError):
        reader.set("before", 2)
    assert reader.get("before") == b"1" and reader.info("server")["tcp_port"] == watched["replica"]
    sentinel.sentinels[0].execute_command("SENTINEL FAILOVER shop")
    # Until it is told, the former primary takes writes that will be lost.
    former = redis.Redis(LOOPBACK, watched["primary"])
    wait_until(lambda: former.info("replication")["role"] == "slave", "the former primary is told", within=60)
    assert client.set("after", 2) in (True, BUFFERED)
    client.flush(30)
    assert client.info("server")["tcp_port"] == watched["replica"]
    assert client.mget("before", "after") == [b"1", b"2"]
    client.close()
    reader.close()
