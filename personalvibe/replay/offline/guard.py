"""No network: every connection and every name look-up of the process is refused.

The guard listens to the interpreter's audit events (PEP 578: ``socket.connect``,
``socket.getaddrinfo``, ...) instead of replacing functions of `socket`. So nothing escapes it by
having imported a function early, by subclassing ``socket.socket``, or through an event loop, and
no other plugin's patches meet ours. Out of its reach: sub-processes, and libraries that open
sockets in C of their own (uvloop, gRPC, pycurl).

Only the standard library is imported here, and records are named tuples (a dataclass takes a
millisecond to build), because every pytest session pays for it.
"""

from __future__ import annotations

import _socket
import fnmatch
import functools
import re
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from personalvibe.replay.abort import Abort
from personalvibe.replay.vcrpy.import_hooks import on_import

LITELLM_SILENCERS = {
    # The price list, otherwise read from GitHub at import and again by a background thread.
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    # The beta-header table, otherwise read from GitHub inside whatever cassette is open.
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    # Tokenisers of Llama names: 23 s of refused requests for each count.
    "HF_HUB_OFFLINE": "1",
    # botocore's search for credentials at 169.254.169.254.
    "AWS_EC2_METADATA_DISABLED": "true",
}


def record_command(mode: str, test: str) -> str:
    """The shell command that records a test, given by its node id from the current folder."""
    quoted = test.replace("'", "'\"'\"'")
    return f"pytest --record-mode={mode} '{quoted}'"


class Violation(NamedTuple):
    """An attempt to reach the network that the guard refused."""

    test: str | None
    """Node id of the test that was running, from the current folder; None outside of tests."""
    host: str
    """Redacted."""
    port: int | None
    what: str
    """``connection``, ``name look-up`` or a look-up of the other direction."""
    declared: bool
    """Refused because the suite asked for it (`block_network`), not by the session's own guard."""

    @property
    def message(self) -> str:
        where = f" (port {self.port})" if self.port else ""
        who = self.test or "code that ran outside of a test"
        lines = [f"Network is disabled for host {self.host!r}{where}: {self.what} by {who}."]
        if not self.declared:
            again = record_command("once", self.test) if self.test else ""
            record = f"mark the test with @pytest.mark.vcr and run: {again}; or " if again else ""
            lines.append(f"To do: {record}open a hole with --allowed-hosts={self.host}")
        return "\n".join(lines)


class NetworkDisabled(RuntimeError):  # noqa: N818 - said of the network, as pytest-recording does
    """The network was used where the suite declared it blocked, or outside of a test.

    A RuntimeError whose text begins with ``Network is disabled for host``, as in pytest-recording.
    """


class NetworkBlocked(Abort):
    """A test used the network although the session is closed to it: a BaseException."""


_LOOPBACK_NAMES = frozenset({"", "localhost", "localhost.localdomain", "ip6-localhost", "0.0.0.0"})  # noqa: S104
_INET = frozenset({socket.AF_INET, socket.AF_INET6})


def _text(host: object) -> str:
    if isinstance(host, (bytes, bytearray)):
        return host.decode("ascii", "replace")
    # The characters that the interpreter takes, whatever a sub-class says of itself.
    return "" if host is None else str.__str__(host) if isinstance(host, str) else str(host)


def is_loopback(host: str) -> bool:
    """Whether a name or address means this machine, without asking the resolver."""
    name = host.lower().rstrip(".").partition("%")[0]
    return name in _LOOPBACK_NAMES or _packed(name)[:1] == b"\x7f" or _packed(name) in _LOOPBACK


_LOOPBACK = frozenset({bytes(4), bytes(16), bytes(15) + b"\x01"})
_MAPPED = bytes(10) + b"\xff\xff"
"""What an IPv4 address in IPv6's clothes begins with."""


def _packed(address: str) -> bytes:
    """An address as its bytes, in whichever spelling (``127.1``, ``::ffff:7f00:1``); else empty."""
    try:
        if ":" in address:
            return socket.inet_pton(socket.AF_INET6, address).removeprefix(_MAPPED)
        return b"" if " " in address else socket.inet_aton(address)
    except (OSError, ValueError):
        return b""


def _is_own(address: str) -> bool:
    """Whether an address is one of this machine's: only such can be bound to."""
    if not _is_address(address):
        return False
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True


def _is_address(host: str) -> bool:
    for family in _INET:
        try:
            socket.inet_pton(family, host.partition("%")[0])
        except (OSError, ValueError):
            continue
        return True
    return False


@functools.lru_cache(maxsize=64)
def _matcher(entry: str) -> Callable[[str], object]:
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


class Policy(NamedTuple):
    """What the guard does now."""

    blocked: bool = True
    allowed: tuple[str, ...] = ()
    declared: bool = False

    def allows(self, host: str) -> bool:
        return not self.blocked or any(_matcher(entry)(host) for entry in self.allowed)


class NetworkGuard:
    """Closes the network for the whole process while it is installed.

    Loopback, unix sockets and addresses that belong to an allowed name stay open.

    Args:
        current_test: gives the node id of the running test, or None.
        redact: removes secrets from a host before it is shown.
        allowed_hosts: holes for the whole session.
    """

    def __init__(
        self,
        *,
        current_test: Callable[[], str | None] = lambda: None,
        redact: Callable[[str], str] = lambda text: text,
        allowed_hosts: str | Iterable[str] = (),
    ) -> None:
        self._current_test = current_test
        self._redact = redact
        self._allowed = split_hosts(allowed_hosts)
        self._policy = Policy(blocked=False)
        self._violations: list[Violation] = []
        self._names: dict[str, set[str]] = {}
        """An address -> the allowed names that it was the answer for."""
        self._outer: NetworkGuard | None = None

    def install(self) -> None:
        """Close the network. An already installed guard is suspended until `uninstall`."""
        global _installed
        _listen()
        self._policy = Policy(allowed=self._allowed)
        self._outer, _installed = _installed, self

    def uninstall(self) -> None:
        """Open the network again, or hand over to the guard that was installed before."""
        global _installed
        if _installed is self:
            _installed = self._outer
        self._outer = None

    def allow(self, hosts: str | Iterable[str]) -> None:
        """Open holes until the guard is uninstalled."""
        self._allowed = (*self._allowed, *split_hosts(hosts))
        self._policy = self._policy._replace(allowed=self._allowed)

    @contextmanager
    def blocking(self, allowed_hosts: str | Iterable[str] | None = None) -> Iterator[None]:
        """Close the network because the suite said so: `block_network`, ``--block-network``.

        Refusals are `NetworkDisabled` here, which a test may expect, and are marked as declared.
        """
        hosts = (*self._allowed, *split_hosts(allowed_hosts))
        with self._under(Policy(allowed=hosts, declared=True)):
            yield

    @contextmanager
    def with_holes(self, allowed_hosts: str | Iterable[str]) -> Iterator[None]:
        """The session's guard with more holes, for one test."""
        hosts = (*self._policy.allowed, *split_hosts(allowed_hosts))
        with self._under(self._policy._replace(allowed=hosts)):
            yield

    @contextmanager
    def opened(self) -> Iterator[None]:
        """An open network, for a test that records."""
        with self._under(Policy(blocked=False)):
            yield

    @contextmanager
    def _under(self, policy: Policy) -> Iterator[None]:
        global _installed
        outer_guard, outer_policy = _installed, self._policy
        _listen()
        _installed, self._policy = self, policy
        try:
            yield
        finally:
            _installed, self._policy = outer_guard, outer_policy

    @property
    def is_closed(self) -> bool:
        return self._policy.blocked

    @property
    def violations(self) -> tuple[Violation, ...]:
        """What was refused so far, also when the application caught the exception."""
        return tuple(self._violations)

    def take_violations(self) -> tuple[Violation, ...]:
        """`violations`, which are then forgotten."""
        taken = self.violations
        del self._violations[: len(taken)]
        return taken

    def _check(self, host: str, port: int | None, what: str) -> None:
        if is_loopback(host) or self._policy.allows(host):
            return
        # Allowed as long as a name is that it belongs to: another test's holes are closed again.
        if any(map(self._policy.allows, self._names.get(host, ()))):
            return
        if what == _LOOK_UP and (_is_address(host) or _is_own_name(host)):
            return
        if what == _CONNECTION and _is_own(host):
            return
        violation = Violation(
            test=self._current_test(),
            host=self._redact(host),
            port=port,
            what=what,
            declared=self._policy.declared,
        )
        self._violations.append(violation)
        if violation.declared or violation.test is None:
            raise NetworkDisabled(violation.message)
        raise NetworkBlocked(violation.message)

    def _resolved(self, host: str, addresses: Iterable[str]) -> None:
        """An allowed name is connected to by its address, which must then be allowed too."""
        if self._policy.blocked and not is_loopback(host) and self._policy.allows(host):
            for address in addresses:
                self._names.setdefault(address, set()).add(host)


_installed: NetworkGuard | None = None
_listening = False

_CONNECTIONS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_LOOK_UPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})
_CONNECTION = "connection"
_LOOK_UP = "name look-up"
# As the interpreter knows it: a sub-class of `socket.socket` may say something else.
_family = _socket.socket.family.__get__


def _audit(event: str, args: tuple[object, ...]) -> None:
    # Called for every audit event of the process, imports and id() included: leave at once.
    if _installed is None or not event.startswith("socket."):
        return
    guard = _installed
    if event in _CONNECTIONS:
        connection, address = args[0], args[1]
        if not (isinstance(address, tuple) and len(address) >= 2):
            return  # a unix socket's path, or no address: already connected
        if isinstance(connection, _socket.socket) and _family(connection) in _INET:
            port = address[1] if isinstance(address[1], int) else None
            guard._check(_text(address[0]), port, _CONNECTION)
    elif event in _LOOK_UPS:
        port = args[1] if len(args) > 1 and isinstance(args[1], int) else None
        guard._check(_text(args[0]), port, _LOOK_UP)
    elif event == "socket.gethostbyaddr":
        guard._check(_text(args[0]), None, _REVERSE_LOOK_UP)
    elif event == "socket.getnameinfo" and isinstance(args[0], tuple):
        guard._check(_text(args[0][0]), None, _REVERSE_LOOK_UP)


_REVERSE_LOOK_UP = "look-up of a name by its address"


def _listen() -> None:
    """Start to listen, once in a process: an audit hook cannot be removed, only be idle."""
    global _listening
    if _listening:
        return
    _listening = True
    sys.addaudithook(_audit)
    original = socket.getaddrinfo

    @functools.wraps(original)
    def getaddrinfo(host: object, *args: object, **kwargs: object) -> object:
        if _installed is not None and _text(host).lower().rstrip(".").endswith(".localhost"):
            # Loopback by definition, but not every resolver knows: some ask the network.
            host = "localhost"
        found = original(host, *args, **kwargs)  # type: ignore[arg-type]
        if _installed is not None:
            _installed._resolved(_text(host), (str(entry[4][0]) for entry in found))
        return found

    socket.getaddrinfo = getaddrinfo  # type: ignore[assignment]
    by_address = socket.gethostbyaddr

    @functools.wraps(by_address)
    def gethostbyaddr(host: str) -> tuple[str, list[str], list[str]]:
        if _installed is not None and _installed.is_closed and _is_own_name(host):
            # `getfqdn` asks for the machine's domain, for which resolvers ask the network.
            raise socket.herror(1, "Unknown host")
        return by_address(host)

    socket.gethostbyaddr = gethostbyaddr


def _is_own_name(host: object) -> bool:
    return _text(host).lower() == socket.gethostname().lower()


def silence_litellm(environ: MutableMapping[str, str]) -> dict[str, str]:
    """Turn off LiteLLM's own look-ups, before it is imported. What the user set stays.

    Returns:
        what was added to `environ`, so that it can be taken out again.
    """
    added = {name: value for name, value in LITELLM_SILENCERS.items() if name not in environ}
    environ.update(added)
    if "litellm" in sys.modules:
        _trust_image_addresses()
    else:
        on_import("litellm", _trust_image_addresses)
    return added


@contextmanager
def without_proxies(environ: MutableMapping[str, str]) -> Iterator[None]:
    """HTTP clients that are made here connect directly, whatever proxies the environment names.

    For recording from a stand-in: a proxy could not reach its loopback address.
    """
    names = ("NO_PROXY", "no_proxy")
    before = {name: environ[name] for name in names if name in environ}
    environ.update(dict.fromkeys(names, "*"))
    try:
        yield
    finally:
        for name in names:
            environ.pop(name, None)
        environ.update(before)


def _trust_image_addresses() -> None:
    """Abort LiteLLM from resolving image addresses itself: no cassette can answer a DNS query."""
    litellm = sys.modules["litellm"]
    if vars(litellm).get("user_url_validation") is True:
        litellm.user_url_validation = False  # type: ignore[attr-defined]


def forget_litellm_clients() -> None:
    """Drop the HTTP clients that LiteLLM keeps for its next call, if it was imported.

    Between tests: a client outlives the cassette it was made in, and its event loop.
    """
    litellm = sys.modules.get("litellm")
    cache = None if litellm is None else vars(litellm).get("in_memory_llm_clients_cache")
    if cache is not None:
        for client in (*cache.cache_dict.values(), vars(litellm).get("module_level_aclient")):
            _detach_session(client)
        cache.flush_cache()


def _detach_session(client: object) -> None:
    """Part LiteLLM's aiohttp session from its pool, unless real connections are in it.

    Nobody closes these sessions, and each would complain of that whenever it is collected.
    """
    http: Any = getattr(client, "client", None) or getattr(client, "_client", None)
    session: Any = getattr(getattr(http, "_transport", None), "client", None)
    if hasattr(session, "detach") and not getattr(session.connector, "_conns", True):
        session.detach()
