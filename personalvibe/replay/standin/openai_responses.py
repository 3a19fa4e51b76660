"""OpenAI responses: create (plain and streamed), retrieve, delete, cancel, input items."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from personalvibe.replay.standin import checks, derive
from personalvibe.replay.standin.derive import Seed
from personalvibe.replay.standin.model import ApiError, Received, Reply, json_reply, sse, sse_reply
from personalvibe.replay.standin.openai_chat import dated
from personalvibe.replay.standin.reply import Ask, Choice, Tool, decide, limit_of, text_of

_ECHOED: dict[str, Any] = {
    "background": False,
    "frequency_penalty": 0.0,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "presence_penalty": 0.0,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "service_tier": "default",
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
"""The settings that a response repeats, with their defaults."""


def create(request: Received) -> Reply:
    """POST /v1/responses."""
    params = request.params
    model = dated(checks.require_model(params))
    given = params.get("input")
    if given is None and params.get("prompt") is None:
        checks.require(params, "input")
    checks.check_range(params, "temperature", 0, 2)
    ask = _ask(params)
    seed = Seed("responses", model, ask.turns)
    choice = decide(ask, seed)
    done = _response(params, model, seed, ask, choice)
    return sse_reply(tuple(_stream(done))) if params.get("stream") else json_reply(done)


def retrieve(request: Received) -> Reply:
    """GET /v1/responses/{id}: any id is known, and its text follows from the id."""
    return json_reply(_by_id(request.target.rpartition("/")[2]))


def delete(request: Received) -> Reply:
    """DELETE /v1/responses/{id}."""
    found = _by_id(request.target.rpartition("/")[2])
    return json_reply({"id": found["id"], "object": "response", "deleted": True})


def cancel(request: Received) -> Reply:
    """POST /v1/responses/{id}/cancel."""
    found = _by_id(request.target.split("/")[-2])
    return json_reply({**found, "status": "cancelled", "output": []})


def input_items(request: Received) -> Reply:
    """GET /v1/responses/{id}/input_items."""
    seed = Seed("items", request.target)
    item = {
        "id": f"msg_{seed.hex(48)}",
        "type": "message",
        "status": "completed",
        "role": "user",
        "content": [{"type": "input_text", "text": "A stored question."}],
    }
    page = {"first_id": item["id"], "last_id": item["id"], "has_more": False}
    return json_reply({"object": "list", "data": [item], **page})


def _by_id(response_id: str) -> dict[str, Any]:
    if not response_id.startswith("resp_"):
        raise ApiError(404, f"Response with id '{response_id}' not found.")
    seed = Seed("stored", response_id)
    ask = Ask(turns=(("user", "A stored question."),))
    found = _response({}, "gpt-4o-2024-08-06", seed, ask, decide(ask, seed))
    return {**found, "id": response_id}


def _ask(params: dict[str, Any]) -> Ask:
    turns: list[tuple[str, str]] = []
    if params.get("instructions"):
        turns.append(("system", str(params["instructions"])))
    given = params.get("input")
    for item in given if isinstance(given, list) else [{"role": "user", "content": given}]:
        if not isinstance(item, dict):
            raise checks.wrong_type("input", "a string or an array of input items")
        kind = item.get("type", "message")
        if kind == "function_call_output":
            turns.append(("tool", text_of(item.get("output"))))
        elif kind == "message":
            turns.append((str(item.get("role", "user")), text_of(item.get("content"))))
        else:
            turns.append(("assistant", str(item.get("arguments") or kind)))
    chosen = params.get("tool_choice", "auto")
    name = chosen.get("name") if isinstance(chosen, dict) else None
    text = params.get("text")
    form = text.get("format") if isinstance(text, dict) else None
    form = form if isinstance(form, dict) else {}
    return Ask(
        turns=tuple(turns),
        tools=tuple(
            Tool(name=str(tool.get("name")), parameters=tool.get("parameters"))
            for tool in params.get("tools") or ()
            if isinstance(tool, dict) and tool.get("type") == "function"
        ),
        choice=f"={name}" if name else str(chosen) if isinstance(chosen, str) else "auto",
        schema=(form.get("schema") or {}) if form.get("type") == "json_schema" else None,
        as_json=form.get("type") == "json_object",
        limit=limit_of(params.get("max_output_tokens")),
    )


def _response(
    params: dict[str, Any], model: str, seed: Seed, ask: Ask, choice: Choice
) -> dict[str, Any]:
    cut = choice.finish == "length"
    spent = choice.tokens
    return {
        "id": f"resp_{seed.hex(48, 'id')}",
        "object": "response",
        "created_at": seed.created,
        "status": "incomplete" if cut else "completed",
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "model": model,
        "output": [_item(choice, seed)],
        **{name: params.get(name, default) for name, default in _ECHOED.items()},
        "usage": {
            "input_tokens": ask.tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": spent,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": ask.tokens + spent,
        },
    }


def _item(choice: Choice, seed: Seed) -> dict[str, Any]:
    if choice.tool:
        return {
            "id": f"fc_{seed.hex(48, 'item')}",
            "type": "function_call",
            "status": "completed",
            "arguments": choice.arguments,
            "call_id": f"call_{seed.token(24, 'call')}",
            "name": choice.tool[0],
        }
    part: dict[str, Any]
    if choice.refusal is not None:
        part = {"type": "refusal", "refusal": choice.refusal}
    else:
        part = {"type": "output_text", "annotations": [], "logprobs": [], "text": choice.text}
    return {
        "id": f"msg_{seed.hex(48, 'item')}",
        "type": "message",
        "status": "incomplete" if choice.finish == "length" else "completed",
        "content": [part],
        "role": "assistant",
    }


def _stream(done: dict[str, Any]) -> Iterator[bytes]:
    for number, event in enumerate(_events(done)):
        yield sse({**event, "sequence_number": number}, event=event["type"])


def _events(done: dict[str, Any]) -> Iterator[dict[str, Any]]:
    started = {**done, "status": "in_progress", "output": [], "usage": None}
    started["incomplete_details"] = None
    yield {"type": "response.created", "response": started}
    yield {"type": "response.in_progress", "response": started}
    item = done["output"][0]
    place = {"item_id": item["id"], "output_index": 0}
    opened = {**item, "status": "in_progress"}
    opened["arguments" if item["type"] == "function_call" else "content"] = (
        "" if item["type"] == "function_call" else []
    )
    yield {"type": "response.output_item.added", "output_index": 0, "item": opened}
    if item["type"] == "function_call":
        kind = "response.function_call_arguments"
        for piece in derive.tokens(item["arguments"]):
            yield {"type": f"{kind}.delta", **place, "delta": piece}
        yield {"type": f"{kind}.done", **place, "arguments": item["arguments"]}
    else:
        yield from _part_events(item["content"][0], {**place, "content_index": 0})
    yield {"type": "response.output_item.done", "output_index": 0, "item": item}
    yield {"type": f"response.{done['status']}", "response": done}


def _part_events(part: dict[str, Any], place: dict[str, Any]) -> Iterator[dict[str, Any]]:
    field = "refusal" if part["type"] == "refusal" else "text"
    kind = "response.refusal" if field == "refusal" else "response.output_text"
    more: dict[str, Any] = {} if field == "refusal" else {"logprobs": []}
    yield {"type": "response.content_part.added", **place, "part": {**part, field: ""}}
    for piece in derive.tokens(part[field]):
        yield {"type": f"{kind}.delta", **place, "delta": piece, **more}
    yield {"type": f"{kind}.done", **place, field: part[field], **more}
    yield {"type": "response.content_part.done", **place, "part": part}
