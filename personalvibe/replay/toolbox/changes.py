"""What a new recording says differently, as lines for people."""

from __future__ import annotations

from collections.abc import Sequence

from personalvibe.replay.model import Interaction
from personalvibe.replay.redaction.redact import RedactionRules
from personalvibe.replay.toolbox.diff import compare
from personalvibe.replay.toolbox.diff_text import change_lines
from personalvibe.replay.toolbox.outline import outlines


def changes(
    before: Sequence[Interaction], after: Sequence[Interaction], rules: RedactionRules
) -> list[str]:
    """What changed (a label), went (``-``) and came (``+``)."""
    found = compare(outlines(before, rules), outlines(after, rules))
    return [line for one in found for line in change_lines(one.changes)]
