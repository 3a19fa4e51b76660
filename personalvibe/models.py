"""Which providers and models work with the credentials at hand. LiteLLM knows; this asks it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from personalvibe import llm_router

#: Providers of this package: LiteLLM does not know which variables they need.
CUSTOM_PROVIDERS: Mapping[str, tuple[str, ...]] = {
    "my-custom-llm": ("SHARP_USER_SECRET", "SHARP_USER_NAME", "SHARP_API_BASE"),
}
CUSTOM_MODELS: Mapping[str, tuple[str, ...]] = {
    "my-custom-llm": ("my-custom-llm/sharp_gemma3_12b_128k",),
}

#: Providers that one signs in to in a browser. LiteLLM would begin to, if it were asked for keys.
SIGN_IN = frozenset({"chatgpt", "github_copilot"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider whose credentials are present.

    Attributes:
        models: ``<provider>/<name>`` of its chat models, sorted; empty where the account decides
            (deployments of Azure, local models).
    """

    name: str
    models: tuple[str, ...]


def missing_keys(model: str) -> tuple[str, ...]:
    """The environment variables that a model's provider wants and that are not set."""
    provider = model.partition("/")[0]
    if provider in CUSTOM_PROVIDERS:
        return tuple(key for key in CUSTOM_PROVIDERS[provider] if not os.environ.get(key))
    if provider in SIGN_IN:
        return ()
    return tuple(llm_router.validate_environment(model)["missing_keys"])


def available() -> list[Provider]:
    """The providers that work now, sorted. Asks no network."""
    by_provider: Mapping[str, list[str]] = llm_router.models_by_provider
    chat = {name for name, facts in llm_router.model_cost.items() if facts.get("mode") == "chat"}
    found = []
    with _empty_environment():
        declared = [name for name in by_provider if missing_keys(f"{name}/any")]
    for name in declared:
        if not missing_keys(f"{name}/any"):
            prefix = f"{name}/"
            models = {
                m if m.startswith(prefix) else prefix + m for m in by_provider[name] if m in chat
            }
            found.append(
                Provider(name=name, models=() if name == "azure" else tuple(sorted(models)))
            )
    for name, own in CUSTOM_MODELS.items():
        if not missing_keys(own[0]):
            found.append(Provider(name=name, models=own))
    return sorted(found, key=lambda provider: provider.name)


@contextlib.contextmanager
def _empty_environment() -> Iterator[None]:
    """Without variables LiteLLM names every key that it knows of."""
    kept = dict(os.environ)
    os.environ.clear()
    try:
        yield
    finally:
        os.environ.update(kept)
