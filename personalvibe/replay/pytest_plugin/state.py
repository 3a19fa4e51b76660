"""What one pytest process knows, and where tests keep what belongs to them."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from personalvibe.replay.offline import guard

if TYPE_CHECKING:
    from personalvibe.replay.pytest_plugin.test_cassette import TestCassette

FACTS = "personalvibe_replay"
"""The attribute of a report, and the key among a worker's input, for plain data of ours."""


class State:
    """What one pytest process knows."""

    def __init__(self, options: Any) -> None:
        self.mode: str | None = options.record_mode
        self.disabled: bool = options.disable_recording
        self.current_test: str | None = None
        self.took_over = ""
        self.notes = Path(tempfile.gettempdir()) / f"personalvibe-replay-run-{uuid.uuid4().hex}"
        """Made when needed; removed by the process that runs the session."""
        self.started = time.time()
        self.resources = contextlib.ExitStack()
        self._stand_in: Any = None
        self.guard = guard.NetworkGuard(
            current_test=lambda: self.current_test,
            redact=redacted,
            allowed_hosts=options.allowed_hosts or (),
        )

    def stand_in(self) -> Any:
        """The stand-in that answers for every provider; it runs until the session ends."""
        if self._stand_in is None:
            from personalvibe.replay.standin import StandIn

            self._stand_in = self.resources.enter_context(StandIn())
        return self._stand_in


def redacted(text: str) -> str:
    """Text for people, without secrets."""
    from personalvibe.replay.redaction.redact import RedactionRules, redact_text

    return redact_text(text, RedactionRules.from_config({}, os.environ))


STATE: pytest.StashKey[State] = pytest.StashKey()
CASSETTE: pytest.StashKey[TestCassette] = pytest.StashKey()
FIXTURES: pytest.StashKey[list[tuple[Any, Any]]] = pytest.StashKey()
CONFIG: pytest.StashKey[dict[str, Any]] = pytest.StashKey()
MODE: pytest.StashKey[str] = pytest.StashKey()
PASSED: pytest.StashKey[bool] = pytest.StashKey()


def names(item: Any) -> tuple[str | None, str]:
    """The names of a test's class, if it has one, and of the test."""
    owner = getattr(item, "cls", None)
    return (owner.__name__ if owner else None, item.name)


def from_here(config: pytest.Config, nodeid: str) -> str:
    """A node id, which starts at the root folder, as the folder of the run has to spell it."""
    here = config.invocation_params.dir
    if here == config.rootpath:
        return nodeid
    path, separator, test = nodeid.partition("::")
    return f"{os.path.relpath(config.rootpath / path, here)}{separator}{test}"
