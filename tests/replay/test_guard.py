"""The network guard, with real sockets. 192.0.2.0/24 and .invalid never answer (RFC 5737, 2606)."""

from __future__ import annotations

import _socket
import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from personalvibe.replay.offline import workers
from personalvibe.replay.offline.addresses import is_loopback, split_hosts
from personalvibe.replay.offline.environment import LITELLM_SILENCERS, silence_litellm
from personalvibe.replay.offline.guard import NetworkBlocked, NetworkDisabled, NetworkGuard

REMOTE = ("192.0.2.1", 9)


@pytest.fixture
def guard() -> Iterator[NetworkGuard]:
    guard = NetworkGuard(current_test=lambda: "tests/test_app.py::test_it")
    guard.install()
    yield guard
    guard.uninstall()


@pytest.fixture
def listener() -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[:2]


def udp() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def send(address: tuple[str, int]) -> None:
    """Try to send a datagram. The machine may have no route."""
    with contextlib.suppress(OSError):
        udp().sendto(b"x", address)


async def over_asyncio() -> None:
    await asyncio.open_connection(*REMOTE)


async def asyncio_sock_connect() -> None:
    with socket.socket() as plain:
        plain.setblocking(False)
        await asyncio.get_running_loop().sock_connect(plain, REMOTE)


async def asyncio_datagram() -> None:
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=REMOTE)


ATTEMPTS: dict[str, Callable[[], object]] = {
    "connect": lambda: socket.socket().connect(REMOTE),
    "connect_ex": lambda: socket.socket().connect_ex(REMOTE),
    "create_connection": lambda: socket.create_connection(REMOTE, timeout=1),
    "ipv6": lambda: socket.socket(socket.AF_INET6).connect(("2001:db8::1", 9)),
    "sendto": lambda: udp().sendto(b"x", REMOTE),
    "sendto with flags": lambda: udp().sendto(b"x", 0, REMOTE),
    "sendmsg": lambda: udp().sendmsg([b"x"], [], 0, REMOTE),
    "the C type": lambda: _socket.socket().connect(REMOTE),
    "asyncio.open_connection": lambda: asyncio.run(over_asyncio()),
    "loop.sock_connect": lambda: asyncio.run(asyncio_sock_connect()),
    "loop.create_datagram_endpoint": lambda: asyncio.run(asyncio_datagram()),
    "getnameinfo": lambda: socket.getnameinfo(REMOTE, 0),
}

LOOK_UPS: dict[str, Callable[[], object]] = {
    "getaddrinfo": lambda: socket.getaddrinfo("llm.invalid", 443),
    "getaddrinfo of bytes": lambda: socket.getaddrinfo(b"llm.invalid", 443),
    "the C function": lambda: _socket.getaddrinfo("llm.invalid", 443),
    "connect": lambda: socket.socket().connect(("llm.invalid", 443)),
    "connect_ex": lambda: socket.socket().connect_ex(("llm.invalid", 443)),
    "connect of a datagram socket": lambda: udp().connect(("llm.invalid", 443)),
    "sendto": lambda: udp().sendto(b"x", ("llm.invalid", 443)),
    "sendmsg": lambda: udp().sendmsg([b"x"], [], 0, (b"llm.invalid", 443)),
    "gethostbyname": lambda: socket.gethostbyname("llm.invalid"),
    "gethostbyname_ex": lambda: socket.gethostbyname_ex("llm.invalid"),
    "gethostbyaddr": lambda: socket.gethostbyaddr("llm.invalid"),
    "getfqdn": lambda: socket.getfqdn("llm.invalid"),
    "create_connection": lambda: socket.create_connection(("llm.invalid", 443), timeout=1),
    "asyncio": lambda: asyncio.run(asyncio.wait_for(asyncio.open_connection("llm.invalid", 1), 5)),
}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
def test_no_connection_leaves_the_machine(
    guard: NetworkGuard, attempt: Callable[[], object]
) -> None:
    with pytest.raises(NetworkBlocked, match=r"tests/test_app\.py::test_it"):
        attempt()
    assert guard.violations[0].host in ("192.0.2.1", "2001:db8::1")


@pytest.mark.parametrize("attempt", LOOK_UPS.values(), ids=LOOK_UPS)
def test_no_name_is_looked_up(guard: NetworkGuard, attempt: Callable[[], object]) -> None:
    with pytest.raises(NetworkBlocked, match=r"host 'llm\.invalid'"):
        attempt()


class Liar(socket.socket):
    """A socket that says that it is a unix socket's, and a host that says that it is loopback."""

    @property
    def family(self) -> socket.AddressFamily:  # type: ignore[override]
        return socket.AF_UNIX


class Alias(str):
    def __str__(self) -> str:
        return "127.0.0.1"

    def lower(self) -> str:
        return "127.0.0.1"


REVERSE: dict[str, Callable[[], object]] = {
    "gethostbyaddr": lambda: socket.gethostbyaddr("192.0.2.1"),
    "the C function": lambda: _socket.gethostbyaddr("192.0.2.1"),
    "getfqdn": lambda: socket.getfqdn("192.0.2.1"),
    "a lying socket": lambda: Liar().connect(REMOTE),
    "a lying host": lambda: socket.socket().connect((Alias("192.0.2.1"), 9)),
}


@pytest.mark.parametrize("attempt", REVERSE.values(), ids=REVERSE)
def test_no_reverse_look_up_and_no_lie_gets_through(
    guard: NetworkGuard, attempt: Callable[[], object]
) -> None:
    with pytest.raises(NetworkBlocked, match=r"host '192\.0\.2\.1'"):
        attempt()


def test_names_below_localhost_are_loopback_and_ask_no_resolver(guard: NetworkGuard) -> None:
    for name in ("api.localhost", "A.B.LOCALHOST", "x.localhost."):
        found = socket.getaddrinfo(name, 80)
        assert {entry[4][0] for entry in found} <= {"127.0.0.1", "::1"}
        with pytest.raises(NetworkBlocked):
            _socket.getaddrinfo(name, 80)
    assert socket.getfqdn()


@pytest.mark.process
def test_the_machines_own_address_stays_open(guard: NetworkGuard) -> None:
    with socket.socket() as one:
        one.settimeout(5)
        # Nobody listens there; what matters is that the attempt is made.
        assert one.connect_ex(("127.0.0.2", 9)) != 0
    own = own_address()
    if own is None:
        pytest.skip("this machine has loopback only")
    with socket.socket() as one, contextlib.suppress(OSError):
        one.settimeout(5)
        one.connect((own, 9))
    assert guard.violations == ()


def own_address() -> str | None:
    done = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False)
    return next((one for one in done.stdout.split() if "." in one), None)


HOLES = """
import pytest, socket

@pytest.mark.allowed_hosts(["198.51.100.7", "hole.invalid"])
def test_with_a_hole():
    assert socket.getaddrinfo("hole.invalid", 9)[0][4][0] == "198.51.100.7"

def test_without():
    with pytest.raises(BaseException, match="Network is disabled for host '198.51.100.7'"):
        socket.create_connection(("198.51.100.7", 9), timeout=1)
"""


@pytest.mark.process
def test_addresses_of_a_tests_hole_are_closed_with_it(pytester: pytest.Pytester) -> None:
    # A resolver that knows the name, from before the guard is there.
    pytester.makepyfile(
        resolver="""
import socket
real = socket.getaddrinfo
def known(host, *args, **kwargs):
    return real("198.51.100.7" if host == "hole.invalid" else host, *args, **kwargs)
socket.getaddrinfo = known
""",
        test_it=HOLES,
    )
    done = pytester.runpytest_subprocess(
        "-p", "resolver", "--record-mode=none", "-o", "replay_caught_network=warn", timeout=60
    )
    done.assert_outcomes(passed=2)


def test_a_function_that_was_imported_early_is_refused_too(guard: NetworkGuard) -> None:
    early = socket.socket.connect
    with pytest.raises(NetworkBlocked), socket.socket() as plain:
        early(plain, REMOTE)


def test_threads_are_closed_too(guard: NetworkGuard) -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(NetworkBlocked):
        pool.submit(socket.create_connection, REMOTE, 1).result()


def test_what_a_test_hands_to_others_is_charged_to_it() -> None:
    """Threads, pools and loops may be older than the test, or outlive it."""
    running = ["first"]
    guard = NetworkGuard(current_test=lambda: running[0])
    guard.install()

    def look_up() -> None:
        with contextlib.suppress(BaseException):
            socket.getaddrinfo("llm.invalid", 443)

    async def look_up_later() -> None:
        await asyncio.get_running_loop().run_in_executor(None, look_up)

    def charged() -> list[tuple[str | None, bool]]:
        return [(one.test, one.late) for one in guard.take_violations()]

    waiting = threading.Event()

    def look_up_when_told() -> None:
        waiting.wait()
        look_up()

    loop = asyncio.new_event_loop()
    try:
        pool = ThreadPoolExecutor(1)
        with workers.working_for("first"):
            pool.submit(look_up).result()
            threading.Thread(target=loop.run_forever, daemon=True).start()
            asyncio.run_coroutine_threadsafe(look_up_later(), loop).result()
            assert charged() == [("first", False)] * 2
            left = threading.Thread(target=look_up_when_told)
            left.start()
            later = pool.submit(look_up_when_told)
        running[0] = "second"
        with workers.working_for("second"):
            waiting.set()
            left.join()
            later.result()
            assert charged() == [("first", True)] * 2
            pool.submit(look_up).result()
            asyncio.run_coroutine_threadsafe(look_up_later(), loop).result()
            assert charged() == [("second", False)] * 2
    finally:
        guard.uninstall()
        loop.call_soon_threadsafe(loop.stop)
        pool.shutdown()


def test_a_broad_except_neither_hides_nor_delays_it(guard: NetworkGuard) -> None:
    attempts = []

    def careless() -> None:
        for attempt in range(3):
            try:
                attempts.append(attempt)
                socket.create_connection(REMOTE, timeout=1)
            except Exception:
                continue

    with pytest.raises(NetworkBlocked):
        careless()
    assert attempts == [0]


@pytest.mark.process
def test_a_datagram_socket_may_learn_the_own_address_but_sends_nothing(
    guard: NetworkGuard,
) -> None:
    """``connect`` asks the kernel for a route; the idiom to find out one's own address."""
    own = own_address()
    if own is None:
        pytest.skip("this machine has loopback only")
    for attempt in (
        lambda one: one.send(b"x"),
        lambda one: one.sendall(b"x"),
        lambda one: one.sendto(b"x", REMOTE),
        lambda one: one.sendmsg([b"x"], [], 0, REMOTE),
        lambda one: one.connect(("llm.invalid", 9)),
    ):
        with udp() as one:
            one.connect(REMOTE)
            assert one.getsockname()[0] == own
            assert one.getpeername() == REMOTE
            with pytest.raises(OSError, match="estination"):
                os.write(one.fileno(), b"x")
            assert not guard.violations
            with pytest.raises(NetworkBlocked):
                attempt(one)
            assert guard.take_violations()


CURL = """
import sys
EARLY
from personalvibe.replay.offline.guard import NetworkBlocked, NetworkGuard
guard = NetworkGuard(current_test=lambda: "t", allowed_hosts="203.0.113.7")
guard.install()
import asyncio, curl_cffi

for address in ("https://LLM.invalid:8443/v1", "198.51.100.1/path", "http://[2001:db8::1]/"):
    try:
        curl_cffi.get(address, timeout=1)
    except NetworkBlocked:
        pass
try:
    curl_cffi.get(sys.argv[1], proxies={"http": "http://198.51.100.3:3128"}, timeout=1)
except NetworkBlocked:
    pass

async def ask():
    async with curl_cffi.AsyncSession() as session:
        await session.get("https://198.51.100.2/", timeout=1)

try:
    asyncio.run(ask())
except NetworkBlocked:
    pass
print([(one.host, one.port) for one in guard.take_violations()])
print(curl_cffi.get(sys.argv[1]).json()["path"], guard.violations)
"""


@pytest.mark.process
@pytest.mark.parametrize("early", ["", "import curl_cffi"], ids=["imported late", "early"])
def test_curl_cffi_is_refused_by_the_address_that_it_is_given(server, early: str) -> None:
    script = CURL.replace("EARLY", early)
    done = subprocess.run(
        [sys.executable, "-c", script, f"{server.url}/hello"], capture_output=True, text=True
    )
    assert done.stdout.splitlines() == [
        "[('llm.invalid', 8443), ('198.51.100.1', None), ('2001:db8::1', None), "
        "('198.51.100.3', 3128), ('198.51.100.2', None)]",
        "/hello ()",
    ], done.stderr


PYCURL = """
import sys
EARLY
from personalvibe.replay.offline.guard import NetworkBlocked, NetworkGuard
guard = NetworkGuard(current_test=lambda: "t", allowed_hosts="203.0.113.7")
guard.install()
import pycurl

def curl(address, **options):
    handle = pycurl.Curl()
    handle.setopt(handle.URL, address)
    for name, value in options.items():
        handle.setopt(getattr(handle, name), value)
    return handle

for attempt in (
    lambda: curl("https://LLM.invalid:8443/v1").perform(),
    lambda: curl(b"198.51.100.1/path").perform_rb(),
    lambda: curl("http://[2001:db8::1]/").perform_rs(),
    lambda: pycurl.CurlMulti().add_handle(curl("https://198.51.100.2/")),
    lambda: curl("https://198.51.100.3/").duphandle().perform(),
    lambda: curl(sys.argv[1], PROXY="http://198.51.100.4:3128").perform(),
    lambda: curl(sys.argv[1], CONNECT_TO=["::198.51.100.5:9"]).perform(),
    lambda: curl(sys.argv[1], RESOLVE=["127.0.0.1:80:198.51.100.6,[2001:db8::2]"]).perform(),
    lambda: curl(sys.argv[1], RESOLVE=["a.test:80:2001:db8::3"]).perform(),
):
    try:
        attempt()
    except NetworkBlocked:
        pass
print([(one.host, one.port) for one in guard.take_violations()])
print("/hello" in curl(sys.argv[1]).perform_rs(), guard.violations)
"""


@pytest.mark.process
@pytest.mark.parametrize("early", ["", "import pycurl"], ids=["imported late", "early"])
def test_pycurl_is_refused_when_it_connects(server, early: str) -> None:
    pytest.importorskip("pycurl")
    done = subprocess.run(
        [sys.executable, "-c", PYCURL.replace("EARLY", early), f"{server.url}/hello"],
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == [
        "[('llm.invalid', 8443), ('198.51.100.1', None), ('2001:db8::1', None), "
        "('198.51.100.2', None), ('198.51.100.3', None), ('198.51.100.4', 3128), "
        "('198.51.100.5', 9), ('198.51.100.6', None), ('2001:db8::3', None)]",
        "True ()",
    ], done.stderr


IN_C = """
import asyncio, socket
EARLY
from personalvibe.replay.offline.guard import NetworkBlocked, NetworkGuard
guard = NetworkGuard(current_test=lambda: "t", allowed_hosts="ip6-loopback")
guard.install()
import aiodns, aiohttp, uvloop

def resolver():
    return aiodns.DNSResolver(timeout=1, tries=1)

async def over_aiohttp():
    async with aiohttp.ClientSession() as session:
        await session.get("http://llm.invalid/")

def loop():
    return asyncio.get_running_loop()

ATTEMPTS = {
    asyncio.new_event_loop: [
        lambda: resolver().getaddrinfo("llm.invalid"),
        lambda: resolver().query_dns("llm.invalid", "A"),
        lambda: resolver().gethostbyaddr("192.0.2.1"),
        lambda: resolver().getnameinfo(("192.0.2.1", 80)),
        over_aiohttp,
    ],
    uvloop.new_event_loop: [
        lambda: asyncio.open_connection("192.0.2.1", 9),
        lambda: asyncio.open_connection("llm.invalid", 9),
        lambda: loop().getaddrinfo("llm.invalid", 9),
        lambda: loop().getnameinfo(("192.0.2.1", 9)),
        lambda: loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=("192.0.2.1", 9)
        ),
    ],
}

async def made(attempt):
    return await attempt()

for new_loop, attempts in ATTEMPTS.items():
    for attempt in attempts:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            try:
                print(runner.run(made(attempt)))
            except NetworkBlocked:
                pass
print([one.host for one in guard.take_violations()])

async def served():
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    await asyncio.open_connection(*server.sockets[0].getsockname())
    await resolver().getaddrinfo("localhost")

with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    runner.run(served())
print(guard.violations)
"""


@pytest.mark.process
@pytest.mark.parametrize("early", ["", "import pycares, uvloop"], ids=["imported late", "early"])
def test_libraries_in_c_that_look_names_up_are_refused(early: str) -> None:
    pytest.importorskip("aiodns", reason="pip install -e '.[beside]'")
    pytest.importorskip("uvloop", reason="pip install -e '.[beside]'")
    done = subprocess.run(
        [sys.executable, "-c", IN_C.replace("EARLY", early)], capture_output=True, text=True
    )
    names = ["llm.invalid", "llm.invalid", "192.0.2.1", "192.0.2.1", "llm.invalid"]
    more = ["192.0.2.1", "llm.invalid", "llm.invalid", "192.0.2.1", "192.0.2.1"]
    assert done.stdout.splitlines() == [str([*names, *more]), "()"], done.stderr


POOL = """
import multiprocessing, socket
from personalvibe.replay.offline.guard import NetworkGuard
NetworkGuard(current_test=lambda: "t").install()
with multiprocessing.get_context("fork").Pool(1) as pool:
    pool.apply(socket.create_connection, (("192.0.2.1", 9), 1))
"""


@pytest.mark.process
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_process_of_a_pool_hands_its_refusal_on() -> None:
    """It would end by more than an Exception, and its parent wait for ever."""
    done = subprocess.run([sys.executable, "-c", POOL], capture_output=True, text=True, timeout=60)
    assert "NetworkDisabled: Network is disabled for host '192.0.2.1'" in done.stderr


@pytest.mark.parametrize("address", ["255.255.255.255", "224.0.0.1"])
def test_what_goes_to_everybody_leaves_the_machine(guard: NetworkGuard, address: str) -> None:
    """Such an address can be bound to, like the machine's own."""
    with udp() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        with pytest.raises(NetworkBlocked):
            one.sendto(b"x", (address, 9))


def test_a_socket_of_the_programs_own_kind_is_refused_at_once(guard: NetworkGuard) -> None:
    class Own(socket.socket):
        pass

    with pytest.raises(NetworkBlocked), Own(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.connect(REMOTE)


def test_what_was_caught_all_the_same_is_on_the_record(guard: NetworkGuard) -> None:
    with contextlib.suppress(BaseException):
        socket.create_connection(REMOTE, timeout=1)
    (violation,) = guard.take_violations()
    assert (violation.host, violation.port, violation.what) == ("192.0.2.1", 9, "connection")
    assert violation.test == "tests/test_app.py::test_it"
    assert not guard.violations


def test_loopback_and_unix_sockets_stay_open(
    guard: NetworkGuard,
    listener: tuple[str, int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    socket.create_connection(listener).close()
    socket.create_connection(("localhost", listener[1])).close()
    assert socket.socket().connect_ex(("0.0.0.0", listener[1])) == 0
    udp().sendto(b"x", listener)
    monkeypatch.chdir(tmp_path)  # the path of a unix socket must be short
    server = socket.socket(socket.AF_UNIX)
    server.bind("s")
    server.listen()
    socket.socket(socket.AF_UNIX).connect("s")
    server.close()
    left, right = socket.socketpair()
    left.sendmsg([b"x"])
    assert right.recv(1) == b"x"
    assert not guard.violations


def test_the_name_of_this_machine_may_be_asked_for(guard: NetworkGuard) -> None:
    socket.getfqdn()
    assert not guard.violations


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("127.evil.example", False),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:192.0.2.1", False),
        ("LOCALHOST.", True),
        ("api.localhost", False),
        ("127.1", True),
        ("2130706433", True),
        ("0x7f.0.0.1", True),
        ("::ffff:7f00:1", True),
        ("LOCALHOST", True),
        ("127.0.0.1%evil.example", False),
        ("127.0.0.1\tevil.example", False),
        ("fe80::1%lo", False),
        ("::1%lo", True),
        ("126.255.255.255", False),
        ("localhost.example", False),
        ("192.0.2.1", False),
    ],
)
def test_what_counts_as_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("entry", "host", "opens"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.9", "192.0.2.1", False),
        ("192.0.2.*", "192.0.2.1", True),
        ("192.0.2.", "192.0.2.1", True),  # pytest-recording: a regex, matched at the beginning
        (r"198\..*,192\..*", "192.0.2.1", True),
        ("*.2.1", "192.0.2.1", True),
        ("*.2.2", "192.0.2.1", False),
    ],
)
def test_allowed_hosts_open_holes(guard: NetworkGuard, entry: str, host: str, opens: bool) -> None:
    guard.allow(entry)
    if opens:
        send((host, 9))
    else:
        with pytest.raises(NetworkBlocked):
            send((host, 9))


@pytest.mark.process
def test_an_allowed_name_opens_its_addresses() -> None:
    answer = [(2, 2, 17, "", ("192.0.2.7", 9))]
    script = "import socket\nfrom personalvibe.replay.offline.guard import *\n"
    script += f"socket.getaddrinfo = lambda *a, **k: {answer!r}\n"
    script += """
guard = NetworkGuard(current_test=lambda: "t", allowed_hosts=("good.invalid",))
guard.install()
probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(2):
    try:
        probe.sendto(b"x", ("192.0.2.7", 9))
    except NetworkBlocked:
        print("closed")
    except OSError:
        print("open without a route")
    else:
        print("open")
    socket.getaddrinfo("good.invalid", 9)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.split()[:2] == ["closed", "open"], done.stderr


def test_a_declared_block_raises_what_pytest_recording_raises(guard: NetworkGuard) -> None:
    with guard.blocking(), pytest.raises(RuntimeError, match=r"^Network is disabled for host"):
        socket.create_connection(REMOTE, timeout=1)
    assert [violation.declared for violation in guard.violations] == [True]
    with pytest.raises(NetworkBlocked):
        socket.create_connection(REMOTE, timeout=1)


def test_a_declared_block_has_its_own_holes(guard: NetworkGuard) -> None:
    with guard.blocking(["192.0.2.1"]):
        send(REMOTE)
    with pytest.raises(NetworkBlocked):
        send(REMOTE)


def test_outside_of_a_test_it_is_an_error_that_an_import_survives() -> None:
    guard = NetworkGuard()
    guard.install()
    try:
        with pytest.raises(NetworkDisabled, match="code that ran outside of a test"):
            send(REMOTE)
    finally:
        guard.uninstall()


def test_a_recording_test_gets_the_network(guard: NetworkGuard) -> None:
    with guard.opened():
        send(REMOTE)
    with pytest.raises(NetworkBlocked):
        send(REMOTE)


def test_uninstalled_it_is_gone_and_an_outer_guard_returns() -> None:
    # The session that runs this test may have a guard of its own.
    with NetworkGuard().opened():
        outer = NetworkGuard(current_test=lambda: "outer")
        outer.install()
        inner = NetworkGuard(current_test=lambda: "inner", allowed_hosts=("192.0.2.1",))
        inner.install()
        send(REMOTE)
        inner.uninstall()
        with pytest.raises(NetworkBlocked, match="by outer"):
            send(REMOTE)
        outer.uninstall()
        send(REMOTE)


def test_a_session_in_a_closed_session_is_no_hole(guard: NetworkGuard) -> None:
    inner = NetworkGuard(current_test=lambda: "inner")
    inner.install(closed=False)
    try:
        with pytest.raises(NetworkBlocked, match=r"by tests/test_app\.py::test_it"):
            send(REMOTE)
        with inner.opened():
            send(REMOTE)
    finally:
        inner.uninstall()
    assert not inner.violations


def test_the_host_is_shown_redacted() -> None:
    guard = NetworkGuard(current_test=lambda: "t", redact=lambda text: text.replace("key", "[x]"))
    guard.install()
    try:
        with pytest.raises(NetworkBlocked, match=r"\[x\]\.invalid") as caught:
            socket.getaddrinfo("key.invalid", 1)
    finally:
        guard.uninstall()
    assert "key" not in str(caught.value)


def test_the_message_says_what_to_do(guard: NetworkGuard) -> None:
    with pytest.raises(NetworkBlocked) as caught:
        socket.getaddrinfo("llm.invalid", 443)
    first, second = str(caught.value).splitlines()
    assert first == (
        "Network is disabled for host 'llm.invalid' (port 443): "
        "name look-up by tests/test_app.py::test_it."
    )
    assert "--record-mode=once 'tests/test_app.py::test_it'" in second
    assert "--allowed-hosts=llm.invalid" in second


def test_hosts_come_as_text_or_list() -> None:
    assert split_hosts("a, b,,") == ("a", "b")
    assert split_hosts(["a", " b "]) == ("a", "b")
    assert split_hosts(None) == ()


def test_litellm_is_silenced_unless_the_user_decided() -> None:
    environ = {"HF_HUB_OFFLINE": "0"}
    added = silence_litellm(environ)
    assert environ == {**LITELLM_SILENCERS, "HF_HUB_OFFLINE": "0"}
    assert "HF_HUB_OFFLINE" not in added


@pytest.mark.process
def test_litellm_imported_under_the_guard_asks_nobody() -> None:
    """One process, because the import costs seconds: no look-up, no threads, caches dropped."""
    script = """
import asyncio, os, threading
from personalvibe.replay.offline.environment import forget_litellm_clients, silence_litellm
from personalvibe.replay.offline.guard import NetworkGuard
silence_litellm(os.environ)
guard = NetworkGuard(current_test=lambda: "t")
guard.install()
forget_litellm_clients()
import litellm
print("validation", litellm.user_url_validation)
print("cost map", litellm.model_cost["gpt-4o-mini"]["mode"])
print("tokens", litellm.token_counter(model="meta-llama/Llama-3-8b", text="a b c") > 0)
client = lambda: litellm.in_memory_llm_clients_cache.cache_dict
litellm.in_memory_llm_clients_cache.set_cache("x", object())
forget_litellm_clients()
print("clients", len(client()))
print("violations", guard.violations)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        "validation False",
        "cost map chat",
        "tokens True",
        "clients 0",
        "violations ()",
    ], done.stderr


@pytest.mark.process
def test_without_litellm_nothing_is_imported() -> None:
    script = (
        "import sys; from personalvibe.replay.offline.environment import *;"
        "forget_litellm_clients(); silence_litellm({});"
        "print('litellm' in sys.modules, 'yaml' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False"], done.stderr


def test_a_guard_in_another_thread_is_the_same_guard(guard: NetworkGuard) -> None:
    caught: list[BaseException] = []

    def work() -> None:
        try:
            socket.create_connection(REMOTE, timeout=1)
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert isinstance(caught[0], NetworkBlocked)
    assert len(guard.violations) == 1
