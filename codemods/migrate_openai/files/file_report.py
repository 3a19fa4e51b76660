"""What the shell knows of one file after the engine: ready to be printed and written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from codemods.migrate_openai.model import FileStatus, Finding, SiteStatus

if TYPE_CHECKING:
    from codemods.migrate_openai.files.deps import Dependency


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A finding with the place a person finds it at."""

    finding: Finding
    line: int
    column: int
    end_line: int
    cell: int | None = None
    """Of a notebook, from 1; the lines then count within it."""

    @property
    def status(self) -> SiteStatus:
        return self.finding.status

    @property
    def place(self) -> str:
        """``12:5``, or ``cell 3:12:5``."""
        place = f"{self.line}:{self.column}"
        return place if self.cell is None else f"cell {self.cell}:{place}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextChange:
    """A text before and after: a file, or one cell of a notebook."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One file, with its new bytes where it changes."""

    path: str
    status: FileStatus
    sites: tuple[Site, ...] = ()
    error: str = ""
    before: bytes = b""
    after: bytes | None = None
    changes: tuple[TextChange, ...] = ()
    uses_openai: bool = False
    """Whether the file still imports the SDK afterwards."""
    unprintable_lines: frozenset[int] = frozenset()
    """Of a failed file: see `model.FileResult`."""

    def count(self, status: SiteStatus) -> int:
        return sum(site.status == status for site in self.sites)

    @property
    def silent(self) -> bool:
        """Nothing to say about it."""
        return not self.sites and not self.error and self.after is None


@dataclass(frozen=True, slots=True, kw_only=True)
class SideFile:
    """What changes along with the code: a requirement file, or the router."""

    path: str
    before: bytes | None
    after: bytes | None = None
    """None where it stays as it is."""
    dependencies: tuple[Dependency, ...] = ()
    change: TextChange | None = None


Item: TypeAlias = Outcome | SideFile
"""One file of a run's report."""


def failed(path: str, error: str) -> Outcome:
    return Outcome(path=path, status="failed", error=error)
