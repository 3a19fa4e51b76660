"""Mentions of the client classes: annotations, base classes, isinstance."""

from __future__ import annotations

import ast
import re

from codemods.migrate_openai.flow.terms import CLIENT_CLASSES, Typed, client_class
from codemods.migrate_openai.model import Edit
from codemods.migrate_openai.plan.clients import MADE, FileClients
from codemods.migrate_openai.plan.planner import Site

TYPED = "MOA202"

_ASKING = frozenset({"isinstance", "issubclass"})


class ClientClasses:
    def __init__(self, clients: FileClients) -> None:
        self.c = clients
        self.p = clients.p

    def run(self) -> None:
        self._annotations()
        self._class_references()

    def _annotations(self) -> None:
        """Annotations of what is now the router's client."""
        for member, fate in self.c.fates.items():
            if not isinstance(member, Typed) or member.path != self.p.facts.path:
                continue
            if member.at < 0 or fate.kind != "router":
                continue
            node = self.p.index.nodes[member.at]
            if isinstance(node, ast.Constant):
                self._string_annotation(node, member)
                continue
            self._rename_class(node, member.cls, runtime=not self.p.is_annotation(node))
            self.p.found(TYPED, node, "migrated")

    def _rename_class(self, node: ast.AST, cls: str, *, runtime: bool) -> None:
        start = self.p.text.start(node)
        asynchronous, azure = CLIENT_CLASSES[cls]
        # An annotation takes any client; a value is what makes it Azure's.
        new = f"{'Async' * asynchronous}{'Azure' * (azure and runtime)}Client"
        self.p.plan.edits.append(
            Edit(
                start=start,
                end=self.p.text.end(node),
                replacement=self.p.routed(new, start, runtime=runtime),
            )
        )

    def _string_annotation(self, node: ast.Constant, member: Typed) -> None:
        start = self.p.text.start(node)
        source = self.p.text.of(node)
        new = "AsyncClient" if CLIENT_CLASSES[member.cls][0] else "Client"
        for match in re.finditer(rf"(?<![\w.])(?:\w+\.)?{member.cls}\b", source):
            at = start + match.start()
            self.p.plan.edits.append(
                Edit(
                    start=at,
                    end=start + match.end(),
                    replacement=self.p.routed(new, at, runtime=False),
                )
            )
            self.p.found(TYPED, node, "migrated")
            return

    def _class_references(self) -> None:
        """Base classes, isinstance and the like."""
        done = {id(self.c.direct_class(call)) for call in self.c.made.values()}
        typed = {m.at for m in self.c.fates if isinstance(m, Typed) and m.path == self.p.facts.path}
        own = [f for m, f in self.c.fates.items() if m.path == self.p.facts.path]
        everything_moves = bool(own) and all(f.kind == "router" for f in own)
        for site in self.p.sites:
            for name in site.sdk:
                cls = client_class(name)
                if cls is None or site.use.place in typed or id(site.node) in done:
                    continue
                if not self.p.imported(site.node):
                    continue
                self._class_reference(site, cls, everything_moves)

    def _class_reference(self, site: Site, cls: str, everything_moves: bool) -> None:
        parent = self.p.parent(site.node)
        if isinstance(parent, ast.ClassDef):
            place = self.p.evaluator.place[parent]
            client = self.p.view.classes.get(place)
            fate = self.c.fates.get(client) if client else None
            if fate is not None and fate.kind == "router":
                self._rename_class(site.node, cls, runtime=True)
                self.p.found(MADE, site.node, "migrated")
            else:
                self.p.left(MADE, site.node, "subclass")
            return
        annotation = self.p.is_annotation(site.node)
        if everything_moves or (not annotation and self._is_chosen(site.node, cls)):
            self._rename_class(site.node, cls, runtime=not annotation)
            self.p.found(TYPED, site.node, "migrated")

    def _is_chosen(self, node: ast.expr, cls: str) -> bool:
        """Is this the class that calls elsewhere make clients of, which all move?"""
        parent = self.p.parent(node)
        if isinstance(parent, ast.Tuple):
            parent = self.p.parent(parent)
        if isinstance(parent, ast.Call) and getattr(parent.func, "id", "") in _ASKING:
            return False
        fates = [
            self.c.fates[member]
            for member, call in self.c.made.items()
            if member.cls == cls and member in self.c.fates and self.c.direct_class(call) is None
        ]
        return bool(fates) and all(fate.kind == "router" for fate in fates)
