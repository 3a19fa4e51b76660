"""The stand-in, driven by the SDKs that programs use."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from personalvibe.replay.standin import StandIn
from personalvibe.replay.standin import __main__ as standin_command
from personalvibe.replay.standin.derive import Seed, tokens
from personalvibe.replay.standin.schema import instance

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
openai = pytest.importorskip("openai")
litellm = pytest.importorskip("litellm")

HELLO = [{"role": "user", "content": "Hello there"}]
WEATHER = {
    "name": "get_weather",
    "description": "The weather in a city",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
        "required": ["city", "days"],
    },
}
TOOLS = [{"type": "function", "function": WEATHER}]


class Recipe(BaseModel):
    title: str
    minutes: int
    steps: list[str]


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with StandIn() as server:
        yield server


@pytest.fixture(scope="module")
def client(stand_in: StandIn) -> Any:
    base_url = stand_in.route("https://api.openai.com/v1")
    return openai.OpenAI(base_url=base_url, api_key="sk-any", max_retries=0)


def post(stand_in: StandIn, path: str, body: Any, **headers: str) -> tuple[int, bytes, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    url = path if path.startswith("http") else stand_in.base_url + path
    request = urllib.request.Request(url, data=data, method="POST")
    request.add_header("content-type", "application/json")
    for name, value in {"authorization": "Bearer sk-any", **headers}.items():
        request.add_header(name.replace("_", "-"), value)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read(), response.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


# OpenAI, through its SDK


def test_chat(client: Any, stand_in: StandIn) -> None:
    reply = client.chat.completions.create(model="gpt-4o-mini", messages=HELLO, n=2)
    assert reply.model == "gpt-4o-mini-2024-07-18"
    assert [choice.finish_reason for choice in reply.choices] == ["stop", "stop"]
    assert reply.choices[0].message.content != reply.choices[1].message.content
    usage = reply.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert stand_in.requests[-1].url == "https://api.openai.com/v1/chat/completions"
    assert stand_in.requests[-1].params["messages"] == HELLO


def test_the_same_request_gets_the_same_bytes_from_any_server() -> None:
    body = {"model": "gpt-4o", "messages": HELLO}
    answers = []
    for _ in range(2):
        with StandIn() as server:
            status, content, headers = post(server, "/v1/chat/completions", body)
            answers.append((status, content, sorted(headers.items())))
    assert answers[0] == answers[1]


def test_a_stream_says_what_the_whole_answer_says(client: Any) -> None:
    ask: dict[str, Any] = {"model": "gpt-4o", "messages": HELLO}
    whole = client.chat.completions.create(**ask)
    chunks = list(
        client.chat.completions.create(**ask, stream=True, stream_options={"include_usage": True})
    )
    assert len(chunks) > 5
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == whole.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices == []
    assert chunks[-1].usage == whole.usage
    assert {chunk.id for chunk in chunks} == {whole.id}


def test_a_stream_has_no_usage_unless_asked(client: Any) -> None:
    stream = client.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True)
    assert all(chunk.usage is None for chunk in stream)


def test_tools_are_called_and_their_results_answered(client: Any) -> None:
    first = client.chat.completions.create(model="gpt-4o", messages=HELLO, tools=TOOLS)
    assert first.choices[0].finish_reason == "tool_calls"
    message = first.choices[0].message
    call = message.tool_calls[0]
    assert call.function.name == "get_weather"
    jsonschema.validate(json.loads(call.function.arguments), WEATHER["parameters"])
    result = {"role": "tool", "tool_call_id": call.id, "content": "rain"}
    turn = [*HELLO, message.model_dump(exclude_none=True), result]
    second = client.chat.completions.create(model="gpt-4o", messages=turn, tools=TOOLS)
    assert second.choices[0].finish_reason == "stop"
    assert second.choices[0].message.content


def test_a_streamed_tool_call_adds_up(client: Any) -> None:
    ask: dict[str, Any] = {"model": "gpt-4o", "messages": HELLO, "tools": TOOLS}
    whole = client.chat.completions.create(**ask).choices[0].message.tool_calls[0]
    deltas = [
        chunk.choices[0].delta.tool_calls[0]
        for chunk in client.chat.completions.create(**ask, stream=True)
        if chunk.choices[0].delta.tool_calls
    ]
    assert deltas[0].id == whole.id
    assert "".join(d.function.arguments for d in deltas) == whole.function.arguments


@pytest.mark.parametrize(
    ("choice", "finish"),
    [
        ("none", "stop"),
        ("required", "tool_calls"),
        ({"type": "function", "function": {"name": "get_weather"}}, "tool_calls"),
    ],
)
def test_tool_choice(client: Any, choice: Any, finish: str) -> None:
    reply = client.chat.completions.create(
        model="gpt-4o", messages=HELLO, tools=TOOLS, tool_choice=choice
    )
    assert reply.choices[0].finish_reason == finish


def test_legacy_functions(client: Any) -> None:
    reply = client.chat.completions.create(model="gpt-4", messages=HELLO, functions=[WEATHER])
    assert reply.choices[0].finish_reason == "function_call"
    assert reply.choices[0].message.function_call.name == "get_weather"


def test_structured_output_parses(client: Any) -> None:
    reply = client.chat.completions.parse(model="gpt-4o", messages=HELLO, response_format=Recipe)
    assert isinstance(reply.choices[0].message.parsed, Recipe)
    answer = client.responses.parse(model="gpt-4o", input="a recipe", text_format=Recipe)
    assert isinstance(answer.output_parsed, Recipe)


def test_limits_and_stops(client: Any) -> None:
    short = client.chat.completions.create(model="gpt-4o", messages=HELLO, max_tokens=3)
    assert short.choices[0].finish_reason == "length"
    assert short.usage.completion_tokens == 3
    stopped = client.chat.completions.create(model="gpt-4o", messages=HELLO, stop=["stand"])
    assert stopped.choices[0].message.content.endswith(" of the ")


def test_logprobs(client: Any) -> None:
    reply = client.chat.completions.create(
        model="gpt-4o", messages=HELLO, logprobs=True, top_logprobs=2
    )
    content = reply.choices[0].logprobs.content
    assert "".join(entry.token for entry in content) == reply.choices[0].message.content
    assert all(len(entry.top_logprobs) == 2 for entry in content)


def test_the_stream_helper(client: Any) -> None:
    with client.chat.completions.stream(model="gpt-4o", messages=HELLO) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    assert {"chunk", "content.delta", "content.done"} <= kinds
    assert final.choices[0].message.content


def test_responses(client: Any) -> None:
    whole = client.responses.create(model="gpt-4o", input="Hello", metadata={"a": "b"})
    assert whole.output_text
    assert whole.metadata == {"a": "b"}
    events = list(client.responses.create(model="gpt-4o", input="Hello", stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[0].type == "response.created"
    assert events[-1].type == "response.completed"
    deltas = [e.delta for e in events if e.type == "response.output_text.delta"]
    assert "".join(deltas) == whole.output_text == events[-1].response.output_text


def test_responses_call_tools(client: Any) -> None:
    tool = {"type": "function", "strict": False, **WEATHER}
    first = client.responses.create(model="gpt-4o", input="Rain?", tools=[tool])
    call = first.output[0]
    assert call.type == "function_call"
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
    given = [{"role": "user", "content": "Rain?"}, call.model_dump(), result]
    assert client.responses.create(model="gpt-4o", input=given, tools=[tool]).output_text


def test_stored_responses(client: Any) -> None:
    made = client.responses.create(model="gpt-4o", input="Hello")
    assert client.responses.retrieve(made.id).id == made.id
    assert client.responses.cancel(made.id).status == "cancelled"
    client.responses.delete(made.id)


def test_legacy_completions(client: Any) -> None:
    whole = client.completions.create(model="gpt-3.5-turbo-instruct", prompt=["a", "b"])
    assert [choice.index for choice in whole.choices] == [0, 1]
    one = client.completions.create(model="m", prompt="x", max_tokens=50)
    stream = client.completions.create(model="m", prompt="x", max_tokens=50, stream=True)
    assert "".join(chunk.choices[0].text for chunk in stream) == one.choices[0].text


def test_embeddings_are_unit_vectors_of_the_asked_size(client: Any) -> None:
    reply = client.embeddings.create(model="text-embedding-3-small", input=["a", "b", "a"])
    rows = [row.embedding for row in reply.data]
    assert len(rows[0]) == 1536
    assert rows[0] == rows[2] != rows[1]
    assert abs(sum(value * value for value in rows[0]) - 1) < 1e-3
    small = client.embeddings.create(
        model="text-embedding-3-small", input="a", dimensions=8, encoding_format="float"
    )
    assert len(small.data[0].embedding) == 8


def test_moderation(client: Any) -> None:
    assert not client.moderations.create(input="good morning").results[0].flagged
    flagged = client.moderations.create(input="I will kill you").results[0]
    assert flagged.flagged
    assert flagged.categories.violence


def test_images(client: Any) -> None:
    assert client.images.generate(model="dall-e-3", prompt="a cat").data[0].url
    inline = client.images.generate(model="gpt-image-1", prompt="a cat", n=2)
    assert len(inline.data) == 2
    assert inline.data[0].b64_json
    picture = ("cat.png", io.BytesIO(b"\x89PNG"), "image/png")
    assert client.images.edit(image=picture, prompt="a dog").data[0].url
    assert client.images.create_variation(image=picture).data[0].url


def test_audio(client: Any) -> None:
    sound = ("a.wav", io.BytesIO(b"RIFF1234"), "audio/wav")
    heard = client.audio.transcriptions.create(model="whisper-1", file=sound)
    assert heard.text
    words = client.audio.transcriptions.create(
        model="whisper-1",
        file=sound,
        response_format="verbose_json",
        timestamp_granularities=["word"],
    )
    assert words.text == heard.text
    assert words.words
    assert client.audio.transcriptions.create(
        model="whisper-1", file=sound, response_format="srt"
    ).startswith("1\n00:00:00,000 --> ")
    assert client.audio.translations.create(model="whisper-1", file=sound).text
    spoken = client.audio.speech.create(model="tts-1", voice="alloy", input="Hi")
    assert spoken.read().startswith(b"ID3")


def test_models(client: Any) -> None:
    assert "gpt-4o" in [model.id for model in client.models.list()]
    assert client.models.retrieve("gpt-4o").id == "gpt-4o"


def test_the_async_client(stand_in: StandIn) -> None:
    async def talk() -> list[str]:
        base_url = stand_in.base_url + "/v1"
        async with openai.AsyncOpenAI(base_url=base_url, api_key="sk-any") as talker:
            asks = [
                talker.chat.completions.create(
                    model="gpt-4o", messages=[{"role": "user", "content": f"number {i}"}]
                )
                for i in range(20)
            ]
            return [r.choices[0].message.content for r in await asyncio.gather(*asks)]

    assert [f"number {i}" in text for i, text in enumerate(asyncio.run(talk()))] == [True] * 20


def test_the_headers_are_openais(client: Any) -> None:
    raw = client.chat.completions.with_raw_response.create(model="gpt-4o", messages=HELLO)
    assert raw.headers["openai-version"] == "2020-10-01"
    assert raw.headers["x-request-id"].startswith("req_")
    assert raw.parse()._request_id == raw.headers["x-request-id"]


# Refusals


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": HELLO}, None),
        ({"model": "gpt-4o"}, "messages"),
        ({"model": "gpt-4o", "messages": []}, "messages"),
        ({"model": "gpt-4o", "messages": [{"role": "boss", "content": ""}]}, "messages[0].role"),
        ({"model": "gpt-4o", "messages": HELLO, "temperature": 3}, "temperature"),
        ({"model": "gpt-4o", "messages": HELLO, "temperature": "hot"}, "temperature"),
    ],
)
def test_bad_requests(stand_in: StandIn, body: Any, param: str | None) -> None:
    status, content, _ = post(stand_in, "/v1/chat/completions", body)
    error = json.loads(content)["error"]
    assert status == 400
    assert error["type"] == "invalid_request_error"
    assert error["param"] == param
    assert set(error) == {"message", "type", "param", "code"}


def test_a_body_that_is_not_json(stand_in: StandIn) -> None:
    status, content, _ = post(stand_in, "/v1/chat/completions", b"{nope")
    assert status == 400
    assert "could not parse the JSON body" in json.loads(content)["error"]["message"]


def test_json_mode_wants_the_word(client: Any) -> None:
    form = {"type": "json_object"}
    with pytest.raises(openai.BadRequestError, match="must contain the word 'json'"):
        client.chat.completions.create(model="gpt-4o", messages=HELLO, response_format=form)
    asked = [{"role": "user", "content": "Answer in JSON"}]
    reply = client.chat.completions.create(model="gpt-4o", messages=asked, response_format=form)
    assert json.loads(reply.choices[0].message.content)


def test_keys(client: Any, stand_in: StandIn) -> None:
    bad = client.with_options(api_key="sk-bad-1234567890")
    with pytest.raises(openai.AuthenticationError, match="Incorrect API key") as caught:
        bad.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert caught.value.code == "invalid_api_key"
    assert "1234567890" not in str(caught.value)
    url = stand_in.route("https://api.openai.com/v1/chat/completions")
    assert post(stand_in, url, {}, authorization="")[0] == 401


def test_unknown_models_and_addresses(client: Any, stand_in: StandIn) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="gpt-does-not-exist", messages=HELLO)
    assert caught.value.code == "model_not_found"
    status, content, _ = post(stand_in, "/v1/nothing/here", {})
    assert status == 404
    assert json.loads(content)["error"]["message"] == "Invalid URL (POST /v1/nothing/here)"


# Triggers


def say(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def test_a_status_on_demand(client: Any) -> None:
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model="gpt-4o", messages=say("[[status:429 retry-after:3]]"))
    assert caught.value.response.headers["retry-after"] == "3"
    with pytest.raises(openai.InternalServerError):
        client.embeddings.create(model="e", input="[[status:503]]")


def test_a_status_for_the_first_attempts_only(client: Any, stand_in: StandIn) -> None:
    before = len(stand_in.requests)
    patient = client.with_options(max_retries=2)
    messages = say("[[status:500 retry-after:0 times:2]]")
    assert patient.chat.completions.create(model="gpt-4o", messages=messages).choices
    assert len(stand_in.requests) - before == 3


@pytest.mark.parametrize("trigger", ["[[drop]]", "[[truncate]]"])
def test_broken_connections(client: Any, trigger: str) -> None:
    with pytest.raises(openai.APIConnectionError):
        client.chat.completions.create(model="gpt-4o", messages=say(trigger))


def test_a_broken_stream(client: Any) -> None:
    seen = []
    with pytest.raises(Exception, match=r"(?i)incomplete|closed|connection error") as caught:
        seen.extend(
            client.chat.completions.create(
                model="gpt-4o", messages=say("[[truncate]]"), stream=True
            )
        )
    assert not isinstance(caught.value, AssertionError)


def test_a_hanging_answer_ends_with_the_client_or_the_server() -> None:
    with StandIn() as server:
        base_url = server.base_url + "/v1"
        hurried = openai.OpenAI(base_url=base_url, api_key="k", timeout=0.2, max_retries=0)
        with pytest.raises(openai.APITimeoutError):
            hurried.chat.completions.create(model="gpt-4o", messages=say("[[hang]]"))
        patient = hurried.with_options(timeout=60)
        assert patient.chat.completions.create(model="gpt-4o", messages=say("[[hang:0.01]]"))


def test_words_on_demand(client: Any) -> None:
    def reply(text: str) -> Any:
        return client.chat.completions.create(model="gpt-4o", messages=say(text)).choices[0]

    assert reply("[[say:exactly this]]").message.content == "exactly this"
    assert reply("[[finish:content_filter]]").finish_reason == "content_filter"
    assert reply("[[refuse]]").message.refusal
    assert "[[" not in reply("[[finish:stop]] hello").message.content


# Azure


@pytest.fixture(scope="module")
def azure(stand_in: StandIn) -> Any:
    return openai.AzureOpenAI(
        azure_endpoint=stand_in.route("https://unit.openai.azure.com"),
        api_key="azure-key",
        api_version="2024-10-21",
        max_retries=0,
    )


def test_azure(azure: Any, stand_in: StandIn) -> None:
    reply = azure.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert reply.choices[0].content_filter_results["hate"] == {
        "filtered": False,
        "severity": "safe",
    }
    assert stand_in.requests[-1].url == (
        "https://unit.openai.azure.com/openai/deployments/gpt-4o/chat/completions"
        "?api-version=2024-10-21"
    )
    assert azure.embeddings.create(model="embed", input="a").data
    chunks = list(azure.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True))
    assert chunks[0].choices == []
    assert chunks[0].prompt_filter_results
    assert chunks[1].choices[0].delta.role == "assistant"


def test_azure_errors(azure: Any) -> None:
    with pytest.raises(openai.AuthenticationError) as caught:
        azure.with_options(api_key="sk-bad").chat.completions.create(model="d", messages=HELLO)
    assert caught.value.body["code"] == "401"
    with pytest.raises(openai.NotFoundError) as missing:
        azure.chat.completions.create(model="does-not-exist", messages=HELLO)
    assert missing.value.body["code"] == "DeploymentNotFound"


def test_azures_v1_address(stand_in: StandIn) -> None:
    base_url = stand_in.route("https://unit.openai.azure.com/openai/v1")
    talker = openai.OpenAI(base_url=base_url, api_key="azure-key")
    assert talker.chat.completions.create(model="d", messages=HELLO).prompt_filter_results
    assert talker.responses.create(model="d", input="Hello").output_text


# Every provider, through LiteLLM


PROVIDERS: dict[str, tuple[str, str]] = {
    "openai/gpt-4o": ("https://api.openai.com/v1", ""),
    "azure/gpt-4o": ("https://unit.openai.azure.com", ""),
    "anthropic/claude-sonnet-4-5": ("https://api.anthropic.com", ""),
    "gemini/gemini-2.5-flash": (
        "https://generativelanguage.googleapis.com/v1beta",
        "/models/gemini-2.5-flash",
    ),
    "mistral/mistral-small-latest": ("https://api.mistral.ai/v1", ""),
    "ollama_chat/llama3.2": ("http://localhost:11434", ""),
    "ollama/llama3.2": ("http://localhost:11434", ""),
}


def arguments(stand_in: StandIn, model: str) -> dict[str, Any]:
    base, path = PROVIDERS[model]
    found: dict[str, Any] = {"model": model, "api_base": stand_in.route(base) + path}
    if not model.startswith("ollama"):
        found["api_key"] = "any-key"
    if model.startswith("azure"):
        found["api_version"] = "2024-10-21"
    return found


@pytest.mark.parametrize("model", PROVIDERS)
def test_litellm_plain_and_streamed(stand_in: StandIn, model: str) -> None:
    ask = {**arguments(stand_in, model), "messages": HELLO, "max_tokens": 64}
    reply = litellm.completion(**ask)
    assert reply.choices[0].message.content
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage.completion_tokens > 0
    assert stand_in.requests[-1].url.startswith(PROVIDERS[model][0])
    chunks = list(litellm.completion(**ask, stream=True))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == reply.choices[0].message.content
    assert len(chunks) > 2


@pytest.mark.parametrize("model", [model for model in PROVIDERS if model != "ollama/llama3.2"])
def test_litellm_tools(stand_in: StandIn, model: str) -> None:
    ask = arguments(stand_in, model)
    first = litellm.completion(**ask, messages=HELLO, tools=TOOLS)
    message = first.choices[0].message
    call = message.tool_calls[0]
    assert call.function.name == "get_weather"
    jsonschema.validate(json.loads(call.function.arguments), WEATHER["parameters"])
    result = {"role": "tool", "tool_call_id": call.id, "content": "rain", "name": "get_weather"}
    turn = [*HELLO, message.model_dump(), result]
    second = litellm.completion(**ask, messages=turn, tools=TOOLS)
    assert second.choices[0].message.content
    assert not second.choices[0].message.tool_calls


@pytest.mark.parametrize("model", [model for model in PROVIDERS if "ollama" not in model])
def test_litellm_sees_a_bad_key_and_a_rate_limit(stand_in: StandIn, model: str) -> None:
    ask = {**arguments(stand_in, model), "max_retries": 0}
    with pytest.raises((litellm.AuthenticationError, litellm.BadRequestError)):
        litellm.completion(**{**ask, "api_key": "sk-bad"}, messages=HELLO)
    with pytest.raises(litellm.RateLimitError):
        litellm.completion(**ask, messages=say("[[status:429]]"))


def test_litellm_structured_output(stand_in: StandIn) -> None:
    for model in ("openai/gpt-4o", "gemini/gemini-2.5-flash", "anthropic/claude-sonnet-4-5"):
        reply = litellm.completion(
            **arguments(stand_in, model), messages=HELLO, response_format=Recipe
        )
        Recipe.model_validate_json(reply.choices[0].message.content)


def test_sharp_boe(stand_in: StandIn) -> None:
    url = stand_in.route("https://sharp.example.com/sharp/api/v2/generate")
    body = {
        "model": "sharp_gemma3_12b_128k",
        "prompt": "Hello",
        "stream": False,
        "user_name": "someone",
        "user_secret": "a-secret",
    }
    status, content, _ = post(stand_in, url, body)
    assert status == 200
    assert set(json.loads(content)) == {"response"}
    assert post(stand_in, url, {**body, "user_secret": "sk-bad"})[0] == 401
    assert post(stand_in, url, {**body, "prompt": None})[0] == 422


# The server


def test_route_and_origin_are_inverse(stand_in: StandIn) -> None:
    for url in (
        "https://api.openai.com/v1/models?limit=2",
        "http://localhost:11434/api/chat",
        "https://gateway.example.com/openai/v1",
    ):
        routed = stand_in.route(url)
        assert routed.startswith(stand_in.base_url)
        assert stand_in.origin(routed) == url
        assert stand_in.route(routed) == routed


@pytest.mark.process
def test_the_module_runs_and_stops_on_interrupt() -> None:
    command = [sys.executable, "-m", "personalvibe.replay.standin", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            with urllib.request.urlopen(f"{address}/v1/models", timeout=10) as response:
                assert response.status == 200
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 130
        finally:
            process.kill()


def test_an_interrupt_right_after_the_address_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Reader(io.StringIO):
        def flush(self) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdout", Reader())
    assert standin_command.main(["--port", "0"]) == 130


@pytest.mark.process
def test_a_taken_port_is_two_clear_lines(stand_in: StandIn) -> None:
    command = [sys.executable, "-m", "personalvibe.replay.standin", "--port", str(stand_in.port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 2
    assert str(stand_in.port) in done.stderr


# Instances of schemas


leaves = st.one_of(
    st.just({"type": "boolean"}),
    st.builds(lambda low: {"type": "integer", "minimum": low}, st.integers(-50, 50)),
    st.builds(lambda n: {"type": "string", "minLength": n, "maxLength": n + 3}, st.integers(0, 9)),
    st.builds(lambda v: {"enum": v}, st.lists(st.text(), min_size=1)),
    st.sampled_from([{"type": "number"}, {"type": ["null", "string"]}, {"const": [1]}]),
    st.sampled_from([{"type": "string", "pattern": p} for p in (r"^\d{4}-\d{2}$", "^[A-Z]{3}$")]),
)
schemas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(
            lambda i, n: {"type": "array", "items": i, "minItems": n}, inner, st.integers(0, 2)
        ),
        st.builds(
            lambda p: {"type": "object", "properties": p, "required": list(p)},
            st.dictionaries(st.text(min_size=1), inner, max_size=3),
        ),
        st.builds(lambda options: {"anyOf": options}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=8,
)


@given(schemas)
def test_an_instance_satisfies_its_schema(schema: Any) -> None:
    jsonschema.validate(instance(schema, Seed("any")), schema)


def test_a_recursive_schema_ends() -> None:
    node: dict[str, Any] = {
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
        "required": ["children"],
    }
    schema = {"$ref": "#/$defs/node", "$defs": {"node": node}}
    jsonschema.validate(instance(schema, Seed("any")), schema)


@given(st.text())
def test_tokens_add_up_to_the_text(text: str) -> None:
    assert "".join(tokens(text)) == text
