"""Facts of all modules -> which names are clients across modules, and what each becomes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from codemods.migrate_openai.flow.caller_search import wanted as callers_wanted
from codemods.migrate_openai.flow.facts import ModuleFacts, Store
from codemods.migrate_openai.flow.modules import FactsLoader, Modules
from codemods.migrate_openai.flow.resolve import Resolver
from codemods.migrate_openai.flow.terms import (
    CLIENT_CLASSES,
    LOST,
    Atom,
    Atoms,
    Attr,
    Client,
    ClientPath,
    Foreign,
    Inst,
    Member,
    Ref,
    Router,
    RouterClient,
    Sdk,
    Term,
    Typed,
    Unknown,
)
from codemods.migrate_openai.model import Searcher
from codemods.migrate_openai.rules import CALLS, ROUTER_FUNCTIONS
from codemods.migrate_openai.rules.module_names import call_of, is_leftover
from codemods.migrate_openai.rules.sdk_names import RESOURCES

RUN_TIME = "is of a class chosen at run time"
_TOO_MUCH = "more of the program than can be followed"
# What a router client answers besides the calls of the rules.
_NOWHERE = frozenset({"acreate"})  # methods that no generation of the SDK has on a client
CLIENT_EXTRAS = frozenset(
    {"close", "with_options", "copy", "is_closed", "api_key", "organization", "project", "base_url"}
    | {
        "timeout",
        "max_retries",
        "_api_version",
        "_azure_endpoint",
        "_azure_deployment",
        "_base_url",
    }
)
# What a router client passes on to a client of the SDK, besides the resources.
_VERBS = frozenset({"get", "post", "put", "patch", "delete", "get_api_list", "request"})
# What else a client of the SDK has, in any generation; read through the router's as well.
_SDK_ONLY = frozenset(
    {"default_headers", "default_query", "custom_auth", "auth_headers"}
    | {"platform_headers", "qs", "user_agent", "webhook_secret", "websocket_base_url"}
    | {"admin_api_key", "workload_identity", "content_provenance_checks"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of a client, and of all that may stand in for it."""

    kind: Literal["router", "stays"]
    passes: bool = False
    """Does a router client pass on all that keeps it? Then it may move, if it cannot be split."""
    provider: bool = False
    """Is the provider named where the client is made, so that models stay as they are?"""
    local: bool = True
    """Is the client used in the file that makes it, and nowhere else?"""
    configured: bool = False
    """Does the program set attributes of the client after it is made?"""
    patched: bool = False
    """Does the file that makes the client put something else in the place of a part of it?"""
    as_spelled: bool = False
    """Do the calls keep the SDK's spelling, because only the client knows its provider?"""
    members: frozenset[Member] = frozenset()
    others: tuple[str, ...] = ()
    """What keeps it: ``files.create``, or the name of a package that it is handed to."""
    foreign: tuple[str, ...] = ()
    outside: str = ""
    """The file that makes it, where that is not part of the run."""

    @property
    def asynchronous(self) -> bool | None:
        """None where synchronous and asynchronous clients share a name."""
        kinds = {CLIENT_CLASSES[m.cls][0] for m in self.members if m.cls in CLIENT_CLASSES}
        return kinds.pop() if len(kinds) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleView:
    """All that the plan for one file needs to know of the project."""

    uses: tuple[Atoms, ...]
    fates: dict[Member, Fate]
    classes: dict[int, Client] = field(default_factory=dict)
    """The classes of this file, by place, that are clients themselves."""
    openai_stays: bool = False
    """Does something that stays in this project read the settings of the openai module?"""
    calls_module: bool = False
    """Does a module of the project call the openai module itself?"""
    mixed: bool = False
    """Are there calls of later generations beside those of 0.28, migrated or not?"""
    compared: frozenset[str] = frozenset()
    """Methods of the module that some file compares with ``==`` or ``is``."""
    wanted: frozenset[str] = frozenset()
    """Names of the SDK that other files import from this one."""
    settings: frozenset[str] = frozenset()
    """The settings of the openai module that some file of the project assigns."""


class Project:
    """Joins facts. Ask `view` for each file; then forget the project."""

    def __init__(
        self, facts: Iterable[ModuleFacts], load: FactsLoader, search: Searcher | None = None
    ) -> None:
        modules = Modules(facts, load)
        self._callers: set[str] = set()
        callers = callers_wanted(modules) if search is not None else None
        if search is not None and callers is not None:
            self._callers = set(search(callers)) - set(modules.asked)
            for path in sorted(self._callers):
                modules.meet(path)
        self._resolver = Resolver(modules)
        self.facts = modules.facts
        self.asked = modules.asked
        self.atoms = self._resolver.atoms
        self.resolved = self._resolve()
        self._groups = _Groups()
        named = {
            a
            for uses in self.resolved.values()
            for atoms in uses
            for a in atoms
            if isinstance(a, (Sdk, Router))
        }
        names = {a.name for a in named if isinstance(a, Sdk)}
        self._compared = frozenset(
            a.name
            for path, uses in self.resolved.items()
            for use, atoms in zip(self.facts[path].uses, uses, strict=True)
            for a in atoms
            if isinstance(a, Sdk) and use.model == "compared"
        )
        self._calls_module = any(call_of(name) for name in names)
        self._mixed = (
            any(f.made for f in self.facts.values())
            or any((call := call_of(name)) and not call.legacy for name in names)
            or any(
                isinstance(a, Router) and a.name.rpartition(".")[2] in ROUTER_FUNCTIONS
                for a in named
            )
        )
        self._openai_stays = any(is_leftover(name) for name in names) or any(
            use.model == "patched" for path in self.asked for use in self.facts[path].uses
        )
        self._settings = frozenset(s for f in self.facts.values() for s in f.sets_module)
        self._classes = self._resolver.classes.clients()
        self._fates = self._decide()
        self._by_path: dict[str, set[Member]] = defaultdict(set)
        for member in self._fates:
            self._by_path[member.path].add(member)
        wanted: dict[str, set[str]] = defaultdict(set)
        for path, name in self._resolver.wanted:
            wanted[path].add(name)
        self._wanted = {path: frozenset(found) for path, found in wanted.items()}

    def _resolve(self) -> dict[str, tuple[Atoms, ...]]:
        """What each use may stand for. All are asked before one is answered: they share work."""
        for path in self.asked:
            for use in self.facts[path].uses:
                self._resolver.ask(use.terms)
            if self.facts[path].made:
                self._resolver.explore(self.facts[path])
        return {
            path: tuple(
                frozenset(filter(_is_possible, self.atoms(use.terms)))
                for use in self.facts[path].uses
            )
            for path in self.asked
        }

    @property
    def work(self) -> int:
        """What joining the facts has cost, in atoms handed on."""
        return self._resolver.graph.work

    # -- deciding

    def _decide(self) -> dict[Member, Fate]:
        groups = self._groups
        notes: dict[Member, _Notes] = defaultdict(_Notes)
        for client in self._classes.values():
            groups.join([client])
        self._ask_further()
        for path in list(self.facts):
            for member in self._members(self.atoms(self.facts[path].made)):
                groups.join([member])
            for member in self._members(self.atoms(self.facts[path].kept)):
                notes[member].others.add("a line to skip")
            for member in self._members(self.atoms(self.facts[path].elsewhere)):
                notes[member].foreign.add("openai.providers")
            if path in self.resolved:
                self._note_uses(path, notes)
            if not self._has_clients(path):
                continue
            self._note_flows(path, notes)
            for tie in self.facts[path].ties:
                groups.join(self._members(self.atoms(tie)))
            for store in self.facts[path].stores:
                self._note_store(path, store, notes)
        for member in self._resolver.lost():
            notes[member].foreign.add(_TOO_MUCH)
        fates: dict[Member, Fate] = {}
        for group in groups.all():
            fate = self._fate(group, notes)
            fates.update(dict.fromkeys(group, fate))
        return fates

    def _ask_further(self) -> None:
        ask = self._resolver.ask
        for path, facts in list(self.facts.items()):
            ask(facts.made)
            ask(facts.kept)
            if self._has_clients(path):
                for flow in facts.flows:
                    ask(flow.terms)
                for tie in facts.ties:
                    ask(tie)
                for store in facts.stores:
                    ask(store.base)

    @staticmethod
    def _members(atoms: Atoms) -> list[Member]:
        return [
            a.client
            for a in atoms
            if isinstance(a, ClientPath) and isinstance(a.client, (Client, Typed))
        ]

    def _has_clients(self, path: str) -> bool:
        """Is a client made, declared or used in a file? Others cannot hand one on unseen."""
        return (
            bool(self.facts[path].made)
            or path in self._callers
            or any(self._members(atoms) for atoms in self.resolved.get(path, ()))
        )

    def _note_uses(self, path: str, notes: dict[Member, _Notes]) -> None:
        for use, atoms in zip(self.facts[path].uses, self.resolved[path], strict=True):
            members = self._members(atoms)
            self._groups.join(members)
            mixed = any(isinstance(a, (Unknown, Foreign, Inst, Sdk)) for a in atoms)
            for atom in atoms:
                if isinstance(atom, ClientPath) and isinstance(atom.client, (Client, Typed)):
                    note = notes[atom.client]
                    note.paths.add(path)
                    note.add(atom.path, use.model, mixed)

    def _note_store(self, path: str, store: Store, notes: dict[Member, _Notes]) -> None:
        bases = self.atoms(store.base)
        for member in self._members(bases):
            notes[member].configured = True
        for member in self._members(frozenset(filter(_is_part, bases))):
            # A test that reaches into the program's client is told so; the program moves.
            notes[member].patched |= member.path == path
        for base in bases:
            if isinstance(base, Foreign) and self._resolver.members.is_held(base, store.attr):
                continue
            if base is LOST or (isinstance(base, Foreign) and "mock" not in base.name):
                name = base.name if isinstance(base, Foreign) else _TOO_MUCH
                for member in self._members(self.atoms(store.terms)):
                    notes[member].foreign.add(name)

    def _note_flows(self, path: str, notes: dict[Member, _Notes]) -> None:
        for flow in self.facts[path].flows:
            atoms = self.atoms(flow.terms)
            members = self._members(atoms)
            if not members:
                continue
            self._groups.join(members)
            for term in flow.callee:
                if (name := _wrapper(term)) is not None:
                    for member in members:
                        notes[member].foreign.add(name)
            # A method that has a counterpart may go anywhere, and so may a setting.
            members = self._members(frozenset(filter(_gives_more, atoms)))
            for callee in self.atoms(flow.callee):
                if callee is LOST:
                    for member in members:
                        notes[member].foreign.add(_TOO_MUCH)
                if isinstance(callee, Foreign) and _takes_clients(callee.name):
                    for member in members:
                        notes[member].foreign.add(callee.name)
                if isinstance(callee, Sdk):
                    for member in members:
                        notes[member].foreign.add(callee.name)

    def _fate(self, group: frozenset[Member], notes: dict[Member, _Notes]) -> Fate:
        every = [notes[m] for m in group if m in notes]
        others = tuple(sorted({o for n in every for o in n.others}))
        foreign = tuple(sorted({f for n in every for f in n.foreign}))
        made = [m for m in group if isinstance(m, Client)]
        if self._has_two_classes(made):
            foreign += (RUN_TIME,)
        outside = {m.path for m in group} - set(self.resolved)
        sites = sum(n.sites for n in every)
        local = (
            not (group & self._resolver.travelled)
            and len({m.path for m in group} | {p for n in every for p in n.paths}) <= 1
        )
        patched = any(n.patched for n in every)
        passes = bool(others and sites) and not foreign and all(map(is_passed_on, others))
        passes = passes and not outside and not patched
        stays = bool(others or foreign or outside or patched) or (not made and not sites)
        azure = any(CLIENT_CLASSES[m.cls][1] for m in group if m.cls in CLIENT_CLASSES)
        dynamic = any(n.dynamic for n in every)
        indirect = len({(m.path, m.at) for m in made}) < len(made) or any(
            not self.facts[m.path].is_direct(m.at) for m in made
        )
        return Fate(
            kind="stays" if stays and (local or not passes) else "router",
            passes=passes,
            provider=bool(made) and (azure or dynamic) and not indirect,
            configured=any(n.configured for n in every),
            patched=patched,
            as_spelled=indirect and (azure or dynamic),
            local=local,
            members=group,
            others=others,
            foreign=foreign,
            outside=min(outside, default=""),
        )

    def _has_two_classes(self, made: Iterable[Client]) -> bool:
        """Does one name, imported in two ways, make clients of two kinds at one call?"""
        kinds: dict[tuple[str, int], set[tuple[bool, bool]]] = defaultdict(set)
        for client in made:
            if self.facts[client.path].is_direct(client.at):
                kinds[client.path, client.at].add(CLIENT_CLASSES[client.cls])
        return any(len(found) > 1 for found in kinds.values())

    def view(self, path: str) -> ModuleView:
        facts = self.facts[path]
        members = {m for atoms in self.resolved[path] for m in self._members(atoms)}
        members |= self._by_path.get(path, set())
        fates = {m: self._fates[m] for m in members if m in self._fates}
        classes = {
            cls.place: self._classes[path, name]
            for name, cls in facts.classes.items()
            if (path, name) in self._classes
        }
        return ModuleView(
            uses=self.resolved[path],
            fates=fates,
            classes=classes,
            openai_stays=self._openai_stays,
            calls_module=self._calls_module,
            settings=self._settings,
            compared=self._compared,
            mixed=self._mixed,
            wanted=self._wanted.get(path, frozenset()),
        )


@dataclass(slots=True)
class _Notes:
    """What the project does with one client."""

    sites: int = 0
    configured: bool = False
    patched: bool = False
    dynamic: bool = False
    others: set[str] = field(default_factory=set)
    foreign: set[str] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)

    def add(self, path: tuple[str, ...], model: str, mixed: bool) -> None:
        if not path:
            return
        dotted = ".".join(path)
        call = CALLS.get(dotted)
        if model == "patched":
            self.foreign.add("a library that adds response_model")
        elif call is not None:
            self.sites += 1
            if call.has_model and model in {"dynamic", "none"} and not mixed:
                self.dynamic = True
        elif leads_to_call(path):
            self.sites += 1
        elif any(dotted.startswith(f"{sdk}.") for sdk in CALLS):
            pass  # an attribute of the method itself: a mock's
        elif path[0] not in CLIENT_EXTRAS and path[-1] not in _NOWHERE:
            self.others.add(dotted)


def leads_to_call(path: tuple[str, ...]) -> bool:
    """Is this a resource, such as ``chat.completions``, whose calls all have a counterpart?"""
    dotted = ".".join(path) + "."
    return any(sdk.startswith(dotted) for sdk in CALLS)


def _is_possible(atom: Atom) -> bool:
    """Has a client of the SDK such an attribute? What else may stand there has it, if not."""
    if not isinstance(atom, ClientPath) or not atom.path or isinstance(atom.client, RouterClient):
        return True
    head = atom.path[0]
    return head.startswith("_") or head in RESOURCES | _VERBS | CLIENT_EXTRAS | _SDK_ONLY


def _is_part(atom: Atom) -> bool:
    """Is this a resource of a client, or something inside it?"""
    return isinstance(atom, ClientPath) and bool(atom.path)


def _gives_more(atom: Atom) -> bool:
    """Can whoever gets this reach more of its client than one method, or one setting?"""
    if not isinstance(atom, ClientPath) or not _is_possible(atom):
        return False
    return not atom.path or (atom.path[0] in RESOURCES and ".".join(atom.path) not in CALLS)


def is_passed_on(dotted: str) -> bool:
    """Does a router client ask the SDK's for this?"""
    return dotted.split(".")[0] in RESOURCES | _VERBS | _SDK_ONLY


_HARMLESS = frozenset(
    {"functools", "asyncio", "contextlib", "concurrent", "threading", "typing", "weakref", "copy"}
    | {"logging", "pprint", "itertools", "random", "queue", "collections", "unittest", "mock"}
    | {"pytest", "tenacity", "backoff", "anyio", "builtins", "time", "inspect", "types", "tqdm"}
    | {"fastapi", "cachetools", "abc", "dataclasses", "atexit", "contextvars", "multiprocessing"}
)


def _wrapper(term: Term) -> str | None:
    """The name of a function known to replace methods of the client it is given."""
    if isinstance(term, (Attr, Ref)) and term.name in {"from_openai", "wrap_openai"}:
        return term.name
    if isinstance(term, Attr) and isinstance(term.base, Ref) and term.base.module == "instructor":
        return "instructor"
    return None


def _takes_clients(name: str) -> bool:
    """May a function of this package call something on a client that only the SDK has?"""
    return name.split(".")[0] not in _HARMLESS


class _Groups:
    """Union-find over clients that may stand in for one another."""

    def __init__(self) -> None:
        self._parent: dict[Member, Member] = {}

    def _find(self, member: Member) -> Member:
        self._parent.setdefault(member, member)
        while self._parent[member] != member:
            self._parent[member] = self._parent[self._parent[member]]
            member = self._parent[member]
        return member

    def join(self, members: Iterable[Member]) -> None:
        first: Member | None = None
        for member in members:
            if first is None:
                first = self._find(member)
            else:
                self._parent[self._find(member)] = first

    def all(self) -> list[frozenset[Member]]:
        found: dict[Member, set[Member]] = defaultdict(set)
        for member in self._parent:
            found[self._find(member)].add(member)
        return [frozenset(members) for members in found.values()]
