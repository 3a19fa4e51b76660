"""Secrets that are written down with their name: in shell lines, settings files, code and YAML.

``export DB_PASSWORD=...``, ``password: ...``, ``api_key = "..."``, ``curl -H 'X-Token: ...'``: what
prompts and uploaded files are full of. A value is let pass only where it plainly is none: a type, a
reference to a variable, an example that says so.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator

from personalvibe.replay.redaction.assignment_forms import (
    FORMS,
    LAST_WORD,
    LONGEST_HEAD,
    NAMED_FORMS,
    Trust,
)
from personalvibe.replay.redaction.names import SECRET_NAMES, squeeze
from personalvibe.replay.redaction.shapes import PLACEHOLDER, Hit, compiled, lower_case

_SHORTEST = 4
_NO_VALUE = re.compile(
    r"(?i)[$<{%(\[*&@!].*|.*(?:environ|getenv|process\.env|secrets\.|config\[|settings\.|vault).*|"
    r".*(?:your|example|placeholder|changeme|redacted|dummy|x{4}|\.{3}|\*{3}|…).*|"
    r"none|null|nil|undefined|true|false|yes|no|str|string|text|int|integer|number|bool|boolean|"
    r"any|object|array|list|dict|bytes|required|optional|hidden|missing|invalid|valid|empty|"
    r"secret|password|token|self|[A-Z]+(?:_[A-Z]+)+|[A-Za-z_][\w.]*(?:\(.*|\[[\w.\[\], &#;]*)|"
    r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+|[0-9.]{1,5}"
)
_PAGING = re.compile(
    r"(?i).*(?:page|continuation|sync|next|previous|cursor|stop|pad|bos|eos|mask|unk|sep|cls)_?-?token"
)
_WORD = re.compile(r"[a-z]{1,11}|[A-Z][a-z]{1,11}")
_IDENTIFIER = re.compile(r"[A-Za-z_]+")
_PUT_TOGETHER = re.compile(
    r"[A-Za-z_]\w*|[A-Za-z]+[0-9]{0,3}(?:[-_ ./:]+(?:[A-Za-z]+[0-9]{0,3}|[0-9]{1,4}))*"
)
_RUNS = re.compile(r"[-_./+=~:@]+")
_DIGIT_INSIDE = re.compile(r"[A-Za-z][0-9]+[A-Za-z]|[0-9][A-Za-z]+[0-9]")
_SHORTEST_RUN = 8
_BITS = 2.5
"""Entropy of the characters, in bits each, of a password that somebody thought of."""
_STEM = re.compile(
    r"pass(?:w|phrase|code|in\b|out\b|[=:])|pwd|psk|secret|token|key|connection|conn_?str|database|dsn|"
    r"credential|bearer|jwt|otp|webhook|authorization|auth\s*=|-user|\s-u\s|cookie|curl\b|identified|"
    r"sshpass|redis-cli|kennwort|contrase|senha|mot de passe|пароль|密[码碼]|パスワード|비밀번호"
)
_BEFORE, _AFTER = 120, 400
"""Characters around a stem that are searched: a name is before its value, and both are short."""


_MARKS = (" ", "=", ":", '"', "'", "<")
"""One of them stands between a name and its value, or before the name."""
_OF_TABLES = (",", ";", "|", "\t", "\n")
# What every match of `_STEM` holds: substrings are found many times faster in a large text.
_LITERALS = (
    *(
        "pass",
        "pwd",
        "psk",
        "secret",
        "token",
        "key",
        "connection",
        "conn_str",
        "connstr",
        "database",
    ),
    *("dsn", "credential", "bearer", "jwt", "otp", "webhook", "auth", "-u", "cookie", "curl"),
    *("identified", "redis-cli", "kennwort", "contrase", "senha", "mot de", "пароль", "密"),
    *("パスワード", "비밀번호"),
)
FOREIGN_INITIALS = frozenset(
    initial for one in _LITERALS if not one.isascii() for initial in (one[0], one[0].upper())
)
"""A name that begins with one of them may be written in the escapes of JSON."""


def may_have_assignment(lower: str) -> bool:
    """False if `assigned_secrets` would find nothing in a text, given in lower case."""
    marked = any(mark in lower for mark in (*_MARKS, *_OF_TABLES))
    return marked and any(literal in lower for literal in _LITERALS)


Keeps = Callable[[str], bool]


def assigned_secrets(text: str, keeps: Keeps) -> Iterator[Hit]:
    """The values in a text that are called a secret there, unless `keeps` says so of the name."""
    lower = lower_case(text)
    for start, end in _windows(lower):
        # Stems occur by chance in base64, which has no marks.
        if all(text.find(mark, start, end) < 0 for mark in _MARKS):
            continue
        yield from _named_hits(text, lower, start, end, keeps)
        for form in FORMS:
            if any(lower.find(mark, start, end) >= 0 for mark in form.marks):
                for match in compiled(form.pattern).finditer(text, start, end):
                    yield from _hit(match["name"], match, form.trust, keeps)


def _named_hits(text: str, lower: str, start: int, end: int, keeps: Keeps) -> Iterator[Hit]:
    ends = dict.fromkeys(NAMED_FORMS, start)
    for word in compiled(LAST_WORD).finditer(lower, start, end):
        for form, first in ends.items():
            # What a form has found is not gone through again from each name in it.
            if first <= word.start() and (
                match := compiled(form.tail).match(text, word.end(), end)
            ):
                # Looked for last: a name may be long, and most are followed by nothing.
                first = max(first, word.start() - LONGEST_HEAD)
                if head := compiled(form.head).search(text, first, word.start()):
                    ends[form] = match.end()
                    yield from _hit(head["name"] + word[0], match, form.trust, keeps)


def _hit(name: str, match: re.Match[str], trust: Trust, keeps: Keeps) -> Iterator[Hit]:
    group = next(one for one in ("d", "s", "p") if match.groupdict().get(one))
    if is_secret_value(name, match[group], trust) and not keeps(name):
        yield Hit(*match.span(group), "a named secret")


def _windows(lower: str) -> Iterator[tuple[int, int]]:
    """Where a stem is near, without overlaps."""
    start = end = 0
    for match in _STEM.finditer(lower):
        if match.start() - _BEFORE > end:
            if end:
                yield start, end
            start = max(0, match.start() - _BEFORE)
        end = match.end() + _AFTER
    if end:
        yield start, min(end, len(lower))


def is_secret_value(name: str, value: str, trust: Trust) -> bool:
    """Whether a value that has a name is a secret, and not a type, a reference or an example."""
    if len(value) < _SHORTEST or PLACEHOLDER in value or _NO_VALUE.fullmatch(value):
        return False
    if _PAGING.fullmatch(name) or squeeze(value) in SECRET_NAMES:
        return False
    if trust is Trust.NO_WORD:
        return _WORD.fullmatch(value) is None
    if trust is Trust.NO_IDENTIFIER and name.lower() not in _OF_TEXT:
        return _IDENTIFIER.fullmatch(value) is None
    if trust is Trust.NO_NAME and not _PUT_TOGETHER.fullmatch(value):
        return True
    return trust is Trust.ANY or looks_drawn(value)


_OF_TEXT = ("token",)
"""Names that are often said of a piece of text."""


def looks_drawn(text: str) -> bool:
    """Whether a text has a part that no word, number or version is: digits among its letters."""
    longest = max(_RUNS.split(text), key=len)
    if len(longest) < _SHORTEST_RUN or not _DIGIT_INSIDE.search(longest):
        return False
    counts = Counter(longest)
    return -sum(n * math.log2(n / len(longest)) for n in counts.values()) >= _BITS * len(longest)
