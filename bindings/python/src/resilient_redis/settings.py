"""What a client is told: redis-py's arguments and ours, turned into options of the library and settings for redis-py's code.

Owns the finished `Settings`, and how they come from a constructor's arguments, from a pool, or from a URL. What each argument
becomes is decided in redis_arguments.py and tls_settings.py. Any thread, in an event loop or without. Never opens a connection,
never reads the environment.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import Any, Callable, Mapping
from urllib.parse import parse_qs, urlsplit

import redis
import redis.asyncio
import redis.asyncio.connection
import redis.asyncio.sentinel
import redis.connection
import redis.sentinel

from resilient_redis import redis_arguments as arguments
from resilient_redis.errors import ConfigurationError
from resilient_redis.options import OPTIONS, Options, boolean_text, milliseconds, option_text
from resilient_redis.redis_arguments import constructor_signature
from resilient_redis.sentinel_addresses import AsyncSentinelAddresses, SentinelAddresses
from resilient_redis.tls_settings import NAMES as TLS_NAMES
from resilient_redis.tls_settings import CertificateFile, say_tls

__all__ = ["Settings", "constructor_signature", "with_self"]


@dataclass(frozen=True, eq=False, repr=False)
class Settings:
    """All that a client, its engine and its facade of a pool have to know. Does not change.

    It has to live as long as the client: a file that the options name may go with it.
    """

    # Whether this is for redis.asyncio: `resolver`, `retry` and `credential_provider` are then asked in the event loop.
    asynchronous: bool
    # The library's options, by name, as text.
    options: dict[str, str]
    # What redis-py's pool would hand to its connections; programs read it.
    connection_kwargs: dict[str, Any]
    connection_class: type
    # The most connections that redis-py's pool would make. The library's own limit is an option.
    max_connections: int
    # The version of the Redis protocol: 2 or 3. redis-py chooses its reply callbacks by it.
    protocol: int
    encoding: str
    encoding_errors: str
    decode_responses: bool
    # An encoder other than redis-py's own, or None.
    encoder_class: type | None
    credential_provider: Any
    # The program's own wish to have commands tried again, or None: then there is only the library's care for outages.
    retry: Any
    # How long close() waits for what is buffered.
    drain_timeout_ms: int
    single_connection_client: bool
    # For the event_dispatcher of redis-py's constructor: the program's own, or None.
    event_dispatcher: Any
    # As redis-py would set it: False when the program brought the pool.
    auto_close_connection_pool: bool
    # Finds the addresses for a host and a port that the library asks about: resolver(host, port) -> [(address, port), ...],
    # numeric, the preferred one first, or raises. A coroutine function if `asynchronous`. None: the system looks names up.
    resolver: Callable[[str, int], Any] | None
    # The pool that the program brought, or None.
    pool: Any = None
    _certificates: CertificateFile | None = field(default=None)

    def __repr__(self) -> str:
        options = {name: "***" if name == "password" else text for name, text in self.options.items()}
        return f"<Settings {options}>"

    @classmethod
    def from_arguments(cls, asynchronous: bool, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Settings:
        """Of the arguments of a client's constructor, without self. TypeError as Python raises it for what is no parameter."""
        try:
            bound = constructor_signature(asynchronous).bind(*args, **kwargs).arguments
        except TypeError as error:
            raise TypeError(f"ResilientRedisClient() {error}") from None
        theirs, own = _split(asynchronous, bound)
        client = {name: theirs.pop(name) for name in arguments.CLIENT_NAMES if name in theirs}
        pool = theirs.pop("connection_pool", None)
        if pool is not None:
            return cls._from_pool_and(asynchronous, pool, theirs, own, client)
        _put_address_in_their_words(theirs, own)
        given = _without_unused(asynchronous, theirs)
        arguments.check(asynchronous, given)
        # redis-py's own client is the one that knows what a pool gets; it connects to nothing.
        redis_class: Any = redis.asyncio.Redis if asynchronous else redis.Redis
        made = redis_class(**theirs, event_dispatcher=_Unheard()).connection_pool
        return cls._assemble(asynchronous, made, given, own, client)

    @classmethod
    def from_pool(cls, pool: Any, **own: Any) -> Settings:
        """Of a pool of redis-py's that a program made; `own` are parameters of ours, and those of the client itself."""
        asynchronous = _is_asynchronous(pool)
        for name in own:
            if name not in constructor_signature(asynchronous).parameters:
                raise TypeError(f"ResilientRedisClient() got an unexpected keyword argument {name!r}")
        client = {name: own.pop(name) for name in arguments.CLIENT_NAMES if name in own}
        theirs, own = _split(asynchronous, own)
        return cls._from_pool_and(asynchronous, pool, theirs, own, client)

    @classmethod
    def from_url(cls, asynchronous: bool, url: str, **kwargs: Any) -> Settings:
        """Of a URL as redis-py reads it, and keywords. What stands in the URL's query wins, our parameters included."""
        theirs, own = _split(asynchronous, kwargs)
        names = ("single_connection_client", "auto_close_connection_pool")[: 2 if asynchronous else 1]
        client = {name: theirs.pop(name) for name in names if name in theirs}
        module: Any = redis.asyncio.connection if asynchronous else redis.connection
        in_url = dict(module.parse_url(url))
        query = parse_qs(urlsplit(url).query)
        for name, values in query.items():
            if len(set(values)) > 1:
                raise ConfigurationError(f"the URL says {name} more than once, and not the same")
        own.update({name: in_url.pop(name) for name in arguments.own_names(asynchronous) if name in in_url})
        given = {**theirs, **in_url}
        given.pop("connection_class", None)
        _check_url(asynchronous, given, query)
        made = module.ConnectionPool.from_url(url, **theirs)
        for name in own:
            made.connection_kwargs.pop(name, None)
        client.setdefault("event_dispatcher", given.get("event_dispatcher"))
        return cls._assemble(asynchronous, made, given, own, client)

    @classmethod
    def _from_pool_and(
        cls, asynchronous: bool, pool: Any, theirs: dict[str, Any], own: dict[str, Any], client: dict[str, Any]
    ) -> Settings:
        if _is_asynchronous(pool) != asynchronous:
            wanted = "redis.asyncio" if asynchronous else "redis"
            raise ConfigurationError(
                f"connection_pool is a {arguments.type_name(type(pool))}: this client takes a pool of {wanted}"
            )
        differing = arguments.differing(asynchronous, pool, theirs)
        if differing:
            raise ConfigurationError(
                f"beside connection_pool, which says something else: {', '.join(differing)}. redis-py would not heed that: give"
                " it to the pool"
            )
        if getattr(pool, "cache", None) is not None:
            arguments.check(asynchronous, {"cache": pool.cache})
        given = _given_by_pool(asynchronous, pool)
        arguments.check(asynchronous, given)
        if client.get("event_dispatcher") is None:
            client["event_dispatcher"] = given.get("event_dispatcher")
        client["auto_close_connection_pool"] = False
        return cls._assemble(asynchronous, pool, given, own, client, pool=pool)

    @classmethod
    def _assemble(
        cls,
        asynchronous: bool,
        made: Any,
        given: dict[str, Any],
        own: Mapping[str, Any],
        client: Mapping[str, Any],
        pool: Any = None,
    ) -> Settings:
        """Of a pool, whoever made it, and what was said: `given` to redis-py, `own` to us, `client` to the client itself."""
        sentinel = _sentinel_of(made)
        over = arguments.transport(asynchronous, made.connection_class, sentinel is not None)
        options, drain_timeout_ms = _say_own(own)
        if over == "tcp":
            options.agree("tls", "false", "a connection without TLS (ssl=True and rediss:// are with it)")
        arguments.say_address(options, given, over, sentinel.host if sentinel else None)
        arguments.say_login(options, given)
        arguments.say_times(options, given)
        arguments.say_keepalive(options, given)
        arguments.say_max_connections(options, given)
        arguments.say_maintenance(options, given.get("maint_notifications_config"))
        arguments.say_library(options, asynchronous, given)
        certificates = say_tls(options, given, sentinel is not None) if over == "tls" else None
        if sentinel is not None:
            role = "primary" if sentinel.pool.is_master else "any"
            options.say("server_role", role, "the Sentinel pool's is_master")
        protocol = arguments.say_protocol(options, given)
        if pool is not None and over != "unix" and protocol == 3 and _without_maintenance(asynchronous, pool, sentinel):
            options.say("maintenance_notifications", "false", "the pool's maint_notifications_config")
        encoder = made.get_encoder()
        connection = _unconnected(made)
        patient = made.connection_kwargs.get("retry") is not None
        auto_close = client.get("auto_close_connection_pool")
        return cls(
            asynchronous=asynchronous,
            options=options.texts(),
            connection_kwargs=dict(made.connection_kwargs),
            connection_class=made.connection_class,
            max_connections=made.max_connections,
            protocol=protocol,
            encoding=encoder.encoding,
            encoding_errors=encoder.encoding_errors,
            decode_responses=bool(encoder.decode_responses),
            encoder_class=None if type(encoder).__module__.startswith("redis.") else type(encoder),
            credential_provider=given.get("credential_provider"),
            retry=arguments.retry_of(asynchronous, given, connection.retry, patient),
            drain_timeout_ms=drain_timeout_ms,
            single_connection_client=bool(client.get("single_connection_client")),
            event_dispatcher=client.get("event_dispatcher"),
            auto_close_connection_pool=True if auto_close is None else bool(auto_close),
            resolver=None if sentinel is None else sentinel.find,
            pool=pool,
            _certificates=certificates,
        )


def with_self(signature: inspect.Signature) -> inspect.Signature:
    """The same of a method, for what shows signatures to people."""
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return signature.replace(parameters=[own, *signature.parameters.values()])


class _Unheard:
    """Takes the place of the program's dispatcher while redis-py makes a pool that nobody uses."""

    def dispatch(self, event: object) -> None:
        """Tells nobody."""


def _split(asynchronous: bool, said: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is for redis-py, and what is ours. None says nothing about ours."""
    names = arguments.own_names(asynchronous)
    theirs = {name: value for name, value in said.items() if name not in names}
    own = {name: value for name, value in said.items() if name in names and value is not None}
    return theirs, own


def _say_own(own: Mapping[str, Any]) -> tuple[Options, int]:
    options = Options()
    for name, value in own.items():
        if name in OPTIONS:
            options.say(name, option_text(name, value), f"{name}={value!r}")
    if "reconnect_interval_seconds" in own:
        value = own["reconnect_interval_seconds"]
        text = milliseconds("reconnect_interval_seconds", value)
        options.say("reconnect_interval_ms", text, f"reconnect_interval_seconds={value!r}")
    drain = own.get("drain_timeout_seconds", arguments.OWN_DEFAULTS["drain_timeout_seconds"])
    return options, int(milliseconds("drain_timeout_seconds", drain, 0))


def _put_address_in_their_words(theirs: dict[str, Any], own: dict[str, Any]) -> None:
    """redis-py chooses its connection class by `ssl` and `unix_socket_path`: our names for them count too."""
    if "tls" in own:
        wanted = boolean_text("tls", own.pop("tls")) == "true"
        if bool(theirs.setdefault("ssl", wanted)) != wanted:
            raise ConfigurationError(f"ssl={theirs['ssl']!r} and tls={wanted!r} say two things: give one of them")
    if "unix_socket" in own:
        path = own.pop("unix_socket")
        if theirs.get("unix_socket_path") not in (None, path):
            raise ConfigurationError(
                f"unix_socket_path={theirs['unix_socket_path']!r} and unix_socket={path!r} say two things: give one of them"
            )
        theirs["unix_socket_path"] = path


def _without_unused(asynchronous: bool, theirs: Mapping[str, Any]) -> dict[str, Any]:
    """What was said, by the names of redis-py's connections. What redis-py would drop without a word is refused."""
    parameters = arguments.redis_parameters(asynchronous)
    # redis-py's own mark for "nothing said" may be handed on.
    given = {name: value for name, value in theirs.items() if type(value) is not object or value is not parameters[name].default}
    encrypted, path = given.pop("ssl", None), given.pop("unix_socket_path", None)
    if path is not None:
        given["path"] = path
        if encrypted:
            raise ConfigurationError("ssl=True and unix_socket_path are given: on a unix socket servers speak no TLS")
        for name, default in (("host", "localhost"), ("port", 6379)):
            if given.pop(name, default) not in (default, None):
                raise ConfigurationError(f"{name}={theirs[name]!r} and unix_socket_path={path!r} are given: give one of them")
    if encrypted:
        return given
    for name in TLS_NAMES & set(given):
        # Who says that it is off knows that the rest has no effect; who says nothing takes the connection for a protected one.
        value = given.pop(name)
        if encrypted is None and not arguments.is_default(asynchronous, name, value):
            raise ConfigurationError(f"{name} is given but ssl is not: give ssl=True, or ssl=False if all of it shall be off")
    return given


def _check_url(asynchronous: bool, given: Mapping[str, Any], query: Mapping[str, Any]) -> None:
    try:
        arguments.check(asynchronous, given)
    except TypeError as error:
        unknown = [name for name in query if repr(name) in str(error)]
        if unknown:
            raise ConfigurationError(f"the URL's query says {unknown[0]}, which is no setting") from None
        raise


def _given_by_pool(asynchronous: bool, pool: Any) -> dict[str, Any]:
    """What a pool's maker said. Its values that are redis-py's defaults may well have been put in by redis-py."""
    kwargs = dict(pool.connection_kwargs)
    if getattr(kwargs.get("maintenance_state"), "value", "none") != "none":
        # While a server moves redis-py puts the new place in here, and longer time limits.
        for name, original in (
            ("host", "orig_host_address"),
            ("socket_timeout", "orig_socket_timeout"),
            ("socket_connect_timeout", "orig_socket_connect_timeout"),
        ):
            kwargs[name] = kwargs.get(original)
    given = {
        name: value
        for name, value in kwargs.items()
        if name not in arguments.POOL_NAMES and not arguments.is_default(asynchronous, name, value)
    }
    module: Any = redis.asyncio if asynchronous else redis
    if isinstance(pool, module.BlockingConnectionPool):
        usual = inspect.signature(module.BlockingConnectionPool.__init__).parameters["max_connections"].default
    else:
        usual = redis.ConnectionPool().max_connections  # That of redis.asyncio is the same, and needs an event loop.
    if pool.max_connections != usual:
        given["max_connections"] = pool.max_connections
    return given


def _is_asynchronous(pool: Any) -> bool:
    """Whether a pool is of redis.asyncio. Refuses what is no pool of redis-py's own."""
    known: dict[Any, bool] = {
        redis.ConnectionPool: False,
        redis.BlockingConnectionPool: False,
        redis.sentinel.SentinelConnectionPool: False,
        redis.asyncio.ConnectionPool: True,
        redis.asyncio.BlockingConnectionPool: True,
        redis.asyncio.sentinel.SentinelConnectionPool: True,
    }
    if type(pool) not in known:
        raise ConfigurationError(
            f"connection_pool of {arguments.type_name(type(pool))} cannot be honoured: the library makes its own connections, and"
            f" what another pool than {', '.join(arguments.type_name(kind) for kind in known)} does would be lost. Give host,"
            " port and the rest to the client, or a URL to from_url()"
        )
    return known[type(pool)]


def _sentinel_of(pool: Any) -> SentinelAddresses | None:
    if type(pool) is redis.sentinel.SentinelConnectionPool:
        return SentinelAddresses(pool)
    if type(pool) is redis.asyncio.sentinel.SentinelConnectionPool:
        return AsyncSentinelAddresses(pool)
    return None


def _unconnected(pool: Any) -> Any:
    """A connection as redis-py would make it, which checks the arguments as redis-py does. Nobody connects it."""
    kwargs = {
        name: list(value) if name == "retry_on_error" and value else value
        for name, value in pool.connection_kwargs.items()
        if name == "connection_pool" or (name not in arguments.POOL_NAMES and name != "maint_notifications_config")
    }
    return pool.connection_class(**kwargs)


def _without_maintenance(asynchronous: bool, pool: Any, sentinel: Any) -> bool:
    """Whether a pool's maker switched maintenance notifications off: redis-py's pool then keeps nothing of it but this."""
    if not hasattr(pool, "maint_notifications_enabled") or (asynchronous and not pool.connection_kwargs.get("host")):
        return False  # These pools never have them.
    return sentinel is None and not pool.maint_notifications_enabled()
