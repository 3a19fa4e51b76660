"""LiteLLM's Router (model groups, fallbacks, cooldowns, budgets) behind the router's functions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import openai  # noqa: TID251  # whose clauses catch what comes
import pydantic
import pytest

from personalvibe import llm_router

from .wire import Answer, Sent, Wire, answer, loaded_litellm

litellm = loaded_litellm()
MESSAGES: Any = [{"role": "user", "content": "Hi"}]


def broken_first(sent: Sent) -> Answer:
    if sent.body["model"] == "broken":
        return Answer(status=500, body={"error": {"message": "down"}})
    return answer(sent)


@pytest.fixture
def router(wire: Wire) -> Iterator[Any]:
    """The group "fast" is broken and falls back on "safe"."""
    models = {"fast": "openai/broken", "safe": "openai/m", "openai/whole": "openai/w"}
    entry = {"api_key": "sk-group", "api_base": wire.url, "max_retries": 0}
    yield litellm.Router(
        model_list=[
            {"model_name": name, "litellm_params": {"model": model, **entry}}
            for name, model in models.items()
        ],
        fallbacks=[{"fast": ["safe"]}],
        num_retries=0,
        model_group_alias={"alias": "safe"},
    )
    wire.route = answer


@pytest.fixture
def everywhere(router: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llm_router, "router", router)


def models(wire: Wire) -> list[str]:
    return [sent["model"] for sent in wire.take()]


@pytest.mark.usefixtures("everywhere")
@pytest.mark.parametrize(
    "arguments",
    [{"model": "fast"}, {"model": "fast", "provider": "openai"}, {"model": "fast", "legacy": True}],
)
def test_a_group_falls_back(arguments: dict[str, Any], wire: Wire) -> None:
    wire.route = broken_first
    reply = llm_router.chat_completion(messages=MESSAGES, **arguments)
    assert reply.choices[0].message.content == "Hello"
    assert models(wire) == ["broken", "m"]
    stream = llm_router.chat_completion(messages=MESSAGES, stream=True, **arguments)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "Hello"
    assert models(wire) == ["broken", "m"]
    assert isinstance(reply, dict) is ("legacy" in arguments)


@pytest.mark.usefixtures("everywhere")
def test_a_group_falls_back_asynchronously(wire: Wire) -> None:
    wire.route = broken_first

    async def use() -> str:
        reply = await llm_router.achat_completion("fast", MESSAGES)
        stream = await llm_router.achat_completion("fast", MESSAGES, stream=True)
        texts = [chunk.choices[0].delta.content or "" async for chunk in stream]
        return str(reply.choices[0].message.content) + "".join(texts)

    assert asyncio.run(use()) == "HelloHello"
    assert models(wire) == ["broken", "m"] * 2


@pytest.mark.usefixtures("everywhere")
def test_only_groups_go_there(wire: Wire) -> None:
    for model in ("alias", "openai/whole", "openai/else"):
        llm_router.chat_completion(model, MESSAGES)
    llm_router.chat_completion("whole", MESSAGES, provider="openai")
    llm_router.embedding("safe", "x")
    sent = wire.take()
    assert [one["model"] for one in sent] == ["m", "w", "else", "w", "m"]
    keys = [one.headers["authorization"].rpartition("-")[2] for one in sent]
    assert keys == ["group", "group", "env", "group", "group"]
    with pytest.raises(ValueError, match="'unknown' is not <provider>/<name>"):
        llm_router.chat_completion("unknown", MESSAGES)


class City(pydantic.BaseModel):
    city: str
    degrees: int


@pytest.mark.usefixtures("everywhere")
def test_a_typed_reply_comes_from_a_group(wire: Wire) -> None:
    wire.route = broken_first
    reply = llm_router.chat_completion_parse("fast", MESSAGES, response_format=City)
    assert reply.choices[0].message.parsed == City(city="Paris", degrees=20)
    with llm_router.chat_completion_stream("safe", MESSAGES, response_format=City) as events:
        assert events.get_final_completion().choices[0].message.parsed.degrees == 20  # type: ignore[union-attr]


def test_a_client_has_a_router_of_its_own_and_needs_no_key(
    router: Any, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    wire.route = broken_first
    with llm_router.Client(router=router) as client:
        client.chat_completion("fast", MESSAGES)
        client.chat.completions.create(model="alias", messages=MESSAGES)
        client.with_options(timeout=20).chat_completion("safe", MESSAGES)
    assert models(wire) == ["broken", "m", "m", "m"]

    async def use() -> None:
        async with llm_router.AsyncClient(router=router) as aclient:
            await aclient.chat.completions.create(model="fast", messages=MESSAGES)

    asyncio.run(use())
    assert models(wire) == ["broken", "m"]


def test_one_call_may_name_its_router(router: Any, wire: Wire) -> None:
    llm_router.chat_completion("safe", MESSAGES, router=router)
    assert models(wire) == ["m"]


@pytest.mark.usefixtures("everywhere")
def test_what_a_group_raises_is_caught_by_the_sdks_clauses(wire: Wire) -> None:
    wire.route = lambda _: Answer(status=429, body={"error": {"message": "slow down"}})
    with pytest.raises(openai.RateLimitError, match="slow down"):
        llm_router.chat_completion("safe", MESSAGES)
    with pytest.raises(NotImplementedError, match="Router has no image_variation"):
        llm_router.image_variation("safe", b"x")
