"""Keeps credentials out of what is printed and logged."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
_SECRET_SHAPE = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|r8|hf|ghp|github_pat|AKIA|ASIA|AIza)[-_]?[\w*-]{8,}"
    r"|(?<=[Bb]earer )[\w.~+/*=-]{8,}"
    r"|\beyJ[\w-]{8,}\.[\w.-]+"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)


def scrub(text: str, environ: Mapping[str, str] | None = None) -> str:
    """The text with ``***`` for the values of secret variables and for what looks like a key."""
    environ = os.environ if environ is None else environ
    values = {v for name, v in environ.items() if len(v) >= 8 and _SECRET_NAME.search(name)}
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, "***")
    return _SECRET_SHAPE.sub("***", text)
