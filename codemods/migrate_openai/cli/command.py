"""The command on a tree or on stdin: decide, write, print, in the order of the files."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from codemods.migrate_openai.cli.progress import Progress
from codemods.migrate_openai.cli.reporters import Sink, sink_for
from codemods.migrate_openai.cli.settings import Settings
from codemods.migrate_openai.cli.text_report import Tally, plural
from codemods.migrate_openai.errors import SourceError
from codemods.migrate_openai.files.discover import Candidate, discover, read
from codemods.migrate_openai.files.file_report import Item, Outcome, SideFile, TextChange, failed
from codemods.migrate_openai.files.import_roots import refuse_hidden_router
from codemods.migrate_openai.files.state_folder import StateFolder

CLEAN, TO_DO, SOME_FAILED = 0, 1, 3


def on_tree(settings: Settings, state: StateFolder, say: Callable[[str], None]) -> int:
    """Preview or migrate what is under ``settings.paths``; the exit code."""
    tally = Tally()
    sink = sink_for(settings)
    progress = Progress()
    items: Iterable[Item] = _results(settings, progress)
    any_written = False
    try:
        if settings.write:
            from codemods.migrate_openai.files.transaction import Transaction, locked
            from codemods.migrate_openai.files.write_run import written

            with locked(state, say), Transaction(state) as transaction:
                items, any_written = written(items, transaction, diff=settings.diff)
        for item in items:
            progress.clear()
            _report(item, sink, tally)
    finally:
        progress.clear()
    sink.end(tally, written=any_written)
    return exit_code(settings, tally)


def _report(item: Item, sink: Sink, tally: Tally) -> None:
    if isinstance(item, SideFile):
        for number, dependency in enumerate(item.dependencies):
            sink.dependency(dependency, item.change if number == 0 else None)
        return
    tally.add(item)
    if not item.silent:
        sink.file(item)


def undo(state: StateFolder, say: Callable[[str], None]) -> int:
    """Take the last run back; the exit code."""
    from codemods.migrate_openai.files import transaction

    try:
        with transaction.locked(state, say):
            done, left = transaction.undo(state)
    except transaction.RefusedError as error:
        say(f"{error.path}: {error}; nothing was undone")
        return SOME_FAILED
    for path in left:
        say(f"{path}: left as it is: it was changed since the run")
    sys.stdout.write(f"Undone: {len(done)} {plural(len(done), 'file')} as before the run.\n")
    return SOME_FAILED if left else CLEAN


def on_stdin(settings: Settings) -> int:
    """Migrate stdin to stdout; the report goes to stderr."""
    from codemods.migrate_openai import engine
    from codemods.migrate_openai.files import pipeline as run

    data = sys.stdin.buffer.read()
    path = "<stdin>"
    try:
        loaded = run.load(path, data)
    except SourceError as error:
        outcome = failed(path, str(error))
    else:
        (result,) = engine.migrate([loaded.file], settings.options, run.finder(["."]))
        outcome = run.outcome(path, loaded, result)
    tally = Tally()
    sink = sink_for(settings)
    _report(outcome, sink, tally)
    sink.end(tally, written=False)
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


def _results(settings: Settings, progress: Progress) -> Iterator[Item]:
    """What becomes of every file: the router, the code, then the requirement files."""
    if settings.vendor_router:
        from codemods.migrate_openai.files.vendor import router_files

        yield from router_files(settings.vendor_router, settings.options.router)
    else:
        refuse_hidden_router(settings.paths, settings.options.router)
    sources, requirements = _sorted(settings, progress)
    keeps_openai = migrates = False
    for outcome in _outcomes(settings, sources, progress) if sources else ():
        keeps_openai = keeps_openai or outcome.uses_openai or bool(outcome.error)
        migrates = migrates or outcome.count("migrated") > 0
        yield outcome
    if settings.deps or migrates:
        for path in requirements:
            yield from _requirement_file(path, settings, keep=keeps_openai)


def _outcomes(
    settings: Settings, sources: Sequence[Candidate], progress: Progress
) -> Iterable[Outcome]:
    # In a project without a word of openai nothing of this is imported.
    # Classes and functions are made to stay: looking for garbage among them is a fifth of the time.
    gc.disable()
    from codemods.migrate_openai.files import pipeline as run

    gc.freeze()
    gc.enable()
    find = run.finder(settings.paths)
    search = run.searcher(settings.paths, settings.exclude, sources)
    step = partial(progress.step, "migrating" if settings.write else "analysing")
    return run.outcomes(sources, settings.options, settings.jobs, find, search, step)


def _sorted(settings: Settings, progress: Progress) -> tuple[list[Candidate], list[str]]:
    """(code, paths of requirement files); the router that we write ourselves is neither."""
    from codemods.migrate_openai.files.vendor import is_vendored

    router = settings.vendor_router
    sources: list[Candidate] = []
    requirements: list[str] = []
    for candidate in discover(settings.paths, settings.exclude):
        progress.step("found")
        if candidate.requirements:
            requirements.append(candidate.path)
        elif not (router and is_vendored(candidate.path, router)):
            sources.append(candidate)
    return sources, requirements


def requirement_files(settings: Settings, *, keep: bool) -> Iterator[Item]:
    """The requirement files of a run; *keep*: does something still import openai?"""
    for candidate in discover(settings.paths, settings.exclude):
        if candidate.requirements:
            yield from _requirement_file(candidate.path, settings, keep=keep)


def _requirement_file(path: str, settings: Settings, *, keep: bool) -> Iterator[Item]:
    """What asks for openai in one file and, with ``--deps``, what the file becomes."""
    from codemods.migrate_openai.files import deps

    try:
        data = read(path)
        if b"openai" not in data.lower():
            return
        text = data.decode()
    except (OSError, UnicodeDecodeError) as error:
        yield failed(path, str(error))
        return
    vendored = bool(settings.vendor_router)
    needed = deps.requirement(settings.options.router, vendored=vendored)
    found, after = deps.plan(path, text, needed, keep=keep)
    yield SideFile(
        path=path,
        before=data,
        after=after.encode() if settings.deps and after != text else None,
        dependencies=found,
        change=TextChange(label=path, before=text, after=after) if settings.deps else None,
    )
