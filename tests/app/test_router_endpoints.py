"""Files, batches, threads and the like through LiteLLM: the SDK's requests, and its replies.

Each program runs with the SDK's own client and with the router's, each against a stand-in of its
own; what arrives there must be the same, and so must what the program sees.
"""

from __future__ import annotations

import asyncio
import io
import queue
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai  # noqa: TID251  # what the router's clients are compared with
import pytest

from personalvibe import llm_router
from personalvibe.llm_router_parts.endpoints import ENDPOINTS, PASSAGE
from personalvibe.replay.standin import Received, StandIn

from .endpoint_programs import LINE, PROGRAMS
from .wire import loaded_litellm

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the SDK's, of assistants

# What a request says of the client that sends it, and boundaries that are made up.
_OF_CLIENTS = frozenset({"host", "x-stainless-raw-response", "idempotency-key", "content-type"})
# What LiteLLM has no function of its own for.
PASSED_THROUGH = frozenset({"", "create_realtime_client_secret", "list_skills"})
ONLY_ASYNC = frozenset({"video_list"})


def essence(sent: Received) -> tuple[Any, ...]:
    kind = sent.headers.get("content-type", "")
    boundary = kind.partition("boundary=")[2]
    body = sent.body.replace(boundary.encode(), b"-") if boundary else sent.body
    headers = {k: v for k, v in sent.headers.items() if k not in _OF_CLIENTS}
    kind = kind.partition(";")[0]
    return sent.method, sent.target, dict(sent.query), kind, body, headers


def settings(stand_in: StandIn, azure: bool) -> dict[str, Any]:
    where: dict[str, Any] = {"base_url": f"{stand_in.base_url}/v1"}
    if azure:
        where = {"azure_endpoint": stand_in.base_url, "api_version": "2025-04-01-preview"}
    return {"api_key": "sk-test", "max_retries": 0, **where}


@pytest.mark.parametrize("azure", [False, True], ids=["openai", "azure"])
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_sends_and_sees_what_it_does_with_the_sdk(
    name: str, asynchronous: bool, azure: bool, tmp_path: Path, asked: Counter[str]
) -> None:
    prefix = "Async" if asynchronous else ""
    sdk: Any = getattr(openai, f"{prefix}{'Azure' if azure else ''}OpenAI")
    ours: Any = getattr(llm_router, f"{prefix}Client")
    seen, sent = [], []
    for kind in (sdk, ours):
        with StandIn() as stand_in:
            client = kind(**settings(stand_in, azure))
            seen.append(repr(asyncio.run(PROGRAMS[name](client, tmp_path))))
            sent.append([essence(one) for one in stand_in.requests])
    assert seen[1] == seen[0]
    assert sent[1] == sent[0]
    requests = [endpoint_name(one[0], one[1]) for one in sent[1]]
    through = PASSED_THROUGH if asynchronous else PASSED_THROUGH | ONLY_ASYNC
    assert asked == Counter(PASSAGE.name if one in through else one for one in requests)


def endpoint_name(verb: str, target: str) -> str:
    """The endpoint of a request, by the table that the documentation shows."""
    path = re.sub(r"^(/v1|/openai)", "", target)
    for endpoint in ENDPOINTS.values():
        pattern = re.sub(r"\{\w+\}", "[^/]+", endpoint.request).replace("[/cancel]", "(/cancel)?")
        if re.fullmatch(pattern, f"{verb} {path}"):
            return endpoint.name
    return ""


@contextmanager
def by_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with StandIn() as stand_in:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        monkeypatch.setenv("OPENAI_BASE_URL", f"{stand_in.base_url}/v1")
        yield stand_in


def test_functions_have_litellms_names(monkeypatch: pytest.MonkeyPatch) -> None:
    with by_environment(monkeypatch) as stand_in:
        file = llm_router.create_file(file=("b.jsonl", LINE), purpose="batch")
        assert type(file) is openai.types.FileObject
        assert [one.id for one in llm_router.file_list()] == [file.id]
        assert llm_router.file_content(file.id).read() == LINE
        of = llm_router.of("openai")
        assert of.file_retrieve(file_id=file.id) == file  # type: ignore[attr-defined]
        assert llm_router.openai.files.retrieve(file.id) == file
        other = llm_router.Client(api_key="sk-test")
        assert other.file_retrieve(file.id, base_url=f"{stand_in.base_url}/v1") == file
        with pytest.raises(AttributeError, match="afile_retrieve"):
            _ = other.afile_retrieve

        async def asynchronously() -> list[Any]:
            listed = [one async for one in llm_router.afile_list()]
            client = llm_router.AsyncClient()
            return [*listed, await client.afile_retrieve(file.id)]

        assert asyncio.run(asynchronously()) == [file, file]
        keys = {one.headers["authorization"] for one in stand_in.requests}
        assert keys == {"Bearer sk-test"}
        with pytest.raises(TypeError, match="no_such"):
            llm_router.file_retrieve(file.id, no_such=1)  # type: ignore[call-overload]


def test_a_program_of_0_28_gets_its_dictionaries(monkeypatch: pytest.MonkeyPatch) -> None:
    with by_environment(monkeypatch):
        monkeypatch.setattr(llm_router, "legacy", True)
        old: Any = llm_router.openai
        named = {"file": io.BytesIO(LINE), "user_provided_filename": "b.jsonl"}
        file = old.File.create(**named, purpose="fine-tune", request_timeout=9)
        assert (file["filename"], file.purpose) == ("b.jsonl", "fine-tune")
        assert old.File.retrieve(id=file["id"]) == old.File.retrieve(file["id"])
        assert old.File.delete(sid=old.File.create(LINE, "batch").id)["deleted"]
        assert [one["id"] for one in old.File.list()["data"]] == [file["id"]]
        assert old.File.download(file["id"]) == LINE
        job = old.FineTuningJob.create(model="gpt-4o", training_file=file["id"])
        assert old.FineTuningJob.retrieve(job["id"])["status"] == "validating_files"
        assert asyncio.run(old.File.aretrieve(file["id"]))["id"] == file["id"]
        with pytest.raises(llm_router.NotFoundError) as refused:
            old.File.retrieve("file-none")
        assert refused.value.http_status == 404  # type: ignore[attr-defined]


def test_another_provider_is_asked_by_litellm() -> None:
    with StandIn() as stand_in:
        where: dict[str, Any] = {"api_base": f"{stand_in.base_url}/v1", "api_key": "sk-other"}
        client = llm_router.Client(provider="hosted_vllm", **where)
        made = client.files.create(file=("b.jsonl", LINE), purpose="batch")
        assert type(made) is openai.types.FileObject
        given: dict[str, Any] = {"provider": "hosted_vllm", **where}
        assert llm_router.file_retrieve(made.id, **given).filename == "b.jsonl"
        assert llm_router.file_content(made.id, **given).read() == LINE
        plain = llm_router.file_retrieve(made.id, custom_llm_provider="hosted_vllm", **where)
        assert plain.id == made.id
        with pytest.raises(NotImplementedError, match=r"hosted_vllm: /files/x/y"):
            client.files._get("/files/x/y", cast_to=object)
        with pytest.raises(AttributeError, match="'uploads' of a client of hosted_vllm"):
            _ = client.uploads


def test_litellms_callbacks_are_told(monkeypatch: pytest.MonkeyPatch, callbacks: list[Any]) -> None:
    litellm = loaded_litellm()
    told: queue.Queue[Any] = queue.Queue()

    class Logger(litellm.integrations.custom_logger.CustomLogger):  # type: ignore[misc, name-defined]
        async def async_log_success_event(self, kwargs: Any, **_: Any) -> None:
            told.put(kwargs["call_type"])

    def callback(kwargs: Any, *_: Any) -> None:
        told.put(kwargs["call_type"])

    def heard(name: str) -> bool:
        """Others may come before, of the tests before this."""
        return any(told.get(timeout=30) == name for _ in range(100))

    async def ask() -> bool:
        await llm_router.acreate_file(file=("b.jsonl", LINE), purpose="batch")
        return await asyncio.to_thread(heard, "acreate_file")

    with by_environment(monkeypatch):
        litellm.success_callback.append(callback)
        source: Any = {"type": "custom"}
        llm_router.create_eval(data_source_config=source, testing_criteria=[])
        assert heard("create_eval")
        litellm.success_callback.clear()
        callbacks.append(Logger())
        assert asyncio.run(ask())
