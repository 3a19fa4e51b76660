"""A small valid instance of a JSON schema."""

from __future__ import annotations

import re
from typing import Any

from personalvibe.replay.standin.derive import Seed

_FORMATS = {
    "date": "2026-01-15",
    "time": "12:00:00Z",
    "date-time": "2026-01-15T12:00:00Z",
    "duration": "PT1H",
    "email": "someone@example.com",
    "hostname": "example.com",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "binary": "",
    "byte": "",
}
_DEPTH = 12


def instance(schema: Any, seed: Seed) -> Any:
    """A value that satisfies ``schema``: required properties, first choices, least sizes."""
    return _make(schema, schema, seed, 0)


def _make(schema: Any, root: Any, seed: Seed, depth: int) -> Any:
    if not isinstance(schema, dict) or depth > _DEPTH:
        return None
    if "$ref" in schema:
        return _make(_resolve(str(schema["$ref"]), root), root, seed, depth + 1)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][seed.number(len(schema["enum"]), "enum")]
    for key in ("anyOf", "oneOf"):
        if schema.get(key):
            options = [o for o in schema[key] if not (isinstance(o, dict) and _kind(o) == "null")]
            return _make((options or schema[key])[0], root, seed, depth + 1)
    if schema.get("allOf"):
        return _make(_merge(schema, root), root, seed, depth + 1)
    maker = _MAKERS.get(_kind(schema))
    return maker(schema, root, seed, depth) if maker else None


def _kind(schema: dict[str, Any]) -> str:
    """Gemini writes types in capitals; a list of types means any of them."""
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if kind is None:
        if "properties" in schema:
            return "object"
        if "items" in schema:
            return "array"
        return "string"
    return str(kind).lower()


def _resolve(ref: str, root: Any) -> Any:
    found = root
    for part in ref.lstrip("#/").split("/"):
        if part:
            key = part.replace("~1", "/").replace("~0", "~")
            found = found.get(key) if isinstance(found, dict) else None
    return found


def _merge(schema: dict[str, Any], root: Any) -> dict[str, Any]:
    merged: dict[str, Any] = {k: v for k, v in schema.items() if k != "allOf"}
    for part in schema["allOf"]:
        while isinstance(part, dict) and "$ref" in part:
            part = _resolve(str(part["$ref"]), root)
        for key, value in (part or {}).items():
            if key == "properties":
                merged[key] = {**merged.get(key, {}), **value}
            elif key == "required":
                merged[key] = [*merged.get(key, []), *value]
            else:
                merged.setdefault(key, value)
    return merged


def _object(schema: dict[str, Any], root: Any, seed: Seed, depth: int) -> dict[str, Any]:
    properties = schema.get("properties") or {}
    required = schema.get("required")
    wanted = required if required is not None else list(properties)
    return {
        name: _make(properties.get(name, {}), root, seed.child(name), depth + 1) for name in wanted
    }


def _array(schema: dict[str, Any], root: Any, seed: Seed, depth: int) -> list[Any]:
    if schema.get("prefixItems"):
        return [
            _make(item, root, seed.child(i), depth + 1)
            for i, item in enumerate(schema["prefixItems"])
        ]
    size = max(int(schema.get("minItems", 0)), min(1, int(schema.get("maxItems", 1))))
    if depth > 4:  # a recursive schema has to end somewhere
        size = int(schema.get("minItems", 0))
    return [_make(schema.get("items", {}), root, seed.child(i), depth + 1) for i in range(size)]


def _string(schema: dict[str, Any], _root: Any, seed: Seed, _depth: int) -> str:
    kind = schema.get("format")
    if kind == "uuid":
        return seed.uuid()
    if kind in _FORMATS:
        return _FORMATS[kind]
    pattern = schema.get("pattern")
    text = f"text-{seed.hex(6, 'string')}"
    if pattern:
        text = next((t for t in _guesses(pattern, seed) if re.search(pattern, t)), text)
    least, most = int(schema.get("minLength", 0)), schema.get("maxLength")
    text = text + "x" * (least - len(text))
    return text[: int(most)] if most is not None else text


def _guesses(pattern: str, seed: Seed) -> list[str]:
    """Strings for the patterns that people write: classes, literals, counts."""
    out: list[str] = []
    body = pattern.removeprefix("^").removesuffix("$")
    unit = re.compile(r"(\[[^\]]+\]|\\[dws]|\.|[^\\\[\](){}?*+|.])(\{(\d+)(?:,\d*)?\}|[?*+])?")
    at = 0
    while at < len(body) and (match := unit.match(body, at)):
        atom, times = match[1], match[3]
        repeat = int(times) if times else 0 if match[2] in ("?", "*") else 1
        out.append(_atom(atom) * repeat)
        at = match.end()
    return ["".join(out), seed.hex(8, "pattern"), str(seed.number(1000, "pattern")), "A1", "a"]


def _atom(atom: str) -> str:
    if atom == "\\d":
        return "1"
    if atom == "\\s":
        return " "
    if atom in ("\\w", "."):
        return "a"
    if atom.startswith("["):
        return next((c for c in "a1A_-x" if re.fullmatch(atom, c)), "a")
    return atom


def _integer(schema: dict[str, Any], _root: Any, seed: Seed, _depth: int) -> int:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    step = int(schema.get("multipleOf", 1)) or 1
    start = int(low) if low is not None else 0 if high is None else min(0, int(high))
    if schema.get("exclusiveMinimum") == start:
        start += 1
    value = start + seed.number(10, "integer")
    if high is not None and value >= high:
        value = start
    return -(-value // step) * step


def _number(schema: dict[str, Any], _root: Any, seed: Seed, _depth: int) -> float:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if low is not None and high is not None:
        return round((float(low) + float(high)) / 2, 4)
    if low is not None:
        return float(low) + 0.5
    if high is not None:
        return float(high) - 0.5
    return round(seed.fraction("number"), 2)


def _boolean(_schema: dict[str, Any], _root: Any, seed: Seed, _depth: int) -> bool:
    return bool(seed.number(2, "boolean"))


_MAKERS = {
    "object": _object,
    "array": _array,
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
}
