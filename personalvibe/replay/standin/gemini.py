"""Gemini: generateContent, streamGenerateContent, embedContent, countTokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from personalvibe.replay.standin import checks, derive
from personalvibe.replay.standin.derive import Seed
from personalvibe.replay.standin.model import (
    ApiError,
    Received,
    Reply,
    dump,
    json_reply,
    sse,
    sse_reply,
)
from personalvibe.replay.standin.reply import Ask, Choice, Tool, decide, limit_of, stops_of

_MODEL = re.compile(r"/models/([^/:]+):")
_FINISH = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}


def generate(request: Received) -> Reply:
    """POST /v1beta/models/{model}:generateContent."""
    model, seed, ask, choice = _answered(request)
    return json_reply(_body(model, seed, ask, choice, _parts(choice), final=True))


def stream(request: Received) -> Reply:
    """POST /v1beta/models/{model}:streamGenerateContent; server-sent events with ``alt=sse``."""
    bodies = list(_stream(*_answered(request)))
    if request.query.get("alt") == "sse":
        return sse_reply(tuple(sse(body).replace(b"\n", b"\r\n") for body in bodies))
    chunks = [(b"[" if i == 0 else b",\r\n") + dump(body) for i, body in enumerate(bodies)]
    return Reply(headers={"content-type": "application/json"}, chunks=(*chunks, b"]"))


def count_tokens(request: Received) -> Reply:
    """POST /v1beta/models/{model}:countTokens."""
    return json_reply({"totalTokens": _ask(request.params).tokens})


def embed(request: Received) -> Reply:
    """POST /v1beta/models/{model}:embedContent and :batchEmbedContents."""
    params, model = request.params, _model(request)
    batch = params.get("requests")
    vectors = []
    for one in batch if isinstance(batch, list) else [params]:
        text = _text((one.get("content") or {}).get("parts"))
        size = limit_of(_get(one, "outputDimensionality")) or 768
        vectors.append({"values": derive.vector(Seed("embedding", model, text), size)})
    if isinstance(batch, list):
        return json_reply({"embeddings": vectors})
    return json_reply({"embedding": vectors[0]})


def _model(request: Received) -> str:
    match = _MODEL.search(request.target)
    model = match[1] if match else ""
    try:
        checks.known_model(model)
    except ApiError:
        raise ApiError(
            404,
            f"models/{model} is not found for API version v1beta, or is not supported for "
            "generateContent. Call ListModels to see the list of available models and their "
            "supported methods.",
        ) from None
    return model


def _answered(request: Received) -> tuple[str, Seed, Ask, Choice]:
    model, ask = _model(request), _ask(request.params)
    seed = Seed("gemini", model, ask.turns)
    return model, seed, ask, decide(ask, seed)


def _get(mapping: Any, name: str) -> Any:
    """A field under its camelCase or its snake_case name, as the API accepts both."""
    if not isinstance(mapping, dict):
        return None
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    return mapping.get(name, mapping.get(snake))


def _text(parts: Any) -> str:
    return "\n".join(str(part.get("text") or "") for part in parts or () if isinstance(part, dict))


def _ask(params: dict[str, Any]) -> Ask:
    contents = params.get("contents")
    if not isinstance(contents, list) or not contents:
        raise ApiError(400, "* GenerateContentRequest.contents: contents is not specified\n")
    system = _get(params, "systemInstruction")
    turns = [("system", _text(system.get("parts")))] if isinstance(system, dict) else []
    for content in contents:
        parts = content.get("parts") or []
        results = [r for r in (_get(part, "functionResponse") for part in parts) if r]
        role = "tool" if results else {"model": "assistant"}.get(str(content.get("role")), "user")
        turns.append((role, _text(parts) or "\n".join(str(r.get("response")) for r in results)))
    declared = [
        function
        for tool in params.get("tools") or ()
        for function in _get(tool, "functionDeclarations") or ()
    ]
    calling = _get(_get(params, "toolConfig"), "functionCallingConfig") or {}
    allowed = _get(calling, "allowedFunctionNames") or []
    mode = str(calling.get("mode") or "AUTO").upper()
    config = _get(params, "generationConfig") or {}
    as_json = _get(config, "responseMimeType") == "application/json"
    schema = _get(config, "responseJsonSchema") or _get(config, "responseSchema")
    choices = {"ANY": f"={allowed[0]}" if allowed else "required", "NONE": "none"}
    return Ask(
        turns=tuple(turns),
        tools=tuple(
            Tool(
                name=str(function.get("name")),
                parameters=function.get("parameters") or _get(function, "parametersJsonSchema"),
            )
            for function in declared
        ),
        choice=choices.get(mode, "auto"),
        schema=schema if as_json else None,
        as_json=as_json,
        stops=stops_of(_get(config, "stopSequences")),
        limit=limit_of(_get(config, "maxOutputTokens")),
    )


def _parts(choice: Choice) -> list[dict[str, Any]]:
    if choice.tool:
        return [{"functionCall": {"name": choice.tool[0], "args": choice.tool[1]}}]
    return [{"text": choice.text or choice.refusal or ""}]


def _body(
    model: str,
    seed: Seed,
    ask: Ask,
    choice: Choice,
    parts: list[dict[str, Any]],
    *,
    final: bool,
) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if final:
        candidate["finishReason"] = (
            "SAFETY" if choice.refusal else _FINISH.get(choice.finish, choice.finish.upper())
        )
    return {
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": ask.tokens,
            "candidatesTokenCount": choice.tokens,
            "totalTokenCount": ask.tokens + choice.tokens,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": ask.tokens}],
        },
        "modelVersion": model,
        "responseId": seed.token(23, "id"),
    }


def _stream(model: str, seed: Seed, ask: Ask, choice: Choice) -> Iterator[dict[str, Any]]:
    if choice.tool:
        yield _body(model, seed, ask, choice, _parts(choice), final=True)
        return
    pieces = derive.tokens(choice.text or choice.refusal or "") or [""]
    groups = ["".join(pieces[i : i + 8]) for i in range(0, len(pieces), 8)]
    for index, words in enumerate(groups):
        final = index == len(groups) - 1
        yield _body(model, seed, ask, choice, [{"text": words}], final=final)


def authorise(request: Received) -> None:
    """Raises `ApiError`: 403 without a key, 400 with one that begins with ``sk-bad``."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    key = (
        request.query.get("key")
        or request.headers.get("x-goog-api-key")
        or (token if scheme.lower() == "bearer" else "")
    )
    if not key:
        raise ApiError(
            403,
            "Method doesn't allow unregistered callers (callers without established identity). "
            "Please use API Key or other form of API consumer identity to call this API.",
        )
    if key.startswith("sk-bad"):
        raise ApiError(400, "API key not valid. Please pass a valid API key.")


_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def fail(failure: ApiError) -> Reply:
    status = _STATUSES.get(failure.status, "INTERNAL")
    error = {"code": failure.status, "message": failure.message, "status": status}
    return json_reply({"error": error}, status=failure.status, headers=failure.headers)


def headers(request: Received) -> dict[str, str]:
    seed = Seed(request.target, request.body.decode("latin-1"))
    return {
        "server-timing": f"gfet4t7; dur={200 + seed.number(900)}",
        "vary": "Origin, X-Origin, Referer",
    }
