"""Functions that are known by their names: what a call of one stands for."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from codemods.migrate_openai.flow.signatures import called_name, default_factory
from codemods.migrate_openai.flow.terms import (
    ANYTHING,
    CONTAINER_ITEMS,
    CONTAINER_SAME,
    EMPTY,
    Attr,
    CallResult,
    Client,
    Cls,
    Foreign,
    Inst,
    Item,
    Ref,
    Router,
    Sdk,
    Seq,
    Term,
    Terms,
    TypedClient,
    attribute,
    client_class,
    item,
    router_client,
)

if TYPE_CHECKING:
    from codemods.migrate_openai.flow.evaluate import Evaluator

# What may turn out to be a container, or a client, once the modules are joined.
_FOLLOWED = (Seq, Client, TypedClient, Attr, CallResult, Item, Ref)


def known_call(evaluator: Evaluator, node: ast.Call) -> Terms | None:
    """What a call stands for by the name of its function; None where that says nothing."""
    factory = default_factory(node)
    if factory is not None:
        return frozenset(_made(evaluator, node, evaluator.terms(factory)))
    name = called_name(node.func)
    if isinstance(node.func, ast.Attribute) and name in CONTAINER_ITEMS | CONTAINER_SAME:
        base = evaluator.terms(node.func.value)
        containers = frozenset(t for t in base if isinstance(t, Seq))
        if containers:
            return item(containers) if name in CONTAINER_ITEMS else containers
    if (module := module_imported(node)) is not None:
        known: dict[object, Term] = {
            "openai": Sdk("openai"),
            f"{evaluator.router}.openai": Router("llm_router.openai"),
        }
        return frozenset({known[module.value]}) if module.value in known else None
    if name == "super":
        return _super(evaluator, node)
    handler = _BY_NAME.get(name) if node.args else None
    return handler(evaluator, node) if handler is not None else None


def module_imported(node: ast.Call) -> ast.Constant | None:
    """The name in ``importlib.import_module("openai")``, or in a function of the program's own."""
    # ``__import__`` gives the package around it, ``importorskip`` asks whether it is there.
    imports = "import" in called_name(node.func).strip("_").split("_")
    imports = imports and called_name(node.func) != "__import__"
    match node.args:
        case [ast.Constant(value=str()) as module, *_] if imports:
            return module
    return None


def _made(evaluator: Evaluator, node: ast.Call, classes: Terms) -> Iterator[Term]:
    """What a call makes that calls one of these in its turn."""
    for term in classes:
        cls = client_class(term.name) if isinstance(term, Sdk) else None
        place = evaluator.place[node]
        yield Client(evaluator.path, place, cls) if cls else CallResult(term, evaluator.path, place)


def _super(evaluator: Evaluator, node: ast.Call) -> Terms | None:
    if not isinstance(node.func, ast.Name):
        return None
    if node.args:  # super(Own, self)
        classes = (t for t in evaluator.terms(node.args[0]) if isinstance(t, Cls))
        return frozenset(map(Inst, classes)) or None
    owner = evaluator.index.scope_of[node].owner_class()
    return frozenset({Inst(Cls(evaluator.path, owner.qualname))}) if owner else ANYTHING


def _cast(evaluator: Evaluator, node: ast.Call) -> Terms | None:
    match node.args:
        case [declared, value]:
            return evaluator.annotation(declared) or evaluator.terms(value)
    return None


def _depends(evaluator: Evaluator, node: ast.Call) -> Terms | None:
    """``Depends(get_client)`` of fastapi gives what the function returns."""
    terms = evaluator.terms(node.args[0])
    foreign = frozenset(t for t in terms if isinstance(t, Foreign))
    place = evaluator.place[node]
    return foreign | frozenset(CallResult(t, evaluator.path, place) for t in terms - foreign)


def _getattr(evaluator: Evaluator, node: ast.Call) -> Terms | None:
    match node:
        case ast.Call(func=ast.Name(), args=[base, ast.Constant(value=str(name)), *_]):
            return attribute(evaluator.terms(base), name)
        case ast.Call(func=ast.Name(), args=[_, _, *_]):
            return ANYTHING
    return None


def _same(evaluator: Evaluator, node: ast.Call) -> Terms | None:
    """Gives back what it is given, or its elements: ``list(clients)``, ``copy(client)``."""
    argument = evaluator.terms(node.args[0]) if len(node.args) == 1 else EMPTY
    return argument if any(isinstance(t, _FOLLOWED) for t in argument) else None


def _one_of(evaluator: Evaluator, node: ast.Call) -> Terms | None:
    argument = evaluator.terms(node.args[0])
    return item(argument) if any(isinstance(t, Seq) for t in argument) else None


def _partial(evaluator: Evaluator, node: ast.Call) -> Terms | None:
    """A partial of a class makes what the class makes."""
    terms = evaluator.terms(node.args[0])
    for term in terms:
        if isinstance(term, Router) and (client := router_client(term.name)) is not None:
            return frozenset({client})
    classes = frozenset(t for t in terms if isinstance(t, Sdk) and client_class(t.name))
    return frozenset(_made(evaluator, node, classes)) or None


_Handler: TypeAlias = Callable[["Evaluator", ast.Call], Terms | None]
_BY_NAME: dict[str, _Handler] = {
    "cast": _cast,
    "Depends": _depends,
    "getattr": _getattr,
    "partial": _partial,
    **dict.fromkeys(("iter", "list", "tuple", "set", "sorted", "reversed"), _same),
    **dict.fromkeys(("cycle", "deque", "copy", "deepcopy"), _same),
    **dict.fromkeys(("next", "choice", "max", "min"), _one_of),
}
