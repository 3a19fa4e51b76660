"""An audit as lines for people and as plain data for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from personalvibe.replay.toolbox.audit import Audit
from personalvibe.replay.toolbox.baseline import Compared
from personalvibe.replay.toolbox.findings import RULES, Finding
from personalvibe.replay.toolbox.sarif import described


def lines(findings: Sequence[Finding]) -> list[str]:
    """One a finding, and one a rule that says what to do."""
    found = [_line(one) for one in findings]
    rules = sorted({one.rule for one in findings})
    return found + [f"hint: {rule}: {RULES[rule].help}" for rule in rules]


def _line(one: Finding) -> str:
    line = f":{one.line}" if one.line else ""
    return f"{one.path}{line}: {one.level}: {one.rule}: {described(one)}"


def summary(result: Audit, compared: Compared) -> str:
    parts = [
        f"{result.cassettes:,} cassettes, {result.interactions:,} interactions: "
        f"{len(compared.fresh):,} findings"
    ]
    if compared.accepted:
        parts.append(f"{compared.accepted:,} accepted by the baseline")
    if compared.stale:
        parts.append(f"{compared.stale:,} entries of the baseline are of no use any more")
    if result.skipped:
        parts.append(f"{len(result.skipped):,} other files left out")
    return "; ".join(parts)


def document(result: Audit, compared: Compared) -> dict[str, Any]:
    """What ``--json`` prints."""
    return {
        "cassettes": result.cassettes,
        "interactions": result.interactions,
        "accepted": compared.accepted,
        "stale": compared.stale,
        "skipped": [{"path": str(one.path), "reason": one.error.message} for one in result.skipped],
        "findings": [_fields(one) for one in compared.fresh],
    }


def _fields(one: Finding) -> dict[str, Any]:
    return {
        "rule": one.rule.value,
        "level": one.level.value,
        "path": str(one.path),
        "line": one.line,
        "interaction": one.interaction,
        "place": one.place,
        "message": one.message,
    }
