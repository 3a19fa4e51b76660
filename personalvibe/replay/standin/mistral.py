"""Mistral: OpenAI's chat with ids, choices of tools, streams and errors of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from personalvibe.replay.standin import checks, derive, openai_more
from personalvibe.replay.standin.derive import Seed
from personalvibe.replay.standin.model import ApiError, Received, Reply, json_reply, sse, sse_reply
from personalvibe.replay.standin.openai_chat import ask_of
from personalvibe.replay.standin.reply import Choice, decide


def chat_completions(request: Received) -> Reply:
    """POST /v1/chat/completions."""
    params = request.params
    model = checks.require_model(params)
    ask = ask_of(params, checks.messages_of(params))
    seed = Seed("mistral", model, ask.turns)
    choice = decide(ask, seed)
    base = {"id": seed.hex(32, "id"), "created": seed.created, "model": model}
    usage = {
        "prompt_tokens": ask.tokens,
        "total_tokens": ask.tokens + choice.tokens,
        "completion_tokens": choice.tokens,
    }
    if params.get("stream"):
        return sse_reply(tuple(_stream(base, choice, seed, usage)))
    message = {
        "role": "assistant",
        "tool_calls": _calls(choice, seed) if choice.tool else None,
        "content": choice.text or choice.refusal or "",
    }
    row = {"index": 0, "finish_reason": _finish(choice), "message": message}
    done = {"object": "chat.completion", "usage": usage, "choices": [row]}
    return json_reply({**base, **done})


def embeddings(request: Received) -> Reply:
    """POST /v1/embeddings."""
    params = request.params
    size = params.get("output_dimension") or 1024
    return openai_more.embed({**params, "dimensions": size}, model=checks.require_model(params))


def _finish(choice: Choice) -> str:
    return "tool_calls" if choice.tool else choice.finish


def _calls(choice: Choice, seed: Seed) -> list[dict[str, Any]]:
    assert choice.tool is not None
    function = {"name": choice.tool[0], "arguments": choice.arguments}
    return [{"id": seed.token(9, "call"), "function": function, "index": 0}]


def _stream(
    base: dict[str, Any], choice: Choice, seed: Seed, usage: dict[str, Any]
) -> Iterator[bytes]:
    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
        row = {"index": 0, "delta": delta, "finish_reason": finish}
        return sse({**base, "object": "chat.completion.chunk", "choices": [row], **more})

    yield chunk({"role": "assistant", "content": ""})
    if choice.tool:
        calls = {"content": "", "tool_calls": _calls(choice, seed)}
        yield chunk(calls, _finish(choice), usage=usage)
    else:
        for piece in derive.tokens(choice.text or choice.refusal or ""):
            yield chunk({"content": piece})
        yield chunk({"content": ""}, _finish(choice), usage=usage)
    yield b"data: [DONE]\n\n"


def authorise(request: Received) -> None:
    """Raises `ApiError` (401) without a key, or with one that begins with ``sk-bad``."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key or key.startswith("sk-bad"):
        raise ApiError(401, "Unauthorized")


def fail(failure: ApiError) -> Reply:
    seed = Seed(failure.message)
    body: dict[str, Any] = {"message": failure.message, "request_id": seed.uuid()}
    if failure.status != 401:
        kind = "invalid_request_error" if failure.status < 500 else "internal_server_error"
        code = failure.code or str(failure.status)
        body = {
            "object": "error",
            "message": failure.message,
            "type": kind,
            "param": failure.param,
            "code": code,
        }
    return json_reply(body, status=failure.status, headers=failure.headers)


def headers(request: Received) -> dict[str, str]:
    seed = Seed(request.target, request.body.decode("latin-1"))
    return {
        "mistral-correlation-id": seed.uuid("correlation"),
        "x-kong-request-id": seed.uuid("kong"),
        "x-ratelimit-limit-req-minute": "60",
        "x-ratelimit-remaining-req-minute": "59",
    }
