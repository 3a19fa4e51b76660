"""Every rule, and which call of the SDK belongs to which rule."""

from __future__ import annotations

from codemods.migrate_openai.rules import calls, endpoints, other
from codemods.migrate_openai.rules.base import Call, Rule

__all__ = [
    "CALLS",
    "LEGACY_CALLS",
    "ROUTER_CALLS",
    "ROUTER_FUNCTIONS",
    "RULES",
    "Call",
    "Rule",
    "rule_as_spelled",
    "rule_of",
]

RULES: dict[str, Rule] = {rule.id: rule for part in (calls, other) for rule in part.RULES}
_OWNER: dict[Call, Rule] = {call: rule for rule in RULES.values() for call in rule.calls}
CALLS: dict[str, Call] = {call.sdk: call for call in _OWNER if not call.legacy}
LEGACY_CALLS: dict[str, Call] = {call.sdk: call for call in _OWNER if call.legacy}
ROUTER_CALLS: dict[str, Call] = {
    prefix + call.function: call for call in CALLS.values() for prefix in ("", "a")
}
"""The router's functions that take the place of a call, and their asynchronous twins."""
ROUTER_FUNCTIONS = frozenset(ROUTER_CALLS)


def rule_of(call: Call) -> Rule:
    """The rule that a call belongs to."""
    return _OWNER[call]


def rule_as_spelled(sdk: str) -> Rule | None:
    """The rule of a method of the SDK that keeps its spelling on a client of the router."""
    if any(call.startswith(f"{sdk}.") for call in CALLS):
        return None  # a resource
    plain = endpoints.plain(sdk)
    passed = plain != sdk and (plain in CALLS or endpoints.rule_as_spelled(plain))
    return RULES.get(endpoints.PASSED_THROUGH if passed else endpoints.rule_as_spelled(sdk))
