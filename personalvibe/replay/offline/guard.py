"""No network: every connection and every name look-up of the process is refused.

The guard listens to the interpreter's audit events (PEP 578: ``socket.connect``,
``socket.getaddrinfo``, ...) instead of replacing functions of `socket`. So nothing escapes it by
having imported a function early, by subclassing ``socket.socket``, or through an event loop, and
no other plugin's patches meet ours. Out of its reach: sub-processes, and libraries that open
sockets in C of their own (gRPC); `namespace` reaches them.

Imported once the network is to be closed, and nothing but the standard library with it.
"""

from __future__ import annotations

import _socket
import atexit
import functools
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from personalvibe.replay.abort import Abort
from personalvibe.replay.offline import (
    native_clients,
    native_resolvers,
    socket_methods,
    workers,
)
from personalvibe.replay.offline.addresses import (
    as_text,
    is_address,
    is_loopback,
    is_own_name,
    matcher,
    split_hosts,
)


def record_command(mode: str, test: str) -> str:
    """The shell command that records a test, given by its node id from the current folder."""
    quoted = test.replace("'", "'\"'\"'")
    return f"pytest --record-mode={mode} '{quoted}'"


class Violation(NamedTuple):
    """An attempt to reach the network that the guard refused."""

    test: str | None
    """Node id of the test that did it, from the current folder; None outside of tests."""
    host: str
    """Redacted."""
    port: int | None
    what: str
    """``connection``, ``datagram``, ``name look-up``, ..."""
    declared: bool
    """Refused because the suite asked for it (`block_network`), not by the session's own guard."""
    late: bool = False
    """By a thread that outlived its test."""

    @property
    def message(self) -> str:
        where = f" (port {self.port})" if self.port else ""
        who = self.test or "code that ran outside of a test"
        late = ", in a thread that outlived it" if self.late else ""
        lines = [f"Network is disabled for host {self.host!r}{where}: {self.what} by {who}{late}."]
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


_INET = frozenset({socket.AF_INET, socket.AF_INET6})
_UNIX = getattr(socket, "AF_UNIX", None)


class Policy(NamedTuple):
    """What the guard does now."""

    blocked: bool = True
    allowed: tuple[str, ...] = ()
    declared: bool = False

    def allows(self, host: str) -> bool:
        return not self.blocked or any(matcher(entry)(host) for entry in self.allowed)


_OPEN = Policy(blocked=False)


class NetworkGuard:
    """Closes the network for the whole process, or while a test runs, once it is installed.

    Loopback and unix sockets stay open, but to a test under `blocking`; so do addresses that belong
    to an allowed name.

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
        self._policy = self._session = _OPEN
        self._closed_tests: set[str] = set()
        """Tests to which the network was closed although the session has it."""
        self._violations: list[Violation] = []
        self._names: dict[str, set[str]] = {}
        """An address -> the allowed names that it was the answer for."""
        self.outer: NetworkGuard | None = None
        self._home = threading.get_ident()
        """The thread that runs the tests."""
        self._process = os.getpid()

    def install(self, *, closed: bool = True) -> None:
        """Take over from an installed guard until `uninstall`, and close the network.

        Not `closed`, it waits for a test to close it, `closing`.
        """
        global _installed
        _listen()
        self._home = threading.get_ident()
        self._policy = self._session = Policy(blocked=closed, allowed=self._allowed)
        self.outer, _installed = _installed, self

    def uninstall(self) -> None:
        """Open the network again, or hand over to the guard that was installed before."""
        global _installed
        if _installed is self:
            _installed = self.outer
        self.outer = None

    def retire(self) -> None:
        """The session is over, and the program that ran it goes on with its network.

        The session's threads do not, and what runs at exit, if the session had none.
        """
        if _installed is not self or self.outer is not None:
            self.uninstall()
            return
        self._policy = _OPEN
        if self._session.blocked:
            # Handlers run in the reverse order of their registration.
            atexit.register(self._close_at_exit)

    def _close_at_exit(self) -> None:
        self._policy = self._session

    def allow(self, hosts: str | Iterable[str]) -> None:
        """Open holes until the guard is uninstalled."""
        self._allowed = (*self._allowed, *split_hosts(hosts))
        self._policy = self._policy._replace(allowed=self._allowed)

    @contextmanager
    def blocking(self, allowed_hosts: str | Iterable[str] | None = None) -> Iterator[None]:
        """Close the network because the suite said so: `block_network`, ``--block-network``.

        As in pytest-recording, connections within this machine are closed with it. Refusals are
        `NetworkDisabled` here, which a test may expect, and are marked as declared.
        """
        hosts = (*self._allowed, *split_hosts(allowed_hosts))
        with self._under(Policy(allowed=hosts, declared=True)):
            yield

    @contextmanager
    def closing(self, allowed_hosts: str | Iterable[str] | None = None) -> Iterator[None]:
        """Close the network to a test whose session may have it."""
        test = self._current_test()
        if test is not None:
            self._closed_tests.add(test)
        hosts = (*self._allowed, *split_hosts(allowed_hosts))
        with self._under(Policy(allowed=hosts)):
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
        with self._under(_OPEN):
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

    def test_at_work(self) -> str | None:
        """The test that this thread works for."""
        if threading.get_ident() == self._home:
            return self._current_test()
        return workers.test_of_this_thread() or self._current_test()

    def _policy_of(self, test: str | None) -> tuple[Policy, bool]:
        """What holds for a test, and whether it is over: its threads keep no hole of its own."""
        if test is None or test == self._current_test():
            return self._policy, False
        if test in self._closed_tests:
            return self._session._replace(blocked=True), True
        return self._session, True

    def refuses(self, host: str, what: str, policy: Policy) -> bool:
        """Whether something may not be done with a host."""
        # Allowed as long as a name is that it belongs to: another test's holes are closed again.
        if policy.allows(host) or any(map(policy.allows, self._names.get(host, ()))):
            return False
        if what == _LOOK_UP and (is_loopback(host) or is_address(host) or is_own_name(host)):
            return False
        local = (
            what == _LOCAL
            or is_loopback(host)
            or (what in _SENDING and socket_methods.is_own(host))
        )
        return not local or (policy.declared and what in (_CONNECTION, _LOCAL))

    def check(self, named: object, port: int | None, what: str) -> None:
        """Raises unless that is allowed.

        Args:
            named: the host, as the program spells it.
        """
        host = as_text(named)
        test = self.test_at_work()
        policy, late = self._policy_of(test)
        if self.outer is not None and policy is self._session and not policy.blocked:
            # A session in a session that nobody opened on purpose opens none for the outer one.
            self.outer.check(host, port, what)
            return
        if not self.refuses(host, what, policy):
            return
        violation = Violation(
            test=test,
            host=self._redact(host),
            port=port,
            what=what,
            declared=policy.declared,
            late=late,
        )
        self._violations.append(violation)
        if violation.declared:
            # To the letter what pytest-recording says: tests expect it.
            shown = named if violation.host == host else violation.host
            raise NetworkDisabled(f"Network is disabled for host {shown!r}")
        if violation.test is None or os.getpid() != self._process:
            # A pool's process that ends by more than an Exception leaves its parent waiting.
            raise NetworkDisabled(violation.message)
        raise NetworkBlocked(violation.message)

    def look_up(self, address: tuple[object, ...]) -> None:
        """Raises unless the name in a socket's address may be looked up."""
        host = tuple.__getitem__(address, 0)
        if isinstance(host, (str, bytes, bytearray)) and not is_address(as_text(host)):
            self.check(host, _port(address), _LOOK_UP)

    def only_learns(self, address: object) -> bool:
        """Whether connecting a datagram socket can only teach it its own address."""
        if not (isinstance(address, tuple) and len(address) >= 2 and is_address(_host(address))):
            return False
        policy, _ = self._policy_of(self.test_at_work())
        return self.refuses(_host(address), _DATAGRAM, policy)

    def resolved(self, host: str, addresses: Iterable[str]) -> None:
        """An allowed name is connected to by its address, which must then be allowed too."""
        if self._policy.blocked and self._policy.allows(host):
            for address in addresses:
                self._names.setdefault(address, set()).add(host)


_installed: NetworkGuard | None = None
_listening = False

_CONNECTIONS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_LOOK_UPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})
_CONNECTION = "connection"
_LOCAL = "connection within this machine"
_DATAGRAM = "datagram"
_SENDING = (_CONNECTION, _DATAGRAM)
_LOOK_UP = "name look-up"
_REVERSE_LOOK_UP = "look-up of a name by its address"
# As the interpreter knows it: a sub-class of `socket.socket` may say something else.
_family = _socket.socket.family.__get__


def _host(address: tuple[object, ...]) -> str:
    return as_text(tuple.__getitem__(address, 0))


def _port(address: tuple[object, ...]) -> int | None:
    port = tuple.__getitem__(address, 1)
    return port if isinstance(port, int) else None


def _audit(event: str, args: tuple[object, ...]) -> None:
    # Called for every audit event of the process, imports and id() included: leave at once.
    guard = _installed
    if guard is not None and event.startswith("socket."):
        _on_socket(guard, event, args)


def _on_socket(guard: NetworkGuard, event: str, args: tuple[object, ...]) -> None:
    if event in _CONNECTIONS:
        if isinstance(args[0], _socket.socket) and not socket_methods.is_probing():
            _on_sending(guard, event, args[0], args[1])
    elif event in _LOOK_UPS:
        guard.check(args[0], _port(args) if len(args) > 1 else None, _LOOK_UP)
    elif event == "socket.gethostbyaddr":
        guard.check(args[0], None, _REVERSE_LOOK_UP)
    elif event == "socket.getnameinfo" and isinstance(args[0], tuple):
        guard.check(_host(args[0]), None, _REVERSE_LOOK_UP)


def _on_sending(
    guard: NetworkGuard, event: str, connection: _socket.socket, address: object
) -> None:
    connects = event == "socket.connect"
    family = _family(connection)
    if family in _INET:
        # Without an address it is connected already.
        if isinstance(address, tuple) and len(address) >= 2:
            host = tuple.__getitem__(address, 0)
            guard.check(host, _port(address), _CONNECTION if connects else _DATAGRAM)
    elif connects:
        guard.check(address if family == _UNIX else "", None, _LOCAL)


def _listen() -> None:
    """Start to listen, once in a process: an audit hook cannot be removed, only be idle."""
    global _listening
    if _listening:
        return
    _listening = True
    sys.addaudithook(_audit)
    workers.watch(_test_at_work)
    socket_methods.watch(
        look_up=_look_up,
        refuses=lambda address: _installed is not None and _installed.only_learns(address),
    )
    connect = functools.partial(_check, _CONNECTION)
    native_clients.watch(connect)
    native_resolvers.watch(
        native_resolvers.Checks(
            connect=connect,
            look_up=functools.partial(_check, _LOOK_UP),
            look_up_address=functools.partial(_check, _REVERSE_LOOK_UP),
            resolved=_resolved,
        )
    )
    _watch_resolver()


def _check(what: str, host: object, port: int | None = None) -> None:
    if _installed is not None:
        _installed.check(host, port, what)


def _resolved(host: object, addresses: Iterable[str]) -> None:
    if _installed is not None:
        _installed.resolved(as_text(host), addresses)


def _test_at_work() -> str | None:
    """The test of the innermost session that this thread works for."""
    guard = _installed
    while guard is not None:
        test = guard.test_at_work()
        if test is not None:
            return test
        guard = guard.outer
    return None


def _look_up(address: tuple[object, ...]) -> None:
    if _installed is not None:
        _installed.look_up(address)


def _watch_resolver() -> None:
    original = socket.getaddrinfo

    @functools.wraps(original)
    def getaddrinfo(host: object, *args: object, **kwargs: object) -> object:
        if _installed is not None and as_text(host).lower().rstrip(".").endswith(".localhost"):
            # Loopback by definition, but not every resolver knows: some ask the network.
            host = "localhost"
        found = original(host, *args, **kwargs)  # type: ignore[arg-type]
        _resolved(host, (str(entry[4][0]) for entry in found))
        return found

    socket.getaddrinfo = getaddrinfo  # type: ignore[assignment]
    by_address = socket.gethostbyaddr

    @functools.wraps(by_address)
    def gethostbyaddr(host: str) -> tuple[str, list[str], list[str]]:
        if _installed is not None and _installed.is_closed and is_own_name(host):
            # `getfqdn` asks for the machine's domain, for which resolvers ask the network.
            raise socket.herror(1, "Unknown host")
        return by_address(host)

    socket.gethostbyaddr = gethostbyaddr
