"""Callbacks of LiteLLM that change a request: what they changed is sent."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Mapping
from typing import Any

from .packages import load_litellm

# The methods of LiteLLM's CustomLogger that may.
_HOOKS = ("async_pre_call_deployment_hook", "get_chat_completion_prompt",
          "async_get_chat_completion_prompt", "log_pre_api_call")  # fmt: skip


# What LiteLLM adds to a request by itself, or calls by another name.
_ADDED = frozenset({"extra_body", "extra_headers", "timeout", "stream_options", "max_retries",
                    "encoding_format", "max_completion_tokens", "user"})  # fmt: skip


def has_hooks() -> bool:
    """Is there a callback that may change a request? Also warns of switches that cannot."""
    litellm = load_litellm()
    for switch in ("drop_params", "modify_params"):
        if getattr(litellm, switch, None):
            _warn_once(
                f"litellm.{switch} does not change what is sent to openai and azure;"
                f" give `drop_params=True` to a call that LiteLLM is to rewrite"
            )
    if any(callable(callback) for callback in litellm.input_callback):
        return True
    from litellm.integrations.custom_logger import CustomLogger

    return any(
        getattr(type(callback), name, None) is not getattr(CustomLogger, name, None)
        for callback in (*litellm.callbacks, *litellm.input_callback)
        if isinstance(callback, CustomLogger)
        for name in _HOOKS
    )


def hooked(
    program: dict[str, Any], before: Mapping[str, Any], theirs: Mapping[str, Any]
) -> dict[str, Any]:
    """The program's request with what callbacks changed.

    Args:
        before: the request as LiteLLM was told it.
        theirs: the request as LiteLLM would send it.
    """
    changed = {
        name: value
        for name, value in theirs.items()
        if name in before and name in program and _bare(value) != _bare(before[name])
    }
    gone = {name for name in ("tools", "functions") if name in before and name not in theirs}
    if added := theirs.keys() - before.keys() - _ADDED - {"stream"}:
        _warn_once(
            f"what LiteLLM's callbacks add to a request is not sent to openai and azure:"
            f" {', '.join(sorted(added))}"
        )
    return {name: value for name, value in {**program, **changed}.items() if name not in gone}


def _bare(value: Any) -> Any:
    """Without what LiteLLM drops from messages, and in plain data."""
    if isinstance(value, Mapping):
        kept = {k: v for k, v in value.items() if v is not None and k != _LITELLMS_FIELDS}
        return {k: _bare(v) for k, v in kept.items()}
    return [_bare(item) for item in value] if isinstance(value, (list, tuple)) else value


_LITELLMS_FIELDS = "provider_specific_fields"


@functools.cache
def _warn_once(text: str) -> None:
    warnings.warn(f"llm_router: {text}", stacklevel=2)
