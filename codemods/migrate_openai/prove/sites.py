"""Which line of the project belongs to which site, in the old text and in the new."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codemods.migrate_openai.prove.model import Call, Frame, Site


@dataclass(frozen=True, slots=True)
class _Span:
    first: int
    last: int
    line: int
    site: Site


class SiteIndex:
    """Finds the site of a request by the lines that were executing when it was sent."""

    def __init__(self, sites: Sequence[Site], texts: Mapping[str, str], *, new: bool) -> None:
        """``texts``: file -> its text in the run that is looked at (``new``: after)."""
        self._spans: dict[str, list[_Span]] = {}
        headers = {file: _headers(text) for file, text in texts.items()}
        for site in sites:
            line = (site.new_line or site.line) if new else site.line
            first, last = _around(headers.get(site.file, ()), line)
            self._spans.setdefault(site.file, []).append(
                _Span(first=first, last=last, line=line, site=site)
            )

    def find(self, call: Call) -> tuple[Site | None, Frame | None]:
        """The site of the innermost frame that lies in one, and that frame."""
        for frame in call.stack:
            around = [s for s in self._spans.get(frame.file, ()) if s.first <= frame.line <= s.last]
            if around:
                # Several sites in one statement: the last one that starts at or before the line.
                before = [s for s in around if s.line <= frame.line] or around[:1]
                return max(before, key=lambda s: s.line).site, frame
        return None, call.stack[0] if call.stack else None


def _headers(text: str) -> tuple[tuple[int, int], ...]:
    """(first, last) line of every statement, without the blocks that it contains."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return ()
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            last = node.end_lineno or node.lineno
            blocks = [
                child.lineno
                for name in ("body", "orelse", "finalbody", "handlers", "cases")
                for child in getattr(node, name, ())
                if hasattr(child, "lineno")
            ]
            if blocks:
                last = max(node.lineno, min(blocks) - 1)
            found.append((node.lineno, last))
    return tuple(found)


def _around(headers: Sequence[tuple[int, int]], line: int) -> tuple[int, int]:
    """The lines of the smallest statement around a line."""
    around = [(last - first, first, last) for first, last in headers if first <= line <= last]
    if not around:
        return line, line
    _, first, last = min(around)
    return first, last
