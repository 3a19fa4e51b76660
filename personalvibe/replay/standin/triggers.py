"""Words in a request that make the stand-in misbehave on purpose.

====================================  ====================================================
``[[status:429 retry-after:3]]``      that status, in the provider's own error shape
``[[status:500 times:2]]``            the same, for the first two attempts of the request
``[[hang]]``, ``[[hang:0.5]]``        no answer until the stand-in stops, or for so many
                                      seconds; with ``times:`` for the first attempts only
``[[drop]]``                          the connection closes without an answer
``[[truncate]]``                      the connection closes in the middle of the answer
``[[say:any text]]``                  the reply is that text
``[[finish:length]]``                 that finish reason
``[[refuse]]``                        a refusal
====================================  ====================================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TRIGGER = re.compile(rb"\[\[(status|hang|drop|truncate)((?::[\w.-]+)?(?: +[a-z-]+:[\w.-]+)*)\]\]")
_SAY = re.compile(r"\[\[say:(.*?)\]\]", re.DOTALL)
_FINISH = re.compile(r"\[\[finish:(\w+)\]\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What goes wrong: ``name`` is status, hang, drop or truncate."""

    name: str
    value: str = ""
    retry_after: str | None = None
    times: int | None = None


def find(body: bytes) -> Trigger | None:
    """The first trigger in a request's body, if there is one."""
    match = _TRIGGER.search(body)
    if match is None:
        return None
    first, *rest = match[2].decode().split(" ")
    options = dict(part.split(":", 1) for part in rest if part)
    return Trigger(
        name=match[1].decode(),
        value=first.removeprefix(":"),
        retry_after=options.get("retry-after"),
        times=int(options["times"]) if options.get("times", "").isdigit() else None,
    )


def said(text: str) -> str | None:
    match = _SAY.search(text)
    return match[1] if match else None


def finish(text: str) -> str | None:
    match = _FINISH.search(text)
    return match[1] if match else None


def refused(text: str) -> bool:
    return "[[refuse]]" in text
