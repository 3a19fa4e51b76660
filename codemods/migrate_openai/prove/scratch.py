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
    lease: int
    """A file descriptor: the folder goes when no process has it open any more."""

    def renew(self) -> None:
        """Put the untouched project (back) in place."""
        if self.root.exists():
            shutil.rmtree(self.root)
        shutil.copytree(self.origin, self.root, symlinks=True, ignore=self._ignore)
        for link in _links(self.root):
            self._lead_inside(link)

    def put_aside(self) -> None:
        """Keep what the copy is now for `take_back`, and begin with the untouched project."""
        self.root.rename(self._kept)
        self.renew()

    def take_back(self) -> None:
        shutil.rmtree(self.root)
        self._kept.rename(self.root)

    @property
    def _kept(self) -> Path:
        return self.home / "kept"

    def _lead_inside(self, link: Path) -> None:
        """A link leads to where it led; if that is in the project, to its copy.

        A file outside is copied, since a program may write through the link.
        """
        target = link.readlink()
        place = self.origin / link.relative_to(self.root).parent
        led_to = Path(os.path.normpath(place / target))
        if led_to.is_relative_to(self.origin):
            led_to = self.root / led_to.relative_to(self.origin)
        elif led_to.resolve().is_relative_to(self.origin):
            led_to = self.root / led_to.resolve().relative_to(self.origin)
        elif led_to.is_file():
            link.unlink()
            shutil.copy(led_to, link)
            return
        link.unlink()
        link.symlink_to(led_to)

    def _ignore(self, folder: str, names: list[str]) -> set[str]:
        return {
            name
            for name in names
            if name in _LEFT_OUT
            or (Path(folder) / name / "pyvenv.cfg").exists()
            or not _copyable(Path(folder) / name)
        }


def _links(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        paths = (Path(parent, name) for name in [*folders, *files])
        yield from [path for path in paths if path.is_symlink()]


def _copyable(path: Path) -> bool:
    return path.is_symlink() or path.is_dir() or path.is_file()


@contextmanager
def scratch(origin: Path) -> Iterator[Scratch]:
    """A scratch copy that is removed whatever happens, an interrupt included."""
    base = Path(os.path.realpath(tempfile.mkdtemp(prefix="migrate-proof-")))
    heir = _heir(base)
    assert heir.stdin is not None
    try:
        hook = base / "hook"
        hook.mkdir()
        for source in _HOOK.glob("*.py"):
            shutil.copy(source, hook / source.name)
        place = Scratch(
            origin=origin,
            root=base / "copy" / (origin.name or "project"),
            hook=hook,
            home=base,
            lease=heir.stdin.fileno(),
        )
        place.renew()
        yield place
    finally:
        shutil.rmtree(base, ignore_errors=True)
        heir.communicate()


# Waits for the end of its input: nobody has the lease any more, however that came about.
_WHEN_GONE = """\
cat > /dev/null
rm -rf "$1"
"""


def _heir(base: Path) -> subprocess.Popen[bytes]:
    """A process that removes the folder if the proof itself is killed."""
    return subprocess.Popen(
        ["/bin/sh", "-c", _WHEN_GONE, "sh", str(base)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
