"""Speech as it arrives: the SDK's ``with_streaming_response``, asked of it and of the router."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai  # noqa: TID251  # the other side of the comparison
import pytest

from personalvibe import llm_router

from .wire import Answer, Wire, serving


@pytest.fixture(scope="module")
def server() -> Iterator[Wire]:
    with serving() as wire:
        yield wire


@pytest.fixture
def wire(server: Wire) -> Wire:
    server.reset()
    return server


@pytest.mark.parametrize("provider", ["openai", "azure"])
def test_speech_that_streams(wire: Wire, tmp_path: Path, provider: str) -> None:
    asked: dict[str, Any] = {"voice": "alloy", "input": "Hi", "instructions": "calm", "speed": 1.5}
    azure: Any = {"azure_endpoint": wire.origin, "api_version": "2024-06-01", "api_key": "k"}
    plain: Any = {"base_url": wire.url, "api_key": "sk"}
    settings, theirs = (
        (azure, openai.AzureOpenAI(**azure))
        if provider == "azure"
        else (plain, openai.OpenAI(**plain))
    )
    ours = llm_router.Client(provider=provider, **settings)

    def heard(reply: Any) -> list[Any]:
        with reply as speech:
            speech.stream_to_file(tmp_path / "speech")
            found = [type(speech), speech.status_code, speech.headers["content-type"]]
        assert speech.http_response.is_closed
        return [*found, (tmp_path / "speech").read_bytes()]

    spoken = theirs.audio.speech.with_streaming_response
    expected = heard(spoken.create(model="tts-1", **asked)), wire.take()
    assert (heard(ours.speech_stream(model="tts-1", **asked)), wire.take()) == expected
    spelled = ours.audio.speech.with_streaming_response
    assert (heard(spelled.create(model="tts-1", **asked)), wire.take()) == expected


def test_speech_is_heard_while_it_is_made(wire: Wire) -> None:
    heard = threading.Event()

    def made() -> Iterator[str]:
        yield "first"
        if heard.wait(30):
            yield "second"

    wire.answers = [Answer(events=made())]
    client = llm_router.Client(base_url=wire.url, api_key="sk")
    with client.speech_stream(model="openai/tts-1", voice="alloy", input="Hi") as speech:
        parts = speech.iter_bytes()
        assert next(parts) == b"first"
        heard.set()
        assert b"".join(parts) == b"second"


def test_asynchronous_speech_that_streams(wire: Wire) -> None:
    settings: Any = {"base_url": wire.url, "api_key": "sk"}
    asked: Any = {"model": "tts-1", "voice": "alloy", "input": "Hi", "response_format": "pcm"}

    async def heard(reply: Any) -> list[Any]:
        async with reply as speech:
            return [type(speech), [part async for part in speech.iter_bytes(2)]]

    async def run() -> None:
        theirs, ours = openai.AsyncOpenAI(**settings), llm_router.AsyncClient(**settings)
        spoken = theirs.audio.speech.with_streaming_response
        expected = await heard(spoken.create(**asked)), wire.take()
        spelled = ours.audio.speech.with_streaming_response
        assert (await heard(spelled.create(**asked)), wire.take()) == expected
        asked["model"] = "openai/tts-1"
        assert (await heard(ours.aspeech_stream(**asked)), wire.take()) == expected

    asyncio.run(run())


def test_speech_that_streams_fails_as_the_sdks_does(wire: Wire) -> None:
    wire.answers = [Answer(status=400, body={"error": {"message": "no", "code": "bad"}})]
    client = llm_router.Client(base_url=wire.url, api_key="sk")
    with (
        pytest.raises(openai.BadRequestError, match="no"),
        client.speech_stream(model="openai/tts-1", voice="alloy", input="Hi"),
    ):
        raise AssertionError("the request failed")


def test_another_provider_does_not_stream_speech() -> None:
    with pytest.raises(ValueError, match=r"use speech\(\)"):
        llm_router.speech_stream(model="elevenlabs/x", voice="alloy", input="Hi")
