"""Which providers and models work with the credentials at hand. LiteLLM knows; this asks it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

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
    known = _known()
    with _empty_environment():
        declared = [provider for provider in known if _missing(provider)]
    found = [provider for provider in declared if not _missing(provider)]
    for name, own in CUSTOM_MODELS.items():
        if not missing_keys(own[0]):
            found.append(Provider(name=name, models=own))
    return sorted(found, key=lambda provider: provider.name)


def locked(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Chat models with a text in their names, and the variables that they lack. Asks no network."""
    found = []
    for provider in matching(_known(), text):
        if missing := _missing(provider):
            found += [(name, missing) for name in provider.models]
    return sorted(found)


def _known() -> list[Provider]:
    """LiteLLM's providers and their chat models."""
    by_provider: Mapping[str, list[str]] = llm_router.models_by_provider
    chat = {name for name, facts in llm_router.model_cost.items() if facts.get("mode") == "chat"}
    found = []
    for name, listed in by_provider.items():
        prefix = f"{name}/"
        models = {m if m.startswith(prefix) else prefix + m for m in listed if m in chat}
        found.append(Provider(name=name, models=() if name == "azure" else tuple(sorted(models))))
    return found


def _missing(provider: Provider) -> tuple[str, ...]:
    return missing_keys(f"{provider.name}/any")


def matching(providers: Iterable[Provider], text: str) -> list[Provider]:
    """The providers with those of their models that have a text in their names."""
    found = []
    for provider in providers:
        names = provider.models or (f"{provider.name}/<name>",)
        kept = tuple(name for name in names if text in name)
        if kept:
            found.append(replace(provider, models=kept if provider.models else ()))
    return found


@contextlib.contextmanager
def _empty_environment() -> Iterator[None]:
    """Without variables LiteLLM names every key that it knows of."""
    kept = dict(os.environ)
    os.environ.clear()
    try:
        yield
    finally:
        os.environ.update(kept)
