"""What an expression may stand for, before and after the modules of a project are joined.

A term is what one module alone can say: "attribute `client` of what `app.clients` calls `make`".
Linking turns terms into abstract values: what the program may put there when it runs, whichever
module says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self, TypeAlias

from codemods.migrate_openai.flow import limits
from codemods.migrate_openai.rules.sdk_names import ROUTER_CLASSES

SAME_CLIENT = frozenset({"with_options", "copy"})


def client_class(sdk: str) -> str | None:
    """The client class that a dotted name of the SDK stands for."""
    head, _, name = sdk.rpartition(".")
    inside = head in {"openai", "openai._client", "openai.lib.azure", "openai.lib._azure"}
    return name if inside and name in ROUTER_CLASSES else None


class Term:
    """What one module says that an expression stands for."""

    __slots__ = ()


Terms: TypeAlias = frozenset[Term]


@dataclass(frozen=True, slots=True)
class Dotted(Term):
    """A dotted name of a package."""

    name: str

    def attribute(self, name: str) -> Self:
        return type(self)(f"{self.name}.{name}")


class Sdk(Dotted):
    """Of the openai package."""

    __slots__ = ()


class Router(Dotted):
    """Of the router, the target of the migration."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class SdkClient(Term):
    """A client of the SDK, by the place in one file that says so."""

    path: str
    at: int
    cls: str

    @property
    def asynchronous(self) -> bool:
        return self.cls.startswith("Async")

    @property
    def azure(self) -> bool:
        return "Azure" in self.cls


class Client(SdkClient):
    """An object made from a client class."""

    __slots__ = ()


class TypedClient(SdkClient):
    """An object that an annotation declares to be a client."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class RouterClient(Term):
    """An object made from the router's client classes: migrated already."""

    asynchronous: bool


def router_client(name: str) -> RouterClient | None:
    """What a class of the router makes; None for its other names."""
    module, _, last = name.rpartition(".")
    of_sdk = module == "llm_router.openai" and last in ROUTER_CLASSES
    known = of_sdk or last in {"Client", "AsyncClient", "AzureClient", "AsyncAzureClient"}
    return RouterClient(last.startswith("Async")) if known else None


@dataclass(frozen=True, slots=True)
class Ref(Term):
    """``from <module> import <name>``, seen from the file ``path``; no name: the module itself."""

    path: str
    module: str
    name: str


@dataclass(frozen=True, slots=True)
class Func(Term):
    path: str
    qualname: str


@dataclass(frozen=True, slots=True)
class Cls(Term):
    path: str
    qualname: str


@dataclass(frozen=True, slots=True)
class Inst(Term):
    """An instance of the class that the term stands for."""

    cls: Term


@dataclass(frozen=True, slots=True)
class Param(Term):
    path: str
    qualname: str
    name: str


@dataclass(frozen=True, slots=True)
class Foreign(Term):
    """Something of a package that is neither openai nor part of the project."""

    name: str

    @property
    def package(self) -> str:
        return self.name.split(".")[0]


CONTAINER_ITEMS = frozenset({"get", "pop", "popleft", "setdefault"})
"""Methods of containers that give an element."""
CONTAINER_SAME = frozenset({"values", "copy"})
"""Those that give what has the same elements."""


@dataclass(frozen=True, slots=True)
class Seq(Term):
    """A container; the terms are its elements."""

    elements: frozenset[Term]
    places: tuple[frozenset[Term], ...] = ()
    """The elements by place, where a tuple is written out."""

    def at(self, place: int | str | None) -> frozenset[Term]:
        """The elements at a place; all of them where places are not told apart."""
        if not isinstance(place, int) or not -len(self.places) <= place < len(self.places):
            return self.elements
        return self.places[place]


@dataclass(frozen=True, slots=True)
class Access(Term):
    """What is got from something else."""

    base: Term


@dataclass(frozen=True, slots=True)
class Attr(Access):
    name: str


@dataclass(frozen=True, slots=True)
class CallResult(Access):
    path: str
    at: int


@dataclass(frozen=True, slots=True)
class Item(Access):
    place: int | str | None = None


@dataclass(frozen=True, slots=True)
class Unknown(Term):
    """Anything at all."""

    lost: bool = False
    """Is it unknown because following it was given up?"""


@dataclass(frozen=True, slots=True)
class NoneTerm(Term):
    """The object None: no client, and no doubt either."""


UNKNOWN = Unknown()
LOST = Unknown(lost=True)
NONE = NoneTerm()

EMPTY: Terms = frozenset()
ANYTHING: Terms = frozenset({UNKNOWN})


def depth(term: Term) -> int:
    count = 0
    while isinstance(term, Access):
        term = term.base
        count += 1
    return count


def root(term: Term) -> Term:
    while isinstance(term, Access):
        term = term.base
    return term


def attribute(terms: Terms, name: str) -> Terms:
    """The terms of ``<terms>.<name>``."""
    found: set[Term] = set()
    for term in terms:
        match term:
            case Dotted():
                found.add(term.attribute(name))
            case Foreign() | Unknown():
                found.add(term)
            case NoneTerm():
                pass
            case _ if depth(term) >= limits.TERM_DEPTH:
                found.add(UNKNOWN)
            case _:
                found.add(Attr(term, name))
    return frozenset(found)


def item(terms: Terms, place: int | str | None = None) -> Terms:
    """The terms of ``<terms>[place]``; with no place, of any element."""
    found: set[Term] = set()
    for term in terms:
        match term:
            case Seq():
                found |= term.at(place)
            case Foreign() | Unknown():
                found.add(term)
            case NoneTerm():
                pass
            case Dotted():
                found.add(UNKNOWN)
            case _ if depth(term) >= limits.TERM_DEPTH:
                found.add(UNKNOWN)
            case _:
                found.add(Item(term, place))
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class ClientPath:
    """What linking makes of an attribute chain on a client."""

    client: SdkClient | RouterClient
    path: tuple[str, ...]


Value: TypeAlias = Term | ClientPath
Values: TypeAlias = frozenset[Value]


def clients_of(values: Iterable[Value]) -> list[SdkClient]:
    clients = (value.client for value in values if isinstance(value, ClientPath))
    return [client for client in clients if isinstance(client, SdkClient)]
