"""What a new recording says differently, as lines for people."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from personalvibe.replay.model import Interaction
from personalvibe.replay.redaction.redact import RedactionRules
from personalvibe.replay.toolbox import show
from personalvibe.replay.toolbox.files import Recording


def changes(
    before: Sequence[Interaction], after: Sequence[Interaction], rules: RedactionRules
) -> list[str]:
    """The lines of the conversations that went (``-``) and came (``+``)."""
    old, new = _lines(before, rules), _lines(after, rules)
    return [
        line
        for line in difflib.unified_diff(old, new, n=0, lineterm="")
        if not line.startswith(("---", "+++", "@@"))
    ]


def _lines(interactions: Sequence[Interaction], rules: RedactionRules) -> list[str]:
    recording = Recording(path=Path(), content=b"", interactions=tuple(interactions))
    pages = [
        show.page(replace(one, conversation=replace(one.conversation, recorded_at="")))
        for one in show.shown(recording, rules, {})
    ]
    return [line for page in pages for line in page.splitlines()[1:] if line]
