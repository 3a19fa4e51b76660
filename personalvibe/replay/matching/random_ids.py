"""Whether a text is an id that a machine drew, and not a name that a person chose. Pure.

A wrong yes replaces a model's name, a wrong no costs a changed line at the next recording. So the
answer is no unless much speaks for it: a prefix that providers give their ids, or many characters.
"""

from __future__ import annotations

import math
import re
from collections import Counter

UUID = re.compile(r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
UUID_HEAD = "uuid"
"""Said of a UUID, which has no prefix."""

_SHAPE = re.compile(r"(?P<head>(?:[A-Za-z]{2,12}[-_])*)(?P<run>[A-Za-z0-9][A-Za-z0-9_-]*)")
# A digit with a letter somewhere before and somewhere after it: not ``user12345``, not ``2024may``.
_DIGIT_INSIDE = re.compile(r"[A-Za-z][0-9]+[A-Za-z]")
_DIGIT_FIRST = re.compile(r"[0-9]{1,4}[A-Za-z]")
# Of the ids of OpenAI, Anthropic, Azure, Bedrock, Groq and vLLM, without their separator.
_PREFIX = re.compile(
    "asst|batch|call|chat|chatcmpl|cmpl|cntr|conv|ctc|embd|eval|evalrun|event|fc|file|fp|ftckpt|"
    "ftevent|ftjob|gen|img|item|mcp|mcpl|mcpr|modr|msg|part|req|resp|rs|run|sess|srvtoolu|step|"
    "thread|toolu|tooluse|upload|video|vs|vsfb|ws"
)
_LONGEST = 256
_SHORTEST_KNOWN = 8
_SHORTEST = 16
_BITS = 3.2
"""Entropy of the characters, in bits each; 16 random hexadecimal digits have 3.3 on average."""


def random_id_prefix(text: str, *, known: bool) -> str | None:
    """What stands before the random part of an id, `UUID_HEAD` for a UUID; None if it is no id.

    `known`: the place says that there is an id, as that of a tool call's does.
    """
    if len(text) > _LONGEST:
        return None
    if UUID.fullmatch(text):
        return UUID_HEAD
    found = _SHAPE.fullmatch(text)
    if found is None:
        return None
    head, run = found["head"], found["run"]
    if known:
        mixed = any(map(str.isdigit, run)) and any(map(str.isalpha, run))
        return head if mixed and len(run) >= _SHORTEST_KNOWN else None
    longest = max(re.split("[-_]", run), key=len)
    long_enough = len(run) >= _SHORTEST and _entropy(run) >= _BITS
    digit_inside = len(longest) >= _SHORTEST_KNOWN and _DIGIT_INSIDE.search(longest)
    if longest == run and _PREFIX.fullmatch(re.split("[-_]", head)[0]):
        # Some begin with a version, ``msg_01...``, and have no other digit.
        return head if digit_inside or (long_enough and _DIGIT_FIRST.match(run)) else None
    return head if digit_inside and long_enough else None


def is_of_unknown_kind(text: str) -> bool:
    """Whether a text looks drawn, and no provider's prefix says that it is but an id."""
    head = random_id_prefix(text, known=False)
    return head not in (None, UUID_HEAD) and not _PREFIX.fullmatch(re.split("[-_]", text)[0])


def _entropy(text: str) -> float:
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())
