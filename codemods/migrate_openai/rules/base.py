"""What a rule is: one thing of the SDK and what it becomes."""

from __future__ import annotations

from dataclasses import dataclass

from codemods.migrate_openai.model import SiteKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One method of the SDK and the router function that takes its place."""

    sdk: str
    """The path from a client (``chat.completions.create``) or, for 0.28, from the module
    (``ChatCompletion.create``)."""
    function: str
    """The router's function, in the form that is called: ``acreate`` names the ``a...`` twin."""
    legacy: bool = False
    """A class method of openai 0.28."""
    has_model: bool = True
    """False where the request names no model, such as ``responses.retrieve``."""
    positional: tuple[str, ...] = ()
    """The names of the arguments that the SDK takes by position."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One page of the documentation, and one key of ``--select``."""

    id: str
    kind: SiteKind = "call"
    calls: tuple[Call, ...] = ()


def calls_by_rule(text: str, *, has_model: bool = True) -> dict[str, tuple[Call, ...]]:
    """A line a call: its rule, the SDK's method, the router's function, what goes by position."""
    found: dict[str, tuple[Call, ...]] = {}
    for line in text.strip().splitlines():
        rule, sdk, function, *positional = line.split()
        call = Call(sdk=sdk, function=function, has_model=has_model, positional=tuple(positional))
        found[rule] = (*found.get(rule, ()), call)
    return found
