"""Which clients without settings disappear: all that they do becomes calls of the module."""

from __future__ import annotations

import ast

from codemods.migrate_openai.flow.terms import CLIENT_CLASSES, Client, Inst, Member, Param, Sdk
from codemods.migrate_openai.plan.clients import MADE, FileClients
from codemods.migrate_openai.plan.fates import Fate
from codemods.migrate_openai.plan.planner import Site, receiver_of
from codemods.migrate_openai.rules import CALLS, rule_of


class Vanishing:
    def __init__(self, clients: FileClients) -> None:
        self.c = clients
        self.p = clients.p

    def clients(self) -> set[Client]:
        if self.p.facts.sets_module or self.p.facts.path.endswith("__init__.py"):
            return set()
        groups: dict[frozenset[Member], Fate] = {}
        for member in self.c.made:
            fate = self.c.fates[member]
            groups[fate.members] = fate
        found: set[Client] = set()
        for members, fate in groups.items():
            if self._can_vanish(members, fate):
                found |= {m for m in members if isinstance(m, Client)}
        return found

    def _can_vanish(self, members: frozenset[Member], fate: Fate) -> bool:
        if fate.kind != "router" or not fate.local or fate.asynchronous is None:
            return False
        sites = [s for s in self.c.sites if members & set(self.c.members(s))]
        if not sites:
            return False
        allowed: set[ast.AST] = set()
        for site in sites:
            path = site.client_paths[0].path
            if not path:
                continue
            receiver = receiver_of(site.node, path)
            if (
                receiver is None
                or not self.c.clear(site)
                or any(isinstance(a, Param) for a in site.atoms)
                or ".".join(path) not in CALLS
                or self.p.called(site.node) is None
                or not self._site_applies(site)
                or not self.p.is_placed(site.node)
            ):
                return False
            allowed.add(receiver)
        for member in members:
            if not isinstance(member, Client) or member not in self.c.made:
                return False
            call = self.c.made[member]
            if call.args or call.keywords or CLIENT_CLASSES[member.cls][1]:
                return False
            if not self.p.applies(MADE, call):
                return False
            if call in allowed:
                continue
            if not self._only_received(call, allowed, members):
                return False
        return True

    def _site_applies(self, site: Site) -> bool:
        call = CALLS.get(".".join(site.client_paths[0].path))
        return call is not None and self.p.applies(rule_of(call), site.node)

    def _only_received(
        self, call: ast.Call, allowed: set[ast.AST], members: frozenset[Member]
    ) -> bool:
        """Is what the client is assigned to only ever the receiver of calls that move?"""
        statement = self.p.parent(call)
        match statement:
            case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
                pass
            case _:
                return False
        if isinstance(target, ast.Name):
            return self._name_only_received(target, allowed, members)
        if isinstance(target, ast.Attribute):
            return self._attribute_only_received(target, allowed, members)
        return False

    def _name_only_received(
        self, target: ast.Name, allowed: set[ast.AST], members: frozenset[Member]
    ) -> bool:
        scope = self.p.index.owner_of(target.id, self.p.scope(target))
        if scope is None:
            return False
        calls = {self.c.made[m] for m in members if isinstance(m, Client)}
        if any(b.value not in calls or b.path for b in scope.bindings[target.id]):
            return False
        if scope is self.p.index.module and self._is_listed(target.id):
            return False
        if target.id in self.p.analysis.parsed.hidden:
            return False
        if scope.is_class:
            return self._attribute_loads_allowed(target.id, allowed)
        for node in self.p.index.nodes:
            if (
                isinstance(node, ast.Name)
                and node.id == target.id
                and isinstance(node.ctx, (ast.Load, ast.Del))
                and self.p.index.owner_of(node.id, self.p.scope(node)) is scope
                and node not in allowed
            ):
                return False
            if isinstance(node, (ast.Global, ast.Nonlocal)) and target.id in node.names:
                return False
        return True

    def _attribute_only_received(
        self, target: ast.Attribute, allowed: set[ast.AST], members: frozenset[Member]
    ) -> bool:
        if not any(isinstance(t, Inst) for t in self.p.evaluator.terms(target.value)):
            return False
        calls = {self.c.made[m] for m in members if isinstance(m, Client)}
        for node in self.p.index.nodes:
            if (
                isinstance(node, ast.Attribute)
                and node.attr == target.attr
                and isinstance(node.ctx, ast.Store)
                and getattr(self.p.parent(node), "value", None) not in calls
            ):
                return False
            if isinstance(node, ast.ClassDef) and target.attr in (
                self.p.index.own_scope[node].bindings
            ):
                return False
        return self._attribute_loads_allowed(target.attr, allowed)

    def _attribute_loads_allowed(self, attr: str, allowed: set[ast.AST]) -> bool:
        if attr in self.p.analysis.parsed.hidden:
            return False
        for node in self.p.index.nodes:
            if (
                isinstance(node, ast.Attribute)
                and node.attr == attr
                and not isinstance(node.ctx, ast.Store)
                and node not in allowed
                and not any(isinstance(t, Sdk) for t in self.p.evaluator.terms(node))
            ):
                return False
            if isinstance(node, ast.Constant) and node.value == attr:
                return False
        return True

    def _is_listed(self, name: str) -> bool:
        return any(
            isinstance(b.value, (ast.List, ast.Tuple))
            and any(isinstance(e, ast.Constant) and e.value == name for e in b.value.elts)
            for b in self.p.index.module.bindings.get("__all__", [])
        )
