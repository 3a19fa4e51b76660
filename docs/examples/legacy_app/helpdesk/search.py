"""Tickets that are like this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import clients

if TYPE_CHECKING:
    from openai import OpenAI


class SimilarTickets:
    """A small index in memory.

    On Azure, ``model`` is the name of the deployment.
    """

    def __init__(self, client: OpenAI | None = None, model: str = "text-embedding-3-small"):
        self.client = client or clients.search_client()
        self.model = model
        self._tickets: list[tuple[str, list[float]]] = []

    def _embed(self, texts: list[str]) -> list[list[float]]:
        response = self.client.embeddings.create(
            model=self.model, input=texts, encoding_format="float"
        )
        return [item.embedding for item in response.data]

    def add(self, *tickets: str) -> None:
        self._tickets.extend(zip(tickets, self._embed(list(tickets))))

    def nearest(self, ticket: str, n: int = 3) -> list[str]:
        (wanted,) = self._embed([ticket])

        def score(vector: list[float]) -> float:
            return sum(a * b for a, b in zip(wanted, vector))

        ranked = sorted(self._tickets, key=lambda entry: score(entry[1]), reverse=True)
        return [text for text, _ in ranked[:n]]
