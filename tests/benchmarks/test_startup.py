"""What ``pv --help`` costs, as a multiple of starting Python. Run: pytest tests/benchmarks"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

RUNS = 15
BAR = 6.0


def seconds(*command: str) -> float:
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


@pytest.mark.parametrize(
    "command",
    [
        [str(Path(sys.executable).with_name("pv")), "--help"],
        [sys.executable, "-m", "personalvibe", "--help"],
    ],
    ids=["pv", "python -m personalvibe"],
)
def test_help(command: list[str]) -> None:
    """Minimum against minimum: what other processes add is not the command's."""
    pairs = [(seconds(sys.executable, "-c", "pass"), seconds(*command)) for _ in range(RUNS)]
    ratio = min(ours for _, ours in pairs) / min(python for python, _ in pairs)
    print(f"{ratio:.2f} x python -c pass")
    assert ratio <= BAR
