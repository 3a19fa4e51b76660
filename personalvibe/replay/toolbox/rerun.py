"""Some of a project's tests, run again as they were run last."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from personalvibe.replay.model import CassetteError
from personalvibe.replay.toolbox.last_run import LastRun


def run_tests(
    run: LastRun, pytest: Sequence[str], options: Sequence[str], tests: Sequence[str], folder: Path
) -> int:
    """Run tests by their node ids; what pytest prints goes to stderr. Returns its exit code.

    Raises `CassetteError` if there is no such command.
    """
    chosen = folder / "tests.txt"  # there may be more than a command line takes
    chosen.write_text("".join(f"{one}\n" for one in tests), encoding="utf-8")
    ini = ["-c", run.ini_file] if run.ini_file else []
    command = [*pytest, "--rootdir", run.root, *ini, *options, f"@{chosen}"]
    try:
        return subprocess.run(command, cwd=run.root, stdout=_STDERR, check=False).returncode
    except OSError as error:
        raise CassetteError(
            f"{pytest[0]}: {error.strerror or error}",
            hint='Say how the tests are run: --pytest "COMMAND".',
        ) from None


_STDERR = 2
