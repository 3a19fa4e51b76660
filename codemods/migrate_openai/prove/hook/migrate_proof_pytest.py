# mypy: ignore-errors
"""Loaded into every pytest of a proof through PYTEST_PLUGINS: the result of each test."""

import migrate_proof_hook


def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        record = {"kind": "test", "test": report.nodeid, "when": report.when}
        record["outcome"] = "xfailed" if hasattr(report, "wasxfail") else report.outcome
        crash = getattr(report.longrepr, "reprcrash", None)
        record["reason"] = getattr(crash, "message", "").partition("\n")[0][:300]
        migrate_proof_hook.write(record)
