"""Terms -> values: what an expression stands for once the modules of a project are joined.

Each term that is asked for becomes a node of a graph, with edges from what it depends on. What is
true only where nothing else is (a parameter that no call fills, an attribute that no class has) is
added when all else has come to rest, so that the order of the files does not matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import partial

from codemods.migrate_openai.flow import limits
from codemods.migrate_openai.flow.attributes import FIELDS, Attributes
from codemods.migrate_openai.flow.classes import Classes
from codemods.migrate_openai.flow.facts import Flow, FunctionFacts, ModuleFacts
from codemods.migrate_openai.flow.graph import Graph, Node
from codemods.migrate_openai.flow.modules import A_PARAMETER, Modules, is_drop_in, last
from codemods.migrate_openai.flow.signatures import MethodKind
from codemods.migrate_openai.flow.terms import (
    CONTAINER_ITEMS,
    CONTAINER_SAME,
    EMPTY,
    LOST,
    NONE,
    SAME_CLIENT,
    UNKNOWN,
    Attr,
    CallResult,
    Client,
    ClientPath,
    Cls,
    Dotted,
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
    SdkClient,
    Seq,
    Term,
    Terms,
    TypedClient,
    Value,
    Values,
    client_class,
    clients_of,
    root,
    router_client,
)


class Resolver:
    """Joins facts by following names from file to file, only as far as it is asked."""

    def __init__(self, modules: Modules) -> None:
        self.graph = Graph()
        self.imported_clients: set[SdkClient] = set()
        """The clients that some other file than their own imports."""
        self.sdk_exports: set[tuple[str, str]] = set()
        """(file, name) of names of the SDK that another file imports from there."""
        self.classes = Classes(modules)
        self._modules = modules
        self._nodes: dict[Term, Node] = {}
        self.attributes = Attributes(self.graph, modules, self.classes, self.node)
        self._empty_params: list[tuple[Param, Node]] = []
        # By name of what is called: how many of its calls are being followed.
        self._followed: dict[str, int] = {}
        self._flows: set[int] = set()
        self._modules_followed = len(modules.facts)
        self._constructors: set[Cls] = set()
        self._arguments: dict[Param, dict[Terms, None]] = defaultdict(dict)
        self._makes_clients: set[CallResult] = set()
        self._makes_others: set[CallResult] = set()
        self._makes_either: set[tuple[str, int]] = set()

    # -- asking

    def ask(self, terms: Iterable[Term]) -> None:
        """Have terms worked out by the next `values_of`, together with others."""
        for term in terms:
            self.node(term)

    def explore(self, facts: ModuleFacts) -> None:
        """Have the functions found that a file hands its clients to: they may hand them on."""
        for flow in facts.flows:
            for term in flow.terms:
                if term not in (UNKNOWN, NONE):
                    self.graph.listen(self.node(term), partial(self._ask_where_it_goes, flow))

    def _ask_where_it_goes(self, flow: Flow, value: Value) -> None:
        if isinstance(value, ClientPath):
            self.ask(flow.callee)

    def values_of(self, terms: Iterable[Term]) -> Values:
        nodes = [self.node(term) for term in terms]
        self.settle()
        found = frozenset(value for node in nodes for value in node.order)
        either = self._makes_either
        if not either:
            return found
        return frozenset(UNKNOWN if _made_at(value) in either else value for value in found)

    def settle(self) -> None:
        while self._follow() or self._unfilled() or self.attributes.default():
            pass

    def _follow(self) -> bool:
        busy = self.graph.run()
        if len(self._modules.facts) > self._modules_followed:
            # The files met on the way may call, or assign, what is followed by its name.
            new = list(self._modules.facts.values())[self._modules_followed :]
            self._modules_followed = len(self._modules.facts)
            for facts in new:
                self.explore(facts)
            for name in list(self._followed):
                self._follow_calls(name)
            self.attributes.follow()
            busy = True
        return busy

    def _unfilled(self) -> bool:
        """Parameters that no call fills stand for themselves."""
        unfilled = [(p, node) for p, node in self._empty_params if p not in self._arguments]
        self._empty_params.clear()
        for param, node in unfilled:
            self.graph.add(node, param)
        return bool(unfilled)

    # -- terms

    def node(self, term: Term) -> Node:
        node = self._nodes.get(term)
        if node is None:
            node = self._nodes[term] = self.graph.node(partial(self._wire, term))
        return node

    def copies(self, terms: Iterable[Term], target: Node) -> None:
        for term in terms:
            self.graph.copy(self.node(term), target)

    def _wire(self, term: Term, node: Node) -> None:
        graph = self.graph
        match term:
            case Client() | TypedClient() | RouterClient():
                graph.add(node, ClientPath(term, ()))
            case Ref():
                self._wire_reference(term, node)
            case Param():
                self._wire_param(term, node)
            case Inst(Ref() | Attr() as named):
                place = root(named)
                assert isinstance(place, (Ref, Cls))
                graph.listen(self.node(named), partial(self._instance, place.path, node))
            case Attr(Ref(path, module, ""), name):
                graph.listen(
                    self.node(Ref(path, module, name)),
                    partial(self._attribute_of_module, node, name),
                )
            case Attr(Attr(Ref(path, package, ""), sub), name) if self._modules.locate(
                path, f"{package}.{sub}"
            ):
                graph.copy(self.node(Ref(path, f"{package}.{sub}", name)), node)
            case Attr(base, name):
                graph.listen(self.node(base), partial(self._attribute, node, name))
            case CallResult(base):
                graph.listen(self.node(base), partial(self._called, node, term))
            case Item(base, place):
                graph.listen(self.node(base), partial(self._item, node, place))
            case _:
                graph.add(node, term)

    def _wire_reference(self, ref: Ref, node: Node) -> None:
        path, terms = self._modules.meaning(ref)
        if not path:
            for term in terms:
                self.graph.add(node, term)
            return
        hear = partial(self._imported, node, ref, (path, ref.name))
        for term in terms:
            self.graph.listen(self.node(term), hear)

    def _imported(self, node: Node, ref: Ref, export: tuple[str, str], value: Value) -> None:
        if isinstance(value, Sdk):
            self.sdk_exports.add(export)
            if is_drop_in(ref):
                value = Foreign(ref.module)
        else:
            self.imported_clients.update(clients_of([value]))
        self.graph.add(node, value)

    def _instance(self, path: str, node: Node, value: Value) -> None:
        match value:
            case Cls():
                self.graph.copy(self.node(Inst(value)), node)
            case Sdk(name) if cls := client_class(name):
                # The annotation stands in another file's terms: no place of its own.
                self.graph.add(node, ClientPath(TypedClient(path, -1, cls), ()))
            case Router(name) if client := router_client(name):
                self.graph.add(node, ClientPath(client, ()))
            case Foreign():
                self.graph.add(node, value)
            case _:
                self.graph.add(node, _unknown(value))

    def _item(self, node: Node, place: int | str | None, value: Value) -> None:
        match value:
            case Seq():
                self.copies(value.at(place), node)
            case NoneTerm():
                pass
            case Foreign() if isinstance(place, str):
                self._attribute_of_module(node, place, value)
            case Param() | Foreign():
                self.graph.add(node, value)
            case _:
                self.graph.add(node, _unknown(value))

    def _attribute(self, node: Node, name: str, value: Value) -> None:
        graph = self.graph
        match value:
            case ClientPath(client, path) if len(path) < limits.PATH_LENGTH:
                graph.add(node, ClientPath(client, (*path, name)))
            case Dotted(dotted) if dotted.count(".") < limits.PATH_LENGTH:
                graph.add(node, value.attribute(name))
            case Ref(path, module, ""):
                graph.copy(self.node(Ref(path, module, name)), node)
            case Inst(Cls() as cls) if name == "__init__":
                # Nobody calls it but through ``super()``: it is that of the classes above.
                for above in self.classes.above(cls):
                    graph.add(node, above)
            case Cls() if name == "__init__" and (init := self.classes.init(value)):
                graph.add(node, init)
            case Inst(Cls() as cls) | (Cls() as cls):
                graph.copy(self.attributes.node(cls, name), node)
            case Seq() if name in CONTAINER_ITEMS | CONTAINER_SAME:
                graph.add(node, value)
            case Foreign():
                self._attribute_of_module(node, name, value)
            case Param():
                graph.add(node, value)
            case NoneTerm():
                pass
            case _:
                graph.add(node, _unknown(value))

    def _attribute_of_module(self, node: Node, name: str, value: Value) -> None:
        """A name of a module: of another package's, what the program put there, if anything."""
        stored = self.attributes.stored_on(value, name) if isinstance(value, Foreign) else None
        if stored is not None:
            self.graph.copy(stored, node)
        else:
            self.graph.add(node, value)

    def _note_maker(self, call: CallResult, value: Value) -> None:
        """Does a call make a client of the SDK, something else, or either of them?"""
        if isinstance(value, Sdk) and client_class(value.name):
            self._makes_clients.add(call)
        elif not isinstance(value, (Sdk, NoneTerm, Cls)):
            self._makes_others.add(call)
        if call in self._makes_clients and call in self._makes_others:
            self._makes_either.add((call.path, call.at))

    def _called(self, node: Node, call: CallResult, value: Value) -> None:
        graph = self.graph
        self._note_maker(call, value)
        match value:
            case Sdk(name) if cls := client_class(name):
                graph.add(node, ClientPath(Client(call.path, call.at, cls), ()))
            case Router(name) if client := router_client(name):
                graph.add(node, ClientPath(client, ()))
            case ClientPath(client, (*path, method)) if method in _SAME:
                graph.add(node, ClientPath(client, tuple(path)))
            case Func():
                self.copies(self._modules.function(value).returns, node)
            case Cls():
                own = self.classes.client(value)
                graph.add(node, ClientPath(own, ()) if own else Inst(value))
            case Seq():
                name = call.base.name if isinstance(call.base, Attr) else ""
                if name not in CONTAINER_ITEMS:
                    graph.add(node, value)
                if name not in CONTAINER_SAME:
                    self._item(node, None, value)
            case Foreign():
                graph.add(node, value)
            case NoneTerm():
                pass
            case _:
                graph.add(node, _unknown(value))

    # -- arguments

    def _wire_param(self, param: Param, node: Node) -> None:
        """What the calls of the project give a parameter."""
        name = last(param.qualname)
        if name in {"__init__", FIELDS}:
            self._follow_constructor(Cls(param.path, param.qualname.rpartition(".")[0]))
        else:
            self._follow_calls(name)
        self._follow_calls(A_PARAMETER)
        function = self._modules.facts[param.path].functions.get(param.qualname)
        if name.startswith("test") or (function and function.fixture):
            fixture = self._modules.fixture(param.path, param.name)
            if fixture is not None:
                self._arguments[param][fixture.returns] = None
        for terms in tuple(self._arguments.get(param, ())):
            self.copies(terms, node)
        if name != FIELDS:
            self._empty_params.append((param, node))

    def _follow_constructor(self, cls: Cls) -> None:
        """A constructor is called by the name of its class, or of one that inherits it."""
        self._follow_calls("__init__")
        self._follow_calls("cls")
        todo = [cls]
        while todo:
            cls = todo.pop()
            if cls not in self._constructors:
                self._constructors.add(cls)
                self._follow_calls(last(cls.qualname))
                todo += self.classes.below(cls)

    def _follow_calls(self, name: str) -> None:
        flows = self._modules.calls.get(name, ())
        known = self._followed.get(name, 0)
        self._followed[name] = len(flows)
        for flow in flows[known:]:
            if id(flow) in self._flows:
                continue
            self._flows.add(id(flow))
            for term in flow.callee:
                self.graph.listen(self.node(term), partial(self._note_argument, flow, term))

    def _note_argument(self, flow: Flow, callee: Term, value: Value) -> None:
        """Note what a call gives to one of the functions it may mean."""
        name = flow.keyword
        match value:
            case Func(path, qualname):
                function = self._modules.function(value)
                positional = function.positional[int(self._is_bound(function, callee)) :]
            case Cls(path, qualname):
                init = self.classes.init(value)
                if init is not None:
                    path, qualname = init.path, init.qualname
                    positional = self._modules.function(init).positional[1:]
                else:
                    positional = self.classes.fields(value)
                    qualname = f"{qualname}.{FIELDS}"
            case _:
                return
        if name is None and flow.index is not None and flow.index < len(positional):
            name = positional[flow.index]
        if name is None:
            return
        param = Param(path, qualname, name)
        self._arguments[param][flow.terms] = None
        node = self._nodes.get(param)
        if node is not None:
            self.copies(flow.terms, node)

    def _is_bound(self, function: FunctionFacts, callee: Term) -> bool:
        """Does a call get its first argument from what stands before the dot?"""
        if not isinstance(callee, Attr) or function.kind is MethodKind.FUNCTION:
            return False
        holders = self.node(callee.base).order
        is_on_object = any(isinstance(holder, Inst) for holder in holders)
        return is_on_object or function.kind is MethodKind.CLASS

    # -- what is not followed to its end

    def lost(self) -> set[SdkClient]:
        """The clients that are shared too widely for anybody to say what becomes of them."""
        nodes: list[Node] = []
        seen: dict[Value, None] = {}
        full = 0
        while full < len(self.graph.full) or len(seen) < len(self.graph.lost):
            values = dict(self.graph.lost)
            for node in self.graph.full[full:]:
                values.update(dict.fromkeys(node.order))
            full = len(self.graph.full)
            for value in values:
                if value not in seen:
                    seen[value] = None
                    nodes += [self.node(term) for term in self._reach(value)]
            self.settle()
        found = {*seen, *(value for node in nodes for value in node.order)}
        return set(clients_of(found))

    def _reach(self, value: Value) -> Iterable[Term]:
        """What somebody who holds a value can get from it."""
        match value:
            case Func():
                return self._modules.function(value).returns
            case Inst(Cls() as cls) | (Cls() as cls):
                facts = self._modules.cls(cls)
                found = EMPTY.union(*facts.attrs.values())
                methods = (Func(cls.path, qualname) for qualname in facts.methods.values())
                return found.union(*(self._reach(method) for method in methods))
            case Seq(elements):
                return elements
        return EMPTY


_SAME = SAME_CLIENT | {"__enter__", "__aenter__"}


def _made_at(value: Value) -> tuple[str, int] | None:
    if isinstance(value, ClientPath) and isinstance(value.client, Client):
        return value.client.path, value.client.at
    return None


def _unknown(value: Value) -> Value:
    """Anything at all; what was lost stays lost."""
    return value if value is LOST else UNKNOWN
