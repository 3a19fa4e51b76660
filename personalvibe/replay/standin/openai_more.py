"""OpenAI's other endpoints that take JSON: completions, embeddings, moderations, models."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from typing import Any

from personalvibe.replay.standin import checks, derive
from personalvibe.replay.standin.derive import Seed
from personalvibe.replay.standin.model import ApiError, Received, Reply, json_reply, sse, sse_reply
from personalvibe.replay.standin.reply import Ask, Choice, decide, limit_of, stops_of

_DIMENSIONS = {"text-embedding-3-large": 3072}
_MODELS = (
    "gpt-4o",
    "gpt-4o-mini",
    "gpt-4.1",
    "gpt-5-mini",
    "o3",
    "text-embedding-3-small",
    "whisper-1",
    "gpt-4o-mini-tts",
    "gpt-image-1",
    "omni-moderation-latest",
)


def completions(request: Received) -> Reply:
    """POST /v1/completions."""
    params = request.params
    return complete(params, model=checks.require_model(params))


def complete(params: dict[str, Any], *, model: str) -> Reply:
    prompts = _prompts(params.get("prompt", "<|endoftext|>"))
    checks.check_range(params, "temperature", 0, 2)
    amount = params.get("n") or 1
    limit = limit_of(params.get("max_tokens"))
    asks = [
        Ask(
            turns=(("user", prompt),),
            stops=stops_of(params.get("stop")),
            limit=16 if limit is None else limit,
        )
        for prompt in prompts
        for _ in range(amount)
    ]
    seed = Seed("completions", model, prompts)
    choices = [decide(ask, seed.child(i) if i else seed) for i, ask in enumerate(asks)]
    if params.get("echo"):
        choices = [
            Choice(text=ask.question + (choice.text or ""), finish=choice.finish)
            for ask, choice in zip(asks, choices, strict=True)
        ]
    spent = sum(choice.tokens for choice in choices)
    asked = sum(derive.count(prompt) for prompt in prompts)
    counted = {
        "prompt_tokens": asked,
        "completion_tokens": spent,
        "total_tokens": asked + spent,
    }
    base = {
        "id": f"cmpl-{seed.token(29, 'id')}",
        "object": "text_completion",
        "created": seed.created,
        "model": model,
    }
    if params.get("stream"):
        return sse_reply(tuple(_stream(params, base, choices, counted)))
    rows = [
        {
            "text": choice.text,
            "index": i,
            "logprobs": _logprobs(choice.text or "", params.get("logprobs"), seed),
            "finish_reason": choice.finish,
        }
        for i, choice in enumerate(choices)
    ]
    return json_reply({**base, "choices": rows, "usage": counted})


def _prompts(given: Any) -> list[str]:
    """A string, a list of strings, a list of token numbers, or a list of such lists."""
    if isinstance(given, str):
        return [given]
    if isinstance(given, list) and given and all(isinstance(one, str) for one in given):
        return [str(one) for one in given]
    if isinstance(given, list) and given and all(isinstance(one, list) for one in given):
        return [" ".join(map(str, one)) for one in given]
    return [" ".join(map(str, given)) if isinstance(given, list) else str(given)]


def _logprobs(text: str, top: Any, seed: Seed) -> dict[str, Any] | None:
    if top is None:
        return None
    pieces = derive.tokens(text)
    values = [-round(seed.child(piece).fraction() * 0.4 + 0.0001, 6) for piece in pieces]
    offsets = [sum(map(len, pieces[:i])) for i in range(len(pieces))]
    best = [{piece: value} for piece, value in zip(pieces, values, strict=True)]
    return {
        "tokens": pieces,
        "token_logprobs": values,
        "top_logprobs": best if top else None,
        "text_offset": offsets,
    }


def _stream(
    params: dict[str, Any],
    base: dict[str, Any],
    choices: list[Choice],
    counted: dict[str, Any],
) -> Iterator[bytes]:
    options = params.get("stream_options")
    with_usage = isinstance(options, dict) and bool(options.get("include_usage"))
    more = {"usage": None} if with_usage else {}
    for index, choice in enumerate(choices):
        for text, finish in [*((p, None) for p in derive.tokens(choice.text or "")), ("", "")]:
            row = {
                "text": text,
                "index": index,
                "logprobs": None,
                "finish_reason": choice.finish if finish is not None else None,
            }
            yield sse({**base, "choices": [row], **more})
    if with_usage:
        yield sse({**base, "choices": [], "usage": counted})
    yield b"data: [DONE]\n\n"


def embeddings(request: Received) -> Reply:
    """POST /v1/embeddings."""
    params = request.params
    return embed(params, model=checks.require_model(params))


def embed(params: dict[str, Any], *, model: str) -> Reply:
    given = checks.require(params, "input")
    if given in ("", []):
        raise ApiError(400, "'$.input' is invalid. Please check the API reference.")
    texts = _prompts(given)
    size = limit_of(params.get("dimensions")) or _DIMENSIONS.get(model, 1536)
    if not 1 <= size <= 8192:
        raise ApiError(400, "Invalid 'dimensions'.", param="dimensions")
    rows = []
    for index, text in enumerate(texts):
        values: Any = derive.vector(Seed("embedding", model, text), size)
        if params.get("encoding_format") == "base64":
            values = base64.b64encode(struct.pack(f"<{size}f", *values)).decode()
        rows.append({"object": "embedding", "index": index, "embedding": values})
    spent = sum(derive.count(text) for text in texts)
    return json_reply(
        {
            "object": "list",
            "data": rows,
            "model": model,
            "usage": {"prompt_tokens": spent, "total_tokens": spent},
        }
    )


_CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/intent",
    "self-harm/instructions",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)


def moderations(request: Received) -> Reply:
    """POST /v1/moderations. A text with the word kill or hate in it is flagged."""
    params = request.params
    given = checks.require(params, "input")
    if isinstance(given, list) and given and isinstance(given[0], dict):
        texts = [" ".join(str(part.get("text", "")) for part in given)]
    else:
        texts = _prompts(given)
    seed = Seed("moderations", texts)
    return json_reply(
        {
            "id": f"modr-{seed.hex(32)}",
            "model": params.get("model") or "omni-moderation-latest",
            "results": [_moderated(text) for text in texts],
        }
    )


def _moderated(text: str) -> dict[str, Any]:
    seed = Seed("moderation", text)
    bad = {
        category
        for category, word in (("violence", "kill"), ("hate", "hate"))
        if word in text.lower()
    }
    return {
        "flagged": bool(bad),
        "categories": {name: name in bad for name in _CATEGORIES},
        "category_scores": {
            name: 0.97 if name in bad else round(seed.fraction(name) / 1000, 8)
            for name in _CATEGORIES
        },
        "category_applied_input_types": {
            name: [] if name.startswith("illicit") and not bad else ["text"] for name in _CATEGORIES
        },
    }


def models(request: Received) -> Reply:
    """GET /v1/models."""
    del request
    return json_reply({"object": "list", "data": [_model(name) for name in _MODELS]})


def model(request: Received) -> Reply:
    """GET /v1/models/{name}."""
    name = request.target.rpartition("/models/")[2]
    checks.known_model(name)
    return json_reply(_model(name))


def _model(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "object": "model",
        "created": Seed("model", name).created,
        "owned_by": "system",
    }
