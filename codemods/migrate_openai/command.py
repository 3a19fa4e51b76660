"""The command on a tree or on stdin: decide, write, print, in the order of the files."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from codemods.migrate_openai import engine, run, write
from codemods.migrate_openai.discover import Candidate, discover, read
from codemods.migrate_openai.errors import SourceError
from codemods.migrate_openai.outcome import Change
from codemods.migrate_openai.progress import Progress
from codemods.migrate_openai.report import Tally
from codemods.migrate_openai.settings import Settings
from codemods.migrate_openai.sink import Sink, sink_for
from codemods.migrate_openai.tree import written

CLEAN, TO_DO, SOME_FAILED = 0, 1, 3


def on_tree(settings: Settings) -> int:
    """Preview or migrate ``settings.paths``; the exit code."""
    if settings.vendor_router:
        from codemods.migrate_openai.vendor import vendor

        vendor(settings.vendor_router, dry=not settings.write)
    tally = Tally()
    sink = sink_for(settings)
    keeps_openai = False
    with Progress() as progress:
        candidates = _searched(settings, progress)
        for outcome in run.outcomes(candidates, settings.options, settings.jobs):
            progress.step("migrating" if settings.write else "analysing")
            if settings.write:
                outcome = written(outcome)
            tally.add(outcome)
            keeps_openai = keeps_openai or outcome.uses_openai or bool(outcome.error)
            if not outcome.silent:
                progress.clear()
                sink.file(outcome)
    if settings.deps or tally.migrated:
        _dependencies(settings, sink, tally, keep=keeps_openai)
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


def _searched(settings: Settings, progress: Progress) -> Iterator[Candidate]:
    router = Path(settings.vendor_router).absolute() if settings.vendor_router else None
    for candidate in discover(settings.paths, settings.exclude):
        progress.step("found")
        if router is None or Path(candidate.path).absolute() != router:
            yield candidate


def _dependencies(settings: Settings, sink: Sink, tally: Tally, *, keep: bool) -> None:
    """Report, and with ``--deps --write`` change, what asks for openai."""
    from codemods.migrate_openai import deps

    needed = deps.requirement(settings.options.router, vendored=bool(settings.vendor_router))
    for path in deps.files([path for path in settings.paths if Path(path).is_dir()]):
        try:
            data = read(path)
            if b"openai" not in data.lower():
                continue
            text = data.decode()
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
