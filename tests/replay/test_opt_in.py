"""The plugin does nothing until a suite asks for it, and closes what the suite asks for."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from personalvibe.replay.offline.environment import LITELLM_SILENCERS

pytestmark = pytest.mark.process

PLAIN = ("-p", "no:hypothesispytest", "-p", "no:cacheprovider")

WATCHER = """
import asyncio, logging, os, socket, sys, threading, time
from concurrent.futures import ThreadPoolExecutor

def seen():
    return {
        "environ": {name: value for name, value in os.environ.items() if "PYTEST" not in name},
        "sleep": (time.sleep, asyncio.sleep),
        "logging": logging.getLogRecordFactory(),
        "socket": {name: getattr(socket, name) for name in ("getaddrinfo", "gethostbyaddr")},
        "methods": [getattr(socket.socket, name) for name in ("connect", "sendto", "sendmsg")],
        "pools": ThreadPoolExecutor.submit,
        "threads": threading.Thread.start,
    }

def changes(before):
    after = seen()
    return [name for name in before if before[name] != after[name]]

BEFORE = seen()
"""

NOBODY = """
import contextlib, socket, sys
import pytest
import watcher

@pytest.fixture
def vcr():
    raise AssertionError("a fixture of the suite's own that nobody asked for")

block_network = cassette = vcr

def test_nothing_is_changed(request):
    assert watcher.changes(watcher.BEFORE) == []
    ours = {name for name in sys.modules if name.startswith("personalvibe.replay.")}
    assert not {name for name in ours if "pytest_plugin" not in name}
    with socket.socket() as one:
        one.settimeout(0.01)
        with contextlib.suppress(OSError):
            one.connect(("198.51.100.1", 9))
"""


@pytest.fixture(autouse=True)
def outer_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run that contains these tests has a closed network, and silenced LiteLLM."""
    for name in (*LITELLM_SILENCERS, "PERSONALVIBE_REPLAY_RUN"):
        monkeypatch.delenv(name, raising=False)


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess(*PLAIN, *options, timeout=120)


def test_where_nobody_uses_cassettes_nothing_is_changed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(watcher=WATCHER, test_it=NOBODY)
    for options in ((), ("-n", "1")):
        done = run(pytester, "-p", "watcher", *options)
        done.assert_outcomes(passed=1)
        done.stdout.no_fnmatch_line("=* cassettes =*")


ATTEMPTS = """
import socket
import pytest

def attempt(where, host="198.51.100.1"):
    state = "open"
    with socket.socket() as one:
        one.settimeout(0.01)
        try:
            one.connect((host, 9))
        except OSError:
            pass
        except BaseException:
            state = "closed"
    print(f"<{where}: {state}>")

@pytest.fixture(scope="session")
def session():
    attempt("session fixture")

attempt("import")

def test_unmarked():
    attempt("unmarked")

def test_with_a_fixture_of_the_session(session):
    pass

@pytest.mark.vcr
def test_marked():
    attempt("marked")

@pytest.mark.vcr
@pytest.mark.allowed_hosts(["198.51.100.1"])
def test_with_a_hole():
    attempt("hole")
    attempt("beside the hole", "198.51.100.2")

def test_afterwards():
    attempt("afterwards")
"""


@pytest.mark.parametrize(
    ("options", "ini", "session", "marked"),
    [
        ((), "", "open", "closed"),
        (("--record-mode=once",), "", "open", "open"),
        (("--record-mode=none",), "", "closed", "closed"),
        (("--block-network",), "", "closed", "closed"),
        ((), "replay_block_network = true", "closed", "closed"),
        ((), "addopts = --record-mode=none", "closed", "closed"),
        (("--record-mode=none",), "replay_block_network = false", "open", "open"),
    ],
)
def test_the_network_is_closed_where_the_suite_asks(
    pytester: pytest.Pytester, options: tuple[str, ...], ini: str, session: str, marked: str
) -> None:
    pytester.makeini(f"[pytest]\n{ini}\n")
    pytester.makepyfile(test_it=ATTEMPTS)
    done = run(pytester, "-s", *options)
    said = re.findall(r"<([a-z ]+): (open|closed)>", done.stdout.str())
    assert dict(said) == {
        "import": session,
        "session fixture": session,
        "unmarked": session,
        "marked": marked,
        "hole": "open",
        "beside the hole": marked,
        "afterwards": session,
    }


LATE = """
import atexit, socket, sys, threading
import pytest

go, done = threading.Event(), threading.Event()

def reach(host):
    try:
        socket.getaddrinfo(host, 443)
    except BaseException as error:
        return type(error).__name__

def wait_and_reach():
    go.wait(30)
    reach("thread.invalid")
    done.set()

MARK
def test_that_leaves_a_thread_behind():
    threading.Thread(target=wait_and_reach).start()

def test_during_which_it_runs():
    go.set()
    assert done.wait(30)

def test_afterwards():
    pass

def at_exit():
    print("at exit:", reach("exit.invalid"), file=sys.stderr)

atexit.register(at_exit)
"""


@pytest.mark.parametrize("options", [("--record-mode=none",), (), ("--record-mode=none", "-n1")])
def test_what_outlives_its_test_is_charged_to_it(
    pytester: pytest.Pytester, options: tuple[str, ...]
) -> None:
    whole = "--record-mode=none" in options
    pytester.makepyfile(test_it=LATE.replace("MARK", "" if whole else "@pytest.mark.vcr"))
    done = run(pytester, *options)
    # The tests passed, and one of them has reached for the network since.
    done.assert_outcomes(passed=3)
    assert done.ret == 1
    text = done.stdout.str()
    assert "'thread.invalid' (port 443): name look-up by test_it.py::test_that_leaves" in text
    assert "thread_behind, in a thread that outlived it." in text
    assert "reached for the network after their end" in text
    if "-n1" not in options:  # a worker of xdist ends without them
        expected = "NetworkDisabled" if whole else "gaierror"
        done.stderr.fnmatch_lines([f"at exit: {expected}"])


def test_plugins_that_are_imported_after_it_are_closed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        reaching="""
import socket
try:
    socket.getaddrinfo("plugin.invalid", 443)
except RuntimeError as error:
    print("plugin:", error)
except OSError as error:
    print("plugin: open")
""",
        test_it="def test_it():\n    pass\n",
    )
    first = ("-p", "personalvibe_replay", "-p", "reaching", "-s")
    for options, expected in (
        (("--record-mode=none",), "*plugin: Network is disabled for host 'plugin.invalid'*"),
        ((), "plugin: open"),
    ):
        done = run(pytester, *first, *options)
        done.assert_outcomes(passed=1)
        done.stdout.fnmatch_lines([expected])


def test_a_program_that_ran_pytest_has_its_network_again(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it():\n    pass\n")
    program = """
import os, socket, pytest
from personalvibe.replay.pytest_plugin import plugin
OPTIONS = ["-q", "-p", "no:cacheprovider", "--record-mode=none"]
assert pytest.main(OPTIONS) == 0
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
assert pytest.main(OPTIONS, [plugin]) == 0
try:
    socket.getaddrinfo("after.invalid", 443)
except OSError:
    print("asked")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1] == "asked", done.stdout + done.stderr


def test_litellm_is_silenced_before_a_module_with_cassettes_imports_it(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        test_a="import os, pytest\nSEEN = os.environ.get('HF_HUB_OFFLINE')\n"
        "def test_it():\n    assert SEEN is None\n",
        test_b="import os, pytest\nSEEN = os.environ.get('HF_HUB_OFFLINE')\n"
        "@pytest.mark.vcr\ndef test_it():\n    assert SEEN == '1'\n",
    )
    run(pytester).assert_outcomes(passed=2)
