"""Candidates -> outcomes: facts of all files first, then each file by itself.

Texts are read twice rather than kept, so that memory holds the facts of the candidates and one
window of results, however many files there are. Nothing is written here.
"""

from __future__ import annotations

import contextlib
import os
import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from codemods.migrate_openai import engine
from codemods.migrate_openai.errors import SourceError
from codemods.migrate_openai.files import project_bounds, source, workers
from codemods.migrate_openai.files.discover import Candidate, Exclude, discover, read
from codemods.migrate_openai.files.file_report import Outcome, Site, TextChange, failed
from codemods.migrate_openai.files.secrets import mask
from codemods.migrate_openai.flow.limits import FILES_SEARCHED
from codemods.migrate_openai.model import FileResult, Finder, Finding, Options, Searcher, SourceFile
from codemods.migrate_openai.rules.reasons import REASONS, sentence

if TYPE_CHECKING:
    from codemods.migrate_openai.files.notebook import Notebook
    from codemods.migrate_openai.flow.facts import ModuleFacts

# Below this many files a second process costs more than it saves.
_FILES_WORTH_A_PROCESS = 64
# An analysis takes about 70 times the memory of its text: 140 MB at the most. It has room for the
# files that one process is given unasked, and for what most projects have.
_CHARACTERS_KEPT = 2_000_000

_NEWLINE = re.compile(r"\r\n|\n|\r")
_STILL_USED = re.compile(r"^[ \t]*(?:import|from)[ \t]+openai\b", re.MULTILINE)


class _Analyses:
    """Analyses for the one process that needs them again, up to a size."""

    def __init__(self) -> None:
        self._room = _CHARACTERS_KEPT
        self._analysed: dict[str, engine.AnalysisWithFacts] = {}

    def add(self, analysed: engine.AnalysisWithFacts) -> None:
        file = analysed[0].file
        if len(file.text) <= self._room:
            self._room -= len(file.text)
            self._analysed[file.path] = analysed

    def take(self, file: SourceFile) -> engine.AnalysisWithFacts | None:
        analysed = self._analysed.pop(file.path, None)
        return analysed if analysed is not None and analysed[0].file == file else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedFile:
    """A file as the engine takes it, and what is needed to turn its answer into bytes."""

    data: bytes
    file: SourceFile
    """For a notebook, the text of its cells."""
    whole: SourceFile
    notebook: Notebook | None = None
    left: str = ""
    """Why the file as a whole stays as it is: ``vendored``, ``generated`` or empty."""


def imports_openai(text: str) -> bool:
    """Does a program still need the openai package for itself?"""
    return _STILL_USED.search(text) is not None


def load(path: str, data: bytes, left: str = "") -> LoadedFile:
    """Raises `SourceError`."""
    whole = source.decode(Path(path).absolute().as_posix(), data)
    file, notebook = whole, None
    if path.endswith(".ipynb"):
        from codemods.migrate_openai.files import notebook as notebooks

        notebook = notebooks.read(whole.text)
        file = replace(
            whole,
            text=notebook.text,
            skipped_lines=source.skipped_lines(notebook.text),
            barriers=notebook.ends,
        )
    if not left and source.is_generated(file.text):
        left = "generated"
    if left:
        every = range(1, len(_NEWLINE.split(file.text)) + 1)
        file = replace(file, skipped_lines=frozenset(every))
    return LoadedFile(data=data, file=file, whole=whole, notebook=notebook, left=left)


def finder(paths: Iterable[str]) -> Finder:
    """What finds the modules of a run's project that are no candidates. See `model.Finder`."""
    roots = project_bounds.roots(paths)

    def find(path: str) -> SourceFile | None:
        if not project_bounds.is_within(path, roots):
            return None
        try:
            return load(path, read(path)).file
        except (OSError, SourceError):
            return None

    return find


def searcher(
    paths: Sequence[str], exclude: Sequence[Exclude], candidates: Sequence[Candidate]
) -> Searcher:
    """What finds the modules of a run's project by what they hold. See `model.Searcher`."""

    def search(holds: Callable[[bytes], bool], *, around: bool = False) -> Iterator[str]:
        if any(candidate.order >= FILES_SEARCHED for candidate in candidates):
            return
        folders = project_bounds.roots(paths) if around else paths
        for candidate in discover(folders, exclude, holds=holds, most=FILES_SEARCHED):
            readable = not (candidate.error or candidate.outside or candidate.requirements)
            if readable and not candidate.path.endswith(".pyi"):
                yield Path(candidate.path).absolute().as_posix()

    return search


def outcome(path: str, loaded: LoadedFile, result: FileResult) -> Outcome:
    """What the engine's answer means for the file at ``path``, as it is printed."""
    if result.status == "failed":
        sign = source.python_2_sign(loaded.file.text)
        python_2 = f"Python 2 source ({sign}); port it to Python 3 first"
        error = python_2 if sign else result.error
        return replace(failed(path, error), unprintable_lines=result.unprintable_lines)
    try:
        after, changes = _rewritten(path, loaded, result)
    except SourceError as error:
        return failed(path, str(error))
    sites = [_site(loaded, _decided(loaded, finding)) for finding in result.findings]
    if loaded.notebook is not None:
        sites += _of_cells(loaded.notebook)
    return Outcome(
        path=path,
        status="needs-human" if any(s.status == "left" for s in sites) else result.status,
        sites=tuple(sites),
        before=b"" if after is None else loaded.data,
        after=after,
        changes=changes,
        uses_openai=imports_openai(result.text),
    )


def _rewritten(
    path: str, loaded: LoadedFile, result: FileResult
) -> tuple[bytes | None, tuple[TextChange, ...]]:
    if not result.changed:
        return None, ()
    if loaded.notebook is None:
        after = source.encode(loaded.whole, result.text)
        return after, (TextChange(label=path, before=loaded.file.text, after=result.text),)
    from codemods.migrate_openai.files import notebook as notebooks

    sources = notebooks.apply(loaded.notebook, result.edits)
    after = source.encode(loaded.whole, notebooks.write(loaded.notebook, sources))
    old = {cell.number: cell.source for cell in loaded.notebook.cells}
    changes = (
        TextChange(label=f"{path}:cell {number}", before=old[number], after=text)
        for number, text in sources.items()
    )
    return after, tuple(changes)


def _decided(loaded: LoadedFile, finding: Finding) -> Finding:
    """The finding, with the user's own reason where there is one: it comes before any other."""
    end = finding.end_line or finding.line
    lines = range(finding.line, end + 1)
    if finding.status != "left" or loaded.file.skipped_lines.isdisjoint(lines):
        return finding
    reason = REASONS[loaded.left or "skipped"]
    message = sentence(reason.title)
    return replace(finding, reason=reason.code, message=message, advice=reason.advice)


def _site(loaded: LoadedFile, finding: Finding) -> Site:
    end = finding.end_line or finding.line
    # The engine knows files by their whole path; people by the way from where they are.
    message = finding.message.replace(f"{Path.cwd().as_posix()}/", "")
    finding = replace(finding, message=message, source=mask(finding.source))
    notebook = loaded.notebook
    cell, line = notebook.locate(finding.line) if notebook else (None, finding.line)
    last, column = line + end - finding.line, finding.column
    return Site(finding=finding, line=line, column=column, end_line=last, cell=cell)


def _of_cells(notebook: Notebook) -> Iterator[Site]:
    """What is left of a notebook besides calls."""
    for cell in notebook.unread:
        yield _left_whole("unreadable-cell", cell=cell.number)
    for number, line in notebook.installs:
        yield _left_whole("installed", cell=number, line=line)


def _refused(candidate: Candidate) -> Outcome:
    site = _left_whole("outside", f"It leads to {candidate.outside}.")
    return Outcome(path=candidate.path, status="needs-human", sites=(site,))


def _left_whole(code: str, message: str = "", cell: int | None = None, line: int = 1) -> Site:
    """The site that stands for a file, or a part of one, that is not looked into."""
    reason = REASONS[code]
    text, advice = message or sentence(reason.title), reason.advice
    finding = Finding(
        rule="", line=line, column=1, status="left", reason=code, message=text, advice=advice
    )
    return Site(finding=finding, line=line, column=1, end_line=line, cell=cell)


def outcomes(
    candidates: Iterable[Candidate],
    options: Options,
    jobs: int | None,
    find: Finder,
    search: Searcher | None = None,
    step: Callable[[], None] = lambda: None,
) -> list[Outcome]:
    """The outcome for every candidate, in their order; *step* is called for each.

    None is given before all are there: where libcst does not print a statement as it is, what
    hangs on it in any file stays, and all is decided anew.
    """
    found = list(candidates)
    unprintable: dict[str, frozenset[int]] = {}
    while True:
        done = []
        for outcome in _decided_once(found, options, jobs, find, search, unprintable):
            step()
            done.append(outcome)
        lines = {o.path: o.unprintable_lines for o in done if o.unprintable_lines}
        if all(lines[path] <= unprintable.get(path, frozenset()) for path in lines):
            return done
        for path, more in lines.items():
            unprintable[path] = unprintable.get(path, frozenset()) | more


def _decided_once(
    found: Sequence[Candidate],
    options: Options,
    jobs: int | None,
    find: Finder,
    search: Searcher | None,
    unprintable: Mapping[str, frozenset[int]],
) -> Iterator[Outcome]:
    readable = [c for c in found if not (c.error or c.outside)]
    analyses: _Analyses | None = _Analyses()
    at_once = {None: _FILES_WORTH_A_PROCESS, 1: len(readable)}.get(jobs, 0)
    collected = [
        _collect(candidate, options, unprintable, analyses) for candidate in readable[:at_once]
    ]
    waiting = readable[at_once:]
    count = jobs or max(1, min(os.cpu_count() or 1, len(waiting) // _FILES_WORTH_A_PROCESS))
    if count > 1:
        analyses = None
    shared = (options, unprintable, analyses)
    with contextlib.closing(workers.each(_collect, waiting, count, shared, _stopped)) as rest:
        collected += rest
    errors = {c.path: c.error for c in found if c.error}
    errors |= {c.path: error for c, (_, error) in zip(readable, collected, strict=True) if error}
    facts = [answer for answer, error in collected if answer is not None and not error]
    del collected
    linked = engine.link(facts, find, options, search)
    del facts
    sound = [c for c in readable if c.path not in errors]
    with contextlib.closing(
        workers.each(_migrate, sound, count, (linked, *shared), _migrate_stopped)
    ) as migrated:
        for candidate in found:
            if candidate.path in errors:
                yield failed(candidate.path, errors[candidate.path])
            elif candidate.outside:
                yield _refused(candidate)
            else:
                yield next(migrated)


def _load(candidate: Candidate, unprintable: Mapping[str, frozenset[int]]) -> LoadedFile:
    """Raises `SourceError`, also where the file cannot be read."""
    try:
        data = read(candidate.path)
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}") from error
    loaded = load(candidate.path, data, candidate.left)
    lines = unprintable.get(candidate.path, frozenset())
    return replace(loaded, file=replace(loaded.file, unprintable_lines=lines)) if lines else loaded


def _collect(
    candidate: Candidate,
    options: Options,
    unprintable: Mapping[str, frozenset[int]],
    analyses: _Analyses | None,
) -> tuple[ModuleFacts | None, str]:
    """(facts, why there are none)."""
    try:
        analysed = engine.analyse(_load(candidate, unprintable).file, options)
    except SourceError as error:
        return None, str(error)
    except Exception as error:
        return None, _bug(error)
    if analysed is None:
        return None, ""
    if analyses is not None:
        analyses.add(analysed)
    return analysed[1], ""


def _migrate(
    candidate: Candidate,
    linked: engine.ProjectView,
    options: Options,
    unprintable: Mapping[str, frozenset[int]],
    analyses: _Analyses | None,
) -> Outcome:
    try:
        loaded = _load(candidate, unprintable)
        analysed = analyses.take(loaded.file) if analyses is not None else None
        result = engine.migrate_file(loaded.file, linked, options, analysed)
        return outcome(candidate.path, loaded, result)
    except SourceError as error:
        return failed(candidate.path, str(error))
    except Exception as error:
        return failed(candidate.path, _bug(error))


def _stopped(candidate: Candidate) -> tuple[ModuleFacts | None, str]:
    return None, "stops the process that reads it, which points to a fault below Python"


def _migrate_stopped(candidate: Candidate) -> Outcome:
    return failed(candidate.path, _stopped(candidate)[1])


def _bug(error: Exception) -> str:
    """A bug of ours that one file brings out: the file is left, the run goes on."""
    if isinstance(error, MemoryError):  # what CPython's parser raises when its stack is full
        return "is nested too deeply to be analysed"
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(where.filename).name}:{where.lineno}"
    return f"internal error, please report it: {type(error).__name__}: {error} ({place})"
