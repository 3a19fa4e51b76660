"""Calls on clients, and the clients themselves: what each becomes."""

from __future__ import annotations

import ast
import posixpath

from codemods.migrate_openai.flow.terms import CLIENT_CLASSES, Client, Foreign, RouterClient
from codemods.migrate_openai.model import Edit
from codemods.migrate_openai.plan.arguments import (
    Provider,
    UnmatchedError,
    argument_edits,
    new_keyword,
)
from codemods.migrate_openai.plan.client_types import ClientClasses
from codemods.migrate_openai.plan.clients import MADE, FileClients, is_partial
from codemods.migrate_openai.plan.fates import RUN_TIME, Fate
from codemods.migrate_openai.plan.lookalikes import UNPROVEN, another_sdk
from codemods.migrate_openai.plan.planner import Planner, Site, receiver_of
from codemods.migrate_openai.plan.removable_clients import Vanishing
from codemods.migrate_openai.plan.split_clients import Siblings
from codemods.migrate_openai.rewrite.text import removal
from codemods.migrate_openai.rules import CALLS, ROUTER_CALLS, rule_of
from codemods.migrate_openai.rules.client_attributes import (
    CLIENT_EXTRAS,
    is_passed_on,
    is_router_spelled,
    leads_to_call,
)

RESOURCE = "MOA203"
LEFT = "MOA901"
PATCHED = "MOA903"
RAW = "MOA904"


class ClientSites:
    def __init__(self, planner: Planner) -> None:
        self.p = planner
        self.c = FileClients(planner)
        self.strangers = self._strangers()
        self.siblings = Siblings(self.c)
        self.vanished = Vanishing(self.c).clients()

    def run(self) -> None:
        for site in self.c.sites:
            self._site(site)
        done: set[int] = set()
        for member, call in sorted(self.c.made.items(), key=lambda i: (i[0].at, i[0].cls)):
            if member.at not in done:
                self._construction(member, call)
            done.add(member.at)
        ClientClasses(self.c).run()

    def _strangers(self) -> frozenset[str]:
        """The packages that the file imports, where it imports neither the SDK nor the router."""
        router = self.p.evaluator.router
        packages: set[str] = set()
        for node in self.p.index.nodes:
            match node:
                case ast.Import(names=names):
                    modules = [alias.name for alias in names]
                case ast.ImportFrom(module=str(module), names=names, level=0):
                    modules = [module, *(f"{module}.{alias.name}" for alias in names)]
                case _:
                    continue
            packages |= {module.split(".")[0] for module in modules}
            if router in modules or "openai" in packages:
                return frozenset()
        return frozenset(packages)

    def _site(self, site: Site) -> None:
        paths = {a.path for a in site.client_paths}
        path = min(paths, key=lambda path: (".".join(path) not in CALLS, path))
        dotted = ".".join(path)
        if not path or path[0] in CLIENT_EXTRAS:
            return
        target = CALLS.get(dotted)
        if any(another_sdk(atom) in self.strangers for atom in site.atoms):
            if target is not None or leads_to_call(path):
                self.p.left(UNPROVEN, site.node, "chosen-at-run-time")
            return
        if all(isinstance(a.client, RouterClient) for a in site.client_paths):
            self._already(site, dotted)
            return
        if site.use.model == "patched":
            self.p.left(PATCHED, site.node, "patched", "a library adds response_model to it")
            return
        if is_router_spelled(path, called=self.p.called(site.node) is not None):
            self._half_migrated(site, path[0])
            return
        if target is None and not leads_to_call(path):
            self._unsupported(site, path)
            return
        fate = self.c.fate(site)
        assert fate is not None
        rule = rule_of(target) if target else RESOURCE
        if not self.p.applies(rule, site.node):
            self.p.left(rule, site.node, "skipped")
            return
        if fate.kind == "stays":
            self._split(site, fate, dotted)
            return
        call = self.p.called(site.node)
        receiver = receiver_of(site.node, path)
        if fate.as_spelled or not self.c.clear(site) or not self.p.is_placed(site.node):
            # Something else may stand here too: both answer the spelling of the SDK.
            self.p.found(rule, call or site.node, "migrated", "through its client")
            return
        if target is None or call is None or receiver is None or fate.asynchronous is None:
            # A resource under another name, or a method handed over: the client answers it.
            self.p.found(
                rule, call or site.node, "migrated", "the router's client answers this spelling"
            )
            return
        self._rewrite(site, fate, dotted, vanished=bool(set(self.c.members(site)) & self.vanished))

    def _already(self, site: Site, dotted: str) -> None:
        name = dotted.rpartition(".")[2]
        rules = {c.function: rule_of(c) for c in CALLS.values()}
        rule = rules.get(name) or rules.get(name.removeprefix("a"))
        if dotted in CALLS:
            rule = rule_of(CALLS[dotted])
        elif leads_to_call(tuple(dotted.split("."))) and not self.p.called(site.node):
            rule = RESOURCE
        elif any(isinstance(a, Foreign) for a in site.atoms):
            return  # another SDK has a method of that name
        if rule is not None:
            self.p.found(rule, site.node, "already-done")
        elif is_passed_on(dotted) and not leads_to_call(site.client_paths[0].path):
            self._unsupported(site, site.client_paths[0].path)

    def _half_migrated(self, site: Site, function: str) -> None:
        """A call that was migrated before its client was: it works where the client moves now."""
        fate = self.c.fate(site)
        assert fate is not None
        rule = rule_of(ROUTER_CALLS[function])
        if fate.kind == "router":
            self.p.found(rule, site.node, "already-done", "its client moves in this run")
        elif fate.outside:
            self._not_given(rule, site, fate)
        else:
            self.p.left(rule, site.node, "half-migrated", f"the client {_why_it_stays(fate)[1]}")

    def _not_given(self, rule: str, site: Site, fate: Fate) -> None:
        here = posixpath.dirname(self.p.facts.path) or "."
        made = posixpath.relpath(fate.outside, here)
        self.p.left(rule, site.node, "not-given", f"the client is made in {made}")

    def _unsupported(self, site: Site, path: tuple[str, ...]) -> None:
        fate = self.c.fate(site)
        passed = "the router's client asks the SDK" if not fate or fate.kind == "router" else ""
        raw = any(p in {"with_raw_response", "with_streaming_response"} for p in path)
        if raw:
            self.p.left(RAW, site.node, "raw-response", passed)
        elif len(path) > 1 or self.p.called(site.node):
            what = f"LiteLLM has no counterpart: {'.'.join(path)}"
            message = "; ".join(filter(None, (what, passed)))
            self.p.left(LEFT, site.node, "no-counterpart", message)

    def _split(self, site: Site, fate: Fate, dotted: str) -> None:
        """The client stays for something else; this call moves where it can."""
        target = CALLS.get(dotted)
        if self.c.is_simple(site, fate):
            if self.c.settingless(fate):
                self._rewrite(site, fate, dotted, vanished=True)
                return
            sibling = self.siblings.name_for(site)
            if sibling is not None:
                self._rewrite(site, fate, dotted, vanished=False, sibling=sibling)
                return
        rule = rule_of(target) if target else RESOURCE
        if fate.outside:
            self._not_given(rule, site, fate)
            return
        reason, why = _why_it_stays(fate)
        self.p.left(rule, site.node, reason, f"the client {why}")

    def _rewrite(
        self, site: Site, fate: Fate, dotted: str, *, vanished: bool, sibling: str | None = None
    ) -> None:
        target = CALLS[dotted]
        call = self.p.called(site.node)
        receiver = receiver_of(site.node, tuple(dotted.split(".")))
        assert call is not None
        assert receiver is not None
        text = self.p.text
        name = f"a{target.function}" if fate.asynchronous else target.function
        at_client = fate.provider and not vanished
        try:
            arguments = argument_edits(text, call, target, Provider(at_client=at_client))
        except UnmatchedError as error:
            self.p.left(rule_of(target), site.node, "arguments", str(error))
            return
        start, end = text.start(site.node), text.end(site.node)
        if vanished:
            edit = Edit(start=start, end=end, replacement=self.p.routed(name, start))
        elif sibling is not None:
            edit = Edit(start=start, end=end, replacement=f"{sibling}.{name}")
        else:
            edit = Edit(start=self._behind(receiver, site.node), end=end, replacement=f".{name}")
        self.p.plan.edits += [edit, *arguments]
        self.p.found(rule_of(target), call, "migrated")

    def _behind(self, receiver: ast.expr, node: ast.expr) -> int:
        """Behind the receiver and the parentheses around it."""
        text = self.p.text
        end = text.end(receiver)
        for word, _, stop in text.tokens(end, text.end(node)):
            if word != ")":
                break
            end = stop
        return end

    def _construction(self, member: Client, call: ast.Call) -> None:
        fate = self.c.fates[member]
        asynchronous, azure = CLIENT_CLASSES[member.cls]
        new = "AsyncClient" if asynchronous else "Client"
        if member in self.vanished:
            self._remove(call)
            self.p.found(MADE, call, "migrated", "not needed any more")
            return
        func = self.c.direct_class(call)
        if fate.kind == "stays":
            sibling = self.siblings.names.get(member)
            if sibling and func is not None:
                self._add_sibling(member, call, func, new, azure, fate)
            if self._reads_only_sdk(fate):
                return
            reason, why = _why_it_stays(fate)
            beside = f"; beside it: {sibling}" if sibling else ""
            self.p.left(MADE, call, reason, f"the client {why}{beside}")
            return
        if not self.p.applies(MADE, call):
            self.p.left(MADE, call, "skipped")
            return
        if func is None:
            self.p.found(MADE, call, "migrated", "its class is chosen elsewhere")
            return
        text = self.p.text
        start = text.start(func)
        self.p.plan.edits.append(
            Edit(start=start, end=text.end(func), replacement=self.p.routed(new, start))
        )
        self._name_provider(call, azure, fate)
        half = "calls on it were migrated before" if fate.half_migrated else ""
        self.p.found(MADE, call, "migrated", half)

    @staticmethod
    def _reads_only_sdk(fate: Fate) -> bool:
        return not fate.others and not fate.foreign and not fate.patched

    def _name_provider(self, call: ast.Call, azure: bool, fate: Fate) -> None:
        if not (azure or fate.provider):
            return
        provider = "azure" if azure else "openai"
        skip = 1 if is_partial(call.func) else 0
        self.p.plan.edits.append(new_keyword(self.p.text, call, f'provider="{provider}"', skip))

    def _remove(self, call: ast.Call) -> None:
        statement = self.p.parent(call)
        if not isinstance(statement, (ast.Assign, ast.AnnAssign)):
            return
        self.p.plan.edits.append(
            removal(self.p.text, statement, only_child=self._only_child(statement))
        )

    def _only_child(self, statement: ast.stmt) -> bool:
        parent = self.p.parent(statement)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(parent, name, None)
            if isinstance(block, list) and statement in block:
                if isinstance(parent, ast.Module):
                    return False
                gone = {self.p.parent(self.c.made[m]) for m in self.vanished if m in self.c.made}
                return all(s in gone for s in block) and block[0] is statement
        return True

    def _add_sibling(
        self, member: Client, call: ast.Call, func: ast.expr, new: str, azure: bool, fate: Fate
    ) -> None:
        text = self.p.text
        statement = self.p.parent(call)
        assert isinstance(statement, ast.Assign)
        end = text.line_span(statement.end_lineno or statement.lineno)[1]
        line = text.line_span(statement.lineno)[0]
        indent = text.text[line : text.start(statement)]
        newline = self.p.text.newline
        lead = "" if text.text[:end].endswith(("\n", "\r")) else newline
        arguments = text.text[text.end(func) : text.end(call)]
        opening = arguments.index("(") + 1
        if azure or fate.provider:
            provider = "azure" if azure else "openai"
            rest = arguments[opening:].lstrip()
            space = arguments[opening : len(arguments) - len(rest)]
            more = "" if rest == ")" else f",{space}" if "\n" in space else ", "
            written = f'{space}provider="{provider}"{more}'
            arguments = f"{arguments[:opening]}{written}{rest}"
        line_text = (
            f"{lead}{indent}{self.siblings.names[member]} = {self.p.routed(new, end)}{arguments}"
        )
        self.p.plan.edits.append(
            Edit(start=end, end=end, replacement=line_text + ("" if lead else newline))
        )


def _why_it_stays(fate: Fate) -> tuple[str, str]:
    """The code of the reason, and what to say of the client."""
    if fate.patched:
        return "mock", "has parts that are replaced here"
    if RUN_TIME in fate.foreign:
        return "chosen-at-run-time", RUN_TIME
    uses = ", ".join((*fate.others, *fate.foreign)[:3])
    return "client-handed" if fate.foreign else "client-stays", f"is also used for: {uses}"
