"""The clients of one file, and what the parts of the plan ask about them."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Mapping

from codemods.migrate_openai.flow.signatures import class_named, root_of
from codemods.migrate_openai.flow.terms import (
    NONE,
    Client,
    ClientPath,
    Param,
    Sdk,
    SdkClient,
    client_class,
)
from codemods.migrate_openai.plan.decisions import Decision
from codemods.migrate_openai.plan.planner import Planner, ResolvedUse, receiver_of
from codemods.migrate_openai.rules import CALLS


class FileClients:
    """The sites on clients, the calls that make clients, and the decision of each client."""

    def __init__(
        self, planner: Planner, decisions: Mapping[SdkClient, Decision] | None = None
    ) -> None:
        self.planner = planner
        self.sites = [
            s for s in planner.sites if any(isinstance(value, ClientPath) for value in s.values)
        ]
        self.constructions = self._constructions()
        self.decisions = dict(planner.view.decisions if decisions is None else decisions)
        self.sites_of: dict[SdkClient, list[ResolvedUse]] = defaultdict(list)
        for site in self.sites:
            for member in dict.fromkeys(self.members(site)):
                self.sites_of[member].append(site)

    def _constructions(self) -> dict[SdkClient, ast.Call]:
        """The calls of this file that make clients."""
        own = (m for m in self.planner.view.decisions if m.path == self.planner.facts.path)
        nodes = ((m, self.planner.index.nodes[m.at]) for m in own if isinstance(m, Client))
        return {member: node for member, node in nodes if isinstance(node, ast.Call)}

    @staticmethod
    def members(site: ResolvedUse) -> list[SdkClient]:
        """The clients and annotated names that a site may act on."""
        return [value.client for value in site.client_paths if isinstance(value.client, SdkClient)]

    def decision(self, site: ResolvedUse) -> Decision | None:
        """What becomes of the client of a site; None where only the router's can be there."""
        members = self.members(site)
        return self.decisions.get(members[0]) if members else None

    def clear(self, site: ResolvedUse) -> bool:
        """Do all values say the same thing?"""
        if not all(
            isinstance(value, (ClientPath, Param)) or value == NONE for value in site.values
        ):
            return False
        return len({value.path for value in site.client_paths}) == 1

    def is_simple(self, site: ResolvedUse, decision: Decision) -> bool:
        """Can this call be written without its client?"""
        path = site.client_paths[0].path
        return (
            ".".join(path) in CALLS
            and self.planner.call_at(site.node) is not None
            and receiver_of(site.node, path) is not None
            and self.clear(site)
            and self.planner.is_placed(site.node)
            and not (decision.as_spelled or decision.group.ineffective_patch)
            and decision.group.asynchronous is not None
        )

    def settingless(self, decision: Decision) -> bool:
        """Does nothing get lost where module-level calls take the clients' place?"""
        return not decision.group.notes.configured and all(
            (call := self.bare_call(member)) is not None and self._names_class(call)
            for member in decision.group.members
        )

    def bare_call(self, member: SdkClient) -> ast.Call | None:
        """The call that makes a client, where that says nothing of it."""
        call = self.constructions.get(member)
        if call is None or call.args or call.keywords or member.azure:
            return None
        return None if self.planner.kept.is_read(call.func) else call

    def _names_class(self, call: ast.Call) -> bool:
        terms = self.planner.evaluator.terms(call.func)
        return any(isinstance(term, Sdk) and client_class(term.name) for term in terms)

    def direct_class(self, call: ast.Call) -> ast.expr | None:
        """The expression that names the client class, where it is spelled out."""
        func = class_named(call)
        root = root_of(func)
        # The module may be missing (``openai = None``): what is read from it is the SDK's.
        of_module = root is not func and Sdk("openai") in self.planner.evaluator.terms(root)
        return func if of_module or self.planner.is_imported(func) else None
