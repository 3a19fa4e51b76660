"""Whole pytest runs: 500 one-interaction tests against pytest-recording, and the plugin's start.

    pip install -e '.[bench]' && pytest -p no:cassetter tests/benchmarks/test_session_speed.py -s

Bars: at most 0.9 times pytest-recording's wall time on the same tests and cassettes; at most 20 ms
more for a session without marked tests. Runs alternate and the best of each side counts.
"""

from __future__ import annotations

import importlib.util
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

TESTS = 500
ROUNDS = 3
OURS = ("-p", "no:cassetter", "-p", "no:recording")
THEIRS = ("-p", "no:cassetter", "-p", "no:personalvibe_replay")
NEITHER = (*OURS, *THEIRS)

SUITE = """
import httpx, pytest

CLIENT = httpx.Client(verify=False)

{marks}
@pytest.mark.parametrize("number", range({tests}))
def test_ask(number):
    body = {{"model": "gpt-4o-mini", "n": number}}
    answer = CLIENT.post("https://api.openai.com/v1/chat/completions", json=body)
    assert answer.json()["id"] == number
"""


def run(folder: Path, *options: str) -> tuple[float, float]:
    """Wall and CPU seconds of a pytest run."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stdout + done.stderr
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def best(folder: Path, rounds: int, **sides: tuple[str, ...]) -> dict[str, tuple[float, float]]:
    """The best wall and the best CPU time of each side, of alternating runs."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, options in sides.items():
            found[name].append(run(folder, *options))
    result = {
        name: (min(wall for wall, _ in runs), min(cpu for _, cpu in runs))
        for name, runs in found.items()
    }
    for name, (wall, cpu) in result.items():
        print(f"{name:18} wall {wall:7.3f} s   CPU {cpu:7.3f} s")
    return result


def test_500_tests_of_one_interaction(tmp_path: Path) -> None:
    if importlib.util.find_spec("pytest_recording") is None:
        pytest.skip("pytest-recording is not installed: pip install -e '.[bench]'")
    (tmp_path / "test_it.py").write_text(SUITE.format(tests=TESTS, marks="@pytest.mark.vcr"))
    folder = tmp_path / "cassettes" / "test_it"
    folder.mkdir(parents=True)
    for number in range(TESTS):
        document = {"interactions": [exchange(number)], "version": 1}
        (folder / f"test_ask[{number}].yaml").write_text(yaml.safe_dump(document))
    times = best(tmp_path, ROUNDS, personalvibe=OURS, pytest_recording=THEIRS)
    ours, theirs = times["personalvibe"], times["pytest_recording"]
    print(f"wall {ours[0] / theirs[0]:.2f}, CPU {ours[1] / theirs[1]:.2f} of pytest-recording's")
    assert ours[0] <= 0.9 * theirs[0]


def test_tests_that_share_a_large_cassette(tmp_path: Path) -> None:
    """100 tests, one cassette of 1,000 interactions: opening it is what costs."""
    if importlib.util.find_spec("cassetter") is None:
        pytest.skip("cassetter is not installed: pip install -e '.[bench]'")
    for side in ("ours", "theirs"):
        folder = tmp_path / side / "cassettes" / "test_it"
        folder.mkdir(parents=True)
        document = {"interactions": [exchange(number) for number in range(1000)], "version": 1}
        (folder / "shared.yaml").write_text(yaml.safe_dump(document))
        mark, name = "vcr", "shared"
        if side == "theirs":
            mark, name = 'vcr(match_on=["method", "uri", "json_body"])', "shared.yaml"
        marks = f'@pytest.mark.{mark}\n@pytest.mark.default_cassette("{name}")'
        suite = SUITE.format(tests=100, marks=marks)
        (tmp_path / side / "test_it.py").write_text(suite)
    ours = run(tmp_path / "ours", *OURS)
    theirs = run(tmp_path / "theirs", "-p", "no:personalvibe_replay", "-p", "no:recording")
    print(f"CPU {ours[1]:.2f} s, cassetter {theirs[1]:.2f} s: {ours[1] / theirs[1]:.2f}")
    assert ours[1] <= 2 * theirs[1]


def exchange(number: int) -> dict[str, object]:
    """An interaction as vcrpy and cassetter write it."""
    return {
        "request": {
            "body": json.dumps({"model": "gpt-4o-mini", "n": number}, separators=(",", ":")),
            "headers": {"content-type": ["application/json"]},
            "method": "POST",
            "uri": "https://api.openai.com/v1/chat/completions",
        },
        "response": {
            "body": {"string": json.dumps({"id": number, "text": "word " * 100})},
            "headers": {"content-type": ["application/json"]},
            "status": {"code": 200, "message": "OK"},
        },
    }


CONFTEST = """
import sys

def pytest_unconfigure(config):
    loaded = {"vcr", "litellm", "yaml", "httpx", "openai"} & set(sys.modules)
    assert not loaded, loaded
"""


def test_the_start_of_a_session_without_marked_tests(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it():\n    pass\n")
    (tmp_path / "conftest.py").write_text(CONFTEST)
    others = ("-p", "no:hypothesispytest", "-p", "no:anyio", "-p", "no:xdist")
    times = best(tmp_path, 30, with_plugin=(*OURS, *others), without=(*NEITHER, *others))
    added = [
        (one - other) * 1e3
        for one, other in zip(times["with_plugin"], times["without"], strict=True)
    ]
    print(f"added: {added[0]:.1f} ms wall, {added[1]:.1f} ms CPU")
    assert min(added) <= 20
