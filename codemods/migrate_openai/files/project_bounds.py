"""Which folders belong to the project of a run: what stands elsewhere is somebody else's."""

# Paths stay strings here: the flow asks for very many files that are not there.
# ruff: noqa: PTH100, PTH109, PTH110, PTH112, PTH118, PTH120, PTH206

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator

_REPOSITORY = ".git"
_OF_A_PROJECT = ("pyproject.toml", "setup.py", "setup.cfg")
_INSTALLED = frozenset({"site-packages", "dist-packages"})


def is_within(path: str, roots: Iterable[str]) -> bool:
    """Does a file belong to one of these projects, and is not installed in it?"""
    path = os.path.abspath(path).replace(os.sep, "/")
    return any(
        path.startswith(root) and _INSTALLED.isdisjoint(path[len(root) :].split("/"))
        for root in roots
    )


def roots(paths: Iterable[str]) -> tuple[str, ...]:
    """The folders of the projects that the paths of a run belong to, each with a final slash."""
    found = {_root(os.path.abspath(path)) for path in paths}
    return tuple(sorted(os.path.join(root, "").replace(os.sep, "/") for root in found))


def _root(path: str) -> str:
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    above = list(_above(folder))
    for names in ((_REPOSITORY,), _OF_A_PROJECT):
        for each in above:
            if any(os.path.exists(os.path.join(each, name)) for name in names):
                return each
    if os.getcwd() in above:  # people work from the top of a project
        return os.getcwd()
    packages = itertools.takewhile(_is_package, above)
    return [folder, *packages][-1]


def _is_package(folder: str) -> bool:
    return os.path.exists(os.path.join(folder, "__init__.py"))


def _above(folder: str) -> Iterator[str]:
    """A folder and those around it. What is installed ends with its own package."""
    yield folder
    while not _INSTALLED.intersection(folder.split(os.sep)[-2:]):
        outer = os.path.dirname(folder)
        if outer == folder:
            return
        folder = outer
        yield folder
