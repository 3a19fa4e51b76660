"""The demonstration: a small application is recorded, migrated, proven and replayed.

The steps are data. Each runs as a process of its own, in a copy of the application.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

# Where the wheel has the application, and where it stands in a checkout.
_APPLICATIONS = (
    Path(__file__).parent / "data" / "support_desk",
    Path(__file__).parents[1] / "docs" / "examples" / "support_desk",
)
# What would lead the steps to other addresses, keys or options than those that are shown.
_LEFT_OUT = ("AZURE_", "DESK_", "OPENAI_", "PYTEST_", "PERSONALVIBE_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    why: str
    command: tuple[str, ...]
    settings: tuple[tuple[str, str], ...] = ()
    """Environment variables, as a user writes them before the command."""
    expected_exit: int = 0

    @property
    def line(self) -> str:
        """What a user would type."""
        return " ".join([*(f"{name}={value}" for name, value in self.settings),
                         shlex.join(self.command)])  # fmt: skip


STEPS = (
    Step(
        why="Record what the program sends today, with the openai SDK. A stand-in on this machine"
        " answers, so no key is needed.",
        command=("pytest", "--record-mode=once", "--stand-in"),
    ),
    Step(
        why="Look at the migration. Nothing is written.",
        command=("migrate-openai", "--diff"),
    ),
    Step(
        why="Prove it: the tests run before and after on a copy, and every request is compared.",
        command=("migrate-openai", "--prove", "--verbose", "--", "pytest"),
    ),
    Step(
        why="Make the change.",
        command=("migrate-openai", "--write", "--deps"),
    ),
    Step(
        why="The recordings of the old program are the specification of the new one. The network"
        " is closed.",
        command=("pytest", "--record-mode=none"),
    ),
    Step(
        why="From now on they keep watch: a request that is another one fails its test, which says"
        " what differs.",
        command=("pytest", "--record-mode=none"),
        settings=(("DESK_TEMPERATURE", "0.9"),),
        expected_exit=1,
    ),
)


def unpack(folder: Path) -> None:
    """Copy the application into a folder that does not exist yet."""
    application = next(one for one in _APPLICATIONS if one.is_dir())
    shutil.copytree(application, folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables of the steps: their programs are found in an environment that is not active."""
    kept = {name: value for name, value in variables.items() if not name.startswith(_LEFT_OUT)}
    folders = (sysconfig.get_path("scripts"), str(Path(sys.executable).parent))
    return {**kept, "PATH": os.pathsep.join([*folders, variables.get("PATH", os.defpath)]),
            "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}  # fmt: skip


def missing_programs(variables: Mapping[str, str]) -> tuple[str, ...]:
    names = dict.fromkeys(step.command[0] for step in STEPS)
    return tuple(name for name in names if not shutil.which(name, path=variables["PATH"]))


def run(step: Step, folder: Path, variables: Mapping[str, str], show: Callable[[str], None]) -> int:
    """Run a step, hand on what it prints line by line, and return its exit code."""
    program, *arguments = step.command
    found = shutil.which(program, path=variables["PATH"]) or program
    with subprocess.Popen(
        [found, *arguments],
        cwd=folder,
        env={**variables, **dict(step.settings)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="backslashreplace",
    ) as process:
        try:
            for line in process.stdout or ():
                show(line.rstrip("\n"))
        except BaseException:
            process.terminate()
            raise
    return process.returncode
