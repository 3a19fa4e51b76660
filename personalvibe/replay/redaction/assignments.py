"""Secrets that are written down with their name: in shell lines, settings files, code and YAML.

``export DB_PASSWORD=...``, ``password: ...``, ``api_key = "..."``, ``curl -H 'X-Token: ...'``: what
prompts and uploaded files are full of. A value is let pass only where it plainly is none: a type, a
reference to a variable, an example that says so.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator

from personalvibe.replay.redaction.shapes import PLACEHOLDER, Hit

_LAST_WORD = (
    r"(?:pass(?:word|wd|phrase|code)?|pwd|secret|(?<!max)token|api[_-]?key|apikey|"
    r"(?:access|secret|private|auth|encryption|signing|master|account|subscription|service|"
    r"deploy)[_-]?key|connection[_-]?string|conn[_-]?str|database[_-]?url|dsn|credentials?|"
    r"bearer|jwt|otp|totp|webhook[_-]?url)"
)
# Bounded, so that no chain of words and no blob is gone through again from each of its parts.
_SUFFIX = r"(?:[_-](?:value|base64|[0-9]+|prod|dev|staging))?"
_NAME = rf"(?:[A-Za-z0-9]{{1,40}}[_.-]){{0,6}}?[A-Za-z0-9]{{0,12}}?{_LAST_WORD}{_SUFFIX}"
_VALUE = r"(?:\"(?P<d>[^\"\n]+)\"|'(?P<s>[^'\n]+)'|(?P<p>(?:(?!&[\w.-]+=)[^\s\"'`;,|<>\\])+))"
_QUOTED = r"(?:\"(?P<d>[^\"\n]+)\"|'(?P<s>[^'\n]+)')"

_FORMS = tuple(
    re.compile(form)
    for form in (
        # DB_PASSWORD=..., also in an address' query or a connection string
        rf"(?i)(?<![\w$])_{{0,2}}(?P<name>{_NAME})=(?!=){_VALUE}",
        # api_key = "..." in code, password := '...'
        rf"(?i)(?<![\w$])(?P<name>{_NAME})\s+:?=\s*{_QUOTED}",
        # password: ... on a line of its own
        rf"(?im)^[ \t]*(?:-[ \t]+)?(?P<name>{_NAME})[ \t]*:[ \t]+{_VALUE}[ \t]*(?:#.*)?$",
        # curl -H 'X-Token: ...', --header "Authorization: Basic ..."
        r"(?i)(?<![\w-])(?:(?-i:-H)|--header)[= ]?\s*\\?[\"']?"
        r"(?P<name>[\w-]*(?:auth|key|token|secret|cookie|password)[\w-]*)\s*:\s*(?:(?:bearer|basic|token|apikey)\s+)?(?P<p>[^\s\"'\\]+)",
        # curl -u name:password
        r"(?:(?<![\w-])-u|--user)[= ]\s*[\"']?(?P<name>[\w.@-]+):(?P<p>[^\s\"'\\]+)",
        # machine ... login ... password ...
        r"(?i)(?<!\w)login\s+\S+\s+(?P<name>password)\s+(?P<p>[^\s\"'\\]+)",
        # --password ..., --api-key ...
        rf"(?i)--(?P<name>{_NAME})[ \t]+{_VALUE}",
        # Authorization: Basic ...
        r"(?i)(?<![\w-])(?P<name>(?:proxy-)?authorization)[\"']?\s*[:=]\s*[\"']?"
        r"(?:bearer|basic|token|apikey)\s+(?P<p>[^\s\"'\\,;)}\]]+)",
    )
)

_SHORTEST = 4
_NO_VALUE = re.compile(
    r"(?i)[$<{%(\[*&@!].*|.*(?:environ|getenv|process\.env|secrets\.|config\[|settings\.|vault).*|"
    r".*(?:your|example|placeholder|changeme|redacted|dummy|x{4}|\.{3}|\*{3}|…).*|"
    r"none|null|nil|undefined|true|false|yes|no|str|string|text|int|integer|number|bool|boolean|"
    r"any|object|array|list|dict|bytes|required|optional|hidden|missing|invalid|valid|empty|"
    r"secret|password|token|self|[A-Z]+(?:_[A-Z]+)+|[A-Za-z_]\w*\(.*|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+|[0-9.]{1,5}"
)
_PAGING = re.compile(
    r"(?i).*(?:page|continuation|sync|next|previous|cursor|stop|pad|bos|eos|mask|unk|sep|cls)_?-?token"
)
_WORD = re.compile(r"[a-z]{1,11}|[A-Z][a-z]{1,11}")
_STEM = re.compile(
    r"pass(?:w|phrase|code|[=:])|pwd|secret|token|key|connection|conn_?str|database|dsn|credential|"
    r"bearer|jwt|otp|webhook|authorization|--user|\s-u\s|cookie"
)
_BEFORE, _AFTER = 120, 400
"""Characters around a stem that are searched: a name is before its value, and both are short."""


_MARKS = ("=", ":", "--", "login ")
"""One of them stands between a name and its value, or before the name."""
# What every match of `_STEM` holds: substrings are found many times faster in a large text.
_LITERALS = (
    *("pass", "pwd", "secret", "token", "key", "connection", "conn_str", "connstr", "database"),
    *("dsn", "credential", "bearer", "jwt", "otp", "webhook", "authorization", "-u", "cookie"),
)


def may_have_assignment(lower: str) -> bool:
    """False if `assigned_secrets` would find nothing in a text, given in lower case."""
    marked = any(mark in lower for mark in _MARKS)
    return marked and any(literal in lower for literal in _LITERALS)


def assigned_secrets(text: str, keeps: Callable[[str], bool]) -> Iterator[Hit]:
    """The values in a text that are called a secret there, unless `keeps` says so of the name."""
    for start, end in _windows(text):
        # Stems occur by chance in base64, which has no marks.
        if all(text.find(mark, start, end) < 0 for mark in _MARKS):
            continue
        for form in _FORMS:
            for match in form.finditer(text, start, end):
                group = next(one for one in ("d", "s", "p") if match.groupdict().get(one))
                prose = form is _LINE
                if _is_secret(match["name"], match[group], prose=prose) and not keeps(
                    match["name"]
                ):
                    yield Hit(*match.span(group), "a named secret")


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Where a stem is near, without overlaps."""
    start = end = 0
    for match in _STEM.finditer(_lower(text)):
        if match.start() - _BEFORE > end:
            if end:
                yield start, end
            start = max(0, match.start() - _BEFORE)
        end = match.end() + _AFTER
    if end:
        yield start, min(end, len(text))


def _lower(text: str) -> str:
    """In lower case, in which `re` searches faster than in any; every character at its place."""
    lower = text.lower()
    return lower if len(lower) == len(text) else text.translate(_LOWER)


_LOWER = {ord(upper): upper.lower() for upper in string.ascii_uppercase}

_LINE = _FORMS[2]
"""The form of a line such as ``password: required``, which prose has, too."""


def _is_secret(name: str, value: str, *, prose: bool) -> bool:
    if len(value) < _SHORTEST or PLACEHOLDER in value or _NO_VALUE.fullmatch(value):
        return False
    if _PAGING.fullmatch(name):
        return False
    return not (prose and _WORD.fullmatch(value))
