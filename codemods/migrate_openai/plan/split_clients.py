"""A second client beside one that stays: the router's, with the same settings."""

from __future__ import annotations

import ast
from dataclasses import replace

from codemods.migrate_openai.flow.terms import Client, Member
from codemods.migrate_openai.plan.clients import MADE, FileClients
from codemods.migrate_openai.plan.fates import FateKind
from codemods.migrate_openai.plan.planner import Site, receiver_of
from codemods.migrate_openai.rewrite.text import is_alone
from codemods.migrate_openai.rules import CALLS
from codemods.migrate_openai.rules.client_attributes import leads_to_call

# Calls that may be made twice without anyone noticing.
_REPEATABLE = frozenset(
    {
        "getenv",
        "get",
        "str",
        "int",
        "float",
        "bool",
        "dict",
        "Timeout",
        "get_secret_value",
        "Client",
    }
    | {"AsyncClient", "strip", "format", "join", "rstrip", "get_bearer_token_provider"}
)


class Siblings:
    """The names of the second clients, by the client that each stands beside."""

    def __init__(self, clients: FileClients) -> None:
        self.c = clients
        self.p = clients.p
        self.names = self._plan()
        self._move_unsplit()

    def _plan(self) -> dict[Client, str]:
        wanted: set[Client] = set()
        for site in self.c.sites:
            fate = self.c.fate(site)
            if fate is None or fate.kind != "stays" or self.c.settingless(fate) or fate.configured:
                continue
            members = set(self.c.members(site))
            receiver = receiver_of(site.node, site.client_paths[0].path)
            if not self.c.is_simple(site, fate) or len(members) > 1 or receiver is None:
                continue
            member = members.pop()
            if isinstance(member, Client) and self._refers(receiver, member):
                wanted.add(member)
        names = {member: self._named(member) for member in sorted(wanted, key=lambda m: m.at)}
        return {member: name for member, name in names.items() if name is not None}

    def _named(self, member: Client) -> str | None:
        call = self.c.made.get(member)
        if call is None or not self.c.direct_class(call) or not self._repeatable(call):
            return None
        if not self.p.applies(MADE, call) or any(k.arg == "provider" for k in call.keywords):
            return None
        statement = self.p.parent(call)
        match statement:
            case ast.Assign(targets=[ast.Name(id=name) as target]):
                scope = self.p.index.owner_of(name, self.p.scope(target))
                if scope is None or len(scope.bindings[name]) != 1 or scope.is_class:
                    return None
                new = f"router_{name}"
                taken = {n for s in self.p.index.own_scope.values() for n in s.bindings}
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id=("self" | "cls") as holder), attr=name)]
            ):
                new = f"router_{name}"
                taken = {n.attr for n in self.p.index.nodes if isinstance(n, ast.Attribute)}
                stores = [
                    n
                    for n in self.p.index.nodes
                    if isinstance(n, ast.Attribute)
                    and n.attr == name
                    and isinstance(n.ctx, ast.Store)
                ]
                if len(stores) != 1:
                    return None
                return None if new in taken else f"{holder}.{new}"
            case _:
                return None
        return None if new in taken or not is_alone(self.p.text, statement) else new

    def name_for(self, site: Site) -> str | None:
        """The client beside the one that stays, where it can take this call."""
        members = set(self.c.members(site))
        member = members.pop()
        if members or not isinstance(member, Client):
            return None
        receiver = receiver_of(site.node, site.client_paths[0].path)
        refers = receiver is not None and self._refers(receiver, member)
        return self.names.get(member) if refers else None

    def _refers(self, receiver: ast.expr, member: Member) -> bool:
        """Does the receiver name the very place that the client was assigned to?"""
        statement = self.p.parent(self.c.made[member]) if member in self.c.made else None
        if not isinstance(statement, ast.Assign):
            return False
        target = statement.targets[0]
        if isinstance(receiver, ast.Name) and isinstance(target, ast.Name):
            return receiver.id == target.id and self.p.index.owner_of(
                receiver.id, self.p.scope(receiver)
            ) is self.p.index.owner_of(target.id, self.p.scope(target))
        return (
            isinstance(receiver, ast.Attribute)
            and isinstance(target, ast.Attribute)
            and ast.dump(receiver.value) == ast.dump(target.value)
            and receiver.attr == target.attr
        )

    def _repeatable(self, call: ast.Call) -> bool:
        for value in [*call.args, *(k.value for k in call.keywords)]:
            for node in ast.walk(value):
                if isinstance(node, (ast.Await, ast.Yield, ast.NamedExpr)):
                    return False
                if isinstance(node, ast.Call):
                    name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
                    if name not in _REPEATABLE:
                        return False
        return True

    def _move_unsplit(self) -> None:
        """A client that passes on all that keeps it moves, where its calls cannot leave it."""
        for site in self.c.sites:
            fate = self.c.fate(site)
            path = site.client_paths[0].path
            if fate is None or fate.kind != "stays" or not fate.passes:
                continue
            if ".".join(path) not in CALLS and not leads_to_call(path):
                continue
            if self.c.is_simple(site, fate) and (
                self.c.settingless(fate) or self.name_for(site) is not None
            ):
                continue
            for member in fate.members:
                self.c.fates[member] = replace(fate, kind=FateKind.ROUTER)
                if isinstance(member, Client):
                    self.names.pop(member, None)
