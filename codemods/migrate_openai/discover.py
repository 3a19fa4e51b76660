"""Paths -> the files that may call openai, by a byte search before anything is parsed."""

# Paths stay strings here: a Path object per file would double the time of a run.
# ruff: noqa: PTH100, PTH109, PTH110, PTH113, PTH114, PTH116, PTH118, PTH119, PTH120

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from codemods.migrate_openai.errors import UsageError
from codemods.migrate_openai.shapes import GATE

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

SUFFIXES = (".py", ".pyi", ".ipynb")
# Never walked into: what tools write, and installed packages.
NOT_SOURCE = frozenset(
    {
        *(".bzr", ".direnv", ".eggs", ".git", ".hg", ".ipynb_checkpoints", ".mypy_cache", ".nox"),
        *(".pants.d", ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", ".svn", ".tox"),
        *(".venv", ".vscode", "__pycache__", "__pypackages__", "buck-out", "build", "dist"),
        *("node_modules", "site-packages", "venv"),
    }
)
# Walked, but left as they are: other people's code kept in the tree.
VENDORED = frozenset({"_vendor", "vendor", "vendored", "third_party", "_vendored"})

# What tells an installer which packages a project needs.
REQUIREMENTS = re.compile(
    r"(?:.*requirements.*|reqs?|deps)\.(?:txt|in)|pyproject\.toml|setup\.(?:cfg|py)|Pipfile"
    r"|environment\.ya?ml"
)

Left: TypeAlias = Literal["", "vendored"]
Exclude: TypeAlias = tuple[str, Sequence[str]]
"""A folder, and patterns in the manner of .gitignore relative to it."""

_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_FIRST_READ = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A file that mentions openai, or something a client of it answers to.

    With ``requirements``, a file that may ask for the openai package; it is not searched.
    """

    path: str
    """As it is to be printed: the argument it was found under, joined with the way to it."""
    left: Left = ""
    error: str = ""
    """Why the file cannot be read at all; empty when it can."""
    requirements: bool = False
    outside: str = ""
    """Where a link leads that leaves the tree; empty for anything else."""


def discover(paths: Sequence[str], exclude: Sequence[Exclude] = ()) -> Iterator[Candidate]:
    """Every candidate under ``paths``, folders in the order of their names.

    A file named in ``paths`` is taken whatever .gitignore says; ``exclude`` always wins. Links
    to folders are not followed; a link to a file is followed within the tree. Raises
    `UsageError` for a path that does not exist.
    """
    excluded = _Ignores(tuple((os.path.abspath(base), _spec(lines)) for base, lines in exclude))
    for path in paths:
        try:
            mode = os.stat(path).st_mode
        except OSError as error:
            raise UsageError(
                f"{path}: {error.strerror}", "Give files or folders that exist."
            ) from error
        if not stat.S_ISDIR(mode):
            if not excluded(path, False):
                yield from _named(path)
        elif not excluded(path, True):
            yield from _walk(path, excluded)


def may_call_openai(data: bytes) -> bool:
    """Whether a parse can be worth while.

    Besides the name of the SDK this looks for what is called on a client, since a module may
    be handed one without a word of where it comes from. Two plain searches come before the
    pattern, which costs ten times as much.
    """
    return b"openai" in data or (
        (b".create" in data or b"completions" in data) and GATE.search(data) is not None
    )


def is_vendored(path: str) -> bool:
    """Whether a folder of ``path`` is one for other people's code."""
    return not VENDORED.isdisjoint(path.replace(os.sep, "/").split("/")[:-1])


def _named(path: str) -> Iterator[Candidate]:
    if outside := _leaves(path, os.getcwd()):
        yield Candidate(path=path, outside=outside)
        return
    yield from _tested(path)


def _walk(top: str, excluded: _Ignores) -> Iterator[Candidate]:
    ignores = _Ignores.above(top)
    stack = [(top, ignores, "vendored" if is_vendored(os.path.join(top, "x")) else "")]
    while stack:
        folder, ignores, left = stack.pop()
        files: list[os.DirEntry[str]] = []
        folders: list[os.DirEntry[str]] = []
        asking: list[os.DirEntry[str]] = []
        own_rules = False
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    name = entry.name
                    if name.endswith(SUFFIXES):
                        files.append(entry)
                        if name == "setup.py":
                            asking.append(entry)
                    elif name == ".gitignore":
                        own_rules = True
                    elif name == "pyvenv.cfg" and folder != top:
                        files, folders, asking = [], [], []
                        break
                    elif name not in NOT_SOURCE and entry.is_dir(follow_symlinks=False):
                        folders.append(entry)
                    elif REQUIREMENTS.fullmatch(name) or (
                        name.endswith((".txt", ".in"))
                        and os.path.basename(folder) == "requirements"
                    ):
                        asking.append(entry)
        except OSError as error:
            yield Candidate(path=folder, error=f"cannot be listed: {error.strerror}")
            continue
        if own_rules:
            ignores = ignores.within(folder)
        prefix = "" if folder == os.curdir else os.path.join(folder, "")
        files.sort(key=_name)
        for entry in files:
            path = prefix + entry.name
            if not entry.is_file(follow_symlinks=False):
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry)
                    continue
                if not entry.is_symlink() or not os.path.isfile(path):
                    continue
            for candidate in _tested(path, left, top if entry.is_symlink() else ""):
                if not excluded(path, False) and not ignores(path, False):
                    yield candidate
        for entry in sorted(asking, key=_name):
            path = prefix + entry.name
            if entry.is_file(follow_symlinks=False) and not (
                left or excluded(path, False) or ignores(path, False)
            ):
                yield Candidate(path=path, requirements=True)
        folders.sort(key=_name, reverse=True)
        for entry in folders:
            path = prefix + entry.name
            if not excluded(path, True) and not ignores(path, True):
                stack.append((path, ignores, left or _vendored(entry.name)))


def _tested(path: str, left: str = "", link_within: str = "") -> Iterator[Candidate]:
    """The candidate for a file, if the byte search finds something in it."""
    try:
        data = read(path)
    except OSError as error:
        yield Candidate(path=path, error=f"cannot be read: {error.strerror}")
        return
    if may_call_openai(data):
        outside = _leaves(path, link_within) if link_within else ""
        if outside or not link_within:
            yield Candidate(path=path, left="vendored" if left else "", outside=outside)


def read(path: str) -> bytes:
    """The bytes of a file. Raises `OSError`."""
    descriptor = os.open(path, _READ)
    try:
        data = os.read(descriptor, _FIRST_READ)
        if len(data) == _FIRST_READ:
            parts = [data]
            while part := os.read(descriptor, _FIRST_READ << 4):
                parts.append(part)
            data = b"".join(parts)
    finally:
        os.close(descriptor)
    return data


def _leaves(path: str, tree: str) -> str:
    """Where a link leads that leaves the tree; empty for anything else."""
    if not os.path.islink(path):
        return ""
    target = os.path.realpath(path)
    inside = os.path.commonpath([os.path.realpath(tree), target]) == os.path.realpath(tree)
    return "" if inside else target


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _vendored(name: str) -> str:
    return "vendored" if name in VENDORED else ""


def _spec(patterns: Sequence[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(patterns)


class _Ignores:
    """Patterns in the manner of .gitignore, each with its folder; the nearest last."""

    __slots__ = ("_specs",)

    def __init__(self, specs: tuple[tuple[str, GitIgnoreSpec], ...]) -> None:
        self._specs = specs

    def __call__(self, path: str, is_folder: bool) -> bool:
        if not self._specs:
            return False
        full = os.path.abspath(path)
        for base, spec in reversed(self._specs):
            if not full.startswith(base) or full == base:
                continue
            relative = full[len(base) :].lstrip(os.sep).replace(os.sep, "/")
            found = spec.check_file(relative + "/" if is_folder else relative).include
            if found is not None:
                return found
        return False

    def within(self, folder: str) -> _Ignores:
        """With the .gitignore of ``folder`` added."""
        try:
            with open(os.path.join(folder, ".gitignore"), encoding="utf-8") as file:  # noqa: PTH123
                lines = file.read().splitlines()
            spec = _spec(lines)
        except (OSError, ValueError):
            return self
        return _Ignores((*self._specs, (os.path.abspath(folder), spec)))

    @classmethod
    def above(cls, top: str) -> _Ignores:
        """What the repository around ``top`` ignores; nothing if it ignores ``top`` itself."""
        full = os.path.abspath(top)
        chain = []
        folder = full
        while not os.path.exists(os.path.join(folder, ".git")):
            parent = os.path.dirname(folder)
            if parent == folder:
                return cls(())
            chain.append(parent)
            folder = parent
        ignores = cls(())
        for parent in reversed(chain):
            if os.path.exists(os.path.join(parent, ".gitignore")):
                ignores = ignores.within(parent)
        return cls(()) if ignores(full, True) else ignores
