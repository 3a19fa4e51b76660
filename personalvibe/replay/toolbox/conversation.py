"""A recorded exchange as people read it: who said what to which model, and what it took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from personalvibe.replay import usage
from personalvibe.replay.cassette import bodies
from personalvibe.replay.cassette.streams import parse_stream
from personalvibe.replay.model import (
    Headers,
    Interaction,
    Provenance,
    RedactedInteraction,
    Request,
    Response,
    Usage,
)
from personalvibe.replay.toolbox import streamed
from personalvibe.replay.toolbox.content import (
    Turn,
    compact,
    item,
    media,
    message,
    parts_of,
    text_part,
    turn,
)
from personalvibe.replay.toolbox.fields import mapping, mappings


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    method: str
    host: str
    path: str
    model: str
    """Empty where the request names none."""
    status: int
    parameters: tuple[tuple[str, str], ...]
    """What the request says besides the messages."""
    asked: tuple[Turn, ...]
    answered: tuple[Turn, ...]
    streamed: bool
    usage: Usage
    recorded_at: str


def conversation_of(recorded: RedactedInteraction, prices: usage.Prices) -> Conversation:
    request, response = recorded.request, recorded.response
    url = urlsplit(request.url)
    plain = Interaction(request=request, response=response)
    document = document_of(request.headers, request.body)
    turns = answered_by(response)
    return Conversation(
        method=request.method,
        host=url.netloc,
        path=url.path,
        model=usage.model_of(plain),
        status=response.status,
        parameters=tuple(_parameters(document)),
        asked=tuple(asked_of(request)),
        answered=tuple(_plain_body(response) if turns is None else turns),
        streamed=parse_stream(response.headers, response.body) is not None,
        usage=usage.usage_of(plain, prices),
        recorded_at=_time(recorded.provenance),
    )


def _time(provenance: Provenance | None) -> str:
    return provenance.recorded_at if provenance is not None else ""


def document_of(headers: Headers, body: bytes) -> dict[str, Any]:
    """The JSON object of a body, a stream joined; empty where there is none."""
    events = documents_of(headers, body)
    is_stream = len(events) > 1 or parse_stream(headers, body) is not None
    joined = streamed.join(events) if is_stream else {}
    return joined or (events[0] if len(events) == 1 else {})


def documents_of(headers: Headers, body: bytes) -> list[dict[str, Any]]:
    """The JSON objects of a body: of a document, of a list, or of a stream's events."""
    stream = parse_stream(headers, body)
    found: list[Any] = []
    for payload in stream.payloads if stream else [body]:
        try:
            found.append(bodies.parse_json(payload))
        except bodies.NotJsonError:
            continue
    if len(found) == 1 and isinstance(found[0], list):  # Gemini's streams without events
        found = found[0]
    return [one for one in found if isinstance(one, dict)]


_NAMES = """
    messages system input instructions contents systemInstruction system_instruction prompt model
    tools toolConfig
"""
_MESSAGES = frozenset(_NAMES.split())


def settings(document: dict[str, Any]) -> dict[str, Any]:
    """What a request says besides the messages, the tools and the model."""
    return {name: value for name, value in document.items() if name not in _MESSAGES}


def _parameters(document: dict[str, Any]) -> list[tuple[str, str]]:
    found = [(name, compact(value)) for name, value in settings(document).items()]
    tools = document.get("tools")
    if isinstance(tools, list) and tools:
        found.append(("tools", ", ".join(name for tool in tools for name in tool_names(tool))))
    return found


def tool_names(tool: object) -> list[str]:
    if not isinstance(tool, dict):
        return [compact(tool)]
    declared = tool.get("functionDeclarations", tool.get("function_declarations"))
    if isinstance(declared, list):
        return [name for one in declared for name in tool_names(one)]
    function = tool.get("function")
    holder = function if isinstance(function, dict) else tool
    return [str(holder.get("name") or holder.get("type") or "?")]


def asked_of(request: Request) -> list[Turn]:
    """The messages of a request."""
    document = document_of(request.headers, request.body)
    return _asked(document) if document else _plain_body(request)


def _asked(document: dict[str, Any]) -> list[Turn]:
    turns = [
        turn("system", parts_of(document[name]))
        for name in ("system", "instructions", "systemInstruction", "system_instruction")
        if document.get(name)
    ]
    for name in ("messages", "contents"):
        value = document.get(name)
        if isinstance(value, list):
            turns += [message(one) for one in value if isinstance(one, dict)]
        elif value:
            turns.append(turn("user", parts_of(value)))
    value = document.get("input", document.get("prompt"))
    if isinstance(value, list):
        turns += [item(one) for one in value]
    elif value:
        turns.append(turn("user", parts_of(value)))
    return turns


def _plain_body(side: Request | Response) -> list[Turn]:
    """A body that is no JSON: a form with a file, a text, an image."""
    role = "user" if isinstance(side, Request) else "response"
    parts = bodies.parse_multipart(side.headers, side.body)
    if parts is not None:
        return [turn(role, [_field(part) for part in parts])]
    if not side.body:
        return []
    try:
        return [turn(role, text_part(side.body.decode()))]
    except UnicodeDecodeError:
        kind = bodies.media_type(side.headers) or "bytes"
        return [turn(role, [media(f"{kind}, {len(side.body):,} bytes", None)])]


def _field(part: bodies.Part) -> Any:
    if part.filename:
        return media(f"{part.name}: {part.filename}, {len(part.content):,} bytes", None)
    return text_part(f"{part.name}: {part.content.decode('utf-8', 'replace')}")[0]


def answered_by(response: Response) -> Sequence[Turn] | None:
    """The messages of an answer; None for data that is no conversation."""
    document = document_of(response.headers, response.body)
    turns = _answered(document)
    if turns:
        return turns
    if document.get("error"):
        error = document["error"]
        text = error.get("message") if isinstance(error, dict) else error
        return [turn("error", text_part(compact(text)))]
    return None if document else _plain_body(response)


def _answered(document: dict[str, Any]) -> list[Turn]:
    turns = [_choice(one) for one in mappings(document, "choices")]
    turns += [
        message({"role": "model", **mapping(one, "content")})
        for one in mappings(document, "candidates")
    ]
    turns += [item(one) for one in mappings(document, "output")]
    turns += [_datum(one) for one in mappings(document, "data")]
    said = mapping(document, "message") or mapping(mapping(document, "output"), "message")
    if said:
        turns.append(message(said))
    elif document.get("type") == "message" or isinstance(document.get("content"), list):
        turns.append(turn("assistant", parts_of(document.get("content"))))
    elif isinstance(document.get("response"), str):
        turns.append(turn("assistant", text_part(document["response"])))
    return [one for one in turns if one.parts]


def _choice(choice: dict[str, Any]) -> Turn:
    if isinstance(choice.get("text"), str):
        return turn("assistant", text_part(choice["text"]))
    return message({"role": "assistant", **mapping(choice, "message")})


def _datum(datum: dict[str, Any]) -> Turn:
    """Of an answer's ``data``: an embedding, an image, or an entry of a list."""
    vector = datum.get("embedding")
    if isinstance(vector, list):
        return turn("embedding", [media(f"{len(vector):,} numbers", None)])
    if isinstance(vector, str):
        return turn("embedding", [media(f"{len(vector) * 3 // 16:,} numbers in base64", None)])
    if "b64_json" in datum or "url" in datum:
        return turn("image", [media("image", datum.get("b64_json") or datum.get("url"))])
    return turn("entry", text_part(datum.get("id") or compact(datum)))
