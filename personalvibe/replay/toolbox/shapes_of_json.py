"""Which fields JSON documents have, and of which types: what a program relies on."""

from __future__ import annotations

from dataclasses import dataclass, field

from personalvibe.replay.model import JsonValue

NULL = "null"
_TYPES = {str: "string", bool: "boolean", int: "number", float: "number", list: "list"}
_FREE = frozenset(("args", "arguments", "input", "metadata", "logit_bias"))
"""Objects whose fields are a model's or a program's own, such as the arguments of a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The fields of a document. Items of a list that say their `type` are told apart by it."""

    types: dict[str, set[str]] = field(default_factory=dict)
    """``response.choices[].message.content`` -> the types met there."""
    holders: dict[str, str] = field(default_factory=dict)
    """Of each place, the object or the list that it is in."""


def shape_of(value: JsonValue, place: str) -> Shape:
    """The shape of a document, or of the items of a list together; `place` is its name."""
    shape = Shape()
    stack: list[tuple[JsonValue, str, str]] = [(value, place, "")]
    while stack:
        one, where, holder = stack.pop()
        shape.types.setdefault(where, set()).add(type_of(one))
        shape.holders[where] = holder
        if isinstance(one, dict) and where.rpartition(".")[2] not in _FREE:
            stack += [(child, f"{where}.{name}", where) for name, child in one.items()]
        elif isinstance(one, list):
            stack += [(child, f"{where}[{_label(child)}]", where) for child in one]
    return shape


def _label(value: JsonValue) -> str:
    kind = value.get("type") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else ""


def type_of(value: JsonValue) -> str:
    if value is None:
        return NULL
    return _TYPES.get(type(value), "object")
