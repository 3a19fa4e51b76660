"""Text -> syntax tree, also where the text is newer than the Python that runs this.

libcst reads newer syntax than an older interpreter does. What the interpreter cannot read (type
parameters, nested quotes in f-strings, ``except A, B``) is blanked out in a copy of the same
length, so that every position in the tree is one in the text. Nothing in a blanked part is edited;
the names in it count as read.
"""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    tree: ast.Module
    text: str
    """What was parsed: the positions of the tree count its bytes."""
    hidden: frozenset[str] = frozenset()
    """Names in the parts that were blanked out."""


def parse(text: str) -> Parsed:
    """Raises `SyntaxError` or `ValueError` for what no known Python reads."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes are the program's affair
        try:
            return Parsed(tree=ast.parse(text), text=text)
        except SyntaxError as error:
            from codemods.migrate_openai.flow import newer_syntax

            blanked = newer_syntax.blank(text)
            if blanked is None:
                raise
            masked, hidden = blanked
            try:
                return Parsed(tree=ast.parse(masked), text=masked, hidden=hidden)
            except SyntaxError:
                raise error from None
