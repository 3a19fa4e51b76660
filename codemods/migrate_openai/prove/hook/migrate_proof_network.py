# ruff: noqa: UP031
"""Where requests go: to the stand-in, to a server of the program, and nowhere else."""

from __future__ import annotations

import errno
import ipaddress
import re
import socket
from urllib.parse import urlsplit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from codemods.migrate_openai.prove.hook import migrate_proof_state as state
else:
    import migrate_proof_state as state

_ENDPOINT = re.compile(
    r"/(chat/completions|completions|embeddings|moderations|edits|responses(/.*)?|models(/.*)?"
    r"|images/(generations|edits|variations)|audio/(transcriptions|translations|speech)"
    r"|messages|api/(chat|generate|embed|embeddings|show)|models/[^/]+:\w+)$"
)
_PROVIDER = re.compile(
    r"(^|\.)(openai\.com|openai\.azure\.com|cognitiveservices\.azure\.com|services\.ai\.azure\.com"
    r"|anthropic\.com|generativelanguage\.googleapis\.com|mistral\.ai)$"
)
_LOOPBACK = {"localhost", "127.0.0.1", "::1", "0.0.0.0", ""}  # noqa: S104
# From here on, systems give out ports to servers that ask for any: a test's own server, running
# or closed on purpose. Below it, a local model server that the stand-in may stand in for.
_EPHEMERAL = 32768


def routed(url: str) -> str | None:
    """The stand-in's address for a provider's, or None for traffic that is not the proof's."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if url.startswith(state.settings["stand_in"]):
        return None
    if not _PROVIDER.search(host):
        if not _ENDPOINT.search(parts.path):
            return None
        if host in _LOOPBACK and (
            (parts.port or 80) >= _EPHEMERAL or _listening(host, parts.port or 80)
        ):
            return None
    rest = url.split("://", 1)[1].rpartition("@")[2] if "@" in parts.netloc else url.split("://")[1]
    return "%s/.stand-in/%s/%s" % (state.settings["stand_in"], parts.scheme, rest)


def own_server(url: str) -> bool:
    """Does a server that the program started answer, on whatever port it got?"""
    parts = urlsplit(url)
    return (parts.hostname or "") in _LOOPBACK and routed(url) is None


def _listening(host: str, port: int) -> bool:
    """Does the program, or its test, run a server of its own there?"""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.settimeout(0.3)
        return probe.connect_ex((host or "127.0.0.1", port)) == 0


def guard(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: nothing but loopback and unix sockets is ever sent to or asked for."""
    if event in _SENDING:
        address = arguments[1] if len(arguments) > 1 else None
        if isinstance(address, tuple) and not _is_loopback(address[0]):
            raise ConnectionRefusedError(errno.ECONNREFUSED, _refusal(address[0]))
    elif event in _ASKING:
        host = arguments[0]
        if isinstance(host, tuple):
            host = host[0]
        if isinstance(host, (bytes, bytearray)):
            host = bytes(host).decode("ascii", "replace")
        if host is not None and not _is_loopback(host):
            raise socket.gaierror(socket.EAI_NONAME, _refusal(host))


_SENDING = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_ASKING = {
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.gethostbyaddr",
    "socket.getnameinfo",
}


def _is_loopback(host: object) -> bool:
    """An address of loopback, or a name that the system does not ask others for."""
    name = str(host).lower()
    if name in _LOOPBACK or name == socket.gethostname().lower():
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _refusal(host: object) -> str:
    return "a proof keeps the program off the network; it asked for %s" % host
