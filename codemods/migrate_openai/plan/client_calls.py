"""Calls on clients, and the clients themselves: what each becomes."""

from __future__ import annotations

import ast
import posixpath
from collections import defaultdict

from codemods.migrate_openai.flow.collect import is_test
from codemods.migrate_openai.flow.signatures import class_named, imported_modules, is_partial
from codemods.migrate_openai.flow.terms import Foreign, RouterClient, SdkClient
from codemods.migrate_openai.plan.arguments import (
    Provider,
    UnmatchedError,
    argument_changes,
    new_keyword,
)
from codemods.migrate_openai.plan.client_notes import RUN_TIME
from codemods.migrate_openai.plan.client_types import ClientTypes
from codemods.migrate_openai.plan.clients import FileClients
from codemods.migrate_openai.plan.decisions import Decision
from codemods.migrate_openai.plan.kept_modules import AS_WRITTEN
from codemods.migrate_openai.plan.kept_names import NamedImports
from codemods.migrate_openai.plan.lookalikes import another_sdk
from codemods.migrate_openai.plan.planner import Draft, Plan, Planner, ResolvedUse, receiver_of
from codemods.migrate_openai.plan.removable_clients import removable_clients
from codemods.migrate_openai.plan.split_clients import SplitClients
from codemods.migrate_openai.rewrite.changes import CopyAssignment, ReplaceStatement, Retarget
from codemods.migrate_openai.rules import CALLS, ROUTER_CALLS, Rule, rule_as_spelled, rule_of
from codemods.migrate_openai.rules.client_attributes import (
    is_inside_call,
    is_passed_on,
    is_router_spelled,
    leads_to_call,
    sends_nothing,
)
from codemods.migrate_openai.rules.endpoints import is_gone
from codemods.migrate_openai.rules.other import (
    CONSTRUCTION,
    LOOK_ALIKE,
    NO_COUNTERPART,
    RESOURCE,
    UNPROVEN,
)
from codemods.migrate_openai.rules.sdk_names import router_class

_NO_COUNTERPART = "LiteLLM has no counterpart"


class ClientCalls:
    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self.draft = Draft(planner)
        self.other_packages = self._other_packages()
        clients = FileClients(planner)
        self.split = SplitClients(clients)
        self.clients = FileClients(planner, self.split.decisions)
        self.removable = removable_clients(self.clients)
        self.imports = NamedImports(planner)
        self.conditional = self._conditional()

    def plan(self) -> Plan:
        for site in self.clients.sites:
            self._site(site)
        done: set[int] = set()
        for member, call in sorted(
            self.clients.constructions.items(), key=lambda i: (i[0].at, i[0].cls)
        ):
            if member.at not in done:
                self._construction(member, call)
            elif (place := self._conditional_place(member, call)) is not None:
                self.draft.renamed[place] = self._class_for(member)
            done.add(member.at)
        return self.draft.plan() + ClientTypes(self.clients).plan()

    def _other_packages(self) -> frozenset[str]:
        """The packages that the file imports, where it imports neither the SDK nor the router."""
        nodes = self.planner.index.nodes
        modules = {module for node in nodes for module in imported_modules(node)}
        packages = {module.split(".")[0] for module in modules}
        known = "openai" in packages or self.planner.evaluator.router in modules
        return frozenset() if known else frozenset(packages)

    def _site(self, site: ResolvedUse) -> None:
        paths = {value.path for value in site.client_paths}
        path = min(paths, key=lambda path: (".".join(path) not in CALLS, path))
        dotted = ".".join(path)
        if not path or sends_nothing(path) or is_inside_call(path):
            return
        target = CALLS.get(dotted)
        if any(another_sdk(value) in self.other_packages for value in site.values):
            if target is not None or leads_to_call(path):
                self.draft.leave(UNPROVEN, site.node, "chosen-at-run-time")
            return
        if all(isinstance(value.client, RouterClient) for value in site.client_paths):
            self._already(site, dotted)
            return
        if site.use.model == "patched":
            self.draft.leave(
                LOOK_ALIKE, site.node, "patched", "a library adds response_model to it"
            )
            return
        if is_router_spelled(path, called=self.planner.call_at(site.node) is not None):
            self._half_migrated(site, path[0])
            return
        if target is None and not leads_to_call(path):
            self._unsupported(site, path)
            return
        decision = self.clients.decision(site)
        assert decision is not None
        rule = rule_of(target) if target else rule_as_spelled(dotted) or RESOURCE
        if self.draft.skips(rule, site.node):
            return
        if not decision.moves:
            self._split(site, decision, dotted)
            return
        call = self.planner.call_at(site.node)
        receiver = receiver_of(site.node, path)
        if (
            decision.as_spelled
            or not self.clients.clear(site)
            or not self.planner.is_placed(site.node)
        ):
            # Something else may stand here too: both answer the spelling of the SDK.
            self.draft.migrate(rule, call or site.node, "through its client")
            return
        if not (target and call and receiver) or decision.group.asynchronous is None:
            # A resource under another name, or a method handed over: the client answers it.
            message = "the router's client answers this spelling"
            self.draft.migrate(rule, call or site.node, message)
            return
        removed = not self.removable.isdisjoint(self.clients.members(site))
        self._rewrite(site, decision, dotted, self.planner.router if removed else "")

    def _already(self, site: ResolvedUse, dotted: str) -> None:
        name = dotted.rpartition(".")[2]
        rule = rule_of(ROUTER_CALLS[name]) if name in ROUTER_CALLS else None
        if dotted in CALLS:
            rule = rule_of(CALLS[dotted])
        elif leads_to_call(tuple(dotted.split("."))) and not self.planner.call_at(site.node):
            rule = RESOURCE
        elif any(isinstance(value, Foreign) for value in site.values):
            return  # another SDK has a method of that name
        rule = rule or rule_as_spelled(dotted)
        if rule is not None:
            self.draft.report(rule, site.node, "already-done")
        elif is_passed_on(dotted) and not leads_to_call(site.client_paths[0].path):
            self._unsupported(site, site.client_paths[0].path)

    def _half_migrated(self, site: ResolvedUse, function: str) -> None:
        """A call that was migrated before its client was: it works where the client moves now."""
        decision = self.clients.decision(site)
        assert decision is not None
        rule = rule_of(ROUTER_CALLS[function])
        if decision.moves:
            self.draft.report(rule, site.node, "already-done", "its client moves in this run")
        elif decision.group.outside:
            self._not_given(rule, site, decision)
        else:
            self.draft.leave(
                rule, site.node, "half-migrated", f"the client {_why_it_stays(decision)[1]}"
            )

    def _not_given(self, rule: Rule, site: ResolvedUse, decision: Decision) -> None:
        here = posixpath.dirname(self.planner.facts.path) or "."
        path = posixpath.relpath(decision.group.outside, here)
        self.draft.leave(rule, site.node, "not-given", f"the client is made in {path}")

    def _unsupported(self, site: ResolvedUse, path: tuple[str, ...]) -> None:
        decision = self.clients.decision(site)
        passed = "the router's client answers it" if not decision or decision.moves else ""
        if is_test(self.planner.facts.path) and not self.planner.call_at(site.node):
            return  # what a fake keeps for the test that asks it
        elif len(path) > 1 or self.planner.call_at(site.node):
            dotted = ".".join(path)
            lacks = "today's SDK has no such method" if is_gone(dotted) else _NO_COUNTERPART
            message = "; ".join(filter(None, (f"{lacks}: {dotted}", passed)))
            self.draft.leave(NO_COUNTERPART, site.node, "no-counterpart", message)

    def _split(self, site: ResolvedUse, decision: Decision, dotted: str) -> None:
        """The client stays for something else; this call moves where it can."""
        target = CALLS.get(dotted)
        if self.clients.is_simple(site, decision):
            if self.clients.settingless(decision):
                self._rewrite(site, decision, dotted, receiver=self.planner.router)
                return
            beside = self.split.beside(site)
            if beside is not None:
                self._rewrite(site, decision, dotted, receiver=beside)
                return
        rule = rule_of(target) if target else RESOURCE
        if decision.group.outside:
            self._not_given(rule, site, decision)
            return
        reason, why = _why_it_stays(decision)
        self.draft.leave(rule, site.node, reason, f"the client {why}")

    def _rewrite(
        self, site: ResolvedUse, decision: Decision, dotted: str, receiver: str = ""
    ) -> None:
        """Call the router's method of the client, or of another *receiver*."""
        target = CALLS[dotted]
        call = self.planner.call_at(site.node)
        assert call is not None
        text = self.planner.text
        name = f"a{target.function}" if decision.group.asynchronous else target.function
        of_module = receiver == self.planner.router
        provider = Provider(at_client=decision.provider and not of_module)
        try:
            arguments = argument_changes(text, call, target, provider)
        except UnmatchedError as error:
            self.draft.leave(rule_of(target), site.node, "arguments", str(error))
            return
        if of_module:
            self.draft.replace(site.node, self.draft.router_name(name))
        elif receiver:
            self.draft.replace(site.node, f"{receiver}.{name}")
        else:
            span, depth = text.span(site.node), dotted.count(".") + 1
            self.draft.changes.append(Retarget(span=span, depth=depth, name=name))
        self.draft.changes += arguments
        self.draft.migrate(rule_of(target), call)

    def _construction(self, member: SdkClient, call: ast.Call) -> None:
        decision = self.clients.decisions[member]
        new = self._class_for(member)
        azure = member.azure and not decision.as_spelled
        provider = "azure" if azure else "openai" if decision.provider else ""
        argument = f'provider="{provider}"' if provider else ""
        if member in self.removable:
            self._remove(call)
            self.draft.migrate(CONSTRUCTION, call, "not needed any more")
            return
        func = self.clients.direct_class(call)
        if not decision.moves:
            self._stays(member, call, new, argument)
            return
        if self.draft.skips(CONSTRUCTION, call):
            return
        named = class_named(call)
        kept = self.planner.kept.is_read(named)
        place = self._conditional_place(member, call)
        if kept:
            argument = "" if azure else argument  # its class says so
        elif place in self.conditional:
            self.draft.renamed[place] = new
        elif func is not None or place is not None:
            self.draft.replace(named, self.draft.router_name(new))
        else:
            self.draft.migrate(CONSTRUCTION, call, "its class is chosen elsewhere")
            return
        if argument:
            skip = 1 if is_partial(call) else 0
            self.draft.changes.append(new_keyword(self.planner.text, call, argument, skip))
        before = "calls on it were migrated before" if decision.group.notes.half_migrated else ""
        self.draft.migrate(CONSTRUCTION, call, AS_WRITTEN if kept else before)

    def _class_for(self, member: SdkClient) -> str:
        return router_class(member.cls, azure=self.clients.decisions[member].as_spelled)

    def _conditional_place(self, member: SdkClient, call: ast.Call) -> int | None:
        """The import of a class under a name that something else, or another class, binds too."""
        kinds = {
            router_class(m.cls, azure=True) for m in self.clients.constructions if m.at == member.at
        }
        if len(kinds) == 1 and self.clients.direct_class(call) is not None:
            return None
        return self.imports.conditional(class_named(call), member.cls)

    def _conditional(self) -> dict[int, str]:
        """Imports of client classes under names that something else binds too, which all move."""
        groups: dict[int, set[str]] = defaultdict(set)
        for member, call in self.clients.constructions.items():
            place = self._conditional_place(member, call)
            if place is not None:
                moves = self.clients.decisions[member].moves
                applies = self.planner.applies(CONSTRUCTION, call)
                groups[place].add(self._class_for(member) if moves and applies else "")
        return {place: name for place, [name, *more] in groups.items() if name and not more}

    def _stays(self, member: SdkClient, call: ast.Call, new: str, argument: str) -> None:
        decision = self.clients.decisions[member]
        beside = self.split.names.get(member, "")
        if beside and self.clients.direct_class(call) is not None:
            statement = self.planner.text.span(self.planner.parent(call))
            callee = self.draft.router_name(new)
            self.draft.changes.append(
                CopyAssignment(span=statement, target=beside, callee=callee, argument=argument)
            )
        notes = decision.group.notes
        if not (notes.others or notes.foreign or decision.group.ineffective_patch):
            return  # only settings of it are read
        reason, why = _why_it_stays(decision)
        message = f"the client {why}" + (f"; beside it: {beside}" if beside else "")
        self.draft.leave(CONSTRUCTION, call, reason, message)

    def _remove(self, call: ast.Call) -> None:
        statement = self.planner.parent(call)
        if isinstance(statement, (ast.Assign, ast.AnnAssign)):
            span = self.planner.text.span(statement)
            self.draft.changes.append(ReplaceStatement(span=span))


def _why_it_stays(decision: Decision) -> tuple[str, str]:
    """The code of the reason, and what to say of the client."""
    others, packages = decision.group.notes.others, decision.group.notes.foreign
    if decision.group.ineffective_patch:
        return "mock", f"is replaced by a test: {decision.group.ineffective_patch}"
    if RUN_TIME in packages:
        return "chosen-at-run-time", RUN_TIME
    uses = ", ".join([*sorted(others), *sorted(packages)][:3])
    return "client-handed" if packages else "client-stays", f"is also used for: {uses}"
