"""``--before-with``: packages for the old code alone, installed while something else runs."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from codemods.migrate_openai.errors import UsageError
from codemods.migrate_openai.prove.model import Command
from codemods.migrate_openai.prove.sdk_0_28 import python_of


class Installs:
    """One folder for every different wish, made once by the pip of the old code's interpreter.

    All of them start at once. Leaving the ``with`` block ends what still runs.
    """

    def __init__(self, home: Path, commands: Iterable[Command]) -> None:
        """``home``: where the folders go."""
        self._home = home
        self._running: dict[Path, subprocess.Popen[str]] = {}
        for command in commands:
            folder = self._place(command)
            if folder is not None and folder not in self._running and not folder.exists():
                self._running[folder] = _start(command, folder)

    def __enter__(self) -> Installs:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for process in self._running.values():
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.communicate()

    def folder(self, command: Command) -> Path | None:
        """Where the packages are; waits for pip. Raises `UsageError` when it fails."""
        folder = self._place(command)
        process = self._running.get(folder) if folder is not None else None
        if process is None or process.returncode is not None:
            return folder
        _, errors = process.communicate()
        if process.returncode:
            last = (errors.strip().splitlines() or ["pip failed"])[-1]
            raise UsageError(
                f"{_wish(command)}: {last}",
                "Give requirements that pip can install, or an interpreter with --before-python.",
            )
        return folder

    def _place(self, command: Command) -> Path | None:
        if not command.before_with:
            return None
        key = "\0".join([python_of(command), *command.before_with])
        return self._home / f"with-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def _wish(command: Command) -> str:
    wanted = " ".join(command.before_with)
    if command.before_reason:
        return f"{wanted} for the old code ({command.before_reason})"
    return f"--before-with {wanted}"


def _start(command: Command, folder: Path) -> subprocess.Popen[str]:
    pip = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    return subprocess.Popen(
        [python_of(command), *pip, "--target", str(folder), *command.before_with],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
