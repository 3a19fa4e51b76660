"""A miss through LiteLLM fails the test after one request, whatever LiteLLM or the program does.

How fast is measured in tests/benchmarks/test_miss_speed.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

SUITES = Path(__file__).parent / "suites"
TESTS = 22


def test_every_miss_fails_its_test_after_one_request(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("litellm")  # once for both inner runs
    pytester.makepyfile(
        test_it=(SUITES / "litellm_misses.py").read_text(),
        conftest=(SUITES / "watch_requests.py").read_text(),
    )
    watch = pytester.path / "watch.jsonl"
    monkeypatch.setenv("WATCH", str(watch))
    monkeypatch.setenv("PROMPT", "one")
    recorded = pytester.runpytest_inprocess("--record-mode=rewrite", "--stand-in")
    recorded.assert_outcomes(passed=TESTS)
    before = {path: path.read_bytes() for path in pytester.path.rglob("*.yaml")}
    assert len(before) == TESTS

    watch.unlink()
    monkeypatch.setenv("PROMPT", "two")
    missed = pytester.runpytest_inprocess()
    missed.assert_outcomes(failed=TESTS)
    lines = [json.loads(line) for line in watch.read_text().splitlines()]
    assert {line["test"]: line["requests"] for line in lines if line["requests"] != 1} == {}
    output = str(missed.stdout)
    assert output.count("one -> two") + output.count('"one" -> "two"') >= TESTS
    for path in ("messages[0].content", "contents[0].parts[0].text"):
        assert path in output
    assert "--record-mode=rewrite" in output
    assert {path: path.read_bytes() for path in pytester.path.rglob("*.yaml")} == before
