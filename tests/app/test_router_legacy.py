"""What programs written for openai 0.28 read, raise and make."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from personalvibe import llm_router

from .wire import Wire

MESSAGES: Any = [{"role": "user", "content": "Hi"}]
SET_NOWHERE = {
    "api_base": "https://api.openai.com/v1",
    "api_key": None,
    "api_key_path": None,
    "api_type": "open_ai",
    "api_version": None,
    "app_info": None,
    "ca_bundle_path": None,
    "debug": False,
    "enable_telemetry": False,
    "log": None,
    "organization": None,
    "proxy": None,
    "requestssession": None,
    "verify_ssl_certs": True,
}


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llm_router, "legacy", True)


# --- openai.embeddings_utils ---


def test_the_vectors_of_texts(wire: Wire) -> None:
    assert llm_router.get_embedding("one\ntwo") == [0.25, -0.5]
    assert llm_router.get_embeddings(["a", "b\nc"], engine="e") == [[0.25, -0.5]] * 2
    first, second = wire.take()
    assert (first["model"], first["input"]) == ("text-similarity-davinci-001", ["one two"])
    assert (second["model"], second["input"]) == ("e", ["a", "b c"])


def test_the_vectors_of_texts_asynchronously(wire: Wire) -> None:
    async def ask() -> Any:
        one = await llm_router.aget_embedding("one\ntwo", user="me")
        return one, await llm_router.aget_embeddings(["a", "b\nc"])

    assert asyncio.run(ask()) == ([0.25, -0.5], [[0.25, -0.5]] * 2)
    first, second = wire.take()
    assert (first["user"], first["input"]) == ("me", ["one two"])
    assert (second["model"], second["input"]) == ("text-similarity-babbage-001", ["a", "b c"])


def test_a_request_has_no_more_texts_than_in_028(wire: Wire) -> None:
    with pytest.raises(AssertionError, match="not be larger than 2048"):
        llm_router.get_embeddings(["x"] * 2049)
    with pytest.raises(AssertionError, match="not be larger than 2048"):
        asyncio.run(llm_router.aget_embeddings(["x"] * 2049))
    assert len(llm_router.get_embeddings(["x"] * 2048)) == 2048
    assert len(wire.take()) == 1


def test_how_alike_two_vectors_are() -> None:
    assert llm_router.cosine_similarity([1, 0], [0, 5]) == 0
    assert llm_router.cosine_similarity([3, 4], [6, 8]) == pytest.approx(1)
    assert llm_router.cosine_similarity([3, 4], [-4, -3]) == pytest.approx(-24 / 25)


# --- settings ---


@pytest.mark.parametrize("name", SET_NOWHERE)
@pytest.mark.usefixtures("old")
def test_a_setting_that_is_set_nowhere_reads_as_in_028(name: str) -> None:
    assert getattr(llm_router, name) == SET_NOWHERE[name]


@pytest.mark.parametrize(
    ("variable", "name"),
    [
        ("OPENAI_API_BASE", "api_base"),
        ("OPENAI_API_KEY", "api_key"),
        ("OPENAI_API_KEY_PATH", "api_key_path"),
        ("OPENAI_API_TYPE", "api_type"),
        ("OPENAI_API_VERSION", "api_version"),
        ("OPENAI_ORGANIZATION", "organization"),
    ],
)
def test_only_a_program_for_028_reads_its_environment(
    variable: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "from-environment")
    expected = {"api_base": SET_NOWHERE["api_base"], "api_key_path": "from-environment"}
    assert getattr(llm_router, name) == expected.get(name)
    monkeypatch.setattr(llm_router, "legacy", True)
    assert getattr(llm_router, name) == "from-environment"
    monkeypatch.setattr(llm_router, name, "set")
    assert getattr(llm_router, name) == "set"


@pytest.mark.parametrize("name", ["organization", "api_key", "api_type", "base_url", "timeout"])
def test_a_later_program_reads_none_as_with_its_sdk(name: str) -> None:
    assert getattr(llm_router, name) is None


def test_where_calls_go_is_what_api_base_says(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    assert llm_router.api_base == wire.url
    monkeypatch.delenv("OPENAI_BASE_URL")
    monkeypatch.setenv("OPENAI_API_BASE", wire.url)
    assert llm_router.api_base == SET_NOWHERE["api_base"]
    monkeypatch.setattr(llm_router, "legacy", True)
    assert llm_router.api_base == wire.url
    llm_router.chat_completion("openai/m", MESSAGES)
    assert len(wire.take()) == 1


@pytest.mark.parametrize("kind", ["azure", "azure_ad", "azuread"])
@pytest.mark.usefixtures("old")
def test_azure_has_a_version_where_none_is_set(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_TYPE", kind)
    assert (llm_router.api_type, llm_router.api_version) == (kind, "2023-05-15")
    monkeypatch.delenv("OPENAI_API_TYPE")
    with monkeypatch.context() as patched:
        patched.setattr(llm_router, "api_type", kind)
        assert llm_router.api_version == "2023-05-15"
    assert (llm_router.api_type, llm_router.api_version) == ("open_ai", None)


@pytest.mark.usefixtures("old")
def test_what_was_read_may_be_put_back(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL")
    for name in ("api_base", "api_type"):
        before = getattr(llm_router, name)
        setattr(llm_router, name, "http://127.0.0.1:9")
        setattr(llm_router, name, before)
    monkeypatch.setenv("OPENAI_BASE_URL", wire.url)
    llm_router.chat_completion("openai/m", MESSAGES)
    assert len(wire.take()) == 1


@pytest.mark.parametrize("legacy", [True, False])
def test_a_patch_of_where_calls_go_ends_as_it_began(
    legacy: bool, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llm_router, "legacy", legacy)
    with monkeypatch.context() as patched:
        patched.setattr(llm_router, "api_base", "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:8")
    assert llm_router.api_base == "http://127.0.0.1:8"


@pytest.mark.usefixtures("old")
def test_a_key_file_counts_before_a_key(
    wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "first").write_text("sk-first\n")
    (tmp_path / "second").write_text("sk-second")
    monkeypatch.setattr(llm_router, "api_key", "sk-set")
    monkeypatch.setenv("OPENAI_API_KEY_PATH", str(tmp_path / "first"))
    llm_router.chat_completion("openai/m", MESSAGES)
    monkeypatch.setattr(llm_router, "api_key_path", str(tmp_path / "second"))
    llm_router.chat_completion("openai/m", MESSAGES)
    llm_router.chat_completion("openai/m", MESSAGES, api_key="sk-own")
    (tmp_path / "second").write_text("no key")
    with pytest.raises(ValueError, match=r"Malformed API key in .*second"):
        llm_router.chat_completion("openai/m", MESSAGES)
    keys = [sent.headers["authorization"].removeprefix("Bearer ") for sent in wire.take()]
    assert keys == ["sk-first", "sk-second", "sk-own"]


@pytest.mark.parametrize("name", ["verify_ssl_certs", "ca_bundle_path", "enable_telemetry"])
def test_what_had_no_effect_in_028_may_be_set(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llm_router, name, "anything")
    assert getattr(llm_router, name) == "anything"


@pytest.mark.parametrize("name", ["log", "debug", "requestssession", "app_info"])
def test_what_would_have_no_effect_cannot_be_set(name: str) -> None:
    with pytest.raises(AttributeError, match=f"no setting '{name}'"):
        setattr(llm_router, name, "anything")


# --- errors that a program makes ---

COMMON = {"http_body": "b", "http_status": 429, "json_body": {"error": {"message": "m"}},
          "headers": {"request-id": "r1", "openai-organization": "org"}, "code": "c"}  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["OpenAIError", "APIError", "InternalServerError", "APIConnectionError", "APITimeoutError",
     "Timeout", "AuthenticationError", "PermissionDeniedError", "RateLimitError",
     "ServiceUnavailableError", "BadRequestError", "NotFoundError"],
)  # fmt: skip
def test_an_error_is_made_with_028s_arguments(name: str) -> None:
    kind = getattr(llm_router, name)
    error: Any = llm_router.legacy_error(kind, message="slow down", **COMMON)
    with pytest.raises(kind) as raised:
        raise error
    assert raised.value is error
    assert type(error).__name__ == kind.__name__
    assert {member: getattr(error, member) for member in COMMON} == COMMON
    assert str(error) == "Request r1: slow down"
    assert error.user_message == error._message == error.args[0] == "slow down"
    assert (error.request_id, error.organization) == ("r1", "org")
    assert error.error.message == "m"
    for same in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (type(same), str(same), vars(same)) == (type(error), str(error), vars(error))
    empty: Any = llm_router.legacy_error(kind)
    assert (str(empty), empty.user_message, empty.headers) == ("<empty message>", None, {})


def test_arguments_by_their_places() -> None:
    error: Any = llm_router.legacy_error(llm_router.RateLimitError, "m", b"b", 429, None, {}, "c")
    assert (error.http_body, error.http_status, error.code) == ("b", 429, "c")
    assert repr(error) == "RateLimitError(message='m', http_status=429, request_id=None)"
    error = llm_router.legacy_error(llm_router.BadRequestError, "m", "param", "code", "body", 400)
    assert (error.param, error.code, error.http_body, error.http_status) == (
        "param", "code", "body", 400,
    )  # fmt: skip
    assert repr(error) == (
        "BadRequestError(message='m', param='param', code='code', http_status=400, request_id=None)"
    )
    error = llm_router.legacy_error(
        llm_router.APIConnectionError, "m", None, None, None, None, None, True
    )
    assert error.should_retry is True


@pytest.mark.parametrize(
    ("args", "members", "complaint"),
    [
        (("m",) * 7, {}, "takes at most 6 arguments"),
        ((), {"colour": "red"}, "takes no colour"),
    ],
)
def test_a_wrong_argument_is_a_type_error(
    args: tuple[str, ...], members: dict[str, str], complaint: str
) -> None:
    with pytest.raises(TypeError, match=f"RateLimitError {complaint}"):
        llm_router.legacy_error(llm_router.RateLimitError, *args, **members)


# --- objects that a program makes ---


def test_an_object_is_made_as_in_028() -> None:
    made: Any = llm_router.OpenAIObject(id="x", api_key="sk", engine="e", limit=3)
    assert (dict(made), made.id, made.api_key, made.engine) == ({"id": "x"}, "x", "sk", "e")
    content = {"id": "x", "choices": [{"message": {"content": "Hi"}}], "usage": {"total": 3}}
    made = llm_router.OpenAIObject.construct_from(content, "sk", organization="org", response_ms=5)
    assert made == content
    assert made.choices[0].message.content == "Hi"
    assert (made.api_key, made.organization, made.response_ms) == ("sk", "org", 5)
    for place in (made, made.choices[0], made.usage):
        assert isinstance(place, llm_router.OpenAIObject)
    made.choices[0].text = "new"
    made._previous = "private"
    assert json.loads(str(made))["choices"][0] == {"message": {"content": "Hi"}, "text": "new"}
    for same in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made)):
        assert (type(same), same, same.response_ms) == (type(made), made, 5)
    made.refresh_from({"id": "y"}, api_key="sk-2")
    assert (dict(made), made.api_key) == ({"id": "y"}, "sk-2")


@pytest.mark.usefixtures("old")
def test_a_reply_is_of_the_class_at_every_depth(wire: Wire) -> None:
    reply = llm_router.chat_completion("openai/m", MESSAGES)
    chunks = list(llm_router.chat_completion("openai/m", MESSAGES, stream=True))
    for place in (reply, reply.choices[0].message, reply.usage, chunks[0].choices[0].delta):
        assert isinstance(place, llm_router.OpenAIObject)
