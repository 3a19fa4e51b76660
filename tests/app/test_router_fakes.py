"""Tests for the openai SDK replace parts of it: their fakes are what is called."""

from __future__ import annotations

import asyncio
import inspect
import pickle
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, MagicMock, Mock, patch

import openai  # noqa: TID251  # what the fakes stand for
import pytest

from personalvibe import llm_router

from .wire import Wire

MESSAGES: Any = [{"role": "user", "content": "Hi"}]

# The router's method, openai's spelling, and arguments.
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat_completion": ("chat.completions.create", {"messages": MESSAGES}),
    "chat_completion_parse": ("chat.completions.parse", {"messages": MESSAGES}),
    "chat_completion_stream": ("chat.completions.stream", {"messages": MESSAGES}),
    "text_completion": ("completions.create", {"prompt": "x"}),
    "embedding": ("embeddings.create", {"input": ["x"]}),
    "responses": ("responses.create", {"input": "x"}),
    "responses_parse": ("responses.parse", {"input": "x"}),
    "image_generation": ("images.generate", {"prompt": "x"}),
    "transcription": ("audio.transcriptions.create", {"file": b"x"}),
    "speech": ("audio.speech.create", {"input": "x", "voice": "alloy"}),
    "moderation": ("moderations.create", {"input": "x"}),
}


def at(holder: Any, path: str) -> Any:
    for part in path.split("."):
        holder = getattr(holder, part)
    return holder


def asked(client: Any, name: str, arguments: dict[str, Any]) -> Any:
    """The reply to the router's own method, of either kind of client."""
    if isinstance(client, llm_router.Client):
        return getattr(client, name)(**arguments)

    async def ask() -> Any:
        reply = getattr(client, f"a{name}")(**arguments)
        return await reply if inspect.isawaitable(reply) else reply

    return asyncio.run(ask())


def by_assignment(client: Any, path: str, fake: Any) -> None:
    place, _, method = path.rpartition(".")
    setattr(at(client, place), method, fake)


def by_a_part(client: Any, path: str, fake: Any) -> None:
    """``client.chat.completions = SimpleNamespace(create=fake)``"""
    place, _, method = path.rpartition(".")
    holder, _, part = place.rpartition(".")
    setattr(at(client, holder) if holder else client, part, SimpleNamespace(**{method: fake}))


def by_the_first_part(client: Any, path: str, fake: Any) -> None:
    head, *parts = path.split(".")
    for part in reversed(parts):
        fake = SimpleNamespace(**{part: fake})
    setattr(client, head, fake)


@pytest.mark.parametrize("kind", [llm_router.Client, llm_router.AsyncClient])
@pytest.mark.parametrize("replace", [by_assignment, by_a_part, by_the_first_part])
@pytest.mark.parametrize("name", CALLS)
def test_a_clients_methods_call_what_stands_in_the_sdks_place(
    name: str, replace: Callable[..., None], kind: Any, wire: Wire
) -> None:
    path, arguments = CALLS[name]
    if name == "responses" and kind is llm_router.Client and replace is not by_assignment:
        pytest.skip("`client.responses` is the fake itself then")
    client = kind()
    is_async = kind is llm_router.AsyncClient and not path.endswith(".stream")
    fake = AsyncMock(return_value="faked") if is_async else Mock(return_value="faked")
    replace(client, path, fake)
    assert asked(client, name, {"model": "openai/org/m", **arguments}) == "faked"
    assert asked(client, name, {"model": "m", "provider": "openai", **arguments}) == "faked"
    assert [call.kwargs for call in fake.call_args_list] == [
        {"model": "org/m", **arguments},
        {"model": "m", **arguments},
    ]
    assert wire.take() == []


def test_the_ways_to_patch_end_as_they_began(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    client: Any = llm_router.Client(provider="openai")
    ask = lambda: client.chat_completion("m", MESSAGES)  # noqa: E731
    with patch.object(client.chat.completions, "create", return_value="faked"):
        assert ask() == "faked"
    with patch.object(type(client.chat.completions), "create", lambda self, **_: "faked"):
        assert ask() == "faked"
    # Last, because pytest 8 puts the method of the class back on the object.
    with monkeypatch.context() as patched:
        patched.setattr(client.chat.completions, "create", lambda **_: "faked")
        assert ask() == client.chat.completions.create() == "faked"
    assert wire.take() == []
    assert ask().choices[0].message.content == "Hello"
    assert client.chat.completions.create(model="m", messages=MESSAGES).id == "chatcmpl-1"
    assert len(wire.take()) == 2


def test_a_wrapper_around_the_method_sends_once_through_litellm(wire: Wire) -> None:
    client: Any = llm_router.Client(provider="openai")
    seen = []
    real = client.chat.completions.create

    def traced(**arguments: Any) -> Any:
        seen.append(arguments["model"])
        return real(**arguments)

    client.chat.completions.create = traced
    reply = client.chat_completion("m", MESSAGES)
    assert isinstance(reply, llm_router.ModelResponse)
    assert seen == ["m"]
    assert len(wire.take()) == 1


def _with_another_key(client: llm_router.Client) -> None:
    client.api_key = "sk-2"
    client.files.list()


@pytest.mark.parametrize(
    ("path", "fake", "use"),
    {
        "stream": (
            "chat.completions.create",
            Mock(return_value=MagicMock()),
            lambda client: client.chat_completion_stream("openai/m", MESSAGES).__enter__(),
        ),
        "raw response": (
            "chat.completions.create",
            Mock(),
            lambda client: client.chat.completions.with_raw_response.create(model="m", messages=[]),
        ),
        "speech that streams": (
            "audio.speech.create",
            Mock(return_value=MagicMock()),
            lambda client: client.speech_stream(
                model="openai/m", input="x", voice="alloy"
            ).__enter__(),
        ),
        "files": ("files.list", Mock(), lambda client: client.files.list()),
        "another key": (
            "files.list",
            Mock(),
            _with_another_key,
        ),
        "beta": (
            "beta.threads.create",
            Mock(),
            lambda client: client.beta.threads.create(),
        ),
        "a whole part": ("files", MagicMock(), lambda client: client.files.list()),
        "post": ("post", Mock(), lambda client: client.post("/x", cast_to=object)),
    }.values(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_helpers_and_other_parts_call_is_the_fake_too(
    path: str, fake: Any, use: Callable[[Any], Any], wire: Wire
) -> None:
    client = llm_router.Client()
    holder, _, name = path.rpartition(".")
    with patch.object(at(client, holder) if holder else client, name, fake):
        use(client)
    assert fake.mock_calls
    assert wire.take() == []


def test_a_fake_of_an_asynchronous_client_holds_in_any_event_loop(wire: Wire) -> None:
    client: Any = llm_router.AsyncClient()
    client.files.retrieve = AsyncMock(return_value="faked")
    client.embeddings.create = AsyncMock(return_value="faked")

    async def use() -> list[Any]:
        return [await client.files.retrieve("f"), await client.aembedding("openai/m", "x")]

    assert [asyncio.run(use()) for _ in range(2)] == [["faked"] * 2] * 2
    assert wire.take() == []


@pytest.mark.parametrize("kind", [llm_router.Client, llm_router.AsyncClient])
def test_a_part_of_a_client_is_one_object(kind: Any, wire: Wire) -> None:
    client = kind()
    parts = ["chat", "chat.completions", "embeddings", "responses", "audio.speech", "beta.chat",
             "files", "beta.threads", "vector_stores"]  # fmt: skip
    for path in parts:
        assert at(client, path) is at(client, path), path
        assert at(kind(), path) is not at(client, path), path
        assert at(client.with_options(timeout=3), path) is not at(client, path), path
    create = client.chat.completions.create
    assert create == client.chat.completions.create
    assert (create.__name__, create.__self__) == ("create", client.chat.completions)
    assert inspect.iscoroutinefunction(create) is (kind is llm_router.AsyncClient)


# --- the module's functions ---


@pytest.mark.parametrize("name", ["chat_completion", "embedding", "image_generation", "moderation"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_fake_of_the_packages_function_is_called(
    name: str, depth: int, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, arguments = CALLS[name]
    parts = path.split(".")
    if depth > len(parts):
        pytest.skip("not that deep")
    fake = Mock()
    with monkeypatch.context() as patched:
        replaced = f"openai.{'.'.join(parts[:depth])}"
        patched.setattr(replaced, fake)
        getattr(llm_router, name)(f"openai/m", **arguments)  # noqa: F541
        getattr(llm_router.of("openai"), name)(model="m", **arguments)
    calls = at(fake, ".".join(parts[depth:])) if parts[depth:] else fake
    assert [call.kwargs for call in calls.call_args_list] == [{"model": "m", **arguments}] * 2
    assert wire.take() == []
    getattr(llm_router, name)("openai/m", **arguments)
    assert len(wire.take()) == 1


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("ChatCompletion", "chat_completion"),
        ("ChatCompletion.create", "chat_completion"),
        ("ChatCompletion.acreate", "achat_completion"),
        ("Completion.create", "text_completion"),
        ("Embedding", "aembedding"),
        ("Embedding.create", "embedding"),
        ("Image.create", "image_generation"),
        ("Moderation.create", "moderation"),
    ],
)
def test_a_fake_of_028s_function_is_called(
    target: str, name: str, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = {**CALLS[name.removeprefix("a")][1], "model": "m", "api_key": "sk-own"}
    fake = AsyncMock() if name.startswith("a") else Mock()
    whole = SimpleNamespace(create=fake, acreate=fake)
    with monkeypatch.context() as patched:
        patched.setattr(f"openai.{target}", fake if "." in target else whole)
        patched.setattr(llm_router, "legacy", True)
        reply = getattr(llm_router.of("openai"), name)(**arguments)
        if inspect.isawaitable(reply):
            asyncio.run(reply)  # type: ignore[arg-type]
        assert fake.call_args.kwargs == arguments
        assert wire.take() == []
    with monkeypatch.context() as patched:
        patched.setattr(llm_router, "legacy", True)
        reply = getattr(llm_router.of("openai"), name)(**arguments)
        if inspect.isawaitable(reply):
            asyncio.run(reply)  # type: ignore[arg-type]
        assert len(wire.take()) == 1


# --- a function as a value ---


@pytest.mark.parametrize("name", ["chat_completion", "achat_completion", "responses", "aembedding",
                                  "achat_completion_stream"])  # fmt: skip
@pytest.mark.parametrize("given", [{}, {"legacy": True}])
def test_a_function_with_its_provider_is_one_object(name: str, given: dict[str, Any]) -> None:
    function = getattr(llm_router.of("openai", **given), name)
    again = getattr(llm_router.of("openai", **given), name)
    assert function is again
    assert function == again
    assert {function: 1}[again] == 1
    assert function != getattr(llm_router.of("azure", **given), name)
    original = getattr(llm_router, name)
    for attribute in ("__name__", "__qualname__", "__doc__", "__module__"):
        assert getattr(function, attribute) == getattr(original, attribute)
    assert inspect.signature(function) == inspect.signature(original)
    assert inspect.iscoroutinefunction(function) == inspect.iscoroutinefunction(original)
    assert pickle.loads(pickle.dumps(function)) is function


def test_a_function_with_its_provider_calls_what_replaced_the_routers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    function = llm_router.of("openai").chat_completion
    fake = Mock()
    monkeypatch.setattr(llm_router, "chat_completion", fake)
    function("m", MESSAGES)
    fake.assert_called_once_with("m", MESSAGES, provider="openai")


def test_the_router_has_no_function_of_any_other_name() -> None:
    with pytest.raises(AttributeError, match="the router has no function 'completion'"):
        _ = llm_router.of("openai").completion  # type: ignore[attr-defined]


# --- what a client is ---

AZURE = {"azure_endpoint": "http://127.0.0.1:9", "api_version": "1"}
KINDS: dict[str, tuple[Any, dict[str, Any], type, str]] = {
    "sync": (llm_router.Client, {}, openai.OpenAI, "OpenAI"),
    "async": (llm_router.AsyncClient, {}, openai.AsyncOpenAI, "AsyncOpenAI"),
    "azure": (llm_router.AzureClient, AZURE, openai.AzureOpenAI, "AzureOpenAI"),
    "azure by provider": (
        llm_router.Client,
        {"provider": "azure", **AZURE},
        openai.AzureOpenAI,
        "AzureOpenAI",
    ),
    "async azure": (
        llm_router.AsyncAzureClient,
        AZURE,
        openai.AsyncAzureOpenAI,
        "AsyncAzureOpenAI",
    ),
}


@pytest.mark.parametrize("case", KINDS)
def test_a_client_is_an_instance_of_the_sdks_class(case: str) -> None:
    make, settings, kind, name = KINDS[case]

    class Team(make):  # type: ignore[misc, valid-type]  # the class is chosen at run time
        def __init__(self, team: str = "a", **more: Any) -> None:
            super().__init__(api_key="sk", **{**settings, **more})
            self.team = team

    for client in (make(api_key="sk", **settings), Team()):
        assert isinstance(client, kind)
        assert isinstance(client, make)
        sdks = {openai.OpenAI, openai.AsyncOpenAI, openai.AzureOpenAI, openai.AsyncAzureOpenAI}
        assert {one for one in sdks if isinstance(client, one)} == sdks & set(kind.__mro__)
        copy = client.__class__(
            **({} if isinstance(client, Team) else {"api_key": "2", **settings})
        )
        assert type(copy) is type(client)
    assert type(make(api_key="sk", **settings)).__name__ == name
    assert Team().__class__.__name__ == type(Team()).__name__ == "Team"
    match make(api_key="sk", **settings):
        case openai.AzureOpenAI() | openai.AsyncAzureOpenAI():
            matched = "azure"
        case _:
            matched = "openai"
    assert (matched == "azure") is ("azure" in case)


def test_a_client_of_another_provider_is_none_of_the_sdks() -> None:
    assert not isinstance(llm_router.Client(provider="groq", api_key="k"), openai.OpenAI)


@pytest.mark.parametrize(
    "name",
    ["_base_url", "_custom_headers", "_custom_query", "_version", "_strict_response_validation",
     "_idempotency_header", "_platform", "api_key", "base_url", "max_retries", "timeout",
     "organization", "auth_headers", "user_agent", "websocket_base_url"],
)  # fmt: skip
@pytest.mark.parametrize("strict", [True, False])
def test_members_of_a_client_read_as_the_sdks(name: str, strict: bool, wire: Wire) -> None:
    settings: dict[str, Any] = {
        "default_headers": {"X-Team": "a"},
        "default_query": {"q": "1"},
        "_strict_response_validation": strict,
    }
    with openai.OpenAI(**settings) as theirs, llm_router.Client(**settings) as ours:
        assert getattr(ours, name) == getattr(theirs, name)


def test_the_http_client_is_the_one_that_sends(wire: Wire) -> None:
    with openai.DefaultHttpxClient() as own, llm_router.Client(http_client=own) as client:
        assert client._client is own
    with llm_router.Client() as client:
        seen = []
        client._client.event_hooks = {"request": [lambda request: seen.append(request.url.path)]}
        client.chat_completion("openai/m", MESSAGES)
    assert seen == ["/v1/chat/completions"]


def test_an_object_made_without_init_has_the_fakes_that_it_is_given(wire: Wire) -> None:
    client: Any = llm_router.Client.__new__(llm_router.Client)
    client.chat = SimpleNamespace(completions=SimpleNamespace(create=Mock(return_value="faked")))
    assert client.chat_completion("openai/m", MESSAGES) == "faked"
    with pytest.raises(AttributeError, match="_connections"):
        client.embedding("openai/m", "x")
    assert wire.take() == []


@pytest.mark.parametrize("name", ["_no_such_member", "__deepcopy__", "no_such_member"])
def test_what_neither_has_is_missing(name: str) -> None:
    with pytest.raises(AttributeError, match=name):
        getattr(llm_router.Client(api_key="sk"), name)
