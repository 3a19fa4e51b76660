"""What the head of a function, or a field of a class, says."""

from __future__ import annotations

import ast
from enum import Enum

from codemods.migrate_openai.flow.scopes import FunctionNode, Scope


def called_name(func: ast.expr) -> str:
    """``pool.submit`` -> ``submit``."""
    match func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def root_of(node: ast.expr) -> ast.expr:
    """What an attribute chain begins with: ``openai`` in ``openai.chat.completions``."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def default_factory(node: ast.Call) -> ast.expr | None:
    """``field(default_factory=X)`` of a dataclass or a pydantic model -> X."""
    if called_name(node.func) in {"field", "Field", "PrivateAttr", "ib", "Factory"}:
        for keyword in node.keywords:
            if keyword.arg in {"default_factory", "factory"}:
                return keyword.value
    return None


def is_partial(node: ast.AST) -> bool:
    """Is this a call of functools.partial, by its name?"""
    return isinstance(node, ast.Call) and called_name(node.func) == "partial"


def class_named(call: ast.Call) -> ast.expr:
    """What a construction calls in the end: of ``partial(OpenAI)``, and as a factory, the class."""
    func = default_factory(call) or call.func
    return call.args[0] if called_name(func) == "partial" and call.args else func


def imported_modules(node: ast.AST) -> list[str]:
    """What an import statement names that may be a module; nothing for anything else."""
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=str(module), names=names, level=0):
            return [module, *(f"{module}.{alias.name}" for alias in names)]
    return []


class MethodKind(Enum):
    """What the first parameter of a function is bound to."""

    FUNCTION = "nothing"
    INSTANCE = "the instance"
    CLASS = "the class"


def method_kind(function: FunctionNode, outer: Scope) -> MethodKind:
    if not outer.is_class or isinstance(function, ast.Lambda):
        return MethodKind.FUNCTION
    names = {decorator_name(d) for d in function.decorator_list}
    if "staticmethod" in names:
        return MethodKind.FUNCTION
    if "classmethod" in names or function.name in {"__new__", "__init_subclass__"}:
        return MethodKind.CLASS
    if names & {"validator", "field_validator", "model_validator", "root_validator"}:
        return MethodKind.CLASS
    return MethodKind.INSTANCE


def decorator_name(node: ast.expr) -> str:
    """``functools.cache`` -> ``cache``; ``app.get("/")`` -> ``get``."""
    return called_name(node.func if isinstance(node, ast.Call) else node)


def default_of(args: ast.arguments, arg: ast.arg) -> ast.expr | None:
    positional = [*args.posonlyargs, *args.args]
    if arg in positional:
        index = positional.index(arg) - (len(positional) - len(args.defaults))
        return args.defaults[index] if index >= 0 else None
    if arg in args.kwonlyargs:
        return args.kw_defaults[args.kwonlyargs.index(arg)]
    return None
