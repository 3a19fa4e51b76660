"""A golden case: programs before and after a migration, as text of a file in cases/."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from codemods.migrate_openai.model import FileResult

HERE = Path(__file__).parent / "cases"
Left = tuple[str, int, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    file: Path
    name: str
    body: str

    @property
    def id(self) -> str:
        return f"{self.file.stem}: {self.name}"

    def sections(self, kind: str) -> Iterator[tuple[list[str], str]]:
        """The words behind ``--- kind``, and the text below, of every section of a kind."""
        parts = re.split(r"^--- (.*)\n", self.body, flags=re.MULTILINE)
        assert not parts[0].strip()
        for heading, text in zip(parts[1::2], parts[2::2], strict=True):
            found, *words = heading.split()
            if found == kind:
                yield words, text

    def programs(self, kind: str) -> dict[str, str]:
        return {path: text for (path,), text in self.sections(kind)}

    @property
    def left(self) -> list[Left]:
        found = (words for words, _ in self.sections("left"))
        return [(path, int(line), rule, reason) for path, line, rule, reason in found]


def cases() -> Iterator[Case]:
    for path in sorted(HERE.glob("*.txt")):
        parts = re.split(r"^=== (.*)\n", path.read_text("utf-8"), flags=re.MULTILINE)[1:]
        for name, body in zip(parts[::2], parts[1::2], strict=True):
            yield Case(file=path, name=name, body=body)


def left_in(results: Mapping[str, FileResult]) -> list[Left]:
    return [
        (path, finding.line, finding.rule, finding.reason)
        for path, result in results.items()
        for finding in result.findings
        if finding.status == "left"
    ]


def accept(case: Case, results: Mapping[str, FileResult]) -> None:
    """Write a case anew: its programs before, and what the migration makes of them now."""
    body = ""
    for path, text in case.programs("before").items():
        body += f"--- before {path}\n{text}"
        if results[path].text != text:
            body += f"--- after {path}\n{results[path].text}"
    body += "".join(f"--- left {' '.join(map(str, left))}\n" for left in left_in(results))
    whole = case.file.read_text("utf-8")
    heading = f"=== {case.name}\n"
    case.file.write_text(whole.replace(heading + case.body, heading + body), "utf-8")
