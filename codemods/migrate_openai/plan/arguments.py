"""The arguments of one call -> the edits that make them the router's."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from codemods.migrate_openai.model import Edit
from codemods.migrate_openai.rewrite.text import Text
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


def argument_edits(
    text: Text,
    call: ast.Call,
    target: Call,
    provider: Provider,
    skip: int = 0,
) -> list[Edit]:
    """Edits for the arguments behind the first *skip* ones, which belong to a forwarder."""
    edits: list[Edit] = []
    positional = call.args[skip:]
    keywords = {k.arg: k for k in call.keywords if k.arg is not None}
    named: dict[str, ast.expr] = {}
    models = _models(keywords) if target.legacy else []
    removed = set(models[1:])
    if positional and not any(isinstance(a, ast.Starred) for a in positional):
        if len(positional) > len(target.positional):
            raise UnmatchedError("more arguments by position than the SDK takes")
        for name, value in zip(target.positional, positional, strict=False):
            if target.has_model:
                edits.append(_insert(text.start(value), f"{name}="))
            named[name] = value
    for name, keyword in keywords.items():
        if keyword in removed:
            edits.append(_without(text, call, keyword))
            continue
        new = LEGACY_NAMES.get(name, name) if target.legacy else name
        if new != name:
            if new in keywords and keywords[new] not in removed:
                raise UnmatchedError(f"{name}= and {new}= in one call")
            start = text.start(keyword)
            edits.append(Edit(start=start, end=start + len(name), replacement=new))
        named[new] = keyword.value
        if keyword in models[:1] and removed and not isinstance(keyword.value, ast.Constant):
            edits += _or_else(text, [k.value for k in models])
    if target.has_model and not provider.at_client:
        # First: where two edits insert at one place, the provider comes before the name.
        edits = _model_edits(text, call, named.get("model"), provider, skip) + edits
    return edits


def _models(keywords: dict[str, ast.keyword]) -> list[ast.keyword]:
    """The ways to name the model in 0.28: of several, the deployment is what was called."""
    return [keywords[name] for name in ("engine", "deployment_id", "model") if name in keywords]


def _or_else(text: Text, models: list[ast.expr]) -> list[Edit]:
    """A deployment that may be None left the choice to the model."""
    first, *others = models
    written = [f"({text.of(v)})" if isinstance(v, _LOOSE) else text.of(v) for v in others]
    end = "".join(f" or {each}" for each in written)
    if isinstance(first, _LOOSE):
        return [_insert(text.start(first), "("), _insert(text.end(first), f"){end}")]
    return [_insert(text.end(first), end)]


def _model_edits(
    text: Text,
    call: ast.Call,
    model: ast.expr | None,
    provider: Provider,
    skip: int,
) -> list[Edit]:
    if isinstance(model, ast.Constant) and isinstance(model.value, str) and model.value:
        literal = text.of(model)
        quote = min(i for i in (literal.find('"'), literal.find("'")) if i >= 0)
        width = 3 if literal[quote : quote + 3] in {'"""', "'''"} else 1
        return [_insert(text.start(model) + quote + width, f"{provider.name}/")]
    return [new_keyword(text, call, f'provider="{provider.name}"', skip)]


def new_keyword(text: Text, call: ast.Call, keyword: str, skip: int) -> Edit:
    """Write a keyword before the others, in the style of the call."""
    kept_by_position = [a for a in call.args[:skip] if not isinstance(a, ast.Starred)] or [
        a for a in call.args if isinstance(a, ast.Starred)
    ]
    following: list[ast.expr | ast.keyword] = [*call.args[skip:], *call.keywords]
    following = [f for f in following if not isinstance(f, ast.Starred)]
    following.sort(key=text.start)
    if kept_by_position and not following:
        return _insert(_after(text, call, kept_by_position[-1]), f", {keyword}")
    if not following:
        opening = _opening(text, call)
        return _insert(opening, keyword)
    first = text.start(following[0])
    if isinstance(following[0], ast.expr):
        first = _outermost(text, call, first)
    line_start = text.line_span(text.line_of(first))[0]
    indent = text.text[line_start:first]
    own_line = not indent.strip() and text.line_of(first) > text.line_of(text.end(call.func) - 1)
    newline = "\r\n" if text.text[:line_start].endswith("\r\n") else "\n"
    return _insert(first, f"{keyword},{newline}{indent}" if own_line else f"{keyword}, ")


def _outermost(text: Text, call: ast.Call, start: int) -> int:
    """An argument's start with the parentheses around it."""
    opening = _opening(text, call)
    while True:
        before = text.text[opening:start].rstrip()
        if before.endswith("("):
            start = opening + len(before) - 1
        else:
            return start


def first_argument(text: Text, call: ast.Call, argument: str) -> Edit:
    """Write an argument before all others."""
    others = ", " if call.args or call.keywords else ""
    return _insert(_opening(text, call), f"{argument}{others}")


def _opening(text: Text, call: ast.Call) -> int:
    """Just behind the call's opening parenthesis."""
    found = text.before(text.end(call.func), text.end(call), "(")
    while found is None:
        raise UnmatchedError("its opening parenthesis was not found")
    return found + 1


def _after(text: Text, call: ast.Call, node: ast.expr) -> int:
    end = text.end(node)
    for word, _, stop in text.tokens(end, text.end(call)):
        if word == ")" and stop < text.end(call):
            end = stop
        else:
            break
    return end


def _without(text: Text, call: ast.Call, keyword: ast.keyword) -> Edit:
    """Take a keyword and one of its commas away."""
    every: list[ast.expr | ast.keyword] = sorted([*call.args, *call.keywords], key=text.start)
    index = every.index(keyword)
    if index + 1 < len(every):
        return Edit(start=text.start(keyword), end=text.start(every[index + 1]), replacement="")
    previous = text.end(every[index - 1]) if index else text.start(keyword)
    return Edit(start=previous, end=text.end(keyword), replacement="")


def _insert(at: int, what: str) -> Edit:
    return Edit(start=at, end=at, replacement=what)
