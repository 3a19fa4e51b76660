"""What programs of openai 0.28 imported from ``openai.embeddings_utils``.

The texts, the defaults and the number of attempts are those of openai 0.28.1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .media import aembedding, embedding

_ATTEMPTS = 6
_MOST = 2048  # texts of one request


def _request(texts: Sequence[str], engine: str, options: dict[str, Any]) -> dict[str, Any]:
    # A line break made the models of that time worse.
    lines = [text.replace("\n", " ") for text in texts]
    settings = {"provider": "openai", "legacy": True, "max_retries": _ATTEMPTS - 1}
    return {"model": engine, "input": lines, **settings, **options}


def _vectors(reply: Any) -> list[list[float]]:
    return [item["embedding"] for item in reply["data"]]


def get_embedding(
    text: str, engine: str = "text-similarity-davinci-001", **options: Any
) -> list[float]:
    """The vector of a text."""
    return _vectors(embedding(**_request([text], engine, options)))[0]


async def aget_embedding(
    text: str, engine: str = "text-similarity-davinci-001", **options: Any
) -> list[float]:
    """The vector of a text."""
    return _vectors(await aembedding(**_request([text], engine, options)))[0]


def get_embeddings(
    list_of_text: Sequence[str], engine: str = "text-similarity-babbage-001", **options: Any
) -> list[list[float]]:
    """The vectors of up to 2,048 texts, by one request."""
    return _vectors(embedding(**_request(_checked(list_of_text), engine, options)))


async def aget_embeddings(
    list_of_text: Sequence[str], engine: str = "text-similarity-babbage-001", **options: Any
) -> list[list[float]]:
    """The vectors of up to 2,048 texts, by one request."""
    return _vectors(await aembedding(**_request(_checked(list_of_text), engine, options)))


def _checked(texts: Sequence[str]) -> Sequence[str]:
    if len(texts) > _MOST:
        raise AssertionError(f"The batch size should not be larger than {_MOST}.")
    return texts


def cosine_similarity(a: Sequence[float], b: Sequence[float]) -> float:
    """The cosine of the angle between two vectors of one length, from -1 to 1."""
    dot = math.fsum(x * y for x, y in zip(a, b, strict=True))
    return dot / (math.hypot(*a) * math.hypot(*b))
