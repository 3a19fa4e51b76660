# ruff: noqa: PTH118, PTH123
"""The settings of a proof and its log, in every process of the program proved."""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

settings: dict[str, Any] = {}
_log = -1


def load(here: str) -> None:
    """Read settings.json in the folder and open the log that it names."""
    global _log
    with open(os.path.join(here, "settings.json"), encoding="utf-8") as file:
        settings.update(json.load(file))
    _log = os.open(settings["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def write(record: dict[str, Any]) -> None:
    """Append one line, in one go: several processes write.

    It begins a line as well, for one that a process did not write to its end.
    """
    line = json.dumps(record, ensure_ascii=True).encode("ascii")
    os.write(_log, b"\n" + line + b"\n")


def test() -> str:
    """The pytest node id that is running, or empty."""
    return os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]


def process() -> str:
    """The same for the same process of either run: how it was started, without its number."""
    arguments = getattr(sys, "orig_argv", None) or getattr(sys, "argv", None) or [""]
    return " ".join(arguments[1:] or arguments)
