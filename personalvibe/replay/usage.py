"""Tokens and cost of recorded responses, as the providers report them."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from personalvibe.replay.cassette import bodies
from personalvibe.replay.model import Interaction, Usage

_INPUT = ("prompt_tokens", "input_tokens", "promptTokenCount", "prompt_eval_count")
_OUTPUT = ("completion_tokens", "output_tokens", "candidatesTokenCount", "eval_count")
_DATA = re.compile(rb"(?m)^(?:data:[ ]?)?(\{.*\})\r?$")
_MODEL_IN_PATH = re.compile(r"/(?:models|deployments|model)/([^/:?]+)")


Prices = Mapping[str, Any]
"""What a model costs, by its name, as LiteLLM lists it."""


def usage_of(interaction: Interaction, prices: Prices | None = None) -> Usage:
    """The usage that a response states; zero where it states none.

    Its cost goes by `prices`, or by LiteLLM's where that is loaded.
    """
    most: dict[str, int] = {"input": 0, "output": 0}
    for document in _documents(interaction):
        found = _usage(document)
        # A stream repeats its counts, each time more complete.
        most["input"] = max(most["input"], _first(found, _INPUT))
        most["output"] = max(most["output"], _first(found, _OUTPUT))
    tokens = (most["input"], most["output"])
    known = _loaded_prices() if prices is None else prices
    cost = _cost(known, model_of(interaction), *tokens) if any(tokens) else 0.0
    return Usage(input_tokens=tokens[0], output_tokens=tokens[1], cost_usd=cost)


def total(usages: Iterator[Usage] | list[Usage]) -> Usage:
    found = list(usages)
    return Usage(
        input_tokens=sum(one.input_tokens for one in found),
        output_tokens=sum(one.output_tokens for one in found),
        cost_usd=sum(one.cost_usd for one in found),
    )


def _documents(interaction: Interaction) -> Iterator[dict[str, Any]]:
    response = interaction.response
    if bodies.is_json(response.headers, response.body):
        pieces = [response.body]
    else:
        pieces = [match[1] for match in _DATA.finditer(response.body)]
    for piece in pieces:
        if not any(name.encode() in piece for name in (*_INPUT, *_OUTPUT)):
            continue
        try:
            value = bodies.parse_json(piece)
        except bodies.NotJsonError:
            continue
        if isinstance(value, dict):
            yield value


def _usage(document: dict[str, Any]) -> dict[str, Any]:
    for holder in (document, document.get("message"), document.get("response")):
        if isinstance(holder, dict):
            for name in ("usage", "usageMetadata"):
                if isinstance(holder.get(name), dict):
                    return dict(holder[name])
    return document


def _first(found: dict[str, Any], names: tuple[str, ...]) -> int:
    for name in names:
        if isinstance(found.get(name), int):
            return int(found[name])
    return 0


def model_of(interaction: Interaction) -> str:
    """The model that a request names; empty where it names none."""
    request = interaction.request
    try:
        value = bodies.parse_json(request.body)
    except bodies.NotJsonError:
        value = None
    if isinstance(value, dict) and isinstance(value.get("model"), str):
        return str(value["model"])
    found = _MODEL_IN_PATH.search(request.url)
    return found[1] if found else ""


def without_model(path: str) -> str:
    """The path of an address with ``{model}`` in the place of the model that it names."""
    found = _MODEL_IN_PATH.search(path)
    return path if found is None else f"{path[: found.start(1)]}{{model}}{path[found.end(1) :]}"


def _loaded_prices() -> Prices:
    return getattr(sys.modules.get("litellm"), "model_cost", None) or {}


def price_list() -> Prices:
    """The price list that LiteLLM brings, without the seconds that importing LiteLLM takes."""
    found = importlib.util.find_spec("litellm")
    for folder in (found.submodule_search_locations or ()) if found else ():
        with contextlib.suppress(OSError, ValueError):
            file = Path(folder, "model_prices_and_context_window_backup.json")
            return dict(json.loads(file.read_bytes()))
    return {}


def _cost(prices: Prices, model: str, input_tokens: int, output_tokens: int) -> float:
    """In US dollars; 0 if the list lacks the model."""
    for name in (model, f"gemini/{model}", f"mistral/{model}", f"azure/{model}"):
        price = prices.get(name)
        if isinstance(price, dict):
            return float(
                input_tokens * (price.get("input_cost_per_token") or 0.0)
                + output_tokens * (price.get("output_cost_per_token") or 0.0)
            )
    return 0.0
