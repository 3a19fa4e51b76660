"""A streamed answer as the document that the provider gives when it does not stream."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from personalvibe.replay.toolbox.fields import items, mapping, mappings, number, text

Document = dict[str, Any]


def join(events: Sequence[Document]) -> Document:
    """One document of the events of a stream; empty if they are of no known provider."""
    for key, joined in _BY_KEY.items():
        if any(key in event for event in events):
            return joined(events)
    return {}


def _responses(events: Sequence[Document]) -> Document:
    """OpenAI's responses API, whose last event has the whole; Anthropic's, which has not."""
    kinds = {text(event, "type") for event in events}
    if not kinds & {"content_block_start", "content_block_delta", "message_start"}:
        whole = [one for event in events if (one := mapping(event, "response"))]
        if whole and whole[-1].get("output"):
            return dict(whole[-1])
        texts = [text(event, "delta") for event in events if _is_text_delta(event)]
        return {"output": [{"role": "assistant", "content": "".join(texts)}]}
    blocks: dict[Any, Document] = {}
    for event in events:
        if event.get("type") == "content_block_start" and isinstance(
            event.get("content_block"), dict
        ):
            blocks[number(event, "index")] = dict(event["content_block"])
        elif event.get("type") == "content_block_delta" and isinstance(event.get("delta"), dict):
            _extend(blocks.setdefault(number(event, "index"), {"type": "text"}), event["delta"])
    return {"content": [_with_input(block) for block in blocks.values()]}


def _is_text_delta(event: Document) -> bool:
    return event.get("type") == "response.output_text.delta"


def _extend(block: Document, delta: Document) -> None:
    for key in ("text", "thinking", "partial_json"):
        if isinstance(delta.get(key), str):
            block[key] = text(block, key) + delta[key]


def _with_input(block: Document) -> Document:
    arguments = block.pop("partial_json", None)
    return {**block, "input": _parsed(arguments)} if arguments else block


def _parsed(arguments: str) -> Any:
    try:
        return json.loads(arguments)
    except ValueError:
        return arguments


def _choices(events: Sequence[Document]) -> Document:
    """Chat and completions of OpenAI's kind."""
    found: dict[Any, Document] = {}
    for event in events:
        for choice in mappings(event, "choices"):
            _add_choice(found.setdefault(number(choice, "index"), {"message": {}}), choice)
    return {"choices": list(found.values())}


def _add_choice(whole: Document, choice: Document) -> None:
    if isinstance(choice.get("text"), str):
        whole["text"] = text(whole, "text") + choice["text"]
    delta = choice.get("delta")
    if not isinstance(delta, dict):
        return
    message = whole["message"]
    message["role"] = delta.get("role") or message.get("role") or "assistant"
    for key in ("content", "refusal", "reasoning_content", "reasoning"):
        if isinstance(delta.get(key), str):
            message[key] = text(message, key) + delta[key]
    for call in mappings(delta, "tool_calls"):
        _add_call(message.setdefault("tool_calls", []), call)


def _add_call(calls: list[Document], call: Document) -> None:
    index = call.get("index", len(calls))
    known = next((one for one in calls if one["index"] == index), None)
    if known is None:
        known = {"index": index, "function": {}}
        calls.append(known)
    delta = call.get("function")
    for key in ("name", "arguments"):
        if isinstance(delta, dict) and isinstance(delta.get(key), str):
            known["function"][key] = text(known["function"], key) + delta[key]


def _candidates(events: Sequence[Document]) -> Document:
    """Gemini's."""
    parts: list[Any] = []
    for event in events:
        for candidate in mappings(event, "candidates"):
            for part in items(mapping(candidate, "content"), "parts"):
                _add_part(parts, part)
    return {"candidates": [{"content": {"role": "model", "parts": parts}}]}


def _add_part(parts: list[Any], part: Any) -> None:
    both_text = bool(parts) and all(isinstance(_of(one, "text"), str) for one in (parts[-1], part))
    if both_text and _of(parts[-1], "thought") == _of(part, "thought"):
        parts[-1] = {**parts[-1], "text": parts[-1]["text"] + part["text"]}
    else:
        parts.append(part)


def _of(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _ollama(events: Sequence[Document]) -> Document:
    whole: Document = {"role": "assistant", "content": "", "thinking": ""}
    for event in events:
        message = mapping(event, "message")
        whole["content"] += text(message, "content") + text(event, "response")
        whole["thinking"] += text(message, "thinking")
        whole.setdefault("tool_calls", []).extend(mappings(message, "tool_calls"))
    return {"message": whole}


def _bedrock(events: Sequence[Document]) -> Document:
    """Amazon's converse stream."""
    blocks: dict[Any, Document] = {}
    for event in events:
        block = blocks.setdefault(number(event, "contentBlockIndex"), {})
        tool = mapping(mapping(event, "start"), "toolUse")
        if tool:
            block["toolUse"] = {**tool, "input": ""}
        delta = mapping(event, "delta")
        if text(delta, "text"):
            block["text"] = text(block, "text") + text(delta, "text")
        if "toolUse" in block:
            block["toolUse"]["input"] += text(mapping(delta, "toolUse"), "input")
    content = [block for block in blocks.values() if block]
    return {"output": {"message": {"role": "assistant", "content": content}}}


# The first that one of the events has says whose stream it is.
_BY_KEY = {
    "choices": _choices,
    "candidates": _candidates,
    "contentBlockIndex": _bedrock,
    "done": _ollama,
    "type": _responses,
}
