# mypy: ignore-errors
"""Loaded into every pytest of a proof through PYTEST_PLUGINS: the result of each test."""

import functools

import migrate_proof_hook
import pytest


def _follow(setattr_):
    @functools.wraps(setattr_)
    def followed(self, *args, **kwargs):
        setattr_(self, *args, **kwargs)
        done = getattr(self, "_setattr", None)
        if done:
            _, name, old = done[-1]
            migrate_proof_hook.note_patch(name, old)

    return followed


pytest.MonkeyPatch.setattr = _follow(pytest.MonkeyPatch.setattr)


def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        record = {"kind": "test", "test": report.nodeid, "when": report.when}
        record["outcome"] = "xfailed" if hasattr(report, "wasxfail") else report.outcome
        crash = getattr(report.longrepr, "reprcrash", None)
        record["reason"] = getattr(crash, "message", "").partition("\n")[0][:300]
        migrate_proof_hook.write(record)
