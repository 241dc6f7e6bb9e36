"""What each of redis-py's arguments becomes. Nothing here connects to anything."""

import inspect
import socket
import sys
from pathlib import Path

import pytest
import redis
import redis.asyncio
import redis.asyncio.retry
import redis.maint_notifications
import redis.retry
from redis.backoff import NoBackoff
from redis.maint_notifications import EndpointType, MaintNotificationsConfig
from redis.retry import Retry
from support.said import ALWAYS, VERSION, arguments, beyond, both, client_class, module, options, refused, run

from resilient_redis.errors import ConfigurationError
from resilient_redis.settings import Settings

DRIVER_INFO = inspect.signature(redis.Redis.__init__).parameters.get("driver_info")


# Address and login


@both
def test_address_and_login_become_options(asynchronous):
    said = dict(host="h", port=6380, db=2, username="u", password="p", client_name="n")
    assert options(asynchronous, **said) == {**{name: str(value) for name, value in said.items()}}


def test_a_port_and_a_database_may_be_text_and_a_password_bytes():
    assert options(port="6380", db="2", password="pä".encode()) == {"port": "6380", "db": "2", "password": "pä"}


def test_no_host_is_the_own_machine():
    assert options(host=None) == {}


def test_a_password_that_is_empty_is_none():
    assert options(username="", password="", client_name="") == {}


def test_a_user_without_a_password_is_sent_one_that_nopass_takes():
    assert options(username="u") == {"username": "u", "password": "nopass"}


@pytest.mark.parametrize(
    "said, match",
    [
        ({"port": 70000}, "port=70000.*1 to 65535"),
        ({"port": "x"}, "port='x'"),
        ({"port": None}, "port=None"),
        ({"db": -1}, "db=-1"),
        ({"db": True}, "db=True"),
        ({"password": b"\xff"}, "password.*UTF-8"),
        ({"password": object}, "password: it takes text"),
        ({"credential_provider": "x"}, "credential_provider"),
    ],
)
def test_an_address_or_login_that_cannot_be_is_refused_by_its_name(said, match):
    refused(match, **said)


def test_no_message_and_no_repr_shows_a_password():
    others = ({"port": 0}, {"tls": True, "ssl": False}, {"credential_provider": "x"}, {"tls_ca_file": b""})
    for said in ({"password": b"sesame\xff"}, *({"password": "sesame", **other} for other in others)):
        with pytest.raises(ConfigurationError) as caught:
            arguments(**said)
        assert "sesame" not in str(caught.value)
    with pytest.raises(ConfigurationError) as caught:
        arguments(connection_pool=redis.ConnectionPool(password="other"), password="sesame")
    assert "password" in str(caught.value) and "sesame" not in str(caught.value)
    assert "sesame" not in repr(arguments(password="sesame"))


@both
def test_a_credential_provider_is_kept_and_does_not_go_with_a_password(asynchronous):
    provider = redis.UsernamePasswordCredentialProvider("u", "p")
    settings = arguments(asynchronous, credential_provider=provider)
    assert settings.credential_provider is provider
    assert beyond(settings) == {}
    with pytest.raises(redis.DataError, match="credential_provider"):
        arguments(asynchronous, credential_provider=provider, password="p")
    with pytest.raises(redis.DataError):
        Settings.from_url(asynchronous, "redis://u@h", credential_provider=provider)


@both
def test_a_unix_socket_takes_the_place_of_host_and_port(asynchronous):
    expected = {"unix_socket": "/tmp/s", "protocol": ALWAYS["protocol"]}
    for said in (
        {"unix_socket_path": "/tmp/s"},
        {"unix_socket": "/tmp/s"},
        {"unix_socket_path": Path("/tmp/s")},
        {"unix_socket_path": "/tmp/s", "host": "localhost", "port": 6379},
        {"unix_socket_path": "/tmp/s", "unix_socket": "/tmp/s"},
    ):
        settings = arguments(asynchronous, **said)
        assert settings.options == expected
        assert str(settings.connection_kwargs["path"]) == "/tmp/s"
    assert Settings.from_url(asynchronous, "unix:///tmp/s").options == expected
    kind = module(asynchronous).UnixDomainSocketConnection
    assert Settings.from_pool(module(asynchronous).ConnectionPool(connection_class=kind, path="/tmp/s")).options == expected


def test_what_contradicts_a_unix_socket_is_refused():
    refused("host='h'.*unix_socket_path", unix_socket_path="/tmp/s", host="h")
    refused("port=1 .*unix_socket_path", unix_socket_path="/tmp/s", port=1)
    refused("TLS", unix_socket_path="/tmp/s", ssl=True)
    refused("unix_socket='/tmp/t'", unix_socket_path="/tmp/s", unix_socket="/tmp/t")
    refused("unix_socket_path is empty", unix_socket_path="")
    with pytest.raises(ConfigurationError, match="unix_socket"):
        Settings.from_url(False, "redis://h", unix_socket="/tmp/s")
    with pytest.raises(ConfigurationError, match="unix_socket_path is empty"):
        Settings.from_url(False, "unix://")


def test_the_time_to_connect_counts_for_a_unix_socket_too():
    assert arguments(unix_socket_path="/tmp/s", socket_connect_timeout=1).options["connect_timeout_ms"] == "1000"


# Time limits


@both
def test_times_in_seconds_become_milliseconds(asynchronous):
    said = dict(socket_timeout=1.5, socket_connect_timeout=0.25, health_check_interval=30, reconnect_interval_seconds=0.5)
    assert options(asynchronous, **said) == {
        "command_timeout_ms": "1500",
        "connect_timeout_ms": "250",
        "health_check_interval_ms": "30000",
        "reconnect_interval_ms": "500",
    }


def test_no_timeout_is_no_limit_if_it_is_said_and_five_seconds_if_not():
    assert options(socket_timeout=None) == {"command_timeout_ms": "86400000"}
    assert "command_timeout_ms" not in options()


def test_in_a_pool_a_timeout_that_is_redis_pys_default_is_not_said():
    unlimited = Settings.from_pool(redis.ConnectionPool(socket_timeout=None)).options
    assert unlimited.get("command_timeout_ms") == ("86400000" if VERSION >= 8 else None)


def test_no_time_to_connect_and_no_health_check_are_the_librarys_defaults():
    assert options(socket_connect_timeout=None, health_check_interval=0) == {}


@pytest.mark.parametrize(
    "said, match",
    [
        ({"socket_timeout": 0}, "socket_timeout=0.*seconds"),
        ({"socket_timeout": -1}, "socket_timeout=-1"),
        ({"socket_timeout": 86401}, "socket_timeout=86401.*86400 seconds"),
        ({"socket_timeout": float("inf")}, "socket_timeout=inf"),
        ({"socket_timeout": "x"}, "socket_timeout='x'"),
        ({"socket_timeout": True}, "socket_timeout=True"),
        ({"socket_connect_timeout": 3601}, "socket_connect_timeout=3601"),
        ({"health_check_interval": -1}, "health_check_interval=-1"),
        ({"reconnect_interval_seconds": 0}, "reconnect_interval_seconds=0"),
        ({"drain_timeout_seconds": -1}, "drain_timeout_seconds=-1"),
    ],
)
def test_a_time_that_cannot_be_is_refused_by_its_name(said, match):
    refused(match, **said)


def test_a_time_below_a_millisecond_is_one():
    assert options(socket_timeout=0.0001)["command_timeout_ms"] == "1"


def test_the_grace_fits_into_a_short_time_limit_unless_the_program_says_one():
    assert options(socket_timeout=0.2) == {"command_timeout_ms": "200", "outage_grace_ms": "50"}
    assert options(socket_timeout=0.25)["outage_grace_ms"] == "62"
    assert options(socket_timeout=0.001)["outage_grace_ms"] == "0"
    assert options(command_timeout_ms=100)["outage_grace_ms"] == "25"
    assert "outage_grace_ms" not in options(socket_timeout=0.251)
    assert "outage_grace_ms" not in options(socket_timeout=0.2, buffer_commands=False)
    assert options(socket_timeout=0.2, outage_grace_ms=10)["outage_grace_ms"] == "10"


def test_the_time_to_drain_is_kept():
    assert arguments(drain_timeout_seconds=0.5).drain_timeout_ms == 500
    assert arguments(drain_timeout_seconds=0).drain_timeout_ms == 0
    assert Settings.from_url(False, "redis://h?drain_timeout_seconds=2").drain_timeout_ms == 2000


# Sockets and connections


def test_keepalive_is_on_unless_it_is_switched_off():
    assert options(socket_keepalive=True) == {}
    assert options(socket_keepalive=False) == {"tcp_keepalive_ms": "0"}
    assert options(socket_keepalive=None) == {"tcp_keepalive_ms": "0"}
    off = redis.ConnectionPool(socket_keepalive=False)
    assert Settings.from_pool(off).options["tcp_keepalive_ms"] == "0"


def test_the_idle_time_and_the_user_timeout_are_taken_from_the_keepalive_options():
    idle, limit = socket.TCP_KEEPIDLE, socket.TCP_USER_TIMEOUT
    assert options(socket_keepalive_options={idle: 60, limit: 7000}) == {
        "tcp_keepalive_ms": "60000",
        "tcp_user_timeout_ms": "7000",
    }
    assert options(socket_keepalive_options={idle: (60).to_bytes(4, sys.byteorder)}) == {"tcp_keepalive_ms": "60000"}
    assert options(socket_keepalive_options={}) == {}
    assert options(socket_keepalive_options=None) == {}
    assert options(socket_keepalive=False, socket_keepalive_options={idle: 60}) == {"tcp_keepalive_ms": "0"}


def test_probes_as_redis_py_or_the_library_has_them_are_taken_and_others_refused():
    idle, interval, count = socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT
    assert options(socket_keepalive_options={idle: 30, interval: 5, count: 3}) == {"tcp_keepalive_ms": "30000"}
    assert options(socket_keepalive_options={interval: 10}) == {}
    assert options(socket_keepalive_options={idle: 60, interval: 20}) == {"tcp_keepalive_ms": "60000"}
    refused("TCP_KEEPINTVL=7", socket_keepalive_options={interval: 7})
    refused("TCP_KEEPCNT=9", socket_keepalive_options={count: 9})
    refused("TCP_KEEPIDLE=0", socket_keepalive_options={idle: 0})
    refused("option 999=1", socket_keepalive_options={999: 1})
    refused("socket_keepalive_options", socket_keepalive_options=[1])
    refused("socket_keepalive_options", socket_keepalive_options={idle: "x"})


@both
def test_the_most_connections_are_those_for_calls_that_need_their_own(asynchronous):
    assert options(asynchronous, max_connections=7) == {"private_max_connections": "7"}
    assert arguments(asynchronous, max_connections=7).max_connections == 7
    assert options(asynchronous, max_connections=None) == {}
    assert options(asynchronous, max_connections=2**31) == {"private_max_connections": "65536"}
    for kind in (module(asynchronous).ConnectionPool, module(asynchronous).BlockingConnectionPool):
        assert beyond(Settings.from_pool(kind(max_connections=9))) == {"private_max_connections": "9"}
    assert beyond(Settings.from_url(asynchronous, "redis://localhost?max_connections=9")) == {"private_max_connections": "9"}
    refused("max_connections=70000", asynchronous, max_connections=70000)


@both
def test_the_protocol_is_what_redis_py_would_speak(asynchronous):
    assert arguments(asynchronous, protocol=3).options["protocol"] == "3"
    assert arguments(asynchronous, protocol=2).options["protocol"] == "2"
    assert arguments(asynchronous, protocol=2).protocol == 2
    assert Settings.from_url(asynchronous, "redis://h?protocol=3").protocol == 3
    pool = module(asynchronous).ConnectionPool(protocol="3")
    assert Settings.from_pool(pool).options["protocol"] == "3"
    assert arguments(asynchronous, protocol=None).options == ALWAYS
    for wrong in (4, "auto"):
        refused(f"protocol={wrong!r}", asynchronous, protocol=wrong)


@both
def test_what_redis_pys_code_needs_is_kept(asynchronous):
    settings = arguments(
        asynchronous, encoding="latin-1", encoding_errors="replace", decode_responses=True, single_connection_client=True
    )
    assert (settings.encoding, settings.encoding_errors, settings.decode_responses) == ("latin-1", "replace", True)
    assert settings.single_connection_client is True
    assert Settings.from_url(asynchronous, "redis://h", single_connection_client=True).single_connection_client is True


class Dispatcher:
    def __init__(self):
        self.heard = []

    def dispatch(self, event):
        self.heard.append(event)


@both
def test_the_programs_dispatcher_is_kept_and_hears_nothing_yet(asynchronous):
    dispatcher = Dispatcher()
    assert arguments(asynchronous, event_dispatcher=dispatcher).event_dispatcher is dispatcher
    assert Settings.from_url(asynchronous, "redis://h", event_dispatcher=dispatcher).event_dispatcher is dispatcher
    pool = module(asynchronous).ConnectionPool()
    assert arguments(asynchronous, connection_pool=pool, event_dispatcher=dispatcher).event_dispatcher is dispatcher
    assert dispatcher.heard == []


def test_the_asyncio_client_keeps_whether_it_closes_its_pool():
    assert arguments(True, auto_close_connection_pool=False).auto_close_connection_pool is False
    assert Settings.from_url(True, "redis://h", auto_close_connection_pool=False).auto_close_connection_pool is False
    with pytest.raises(TypeError, match="auto_close_connection_pool"):
        arguments(False, auto_close_connection_pool=False)
    with pytest.raises((TypeError, ConfigurationError), match="auto_close_connection_pool"):
        Settings.from_url(False, "redis://h", auto_close_connection_pool=False)


def test_an_encoder_of_the_program_is_kept():
    class Encoder(redis._parsers.Encoder):
        pass

    pool = redis.asyncio.ConnectionPool(encoder_class=Encoder)
    assert Settings.from_pool(pool).encoder_class is Encoder
    with pytest.raises(TypeError, match="encoder_class"):
        Settings.from_pool(redis.ConnectionPool(encoder_class=Encoder))


def test_settings_for_asyncio_can_be_made_inside_of_an_event_loop():
    async def make():
        return arguments(True, host="h"), Settings.from_pool(redis.asyncio.ConnectionPool())

    settings, of_pool = run(make())
    assert beyond(settings) == {"host": "h"}
    assert beyond(of_pool) == {}


# Trying again


@both
def test_a_retry_counts_only_if_the_program_brought_it(asynchronous):
    kind = redis.asyncio.retry.Retry if asynchronous else Retry
    default = inspect.signature(client_class(asynchronous).__init__).parameters["retry"].default
    assert arguments(asynchronous, retry=default).retry is None
    assert arguments(asynchronous, retry=None).retry is None
    assert Settings.from_pool(client_class(asynchronous)().connection_pool).retry is None
    own = kind(NoBackoff(), 3, supported_errors=(redis.BusyLoadingError,))
    assert arguments(asynchronous, retry=own).retry == own
    assert Settings.from_pool(module(asynchronous).ConnectionPool(retry=own)).retry == own
    assert Settings.from_url(asynchronous, "redis://h", retry=own).retry == own


def tries(retry, error):
    """How often a Retry makes a call that always fails so."""
    calls = []

    def fail():
        calls.append(error)
        raise error

    async def fail_async():
        fail()

    async def nothing(_error):
        pass

    with pytest.raises(type(error)):
        if isinstance(retry, redis.asyncio.retry.Retry):
            run(retry.call_with_retry(fail_async, nothing))
        else:
            retry.call_with_retry(fail, lambda _error: None)
    return len(calls)


@both
def test_errors_that_were_named_are_tried_again_and_an_outage_is_left_to_the_library(asynchronous):
    said = {"retry_on_error": [redis.ReadOnlyError]}
    for settings in (
        Settings.from_url(asynchronous, "redis://h", **said),
        Settings.from_pool(module(asynchronous).ConnectionPool(**said)),
    ):
        assert tries(settings.retry, redis.ReadOnlyError("x")) == 2
        assert tries(settings.retry, redis.ConnectionError("x")) == 1
        assert tries(settings.retry, redis.TimeoutError("x")) == 1
    default = inspect.signature(client_class(asynchronous).__init__).parameters["retry"].default
    assert arguments(asynchronous, **said).retry.get_retries() == default.get_retries()
    assert tries(arguments(asynchronous, **said).retry, redis.ConnectionError("x")) == 1


def test_there_are_pauses_between_tries_where_redis_py_would_make_them(monkeypatch):
    pauses = []
    monkeypatch.setattr(redis.retry, "sleep", pauses.append)
    named = {"retry_on_error": [redis.ReadOnlyError]}
    tries(Settings.from_pool(redis.ConnectionPool(**named)).retry, redis.ReadOnlyError("x"))
    assert pauses == []
    retry = arguments(**named).retry
    assert tries(retry, redis.ReadOnlyError("x")) == 1 + retry.get_retries() == 1 + len(pauses)


@both
def test_the_programs_list_of_errors_is_left_as_it_is(asynchronous):
    errors = [redis.ReadOnlyError]
    said = {"retry_on_error": errors, "retry_on_timeout": True}
    Settings.from_pool(module(asynchronous).ConnectionPool(**said))
    Settings.from_url(asynchronous, "redis://h", **said)
    arguments(asynchronous, **said)
    assert errors == [redis.ReadOnlyError]


@both
def test_timeouts_are_tried_again_if_asked_for(asynchronous):
    retry = Settings.from_url(asynchronous, "redis://h?retry_on_timeout=yes").retry
    assert tries(retry, redis.TimeoutError("x")) == 2
    assert tries(retry, redis.ConnectionError("x")) == 1
    assert arguments(asynchronous, retry_on_timeout=True).retry is not None
    assert arguments(asynchronous, retry_on_timeout=False, retry_on_error=[]).retry is None


@both
def test_errors_named_beside_a_retry_are_added_to_it(asynchronous):
    kind = redis.asyncio.retry.Retry if asynchronous else Retry
    retry = arguments(asynchronous, retry=kind(NoBackoff(), 3), retry_on_error=[redis.ReadOnlyError]).retry
    assert tries(retry, redis.ReadOnlyError("x")) == 4
    assert tries(retry, redis.ConnectionError("x")) == 4


def test_a_retry_of_the_wrong_kind_is_refused():
    refused("retry=.*redis.retry.Retry", retry=redis.asyncio.retry.Retry(NoBackoff(), 1))
    refused("retry=.*redis.asyncio.retry.Retry", True, retry=Retry(NoBackoff(), 1))
    refused("retry_on_error", retry_on_error=["x"])
    with pytest.raises(ConfigurationError, match="retry"):
        Settings.from_url(False, "redis://h", retry_on_error=[3])


# What is announced


@both
def test_the_announced_library_is_the_programs_if_it_says_one(asynchronous):
    assert options(asynchronous, lib_name="shop", lib_version="1.2") == {"lib_name": "shop", "lib_version": "1.2"}
    assert options(asynchronous, lib_name=None, lib_version=None) == {"lib_name": "none"}
    assert options(asynchronous, lib_name="shop", lib_version=None) == {"lib_name": "shop", "lib_version": "none"}
    with pytest.raises(ConfigurationError, match="lib_version without a lib_name"):
        options(asynchronous, lib_name=None, lib_version="1.2")
    assert Settings.from_url(asynchronous, "redis://h?lib_name=shop").options["lib_name"] == "shop"


def test_a_driver_info_says_what_is_announced_where_redis_py_has_one():
    if DRIVER_INFO is None:
        with pytest.raises(TypeError, match="driver_info"):
            arguments(driver_info=None)
        return
    info = redis.DriverInfo().add_upstream_driver("shop", "1.2")
    expected = {"lib_name": "redis-py(shop_v1.2)", "lib_version": redis.__version__}
    assert options(driver_info=info) == expected
    assert beyond(Settings.from_pool(redis.ConnectionPool(driver_info=info))) == expected
    assert options(driver_info=info, lib_name="other") == expected
    silent = {} if DRIVER_INFO.default is None else {"lib_name": "none"}
    assert options(driver_info=None) == silent
    assert beyond(Settings.from_pool(redis.ConnectionPool(driver_info=None))) == silent
    with pytest.raises(ConfigurationError, match="driver_info='x'"):
        Settings.from_pool(redis.ConnectionPool(driver_info="x"))


# Maintenance


def maintenance(**kwargs):
    found = options(protocol=3, maint_notifications_config=MaintNotificationsConfig(**kwargs))
    found.pop("protocol", None)
    return found


def test_a_maintenance_config_becomes_options():
    assert maintenance() == {"maintenance_notifications": "true", "maintenance_timeout_ms": "10000"}
    assert maintenance(enabled=True, endpoint_type=EndpointType.INTERNAL_FQDN, relaxed_timeout=2.5) == {
        "maintenance_notifications": "true",
        "maintenance_endpoint": "internal-fqdn",
        "maintenance_timeout_ms": "2500",
    }
    assert maintenance(relaxed_timeout=-1)["maintenance_timeout_ms"] == "0"
    assert maintenance(relaxed_timeout=None)["maintenance_timeout_ms"] == "86400000"
    assert maintenance(enabled=False, proactive_reconnect=False) == {"maintenance_notifications": "false"}
    with pytest.raises(ConfigurationError, match="proactive_reconnect=False.*enabled=False"):
        maintenance(proactive_reconnect=False)


def test_a_pool_whose_maintenance_notifications_are_off_keeps_them_off():
    off = MaintNotificationsConfig(enabled=False)
    for pool in (
        redis.ConnectionPool(protocol=3, maint_notifications_config=off),
        redis.Redis(protocol=3, maint_notifications_config=off).connection_pool,
    ):
        assert Settings.from_pool(pool).options["maintenance_notifications"] == "false"
    assert "maintenance_notifications" not in Settings.from_pool(redis.ConnectionPool(protocol=3)).options
    assert "maintenance_notifications" not in Settings.from_pool(redis.asyncio.ConnectionPool(protocol=3)).options


def test_a_pool_that_follows_a_moving_server_is_read_as_it_was_before():
    pool = redis.ConnectionPool(protocol=3, host="h", socket_timeout=3)
    state = redis.maint_notifications.MaintenanceState.MOVING
    pool.connection_kwargs.update(host="elsewhere", socket_timeout=10, socket_connect_timeout=10, maintenance_state=state)
    found = Settings.from_pool(pool).options
    assert (found["host"], found["command_timeout_ms"]) == ("h", "3000")
    assert "connect_timeout_ms" not in found


# What is refused


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "asyncio"])
@pytest.mark.parametrize(
    "name, value",
    [
        ("parser_class", object),
        ("socket_type", socket.AF_INET6),
        ("socket_read_size", 7),
        ("redis_connect_func", print),
        ("command_packer", print),
        ("cache_config", object()),
        ("cache_factory", object()),
        ("oss_cluster_maint_notifications_handler", print),
        ("ssl", True),
        ("unix_socket_path", "/tmp/s"),
        ("connection_pool", redis.ConnectionPool()),
    ],
)
def test_what_cannot_be_honoured_is_refused_with_a_way_out(asynchronous, name, value):
    with pytest.raises((ConfigurationError, TypeError), match=rf"{name} cannot be honoured: |argument '{name}'"):
        Settings.from_url(asynchronous, "redis://h", **{name: value})


def test_the_clients_arguments_that_cannot_be_honoured_are_refused():
    refused("redis_connect_func cannot be honoured: .*credential_provider", redis_connect_func=print)
    refused("redis_connect_func", True, redis_connect_func=print)
    refused("cache cannot be honoured", cache=object(), protocol=3)
    refused("cache_config cannot be honoured", cache_config=object(), protocol=3)


def test_a_parser_of_redis_pys_own_is_fine():
    for parser in (redis._parsers._RESP2Parser, redis.connection.DefaultParser):
        assert Settings.from_pool(redis.ConnectionPool(parser_class=parser)).options == ALWAYS


def test_an_argument_that_nobody_decided_about_is_refused(monkeypatch):
    from resilient_redis import redis_arguments

    defaults = redis_arguments._defaults(False)
    monkeypatch.setattr(redis_arguments, "_defaults", lambda _asynchronous: {**defaults, "future": 1})
    redis_arguments.check(False, {"future": 1})
    with pytest.raises(ConfigurationError, match="future cannot be honoured: this version"):
        redis_arguments.check(False, {"future": 2})
