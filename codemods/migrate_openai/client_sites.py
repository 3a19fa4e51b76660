"""Calls on clients, and the clients themselves: which vanish, which become the router's."""

from __future__ import annotations

import ast
import posixpath
import re
from dataclasses import replace

from codemods.migrate_openai.arguments import Provider, UnmatchedError, argument_edits, new_keyword
from codemods.migrate_openai.functions import default_factory
from codemods.migrate_openai.model import Edit
from codemods.migrate_openai.others import UNPROVEN, another_sdk
from codemods.migrate_openai.plan import Planner, Site, receiver_of
from codemods.migrate_openai.project import (
    CLIENT_EXTRAS,
    RUN_TIME,
    Fate,
    is_passed_on,
    leads_to_call,
)
from codemods.migrate_openai.rules import CALLS, rule_of
from codemods.migrate_openai.terms import (
    CLIENT_CLASSES,
    NONE,
    Client,
    ClientPath,
    Foreign,
    Inst,
    Member,
    Param,
    RouterClient,
    Sdk,
    Typed,
    client_class,
)
from codemods.migrate_openai.text import is_alone, removal

MADE = "MOA201"
TYPED = "MOA202"
RESOURCE = "MOA203"
LEFT = "MOA901"
PATCHED = "MOA903"
RAW = "MOA904"

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

_ASKING = frozenset({"isinstance", "issubclass"})


class ClientSites:
    def __init__(self, planner: Planner) -> None:
        self.p = planner
        self.mine = [s for s in planner.sites if any(isinstance(a, ClientPath) for a in s.atoms)]
        self.strangers = self._strangers()
        self.made = self._constructions()
        self.fates = dict(planner.view.fates)
        self.siblings = self._plan_siblings()
        self._move_unsplit()
        self.vanished = self._vanishing()

    # -- what there is

    def _constructions(self) -> dict[Client, ast.Call]:
        """The calls of this file that make clients."""
        found: dict[Client, ast.Call] = {}
        members = set(self.p.view.fates)
        for member in members:
            if isinstance(member, Client) and member.path == self.p.facts.path:
                node = self.p.index.nodes[member.at]
                if isinstance(node, ast.Call):
                    found[member] = node
        return found

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

    @staticmethod
    def _members(site: Site) -> list[Member]:
        return [a.client for a in site.client_paths if isinstance(a.client, (Client, Typed))]

    def _fate(self, site: Site) -> Fate | None:
        members = self._members(site)
        return self.fates.get(members[0]) if members else None

    def _clear(self, site: Site) -> bool:
        """Do all atoms say the same thing?"""
        if not all(isinstance(a, (ClientPath, Param)) or a == NONE for a in site.atoms):
            return False
        return len({a.path for a in site.client_paths}) == 1

    # -- clients without settings

    def _vanishing(self) -> set[Client]:
        if self.p.facts.sets_module or self.p.facts.path.endswith("__init__.py"):
            return set()
        groups: dict[frozenset[Member], Fate] = {}
        for member in self.made:
            fate = self.fates[member]
            groups[fate.members] = fate
        found: set[Client] = set()
        for members, fate in groups.items():
            if self._can_vanish(members, fate):
                found |= {m for m in members if isinstance(m, Client)}
        return found

    def _can_vanish(self, members: frozenset[Member], fate: Fate) -> bool:
        if fate.kind != "router" or not fate.local or fate.asynchronous is None:
            return False
        sites = [s for s in self.mine if members & set(self._members(s))]
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
                or not self._clear(site)
                or any(isinstance(a, Param) for a in site.atoms)
                or ".".join(path) not in CALLS
                or self.p.called(site.node) is None
                or not self._site_applies(site)
                or not self.p.is_placed(site.node)
            ):
                return False
            allowed.add(receiver)
        for member in members:
            if not isinstance(member, Client) or member not in self.made:
                return False
            call = self.made[member]
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
        calls = {self.made[m] for m in members if isinstance(m, Client)}
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
        calls = {self.made[m] for m in members if isinstance(m, Client)}
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

    # -- calls

    def run(self) -> None:
        for site in self.mine:
            self._site(site)
        done: set[int] = set()
        for member, call in sorted(self.made.items(), key=lambda i: (i[0].at, i[0].cls)):
            if member.at not in done:
                self._construction(member, call)
            done.add(member.at)
        self._annotations()
        self._class_references()

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
        if target is None and not leads_to_call(path):
            self._unsupported(site, path)
            return
        fate = self._fate(site)
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
        if fate.as_spelled or not self._clear(site) or not self.p.is_placed(site.node):
            # Something else may stand here too: both answer the spelling of the SDK.
            self.p.found(rule, call or site.node, "migrated", "through its client")
            return
        if target is None or call is None or receiver is None or fate.asynchronous is None:
            # A resource under another name, or a method handed over: the client answers it.
            self.p.found(
                rule, call or site.node, "migrated", "the router's client answers this spelling"
            )
            return
        self._rewrite(site, fate, dotted, vanished=bool(set(self._members(site)) & self.vanished))

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

    def _unsupported(self, site: Site, path: tuple[str, ...]) -> None:
        fate = self._fate(site)
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
        if self._is_simple(site, fate):
            if self._settingless(fate):
                self._rewrite(site, fate, dotted, vanished=True)
                return
            sibling = self._sibling_for(site)
            if sibling is not None:
                self._rewrite(site, fate, dotted, vanished=False, sibling=sibling)
                return
        rule = rule_of(target) if target else RESOURCE
        if fate.outside:
            here = posixpath.dirname(self.p.facts.path) or "."
            made = posixpath.relpath(fate.outside, here)
            self.p.left(rule, site.node, "not-given", f"the client is made in {made}")
            return
        reason, why = _why_it_stays(fate)
        self.p.left(rule, site.node, reason, f"the client {why}")

    def _is_simple(self, site: Site, fate: Fate) -> bool:
        """Can this call be written without its client?"""
        path = site.client_paths[0].path
        return (
            ".".join(path) in CALLS
            and self.p.called(site.node) is not None
            and receiver_of(site.node, path) is not None
            and self._clear(site)
            and self.p.is_placed(site.node)
            and not fate.as_spelled
            and fate.asynchronous is not None
        )

    def _sibling_for(self, site: Site) -> str | None:
        """The client beside the one that stays, where it can take this call."""
        members = set(self._members(site))
        member = members.pop()
        if members or not isinstance(member, Client):
            return None
        receiver = receiver_of(site.node, site.client_paths[0].path)
        refers = receiver is not None and self._refers(receiver, member)
        return self.siblings.get(member) if refers else None

    def _move_unsplit(self) -> None:
        """A client that passes on all that keeps it moves, where its calls cannot leave it."""
        for site in self.mine:
            fate = self._fate(site)
            path = site.client_paths[0].path
            if fate is None or fate.kind != "stays" or not fate.passes:
                continue
            if ".".join(path) not in CALLS and not leads_to_call(path):
                continue
            if self._is_simple(site, fate) and (
                self._settingless(fate) or self._sibling_for(site) is not None
            ):
                continue
            for member in fate.members:
                self.fates[member] = replace(fate, kind="router")
                if isinstance(member, Client):
                    self.siblings.pop(member, None)

    def _settingless(self, fate: Fate) -> bool:
        return not fate.configured and all(
            isinstance(m, Client)
            and m in self.made
            and not self.made[m].args
            and not self.made[m].keywords
            and not CLIENT_CLASSES[m.cls][1]
            and client_class(self._class_name(self.made[m])) is not None
            for m in fate.members
        )

    def _class_name(self, call: ast.Call) -> str:
        for term in self.p.evaluator.terms(call.func):
            if isinstance(term, Sdk):
                return term.name
        return ""

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

    # -- a second client beside the one that stays

    def _plan_siblings(self) -> dict[Client, str]:
        wanted: set[Client] = set()
        for site in self.mine:
            fate = self._fate(site)
            if fate is None or fate.kind != "stays" or self._settingless(fate) or fate.configured:
                continue
            members = set(self._members(site))
            receiver = receiver_of(site.node, site.client_paths[0].path)
            if not self._is_simple(site, fate) or len(members) > 1 or receiver is None:
                continue
            member = members.pop()
            if isinstance(member, Client) and self._refers(receiver, member):
                wanted.add(member)
        names = {member: self._sibling_of(member) for member in sorted(wanted, key=lambda m: m.at)}
        return {member: name for member, name in names.items() if name is not None}

    def _sibling_of(self, member: Client) -> str | None:
        call = self.made.get(member)
        if call is None or not self._direct_class(call) or not self._repeatable(call):
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

    def _refers(self, receiver: ast.expr, member: Member) -> bool:
        """Does the receiver name the very place that the client was assigned to?"""
        statement = self.p.parent(self.made[member]) if member in self.made else None
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

    # -- constructions

    def _direct_class(self, call: ast.Call) -> ast.expr | None:
        """The expression that names the client class, where it is spelled out."""
        func = default_factory(call) or call.func
        if _is_partial(func):
            func = call.args[0]
        named = isinstance(func, (ast.Name, ast.Attribute)) and self.p.imported(func)
        return func if named else None

    def _construction(self, member: Client, call: ast.Call) -> None:
        fate = self.fates[member]
        asynchronous, azure = CLIENT_CLASSES[member.cls]
        new = "AsyncClient" if asynchronous else "Client"
        if member in self.vanished:
            self._remove(call)
            self.p.found(MADE, call, "migrated", "not needed any more")
            return
        func = self._direct_class(call)
        if fate.kind == "stays":
            if member in self.siblings and func is not None:
                self._add_sibling(member, call, func, new, azure, fate)
            if self._reads_only_sdk(fate):
                return
            reason, why = _why_it_stays(fate)
            beside = f"; beside it: {self.siblings[member]}" if member in self.siblings else ""
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
        self.p.found(MADE, call, "migrated")

    @staticmethod
    def _reads_only_sdk(fate: Fate) -> bool:
        return not fate.others and not fate.foreign

    def _name_provider(self, call: ast.Call, azure: bool, fate: Fate) -> None:
        if not (azure or fate.provider):
            return
        provider = "azure" if azure else "openai"
        skip = 1 if _is_partial(call.func) else 0
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
                gone = {self.p.parent(self.made[m]) for m in self.vanished if m in self.made}
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
            more = ", " if arguments[opening:].strip() != ")" else ""
            arguments = f'{arguments[:opening]}provider="{provider}"{more}{arguments[opening:]}'
        line_text = f"{lead}{indent}{self.siblings[member]} = {self.p.routed(new, end)}{arguments}"
        self.p.plan.edits.append(
            Edit(start=end, end=end, replacement=line_text + ("" if lead else newline))
        )

    # -- annotations and other mentions of the classes

    def _annotations(self) -> None:
        """Annotations of what is now the router's client."""
        for member, fate in self.fates.items():
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
        done = {id(self._direct_class(call)) for call in self.made.values()}
        typed = {m.at for m in self.fates if isinstance(m, Typed) and m.path == self.p.facts.path}
        own = [f for m, f in self.fates.items() if m.path == self.p.facts.path]
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
            fate = self.fates.get(client) if client else None
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
            self.fates[member]
            for member, call in self.made.items()
            if member.cls == cls and member in self.fates and self._direct_class(call) is None
        ]
        return bool(fates) and all(fate.kind == "router" for fate in fates)


def _why_it_stays(fate: Fate) -> tuple[str, str]:
    """The code of the reason, and what to say of the client."""
    if RUN_TIME in fate.foreign:
        return "chosen-at-run-time", RUN_TIME
    uses = ", ".join((*fate.others, *fate.foreign)[:3])
    return "client-handed" if fate.foreign else "client-stays", f"is also used for: {uses}"


def _is_partial(func: ast.expr) -> bool:
    return (func.id if isinstance(func, ast.Name) else getattr(func, "attr", "")) == "partial"
