"""The codemod on the scratch copy, and its sites as the proof needs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from codemods.migrate_openai import run, write
from codemods.migrate_openai.discover import discover
from codemods.migrate_openai.errors import UsageError
from codemods.migrate_openai.outcome import Outcome
from codemods.migrate_openai.prove.model import Site
from codemods.migrate_openai.prove.scratch import Scratch
from codemods.migrate_openai.rules import RULES
from codemods.migrate_openai.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """What the codemod did. Files are relative to the project, with ``/``."""

    sites: tuple[Site, ...] = ()
    old: Mapping[str, str]
    """File -> its text before."""
    new: Mapping[str, str]
    """File -> its text after."""
    files: Mapping[str, tuple[bytes, bytes]]
    """File -> (bytes before, bytes after), for those that change."""
    router_file: str = ""
    """Where the router was written, or empty."""


def migrate(settings: Settings, place: Scratch) -> Migrated:
    """Migrate the copy in place. Raises `UsageError` for paths outside of the project."""
    router = ""
    if settings.vendor_router:
        from codemods.migrate_openai.vendor import vendor

        there = in_copy(settings.vendor_router, place)
        router = relative(there, place)
        vendor(str(there), dry=False)
    exclude = tuple(
        (str(in_copy(folder, place)), patterns) for folder, patterns in settings.exclude
    )
    paths = [str(in_copy(path, place)) for path in settings.paths]
    outcomes = [
        outcome
        for outcome in run.outcomes(discover(paths, exclude), settings.options, settings.jobs)
        if relative(Path(outcome.path), place) != router
    ]
    for outcome in outcomes:
        if outcome.after is not None:
            write.replace(outcome.path, outcome.before, outcome.after)
    return collect(outcomes, place, router)


def collect(outcomes: Sequence[Outcome], place: Scratch, router: str = "") -> Migrated:
    sites, old, new = [], {}, {}
    files: dict[str, tuple[bytes, bytes]] = {}
    for outcome in outcomes:
        name = relative(Path(outcome.path), place)
        after = outcome.before if outcome.after is None else outcome.after
        old[name], new[name] = _text(outcome.before), _text(after)
        if outcome.after is not None:
            files[name] = outcome.before, outcome.after
        for site in outcome.sites:
            finding = site.finding
            rule = RULES.get(finding.rule)
            if site.cell is None and site.status == "migrated" and rule and rule.calls:
                sites.append(
                    Site(
                        file=name,
                        line=finding.line,
                        column=finding.column,
                        rule=finding.rule,
                        source=finding.source,
                        new_line=finding.new_line,
                    )
                )
    return Migrated(sites=tuple(sorted(sites)), old=old, new=new, files=files, router_file=router)


def in_copy(path: str, place: Scratch) -> Path:
    """The place in the copy of a path in the project."""
    absolute = Path(path).resolve()
    try:
        return place.root / absolute.relative_to(place.origin)
    except ValueError:
        raise UsageError(
            f"{path}: outside of {place.origin}, which the proof copies",
            "Start the proof in a folder that holds all the code.",
        ) from None


def relative(path: Path, place: Scratch) -> str:
    return path.absolute().relative_to(place.root).as_posix() if path.is_absolute() else str(path)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
