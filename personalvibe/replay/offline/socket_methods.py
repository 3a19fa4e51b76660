"""What sockets do before, or without, the audit event that would say so.

``connect(("name", 443))`` looks the name up first. And ``connect`` sends nothing over UDP: programs
connect to any address and ask ``getsockname`` for their own. Here such a socket is bound to that
address instead, so that nothing can leave by it.
"""

from __future__ import annotations

import _socket
import contextlib
import functools
import socket
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from personalvibe.replay.offline.addresses import is_address

Address = tuple[Any, ...]

_INET = (socket.AF_INET, socket.AF_INET6)
_family = _socket.socket.family.__get__
_kind = _socket.socket.type.__get__
_probing = threading.local()


def is_probing() -> bool:
    """Whether this thread asks the kernel for a route, for which nothing is sent, or makes a pair
    of sockets, which Windows connects over loopback."""
    return getattr(_probing, "now", False)


def watch(look_up: Callable[[Address], object], refuses: Callable[[Address], bool]) -> None:
    """From now on `look_up` may raise before a name is looked up, and a plain datagram socket that
    connects to where it may not send only learns its own address."""
    for name in ("connect_ex", "sendto", "sendmsg"):
        setattr(socket.socket, name, _asking(getattr(socket.socket, name), look_up))
    connect = _asking(socket.socket.connect, look_up)

    @functools.wraps(socket.socket.connect)
    def connect_or_learn(self: socket.socket, address: Any) -> None:
        # Not a sub-class, and not an event loop's: those connect in order to send.
        plain = type(self) is socket.socket and self.gettimeout() != 0
        if plain and _is_datagram(self) and refuses(address):
            _learn(self, address)
        else:
            connect(self, address)

    socket.socket.connect = connect_or_learn  # type: ignore[assignment, method-assign]
    pair = socket.socketpair

    @functools.wraps(pair)
    def socketpair(*args: Any, **kwargs: Any) -> tuple[socket.socket, socket.socket]:
        with _unnoticed():
            return pair(*args, **kwargs)

    socket.socketpair = socketpair


def _asking(original: Callable[..., Any], look_up: Callable[[Address], object]) -> Any:
    @functools.wraps(original)
    def method(self: socket.socket, *args: Any) -> Any:
        if args and isinstance(args[-1], tuple) and len(args[-1]) >= 2 and _family(self) in _INET:
            look_up(args[-1])
        return original(self, *args)

    return method


def _is_datagram(one: socket.socket) -> bool:
    return _kind(one) == socket.SOCK_DGRAM and _family(one) in _INET


def _learn(one: socket.socket, target: Any) -> None:
    source = _source(one.family, target)
    with contextlib.suppress(OSError):  # bound already
        one.bind(source)
    _targets[one] = target
    one.__class__ = _Learning


_targets: weakref.WeakKeyDictionary[socket.socket, Any] = weakref.WeakKeyDictionary()


class _Learning(socket.socket):
    """A datagram socket that was connected to where nothing may be sent: sending is refused."""

    __slots__ = ()

    def send(self, data: Any, flags: int = 0, /) -> int:
        return self.sendto(data, flags, _targets[self])

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        self.sendto(data, flags, _targets[self])

    def getpeername(self) -> Any:
        return _targets[self]


def _source(family: int, target: Any) -> Any:
    """The address from which this machine would send to another."""
    with _unnoticed(), socket.socket(family, socket.SOCK_DGRAM) as probe:
        _socket.socket.connect(probe, target)
        return (probe.getsockname()[0], 0, *target[2:])


def is_own(address: str) -> bool:
    """Whether an address is one of this machine's: what is sent there is sent from there."""
    if not is_address(address):
        return False
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        source = _source(family, (address, 9))[0]
        return _packed(family, source) == _packed(family, address)
    except OSError:  # a broadcast's, or there is no way to it
        return False


def _packed(family: int, address: str) -> bytes:
    return socket.inet_pton(family, address.partition("%")[0])


@contextlib.contextmanager
def _unnoticed() -> Iterator[None]:
    before = is_probing()
    _probing.now = True
    try:
        yield
    finally:
        _probing.now = before
