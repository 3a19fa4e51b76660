"""Literal keys in quoted source are masked before anything reports them."""

from __future__ import annotations

import re

MASK = "***"
_TOKEN = re.compile(
    r"""(?P<start>(?i:[rbuft]{0,2})(?P<quote>'''|\"\"\"|'|"))"""
    r"""(?P<body>(?:\\.|(?!(?P=quote)).)*)(?P<end>(?P=quote)|$)"""
    r"""|(?P<name>\w+)|(?P<mark>[()\[\]{},#])""",
    re.DOTALL,
)
_NAMES_A_SECRET = re.compile(r"key|token|secret|passw|authori[sz]ation|credential|cookie", re.I)
# Any longer run of letters and digits, and what providers' keys begin with.
_SHAPE = re.compile(r"\b(?:sk|pk|rk)-[\w-]+|(?i:bearer)\s+\S+|\b(?=\w*\d)(?=\w*[a-zA-Z])[\w-]{20,}")
_OF_ENVIRONMENT = re.compile(r"[A-Z]+(?:_[A-Z]+)+")


def mask(source: str) -> str:
    """``OpenAI(api_key="sk-1")`` -> ``OpenAI(api_key="***")``, by the names and by the shapes.

    ``source`` is on one line, and may be cut off at its end.
    """
    parts: list[str] = []
    position = 0
    outer: list[bool] = []
    secret = after_name = False
    for token in _TOKEN.finditer(source):
        parts.append(source[position : token.start()])
        position = token.end()
        text = token[0]
        body, mark = token["body"], token["mark"]
        if mark == "#":  # Its line is over nobody knows where.
            parts.append("...")
            return "".join(parts)
        if body is not None and secret and not _OF_ENVIRONMENT.fullmatch(body):
            text = f"{token['start']}{MASK}{token['quote']}"
        parts.append(_SHAPE.sub(MASK, text))
        if mark is None:
            after_name = body is not None and _NAMES_A_SECRET.search(body) is not None
            secret = secret or _NAMES_A_SECRET.search(token["name"] or body) is not None
        elif mark == ",":
            # ("Authorization", "..."): the name is an item of its own.
            secret, after_name = after_name or (bool(outer) and outer[-1]), False
        elif mark in "([{":
            outer.append(secret)
        elif outer:
            secret = outer.pop()
    return "".join([*parts, source[position:]])
