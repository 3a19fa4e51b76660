"""Where an import of the router goes: in the SDK's place, as far from the top as that was."""

from __future__ import annotations

import ast
import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence

from codemods.migrate_openai.flow.collect import Analysis
from codemods.migrate_openai.flow.scopes import Index
from codemods.migrate_openai.rewrite.import_order import Point, is_import, third_party_point
from codemods.migrate_openai.rewrite.positions import Text, is_alone
from codemods.migrate_openai.rewrite.reads import is_annotation, is_typing_guard, sdk_imports
from codemods.migrate_openai.rewrite.unread_imports import UnreadImports, names_of

_BLOCKS = ("body", "orelse", "finalbody")


class Places:
    """Questions about the import statements of one text.

    *reads* are the places that read the router's name; *aliases* what goes, by statement.
    """

    def __init__(
        self,
        analysis: Analysis,
        text: Text,
        reads: Sequence[ast.expr],
        aliases: Mapping[ast.stmt, Sequence[ast.alias]],
    ) -> None:
        self.analysis = analysis
        self.index: Index = analysis.index
        self.text = text
        self.reads = [(text.start(node), not is_annotation(self.index, node)) for node in reads]
        self.aliases = aliases
        self.of_sdk = {self.index.statement(alias) for *_, alias in sdk_imports(analysis)}

    # -- in functions

    def inner(self, statements: Iterable[ast.stmt]) -> list[ast.stmt]:
        """Those that stand in a function or class, in order."""
        found = (s for s in statements if self.index.scope_of[s] is not self.index.module)
        return sorted(found, key=self.text.start)

    def wanted_outside(self, inner: Iterable[ast.stmt]) -> bool:
        """Is the router named anywhere that no function-level import of openai covers?"""
        covered = [self._reach(statement) for statement in inner]
        starts = [start for start, _ in covered]
        # As far as those reach that begin up to here.
        ends = [0, *itertools.accumulate((end for _, end in covered), max)]
        return any(at >= ends[bisect_right(starts, at)] for at, _ in self.reads)

    def first_of_each_function(self, inner: Iterable[ast.stmt]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        reads = sorted(at for at, _ in self.reads)
        covered = 0
        for statement in inner:
            start, end = self._reach(statement)
            if end > covered and bisect_left(reads, start) < bisect_left(reads, end):
                found.append(statement)
                covered = end
        return found

    def _reach(self, statement: ast.stmt) -> tuple[int, int]:
        """Where the name is bound for sure: from the import to the end of its branch."""
        inside: ast.AST = statement
        outer = self.index.parents[inside]
        while isinstance(outer, (ast.Try, ast.With, ast.AsyncWith)) and inside in outer.body:
            inside, outer = outer, self.index.parents[outer]
        return self.text.start(statement), self.text.end(_block_of(outer, inside)[-1])

    # -- at the top

    def anchor(
        self, inner: Collection[ast.stmt], own: Collection[str], *, everywhere: bool
    ) -> Point | None:
        """The module-level import statement that the router's import replaces or stands by."""
        first_use = min((at for at, _ in self.reads), default=len(self.text.text))
        runtime = any(needed for _, needed in self.reads)
        imports = [
            node
            for node in self.index.nodes
            if isinstance(node, (ast.Import, ast.ImportFrom))
            and self.index.scope_of[node] is self.index.module
            and self.text.start(node) < first_use
            and not self._is_conditional(node)
        ]
        ours = [s for s in imports if s in self.of_sdk and self._surely_runs(s)]
        ours.sort(key=lambda s: (self._is_typing_only(s), self._is_tried(s)))
        if ours and not (runtime and self._is_typing_only(ours[0])):
            return Point(ours[0])
        if inner and not everywhere:
            return None
        return third_party_point(self.text, self.analysis.tree.body, imports, own)

    def tried_again(self, anchor: ast.stmt | None) -> set[ast.stmt]:
        """Imports in the except clauses of the try that the router's import stands in."""
        outer = self.index.parents[anchor] if anchor is not None else None
        if not isinstance(outer, ast.Try) or anchor not in outer.body:
            return set()
        clauses = {part for handler in outer.handlers for part in ast.walk(handler)}
        return {statement for statement in self.aliases if statement in clauses}

    def end_of_imports(self, statement: ast.stmt, unread: UnreadImports) -> ast.stmt:
        """The last import of the block that an import statement stands in."""
        block = _block_of(self.index.parents[statement], statement)
        last = statement
        for following in block[block.index(statement) + 1 :]:
            if not is_import(following):
                break
            if is_alone(self.text, following) and not unread.is_whole(following):
                last = following
        return last

    def _is_typing_only(self, statement: ast.stmt) -> bool:
        return any(is_typing_guard(node) for node, _ in self.index.arms[statement])

    def _is_tried(self, statement: ast.stmt) -> bool:
        arms = self.index.arms[statement]
        return any(isinstance(node, ast.Try) and name == "body" for node, name in arms)

    def _surely_runs(self, statement: ast.stmt) -> bool:
        """Does what stands in this import's place, or behind it, run whatever is installed?

        In a try, only where nothing before it and nothing left of it may fail.
        """
        parent = self.index.parents[statement]
        if not isinstance(parent, ast.Try) or statement not in parent.body:
            return True
        whole = len(self.aliases.get(statement, ())) == len(names_of(statement))
        return statement is parent.body[0] and whole

    def _is_conditional(self, statement: ast.stmt) -> bool:
        """In a branch that may not run. The body of a try counts as running."""
        return not all(
            isinstance(node, (ast.With, ast.AsyncWith))
            or is_typing_guard(node)
            or (isinstance(node, ast.Try) and name == "body")
            for node, name in self.index.arms[statement]
        )


def _block_of(parent: ast.AST, statement: ast.AST) -> list[ast.stmt]:
    """The list of statements that one stands in."""
    blocks = (getattr(parent, name, None) for name in _BLOCKS)
    return next(b for b in blocks if isinstance(b, list) and statement in b)
