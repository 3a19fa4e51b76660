"""Which address is answered by what, in which dialect."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from personalvibe.replay.standin import (
    anthropic,
    azure,
    gemini,
    mistral,
    ollama,
    openai_chat,
    openai_files,
    openai_kept,
    openai_manners,
    openai_media,
    openai_more,
    openai_responses,
    openai_stores,
    openai_threads,
    sharp,
)
from personalvibe.replay.standin.model import ApiError, Received, Reply

Answer = Callable[[Received], Reply]


class Dialect(Protocol):
    """A provider's manners around the answer itself. The provider's module implements it."""

    def authorise(self, request: Received, /) -> None:
        """Raises `ApiError` when the key is not good."""

    def fail(self, failure: ApiError, /) -> Reply:
        """The provider's shape of an error."""

    def headers(self, request: Received, /) -> dict[str, str]:
        """What the provider adds to every answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    method: str
    pattern: re.Pattern[str]
    """Searched in the path, so that a gateway may put anything before it."""
    dialect: Dialect
    answer: Answer


def _table(dialect: Dialect, rows: dict[str, Answer]) -> tuple[Endpoint, ...]:
    found = []
    for spelled, answer in rows.items():
        method, _, path = spelled.partition(" ")
        found.append(
            Endpoint(method=method, pattern=re.compile(path + "$"), dialect=dialect, answer=answer)
        )
    return tuple(found)


_OPENAI = _table(
    openai_manners,
    {
        "POST /chat/completions": openai_chat.chat_completions,
        "POST /engines/[^/]+/completions": openai_manners.by_engine(openai_more.complete),
        "POST /engines/[^/]+/embeddings": openai_manners.by_engine(openai_more.embed),
        "POST /completions": openai_more.completions,
        "POST /embeddings": openai_more.embeddings,
        "POST /moderations": openai_more.moderations,
        "GET /models": openai_more.models,
        "GET /models/.+": openai_more.model,
        "POST /responses": openai_responses.create,
        "GET /responses/[^/]+": openai_responses.retrieve,
        "DELETE /responses/[^/]+": openai_responses.delete,
        "POST /responses/[^/]+/cancel": openai_responses.cancel,
        "GET /responses/[^/]+/input_items": openai_responses.input_items,
        "POST /images/generations": openai_media.image_generations,
        "POST /images/edits": openai_media.image_edits,
        "POST /images/variations": openai_media.image_variations,
        "POST /audio/transcriptions": openai_media.transcriptions,
        "POST /audio/translations": openai_media.translations,
        "POST /audio/speech": openai_media.speech,
        **openai_stores.ROWS,
        **openai_kept.ROWS,
        **openai_files.ROWS,
        **openai_threads.ROWS,
    },
)
_AZURE = _table(
    azure,
    {
        "POST /openai/deployments/[^/]+/.+": azure.by_deployment,
        "POST /openai/v1/chat/completions": azure.chat_completions,
    },
) + tuple(
    Endpoint(method=e.method, pattern=e.pattern, dialect=azure, answer=e.answer) for e in _OPENAI
)
_MISTRAL = _table(
    mistral,
    {
        "POST /chat/completions": mistral.chat_completions,
        "POST /embeddings": mistral.embeddings,
        "GET /models": openai_more.models,
    },
)
_BY_PATH = (
    _table(
        anthropic,
        {
            "POST /v1/messages": anthropic.messages,
            "POST /v1/messages/count_tokens": anthropic.count_tokens,
        },
    )
    + _table(
        gemini,
        {
            "POST /models/[^/]+:generateContent": gemini.generate,
            "POST /models/[^/]+:streamGenerateContent": gemini.stream,
            "POST /models/[^/]+:countTokens": gemini.count_tokens,
            "POST /models/[^/]+:(embedContent|batchEmbedContents)": gemini.embed,
        },
    )
    + _table(
        ollama,
        {
            "POST /api/chat": ollama.chat,
            "POST /api/generate": ollama.generate,
            "POST /api/embed": ollama.embed,
            "POST /api/embeddings": ollama.embeddings,
            "POST /api/show": ollama.show,
            "GET /api/tags": ollama.tags,
            "GET /api/version": ollama.version,
        },
    )
    + _table(sharp, {"POST /sharp/api/v2/generate": sharp.generate})
)


def find(request: Received) -> tuple[Endpoint | None, Dialect]:
    """The endpoint for a request, None for an unknown address, and who speaks."""
    stranger: Dialect
    if azure.is_azure(request):
        table, stranger = _AZURE, azure
    elif request.host.endswith("mistral.ai"):
        table, stranger = _MISTRAL, mistral
    elif request.host.endswith("anthropic.com"):
        table, stranger = _BY_PATH, anthropic
    elif request.host.endswith("googleapis.com"):
        table, stranger = _BY_PATH + _OPENAI, gemini
    else:
        table, stranger = _BY_PATH + _OPENAI, openai_manners
    for endpoint in table:
        if endpoint.method == request.method and endpoint.pattern.search(request.target):
            return endpoint, endpoint.dialect
    return None, stranger
