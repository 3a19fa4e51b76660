"""Paths -> the files that may call openai, by a byte search before anything is parsed."""

# Paths stay strings here: a Path object per file would double the time of a run.
# ruff: noqa: PTH100, PTH109, PTH110, PTH113, PTH114, PTH116, PTH118, PTH119, PTH120

from __future__ import annotations

import itertools
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from codemods.migrate_openai.errors import UsageError
from codemods.migrate_openai.flow.call_patterns import CALLED

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

# The SDK itself, 0.28 and later: it is what the migration moves away from, not what is migrated.
_SDK = (
    frozenset({"openai_object.py", "api_requestor.py"}),
    frozenset({"_client.py", "_base_client.py"}),
)

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
_by_name = attrgetter("name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A file that mentions openai, or something a client of it answers to.

    With ``requirements``, a file that may ask for the openai package; it is not searched.
    """

    path: str
    """As it is to be printed: the argument it was found under, joined with the way to it."""
    order: int = field(default=0, compare=False)
    """Its place among all files of the walk."""
    left: Left = ""
    error: str = ""
    """Why the file cannot be read at all; empty when it can."""
    requirements: bool = False
    outside: str = ""
    """Where a link leads that leaves the tree; empty for anything else."""


class _File(NamedTuple):
    """A file of the walk, before anybody has looked into it."""

    path: str
    ignores: _Ignores
    left: Left = ""
    link_within: str = ""
    """For a link, the tree that it must not leave; else empty."""
    error: str = ""
    requirements: bool = False


def discover(
    paths: Sequence[str],
    exclude: Sequence[Exclude] = (),
    holds: Callable[[bytes], bool] | None = None,
    most: int = sys.maxsize,
) -> Iterator[Candidate]:
    """Every candidate under ``paths``, folders in the order of their names.

    A file named in ``paths`` is taken whatever .gitignore says; ``exclude`` always wins. Links
    to folders are not followed; a link to a file is followed within the tree. ``holds`` asks
    something else of the bytes of a file than whether it may call openai; ``most`` files are asked.
    Raises `UsageError` for a path that does not exist.
    """
    excluded = _Ignores(tuple((os.path.abspath(base), _spec(lines)) for base, lines in exclude))
    for order, file in enumerate(itertools.islice(_files(paths, excluded), most)):
        yield from _candidates(file, order, excluded, holds or may_call_openai)


def may_call_openai(data: bytes) -> bool:
    """Whether a parse can be worth while.

    Besides the name of the SDK this looks for what is called on a client, since a module may
    be handed one without a word of where it comes from.
    """
    return b"openai" in data or CALLED.search(data) is not None


def _files(paths: Sequence[str], excluded: _Ignores) -> Iterator[_File]:
    for path in paths:
        try:
            mode = os.stat(path).st_mode
        except OSError as error:
            raise UsageError(
                f"{path}: {error.strerror}", "Give files or folders that exist."
            ) from error
        if not stat.S_ISDIR(mode):
            within = os.getcwd() if os.path.islink(path) else ""
            yield _File(path, excluded, link_within=within)
        elif not excluded(path, True):
            yield from _walk(path, excluded)


_Entries: TypeAlias = list[os.DirEntry[str]]


def _walk(top: str, excluded: _Ignores) -> Iterator[_File]:
    start: Left = "" if VENDORED.isdisjoint(top.replace(os.sep, "/").split("/")) else "vendored"
    stack = [(top, _Ignores.above(top), start)]
    while stack:
        folder, ignores, left = stack.pop()
        try:
            files, folders, asking, own_rules = _listed(folder, is_top=folder == top)
        except OSError as error:
            yield _File(folder, ignores, error=f"cannot be listed: {error.strerror}")
            continue
        if own_rules:
            ignores = ignores.within(folder)
        prefix = "" if folder == os.curdir else os.path.join(folder, "")
        if not left and os.path.basename(folder) == "openai":
            left = "vendored" if any(map({f.name for f in files}.issuperset, _SDK)) else ""
        files.sort(key=_by_name)
        for entry in files:
            if entry.is_file(follow_symlinks=False):
                yield _File(prefix + entry.name, ignores, left)
            elif entry.is_dir(follow_symlinks=False):
                folders.append(entry)
            elif entry.is_symlink() and os.path.isfile(entry.path):
                yield _File(prefix + entry.name, ignores, left, link_within=top)
        if not left:
            for entry in sorted(asking, key=_by_name):
                if entry.is_file(follow_symlinks=False):
                    yield _File(prefix + entry.name, ignores, requirements=True)
        folders.sort(key=_by_name, reverse=True)
        for entry in folders:
            path = prefix + entry.name
            if not excluded(path, True) and not ignores(path, True):
                inner: Left = "vendored" if entry.name in VENDORED else left
                stack.append((path, ignores, inner))


def _listed(folder: str, *, is_top: bool) -> tuple[_Entries, _Entries, _Entries, bool]:
    """(sources, folders, requirement files, is there a .gitignore?); nothing of a virtualenv."""
    files: _Entries = []
    folders: _Entries = []
    asking: _Entries = []
    own_rules = False
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name.endswith(SUFFIXES):
                files.append(entry)
                if name == "setup.py":
                    asking.append(entry)
            elif name == ".gitignore":
                own_rules = True
            elif name == "pyvenv.cfg" and not is_top:
                return [], [], [], False
            elif name not in NOT_SOURCE and entry.is_dir(follow_symlinks=False):
                folders.append(entry)
            elif REQUIREMENTS.fullmatch(name) or (
                name.endswith((".txt", ".in")) and os.path.basename(folder) == "requirements"
            ):
                asking.append(entry)
    return files, folders, asking, own_rules


def _candidates(
    file: _File, order: int, excluded: _Ignores, holds: Callable[[bytes], bool]
) -> Iterator[Candidate]:
    """What becomes of a file of the walk: one candidate or none."""
    path, ignores, left, link_within, error, requirements = file
    if not error and not requirements:
        try:
            if not holds(read(path)):
                return
        except OSError as failure:
            error = f"cannot be read: {failure.strerror}"
    if excluded(path, False) or ignores(path, False):
        return
    outside = _target(path, link_within) if link_within else ""
    if link_within and not outside and ignores is not excluded:
        return  # found where it leads, within the tree; nobody asked for it by its name
    yield Candidate(
        path=path, order=order, left=left, error=error, requirements=requirements, outside=outside
    )


def read(path: str) -> bytes:
    """The bytes of a file. Raises `OSError`."""
    descriptor = os.open(path, _READ)
    try:
        data = os.read(descriptor, _FIRST_READ)
        if len(data) == _FIRST_READ:
            data += b"".join(iter(partial(os.read, descriptor, _FIRST_READ << 4), b""))
        return data
    finally:
        os.close(descriptor)


def _target(path: str, tree: str) -> str:
    """Where a link leads that leaves the tree; empty where it stays in it."""
    target = os.path.realpath(path)
    real = os.path.realpath(tree)
    return "" if os.path.commonpath([real, target]) == real else target


def _spec(patterns: Sequence[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(patterns)


def _decision(spec: GitIgnoreSpec, path: str) -> bool | None:
    """Is a path ignored? The last pattern that matches it decides, as in git.

    A pattern also matches what lies in a folder that it names. ``!folder`` says of that only
    that ``folder`` does not ignore it; GitIgnoreSpec.check_file makes more or less of it.
    """
    reincluded = False
    for pattern in reversed(spec.patterns):
        found = pattern.match_file(path) if pattern.include is not None else None
        if found is None:
            continue
        match = found.match
        inside = bool(match.groupdict().get("ps_d")) and match.end() < len(path)
        if not inside:
            return pattern.include
        if pattern.include and not reincluded:
            return True
        reincluded = True
    return None


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
            found = _decision(spec, relative + "/" if is_folder else relative)
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
