"""One cassette with N interactions of distinct bodies, replayed through httpx, side by side.

    pip install -e '.[bench]' && pytest -p no:cassetter tests/benchmarks/test_replay_speed.py -s

CPU time, which a busy machine disturbs less than wall time; nothing here waits.

Bars: a request at N = 5,000 costs at most 1.3 times that at N = 100; at N = 1,000 at least 100
times faster than vcrpy with a body matcher, and ahead of cassetter, whose opening takes at least
half as long as ours.
"""

from __future__ import annotations

import importlib.util
import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from personalvibe.replay.cassette import file as cassette
from personalvibe.replay.cassette.foreign import to_vcrpy
from personalvibe.replay.model import Interaction, Request, Response
from personalvibe.replay.redaction.redact import RedactionRules, redact

SCRIPT = Path(__file__).with_name("replay_many.py")
MANY = runpy.run_path(str(SCRIPT))
JSON = (("content-type", "application/json"),)


def interactions(n: int) -> list[Interaction]:
    found = []
    for number in range(n):
        answer = {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "42. " * 20}}],
            "usage": {"prompt_tokens": 20, "completion_tokens": 40, "total_tokens": 60},
        }
        sent = json.dumps(MANY["body"](number), separators=(",", ":"), ensure_ascii=False)
        found.append(
            Interaction(
                request=Request(method="POST", url=MANY["URL"], headers=JSON, body=sent.encode()),
                response=Response(
                    status=200, reason="OK", headers=JSON, body=json.dumps(answer).encode()
                ),
            )
        )
    return found


@pytest.fixture(scope="module")
def cassettes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cassettes")
    rules = RedactionRules.from_config({}, {})
    for n in (100, 1000, 5000):
        redacted = [redact(one, rules) for one in interactions(n)]
        (folder / f"personalvibe-{n}.yaml").write_bytes(cassette.dump(redacted))
        for tool in ("vcrpy", "cassetter"):
            (folder / f"{tool}-{n}.yaml").write_text("".join(to_vcrpy(redacted)))
    return folder


def measure(tool: str, folder: Path, n: int, requests: int) -> dict[str, float]:
    path = folder / f"{tool}-{n}.yaml"
    command = [sys.executable, str(SCRIPT), tool, str(path), str(n), str(requests)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    result: dict[str, float] = json.loads(done.stdout)
    result["total"] = result["open"] / n + result["request"]
    print(
        f"{tool:13} N={n:5}  open {result['open'] * 1e3:8.1f} ms   "
        f"request {result['request'] * 1e3:8.3f} ms   with its share of opening "
        f"{result['total'] * 1e3:8.3f} ms"
    )
    return result


def test_the_cost_of_a_request_does_not_grow(cassettes: Path) -> None:
    small = min(measure("personalvibe", cassettes, 100, 100)["request"] for _ in range(3))
    large = min(measure("personalvibe", cassettes, 5000, 5000)["request"] for _ in range(2))
    print(f"N=5000 / N=100: {large / small:.2f}")
    assert large <= 1.3 * small


def test_faster_than_vcrpy_and_cassetter(cassettes: Path) -> None:
    ours = measure("personalvibe", cassettes, 1000, 1000)
    vcrpy = measure("vcrpy", cassettes, 1000, 10)
    print(f"vcrpy / personalvibe: {vcrpy['request'] / ours['request']:.0f}")
    assert vcrpy["request"] >= 100 * ours["request"]
    if importlib.util.find_spec("cassetter") is None:
        pytest.skip("cassetter is not installed: pip install -e '.[bench]'")
    other = measure("cassetter", cassettes, 1000, 1000)
    print(f"cassetter / personalvibe: {other['request'] / ours['request']:.2f}")
    assert other["request"] > ours["request"]
    assert other["total"] > ours["total"]
    print(f"opening: {ours['open'] / other['open']:.2f} of cassetter's")
    assert ours["open"] <= 2 * other["open"]
