"""Changes -> the tree of libcst with them made. Every edit of the codemod is one of these."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import libcst as cst
from libcst.metadata import CodeSpan

from codemods.migrate_openai.rewrite.arguments import separated_without, with_arguments
from codemods.migrate_openai.rewrite.blocks import without
from codemods.migrate_openai.rewrite.changes import (
    AddArgument,
    AddTarget,
    ArgumentChange,
    Change,
    CopyAssignment,
    DropAlias,
    ExpressionChange,
    InsertStatements,
    PrefixString,
    Replace,
    ReplaceElement,
    ReplaceStatement,
    Retarget,
    Span,
    StatementChange,
)

_Import = TypeVar("_Import", cst.Import, cst.ImportFrom)
_Change = TypeVar("_Change", bound=Change)
_Statements = cst.SimpleStatementLine | cst.SimpleStatementSuite
_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
_SPACE = (cst.BaseParenthesizableWhitespace, cst.TrailingWhitespace, cst.EmptyLine)
# The nodes that span all of their parts: that of a parameter, say, ends before its annotation.
_SPANNED = (cst.BaseExpression, cst.BaseSmallStatement, cst.BaseCompoundStatement)
_BLANK = cst.EmptyLine(indent=False)


class Transformer(cst.CSTTransformer):
    """Makes each change once. ``landed`` then has what became of the watched expressions."""

    def __init__(
        self,
        module: cst.Module,
        spans: Mapping[cst.CSTNode, CodeSpan],
        changes: Mapping[Span, Sequence[Change]],
        watched: Collection[int],
        *,
        opens: bool,
        ends: bool,
    ) -> None:
        """*changes* and *watched* count the bytes of the module, as *spans* do.

        *opens* and *ends* tell whether the module begins and ends where its file does.
        """
        super().__init__()
        self.landed: dict[int, cst.CSTNode] = {}
        self.pending = {span: list(found) for span, found in changes.items()}
        self._config = module.config_for_parsing
        self._spans = spans
        self._watched = watched
        self._starts = sorted({*(span.start for span in changes), *watched})
        self._gone: set[cst.CSTNode] = set()
        self._quotes: list[str] = []
        self._opens, self._ends = opens, ends

    # -- walking

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, _SPACE):
            return False
        span = self._span(node)
        if span is None or not isinstance(node, _SPANNED):
            return True
        if isinstance(node, cst.FormattedString):
            self._quotes.append(node.quote[0])
        decorators: Sequence[cst.Decorator] = getattr(node, "decorators", ())
        start = min([span, *filter(None, map(self._span, decorators))]).start
        index = bisect_left(self._starts, start)
        return index < len(self._starts) and self._starts[index] <= span.end

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
            case cst.BaseExpression():
                return self._expression(original_node, updated_node)
        return updated_node

    def _span(self, node: cst.CSTNode) -> Span | None:
        found = self._spans.get(node)
        return None if found is None else Span(found.start, found.start + found.length)

    def _take(self, node: cst.CSTNode, kind: type[_Change]) -> list[_Change]:
        """The changes of a node, which are no longer pending then."""
        span = self._span(node)
        if span is None or span not in self.pending:
            return []
        waiting = self.pending[span]
        found = [change for change in waiting if isinstance(change, kind)]
        self.pending[span] = [change for change in waiting if not isinstance(change, kind)]
        return found

    # -- expressions

    def _expression(
        self, original: cst.BaseExpression, updated: cst.BaseExpression
    ) -> cst.BaseExpression:
        if isinstance(original, cst.FormattedString):
            self._quotes.pop()
        if isinstance(original, cst.Call) and (ops := self._take(original, ArgumentChange)):
            assert isinstance(updated, cst.Call)
            parsed = {op: self._argument(op.code) for op in ops if isinstance(op, AddArgument)}
            updated = with_arguments(updated, ops, parsed)
        if isinstance(original, cst.Tuple):
            assert isinstance(updated, cst.Tuple)
            updated = self._tuple(original, updated)
        for change in self._take(original, ExpressionChange):
            updated = self._changed(updated, change)
        span = self._span(original)
        if span is not None and span.start in self._watched:
            self.landed[span.start] = updated  # the outermost expression that begins there
        return updated

    def _changed(self, node: cst.BaseExpression, change: ExpressionChange) -> cst.BaseExpression:
        match change:
            case Replace(code=code):
                new = self._parsed(code)
                lpar, rpar = [*node.lpar, *new.lpar], [*new.rpar, *node.rpar]
                return new.with_changes(lpar=lpar, rpar=rpar)
            case Retarget(depth=depth, name=name):
                receiver = node
                for _ in range(depth):
                    assert isinstance(receiver, cst.Attribute)
                    receiver = receiver.value
                attr = cst.Name(name)
                return cst.Attribute(receiver, attr, lpar=node.lpar, rpar=node.rpar)
            case PrefixString(prefix=prefix):
                return _prefixed(node, prefix)
        raise TypeError(change)

    def _parsed(self, code: str) -> cst.BaseExpression:
        # Before 3.12 a string inside of an f-string takes the other quotes.
        if '"' in self._quotes and "'" not in self._quotes:
            code = code.replace('"', "'")
        return cst.parse_expression(code, self._config)

    def _argument(self, code: str) -> cst.Arg:
        call = self._parsed(f"f({code})")
        assert isinstance(call, cst.Call)
        return call.args[0]

    def _tuple(self, original: cst.Tuple, updated: cst.Tuple) -> cst.Tuple:
        elements: list[cst.BaseElement] = []
        gone: set[int] = set()
        for old, new in zip(original.elements, updated.elements, strict=True):
            changes = self._take(old.value, ReplaceElement)
            if not changes:
                elements.append(new)
            elif codes := changes[0].codes:
                more = [cst.Element(self._parsed(code)) for code in codes]
                more[-1] = more[-1].with_changes(comma=new.comma)
                elements += [one.with_changes(comma=_COMMA) for one in more[:-1]] + more[-1:]
            else:
                gone.add(len(elements))
                elements.append(new)
        if gone and len(elements) == len(gone) + 1:
            [kept] = [e for i, e in enumerate(elements) if i not in gone]
            return updated.with_changes(elements=[kept.with_changes(comma=cst.Comma())])
        return updated.with_changes(elements=separated_without(elements, gone))

    # -- statements

    def _import(self, original: _Import, updated: _Import) -> _Import:
        if isinstance(original.names, cst.ImportStar) or isinstance(updated.names, cst.ImportStar):
            return updated
        gone = {i for i, a in enumerate(original.names) if self._take(a, DropAlias)}
        if not gone:
            return updated
        names = separated_without(list(updated.names), gone)
        if isinstance(updated, cst.ImportFrom) and updated.rpar is None:
            names[-1] = names[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
        return updated.with_changes(names=names)

    def _assignment(self, original: cst.Assign, updated: cst.Assign) -> cst.Assign:
        targets: list[cst.AssignTarget] = []
        for old, new in zip(original.targets, updated.targets, strict=True):
            for change in self._take(old.target, AddTarget):
                target = self._parsed(change.code)
                assert isinstance(target, cst.BaseAssignTargetExpression)
                targets.append(cst.AssignTarget(target))
            targets.append(new)
        return updated.with_changes(targets=targets)

    def _small(self, original: _Statements, updated: _Statements) -> list[cst.BaseSmallStatement]:
        """The statements of a line that holds several."""
        body: list[cst.BaseSmallStatement] = []
        for old, new in zip(original.body, updated.body, strict=True):
            here: list[cst.BaseSmallStatement] = [new]
            for change in self._take(old, StatementChange):
                match change:
                    case ReplaceStatement(codes=codes):
                        here = self._several(codes)
                    case InsertStatements(codes=codes, before=True):
                        here = [*self._several(codes), *here]
                    case InsertStatements(codes=codes):
                        here = [*here, *self._several(codes)]
            body += here
        if body and body[-1] is not updated.body[-1]:
            body[-1] = body[-1].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
        return body

    def _line(self, original: cst.SimpleStatementLine, updated: cst.SimpleStatementLine) -> Any:
        if len(original.body) > 1:
            small = self._small(original, updated)
            if not small:
                self._gone.add(updated)
                return updated
            return updated.with_changes(body=small)
        lines = [updated]
        for change in self._take(original.body[0], StatementChange):
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

    def _compound(self, original: cst.BaseCompoundStatement, updated: Any) -> Any:
        for change in self._take(original, StatementChange):
            match change:
                case ReplaceStatement():
                    self._gone.add(updated)
                case InsertStatements(codes=codes):
                    return cst.FlattenSentinel(_in_front(self._lines(codes), updated, codes))
        return updated

    def _several(self, codes: Iterable[str]) -> list[cst.BaseSmallStatement]:
        return [statement for line in self._lines(codes) for statement in line.body]

    def _lines(self, codes: Iterable[str]) -> list[cst.SimpleStatementLine]:
        found: list[cst.SimpleStatementLine] = []
        blank: list[cst.EmptyLine] = []
        for code in codes:
            if not code:
                blank.append(_BLANK)
                continue
            line = cst.parse_statement(code, self._config)
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
            call = with_arguments(call, [addition], {addition: self._argument(change.argument)})
        target = self._parsed(change.target)
        assert isinstance(target, cst.BaseAssignTargetExpression)
        return copy.with_changes(
            leading_lines=(),
            trailing_whitespace=cst.TrailingWhitespace(),
            body=[
                assignment.with_changes(
                    targets=[cst.AssignTarget(target)],
                    value=call.with_changes(func=self._parsed(change.callee)),
                )
            ],
        )

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
        body, footer = without(
            module.body,
            self._gone,
            module.footer,
            above=module.header,
            opens=self._opens,
            ends=self._ends,
        )
        # A module of nothing would still print its last line's end.
        newline = module.has_trailing_newline and bool(body or footer)
        return module.with_changes(
            header=(), body=body, footer=footer, has_trailing_newline=newline
        )


def _prefixed(node: cst.BaseExpression, prefix: str) -> cst.BaseExpression:
    if isinstance(node, cst.ConcatenatedString):
        return node.with_changes(left=_prefixed(node.left, prefix))
    assert isinstance(node, cst.SimpleString)
    head = len(node.prefix) + len(node.quote)
    return node.with_changes(value=f"{node.value[:head]}{prefix}{node.value[head:]}")


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
