"""What is to change, as data: each change names a node by the span that both parsers give it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Span(NamedTuple):
    """Characters of the text, from ``start`` up to ``end``; parentheses around a node left out."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """``span`` is that of the node that changes."""

    span: Span


class ArgumentChange(Change):
    """Of the arguments of the call at ``span``, counted from 0 in the order of the source."""

    __slots__ = ()


class StatementChange(Change):
    """Of one statement, of a part of it that is no expression by itself, or around it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace(Change):
    """An expression becomes ``code``; parentheses around it stay."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retarget(Change):
    """``<receiver>.a.b.c`` becomes ``<receiver>.name``: the last ``depth`` names go."""

    depth: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixString(Change):
    """A string literal gets ``prefix`` in front of its text."""

    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NameArgument(ArgumentChange):
    """An argument gets a keyword, or another one."""

    argument: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DropArgument(ArgumentChange):
    argument: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddArgument(ArgumentChange):
    """``code`` goes before an argument; before none: behind the last."""

    code: str
    before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceElement(Change):
    """An element of a tuple becomes several, or none."""

    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddTarget(StatementChange):
    """``<target> = value`` becomes ``code = <target> = value``."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceStatement(StatementChange):
    """A statement becomes others in its place, or none; comments around it stay."""

    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertStatements(StatementChange):
    """Statements next to another; an empty code is a blank line."""

    codes: tuple[str, ...]
    before: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyAssignment(StatementChange):
    """Behind ``<name> = <call>``: the same with another target, callee and first argument."""

    target: str
    callee: str
    argument: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropAlias(StatementChange):
    """A name of an import statement that keeps others."""
