"""Which calls of the openai module have a counterpart."""

from __future__ import annotations

from codemods.migrate_openai.rules import CALLS, LEGACY_CALLS, Call
from codemods.migrate_openai.rules import sdk_names as names


def call_of(name: str) -> Call | None:
    """``openai.ChatCompletion.create`` -> its rule's call."""
    path = name.removeprefix("openai.")
    return LEGACY_CALLS.get(path) or CALLS.get(path)


def is_leftover(name: str) -> bool:
    """Is this a call or resource of the module that has no counterpart?"""
    path = name.removeprefix("openai.").split(".")
    if call_of(name) is not None or name == "openai" or name in names.HELPERS:
        return False
    if path[0] in names.LEGACY_RESOURCES or path[0] == "embeddings_utils":
        return len(path) > 1
    return path[0] in names.RESOURCES and len(path) > 1


def is_of_router(name: str) -> bool:
    """Has ``llm_router.openai`` this name of the SDK's, or what leads to a call?"""
    path = name.removeprefix("openai.")
    leads = (sdk.startswith(f"{path}.") for sdk in (*CALLS, *LEGACY_CALLS))
    answered = path in names.SETTINGS or path in names.SENTINELS or path in names.EXCEPTIONS
    return answered or call_of(name) is not None or any(leads)
