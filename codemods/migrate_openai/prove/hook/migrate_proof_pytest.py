"""Loaded into every pytest of a proof through PYTEST_PLUGINS: the result of each test."""

from __future__ import annotations

import functools
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from codemods.migrate_openai.prove.hook import migrate_proof_clients as clients
    from codemods.migrate_openai.prove.hook import migrate_proof_state as state
else:
    import migrate_proof_clients as clients
    import migrate_proof_state as state


def _follow(setattr_: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(setattr_)
    def followed(self: Any, *args: Any, **kwargs: Any) -> None:
        setattr_(self, *args, **kwargs)
        done = getattr(self, "_setattr", None)
        if done:
            _, name, old = done[-1]
            clients.note_patch(name, old)

    return followed


def pytest_configure() -> None:
    # Loaded by then, and under this name since the first versions.
    kind = sys.modules["_pytest.monkeypatch"].MonkeyPatch
    kind.setattr = _follow(kind.setattr)


def pytest_runtest_setup(item: Any) -> None:
    for fixture, name in (("httpx_mock", "pytest-httpx"), ("respx_mock", "respx")):
        if fixture in getattr(item, "fixturenames", ()):
            clients.note_transport_mock(name)


def pytest_runtest_logreport(report: Any) -> None:
    if report.when == "call" or report.outcome != "passed":
        record = {"kind": "test", "test": report.nodeid, "when": report.when}
        record["outcome"] = "xfailed" if hasattr(report, "wasxfail") else report.outcome
        crash = getattr(report.longrepr, "reprcrash", None)
        record["reason"] = getattr(crash, "message", "").partition("\n")[0][:300]
        state.write(record)
