"""A copy of the user's project, the hook beside it, and nothing left of either afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_HOOK = Path(__file__).parent / "hook"
_LEFT_OUT = {
    ".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".tox", ".nox",
    ".mypy_cache", ".ruff_cache", ".pytest_cache",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Scratch:
    """``root`` is the copy of the project; ``hook`` goes first in PYTHONPATH."""

    origin: Path
    root: Path
    hook: Path
    home: Path

    def renew(self) -> None:
        """Put the untouched project (back) in place."""
        if self.root.exists():
            shutil.rmtree(self.root)
        shutil.copytree(self.origin, self.root, symlinks=True, ignore=self._ignore)

    def _ignore(self, folder: str, names: list[str]) -> set[str]:
        return {
            name
            for name in names
            if name in _LEFT_OUT
            or (Path(folder) / name / "pyvenv.cfg").exists()
            or not _copyable(Path(folder) / name)
        }


def _copyable(path: Path) -> bool:
    return path.is_symlink() or path.is_dir() or path.is_file()


@contextmanager
def scratch(origin: Path) -> Iterator[Scratch]:
    """A scratch copy that is removed whatever happens, an interrupt included."""
    base = Path(os.path.realpath(tempfile.mkdtemp(prefix="migrate-proof-")))
    heir = _heir(base)
    try:
        hook = base / "hook"
        hook.mkdir()
        for source in _HOOK.glob("*.py"):
            shutil.copy(source, hook / source.name)
        place = Scratch(
            origin=origin, root=base / "copy" / (origin.name or "project"), hook=hook, home=base
        )
        place.renew()
        yield place
    finally:
        shutil.rmtree(base, ignore_errors=True)
        heir.communicate()


GROUP = "group"
"""The file with the process group of the command that runs now."""
MARK = "MIGRATE_PROOF_RUN"
"""The variable that tells the processes of one proof from all others."""
# Waits for the end of its input, which comes with the end of the proof, however it ends.
# `kill -KILL --` is not for every shell, and /proc, for what left the group, not on every system.
_WHEN_GONE = """\
cat > /dev/null
if [ -e "$1/group" ]; then kill -s KILL -- "-$(cat "$1/group")"; fi
for process in /proc/[0-9]*; do
    if grep -qsF -e "$2" "$process/environ"; then kill -s KILL "${process#/proc/}"; fi
done
rm -rf "$1"
"""


def _heir(base: Path) -> subprocess.Popen[bytes]:
    """A process that ends the command and removes the folder if the proof itself is killed."""
    return subprocess.Popen(
        ["/bin/sh", "-c", _WHEN_GONE, "sh", str(base), f"{MARK}={base.name}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
