"""docs/rules and the registry say the same. Run as a script, this file writes the index."""

from __future__ import annotations

import pytest

from codemods.migrate_openai.rules import RULES
from codemods.migrate_openai.rules.pages import page, summary
from codemods.migrate_openai.rules.reasons import REASONS

from .conftest import RULE_PAGES, rule_examples

INDEX = RULE_PAGES / "README.md"


def index() -> str:
    """The list of rules and reasons."""
    rules = (f"| [{rule}]({rule}.md) | {summary(rule)[0]} |" for rule in RULES)
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
            "",
        )
    )


def test_there_is_a_page_for_every_rule_and_a_rule_for_every_page() -> None:
    pages = {path.name for path in RULE_PAGES.iterdir()}
    assert pages == {INDEX.name, *(f"{rule}.md" for rule in RULES)}


def test_the_index_says_what_the_pages_say() -> None:
    assert INDEX.read_text() == index()


@pytest.mark.parametrize("rule", RULES)
def test_a_page_says_what_a_rule_does_and_shows_it(rule: str) -> None:
    text = page(rule)
    title, what = summary(rule)
    assert text.startswith(f"# {rule}: {title}\n\n{what}\n\nBefore:\n")
    assert what.endswith(".")
    examples = [before for name, before, _ in rule_examples() if name == rule]
    assert len(examples) == text.count("Before:") > 0


@pytest.mark.parametrize("code", REASONS)
def test_a_reason_says_what_to_do(code: str) -> None:
    assert REASONS[code].code == code
    assert REASONS[code].advice.endswith(".")


if __name__ == "__main__":
    INDEX.write_text(index())
