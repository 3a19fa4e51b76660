"""``--explain RULE``, and what is said of ids that are none."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from codemods.migrate_openai.errors import UsageError
from codemods.migrate_openai.rules import RULES
from codemods.migrate_openai.rules.pages import page
from codemods.migrate_openai.rules.reasons import REASONS


def explain(name: str) -> str:
    """The page of a rule, or the meaning of a reason. Raises `UsageError` for neither."""
    if name.upper() in RULES:
        return page(name.upper())
    if reason := REASONS.get(name.lower()):
        return f"# {reason.code}: {reason.title}\n\n{reason.advice}"
    raise _unknown("--explain", name)


def check_rules(option: str, prefixes: Iterable[str]) -> None:
    """Raises `UsageError` for what is neither the id of a rule nor the start of one."""
    for prefix in prefixes:
        if not any(rule.startswith(prefix) for rule in RULES):
            raise _unknown(option, prefix)


def _unknown(option: str, name: str) -> UsageError:
    near = get_close_matches(name.upper(), RULES, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}? " if near else ""
    return UsageError(f"{option} {name}: no such rule", f"{hint}Rules: {', '.join(RULES)}.")
