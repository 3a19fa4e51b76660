"""Where some names of a module are read, and where nothing binds them."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import TypeAlias

from codemods.migrate_openai.flow.collect import Analysis
from codemods.migrate_openai.flow.scopes import Binding, Index, Scope
from codemods.migrate_openai.flow.signatures import called_name
from codemods.migrate_openai.flow.terms import Sdk

_LONGEST_ANNOTATION = 200  # characters; a longer string is text that happens to be parsable
ScopedName: TypeAlias = tuple[Scope, str]


class Reads:
    """Where one analysed text reads *names*. String annotations count."""

    def __init__(self, analysis: Analysis, names: Collection[str]) -> None:
        self.index = analysis.index
        self._names = names
        self.by_name: set[ScopedName] = set()
        """Read as plain names, whichever binding it is."""
        self.bindings: set[ast.AST | ScopedName] = set()
        """The nodes that bind what is read; the name itself where it may be any of them."""
        self.unbound: dict[str, list[ast.expr]] = {}
        """Where a name is read that nothing binds, or nothing that runs."""
        for node in self.index.nodes:
            if isinstance(node, ast.Name):
                if node.id in names and not isinstance(node.ctx, ast.Store):
                    self._name(node)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                self._string(node, node.value)

    def _name(self, node: ast.Name) -> None:
        owner = self.index.owner_of(node.id, self.index.scope_of[node])
        if owner is None:
            self.unbound.setdefault(node.id, []).append(node)
            return
        self.by_name.add((owner, node.id))
        reaching = self.index.reaching(node)
        self.bindings |= {b.node for b in reaching} or {(owner, node.id)}
        if all(is_typing_only(self.index, b) for b in reaching) and not is_annotation(
            self.index, node
        ):
            self.unbound.setdefault(node.id, []).append(node)

    def _string(self, node: ast.Constant, text: str) -> None:
        if len(text) > _LONGEST_ANNOTATION or not any(name in text for name in self._names):
            return
        if not (is_annotation(self.index, node) or self._is_cast(node)):
            return
        try:
            tree = ast.parse(text.strip(), mode="eval")
        except (SyntaxError, ValueError):
            return
        for child in ast.walk(tree):
            if not isinstance(child, ast.Name) or child.id not in self._names:
                continue
            owner = self.index.owner_of(child.id, self.index.scope_of[node])
            if owner is None:
                self.unbound.setdefault(child.id, []).append(node)
            else:
                self.bindings.add((owner, child.id))

    def _is_cast(self, node: ast.Constant) -> bool:
        parent = self.index.parents[node]
        return (
            isinstance(parent, ast.Call)
            and parent.args[:1] == [node]
            and called_name(parent.func) == "cast"
        )


def sdk_imports(analysis: Analysis) -> Iterator[tuple[Scope, str, Binding, ast.alias]]:
    """The names that import statements bind to something of the SDK, in the order of the source."""
    found = [
        (scope, name, binding, binding.node)
        for scope in analysis.index.own_scope.values()
        for name, bindings in scope.bindings.items()
        for binding in bindings
        if isinstance(binding.node, ast.alias)
        and any(isinstance(term, Sdk) for term in analysis.evaluator.binding(binding))
    ]
    yield from sorted(found, key=lambda item: (item[3].lineno, item[3].col_offset))


def is_typing_only(index: Index, binding: Binding) -> bool:
    """Is a name bound for type checkers alone?"""
    return any(is_typing_guard(arm) for arm, _ in binding.arms)


def is_typing_guard(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def is_annotation(index: Index, node: ast.AST) -> bool:
    """Is the expression evaluated as an annotation, which may never run?"""
    parent = index.parents.get(node)
    while parent is not None:
        match parent:
            case ast.arg(annotation=part) | ast.AnnAssign(annotation=part):
                return part is node
            case ast.FunctionDef(returns=part) | ast.AsyncFunctionDef(returns=part):
                return part is node
            case ast.stmt():
                return False
        node, parent = parent, index.parents.get(parent)
    return False


def is_listed(analysis: Analysis, name: str) -> bool:
    """Does ``__all__`` name it?"""
    return any(
        isinstance(b.value, (ast.List, ast.Tuple))
        and any(isinstance(e, ast.Constant) and e.value == name for e in b.value.elts)
        for b in analysis.index.module.bindings.get("__all__", [])
    )
