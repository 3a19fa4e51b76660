"""Which line of the project belongs to which site, in the old text and in the new."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from codemods.migrate_openai.prove.extract import router_calls
from codemods.migrate_openai.prove.model import CallSite, Frame, SentRequest


@dataclass(frozen=True, slots=True)
class _Span:
    first: int
    last: int
    line: int
    start: tuple[int, int] | None
    """Line and column where the call begins, where that is known."""
    site: CallSite


class SiteIndex:
    """Finds the site of a request by the lines that were executing when it was sent."""

    def __init__(self, sites: Sequence[CallSite], texts: Mapping[str, str], *, new: bool) -> None:
        """``texts``: file -> its text in the run that is looked at (``new``: after)."""
        self._spans: dict[str, list[_Span]] = {}
        self._uncalled = [site for site in sites if uncalled(site) and _address(site)]
        for file in sorted({site.file for site in sites}):
            own = [site for site in sites if site.file == file]
            self._spans[file] = _spans(own, texts.get(file, ""), new=new)

    def find(self, call: SentRequest) -> tuple[CallSite | None, Frame | None]:
        """The site of the innermost frame that lies in one, and that frame."""
        for frame in call.stack:
            site = self.at(frame)
            if site is not None:
                return site, frame
        return self._handed_over(call), call.stack[0] if call.stack else None

    def _handed_over(self, call: SentRequest) -> CallSite | None:
        """The one method that somebody was given uncalled and that sends to such an address."""
        path = urlsplit(call.url).path
        able = [site for site in self._uncalled if path.endswith(_address(site))]
        files = {frame.file for frame in call.stack}
        near = [site for site in able if site.file in files] or able
        return near[0] if len(near) == 1 else None

    def at(self, frame: Frame) -> CallSite | None:
        """The site whose statement a line belongs to."""
        around = [s for s in self._spans.get(frame.file, ()) if s.first <= frame.line <= s.last]
        if not around:
            return None
        exact = _within(around, frame) if len(around) > 1 else None
        if exact is not None:
            return exact.site
        # Several sites in one statement: the last one that starts at or before the line.
        before = [s for s in around if s.line <= frame.line] or around[:1]
        return max(before, key=lambda s: s.line).site


def _spans(sites: Sequence[CallSite], text: str, *, new: bool) -> list[_Span]:
    tree = _parsed(text)
    headers = _headers(tree) if tree else ()
    lines = [(site.new_line or site.line) if new else site.line for site in sites]
    statements = [_around(headers, line) for line in lines]
    spans = []
    for site, line, (first, last) in zip(sites, lines, statements, strict=True):
        start: tuple[int, int] | None = (site.line, _column(text, site.line, site.column - 1))
        if new:
            mates = sorted(
                s for s, other in zip(sites, statements, strict=True) if other[0] == first
            )
            calls = router_calls(tree, first, last) if tree and len(mates) > 1 else []
            # In the order in which they stood; where calls were added, nobody knows.
            start = calls[mates.index(site)] if len(calls) == len(mates) else None
        spans.append(_Span(first=first, last=last, line=line, start=start, site=site))
    return spans


def _column(text: str, line: int, characters: int) -> int:
    """A column as `ast` and frames count it: in bytes."""
    lines = text.splitlines()
    return len(lines[line - 1][:characters].encode()) if line <= len(lines) else characters


def _within(spans: Sequence[_Span], frame: Frame) -> _Span | None:
    """The first call that begins in what a frame was executing."""
    if frame.span is None:
        return None
    begin, end = frame.span[:2], frame.span[2:]
    inside = [span for span in spans if span.start is not None and begin <= span.start < end]
    return min(inside, key=lambda span: span.start or begin, default=None)


def uncalled(site: CallSite) -> bool:
    """Is the method handed over, to be called from somewhere else?"""
    return site.source[-1:].isidentifier()


# The first that a method's path holds tells the end of its address.
_ADDRESSES = {
    "chat.completions": "/chat/completions", "ChatCompletion": "/chat/completions",
    "completions": "/completions", "Completion": "/completions", "responses": "/responses",
    "embeddings": "/embeddings", "Embedding": "/embeddings",
    "moderations": "/moderations", "Moderation": "/moderations",
    "audio.speech": "/audio/speech", "audio.translations": "/audio/translations",
    "audio.transcriptions": "/audio/transcriptions",
}  # fmt: skip


def _address(site: CallSite) -> str:
    path = f".{site.source}."
    return next((end for name, end in _ADDRESSES.items() if f".{name}." in path), "")


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return None


def _headers(tree: ast.Module) -> tuple[tuple[int, int], ...]:
    """(first, last) line of every statement, without the blocks that it contains."""
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
