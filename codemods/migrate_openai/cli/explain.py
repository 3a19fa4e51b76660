"""``--explain RULE``, and what is said of ids that are none."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from codemods.migrate_openai.errors import UsageError
from codemods.migrate_openai.rules import RULES
from codemods.migrate_openai.rules.pages import page
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
