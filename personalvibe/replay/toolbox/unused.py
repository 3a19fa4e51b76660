"""Cassettes that nobody opens. The plugin reports them, `pv cassettes prune` removes them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from pathlib import Path

SUFFIXES = (".yaml", ".yml", ".json", ".yaml.gz", ".yml.gz")


def unused(of_tests: Iterable[str], used: Collection[str], skipped: Collection[str]) -> list[Path]:
    """Cassettes beside those of the tests that nobody used.

    A test that was skipped does not open its cassette; its file is known by its name.
    """
    folders = {os.path.dirname(path) for path in of_tests}  # noqa: PTH120 - thousands of them
    roots = {root for folder in folders if (root := _root(Path(folder)))}
    return [
        path
        for root in sorted(roots)
        for path in sorted(root.rglob("*"))
        if path.name.endswith(SUFFIXES)
        and not path.name.startswith(".")
        and str(path) not in used
        and cassette_name(path) not in skipped
    ]


def cassette_name(path: Path) -> str:
    """The name of a cassette, without suffix."""
    return path.name.partition(".yaml")[0].partition(".yml")[0]


def _root(path: Path) -> Path | None:
    """The folder of a project's cassettes: the nearest one called so."""
    return next((one for one in (path, *path.parents) if one.name == "cassettes"), None)
