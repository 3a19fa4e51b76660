"""Which clients without settings disappear: all that they do becomes calls of the module."""

from __future__ import annotations

import ast

from codemods.migrate_openai.flow.terms import Param, Sdk, SdkClient
from codemods.migrate_openai.plan.clients import FileClients
from codemods.migrate_openai.plan.decisions import Decision
from codemods.migrate_openai.plan.planner import receiver_of
from codemods.migrate_openai.rewrite.reads import is_listed
from codemods.migrate_openai.rules import CALLS, rule_of
from codemods.migrate_openai.rules.other import CONSTRUCTION


def removable_clients(clients: FileClients) -> frozenset[SdkClient]:
    """The clients that no program misses once their calls have moved."""
    facts = clients.planner.facts
    if facts.sets_module or facts.path.endswith("__init__.py"):
        return frozenset()
    decisions = [clients.decisions[member] for member in clients.constructions]
    groups = {decision.group.members: decision for decision in decisions}
    removed = filter(_Removal(clients).are_calls, groups.values())
    return frozenset(member for decision in removed for member in decision.group.members)


class _Removal:
    def __init__(self, clients: FileClients) -> None:
        self.clients = clients
        self.planner = clients.planner
        self.occurrences = clients.planner.occurrences

    def are_calls(self, decision: Decision) -> bool:
        """Are clients nothing but the receivers of calls that move?"""
        members = decision.group.members
        if not decision.moves or decision.group.shared:
            return False
        sites = list({id(s): s for m in members for s in self.clients.sites_of[m]}.values())
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
                or not self.clients.is_simple(site, decision)
                or any(isinstance(value, Param) for value in site.values)
                or not self.planner.applies(rule_of(CALLS[".".join(path)]), site.node)
            ):
                return False
            allowed.add(receiver)
        for member in members:
            call = self.clients.bare_call(member)
            if call is None or not self.planner.applies(CONSTRUCTION, call):
                return False
            if call not in allowed and not self._only_received(call, allowed, members):
                return False
        return True

    def _only_received(
        self, call: ast.Call, allowed: set[ast.AST], members: frozenset[SdkClient]
    ) -> bool:
        """Is what the client is assigned to only ever the receiver of calls that move?"""
        match self.planner.parent(call):
            case (
                ast.Assign(targets=[ast.Name() as target])
                | ast.AnnAssign(target=ast.Name() as target)
            ):
                pass
            case _:
                return False  # an object that cannot have its client fails when it is made
        scope = self.planner.index.owner_of(target.id, self.planner.scope(target))
        if scope is None:
            return False
        calls = {self.clients.constructions.get(member) for member in members}
        if any(b.value not in calls or b.path for b in scope.bindings[target.id]):
            return False
        if scope is self.planner.index.module and is_listed(self.planner.analysis, target.id):
            return False
        if (
            target.id in self.planner.analysis.parsed.hidden
            or target.id in self.occurrences.declared
        ):
            return False
        if scope.is_class:
            return self._attribute_loads_allowed(target.id, allowed)
        return all(
            node in allowed or isinstance(node.ctx, ast.Store)
            for node in self.occurrences.names_of(scope, target.id)
        )

    def _attribute_loads_allowed(self, attr: str, allowed: set[ast.AST]) -> bool:
        if attr in self.planner.analysis.parsed.hidden or attr in self.occurrences.strings:
            return False
        return all(
            isinstance(node.ctx, ast.Store)
            or node in allowed
            or any(isinstance(t, Sdk) for t in self.planner.evaluator.terms(node))
            for node in self.occurrences.attributes[attr]
        )
