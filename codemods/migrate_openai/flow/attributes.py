"""Attributes of the project's classes: their own, inherited, and those of subclasses.

What a class makes by a method of its own, ``self.client = self.make()``, a subclass that has
another such method makes by that: it inherits the attribute as seen from itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from codemods.migrate_openai.flow import limits
from codemods.migrate_openai.flow.classes import Classes
from codemods.migrate_openai.flow.facts import Store
from codemods.migrate_openai.flow.graph import Graph, Node
from codemods.migrate_openai.flow.modules import Modules
from codemods.migrate_openai.flow.terms import (
    EMPTY,
    LOST,
    NONE,
    UNKNOWN,
    Access,
    Attr,
    ClientPath,
    Cls,
    Foreign,
    Func,
    Inst,
    Param,
    Term,
    Terms,
    Value,
)

FIELDS = "<fields>"
"""Stands for the constructor that a dataclass or a model gets."""

_Key: TypeAlias = tuple[Cls, str]
_Wire: TypeAlias = Callable[[_Key, Node], None]
_NOTHING: frozenset[Value] = frozenset({NONE})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Template:
    cls: Cls
    terms: Terms
    methods: frozenset[str]
    """What the terms call on ``self``."""

    def seen_from(self, cls: Cls) -> Terms:
        return frozenset(_on_class(term, self.cls, cls) for term in self.terms)


class Attributes:
    """The part of a graph that holds attributes. *node* gives the node of a term."""

    def __init__(
        self, graph: Graph, modules: Modules, classes: Classes, node: Callable[[Term], Node]
    ) -> None:
        self._graph = graph
        self._modules = modules
        self._classes = classes
        self._node = node
        self._nodes: dict[tuple[_Wire, _Key], Node] = {}
        """By what an attribute is seen from: a class and all around it, or a part of that."""
        self._stored: dict[_Key, dict[Terms, None]] = defaultdict(dict)
        self._on_others: dict[tuple[str, str], Node] = {}
        self._stored_on_others: dict[tuple[str, str], dict[Terms, None]] = defaultdict(dict)
        # By name of an attribute: how many of the assignments to it are being followed.
        self._followed: dict[str, int] = {}
        # What stands to be decided once all else has come to rest.
        self._closed_above: list[tuple[_Key, Node]] = []
        self._closed_below: list[tuple[_Key, Node]] = []
        self._open: list[tuple[_Key, Node]] = []
        self._unfilled_on_others: list[tuple[Foreign, Node]] = []

    def node(self, cls: Cls, name: str) -> Node:
        """What an attribute may hold, read on a class or on an instance of it."""
        return self._part(self._wire, (cls, name))

    def stored_on(self, holder: Foreign, name: str) -> Node | None:
        """What the program keeps in an attribute of an object of another package, if anything.

        ``app.state.client = OpenAI()``: any object of the package that has it may be that one.
        """
        if not self._modules.stores.get(name):
            return None
        key = (holder.package, name)
        node = self._on_others.get(key)
        if node is None:
            node = self._on_others[key] = self._graph.node(partial(self._wire_on_others, key))
            self._unfilled_on_others.append((holder, node))
        return node

    def is_read_back(self, holder: Foreign, name: str) -> bool:
        """Does the program read what it keeps there?"""
        return (holder.package, name) in self._on_others

    def follow(self) -> None:
        """Take in the assignments of files met since."""
        for name in list(self._followed):
            self._follow_stores(name)

    def default(self) -> bool:
        """What an attribute is where nothing better is known. Did anything change?

        An attribute that a class does not fill may be filled in a class above or below it.
        """
        return (
            self._answer_as_client() or self._look_above() or self._look_below() or self._give_up()
        )

    def _part(self, wire: _Wire, key: _Key) -> Node:
        node = self._nodes.get((wire, key))
        if node is None:
            node = self._nodes[wire, key] = self._graph.node(partial(wire, key))
        return node

    def _wire(self, key: _Key, node: Node) -> None:
        self._graph.copy(self._part(self._wire_inherited, key), node)
        self._overridden_below(key, node)
        self._done_below(key, node)
        self._closed_below.append((key, node))

    def _wire_inherited(self, key: _Key, node: Node) -> None:
        self._graph.copy(self._part(self._wire_own, key), node)
        if self._fills(*key):
            self._closed_above.append((key, node))
        else:
            self._open_above(key, node)

    def _open_above(self, key: _Key, node: Node) -> None:
        template = self._template(key)
        if template and template.cls != key[0] and self._overrides(key[0], template):
            self._copies(template.seen_from(key[0]), node)
            return
        for base in self._classes.above(key[0]):
            above = self._part(self._wire_inherited, (base, key[1]))
            self._graph.copy(above, node)

    def _overridden_below(self, key: _Key, node: Node) -> None:
        """``self`` may be of a subclass, wherever a class reads its own attribute."""
        template = self._template(key)
        if template is None:
            return
        below = [cls for cls in self._classes.all_below(key[0]) if self._overrides(cls, template)]
        for cls in below[: limits.CLASSES_BELOW]:
            self._copies(template.seen_from(cls), node)
        if below[limits.CLASSES_BELOW :]:
            self._graph.add(node, LOST)

    def _done_below(self, key: _Key, node: Node) -> None:
        """A method that gives nothing back itself stands for those of the subclasses as well."""
        cls, name = key
        qualname = self._modules.cls(cls).methods.get(name)
        function = self._modules.function(Func(cls.path, qualname)) if qualname else None
        if function is None or function.is_property or not function.returns <= _NOTHING:
            return
        for below in self._classes.all_below(cls)[: limits.CLASSES_BELOW]:
            if name in self._modules.cls(below).methods:
                self._graph.copy(self._part(self._wire_own, (below, name)), node)

    def _overrides(self, cls: Cls, template: _Template) -> bool:
        return not template.methods.isdisjoint(self._modules.cls(cls).methods)

    def _template(self, key: _Key) -> _Template | None:
        """What a class, or the nearest above it, puts into an attribute by methods of its own."""
        level = [key[0]]
        for _ in range(limits.CLASSES_UP):
            for cls in level:
                if self._fills(cls, key[1]):
                    return self._own_template(cls, key[1])
            level = [above for cls in level for above in self._classes.above(cls)]
        return None

    def _own_template(self, cls: Cls, name: str) -> _Template | None:
        facts = self._modules.cls(cls)
        terms = facts.attrs.get(name, EMPTY)
        qualname = facts.methods.get(name)
        if qualname is not None:
            function = self._modules.function(Func(cls.path, qualname))
            if function.is_property:
                terms |= function.returns
        methods = frozenset(m for term in terms if (m := _method(term, cls)) is not None)
        return _Template(cls=cls, terms=terms, methods=methods) if methods else None

    def _wire_down(self, key: _Key, node: Node) -> None:
        """What a class and all below it have for themselves."""
        self._graph.copy(self._part(self._wire_own, key), node)
        self._open_below(key, node)

    def _open_below(self, key: _Key, node: Node) -> bool:
        below = self._classes.below(key[0])
        for cls in below:
            self._graph.copy(self._part(self._wire_down, (cls, key[1])), node)
        return bool(below)

    def _fills(self, cls: Cls, name: str) -> bool:
        """Does the text of a class say more of an attribute than that it is None?"""
        facts = self._modules.cls(cls)
        is_attribute = not facts.attrs.get(name, EMPTY) <= _NOTHING
        return is_attribute or name in facts.methods or name in facts.fields

    def _wire_own(self, key: _Key, node: Node) -> None:
        cls, name = key
        facts = self._modules.cls(cls)
        self._copies(facts.attrs.get(name, EMPTY), node)
        if name not in self._followed:
            self._follow_stores(name)
        for terms in tuple(self._stored.get(key, ())):
            self._copies(terms, node)
        if name in facts.fields:
            param = Param(cls.path, f"{cls.qualname}.{FIELDS}", name)
            self._graph.copy(self._node(param), node)
        qualname = facts.methods.get(name)
        if qualname is not None:
            method = Func(cls.path, qualname)
            function = self._modules.function(method)
            if function.is_property:
                self._copies(function.returns, node)
            else:
                self._graph.add(node, method)

    def _wire_on_others(self, key: tuple[str, str], node: Node) -> None:
        if key[1] not in self._followed:
            self._follow_stores(key[1])
        for terms in tuple(self._stored_on_others.get(key, ())):
            self._copies(terms, node)

    def _copies(self, terms: Terms, node: Node) -> None:
        for term in terms:
            self._graph.copy(self._node(term), node)

    def _follow_stores(self, name: str) -> None:
        stores = self._modules.stores.get(name, ())
        known = self._followed.get(name, 0)
        self._followed[name] = len(stores)
        for store in stores[known:]:
            for base in store.base:
                self._graph.listen(self._node(base), partial(self._store, store))

    def _store(self, store: Store, base: Value) -> None:
        name, terms = store.attr, store.terms
        match base:
            case Inst(Cls() as cls) | (Cls() as cls):
                self._stored[cls, name][terms] = None
                own = self._nodes.get((self._wire_own, (cls, name)))
                if own is not None:
                    self._copies(terms, own)
            case Foreign() if not store.container:
                self._stored_on_others[base.package, name][terms] = None
                node = self._on_others.get((base.package, name))
                if node is not None:
                    self._copies(terms, node)

    # -- when all else has come to rest

    def _answer_as_client(self) -> bool:
        """What no class of the project has, a class derived from a client has from there."""
        changed = False
        for (cls, name), node in self._closed_below:
            client = self._classes.client(cls) if not node.order else None
            if client and not any(self._fills(sub, name) for sub in self._classes.all_below(cls)):
                self._graph.add(node, ClientPath(client, (name,)))
                changed = True
        return changed

    def _look_above(self) -> bool:
        closed, self._closed_above = self._closed_above, []
        changed = False
        for key, node in closed:
            if node.values <= _NOTHING and self._classes.above(key[0]):
                self._open_above(key, node)
                changed = True
        return changed

    def _look_below(self) -> bool:
        closed, self._closed_below = self._closed_below, []
        changed = False
        for key, node in closed:
            if node.values <= _NOTHING:
                changed = self._open_below(key, node) or changed
                self._open.append((key, node))
        return changed

    def _give_up(self) -> bool:
        empty = [(key, node) for key, node in self._open if not node.order]
        self._open.clear()
        for (cls, name), node in empty:
            client = self._classes.client(cls)
            self._graph.add(node, ClientPath(client, (name,)) if client else UNKNOWN)
        bare = [(holder, node) for holder, node in self._unfilled_on_others if not node.order]
        self._unfilled_on_others.clear()
        for holder, node in bare:
            self._graph.add(node, holder)
        return bool(empty or bare)


def _method(term: Term, cls: Cls) -> str | None:
    """The name of what a term takes from ``self``, or from the class."""
    while isinstance(term, Access):
        if isinstance(term, Attr) and term.base in (cls, Inst(cls)):
            return term.name
        term = term.base
    return None


def _on_class(term: Term, base: Cls, cls: Cls) -> Term:
    """The same term on another class."""
    if term == Inst(base):
        return Inst(cls)
    if term == base:
        return cls
    if isinstance(term, Access):
        return replace(term, base=_on_class(term.base, base, cls))
    return term
