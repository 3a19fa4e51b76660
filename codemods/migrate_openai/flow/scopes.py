"""Scopes, bindings and which of them reach a name: Python's rules, on a syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TypeAlias

from codemods.migrate_openai.flow import limits

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_BRANCHES = (ast.If, ast.Try, ast.Match)
# What has neither parts nor names of its own; what opens scopes or arms; what binds names. Most
# nodes are none of these, and a program has very many nodes.
_LEAVES = frozenset({ast.Name, ast.Constant, ast.Pass, ast.Break, ast.Continue})
_OPENING = frozenset(
    {ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, *_COMPREHENSIONS}
    | {*_LOOPS, *_BRANCHES, ast.With, ast.AsyncWith, getattr(ast, "TryStar", ast.Try)}
    | {ast.match_case, ast.ExceptHandler}
)
_BINDING = frozenset(
    {ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr, ast.For, ast.AsyncFor}
    | {ast.comprehension, ast.withitem, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda}
    | {ast.ClassDef, ast.Import, ast.ImportFrom, ast.ExceptHandler, ast.Global, ast.Nonlocal}
    | {ast.MatchAs, ast.MatchStar, ast.MatchMapping}
)
_MARKS = (ast.expr_context, ast.operator, ast.cmpop, ast.unaryop, ast.boolop)
Position: TypeAlias = tuple[int, int]
Arm: TypeAlias = tuple[ast.AST, str]


class BindingKind(StrEnum):
    """What gives a name its value."""

    ASSIGN = "assign"
    AUGMENT = "augment"
    ELEMENT = "element"
    """A loop, over the elements of the value."""
    ENTER = "enter"
    """A ``with`` statement."""
    PUT = "put"
    """None: the value is put into the container that the name stands for."""
    IMPORT = "import"
    FUNCTION = "function"
    CLASS = "class"
    PARAMETER = "parameter"
    OTHER = "other"


class Outer(Enum):
    """How a scope declares that a name is not its own."""

    GLOBAL = "global"
    NONLOCAL = "nonlocal"


@dataclass(slots=True, kw_only=True, eq=False)
class Binding:
    """One place where a name gets a value."""

    name: str
    node: ast.AST
    kind: BindingKind
    at: Position
    arms: tuple[Arm, ...]
    scope: Scope
    value: ast.expr | None = None
    annotation: ast.expr | None = None
    path: tuple[int, ...] = ()
    """For unpacking: the index at each level."""


@dataclass(slots=True, kw_only=True, eq=False)
class Scope:
    node: ast.AST
    parent: Scope | None
    qualname: str
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    outer: dict[str, Outer] = field(default_factory=dict)
    star_imports: list[ast.ImportFrom] = field(default_factory=list)

    @property
    def is_class(self) -> bool:
        return isinstance(self.node, ast.ClassDef)

    @property
    def module(self) -> Scope:
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def owner_class(self) -> Scope | None:
        """The class whose method this scope is, directly or in a nested function."""
        scope: Scope | None = self
        while scope is not None:
            if scope.parent is not None and scope.parent.is_class:
                return scope.parent
            scope = scope.parent
        return None


def places(targets: list[ast.expr]) -> Iterator[tuple[int, ast.expr]]:
    """The places that the names of ``a, *b, c = ...`` take; after a star, from the end."""
    starred = False
    for index, target in enumerate(targets):
        starred = starred or isinstance(target, ast.Starred)
        yield index - len(targets) if starred else index, target


class Index:
    """Parents, scopes and bindings of one module."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.parents: dict[ast.AST, ast.AST] = {}
        self.arms: dict[ast.AST, tuple[Arm, ...]] = {}
        self.scope_of: dict[ast.AST, Scope] = {}
        """The scope in which an expression or statement is evaluated."""
        self.own_scope: dict[ast.AST, Scope] = {}
        """The scope that a function, class or module opens."""
        self.nodes: list[ast.AST] = []
        self.module = Scope(node=tree, parent=None, qualname="")
        self.own_scope[tree] = self.module
        self.scope_of[tree] = self.module
        self._walk()

    # -- building

    def _walk(self) -> None:
        child: ast.AST
        stack: list[tuple[ast.AST, Scope, tuple[Arm, ...]]] = [
            (child, self.module, ()) for child in reversed(self.tree.body)
        ]
        for child in self.tree.body:
            self.parents[child] = self.tree
        while stack:
            node, scope, arms = stack.pop()
            self.nodes.append(node)
            self.scope_of[node] = scope
            kind = type(node)
            if kind in _LEAVES:
                continue
            if isinstance(node, ast.stmt):
                self.arms[node] = arms
            if kind in _OPENING:
                children = list(self._children(node, scope, arms))
            else:
                children = [(child, scope, arms) for _, child in _fields(node)]
            for child, _, _ in children:
                self.parents[child] = node
            if kind in _BINDING:
                self._bind(node, scope, arms)
            children.reverse()
            stack.extend(children)

    def _children(
        self, node: ast.AST, scope: Scope, arms: tuple[Arm, ...]
    ) -> Iterator[tuple[ast.AST, Scope, tuple[Arm, ...]]]:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            name = f"<lambda>@{node.lineno}" if isinstance(node, ast.Lambda) else node.name
            inner = self._open(node, scope, name)
            for field_name, child in _fields(node):
                body = field_name == "body"
                yield child, inner if body else scope, () if body else arms
            return
        if isinstance(node, _COMPREHENSIONS):
            inner = self._open(node, scope, f"<comp>@{node.lineno}:{node.col_offset}")
            for _, child in _fields(node):
                yield child, inner, arms
            return
        branching = isinstance(
            node, (*_LOOPS, *_BRANCHES, ast.With, ast.AsyncWith, getattr(ast, "TryStar", ast.Try))
        )
        for field_name, child in _fields(node):
            if isinstance(child, (ast.match_case, ast.ExceptHandler)):
                line = child.pattern.lineno if isinstance(child, ast.match_case) else child.lineno
                yield child, scope, (*arms, (node, f"{field_name}@{line}"))
            elif branching and isinstance(child, ast.stmt):
                yield child, scope, (*arms, (node, field_name))
            else:
                yield child, scope, arms

    def _open(self, node: ast.AST, parent: Scope, name: str) -> Scope:
        qualname = f"{parent.qualname}.{name}" if parent.qualname else name
        scope = Scope(node=node, parent=parent, qualname=qualname)
        self.own_scope[node] = scope
        return scope

    def _bind(self, node: ast.AST, scope: Scope, arms: tuple[Arm, ...]) -> None:
        for target, value, kind, annotation in _targets(node):
            loops = isinstance(node, (ast.For, ast.AsyncFor))
            inside = (*arms, (node, "body")) if loops else arms
            owner = _function_around(scope) if isinstance(node, ast.NamedExpr) else scope
            for name, path in _flattened(target):
                at = position(name)
                binding = Binding(
                    name=name.id, node=node, kind=kind, at=at, arms=inside, scope=owner
                )
                if path is None:
                    binding.kind = BindingKind.OTHER
                else:
                    binding.value, binding.annotation, binding.path = value, annotation, path
                _add(binding)
        for text, part, kind in _names(node):
            at = position(part)
            _add(Binding(name=text, node=part, kind=kind, at=at, arms=arms, scope=scope))
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                self._parameters(node)
            case ast.ImportFrom(names=[ast.alias(name="*")]):
                scope.star_imports.append(node)
            case ast.Global(names=names):
                scope.outer.update(dict.fromkeys(names, Outer.GLOBAL))
            case ast.Nonlocal(names=names):
                scope.outer.update(dict.fromkeys(names, Outer.NONLOCAL))

    def _parameters(self, node: FunctionNode) -> None:
        kind, inner = BindingKind.PARAMETER, self.own_scope[node]
        for arg in every_argument(node.args):
            at = position(arg)
            binding = Binding(name=arg.arg, node=arg, kind=kind, at=at, arms=(), scope=inner)
            binding.annotation = arg.annotation
            _add(binding)

    def add_put(
        self, name: str, node: ast.AST, value: ast.expr, owner: Scope, scope: Scope
    ) -> None:
        """Note that *value* is put into the container *name*."""
        at, arms, kind = position(node), self._arms_at(node), BindingKind.PUT
        binding = Binding(name=name, node=node, kind=kind, at=at, arms=arms, scope=scope)
        binding.value = value
        owner.bindings[name].append(binding)

    def finish(self) -> None:
        """Move bindings of names declared global or nonlocal to the scope that owns them."""
        for scope in list(self.own_scope.values()):
            for name, where in scope.outer.items():
                moved = scope.bindings.pop(name, [])
                owner = scope.module if where is Outer.GLOBAL else self._nonlocal_owner(scope, name)
                owner.bindings.setdefault(name, []).extend(moved)

    def _nonlocal_owner(self, scope: Scope, name: str) -> Scope:
        outer = scope.parent
        while outer is not None and (outer.is_class or name not in outer.bindings):
            outer = outer.parent
        return outer or scope.module

    # -- asking

    def statement(self, node: ast.AST) -> ast.stmt:
        while not isinstance(node, ast.stmt):
            node = self.parents[node]
        return node

    def owner_of(self, name: str, scope: Scope) -> Scope | None:
        """The scope that a name read in *scope* belongs to."""
        if scope.outer.get(name) is Outer.GLOBAL:
            return scope.module if name in scope.module.bindings else None
        current: Scope | None = scope
        while current is not None:
            if name in current.bindings and (current is scope or not current.is_class):
                return current
            current = current.parent
        return None

    def reaching(self, node: ast.Name) -> list[Binding]:
        """The bindings that may have given a name its value where it is read."""
        scope = self.scope_of[node]
        owner = self.owner_of(node.id, scope)
        if owner is None:
            return []
        bindings = owner.bindings[node.id][: limits.BINDINGS_OF_A_NAME]
        if len(bindings) in {1, limits.BINDINGS_OF_A_NAME}:
            return bindings
        inner = scope
        while inner is not owner and isinstance(inner.node, _COMPREHENSIONS) and inner.parent:
            inner = inner.parent
        if inner is not owner:
            return bindings
        return _reaching(bindings, position(node), self._arms_at(node))

    def _arms_at(self, node: ast.AST) -> tuple[Arm, ...]:
        """The arms around an expression, the parts of a compound statement's header included."""
        return self.arms.get(self.statement(node), ())


def _function_around(scope: Scope) -> Scope:
    """A name that a comprehension assigns belongs to the scope around it."""
    while isinstance(scope.node, _COMPREHENSIONS) and scope.parent is not None:
        scope = scope.parent
    return scope


def _add(binding: Binding) -> None:
    binding.scope.bindings.setdefault(binding.name, []).append(binding)


def _flattened(
    target: ast.expr, path: tuple[int, ...] = ()
) -> Iterator[tuple[ast.Name, tuple[int, ...] | None]]:
    """The names that a target binds, each with its places; None for what takes all the rest."""
    match target:
        case ast.Name():
            yield target, path
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            for place, element in places(elements):
                yield from _flattened(element, (*path, place))
        case ast.Starred(value=value):
            yield from ((name, None) for name, _ in _flattened(value))


def _targets(
    node: ast.AST,
) -> Iterator[tuple[ast.expr, ast.expr | None, BindingKind, ast.expr | None]]:
    """What a node assigns to: (target, value, kind, annotation)."""
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield target, value, BindingKind.ASSIGN, None
        case ast.AnnAssign(target=target, value=value, annotation=annotation):
            yield target, value, BindingKind.ASSIGN, annotation
        case ast.AugAssign(target=target):
            yield target, None, BindingKind.AUGMENT, None
        case ast.NamedExpr(target=target, value=value):
            yield target, value, BindingKind.ASSIGN, None
        case (
            ast.For(target=target, iter=value)
            | ast.AsyncFor(target=target, iter=value)
            | ast.comprehension(target=target, iter=value)
        ):
            yield target, value, BindingKind.ELEMENT, None
        case ast.withitem(optional_vars=ast.expr() as target, context_expr=value):
            yield target, value, BindingKind.ENTER, None


def _names(node: ast.AST) -> Iterator[tuple[str, ast.AST, BindingKind]]:
    """The names that a node binds by itself."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            yield name, node, BindingKind.FUNCTION
        case ast.ClassDef(name=name):
            yield name, node, BindingKind.CLASS
        case ast.Import(names=names):
            for alias in names:
                yield alias.asname or alias.name.split(".")[0], alias, BindingKind.IMPORT
        case ast.ImportFrom(names=names):
            for alias in names:
                if alias.name != "*":
                    yield alias.asname or alias.name, alias, BindingKind.IMPORT
        case ast.ExceptHandler(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name, node, BindingKind.OTHER
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name, node, BindingKind.OTHER


def position(node: ast.AST) -> Position:
    return (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))


def every_argument(args: ast.arguments) -> list[ast.arg]:
    rest = filter(None, (args.vararg, args.kwarg))
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *rest]


def _fields(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            for item in value:
                if isinstance(item, ast.AST) and not isinstance(item, _MARKS):
                    yield name, item
        elif isinstance(value, ast.AST) and not isinstance(value, _MARKS):
            yield name, value


def _reaching(bindings: list[Binding], at: Position, arms: tuple[Arm, ...]) -> list[Binding]:
    """Drop what a later binding surely replaces, and what stands in another branch."""
    loops = {arm for arm in arms if isinstance(arm[0], _LOOPS)}
    reaching: list[Binding] = []
    for binding in sorted(bindings, key=lambda b: b.at):
        before = binding.at < at and not _inside(at, binding.value)
        shares_loop = any(arm in loops for arm in binding.arms)
        if not before and not shares_loop:
            continue
        if _excluded(binding.arms, arms) and not shares_loop:
            continue
        dominates = (
            binding.kind is not BindingKind.PUT
            and before
            # The body of a with block always runs.
            and all(a in arms or isinstance(a[0], (ast.With, ast.AsyncWith)) for a in binding.arms)
        )
        if dominates:
            reaching = [b for b in reaching if b.at > at]
        reaching.append(binding)
    return reaching or bindings


def _inside(at: Position, node: ast.AST | None) -> bool:
    if node is None:
        return False
    end = (getattr(node, "end_lineno", 0), getattr(node, "end_col_offset", 0))
    return position(node) <= at < end


def _excluded(one: tuple[Arm, ...], other: tuple[Arm, ...]) -> bool:
    """Do the two stand in different arms of the same if or match?"""
    for (a_node, a_arm), (b_node, b_arm) in zip(one, other, strict=False):
        if a_node is not b_node:
            return False
        if a_arm != b_arm:
            return isinstance(a_node, (ast.If, ast.Match))
    return False
