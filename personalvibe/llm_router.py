"""Every call to a language model goes through this file, to LiteLLM.

Importing it is cheap: LiteLLM itself (2-5 s) is imported at the first call.
"""

from __future__ import annotations

import functools
import os
import types
from difflib import get_close_matches
from typing import Any

DEFAULT_MODEL = "openai/gpt-4o-mini"

#: Short names for models. Extend it: ``llm_router.ALIASES["fast"] = "groq/llama-3.1-8b-instant"``.
ALIASES: dict[str, str] = {"o3": DEFAULT_MODEL}

# LiteLLM's own network habits: set before its import, and only where the user has not chosen.
_QUIET = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
}


@functools.cache
def _litellm() -> types.ModuleType:
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    import litellm

    return litellm


def resolve_model(model: str | None) -> str:
    """The LiteLLM model string (``<provider>/<name>``) that a caller's *model* means.

    Raises:
        ValueError: not a string, or a bare or malformed name; the message suggests the nearest
            valid form.
    """
    if model is None or model == "":
        return DEFAULT_MODEL
    if not isinstance(model, str):
        raise ValueError(f"model must be a string, not {type(model).__name__}: {model!r}")
    if model in ALIASES:
        return ALIASES[model]
    provider, slash, name = model.partition("/")
    if slash and provider and name and not any(c.isspace() for c in model):
        return model
    tidy = "".join(model.split()).strip("/")
    near = get_close_matches(tidy, ALIASES, n=1)
    guess = tidy if "/" in tidy else f"openai/{tidy or 'gpt-4o-mini'}"
    meant = f"{near[0]!r} or {guess!r}" if near else f"{guess!r}"
    raise ValueError(f"model {model!r} is not <provider>/<name>; did you mean {meant}?")


def chat_completion(
    model: str | None = None, messages: list[Any] | None = None, **kwargs: Any
) -> Any:
    """Ask a chat model. Returns LiteLLM's ``ModelResponse``, or its stream with ``stream=True``.

    Raises:
        ValueError: the model is not ``<provider>/<name>``, or messages is not a filled list.
    """
    if not isinstance(messages, list) or not messages:
        raise ValueError(f"messages must be a list with at least one message, not {messages!r}")
    return _litellm().completion(model=resolve_model(model), messages=messages, **kwargs)
