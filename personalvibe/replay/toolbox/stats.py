"""Cassettes added up: by provider, model, endpoint and test."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from enum import StrEnum
from urllib.parse import urlsplit

from personalvibe.replay import dates, usage
from personalvibe.replay.cassette import bodies
from personalvibe.replay.matching.random_ids import random_id_prefix
from personalvibe.replay.model import Interaction, Request, Response, Usage
from personalvibe.replay.redaction.redact import RedactionRules, redact_url
from personalvibe.replay.toolbox.files import Recording


class By(StrEnum):
    PROVIDER = "provider"
    MODEL = "model"
    ENDPOINT = "endpoint"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    interactions: int = 0
    usage: Usage = field(default_factory=Usage)
    """The cost is what a replay does not spend."""
    size: float = 0.0
    """Bytes on disk; an interaction has its share of its file."""
    first: str = ""
    """When the oldest was recorded, as the recordings state it; empty where none does."""
    last: str = ""

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            interactions=self.interactions + other.interactions,
            usage=usage.total([self.usage, other.usage]),
            size=self.size + other.size,
            first=min(filter(None, (self.first, other.first)), default=""),
            last=max(self.last, other.last),
        )


class Stats:
    """Adds up cassettes, one at a time: a folder may hold more than memory does."""

    def __init__(self, rules: RedactionRules, prices: usage.Prices) -> None:
        self._rules = rules
        self._prices = prices
        self._groups: dict[By, dict[str, Figures]] = {by: {} for by in By}
        self.cassettes = 0
        self.total = Figures()

    def add(self, recording: Recording) -> None:
        self.cassettes += 1
        weights = [_weight(one) for one in recording.interactions]
        for one, weight in zip(recording.interactions, weights, strict=True):
            share = len(recording.content) * weight / sum(weights)
            figures = _figures(one, share, self._prices)
            self.total += figures
            for by, name in self._names(one, recording):
                groups = self._groups[by]
                groups[name] = groups.get(name, Figures()) + figures

    def _names(self, one: Interaction, recording: Recording) -> Iterator[tuple[By, str]]:
        address = redact_url(one.request.url, self._rules, one.request)
        yield By.PROVIDER, provider_of(address)
        yield By.MODEL, usage.model_of(one) or "(none)"
        yield By.ENDPOINT, f"{one.request.method} {_path(address)}"
        yield By.TEST, str(recording.path)

    def groups(self, by: By) -> Mapping[str, Figures]:
        """The largest first: by cost, then by tokens, then by number."""

        def rank(named: tuple[str, Figures]) -> tuple[float, int, int, str]:
            name, one = named
            spent = one.usage
            return (
                -spent.cost_usd,
                -spent.input_tokens - spent.output_tokens,
                -one.interactions,
                name,
            )

        return dict(sorted(self._groups[by].items(), key=rank))


def _weight(one: Interaction) -> int:
    return 1 + len(one.request.url) + _message_size(one.request) + _message_size(one.response)


def _message_size(message: Request | Response) -> int:
    return len(message.body) + sum(len(name) + len(value) for name, value in message.headers)


def _figures(one: Interaction, size: float, prices: usage.Prices) -> Figures:
    moment = recorded_at(one)
    return Figures(
        interactions=1,
        usage=usage.usage_of(one, prices),
        size=size,
        first=moment,
        last=moment,
    )


def recorded_at(one: Interaction) -> str:
    """When an interaction was recorded; what the server says, where the recorder says nothing."""
    if one.provenance is not None:
        return one.provenance.recorded_at
    try:
        stated = bodies.header(one.response.headers, "date") or ""
        return dates.iso(parsedate_to_datetime(stated).timestamp())
    except (ValueError, OverflowError, OSError):
        return ""


_PROVIDERS = {
    "api.openai.com": "openai",
    ".openai.azure.com": "azure",
    ".cognitiveservices.azure.com": "azure",
    ".services.ai.azure.com": "azure",
    "api.anthropic.com": "anthropic",
    "generativelanguage.googleapis.com": "gemini",
    "aiplatform.googleapis.com": "vertex",
    ".mistral.ai": "mistral",
    "api.groq.com": "groq",
    "api.cohere.com": "cohere",
    "api.cohere.ai": "cohere",
    "api.deepseek.com": "deepseek",
    "api.x.ai": "xai",
    "openrouter.ai": "openrouter",
    "api.together.xyz": "together",
    "api.fireworks.ai": "fireworks",
    "api.perplexity.ai": "perplexity",
    "huggingface.co": "huggingface",
}
_BEDROCK = re.compile(r"bedrock[\w-]*\.[\w-]+\.amazonaws\.com(?:\.cn)?")
_OLLAMA_PORT = 11434


def provider_of(url: str) -> str:
    """Who answers at an address; the host itself where nobody known does."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if _BEDROCK.fullmatch(host):
        return "bedrock"
    if parts.port == _OLLAMA_PORT:
        return "ollama"
    return next((name for end, name in _PROVIDERS.items() if host.endswith(end)), host)


def _path(url: str) -> str:
    """A path without what differs from call to call."""
    segments = usage.without_model(urlsplit(url).path).split("/")
    return "/".join("{id}" if _is_id(one) else one for one in segments)


def _is_id(segment: str) -> bool:
    return random_id_prefix(segment, known=False) is not None
