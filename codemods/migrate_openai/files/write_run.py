"""Write all that a run changes, or nothing, and say what became of every file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from codemods.migrate_openai.errors import SourceError
from codemods.migrate_openai.files.file_report import Item, Outcome, Site, failed
from codemods.migrate_openai.files.transaction import RefusedError, Transaction


def written(
    items: Iterable[Item], transaction: Transaction, *, diff: bool
) -> tuple[list[Item], bool]:
    """Write the run: what there is to say about it, and whether any file was written.

    Without ``diff`` the texts are let go as soon as they are staged.
    """
    kept: list[Item] = []
    refused: dict[str, str] = {}
    for item in items:
        if item.after is not None:
            try:
                transaction.stage(item.path, item.before, item.after)
            except SourceError as error:
                refused[item.path] = str(error)
        if isinstance(item, Outcome) and not diff:
            item = replace(item, before=b"", after=item.after and b"", changes=())
        if not (isinstance(item, Outcome) and item.silent):
            kept.append(item)
    if not refused:
        try:
            transaction.commit()
            return kept, any(item.after is not None for item in kept)
        except RefusedError as error:
            paths = [item.path for item in kept if str(Path(item.path).resolve()) == error.path]
            if not paths:
                kept.append(failed(error.path, str(error)))
            refused = dict.fromkeys(paths or [error.path], str(error))
    return [_withdrawn(item, refused) for item in kept], False


def not_written(item: Item, error: str) -> Outcome:
    """Nothing of a file is migrated where writing failed, and its sites say so."""
    sites = map(_left, item.sites) if isinstance(item, Outcome) else ()
    return replace(failed(item.path, error), sites=tuple(sites))


def _withdrawn(item: Item, refused: Mapping[str, str]) -> Item:
    if item.after is None:
        return item
    others = f"not written, because {next(iter(refused))} could not be"
    return not_written(item, refused.get(item.path, others))


def _left(site: Site) -> Site:
    if site.status != "migrated":
        return site
    finding = replace(site.finding, status="left", reason="not-written", new_line=None)
    return replace(site, finding=finding)
