"""Every method of the SDK that sends one request: the router's client sends the same.

All of them, not a choice: the request that arrives and the reply that the program sees are those
of the SDK's own client, and LiteLLM was asked, by its function or to pass the request through.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections import Counter
from typing import Any

import openai  # noqa: TID251  # what the router's clients are compared with
import pytest

from personalvibe import llm_router
from personalvibe.llm_router_parts.endpoints import ENDPOINTS, PASSAGE, litellm_twin
from personalvibe.llm_router_parts.operations import OPERATIONS

from .sdk_methods import Method, methods
from .wire import Answer, Sent, Wire, answer

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the SDK's, of assistants

# What a request says of the client that sends it, and boundaries that are made up.
_OF_CLIENTS = frozenset({"host", "x-stainless-raw-response", "idempotency-key", "content-type"})
_KEPT = {
    "id": "id_1",
    "object": "thing",
    "created_at": 7,
    "status": "completed",
    "metadata": {"a": "b"},
    "data": [{"id": "id_2", "object": "thing", "text": "words"}],
    "has_more": False,
}
_OF_MODELS = (
    *("/chat/completions", "/completions", "/embeddings", "/moderations", "/v1/responses"),
    *("/openai/responses", "/generations", "/images/edits", "/images/variations"),
    *("/speech", "/transcriptions", "/translations"),
)
_ASKED_OF_MODELS = frozenset(operation.shape for operation in OPERATIONS.values())
_SHAPES = {endpoint.shape: name for name, endpoint in ENDPOINTS.items()}
_SHAPES |= {
    "files.retrieve_content": "file_content",  # its name of old
    "beta.responses.compact": "compact_responses",
    "beta.responses.input_items.list": "list_input_items",
}
# Over a hundred, all passed through: one kind of client will do.
_ALIKE = ("admin.", "beta.agents.")


def kept(sent: Sent) -> Answer:
    if sent.method == "POST" and sent.path.endswith(_OF_MODELS):
        return answer(sent)
    if sent.path.endswith("/content"):
        return Answer(body=b"bytes")
    return Answer(body=_KEPT)


def essence(sent: Sent) -> tuple[Any, ...]:
    headers = {k: v for k, v in sent.headers.items() if k not in _OF_CLIENTS}
    kind = sent.headers.get("content-type", "").partition(";")[0]
    return sent.method, sent.path, sent.query, kind, sent.body, headers


async def seen(method: Method, client: Any) -> str:
    """What the program sees of the reply, as text."""
    try:
        reply = method.called_on(client)
        reply = await reply if inspect.isawaitable(reply) else reply
    except Exception as error:
        return repr(error)
    content = reply.content if hasattr(reply, "stream_to_file") else reply
    return f"{type(reply).__name__} {content!r}"


def by_function(method: Method, asynchronous: bool) -> str:
    """The endpoint whose function of LiteLLM is to be asked for a method."""
    endpoint = ENDPOINTS.get(_SHAPES.get(method.path, ""))
    if endpoint is None or endpoint.passed_on or (endpoint.only_async and not asynchronous):
        return PASSAGE.name
    return endpoint.name if litellm_twin(endpoint, asynchronous) else PASSAGE.name


@pytest.mark.parametrize("azure", [False, True], ids=["openai", "azure"])
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_every_method_sends_and_sees_what_it_does_with_the_sdk(
    asynchronous: bool, azure: bool, wire: Wire, asked: Counter[str]
) -> None:
    wire.route = kept
    where = {"base_url": wire.url}
    if azure:
        where = {"azure_endpoint": wire.origin, "api_version": "2025-04-01-preview"}
    given: dict[str, Any] = {"api_key": "sk-test", "max_retries": 0, **where}
    if "admin_api_key" in inspect.signature(openai.OpenAI).parameters:
        given["admin_api_key"] = "sk-admin"
    prefix = "Async" if asynchronous else ""
    theirs = getattr(openai, f"{prefix}{'Azure' if azure else ''}OpenAI")(**given)
    ours = getattr(llm_router, f"{prefix}Client")(**given)
    different: list[tuple[object, ...]] = []
    refused: list[str] = []  # overloaded, so that no argument is always required; or checked first

    async def compare_all() -> None:
        for method in some:
            await compare(method)
        if asynchronous:  # their connections are of this event loop
            await theirs.close()
            await ours.close()

    async def compare(method: Method) -> None:
        found = []
        asked.clear()
        for client in (theirs, ours):
            reply = await seen(method, client)
            found.append((reply, [essence(sent) for sent in wire.take()]))
        through = by_function(method, asynchronous)
        wanted = {} if method.path in _ASKED_OF_MODELS else {through: 1}
        if not found[0][1]:
            refused.append(method.path)
            wanted = {}
        if found[0] != found[1] or asked != wanted:
            different.append((method.path, *found, dict(asked)))

    some = [m for m in methods() if not ((azure or asynchronous) and m.path.startswith(_ALIKE))]
    asyncio.run(compare_all())
    assert different == []
    assert len(refused) < len(some) / 20, refused


def test_no_endpoint_of_the_table_is_left_out() -> None:
    """One that the installed SDK has no method for is of another release of it."""
    paths = {method.path for method in methods()}
    client = openai.OpenAI(api_key="unused")
    missing = [shape for shape in _SHAPES if shape not in paths and _has(client, shape)]
    assert missing == []


def _has(client: Any, shape: str) -> bool:
    try:
        functools.reduce(getattr, shape.split("."), client)
    except AttributeError:
        return False
    return True
