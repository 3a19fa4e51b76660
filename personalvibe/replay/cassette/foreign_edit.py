"""Cassettes of other tools with other messages in them, and everything else as it was. Pure."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from personalvibe.replay.cassette import bodies, yaml_io
from personalvibe.replay.model import CassetteError, Headers, Interaction, Request, Response

_HINT = "Record it again."


def edited(
    document: Any, before: Sequence[Interaction], after: Sequence[Interaction]
) -> dict[str, Any]:
    """A document that was read as `before`, so that it will be read as `after`."""
    result: dict[str, Any] = copy.deepcopy(document)
    for (request, response), old, new in zip(_sides(result), before, after, strict=True):
        _edit(request, old.request, new.request)
        _edit(response, old.response, new.response)
        if old.request.url != new.request.url:
            request["uri" if "uri" in request else "url"] = new.request.url
        if old.response.reason != new.response.reason and isinstance(response.get("status"), dict):
            response["status"]["message"] = new.response.reason
    return result


def _sides(document: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The mappings of requests and responses, wherever the tool has them."""
    if "interactions" in document:
        yield from ((one["request"], one["response"]) for one in document["interactions"])
    elif "requests" in document:  # langchain-tests
        yield from zip(document["requests"], document["responses"], strict=True)
    else:  # ddapm-test-agent
        yield document["request"], document["response"]


def _edit(side: dict[str, Any], old: Request | Response, new: Request | Response) -> None:
    if old.headers != new.headers:
        side["headers"] = _headers_like(side.get("headers"), new.headers)
    if old.body != new.body:
        _put_body(side, new.body)


def _headers_like(before: Any, headers: Headers) -> Any:
    if isinstance(before, list):
        return [[name, value] for name, value in headers]
    grouped: dict[str, list[str]] = {}
    for name, value in headers:
        grouped.setdefault(name, []).append(value)
    return {
        name: values if len(values) > 1 or isinstance(before.get(name), list) else values[0]
        for name, values in grouped.items()
    }


def _put_body(side: dict[str, Any], body: bytes) -> None:
    if side.get("parsed_body") is not None:  # pydantic-ai
        side["parsed_body"] = json.loads(body)
        return
    name = "body" if "body" in side else "content"
    holder = side.get(name)
    if not isinstance(holder, dict):
        side[name] = text_or_bytes(body)
    elif is_typed(holder):
        side[name] = _typed_like(holder, body)
    elif is_document(holder):
        side[name] = json.loads(body)
    else:
        side[name] = {**holder, next(iter(holder), "string"): text_or_bytes(body)}


def is_typed(body: dict[str, Any]) -> bool:
    """Whether a body says what it is, as cassetter's do."""
    return "type" in body and body.keys() <= {"type", "content"}


def is_document(body: dict[str, Any]) -> bool:
    """Whether a body is a JSON document, written as YAML."""
    return bool(body) and body.keys().isdisjoint(("string", "content"))


def _typed_like(holder: dict[str, Any], body: bytes) -> dict[str, Any]:
    kind = holder["type"]
    content: Any = body.hex() if kind == "binary" else body.decode()
    return {**holder, "content": json.loads(body) if kind == "json" else content}


def text_or_bytes(body: bytes) -> str | bytes:
    """A body as vcrpy has it: a text, where YAML can hold it."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return body
    return text if yaml_io.representable(text) else body


def written_like(raw: bytes, document: dict[str, Any], path: Path) -> bytes:
    """A document as bytes, in the format of the file that was `raw`."""
    packed = raw[:2] == b"\x1f\x8b"
    plain = bodies.inflated(raw) or b"" if packed else raw
    if plain.lstrip()[:1] == b"{":
        content = (json.dumps(document, indent=4) + "\n").encode()
    else:
        content = _yaml(document, path, unicode=not plain.isascii())
    return gzip.compress(content, mtime=0) if packed else content


def _yaml(document: dict[str, Any], path: Path, *, unicode: bool) -> bytes:
    import yaml

    dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    try:
        content: bytes = yaml.dump(
            document, Dumper=dumper, allow_unicode=unicode, encoding="utf-8", sort_keys=False
        )
    except yaml.YAMLError as error:
        reason = str(error).splitlines()[0]
        raise CassetteError(f"it cannot be written: {reason}", path=path, hint=_HINT) from None
    return content
