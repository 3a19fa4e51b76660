"""What a test put in the place of a function of the openai package: it is called instead."""

from __future__ import annotations

import sys
from types import MethodType
from typing import Any

from .operations import method_of

# The functions of openai 0.28, which today's package still has names for.
_OLD_FUNCTIONS = {
    "chat_completion": ("ChatCompletion", "create"),
    "text_completion": ("Completion", "create"),
    "embedding": ("Embedding", "create"),
    "image_generation": ("Image", "create"),
    "image_edit": ("Image", "create_edit"),
    "image_variation": ("Image", "create_variation"),
    "moderation": ("Moderation", "create"),
    "transcription": ("Audio", "transcribe"),
    "translation": ("Audio", "translate"),
    "create_file": ("File", "create"),
    "file_list": ("File", "list"),
    "file_retrieve": ("File", "retrieve"),
    "file_delete": ("File", "delete"),
    "file_content": ("File", "download"),
    "create_fine_tuning_job": ("FineTuningJob", "create"),
    "list_fine_tuning_jobs": ("FineTuningJob", "list"),
    "retrieve_fine_tuning_job": ("FineTuningJob", "retrieve"),
    "cancel_fine_tuning_job": ("FineTuningJob", "cancel"),
}


def fake_of(name: str, shape: str, old: bool, is_async: bool) -> Any:
    """The fake of a function of the router, the SDK's *shape*; None: it is the package's own."""
    sdk: Any = sys.modules.get("openai")
    if sdk is None:
        return None
    if old:
        return _old_fake(sdk, name, is_async)
    return None if is_async else _fake(sdk, shape.split("."))


def _old_fake(sdk: Any, name: str, is_async: bool) -> Any:
    """``openai.ChatCompletion`` or its ``create``; the package's own raise when they are called."""
    if name not in _OLD_FUNCTIONS:
        return None
    group, function = _OLD_FUNCTIONS[name]
    function = f"a{function}" if is_async else function
    place = vars(sdk).get(group)
    if _is_proxy(place):
        fake = vars(place).get(function)
        return None if _is_proxy(fake) else fake
    return getattr(place, function, None)


def _fake(sdk: Any, path: list[str]) -> Any:
    """What ``openai.chat.completions.create`` is, if that or a part of it was replaced.

    ``openai.chat`` stands for the same of a client that the package makes at the first use: a fake
    may be on either.
    """
    top = vars(sdk).get(path[0])
    if not _is_proxy(top):
        return None if top is None else method_of(top, ".".join(path[1:]))
    members = {**_members(_members(vars(sdk).get("_client")).get(path[0])), **vars(top)}
    for index, part in enumerate(path[1:-1], 2):
        inner = members.get(part)
        if inner is not None and not type(inner).__module__.startswith("openai."):
            return method_of(inner, ".".join(path[index:]))
        members = _members(inner)
    method = members.get(path[-1])
    return None if isinstance(method, MethodType) else method  # a patch that ended leaves its own


def _members(place: Any) -> dict[str, Any]:
    return getattr(place, "__dict__", {})


def _is_proxy(place: Any) -> bool:
    kind = type(place)
    return kind.__module__.startswith("openai.") and kind.__name__.endswith("Proxy")
