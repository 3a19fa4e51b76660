"""Every type that flows through the codemod. No behaviour, no input or output."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol, TypeAlias

FileStatus: TypeAlias = Literal["unchanged", "changed", "needs-human", "failed"]
SiteStatus: TypeAlias = Literal["migrated", "already-done", "left"]
SiteKind: TypeAlias = Literal["call", "client", "setting", "exception", "type", "other"]
"""``call``: it sends a request, now or where it is handed to. ``other``: no use of openai."""

DEFAULT_ROUTER = "personalvibe.llm_router"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file as text.

    ``text`` holds the newlines of the file as they are (``\\r\\n`` stays ``\\r\\n``) and no byte
    order mark. ``path`` is the POSIX path by which the file is found again and reported;
    all files of one run are given relative to the same folder, or all absolute.
    """

    path: str
    text: str
    encoding: str = "utf-8"
    skipped_lines: frozenset[int] = frozenset()
    """Lines, from 1, whose sites stay as they are: ``# migrate: skip``."""
    unprintable_lines: frozenset[int] = frozenset()
    """Lines of statements that libcst does not print as they were; their sites stay as well."""
    barriers: tuple[int, ...] = ()
    """Offsets that no edit reaches across, in order: where the cells of a notebook end."""

    @property
    def kept_lines(self) -> frozenset[int]:
        return self.skipped_lines | self.unprintable_lines


Finder: TypeAlias = Callable[[str], SourceFile | None]
"""A POSIX path, in the form of `SourceFile.path` -> the file, or None where there is none.

The engine asks for modules that mention openai nowhere but hand on a client of another module.
"""


class Searcher(Protocol):
    """A question about the bytes of a file -> the paths of the Python files where it holds.

    The engine asks for those that mention openai nowhere but may give a client to another module
    and, in the whole project *around* the paths of the run, for their tests.
    """

    def __call__(
        self, holds: Callable[[bytes], bool], /, *, around: bool = False
    ) -> Iterable[str]: ...


class Spelling(StrEnum):
    """How the calls of a program are written after the migration."""

    AUTO = "auto"
    """The router's functions, but the SDK's spelling where something else may stand there too."""
    SDK = "sdk"
    """As before: only imports, constructors, settings and exceptions change."""
    ROUTER = "router"
    """The router's functions wherever nothing but a client of the router can stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a run may do."""

    router: str = DEFAULT_ROUTER
    """The dotted name under which the migrated program imports the router."""
    select: frozenset[str] = frozenset()
    """Rule ids, or prefixes of them, to apply; empty means all."""
    ignore: frozenset[str] = frozenset()
    """Rule ids, or prefixes of them, to leave out. Wins over ``select``."""
    spelling: Spelling = Spelling.AUTO

    def applies(self, rule: str) -> bool:
        selected = not self.select or rule.startswith(tuple(self.select))
        return selected and not rule.startswith(tuple(self.ignore))


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Edit:
    """Replace ``text[start:end]``; offsets in characters of the original text."""

    start: int
    end: int
    replacement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What became of one site. ``line`` and ``column`` count from 1, in characters."""

    rule: str
    line: int
    column: int
    status: SiteStatus
    kind: SiteKind = "call"
    source: str = ""
    """The site as written, shortened: ``client.chat.completions.create``."""
    reason: str = ""
    """For a site that is left: a key of `reasons.REASONS`; else empty."""
    message: str = ""
    """One sentence about this site."""
    advice: str = ""
    """For a site that is left: what a person should do."""
    new_line: int | None = None
    """For a migrated site: the line of the new call in the new text."""
    end_line: int | None = None
    """The last line of the old site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileResult:
    """The outcome for one file. ``text`` is the new text, or the old one where nothing changed.

    ``needs-human`` means that at least one site was left; the file may have changed as well
    (``edits`` says so). ``failed`` carries the reason in ``error``, and no edits.
    """

    path: str
    status: FileStatus
    text: str
    edits: tuple[Edit, ...] = ()
    findings: tuple[Finding, ...] = ()
    error: str = ""
    unprintable_lines: frozenset[int] = frozenset()
    """Of a failed file: the statements that libcst does not print as they were."""

    @property
    def changed(self) -> bool:
        return bool(self.edits)
