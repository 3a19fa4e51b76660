"""What one pytest process knows, and where tests keep what belongs to them."""

from __future__ import annotations

import contextlib
import functools
import os
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from personalvibe.replay.offline.guard import NetworkGuard, Violation
    from personalvibe.replay.pytest_plugin.test_cassette import TestCassette
    from personalvibe.replay.shared import SharedCassettes

FACTS = "personalvibe_replay"
"""The attribute of a report, and the key among a worker's input and output, for plain data of
ours."""

_RUN_VARIABLE = "PERSONALVIBE_REPLAY_RUN"  # as in `opening`, which is imported late


class State:
    """What one pytest process knows."""

    def __init__(self, options: Any) -> None:
        self.mode: str | None = options.record_mode
        self.disabled: bool = options.disable_recording
        self.staging: Path | None = options.stage_recordings
        self.max_cost: float | None = options.max_recording_cost
        self.drift_report: Path | None = options.drift_report
        self.allowed_hosts: str | None = options.allowed_hosts
        self.current_test: str | None = None
        self.notices: list[str] = []
        """What the header of the run says."""
        self.closed = False
        """No network for the whole session."""
        self.closes_marked_tests = False
        self.deselected = False
        """Tests were left out, by an option or by a plugin."""
        self.notes = Path(tempfile.gettempdir()) / f"personalvibe-replay-run-{uuid.uuid4().hex}"
        """Made when needed; removed by the process that runs the session."""
        self.started = time.time()
        self.resources = contextlib.ExitStack()
        self._configured = False
        self._guard: NetworkGuard | None = None
        self._shared: SharedCassettes | None = None
        self._stand_in: Any = None

    @property
    def in_use(self) -> bool:
        """Whether the suite plays cassettes or asked for a closed network. Else: no effects."""
        return self._guard is not None

    def begin_use(self) -> NetworkGuard:
        """The suite plays cassettes, or asked for a closed network."""
        if self._guard is None:
            self._guard = self.resources.enter_context(self._guarded())
            if self._configured:
                self._share_run()
        return self._guard

    def configured(self) -> None:
        """`notes` are those of the run, also in a worker."""
        self._configured = True
        if self.in_use:
            self._share_run()

    def _share_run(self) -> None:
        """Programs that tests start find the run's folder of notes."""
        self.resources.enter_context(_environment(_RUN_VARIABLE, str(self.notes)))

    @property
    def guard(self) -> NetworkGuard:
        """The session's guard."""
        return self.begin_use()

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[NetworkGuard]:
        from personalvibe.replay.abort import Abort
        from personalvibe.replay.offline.environment import silence_litellm
        from personalvibe.replay.offline.guard import NetworkGuard

        guard = NetworkGuard(
            current_test=lambda: self.current_test,
            redact=redacted,
            allowed_hosts=self.allowed_hosts or (),
        )
        added = silence_litellm(os.environ)
        failure, Abort.failure = Abort.failure, pytest.fail.Exception
        guard.install(closed=self.closed)
        try:
            yield guard
        finally:
            guard.retire()
            Abort.failure = failure
            for name in added:
                os.environ.pop(name, None)

    def take_violations(self) -> tuple[Violation, ...]:
        """What the guard refused since the last time."""
        return self._guard.take_violations() if self._guard is not None else ()

    def shared_cassettes(self) -> SharedCassettes:
        """What tests of this process read of the cassettes that they share."""
        if self._shared is None:
            from personalvibe.replay.shared import SharedCassettes

            self._shared = SharedCassettes()
        return self._shared

    @functools.cached_property
    def prices(self) -> Any:
        """The price list, where the costs have a limit; else what is loaded has to do."""
        if self.max_cost is None:
            return None
        from personalvibe.replay.usage import price_list

        return price_list()

    def stand_in(self) -> Any:
        """The stand-in that answers for every provider; it runs until the session ends."""
        if self._stand_in is None:
            from personalvibe.replay.standin import StandIn

            self._stand_in = self.resources.enter_context(StandIn())
        return self._stand_in


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name, None)
        if before is not None:
            os.environ[name] = before


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
