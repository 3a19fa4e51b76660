"""The command on a tree or on stdin: decide, write, print, in the order of the files."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from codemods.migrate_openai import engine
from codemods.migrate_openai.cli.progress import Progress
from codemods.migrate_openai.cli.reporters import Sink, sink_for
from codemods.migrate_openai.cli.settings import Settings
from codemods.migrate_openai.cli.text_report import Tally
from codemods.migrate_openai.errors import SourceError
from codemods.migrate_openai.files import pipeline as run
from codemods.migrate_openai.files import write
from codemods.migrate_openai.files.discover import Candidate, discover, read
from codemods.migrate_openai.files.file_report import Change
from codemods.migrate_openai.files.tree import written

CLEAN, TO_DO, SOME_FAILED = 0, 1, 3

# Of a tree with more files none is read a second time.
_MOST_SEARCHED = 4_000


def on_tree(settings: Settings, found: Iterable[Candidate]) -> int:
    """Preview or migrate what was found under ``settings.paths``; the exit code."""
    if settings.vendor_router:
        from codemods.migrate_openai.files.vendor import vendor

        vendor(settings.vendor_router, settings.options.router, dry=not settings.write)
    tally = Tally()
    sink = sink_for(settings)
    keeps_openai = False

    def search(holds: Callable[[bytes], bool]) -> Iterator[str]:
        if any(candidate.order >= _MOST_SEARCHED for candidate in sources):
            return
        found = discover(settings.paths, settings.exclude, holds=holds, most=_MOST_SEARCHED)
        for candidate in found:
            readable = not (candidate.error or candidate.outside or candidate.requirements)
            if readable and candidate.path.endswith(".py"):
                yield Path(candidate.path).absolute().as_posix()

    with Progress() as progress:
        sources, requirements = _sorted(found, settings, progress)
        for outcome in run.outcomes(sources, settings.options, settings.jobs, search):
            progress.step("migrating" if settings.write else "analysing")
            if settings.write:
                outcome = written(outcome)
            tally.add(outcome)
            keeps_openai = keeps_openai or outcome.uses_openai or bool(outcome.error)
            if not outcome.silent:
                progress.clear()
                sink.file(outcome)
    if settings.deps or tally.migrated:
        _dependencies(requirements, settings, sink, tally, keep=keeps_openai)
    sink.end(tally)
    return exit_code(settings, tally)


def on_stdin(settings: Settings) -> int:
    """Migrate stdin to stdout; the report goes to stderr."""
    data = sys.stdin.buffer.read()
    path = "<stdin>"
    try:
        loaded = run.load(path, data)
    except SourceError as error:
        outcome = run.failed(path, str(error))
    else:
        (result,) = engine.migrate([loaded.file], settings.options, run.find)
        outcome = run.outcome(path, loaded, result)
    tally = Tally()
    tally.add(outcome)
    sink = sink_for(settings)
    if not outcome.silent:
        sink.file(outcome)
    sink.end(tally)
    shows_text = settings.output == "text" and not settings.diff and not settings.check
    if shows_text and outcome.status != "failed":
        sys.stdout.buffer.write(data if outcome.after is None else outcome.after)
        sys.stdout.buffer.flush()
    return exit_code(settings, tally)


def exit_code(settings: Settings, tally: Tally) -> int:
    if tally.failed:
        return SOME_FAILED
    to_do = tally.remaining + (0 if settings.write else tally.migrated)
    return TO_DO if settings.check and to_do else CLEAN


def _sorted(
    found: Iterable[Candidate], settings: Settings, progress: Progress
) -> tuple[list[Candidate], list[str]]:
    """(code, paths of requirement files); the router that we write ourselves is neither."""
    from codemods.migrate_openai.files.vendor import is_vendored

    router = settings.vendor_router
    sources: list[Candidate] = []
    requirements: list[str] = []
    for candidate in found:
        progress.step("found")
        if candidate.requirements:
            requirements.append(candidate.path)
        elif not (router and is_vendored(candidate.path, router)):
            sources.append(candidate)
    return sources, requirements


def _dependencies(
    paths: Iterable[str], settings: Settings, sink: Sink, tally: Tally, *, keep: bool
) -> None:
    """Report, and with ``--deps --write`` change, what asks for openai."""
    from codemods.migrate_openai.files import deps

    router, vendored = settings.options.router, bool(settings.vendor_router)
    for path in paths:
        try:
            data = read(path)
            if b"openai" not in data.lower():
                continue
            text = data.decode()
            needed = deps.requirement(router, vendored=vendored)
            found, after = deps.plan(path, text, needed, keep=keep)
            if settings.deps and settings.write and after != text:
                write.replace(path, data, after.encode())
        except (OSError, UnicodeDecodeError, SourceError) as error:
            failure = run.failed(path, str(error))
            tally.add(failure)
            sink.file(failure)
            continue
        change = Change(label=path, before=text, after=after) if settings.deps else None
        for number, dependency in enumerate(found):
            sink.dependency(dependency, change if number == 0 else None)
