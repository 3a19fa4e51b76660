"""A suite for an inner run: how programs call LiteLLM. With another PROMPT every test misses.

Recorded with the stand-in; see test_miss_bar.py, and tests/benchmarks for the time it takes.
"""

# ruff: noqa: SIM105 - programs are written like this

import asyncio
import os
import threading

import litellm
import pytest

PROMPT = os.environ["PROMPT"]
MODELS = ["openai/gpt-4o-mini", "anthropic/claude-3-5-haiku-20241022", "gemini/gemini-2.0-flash"]
MESSAGES = [{"role": "user", "content": PROMPT}]

pytestmark = [pytest.mark.vcr, pytest.mark.filterwarnings("ignore")]
each_provider = pytest.mark.parametrize("model", MODELS, ids=["openai", "anthropic", "gemini"])


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    for provider in ("OPENAI", "ANTHROPIC", "GEMINI"):
        monkeypatch.setenv(f"{provider}_API_KEY", "not-a-key")


@each_provider
def test_sync(model):
    assert litellm.completion(model=model, messages=MESSAGES, max_retries=5).choices


@each_provider
def test_async(model):
    assert asyncio.run(litellm.acompletion(model=model, messages=MESSAGES, max_retries=5)).choices


@each_provider
def test_stream(model):
    assert list(litellm.completion(model=model, messages=MESSAGES, stream=True))


@each_provider
def test_async_stream(model):
    async def main():
        answer = await litellm.acompletion(model=model, messages=MESSAGES, stream=True)
        return [chunk async for chunk in answer]

    assert asyncio.run(main())


@each_provider
def test_application_catches_everything(model):
    try:
        litellm.completion(model=model, messages=MESSAGES, max_retries=5)
    except Exception:
        pass


@each_provider
def test_application_catches_in_a_task(model):
    async def ask():
        try:
            await litellm.acompletion(model=model, messages=MESSAGES)
        except Exception:
            pass

    async def main():
        await asyncio.gather(ask(), return_exceptions=True)

    asyncio.run(main())


def test_in_a_thread():
    def ask():
        try:
            litellm.completion(model=MODELS[0], messages=MESSAGES)
        except BaseException:
            pass

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()


def router(**settings):
    named = [
        {"model_name": name, "litellm_params": {"model": model, "api_key": "not-a-key"}}
        for name, model in zip(("first", "second", "third"), MODELS, strict=True)
    ]
    return litellm.Router(
        model_list=named, fallbacks=[{"first": ["second", "third"]}], num_retries=3, **settings
    )


def test_router_with_fallbacks():
    assert router().completion(model="first", messages=MESSAGES).choices


def test_async_router_with_fallbacks():
    assert asyncio.run(router().acompletion(model="first", messages=MESSAGES)).choices


def test_router_whose_errors_are_caught():
    try:
        router().completion(model="first", messages=MESSAGES)
    except Exception:
        pass
