"""The custom provider, through the router, with the HTTP mocked at the requests library."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import litellm
import pytest
import requests
import responses
from litellm.llms.custom_llm import CustomLLM

from personalvibe import llm_router
from personalvibe.providers import sharp_boe
from personalvibe.replay import use_cassette

MODEL = "my-custom-llm/sharp_gemma3_12b_128k"
BASE = "https://sharp.example"
URL = f"{BASE}/sharp/api/v2/generate"
CASSETTE = Path(__file__).resolve().parents[2] / "cassettes" / "sharp_boe.yaml"
SECRET = "s3cr3t-0f-the-user"
MESSAGES: Any = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHARP_API_BASE", BASE)
    monkeypatch.setenv("SHARP_USER_NAME", "ann")
    monkeypatch.setenv("SHARP_USER_SECRET", SECRET)
    monkeypatch.setattr(litellm, "custom_provider_map", [])


@pytest.fixture
def service() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def ask(**kwargs: Any) -> Any:
    return llm_router.chat_completion(MODEL, MESSAGES, **kwargs)


def test_a_prompt_goes_out_and_the_text_comes_back(service: responses.RequestsMock) -> None:
    service.post(URL, json={"response": "Hello"})
    reply = ask()
    assert isinstance(reply, litellm.ModelResponse)
    assert reply.choices[0].message.content == "Hello"
    assert reply.choices[0].finish_reason == "stop"
    assert json.loads(cast(str, service.calls[0].request.body)) == {
        "model": "sharp_gemma3_12b_128k",
        "prompt": "Hi",
        "stream": False,
        "user_name": "ann",
        "user_secret": SECRET,
    }


def test_the_service_reports_no_usage_and_none_is_made_up(service: responses.RequestsMock) -> None:
    service.post(URL, json={"response": "Hello"})
    assert ask().usage.total_tokens == 0


def test_asynchronously(service: responses.RequestsMock) -> None:
    service.post(URL, json={"response": "Hello"})
    reply = asyncio.run(llm_router.achat_completion(MODEL, MESSAGES))
    assert reply.choices[0].message.content == "Hello"


def test_a_stream_is_one_chunk_and_an_end(service: responses.RequestsMock) -> None:
    service.post(URL, json={"response": "Hello"})
    with ask(stream=True) as stream:
        texts = [chunk.choices[0].delta.content or "" for chunk in stream]
    assert "".join(texts) == "Hello"


def test_an_asynchronous_stream(service: responses.RequestsMock) -> None:
    service.post(URL, json={"response": "Hello"})

    async def run() -> str:
        stream = await llm_router.achat_completion(MODEL, MESSAGES, stream=True)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    assert asyncio.run(run()) == "Hello"


def test_text_parts_are_flattened(service: responses.RequestsMock) -> None:
    service.post(URL, json={"response": "Hello"})
    parts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    llm_router.chat_completion(MODEL, [{"role": "user", "content": parts}])
    assert json.loads(cast(str, service.calls[0].request.body))["prompt"] == "one\ntwo"


def test_other_parts_are_refused_by_name() -> None:
    parts = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}]
    with pytest.raises(llm_router.BadRequestError, match="text only, not image_url"):
        llm_router.chat_completion(MODEL, [{"role": "user", "content": parts}])


@pytest.mark.parametrize(
    ("given", "passed"), [(7, 7.0), (None, 600.0), (httpx.Timeout(5, connect=2), 5.0)], ids=str
)
def test_timeouts_reach_the_request(
    given: Any, passed: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {}

    def post(*_: Any, **kwargs: Any) -> Any:
        seen.update(kwargs)
        raise requests.ReadTimeout

    monkeypatch.setattr(requests, "post", post)
    with pytest.raises(llm_router.APITimeoutError):
        ask(timeout=given)
    assert seen["timeout"] == passed
    assert seen["allow_redirects"] is False


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "BadRequestError"),
        (401, "AuthenticationError"),
        (404, "NotFoundError"),
        (429, "RateLimitError"),
        (500, "InternalServerError"),
        (502, "APIStatusError"),
        (503, "APIStatusError"),
        (418, "APIError"),
        (302, "APIError"),
        (504, "APITimeoutError"),
    ],
)
def test_http_errors_keep_their_status(
    status: int, kind: str, service: responses.RequestsMock
) -> None:
    service.post(URL, status=status, body=f"no, {SECRET} is wrong")
    with pytest.raises(getattr(llm_router, kind)) as raised:
        ask(num_retries=0)
    assert raised.value.status_code == status
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    "body", ["<html>", "[]", "null", '{"answer": 1}', '{"response": null}', ""]
)
def test_a_reply_without_a_text_is_an_error(body: str, service: responses.RequestsMock) -> None:
    service.post(URL, body=body)
    with pytest.raises(llm_router.APIStatusError, match="a JSON object with a `response` text"):
        ask()


def test_the_secret_is_in_no_exception_and_no_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHARP_API_BASE", "http://user:hunter2@127.0.0.1:9")
    caplog.set_level(logging.DEBUG)
    with pytest.raises(llm_router.APIConnectionError) as raised:
        ask()
    told = "".join(traceback.format_exception(raised.value)) + caplog.text + repr(raised.value)
    assert SECRET not in told
    assert "hunter2" not in told
    assert SECRET not in repr(sharp_boe._Account.from_environment("m"))


def test_nor_when_litellm_logs_everything(
    service: responses.RequestsMock, caplog: pytest.LogCaptureFixture, capsys: Any
) -> None:
    service.post(URL, status=500, body="no")
    caplog.set_level(logging.DEBUG, logger="LiteLLM")
    with pytest.raises(llm_router.InternalServerError):
        ask()
    captured = capsys.readouterr()
    assert caplog.text
    assert SECRET not in caplog.text + captured.out + captured.err


@pytest.mark.parametrize("name", ["SHARP_API_BASE", "SHARP_USER_NAME", "SHARP_USER_SECRET"])
def test_a_missing_variable_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(llm_router.AuthenticationError, match=f"variable {name}"):
        ask()


def test_registration_leaves_others_alone_and_happens_once() -> None:
    other: Any = {"provider": "mine", "custom_handler": CustomLLM()}
    litellm.custom_provider_map = [other]
    sharp_boe.register()
    sharp_boe.register()
    assert [item["provider"] for item in litellm.custom_provider_map] == ["mine", "my-custom-llm"]
    assert litellm.custom_provider_map[0] is other


def test_the_users_own_provider_of_that_name_stays() -> None:
    own: Any = {"provider": "my-custom-llm", "custom_handler": CustomLLM()}
    litellm.custom_provider_map = [own]
    sharp_boe.register()
    assert litellm.custom_provider_map == [own]


def test_without_a_secret_nothing_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHARP_USER_SECRET")
    sharp_boe.register()
    assert litellm.custom_provider_map == []


def test_a_map_set_after_the_first_call_does_not_lose_it(service: responses.RequestsMock) -> None:
    service.post(URL, json={"response": "Hello"})
    ask()
    litellm.custom_provider_map = []
    assert ask().choices[0].message.content == "Hello"


def test_a_recorded_call_replays_under_any_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHARP_USER_SECRET", "another secret than the recorded one")
    question = "Name one thing that a stand-in is good for."
    with use_cassette(CASSETTE, "none"):
        reply = llm_router.chat_completion(MODEL, [{"role": "user", "content": question}])
    assert question in (reply.choices[0].message.content or "")
    assert "user_secret: REDACTED" in CASSETTE.read_text()


@pytest.mark.process
def test_litellm_is_silenced_before_the_provider_imports_it() -> None:
    program = """
import sys
hosts = set()
sys.addaudithook(lambda event, args: hosts.add(args[0]) if event == "socket.getaddrinfo" else None)
from personalvibe import llm_router
try:
    llm_router.chat_completion("my-custom-llm/any", [{"role": "user", "content": "Hi"}])
except llm_router.APIConnectionError:
    pass
print(hosts - {"127.0.0.1"})
"""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LITELLM_")}
    environment |= {"SHARP_API_BASE": "http://127.0.0.1:1"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("set()\n", "")
