"""Next to other plugins, and in sessions that have nothing to replay."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.process

pytest.importorskip("pytest_recording")

CLOSED = ("-p", "no:hypothesispytest", "-p", "no:cacheprovider", "--record-mode=none")

SUITE = """
import httpx, pytest

@pytest.fixture(scope="module")
def vcr_config():
    return {"filter_headers": ["authorization"]}

@pytest.mark.vcr
def test_ask(vcr):
    assert type(vcr).__module__.startswith("MODULE")
    assert httpx.get("URL").json()["path"] == "/"
"""


@pytest.mark.parametrize(
    ("arguments", "module"),
    [
        ((), "personalvibe"),
        (("-p", "pytest_recording.plugin"), "personalvibe"),
        (("-p", "no:recording"), "personalvibe"),
        (("-p", "no:personalvibe_replay", "-p", "no:cassetter"), "vcr"),
    ],
)
def test_one_of_the_two_plugins_gives_way_and_it_is_said(
    pytester: pytest.Pytester, server, arguments: tuple[str, ...], module: str
) -> None:
    pytester.makepyfile(test_it=SUITE.replace("URL", server.url).replace("MODULE", module))
    common = ("-p", "no:hypothesispytest", "-p", "no:cacheprovider", *arguments)
    done = pytester.runpytest_subprocess(*common, "--record-mode=once", timeout=60)
    done.assert_outcomes(passed=1)
    # Recorded once, not twice.
    assert len(server.asked) == 1
    said = "takes over from pytest-recording" in done.stdout.str()
    assert said is (module == "personalvibe" and "no:recording" not in arguments)
    if module == "vcr":
        return
    done = pytester.runpytest_subprocess(*common, timeout=60)
    done.assert_outcomes(passed=1)
    assert len(server.asked) == 1


@pytest.mark.parametrize("arguments", [(), ("-p", "cassetter.pytest_plugin")])
def test_cassetter_gives_way_too(
    pytester: pytest.Pytester, server, arguments: tuple[str, ...]
) -> None:
    pytest.importorskip("cassetter")
    pytester.makepyfile(test_it=SUITE.replace("URL", server.url).replace("MODULE", "personalvibe"))
    common = ("-p", "no:hypothesispytest", "-p", "no:cacheprovider", *arguments)
    done = pytester.runpytest_subprocess(*common, "--record-mode=once", timeout=60)
    done.assert_outcomes(passed=1)
    assert len(server.asked) == 1
    assert "cassetter" in done.stdout.str()


def test_a_cassette_of_pytest_recording_is_played_as_it_is(
    pytester: pytest.Pytester, server
) -> None:
    suite = SUITE.replace("URL", server.url)
    pytester.makepyfile(test_it=suite.replace("MODULE", "vcr"))
    common = ("-p", "no:hypothesispytest", "-p", "no:cacheprovider")
    pytester.runpytest_subprocess(
        *common, "-p", "no:personalvibe_replay", "-p", "no:cassetter", "--record-mode=once"
    ).assert_outcomes(passed=1)
    (path,) = pytester.path.rglob("*.yaml")
    before = path.read_bytes()
    pytester.makepyfile(test_it=suite.replace("MODULE", "personalvibe"))
    pytester.runpytest_subprocess(*common).assert_outcomes(passed=1)
    assert path.read_bytes() == before
    assert len(server.asked) == 1


def test_a_session_without_marked_tests_imports_nothing_heavy(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_it="""
import sys

def test_plain():
    heavy = {"vcr", "yaml", "litellm", "httpx", "aiohttp", "filelock", "pydantic"}
    assert not heavy & set(sys.modules)
    ours = {name.removeprefix("personalvibe.replay.") for name in sys.modules
            if name.startswith("personalvibe.replay.")}
    rooms = {"asking", "fixtures", "hooks", "options", "plugin", "reporter", "state"}
    assert ours == {"pytest_plugin", *(f"pytest_plugin.{name}" for name in rooms)}
"""
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:hypothesispytest", "-p", "no:xdist"],
        cwd=pytester.path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_network_is_closed_from_before_collection(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
import socket
try:
    socket.create_connection(("192.0.2.1", 80), timeout=1)
except RuntimeError as error:
    print(f"conftest: {error}")
"""
    )
    pytester.makepyfile(
        test_it="""
import socket, pytest

def test_look_up():
    socket.getaddrinfo("api.openai.com", 443)

def test_connect():
    try:
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    except Exception:
        pass

def test_loopback():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
"""
    )
    common = ("-p", "no:hypothesispytest", "-p", "no:cacheprovider", "-s", "--record-mode=none")
    done = pytester.runpytest_subprocess(*common)
    done.assert_outcomes(passed=1, failed=2)
    done.stdout.fnmatch_lines(
        [
            "*conftest: Network is disabled for host '192.0.2.1'*outside of a test*",
            "*'api.openai.com'*look-up by test_it.py::test_look_up*",
            "*'192.0.2.1'*connection by test_it.py::test_connect*",
        ]
    )
    pytester.makeini("[pytest]\nreplay_block_network = false\n")
    assert "disabled" not in pytester.runpytest_subprocess(*common, "-k", "loop").stdout.str()


CAUGHT = """
import socket, threading, pytest

def ask(host):
    try:
        socket.getaddrinfo(host, 443)
    except BaseException:
        pass

def test_caught():
    ask("one.example.com")

def test_in_a_thread():
    thread = threading.Thread(target=ask, args=["two.example.com"])
    thread.start()
    thread.join()

def test_that_fails_anyway():
    ask("three.example.com")
    assert 1 == 2

def test_that_is_skipped():
    ask("four.example.com")
    pytest.skip("offline")

@pytest.mark.block_network
def test_that_expects_it():
    ask("five.example.com")

def test_quiet():
    pass
"""


def test_a_test_that_hides_its_attempt_fails(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=CAUGHT)
    done = pytester.runpytest_subprocess(*CLOSED)
    done.assert_outcomes(passed=2, failed=3, skipped=1)
    done.stdout.fnmatch_lines(
        [
            "*'one.example.com'*by test_it.py::test_caught.",
            "The program caught the exception and went on.",
            "*'two.example.com'*by test_it.py::test_in_a_thread.",
            "*'three.example.com'*by test_it.py::test_that_fails_anyway.",
            "Then the test failed:",
            "*assert 1 == 2",
            "*no network: *'four.example.com'*by test_it.py::test_that_is_skipped.",
        ]
    )
    done.stdout.no_fnmatch_line("*five.example.com*")


def test_an_attempt_that_is_hidden_can_be_a_warning(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=CAUGHT)
    pytester.makeini("[pytest]\nreplay_caught_network = warn\n")
    done = pytester.runpytest_subprocess(*CLOSED)
    done.assert_outcomes(passed=4, failed=1, skipped=1)
    for host, test in (("one", "test_caught"), ("two", "test_in_a_thread")):
        done.stdout.fnmatch_lines([f"*no network: *'{host}.example.com'*test_it.py::{test}."])


def test_an_attempt_outside_of_tests_fails_none(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
import socket
try:
    socket.getaddrinfo("early.example.com", 443)
except RuntimeError:
    pass
"""
    )
    pytester.makepyfile(
        test_it="""
import pytest

@pytest.mark.vcr
def test_marked():
    pass

def test_unmarked():
    pass
"""
    )
    done = pytester.runpytest_subprocess(*CLOSED)
    done.assert_outcomes(passed=2)
    done.stdout.fnmatch_lines(["*no network: *'early.example.com'*outside of a test*"])


def test_pytest_vcr_keeps_its_suites_and_is_refused_where_ours_is_asked_for(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        test_it="""
import contextlib, socket

def test_it():
    with socket.socket() as one, contextlib.suppress(OSError):
        one.settimeout(0.01)
        one.connect(("240.0.0.1", 9))
"""
    )
    pytester.makeconftest(
        """
import sys, types
def pytest_addoption(parser, pluginmanager):
    pluginmanager.register(types.ModuleType("fake"), "vcr")
"""
    )
    pytester.runpytest_subprocess("-p", "no:hypothesispytest").assert_outcomes(passed=1)
    done = pytester.runpytest_subprocess(*CLOSED)
    assert done.ret == 4
    done.stderr.fnmatch_lines(["*pytest-vcr*uninstall*"])
