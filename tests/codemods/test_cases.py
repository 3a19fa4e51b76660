"""Programs before and after, in tests/codemods/cases: one file for a family of programs.

=== name of the case
--- before path.py
--- after path.py           only where the file changes
--- left path.py LINE RULE REASON
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codemods.migrate_openai.model import FileResult

HERE = Path(__file__).parent / "cases"


def cases() -> Iterator[object]:
    for path in sorted(HERE.glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        parts = re.split(r"^=== (.*)\n", text, flags=re.MULTILINE)[1:]
        for name, body in zip(parts[::2], parts[1::2], strict=True):
            yield pytest.param(body, id=f"{path.stem}: {name}")


@pytest.mark.parametrize("body", list(cases()))
def test_case(body: str, check_project: Callable[..., dict[str, FileResult]]) -> None:
    sections = re.split(r"^--- (.*)\n", body, flags=re.MULTILINE)
    assert not sections[0].strip()
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    left: list[tuple[str, int, str, str]] = []
    for heading, text in zip(sections[1::2], sections[2::2], strict=True):
        kind, path, *rest = heading.split()
        match kind:
            case "before":
                before[path] = text
            case "after":
                after[path] = text
            case "left":
                left.append((path, int(rest[0]), rest[1], rest[2]))
    results = check_project(before, after)
    found = [
        (path, finding.line, finding.rule, finding.reason)
        for path, result in results.items()
        for finding in result.findings
        if finding.status == "left"
    ]
    assert found == left
