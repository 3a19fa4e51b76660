"""The table of public projects: ``projects.toml`` -> `Project`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).with_name("projects.toml")


class TableError(Exception):
    """The table, or what was asked of it, cannot be used; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One public project at one commit, and how its tests run without a network."""

    name: str
    url: str
    commit: str
    tests: tuple[str, ...]
    """What pytest is given: folders, files, options."""
    install: tuple[str, ...] = (".",)
    """What is installed, seen from the top of the sources."""
    before: tuple[str, ...] = ()
    """What the program as it was needs instead of LiteLLM's openai: ``openai==0.28.1``."""
    without: tuple[str, ...] = ()
    """Requirements of the project that are not asked for: what its tests do not import."""
    pythonpath: tuple[str, ...] = (".",)
    """The folders from which its tests import it."""
    folder: str = "."
    """Where its tests are started."""
    options: tuple[str, ...] = ()
    """More options for the migration, those that it asks for."""
    python: str = ">=3.11"
    env: tuple[tuple[str, str], ...] = ()


def load(names: frozenset[str] = frozenset(), table: Path = TABLE) -> tuple[Project, ...]:
    """The projects of the table, or those named, in the table's order."""
    entries = tomllib.loads(table.read_text(encoding="utf-8"))["project"]
    projects = tuple(_project(entry) for entry in entries)
    unknown = names - {project.name for project in projects}
    if unknown:
        known = ", ".join(project.name for project in projects)
        raise TableError(f"no such project: {', '.join(sorted(unknown))}. There are: {known}")
    return tuple(project for project in projects if not names or project.name in names)


def _project(entry: dict[str, object]) -> Project:
    fields = {
        key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
    }
    env = fields.pop("env", {})
    try:
        return Project(**fields, env=tuple(sorted(env.items())))  # type: ignore[arg-type, attr-defined]
    except TypeError as error:
        raise TableError(f"{entry.get('name', 'a project without a name')}: {error}") from None
