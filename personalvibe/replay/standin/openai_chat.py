"""OpenAI chat completions, which Azure, Mistral and many gateways speak too."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from personalvibe.replay.standin import derive, triggers
from personalvibe.replay.standin.derive import Seed
from personalvibe.replay.standin.model import ApiError, Received, Reply, json_reply, sse, sse_reply
from personalvibe.replay.standin.schema import instance

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
DATED = {
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
    "text-embedding-3-small": "text-embedding-3-small",
}
_REASONING = re.compile(r"^(o\d|gpt-5)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One answer to a conversation, before any provider's shape is put on it."""

    text: str | None = None
    refusal: str | None = None
    tool: tuple[str, str] | None = None
    """(function name, arguments as JSON text)"""
    legacy: bool = False
    finish: str = "stop"

    @property
    def tokens(self) -> int:
        words = self.text or self.refusal or ""
        return derive.count(words + (" ".join(self.tool) if self.tool else "")) or 1


def require_model(params: dict[str, Any]) -> str:
    model = params.get("model")
    if not model:
        raise ApiError(400, "you must provide a model parameter")
    if not isinstance(model, str):
        raise ApiError(
            400,
            "Invalid type for 'model': expected a string.",
            param="model",
            code="invalid_type",
        )
    known_model(model)
    return model


def known_model(model: str) -> None:
    if re.search(r"does-not-exist|no-such-model|nonexistent", model):
        raise ApiError(
            404,
            f"The model `{model}` does not exist or you do not have access to it.",
            code="model_not_found",
        )


def missing(name: str) -> ApiError:
    return ApiError(
        400,
        f"Missing required parameter: '{name}'.",
        param=name,
        code="missing_required_parameter",
    )


def check_range(params: dict[str, Any], name: str, low: float, high: float) -> None:
    value = params.get(name)
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ApiError(
            400,
            f"Invalid type for '{name}': expected a decimal, but got "
            f"{'a string' if isinstance(value, str) else 'something else'} instead.",
            param=name,
            code="invalid_type",
        )
    for bound, word, code in ((low, ">=", "below_min"), (high, "<=", "above_max")):
        if (value < bound) if word == ">=" else (value > bound):
            side = "minimum" if word == ">=" else "maximum"
            raise ApiError(
                400,
                f"Invalid '{name}': decimal {'below' if word == '>=' else 'above'} {side} value. "
                f"Expected a value {word} {bound:g}, but got {value} instead.",
                param=name,
                code=f"decimal_{code}_value",
            )


def text_of(content: Any) -> str:
    """The words in a message's content, a string or a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(
            str(part.get("text") or "") if isinstance(part, dict) else str(part) for part in content
        )
    return ""


def plain(text: str) -> str:
    """A question without the words that steer the stand-in."""
    return re.sub(r"\[\[.*?\]\]", "", text, flags=re.DOTALL)


def conversation(messages: list[Any]) -> list[list[str]]:
    """What the answer depends on: who said what, whatever else the request carries."""
    return [
        [str(m.get("role")), text_of(m.get("content"))] if isinstance(m, dict) else [str(m)]
        for m in messages
    ]


def _messages(params: dict[str, Any]) -> list[dict[str, Any]]:
    messages = params.get("messages")
    if messages is None:
        raise missing("messages")
    if not isinstance(messages, list):
        raise ApiError(
            400,
            "Invalid type for 'messages': expected an array of objects, but got a string instead.",
            param="messages",
            code="invalid_type",
        )
    if not messages:
        raise ApiError(
            400,
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an "
            "empty array instead.",
            param="messages",
            code="empty_array",
        )
    for i, message in enumerate(messages):
        role = message.get("role") if isinstance(message, dict) else None
        if role not in ROLES:
            listed = ", ".join(f"'{r}'" for r in ROLES[:-1])
            raise ApiError(
                400,
                f"Invalid value: '{role}'. Supported values are: {listed}, and '{ROLES[-1]}'.",
                param=f"messages[{i}].role",
                code="invalid_value",
            )
    return messages


def _called_tool(params: dict[str, Any], asked: bool) -> tuple[dict[str, Any], bool] | None:
    """The function to call and whether in the legacy style; None for an answer in words.

    ``asked``: the last message is the user's.
    """
    if params.get("functions"):
        tools = [f for f in params["functions"] if isinstance(f, dict)]
        choice, legacy = params.get("function_call", "auto"), True
        name = choice.get("name") if isinstance(choice, dict) else None
    else:
        tools = [
            t["function"]
            for t in params.get("tools") or ()
            if isinstance(t, dict) and isinstance(t.get("function"), dict)
        ]
        choice, legacy = params.get("tool_choice", "auto"), False
        named = choice.get("function") if isinstance(choice, dict) else None
        name = named.get("name") if isinstance(named, dict) else None
    if not tools or choice == "none":
        return None
    forced = name is not None or choice in ("required", "any")
    if not asked and not forced:
        return None
    chosen = next((t for t in tools if t.get("name") == name), tools[0])
    return chosen, legacy


def answer(params: dict[str, Any], messages: list[dict[str, Any]], seed: Seed) -> Choice:
    """What one choice says."""
    last = messages[-1]
    question = next(
        (text_of(m.get("content")) for m in reversed(messages) if m.get("role") == "user"), ""
    )
    called = _called_tool(params, asked=last.get("role") == "user")
    if called is not None and triggers.said(question) is None:
        function, legacy = called
        arguments = instance(function.get("parameters") or {"type": "object"}, seed)
        return Choice(
            tool=(str(function.get("name")), json.dumps(arguments)),
            legacy=legacy,
            finish="function_call" if legacy else "tool_calls",
        )
    if triggers.refused(question):
        return Choice(refusal="I'm sorry, but I cannot assist with that request.")
    return words(params, question, seed)


def words(params: dict[str, Any], question: str, seed: Seed) -> Choice:
    """An answer in words, in the asked format, cut where the request says."""
    form = params.get("response_format") or {}
    kind = form.get("type") if isinstance(form, dict) else None
    text = triggers.said(question)
    if text is None and kind == "json_schema":
        text = json.dumps(instance((form.get("json_schema") or {}).get("schema") or {}, seed))
    elif text is None and kind == "json_object":
        text = json.dumps({"reply": derive.sentence(seed, plain(question))})
    elif text is None:
        text = derive.sentence(seed, plain(question))
    return cut(text, params, triggers.finish(question))


def cut(text: str, params: dict[str, Any], finish: str | None = None) -> Choice:
    stops = params.get("stop")
    for stop in [stops] if isinstance(stops, str) else stops or ():
        text = text.split(stop)[0] if stop else text
    limit = params.get("max_completion_tokens") or params.get("max_tokens")
    pieces = derive.tokens(text)
    if isinstance(limit, int) and 0 < limit < len(pieces):
        return Choice(text="".join(pieces[:limit]), finish=finish or "length")
    return Choice(text=text, finish=finish or "stop")


def _logprobs(text: str, top: int, seed: Seed) -> dict[str, Any]:
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


def prompt_tokens(messages: list[dict[str, Any]]) -> int:
    return 3 + sum(4 + derive.count(text_of(m.get("content"))) for m in messages)


def usage(params: dict[str, Any], prompt: int, completion: int) -> dict[str, Any]:
    reasoning = 64 if _REASONING.match(str(params.get("model"))) else 0
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


def chat_completions(request: Received) -> Reply:
    """POST /v1/chat/completions."""
    params = request.params
    model = require_model(params)
    return complete(params, model=DATED.get(model, model))


def complete(params: dict[str, Any], *, model: str, azure: bool = False) -> Reply:
    messages = _messages(params)
    check_range(params, "temperature", 0, 2)
    check_range(params, "top_p", 0, 1)
    form = params.get("response_format")
    asks_json = isinstance(form, dict) and form.get("type") == "json_object"
    if asks_json and "json" not in str(messages).lower():
        raise ApiError(
            400,
            "'messages' must contain the word 'json' in some form, to use 'response_format' of "
            "type 'json_object'.",
            param="messages",
        )
    seed = Seed("chat", model, conversation(messages))
    amount = params.get("n") or 1
    if not isinstance(amount, int) or not 1 <= amount <= 128:
        raise ApiError(400, "Invalid 'n'.", param="n", code="integer_above_max_value")
    choices = [answer(params, messages, seed.child(i) if i else seed) for i in range(amount)]
    counted = usage(params, prompt_tokens(messages), sum(c.tokens for c in choices))
    if params.get("stream"):
        return sse_reply(tuple(_stream(params, model, seed, choices, counted, azure)))
    return json_reply(
        {
            "id": f"chatcmpl-{seed.token(29, 'id')}",
            "object": "chat.completion",
            "created": seed.created,
            "model": model,
            "choices": [_choice(params, i, c, seed, azure) for i, c in enumerate(choices)],
            "usage": counted,
            "service_tier": "default",
            "system_fingerprint": f"fp_{seed.hex(10, 'fingerprint')}",
            **({"prompt_filter_results": prompt_filter()} if azure else {}),
        }
    )


def _choice(
    params: dict[str, Any], index: int, choice: Choice, seed: Seed, azure: bool
) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": choice.text,
        "refusal": choice.refusal,
        "annotations": [],
    }
    if choice.tool:
        function = {"name": choice.tool[0], "arguments": choice.tool[1]}
        if choice.legacy:
            message["function_call"] = function
        else:
            call = {"id": _call_id(seed.child(index)), "type": "function", "function": function}
            message["tool_calls"] = [call]
    spelled = params.get("logprobs") and choice.text is not None
    top = int(params.get("top_logprobs") or 0)
    return {
        "index": index,
        "message": message,
        "logprobs": _logprobs(choice.text or "", top, seed) if spelled else None,
        "finish_reason": choice.finish,
        **({"content_filter_results": content_filter()} if azure else {}),
    }


def _stream(
    params: dict[str, Any],
    model: str,
    seed: Seed,
    choices: list[Choice],
    counted: dict[str, Any],
    azure: bool,
) -> Iterator[bytes]:
    with_usage = bool((params.get("stream_options") or {}).get("include_usage"))
    base = {
        "id": f"chatcmpl-{seed.token(29, 'id')}",
        "object": "chat.completion.chunk",
        "created": seed.created,
        "model": model,
        "service_tier": "default",
        "system_fingerprint": f"fp_{seed.hex(10, 'fingerprint')}",
    }

    def chunk(index: int, delta: Any, finish: str | None = None, logprobs: Any = None) -> bytes:
        choice = {
            "index": index,
            "delta": delta,
            "logprobs": logprobs,
            "finish_reason": finish,
            **({"content_filter_results": content_filter()} if azure and delta else {}),
        }
        return sse({**base, "choices": [choice], **({"usage": None} if with_usage else {})})

    if azure:
        first = {**base, "id": "", "model": "", "created": 0, "object": ""}
        yield sse({**first, "choices": [], "prompt_filter_results": prompt_filter()})
    for index, choice in enumerate(choices):
        for delta, logprobs in _deltas(params, choice, seed.child(index)):
            yield chunk(index, delta, None, logprobs)
        yield chunk(index, {}, choice.finish)
    if with_usage:
        yield sse({**base, "choices": [], "usage": counted})
    yield b"data: [DONE]\n\n"


def _deltas(params: dict[str, Any], choice: Choice, seed: Seed) -> Iterator[tuple[Any, Any]]:
    if choice.tool is not None:
        name, arguments = choice.tool
        if choice.legacy:
            yield _opening(None, function_call={"name": name, "arguments": ""}), None
            for piece in derive.tokens(arguments):
                yield {"function_call": {"arguments": piece}}, None
            return
        head = {
            "index": 0,
            "id": _call_id(seed),
            "type": "function",
            "function": {"name": name, "arguments": ""},
        }
        yield _opening(None, tool_calls=[head]), None
        for piece in derive.tokens(arguments):
            yield {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}, None
        return
    if choice.refusal is not None:
        yield {**_opening(None), "refusal": ""}, None
        for piece in derive.tokens(choice.refusal):
            yield {"refusal": piece}, None
        return
    yield _opening(""), None
    top = int(params.get("top_logprobs") or 0)
    for piece in derive.tokens(choice.text or ""):
        yield {"content": piece}, _logprobs(piece, top, seed) if params.get("logprobs") else None


def _opening(content: str | None, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **more, "refusal": None}


def content_filter() -> dict[str, Any]:
    """What Azure says about every text."""
    kinds = ("hate", "self_harm", "sexual", "violence")
    return {kind: {"filtered": False, "severity": "safe"} for kind in kinds}


def prompt_filter() -> list[dict[str, Any]]:
    return [{"prompt_index": 0, "content_filter_results": content_filter()}]
