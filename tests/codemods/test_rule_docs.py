"""docs/rules and the registry say the same. Run as a script, this file writes the pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from codemods.migrate_openai.cli.explain import index, page
from codemods.migrate_openai.rules import RULES
from codemods.migrate_openai.rules.reasons import REASONS

DOCS = Path(__file__).parents[2] / "docs/rules"
PAGES = {"README.md": index, **{f"{rule}.md": lambda rule=rule: page(rule) for rule in RULES}}


def test_there_is_a_page_for_every_rule_and_a_rule_for_every_page() -> None:
    assert {path.name for path in DOCS.iterdir()} == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_the_registry_says(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[name]() + "\n"


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_shows_a_program_before_and_after(rule: str) -> None:
    assert RULES[rule].id == rule
    assert RULES[rule].cases
    assert RULES[rule].what.endswith(".")


@pytest.mark.parametrize("code", REASONS)
def test_a_reason_says_what_to_do(code: str) -> None:
    assert REASONS[code].code == code
    assert REASONS[code].advice.endswith(".")


if __name__ == "__main__":
    DOCS.mkdir(exist_ok=True)
    for stale in {path.name for path in DOCS.iterdir()} - set(PAGES):
        (DOCS / stale).unlink()
    for name, text in PAGES.items():
        (DOCS / name).write_text(text() + "\n")
