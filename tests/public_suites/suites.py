"""A project's own tests: one run of pytest without a network, and what became of each test."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from environments import Side
from projects import Project

_NAMESPACE = ("unshare", "--map-root-user", "--net")
# What the tests must not find in the developer's environment, nor anywhere else.
_KEYS = ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "ANTHROPIC_API_KEY")


class Outcome(StrEnum):
    PASSED = "passed"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """One test of a run. ``module`` and ``name`` are the same before and after."""

    module: str
    """With the class, as ``tests.test_app.TestApp``."""
    name: str
    outcome: Outcome
    file: str = ""
    error: str = ""
    """The first line of the failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a suite."""

    tests: tuple[Test, ...]
    isolated: bool
    ended: str
    """Empty, or why there is no complete report."""


@cache
def namespaces() -> bool:
    """Whether this system gives a process a network of its own."""
    try:
        tried = subprocess.run([*_NAMESPACE, "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return tried.returncode == 0


def run(project: Project, side: Side, copy: Path, report: Path, timeout: float) -> Run:
    """Run the tests of one copy; `report` gets pytest's own report."""
    report.unlink(missing_ok=True)
    log = report.with_suffix(".log")
    env = _environment(project, side, copy, log.parent / "home")
    command = _command(project, side.python, report)
    ended = _execute(command, copy / project.folder, env, log, timeout)
    if not report.is_file():
        return Run(tests=(), isolated=namespaces(), ended=ended or f"no report, see {log}")
    return Run(tests=read(report), isolated=namespaces(), ended=ended)


def read(report: Path) -> tuple[Test, ...]:
    """The tests of a JUnit report."""
    return tuple(_test(case) for case in ElementTree.parse(report).iter("testcase"))


def _test(case: ElementTree.Element) -> Test:
    outcome, error = Outcome.PASSED, ""
    for child in case:
        if child.tag in ("failure", "error"):
            outcome, error = Outcome.FAILED, _first_line(child)
        elif child.tag == "skipped" and outcome is Outcome.PASSED:
            outcome = Outcome.SKIPPED
    return Test(
        module=case.get("classname", ""),
        name=case.get("name", ""),
        outcome=outcome,
        file=case.get("file", ""),
        error=error,
    )


def _first_line(failure: ElementTree.Element) -> str:
    message = failure.get("message", "")
    marked = [line[4:] for line in (failure.text or "").splitlines() if line.startswith("E   ")]
    # An error in a fixture or at import has only a heading for a message.
    if marked and message.startswith(("failed on", "collection failure")):
        return marked[-1].strip()
    return next((line.strip() for line in message.splitlines() if line.strip()), "")


def _command(project: Project, python: Path, report: Path) -> list[str]:
    inside = [*_NAMESPACE, sys.executable, str(Path(__file__).with_name("loopback.py"))]
    return [
        *(inside if namespaces() else []),
        *(str(python), "-m", "pytest", "-q", "--continue-on-collection-errors"),
        # The harness of this project has no part in the suites of others.
        *("-p", "no:personalvibe_replay", "-p", "no:cacheprovider", "-p", "no:randomly"),
        *("-o", "junit_family=xunit1", f"--junitxml={report}", "--timeout=60"),
        *project.tests,
    ]


def _environment(project: Project, side: Side, copy: Path, home: Path) -> dict[str, str]:
    home.mkdir(exist_ok=True)
    paths = os.pathsep.join(str(copy / folder) for folder in project.pythonpath)
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHONPATH": paths,
        "PYTHONHASHSEED": "0",
        "HF_HUB_OFFLINE": "1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "TIKTOKEN_CACHE_DIR": str(side.encodings),
        **dict.fromkeys(_KEYS, "sk-none"),
        **dict(project.env),
    }


def _execute(
    command: list[str], folder: Path, env: dict[str, str], log: Path, timeout: float
) -> str:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            return f"stopped after {timeout:.0f} s"
        finally:
            _end(process)
    return ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process with all that it left running."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()
