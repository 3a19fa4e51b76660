"""Mentions of the client classes: annotations, base classes, isinstance."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cached_property

from codemods.migrate_openai.flow.signatures import called_name
from codemods.migrate_openai.flow.terms import SdkClient, TypedClient, client_class
from codemods.migrate_openai.plan.clients import FileClients
from codemods.migrate_openai.plan.decisions import Decision
from codemods.migrate_openai.plan.kept_modules import AS_WRITTEN
from codemods.migrate_openai.plan.kept_names import NamedImports
from codemods.migrate_openai.plan.planner import Draft, Plan, ResolvedUse
from codemods.migrate_openai.rules.other import CONSTRUCTION, DECLARATION
from codemods.migrate_openai.rules.sdk_names import ROUTER_CLASSES, router_class

_ASKING = frozenset({"isinstance", "issubclass"})


class ClientTypes:
    def __init__(self, clients: FileClients) -> None:
        self.clients = clients
        self.planner = clients.planner
        self.draft = Draft(clients.planner)

    def plan(self) -> Plan:
        self._annotations()
        self._class_references()
        return self.draft.plan()

    def _own_decisions(self) -> list[tuple[SdkClient, Decision]]:
        """What becomes of the clients that this file makes or declares."""
        path = self.planner.facts.path
        return [(m, decision) for m, decision in self.clients.decisions.items() if m.path == path]

    @cached_property
    def _all_move(self) -> bool:
        """Are all clients that this file, or the whole project, has to do with the router's?"""
        own = [decision for _, decision in self._own_decisions() if not decision.unused]
        moves = bool(own) and all(decision.moves for decision in own)
        return moves or (not own and self.planner.view.all_move)

    def _annotations(self) -> None:
        """Annotations of what is now the router's client."""
        strings: dict[ast.Constant, list[str]] = defaultdict(list)
        for member, decision in self._own_decisions():
            if not isinstance(member, TypedClient) or member.at < 0:
                continue
            if not (decision.moves or (decision.unused and self._all_move)):
                continue
            node = self.planner.index.nodes[member.at]
            if not self.planner.applies(DECLARATION, node):
                self.draft.leave(DECLARATION, node, "skipped")
            elif isinstance(node, ast.Constant) and self._reads_kept_module(node, member.cls):
                self.draft.migrate(DECLARATION, node, AS_WRITTEN)
            elif isinstance(node, ast.Constant):
                strings[node].append(member.cls)
            else:
                self._rename_class(node, member.cls, runtime=not self.planner.is_annotation(node))
                self.draft.migrate(DECLARATION, node)
        places = NamedImports(self.planner)
        for node, classes in strings.items():
            kept = {cls: places.kept(cls) for cls in classes}
            self._string_annotation(node, [cls for cls, place in kept.items() if place is None])
            for cls, place in kept.items():
                if place is not None:
                    self.draft.renamed[place] = ROUTER_CLASSES[cls]
                    self.draft.migrate(DECLARATION, node)

    def _rename_class(self, node: ast.AST, cls: str, *, runtime: bool) -> None:
        if self.planner.kept.is_read(node):
            return
        # An annotation takes any client, but names none twice; a value is what makes it Azure's.
        azure = runtime or self._is_alternative(node)
        self.draft.replace(node, self.draft.router_name(router_class(cls, azure=azure)))

    def _reads_kept_module(self, node: ast.Constant, cls: str) -> bool:
        """``"openai.OpenAI"``, where that name stays."""
        names = {alias.asname or alias.name for alias in self.planner.kept.modules}
        return any(f"{name}.{cls}" in str(node.value) for name in names)

    def _is_alternative(self, node: ast.AST) -> bool:
        """Is this one of several in a union?"""
        return isinstance(self.planner.parent(node), (ast.BinOp, ast.Tuple))

    def _string_annotation(self, node: ast.Constant, classes: list[str]) -> None:
        code = old = self.planner.text.of(node)
        for cls in classes:
            new = self.draft.router_name(router_class(cls, azure=len(classes) > 1))
            code = re.sub(rf"(?<![\w.])(?:\w+\.)?{cls}\b", new, code, count=1)
        if code != old:
            self.draft.replace(node, code)
            self.draft.migrate(DECLARATION, node)

    def _class_references(self) -> None:
        """Base classes, isinstance and the like."""
        done = {id(self.clients.direct_class(call)) for call in self.clients.constructions.values()}
        typed = {
            member.at for member, _ in self._own_decisions() if isinstance(member, TypedClient)
        }
        for site in self.planner.sites:
            if site.use.place in typed or id(site.node) in done:
                continue
            for cls in filter(None, map(client_class, site.sdk)):
                if self.planner.is_imported(site.node):
                    self._class_reference(site, cls)

    def _class_reference(self, site: ResolvedUse, cls: str) -> None:
        parent = self.planner.parent(site.node)
        if isinstance(parent, ast.ClassDef):
            place = self.planner.evaluator.place[parent]
            client = self.planner.view.classes.get(place)
            decision = self.clients.decisions.get(client) if client else None
            moves = decision is not None and decision.moves
            if moves and self.planner.applies(CONSTRUCTION, site.node):
                self._rename_class(site.node, cls, runtime=True)
                self.draft.migrate(CONSTRUCTION, site.node)
            else:
                self.draft.leave(CONSTRUCTION, site.node, "subclass")
            return
        annotation = self.planner.is_annotation(site.node)
        if not self.planner.applies(DECLARATION, site.node):
            return
        declared = self.planner.facts.public_parameters
        if self._is_asked(site.node) and any(isinstance(term, TypedClient) for term in declared):
            return  # of a client that others give it: those of the router are of the SDK's too
        if self._all_move or (not annotation and self._is_chosen(site.node, cls)):
            self._rename_class(site.node, cls, runtime=not annotation)
            self.draft.migrate(DECLARATION, site.node)

    def _is_asked(self, node: ast.expr) -> bool:
        """``isinstance(client, OpenAI)``, ``case OpenAI():``."""
        parent = self.planner.parent(node)
        if isinstance(parent, ast.MatchClass):
            return True
        if isinstance(parent, ast.Tuple):
            parent = self.planner.parent(parent)
        return isinstance(parent, ast.Call) and called_name(parent.func) in _ASKING

    def _is_chosen(self, node: ast.expr, cls: str) -> bool:
        """Is this the class that calls elsewhere make clients of, which all move?"""
        if self._is_asked(node):
            return False
        moves = [
            self.clients.decisions[member].moves
            for member, call in self.clients.constructions.items()
            if member.cls == cls and self.clients.direct_class(call) is None
        ]
        return bool(moves) and all(moves)
