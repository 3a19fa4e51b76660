"""The arguments of one call -> the changes that make them the router's."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from codemods.migrate_openai.rewrite.changes import (
    AddArgument,
    Change,
    DropArgument,
    NameArgument,
    PrefixString,
    Replace,
)
from codemods.migrate_openai.rewrite.positions import Text
from codemods.migrate_openai.rules import Call

# Keywords of openai 0.28 -> today's.
LEGACY_NAMES = {
    "engine": "model",
    "deployment_id": "model",
    "request_timeout": "timeout",
    "headers": "extra_headers",
}

_LOOSE = (ast.IfExp, ast.Lambda, ast.NamedExpr)


class UnmatchedError(Exception):
    """The arguments cannot be written for the router. Its text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Who a model belongs to, and where that is written."""

    name: str = "openai"
    at_client: bool = False
    """The client names it, so that the call need not."""


def argument_changes(
    text: Text, call: ast.Call, target: Call, provider: Provider, skip: int = 0
) -> list[Change]:
    """Changes of the arguments behind the first *skip* ones, which belong to a forwarder.

    Raises:
        UnmatchedError: nothing tells which argument is which.
    """
    changes: list[Change] = []
    span = text.span(call)
    places = {argument: place for place, argument in enumerate(_in_order(text, call))}
    positional = call.args[skip:]
    keywords = {k.arg: k for k in call.keywords if k.arg is not None}
    named: dict[str, ast.expr] = {}
    models = _models(keywords) if target.legacy else []
    superseded = set(models[1:])
    if positional and not any(isinstance(a, ast.Starred) for a in positional):
        if len(positional) > len(target.positional):
            raise UnmatchedError("more arguments by position than the SDK takes")
        for name, value in zip(target.positional, positional, strict=False):
            if target.has_model or target.legacy:
                changes.append(NameArgument(span=span, argument=places[value], name=name))
            named[name] = value
    for name, keyword in keywords.items():
        if keyword in superseded:
            changes.append(DropArgument(span=span, argument=places[keyword]))
            continue
        new = LEGACY_NAMES.get(name, name) if target.legacy else name
        if new != name:
            if new in keywords and keywords[new] not in superseded:
                raise UnmatchedError(f"{name}= and {new}= in one call")
            changes.append(NameArgument(span=span, argument=places[keyword], name=new))
        named[new] = keyword.value
        if keyword in models[:1] and superseded and not isinstance(keyword.value, ast.Constant):
            changes.append(_or_else(text, [k.value for k in models]))
    if target.has_model and not provider.at_client:
        changes.append(_with_provider(text, call, named.get("model"), provider, skip))
    return changes


def _in_order(text: Text, call: ast.Call) -> list[ast.expr | ast.keyword]:
    """All arguments as they stand in the source."""
    return sorted([*call.args, *call.keywords], key=text.start)


def _models(keywords: dict[str, ast.keyword]) -> list[ast.keyword]:
    """The ways to name the model in 0.28: of several, the deployment is what was called."""
    return [keywords[name] for name in ("engine", "deployment_id", "model") if name in keywords]


def _or_else(text: Text, models: list[ast.expr]) -> Replace:
    """A deployment that may be None left the choice to the model."""
    written = [f"({text.of(m)})" if isinstance(m, _LOOSE) else text.of(m) for m in models]
    return Replace(span=text.span(models[0]), code=" or ".join(written))


def _with_provider(
    text: Text, call: ast.Call, model: ast.expr | None, provider: Provider, skip: int
) -> Change:
    if isinstance(model, ast.Constant) and isinstance(model.value, str) and model.value:
        return PrefixString(span=text.span(model), prefix=f"{provider.name}/")
    return new_keyword(text, call, f'provider="{provider.name}"', skip)


def new_keyword(text: Text, call: ast.Call, keyword: str, skip: int = 0) -> AddArgument:
    """A keyword before the others, behind what a forwarder takes and what is spread."""
    kept = call.args[:skip]
    for place, argument in enumerate(_in_order(text, call)):
        if argument not in kept and not isinstance(argument, ast.Starred):
            return AddArgument(span=text.span(call), code=keyword, before=place)
    return AddArgument(span=text.span(call), code=keyword)
