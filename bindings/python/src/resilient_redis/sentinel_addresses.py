"""Where the servers are that a Sentinel knows: the answer to the library's requests for addresses.

Owns nothing but a reference to redis-py's Sentinel pool, which is asked and never used for a connection. Runs on the thread,
or in the event loop, of whoever answers the library's requests. Never runs on a thread of the library.
"""

from __future__ import annotations

import asyncio
import re
import socket
from typing import Any, Iterable

from redis.sentinel import SlaveNotFoundError

import redis.asyncio.sentinel as _asyncio_sentinel

_NOT_FOUND = (SlaveNotFoundError, _asyncio_sentinel.SlaveNotFoundError)


class SentinelAddresses:
    """Finds a service's primary, or its replicas, through a pool of redis.sentinel.

    `host` is what the library's option of that name has to be: it stands for the service. Any other host that is asked for
    (a replica that the primary named, a place that a server moves to) is looked up as usual.
    """

    def __init__(self, pool: Any) -> None:
        self.pool = pool
        self.host = service_host(pool.service_name)

    def find(self, host: str, port: int) -> list[tuple[str, int]]:
        """The addresses behind `host`, numeric, the preferred one first. Raises when there is none now."""
        found = _Found()
        for name, number in self._servers() if host == self.host else [(host, port)]:
            with found:
                found.add(socket.getaddrinfo(name, number, type=socket.SOCK_STREAM))
        return found.addresses()

    def _servers(self) -> list[tuple[str, int]]:
        if self.pool.is_master:
            return [_address(self.pool.get_master_address())]
        servers = []
        try:
            for server in self.pool.rotate_slaves():
                servers.append(_address(server))
        except _NOT_FOUND:
            if not servers:
                raise
        return servers


class AsyncSentinelAddresses(SentinelAddresses):
    """The same through a pool of redis.asyncio.sentinel: `find` is a coroutine function, for that pool's event loop."""

    async def find(self, host: str, port: int) -> list[tuple[str, int]]:  # type: ignore[override]
        """The addresses behind `host`, numeric, the preferred one first. Raises when there is none now."""
        found = _Found()
        loop = asyncio.get_running_loop()
        for name, number in await self._servers_async() if host == self.host else [(host, port)]:
            with found:
                found.add(await loop.getaddrinfo(name, number, type=socket.SOCK_STREAM))
        return found.addresses()

    async def _servers_async(self) -> list[tuple[str, int]]:
        if self.pool.is_master:
            return [_address(await self.pool.get_master_address())]
        servers = []
        try:
            async for server in self.pool.rotate_slaves():
                servers.append(_address(server))
        except _NOT_FOUND:
            if not servers:
                raise
        return servers


def service_host(service: Any) -> str:
    """The host that stands for a service: its name, as far as that can be a host's."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", str(service))[:253] or "sentinel"


def _address(pair: Any) -> tuple[str, int]:
    host, port = pair
    return (host.decode() if isinstance(host, bytes) else str(host)), int(port)


class _Found:
    """Numeric addresses in their order. One server whose name is not known does no harm to the others."""

    def __init__(self) -> None:
        self._addresses: dict[tuple[str, int], None] = {}
        self._error: BaseException | None = None

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> bool:
        self._error = self._error or error
        return isinstance(error, OSError)

    def add(self, infos: Iterable[Any]) -> None:
        for *_, sockaddr in infos:
            self._addresses[str(sockaddr[0]), int(sockaddr[1])] = None

    def addresses(self) -> list[tuple[str, int]]:
        if not self._addresses and self._error is not None:
            raise self._error
        return list(self._addresses)
