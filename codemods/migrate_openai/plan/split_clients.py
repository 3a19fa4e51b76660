"""A second client beside one that stays: the router's, with the same settings."""

from __future__ import annotations

import ast
from dataclasses import replace

from codemods.migrate_openai.flow.signatures import called_name
from codemods.migrate_openai.flow.terms import Client, SdkClient
from codemods.migrate_openai.plan.clients import FileClients
from codemods.migrate_openai.plan.decisions import Decision
from codemods.migrate_openai.plan.planner import ResolvedUse, receiver_of
from codemods.migrate_openai.rewrite.positions import is_alone
from codemods.migrate_openai.rules import CALLS
from codemods.migrate_openai.rules.client_attributes import leads_to_call
from codemods.migrate_openai.rules.other import CONSTRUCTION

# Calls that may be made twice without anyone noticing.
_REPEATABLE = frozenset(
    {"getenv", "get", "str", "int", "float", "bool", "dict", "Timeout", "Client", "AsyncClient"}
    | {"strip", "rstrip", "format", "join", "get_secret_value", "get_bearer_token_provider"}
)


class SplitClients:
    """Which clients that stay get a second one beside them.

    A client that passes on all that keeps it moves, where its calls cannot leave it.
    """

    def __init__(self, clients: FileClients) -> None:
        self.clients = clients
        self.planner = clients.planner
        self.occurrences = clients.planner.occurrences
        self.names = self._names()
        """The names of the second clients, by the client that each stands beside."""
        self.decisions = dict(clients.decisions)
        """What becomes of every client, now that it is known which can be split."""
        for site in clients.sites:
            decision = clients.decision(site)
            if decision is not None and self._cannot_leave(site, decision):
                every = dict.fromkeys(decision.group.members, replace(decision, moves=True))
                self.decisions.update(every)
        for member in [member for member in self.names if self.decisions[member].moves]:
            del self.names[member]

    def _cannot_leave(self, site: ResolvedUse, decision: Decision) -> bool:
        """Does a call hold on to a client that may move as a whole?"""
        path = site.client_paths[0].path
        is_call = ".".join(path) in CALLS or leads_to_call(path)
        if decision.moves or not (decision.passes and is_call):
            return False
        splits = self.clients.settingless(decision) or self.beside(site) is not None
        return not (self.clients.is_simple(site, decision) and splits)

    def _names(self) -> dict[SdkClient, str]:
        members: set[SdkClient] = set()
        for site in self.clients.sites:
            decision = self.clients.decision(site)
            if decision is None or decision.moves or decision.group.notes.configured:
                continue
            if self.clients.settingless(decision) or not self.clients.is_simple(site, decision):
                continue
            if (member := self._receiver(site)) is not None:
                members.add(member)
        names = {member: self._named(member) for member in sorted(members, key=lambda m: m.at)}
        return {member: name for member, name in names.items() if name is not None}

    def _named(self, member: SdkClient) -> str | None:
        call = self.clients.constructions.get(member)
        if call is None or not self.clients.direct_class(call) or not self._repeatable(call):
            return None
        if not self.planner.applies(CONSTRUCTION, call) or any(
            k.arg == "provider" for k in call.keywords
        ):
            return None
        statement = self.planner.parent(call)
        match statement:
            case ast.Assign(targets=[ast.Name(id=name) as target]):
                scope = self.planner.index.owner_of(name, self.planner.scope(target))
                if scope is None or len(scope.bindings[name]) != 1 or scope.is_class:
                    return None
                new = f"router_{name}"
                taken = new in self.occurrences.bound
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id=("self" | "cls") as holder), attr=name)]
            ):
                new = f"router_{name}"
                taken = (
                    new in self.occurrences.attributes or len(self.occurrences.stores(name)) != 1
                )
                new = f"{holder}.{new}"
            case _:
                return None
        return None if taken or not is_alone(self.planner.text, statement) else new

    def beside(self, site: ResolvedUse) -> str | None:
        """The client beside the one that stays, where it can take this call."""
        member = self._receiver(site)
        return self.names.get(member) if member is not None else None

    def _receiver(self, site: ResolvedUse) -> Client | None:
        """The client that a call is made on, where it names the place that this is assigned to."""
        receiver = receiver_of(site.node, site.client_paths[0].path)
        match [*set(self.clients.members(site))]:
            case [Client() as member] if receiver and self._refers(receiver, member):
                return member
        return None

    def _refers(self, receiver: ast.expr, member: Client) -> bool:
        call = self.clients.constructions.get(member)
        statement = self.planner.parent(call) if call is not None else None
        if not isinstance(statement, ast.Assign):
            return False
        target = statement.targets[0]
        if isinstance(receiver, ast.Name) and isinstance(target, ast.Name):
            return receiver.id == target.id and self.planner.index.owner_of(
                receiver.id, self.planner.scope(receiver)
            ) is self.planner.index.owner_of(target.id, self.planner.scope(target))
        return (
            isinstance(receiver, ast.Attribute)
            and isinstance(target, ast.Attribute)
            and ast.dump(receiver.value) == ast.dump(target.value)
            and receiver.attr == target.attr
        )

    def _repeatable(self, call: ast.Call) -> bool:
        values = [*call.args, *(keyword.value for keyword in call.keywords)]
        return not any(map(_is_once, (node for value in values for node in ast.walk(value))))


def _is_once(node: ast.AST) -> bool:
    """Would somebody notice if this were done twice?"""
    if isinstance(node, ast.Call):
        return called_name(node.func) not in _REPEATABLE
    return isinstance(node, (ast.Await, ast.Yield, ast.NamedExpr))
