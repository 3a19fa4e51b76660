"""What a project does with each client, and which clients may stand in for one another."""

from __future__ import annotations

import builtins
from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, fields
from itertools import chain

from codemods.migrate_openai.flow.collect import is_test
from codemods.migrate_openai.flow.facts import Flow, ModelNaming, ModuleFacts, Store, Use
from codemods.migrate_openai.flow.resolve import Resolver
from codemods.migrate_openai.flow.terms import (
    LOST,
    SAME_CLIENT,
    Attr,
    Client,
    ClientPath,
    Cls,
    Foreign,
    Func,
    Inst,
    Ref,
    Sdk,
    SdkClient,
    Term,
    Unknown,
    Value,
    Values,
    clients_of,
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

    called: bool = False
    configured: bool = False
    """Are its settings changed, or copied with others, after it is made?"""
    replaced: bool = False
    """Does something put another thing in the place of a part of it?"""
    public: bool = False
    """Is it a parameter that others may fill, with a client of the SDK?"""
    unnamed_models: bool = False
    """Does only the client know the provider of a model?"""
    prefixed_models: bool = False
    """Does a call that was migrated before write the provider into its model?"""
    half_migrated: bool = False
    """Are there calls that were migrated before?"""
    others: set[str] = field(default_factory=set)
    """What keeps it: ``files.create``."""
    foreign: set[str] = field(default_factory=set)
    """The names of packages that it is handed to."""
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
            self.called = True
            unnamed = naming in {ModelNaming.DYNAMIC, ModelNaming.NONE}
            self.unnamed_models |= call.has_model and unnamed and not mixed
        elif leads_to_call(path):
            self.called = True
        elif not (test or is_inside_call(path)) and needs_sdk(path):
            # What a test reads of a client may well be of the fake in its place.
            self.others.add(dotted)

    def _add_migrated(self, function: str, naming: ModelNaming) -> None:
        """A model that such a call does not name with its provider, its client completes."""
        self.called = True
        self.half_migrated = True
        self.prefixed_models |= naming is ModelNaming.PREFIXED
        self.unnamed_models |= ROUTER_CALLS[function].has_model and naming not in _NAMED


_NOTES = [note.name for note in fields(Notes)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientGroup:
    """Clients that may stand in for one another."""

    members: frozenset[SdkClient]
    notes: Notes
    outside: str
    """The file that makes one of them, where that is not part of the run."""
    ineffective_patch: str
    """A test that would replace them in vain if they moved."""
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
        return any(member.azure for member in self.members)

    @property
    def asynchronous(self) -> bool | None:
        """None where synchronous and asynchronous clients share a name."""
        kinds = {member.asynchronous for member in self.members}
        return kinds.pop() if len(kinds) == 1 else None


class ClientNotes:
    """Notes on the clients of a project. `groups` is their sum."""

    def __init__(
        self,
        resolver: Resolver,
        resolved: Mapping[str, tuple[Values, ...]],
        callers: set[str],
        replaced: ReplacedNames,
    ) -> None:
        self._resolver = resolver
        self._values_of = resolver.values_of
        self._resolved = resolved
        self._callers = callers
        self._replaced = replaced
        self._groups = _UnionFind()
        self._derived: set[Client] = set()
        self._notes: dict[SdkClient, Notes] = defaultdict(Notes)

    def take(self, facts: Mapping[str, ModuleFacts], classes: Iterable[Client]) -> None:
        for client in classes:
            self._derived.add(client)
            self._groups.join([client])
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
        ask(module.clients | module.clients_to_leave)
        if self._has_clients(module):
            ask(chain(*(flow.terms for flow in module.flows), *module.alias_sets))
            ask(chain(*(store.base for store in module.stores)))

    def _note_module(self, module: ModuleFacts) -> None:
        for member in clients_of(self._values_of(module.clients)):
            self._groups.join([member])
        for member in clients_of(self._values_of(module.clients_to_leave)):
            self._notes[member].others.add("a line to skip")
        for member in clients_of(self._values_of(module.public_parameters)):
            self._notes[member].public = True
        for member in clients_of(self._values_of(module.clients_elsewhere)):
            self._notes[member].foreign.add("openai.providers")
        for use, values in zip(module.uses, self._resolved.get(module.path, ()), strict=False):
            self._note_use(module.path, use, values)
        if not self._has_clients(module):
            return
        for flow in module.flows:
            self._note_flow(flow)
        for aliases in module.alias_sets:
            self._groups.join(clients_of(self._values_of(aliases)))
        for store in module.stores:
            self._note_store(store)

    def _has_clients(self, module: ModuleFacts) -> bool:
        """Is a client made, declared or used in a file? Others cannot hand one on unseen."""
        return (
            bool(module.clients)
            or module.path in self._callers
            or any(clients_of(values) for values in self._resolved.get(module.path, ()))
        )

    def _note_use(self, path: str, use: Use, values: Values) -> None:
        self._groups.join(clients_of(values))
        mixed = any(isinstance(value, (Unknown, Foreign, Inst, Sdk)) for value in values)
        for value in values:
            if isinstance(value, ClientPath) and isinstance(value.client, SdkClient):
                notes = self._notes[value.client]
                notes.paths.add(path)
                notes.add(value.path, use.model, mixed, is_test(path))

    def _note_store(self, store: Store) -> None:
        bases = self._values_of(store.base)
        for member in clients_of(bases):
            self._notes[member].configured = True
        for member in clients_of(filter(_is_part, bases)):
            self._notes[member].replaced = True
            if store.attr in _INNER:
                self._hand([member], f"{store.attr}, which is replaced")
        for base in bases:
            if isinstance(base, Foreign) and self._resolver.attributes.is_read_back(
                base, store.attr
            ):
                continue
            if base is LOST or (isinstance(base, Foreign) and not _only_holds(base)):
                name = base.name if isinstance(base, Foreign) else _TOO_MUCH
                self._hand(clients_of(self._values_of(store.terms)), name)

    def _note_flow(self, flow: Flow) -> None:
        values = self._values_of(flow.terms)
        members = clients_of(values)
        if not members:
            return
        self._groups.join(members)
        own = all(isinstance(value, (Func, Cls)) for value in self._values_of(flow.callee))
        for term in () if own else flow.callee:
            if (name := _wrapper(term)) is not None:
                self._hand(members, name)
        # A method that has a counterpart may go anywhere, and so may a setting.
        members = clients_of(filter(_gives_more, values))
        for callee in self._values_of(flow.callee):
            if (name := _taker(callee)) is not None:
                self._hand(members, name)

    def _hand(self, members: Iterable[SdkClient], to: str) -> None:
        for member in members:
            self._notes[member].foreign.add(to)

    # -- the sum

    def groups(self, facts: Mapping[str, ModuleFacts]) -> list[ClientGroup]:
        replaceable = self._replaced.replaceable_clients()
        return [self._group(members, facts, replaceable) for members in self._groups.groups()]

    def _group(
        self,
        members: frozenset[SdkClient],
        facts: Mapping[str, ModuleFacts],
        replaceable: Set[SdkClient],
    ) -> ClientGroup:
        notes = _total(self._notes[m] for m in members if m in self._notes)
        patches = filter(None, map(self._replaced.ineffective_patch, members))
        notes.replaced |= not replaceable.isdisjoint(members) or any(
            map(self._replaced.make, members)
        )
        clients = [m for m in members if isinstance(m, Client)]
        direct = [m for m in clients if m.at in facts[m.path].direct]
        # One name, imported in two ways, may make clients of two classes at one call.
        calls = {(m.path, m.at) for m in clients}
        indirect = min(len(direct), len(calls)) < len(clients)
        derived = not self._derived.isdisjoint(clients)
        provider_unknown = notes.half_migrated and notes.unnamed_models
        if provider_unknown and indirect:
            notes.foreign.add(RUN_TIME)
        elif provider_unknown and derived:
            notes.foreign.add("models without a provider")
        paths = {m.path for m in members}
        is_imported = not self._resolver.imported_clients.isdisjoint(members)
        return ClientGroup(
            members=members,
            notes=notes,
            outside=min(paths - self._resolved.keys(), default=""),
            ineffective_patch=min(patches, default=""),
            shared=is_imported or len(paths | notes.paths) > 1,
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
        for name in _NOTES:
            merged = getattr(total, name)
            merged |= getattr(notes, name)
            setattr(total, name, merged)
    return total


def _only_holds(base: Foreign) -> bool:
    """Does an object of this kind call nothing on what is put on it? A number holds nothing."""
    return base.package in _HARMLESS or "mock" in base.name or hasattr(builtins, base.package)


def _is_part(value: Value) -> bool:
    """Is this a resource of a client, or something inside it?"""
    return isinstance(value, ClientPath) and bool(value.path)


def _gives_more(value: Value) -> bool:
    """Can whoever gets this reach more of its client than one method, or one setting?"""
    if not isinstance(value, ClientPath):
        return False
    return not value.path or (is_answered(value.path) and leads_further(value.path))


def _wrapper(term: Term) -> str | None:
    """The name of a function known to replace methods of the client it is given."""
    if isinstance(term, (Attr, Ref)) and term.name in {"from_openai", "wrap_openai"}:
        return term.name
    if isinstance(term, Attr) and isinstance(term.base, Ref) and term.base.module == "instructor":
        return "instructor"
    return None


def _taker(callee: Value) -> str | None:
    """What to call a function that may call anything on a client that it is given."""
    if callee is LOST:
        return _TOO_MUCH
    if isinstance(callee, Sdk):
        return callee.name
    if isinstance(callee, Foreign) and callee.package not in _HARMLESS:
        return callee.name
    return None


class _UnionFind:
    """Union-find over clients that may stand in for one another."""

    def __init__(self) -> None:
        self._parent: dict[SdkClient, SdkClient] = {}

    def _find(self, member: SdkClient) -> SdkClient:
        self._parent.setdefault(member, member)
        while self._parent[member] != member:
            self._parent[member] = self._parent[self._parent[member]]
            member = self._parent[member]
        return member

    def join(self, members: Iterable[SdkClient]) -> None:
        first: SdkClient | None = None
        for member in members:
            if first is None:
                first = self._find(member)
            else:
                self._parent[self._find(member)] = first

    def groups(self) -> list[frozenset[SdkClient]]:
        found: dict[SdkClient, set[SdkClient]] = defaultdict(set)
        for member in self._parent:
            found[self._find(member)].add(member)
        return [frozenset(members) for members in found.values()]
