"""Facts of all modules -> which names are clients across modules, and what each becomes."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from codemods.migrate_openai.facts import ClassFacts, Flow, FunctionFacts, ModuleFacts
from codemods.migrate_openai.module_names import call_of, is_leftover
from codemods.migrate_openai.rules import CALLS
from codemods.migrate_openai.terms import (
    CLIENT_CLASSES,
    EMPTY,
    NONE,
    SAME_CLIENT,
    UNKNOWN,
    Attr,
    Call,
    Client,
    ClientPath,
    Cls,
    Foreign,
    Func,
    Inst,
    Item,
    NoneTerm,
    Param,
    Ref,
    Router,
    RouterClient,
    Sdk,
    Seq,
    Term,
    Typed,
    Unknown,
    client_class,
)

Atom: TypeAlias = Term | ClientPath
Atoms: TypeAlias = frozenset[Atom]
Member: TypeAlias = Client | Typed
FactsLoader: TypeAlias = Callable[[str], ModuleFacts | None]

_NOTHING: Atoms = frozenset()
_ROUNDS = 5

# What a router client answers besides the calls of the rules.
CLIENT_EXTRAS = frozenset({"close", "with_options", "copy", "is_closed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of a client, and of all that may stand in for it."""

    kind: Literal["router", "stays"]
    provider: bool = False
    """Is the provider named where the client is made, so that models stay as they are?"""
    local: bool = True
    """Is the client used in the file that makes it, and nowhere else?"""
    members: frozenset[Member] = frozenset()
    others: tuple[str, ...] = ()
    """What keeps it: ``files.create``, or the name of a package that it is handed to."""
    foreign: tuple[str, ...] = ()

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
    constructions: dict[int, Client] = field(default_factory=dict)
    """Calls that make a client of a class imported through another module."""
    openai_stays: bool = False
    """Does something that stays in this project read the settings of the openai module?"""
    calls_module: bool = False
    """Does a module of the project call the openai module itself?"""
    settings: frozenset[str] = frozenset()
    """The settings of the openai module that some file of the project assigns."""


class Project:
    """Joins facts. Ask `view` for each file; then forget the project."""

    def __init__(self, facts: Iterable[ModuleFacts], load: FactsLoader) -> None:
        self.facts: dict[str, ModuleFacts] = {f.path: f for f in facts}
        self.asked = tuple(self.facts)
        self._load = load
        self._absent: set[str] = set()
        self._located: dict[tuple[str, str], str | None] = {}
        self._memo: dict[Term, Atoms] = {}
        self._previous: dict[Term, Atoms] = {}
        self._busy: set[Term] = set()
        self._flows: dict[Param, set[Term]] = {}
        self._subclasses: dict[Cls, set[Cls]] = {}
        self._stores: dict[tuple[Atom, str], set[Term]] = {}
        self._travelled: set[Member] = set()
        self.resolved: dict[str, tuple[Atoms, ...]] = {}
        self._solve()
        self._groups = _Groups()
        names = {
            a.name
            for uses in self.resolved.values()
            for atoms in uses
            for a in atoms
            if isinstance(a, Sdk)
        }
        self._calls_module = any(call_of(name) for name in names)
        self._openai_stays = any(is_leftover(name) for name in names)
        self._settings = frozenset(s for f in self.facts.values() for s in f.sets_module)
        self._fates = self._decide()

    # -- resolving

    def _solve(self) -> None:
        for _ in range(_ROUNDS):
            self._memo = {}
            before = (self._flows, self.resolved, self._stores)
            self._subclasses = self._find_subclasses()
            self._stores = self._find_stores()
            self._flows = self._find_flows()
            self.resolved = {
                path: tuple(self.atoms(use.terms) for use in self.facts[path].uses)
                for path in list(self.facts)
            }
            self._previous = self._memo
            if before == (self._flows, self.resolved, self._stores):
                return

    def _find_subclasses(self) -> dict[Cls, set[Cls]]:
        found: dict[Cls, set[Cls]] = defaultdict(set)
        for path, facts in list(self.facts.items()):
            for qualname, cls in facts.classes.items():
                for atom in self.atoms(cls.bases):
                    if isinstance(atom, Cls):
                        found[atom].add(Cls(path, qualname))
        return found

    def _find_stores(self) -> dict[tuple[Atom, str], set[Term]]:
        found: dict[tuple[Atom, str], set[Term]] = defaultdict(set)
        for facts in list(self.facts.values()):
            for store in facts.stores:
                for atom in self.atoms(store.base):
                    found[atom, store.attr] |= store.terms
        return found

    def _find_flows(self) -> dict[Param, set[Term]]:
        found: dict[Param, set[Term]] = defaultdict(set)
        for facts in list(self.facts.values()):
            for flow in facts.flows:
                for param in self._targets(flow):
                    found[param] |= flow.terms
        for path, facts in list(self.facts.items()):
            fixtures = {
                f.qualname: f
                for f in facts.functions.values()
                if f.fixture and "." not in f.qualname
            }
            if fixtures:
                for function in facts.functions.values():
                    for name in function.names:
                        if name in fixtures and (
                            function.fixture or function.qualname.split(".")[-1].startswith("test")
                        ):
                            found[Param(path, function.qualname, name)] |= fixtures[name].returns
        return found

    def _targets(self, flow: Flow) -> list[Param]:
        found = []
        for term in flow.callee:
            for atom in self.resolve(term):
                path_function = self._callable(atom, term)
                if path_function is None:
                    continue
                path, names, positional, qualname = path_function
                if flow.keyword is not None:
                    if flow.keyword in names:
                        found.append(Param(path, qualname, flow.keyword))
                elif flow.index is not None and flow.index < len(positional):
                    found.append(Param(path, qualname, positional[flow.index]))
        return found

    def _callable(
        self, atom: Atom, term: Term
    ) -> tuple[str, tuple[str, ...], tuple[str, ...], str] | None:
        """(file, parameter names, those given by position, owner) of what an atom calls."""
        if isinstance(atom, Func):
            function = self._function(atom)
            if function is None:
                return None
            skip = 1 if function.bound and isinstance(term, Attr) else 0
            return atom.path, function.names, function.positional[skip:], function.qualname
        if isinstance(atom, Cls):
            init = self._method(atom, "__init__", set())
            if init is not None:
                function = self._function(init)
                assert function is not None
                return init.path, function.names, function.positional[1:], function.qualname
            fields = self._fields(atom, set())
            if fields:
                return atom.path, fields, fields, f"{atom.qualname}.<fields>"
        return None

    def _function(self, func: Func) -> FunctionFacts | None:
        facts = self.facts.get(func.path)
        return facts.functions.get(func.qualname) if facts else None

    def _class(self, cls: Cls) -> ClassFacts | None:
        facts = self.facts.get(cls.path)
        return facts.classes.get(cls.qualname) if facts else None

    def _method(self, cls: Cls, name: str, seen: set[Cls]) -> Func | None:
        facts = self._class(cls)
        if facts is None or cls in seen:
            return None
        seen.add(cls)
        qualname = dict(facts.methods).get(name)
        if qualname is not None:
            return Func(cls.path, qualname)
        for base in self.atoms(facts.bases):
            if isinstance(base, Cls):
                found = self._method(base, name, seen)
                if found is not None:
                    return found
        return None

    def _fields(self, cls: Cls, seen: set[Cls]) -> tuple[str, ...]:
        facts = self._class(cls)
        if facts is None or cls in seen:
            return ()
        seen.add(cls)
        inherited: tuple[str, ...] = ()
        for base in self.atoms(facts.bases):
            if isinstance(base, Cls):
                inherited += self._fields(base, seen)
        return inherited + facts.fields

    def atoms(self, terms: Iterable[Term]) -> Atoms:
        found: set[Atom] = set()
        for term in terms:
            found |= self.resolve(term)
        return frozenset(found)

    def resolve(self, term: Term) -> Atoms:
        known = self._memo.get(term)
        if known is not None:
            return known
        if term in self._busy:
            return self._previous.get(term, _NOTHING)
        self._busy.add(term)
        try:
            found = self._resolve(term)
        finally:
            self._busy.discard(term)
        self._memo[term] = found
        return found

    def _resolve(self, term: Term) -> Atoms:
        match term:
            case Client() | Typed() | RouterClient():
                return frozenset({ClientPath(term, ())})
            case Ref():
                return self._reference(term)
            case Param():
                flows = self._flows.get(term)
                if not flows:
                    return frozenset({term})
                return self.atoms(flows)
            case Inst(Ref() as ref):
                found: set[Atom] = set()
                for atom in self.resolve(ref):
                    match atom:
                        case Cls():
                            found |= self.resolve(Inst(atom))
                        case Sdk(name) if client_class(name):
                            # The annotation stands in another file's terms: no place of its own.
                            found.add(ClientPath(Typed(ref.path, -1, client_class(name) or ""), ()))
                        case Router(name):
                            found.add(ClientPath(RouterClient(name.endswith("AsyncClient")), ()))
                        case Foreign():
                            found.add(atom)
                        case _:
                            found.add(UNKNOWN)
                return frozenset(found)
            case Attr(base, name):
                return self._attributes(base, name)
            case Call(base):
                return self._calls(base, term)
            case Item(base):
                return self._items(self.resolve(base))
            case _:
                return frozenset({term})

    def _items(self, atoms: Atoms) -> Atoms:
        found: set[Atom] = set()
        for atom in atoms:
            if isinstance(atom, Seq):
                found |= self.atoms(atom.elements)
            elif isinstance(atom, Param):
                found.add(atom)
            elif isinstance(atom, NoneTerm):
                pass
            else:
                found.add(atom if isinstance(atom, Foreign) else UNKNOWN)
        return frozenset(found)

    def _attributes(self, base: Term, name: str) -> Atoms:
        if isinstance(base, Ref) and not base.name:
            return self.resolve(Ref(base.path, base.module, name))
        if isinstance(base, Attr) and isinstance(base.base, Ref) and not base.base.name:
            dotted = Ref(base.base.path, f"{base.base.module}.{base.name}", name)
            if self._locate(dotted.path, dotted.module):
                return self.resolve(dotted)
        found: set[Atom] = set()
        for atom in self.resolve(base):
            found |= self._attribute(atom, name)
        return frozenset(found)

    def _attribute(self, atom: Atom, name: str) -> Atoms:
        match atom:
            case ClientPath(client, path):
                return frozenset({ClientPath(client, (*path, name))})
            case Sdk(sdk):
                return frozenset({Sdk(f"{sdk}.{name}")})
            case Router(router):
                return frozenset({Router(f"{router}.{name}")})
            case Ref(path, module, ""):
                return self.resolve(Ref(path, module, name))
            case Inst(Cls() as cls):
                return self._member(cls, name)
            case Cls():
                return self._member(atom, name)
            case Seq():
                return (
                    frozenset({atom}) if name in {"values", "get", "pop"} else frozenset({UNKNOWN})
                )
            case Param() | Foreign():
                return frozenset({atom})
            case NoneTerm():
                return _NOTHING
        return frozenset({UNKNOWN})

    def _member(self, cls: Cls, name: str) -> Atoms:
        found = self._inherited(cls, name, set())
        if not found or found <= {NONE}:
            for sub in self._below(cls):
                found |= self._own(sub, name)
        if not found:
            client = self.client_of_class(cls)
            if client is not None:
                return frozenset({ClientPath(client, (name,))})
            return frozenset({UNKNOWN})
        return found

    def _below(self, cls: Cls) -> set[Cls]:
        found: set[Cls] = set()
        todo = [cls]
        while todo:
            for sub in self._subclasses.get(todo.pop(), ()):
                if sub not in found:
                    found.add(sub)
                    todo.append(sub)
        return found

    def _inherited(self, cls: Cls, name: str, seen: set[Cls]) -> Atoms:
        facts = self._class(cls)
        if facts is None or cls in seen:
            return _NOTHING
        seen.add(cls)
        found = self._own(cls, name)
        if found and not found <= {NONE}:
            return found
        for base in self.atoms(facts.bases):
            if isinstance(base, Cls):
                found |= self._inherited(base, name, seen)
        return found

    def _own(self, cls: Cls, name: str) -> Atoms:
        facts = self._class(cls)
        if facts is None:
            return _NOTHING
        found: set[Atom] = set()
        terms = dict(facts.attrs).get(name, EMPTY)
        found |= self.atoms(terms)
        for target in (cls, Inst(cls)):
            found |= self.atoms(self._stores.get((target, name), EMPTY))
        if name in facts.fields:
            fed = self._flows.get(Param(cls.path, f"{cls.qualname}.<fields>", name))
            if fed:
                found |= self.atoms(fed)
        qualname = dict(facts.methods).get(name)
        if qualname is not None:
            function = self._function(Func(cls.path, qualname))
            if function is not None and function.is_property:
                found |= self.atoms(function.returns)
            else:
                found.add(Func(cls.path, qualname))
        return frozenset(found)

    def client_of_class(self, cls: Cls, seen: frozenset[Cls] = frozenset()) -> Client | None:
        """A class that is itself a client: ``class Ours(OpenAI)``."""
        facts = self._class(cls)
        if facts is None or cls in seen:
            return None
        for base in self.atoms(facts.bases):
            if isinstance(base, Sdk) and (name := client_class(base.name)):
                return Client(cls.path, facts.place, name)
            if isinstance(base, Cls):
                found = self.client_of_class(base, seen | {cls})
                if found is not None:
                    return found
        return None

    def _calls(self, base: Term, call: Call) -> Atoms:
        found: set[Atom] = set()
        for atom in self.resolve(base):
            match atom:
                case Sdk(name) if cls := client_class(name):
                    found.add(ClientPath(Client(call.path, call.at, cls), ()))
                case Router("llm_router.Client" | "llm_router.AsyncClient"):
                    found.add(ClientPath(RouterClient(atom.name == "llm_router.AsyncClient"), ()))
                case ClientPath(client, path) if path and path[-1] in SAME_CLIENT:
                    found.add(ClientPath(client, path[:-1]))
                case ClientPath(client, path) if path and path[-1] in {"__enter__", "__aenter__"}:
                    found.add(ClientPath(client, path[:-1]))
                case Func():
                    function = self._function(atom)
                    found |= self.atoms(function.returns) if function else {UNKNOWN}
                case Cls():
                    own = self.client_of_class(atom)
                    found.add(ClientPath(own, ()) if own else Inst(atom))
                case Seq():
                    found.add(atom)
                    found |= self._items(frozenset({atom}))
                case Foreign():
                    found.add(atom)
                case NoneTerm():
                    pass
                case _:
                    found.add(UNKNOWN)
        return frozenset(found)

    # -- modules

    def _reference(self, ref: Ref) -> Atoms:
        path = self._locate(ref.path, ref.module)
        if path is not None:
            if not ref.name:
                return frozenset({ref})
            found = self._exported(path, ref.name, set())
            if found is not None:
                self._note_travel(found, ref.path, path)
                return found
        if ref.name:
            sub = f"{ref.module}.{ref.name}" if ref.module.strip(".") else f"{ref.module}{ref.name}"
            if self._locate(ref.path, sub) is not None:
                return frozenset({Ref(ref.path, sub, "")})
        if path is not None:
            return frozenset({UNKNOWN})
        return frozenset({Foreign(ref.module or ".")})

    def _note_travel(self, atoms: Atoms, to: str, origin: str) -> None:
        if to != origin:
            for atom in atoms:
                if isinstance(atom, ClientPath) and isinstance(atom.client, (Client, Typed)):
                    self._travelled.add(atom.client)

    def _exported(self, path: str, name: str, seen: set[str]) -> Atoms | None:
        facts = self._facts(path)
        if facts is None or path in seen:
            return None
        seen.add(path)
        terms = facts.exports.get(name)
        stored = self._stores.get((Ref(path, "", ""), name))
        if terms is not None or stored:
            return self.atoms(terms or EMPTY) | self.atoms(stored or EMPTY)
        for star in facts.stars:
            target = self._locate(star.path, star.module)
            if target is not None:
                found = self._exported(target, name, seen)
                if found is not None:
                    return found
        return None

    def _facts(self, path: str) -> ModuleFacts | None:
        if path not in self.facts:
            loaded = self._load(path)
            if loaded is None:
                return None
            self.facts[path] = loaded
        return self.facts[path]

    def _locate(self, importer: str, module: str) -> str | None:
        folder = posixpath.dirname(importer)
        key = (folder, module)
        if key not in self._located:
            self._located[key] = next(
                (c for c in _candidates(folder, module) if c != importer and self._exists(c)), None
            )
        return self._located[key]

    def _exists(self, path: str) -> bool:
        if path in self.facts:
            return True
        if path in self._absent:
            return False
        if self._facts(path) is None:
            self._absent.add(path)
            return False
        return True

    # -- deciding

    def _decide(self) -> dict[Member, Fate]:
        groups = self._groups
        notes: dict[Member, _Notes] = defaultdict(_Notes)
        for path in list(self.facts):
            for member in self._members(self.atoms(self.facts[path].made)):
                groups.join([member])
            for cls in self.facts[path].classes.values():
                own = self.client_of_class(Cls(path, cls.qualname))
                if own is not None:
                    groups.join([own])
            self._note_uses(path, notes)
            self._note_flows(path, notes)
            for terms in self.facts[path].ties:
                groups.join(self._members(self.atoms(terms)))
        for (base, _), terms in self._stores.items():
            if isinstance(base, Foreign) and "mock" not in base.name:
                for member in self._members(self.atoms(terms)):
                    notes[member].foreign.add(base.name)
        fates: dict[Member, Fate] = {}
        for group in groups.all():
            fate = self._fate(group, notes)
            fates.update(dict.fromkeys(group, fate))
        return fates

    @staticmethod
    def _members(atoms: Atoms) -> list[Member]:
        return [
            a.client
            for a in atoms
            if isinstance(a, ClientPath) and isinstance(a.client, (Client, Typed))
        ]

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

    def _note_flows(self, path: str, notes: dict[Member, _Notes]) -> None:
        for flow in self.facts[path].flows:
            members = self._members(self.atoms(flow.terms))
            if not members:
                continue
            self._groups.join(members)
            for callee in self.atoms(flow.callee):
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
        sites = sum(n.sites for n in every)
        made = [m for m in group if isinstance(m, Client)]
        local = (
            not (group & self._travelled)
            and len({m.path for m in group} | {p for n in every for p in n.paths}) <= 1
        )
        stays = bool(others or foreign) or (not made and not sites)
        azure = any(CLIENT_CLASSES[m.cls][1] for m in group if m.cls in CLIENT_CLASSES)
        dynamic = any(n.dynamic for n in every)
        return Fate(
            kind="stays" if stays else "router",
            provider=bool(made) and (azure or dynamic),
            local=local,
            members=group,
            others=others,
            foreign=foreign,
        )

    def view(self, path: str) -> ModuleView:
        facts = self.facts[path]
        members = {m for atoms in self.resolved[path] for m in self._members(atoms)}
        fates = {m: f for m, f in self._fates.items() if m.path == path or m in members}
        classes = {}
        for qualname, cls in facts.classes.items():
            client = self.client_of_class(Cls(path, qualname))
            if client is not None:
                classes[cls.place] = client
        constructions = {}
        for term, atoms in self._memo.items():
            if isinstance(term, Call) and term.path == path and term.at in facts.constructions:
                for atom in atoms:
                    if (
                        isinstance(atom, ClientPath)
                        and isinstance(atom.client, Client)
                        and atom.client.at == term.at
                        and not atom.path
                    ):
                        constructions[term.at] = atom.client
        return ModuleView(
            uses=self.resolved[path],
            fates=fates,
            classes=classes,
            constructions=constructions,
            openai_stays=self._openai_stays,
            calls_module=self._calls_module,
            settings=self._settings,
        )


@dataclass(slots=True)
class _Notes:
    """What the project does with one client."""

    sites: int = 0
    dynamic: bool = False
    others: set[str] = field(default_factory=set)
    foreign: set[str] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)

    def add(self, path: tuple[str, ...], model: str, mixed: bool) -> None:
        if not path:
            return
        dotted = ".".join(path)
        call = CALLS.get(dotted)
        if call is not None:
            self.sites += 1
            if call.has_model and model in {"dynamic", "none"} and not mixed:
                self.dynamic = True
        elif leads_to_call(path):
            self.sites += 1
        elif path[0] not in CLIENT_EXTRAS:
            self.others.add(dotted)


def leads_to_call(path: tuple[str, ...]) -> bool:
    """Is this a resource, such as ``chat.completions``, whose calls all have a counterpart?"""
    dotted = ".".join(path) + "."
    return any(sdk.startswith(dotted) for sdk in CALLS)


_HARMLESS = frozenset(
    {"functools", "asyncio", "contextlib", "concurrent", "threading", "typing", "weakref", "copy"}
    | {"logging", "pprint", "itertools", "random", "queue", "collections", "unittest", "mock"}
    | {"pytest", "tenacity", "backoff", "anyio", "builtins", "time", "inspect", "types", "tqdm"}
    | {"fastapi", "cachetools", "abc", "dataclasses", "atexit", "contextvars", "multiprocessing"}
)


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


def _candidates(folder: str, module: str) -> Iterable[str]:
    """The files that a module name may mean, seen from a folder, nearest first."""
    level = len(module) - len(module.lstrip("."))
    name = module[level:].replace(".", "/")
    if level:
        base = folder
        for _ in range(level - 1):
            base = posixpath.dirname(base)
        yield from _files(base, name)
        return
    base = folder
    while True:
        yield from _files(base, name)
        if base in {"", "/", "."}:
            break
        base = posixpath.dirname(base)
    if folder not in {"", "/"}:
        yield from _files("src", name)


def _files(base: str, name: str) -> Iterable[str]:
    path = posixpath.join(base, name) if name else base
    if name:
        yield f"{path}.py"
    yield posixpath.join(path, "__init__.py") if path else "__init__.py"
