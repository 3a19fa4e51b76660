"""What ``--json`` prints: plain data with stable keys, as docs/cli.md describes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from personalvibe.history import PastRun, RunRecord
from personalvibe.models import Provider
from personalvibe.output import say
from personalvibe.run_pipeline import Outcome
from personalvibe.stages import Scaffold, Stage
from personalvibe.vibe_utils import Reply
from personalvibe.workspace import shown

REPLY_KEYS = (
    "model",
    "reply_file",
    "input_tokens",
    "output_tokens",
    "cost_usd",
    "complete",
    "reply",
)


def print_document(document: object) -> None:
    """In ASCII, so that whatever a text holds means nothing to a terminal."""
    say(json.dumps(document, indent=2))


def of_outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "run": outcome.run,
        "project": outcome.project,
        "version": outcome.version,
        "mode": outcome.mode,
        "prompt_file": shown(outcome.prompt_file),
        "context_files": outcome.context_files,
        "log_file": shown(outcome.log_file),
        **of_reply(outcome.reply),
    }


def of_reply(reply: Reply | None) -> dict[str, Any]:
    """The part of the document that is null throughout when nobody answered."""
    if reply is None:
        return dict.fromkeys(REPLY_KEYS)
    values = (
        reply.model,
        shown(reply.file),
        reply.input_tokens,
        reply.output_tokens,
        reply.cost_usd,
        reply.complete,
        str(reply),
    )
    return dict(zip(REPLY_KEYS, values, strict=True))


def of_past_run(run: PastRun, record: RunRecord | None) -> dict[str, Any]:
    known = record or RunRecord(time=_time(run.name))
    return {
        "run": run.name,
        "project": run.project,
        "prompt_file": _path(run.prompt_file),
        "reply_file": _path(run.reply_file),
        **known.model_dump(),
    }


def _time(name: str) -> str:
    """The time in the name of a run: ``2026-01-31_23-59-59_...``."""
    day, clock = name.split("_")[:2]
    return f"{day}T{clock.replace('-', ':')}+00:00"


def _path(path: Path | None) -> str | None:
    return None if path is None else shown(path)


def of_models(
    default: str, aliases: Mapping[str, str], providers: Iterable[Provider]
) -> dict[str, Any]:
    return {
        "default": default,
        "aliases": dict(aliases),
        "providers": [{"name": one.name, "models": list(one.models)} for one in providers],
    }


def of_scaffold(scaffold: Scaffold) -> dict[str, Any]:
    return {
        "file": shown(scaffold.file),
        "project": scaffold.project,
        "version": scaffold.version,
        "mode": scaffold.mode,
    }


def of_stage(stage: Stage) -> dict[str, Any]:
    return {
        "file": shown(stage.file),
        "version": stage.file.stem,
        "reply_file": shown(stage.reply_file),
        "new": stage.new,
        "block": stage.block,
        "blocks": stage.blocks,
        "problem": stage.problem or None,
    }
