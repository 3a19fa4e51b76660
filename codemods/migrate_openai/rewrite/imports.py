"""The import statements, decided on the rewritten text: what nobody reads goes, what is read and
bound nowhere comes."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from codemods.migrate_openai.flow.collect import Analysis
from codemods.migrate_openai.rewrite.changes import (
    Change,
    DropAlias,
    InsertStatements,
    ReplaceStatement,
)
from codemods.migrate_openai.rewrite.import_places import Places, is_import
from codemods.migrate_openai.rewrite.positions import Text, is_alone
from codemods.migrate_openai.rewrite.reads import Reads, sdk_imports
from codemods.migrate_openai.rewrite.unread_imports import (
    Unread,
    names_of,
    unread_imports,
    with_hollow,
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
    wanted: frozenset[str] = frozenset()
    """Names of the SDK that other files import from this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """Changes of the rewritten text, and which of the SDK's imports go, in their order."""

    changes: tuple[Change, ...]
    gone: frozenset[int]


def plan_imports(old: Analysis, new: Analysis, text: Text, request: ImportRequest) -> ImportPlan:
    """*text* and *new* are the rewritten text and its analysis."""
    return _Imports(old, new, text, request).plan()


class _Imports:
    def __init__(self, old: Analysis, new: Analysis, text: Text, request: ImportRequest) -> None:
        self.new = new
        self.text = text
        self.request = request
        names = {name for _, name, _, _ in sdk_imports(new)}
        self.reads = Reads(new, names | request.reads)
        self.aliases = unread_imports(old, Reads(old, names), new, self.reads, request.wanted)
        self.renamed: dict[ast.stmt, list[str]] = {}
        for place, (_, name, _, alias) in enumerate(sdk_imports(new)):
            if place in request.renamed:
                statement = new.index.statement(alias)
                self.aliases.setdefault(statement, []).append(alias)
                line = f"from {request.router} import {_alias(request.renamed[place], name)}"
                self.renamed.setdefault(statement, []).append(line)
        router_reads = self.reads.unbound.get(request.name, [])
        self.places = Places(new, text, router_reads, self.aliases)

    def plan(self) -> ImportPlan:
        lines, needs_router = self._lines()
        inner = self.places.inner(self.aliases)
        everywhere = self.places.wanted_outside(inner)
        anchor = self.places.anchor(inner, everywhere=everywhere) if lines else None
        lazy: set[ast.stmt] = set()
        if anchor is None and lines and not everywhere:
            # Lazy imports stay lazy: each function gets its own.
            lazy = set(self.places.first_of_each_function(inner))
        again = self.places.tried_again(anchor)
        filled = {*lazy, *again, *([anchor] if anchor is not None else [])} if lines else set()
        unread = with_hollow(self.new, self.text, self.aliases, filled | self.renamed.keys())
        changes: list[Change] = []
        for statement in unread.hollow:
            changes.append(ReplaceStatement(span=self.text.span(statement)))
        changes += self._dropped(unread, filled, lines)
        setting = (
            [_LEGACY.format(self.request.name)] if needs_router and self.request.legacy else []
        )
        changes += self._added(unread, anchor, lazy, lines, setting)
        gone = {alias for aliases in self.aliases.values() for alias in aliases}
        return ImportPlan(
            changes=tuple(changes),
            gone=frozenset(
                place for place, (*_, alias) in enumerate(sdk_imports(self.new)) if alias in gone
            ),
        )

    def _lines(self) -> tuple[list[str], bool]:
        """The import statements that are missing, and whether the router's is among them."""
        request, unbound = self.request, self.reads.unbound
        package, _, module = request.router.rpartition(".")
        lines = ["import functools"] if "functools" in request.reads & unbound.keys() else []
        needs_router = request.name in request.reads & unbound.keys()
        if needs_router:
            source = f"from {package} " if package else ""
            lines.append(f"{source}import {_alias(module, request.name)}")
        return lines, needs_router

    def _dropped(
        self, unread: Unread, filled: Collection[ast.stmt], lines: list[str]
    ) -> Iterator[Change]:
        for statement, aliases in unread.aliases.items():
            new = (*lines,) if statement in filled else ()
            new = (*new, *self.renamed.get(statement, ()))
            if len(aliases) == len(names_of(statement)):
                yield ReplaceStatement(span=self.text.span(statement), codes=new)
                continue
            for alias in aliases:
                yield DropAlias(span=self.text.span(alias))
            if new:
                yield self._behind(statement, self.places.set_off(statement, list(new)))

    def _added(
        self,
        unread: Unread,
        anchor: ast.stmt | None,
        lazy: Collection[ast.stmt],
        lines: list[str],
        setting: list[str],
    ) -> Iterator[Change]:
        if lines and anchor is None and not lazy:
            yield self._at_top([*lines, *setting])
            return
        if lines and anchor is not None and anchor not in unread.aliases:
            yield self._behind(anchor, self.places.set_off(anchor, lines))
        for place in lazy or ([anchor] if anchor is not None else []):
            last = self.places.end_of_imports(place, unread)
            if setting:
                set_off = last.col_offset == 0 and is_alone(self.text, last)
                yield self._behind(last, ["", *setting] if set_off else setting)

    def _behind(self, statement: ast.stmt, lines: list[str]) -> Change:
        return InsertStatements(span=self.text.span(statement), codes=tuple(lines))

    def _at_top(self, lines: list[str]) -> Change:
        """Below the docstring and what is imported from ``__future__``."""
        body = self.new.tree.body
        behind: ast.stmt | None = None
        for statement in body:
            docstring = (
                statement is body[0]
                and isinstance(statement, ast.Expr)
                and isinstance(statement.value, ast.Constant)
                and isinstance(statement.value.value, str)
            )
            future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
            if not (docstring or future):
                break
            behind = statement
        if behind is not None:
            return self._behind(behind, lines)
        blank = 0 if is_import(body[0]) else 2 if isinstance(body[0], _DEFINITIONS) else 1
        span = self.text.span(body[0])
        return InsertStatements(span=span, codes=(*lines, *[""] * blank), before=True)


def _alias(name: str, bound: str) -> str:
    return name if name == bound else f"{name} as {bound}"
