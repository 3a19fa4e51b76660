"""The table of endpoints in docs/LLM_PROVIDERS.md. Run as a script, this file writes it."""

from __future__ import annotations

import inspect
import typing
from pathlib import Path
from typing import Any

from personalvibe.llm_router_parts.endpoints import (
    ENDPOINTS,
    PASSAGE,
    Endpoint,
    litellm_twin,
)
from personalvibe.llm_router_parts.operations import OPERATIONS
from personalvibe.llm_router_parts.wire import RAW_HEADER
from tests.app.wire import loaded_litellm

PAGE = Path(__file__).parents[2] / "docs" / "LLM_PROVIDERS.md"
START, END = "<!-- endpoints: written by tests/app/test_endpoint_docs.py -->\n", "<!-- end -->\n"

# Besides openai and azure, the providers that every supported LiteLLM asks.
_FILES = "anthropic manus"
_STORES = "azure_ai bedrock gemini milvus pg_vector ragflow s3_vectors"
_PROVIDERS = {
    "create_file": f"{_FILES} bedrock gemini hosted_vllm vertex_ai",
    "file_list": _FILES,
    "file_retrieve": f"{_FILES} gemini hosted_vllm vertex_ai",
    "file_delete": f"{_FILES} gemini",
    "file_content": f"{_FILES} bedrock hosted_vllm vertex_ai",
    "create_batch": "bedrock hosted_vllm vertex_ai",
    "list_batches": "hosted_vllm vertex_ai",
    "retrieve_batch": "anthropic bedrock hosted_vllm vertex_ai",
    "cancel_batch": "vertex_ai",
    "create_fine_tuning_job": "vertex_ai",
    "list_fine_tuning_jobs": "vertex_ai",
    "retrieve_fine_tuning_job": "vertex_ai",
    "cancel_fine_tuning_job": "vertex_ai",
}
_BY_MODULE = {"vector_stores.main": _STORES}
_BY_RESOURCE = {"videos": "gemini runwayml vertex_ai", "responses": "hosted_vllm manus xai"}

# What LiteLLM has in pairs and no server of OpenAI's is asked by, or what only wraps another.
NOT_OF_THE_SDK = frozenset(
    {
        *("adapter_completion", "completion_with_retries", "responses_with_retries"),
        *("create_agent", "delete_agent", "get_agent", "list_agents", "list_agent_versions"),
        *("decisions", "extraction", "systemone", "run_tool_loop", "ingest", "query", "search"),
        *("llm_passthrough_route", "ocr", "rerank", "run_thread_stream", "cancel_eval"),
    }
)


def providers(endpoint: Endpoint) -> str:
    if endpoint.passed_on:
        return "anthropic" if endpoint.shape.startswith("skills.") else "openai, azure"
    area, _, _ = endpoint.litellm.rpartition(".")
    resource = endpoint.shape.partition(".")[0]
    more = _PROVIDERS.get(endpoint.name) or _BY_MODULE.get(area) or _BY_RESOURCE.get(resource) or ""
    return ", ".join(("openai", "azure", *more.split()))


def difference(endpoint: Endpoint) -> str:
    if endpoint.passed_on:
        return f"from openai and azure it passes through: {endpoint.passed_on}"
    told = [] if endpoint.azure else ["for Azure LiteLLM is told `openai`"]
    if endpoint.only_async:
        told.append(f"synchronous calls pass through: {endpoint.only_async}")
    return "; ".join(told)


def table() -> str:
    head = "| function | openai's spelling | LiteLLM's function | providers | differences |"
    rows = (
        f"| `{e.name}` | `client.{e.shape}` | `litellm.{e.litellm or PASSAGE.name}`"
        f" | {providers(e)} | {difference(e)} |".replace("|  |", "| |")
        for e in ENDPOINTS.values()
    )
    return "\n".join((head, "|---|---|---|---|---|", *rows, ""))


def test_the_page_has_the_table() -> None:
    text = PAGE.read_text()
    assert START + "\n" + table() + "\n" + END in text
    assert RAW_HEADER in text  # the header that these requests have besides the SDK's


def test_what_litellm_has_is_in_the_table() -> None:
    """A failure names what the installed LiteLLM has and the router does not know."""
    litellm = loaded_litellm()
    functions = {name for name, value in vars(litellm).items() if inspect.isroutine(value)}
    pairs = {name for name in functions if f"a{name}" in functions}
    known = {operation.litellm for operation in OPERATIONS.values()}
    known |= {endpoint.litellm.rpartition(".")[2] for endpoint in ENDPOINTS.values()}
    assert pairs - known - NOT_OF_THE_SDK == set()


def test_litellm_asks_the_providers_that_the_table_names() -> None:
    for endpoint in ENDPOINTS.values():
        twin = litellm_twin(endpoint, True)
        if twin is None or endpoint.passed_on:
            continue
        annotation = inspect.signature(twin).parameters.get("custom_llm_provider")
        named = literals(annotation.annotation) if annotation else set()
        if named:
            assert set(providers(endpoint).split(", ")) <= named, endpoint.name


def literals(annotation: Any) -> set[str]:
    found: set[str] = set()
    for part in typing.get_args(annotation):
        found |= {part} if isinstance(part, str) else literals(part)
    return found


if __name__ == "__main__":
    before, _, rest = PAGE.read_text().partition(START)
    PAGE.write_text(f"{before}{START}\n{table()}\n{END}{rest.partition(END)[2]}")
