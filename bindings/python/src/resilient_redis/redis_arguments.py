"""redis-py's arguments, and what each becomes among the library's options. SETTINGS.md is the same for a reader.

Owns the decision about every argument: said as an option, kept for the client, or refused with a reason and a way out; one
that is not decided here is refused too. Functions of their arguments, any thread. Never opens a connection. `given` is
everywhere what a program said, by the names that redis-py's connections use; what it did not say is not in there.
"""

from __future__ import annotations

import inspect
import socket
import sys
from functools import lru_cache
from typing import Any, Mapping

import redis
import redis.asyncio
import redis.asyncio.connection
import redis.asyncio.retry
import redis.asyncio.sentinel
import redis.connection
import redis.sentinel
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from resilient_redis import tls_settings
from resilient_redis.errors import ConfigurationError
from resilient_redis.options import OPTIONS, Options, milliseconds, path_text, plain_text, shown, whole

# What the client takes beyond redis-py's arguments: these first, with their defaults, then the options by their names.
OWN_DEFAULTS: dict[str, Any] = {
    "reconnect_tries": 10,
    "reconnect_interval_seconds": 60,
    "buffer_commands": True,
    "buffer_max_commands": 10000,
    "delivery": None,
    "buffer_overflow": None,
    "drain_timeout_seconds": 5.0,
}

# Arguments of the client itself, which no connection sees.
CLIENT_NAMES = ("single_connection_client", "event_dispatcher", "auto_close_connection_pool")

# What redis-py's pools add to their arguments for their own use.
POOL_NAMES = frozenset(
    "connection_pool maint_notifications_pool_handler maintenance_state maintenance_notification_hash orig_host_address"
    " orig_socket_timeout orig_socket_connect_timeout".split()
)

# Kept as they are: the client uses them, or a program reads them in connection_kwargs.
_KEPT = frozenset("encoding encoding_errors decode_responses legacy_responses encoder_class himport_registry".split())

_SAID = frozenset(
    "host port path db username password credential_provider client_name socket_timeout socket_connect_timeout"
    " socket_keepalive socket_keepalive_options health_check_interval max_connections protocol maint_notifications_config"
    " lib_name lib_version driver_info retry retry_on_error retry_on_timeout event_dispatcher".split()
)

_CACHE = (
    "a client-side cache is kept right by messages to the connection that read a key, and this connection is shared and"
    " replaced in outages: leave it out, and cache in the program where a stale value does no harm"
)

_REFUSED = {
    "cache": _CACHE,
    "cache_config": _CACHE,
    "cache_factory": _CACHE,
    "redis_connect_func": "there is no connection of redis-py that it could prepare: use username, password or"
    " credential_provider, client_name, protocol and db",
    "oss_cluster_maint_notifications_handler": "the library speaks to one server, not to a cluster: leave it out",
    "command_packer": "commands are packed by the library: leave it out, and give encoded arguments to the commands",
    "parser_class": "replies are parsed by the library: leave it out",
    "socket_type": "redis-py uses it as the address family; the library tries all addresses of a name: give an address of"
    " the family as host, or a name that has only such addresses",
    "ssl": "beside a URL redis-py does not know it: give a URL with rediss://",
    "unix_socket_path": "beside a URL redis-py does not know it: give a URL with unix://",
    "connection_pool": "beside a URL redis-py does not know it: give the pool to the constructor",
    "socket_read_size": "the library's buffers grow and shrink by themselves: leave it out",
}

# A user without a password is sent one all the same: Redis takes any for a user with `nopass`, and none for another.
_ANY_PASSWORD = "nopass"

# What the library allows where redis-py means "no limit".
_NO_LIMIT_MS = 86_400_000
_MOST_CONNECTIONS = 65_536


@lru_cache(maxsize=None)
def redis_parameters(asynchronous: bool) -> dict[str, inspect.Parameter]:
    """The parameters of redis-py's client, in their order."""
    client = redis.asyncio.Redis if asynchronous else redis.Redis
    parameters = dict(inspect.signature(client.__init__).parameters)
    del parameters["self"]
    return parameters


@lru_cache(maxsize=None)
def own_names(asynchronous: bool) -> tuple[str, ...]:
    """What the client takes beyond redis-py's parameters."""
    names = dict.fromkeys([*OWN_DEFAULTS, *OPTIONS])
    return tuple(name for name in names if name not in redis_parameters(asynchronous))


@lru_cache(maxsize=None)
def constructor_signature(asynchronous: bool) -> inspect.Signature:
    """redis-py's parameters in their order, then ours, by keyword only."""
    own = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=OWN_DEFAULTS.get(name))
        for name in own_names(asynchronous)
    ]
    return inspect.Signature([*redis_parameters(asynchronous).values(), *own])


@lru_cache(maxsize=None)
def _defaults(asynchronous: bool) -> dict[str, Any]:
    module = redis.asyncio.connection if asynchronous else redis.connection
    defaults: dict[str, Any] = {}
    for kind in (module.Connection, module.SSLConnection, module.UnixDomainSocketConnection):
        for base in kind.__mro__[:-1]:
            defaults.update((p.name, p.default) for p in inspect.signature(base.__init__).parameters.values())
    defaults.update((p.name, p.default) for p in redis_parameters(asynchronous).values())
    # What is left has a default: `self` and `kwargs` are no arguments.
    return {name: default for name, default in defaults.items() if default is not inspect.Parameter.empty}


def is_default(asynchronous: bool, name: str, value: Any) -> bool:
    """Whether a value is the one that redis-py itself takes when a program says nothing."""
    default = _defaults(asynchronous).get(name)
    if name == "retry_on_error":
        return not value
    if name == "driver_info" and value is not None:
        return bool(value == type(value)())
    if name == "maint_notifications_config" and value is not None:
        return vars(value) == vars(type(value)())
    return bool(value == default)


def transport(asynchronous: bool, connection_class: Any, sentinel: bool) -> str:
    """`tcp`, `tls` or `unix`, of a class of redis-py's own; any other class is refused."""
    module: Any = redis.asyncio.connection if asynchronous else redis.connection
    managed: Any = redis.asyncio.sentinel if asynchronous else redis.sentinel
    known: dict[Any, str] = {module.Connection: "tcp", module.SSLConnection: "tls", module.UnixDomainSocketConnection: "unix"}
    if sentinel:
        known = {managed.SentinelManagedConnection: "tcp", managed.SentinelManagedSSLConnection: "tls"}
    if not isinstance(connection_class, type) or connection_class not in known:
        raise ConfigurationError(
            f"connection_class {type_name(connection_class)} cannot be honoured: the library makes its own connections, in place"
            f" of {', '.join(type_name(each) for each in known)}"
        )
    return known[connection_class]


def type_name(kind: Any) -> str:
    """A class as a message names it."""
    return f"{kind.__module__}.{kind.__qualname__}" if isinstance(kind, type) else repr(kind)


def check(asynchronous: bool, given: Mapping[str, Any]) -> None:
    """Refuses what the library cannot honour, and what nobody decided about."""
    for name, value in given.items():
        if name in _REFUSED:
            if value is None or is_default(asynchronous, name, value) or _own_parser(name, value):
                continue
            raise ConfigurationError(f"{name} cannot be honoured: {_REFUSED[name]}")
        if name not in _SAID and name not in _KEPT and name not in tls_settings.NAMES:
            if name in _defaults(asynchronous):
                if is_default(asynchronous, name, value):
                    continue
                raise ConfigurationError(f"{name} cannot be honoured: this version of resilient_redis does not know it")
            raise TypeError(f"ResilientRedisClient() got an unexpected keyword argument {name!r}")
    provider = given.get("credential_provider")
    if provider is not None and not callable(getattr(provider, "get_credentials", None)):
        raise ConfigurationError("credential_provider: it takes a redis.CredentialProvider")


def _own_parser(name: str, value: Any) -> bool:
    return name == "parser_class" and type_name(value).startswith("redis.")


def say_address(options: Options, given: Mapping[str, Any], over: str, service: str | None) -> None:
    """host and port, or unix_socket. `service`: the host that stands for what Sentinel knows."""
    if over == "unix":
        path = path_text("unix_socket_path", given.get("path") or "")
        options.say("unix_socket", path, f"unix_socket_path={path!r}")
        return
    if options.get("unix_socket") is not None:
        raise ConfigurationError("unix_socket is given together with a connection over TCP: give one of them")
    if service is not None:
        if given.get("host") is not None or given.get("port") is not None:
            raise ConfigurationError("host and port are given together with a Sentinel pool, which names them: leave them out")
        options.say("host", service, "the Sentinel's service")
        return
    # As with redis-py, no host is the own machine.
    options.say("host", plain_text("host", "localhost" if given.get("host") is None else given["host"]), "host")
    options.say("port", whole("port", given.get("port", 6379), 1, 65535), "port")


def say_login(options: Options, given: Mapping[str, Any]) -> None:
    """Who the connections are: user, password, database, name."""
    for name in ("username", "password", "client_name"):
        if given.get(name):
            options.say(name, plain_text(name, given[name]), name)
    if given.get("username") and not given.get("password") and given.get("credential_provider") is None:
        options.say("password", _ANY_PASSWORD, "password")
    if given.get("db") not in (None, ""):
        options.say("db", whole("db", given["db"], 0, 2**31 - 1), "db")


def say_times(options: Options, given: Mapping[str, Any]) -> None:
    """The time limits, and a grace that fits into them."""
    if "socket_timeout" in given:
        limit = given["socket_timeout"]
        text = str(_NO_LIMIT_MS) if limit is None else milliseconds("socket_timeout", limit)
        options.say("command_timeout_ms", text, f"socket_timeout={limit!r}")
    limit = given.get("socket_connect_timeout")
    if limit is not None:
        text = milliseconds("socket_connect_timeout", limit, 1, 3_600_000)
        options.say("connect_timeout_ms", text, f"socket_connect_timeout={limit!r}")
    interval = given.get("health_check_interval")
    if interval:
        text = milliseconds("health_check_interval", interval, 10)
        options.say("health_check_interval_ms", text, f"health_check_interval={interval!r}")
    # A write is buffered after the grace, and has to be before its time is over.
    said = options.get("command_timeout_ms") or ""
    if said.isdecimal() and int(said) <= 250 and options.get("buffer_commands") != "false":
        if options.get("outage_grace_ms") is None:
            options.say("outage_grace_ms", str(int(said) // 4), "a quarter of the time limit")


def say_keepalive(options: Options, given: Mapping[str, Any]) -> None:
    """TCP keepalive: on unless it was switched off, with the time that was asked for."""
    if "socket_keepalive" in given and not given["socket_keepalive"]:
        options.say("tcp_keepalive_ms", "0", f"socket_keepalive={given['socket_keepalive']!r}")
        return
    if given.get("socket_keepalive") and options.get("tcp_keepalive_ms") == "0":
        options.agree("tcp_keepalive_ms", "30000", "socket_keepalive=True")
    asked = given.get("socket_keepalive_options")
    if not asked:
        return
    if not isinstance(asked, Mapping):
        raise ConfigurationError(f"socket_keepalive_options={asked!r}: it takes a mapping of socket.TCP_... to numbers")
    numbers = {}
    for key, value in asked.items():
        number = int.from_bytes(value, sys.byteorder) if isinstance(value, bytes) else value
        if isinstance(number, bool) or not isinstance(number, int):
            raise ConfigurationError(f"socket_keepalive_options={asked!r}: it takes a mapping of socket.TCP_... to numbers")
        numbers[_keepalive_name(key)] = number
    idle = numbers.pop("TCP_KEEPIDLE", None)
    if idle is not None:
        text = whole("socket_keepalive_options TCP_KEEPIDLE", idle, 1, 32767)
        options.say("tcp_keepalive_ms", f"{text}000", f"socket_keepalive_options TCP_KEEPIDLE={idle}")
    limit = numbers.pop("TCP_USER_TIMEOUT", None)
    if limit is not None:
        text = whole("socket_keepalive_options TCP_USER_TIMEOUT", limit, 0, _NO_LIMIT_MS)
        options.say("tcp_user_timeout_ms", text, f"socket_keepalive_options TCP_USER_TIMEOUT={limit}")
    # redis-py's defaults are taken for its sake; the others are what the library does.
    third = max(1, int(options.get("tcp_keepalive_ms") or 30000) // 3000)
    allowed = {"TCP_KEEPINTVL": (5, third), "TCP_KEEPCNT": (3,)}
    for name, number in numbers.items():
        if number not in allowed.get(name, ()):
            raise ConfigurationError(
                f"socket_keepalive_options {name}={number} cannot be honoured: the library asks three times, at intervals of a"
                " third of TCP_KEEPIDLE. Give TCP_KEEPIDLE alone; TCP_USER_TIMEOUT (milliseconds) says when to give up"
            )


def _keepalive_name(key: Any) -> str:
    for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT"):
        if key == getattr(socket, name, None):
            return name
    return "TCP_KEEPIDLE" if key == getattr(socket, "TCP_KEEPALIVE", None) else f"option {key!r}"


def say_max_connections(options: Options, given: Mapping[str, Any]) -> None:
    """The most connections for calls that need one of their own."""
    most = given.get("max_connections")
    if not most:
        return
    if isinstance(most, int) and most >= 2**31:
        most = _MOST_CONNECTIONS  # redis-py 7 says "no limit" with this number.
    options.say(
        "private_max_connections", whole("max_connections", most, 1, _MOST_CONNECTIONS), f"max_connections={most!r}"
    )


def say_protocol(options: Options, given: Mapping[str, Any]) -> int:
    """The version of the protocol: what is said, or else what the installed redis-py speaks."""
    said = given.get("protocol")
    if said not in (None, 2, 3, "2", "3"):
        raise ConfigurationError(f"protocol={said!r}: it takes 2 or 3")
    protocol = int(redis.connection.Connection().protocol if said is None else said)
    options.say("protocol", str(protocol), "protocol")
    return protocol


def say_maintenance(options: Options, config: Any) -> None:
    """What a MaintNotificationsConfig says."""
    if config is None:
        return
    enabled = getattr(config, "enabled", None)
    if enabled not in (True, False, "auto"):
        raise ConfigurationError(f"maint_notifications_config={config!r}: it takes a MaintNotificationsConfig")
    source = f"maint_notifications_config={config!r}"
    options.say("maintenance_notifications", "true" if enabled else "false", source)
    if not enabled:
        return
    if not config.proactive_reconnect:
        raise ConfigurationError(
            "maint_notifications_config with proactive_reconnect=False cannot be honoured: the library connects to the new place"
            " before the old one goes. Leave it out, or switch the notifications off with enabled=False"
        )
    if config.endpoint_type is not None:
        endpoint = getattr(config.endpoint_type, "value", config.endpoint_type)
        options.say("maintenance_endpoint", str(endpoint), source)
    if config.relaxed_timeout is None:
        options.say("maintenance_timeout_ms", str(_NO_LIMIT_MS), source)
    elif config.relaxed_timeout == -1:
        options.say("maintenance_timeout_ms", "0", source)
    else:
        text = milliseconds("maint_notifications_config.relaxed_timeout", config.relaxed_timeout)
        options.say("maintenance_timeout_ms", text, source)


def say_library(options: Options, asynchronous: bool, given: Mapping[str, Any]) -> None:
    """What the connections announce as their library (CLIENT SETINFO): the library's own name unless the program says one."""
    announced = {name: given[name] for name in ("lib_name", "lib_version") if name in given}
    info = given.get("driver_info")
    # In some versions of redis-py None is the default and says nothing; in later ones it switches the announcement off.
    if "driver_info" in given and not (info is None and is_default(asynchronous, "driver_info", None)):
        if info is not None and not hasattr(info, "formatted_name"):
            raise ConfigurationError(f"driver_info={info!r}: it takes a redis.DriverInfo, or None")
        announced = {"lib_name": getattr(info, "formatted_name", None), "lib_version": getattr(info, "lib_version", None)}
    # Nothing is announced of a library without a name, as redis-py does with driver_info=None.
    if announced.get("lib_name", "") is None and announced.pop("lib_version", None) is not None:
        raise ConfigurationError("lib_version without a lib_name: the library announces a version with its name, or neither")
    for name, value in announced.items():
        # None: redis-py announces nothing.
        options.say(name, "none" if value is None else plain_text(name, value), name)


def retry_of(asynchronous: bool, given: Mapping[str, Any], of_redis: Any, patient: bool) -> Any:
    """The Retry that the program asked for, or None.

    `of_redis` is the one that redis-py's connections would have. It is returned if the program gave a Retry. If it only named
    errors, these alone are tried again: what an outage breaks is the library's to repair. `patient`: redis-py would make pauses
    between the tries; its client does, its pools alone do not.
    """
    named = list(given.get("retry_on_error") or ())
    if not all(isinstance(error, type) and issubclass(error, BaseException) for error in named):
        raise ConfigurationError(f"retry_on_error={given['retry_on_error']!r}: it takes a list of exception classes")
    make: Any = redis.asyncio.retry.Retry if asynchronous else Retry
    if given.get("retry") is not None and not is_default(asynchronous, "retry", given["retry"]):
        call = getattr(given["retry"], "call_with_retry", None)
        if call is None or inspect.iscoroutinefunction(call) != asynchronous:
            raise ConfigurationError(f"retry={given['retry']!r}: it takes a {type_name(make)}")
        return of_redis
    if given.get("retry_on_timeout"):
        named.append(RedisTimeoutError)
    if not named:
        return None
    pauses = ExponentialWithJitterBackoff() if patient else NoBackoff()
    return make(pauses, of_redis.get_retries(), supported_errors=tuple(dict.fromkeys(named)))


def differing(asynchronous: bool, pool: Any, theirs: Mapping[str, Any]) -> list[str]:
    """The arguments, given beside a pool, that say something else than the pool does and than redis-py's defaults."""
    encrypted = (redis.connection.SSLConnection, redis.asyncio.connection.SSLConnection)
    of_pool = {
        **pool.connection_kwargs,
        "ssl": isinstance(pool.connection_class, type) and issubclass(pool.connection_class, encrypted),
        "unix_socket_path": pool.connection_kwargs.get("path"),
        "max_connections": pool.max_connections,
    }
    return [
        shown(name, value)
        for name, value in theirs.items()
        if not is_default(asynchronous, name, value) and not (name in of_pool and bool(value == of_pool[name]))
    ]
