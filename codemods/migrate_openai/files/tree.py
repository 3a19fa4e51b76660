"""A tree on disk, migrated without a word: what the command and the proof share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from codemods.migrate_openai.errors import SourceError
from codemods.migrate_openai.files import pipeline as run
from codemods.migrate_openai.files import write
from codemods.migrate_openai.files.discover import Exclude, discover
from codemods.migrate_openai.files.file_report import Outcome
from codemods.migrate_openai.files.write_run import not_written
from codemods.migrate_openai.model import Options


def migrate_tree(
    root: Path,
    options: Options,
    *,
    paths: Sequence[str] = (".",),
    exclude: Sequence[Exclude] = (),
    dry: bool = False,
    jobs: int | None = 1,
) -> Iterator[Outcome]:
    """Migrate ``paths``, relative to ``root``, and yield what became of every candidate.

    Every file is written by itself: this is for a copy that is thrown away. The paths of the
    outcomes are relative to ``root``, with slashes. ``dry`` writes nothing; `Outcome.after` then
    holds the new bytes. Raises `UsageError` for a path that is not there.
    """
    top = root.absolute()
    within = [str(top / path) for path in paths]
    sources = [c for c in discover(within, exclude) if not c.requirements]
    search = run.searcher(within, exclude, sources)
    for outcome in run.outcomes(sources, options, jobs, run.finder(within), search):
        if not dry and outcome.after is not None:
            try:
                write.replace(outcome.path, outcome.before, outcome.after)
            except SourceError as error:
                outcome = not_written(outcome, str(error))
        yield replace(outcome, path=Path(outcome.path).relative_to(top).as_posix())
