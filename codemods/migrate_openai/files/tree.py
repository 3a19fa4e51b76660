"""A tree on disk, migrated without a word: what the command and the proof share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from codemods.migrate_openai.errors import SourceError
from codemods.migrate_openai.files import pipeline as run
from codemods.migrate_openai.files import write
from codemods.migrate_openai.files.discover import Exclude, discover
from codemods.migrate_openai.files.file_report import Outcome, Site
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

    The paths of the outcomes are relative to ``root``, with slashes. ``dry`` writes nothing;
    `Outcome.after` then holds the new bytes. Raises `UsageError` for a path that is not there.
    """
    top = root.absolute()
    within = [str(top / path) for path in paths]
    sources = (c for c in discover(within, exclude) if not c.requirements)
    for outcome in run.outcomes(sources, options, jobs, run.finder(within)):
        if not dry:
            outcome = written(outcome)
        yield replace(outcome, path=Path(outcome.path).relative_to(top).as_posix())


def written(outcome: Outcome) -> Outcome:
    """Write a file that changes. Where that fails nothing is migrated, and its sites say so."""
    if outcome.after is None:
        return outcome
    try:
        write.replace(outcome.path, outcome.before, outcome.after)
    except SourceError as error:
        sites = tuple(_not_written(site) for site in outcome.sites)
        return replace(outcome, status="failed", error=str(error), after=None, sites=sites)
    return outcome


def _not_written(site: Site) -> Site:
    if site.status != "migrated":
        return site
    finding = replace(site.finding, status="left", reason="not-written", new_line=None)
    return replace(site, finding=finding)
