"""Past runs: a record of each lies beside its prompt and its reply, and tells what they do not.

A run is named after the time, the hash of the prompt and that of the reply, as its reply is. So
the names of files alone tell which runs there were, also those of versions that wrote no records.
"""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from personalvibe.bounded import read_bytes
from personalvibe.errors import UserError
from personalvibe.vibe_utils import Reply
from personalvibe.workspace import PROJECT_NAME, TIMESTAMP, Workspace, create, listing, shown

log = logging.getLogger(__name__)

MAX_RECORD_BYTES = 1_000_000
_NAME = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d)_(?P<prompt>[0-9a-f]{10})"
    r"(?:_(?P<reply>[0-9a-f]{10})(?:-\d+)?)?"
)


class RunRecord(BaseModel):
    """What is known of a run beside the texts."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    time: str
    """In UTC, ISO 8601."""
    mode: str | None = None
    """The mode of the config; None for ``pv ask``."""
    version: str | None = None
    """The version of the config; None for ``pv ask``."""
    model: str | None = None
    """``<provider>/<name>``"""
    system: str | None = None
    """The system prompt of ``pv ask``."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    complete: bool | None = None
    """False when the provider cut the reply off at the token limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """The files of one run; None for those that do not exist (any more)."""

    name: str
    project: str
    prompt_file: Path | None
    reply_file: Path | None
    record_file: Path | None


def save_record(
    place: Workspace,
    project: str,
    reply: Reply,
    *,
    mode: str | None = None,
    version: str | None = None,
    system: str | None = None,
) -> str:
    """Keep what a reply took, and return the name of the run.

    Raises:
        UserError: the record cannot be written.
    """
    now = datetime.now(UTC)
    record = RunRecord(
        time=now.isoformat(timespec="seconds"),
        mode=mode,
        version=version,
        model=reply.model,
        system=system,
        input_tokens=reply.input_tokens,
        output_tokens=reply.output_tokens,
        cost_usd=reply.cost_usd,
        complete=reply.complete,
    )
    _, _, hashes = reply.file.stem.partition("_")[2].partition("_")
    name = f"{now.strftime(TIMESTAMP)}_{hashes}"
    text = f"{record.model_dump_json(indent=2)}\n"
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    return next(n for n in names if create(place.runs(project) / f"{n}.json", text))


def read_record(run: PastRun) -> RunRecord | None:
    """The record of a run, if there is one that can be read."""
    if run.record_file is None:
        return None
    name = shown(run.record_file)
    try:
        raw = read_bytes(run.record_file, MAX_RECORD_BYTES, name=name, hint="")
        return RunRecord.model_validate_json(raw)
    except UserError as error:
        log.warning("%s", error.message)
    except ValidationError:
        log.warning("%s: is not the record of a run", name)
    return None


def past_runs(place: Workspace, project: str | None = None) -> list[PastRun]:
    """The runs of a project, or of all, the newest first.

    Raises:
        UserError: a folder cannot be read.
    """
    projects = _projects(place) if project is None else [project]
    found = [run for name in projects for run in _runs(place, name)]
    return sorted(found, key=lambda run: (run.name, run.project), reverse=True)


def find_run(runs: Sequence[PastRun], wanted: str) -> PastRun:
    """The run with this name, beginning of a name, or file.

    Raises:
        UserError: there is none, or several.
    """
    stem = Path(wanted).name.removesuffix(".md").removesuffix(".json")
    # Several runs may share the file of a prompt or a reply: then the newest is meant.
    named = [run for run in runs if run.name == stem] or [
        run for run in runs if stem in _files(run)
    ]
    if named:
        return named[0]
    begun = [run for run in runs if stem and run.name.startswith(stem)]
    if not begun:
        raise UserError(f"no run {wanted!r} is kept", "`pv runs` lists the newest ones.")
    if len(begun) > 1:
        some = ", ".join(run.name for run in begun[:3])
        raise UserError(f"{len(begun):,} runs begin with {wanted!r}: {some}", "Name one of them.")
    return begun[0]


def _files(run: PastRun) -> set[str]:
    return {file.stem for file in (run.prompt_file, run.reply_file) if file}


def _projects(place: Workspace) -> list[str]:
    names = (path.name for path in listing(place.root / "data") if path.is_dir())
    return [name for name in names if PROJECT_NAME.fullmatch(name)]


def _runs(place: Workspace, project: str) -> Iterator[PastRun]:
    """The runs with a record, then replies that no record names, then prompts without a reply."""
    records = list(_named(place.runs(project), ".json"))
    replies = {(n["prompt"], n["reply"]): f for n, f in _named(place.outputs(project), ".md")}
    prompts = {n["prompt"]: f for n, f in _named(place.inputs(project), ".md") if not n["reply"]}
    kept: dict[str, tuple[str, str | None, Path | None]] = {
        file.stem: (name["prompt"], name["reply"], file) for name, file in records
    }
    known = {(prompt, reply) for prompt, reply, _ in kept.values()}
    kept |= {f.stem: (*key, None) for key, f in replies.items() if key not in known}
    answered = {prompt for prompt, _, _ in kept.values()}
    kept |= {f.stem: (key, None, None) for key, f in prompts.items() if key not in answered}
    for name, (prompt, reply, record) in kept.items():
        yield PastRun(
            name=name,
            project=project,
            prompt_file=prompts.get(prompt),
            reply_file=replies.get((prompt, reply)) if reply else None,
            record_file=record,
        )


def _named(folder: Path, suffix: str) -> Iterable[tuple[re.Match[str], Path]]:
    for path in listing(folder):
        if path.suffix == suffix and (name := _NAME.fullmatch(path.stem)):
            yield name, path
