"""What the commands share that run a project's tests again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from personalvibe.errors import UserError

if TYPE_CHECKING:
    from personalvibe.replay.toolbox.last_run import LastRun

pytest_option = click.option(
    "--pytest",
    metavar="COMMAND",
    help='How the tests are run: "pytest -n 4".  [default: pytest, beside this Python]',
)


def rerun(
    run: LastRun, command: str | None, options: Sequence[str], tests: Sequence[str], folder: Path
) -> int:
    """Run tests; returns pytest's exit code."""
    import shlex

    from personalvibe.replay.model import CassetteError
    from personalvibe.replay.toolbox.rerun import run_tests

    try:
        return run_tests(
            run, shlex.split(command) if command else _default(), options, tests, folder
        )
    except ValueError as error:  # a quote that is not closed
        raise UserError(f"--pytest: {error}") from None
    except CassetteError as error:
        raise UserError(error.message, error.hint) from None


def _default() -> list[str]:
    import sys

    beside = Path(sys.executable).with_name("pytest")
    return [str(beside)] if beside.exists() else [sys.executable, "-m", "pytest"]
