"""The router as its users meet it: models, settings, clients, replies, streams, exceptions."""

from __future__ import annotations

import ast
import asyncio
import copy
import functools
import gc
import inspect
import json
import pickle
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast
from unittest import mock

import openai  # noqa: TID251  # clauses and annotations of programs written for it
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from personalvibe import llm_router

from .wire import TOOL_CALL, Answer, Sent, Wire, chat, loaded_litellm

litellm = loaded_litellm()
MESSAGES: Any = [{"role": "user", "content": "Hi"}]
QUICKLY = {"retry-after-ms": "1"}


class Weather(BaseModel):
    city: str
    degrees: int


def ask(model: str | None = "openai/gpt-4o", **kwargs: Any) -> Any:
    return llm_router.chat_completion(model, MESSAGES, **kwargs)


def header(sent: Sent, name: str) -> str | None:
    return sent.headers.get(name)


# --- models ---


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (None, "gpt-4o-mini"),
        ("", "gpt-4o-mini"),
        ("o3", "gpt-4o-mini"),
        ("openai/o3", "o3"),
        ("openai/mistral/small", "mistral/small"),
    ],
)
def test_the_name_on_the_wire(model: str | None, name: str, wire: Wire) -> None:
    ask(model)
    assert wire.take()[0]["model"] == name


def test_aliases_can_be_added(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(llm_router.ALIASES, "fast", "openai/gpt-5-nano")
    ask("fast")
    assert wire.take()[0]["model"] == "gpt-5-nano"


@pytest.mark.parametrize(
    ("model", "hint"),
    [
        ("gpt-4o", "'openai/gpt-4o'"),
        ("claude-sonnet-4-5", "'anthropic/claude-sonnet-4-5'"),
        ("gemini-2.5-pro", "'gemini/gemini-2.5-pro'"),
        ("o3 ", "'o3' or 'openai/o3'"),
        ("what", "'openai/what'"),
        ("openai/", "'openai/gpt-4o-mini'"),
        ("/gpt-4o", "'openai/gpt-4o'"),
        ("openai//gpt-4o", "'openai/gpt-4o'"),
        ("openai / gpt-4o", "'openai/gpt-4o'"),
        ("/", "'openai/gpt-4o-mini'"),
        (" ", "'openai/gpt-4o-mini'"),
    ],
)
def test_a_malformed_model_is_refused_with_the_nearest_form(model: str, hint: str) -> None:
    with pytest.raises(ValueError, match=f"^model {model!r} is not <provider>/<name>") as raised:
        ask(model)
    assert str(raised.value).endswith(f"did you mean {hint}?")


@given(st.text())
def test_every_suggestion_is_itself_valid(model: str) -> None:
    try:
        resolved = llm_router.resolve_model(model)
    except ValueError as error:
        hints = str(error).rpartition("did you mean ")[2].removesuffix("?")
        for hint in hints.split(" or "):
            llm_router.resolve_model(ast.literal_eval(hint))
    else:
        assert resolved == model or model in ("", "o3")


@pytest.mark.parametrize("model", [7, ["openai/gpt-4o"], b"openai/gpt-4o"])
def test_a_model_that_is_no_string_is_refused(model: Any) -> None:
    with pytest.raises(ValueError, match="model must be a string"):
        ask(model)


@pytest.mark.parametrize("messages", [None, [], "Hi", {"role": "user"}, ()])
@pytest.mark.parametrize("name", ["chat_completion", "chat_completion_parse"])
def test_messages_of_another_provider_must_be_a_filled_list(name: str, messages: Any) -> None:
    with pytest.raises(ValueError, match="messages must be a list with at least one message"):
        getattr(llm_router, name)("groq/llama", messages, api_key="gsk")


def test_with_a_provider_the_model_is_the_wire_name(wire: Wire) -> None:
    llm_router.chat_completion(provider="openai", model="gpt-4o", messages=MESSAGES)
    llm_router.chat_completion(provider="openai", model="o3", messages=iter(MESSAGES))
    llm_router.embedding(provider="openai", model="openai/e", input="x")
    assert [sent["model"] for sent in wire.take()] == ["gpt-4o", "o3", "openai/e"]


def test_where_a_model_is_needed_it_is_asked_for(wire: Wire) -> None:
    with pytest.raises(TypeError, match=r"embedding\(\) needs a model"):
        llm_router.embedding(input="x")


def test_an_openai_compatible_provider_gets_its_own_key(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llm_router, "api_key", "sk-of-openai")
    monkeypatch.setenv("GROQ_API_KEY", "gsk-own")
    ask("groq/llama-3.1-8b-instant", api_base=wire.url, temperature=0)
    client = llm_router.Client(api_key="sk-of-openai")
    client.chat_completion("groq/llama-3.1-8b-instant", MESSAGES, api_base=wire.url)
    sent, again = wire.take()
    assert (sent["model"], sent["temperature"]) == ("llama-3.1-8b-instant", 0)
    assert {header(sent, "authorization"), header(again, "authorization")} == {"Bearer gsk-own"}


# --- settings ---


def test_module_settings_are_read_at_every_call(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask()
    for name, value in {
        "api_key": "sk-module",
        "api_base": f"{wire.url}/",
        "organization": "org-7",
        "default_headers": {"X-Mine": "1"},
        "timeout": 5,
    }.items():
        monkeypatch.setattr(llm_router, name, value)
    ask()
    ask(api_key="sk-call", organization="org-8", timeout=6)
    plain, module, call = wire.take()
    assert header(plain, "authorization") == "Bearer sk-env"
    assert header(plain, "openai-organization") is None
    assert header(module, "authorization") == "Bearer sk-module"
    assert header(module, "openai-organization") == "org-7"
    assert header(module, "x-mine") == "1"
    assert header(module, "x-stainless-read-timeout") == "5"
    assert header(call, "authorization") == "Bearer sk-call"
    assert header(call, "openai-organization") == "org-8"
    assert header(call, "x-stainless-read-timeout") == "6"


def test_the_number_of_attempts_is_a_setting(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    wire.route = lambda _: Answer(status=429, body={"error": {}}, headers=QUICKLY)
    counts = []
    argument: Any
    for setting, argument in ((None, {}), (0, {}), (4, {}), (4, {"max_retries": 1})):
        monkeypatch.setattr(llm_router, "max_retries", setting)
        with pytest.raises(llm_router.RateLimitError):
            ask(**argument)
        counts.append(len(wire.take()))
    assert counts == [3, 1, 5, 2]


def test_azure_by_module_settings_as_with_openai_0(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llm_router, "legacy", True)
    monkeypatch.setattr(llm_router, "api_type", "azure")
    monkeypatch.setattr(llm_router, "api_base", wire.origin)
    monkeypatch.setattr(llm_router, "api_version", "2023-05-15")
    llm_router.chat_completion(provider="openai", engine="dep", messages=MESSAGES)
    llm_router.embedding(provider="azure", deployment_id="emb", input="x", request_timeout=9)
    chat_sent, embedding_sent = wire.take()
    assert chat_sent.path == "/openai/deployments/dep/chat/completions"
    assert chat_sent.query == {"api-version": "2023-05-15"}
    assert header(chat_sent, "api-key") == "sk-env"
    assert embedding_sent.path == "/openai/deployments/emb/embeddings"
    assert header(embedding_sent, "x-stainless-read-timeout") == "9"


def test_azure_from_the_environment(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_API_BASE", wire.origin)
    monkeypatch.setenv("AZURE_API_KEY", "az")
    monkeypatch.setenv("OPENAI_API_VERSION", "2024-06-01")
    ask("azure/dep")
    (sent,) = wire.take()
    assert sent.query == {"api-version": "2024-06-01"}
    assert header(sent, "api-key") == "az"


def test_an_azure_token_goes_as_openai_sends_it(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, Any] = {
        "azure_endpoint": wire.origin,
        "api_version": "1",
        "azure_ad_token_provider": lambda: "tok",
    }
    for kind in (llm_router.Client, openai.AzureOpenAI):
        kind(**settings).chat.completions.create(model="dep", messages=MESSAGES)
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "az")
    for kind in (llm_router.Client, openai.AzureOpenAI):
        kind(**settings).chat.completions.create(model="dep", messages=MESSAGES)
    sent = [(header(s, "authorization"), header(s, "api-key")) for s in wire.take()]
    assert (sent[0], sent[2]) == (sent[1], sent[3])
    assert sent[0][0] == "Bearer tok"


@pytest.mark.parametrize("name", ["Client", "AsyncClient"])
def test_the_class_of_an_azure_client(name: str) -> None:
    kind: Any = getattr(llm_router, name)
    azure: Any = getattr(llm_router, name.replace("Client", "AzureClient"))

    class Derived(azure):  # type: ignore[misc]
        pass

    settings = {"azure_endpoint": "https://x.openai.azure.com", "api_version": "1", "api_key": "k"}
    assert type(kind(provider="azure", **settings)) is azure
    assert type(kind(api_key="k")) is kind
    assert isinstance(Derived(**settings), azure)
    for client in (azure(**settings), Derived(**settings).with_options(timeout=3)):
        assert client.provider == "azure"
        assert str(client.base_url).startswith("https://x.openai.azure.com/openai")


def test_the_openai_key_is_not_sent_to_azure(wire: Wire) -> None:
    with pytest.raises(llm_router.OpenAIError):
        ask("azure/dep", api_base=wire.origin)
    assert wire.take() == []


@pytest.mark.parametrize("legacy", [False, True])
def test_what_only_0_28_and_litellm_read_reaches_programs_of_0_28_alone(
    legacy: bool, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(litellm, "api_key", "sk-litellm")
    monkeypatch.setenv("OPENAI_ORGANIZATION", "org-old")
    ask(legacy=legacy)
    (sent,) = wire.take()
    found = (header(sent, "authorization"), header(sent, "openai-organization"))
    assert found == (("Bearer sk-litellm", "org-old") if legacy else ("Bearer sk-env", None))


@pytest.mark.parametrize("where", ["OPENAI_API_BASE", "litellm.api_base", "OPENAI_API_TYPE"])
def test_an_address_or_a_kind_of_0_28_reaches_no_other_program(
    where: str, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    if where == "litellm.api_base":
        monkeypatch.setattr(litellm, "api_base", "http://127.0.0.1:9")
    else:
        value = "azure" if where.endswith("TYPE") else "http://127.0.0.1:9"
        monkeypatch.setenv(where, value)
    for call in (ask, llm_router.Client().with_options(max_retries=0).chat.completions.create):
        call(model="openai/m", messages=MESSAGES) if call is not ask else ask()
    assert [sent.path for sent in wire.take()] == ["/v1/chat/completions"] * 2


def test_openais_own_organization_stays_the_programs(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    for value in (None, "org-program"):
        monkeypatch.setattr(openai, "organization", value)
        monkeypatch.setattr(litellm, "organization", "org-litellm")
        monkeypatch.setenv("OPENAI_ORGANIZATION", "org-old")
        ask()
        asyncio.run(llm_router.aembedding("openai/e", "x"))
        assert openai.organization == value


def test_a_missing_key_names_the_variable(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(llm_router.OpenAIError, match="OPENAI_API_KEY"):
        ask()
    with pytest.raises(llm_router.OpenAIError, match="OPENAI_API_KEY"):
        llm_router.Client()


# --- clients ---


def test_a_client_takes_the_environment_when_it_is_made(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = llm_router.Client()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-later")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    client.chat_completion("openai/gpt-4o", MESSAGES)
    assert header(wire.take()[0], "authorization") == "Bearer sk-env"


def test_a_clients_settings_can_be_read_and_changed(wire: Wire) -> None:
    client = llm_router.Client(api_key="sk-1", max_retries=1)
    assert (client.api_key, client.max_retries, client.organization) == ("sk-1", 1, None)
    client.api_key = "sk-2"
    client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    assert header(wire.take()[0], "authorization") == "Bearer sk-2"


@pytest.mark.parametrize("method", ["with_options", "copy"])
def test_a_copy_with_other_options(method: str, wire: Wire) -> None:
    client = llm_router.Client(default_headers={"X-One": "1"}, timeout=5)
    other = getattr(client, method)(default_headers={"X-Two": "2"}, timeout=6, max_retries=0)
    other.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    client.with_options(set_default_headers={"X-Three": "3"}).embeddings.create(model="e", input="")
    client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    changed, replaced, unchanged = wire.take()
    assert (header(changed, "x-one"), header(changed, "x-two")) == ("1", "2")
    assert header(changed, "x-stainless-read-timeout") == "6"
    assert (header(replaced, "x-one"), header(replaced, "x-three")) == (None, "3")
    assert (header(unchanged, "x-two"), header(unchanged, "x-stainless-read-timeout")) == (
        None,
        "5",
    )


def test_a_timeout_of_none_waits_for_ever_as_openai_does(wire: Wire) -> None:
    llm_router.Client(timeout=None).chat.completions.create(model="gpt-4o", messages=MESSAGES)
    openai.OpenAI(timeout=None).chat.completions.create(model="gpt-4o", messages=MESSAGES)
    ours, theirs = wire.take()
    assert header(ours, "x-stainless-read-timeout") == header(theirs, "x-stainless-read-timeout")


def test_what_is_not_given_to_a_client_is_not_set(wire: Wire) -> None:
    unset: Any = {"timeout": openai.NOT_GIVEN, "max_retries": openai.omit}
    client = llm_router.Client(**unset)
    client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    assert header(wire.take()[0], "x-stainless-read-timeout") == "600"


def test_a_provider_of_the_client_prefixes_every_model(wire: Wire) -> None:
    client = llm_router.Client(provider="groq", api_key="gsk", base_url=wire.url)
    client.chat_completion("llama", MESSAGES)
    client.chat.completions.create(model="meta/llama", messages=MESSAGES)
    sent = wire.take()
    assert [s["model"] for s in sent] == ["llama", "meta/llama"]
    assert {header(s, "authorization") for s in sent} == {"Bearer gsk"}


def test_a_client_of_another_provider_keeps_its_headers_and_refuses_what_it_cannot_do(
    wire: Wire,
) -> None:
    settings: dict[str, Any] = {"provider": "groq", "api_key": "gsk", "base_url": wire.url}
    client = llm_router.Client(**settings, default_headers={"X-One": "1"})
    client.chat_completion("llama", MESSAGES, extra_headers={"X-Two": "2"})
    (sent,) = wire.take()
    assert (header(sent, "x-one"), header(sent, "x-two")) == ("1", "2")
    with pytest.raises(TypeError, match="default_query: for the providers openai and azure only"):
        llm_router.Client(**settings, default_query={"a": "1"})


def test_an_own_http_client_carries_the_traffic(wire: Wire) -> None:
    with openai.DefaultHttpxClient(headers={"X-Mine": "1"}) as own:
        client = llm_router.Client(http_client=own)
        client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
        client.responses.create(model="gpt-4o", input="Hi")
        assert [header(sent, "x-mine") for sent in wire.take()] == ["1", "1"]
        client.close()
        assert own.is_closed


def test_clients_are_context_managers(wire: Wire) -> None:
    async def run() -> str:
        async with llm_router.AsyncClient() as client:
            reply = await client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
            return str(reply.choices[0].message.content)

    assert asyncio.run(run()) == "Hello"
    with llm_router.Client() as client:
        assert client.responses("openai/gpt-4o", "Hi").output_text == "Hello"


def test_a_setting_that_no_client_has_is_refused(wire: Wire) -> None:
    with pytest.raises(TypeError, match="unexpected"):
        llm_router.Client(colour="red")


def test_the_functions_of_one_provider_can_be_handed_over_and_compared(wire: Wire) -> None:
    ours = llm_router.of("openai")
    ask: Callable[..., Any] = ours.chat_completion
    assert ask(engine="gpt-4o", messages=MESSAGES).choices[0].message.content == "Hello"
    assert asyncio.run(ours.achat_completion(model="m", messages=MESSAGES)).id
    assert [sent["model"] for sent in wire.take()] == ["gpt-4o", "m"]
    assert ask == llm_router.of("openai").chat_completion != ours.text_completion
    assert {ask: "chat"}[llm_router.of("openai").chat_completion] == "chat"
    assert ask != llm_router.of("azure").chat_completion
    assert inspect.iscoroutinefunction(ours.achat_completion)


def test_methods_can_be_handed_over(wire: Wire) -> None:
    client = llm_router.Client()
    create: Callable[..., Any] = client.chat.completions.create
    bound = functools.partial(create, model="gpt-4o")
    with ThreadPoolExecutor(2) as pool:
        replies = list(pool.map(lambda _: bound(messages=MESSAGES), range(4)))
        replies.append(pool.submit(client.chat_completion, "openai/gpt-4o", MESSAGES).result())
    assert [reply.choices[0].message.content for reply in replies] == ["Hello"] * 5


def test_asynchronous_functions_are_coroutine_functions(wire: Wire) -> None:
    client = llm_router.AsyncClient()
    functions = [
        llm_router.achat_completion,
        llm_router.aembedding,
        client.achat_completion,
        client.aresponses,
        client.chat.completions.create,
    ]
    assert all(inspect.iscoroutinefunction(f) for f in functions)
    assert not inspect.iscoroutinefunction(llm_router.achat_completion_stream)


def test_many_at_once_and_one_loop_after_another(
    wire: Wire, capfd: pytest.CaptureFixture[str]
) -> None:
    client = llm_router.AsyncClient()

    async def run() -> int:
        calls = [client.chat.completions.create(model="gpt-4o", messages=MESSAGES)] * 1
        calls += [llm_router.achat_completion("openai/gpt-4o", MESSAGES) for _ in range(5)]
        return len(await asyncio.gather(*calls))

    assert [asyncio.run(run()) for _ in range(4)] == [6] * 4  # and LiteLLM is left unfinished
    gc.collect()
    assert len(wire.take()) == 24
    assert capfd.readouterr() == ("", "")


# --- what LiteLLM adds still works ---


@pytest.mark.parametrize("stream", [False, True])
def test_callbacks_see_the_call_and_its_cost(
    stream: bool, wire: Wire, callbacks: list[Any]
) -> None:
    told: queue.Queue[Any] = queue.Queue()

    def callback(kwargs: Any, *_: Any) -> None:
        if kwargs.get("response_cost"):
            told.put((kwargs["model"], kwargs["messages"]))

    litellm.success_callback.append(callback)
    if stream:
        list(ask(stream=True, stream_options={"include_usage": True}))
    else:
        ask()
    assert told.get(timeout=20) == ("gpt-4o", MESSAGES)


def test_the_cost_can_be_asked_for(wire: Wire) -> None:
    reply = ask()
    assert litellm.completion_cost(reply) == reply._hidden_params["response_cost"] > 0


def test_litellms_cache_answers_without_a_request(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("fastapi")  # LiteLLM needs it for a hit, and does not depend on it
    monkeypatch.setattr(litellm, "cache", litellm.Cache())
    replies = [ask(temperature=t, caching=True) for t in (0.3, 0.3, 0.4)]
    assert [reply.choices[0].message.content for reply in replies] == ["Hello"] * 3
    assert len(wire.take()) == 2


def test_litellms_own_arguments_are_not_sent(wire: Wire) -> None:
    ask(caching=False, input_cost_per_token=1.0, metadata={"run": "7"})
    assert wire.take()[0].body == {
        "messages": MESSAGES,
        "model": "gpt-4o",
        "metadata": {"run": "7"},
    }
    ask(unheard_of=1, legacy=True)  # openai 0.28 sent everything
    assert wire.take()[0]["unheard_of"] == 1


def test_a_feature_of_litellm_gets_litellms_own_request(wire: Wire) -> None:
    ask("openai/gpt-5", temperature=0, top_p=0.5, drop_params=True)
    sent = wire.take()[0]
    assert "temperature" not in sent.body
    wire.answers = [Answer(status=400, body={"error": {"message": "no"}}, headers=QUICKLY)]
    ask(fallbacks=["openai/gpt-4.1"])
    assert [s["model"] for s in wire.take()] == ["gpt-4o", "gpt-4.1"]


def test_litellms_retries_send_again(wire: Wire) -> None:
    pytest.importorskip("tenacity")
    wire.answers = [Answer(status=500, body={"error": {}}, headers=QUICKLY)]
    assert ask(max_retries=0, num_retries=1).choices[0].message.content == "Hello"


def test_litellms_mending_of_a_refused_conversation_sends_nothing_twice(wire: Wire) -> None:
    error = {"message": "Conversation roles must alternate user/assistant"}
    wire.route = lambda _: Answer(status=400, body={"error": error})
    messages = copy.deepcopy(MESSAGES * 2)
    with pytest.raises(llm_router.BadRequestError):
        llm_router.chat_completion("openai/gpt-4o", messages)
    assert len(wire.take()) == 1
    assert messages == MESSAGES * 2


def test_mock_response_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    metadata: dict[str, str] = {}
    reply = ask(mock_response="Hello", metadata=metadata)
    assert isinstance(reply, litellm.ModelResponse)
    assert (reply.choices[0].message.content, reply.choices[0].logprobs) == ("Hello", None)
    assert (reply.choices[0].message.refusal, reply.choices[0].message.audio) == (None, None)
    assert metadata == {}
    with ask(mock_response="Hello", stream=True) as stream:
        assert isinstance(stream, litellm.CustomStreamWrapper)
        assert "".join(c.choices[0].delta.content or "" for c in stream) == "Hello"


def test_an_exception_given_as_mock_response_comes_through_untouched() -> None:
    error = litellm.RateLimitError("slow down", "openai", "gpt-4o")
    with pytest.raises(llm_router.RateLimitError) as raised:
        ask(mock_response=error)
    assert isinstance(raised.value, litellm.RateLimitError)


def test_structured_output_of_another_provider() -> None:
    reply = llm_router.chat_completion_parse(
        "anthropic/claude-sonnet-4-5",
        MESSAGES,
        response_format=Weather,
        mock_response='{"city": "Paris", "degrees": 20}',
    )
    assert reply.choices[0].message.parsed == Weather(city="Paris", degrees=20)
    assert isinstance(reply, litellm.ModelResponse)


def test_the_stream_helper_with_another_provider(wire: Wire) -> None:
    with llm_router.chat_completion_stream(
        "groq/llama", MESSAGES, api_key="gsk", api_base=wire.url
    ) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_completion()
    assert "content.delta" in kinds
    assert final.choices[0].message.content == "Hello"


def test_embeddings_of_another_provider_answer_attributes_and_subscripts() -> None:
    reply = llm_router.embedding("cohere/embed", "Hi", mock_response=[0.5])
    assert reply.data[0].embedding == cast(Any, reply)["data"][0]["embedding"] == [0.5]


# --- replies ---


def test_a_reply_is_litellms_and_openais_at_once(wire: Wire) -> None:
    reply = ask()
    assert isinstance(reply, litellm.ModelResponse)
    assert isinstance(reply, openai.types.chat.ChatCompletion)
    assert isinstance(reply.choices[0].message, litellm.Message)
    assert isinstance(reply.usage, litellm.Usage)
    (chunk, *_) = ask(stream=True)
    assert isinstance(chunk, litellm.types.utils.ModelResponseStream)
    assert isinstance(llm_router.embedding("openai/e", "x"), litellm.EmbeddingResponse)
    assert isinstance(llm_router.text_completion("openai/t", "x"), litellm.TextCompletionResponse)
    image = llm_router.image_generation("openai/dall-e-3", "x")
    assert isinstance(image, litellm.ImageResponse)


def test_a_reply_can_be_pickled_copied_and_changed(wire: Wire) -> None:
    reply = ask()
    for twin in (pickle.loads(pickle.dumps(reply)), copy.deepcopy(reply)):
        assert twin.to_dict() == reply.to_dict()
        assert twin == reply
        assert type(twin) is type(reply)
    reply.choices[0].message.content = "changed"
    assert reply.model_dump()["choices"][0]["message"]["content"] == "changed"


def test_replies_with_the_same_content_are_equal(wire: Wire) -> None:
    reply = ask()
    theirs = openai.types.chat.ChatCompletion.model_validate(reply.model_dump())
    assert reply == theirs
    assert theirs == reply
    theirs.choices[0].message.content = "changed"
    assert reply != theirs
    assert theirs != reply
    assert reply != "a reply"


def test_replies_are_dictionaries_for_code_of_openai_0(wire: Wire) -> None:
    reply = ask()
    message = reply["choices"][0]["message"]
    assert message["content"] == reply.choices[0].message.content == "Hello"
    assert reply["usage"]["total_tokens"] == 10
    assert "tool_calls" not in message
    assert message.get("function_call", "none") == "none"
    assert json.loads(json.dumps(reply.to_dict_recursive()))["id"] == "chatcmpl-1"
    assert dict(reply.items())["object"] == "chat.completion"
    with pytest.raises(KeyError):
        message["tool_calls"]
    embedded: Any = llm_router.embedding("openai/e", "x")
    assert embedded["data"][0]["embedding"] == [0.25, -0.5]
    deltas = [chunk["choices"][0]["delta"] for chunk in ask(stream=True)]
    assert [delta.get("content", "(none)") for delta in deltas] == ["", "Hel", "lo", "(none)"]


@pytest.mark.parametrize("form", ["the object", "model_dump", "to_dict", "exclude_unset"])
def test_a_reply_sent_back_is_what_openai_would_send(form: str, wire: Wire) -> None:
    def conversation(create: Callable[..., Any]) -> Any:
        reply = create(model="gpt-4o", messages=MESSAGES, tools=[{"type": "function"}])
        message = reply.choices[0].message
        forms = {
            "the object": lambda: message,
            "model_dump": message.model_dump,
            "to_dict": message.to_dict,
            "exclude_unset": lambda: message.model_dump(exclude_unset=True),
        }
        result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "20"}
        create(model="gpt-4o", messages=[*MESSAGES, forms[form](), result])
        return wire.take()[1].body

    ours = conversation(functools.partial(llm_router.chat_completion, provider="openai"))
    theirs = conversation(openai.OpenAI().chat.completions.create)
    assert ours == theirs
    assert ours["messages"][1]["tool_calls"][0]["id"] == TOOL_CALL["id"]


def test_ids_of_responses_are_the_servers(wire: Wire) -> None:
    reply = llm_router.responses("openai/gpt-4o", "Hi")
    llm_router.responses_retrieve(reply.id)
    assert [sent.path for sent in wire.take()] == ["/v1/responses", "/v1/responses/resp_1"]
    with llm_router.responses("openai/gpt-4o", "Hi", stream=True) as events:
        assert next(events).model_dump()["response"]["id"] == "resp_1"


def test_a_length_stop_of_a_structured_call_is_openais_error(wire: Wire) -> None:
    body = chat({}).body
    body["choices"][0]["finish_reason"] = "length"
    wire.route = lambda _: Answer(body=body)
    with pytest.raises(llm_router.LengthFinishReasonError):
        llm_router.chat_completion_parse("openai/gpt-4o", MESSAGES, response_format=Weather)


# --- streams ---


def test_a_stream_is_a_context_manager_with_a_response(wire: Wire) -> None:
    with ask(stream=True) as stream:
        assert stream.response.headers["x-request-id"] == "req_1"
        next(stream)
    assert stream.response.is_closed
    other = ask(stream=True)
    assert isinstance(other, litellm.CustomStreamWrapper)
    assert isinstance(other, openai.Stream)
    other.close()
    assert other.response.is_closed


def test_an_asynchronous_stream_is_one_too(wire: Wire) -> None:
    async def run() -> list[bool]:
        stream = await llm_router.achat_completion("openai/gpt-4o", MESSAGES, stream=True)
        async with stream:
            await anext(stream)
        other = await llm_router.achat_completion("openai/gpt-4o", MESSAGES, stream=True)
        assert isinstance(other, openai.AsyncStream)
        await other.close()
        return [stream.response.is_closed, other.response.is_closed]

    assert asyncio.run(run()) == [True, True]


def test_items_arrive_while_the_server_still_sends(wire: Wire) -> None:
    go_on = threading.Event()
    wire.route = lambda sent: Answer(events=_paused(sent, go_on))
    stream = ask(stream=True)
    assert next(stream).choices[0].delta.content == "one"
    go_on.set()
    assert next(stream).choices[0].delta.content == "two"
    assert [chunk.choices[0].finish_reason for chunk in stream] == ["stop"]


def _paused(sent: Sent, go_on: threading.Event) -> Any:
    def events() -> Iterator[Any]:
        head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        for text in ("one", "two"):
            delta = {"index": 0, "delta": {"role": "assistant", "content": text}}
            yield {**head, "choices": [delta]}
            go_on.wait(20)
        yield {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        yield "data: [DONE]\n\n"

    return events()


@pytest.mark.parametrize("function", ["image_generation", "transcription"])
def test_streams_that_litellm_does_not_know(function: str, wire: Wire) -> None:
    events = [{"type": "x.partial", "n": 1}, {"type": "x.completed", "n": 2}]
    wire.route = lambda _: Answer(events=events)
    arguments = {"prompt": "x"} if function == "image_generation" else {"file": ("a.wav", b"RIFF")}
    with getattr(llm_router, function)("openai/gpt-x", stream=True, **arguments) as stream:
        assert [event.type for event in stream] == ["x.partial", "x.completed"]


def test_leaving_a_loop_early_is_quiet(wire: Wire, capfd: pytest.CaptureFixture[str]) -> None:
    async def run() -> None:
        async for _ in await llm_router.achat_completion("openai/gpt-4o", MESSAGES, stream=True):
            break

    for _ in ask(stream=True):
        break
    asyncio.run(run())
    gc.collect()
    assert capfd.readouterr() == ("", "")


@pytest.mark.process
def test_a_program_hears_and_keeps_what_it_did_with_the_sdk(wire: Wire) -> None:
    program = (
        "import gc, logging; logging.basicConfig(level=logging.INFO)\n"
        "from personalvibe import llm_router\n"
        "llm_router.chat_completion('openai/m', [{'role': 'user', 'content': 'Hi'}])\n"
        "print(gc.isenabled())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    name = openai.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0]  # httpx or httpx2
    request = f'INFO:{name}:HTTP Request: POST {wire.url}/chat/completions "HTTP/1.1 200 OK"\n'
    assert (done.stdout, done.stderr) == ("True\n", request)


def test_a_mock_in_place_of_a_method_of_the_sdk_is_asked_and_leaves_no_trace(wire: Wire) -> None:
    def draw() -> Any:
        return llm_router.image_generation("openai/dall-e-2", prompt="a cat", n=1)

    with mock.patch("openai.resources.images.Images.generate", return_value="drawn") as generate:
        assert draw() == "drawn"
    generate.assert_called_once_with(model="dall-e-2", prompt="a cat", n=1)
    assert draw().data
    assert len(wire.take()) == 1


# --- exceptions ---


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("name", ["chat_completion", "responses", "embedding"])
def test_a_refused_connection_is_a_connection_error_and_no_status_error(
    name: str, wire: Wire
) -> None:
    arguments = {"messages": MESSAGES} if name == "chat_completion" else {"input": "x"}
    base = f"http://127.0.0.1:{free_port()}/v1"
    with pytest.raises(llm_router.APIConnectionError) as raised:
        getattr(llm_router, name)("openai/gpt-4o", base_url=base, max_retries=0, **arguments)
    assert isinstance(raised.value, litellm.APIConnectionError)
    assert not isinstance(raised.value, openai.APIStatusError)


@pytest.mark.parametrize("name", ["chat_completion", "responses", "embedding"])
def test_a_dropped_connection_is_tried_as_often_as_openai_does(
    name: str, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openai._base_client.time.sleep", lambda _: None)
    arguments = {"messages": MESSAGES} if name == "chat_completion" else {"input": "x"}
    wire.route = lambda _: Answer(hang_up=True)
    with pytest.raises(llm_router.APIConnectionError):
        getattr(llm_router, name)("openai/gpt-4o", **arguments)
    assert len(wire.take()) == 3


def test_a_timeout_is_a_timeout(wire: Wire) -> None:
    never = threading.Event()
    wire.route = lambda _: Answer(hang_up=True, wait=never)
    with pytest.raises(llm_router.APITimeoutError) as raised:
        ask(timeout=0.2, max_retries=0)
    never.set()
    assert isinstance(raised.value, (litellm.Timeout, openai.APIConnectionError))


def test_litellms_kinds_stay_beside_openais(wire: Wire) -> None:
    wire.route = lambda _: Answer(status=503, body={"error": {"message": "busy"}})
    with pytest.raises(litellm.ServiceUnavailableError) as raised:
        ask(max_retries=0)
    assert isinstance(raised.value, openai.InternalServerError)
    message = "This model's maximum context length is 10 tokens"
    error = {"message": message, "code": "context_length_exceeded"}
    wire.route = lambda _: Answer(status=400, body={"error": error})
    with pytest.raises(litellm.ContextWindowExceededError) as exceeded:
        ask()
    assert exceeded.value.code == "context_length_exceeded"


def test_an_error_prints_nothing(wire: Wire, capfd: pytest.CaptureFixture[str]) -> None:
    wire.route = lambda _: Answer(status=400, body={"error": {"message": "no"}})
    with pytest.raises(llm_router.BadRequestError):
        ask()
    with pytest.raises(llm_router.BadRequestError):
        asyncio.run(llm_router.achat_completion("openai/gpt-4o", MESSAGES))
    assert capfd.readouterr() == ("", "")


def test_errors_have_the_members_of_openai_1(wire: Wire) -> None:
    body = {"message": "no", "type": "t", "param": "p", "code": "c"}
    wire.route = lambda _: Answer(status=400, body={"error": body})
    with pytest.raises(llm_router.BadRequestError) as raised:
        ask()
    error: Any = raised.value
    assert (error.status_code, error.code, error.param, error.type) == (400, "c", "p", "t")
    assert (error.body, error.request_id) == (body, "req_1")
    assert error.response.json() == {"error": body}
    with pytest.raises(openai.BadRequestError) as by_the_sdk:
        openai.OpenAI().chat.completions.create(model="m", messages=[])
    assert str(error) == error.message == str(by_the_sdk.value)


def test_a_failed_connection_names_its_cause(wire: Wire) -> None:
    wire.route = lambda _: Answer(hang_up=True)
    with pytest.raises(llm_router.APIConnectionError) as raised:
        ask(max_retries=0)
    assert type(raised.value.__cause__).__name__ == "RemoteProtocolError"
    assert str(raised.value.request.url) == f"{wire.url}/chat/completions"
    assert str(raised.value) == "Connection error."
    assert not hasattr(raised.value, "status_code")


def test_a_connection_cut_in_a_stream_raises_what_the_sdk_raises(wire: Wire) -> None:
    wire.route = lambda _: Answer(events=[*chat_chunk("one"), "data: {"])
    kinds = []
    theirs = openai.OpenAI().chat.completions.create(model="m", messages=MESSAGES, stream=True)
    streams: Any = (ask(stream=True), theirs)
    for stream in streams:
        assert next(stream).choices[0].delta.content == "one"
        with pytest.raises(Exception) as raised:  # noqa: PT011
            next(stream)
        kinds.append(type(raised.value))
    assert kinds[0] is kinds[1]


@pytest.mark.parametrize("body", [{"error": {"message": "no credits"}}, {}], ids=str)
def test_a_reply_that_only_litellm_cannot_read_is_the_programs(wire: Wire, body: Any) -> None:
    wire.route = lambda _: Answer(body=body)
    reply = ask()
    assert reply.choices is None
    assert reply.to_dict() == body
    assert asyncio.run(llm_router.achat_completion("openai/m", MESSAGES)).to_dict() == body


def test_an_event_that_only_litellm_cannot_read_is_the_programs(wire: Wire) -> None:
    events = [
        {"type": "error", "message": "boom", "code": "c", "param": None, "sequence_number": 0},
        {"type": "response.in_progress", "response": {"id": "r"}, "sequence_number": 1},
    ]
    wire.route = lambda _: Answer(events=events)
    arguments: dict[str, Any] = {"model": "openai/m", "input": "x", "stream": True}
    kinds = [event.type for event in llm_router.responses(**arguments)]

    async def collect() -> list[str]:
        return [event.type async for event in await llm_router.aresponses(**arguments)]

    assert kinds == asyncio.run(collect()) == ["error", "response.in_progress"]


def test_a_client_reads_as_openais(wire: Wire) -> None:
    mine, theirs = llm_router.Client(), openai.OpenAI()
    assert (mine.timeout, mine.max_retries) == (theirs.timeout, theirs.max_retries)
    mine.timeout = 7
    assert mine.timeout == 7
    assert mine.with_options(max_retries=4).max_retries == 4
    mine.embedding("openai/m", "x")
    assert wire.take()[0].headers["x-stainless-read-timeout"] == "7"


def test_ollama_is_sent_no_ids_of_calls_whatever_the_litellm(wire: Wire) -> None:
    wire.route = lambda _: Answer(body={"message": {"content": "Rain"}, "done": True})
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    asked = [
        *MESSAGES,
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "rain"},
    ]
    before = copy.deepcopy(asked)
    llm_router.chat_completion("ollama_chat/llama3.1", asked, api_base=wire.origin)
    (sent,) = [one for one in wire.take() if one.path == "/api/chat"]
    (sent_call,) = json.loads(sent.body)["messages"][1]["tool_calls"]
    assert "id" not in sent_call
    assert sent_call["function"]["name"] == "weather"
    assert asked == before


# --- as openai 0.28 ---


OLD_REPLY = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "choices": [{"message": {"role": "assistant", "content": "Hello"}, "index": 0}],
    "usage": {"total_tokens": 3},
}


def test_a_reply_of_0_28_is_a_dictionary_that_prints_as_json(wire: Wire) -> None:
    wire.route = lambda _: Answer(body=OLD_REPLY, headers={"openai-processing-ms": "12"})
    reply = ask(legacy=True)
    assert reply == OLD_REPLY
    assert isinstance(reply, dict)
    assert isinstance(reply, llm_router.OpenAIObject)
    assert str(reply) == json.dumps(OLD_REPLY, indent=2)
    assert json.dumps(reply) == json.dumps(OLD_REPLY)
    assert repr(reply.choices[0].message).endswith(f"JSON: {reply['choices'][0]['message']}")
    assert type(reply.to_dict_recursive()["choices"][0]) is dict
    assert (reply.response_ms, reply.organization) == (12, None)
    assert not hasattr(reply.choices[0].message, "function_call")
    assert pickle.loads(pickle.dumps(reply)) == copy.deepcopy(reply) == reply
    reply.choices[0].message.content = "mine"
    assert reply["choices"][0]["message"]["content"] == "mine"


def test_the_setting_holds_for_the_modules_functions_only(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llm_router, "legacy", True)
    wire.answers = [Answer(status=500, headers=QUICKLY, body={}), Answer(body=OLD_REPLY)]
    with pytest.raises(llm_router.InternalServerError):
        ask()
    assert len(wire.take()) == 1
    assert isinstance(ask(), dict)
    assert isinstance(asyncio.run(llm_router.achat_completion("openai/m", MESSAGES)), dict)
    assert isinstance(ask(mock_response="x"), dict)
    reply: Any = llm_router.embedding("openai/m", ["a"])
    vectors = reply["data"][0]["embedding"]
    assert isinstance(vectors[0], float)
    client = llm_router.Client()
    assert client.chat_completion("openai/m", MESSAGES).model_dump()["id"]


def test_chunks_of_0_28_are_what_the_server_sent(wire: Wire) -> None:
    sent = [{"id": "1", "object": "chunk", "choices": [{"delta": {"content": t}, "index": 0}]}
            for t in "ab"]  # fmt: skip
    wire.route = lambda _: Answer(events=[*sent, "data: [DONE]\n\n"])
    assert [str(c) for c in ask(stream=True, legacy=True)] == [
        json.dumps(c, indent=2) for c in sent
    ]


def test_errors_have_the_members_of_openai_0_28(wire: Wire) -> None:
    body = {"message": "no", "type": "t", "param": "p", "code": "c"}
    wire.route = lambda _: Answer(status=400, body={"error": body})
    with pytest.raises(llm_router.BadRequestError) as raised:
        ask(legacy=True)
    error: Any = raised.value
    assert (error.http_status, error.json_body) == (400, {"error": body})
    assert str(error) == error.user_message == error.error.message == "no"


def test_errors_are_made_by_hand_as_in_0_28() -> None:
    made: Any = llm_router.legacy_error(llm_router.RateLimitError, "slow down", http_status=429)
    with pytest.raises(llm_router.RateLimitError, match="slow down") as raised:
        raise made
    assert (made.http_status, made.user_message, made.headers) == (429, "slow down", {})
    assert raised.value.response is None
    assert str(llm_router.legacy_error(llm_router.APIError)) == "<empty message>"


def test_errors_are_derived_from_as_in_0_28() -> None:
    base: Any = llm_router.legacy_base(llm_router.RateLimitError)

    class Busy(base):  # type: ignore[misc]
        def __init__(self, message: str, wait: int) -> None:
            super().__init__(message, http_status=429)
            self.wait = wait

    with pytest.raises(llm_router.RateLimitError, match="slow down") as raised:
        raise Busy("slow down", wait=3)
    error: Any = raised.value
    assert (error.http_status, error.user_message, error.wait) == (429, "slow down", 3)
    assert llm_router.legacy_base(llm_router.RateLimitError) is base
    assert str(llm_router.legacy_base(llm_router.BadRequestError)("no", param="n")) == "no"


def test_an_overloaded_server_was_a_class_of_its_own_in_0_28(wire: Wire) -> None:
    wire.route = lambda _: Answer(status=503, body={"error": {"message": "busy"}})
    with pytest.raises(llm_router.ServiceUnavailableError) as raised:
        ask(legacy=True)
    assert not isinstance(raised.value, llm_router.InternalServerError)


def test_an_error_in_the_middle_of_a_stream(wire: Wire) -> None:
    error = 'data: {"error": {"message": "overloaded", "code": "busy"}}\n\n'
    wire.route = lambda _: Answer(events=[*chat_chunk("one"), error])
    stream = ask(stream=True)
    assert next(stream).choices[0].delta.content == "one"
    with pytest.raises(llm_router.APIError, match="overloaded"):
        next(stream)


def chat_chunk(text: str) -> list[Any]:
    choice = {"index": 0, "delta": {"role": "assistant", "content": text}}
    return [
        {
            "id": "c",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "m",
            "choices": [choice],
        }
    ]


@pytest.mark.parametrize(
    "name",
    ["RateLimitError", "APIError", "APIConnectionError", "APITimeoutError", "APIStatusError",
     "AuthenticationError", "BadRequestError", "NotFoundError", "PermissionDeniedError",
     "UnprocessableEntityError", "ConflictError", "InternalServerError", "OpenAIError",
     "APIResponseValidationError", "LengthFinishReasonError", "ContentFilterFinishReasonError"],
)  # fmt: skip
def test_exceptions_go_by_openais_names(name: str) -> None:
    kind = getattr(llm_router, name)
    assert kind is getattr(openai, name)
    ours = getattr(litellm, name, None)
    assert ours is None or issubclass(ours, kind)


@pytest.mark.parametrize(
    "name", ["ModelResponse", "ModelResponseStream", "EmbeddingResponse", "NOT_GIVEN", "Message",
             "CustomStreamWrapper", "token_counter", "completion_cost", "ServiceUnavailableError"]
)  # fmt: skip
def test_types_and_helpers_come_by_name(name: str) -> None:
    assert getattr(llm_router, name) is not None


def test_timeout_is_litellms_exception_and_unknown_names_are_errors() -> None:
    assert llm_router.Timeout is litellm.Timeout
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = llm_router.Nonsense
