"""The import statements, decided on the rewritten text: what nobody reads goes, what is read and
bound nowhere comes."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile

from codemods.migrate_openai.flow.collect import Analysis
from codemods.migrate_openai.rewrite.changes import (
    Change,
    DropAlias,
    InsertStatements,
    ReplaceStatement,
)
from codemods.migrate_openai.rewrite.import_order import Point, is_import, sorted_point
from codemods.migrate_openai.rewrite.import_places import Places
from codemods.migrate_openai.rewrite.positions import Text, is_alone, last_line
from codemods.migrate_openai.rewrite.reads import Reads, sdk_imports
from codemods.migrate_openai.rewrite.unread_imports import (
    UnreadImports,
    unread_imports,
    with_empty_blocks,
)

_LEGACY = "{}.legacy = True  # no retries, replies are dictionaries: as openai 0.28"
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What the plan for a file knows of its imports."""

    router: str
    """The dotted name of the router's module."""
    name: str
    """The router's name in this file."""
    reads: frozenset[str] = frozenset()
    """Names that the changes write: those that nothing binds are imported."""
    renamed: Mapping[int, str] = field(default_factory=dict)
    """Imports of the SDK, by their order, whose name stays and is to mean this of the router."""
    legacy: bool = False
    """Is the router to answer as openai 0.28 did?"""
    own: frozenset[str] = frozenset()
    """Names that packages of the project may have."""
    reexports: frozenset[str] = frozenset()
    """Names of the SDK that other files import from this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """Changes of the rewritten text, and which of the SDK's imports go, in their order."""

    changes: tuple[Change, ...]
    gone: frozenset[int]


class Imports:
    """*text* and *new* are the rewritten text and its analysis."""

    def __init__(self, old: Analysis, new: Analysis, text: Text, request: ImportRequest) -> None:
        self.new = new
        self.text = text
        self.request = request
        names = {name for _, name, _, _ in sdk_imports(new)}
        self.reads = Reads(new, names | request.reads)
        self.aliases = unread_imports(old, Reads(old, names), new, self.reads, request.reexports)
        new_names: dict[ast.stmt, list[tuple[str, str]]] = {}
        for place, (_, name, _, alias) in enumerate(sdk_imports(new)):
            if place in request.renamed:
                statement = new.index.statement(alias)
                gone = self.aliases.setdefault(statement, [])
                gone += [alias] if alias not in gone else []
                new_names.setdefault(statement, []).append((request.renamed[place], name))
        self.renamed = {
            statement: _renamed(request.router, names) for statement, names in new_names.items()
        }
        router_reads = self.reads.unbound.get(request.name, [])
        self.places = Places(new, text, router_reads, self.aliases)

    def plan(self) -> ImportPlan:
        missing = self._missing()
        point, homes = self._homes() if missing else (None, [])
        again = self.places.tried_again(point.statement if point is not None else None)
        refilled = {*homes, *again, *self.renamed}
        unread = with_empty_blocks(self.new, self.text, self.aliases, refilled)
        in_place = {home: [missing] if missing else [] for home in (*homes, *again)}
        for statement, renamed in self.renamed.items():
            in_place.setdefault(statement, []).extend(renamed)
        changes = [
            *(ReplaceStatement(span=self.text.span(node)) for node in unread.empty_blocks),
            *self._written(unread, in_place, "" if homes else missing, point),
        ]
        legacy = missing and self.request.legacy
        setting = [_LEGACY.format(self.request.name)] if legacy else []
        if missing and not homes and point is None:
            changes.append(self._at_top([missing, *setting]))
        elif setting:
            beside = homes or ([point.statement] if point is not None else [])
            changes += (self._set(place, unread, setting) for place in beside)
        gone = {alias for aliases in self.aliases.values() for alias in aliases}
        places = (p for p, (*_, alias) in enumerate(sdk_imports(self.new)) if alias in gone)
        return ImportPlan(changes=tuple(changes), gone=frozenset(places))

    def _homes(self) -> tuple[Point | None, list[ast.stmt]]:
        """Where the missing import goes: beside one statement, or in the SDK's places."""
        inner = self.places.inner(self.aliases)
        everywhere = self.places.wanted_outside(inner)
        point = self.places.anchor(inner, self.request.own, everywhere=everywhere)
        if point is not None:
            return point, [point.statement] if point.statement in self.places.of_sdk else []
        # Lazy imports stay lazy: each function gets its own.
        return None, [] if everywhere else self.places.first_of_each_function(inner)

    def _missing(self) -> str:
        """The import of the router, where nothing binds its name that is read."""
        name = self.request.name
        if name not in self.request.reads & self.reads.unbound.keys():
            return ""
        package, _, module = self.request.router.rpartition(".")
        return f"{f'from {package} ' if package else ''}import {_alias(module, name)}"

    def _written(
        self,
        unread: UnreadImports,
        in_place: dict[ast.stmt, list[str]],
        missing: str,
        point: Point | None,
    ) -> Iterator[Change]:
        """Drop what is unread; *in_place* go lines that have a home, at *point* what has none."""
        left: dict[ast.stmt, list[str]] = {}
        inserted: dict[Point, list[str]] = {}
        gone = [statement for statement in unread.aliases if unread.is_whole(statement)]
        for home, new in in_place.items():
            # An assignment from what is imported has to stand behind it.
            movable = all(line.startswith(("from ", "import ")) for line in new)
            for line in new:
                place = self._sorted(home, line, gone) if movable else None
                if place is None:
                    left.setdefault(home, []).append(line)
                else:
                    inserted.setdefault(place, []).append(line)
        if point is not None and missing:
            place = self._sorted(point.statement, missing, gone) or point
            inserted.setdefault(place, []).append(missing)
        for statement, aliases in unread.aliases.items():
            if unread.is_whole(statement):
                codes = tuple(left.pop(statement, ()))
                yield ReplaceStatement(span=self.text.span(statement), codes=codes)
            else:
                yield from (DropAlias(span=self.text.span(alias)) for alias in aliases)
        for home, new in left.items():
            inserted[Point(home)] = [*new, *inserted.get(Point(home), ())]
        for place, new in inserted.items():
            yield self._inserted(place, new)

    def _sorted(self, home: ast.stmt, line: str, gone: Collection[ast.stmt]) -> Point | None:
        return sorted_point(self.text, self.new.tree.body, home, line, gone)

    def _inserted(self, point: Point, lines: list[str]) -> Change:
        statement, before, apart = point
        if before:
            codes = (*lines, "") if apart else tuple(lines)
        else:
            below = last_line(statement) + 1
            ends = self.text.line_span(below - 1).end == len(self.text.text)
            apart = apart and not ends and not self.text.line(below).strip()
            codes = ("", *lines) if apart else tuple(lines)
        return InsertStatements(span=self.text.span(statement), codes=codes, before=before)

    def _set(self, place: ast.stmt, unread: UnreadImports, setting: list[str]) -> Change:
        last = self.places.end_of_imports(place, unread)
        apart = last.col_offset == 0 and is_alone(self.text, last)
        return self._inserted(Point(last), ["", *setting] if apart else setting)

    def _at_top(self, lines: list[str]) -> Change:
        """Below the docstring and what is imported from ``__future__``."""
        body = self.new.tree.body
        start = 0 if ast.get_docstring(self.new.tree, clean=False) is None else 1
        behind = [*body[:start], *takewhile(_is_future, body[start:])]
        if behind:
            return self._inserted(Point(behind[-1], apart=True), lines)
        blank = 0 if is_import(body[0]) else 2 if isinstance(body[0], _DEFINITIONS) else 1
        span = self.text.span(body[0])
        return InsertStatements(span=span, codes=(*lines, *[""] * blank), before=True)


def _is_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def _renamed(router: str, names: list[tuple[str, str]]) -> list[str]:
    """Statements that let names mean something of the router, as isort writes them.

    An import takes no dotted name: that of a class of 0.28 is assigned.
    """
    plain = {name for new_name, name in names if new_name == name}
    dotted = [(new_name.rpartition("."), name) for new_name, name in names if "." in new_name]
    plain |= {module for (module, _, _), _ in dotted}
    lines = [
        f"from {router} import {_alias(new_name, name)}"
        for new_name, name in names
        if new_name != name and "." not in new_name
    ]
    lines += [f"from {router} import {', '.join(sorted(plain))}"] if plain else []
    return lines + [f"{name} = {module}.{last}" for (module, _, last), name in dotted]


def _alias(name: str, bound: str) -> str:
    return name if name == bound else f"{name} as {bound}"
