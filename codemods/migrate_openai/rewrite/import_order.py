"""Where isort and ruff would put an import, in a file that is sorted as they sort."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple, TypeAlias

from codemods.migrate_openai.rewrite.positions import Text, first_line, is_alone, last_line

ImportStatement: TypeAlias = ast.Import | ast.ImportFrom


class Point(NamedTuple):
    """Next to which statement something goes. ``apart``: with a blank line between."""

    statement: ast.stmt
    before: bool = False
    apart: bool = False


class _Section(IntEnum):
    """The sections of a file, in their order."""

    FUTURE = 0
    STANDARD = 1
    THIRD_PARTY = 2
    OWN = 3


def is_import(node: ast.AST) -> bool:
    return isinstance(node, (ast.Import, ast.ImportFrom))


def sections(text: Text, body: Sequence[ast.stmt]) -> Iterator[list[ImportStatement]]:
    """The paragraphs of import statements: neither a blank line, a comment nor code inside."""
    section: list[ImportStatement] = []
    for statement in body:
        goes_on = section and first_line(statement) == last_line(section[-1]) + 1
        if section and not (goes_on and is_import(statement)):
            yield section
            section = []
        if isinstance(statement, (ast.Import, ast.ImportFrom)) and is_alone(text, statement):
            section.append(statement)
    if section:
        yield section


def sorted_point(
    text: Text, body: Sequence[ast.stmt], home: ast.stmt, line: str, gone: Collection[ast.stmt]
) -> Point | None:
    """Where *line* belongs in the section of *home*; None where *home*'s own place is as good.

    A section that is not sorted stays as people left it: then too the answer is None.
    """
    if home.col_offset:  # in a function, say
        return None
    section = next((s for s in sections(text, body) if home in s), [])
    [new] = ast.parse(line).body
    assert isinstance(new, (ast.Import, ast.ImportFrom))
    key = _order_of(section)
    is_mixed = len({_kind(statement, ()) for statement in (*section, new)}) > 1
    if key is None or is_mixed:
        return None
    rest = [s for s in section if s not in gone]
    above = [s for s in rest if key(s) <= key(new)]
    at_home = [s for s in rest if s.lineno <= home.lineno]
    if not rest or above == at_home:
        return None
    return Point(above[-1]) if above else Point(rest[0], before=True)


def third_party_point(
    text: Text, body: Sequence[ast.stmt], imports: Collection[ast.stmt], own: Collection[str]
) -> Point | None:
    """Where an import of another package goes among *imports*, none of which is one already.

    *own* are the names of the project's packages.
    """
    last: Point | None = None
    for section in sections(text, [s for s in body if s in imports]):
        kind = max(_kind(statement, own) for statement in section)
        if kind is _Section.THIRD_PARTY:
            return Point(section[-1])
        if kind is _Section.OWN:
            mixed = [s for s in section if _kind(s, own) is not _Section.OWN]
            return Point(mixed[-1]) if mixed else last or Point(section[0], True, True)
        last = Point(section[-1], apart=True)
    return last


def _kind(statement: ImportStatement, own: Collection[str]) -> _Section:
    if isinstance(statement, ast.ImportFrom) and statement.level:
        return _Section.OWN
    package = _module(statement).partition(".")[0]
    if package == "__future__":
        return _Section.FUTURE
    if package in sys.stdlib_module_names:
        return _Section.STANDARD
    return _Section.OWN if package in own else _Section.THIRD_PARTY


def _module(statement: ImportStatement) -> str:
    if isinstance(statement, ast.Import):
        return statement.names[0].name
    return "." * statement.level + (statement.module or "")


def _straight_first(statement: ImportStatement) -> tuple[bool, str]:
    """isort's default, and ruff's."""
    return isinstance(statement, ast.ImportFrom), _module(statement).lower()


def _by_module(statement: ImportStatement) -> tuple[bool, str]:
    """With ``force_sort_within_sections``."""
    return False, _module(statement).lower()


def _order_of(
    section: Sequence[ImportStatement],
) -> Callable[[ImportStatement], tuple[bool, str]] | None:
    for key in (_straight_first, _by_module):
        keys = [key(statement) for statement in section]
        if len(section) > 1 and keys == sorted(keys):
            return key
    return None
