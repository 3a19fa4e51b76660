"""``llm_router.openai``: what ``import openai`` turns into where its names are to stay."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import Mock, patch

import openai as sdk  # noqa: TID251  # what the router is compared with
import pytest

from personalvibe import llm_router
from personalvibe.llm_router import openai
from tests.app.wire import Answer, Wire

_MESSAGES = [{"role": "user", "content": "hi"}]


@pytest.fixture
def routed(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Wire:
    monkeypatch.setattr(openai, "api_key", "k")
    monkeypatch.setattr(openai, "base_url", wire.url)
    return wire


def test_a_call_of_todays_module_is_the_same_request(routed: Wire) -> None:
    reply = openai.chat.completions.create(model="gpt-4o", messages=_MESSAGES)
    assert isinstance(reply, sdk.types.chat.ChatCompletion)
    assert routed.requests[-1].body == {"model": "gpt-4o", "messages": _MESSAGES}
    assert routed.requests[-1].headers["authorization"] == "Bearer k"


def test_a_call_of_028_has_its_replies(routed: Wire) -> None:
    reply = openai.ChatCompletion.create(engine="gpt-4o", messages=_MESSAGES)
    assert reply["choices"][0].message["content"] == reply.choices[0]["message"]["content"]
    again = asyncio.run(openai.ChatCompletion.acreate(model="gpt-4o", messages=_MESSAGES))
    assert isinstance(again, llm_router.OpenAIObject)
    assert [sent["model"] for sent in routed.requests] == ["gpt-4o", "gpt-4o"]


def test_arguments_of_028_by_position(routed: Wire) -> None:
    openai.Moderation.create("is this fine?", "omni-moderation-latest")
    assert routed.requests[-1].body == {"input": "is this fine?", "model": "omni-moderation-latest"}
    with pytest.raises(TypeError, match="at most 0 positional"):
        openai.ChatCompletion.create("gpt-4o")


def test_settings_are_those_of_the_router_and_of_what_asks_the_sdk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sdk, "organization", None)
    with patch.object(openai, "organization", "acme"):
        assert llm_router.organization == sdk.organization == "acme"
    assert llm_router.organization is None


def test_a_client_class_replaced_here_is_replaced_in_the_router() -> None:
    real = llm_router.Client
    with patch.object(openai, "OpenAI") as fake:
        assert openai.OpenAI is llm_router.Client is fake
    assert openai.OpenAI is llm_router.Client is real
    with patch("personalvibe.llm_router.AsyncClient") as fake:
        assert openai.AsyncOpenAI is fake
    assert openai.AzureOpenAI is llm_router.AzureClient


@pytest.mark.parametrize(
    "path",
    ["ChatCompletion.create", "chat.completions.create", "embeddings.create", "Image.create"],
)
def test_a_call_that_a_test_replaces_sends_nothing(path: str, routed: Wire) -> None:
    owner, _, name = path.rpartition(".")
    target: Any = openai
    for part in owner.split("."):
        target = getattr(target, part)
    with patch(f"personalvibe.llm_router.openai.{path}", Mock(return_value="faked")):
        assert getattr(target, name)(model="m") == "faked"
    assert routed.requests == []
    assert not isinstance(getattr(target, name), Mock)


def test_exceptions_types_and_the_rest_are_the_sdks(routed: Wire) -> None:
    assert openai.RateLimitError is sdk.RateLimitError
    assert openai.NOT_GIVEN is sdk.NOT_GIVEN
    assert openai.__version__ == sdk.__version__
    routed.answers = [Answer(body={"object": "list", "data": []})]
    assert openai.models.list().data == []
    with pytest.raises(AttributeError):
        openai.nothing_of_that_name  # noqa: B018
