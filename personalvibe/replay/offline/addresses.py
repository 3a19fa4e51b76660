"""Which hosts mean this machine, and which ones a suite lets through. Asks no resolver."""

from __future__ import annotations

import fnmatch
import functools
import re
import socket
from collections.abc import Callable, Iterable

_LOOPBACK_NAMES = frozenset({"", "localhost", "localhost.localdomain", "ip6-localhost", "0.0.0.0"})  # noqa: S104
_LOOPBACK = frozenset({bytes(4), bytes(16), bytes(15) + b"\x01"})
_MAPPED = bytes(10) + b"\xff\xff"
"""What an IPv4 address in IPv6's clothes begins with."""
_FAMILIES = (socket.AF_INET, socket.AF_INET6)


def as_text(host: object) -> str:
    """A host as the interpreter reads it, whatever a sub-class says of itself."""
    if isinstance(host, bytes):
        return bytes.decode(host, "ascii", "replace")
    if isinstance(host, bytearray):
        return bytearray.decode(host, "ascii", "replace")
    return "" if host is None else str.__str__(host) if isinstance(host, str) else str(host)


def is_loopback(host: str) -> bool:
    """Whether a name or address means this machine."""
    name = host.lower().rstrip(".")
    packed = _packed(name)
    return name in _LOOPBACK_NAMES or packed[:1] == b"\x7f" or packed in _LOOPBACK


def _packed(address: str) -> bytes:
    """An address as its bytes, in whichever spelling (``127.1``, ``::ffff:7f00:1``); else empty."""
    try:
        if ":" in address:
            # Only IPv6 has zones: a resolver takes "127.0.0.1%x" for a name.
            without_zone = address.partition("%")[0]
            return socket.inet_pton(socket.AF_INET6, without_zone).removeprefix(_MAPPED)
        # What follows a blank means nothing to inet_aton, but something to a resolver.
        return socket.inet_aton(address) if len(address.split()) == 1 else b""
    except (OSError, ValueError):
        return b""


def is_address(host: str) -> bool:
    for family in _FAMILIES:
        try:
            socket.inet_pton(family, host.partition("%")[0] if ":" in host else host)
        except (OSError, ValueError):
            continue
        return True
    return False


def is_own_name(host: object) -> bool:
    return as_text(host).lower() == socket.gethostname().lower()


@functools.lru_cache(maxsize=64)
def matcher(entry: str) -> Callable[[str], object]:
    """How an entry of ``allowed_hosts`` meets a host.

    pytest-recording reads the entries as regular expressions that match the beginning; what is not
    one (``*.example.com``) is read as a glob.
    """
    try:
        return re.compile(entry, re.IGNORECASE).match
    except re.error:
        return re.compile(fnmatch.translate(entry), re.IGNORECASE).match


def split_hosts(hosts: str | Iterable[str] | None) -> tuple[str, ...]:
    """The entries of ``--allowed-hosts`` (comma-separated) or of a list of hosts."""
    if hosts is None:
        return ()
    entries = hosts.split(",") if isinstance(hosts, str) else hosts
    return tuple(entry.strip() for entry in entries if entry.strip())
