"""OpenAI chat completions, which Azure, Mistral and many gateways speak too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
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

_DATED = {
    "gpt-4o": "gpt-4o-2024-08-06",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
    "gpt-4.1": "gpt-4.1-2025-04-14",
    "gpt-4.1-mini": "gpt-4.1-mini-2025-04-14",
    "gpt-4": "gpt-4-0613",
    "gpt-3.5-turbo": "gpt-3.5-turbo-0125",
    "o1": "o1-2024-12-17",
    "o3": "o3-2025-04-16",
    "o3-mini": "o3-mini-2025-01-31",
    "o4-mini": "o4-mini-2025-04-16",
    "gpt-5": "gpt-5-2025-08-07",
    "gpt-5-mini": "gpt-5-mini-2025-08-07",
}
_REASONING = re.compile(r"^(o\d|gpt-5)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """Everything that both shapes, whole and streamed, are made of."""

    params: dict[str, Any]
    model: str
    seed: Seed
    choices: list[Choice]
    usage: dict[str, Any]
    azure: bool

    @property
    def top(self) -> int | None:
        """How many logprobs a token carries besides its own; None for no logprobs at all."""
        return int(self.params.get("top_logprobs") or 0) if self.params.get("logprobs") else None

    @property
    def legacy(self) -> bool:
        """Are functions called in the style before tools?"""
        return bool(self.params.get("functions"))

    def finish(self, choice: Choice) -> str:
        if choice.tool is None:
            return choice.finish
        return "function_call" if self.legacy else "tool_calls"


def chat_completions(request: Received) -> Reply:
    """POST /v1/chat/completions."""
    params = request.params
    return complete(params, model=dated(checks.require_model(params)))


def dated(model: str) -> str:
    """The snapshot that OpenAI names in its answer when a model is asked for."""
    return _DATED.get(model, model)


def complete(params: dict[str, Any], *, model: str, azure: bool = False) -> Reply:
    messages = checks.messages_of(params)
    checks.check_range(params, "temperature", 0, 2)
    checks.check_range(params, "top_p", 0, 1)
    checks.check_json_mode(params, messages)
    ask = ask_of(params, messages)
    amount = params.get("n") or 1
    if not isinstance(amount, int) or not 1 <= amount <= 128:
        raise ApiError(400, "Invalid 'n'.", param="n", code="integer_above_max_value")
    seed = Seed("chat", model, ask.turns)
    choices = [decide(ask, seed.child(i) if i else seed) for i in range(amount)]
    answer = _Answer(
        params=params,
        model=model,
        seed=seed,
        choices=choices,
        usage=usage(model, ask.tokens, sum(choice.tokens for choice in choices)),
        azure=azure,
    )
    return sse_reply(tuple(_stream(answer))) if params.get("stream") else _whole(answer)


def ask_of(params: dict[str, Any], messages: list[dict[str, Any]]) -> Ask:
    if params.get("functions"):
        functions, chosen = params["functions"], params.get("function_call", "auto")
        named = chosen
    else:
        tools = [t for t in params.get("tools") or () if isinstance(t, dict)]
        functions, chosen = [t.get("function") for t in tools], params.get("tool_choice", "auto")
        named = chosen.get("function") if isinstance(chosen, dict) else None
    name = named.get("name") if isinstance(named, dict) else None
    form = params.get("response_format")
    form = form if isinstance(form, dict) else {}
    schema = (form.get("json_schema") or {}).get("schema") or {}
    return Ask(
        turns=tuple((_role(m), text_of(m.get("content"))) for m in messages),
        tools=tuple(
            Tool(name=str(f.get("name")), parameters=f.get("parameters"))
            for f in functions
            if isinstance(f, dict)
        ),
        choice=f"={name}" if name else _CHOICES.get(str(chosen), "auto"),
        schema=schema if form.get("type") == "json_schema" else None,
        as_json=form.get("type") == "json_object",
        stops=stops_of(params.get("stop")),
        limit=limit_of(params.get("max_completion_tokens") or params.get("max_tokens")),
    )


_CHOICES = {"none": "none", "required": "required", "any": "required"}


def _role(message: dict[str, Any]) -> str:
    role = str(message["role"])
    return "tool" if role == "function" else role


def usage(model: str, prompt: int, completion: int) -> dict[str, Any]:
    reasoning = 64 if _REASONING.match(model) else 0
    completion += reasoning
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def logprobs(text: str, top: int, seed: Seed) -> dict[str, Any]:
    def entry(token: str, rank: int) -> dict[str, Any]:
        value = -round(0.0001 + seed.child(token, rank).fraction() * 0.4 + rank * 2.5, 6)
        return {"token": token, "logprob": value, "bytes": list(token.encode())}

    content = []
    for token in derive.tokens(text):
        others = [entry(token if rank == 0 else f"{token}{rank}", rank) for rank in range(top)]
        content.append({**entry(token, 0), "top_logprobs": others})
    return {"content": content, "refusal": None}


def _call_id(seed: Seed) -> str:
    return "call_" + seed.token(24, "call")


def _whole(answer: _Answer) -> Reply:
    seed = answer.seed
    return json_reply(
        {
            "id": f"chatcmpl-{seed.token(29, 'id')}",
            "object": "chat.completion",
            "created": seed.created,
            "model": answer.model,
            "choices": [_choice(answer, i, choice) for i, choice in enumerate(answer.choices)],
            "usage": answer.usage,
            "service_tier": "default",
            "system_fingerprint": f"fp_{seed.hex(10, 'fingerprint')}",
            **({"prompt_filter_results": prompt_filter()} if answer.azure else {}),
        }
    )


def _choice(answer: _Answer, index: int, choice: Choice) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": choice.text,
        "refusal": choice.refusal,
        "annotations": [],
    }
    if choice.tool:
        function = {"name": choice.tool[0], "arguments": choice.arguments}
        if answer.legacy:
            message["function_call"] = function
        else:
            call_id = _call_id(answer.seed.child(index))
            message["tool_calls"] = [{"id": call_id, "type": "function", "function": function}]
    spelled = answer.top is not None and choice.text is not None
    return {
        "index": index,
        "message": message,
        "logprobs": logprobs(choice.text or "", answer.top or 0, answer.seed) if spelled else None,
        "finish_reason": answer.finish(choice),
        **({"content_filter_results": content_filter()} if answer.azure else {}),
    }


def _stream(answer: _Answer) -> Iterator[bytes]:
    seed, azure = answer.seed, answer.azure
    options = answer.params.get("stream_options")
    with_usage = isinstance(options, dict) and bool(options.get("include_usage"))
    base = {
        "id": f"chatcmpl-{seed.token(29, 'id')}",
        "object": "chat.completion.chunk",
        "created": seed.created,
        "model": answer.model,
        "service_tier": "default",
        "system_fingerprint": f"fp_{seed.hex(10, 'fingerprint')}",
    }

    def chunk(index: int, delta: Any, finish: str | None = None, spelled: Any = None) -> bytes:
        choice = {
            "index": index,
            "delta": delta,
            "logprobs": spelled,
            "finish_reason": finish,
            **({"content_filter_results": content_filter()} if azure and delta else {}),
        }
        return sse({**base, "choices": [choice], **({"usage": None} if with_usage else {})})

    if azure:
        first = {**base, "id": "", "model": "", "created": 0, "object": ""}
        yield sse({**first, "choices": [], "prompt_filter_results": prompt_filter()})
    for index, choice in enumerate(answer.choices):
        for delta, spelled in _deltas(answer, choice, seed.child(index)):
            yield chunk(index, delta, None, spelled)
        yield chunk(index, {}, answer.finish(choice))
    if with_usage:
        yield sse({**base, "choices": [], "usage": answer.usage})
    yield b"data: [DONE]\n\n"


def _deltas(answer: _Answer, choice: Choice, seed: Seed) -> Iterator[tuple[Any, Any]]:
    """(delta, its logprobs) one token at a time."""
    if choice.tool is not None:
        empty = {"name": choice.tool[0], "arguments": ""}
        head = {"index": 0, "id": _call_id(seed), "type": "function", "function": empty}
        more = {"function_call": empty} if answer.legacy else {"tool_calls": [head]}
        yield {"role": "assistant", "content": None, **more, "refusal": None}, None
        for piece in derive.tokens(choice.arguments):
            part = {"arguments": piece}
            if answer.legacy:
                yield {"function_call": part}, None
            else:
                yield {"tool_calls": [{"index": 0, "function": part}]}, None
    elif choice.refusal is not None:
        yield {"role": "assistant", "content": None, "refusal": ""}, None
        for piece in derive.tokens(choice.refusal):
            yield {"refusal": piece}, None
    else:
        yield {"role": "assistant", "content": "", "refusal": None}, None
        for piece in derive.tokens(choice.text or ""):
            spelled = None if answer.top is None else logprobs(piece, answer.top, seed)
            yield {"content": piece}, spelled


def content_filter() -> dict[str, Any]:
    """What Azure says about every text."""
    kinds = ("hate", "self_harm", "sexual", "violence")
    return {kind: {"filtered": False, "severity": "safe"} for kind in kinds}


def prompt_filter() -> list[dict[str, Any]]:
    return [{"prompt_index": 0, "content_filter_results": content_filter()}]
