"""The codemod as three functions over text: collect facts, link the project, migrate a file.

`migrate` joins them for callers that have all files in memory. A caller with many files, or with
several processes, runs `collect` and `migrate_file` where it likes: arguments and results pickle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from codemods.migrate_openai.flow.collect import Analysis
from codemods.migrate_openai.flow.facts import ModuleFacts
from codemods.migrate_openai.model import (
    Edit,
    FileResult,
    Finder,
    Finding,
    Options,
    Searcher,
    SourceFile,
)
from codemods.migrate_openai.plan.client_calls import ClientSites
from codemods.migrate_openai.plan.lookalikes import Others
from codemods.migrate_openai.plan.module_uses import ModuleSites
from codemods.migrate_openai.plan.planner import Planner
from codemods.migrate_openai.plan.project import ModuleView, Project
from codemods.migrate_openai.rewrite import check as rewrite
from codemods.migrate_openai.rewrite.imports import Imports
from codemods.migrate_openai.rewrite.text import Text
from codemods.migrate_openai.rules.reasons import REASONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """What every file needs to know of the others."""

    views: dict[str, ModuleView] = field(default_factory=dict)


_DEFAULT = Options()


def collect(file: SourceFile, options: Options = _DEFAULT) -> ModuleFacts | None:
    """What one file says about clients; None where it cannot be parsed."""
    try:
        return Analysis(file, options).facts()
    except (SyntaxError, ValueError, RecursionError):
        return None


def link(
    facts: Iterable[ModuleFacts],
    find: Finder | None = None,
    options: Options = _DEFAULT,
    search: Searcher | None = None,
) -> Linked:
    """Join the facts of all files. *find* and *search* are asked for what is not among them."""

    def load(path: str) -> ModuleFacts | None:
        file = find(path) if find is not None else None
        return collect(file, options) if file is not None else None

    project = Project(facts, load, search)
    return Linked(views={path: project.view(path) for path in project.asked})


def migrate_file(file: SourceFile, linked: Linked, options: Options) -> FileResult:
    """The result for one file; never raises for what the file contains."""
    try:
        analysis = Analysis(file, options)
        facts = analysis.facts()
    except (SyntaxError, ValueError) as error:
        return _failed(file, f"cannot be parsed: {_describe(error)}")
    except RecursionError:
        return _failed(file, "is nested too deeply to be analysed")
    view = linked.views.get(file.path)
    if view is None or len(view.uses) != len(facts.uses):
        linked = link([facts], None, options)
        view = linked.views[file.path]
    return _planned(file, Planner(analysis, facts, view, options))


def migrate(
    files: Sequence[SourceFile], options: Options, find: Finder | None = None
) -> Iterator[FileResult]:
    """The result for every file, in the order given; project-wide facts come first."""
    facts = (collect(file, options) for file in files)
    linked = link([f for f in facts if f is not None], find, options)
    for file in files:
        yield migrate_file(file, linked, options)


def _planned(file: SourceFile, planner: Planner) -> FileResult:
    ClientSites(planner).run()
    ModuleSites(planner).run()
    Others(planner).run()
    Imports(planner).run()
    try:
        text, edits = rewrite.apply(file.text, planner.plan.edits)
        if edits:
            rewrite.check(file.text, text, file.path)
    except rewrite.RefusedError as error:
        return _failed(file, str(error))
    findings = tuple(sorted(_placed(planner, text, edits), key=lambda f: (f.line, f.column)))
    needs_human = any(f.status == "left" and REASONS[f.reason].is_openai for f in findings)
    status = "needs-human" if needs_human else "changed" if edits else "unchanged"
    return FileResult(
        path=file.path,
        status=status,  # type: ignore[arg-type]
        text=text,
        edits=edits,
        findings=findings,
    )


def _placed(planner: Planner, text: str, edits: Sequence[Edit]) -> Iterator[Finding]:
    new = Text(text)
    for finding in planner.plan.findings:
        if finding.status != "migrated":
            yield finding
            continue
        old = planner.text
        offset = old.line_span(finding.line)[0] + finding.column - 1
        yield replace(finding, new_line=new.line_of(rewrite.moved(offset, edits)))


def _failed(file: SourceFile, error: str) -> FileResult:
    return FileResult(path=file.path, status="failed", text=file.text, error=error)


def _describe(error: SyntaxError | ValueError) -> str:
    if isinstance(error, SyntaxError):
        return f"{error.msg} (line {error.lineno})"
    return str(error)
