"""Who owns a connection: a client, or the module's functions; never two processes."""

from __future__ import annotations

import functools
import os
import sys
import threading
import weakref
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .packages import load_sdk, renew_litellm
from .settings import client_arguments

if TYPE_CHECKING:
    from .settings import Wire


_KEEP = 64  # settings of which an owner of connections keeps the SDK's client, the oldest go first


_CLOSED = "Cannot send a request, as the client has been closed."  # httpx's words


class _Pool:
    """An HTTP client, and the SDK's clients that send with it: they own no connection."""

    def __init__(self, http_client: Any) -> None:
        self.http_client = http_client
        self.sdk_clients: OrderedDict[Any, Any] = OrderedDict()

    def sdk_client(self, azure: bool, is_async: bool, arguments: dict[str, Any]) -> Any:
        key = (azure, *((name, _hashable(value)) for name, value in sorted(arguments.items())))
        if key in self.sdk_clients:
            self.sdk_clients.move_to_end(key)
            return self.sdk_clients[key]
        if (proxy := arguments.pop("proxy", None)) is not None:
            arguments.setdefault("http_client", _proxied(proxy, is_async))
        elif self.http_client is not None:
            arguments.setdefault("http_client", self.http_client)
        elif is_async:
            # The one that the SDK makes would try to close itself in a later event loop.
            from .small_pools import new_async_http_client  # by now openai has what that needs

            self.http_client = arguments.setdefault("http_client", new_async_http_client())
        self.sdk_clients[key] = made = new_sdk_client(azure, is_async, arguments)
        if "http_client" not in arguments:
            self.http_client = made._client
        while len(self.sdk_clients) > _KEEP:
            self.sdk_clients.popitem(last=False)
        return made


def _proxied(proxy: Any, is_async: bool) -> Any:
    """An HTTP client for the proxy of openai 0.28: an address, or one by the kind of address."""
    from importlib import import_module

    kind = getattr(load_sdk(), "DefaultAsyncHttpxClient" if is_async else "DefaultHttpxClient")
    if isinstance(proxy, str):
        return kind(proxy=proxy)
    httpx = import_module(kind.__mro__[1].__module__.partition(".")[0])  # or its fork
    transport = httpx.AsyncHTTPTransport if is_async else httpx.HTTPTransport
    return kind(mounts={f"{name}://": transport(proxy=to) for name, to in proxy.items()})


class Connections:
    """What a client and its copies send with, or the module's functions: made at the first call.

    A pool belongs to the event loop that opened it, and to the process: a forked one starts anew.
    """

    def __init__(self, http_client: Any = None) -> None:
        self.closed = False
        self._given = http_client
        self.forget()
        _all_connections.add(self)

    def forget(self) -> None:
        """Start anew, without a word to whoever is at the other end: they are another process's."""
        self._lock = threading.RLock()
        self._sync = _Pool(self._given)
        self._by_loop: weakref.WeakKeyDictionary[Any, _Pool] = weakref.WeakKeyDictionary()
        self._without_loop = _Pool(self._given)

    def sdk_client(self, settings: Mapping[str, Any], route: Wire, **more: Any) -> Any:
        """The SDK's client for these settings, made once.

        Raises:
            OpenAIError: no key is set; the message names the variable.
            ValueError: Azure lacks a version or an address, in the SDK's words.
        """
        self.refuse_if_closed()
        arguments = {**client_arguments(settings, route), **more}
        with self._lock:
            pool = self._pool(route.is_async)
            return pool.sdk_client(route.azure, route.is_async, arguments)

    def refuse_if_closed(self) -> None:
        if self.closed:
            raise RuntimeError(_CLOSED)

    def _pool(self, is_async: bool) -> _Pool:
        if not is_async:
            return self._sync
        import asyncio  # by now LiteLLM has; on its own it would double the router's import

        for loop in [loop for loop in self._by_loop if loop.is_closed()]:
            self._by_loop.pop(loop, None)
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            return self._without_loop
        return self._by_loop.setdefault(running, _Pool(self._given))

    def _emptied(self) -> tuple[Any, list[tuple[Any, Any]]]:
        """(the synchronous HTTP client, the asynchronous ones with their loops); none is kept."""
        with self._lock:
            self.closed = True
            sync = self._sync.http_client
            others = [(loop, pool.http_client) for loop, pool in self._by_loop.items()]
            others.append((None, self._without_loop.http_client))
            self.forget()
        return sync, [(loop, one) for loop, one in others if one is not None]

    def close(self) -> None:
        sync, _ = self._emptied()
        if sync is not None:
            sync.close()

    async def aclose(self) -> None:
        import asyncio

        _, others = self._emptied()
        for loop, http_client in others:
            if loop in (None, asyncio.get_running_loop()) or http_client is self._given:
                await http_client.aclose()
            elif not loop.is_closed():
                asyncio.run_coroutine_threadsafe(http_client.aclose(), loop)


_all_connections: weakref.WeakSet[Connections] = weakref.WeakSet()


shared = Connections()  # of the module's functions


def _after_fork() -> None:
    """No connection, and no lock that a thread of the parent may hold, is used by two processes."""
    for connections in list(_all_connections):
        connections.forget()
    renew_litellm()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def session_of_litellm(is_async: bool) -> dict[str, Any]:
    """The HTTP client that the program gave LiteLLM for all calls."""
    litellm = sys.modules.get("litellm")
    name = "aclient_session" if is_async else "client_session"
    session = getattr(litellm, name, None)
    return {} if session is None else {"http_client": session}


def sdk_class(azure: bool, is_async: bool) -> Any:
    kind = f"{'Async' if is_async else ''}{'Azure' if azure else ''}OpenAI"
    return getattr(load_sdk(), kind)


def new_sdk_client(azure: bool, is_async: bool, arguments: dict[str, Any]) -> Any:
    return sdk_class(azure, is_async)(**arguments)


def _hashable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple(sorted((str(k), repr(v)) for k, v in value.items()))
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value


@functools.cache
def unconnected(is_async: bool) -> Any:
    """A client that gives its signatures only; calls through it go to another provider."""
    sdk = load_sdk()
    return (sdk.AsyncOpenAI if is_async else sdk.OpenAI)(api_key="unused")
