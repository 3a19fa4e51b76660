"""A caller's model -> the provider and the name on the wire."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .operations import OPERATIONS
from .settings import current, is_azure

# What a bare name most likely lacks, for the hint in an error.
_MAKERS = {
    "claude": "anthropic", "gemini": "gemini", "mistral": "mistral", "command": "cohere",
    "deepseek": "deepseek", "grok": "xai", "llama": "groq", "sonar": "perplexity",
}  # fmt: skip


_FORM = re.compile(r"[^\s/]+/[^\s/]\S*")  # <provider>/<name>


def resolve_model(model: str | None) -> str:
    """The LiteLLM model string (``<provider>/<name>``) that a caller's *model* means.

    Raises:
        ValueError: not a string, or a bare or malformed name; the message suggests the nearest
            valid form.
    """
    if model is None or model == "":
        return str(current("DEFAULT_MODEL"))
    if not isinstance(model, str):
        raise ValueError(f"model must be a string, not {type(model).__name__}: {model!r}")
    aliases = current("ALIASES")
    if model in aliases:
        return str(aliases[model])
    if _FORM.fullmatch(model):
        return model
    raise ValueError(f"model {model!r} is not <provider>/<name>; did you mean {_guess(model)}?")


def _guess(model: str) -> str:
    parts = [part for part in "".join(model.split()).split("/") if part]
    if len(parts) > 1:
        return repr("/".join(parts))
    default = current("DEFAULT_MODEL")
    if not parts or parts[0] == default.partition("/")[0]:
        return repr(default)
    name = parts[0]
    maker = next((v for k, v in _MAKERS.items() if name.lower().startswith(k)), "openai")
    from difflib import get_close_matches

    near = get_close_matches(name, current("ALIASES"), n=1)
    return " or ".join(repr(form) for form in (*near, f"{maker}/{name}"))


def route_of(
    name: str, arguments: dict[str, Any], provider: str | None, settings: Mapping[str, Any]
) -> tuple[str, str]:
    """(provider, name on the wire) of a call; the latter is what *arguments* say from now on.

    With a provider the model is the program's affair and the SDK's, None and "" too. The name is
    empty when there is none and the server is to choose.
    """
    operation = OPERATIONS[name]
    if provider is None:
        model = arguments.pop("model", None)
        stored_prompt = operation.http and "prompt" in arguments
        if model or (operation.model == "default" and not stored_prompt):
            provider, _, arguments["model"] = resolve_model(model).partition("/")
        elif operation.model == "required":
            raise TypeError(f"{name}() needs a model, such as 'openai/<name>'")
    provider = provider or "openai"
    if provider == "openai" and is_azure(settings):
        provider = "azure"
    model = arguments.get("model")
    return provider, model if isinstance(model, str) else ""


def on_the_wire(
    name: str, arguments: dict[str, Any], provider: str | None, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments that the SDK's method gets, which knows no provider."""
    asked = {key: value for key, value in arguments.items() if key not in ("provider", "legacy")}
    route_of(name, asked, arguments.get("provider") or provider, settings)
    return asked


def joined(route: tuple[str, str]) -> str:
    """A model as LiteLLM is told it; a group of its Router has no provider."""
    return "/".join(part for part in route if part)
