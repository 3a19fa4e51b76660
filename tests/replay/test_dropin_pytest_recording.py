"""A suite written for pytest-recording, run unchanged, on its cassettes and on ours."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.process

pytest.importorskip("pytest_recording")

SUITE = Path(__file__).parent / "suites" / "for_pytest_recording.py"
TESTS = 15
THEIRS = ("-p", "no:personalvibe_replay", "-p", "no:cassetter")


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    done = pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments, timeout=120)
    done.assert_outcomes(passed=TESTS)
    return done


def test_the_suite_runs_unchanged(
    pytester: pytest.Pytester, server, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(test_it=SUITE.read_text())
    monkeypatch.setenv("URL", server.url)
    folder = pytester.path / "cassettes"

    # Recorded by pytest-recording, replayed here: nothing is asked and nothing is changed.
    run(pytester, *THEIRS, "--record-mode=once")
    asked = len(server.asked)
    names = {path.name for path in folder.rglob("*.yaml")}
    before = {path: path.read_bytes() for path in folder.rglob("*.yaml")}
    monkeypatch.setenv("REPLAY", "1")
    monkeypatch.setenv("QUERY", "2")
    run(pytester)
    assert len(server.asked) == asked
    assert {path: path.read_bytes() for path in folder.rglob("*.yaml")} == before

    # Recorded here, replayed here, under the same names.
    monkeypatch.delenv("REPLAY")
    monkeypatch.setenv("QUERY", "1")
    run(pytester, "--record-mode=rewrite")
    assert len(server.asked) > asked
    assert {path.name for path in folder.rglob("*.yaml")} >= names
    asked = len(server.asked)
    monkeypatch.setenv("REPLAY", "1")
    run(pytester, "--block-network", "--record-mode=none")
    assert len(server.asked) == asked
    text = "".join(path.read_text() for path in folder.rglob("*.yaml"))
    assert "Bearer abc" not in text
