"""What the router costs: nothing at import, next to nothing per call. Ratios within one run."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from personalvibe import llm_router

ROUNDS = 1000
MODEL = "openai/gpt-4o-mini"
MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What is the capital of France? " * 20},
]
ARGUMENTS = {"mock_response": "Paris", "temperature": 0.2, "max_completion_tokens": 100}


def seconds(call: Callable[[], Any]) -> float:
    start = time.thread_time()  # not disturbed by what else the machine does
    call()
    return time.thread_time() - start


def test_a_call_costs_at_most_two_per_cent_more_than_litellms() -> None:
    assert llm_router.ModelResponse  # loads LiteLLM
    litellm: Any = sys.modules["litellm"]

    def plain() -> Any:
        return litellm.completion(model=MODEL, messages=MESSAGES, **ARGUMENTS)

    def routed() -> Any:
        return llm_router.chat_completion(MODEL, MESSAGES, **ARGUMENTS)

    for warm_up in (plain, routed) * 20:
        warm_up()
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(ROUNDS):
        order = (0, 1) if turn % 2 else (1, 0)
        for index in order:
            times[index].append(seconds((plain, routed)[index]))
    ratio = statistics.median(times[1]) / statistics.median(times[0])
    print(f"litellm {statistics.median(times[0]) * 1e6:.0f} us, router {ratio:.3f}x")
    assert ratio <= 1.02


def test_importing_the_router_is_cheap(tmp_path: Path) -> None:
    code = (
        "import time; start = time.process_time(); import personalvibe.llm_router;"
        " print(time.process_time() - start)"
    )
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPYCACHEPREFIX"] = str(tmp_path)
    command = [sys.executable, "-c", code]
    runs = [
        float(subprocess.run(command, capture_output=True, check=True, env=env).stdout)
        for _ in range(8)
    ][1:]  # the first one compiles, as an installation does
    print(f"import {min(runs) * 1e3:.1f} ms at best, {statistics.median(runs) * 1e3:.1f} ms median")
    assert statistics.median(runs) < 0.030


@pytest.mark.parametrize("heavy", ["litellm", "openai", "httpx", "pydantic"])
def test_importing_the_router_imports_nothing_heavy(heavy: str) -> None:
    code = f"import personalvibe.llm_router, sys; print({heavy!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "False"
