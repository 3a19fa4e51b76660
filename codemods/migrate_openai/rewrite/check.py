"""Edits -> the new text, checked; and where a place of the old text stands in the new."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace

from codemods.migrate_openai.flow.parse import is_readable
from codemods.migrate_openai.model import Edit


class RefusedError(Exception):
    """The edits cannot be applied. Its text says why."""


def apply(text: str, edits: Iterable[Edit]) -> tuple[str, tuple[Edit, ...]]:
    """The new text and the edits in order. Raises `RefusedError` where edits overlap."""
    ordered: list[Edit] = []
    parts: list[str] = []
    at = 0
    for edit in sorted(dict.fromkeys(edits), key=lambda e: (e.start, e.end)):
        if edit.start < at:
            if edit.replacement or ordered[-1].replacement or edit.end < at:
                raise RefusedError(f"two edits overlap at offset {edit.start}")
            edit = replace(edit, start=at)  # two removals that share blank lines
        parts += [text[at : edit.start], edit.replacement]
        at = edit.end
        ordered.append(edit)
    parts.append(text[at:])
    return "".join(parts), tuple(ordered)


def check(old: str, new: str, path: str) -> None:
    """Raises `RefusedError` where the new text does not compile and the old one did.

    Where this interpreter is too old to say, the new text must be readable to libcst.
    """
    error = _error(new, path)
    if error is not None and (_error(old, path) is None or not is_readable(new)):
        raise RefusedError(f"the result does not compile: {error}")


def _error(text: str, path: str) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, path, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        return str(error)
    return None


def moved(offset: int, edits: Sequence[Edit]) -> int:
    """Where a place of the old text is in the new; a replaced place is its replacement's start."""
    shift = 0
    for edit in edits:
        if edit.start > offset:
            break
        if edit.end > offset:
            return edit.start + shift
        shift += len(edit.replacement) - (edit.end - edit.start)
    return offset + shift
