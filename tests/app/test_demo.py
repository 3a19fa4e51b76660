"""``pv demo``. Its steps themselves are run by the README's test."""

from __future__ import annotations

import re
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from personalvibe import demo

PYTHON = Path(sys.executable).name


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def steps(monkeypatch: pytest.MonkeyPatch, *code: str, expected_exit: int = 0) -> None:
    made = (
        demo.Step(why="Why.", command=(PYTHON, "-c", one), expected_exit=expected_exit)
        for one in code
    )
    monkeypatch.setattr(demo, "STEPS", tuple(made))


@pytest.mark.process
@pytest.mark.parametrize("keep", [False, True])
def test_the_steps_run_in_a_folder_that_is_kept_on_demand(
    monkeypatch: pytest.MonkeyPatch, temporary_folder: Path, pv: Any, keep: bool
) -> None:
    steps(
        monkeypatch,
        "open('new', 'w'); import sys; print('to stderr', file=sys.stderr)",
        "import os; print(sorted(os.listdir()))",
    )
    result = pv("demo", *["--keep"] * keep)
    assert (result.code, result.err) == (0, "")
    assert "to stderr\n" in result.out
    assert "['README.md', 'desk', 'new', 'pyproject.toml', 'tests']\n" in result.out
    assert len(list(temporary_folder.iterdir())) == keep


@pytest.mark.process
def test_a_step_that_ends_in_another_way_ends_the_demonstration(
    monkeypatch: pytest.MonkeyPatch, temporary_folder: Path, pv: Any
) -> None:
    steps(monkeypatch, "pass", "print('never')", expected_exit=1)
    result = pv("demo")
    assert result.code == 1
    assert result.err.startswith(f"error: step 1 ended with 0 instead of 1: {PYTHON} -c pass\nhint")
    assert "never" not in re.sub(r"(?m)^\$.*", "", result.out)
    assert list(temporary_folder.iterdir()) == []


def test_what_is_not_installed_is_named_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch, pv: Any
) -> None:
    commands = ((PYTHON, "--version"), ("no-such-program",))
    monkeypatch.setattr(
        demo, "STEPS", tuple(demo.Step(why="Why.", command=command) for command in commands)
    )
    result = pv("demo")
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines()[0] == "error: not installed beside pv: no-such-program"


@pytest.mark.process
def test_the_callers_keys_and_options_stay_out(monkeypatch: pytest.MonkeyPatch, pv: Any) -> None:
    foreign = {"OPENAI_BASE_URL": "x", "DESK_TEMPERATURE": "1", "PYTEST_ADDOPTS": "--co"}
    for name, value in foreign.items():
        monkeypatch.setenv(name, value)
    steps(monkeypatch, f"import os; print('left:', sorted(os.environ.keys() & {set(foreign)!r}))")
    assert "left: []\n" in pv("demo").out


@pytest.mark.process
def test_ctrl_c_ends_the_step_and_leaves_nothing(temporary_folder: Path, pv_process: Any) -> None:
    process = pv_process("demo", TMPDIR=str(temporary_folder))
    printed = iter(process.stdout.readline, "$ pytest --record-mode=once --stand-in\n")
    assert "".join(printed).startswith("# A small application on the openai SDK: ")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors.split()) == (130, ["interrupted"])
    assert list(temporary_folder.iterdir()) == []
