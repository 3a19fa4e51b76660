"""Anthropic messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from personalvibe.replay.standin import checks, derive
from personalvibe.replay.standin.derive import Seed
from personalvibe.replay.standin.model import ApiError, Received, Reply, json_reply, sse, sse_reply
from personalvibe.replay.standin.reply import (
    Ask,
    Choice,
    Tool,
    decide,
    limit_of,
    stops_of,
    text_of,
)

_STOP_REASONS = {"stop": "end_turn", "length": "max_tokens"}


def messages(request: Received) -> Reply:
    """POST /v1/messages."""
    params = request.params
    model = _require(params, "model")
    checks.known_model(str(model))
    if limit_of(_require(params, "max_tokens")) is None:
        raise ApiError(400, "max_tokens: Input should be a valid integer")
    ask = _ask(params)
    seed = Seed("anthropic", model, ask.turns)
    choice = decide(ask, seed)
    done = {
        "model": model,
        "id": f"msg_01{seed.token(22, 'id')}",
        "type": "message",
        "role": "assistant",
        "content": [_block(choice, seed)],
        "stop_reason": _stop_reason(choice),
        "stop_sequence": None,
        "usage": {
            "input_tokens": ask.tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": choice.tokens,
            "service_tier": "standard",
        },
    }
    if params.get("stream"):
        return sse_reply(tuple(sse(event, event=event["type"]) for event in _events(done, choice)))
    return json_reply(done)


def count_tokens(request: Received) -> Reply:
    """POST /v1/messages/count_tokens."""
    params = request.params
    _require(params, "model")
    return json_reply({"input_tokens": _ask(params).tokens})


def _require(params: dict[str, Any], name: str) -> Any:
    if params.get(name) is None:
        raise ApiError(400, f"{name}: Field required")
    return params[name]


def _ask(params: dict[str, Any]) -> Ask:
    given = _require(params, "messages")
    if not isinstance(given, list) or not given:
        raise ApiError(400, "messages: at least one message is required")
    turns = [("system", text_of(params["system"]))] if params.get("system") else []
    for index, message in enumerate(given):
        role = message.get("role") if isinstance(message, dict) else None
        if role not in ("user", "assistant"):
            raise ApiError(
                400,
                f'messages.{index}.role: Input should be "user" or "assistant"',
            )
        content = message.get("content")
        parts = content if isinstance(content, list) else []
        result = any(isinstance(p, dict) and p.get("type") == "tool_result" for p in parts)
        words = [p.get("content") if p.get("type") == "tool_result" else p for p in parts]
        text = "\n".join(text_of(w if isinstance(w, str | list) else [w]) for w in words)
        turns.append(("tool" if result else str(role), text if parts else text_of(content)))
    chosen = params.get("tool_choice")
    chosen = chosen if isinstance(chosen, dict) else {}
    kind = {"tool": f"={chosen.get('name')}", "any": "required", "none": "none"}
    config = params.get("output_config")
    form = params.get("output_format") or (config or {}).get("format") or {}
    return Ask(
        turns=tuple(turns),
        tools=tuple(
            Tool(name=str(tool.get("name")), parameters=tool.get("input_schema"))
            for tool in params.get("tools") or ()
            if isinstance(tool, dict) and "input_schema" in tool
        ),
        choice=kind.get(str(chosen.get("type")), "auto"),
        schema=form.get("schema") if form.get("type") == "json_schema" else None,
        stops=stops_of(params.get("stop_sequences")),
        limit=limit_of(params.get("max_tokens")),
    )


def _stop_reason(choice: Choice) -> str:
    if choice.tool:
        return "tool_use"
    return "refusal" if choice.refusal else _STOP_REASONS.get(choice.finish, choice.finish)


def _block(choice: Choice, seed: Seed) -> dict[str, Any]:
    if choice.tool:
        name, arguments = choice.tool
        tool_id = f"toolu_01{seed.token(22, 'tool')}"
        return {"type": "tool_use", "id": tool_id, "name": name, "input": arguments}
    return {"type": "text", "text": choice.text or choice.refusal or ""}


def _events(done: dict[str, Any], choice: Choice) -> Iterator[dict[str, Any]]:
    usage = {**done["usage"], "output_tokens": 1}
    opened = {**done, "content": [], "stop_reason": None, "usage": usage}
    yield {"type": "message_start", "message": opened}
    block = done["content"][0]
    empty = {**block, "input": {}} if choice.tool else {**block, "text": ""}
    yield {"type": "content_block_start", "index": 0, "content_block": empty}
    yield {"type": "ping"}
    words = choice.arguments if choice.tool else block["text"]
    for piece in derive.tokens(words):
        if choice.tool:
            delta = {"type": "input_json_delta", "partial_json": piece}
        else:
            delta = {"type": "text_delta", "text": piece}
        yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "content_block_stop", "index": 0}
    ended = {"stop_reason": done["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": ended, "usage": done["usage"]}
    yield {"type": "message_stop"}


def authorise(request: Received) -> None:
    """Raises `ApiError`: 401 without a good key, 400 without the version header."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    key = request.headers.get("x-api-key") or (token if scheme.lower() == "bearer" else "")
    if not key:
        raise ApiError(401, "x-api-key header is required")
    if key.startswith("sk-bad"):
        raise ApiError(401, "invalid x-api-key")
    if "anthropic-version" not in request.headers:
        raise ApiError(400, "anthropic-version: header is required")


_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


def fail(failure: ApiError) -> Reply:
    kind = _KINDS.get(failure.status)
    if kind is None:
        kind = "api_error" if failure.status >= 500 else "invalid_request_error"
    body = {"type": "error", "error": {"type": kind, "message": failure.message}}
    return json_reply(body, status=failure.status, headers=failure.headers)


def headers(request: Received) -> dict[str, str]:
    seed = Seed(request.target, request.body.decode("latin-1"))
    return {
        "anthropic-organization-id": seed.uuid("organization"),
        "anthropic-ratelimit-requests-limit": "4000",
        "anthropic-ratelimit-requests-remaining": "3999",
        "anthropic-ratelimit-tokens-limit": "400000",
        "anthropic-ratelimit-tokens-remaining": "399000",
        "request-id": f"req_01{seed.token(22, 'request')}",
    }
