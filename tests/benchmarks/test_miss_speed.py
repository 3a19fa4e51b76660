"""How long after the request a missed test is reported as failed. Bar: 0.3 s in every case.

    pytest tests/benchmarks/test_miss_speed.py -s

The suite is that of tests/replay/test_miss_bar.py: three providers, sync, async and streamed, a
Router with fallbacks and retries, programs that catch every Exception, threads and tasks.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

SUITES = Path(__file__).parent.parent / "replay" / "suites"
BAR_SECONDS = 0.3


def test_a_miss_is_reported_within_the_bar(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(
        test_it=(SUITES / "litellm_misses.py").read_text(),
        conftest=(SUITES / "watch_requests.py").read_text(),
    )
    watch = pytester.path / "watch.jsonl"
    monkeypatch.setenv("WATCH", str(watch))
    monkeypatch.setenv("PROMPT", "one")
    recorded = pytester.runpytest_subprocess("--record-mode=rewrite", "--stand-in", timeout=300)
    assert recorded.ret == 0
    watch.unlink()
    monkeypatch.setenv("PROMPT", "two")
    pytester.runpytest_subprocess(timeout=300)
    lines = [json.loads(line) for line in watch.read_text().splitlines()]
    for line in lines:
        print(f"{line['seconds']:7.3f} s  {line['requests']} request  {line['test']}")
    assert lines
    assert all(line["outcome"] == "failed" for line in lines)
    assert max(line["seconds"] for line in lines) < BAR_SECONDS
