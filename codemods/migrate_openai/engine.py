"""The codemod as three functions over text: collect facts, link the project, migrate a file.

`migrate` joins them for callers that have all files in memory. A caller with many files, or with
several processes, runs `collect` and `migrate_file` where it likes: arguments and results pickle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from codemods.migrate_openai.flow.collect import Analysis
from codemods.migrate_openai.flow.facts import ModuleFacts
from codemods.migrate_openai.model import (
    FileResult,
    FileStatus,
    Finder,
    Finding,
    Options,
    Searcher,
    SourceFile,
)
from codemods.migrate_openai.plan.file_plan import import_request, plan_file, types_left
from codemods.migrate_openai.plan.planner import Plan, Planner
from codemods.migrate_openai.plan.project import ModuleView, Project
from codemods.migrate_openai.rewrite.check import compile_error
from codemods.migrate_openai.rewrite.edits import NewText, composed
from codemods.migrate_openai.rewrite.errors import RewriteError, UnprintableError
from codemods.migrate_openai.rewrite.imports import Imports
from codemods.migrate_openai.rewrite.outline import outline
from codemods.migrate_openai.rewrite.positions import Text
from codemods.migrate_openai.rewrite.reads import sdk_imports
from codemods.migrate_openai.rules.reasons import REASONS

_DEFAULT = Options()

AnalysisWithFacts: TypeAlias = tuple[Analysis, ModuleFacts]
ProjectView: TypeAlias = Mapping[str, ModuleView]
"""What every file needs to know of the others, by path."""


def analyse(file: SourceFile, options: Options = _DEFAULT) -> AnalysisWithFacts | None:
    """The analysis of one file and what it says about clients; None where it cannot be parsed."""
    try:
        return _analysed(file, options)
    except (SyntaxError, ValueError, RecursionError):
        return None


def collect(file: SourceFile, options: Options = _DEFAULT) -> ModuleFacts | None:
    """What one file says about clients; None where it cannot be parsed."""
    analysed = analyse(file, options)
    return analysed[1] if analysed is not None else None


def link(
    facts: Iterable[ModuleFacts],
    find: Finder | None = None,
    options: Options = _DEFAULT,
    search: Searcher | None = None,
) -> ProjectView:
    """Join the facts of all files. *find* and *search* are asked for what is not among them."""

    def load(path: str) -> ModuleFacts | None:
        file = find(path) if find is not None else None
        return collect(file, options) if file is not None else None

    project = Project(facts, load, search, options.spelling)
    return {path: project.view(path) for path in project.asked}


def migrate_file(
    file: SourceFile,
    linked: ProjectView,
    options: Options,
    analysed: AnalysisWithFacts | None = None,
) -> FileResult:
    """The result for one file; never raises for what the file contains.

    ``analysed`` is what `analyse` made of the same file, where somebody has kept it.
    """
    try:
        analysis, facts = analysed or _analysed(file, options)
    except (SyntaxError, ValueError, RecursionError) as error:
        return _failed(file, _describe(error))
    view = linked.get(file.path)
    if view is None or len(view.uses) != len(facts.uses):
        linked = link([facts], None, options)
        view = linked[file.path]
    return _planned(file, Planner(analysis, facts, view))


def migrate(
    files: Sequence[SourceFile], options: Options, find: Finder | None = None
) -> list[FileResult]:
    """The result for every file, in the order given; project-wide facts come first.

    Where libcst does not print a statement as it is, what stands in it stays as it is in all
    files: the project is decided anew.
    """
    while True:
        facts = (collect(file, options) for file in files)
        linked = link([f for f in facts if f is not None], find, options)
        results = [migrate_file(file, linked, options) for file in files]
        again = [marked(file, result) for file, result in zip(files, results, strict=True)]
        if again == list(files):
            return results
        files = again


def marked(file: SourceFile, result: FileResult) -> SourceFile:
    """The file with the statements that libcst does not print marked: they stay as they are."""
    lines = file.unprintable_lines | result.unprintable_lines
    return replace(file, unprintable_lines=lines)


def _planned(file: SourceFile, planner: Planner) -> FileResult:
    plan = plan_file(planner)
    try:
        rewritten, gone = _rewritten(planner, plan)
    except UnprintableError as error:
        result = _failed(file, str(error))
        return replace(result, unprintable_lines=error.lines)
    except RewriteError as error:
        return _failed(file, str(error))
    why = compile_error(file.text, rewritten.text, file.path) if rewritten.edits else None
    if why is not None:
        return _failed(file, f"the result does not compile: {why}")
    plan += types_left(planner, gone)
    findings = sorted(_placed(planner, plan, rewritten), key=lambda f: (f.line, f.column))
    needs_human = any(f.status == "left" and REASONS[f.reason].is_openai for f in findings)
    status: FileStatus = (
        "needs-human" if needs_human else "changed" if rewritten.edits else "unchanged"
    )
    return FileResult(
        path=file.path,
        status=status,
        text=rewritten.text,
        edits=rewritten.edits,
        findings=tuple(findings),
    )


def _rewritten(planner: Planner, plan: Plan) -> tuple[NewText, frozenset[int]]:
    """The new text, and which of the SDK's imports are gone, by their order."""
    file, text = planner.analysis.file, planner.text
    watched = {_offset(text, f) for f in plan.findings if f.status == "migrated"}
    if not (plan.changes or plan.renamed):
        return NewText(text=file.text, places={at: at for at in watched}), frozenset()
    from codemods.migrate_openai.rewrite.statements import rewrite

    tree, request = planner.analysis.tree, import_request(planner, plan)
    first = rewrite(text, tree, plan.changes, watched, file.barriers)
    names = {name for _, name, _, _ in sdk_imports(planner.analysis)} | request.reads
    rest = outline(text, tree, first.edits, names)
    new = Analysis(replace(file, text=rest), planner.options)
    new_text = Text(first.text, new.parsed.text)
    imports = Imports(planner.analysis, new, new_text, request).plan()
    try:
        second = rewrite(new_text, new.tree, imports.changes, first.places.values(), first.barriers)
    except UnprintableError:
        # Without its imports nothing of the file can move.
        every = range(1, text.line_of(len(file.text)) + 1)
        raise UnprintableError(frozenset(every)) from None
    return NewText(
        text=second.text,
        edits=composed(first.edits, first.text, second.edits),
        places={old: second.places[at] for old, at in first.places.items()},
    ), imports.gone


def _placed(planner: Planner, plan: Plan, rewritten: NewText) -> Iterator[Finding]:
    new = Text(rewritten.text)
    for finding in plan.findings:
        if finding.status == "migrated":
            place = rewritten.places[_offset(planner.text, finding)]
            finding = replace(finding, new_line=new.line_of(place))
        yield finding


def _offset(text: Text, finding: Finding) -> int:
    return text.line_span(finding.line).start + finding.column - 1


def _analysed(file: SourceFile, options: Options) -> AnalysisWithFacts:
    analysis = Analysis(file, options)
    return analysis, analysis.facts()


def _failed(file: SourceFile, error: str) -> FileResult:
    return FileResult(path=file.path, status="failed", text=file.text, error=error)


def _describe(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "is nested too deeply to be analysed"
    place = f" (line {error.lineno})" if isinstance(error, SyntaxError) else ""
    return f"cannot be parsed: {getattr(error, 'msg', error)}{place}"
