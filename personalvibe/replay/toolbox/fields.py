"""Fields of JSON that may be anything: what is of another kind counts as absent."""

from __future__ import annotations

from typing import Any


def mapping(holder: object, name: str) -> dict[str, Any]:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, dict) else {}


def mappings(holder: object, name: str) -> list[dict[str, Any]]:
    """The mappings in a list."""
    return [one for one in items(holder, name) if isinstance(one, dict)]


def items(holder: object, name: str) -> list[Any]:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, list) else []


def text(holder: object, name: str) -> str:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, str) else ""


def number(holder: object, name: str) -> int:
    """An index; 0 where there is none."""
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, int) else 0
