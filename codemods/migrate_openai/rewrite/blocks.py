"""What stands around a statement when it goes: its comments stay, doubled blank lines do not."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

import libcst as cst

_DIRECTIVE = re.compile(r"#\s*(type:|noqa|pylint:|pyright:|mypy:|ruff:|isort:|pragma)", re.I)


def without(
    body: Sequence[Any],
    gone: Collection[cst.CSTNode],
    footer: Sequence[cst.EmptyLine],
    above: Sequence[cst.EmptyLine] = (),
    *,
    opens: bool = True,
    ends: bool = True,
) -> tuple[list[Any], list[cst.EmptyLine]]:
    """The statements of a block less those of *gone*, and its footer.

    *above* are lines over the first statement's own. *opens*: nothing of the same block stands
    above them; *ends*: nothing of it follows the footer.
    """
    kept: list[Any] = []
    above = list(above)
    after_gap = False
    for node in body:
        below = list(node.leading_lines)
        lines = _joined(above, below, opens and not kept, False) if after_gap else above + below
        above, after_gap = [], False
        if node not in gone:
            kept.append(node.with_changes(leading_lines=lines))
            continue
        comment = _comment(node)
        above = [*lines, cst.EmptyLine(comment=comment)] if comment else lines
        after_gap = comment is None
    if not after_gap:
        return kept, [*above, *footer]
    return kept, _joined(above, list(footer), opens and not kept, ends)


def _joined(
    above: list[cst.EmptyLine], below: list[cst.EmptyLine], opens: bool, ends: bool
) -> list[cst.EmptyLine]:
    """The lines above and below a statement that goes: blank ones on both sides are one gap."""
    if opens and not above:
        while below and _is_blank(below[0]):
            below.pop(0)
    elif _is_blank(below[0]) if below else ends:
        while above and _is_blank(above[-1]):
            above.pop()
    return above + below


def _is_blank(line: cst.EmptyLine) -> bool:
    return line.comment is None


def _comment(node: Any) -> cst.Comment | None:
    """What a person wrote behind a statement, which says more than the statement did."""
    comment = getattr(getattr(node, "trailing_whitespace", None), "comment", None)
    directive = comment is not None and _DIRECTIVE.match(comment.value)
    return None if directive else comment
