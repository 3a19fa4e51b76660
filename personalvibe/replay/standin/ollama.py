"""Ollama's own API: chat, generate, embed, show, tags, version."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from personalvibe.replay.standin import checks, derive
from personalvibe.replay.standin.derive import Seed
from personalvibe.replay.standin.model import ApiError, Received, Reply, dump, json_reply
from personalvibe.replay.standin.reply import (
    Ask,
    Choice,
    Tool,
    decide,
    limit_of,
    stops_of,
    text_of,
)


def chat(request: Received) -> Reply:
    """POST /api/chat. Streams unless told not to, as Ollama does."""
    params, model = request.params, _model(request)
    given = params.get("messages")
    turns = tuple((str(m.get("role")), text_of(m.get("content"))) for m in given or ())
    return _answer(params, model, turns, chat=True)


def generate(request: Received) -> Reply:
    """POST /api/generate."""
    params, model = request.params, _model(request)
    system = (("system", str(params["system"])),) if params.get("system") else ()
    return _answer(params, model, (*system, ("user", str(params.get("prompt", "")))), chat=False)


def embed(request: Received) -> Reply:
    """POST /api/embed."""
    params, model = request.params, _model(request)
    given = params.get("input", "")
    texts = given if isinstance(given, list) else [given]
    vectors = [derive.vector(Seed("embedding", model, text), 768) for text in texts]
    spent = sum(derive.count(str(text)) for text in texts)
    return json_reply(
        {
            "model": model,
            "embeddings": vectors,
            "total_duration": 14143917,
            "load_duration": 1019500,
            "prompt_eval_count": spent,
        }
    )


def embeddings(request: Received) -> Reply:
    """POST /api/embeddings, the older form."""
    params, model = request.params, _model(request)
    return json_reply(
        {"embedding": derive.vector(Seed("embedding", model, params.get("prompt")), 768)}
    )


def show(request: Received) -> Reply:
    """POST /api/show."""
    params = request.params
    name = str(params.get("model") or params.get("name") or "")
    _known(name)
    return json_reply(
        {
            "license": "",
            "modelfile": f"FROM {name}",
            "parameters": 'stop "<|eot_id|>"',
            "template": "{{ .Prompt }}{{ if .Tools }}{{ .Tools }}{{ end }}",
            "details": _details(),
            "model_info": {
                "general.architecture": "llama",
                "general.parameter_count": 8030261312,
                "llama.context_length": 8192,
                "llama.embedding_length": 4096,
            },
            "capabilities": ["completion", "tools"],
        }
    )


def tags(request: Received) -> Reply:
    """GET /api/tags."""
    del request
    names = ("llama3.2:latest", "nomic-embed-text:latest")
    models = [
        {
            "name": name,
            "model": name,
            "modified_at": "2026-01-15T12:00:00Z",
            "size": 2019393189,
            "digest": Seed("ollama", name).hex(64),
            "details": _details(),
        }
        for name in names
    ]
    return json_reply({"models": models})


def version(request: Received) -> Reply:
    """GET /api/version."""
    del request
    return json_reply({"version": "0.12.0"})


def _details() -> dict[str, Any]:
    return {
        "parent_model": "",
        "format": "gguf",
        "family": "llama",
        "families": ["llama"],
        "parameter_size": "8.0B",
        "quantization_level": "Q4_K_M",
    }


def _model(request: Received) -> str:
    model = request.params.get("model")
    if not model:
        raise ApiError(400, "model is required")
    _known(str(model))
    return str(model)


def _known(name: str) -> None:
    try:
        checks.known_model(name)
    except ApiError:
        raise ApiError(404, f"model '{name}' not found") from None


def _answer(
    params: dict[str, Any], model: str, turns: tuple[tuple[str, str], ...], *, chat: bool
) -> Reply:
    options = params.get("options")
    options = options if isinstance(options, dict) else {}
    form = params.get("format")
    tools = [t.get("function") for t in params.get("tools") or () if isinstance(t, dict)]
    ask = Ask(
        turns=turns,
        tools=tuple(
            Tool(name=str(f.get("name")), parameters=f.get("parameters"))
            for f in tools
            if isinstance(f, dict)
        ),
        schema=form if isinstance(form, dict) and form else None,
        as_json=form == "json",
        stops=stops_of(options.get("stop")),
        limit=limit_of(options.get("num_predict")),
    )
    seed = Seed("ollama", model, turns)
    choice = decide(ask, seed)
    stamp = datetime.fromtimestamp(seed.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    base = {"model": model, "created_at": stamp}
    end = {
        "done": True,
        "done_reason": choice.finish,
        "total_duration": 4883583458,
        "load_duration": 1334875,
        "prompt_eval_count": ask.tokens,
        "prompt_eval_duration": 342546000,
        "eval_count": choice.tokens,
        "eval_duration": 4535599000,
    }
    if not chat:
        end["context"] = [seed.number(32000, str(i)) for i in range(8)]
    if params.get("stream", True):
        lines = tuple(dump({**base, **line}) + b"\n" for line in _lines(choice, end, chat))
        return Reply(headers={"content-type": "application/x-ndjson"}, chunks=lines)
    words = choice.text or choice.refusal or ""
    return json_reply({**base, **(_message(choice, words) if chat else _words(choice)), **end})


def _words(choice: Choice) -> dict[str, Any]:
    return {"response": choice.text or choice.refusal or ""}


def _message(choice: Choice, words: str) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": words}
    if choice.tool:
        function = {"name": choice.tool[0], "arguments": choice.tool[1]}
        message["tool_calls"] = [{"function": function}]
    return {"message": message}


def _lines(choice: Choice, end: dict[str, Any], chat: bool) -> Iterator[dict[str, Any]]:
    last = {"message": {"role": "assistant", "content": ""}} if chat else {"response": ""}
    if choice.tool:
        yield {**_message(choice, ""), "done": False}
    else:
        for piece in derive.tokens(choice.text or choice.refusal or ""):
            yield {**(_message(choice, piece) if chat else {"response": piece}), "done": False}
    yield {**last, **end}


def authorise(request: Received) -> None:
    """Ollama asks for no key."""


def fail(failure: ApiError) -> Reply:
    return json_reply({"error": failure.message}, status=failure.status, headers=failure.headers)


def headers(request: Received) -> dict[str, str]:
    del request
    return {}
