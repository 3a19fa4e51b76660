"""Cassettes of other tools: vcrpy, older httpx stubs, pydantic-ai, langchain-tests, cassetter,
ddapm-test-agent.

Reads the plain data of a parsed file and never constructs anything but `Interaction`; writes
vcrpy's own format for projects that share their cassettes with it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from personalvibe.replay.cassette import bodies
from personalvibe.replay.cassette.foreign_edit import is_document, is_typed, text_or_bytes
from personalvibe.replay.model import (
    CassetteError,
    Headers,
    Interaction,
    NotACassetteError,
    OtherProtocolError,
    RedactedInteraction,
    Request,
    Response,
)

_BASE64 = "base64:"
_CASSETTER_ONLY = ("ws_interactions", "grpc_interactions")
_EMPTY = "Restore it from version control, or record it again with --record-mode=rewrite."
_HINT = "docs/replay.md lists the tools whose cassettes are read."


def read_foreign(
    document: object, path: Path, budget: bodies.Budget, *, as_stored: bool = False
) -> list[Interaction]:
    """The interactions of a cassette in a format that is not ours.

    Args:
        document: what the YAML or JSON of the file says; dicts, lists and scalars.
        path: of the file, for error messages.
        budget: what all bodies together may unpack to.
        as_stored: leave compressed bodies packed.

    Raises:
        CassetteError: it is none of the known formats, or a part of it is not what it should be.
    """
    if document is None:
        raise NotACassetteError("the cassette is empty", path=path, hint=_EMPTY)
    return [
        read_interaction(item, path, number, None if as_stored else budget)
        for number, item in enumerate(_items(document, path), 1)
    ]


def read_interaction(
    item: object, path: Path, number: int, budget: bodies.Budget | None
) -> Interaction:
    """One of a list of interactions; with compressed bodies as they are if there is no budget.

    Raises `CassetteError`.
    """
    return _interaction(item, _Place(path, number, budget))


def has_sides(item: object) -> bool:
    """Whether it may be an interaction of HTTP."""
    return isinstance(item, dict) and not item.keys().isdisjoint(_SIDES)


def _items(document: object, path: Path) -> Sequence[object]:
    if isinstance(document, dict):
        unplayable = [name for name in _CASSETTER_ONLY if document.get(name)]
        if unplayable:
            raise OtherProtocolError(
                f"cassetter's {unplayable[0]} are not played here", path=path, hint=_HINT
            )
        if isinstance(document.get("request"), dict) and "response" in document:
            return [_of_ddapm(document)]
        if isinstance(document.get("interactions"), list):
            _require_http(document["interactions"], path)
            return list(document["interactions"])
        requests, responses = document.get("requests"), document.get("responses")
        if isinstance(requests, list) and isinstance(responses, list):  # langchain-tests
            if len(requests) != len(responses):
                raise CassetteError(
                    f"{len(requests)} requests and {len(responses)} responses",
                    path=path,
                    hint=_EMPTY,
                )
            pairs = zip(requests, responses, strict=True)
            return [{"request": request, "response": response} for request, response in pairs]
    raise NotACassetteError("not a cassette: it has no list `interactions`", path=path, hint=_HINT)


def _require_http(items: list[Any], path: Path) -> None:
    """Raises `OtherProtocolError` for messages of a socket and the like, which have no request."""
    messages = [one for one in items if isinstance(one, dict) and one.keys().isdisjoint(_SIDES)]
    if messages and len(messages) == len(items) and all(messages):
        raise OtherProtocolError("its interactions are not those of HTTP", path=path, hint=_HINT)


_SIDES = ("request", "response")


def _of_ddapm(document: dict[str, Any]) -> dict[str, Any]:
    """ddapm-test-agent writes one interaction a file, with bodies that are text or ``base64:``."""
    sides = {name: document[name] for name in ("request", "response")}
    return {
        name: {**side, "body": _unprefixed(side.get("body"))} if isinstance(side, dict) else side
        for name, side in sides.items()
    }


def _unprefixed(body: object) -> object:
    if not isinstance(body, str) or not body.startswith(_BASE64):
        return body
    try:
        return base64.b64decode(body.removeprefix(_BASE64), validate=True)
    except ValueError:
        return body


class _Place:
    """Where in which file, for an error that can be found."""

    def __init__(self, path: Path, number: int, budget: bodies.Budget | None) -> None:
        self.path = path
        self.number = number
        self.budget = budget

    def error(self, what: str) -> CassetteError:
        return CassetteError(f"interaction {self.number}: {what}", path=self.path, hint=_HINT)


def _interaction(item: object, place: _Place) -> Interaction:
    if not isinstance(item, dict):
        raise place.error("it is not a mapping")
    request, response = item.get("request"), item.get("response")
    if not isinstance(request, dict) or not isinstance(response, dict):
        raise place.error("it lacks its request or its response")
    return Interaction(request=_request(request, place), response=_response(response, place))


def _request(item: dict[str, Any], place: _Place) -> Request:
    method, uri = item.get("method"), item.get("uri", item.get("url"))
    if not isinstance(method, str) or not isinstance(uri, str):
        raise place.error("the request lacks its method or its uri")
    if not bodies.is_address(uri):
        raise place.error(f"the uri {uri[:80]!r} is no address")
    headers, body = _unpacked(_headers(item.get("headers"), place), _body(item, place), place)
    return Request(method=method.upper(), url=uri, headers=headers, body=body)


def _response(item: dict[str, Any], place: _Place) -> Response:
    line = item.get("status")
    if not isinstance(line, dict):  # httpx, before vcrpy 6
        line = {"code": item.get("status_code", line)}
    status = line.get("code")
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 999:
        raise place.error("the response has no status")
    headers, body = _unpacked(_headers(item.get("headers"), place), _body(item, place), place)
    headers = bodies.without(headers, ("transfer-encoding",))
    if body and bodies.header(headers, "content-length") not in (None, str(len(body))):
        # Decoded by the recorder, which left the length of the encoded body.
        headers = bodies.without(headers, ("content-length",))
    return Response(
        status=status, reason=_text(line.get("message") or ""), headers=headers, body=body
    )


def _headers(value: object, place: _Place) -> Headers:
    if value is None:
        return ()
    if isinstance(value, list):  # pairs
        value = _grouped(value, place)
    if not isinstance(value, dict):
        raise place.error("its headers are not a mapping")
    return tuple(
        (_text(name), _text(one))
        for name, content in value.items()
        for one in (content if isinstance(content, list) else [content])
        if one is not None
    )


def _grouped(pairs: list[Any], place: _Place) -> dict[str, list[Any]]:
    grouped: dict[str, list[Any]] = {}
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2:
            raise place.error("its headers are neither a mapping nor pairs")
        grouped.setdefault(_text(pair[0]), []).append(pair[1])
    return grouped


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _body(item: dict[str, Any], place: _Place) -> bytes:
    if item.get("parsed_body") is not None:  # pydantic-ai
        return _json(item["parsed_body"], place)
    value = item.get("body", item.get("content"))  # `content`: httpx, before vcrpy 6
    if isinstance(value, dict) and is_typed(value):
        return _typed(value, place)
    if isinstance(value, dict) and is_document(value):
        return _json(value, place)
    if isinstance(value, dict):
        unknown = [name for name in value if name not in ("string", "content")]
        if unknown:
            raise place.error(f"a body has the unknown key {unknown[0]!r}")
        value = next(iter(value.values()), None)
    return _bytes(value, place)


def _typed(body: dict[str, Any], place: _Place) -> bytes:
    """cassetter's bodies, which say what they are."""
    kind, content = body["type"], body.get("content")
    if kind == "json":
        return _json(content, place)
    if kind == "none" or (kind == "text" and isinstance(content, str)):
        return _bytes(content, place)
    if kind == "binary" and isinstance(content, str):
        try:
            return bytes.fromhex(content)
        except ValueError:
            raise place.error("cassetter's binary body is no hexadecimal") from None
    raise place.error(f"cassetter's body of the type {str(kind)[:80]!r} is unknown")


def _bytes(value: object, place: _Place) -> bytes:
    match value:
        case None:
            return b""
        case bytes():
            return value
        case str():
            return value.encode("utf-8", "surrogatepass")
        case int() | float():
            return _json(value, place)  # YAML reads the body `123` as a number
        case list() if all(isinstance(one, (str, bytes)) for one in value):
            return b"".join(_bytes(one, place) for one in value)  # an iterator's chunks
    raise place.error(f"a body is a {type(value).__name__}, not text or bytes")


def _json(value: Any, place: _Place) -> bytes:
    try:
        return bodies.write_json(value)
    except (TypeError, ValueError, RecursionError):
        raise place.error("a body holds something that JSON has not") from None


def _unpacked(headers: Headers, body: bytes, place: _Place) -> tuple[Headers, bytes]:
    """Without content encoding; also where the header stayed on a body that is already plain."""
    if place.budget is None:
        return headers, body
    try:
        headers, plain = bodies.decompress(headers, body, place.budget)
    except bodies.OverBudgetError as error:
        raise place.error(str(error)) from None
    return headers, plain


def to_vcrpy(interactions: Iterable[RedactedInteraction]) -> Iterator[str]:
    """The text, in pieces, of a cassette that plain vcrpy reads: version 1, bodies as text, else
    ``!!binary``.
    """
    head = "interactions:\n"
    for one in interactions:
        yield head
        head = ""
        yield _vcrpy_text([_vcrpy_fields(one)])
        del one  # before the next is read: each may be as large as the file
    yield _vcrpy_text({"version": 1} if not head else {"interactions": [], "version": 1})


def _vcrpy_fields(one: RedactedInteraction) -> dict[str, Any]:
    return {
        "request": {
            "body": text_or_bytes(one.request.body),
            "headers": _header_lists(one.request.headers),
            "method": one.request.method,
            "uri": one.request.url,
        },
        "response": {
            "body": {"string": text_or_bytes(one.response.body)},
            "headers": _header_lists(one.response.headers),
            "status": {"code": one.response.status, "message": one.response.reason},
        },
    }


def _vcrpy_text(value: Any) -> str:
    import yaml

    dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(value, Dumper=dumper, allow_unicode=True)
    return text


def _header_lists(headers: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name, []).append(value)
    return dict(sorted(found.items()))
