"""What editors and type checkers know of the router in somebody else's project."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import openai  # noqa: TID251  # whose methods they are
import pytest

from personalvibe.llm_router_parts import endpoint_types
from personalvibe.llm_router_parts.endpoints import ENDPOINTS
from personalvibe.llm_router_parts.operations import method_of

pytestmark = pytest.mark.process

pytest.importorskip("mypy")

PROGRAM = """
from typing import Any

from personalvibe import llm_router
from personalvibe.llm_router import AsyncClient, Client, chat_completion, file_list

messages = [{"role": "user", "content": "Hi"}]


def plain(stream: bool, options: dict[str, Any]) -> str | None:
    reveal_type(chat_completion("openai/m", messages, temperature=0.2, tools=[], num_retries=2))
    reveal_type(chat_completion("openai/m", messages, stream=False))
    reveal_type(llm_router.chat_completion(model="openai/m", messages=messages, stream=True))
    reveal_type(llm_router.embedding("openai/m", ["x"], dimensions=3))
    reveal_type(llm_router.text_completion("openai/m", "x", stream=True))
    reveal_type(Client(api_key="k", timeout=3).with_options(timeout=4))
    client = Client(api_key="k")
    reveal_type(client.chat_completion("openai/m", messages, temperature=0.2))
    reveal_type(client.chat_completion("openai/m", messages, stream=True))
    reveal_type(client.chat.completions.create(model="m", messages=[]))
    reveal_type(client.chat.completions.create(model="m", messages=[], stream=True))
    reveal_type(client.responses("openai/m", "x"))
    reveal_type(client.responses("openai/m", "x", stream=True))
    reveal_type(client.responses.create(model="m", input="x"))
    reveal_type(client.embedding("openai/m", "x"))
    reveal_type(client.files.list())
    reveal_type(llm_router.of("openai").chat_completion("m", messages))
    llm_router.of("azure").create_file(file=b"x", purpose="batch")
    reveal_type(llm_router.create_file(file=b"x", purpose="batch"))
    reveal_type(llm_router.create_file(file=b"x", purpose="batch", provider="azure"))
    reveal_type(file_list(limit=20, api_key="k"))
    reveal_type(file_list(organization="o"))
    reveal_type(llm_router.vector_store_search("v", query="x", max_retries=1))
    reveal_type(llm_router.run_thread("t", assistant_id="a"))
    reveal_type(llm_router.retrieve_model("m"))
    for chunk in chat_completion("openai/m", messages, stream=True):
        print(chunk.choices[0].delta.content)
    llm_router.chat_completion(provider="openai", **options)
    return chat_completion("openai/m", messages).choices[0].message.content


async def asynchronous() -> None:
    reveal_type(await llm_router.achat_completion("openai/m", messages))
    reveal_type(await llm_router.achat_completion("openai/m", messages, stream=True))
    client = AsyncClient(api_key="k")
    reveal_type(await client.achat_completion("openai/m", messages))
    reveal_type(await client.achat_completion("openai/m", messages, stream=True))
    reveal_type(await client.chat.completions.create(model="m", messages=[]))
    reveal_type(await client.aresponses("openai/m", "x"))
    reveal_type(await llm_router.of("openai").achat_completion("m", messages, stream=True))
    reveal_type(await llm_router.aretrieve_batch("b"))
    async with llm_router.achat_completion_stream("openai/m", messages) as events:
        print(await events.get_final_completion())
"""
REVEALED = [
    "ChatCompletion", "ChatCompletion", "Stream[ChatCompletionChunk]", "CreateEmbeddingResponse",
    "Stream[Completion]", "Client",
    "ChatCompletion", "Stream[ChatCompletionChunk]", "ChatCompletion",
    "Stream[ChatCompletionChunk]", "Response", "Stream[events]", "Response",
    "CreateEmbeddingResponse", "SyncCursorPage[FileObject]", "ChatCompletion",
    "FileObject", "FileObject", "SyncCursorPage[FileObject]", "SyncCursorPage[FileObject]",
    "SyncPage[VectorStoreSearchResponse]", "Run", "Model",
    "ChatCompletion", "AsyncStream[ChatCompletionChunk]",
    "ChatCompletion", "AsyncStream[ChatCompletionChunk]", "ChatCompletion", "Response",
    "AsyncStream[ChatCompletionChunk]", "Batch",
]  # fmt: skip
MISTAKES = """
chat_completion("openai/m", messages, colour="red")
chat_completion("openai/m", messages, temperature="hot")
chat_completion("openai/m", messages, stream="yes")
llm_router.embedding(7, "x")
llm_router.create_file(file=b"x", purpose="lunch")
llm_router.create_file(file=b"x")
llm_router.cancel_batch("b", colour="red")
"""


def test_a_reply_has_its_type_and_a_mistake_is_seen(tmp_path: Path) -> None:
    text = PROGRAM + MISTAKES
    (tmp_path / "program.py").write_text(text)
    # One run for all: mypy reads the whole of openai.
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), "program.py"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = re.findall(r'Revealed type is "(.*)"', done.stdout)
    names = [re.sub(r"[\w.]+\.(\w)", r"\1", one) for one in found]
    assert [re.sub(r"\[Response\w+( \| Response\w+)+\]", "[events]", n) for n in names] == REVEALED
    lines = {int(line) for line in re.findall(r"program\.py:(\d+): error:", done.stdout)}
    end = text.count("\n")
    assert lines == set(range(end - MISTAKES.count("\n") + 2, end + 1))


@pytest.mark.parametrize(("kind", "client"), [("", openai.OpenAI), ("a", openai.AsyncOpenAI)])
def test_every_endpoint_is_typed_as_the_method_of_the_sdk_that_it_is(
    kind: str, client: Any
) -> None:
    text = Path(endpoint_types.__file__).read_text()
    lines = re.findall(r'^    (\w+) = \w+\("?([\w.]+)(?:", None)?\)(\.\w+)?$', text, re.M)
    typed = {name: f"{path}{method}" for name, path, method in lines}
    for endpoint in ENDPOINTS.values():
        try:
            method = method_of(client(api_key="k"), endpoint.shape)
        except AttributeError:  # the installed SDK is an older one
            continue
        assert method_of(openai, typed[f"{kind}{endpoint.name}"]) is method.__func__
