"""What is not asked of a model, of the router's clients: as the SDK's own client asks it.

Each case is made with the SDK's own client and with the router's, of the same settings; what
arrives at a server must be the same, and so must what the program sees.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import openai  # noqa: TID251  # what the router's clients are compared with
import pytest

from personalvibe import llm_router

from .wire import Answer, Sent, Wire, answer

SETTINGS: dict[str, Any] = {
    "api_key": "sk-test",
    "organization": "org-1",
    "default_headers": {"X-Default": "1"},
    "default_query": {"tenant": "t"},
    "max_retries": 1,
    "timeout": 7,
}
MESSAGES: Any = [{"role": "user", "content": "Hi"}]
LISTED = {"object": "list", "data": [{"id": "x-1", "object": "x"}], "has_more": False}

Asked = Callable[[Any], Any]
CLOSED = (openai.APIConnectionError, RuntimeError)  # of openai 2 and of openai 3


def raw(client: Any) -> Any:
    return client.chat.completions.with_raw_response.create(model="m", messages=MESSAGES)


ASKED: dict[str, Asked] = {
    "models": lambda client: client.models.list(),
    "model": lambda client: client.models.retrieve("gpt-4o"),
    "files": lambda client: client.files.create(file=("a.jsonl", b"{}"), purpose="batch"),
    "batches": lambda client: client.batches.retrieve("batch_1"),
    "fine-tuning": lambda client: client.fine_tuning.jobs.create(
        model="gpt-4o", training_file="file-1"
    ),
    "vector stores": lambda client: client.vector_stores.create(name="v"),
    "assistants": lambda client: client.beta.assistants.create(model="gpt-4o", name="a"),
    "threads": lambda client: client.beta.threads.messages.create(
        "thread_1", role="user", content="Hi"
    ),
    "stored completions": lambda client: client.chat.completions.list(),
    "input items": lambda client: client.responses.input_items.list("resp_1"),
    "raw response": raw,
    "raw response of all": lambda client: client.with_raw_response.models.list(),
    "get": lambda client: client.get("/models", cast_to=object),
    "post": lambda client: client.post("/own", cast_to=object, body={"a": 1}),
    "options": lambda client: client.with_options(timeout=3).files.list(),
}


@pytest.fixture
def wire(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Wire:
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.delenv("OPENAI_BASE_URL")
    wire.route = listed
    return wire


def listed(sent: Sent) -> Answer:
    chat = sent.method == "POST" and sent.path.endswith("/chat/completions")
    return answer(sent) if chat else Answer(body=LISTED)


def essence(sent: Sent) -> tuple[Any, ...]:
    named = {"authorization", "api-key", "x-default"}
    kept = {
        k: v
        for k, v in sent.headers.items()
        if k in named or k.startswith(("x-stainless", "openai-"))
    }
    kept.pop("x-stainless-raw-response", None)  # LiteLLM reads the headers of replies
    return sent.method, sent.path, sent.query, kept, sent.body


def test_the_address_can_be_changed(wire: Wire) -> None:
    client = llm_router.Client(api_key="sk")
    assert str(client.base_url) == str(openai.OpenAI(api_key="sk").base_url)
    client.base_url = wire.url
    client.models.list()
    client.chat.completions.create(model="m", messages=MESSAGES)
    assert len(wire.take()) == 2
    other = llm_router.Client(provider="groq", api_key="gsk", base_url="http://x")
    assert other.base_url == "http://x"


@pytest.mark.parametrize("given", [SETTINGS, {"api_key": "sk"}], ids=["given", "defaults"])
@pytest.mark.parametrize("kinds", ["OpenAI Client", "AsyncOpenAI AsyncClient"])
def test_settings_read_as_the_sdks(wire: Wire, kinds: str, given: dict[str, Any]) -> None:
    theirs, ours = kinds.split()
    sdk, client = getattr(openai, theirs)(**given), getattr(llm_router, ours)(**given)
    read = ["api_key", "organization", "project", "timeout", "max_retries", "default_query"]
    read += ("auth_headers", "user_agent", "custom_auth")
    for name in read:
        assert getattr(client, name) == getattr(sdk, name), name
    own, expected = client.default_headers, sdk.default_headers
    assert own.keys() == expected.keys()
    assert all(own[k] == v for k, v in expected.items() if isinstance(v, str))


def test_the_default_headers_can_be_changed(wire: Wire) -> None:
    client = llm_router.Client(api_key="sk", base_url=wire.url, default_headers={"X-One": "1"})
    client.default_headers = {"X-Two": "2"}
    client.default_query = {"q": "1"}
    client.models.list()
    client.chat.completions.create(model="m", messages=MESSAGES)
    for sent in wire.take():
        assert "x-one" not in sent.headers
        assert (sent.headers["x-two"], sent.query) == ("2", {"q": "1"})
    other = llm_router.Client(provider="groq", api_key="gsk", default_headers={"X-One": "1"})
    assert other.default_headers == {"X-One": "1"}


@pytest.mark.parametrize("missing", ["a key", "an Azure key"])
def test_a_client_without_credentials_is_refused_when_it_is_made(wire: Wire, missing: str) -> None:
    azure = {"azure_endpoint": wire.origin, "api_version": "2024-10-21"}
    settings: dict[str, Any] = azure if missing == "an Azure key" else {}
    with pytest.raises(openai.OpenAIError) as theirs:
        (openai.AzureOpenAI if settings else openai.OpenAI)(**settings)
    with pytest.raises(llm_router.OpenAIError) as ours:
        llm_router.Client(**settings)
    assert str(theirs.value) in str(ours.value)
    with pytest.raises(llm_router.OpenAIError):
        llm_router.AsyncClient(**settings)


def test_what_programs_read_of_an_azure_client(wire: Wire) -> None:
    settings: dict[str, Any] = {"azure_endpoint": wire.origin, "api_version": "2024-10-21"}
    ours = llm_router.Client(**settings, api_key="sk")
    theirs = openai.AzureOpenAI(**settings, api_key="sk")
    for name in ("_api_version", "_azure_endpoint", "_azure_deployment", "_base_url", "base_url"):
        assert getattr(ours, name) == getattr(theirs, name)


def settled(asked: Asked, client: Any) -> str:
    """What a program sees of the reply, as text."""
    result = asked(client)
    if inspect.isawaitable(result):
        result = wait(result)
    if hasattr(result, "parse"):
        result = result.parse()
    return repr(result)


def wait(result: Any) -> Any:
    return LOOP.run_until_complete(result)


LOOP = asyncio.new_event_loop()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the SDK's, of assistants
@pytest.mark.parametrize("azure", [False, True], ids=["openai", "azure"])
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("name", ASKED)
def test_the_sdks_own_client_answers(
    name: str, asynchronous: bool, azure: bool, wire: Wire
) -> None:
    where = (
        {"azure_endpoint": wire.origin, "api_version": "2024-10-21"}
        if azure
        else {"base_url": wire.url}
    )
    kind = f"{'Async' if asynchronous else ''}{'Azure' if azure else ''}OpenAI"
    expected = settled(ASKED[name], getattr(openai, kind)(**SETTINGS, **where))
    theirs = [essence(sent) for sent in wire.take()]
    ours = llm_router.AsyncClient if asynchronous else llm_router.Client
    assert settled(ASKED[name], ours(**SETTINGS, **where)) == expected
    assert [essence(sent) for sent in wire.take()] == theirs
    assert theirs


def test_the_environment_is_the_one_of_when_the_client_was_made(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-then")
    monkeypatch.setenv("OPENAI_BASE_URL", wire.url)
    client = llm_router.Client()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-now")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1")
    client.models.list()
    assert wire.take()[0].headers["authorization"] == "Bearer sk-then"


def test_settings_changed_later_hold(wire: Wire) -> None:
    client = llm_router.Client(api_key="sk-1", base_url=wire.url)
    first = client.models
    client.models.list()
    client.api_key = "sk-2"
    client.models.list()
    first.list()
    keys = [sent.headers["authorization"] for sent in wire.take()]
    assert keys == ["Bearer sk-1", "Bearer sk-2", "Bearer sk-2"]


def test_one_connection_is_kept_and_closed_with_the_client(wire: Wire) -> None:
    with openai.DefaultHttpxClient() as own:
        with llm_router.Client(api_key="sk", base_url=wire.url, http_client=own) as client:
            assert not client.is_closed()
            client.models.list()
            assert client.models is client.models
        assert own.is_closed
        assert client.is_closed()
    client = llm_router.Client(api_key="sk", base_url=wire.url)
    models = client.models
    models.list()
    client.close()
    with pytest.raises(CLOSED):
        models.list()


def test_an_asynchronous_client_closes_it_too(wire: Wire) -> None:
    async def run() -> None:
        async with llm_router.AsyncClient(api_key="sk", base_url=wire.url) as client:
            models = client.models
            assert [model.id async for model in models.list()] == ["x-1"]
        assert client.is_closed()
        with pytest.raises(CLOSED):
            await models.list()

    asyncio.run(run())


def test_another_provider_has_no_sdk_of_openai(wire: Wire) -> None:
    client = llm_router.Client(provider="groq", api_key="gsk")
    with pytest.raises(AttributeError, match="'models' of a client of groq"):
        _ = client.models
    with pytest.raises(AttributeError, match=r"chat\.completions\.list"):
        _ = client.chat.completions.list


def test_what_the_sdk_lacks_is_missing(wire: Wire) -> None:
    client = llm_router.Client(api_key="sk", base_url=wire.url)
    with pytest.raises(AttributeError, match="no_such"):
        _ = client.no_such
    with pytest.raises(AttributeError, match="no_such"):
        _ = client.chat.completions.no_such  # type: ignore[attr-defined]
    assert not hasattr(client, "_repr_html_")
