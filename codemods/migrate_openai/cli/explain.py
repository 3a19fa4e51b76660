"""``--explain RULE``: the page of one rule, out of the registry."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from codemods.migrate_openai.errors import UsageError
from codemods.migrate_openai.rules import RULES
from codemods.migrate_openai.rules.reasons import REASONS


def explain(wanted: str) -> str:
    """The page of a rule, or the meaning of a reason. Raises `UsageError` for neither."""
    if wanted.upper() in RULES:
        return page(wanted.upper())
    if reason := REASONS.get(wanted.lower()):
        return f"# {reason.code}: {reason.title}\n\n{reason.advice}"
    raise _unknown("--explain", wanted)


def check_rules(option: str, wanted: Iterable[str]) -> None:
    """Raises `UsageError` for what is neither the id of a rule nor the start of one."""
    for prefix in wanted:
        if not any(rule.startswith(prefix) for rule in RULES):
            raise _unknown(option, prefix)


def _unknown(option: str, wanted: str) -> UsageError:
    near = get_close_matches(wanted.upper(), RULES, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}? " if near else ""
    return UsageError(f"{option} {wanted}: no such rule", f"{hint}Rules: {', '.join(RULES)}.")


def page(rule_id: str) -> str:
    """What the documentation says of a rule: ``docs/rules/<id>.md`` holds the same text."""
    rule = RULES[rule_id]
    parts = [f"# {rule.id}: {rule.title}", rule.what]
    for case in rule.cases:
        parts.append(f"Before:\n\n```python\n{case.before.rstrip()}\n```")
        if case.after == case.before:
            parts.append("After: the same.")
        else:
            parts.append(f"After:\n\n```python\n{case.after.rstrip()}\n```")
    return "\n\n".join(parts)


def index() -> str:
    """The list of rules and reasons: ``docs/rules/README.md``."""
    rules = (f"| [{rule.id}]({rule.id}.md) | {rule.title} |" for rule in RULES.values())
    reasons = (
        f"| `{reason.code}` | {reason.title} | {reason.advice} |" for reason in REASONS.values()
    )
    return "\n".join(
        (
            "# Rules and reasons",
            "",
            "Every site that the migration finds is reported under one rule, with one status:",
            "`migrated`, `already-done`, or `left` with a reason. The same text for one rule:",
            "`python -m codemods.migrate_openai --explain RULE`.",
            "",
            "## Rules",
            "",
            "| rule | what it does |",
            "|---|---|",
            *rules,
            "",
            "## Why a site is left",
            "",
            "| reason | meaning | what to do |",
            "|---|---|---|",
            *reasons,
        )
    )
