"""Blank out what this interpreter cannot read and libcst can, character for character."""

from __future__ import annotations

import ast
import re
from typing import TypeVar

import libcst as cst

from codemods.migrate_openai.flow import limits

_Definition = TypeVar("_Definition", cst.FunctionDef, cst.ClassDef)
_NOTHING = cst.Module(body=[])


def _too_deep(text: str) -> bool:
    depth = deepest = 0
    for bracket in re.findall(r"[\[({\])}]", text):
        depth += 1 if bracket in "[({" else -1
        deepest = max(deepest, depth)
    return deepest > limits.BRACKETS


def parsed(text: str) -> cst.Module | None:
    """The module, where this is Python of any version that libcst knows."""
    if _too_deep(text):
        return None
    try:
        return cst.parse_module(text)
    except (cst.ParserSyntaxError, RecursionError):
        return None


def blank(text: str) -> tuple[str, frozenset[str]] | None:
    """A copy of the same length that older interpreters read, and the names it hides.

    None where libcst cannot read the text either.
    """
    module = parsed(text)
    if module is None:
        return None
    blanks = _Blanks()
    masked = module.visit(blanks)
    assert isinstance(masked, cst.Module)
    return masked.code, frozenset(blanks.hidden)


class _Blanks(cst.CSTTransformer):
    def __init__(self) -> None:
        super().__init__()
        self.hidden: set[str] = set()

    def _code(self, node: cst.CSTNode) -> str:
        code = _NOTHING.code_for_node(node)
        self.hidden.update(re.findall(r"[^\W\d]\w*", code))
        return code

    def _expression(self, node: cst.CSTNode) -> cst.BaseExpression:
        return cst.parse_expression(_same_length(self._code(node)))

    def leave_FormattedString(  # noqa: N802
        self, original_node: cst.FormattedString, updated_node: cst.FormattedString
    ) -> cst.BaseExpression:
        try:
            ast.parse(f"({_NOTHING.code_for_node(original_node)})", mode="eval")
        except SyntaxError:
            return self._expression(original_node)
        return updated_node

    def leave_TemplatedString(  # noqa: N802
        self, original_node: cst.TemplatedString, updated_node: cst.TemplatedString
    ) -> cst.BaseExpression:
        return self._expression(original_node)

    def leave_FunctionDef(  # noqa: N802
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        return self._without_parameters(original_node, updated_node)

    def leave_ClassDef(  # noqa: N802
        self, original_node: cst.ClassDef, updated_node: cst.ClassDef
    ) -> cst.ClassDef:
        return self._without_parameters(original_node, updated_node)

    def _without_parameters(self, original: _Definition, updated: _Definition) -> _Definition:
        if original.type_parameters is None:
            return updated
        code = self._code(original.type_parameters)
        return updated.with_changes(type_parameters=None, whitespace_after_name=_space(code))

    def leave_TypeAlias(  # noqa: N802
        self, original_node: cst.TypeAlias, updated_node: cst.TypeAlias
    ) -> cst.BaseSmallStatement:
        return cst.Expr(self._expression(original_node), semicolon=updated_node.semicolon)

    def leave_ExceptHandler(  # noqa: N802
        self, original_node: cst.ExceptHandler, updated_node: cst.ExceptHandler
    ) -> cst.ExceptHandler:
        kind = original_node.type
        if isinstance(kind, cst.Tuple) and not kind.lpar:
            return updated_node.with_changes(type=self._expression(kind))
        return updated_node


def _same_length(code: str) -> str:
    """A harmless expression with the same number of characters and the same lines."""
    if "\n" not in code and "\r" not in code:
        return "x" * len(code)
    return "(0" + "".join(c if c in "\r\n" else " " for c in code[2:-1]) + ")"


def _space(code: str) -> cst.SimpleWhitespace:
    """Blanks of the same length; a line goes on behind a backslash."""
    blanks = re.sub(r"[^\r\n]", " ", code)
    return cst.SimpleWhitespace(re.sub(r" (\r\n|\r|\n)", r"\\\1", blanks))
