"""Libraries in C that look names up, or connect, without Python's sockets: c-ares and uvloop."""

from __future__ import annotations

import functools
import socket
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from personalvibe.replay.vcrpy.import_hooks import on_import


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What may raise before such a library does something, and what is told of an answer."""

    connect: Callable[[object, int | None], object]
    look_up: Callable[[object], object]
    look_up_address: Callable[[object], object]
    resolved: Callable[[object, Iterable[str]], object]


def watch(checks: Checks) -> None:
    """From now on they are asked."""
    for module, watch_module in (("pycares", _watch_pycares), ("uvloop", _watch_uvloop)):
        if module in sys.modules:
            watch_module(checks)
        else:
            on_import(module, functools.partial(watch_module, checks))


def _watch_pycares(checks: Checks) -> None:
    channel: Any = sys.modules["pycares"].Channel
    for name, check in (
        ("getaddrinfo", checks.look_up),
        ("query", checks.look_up),
        ("search", checks.look_up),
        ("gethostbyaddr", checks.look_up_address),
        ("getnameinfo", lambda address: checks.look_up_address(address[0])),
    ):
        setattr(channel, name, _checking(getattr(channel, name), check))
    look_up = channel.getaddrinfo

    @functools.wraps(look_up)
    def getaddrinfo(self: Any, host: Any, *args: Any, **kwargs: Any) -> Any:
        def hearing(value: Any) -> Any:
            """A callback that is told second; any other argument as it is."""
            return functools.partial(answered, value) if callable(value) else value

        def answered(callback: Any, result: Any, error: Any) -> None:
            if result is not None:
                checks.resolved(host, (_text(node.addr[0]) for node in result.nodes))
            callback(result, error)

        named = {name: hearing(value) for name, value in kwargs.items()}
        return look_up(self, host, *map(hearing, args), **named)

    channel.getaddrinfo = getaddrinfo


def _checking(original: Callable[..., Any], check: Callable[[Any], object]) -> Callable[..., Any]:
    @functools.wraps(original)
    def method(self: Any, name: Any, *args: Any, **kwargs: Any) -> Any:
        check(name)
        return original(self, name, *args, **kwargs)

    return method


def _text(address: str | bytes) -> str:
    return address.decode("ascii", "replace") if isinstance(address, bytes) else address


def _watch_uvloop(checks: Checks) -> None:
    loop: Any = sys.modules["uvloop"].Loop
    connect, datagrams = loop.create_connection, loop.create_datagram_endpoint

    @functools.wraps(connect)
    async def create_connection(
        self: Any, factory: Any, host: Any = None, port: Any = None, **kwargs: Any
    ) -> Any:
        if host is not None:
            checks.connect(host, port)
        return await connect(self, factory, host, port, **kwargs)

    @functools.wraps(datagrams)
    async def create_datagram_endpoint(
        self: Any, factory: Any, local_addr: Any = None, remote_addr: Any = None, **kwargs: Any
    ) -> Any:
        if remote_addr is not None and not isinstance(remote_addr, str):
            checks.connect(*remote_addr[:2])
        return await datagrams(self, factory, local_addr, remote_addr, **kwargs)

    # Python's functions are seen, and know what an allowed name was the answer for.
    async def getaddrinfo(self: Any, host: Any, port: Any, **kwargs: Any) -> Any:
        call = functools.partial(socket.getaddrinfo, host, port, **kwargs)
        return await self.run_in_executor(None, call)

    async def getnameinfo(self: Any, sockaddr: Any, flags: int = 0) -> Any:
        return await self.run_in_executor(None, socket.getnameinfo, sockaddr, flags)

    loop.create_connection, loop.create_datagram_endpoint = (
        create_connection,
        create_datagram_endpoint,
    )
    loop.getaddrinfo, loop.getnameinfo = getaddrinfo, getnameinfo
