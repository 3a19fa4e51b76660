"""What every test of a rule does: run twice, compile, and look at the result."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import libcst
import pytest

from codemods.migrate_openai.engine import migrate
from codemods.migrate_openai.model import FileResult, Options, SourceFile

Files = Mapping[str, str]
RULE_PAGES = Path(__file__).parents[2] / "docs/rules"
_EXAMPLE = re.compile(
    r"Before:\n\n```python\n(.*?)```\n\nAfter:(?: (the same)\.|\n\n```python\n(.*?)```)(?:\n|$)",
    re.S,
)


def rule_examples() -> Iterator[tuple[str, str, str]]:
    """(rule, program before, program after) of every example on the pages of the rules."""
    for path in sorted(RULE_PAGES.glob("MOA*.md")):
        for before, is_same, after in _EXAMPLE.findall(path.read_text()):
            yield path.stem, before, before if is_same else after


@pytest.fixture(autouse=True)
def state_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where runs outside of a git repository keep their journals."""
    home = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("XDG_STATE_HOME", str(home))
    return home


def run(files: Files, options: Options) -> dict[str, FileResult]:
    sources = [SourceFile(path=path, text=text) for path, text in files.items()]
    return {result.path: result for result in migrate(sources, options)}


def migrate_twice(before: str | Files, options: Options | None = None) -> dict[str, FileResult]:
    """The results of the first run; the second must change nothing and lose no call."""
    files = {"program.py": before} if isinstance(before, str) else before
    chosen = options or Options()
    first = run(files, chosen)
    for result in first.values():
        assert not result.error, result.error
        assert compiles(result.text) or not compiles(files[result.path])
        libcst.parse_module(result.text)
        assert edited(files[result.path], result) == result.text
    second = run({path: result.text for path, result in first.items()}, chosen)
    for path, result in second.items():
        assert result.text == first[path].text, "the second run changed something"
        assert calls(result) == calls(first[path]), "the second run lost or found a call"
    return first


def edited(text: str, result: FileResult) -> str:
    """A text with the edits of a result made: in order, each of which changes something."""
    at, pieces = 0, []
    for edit in result.edits:
        assert at <= edit.start <= edit.end
        assert text[edit.start : edit.end] != edit.replacement
        pieces += [text[at : edit.start], edit.replacement]
        at = edit.end
    return "".join([*pieces, text[at:]])


def compiles(text: str) -> bool:
    """A program may be newer than this interpreter."""
    try:
        compile(text, "program.py", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError:
        return False
    return True


def calls(result: FileResult) -> int:
    return sum(finding.kind == "call" for finding in result.findings)


@pytest.fixture
def twice() -> Callable[[str | Files], dict[str, FileResult]]:
    return migrate_twice


@pytest.fixture
def check_transformed() -> Callable[..., FileResult]:
    def check(before: str, after: str, options: Options | None = None) -> FileResult:
        [result] = migrate_twice(before, options).values()
        assert result.text == after
        assert result.edits
        return result

    return check


@pytest.fixture
def check_noop() -> Callable[..., FileResult]:
    def check(before: str, options: Options | None = None) -> FileResult:
        [result] = migrate_twice(before, options).values()
        assert result.text == before
        assert not result.edits
        return result

    return check
