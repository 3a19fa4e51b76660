"""Where names are written in one module, looked up by name: each question once for all clients."""

from __future__ import annotations

import ast
from collections import defaultdict

from codemods.migrate_openai.flow.scopes import Index, Scope


class Occurrences:
    def __init__(self, index: Index) -> None:
        self._index = index
        self._by_owner: dict[str, dict[Scope | None, list[ast.Name]]] = {}
        self.names: dict[str, list[ast.Name]] = defaultdict(list)
        self.attributes: dict[str, list[ast.Attribute]] = defaultdict(list)
        self.strings: set[str] = set()
        self.declared: set[str] = set()
        """Names in global and nonlocal statements."""
        self.of_classes: set[str] = set()
        """Names that some class of the module binds in its body."""
        for node in index.nodes:
            match node:
                case ast.Name(id=name):
                    self.names[name].append(node)
                case ast.Attribute(attr=name):
                    self.attributes[name].append(node)
                case ast.Constant(value=str(text)):
                    self.strings.add(text)
                case ast.Global(names=names) | ast.Nonlocal(names=names):
                    self.declared.update(names)
                case ast.ClassDef():
                    self.of_classes.update(index.own_scope[node].bindings)
        self.bound = {name for scope in index.own_scope.values() for name in scope.bindings}
        """Names that are bound anywhere in the module."""

    def stores(self, attribute: str) -> list[ast.Attribute]:
        """Where an attribute of that name is assigned."""
        return [n for n in self.attributes[attribute] if isinstance(n.ctx, ast.Store)]

    def names_of(self, owner: Scope, name: str) -> list[ast.Name]:
        """Where the name that a scope owns is written, in it and in those inside."""
        if name not in self._by_owner:
            found = self._by_owner[name] = {}
            for node in self.names[name]:
                scope = self._index.owner_of(name, self._index.scope_of[node])
                found.setdefault(scope, []).append(node)
        return self._by_owner[name].get(owner, [])
