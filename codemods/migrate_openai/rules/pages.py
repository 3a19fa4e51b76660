"""The page of documentation of each rule: what it does, and programs before and after."""

from __future__ import annotations

from pathlib import Path

# Where the wheel has them, and where they stand in a checkout.
_FOLDERS = (Path(__file__).parent / "pages", Path(__file__).parents[3] / "docs" / "rules")


def page(rule: str) -> str:
    """The text of a rule's page, as Markdown."""
    folder = next(folder for folder in _FOLDERS if folder.is_dir())
    return (folder / f"{rule}.md").read_text(encoding="utf-8").rstrip("\n")


def summary(rule: str) -> tuple[str, str]:
    """The title of a rule, and what it does."""
    heading, what, *_ = page(rule).split("\n\n")
    return heading.removeprefix(f"# {rule}: "), what
