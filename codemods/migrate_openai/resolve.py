"""Terms -> atoms: what an expression stands for once the modules of a project are joined."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TypeAlias

from codemods.migrate_openai.facts import (
    ClassFacts,
    Flow,
    FunctionFacts,
    ModuleFacts,
    Store,
)
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
    Terms,
    Typed,
    client_class,
)

Atom: TypeAlias = Term | ClientPath
Atoms: TypeAlias = frozenset[Atom]
Member: TypeAlias = Client | Typed
FactsLoader: TypeAlias = Callable[[str], ModuleFacts | None]

_NOTHING: Atoms = frozenset()
_ROUNDS = 4
_DEEPEST = 100
_MOST_STEPS = 20_000  # for one question


class Resolver:
    """Joins facts by following names from file to file, only as far as it is asked."""

    def __init__(self, facts: Iterable[ModuleFacts], load: FactsLoader) -> None:
        self.facts: dict[str, ModuleFacts] = {}
        self._load = load
        self._absent: set[str] = set()
        self._located: dict[tuple[str, str], str | None] = {}
        self._memo: dict[Term, Atoms] = {}
        self._previous: dict[Term, Atoms] = {}
        self._busy: set[Term] = set()
        self._cyclic = False
        self._steps = 0
        self._targets_by_name: dict[str, dict[tuple[str, str], list[tuple[Flow, str]]]] = {}
        self._calls_by_name: dict[str, list[Flow]] = defaultdict(list)
        self._derived: dict[str, list[Cls]] = defaultdict(list)
        self._stores: dict[str, list[Store]] = defaultdict(list)
        self.travelled: set[Member] = set()
        """The clients that some other file than their own imports."""
        self.wanted: set[tuple[str, str]] = set()
        """(file, name) of names of the SDK that another file imports from there."""
        for each in facts:
            self._add(each)
        self.asked = tuple(self.facts)
        self.uses = self._solve()

    def _add(self, facts: ModuleFacts) -> None:
        self.facts[facts.path] = facts
        for flow in facts.flows:
            for name in {_called(term) for term in flow.callee}:
                if name:
                    self._calls_by_name[name].append(flow)
        for cls in facts.classes.values():
            for name in {_called(term) for term in cls.bases}:
                if name:
                    self._derived[name].append(Cls(facts.path, cls.qualname))
        for store in facts.stores:
            self._stores[store.attr].append(store)

    def _solve(self) -> dict[str, tuple[Atoms, ...]]:
        """The atoms of every use. Cycles are cut, then filled in by another round."""
        resolved: dict[str, tuple[Atoms, ...]] = {}
        for _ in range(_ROUNDS):
            self._memo = {}
            self._targets_by_name = {}
            self._cyclic = False
            before = resolved
            resolved = {
                path: tuple(self.atoms(use.terms) for use in self.facts[path].uses)
                for path in self.asked
            }
            if not self._cyclic or before == resolved:
                break
            self._previous = self._memo
        return resolved

    # -- arguments

    def _flows_into(self, param: Param) -> Terms:
        """What the calls of the project give a parameter."""
        found: set[Term] = set()
        for name in self._callers(param):
            for flow, given in self._targets(name).get((param.path, param.qualname), ()):
                if flow.keyword == param.name or (flow.keyword is None and given == param.name):
                    found |= flow.terms
        facts = self.facts.get(param.path)
        fixture = facts.functions.get(param.name) if facts else None
        if facts and fixture is not None and fixture.fixture:
            function = facts.functions.get(param.qualname)
            if _last(param.qualname).startswith("test") or (function and function.fixture):
                found |= fixture.returns
        return frozenset(found)

    def _callers(self, param: Param) -> set[str]:
        """The names under which the owner of a parameter may be called."""
        last = _last(param.qualname)
        if last not in {"__init__", "<fields>"}:
            return {last}
        owner = Cls(param.path, param.qualname.rpartition(".")[0])
        names = {_last(c.qualname) for c in (owner, *self._below(owner))}
        return names | {"__init__", "cls"}

    def _targets(self, name: str) -> dict[tuple[str, str], list[tuple[Flow, str]]]:
        """(file, function) -> the arguments that calls under a name hand to it.

        With each argument goes the parameter that it is given by position.
        """
        known = self._targets_by_name.get(name)
        if known is not None:
            return known
        found: dict[tuple[str, str], list[tuple[Flow, str]]] = defaultdict(list)
        self._targets_by_name[name] = found  # a call that leads back here finds what there is
        for flow in self._calls_by_name.get(name, ()):
            for term in flow.callee:
                for atom in self.resolve(term):
                    called = self._callable(atom, term)
                    if called is None:
                        continue
                    path, _, positional, qualname = called
                    index = flow.index
                    by_position = index is not None and index < len(positional)
                    given = positional[index or 0] if by_position else ""
                    found[path, qualname].append((flow, given))
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
        qualname = facts.methods.get(name)
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
            self._cyclic = True
            return self._previous.get(term, _NOTHING)
        if not self._busy:
            self._steps = 0
        self._steps += 1
        if len(self._busy) > _DEEPEST or self._steps > _MOST_STEPS:
            return frozenset({UNKNOWN})
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
                flows = self._flows_into(term)
                return self.atoms(flows) if flows else frozenset({term})
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
        """The classes of the project that derive from one, directly or not."""
        found: set[Cls] = set()
        todo = [cls]
        while todo:
            above = todo.pop()
            for below in self._derived.get(_last(above.qualname), ()):
                facts = self._class(below)
                if below not in found and facts and above in self.atoms(facts.bases):
                    found.add(below)
                    todo.append(below)
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
        terms = facts.attrs.get(name, EMPTY)
        found |= self.atoms(terms)
        for store in self._stores.get(name, ()):
            bases = self.atoms(store.base)
            if cls in bases or Inst(cls) in bases:
                found |= self.atoms(store.terms)
        if name in facts.fields:
            found |= self.atoms(self._flows_into(Param(cls.path, f"{cls.qualname}.<fields>", name)))
        qualname = facts.methods.get(name)
        if qualname is not None:
            function = self._function(Func(cls.path, qualname))
            if function is not None and function.is_property:
                found |= self.atoms(function.returns)
            else:
                found.add(Func(cls.path, qualname))
        return frozenset(found)

    def client_classes(self) -> dict[tuple[str, str], Client]:
        """(file, class) of every class that is itself a client of the SDK."""
        found: dict[tuple[str, str], Client] = {}
        for path in self.asked:
            for facts in self.facts[path].classes.values():
                if not any(
                    isinstance(t, Sdk) or (isinstance(t, Ref) and t.name in CLIENT_CLASSES)
                    for t in facts.bases
                ):
                    continue
                cls = Cls(path, facts.qualname)
                for each in (cls, *self._below(cls)):
                    client = self.client_of_class(each)
                    if isinstance(client, Client):
                        found[each.path, each.qualname] = client
        return found

    def client_of_class(
        self, cls: Cls, seen: frozenset[Cls] = frozenset()
    ) -> Client | RouterClient | None:
        """A class that is itself a client: ``class Ours(OpenAI)``."""
        facts = self._class(cls)
        if facts is None or cls in seen:
            return None
        for base in self.atoms(facts.bases):
            if isinstance(base, Sdk) and (name := client_class(base.name)):
                return Client(cls.path, facts.place, name)
            if isinstance(base, Router) and base.name.endswith((".Client", ".AsyncClient")):
                return RouterClient(base.name.endswith(".AsyncClient"))
            if isinstance(base, Cls):
                found = self.client_of_class(base, seen | {cls})
                if found is not None:
                    return found
        return None

    def _calls(self, base: Term, call: Call) -> Atoms:
        found: set[Atom] = set()
        callees = self.resolve(base)
        sdk_only = all(isinstance(a, (Sdk, NoneTerm)) for a in callees)
        for atom in callees:
            match atom:
                case Sdk(name) if not sdk_only and client_class(name):
                    found.add(UNKNOWN)
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
                if ref.module.rpartition(".")[2] == "openai":
                    # The project's own drop-in: it wraps what it hands on.
                    return frozenset(
                        Foreign(ref.module) if isinstance(a, Sdk) else a for a in found
                    )
                return found
        if ref.name:
            sub = f"{ref.module}.{ref.name}" if ref.module.strip(".") else f"{ref.module}{ref.name}"
            if self._locate(ref.path, sub) is not None:
                return frozenset({Ref(ref.path, sub, "")})
        if path is not None:
            return frozenset({UNKNOWN})
        # A relative import is the project's own, found or not.
        return frozenset({UNKNOWN if ref.module.startswith(".") else Foreign(ref.module)})

    def _note_travel(self, atoms: Atoms, to: str, origin: str) -> None:
        if to != origin:
            for atom in atoms:
                if isinstance(atom, ClientPath) and isinstance(atom.client, (Client, Typed)):
                    self.travelled.add(atom.client)

    def _exported(self, path: str, name: str, seen: set[str]) -> Atoms | None:
        facts = self._facts(path)
        if facts is None or path in seen:
            return None
        seen.add(path)
        terms = facts.exports.get(name)
        if terms is not None:
            found = self.atoms(terms)
            if any(isinstance(a, Sdk) for a in found):
                self.wanted.add((path, name))
            return found
        for star in facts.stars:
            target = self._locate(star.path, star.module)
            if target is not None:
                through = self._exported(target, name, seen)
                if through is not None:
                    return through
        return None

    def _facts(self, path: str) -> ModuleFacts | None:
        if path not in self.facts:
            loaded = self._load(path)
            if loaded is None:
                return None
            self._add(loaded)
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


def _last(qualname: str) -> str:
    return qualname.rpartition(".")[2]


def _called(term: Term) -> str:
    """The last name of what is called, by which it can be looked up."""
    match term:
        case Attr(_, name):
            return name
        case Ref(_, module, name):
            return name or _last(module)
        case Func(_, qualname) | Cls(_, qualname):
            return _last(qualname)
    return ""


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
