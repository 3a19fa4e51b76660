"""A recorded 429 or 5xx is answered at once: nobody waits before the next attempt.

While a cassette plays, the sleeps that HTTP clients and retry libraries take *after an error was
played* are skipped. The program's own sleeps are not: the caller decides.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

_WAITERS = frozenset(
    (
        "anthropic",
        "azure",
        "backoff",
        "boto3",
        "botocore",
        "cohere",
        "google",
        "groq",
        "httpx",
        "instructor",
        "langchain_core",
        "litellm",
        "mistralai",
        "openai",
        "requests",
        "stamina",
        "tenacity",
        "urllib3",
    )
)


@contextlib.contextmanager
def skipped(error_played: Callable[[], bool]) -> Iterator[None]:
    """Skip the waits of known clients while `error_played` says that there is a reason for one."""

    def waits_in_vain() -> bool:
        caller = sys._getframe(2).f_globals.get("__name__", "")
        return caller.partition(".")[0] in _WAITERS and error_played()

    def wrapped(sleep: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(sleep)
        def replacement(delay: float, *args: Any, **kwargs: Any) -> Any:
            return sleep(0 if waits_in_vain() else delay, *args, **kwargs)

        return replacement

    # anyio is imported only if somebody uses it.
    modules: list[Any] = [time, asyncio, *filter(None, [sys.modules.get("anyio")])]
    originals = [module.sleep for module in modules]
    for module, original in zip(modules, originals, strict=True):
        module.sleep = wrapped(original)
    try:
        yield
    finally:
        for module, original in zip(modules, originals, strict=True):
            module.sleep = original
