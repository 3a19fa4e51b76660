"""Changes of statements -> the tree of libcst with them made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import libcst as cst

from codemods.migrate_openai.rewrite.arguments import separated_without, with_arguments
from codemods.migrate_openai.rewrite.blocks import without
from codemods.migrate_openai.rewrite.changes import (
    AddArgument,
    AddTarget,
    Change,
    CopyAssignment,
    DropAlias,
    InsertStatements,
    ReplaceStatement,
    Span,
)
from codemods.migrate_openai.rewrite.expressions import argument, parsed

_Import = TypeVar("_Import", cst.Import, cst.ImportFrom)
_Statements = cst.SimpleStatementLine | cst.SimpleStatementSuite
_STATEMENTS = (cst.BaseSmallStatement, cst.BaseCompoundStatement)
# What statements stand in, but for other statements.
_BLOCKS = (
    *(cst.Module, cst.SimpleStatementLine, cst.BaseSuite, cst.Else, cst.Finally),
    *(cst.ExceptHandler, cst.ExceptStarHandler, cst.MatchCase),
)
_BLANK = cst.EmptyLine(indent=False)
_statement = lru_cache(cst.parse_statement)


class StatementPart(NamedTuple):
    """A statement by its place among all of a module, as they begin; or a part of one by its own.

    The parts of an import are its names, those of an assignment its targets.
    """

    statement: int
    part: int = 0


class Transformer(cst.CSTTransformer):
    """Makes each change once."""

    def __init__(
        self, changes: Mapping[StatementPart, Sequence[Change]], *, opens: bool, ends: bool
    ) -> None:
        """*opens* and *ends* tell whether the module begins and ends where its file does."""
        super().__init__()
        self.statements = 0
        """How many the module has, once it is visited."""
        self._changes = changes
        self._changed = {place.statement for place in changes}
        self._number: dict[cst.CSTNode, int] = {}
        self._gone: set[cst.CSTNode] = set()
        self._opens, self._ends = opens, ends

    def on_visit(self, node: cst.CSTNode) -> bool:
        if not isinstance(node, _STATEMENTS):
            return isinstance(node, _BLOCKS)
        if self.statements in self._changed:
            self._number[node] = self.statements
        self.statements += 1
        return isinstance(node, cst.BaseCompoundStatement)

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        match original_node:
            case cst.Module():
                return self._module(updated_node)
            case cst.IndentedBlock():
                return self._block(updated_node)
            case cst.SimpleStatementLine():
                return self._line(original_node, updated_node)
            case cst.SimpleStatementSuite():
                small = self._small(original_node, updated_node)
                return updated_node.with_changes(body=small or [cst.Pass()])
            case cst.BaseCompoundStatement():
                return self._compound(original_node, updated_node)
            case cst.Import() | cst.ImportFrom():
                return self._import(original_node, updated_node)
            case cst.Assign():
                return self._assignment(original_node, updated_node)
        return updated_node

    def _of(self, node: cst.CSTNode, part: int = 0) -> Sequence[Change]:
        if node not in self._number:
            return ()
        return self._changes.get(StatementPart(self._number[node], part), ())

    # -- statements

    def _import(self, original: _Import, updated: _Import) -> _Import:
        if isinstance(original.names, cst.ImportStar) or isinstance(updated.names, cst.ImportStar):
            return updated
        gone = {
            part
            for part in range(len(original.names))
            if any(isinstance(change, DropAlias) for change in self._of(original, part))
        }
        if not gone:
            return updated
        names = separated_without(list(updated.names), gone)
        if isinstance(updated, cst.ImportFrom) and updated.rpar is None:
            names[-1] = names[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
        return updated.with_changes(names=names)

    def _assignment(self, original: cst.Assign, updated: cst.Assign) -> cst.Assign:
        targets: list[cst.AssignTarget] = []
        for part, target in enumerate(updated.targets):
            for change in self._of(original, part):
                if isinstance(change, AddTarget):
                    targets.append(_target(change.code))
            targets.append(target)
        return updated.with_changes(targets=targets)

    def _small(self, original: _Statements, updated: _Statements) -> list[cst.BaseSmallStatement]:
        """The statements of a line that holds several."""
        body: list[cst.BaseSmallStatement] = []
        for old, new in zip(original.body, updated.body, strict=True):
            here: list[cst.BaseSmallStatement] = [new]
            for change in self._of(old):
                match change:
                    case ReplaceStatement(codes=codes):
                        here = self._several(codes)
                    case InsertStatements(codes=codes, before=False):
                        here = [*here, *self._several(codes)]
            body += here
        if body and body[-1] is not updated.body[-1]:
            body[-1] = body[-1].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
        return body

    def _line(self, original: cst.SimpleStatementLine, updated: cst.SimpleStatementLine) -> Any:
        if len(original.body) > 1:
            return self._shared_line(original, updated)
        lines = [updated]
        for change in self._of(original.body[0]):
            match change:
                case ReplaceStatement(codes=()):
                    self._gone.add(updated)
                case ReplaceStatement(codes=codes):
                    lines = _in_place(updated, self._lines(codes)) + lines[1:]
                case InsertStatements(before=True):
                    lines = _in_front(self._lines(change.codes), lines[0], change.codes) + lines[1:]
                case InsertStatements(codes=codes):
                    lines += self._lines(codes)
                case CopyAssignment():
                    lines.append(self._copy(updated, change))
        return lines[0] if len(lines) == 1 else cst.FlattenSentinel(lines)

    def _shared_line(
        self, original: cst.SimpleStatementLine, updated: cst.SimpleStatementLine
    ) -> Any:
        small = self._small(original, updated)
        if not small:
            self._gone.add(updated)
            return updated
        return self._below_new_lines(original.body[0], updated.with_changes(body=small))[0]

    def _compound(self, original: cst.BaseCompoundStatement, updated: Any) -> Any:
        lines, statement = self._below_new_lines(original, updated)
        if any(isinstance(change, ReplaceStatement) for change in self._of(original)):
            self._gone.add(statement)
        return lines

    def _below_new_lines(self, original: cst.CSTNode, updated: Any) -> tuple[Any, Any]:
        """A statement with the lines that come above it, and the statement alone."""
        for change in self._of(original):
            if isinstance(change, InsertStatements) and change.before:
                lines = _in_front(self._lines(change.codes), updated, change.codes)
                return cst.FlattenSentinel(lines), lines[-1]
        return updated, updated

    def _several(self, codes: Iterable[str]) -> list[cst.BaseSmallStatement]:
        return [statement for line in self._lines(codes) for statement in line.body]

    def _lines(self, codes: Iterable[str]) -> list[cst.SimpleStatementLine]:
        found: list[cst.SimpleStatementLine] = []
        blank: list[cst.EmptyLine] = []
        for code in codes:
            if not code:
                blank.append(_BLANK)
                continue
            line = _statement(code)
            assert isinstance(line, cst.SimpleStatementLine)
            found.append(line.with_changes(leading_lines=blank))
            blank = []
        return found

    def _copy(
        self, line: cst.SimpleStatementLine, change: CopyAssignment
    ) -> cst.SimpleStatementLine:
        copy = line.deep_clone()
        [assignment] = copy.body
        assert isinstance(assignment, cst.Assign)
        call = assignment.value
        assert isinstance(call, cst.Call)
        if change.argument:
            addition = AddArgument(span=Span(0, 0), code=change.argument, before=0)
            call = with_arguments(call, [addition], argument)
        call = call.with_changes(func=parsed(change.callee))
        assignment = assignment.with_changes(targets=[_target(change.target)], value=call)
        end = cst.TrailingWhitespace()
        return copy.with_changes(leading_lines=(), trailing_whitespace=end, body=[assignment])

    # -- blocks

    def _block(self, block: cst.IndentedBlock) -> cst.IndentedBlock:
        if self._gone.isdisjoint(block.body):
            return block
        body, lines = without(block.body, self._gone, block.footer)
        if not body:
            first: Any = block.body[0]
            line = cst.SimpleStatementLine([cst.Pass()], leading_lines=first.leading_lines)
            if isinstance(first, cst.SimpleStatementLine):
                line = line.with_changes(trailing_whitespace=first.trailing_whitespace)
            return block.with_changes(body=[line])
        return block.with_changes(body=body, footer=lines)

    def _module(self, module: cst.Module) -> cst.Module:
        if self._gone.isdisjoint(module.body):
            return module
        opens, ends = self._opens, self._ends
        body, footer = without(
            module.body, self._gone, module.footer, module.header, opens=opens, ends=ends
        )
        # A module of nothing would still print its last line's end.
        newline = module.has_trailing_newline and bool(body or footer)
        return module.with_changes(
            header=(), body=body, footer=footer, has_trailing_newline=newline
        )


def _target(code: str) -> cst.AssignTarget:
    target = parsed(code)
    assert isinstance(target, cst.BaseAssignTargetExpression)
    return cst.AssignTarget(target)


def _in_place(
    line: cst.SimpleStatementLine, new: list[cst.SimpleStatementLine]
) -> list[cst.SimpleStatementLine]:
    """Lines for one line: what stands above it and behind it stays there."""
    new[0] = new[0].with_changes(leading_lines=[*line.leading_lines, *new[0].leading_lines])
    new[-1] = new[-1].with_changes(trailing_whitespace=line.trailing_whitespace)
    return new


def _in_front(new: list[cst.SimpleStatementLine], node: Any, codes: Sequence[str]) -> list[Any]:
    """Lines above a statement, below the comments that it has."""
    blank = next(i for i, code in enumerate(reversed(codes)) if code)
    new[0] = new[0].with_changes(leading_lines=node.leading_lines)
    return [*new, node.with_changes(leading_lines=[_BLANK] * blank)]
