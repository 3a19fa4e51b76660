"""Values that people write in place of a secret: ``REDACTED``, ``test-key``, ``<your key>``."""

from __future__ import annotations

import re

MIN_LENGTH = 8
"""Shorter values are no credentials of a provider."""

_TEXT = """
    redacted dummy fake mock mocked placeholder example filtered removed scrubbed sanitized hidden
    masked foo bar baz xxx xxxx fixture changeme none null undefined sample invalid unused
    anything replay
"""
_WORDS = frozenset(_TEXT.split())
_NOT_A_VALUE = re.compile(
    # Not JSON, nor what is quoted in an address.
    r"(?i)[<*].*|\[[\w .-]*\]|%\w+%|\$?(?:\{[^\"']*\}|\(.*\))|\$\w+|"
    r"(?P<one>.)(?P=one)*|.*(?:\*{3}|x{6}|\.{3}|0{8}|1234567|abcdefg|redacted).*|"
    r"(?:(?:test|testing|dummy|fake|mock|my|your|the|an?|some|bad|wrong|api|access|auth|key|token|"
    r"secret|value|password|bearer|basic|sk|ant|proj|openai|anthropic|here|local|not|real|needed|"
    r"required|no)[-_ ]?[0-9]{0,3}[-_ ]?)+"
)
_PLAIN_WORDS = re.compile(r"[A-Za-z]+(?:[-_ ][A-Za-z]+)+")
_MARKS = frozenset(("test", "testing", "custom", "value"))
"""Among plain words, one of these says that nobody drew them."""
# PostHog and Stripe mark the keys that pages and apps show to everybody.
_PUBLIC = re.compile(r"(?:phc|pk_live|pk_test)_[A-Za-z0-9]{20,}")
_SCHEME = re.compile(r"(?i)(?:bearer|basic|token|apikey|key)\s+")


def is_dummy(value: str) -> bool:
    """Whether a value in the place of a secret is none."""
    plain = _SCHEME.sub("", value.strip(), count=1)
    if len(plain) < MIN_LENGTH or _NOT_A_VALUE.fullmatch(plain) or _PUBLIC.fullmatch(plain):
        return True
    words = re.split("[^a-z]+", plain.lower())
    if _PLAIN_WORDS.fullmatch(plain) and not _MARKS.isdisjoint(words):
        return True
    return not _WORDS.isdisjoint(words)
