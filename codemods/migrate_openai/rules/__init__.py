"""Every rule, and which call of the SDK belongs to which rule."""

from __future__ import annotations

from codemods.migrate_openai.rules import (
    audio,
    chat,
    clients,
    completions,
    embeddings,
    images,
    left,
    moderation,
    module,
    responses,
)
from codemods.migrate_openai.rules.base import Call, Case, Rule

__all__ = [
    "CALLS",
    "LEGACY_CALLS",
    "ROUTER_CALLS",
    "ROUTER_FUNCTIONS",
    "RULES",
    "Call",
    "Case",
    "Rule",
    "rule_of",
]

RULES: dict[str, Rule] = {
    rule.id: rule
    for group in (
        chat,
        completions,
        embeddings,
        responses,
        images,
        audio,
        moderation,
        clients,
        module,
        left,
    )
    for rule in group.RULES
}
CALLS: dict[str, Call] = {
    call.sdk: call for rule in RULES.values() for call in rule.calls if not call.legacy
}
LEGACY_CALLS: dict[str, Call] = {
    call.sdk: call for rule in RULES.values() for call in rule.calls if call.legacy
}
ROUTER_CALLS: dict[str, Call] = {
    prefix + call.function: call for call in CALLS.values() for prefix in ("", "a")
}
"""The router's functions that take the place of a call, and their asynchronous twins."""
ROUTER_FUNCTIONS = frozenset(ROUTER_CALLS)
_OWNER: dict[tuple[str, bool], Rule] = {
    (call.sdk, call.legacy): rule for rule in RULES.values() for call in rule.calls
}


def rule_of(call: Call) -> Rule:
    """The rule that a call belongs to."""
    return _OWNER[call.sdk, call.legacy]
