"""The example application: its own tests pass before and after, with the same requests."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.process

APP = Path(__file__).parents[2] / "docs" / "examples" / "legacy_app"


def run(*command: str | Path, cwd: Path, stdin: str = "", **env: str) -> str:
    """The standard output of a process that must succeed."""
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=cwd,
        input=stdin,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": "", **env},
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def run_its_tests(app: Path, wire: Path) -> dict[str, list[Any]]:
    """The requests of each test, those of one test in an order that concurrency cannot change."""
    run(
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests",
        cwd=app,
        HELPDESK_WIRE_LOG=str(wire),
    )
    lines = map(json.loads, wire.read_text().splitlines())
    return {name: sorted(requests, key=json.dumps) for name, requests in lines}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    ignore = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(APP, tmp_path / "legacy_app", ignore=ignore))


def test_the_application_migrates_whole(app: Path, tmp_path: Path) -> None:
    before = run_its_tests(app, tmp_path / "before.jsonl")
    assert sum(map(len, before.values())) >= 15

    report = json.loads(run("-m", "codemods.migrate_openai", "--write", "--json", ".", cwd=app))

    assert {finding["status"] for finding in findings(report)} == {"migrated"}
    for path in app.rglob("*.py"):
        assert not re.search(r"^\s*(import|from)\s+openai\b", path.read_text(), re.M), path
    assert run_its_tests(app, tmp_path / "after.jsonl") == before
    run("-m", "codemods.migrate_openai", "--check", ".", cwd=app)


def test_the_script_for_openai_0_28_runs_again(app: Path, tmp_path: Path) -> None:
    run("-m", "codemods.migrate_openai", "--write", ".", cwd=app)

    program = (
        "import os, subprocess, sys, json; from fake_api import FakeApi\n"
        "with FakeApi() as api:\n"
        "    env = {**os.environ, 'OPENAI_API_KEY': 'k', 'OPENAI_API_BASE': api.url + '/v1'}\n"
        "    out = subprocess.run([sys.executable, 'scripts/nightly_report.py'], env=env,\n"
        "        input='all is well', text=True, stdout=subprocess.PIPE, check=True).stdout\n"
        "    print(json.dumps([out, api.requests]))\n"
    )
    out, requests = json.loads(run("-c", program, cwd=app, PYTHONPATH=str(app / "tests")))

    assert out == "Nothing new\n\nYou said: all is well\n"
    assert [(request["path"], request["authorization"]) for request in requests] == [
        ("/v1/chat/completions", "Bearer k"),
        ("/v1/completions", "Bearer k"),
    ]
    assert requests[0]["body"] == {
        "model": "gpt-3.5-turbo",
        "messages": [
            {"role": "system", "content": "You write a short report for managers."},
            {"role": "user", "content": "all is well"},
        ],
        "temperature": 0.2,
    }


def findings(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [finding for file in report["files"] for finding in file["sites"]]
