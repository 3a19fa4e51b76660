"""The differential table: the openai SDK and the router, given the same call.

Every row is one call. It is made with the SDK and with the router against the same server. The
requests must be equal (method, path, query, body, the headers that mean something), and so must
what the program sees of the reply. Rows run synchronously and asynchronously, for OpenAI and for
Azure, through the module's functions and through a client's openai spelling.
"""

from __future__ import annotations

import asyncio
import copy
import functools
import inspect
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import openai  # noqa: TID251  # the other side of the comparison
import pytest
from pydantic import BaseModel

from personalvibe import llm_router
from personalvibe.llm_router_parts.operations import OPERATIONS

from .wire import Answer, Sent, Wire

MESSAGES: Any = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "strict": True,
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
                "additionalProperties": False,
            },
        },
    }
]
SCHEMA = {
    "type": "json_schema",
    "json_schema": {"name": "w", "strict": True, "schema": {"type": "object", "properties": {}}},
}
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 16
ASSISTANT = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    ],
}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "20"}


class Weather(BaseModel):
    city: str
    degrees: int


@dataclass(frozen=True, slots=True)
class Row:
    """One call: the router's function and the arguments that follow it."""

    function: str
    arguments: dict[str, Any] = field(default_factory=dict)


def chat(**arguments: Any) -> Row:
    return Row("chat_completion", {"model": "gpt-4o", "messages": MESSAGES, **arguments})


def parse(**arguments: Any) -> Row:
    fixed = {"model": "gpt-4o", "messages": MESSAGES, "response_format": Weather}
    return Row("chat_completion_parse", {**fixed, **arguments})


def helper(**arguments: Any) -> Row:
    return Row("chat_completion_stream", {"model": "gpt-4o", "messages": MESSAGES, **arguments})


def text(**arguments: Any) -> Row:
    return Row("text_completion", {"model": "davinci-002", "prompt": "Hello", **arguments})


def embedding(**arguments: Any) -> Row:
    fixed = {"model": "text-embedding-3-small", "input": "Hello"}
    return Row("embedding", {**fixed, **arguments})


def responses(**arguments: Any) -> Row:
    return Row("responses", {"model": "gpt-4o", "input": "Hi", **arguments})


def image(name: str, **arguments: Any) -> Row:
    return Row(name, arguments)


def audio(name: str, **arguments: Any) -> Row:
    return Row(name, {"model": "whisper-1", "file": ("a.wav", b"RIFF"), **arguments})


def png() -> io.BytesIO:
    file = io.BytesIO(PNG)
    file.name = "a.png"
    return file


ROWS: dict[str, Row] = {
    # chat
    "chat": chat(),
    "chat: common parameters": chat(
        temperature=0.2, top_p=0.9, n=2, stop=["a", "b"], max_tokens=5, presence_penalty=0.1,
        frequency_penalty=0.1, logit_bias={"50256": -100}, seed=1,
    ),
    "chat: stop is one string": chat(stop="\n"),
    "chat: user": chat(user="u1"),
    "chat: user, unknown model": chat(model="my-model", user="u1"),
    "chat: user, fine-tuned model": chat(model="ft:gpt-4o:org::id", user="u1"),
    "chat: metadata and store": chat(metadata={"run": "7"}, store=True),
    "chat: unusual parameters": chat(
        service_tier="flex", prompt_cache_key="k", safety_identifier="s", verbosity="low",
        prediction={"type": "content", "content": "x"}, parallel_tool_calls=False,
    ),
    "chat: audio": chat(modalities=["text", "audio"], audio={"voice": "alloy", "format": "wav"}),
    "chat: None is sent as null": chat(temperature=None, stop=None, tools=None, max_tokens=None),
    "chat: NOT_GIVEN is left out": chat(temperature=openai.NOT_GIVEN, tools=openai.NOT_GIVEN),
    "chat: extra body, headers and query": chat(
        extra_body={"top_k": 5, "guided": {"a": [1]}}, extra_headers={"X-Mine": "1"},
        extra_query={"q": "1"},
    ),
    "chat: timeout": chat(timeout=7.5),
    "chat: timeout of its parts": chat(timeout=openai.Timeout(9, connect=2)),
    "chat: reasoning, max_tokens": chat(model="o3-mini", max_tokens=5),
    "chat: reasoning, temperature 0": chat(model="o1", temperature=0, top_p=0.5),
    "chat: reasoning, effort": chat(model="o3-mini", reasoning_effort="low"),
    "chat: effort on another model": chat(reasoning_effort="high"),
    "chat: gpt-5": chat(model="gpt-5", temperature=0, max_tokens=5, reasoning_effort="minimal"),
    "chat: gpt-5, tools and effort": chat(model="gpt-5.4", tools=TOOLS, reasoning_effort="high"),
    "chat: a model of the Responses API": chat(model="o1-pro"),
    "chat: web search": chat(model="gpt-4o-search-preview", web_search_options={}),
    "chat: max_completion_tokens": chat(model="gpt-3.5-turbo", max_completion_tokens=5),
    "chat: a model with a slash": chat(model="mistral/small"),
    "chat: a model like a provider's": chat(model="openai/gpt-4o-mini"),
    "chat: an unknown model": chat(model="what-is-this"),
    "chat: tools": chat(tools=TOOLS, tool_choice="auto"),
    "chat: tool choice by name": chat(
        tools=TOOLS, tool_choice={"type": "function", "function": {"name": "weather"}}
    ),
    "chat: tool results": chat(messages=[*MESSAGES, ASSISTANT, RESULT], tools=TOOLS),
    "chat: functions": chat(
        functions=[{"name": "f", "parameters": {}}], function_call={"name": "f"}
    ),
    "chat: response format": chat(response_format=SCHEMA),
    "chat: json object": chat(response_format={"type": "json_object"}),
    "chat: logprobs": chat(logprobs=True, top_logprobs=2),
    "chat: images": chat(
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is it?"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                ],
            }
        ]
    ),
    "chat: a file": chat(
        messages=[
            {"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]}
        ]
    ),
    "chat: developer and names": chat(
        messages=[
            {"role": "developer", "content": "x"},
            {"role": "user", "name": "ann", "content": "y"},
            {"role": "assistant", "content": ""},
            {"role": "assistant", "content": "z", "refusal": None},
        ]
    ),
    "chat: only a system message": chat(messages=[{"role": "system", "content": "x"}]),
    # streams
    "stream": chat(stream=True),
    "stream: usage": chat(stream=True, stream_options={"include_usage": True}),
    "stream: tools": chat(stream=True, tools=TOOLS),
    "stream: reasoning": chat(stream=True, model="o1-pro", max_tokens=5),
    "stream: False": chat(stream=False),
    "stream: None": chat(stream=None),
    # structured output
    "parse": parse(),
    "parse: tools": parse(tools=[openai.pydantic_function_tool(Weather)]),
    "parse: metadata, temperature": parse(model="o3-mini", metadata={"a": "b"}, temperature=0),
    "helper": helper(),
    "helper: structured": helper(response_format=Weather),
    "helper: usage, tools": helper(tools=TOOLS, stream_options={"include_usage": True}),
    # completions
    "text": text(),
    "text: parameters": text(max_tokens=3, echo=True, logprobs=2, best_of=2, suffix="x", user="u"),
    "text: a list": text(prompt=["a", "b"]),
    "text: tokens": text(prompt=[1, 2, 3]),
    "text: a chat model": text(model="gpt-4o-mini", temperature=0),
    "text: an unknown model": text(model="what", extra_body={"top_k": 1}),
    "text: stream": text(stream=True),
    # embeddings
    "embedding": embedding(),
    "embedding: list": embedding(input=["a", "b"], dimensions=2, user="u"),
    "embedding: floats": embedding(encoding_format="float"),
    "embedding: tokens": embedding(input=[[1, 2], [3]], model="text-embedding-ada-002"),
    "embedding: unknown model": embedding(
        model="bge", dimensions=2, extra_body={"truncate": True}, extra_headers={"X-Mine": "1"}
    ),
    # responses
    "responses": responses(),
    "responses: parameters": responses(
        instructions="x", max_output_tokens=9, metadata={"a": "b"}, store=False, temperature=0,
        reasoning={"effort": "low"}, include=["reasoning.encrypted_content"],
        previous_response_id="resp_0", user="u", truncation="auto", top_p=0.5,
        parallel_tool_calls=False, tool_choice="auto", text={"format": {"type": "text"}},
        tools=[{"type": "web_search_preview"}],
    ),
    "responses: items": responses(
        input=[{"role": "user", "content": [{"type": "input_text", "text": "x"}]}]
    ),
    "responses: gpt-5": responses(model="gpt-5", temperature=0, reasoning={"effort": "minimal"}),
    "responses: an unknown model": responses(model="mine", extra_body={"top_k": 2}),
    "responses: None": responses(instructions=None, temperature=None),
    "responses: extra": responses(extra_headers={"X-Mine": "1"}, extra_query={"a": "1"}, timeout=3),
    "responses: stream": responses(stream=True),
    "responses: stream, unknown model": responses(model="mine", stream=True),
    "responses: stream, a model that cannot": responses(model="o1-pro", stream=True),
    "responses: a stored prompt": Row("responses", {"prompt": {"id": "pmpt_1"}}),
    "responses: parse": Row(
        "responses_parse", {"model": "gpt-4o", "input": "Hi", "text_format": Weather}
    ),
    "responses: stream helper": Row("responses_stream", {"model": "gpt-4o", "input": "Hi"}),
    "responses: retrieve": Row("responses_retrieve", {"response_id": "resp_1"}),
    "responses: cancel": Row("responses_cancel", {"response_id": "resp_1"}),
    "responses: delete": Row("responses_delete", {"response_id": "resp_1"}),
    # images
    "image": image("image_generation", prompt="a cat"),
    "image: parameters": image(
        "image_generation", prompt="a cat", model="gpt-image-1", n=2, size="1024x1024",
        quality="low", background="transparent", output_format="webp", moderation="low", user="u",
    ),
    "image: dall-e-3": image(
        "image_generation", prompt="a cat", model="dall-e-3", style="vivid",
        response_format="b64_json", extra_headers={"X-Mine": "1"},
    ),
    "image: edit": image("image_edit", image=png, prompt="x", model="gpt-image-1"),
    "image: edit with a mask": image(
        "image_edit", image=png, mask=png, prompt="x", n=1, size="auto", model="dall-e-2"
    ),
    "image: edit several": image(
        "image_edit", image=lambda: [png(), png()], prompt="x", model="gpt-image-1"
    ),
    "image: variation": image("image_variation", image=png, n=2, size="256x256", model="dall-e-2"),
    # audio
    "transcription": audio("transcription"),
    "transcription: parameters": audio(
        "transcription", language="en", prompt="x", temperature=0.1,
        response_format="verbose_json", timestamp_granularities=["word"],
    ),
    "transcription: text": audio("transcription", response_format="text"),
    "transcription: a file": audio("transcription", file=png, model="gpt-4o-transcribe"),
    "translation": audio("translation", prompt="x"),
    "speech": Row("speech", {"model": "tts-1", "voice": "alloy", "input": "Hi", "speed": 1.5}),
    "speech: instructions": Row(
        "speech",
        {"model": "gpt-4o-mini-tts", "voice": "ash", "input": "Hi", "response_format": "wav",
         "instructions": "slow", "extra_headers": {"X-Mine": "1"}, "timeout": 4},
    ),
    # moderation
    "moderation": Row("moderation", {"input": "x"}),
    "moderation: model": Row("moderation", {"input": ["x"], "model": "omni-moderation-latest"}),
}  # fmt: skip

MEANINGFUL = (
    "authorization", "api-key", "openai-organization", "openai-project", "accept", "content-type",
    "x-mine", "x-default", "x-stainless-read-timeout",
)  # fmt: skip

SETTINGS = {
    "api_key": "sk-test",
    "organization": "org-1",
    "project": "proj-1",
    "default_headers": {"X-Default": "1"},
    "default_query": {"tenant": "t"},
    "max_retries": 0,
}


def essence(sent: Sent) -> dict[str, Any]:
    headers = {k: v for k, v in sent.headers.items() if k in MEANINGFUL}
    if headers.get("content-type", "").startswith("multipart"):
        headers["content-type"] = "multipart"
    return {
        "method": sent.method,
        "path": sent.path,
        "query": sent.query,
        "headers": headers,
        "body": sent.body,
    }


def as_seen(reply: Any) -> Any:
    """What a program can see of a reply, in plain data."""
    if isinstance(reply, list):
        return [as_seen(item) for item in reply]
    if hasattr(reply, "model_dump"):
        return {
            "fields": reply.model_dump(),
            "sent": reply.to_dict(),
            "json": reply.model_dump_json(),
            "repr": repr(reply),
        }
    if hasattr(reply, "iter_bytes"):
        return reply.read()
    return reply


def consumed(reply: Any) -> Any:
    if hasattr(reply, "__enter__") and not hasattr(reply, "__iter__"):
        with reply as events:
            seen = [as_seen(event) for event in events]
            return [*seen, as_seen(_final(events)())]
    if hasattr(reply, "__next__"):
        with reply as stream:
            return [as_seen(item) for item in stream]
    return as_seen(reply)


async def aconsumed(reply: Any) -> Any:
    if hasattr(reply, "__aenter__") and not hasattr(reply, "__aiter__"):
        async with reply as events:
            seen = [as_seen(event) async for event in events]
            return [*seen, as_seen(await _final(events)())]
    if inspect.isawaitable(reply):
        reply = await reply
    if hasattr(reply, "__anext__"):
        async with reply as stream:
            return [as_seen(item) async for item in stream]
    return as_seen(reply)


def _final(events: Any) -> Any:
    return getattr(events, "get_final_completion", None) or events.get_final_response


def fresh(row: Row) -> dict[str, Any]:
    """The row's arguments; files are made anew for each call."""
    return {
        k: v() if k in ("image", "mask", "file") and callable(v) else v
        for k, v in row.arguments.items()
    }


def shape(function: str) -> str:
    return OPERATIONS[function].shape


def reach(client: Any, path: str) -> Any:
    for name in path.split("."):
        client = getattr(client, name)
    return client


@pytest.fixture
def wire(server: Wire, monkeypatch: pytest.MonkeyPatch) -> Wire:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_ORGANIZATION"):
        monkeypatch.delenv(name, raising=False)
    server.reset()
    return server


def outcome(action: Callable[[], Any]) -> Any:
    try:
        return consumed(action())
    except Exception as error:
        return described(error)


def aoutcome(action: Callable[[], Any]) -> Any:
    async def run() -> Any:
        try:
            return await aconsumed(action())
        except Exception as error:
            return described(error)

    return asyncio.run(run())


def described(error: Exception) -> dict[str, Any]:
    """An exception as ``except`` clauses and handlers meet it."""
    kinds = {k.__name__ for k in type(error).__mro__ if k.__module__.split(".")[0] == "openai"}
    names = ("status_code", "code", "type", "param", "body", "request_id")
    members = {name: getattr(error, name, "absent") for name in names}
    if not isinstance(error, openai.APIStatusError):
        members.pop("status_code")  # LiteLLM gives one to every exception
    return {"raised": kinds or {type(error).__name__}, **members}


def both(row: Row, wire: Wire, *, azure: bool, asynchronous: bool, spelled: bool) -> None:
    """Make the call with the SDK and with the router; compare what is sent and what is seen."""
    settings: dict[str, Any] = dict(SETTINGS)
    if azure:
        settings |= {"azure_endpoint": wire.origin, "api_version": "2024-10-21"}
        settings.pop("project")
    else:
        settings["base_url"] = wire.url
    kind = f"{'Async' if asynchronous else ''}{'Azure' if azure else ''}OpenAI"
    run = aoutcome if asynchronous else outcome

    def with_the_sdk() -> Any:
        return reach(getattr(openai, kind)(**settings), shape(row.function))(**fresh(row))

    def with_the_router() -> Any:
        client = (llm_router.AsyncClient if asynchronous else llm_router.Client)(**settings)
        if spelled:
            return reach(client, shape(row.function))(**arguments)
        name = f"a{row.function}" if asynchronous else row.function
        provider = "azure" if azure else "openai"
        return getattr(client, name)(provider=provider, **arguments)

    expected = run(with_the_sdk)
    expected_requests = wire.take()
    assert expected_requests, expected

    arguments = fresh(row)
    before = copy.deepcopy({k: v for k, v in arguments.items() if isinstance(v, (list, dict))})
    seen = run(with_the_router)
    requests = wire.take()

    assert [essence(r) for r in requests] == [essence(r) for r in expected_requests]
    assert seen == expected
    for name, value in before.items():
        if name not in ("image", "file"):
            assert arguments[name] == value, "the caller's argument was changed"


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("name", ROWS)
def test_the_same_request_and_the_same_reply(name: str, asynchronous: bool, wire: Wire) -> None:
    both(ROWS[name], wire, azure=False, asynchronous=asynchronous, spelled=False)


@pytest.mark.parametrize("name", ROWS)
def test_the_same_with_azure(name: str, wire: Wire) -> None:
    # LiteLLM's azure code is one for both; the rows alternate.
    asynchronous = list(ROWS).index(name) % 2 == 0
    both(ROWS[name], wire, azure=True, asynchronous=asynchronous, spelled=False)


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(
    "name",
    ["chat", "stream", "parse", "helper", "text", "embedding", "responses", "responses: stream",
     "responses: retrieve", "image", "image: edit", "image: variation", "transcription",
     "translation", "speech", "moderation"],
)  # fmt: skip
def test_in_openai_spelling(name: str, asynchronous: bool, wire: Wire) -> None:
    both(ROWS[name], wire, azure=False, asynchronous=asynchronous, spelled=True)


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_a_function_of_the_module_does_what_the_clients_method_does(
    asynchronous: bool, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, Any] = {"api_key": "sk-test", "base_url": wire.url, "max_retries": 0}
    for setting, value in settings.items():
        monkeypatch.setattr(llm_router, setting, value)
    client = (llm_router.AsyncClient if asynchronous else llm_router.Client)(**settings)
    run = aoutcome if asynchronous else outcome
    for row in {row.function: row for row in ROWS.values()}.values():
        name = f"a{row.function}" if asynchronous else row.function
        found = []
        for owner in (client, llm_router):
            call = functools.partial(getattr(owner, name), provider="openai", **fresh(row))
            found.append((run(call), [essence(request) for request in wire.take()]))
        assert found[0][1], name
        assert found[0] == found[1], name


STATUSES = (400, 401, 403, 404, 408, 409, 413, 418, 422, 429, 500, 502, 503, 504)
QUICKLY = {"retry-after-ms": "1"}


@pytest.mark.parametrize(
    ("name", "asynchronous"),
    [("chat", False), ("stream", True), ("embedding", False), ("responses", True),
     ("transcription", False)],
)  # fmt: skip
@pytest.mark.parametrize("status", STATUSES)
def test_the_same_errors_and_the_same_number_of_attempts(
    status: int, name: str, asynchronous: bool, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SETTINGS, "max_retries", 2)
    error = {"message": "no", "type": "t", "param": "p", "code": "c"}
    wire.route = lambda _: Answer(status=status, body={"error": error}, headers=QUICKLY)
    both(ROWS[name], wire, azure=False, asynchronous=asynchronous, spelled=False)
