"""What many asynchronous calls at once are sent with: pools of few connections each.

httpcore looks at every connection of its pool whenever a request begins and ends: with two hundred
in one pool that takes longer than all the rest of a call.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib import import_module
from typing import Any
from urllib.request import getproxies

from .packages import load_sdk, subclass

_SIZE = 10


def new_async_http_client() -> Any:
    """The SDK's default client, in small pools; as it is where the environment names a proxy."""
    kind = load_sdk().DefaultAsyncHttpxClient
    if getproxies():
        return kind()
    httpx = import_module(kind.__mro__[1].__module__.partition(".")[0])  # or its fork
    return kind(transport=subclass(_SmallPools, httpx.AsyncBaseTransport)(httpx))


class _Pool:
    """A transport of its own, and how many requests it has to answer."""

    def __init__(self, transport: Any) -> None:
        self.transport = transport
        self.requests = 0


class _SmallPools:
    """Each request goes to the first pool with room, so that few calls share few connections.

    All pools together keep to the limits that the SDK sets for its one.
    """

    def __init__(self, httpx: Any) -> None:
        self._httpx = httpx
        self._pools: list[_Pool] = []
        self._tls = httpx.create_ssl_context()

    async def handle_async_request(self, request: Any) -> Any:
        pool = self._with_room()
        pool.requests += 1
        try:
            response = await pool.transport.handle_async_request(request)
        except BaseException:
            pool.requests -= 1
            raise
        response.stream = subclass(_Body, self._httpx.AsyncByteStream)(response.stream, pool)
        return response

    def _with_room(self) -> _Pool:
        for pool in self._pools:
            if pool.requests < _SIZE:
                return pool
        limits = load_sdk().DEFAULT_CONNECTION_LIMITS
        open_now = _SIZE * len(self._pools)
        if open_now >= limits.max_connections:
            return min(self._pools, key=lambda pool: pool.requests)  # it waits there
        own = self._httpx.Limits(
            max_connections=_SIZE,
            max_keepalive_connections=_SIZE if open_now < limits.max_keepalive_connections else 0,
            keepalive_expiry=limits.keepalive_expiry,
        )
        self._pools.append(_Pool(self._httpx.AsyncHTTPTransport(verify=self._tls, limits=own)))
        return self._pools[-1]

    async def aclose(self) -> None:
        for pool in self._pools:
            await pool.transport.aclose()


class _Body:
    """A body that is still to be read: until it is closed, the pool has the request."""

    def __init__(self, body: Any, pool: _Pool) -> None:
        self._body = body
        self._pool: _Pool | None = pool

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._body:
            yield piece

    async def aclose(self) -> None:
        if self._pool is not None:
            self._pool.requests -= 1
            self._pool = None
        await self._body.aclose()
