"""What the page shows, as plain data: one document, from which all of it is made."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from personalvibe.replay import usage
from personalvibe.replay.dates import days_between
from personalvibe.replay.model import Usage
from personalvibe.replay.redaction.redact import RedactionRules
from personalvibe.replay.toolbox.content import Turn
from personalvibe.replay.toolbox.drift import Difference
from personalvibe.replay.toolbox.drift_report import TestDrift
from personalvibe.replay.toolbox.files import Recording
from personalvibe.replay.toolbox.findings import Finding, Level, Rule
from personalvibe.replay.toolbox.sarif import described
from personalvibe.replay.toolbox.show import Shown, shown
from personalvibe.replay.toolbox.stats import provider_of, recorded_at

LONGEST = 20_000
"""Characters of a text that the page shows."""


def document(
    recordings: Sequence[Recording],
    findings: Sequence[Finding],
    drifts: Sequence[TestDrift],
    *,
    rules: RedactionRules,
    prices: usage.Prices,
    now: str,
) -> dict[str, Any]:
    by_path: defaultdict[Path, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_path[finding.path].append(finding)
    drifted: defaultdict[Path, list[TestDrift]] = defaultdict(list)
    for drift in drifts:
        drifted[drift.cassette.resolve()].append(drift)
    cassettes = [
        _cassette(
            one,
            shown(one, rules, prices),
            by_path[one.path],
            drifted[one.path.resolve()],
            now=now,
        )
        for one in recordings
    ]
    return {
        "made_at": now,
        "totals": _totals(cassettes),
        "months": months(cassettes),
        "cassettes": cassettes,
        "refused": _refused(findings, {one.path for one in recordings}),
    }


def _refused(findings: Iterable[Finding], readable: Collection[Path]) -> list[dict[str, str]]:
    """The files that could not be read, and why."""
    return [
        {"path": str(one.path), "reason": one.message}
        for one in findings
        if one.rule is Rule.UNREADABLE and one.path not in readable
    ]


def _cassette(
    recording: Recording,
    pages: Sequence[Shown],
    findings: Sequence[Finding],
    drifts: Sequence[TestDrift],
    *,
    now: str,
) -> dict[str, Any]:
    spent = usage.total([one.conversation.usage for one in pages])
    dates = [date for one in recording.interactions if (date := recorded_at(one))]
    oldest = min(dates, default="")
    return {
        "path": str(recording.path),
        "bytes": len(recording.content),
        "recorded_at": oldest,
        "age_days": days_between(oldest, now) if oldest else None,
        "providers": _distinct(provider_of(one.exchange.request.url) for one in pages),
        "models": _distinct(one.conversation.model for one in pages),
        **_spent(spent),
        "findings": _gravest_first(_finding(one) for one in findings),
        "drift": _gravest_first(
            _difference(test.test, one) for test in drifts for one in test.differences
        ),
        "interactions": [
            _interaction(page, recorded_at(one))
            for page, one in zip(pages, recording.interactions, strict=True)
        ],
    }


def _distinct(names: Iterable[str]) -> list[str]:
    return sorted({name for name in names if name})


def _spent(spent: Usage) -> dict[str, Any]:
    return {
        "input_tokens": spent.input_tokens,
        "output_tokens": spent.output_tokens,
        "cost_usd": spent.cost_usd,
    }


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "level": one.level.value,
        "rule": one.rule.value,
        "line": one.line,
        "text": described(one),
    }


def _difference(test: str, one: Difference) -> dict[str, Any]:
    return {
        "level": one.level.value,
        "kind": one.kind.value,
        "place": one.place,
        "before": _shortened(one.before),
        "after": _shortened(one.after),
        "interaction": one.interaction,
        "test": test,
    }


def _gravest_first(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(found, key=lambda one: list(Level).index(one["level"]))


def _interaction(one: Shown, date: str) -> dict[str, Any]:
    said = one.conversation
    return {
        "number": one.number,
        "method": said.method,
        "address": f"{said.host}{said.path}",
        "model": said.model,
        "status": said.status,
        "streamed": said.streamed,
        "recorded_at": date,
        "parameters": [[name, _shortened(value)] for name, value in said.parameters],
        **_spent(said.usage),
        "asked": [_turn(turn) for turn in said.asked],
        "answered": [_turn(turn) for turn in said.answered],
    }


def _turn(turn: Turn) -> dict[str, Any]:
    parts = [{**asdict(part), "text": _shortened(part.text)} for part in turn.parts]
    return {"role": turn.role, "parts": parts}


def _shortened(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}... ({len(text) - LONGEST:,} more characters)"


def _totals(cassettes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    levels = Counter(one["level"] for cassette in cassettes for one in cassette["findings"])
    drift = Counter(one["level"] for cassette in cassettes for one in cassette["drift"])
    return {
        "cassettes": len(cassettes),
        "interactions": sum(len(one["interactions"]) for one in cassettes),
        "bytes": sum(one["bytes"] for one in cassettes),
        "findings": dict(levels),
        "drift": dict(drift),
        **{
            name: sum(one[name] for one in cassettes)
            for name in ("input_tokens", "output_tokens", "cost_usd")
        },
    }


def months(cassettes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Tokens and cost of the recordings of a month by model; those without a date are left out."""
    found: defaultdict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for one in (one for cassette in cassettes for one in cassette["interactions"]):
        if not one["recorded_at"]:
            continue
        month = found[one["recorded_at"][:7]]
        spent = month.setdefault(one["model"] or "no model", {"tokens": 0, "cost_usd": 0.0})
        spent["tokens"] += one["input_tokens"] + one["output_tokens"]
        spent["cost_usd"] += one["cost_usd"]
    return [{"month": month, "models": found[month]} for month in sorted(found)]
