"""Our own use of the harness: every provider, through LiteLLM, from recordings.

Recorded by ``pytest --record-mode=rewrite --stand-in tests/replay/test_providers.py``; with keys in
the environment and without ``--stand-in`` the same tests run against the providers themselves. So
they look at shapes, not at words.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version
from pydantic import BaseModel

from personalvibe import llm_router
from tests.app.endpoint_programs import PROGRAMS

ROOT = Path(__file__).resolve().parent.parent.parent
HELLO = [{"role": "user", "content": "Reply with a short greeting."}]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather in a city",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        },
    }
]
MODELS = {
    "openai": "openai/gpt-4o-mini",
    "azure": "azure/gpt-4o-mini",
    "anthropic": "anthropic/claude-haiku-4-5",
    "gemini": "gemini/gemini-2.5-flash",
    "mistral": "mistral/mistral-small-latest",
    "ollama": "ollama_chat/llama3.1",
    "custom": "my-custom-llm/sharp_gemma3_12b_128k",
}
# The oldest LiteLLM asks two providers for these in words of its own.
AS_RECORDED = pytest.mark.skipif(
    Version(version("litellm")) < Version("1.96"), reason="this LiteLLM sends another request"
)
# Azure's requests differ in their addresses alone: two programs show it.
KEPT = [(name, "openai") for name in PROGRAMS if name != "cancelled_run"]
KEPT += [("files", "azure"), ("batches", "azure")]
SETTINGS = {
    "OPENAI_API_KEY": "sk-stand-in",
    "AZURE_API_KEY": "stand-in",
    "AZURE_API_BASE": "https://unit.openai.azure.com",
    "AZURE_API_VERSION": "2024-10-21",
    "ANTHROPIC_API_KEY": "stand-in",
    "GEMINI_API_KEY": "stand-in",
    "MISTRAL_API_KEY": "stand-in",
    "SHARP_API_BASE": "https://sharp.example.com",
    "SHARP_USER_NAME": "someone",
    "SHARP_USER_SECRET": "stand-in-secret",
}
pytestmark = pytest.mark.vcr
every_provider = pytest.mark.parametrize("provider", MODELS)
with_tools = pytest.mark.parametrize("provider", [name for name in MODELS if name != "custom"])


@pytest.fixture(scope="module")
def vcr_cassette_dir() -> str:
    return str(ROOT / "cassettes" / "test_providers")


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, os.environ.get(name) or value)


def words_of(chunks: Iterable[Any]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


@every_provider
def test_chat(provider: str) -> None:
    reply = llm_router.chat_completion(MODELS[provider], HELLO, max_tokens=64)
    assert (reply.choices[0].message.content or "").strip()
    assert reply.choices[0].finish_reason == "stop"


@every_provider
def test_async_chat(provider: str) -> None:
    reply = asyncio.run(llm_router.achat_completion(MODELS[provider], HELLO, max_tokens=64))
    assert (reply.choices[0].message.content or "").strip()


@every_provider
def test_stream(provider: str) -> None:
    chunks = list(llm_router.chat_completion(MODELS[provider], HELLO, stream=True))
    assert words_of(chunks).strip()


@every_provider
def test_async_stream(provider: str) -> None:
    async def read() -> list[Any]:
        stream = await llm_router.achat_completion(MODELS[provider], HELLO, stream=True)
        return [chunk async for chunk in stream]

    assert words_of(asyncio.run(read())).strip()


@with_tools
def test_tools(provider: str) -> None:
    asked = [{"role": "user", "content": "Use the tool: what is the weather in Paris?"}]
    first = llm_router.chat_completion(MODELS[provider], asked, tools=TOOLS)
    message = first.choices[0].message
    call: Any = next(iter(message.tool_calls or ()))
    assert call.function.name == "get_weather"
    assert isinstance(json.loads(call.function.arguments)["city"], str)
    result = {"role": "tool", "tool_call_id": call.id, "name": "get_weather", "content": "rain"}
    turn = [*asked, message.model_dump(exclude_none=True), result]
    second = llm_router.chat_completion(MODELS[provider], turn, tools=TOOLS)
    assert (second.choices[0].message.content or "").strip()


class City(BaseModel):
    name: str
    country: str


@pytest.mark.parametrize(
    "provider", ["openai", "azure", pytest.param("anthropic", marks=AS_RECORDED), "gemini"]
)
def test_structured_output(provider: str) -> None:
    asked = [{"role": "user", "content": "Name a city as JSON."}]
    reply = llm_router.chat_completion_parse(MODELS[provider], asked, response_format=City)
    assert reply.choices[0].message.parsed


@pytest.mark.parametrize(
    "model",
    [
        "openai/text-embedding-3-small",
        "azure/text-embedding-3-small",
        pytest.param("mistral/mistral-embed", marks=AS_RECORDED),
    ],
)
def test_embedding(model: str) -> None:
    reply = llm_router.embedding(model, input=["one", "two"])
    sizes = {len(row.embedding) for row in reply.data}
    assert len(reply.data) == 2
    assert len(sizes) == 1


def test_responses() -> None:
    reply = llm_router.responses("openai/gpt-4o-mini", input="Say hello.")
    assert reply.output_text.strip()


def test_other_endpoints_of_openai() -> None:
    assert llm_router.text_completion("openai/gpt-3.5-turbo-instruct", prompt="Once").choices
    assert llm_router.moderation(input="good morning").results
    assert llm_router.speech("openai/tts-1", voice="alloy", input="Hello").read()


@pytest.mark.vcr(allow_errors=True)  # what is deleted is gone
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the SDK's, of assistants
@pytest.mark.parametrize(("name", "provider"), KEPT)
def test_what_a_server_keeps(name: str, provider: str, tmp_path: Path) -> None:
    client = llm_router.Client(provider=provider)
    assert asyncio.run(PROGRAMS[name](client, tmp_path))
