"""`replay_network = namespace`: the kernel closes what Python's audit events do not show."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

SUITE = """
import os, socket, subprocess, sys, threading

OUTSIDE = "import socket; print(socket.socket().connect_ex(('198.51.100.1', 9)))"
LOOPBACK = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1]))).close()"

def test_a_program_that_a_test_starts():
    said = subprocess.check_output([sys.executable, "-c", OUTSIDE], text=True)
    assert os.strerror(int(said)) == "Network is unreachable"

def test_loopback_is_there_for_all():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        subprocess.run([sys.executable, "-c", LOOPBACK, str(port)], check=True)
        socket.create_connection(("localhost", port)).close()

def test_files_belong_to_whom_they_did(tmp_path):
    (tmp_path / "new").touch()
    assert (tmp_path / "new").stat().st_uid == os.getuid() == int(os.environ["EXPECTED_USER"])
"""
THREADS = """
import threading, time
threading.Thread(target=time.sleep, args=[60], daemon=True).start()
"""
PLAIN = ("-p", "no:hypothesispytest", "-p", "no:cacheprovider")
ENTERED = "personalvibe.replay: the session runs in a network namespace of its own"


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini("[pytest]\nreplay_network = namespace\n")
    pytester.makepyfile(test_it=SUITE, threads=THREADS)
    return pytester


def run(folder: Path, *options: str, user: int | None = None) -> str:
    command = [sys.executable, "-m", "pytest", *PLAIN, *options]
    environ = {**os.environ, "EXPECTED_USER": str(os.getuid() if user is None else user)}
    if user is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user, user)
        command[:0] = [f"--re{kind}={user}" for kind in ("uid", "gid")]
        command[:0] = ["setpriv", "--clear-groups"]
        command += [f"--basetemp={folder / 'tmp'}"]
        environ |= {"HOME": str(folder), "TMPDIR": str(folder)}
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, timeout=120, check=False
    )
    if "no network namespace" in done.stdout and "the kernel says" in done.stdout:
        pytest.skip(done.stdout.partition("no network namespace")[2].splitlines()[0])
    return done.stdout + done.stderr


@pytest.mark.parametrize("options", [(), ("-n", "1")])
def test_nothing_leaves_a_namespace(suite: pytest.Pytester, options: tuple[str, ...]) -> None:
    said = run(suite.path, *options)
    assert "3 passed" in said, said
    assert ENTERED in said


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_who_is_not_root_gets_one_too(suite: pytest.Pytester) -> None:
    nobody = 65534
    tried = [f"--re{kind}={nobody}" for kind in ("uid", "gid")]
    # pytester's folders are its user's alone.
    folder = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    try:
        for path in suite.path.glob("*.*"):
            shutil.copy(path, folder)
        again = (
            "import subprocess, sys; subprocess.check_call([sys.executable, '-c', 'import pytest'])"
        )
        interpreter = [sys.executable, "-c", again]
        able = subprocess.run(
            ["setpriv", "--clear-groups", *tried, *interpreter], check=False, cwd=folder
        )
        if able.returncode:
            pytest.skip("this interpreter is root's alone")
        said = run(folder, user=nobody)
    finally:
        shutil.rmtree(folder)
    assert "3 passed" in said, said
    assert ENTERED in said


def test_where_there_can_be_none_it_is_said_and_the_guard_stays(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        test_it="import socket\ndef test_it():\n    socket.create_connection(('198.51.100.1', 9))\n"
    )
    said = run(suite.path, "-p", "threads")
    assert "no network namespace, this plugin alone keeps the network closed: the process" in said
    assert "Network is disabled for host '198.51.100.1'" in said
    assert "1 failed" in said


def test_a_run_that_records_has_its_network(suite: pytest.Pytester) -> None:
    suite.makepyfile(test_it="def test_it():\n    pass\n")
    assert ENTERED not in run(suite.path, "--record-mode=rewrite")
