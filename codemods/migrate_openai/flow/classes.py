"""The classes of a project: bases, subclasses, constructors, and which are clients themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import chain
from typing import TypeVar

from codemods.migrate_openai.flow.modules import Modules, is_drop_in, last
from codemods.migrate_openai.flow.terms import (
    UNKNOWN,
    Attr,
    Client,
    Cls,
    Dotted,
    Foreign,
    Func,
    Ref,
    Router,
    RouterClient,
    Sdk,
    Term,
    client_class,
    router_client,
)
from codemods.migrate_openai.rules.sdk_names import ROUTER_CLASSES

T = TypeVar("T")


class Classes:
    """Bases are names, followed from file to file; one that has to be computed is not followed."""

    def __init__(self, modules: Modules) -> None:
        self._modules = modules
        self._bases: dict[Cls, tuple[Term, ...]] = {}
        self._names: dict[Term, tuple[Term, ...]] = {}
        self._below: dict[Cls, dict[Cls, None]] = defaultdict(dict)
        self._placed: dict[str, int] = {}
        self._fields: dict[Cls, tuple[str, ...]] = {}
        self._inits: dict[Cls, Func | None] = {}
        self._clients: dict[Cls, Client | RouterClient | None] = {}

    def bases(self, cls: Cls) -> tuple[Term, ...]:
        found = self._bases.get(cls)
        if found is None:
            terms = self._modules.cls(cls).bases
            found = tuple(dict.fromkeys(base for term in terms for base in self._named(term)))
            self._bases[cls] = found
        return found

    def above(self, cls: Cls) -> list[Cls]:
        return [base for base in self.bases(cls) if isinstance(base, Cls) and base != cls]

    def below(self, cls: Cls) -> list[Cls]:
        """The classes that derive from one directly."""
        name = last(cls.qualname)
        derived = self._modules.derived.get(name, ())
        for each in derived[self._placed.get(name, 0) :]:
            for base in self.above(each):
                self._below[base][each] = None
        self._placed[name] = len(derived)
        return list(self._below.get(cls, ()))

    def all_below(self, cls: Cls) -> list[Cls]:
        """The classes that derive from one, directly or not."""
        found: dict[Cls, None] = {}
        todo = [cls]
        while todo:
            for each in self.below(todo.pop()):
                if each not in found:
                    found[each] = None
                    todo.append(each)
        return list(found)

    def init(self, cls: Cls) -> Func | None:
        """The constructor, inherited or not."""
        return self._upwards(cls, self._inits, self._own_init)

    def _own_init(self, cls: Cls, above: list[Func | None]) -> Func | None:
        qualname = self._modules.cls(cls).methods.get("__init__")
        if qualname is not None:
            return Func(cls.path, qualname)
        return next((init for init in above if init is not None), None)

    def fields(self, cls: Cls) -> tuple[str, ...]:
        """The parameters of the constructor that a dataclass or a model gets, in order."""
        return self._upwards(cls, self._fields, self._own_fields)

    def _own_fields(self, cls: Cls, above: list[tuple[str, ...]]) -> tuple[str, ...]:
        own = self._modules.cls(cls).fields
        return tuple(dict.fromkeys(chain(*above, own))) if own or len(above) > 1 else sum(above, ())

    def client(self, cls: Cls) -> Client | RouterClient | None:
        """What an instance is where the class derives from a client: ``class Ours(OpenAI)``."""
        return self._upwards(cls, self._clients, self._own_client)

    def _own_client(
        self, cls: Cls, above: list[Client | RouterClient | None]
    ) -> Client | RouterClient | None:
        facts = self._modules.cls(cls)
        for base in self.bases(cls):
            # Only what a class names itself is written anew where it stands.
            named = client_class(base.name) if isinstance(base, Sdk) else None
            if named is not None and base in facts.bases:
                return Client(cls.path, facts.place, named)
            if isinstance(base, Router) and (client := router_client(base.name)) is not None:
                return client
        found = next((client for client in above if client is not None), None)
        return Client(cls.path, facts.place, found.cls) if isinstance(found, Client) else found

    def _upwards(self, cls: Cls, known: dict[Cls, T], own: Callable[[Cls, list[T]], T]) -> T:
        """What a class makes of what those above it have, without recursion: chains are deep."""
        path = [cls]
        entered: set[Cls] = set()
        while path:
            each = path[-1]
            above = self.above(each)
            waiting = (b for b in above if b not in known and b not in entered)
            if each not in known and (deeper := next(waiting, None)) is not None:
                entered.add(each)
                path.append(deeper)
                continue
            path.pop()
            if each not in known:
                known[each] = own(each, [known[b] for b in above if b in known])
        return known[cls]

    def clients(self) -> dict[tuple[str, str], Client]:
        """(file, class) of every class that is itself a client of the SDK."""
        found: dict[tuple[str, str], Client] = {}
        seen: set[Cls] = set()
        for path in self._modules.asked:
            for facts in self._modules.facts[path].classes.values():
                if not any(
                    isinstance(t, Sdk) or (isinstance(t, Ref) and t.name in ROUTER_CLASSES)
                    for t in facts.bases
                ):
                    continue
                cls = Cls(path, facts.qualname)
                for each in (cls, *self.all_below(cls)) if cls not in seen else ():
                    seen.add(each)
                    client = self.client(each)
                    if isinstance(client, Client):
                        found[each.path, each.qualname] = client
        return found

    def _named(self, term: Term) -> tuple[Term, ...]:
        """What a name stands for, as far as imports and nested classes tell."""
        found: dict[Term, None] = {}
        seen: dict[Term, None] = {}
        todo = [term]
        single = True
        while todo:
            each = todo.pop()
            if each in seen:
                continue
            if each in self._names:
                found.update(dict.fromkeys(self._names[each]))
                continue
            seen[each] = None
            match each:
                case Ref():
                    path, terms = self._modules.meaning(each)
                    if path and is_drop_in(each):
                        inner = [base for term in terms for base in self._named(term)]
                        other = Foreign(each.module)
                        found.update((other if isinstance(b, Sdk) else b, None) for b in inner)
                    elif path or each not in terms:
                        todo += terms
                        single = single and len(terms) == 1
                    else:
                        found[each] = None
                case Attr(base, name):
                    for value in self._named(base):
                        todo += self._nested(value, name)
                    single = False
                case Cls() | Dotted() | Foreign():
                    found[each] = None
                case _:
                    found[UNKNOWN] = None
        result = tuple(found)
        for each in seen if single else [term]:
            self._names[each] = result
        return result

    def _nested(self, value: Term, name: str) -> Iterable[Term]:
        match value:
            case Ref(path, module, ""):
                return (Ref(path, module, name),)
            case Cls():
                return self._modules.cls(value).attrs.get(name, ())
            case Dotted():
                return (value.attribute(name),)
            case Foreign():
                return (value,)
        return (UNKNOWN,)
