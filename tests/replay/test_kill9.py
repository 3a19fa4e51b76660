"""kill -9 at random moments of a rewrite: the cassette is the old one or the new one, whole.

8 moments by default; PERSONALVIBE_KILLS=200 is the bar.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from personalvibe.replay import use_cassette
from personalvibe.replay.cassette import file as cassette

SUITES = Path(__file__).parent / "suites"
KILLS = int(os.environ.get("PERSONALVIBE_KILLS", "8"))
pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork"),
]


def check_whole(path: Path) -> None:
    """All interactions of one generation, and as many as it has."""
    sent = [json.loads(one.request.body) for one in cassette.load(path)]
    assert len({body["generation"] for body in sent}) == 1
    assert [body["number"] for body in sent] == list(range(sent[0]["of"]))


def test_killed_at_a_random_moment_of_a_rewrite(server, tmp_path: Path) -> None:
    chance = random.Random(9)
    path = tmp_path / "c.yaml"
    command = [sys.executable, str(SUITES / "rewriter.py"), server.url]
    contents = set()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as zygote:
        assert zygote.stdin is not None
        assert zygote.stdout is not None
        some_rewrites = 0.0
        for _ in range(KILLS):
            start = time.monotonic()
            print(path, file=zygote.stdin, flush=True)
            victim = int(zygote.stdout.readline())
            if not path.exists():
                while not path.exists():
                    threading.Event().wait(0.005)
                some_rewrites = 3 * (time.monotonic() - start)
            # The moment is what is tested: anywhere in the first rewrites.
            threading.Event().wait(chance.uniform(0, some_rewrites))
            os.kill(victim, signal.SIGKILL)
            check_whole(path)
            contents.add(path.read_bytes())
        zygote.stdin.close()
        assert zygote.wait(timeout=30) == 0
    assert len(contents) > 1, "no victim ever got as far as a write"

    # What the killed left beside the cassette goes with the next write.
    left = len(list(tmp_path.iterdir())) - 1
    assert left <= 1
    with use_cassette(path, record_mode="rewrite"):
        httpx.post(server.url, json={})
    print(f"{KILLS} kills, {left} temporary files left, 0 after the next recording")
    assert list(tmp_path.iterdir()) == [path]


SUICIDE = """
import os, signal
import httpx, pytest

@pytest.mark.vcr
def test_it():
    httpx.post({url!r}, json={{"n": 1}})
    if os.environ.get("KILL"):
        httpx.post({url!r}, json={{"n": 2}})
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_session_leaves_the_old_cassette(
    pytester: pytest.Pytester, server, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(SUICIDE.format(url=server.url))
    pytester.runpytest_inprocess("--record-mode=rewrite").assert_outcomes(passed=1)
    (path,) = pytester.path.rglob("*.yaml")
    before = path.read_bytes()
    monkeypatch.setenv("KILL", "1")
    killed = pytester.runpytest_subprocess("--record-mode=rewrite", timeout=60)
    assert killed.ret == -signal.SIGKILL
    assert [(one, one.read_bytes()) for one in pytester.path.rglob("*.yaml")] == [(path, before)]
