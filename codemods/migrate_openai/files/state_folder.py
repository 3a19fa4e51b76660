"""Where a run keeps its journal: with the project's git data, or in a folder of the user's own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_NAME = "migrate-openai"
UNFINISHED = "run"
"""The journal of a run that has not ended, or that was killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateFolder:
    """``folder`` belongs to the project at ``root``; paths in a journal are relative to that."""

    root: Path
    folder: Path
    in_git: bool

    def make(self) -> None:
        """Raises `OSError`."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.in_git:
            (self.folder / "root").write_text(str(self.root), encoding="utf-8")


def common_folder(paths: Sequence[str]) -> Path:
    """The innermost folder that holds all of ``paths``."""
    absolute = [Path(path).absolute() for path in paths]
    return Path(os.path.commonpath([path if path.is_dir() else path.parent for path in absolute]))


def of_project(paths: Sequence[str]) -> StateFolder:
    """The state of the git repository around ``paths``, or of the folder that holds them."""
    start = common_folder(paths).resolve()
    for root in (start, *start.parents):
        if (git := _git_folder(root / ".git")) is not None:
            return StateFolder(root=root, folder=git / _NAME, in_git=True)
    from hashlib import sha256

    key = sha256(os.fsencode(start)).hexdigest()[:16]
    return StateFolder(root=start, folder=_of_user() / key, in_git=False)


def around(own: StateFolder) -> Iterator[StateFolder]:
    """``own``, then what runs on an outer or an inner folder without git have kept."""
    yield own
    for note in sorted(_of_user().glob("*/root")):
        root = Path(note.read_text(encoding="utf-8"))
        nested = root.is_relative_to(own.root) or own.root.is_relative_to(root)
        if nested and note.parent != own.folder:
            yield StateFolder(root=root, folder=note.parent, in_git=False)


def unfinished(own: StateFolder) -> list[StateFolder]:
    """Those `around` the project in which a run was begun and not ended."""
    return [state for state in around(own) if (state.folder / UNFINISHED).is_dir()]


def _git_folder(entry: Path) -> Path | None:
    """What ``.git`` is, or names: in a worktree and a submodule it is a file."""
    if entry.is_file():
        target = entry.read_text(encoding="utf-8", errors="replace").removeprefix("gitdir:")
        entry = entry.parent / target.strip()
    return entry if entry.is_dir() else None


def _of_user() -> Path:
    if os.name == "nt" and (local := os.environ.get("LOCALAPPDATA")):
        return Path(local, _NAME)
    state = os.environ.get("XDG_STATE_HOME", "")
    # The specification has relative paths ignored.
    return Path(state if os.path.isabs(state) else Path.home() / ".local/state", _NAME)  # noqa: PTH117
