"""What a project does with each client, and which clients may stand in for one another."""

from __future__ import annotations

import builtins
from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field

from codemods.migrate_openai.flow.collect import is_test
from codemods.migrate_openai.flow.facts import Flow, ModelNaming, ModuleFacts, Store, Use
from codemods.migrate_openai.flow.resolve import Resolver
from codemods.migrate_openai.flow.terms import (
    CLIENT_CLASSES,
    LOST,
    SAME_CLIENT,
    Atom,
    Atoms,
    Attr,
    Client,
    ClientPath,
    Cls,
    Foreign,
    Func,
    Inst,
    Member,
    Ref,
    Sdk,
    Term,
    Typed,
    Unknown,
    members_of,
)
from codemods.migrate_openai.plan.replaced_names import ReplacedNames
from codemods.migrate_openai.rules import CALLS, ROUTER_CALLS
from codemods.migrate_openai.rules.client_attributes import (
    is_answered,
    is_inside_call,
    is_router_spelled,
    leads_further,
    leads_to_call,
    needs_sdk,
)
from codemods.migrate_openai.rules.sdk_names import RESOURCES

RUN_TIME = "is of a class chosen at run time"
_TOO_MUCH = "more of the program than can be followed"
# Packages whose functions call nothing on a client that only the SDK has.
_HARMLESS = frozenset(
    {"functools", "asyncio", "contextlib", "concurrent", "threading", "typing", "weakref", "copy"}
    | {"logging", "pprint", "itertools", "random", "queue", "collections", "unittest", "mock"}
    | {"pytest", "tenacity", "backoff", "anyio", "builtins", "time", "inspect", "types", "tqdm"}
    | {"fastapi", "cachetools", "abc", "dataclasses", "atexit", "contextvars", "multiprocessing"}
)
# How the resources of the SDK send: what stands there in a test is called by the SDK alone.
_INNER = frozenset({"_get", "_post", "_put", "_patch", "_delete", "_get_api_list"})
_NAMED = frozenset({ModelNaming.PREFIXED, ModelNaming.PROVIDED, ModelNaming.HANDED})


@dataclass(slots=True)
class Notes:
    """What the project does with a client, or with all that may stand in for it."""

    sites: int = 0
    configured: bool = False
    """Are its settings changed, or copied with others, after it is made?"""
    replaced: bool = False
    """Does something put another thing in the place of a part of it?"""
    in_vain: str = ""
    """A test that would replace it in vain if it moved."""
    public: bool = False
    """Is it a parameter that others may fill, with a client of the SDK?"""
    unnamed_models: bool = False
    """Does only the client know the provider of a model?"""
    prefixed_models: bool = False
    """Does a call that was migrated before write the provider into its model?"""
    half_migrated: bool = False
    """Are there calls that were migrated before?"""
    others: set[str] = field(default_factory=set)
    foreign: set[str] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)

    def add(self, path: tuple[str, ...], naming: ModelNaming, mixed: bool, test: bool) -> None:
        dotted = ".".join(path)
        call = CALLS.get(dotted)
        if not path:
            return
        self.configured |= path[0] in SAME_CLIENT
        if naming is ModelNaming.PATCHED:
            self.foreign.add("a library that adds response_model")
        elif is_router_spelled(path, called=naming is not ModelNaming.HANDED):
            self._add_migrated(dotted, naming)
        elif call is not None:
            self.sites += 1
            unnamed = naming in {ModelNaming.DYNAMIC, ModelNaming.NONE}
            self.unnamed_models |= call.has_model and unnamed and not mixed
        elif leads_to_call(path):
            self.sites += 1
        elif not (test or is_inside_call(path)) and needs_sdk(path):
            # What a test reads of a client may well be of the fake in its place.
            self.others.add(dotted)

    def _add_migrated(self, function: str, naming: ModelNaming) -> None:
        """A model that such a call does not name with its provider, its client completes."""
        self.sites += 1
        self.half_migrated = True
        self.prefixed_models |= naming is ModelNaming.PREFIXED
        self.unnamed_models |= ROUTER_CALLS[function].has_model and naming not in _NAMED


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientGroup:
    """Clients that may stand in for one another."""

    members: frozenset[Member]
    notes: Notes
    outside: str
    """The file that makes one of them, where that is not part of the run."""
    shared: bool
    """Does more than one file make, use or import them?"""
    indirect: bool
    """Is the class of one of them named elsewhere than where it is made?"""
    derived: bool
    """Is one of them made by a class of the program's own?"""

    @property
    def is_made(self) -> bool:
        return any(isinstance(member, Client) for member in self.members)

    @property
    def azure(self) -> bool:
        return any(CLIENT_CLASSES[m.cls][1] for m in self.members if m.cls in CLIENT_CLASSES)


class ClientNotes:
    """Notes on the clients of a project. `groups` is their sum."""

    def __init__(
        self,
        resolver: Resolver,
        resolved: Mapping[str, tuple[Atoms, ...]],
        callers: set[str],
        replaced: ReplacedNames,
    ) -> None:
        self._resolver = resolver
        self._atoms = resolver.atoms
        self._resolved = resolved
        self._callers = callers
        self._replaced = replaced
        self._joined = _Joined()
        self._derived: set[Client] = set()
        self._notes: dict[Member, Notes] = defaultdict(Notes)

    def take(self, facts: Mapping[str, ModuleFacts], classes: Iterable[Client]) -> None:
        for client in classes:
            self._derived.add(client)
            self._joined.join([client])
        modules = list(facts.values())
        for client in self._derived:
            self._notes[client].replaced |= _replaces_parts(client, facts[client.path])
        for module in modules:
            self._ask_further(module)
        for module in modules:
            self._note_module(module)
        for member in self._resolver.lost():
            self._notes[member].foreign.add(_TOO_MUCH)

    def _ask_further(self, module: ModuleFacts) -> None:
        """All are asked before one is answered: they share work."""
        ask = self._resolver.ask
        ask(module.clients)
        ask(module.clients_to_leave)
        if self._has_clients(module):
            for flow in module.flows:
                ask(flow.terms)
            for tie in module.ties:
                ask(tie)
            for store in module.stores:
                ask(store.base)

    def _note_module(self, module: ModuleFacts) -> None:
        for member in members_of(self._atoms(module.clients)):
            self._joined.join([member])
        for member in members_of(self._atoms(module.clients_to_leave)):
            self._notes[member].others.add("a line to skip")
        for member in members_of(self._atoms(module.public_parameters)):
            self._notes[member].public = True
        for member in members_of(self._atoms(module.clients_elsewhere)):
            self._notes[member].foreign.add("openai.providers")
        for use, atoms in zip(module.uses, self._resolved.get(module.path, ()), strict=False):
            self._note_use(module.path, use, atoms)
        if not self._has_clients(module):
            return
        for flow in module.flows:
            self._note_flow(flow)
        for tie in module.ties:
            self._joined.join(members_of(self._atoms(tie)))
        for store in module.stores:
            self._note_store(store)

    def _has_clients(self, module: ModuleFacts) -> bool:
        """Is a client made, declared or used in a file? Others cannot hand one on unseen."""
        return (
            bool(module.clients)
            or module.path in self._callers
            or any(members_of(atoms) for atoms in self._resolved.get(module.path, ()))
        )

    def _note_use(self, path: str, use: Use, atoms: Atoms) -> None:
        self._joined.join(members_of(atoms))
        mixed = any(isinstance(a, (Unknown, Foreign, Inst, Sdk)) for a in atoms)
        for atom in atoms:
            if isinstance(atom, ClientPath) and isinstance(atom.client, (Client, Typed)):
                notes = self._notes[atom.client]
                notes.paths.add(path)
                notes.add(atom.path, use.model, mixed, is_test(path))

    def _note_store(self, store: Store) -> None:
        bases = self._atoms(store.base)
        for member in members_of(bases):
            self._notes[member].configured = True
        for member in members_of(frozenset(filter(_is_part, bases))):
            self._notes[member].replaced = True
            if store.attr in _INNER:
                self._hand([member], f"{store.attr}, which is replaced")
        for base in bases:
            if isinstance(base, Foreign) and self._resolver.members.is_read_back(base, store.attr):
                continue
            if base is LOST or (isinstance(base, Foreign) and not _only_holds(base)):
                name = base.name if isinstance(base, Foreign) else _TOO_MUCH
                self._hand(members_of(self._atoms(store.terms)), name)

    def _note_flow(self, flow: Flow) -> None:
        atoms = self._atoms(flow.terms)
        members = members_of(atoms)
        if not members:
            return
        self._joined.join(members)
        own = all(isinstance(atom, (Func, Cls)) for atom in self._atoms(flow.callee))
        for term in () if own else flow.callee:
            if (name := _wrapper(term)) is not None:
                self._hand(members, name)
        # A method that has a counterpart may go anywhere, and so may a setting.
        members = members_of(frozenset(filter(_gives_more, atoms)))
        for callee in self._atoms(flow.callee):
            if (name := _taker(callee)) is not None:
                self._hand(members, name)

    def _hand(self, members: Iterable[Member], to: str) -> None:
        for member in members:
            self._notes[member].foreign.add(to)

    # -- the sum

    def groups(self, facts: Mapping[str, ModuleFacts]) -> list[ClientGroup]:
        held = self._replaced.held()
        return [self._group(members, facts, held) for members in self._joined.groups()]

    def _group(
        self, members: frozenset[Member], facts: Mapping[str, ModuleFacts], held: Set[Member]
    ) -> ClientGroup:
        notes = _total(self._notes[m] for m in members if m in self._notes)
        notes.in_vain = min(filter(None, map(self._replaced.in_vain, members)), default="")
        notes.replaced |= not held.isdisjoint(members) or any(map(self._replaced.make, members))
        made = [m for m in members if isinstance(m, Client)]
        direct = [m for m in made if facts[m.path].is_direct(m.at)]
        # One name, imported in two ways, may make clients of two classes at one call.
        indirect = len(direct) < len(made) or len({(m.path, m.at) for m in made}) < len(made)
        derived = not self._derived.isdisjoint(made)
        provider_unknown = notes.half_migrated and notes.unnamed_models
        if provider_unknown and indirect:
            notes.foreign.add(RUN_TIME)
        elif provider_unknown and derived:
            notes.foreign.add("models without a provider")
        paths = {m.path for m in members}
        travelled = not self._resolver.imported_clients.isdisjoint(members)
        return ClientGroup(
            members=members,
            notes=notes,
            outside=min(paths - self._resolved.keys(), default=""),
            shared=travelled or len(paths | notes.paths) > 1,
            indirect=indirect,
            derived=derived,
        )


def _replaces_parts(client: Client, module: ModuleFacts) -> bool:
    """Does a class derived from a client have a ``chat``, or the like, of its own?"""
    cls = next(cls for cls in module.classes.values() if cls.place == client.at)
    own = {*cls.attrs, *cls.methods}
    return not own.isdisjoint(RESOURCES) or bool({"__getattr__", "__getattribute__"} & own)


def _total(every: Iterable[Notes]) -> Notes:
    total = Notes()
    for notes in every:
        total.sites += notes.sites
        total.configured |= notes.configured
        total.replaced |= notes.replaced
        total.public |= notes.public
        total.unnamed_models |= notes.unnamed_models
        total.prefixed_models |= notes.prefixed_models
        total.half_migrated |= notes.half_migrated
        total.others |= notes.others
        total.foreign |= notes.foreign
        total.paths |= notes.paths
    return total


def _only_holds(base: Foreign) -> bool:
    """Does an object of this kind call nothing on what is put on it? A number holds nothing."""
    return base.package in _HARMLESS or "mock" in base.name or hasattr(builtins, base.package)


def _is_part(atom: Atom) -> bool:
    """Is this a resource of a client, or something inside it?"""
    return isinstance(atom, ClientPath) and bool(atom.path)


def _gives_more(atom: Atom) -> bool:
    """Can whoever gets this reach more of its client than one method, or one setting?"""
    if not isinstance(atom, ClientPath):
        return False
    return not atom.path or (is_answered(atom.path) and leads_further(atom.path))


def _wrapper(term: Term) -> str | None:
    """The name of a function known to replace methods of the client it is given."""
    if isinstance(term, (Attr, Ref)) and term.name in {"from_openai", "wrap_openai"}:
        return term.name
    if isinstance(term, Attr) and isinstance(term.base, Ref) and term.base.module == "instructor":
        return "instructor"
    return None


def _taker(callee: Atom) -> str | None:
    """What to call a function that may call anything on a client that it is given."""
    if callee is LOST:
        return _TOO_MUCH
    if isinstance(callee, Sdk):
        return callee.name
    if isinstance(callee, Foreign) and callee.package not in _HARMLESS:
        return callee.name
    return None


class _Joined:
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

    def groups(self) -> list[frozenset[Member]]:
        found: dict[Member, set[Member]] = defaultdict(set)
        for member in self._parent:
            found[self._find(member)].add(member)
        return [frozenset(members) for members in found.values()]
