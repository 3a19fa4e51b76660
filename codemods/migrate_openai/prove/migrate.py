"""The codemod on the scratch copy, and its sites as the proof needs them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from codemods.migrate_openai.cli.settings import Settings
from codemods.migrate_openai.errors import UsageError
from codemods.migrate_openai.files import notebook, tree
from codemods.migrate_openai.files.file_report import Outcome
from codemods.migrate_openai.files.import_roots import refuse_hidden_router
from codemods.migrate_openai.prove.announced import test_at
from codemods.migrate_openai.prove.model import CallSite
from codemods.migrate_openai.prove.scratch import Scratch
from codemods.migrate_openai.rules.other import MOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """What the codemod did. Files are relative to the project, with ``/``."""

    sites: tuple[CallSite, ...] = ()
    old: Mapping[str, str]
    """File -> its text before."""
    new: Mapping[str, str]
    """File -> its text after."""
    files: Mapping[str, tuple[bytes, bytes]]
    """File -> (bytes before, bytes after), for those that change."""
    router_file: str = ""
    """Where the router was written, or empty."""
    announced: tuple[str, ...] = ()
    """Beginnings of pytest node ids: what the account says will break."""


def migrate(settings: Settings, place: Scratch) -> Migrated:
    """Migrate the copy in place. Raises `UsageError` for paths outside of the project."""
    router = ""
    if settings.vendor_router:
        from codemods.migrate_openai.files.vendor import vendor

        router = in_project(settings.vendor_router, place)
        vendor(str(place.root / router), settings.options.router)
    else:
        refuse_hidden_router(settings.paths, settings.options.router)
    exclude = tuple(
        (str(place.root / in_project(folder, place)), patterns)
        for folder, patterns in settings.exclude
    )
    paths = [in_project(path, place) for path in settings.paths]
    found = tree.migrate_tree(
        place.root, settings.options, paths=paths, exclude=exclude, jobs=settings.jobs
    )
    return collect((outcome for outcome in found if outcome.path != router), router)


def collect(outcomes: Iterable[Outcome], router: str = "") -> Migrated:
    """What the outcomes, with paths relative to the project, mean for a proof."""
    sites, old, new = [], {}, {}
    announced: list[str] = []
    files: dict[str, tuple[bytes, bytes]] = {}
    for outcome in outcomes:
        name = outcome.path
        after = outcome.before if outcome.after is None else outcome.after
        old[name], new[name] = _text(name, outcome.before), _text(name, after)
        if outcome.after is not None:
            files[name] = outcome.before, outcome.after
        for site in outcome.sites:
            finding = site.finding
            if (finding.rule, finding.reason) == (MOCK.id, "mock"):
                announced.append(test_at(name, old[name], finding.line))
            elif finding.kind == "call" and site.status == "migrated":
                sites.append(
                    CallSite(
                        file=name,
                        line=finding.line,
                        column=finding.column,
                        rule=finding.rule,
                        source=finding.source,
                        new_line=finding.new_line,
                        place=site.place,
                    )
                )
    return Migrated(
        sites=tuple(sorted(sites)),
        old=old,
        new=new,
        files=files,
        router_file=router,
        announced=tuple(dict.fromkeys(announced)),
    )


def in_project(path: str, place: Scratch) -> str:
    """A path of the user's, relative to the project. Raises `UsageError`."""
    try:
        return Path(path).resolve().relative_to(place.origin).as_posix()
    except ValueError:
        raise UsageError(
            f"{path}: outside of {place.origin}, which the proof copies",
            "Start the proof in a folder that holds all the code.",
        ) from None


def _text(name: str, data: bytes) -> str:
    """The text whose lines the findings count; of a notebook, its cells."""
    text = data.decode("utf-8", "replace")
    return notebook.read(text).text if name.endswith(".ipynb") and text else text
