"""Expressions of one module -> terms: what they may stand for, as far as this module can tell."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from typing import TypeVar

from codemods.migrate_openai.flow import limits
from codemods.migrate_openai.flow.known_calls import known_call
from codemods.migrate_openai.flow.scopes import Binding, BindingKind, Index, Scope
from codemods.migrate_openai.flow.signatures import (
    MethodKind,
    called_name,
    default_of,
    is_partial,
    method_kind,
)
from codemods.migrate_openai.flow.terms import (
    ANYTHING,
    CONTAINER_ITEMS,
    CONTAINER_SAME,
    EMPTY,
    NONE,
    UNKNOWN,
    Attr,
    CallResult,
    Client,
    Cls,
    Foreign,
    Func,
    Inst,
    Param,
    Ref,
    Router,
    RouterClient,
    Sdk,
    Seq,
    Term,
    Terms,
    TypedClient,
    attribute,
    client_class,
    depth,
    item,
    root,
    router_client,
)
from codemods.migrate_openai.rules.sdk_names import RESOURCES

T = TypeVar("T", ast.expr, Binding)
_NO_MORE: Terms = frozenset({UNKNOWN, NONE})
"""What says nothing of a client."""
_WRAPPERS = frozenset(
    {"Optional", "Union", "Annotated", "ClassVar", "Final", "InitVar", "Required", "NotRequired"}
)
_SEQUENCES = frozenset(
    {"list", "List", "tuple", "Tuple", "set", "Set", "Sequence", "Iterable", "Iterator"}
    | {"dict", "Dict", "Mapping", "MutableMapping", "deque", "Deque", "Collection"}
)
_YIELDERS = frozenset(
    {"Generator", "AsyncGenerator", "AsyncIterator", "Awaitable", "Coroutine", "Iterator"}
)


class Evaluator:
    """Evaluates with a memo; one object for one module."""

    def __init__(self, index: Index, path: str, router: str) -> None:
        self.index = index
        self.path = path
        self.router = router
        self.place = {node: number for number, node in enumerate(index.nodes)}
        self._memo: dict[ast.AST | Binding, Terms] = {}
        self._busy: set[object] = set()
        self.from_strings: dict[ast.AST, ast.Constant] = {}
        """Nodes parsed out of a string annotation -> the string."""
        self._attributes_given = frozenset(_attributes_given(index))

    # -- expressions

    def terms(self, node: ast.expr) -> Terms:
        return self._once(node, self._evaluate)

    def _once(self, key: T, evaluate: Callable[[T], Terms]) -> Terms:
        """Evaluate with the memo; what asks for itself is nothing while it is being evaluated."""
        known = self._memo.get(key)
        if known is not None:
            return known
        if key in self._busy:
            return EMPTY
        self._busy.add(key)
        try:
            result = evaluate(key)
        finally:
            self._busy.discard(key)
        if not self._busy or result:
            self._memo[key] = result
        return result

    def _evaluate(self, node: ast.expr) -> Terms:
        match node:
            case ast.Name():
                return self._name(node)
            case ast.Attribute(value=value, attr=attr):
                return self._attribute(value, attr)
            case ast.Call():
                return self._call(node)
            case ast.Constant(value=None):
                return frozenset({NONE})
            case ast.Await(value=value) | ast.NamedExpr(value=value):
                return self.terms(value)
            case ast.IfExp(body=body, orelse=orelse):
                return self.terms(body) | self.terms(orelse)
            case ast.BoolOp(values=values):
                return self._union(values)
            case ast.Subscript(value=value, slice=ast.Tuple(elts=[kind, *_])) if (
                called_name(value) == "Annotated"
            ):
                return self.terms(kind)
            case ast.Subscript(value=value, slice=key):
                return item(self.terms(value), _place(key))
            case ast.Starred(value=value):
                return item(self.terms(value))
            case ast.Lambda():
                return frozenset({Func(self.path, self.index.own_scope[node].qualname)})
            case ast.Yield() | ast.YieldFrom():
                return ANYTHING
            case ast.BinOp(left=ast.List(), right=right):
                return self.terms(node.left) | self.terms(right)
            case _:
                return self._container(node)

    def _container(self, node: ast.expr) -> Terms:
        """A container that is written out, or comprehended."""
        match node:
            case ast.Tuple(elts=elements):
                return self._tuple(elements)
            case ast.List(elts=elements) | ast.Set(elts=elements):
                return self._seq(self._union(elements))
            case ast.Dict(values=values, keys=keys):
                spread = {value for key, value in zip(keys, values, strict=True) if key is None}
                plain = (value for value in values if value not in spread)
                return self._seq(self._union(plain) | item(self._union(spread)))
            case ast.ListComp(elt=elt) | ast.SetComp(elt=elt) | ast.GeneratorExp(elt=elt):
                return self._seq(self.terms(elt))
            case ast.DictComp(value=value):
                return self._seq(self.terms(value))
        return EMPTY

    def _seq(self, elements: Terms) -> Terms:
        shallow = _shallow(elements)
        return frozenset({Seq(shallow)}) if shallow else EMPTY

    def _tuple(self, elements: list[ast.expr]) -> Terms:
        """What stands beside a client in a tuple is something else: ``return client, model``."""
        any_place = self._seq(self._union(elements))
        if not any_place or any(isinstance(e, ast.Starred) for e in elements):
            return any_place
        each = [(terms, _shallow(terms)) for terms in map(self.terms, elements)]
        # What is too deep may be anything.
        places = tuple(part if part == terms else part | ANYTHING for terms, part in each)
        return frozenset({Seq(EMPTY.union(*(part for _, part in each)), places)})

    def _union(self, nodes: Iterable[ast.expr]) -> Terms:
        return EMPTY.union(*map(self.terms, nodes))

    def _name(self, node: ast.Name) -> Terms:
        scope = self.index.scope_of.get(node)
        if scope is None:
            return EMPTY
        bindings = self.index.reaching(node)
        if not bindings:
            return self._star(node.id, scope)
        return EMPTY.union(*map(self.binding, bindings))

    def _star(self, name: str, scope: Scope) -> Terms:
        found: set[Term] = set()
        for star in scope.module.star_imports:
            module = star.module or ""
            if star.level == 0 and module.split(".")[0] == "openai":
                if name[:1].isupper() or name in {"completions", "chat", "embeddings"}:
                    found.add(Sdk(f"{module}.{name}"))
            elif star.level or module.split(".")[0] not in sys.stdlib_module_names:
                found.add(Ref(self.path, "." * star.level + module, name))
        return frozenset(found)

    def _attribute(self, value: ast.expr, attr: str) -> Terms:
        base = self.terms(value)
        if attr in CONTAINER_SAME | CONTAINER_ITEMS and any(isinstance(t, Seq) for t in base):
            return base
        if attr in self._attributes_given:
            foreign = frozenset(t for t in base if isinstance(t, Foreign))
            return attribute(base - foreign, attr) | frozenset(Attr(t, attr) for t in foreign)
        return attribute(base, attr)

    def _call(self, node: ast.Call) -> Terms:
        known = known_call(self, node)
        if known is not None:
            return known
        found: set[Term] = set()
        for term in self.terms(node.func):
            match term:
                case Sdk(sdk):
                    cls = client_class(sdk)
                    found.add(Client(self.path, self.place[node], cls) if cls else UNKNOWN)
                case Router(router):
                    of_provider = router.rpartition(".")[2] == "of"
                    other = Router("llm_router") if of_provider else UNKNOWN
                    found.add(router_client(router) or other)
                case Foreign() | RouterClient():  # of a partial: nobody calls a client itself
                    found.add(term)
                case Client(path, at) if path == self.path and is_partial(self.index.nodes[at]):
                    found.add(term)
                case Seq() | Client() | TypedClient():
                    found.add(UNKNOWN)
                case _ if depth(term) >= limits.CALL_DEPTH:
                    found.add(UNKNOWN)
                case _:
                    found.add(CallResult(term, self.path, self.place.get(node, -1)))
        return frozenset(found) or ANYTHING

    # -- bindings

    def binding(self, binding: Binding) -> Terms:
        return self._once(binding, self._bind)

    def _bind(self, binding: Binding) -> Terms:
        declared = self.annotation(binding.annotation) if binding.annotation is not None else EMPTY
        match binding.kind:
            case BindingKind.IMPORT:
                return self._import(binding)
            case BindingKind.FUNCTION:
                return frozenset({Func(self.path, self.index.own_scope[binding.node].qualname)})
            case BindingKind.CLASS:
                return frozenset({Cls(self.path, self.index.own_scope[binding.node].qualname)})
            case BindingKind.PARAMETER:
                return self._parameter(binding, declared)
            case BindingKind.AUGMENT:
                return EMPTY
            case BindingKind.PUT if binding.value is not None:
                return self._seq(self.terms(binding.value))
            case BindingKind.ELEMENT if binding.value is not None:
                return self._element(binding.value, binding.path)
            case BindingKind.ENTER | BindingKind.ASSIGN if binding.value is not None:
                return _narrow(declared, self.unpack(binding.value, binding.path))
            case BindingKind.ASSIGN:
                return declared
            case _:
                return ANYTHING

    def unpack(self, value: ast.expr, path: tuple[int, ...]) -> Terms:
        """The terms of what an assignment to a nested tuple puts at a path of places."""
        while path and isinstance(value, (ast.Tuple, ast.List)):
            if not _within(path[0], value.elts) or any(
                isinstance(e, ast.Starred) for e in value.elts
            ):
                break
            value = value.elts[path[0]]
            path = path[1:]
        return reduce(item, path, self.terms(value))

    def _element(self, value: ast.expr, path: tuple[int, ...]) -> Terms:
        if path and isinstance(value, ast.Call):
            match value.func:
                case ast.Attribute(value=base, attr="items") if path[0] == 1:
                    return item(self.terms(base))
                case ast.Name(id="enumerate") if path[0] == 1 and value.args:
                    return item(self.terms(value.args[0]))
                case ast.Name(id="zip") if _within(path[0], value.args):
                    return item(self.terms(value.args[path[0]]))
        return reduce(item, path, item(self.terms(value)))

    def _import(self, binding: Binding) -> Terms:
        alias = binding.node
        assert isinstance(alias, ast.alias)
        statement = self.index.parents[alias]
        if isinstance(statement, ast.Import):
            full = alias.name if alias.asname else alias.name.split(".")[0]
            return frozenset({self._module(full)})
        assert isinstance(statement, ast.ImportFrom)
        module = statement.module or ""
        if statement.level == 0:
            if module == self.router:
                return frozenset({Router(f"llm_router.{alias.name}")})
            if f"{module}.{alias.name}" == self.router:
                return frozenset({Router("llm_router")})
            top = module.split(".")[0]
            if top == "openai" or top in sys.stdlib_module_names:
                return frozenset({self._module(f"{module}.{alias.name}")})
        return frozenset({Ref(self.path, "." * statement.level + module, alias.name)})

    def _module(self, full: str) -> Term:
        if full == self.router:
            return Router("llm_router")
        top = full.split(".")[0]
        if top == "openai":
            return Sdk(full)
        if top in sys.stdlib_module_names:
            return Foreign(full)
        return Ref(self.path, full, "")

    def _parameter(self, binding: Binding, declared: Terms) -> Terms:
        function = binding.scope.node
        assert isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        args = function.args
        outer = self.index.scope_of[function]
        kind = method_kind(function, outer)
        positional = [*args.posonlyargs, *args.args]
        if kind is not MethodKind.FUNCTION and positional and positional[0] is binding.node:
            owner = Cls(self.path, outer.qualname)
            return frozenset({owner if kind is MethodKind.CLASS else Inst(owner)})
        if binding.node is args.vararg or binding.node is args.kwarg:
            return ANYTHING
        assert isinstance(binding.node, ast.arg)
        default = default_of(args, binding.node)
        found: set[Term] = {Param(self.path, binding.scope.qualname, binding.name)}
        if not declared <= _NO_MORE:
            found = set(declared)
            if any(isinstance(t, (TypedClient, Inst)) for t in declared):
                found.add(Param(self.path, binding.scope.qualname, binding.name))
        if default is not None:
            found |= self.terms(default) - ANYTHING
        return frozenset(found)

    # -- annotations

    def annotation(self, node: ast.expr) -> Terms:
        """What an annotation says a value is; nothing where it says nothing of use."""
        match node:
            case ast.Constant(value=str(text)):
                return self._string_annotation(node, text)
            case ast.Constant():
                return frozenset({NONE}) if node.value is None else EMPTY
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return self.annotation(left) | self.annotation(right)
            case ast.Subscript(value=value, slice=inner):
                return self._generic(value, inner)
            case ast.Name() if (alias := self._alias(node)) is not None:
                return self.annotation(alias)
            case ast.Name() | ast.Attribute():
                return self._annotated_name(node)
        return EMPTY

    def _alias(self, node: ast.Name) -> ast.expr | None:
        """What a name stands for in annotations: ``Dep = Annotated[OpenAI, Depends(make)]``."""
        bindings = self.index.reaching(node) if node in self.index.scope_of else []
        match [binding.value for binding in bindings if binding.kind is BindingKind.ASSIGN]:
            case [ast.Subscript() | ast.BinOp() as value] if len(bindings) == 1:
                return value
        return None

    def _string_annotation(self, node: ast.Constant, text: str) -> Terms:
        try:
            inner = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError):
            return EMPTY
        scope = self.index.scope_of.get(node)
        if scope is None:
            return EMPTY
        for child in ast.walk(inner):
            self.index.scope_of.setdefault(child, scope)
            self.index.parents.setdefault(child, node)
            self.place.setdefault(child, self.place[node])
            self.from_strings[child] = node
        return self.annotation(inner)

    def _generic(self, value: ast.expr, inner: ast.expr) -> Terms:
        name = called_name(value)
        parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if name == "Annotated":
            parts = parts[:1]
        if name in {"type", "Type"}:
            return self._union(p for p in parts if isinstance(p, (ast.Name, ast.Attribute)))
        if name in _WRAPPERS or name in _YIELDERS:
            return EMPTY.union(*map(self.annotation, parts))
        if name in _SEQUENCES:
            return self._seq(EMPTY.union(*map(self.annotation, parts)))
        return frozenset({Foreign(name)}) if name else EMPTY

    def _annotated_name(self, node: ast.expr) -> Terms:
        found: set[Term] = set()
        for term in self.terms(node):
            match term:
                case Sdk(sdk):
                    cls = client_class(sdk)
                    found.add(
                        TypedClient(self.path, self.place[node], cls) if cls else Foreign(sdk)
                    )
                case Router(router):
                    if (client := router_client(router)) is not None:
                        found.add(client)
                case Cls() | Ref() | Attr() if isinstance(root(term), (Cls, Ref)):
                    found.add(Inst(term))
                case Foreign():
                    found.add(UNKNOWN if term.name in {"typing.Any"} else term)
                case _:
                    found.add(UNKNOWN)
        if not found and isinstance(node, ast.Name) and node.id in {"str", "int", "float", "bool"}:
            found.add(Foreign(node.id))
        return frozenset(found)


def _shallow(elements: Terms) -> Terms:
    return frozenset(
        e for e in elements if depth(e) < limits.ELEMENT_DEPTH and not isinstance(e, Seq)
    )


def _within(place: int, elements: list[ast.expr]) -> bool:
    return -len(elements) <= place < len(elements)


def _place(key: ast.expr) -> int | str | None:
    """The place, or the key, that an index names; None where it may be any."""
    match key:
        case ast.Constant(value=str(name)):
            return name
        case ast.Constant(value=bool()):
            return None
        case ast.Constant(value=int(place)):
            return place
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(place))):
            return -place
    return None


def _narrow(declared: Terms, actual: Terms) -> Terms:
    """A declaration that names a client is believed, and tied to what is assigned."""
    if any(isinstance(t, TypedClient) for t in declared):
        return declared | (actual - _NO_MORE)
    return actual if actual - _NO_MORE else declared or actual


def _attributes_given(index: Index) -> Iterator[str]:
    """Attributes that a program may give to what is not its own: ``app.state.client = OpenAI()``.

    Those that it assigns, and those that it calls a client's resources on.
    """
    for node in index.nodes:
        if type(node) is not ast.Attribute:
            continue
        if type(node.ctx) is ast.Store:
            if not (type(node.value) is ast.Name and node.value.id in {"self", "cls"}):
                yield node.attr
        elif node.attr in RESOURCES and type(node.value) is ast.Attribute:
            yield node.value.attr
