"""A run that records ends when it has cost too much."""

from __future__ import annotations

from typing import Any

import pytest

from personalvibe.replay.pytest_plugin.state import FACTS


class SpendingLimit:
    """Lives where the terminal is, and adds up what the tests of all processes spent."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.spent = 0.0
        self.session: pytest.Session | None = None

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        self.session = session

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = getattr(report, FACTS, {}).get("test", {})
        self.spent += test.get("cost_usd", 0.0) if test.get("recorded") else 0.0
        if self.session is not None and self.spent > self.limit:
            _stop(
                self.session, f"recording has cost USD {self.spent:.4f}, more than {self.limit:g}"
            )


def _stop(session: pytest.Session, reason: str) -> None:
    session.shouldstop = reason
    # xdist has a loop of its own.
    distributed: Any = session.config.pluginmanager.get_plugin("dsession")
    if distributed is not None:
        distributed.shouldstop = reason
