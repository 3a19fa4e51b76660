"""Which imports go: those of the SDK that the program read before, and does not read any more."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from codemods.migrate_openai.flow.collect import Analysis
from codemods.migrate_openai.flow.scopes import Binding, Scope
from codemods.migrate_openai.rewrite.positions import Text
from codemods.migrate_openai.rewrite.reads import Reads, is_listed, is_typing_guard, sdk_imports


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadImports:
    """``aliases`` by statement; ``empty_blocks``: each try and if that holds nothing else."""

    aliases: dict[ast.stmt, list[ast.alias]]
    empty_blocks: list[ast.stmt]

    def is_whole(self, statement: ast.stmt) -> bool:
        """Does a statement lose all its names?"""
        return len(self.aliases.get(statement, ())) == len(names_of(statement))


def unread_imports(
    old: Analysis, old_reads: Reads, new: Analysis, new_reads: Reads, reexports: Collection[str]
) -> dict[ast.stmt, list[ast.alias]]:
    """By statement of the *new* text; *reexports* are the names that other files import from it."""
    found: dict[ast.stmt, list[ast.alias]] = {}
    idle: set[ast.alias] = set()
    for (old_scope, _, _, was), (scope, name, binding, alias) in zip(
        sdk_imports(old), sdk_imports(new), strict=True
    ):
        was_read = (old_scope, name) in old_reads.by_name
        is_fixed = was.lineno in old.file.unprintable_lines
        if is_fixed or not new_reads.bindings.isdisjoint({(scope, name), alias}):
            continue
        if _is_exported(new, scope, name, binding, reexports, was_read=was_read):
            continue
        statement = new.index.statement(alias)
        found.setdefault(statement, []).append(alias)
        if not was_read:
            idle.add(alias)
    for statement, aliases in found.items():
        outer = new.index.parents[statement]
        is_tried = isinstance(outer, ast.Try) and statement in outer.body
        if len(aliases) < len(names_of(statement)) or is_tried:
            # A name that was idle before stays beside the names that stay, and in a try,
            # which asks whether it is there.
            found[statement] = [a for a in aliases if a not in idle]
    return {statement: aliases for statement, aliases in found.items() if aliases}


def _is_exported(
    analysis: Analysis,
    scope: Scope,
    name: str,
    binding: Binding,
    reexports: Collection[str] = (),
    *,
    was_read: bool = True,
) -> bool:
    if scope.parent is not None:
        return False
    alias = binding.node
    return (
        name in reexports
        or name in analysis.parsed.hidden
        or (isinstance(alias, ast.alias) and alias.asname == alias.name)
        or is_listed(analysis, name)
        or (not was_read and analysis.file.path.endswith("__init__.py"))
    )


def with_empty_blocks(
    analysis: Analysis,
    text: Text,
    aliases: dict[ast.stmt, list[ast.alias]],
    refilled: Collection[ast.stmt],
) -> UnreadImports:
    """Add each try and if that holds nothing but imports which go, and what only served those.

    *refilled*: statements that get something in their place.
    """
    unread = UnreadImports(aliases=dict(aliases), empty_blocks=[])
    for node in analysis.index.nodes:
        if isinstance(node, (ast.Try, ast.If)) and _is_emptied(text, node, unread, refilled):
            unread.empty_blocks.append(node)
    gone = {inner for node in unread.empty_blocks for inner in ast.walk(node)}
    for statement in [s for s in unread.aliases if s in gone]:
        del unread.aliases[statement]
    for statement, alias in _idle_guards(analysis, gone):
        unread.aliases.setdefault(statement, []).append(alias)
    return unread


def _is_emptied(
    text: Text, node: ast.Try | ast.If, unread: UnreadImports, refilled: Collection[ast.stmt]
) -> bool:
    source = text.of(node)
    if "#" in source or source.startswith("elif"):
        return False
    blocks = [node.body, node.orelse]
    if isinstance(node, ast.Try):
        blocks += [node.finalbody, *(handler.body for handler in node.handlers)]
    statements = [statement for block in blocks for statement in block]
    goes = [s for s in statements if isinstance(s, _IMPORTS) and unread.is_whole(s)]
    return (
        bool(goes)
        and not any(s in refilled for s in statements)
        and all(s in goes or isinstance(s, ast.Pass) for s in statements)
    )


def _idle_guards(
    analysis: Analysis, gone: Collection[ast.AST]
) -> Iterable[tuple[ast.stmt, ast.alias]]:
    """Imports that only served what is taken away: ``TYPE_CHECKING``."""
    index = analysis.index
    tests = {node.test for node in gone if isinstance(node, ast.If) and is_typing_guard(node)}
    names = {n.id for test in tests for n in ast.walk(test) if isinstance(n, ast.Name)}
    for name in sorted(names):
        loads = (n for n in index.nodes if isinstance(n, ast.Name) and n.id == name)
        if any(node not in gone for node in loads):
            continue
        for binding in index.module.bindings.get(name, []):
            if isinstance(binding.node, ast.alias) and not _is_exported(
                analysis, index.module, name, binding
            ):
                yield index.statement(binding.node), binding.node


_IMPORTS = (ast.Import, ast.ImportFrom)


def names_of(statement: ast.stmt) -> list[ast.alias]:
    assert isinstance(statement, _IMPORTS)
    return statement.names
