"""The messages of every provider as turns of a conversation. Plain data in, plain data out."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from personalvibe.replay.toolbox import fields


class PartKind(StrEnum):
    TEXT = "text"
    THINKING = "thinking"
    TOOL_CALL = "tool call"
    TOOL_RESULT = "tool result"
    MEDIA = "media"
    """A placeholder: what it was and how large."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    kind: PartKind
    text: str
    name: str = ""
    """Of the tool."""
    digest: str = ""
    """Of what a placeholder stands for: changes with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    role: str
    parts: tuple[Part, ...]


def turn(role: object, parts: Iterable[Part]) -> Turn:
    return Turn(role=str(role or "user"), parts=tuple(parts))


def text_part(text: object) -> list[Part]:
    return [Part(kind=PartKind.TEXT, text=str(text))] if text else []


def tool_call(name: object, arguments: object) -> Part:
    return Part(kind=PartKind.TOOL_CALL, name=str(name or "?"), text=compact(arguments))


def tool_result(name: object, content: object) -> Part:
    texts = [part.text for part in parts_of(content)]
    return Part(kind=PartKind.TOOL_RESULT, name=str(name or ""), text="\n".join(texts))


def media(kind: str, value: object) -> Part:
    return Part(
        kind=PartKind.MEDIA, text=f"[{kind}{_measure(value)}]", digest=_payload_digest(value)
    )


def compact(value: object) -> str:
    """A text as it is, and other data as JSON in one line."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def parts_of(content: object) -> list[Part]:
    """The parts of a message's content: a text, a block, or a list of either."""
    if isinstance(content, list):
        return [part for one in content for part in parts_of(one)]
    if isinstance(content, dict):
        return _block(content)
    return text_part(compact(content))


def message(value: Mapping[str, Any]) -> Turn:
    """A message of a chat: of OpenAI's kind, Anthropic's, Bedrock's, Ollama's or Gemini's."""
    role = value.get("role")
    parts = _thoughts(value) + parts_of(value.get("content", value.get("parts")))
    if role == "tool":
        parts = [tool_result(value.get("name", value.get("tool_call_id")), value.get("content"))]
    parts += text_part(value.get("refusal"))
    parts += [media("image", image) for image in fields.items(value, "images")]
    if value.get("audio"):
        parts.append(media("audio", value["audio"]))
    for call in [*fields.mappings(value, "tool_calls"), {"function": value.get("function_call")}]:
        function = fields.mapping(call, "function")
        if function:
            parts.append(tool_call(function.get("name"), function.get("arguments")))
    return turn("assistant" if role == "model" else role, parts)


def _thoughts(value: Mapping[str, Any]) -> list[Part]:
    text = value.get("reasoning_content") or value.get("reasoning") or value.get("thinking")
    return [Part(kind=PartKind.THINKING, text=text)] if isinstance(text, str) and text else []


def item(value: object) -> Turn:
    """An item of OpenAI's responses API, in its input or its output."""
    if not isinstance(value, dict):
        return turn("user", parts_of(value))
    kind = value.get("type")
    if kind == "function_call":
        return turn("assistant", [tool_call(value.get("name"), value.get("arguments"))])
    if kind == "function_call_output":
        return turn("tool", [tool_result(value.get("call_id"), value.get("output"))])
    if kind == "reasoning":
        return turn("assistant", _block(value))
    if "role" in value or kind == "message":
        return message(value)
    return turn("assistant" if str(kind).endswith("_call") else "user", _block(value))


def _block(block: dict[str, Any]) -> list[Part]:
    kind = fields.text(block, "type")
    if kind in _BY_TYPE:
        return _BY_TYPE[kind](block)
    spelled = {_camel(key): value for key, value in block.items()}
    for key, make in _BY_KEY.items():
        if key in spelled:
            return make(spelled)
    return [Part(kind=PartKind.OTHER, text=compact(block))]


def _camel(name: str) -> str:
    """Google's APIs take ``functionCall`` and ``function_call``."""
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


def _text(block: dict[str, Any]) -> list[Part]:
    text = block.get("text")
    value = text.get("value") if isinstance(text, dict) else text
    if block.get("thought"):  # Gemini
        return [Part(kind=PartKind.THINKING, text=str(value))]
    return text_part(value)


def _thinking(block: dict[str, Any]) -> list[Part]:
    found = block.get("thinking") or block.get("summary") or block.get("content") or ""
    texts = [part.text for part in parts_of(found)]
    return [Part(kind=PartKind.THINKING, text="\n".join(texts) or "[hidden by the provider]")]


def _media(kind: str, *keys: str) -> Callable[[dict[str, Any]], list[Part]]:
    def make(block: dict[str, Any]) -> list[Part]:
        return [media(kind, next((block[key] for key in keys if key in block), None))]

    return make


def _measure(value: object) -> str:
    """``, image/png, 1,234 bytes`` of what stands for an image or a file."""
    if isinstance(value, dict):
        kind = value.get("media_type") or value.get("mimeType") or value.get("mime_type")
        return (f", {kind}" if isinstance(kind, str) else "") + _measure(_payload(value))
    if not isinstance(value, str) or not value:
        return ""
    if value.startswith(_ADDRESSES):
        return f", {value}"
    head, comma, data = value.partition(",")
    if comma and head.startswith("data:"):
        return f", {head[5:].partition(';')[0]}, {_size(data):,} bytes"
    return f", {_size(value):,} bytes" if len(value) > _LONGEST_ID else f", {value}"


def _payload(value: dict[str, Any]) -> object:
    return next((value[key] for key in _PAYLOADS if key in value), None)


def _payload_digest(value: object) -> str:
    while isinstance(value, dict):
        value = _payload(value)
    if not isinstance(value, str) or len(value) <= _LONGEST_ID or value.startswith(_ADDRESSES):
        return ""
    return digest(value)


def digest(text: str) -> str:
    """Changes with the text; short enough to be read."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=4).hexdigest()


def _size(data: str) -> int:
    """Bytes that base64 stands for, also where a recording holds only its digest."""
    bounded = _BOUNDED.search(data)
    return (int(bounded[1]) if bounded else len(data)) * 3 // 4


_BOUNDED = re.compile(r"<(\d+) characters of base64, sha256 [0-9a-f]{64}>")
_ADDRESSES = ("http://", "https://", "gs://", "s3://")
_PAYLOADS = (
    *("url", "data", "file_data", "b64_json", "bytes", "fileUri", "file_uri", "file_id"),
    *("source", "filename"),
)
_LONGEST_ID = 64

_BY_TYPE: dict[Any, Callable[[dict[str, Any]], list[Part]]] = {
    "text": _text,
    "input_text": _text,
    "output_text": _text,
    "summary_text": _text,
    "reasoning_text": _text,
    "thinking": _thinking,
    "redacted_thinking": _thinking,
    "reasoning": _thinking,
    "refusal": lambda block: text_part(block.get("refusal")),
    "tool_use": lambda block: [tool_call(block.get("name"), block.get("input"))],
    "server_tool_use": lambda block: [tool_call(block.get("name"), block.get("input"))],
    "tool_result": lambda block: [tool_result(block.get("tool_use_id"), block.get("content"))],
    "image_url": _media("image", "image_url"),
    "input_image": _media("image", "image_url", "file_id"),
    "image": _media("image", "source", "data"),
    "document": _media("document", "source"),
    "input_audio": _media("audio", "input_audio"),
    "file": _media("file", "file"),
    "input_file": _media("file", "file_data", "file_url", "file_id", "filename"),
    "image_generation_call": _media("image", "result"),
}

# Gemini's and Bedrock's blocks have no type: their one key says it.
_BY_KEY: dict[str, Callable[[dict[str, Any]], list[Part]]] = {
    "text": _text,
    "toolUse": lambda b: [tool_call(_in(b, "toolUse", "name"), _in(b, "toolUse", "input"))],
    "toolResult": lambda b: [
        tool_result(_in(b, "toolResult", "toolUseId"), _in(b, "toolResult", "content"))
    ],
    "functionCall": lambda b: [
        tool_call(_in(b, "functionCall", "name"), _in(b, "functionCall", "args"))
    ],
    "functionResponse": lambda b: [
        tool_result(
            _in(b, "functionResponse", "name"), compact(_in(b, "functionResponse", "response"))
        )
    ],
    "inlineData": _media("media", "inlineData"),
    "fileData": _media("file", "fileData"),
    "image": _media("image", "image"),
    "document": _media("document", "document"),
    "video": _media("video", "video"),
    "reasoningContent": lambda b: [
        Part(
            kind=PartKind.THINKING,
            text=compact(_in(b, "reasoningContent", "reasoningText", "text")),
        )
    ],
    "json": lambda b: text_part(compact(b["json"])),
    "content": lambda b: parts_of(b["content"]),
}


def _in(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
