"""Arguments and other things between commas: added and dropped in the style of their neighbours."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TypeVar

import libcst as cst

from codemods.migrate_openai.rewrite.changes import (
    AddArgument,
    ArgumentChange,
    DropArgument,
    NameArgument,
)

_Item = TypeVar("_Item", cst.Arg, cst.ImportAlias, cst.BaseElement)
_SPACE = cst.SimpleWhitespace(" ")
_NOTHING = cst.SimpleWhitespace("")
_EQUAL = cst.AssignEqual(whitespace_before=_NOTHING, whitespace_after=_NOTHING)


def separated_without(items: list[_Item], gone: Collection[int]) -> list[_Item]:
    """The items but some; what stood behind the last of all stands behind the last that is left."""
    kept = [item for index, item in enumerate(items) if index not in gone]
    if kept and len(items) - 1 in gone:
        kept[-1] = _ended_like(kept[-1], items[-1])
    return kept


def _ended_like(item: _Item, last: _Item) -> _Item:
    comma = last.comma
    match _gap(item), _gap(last):
        case cst.ParenthesizedWhitespace() as gap, cst.ParenthesizedWhitespace() as end if (
            isinstance(comma, cst.Comma) and gap.first_line.comment is not None
        ):
            # A comment behind the item that is left is that item's.
            comma = comma.with_changes(whitespace_after=end.with_changes(first_line=gap.first_line))
    if isinstance(item, cst.Arg) and isinstance(last, cst.Arg):
        return item.with_changes(comma=comma, whitespace_after_arg=last.whitespace_after_arg)
    return item.with_changes(comma=comma)


def with_arguments(
    call: cst.Call, changes: Iterable[ArgumentChange], parsed: Callable[[str], cst.Arg]
) -> cst.Call:
    """The call with its arguments changed; all changes count the arguments it has now."""
    args = list(call.args)
    gone: set[int] = set()
    added: list[AddArgument] = []
    for change in changes:
        match change:
            case NameArgument(argument=index, name=name):
                args[index] = _named(args[index], name)
            case DropArgument(argument=index):
                gone.add(index)
            case AddArgument():
                added.append(change)
    left = [index for index in range(len(args)) if index not in gone]
    call = call.with_changes(args=separated_without(args, gone))
    # Of several before one argument, the first to be named comes first.
    behind = [change for change in added if change.before is None]
    for change in [*reversed([c for c in added if c not in behind]), *behind]:
        before = len(args) if change.before is None else change.before
        place = sum(index < before for index in left)
        call = _inserted(call, place, parsed(change.code))
        left.insert(place, before)
    return call


def _named(arg: cst.Arg, name: str) -> cst.Arg:
    value = arg.value
    if isinstance(value, cst.GeneratorExp) and not value.lpar:
        value = value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    if arg.keyword is None:
        return arg.with_changes(keyword=cst.Name(name), equal=_EQUAL, value=value)
    return arg.with_changes(keyword=arg.keyword.with_changes(value=name))


def _inserted(call: cst.Call, place: int, new: cst.Arg) -> cst.Call:
    args = list(call.args)
    if not args:
        return call.with_changes(args=[new])
    if place == len(args):
        return _appended(call, new)
    gap = call.whitespace_before_args if place == 0 else _gap(args[place - 1])
    between = gap if isinstance(gap, cst.ParenthesizedWhitespace) else _SPACE
    args.insert(place, new.with_changes(comma=cst.Comma(whitespace_after=_below(between))))
    if isinstance(gap, cst.ParenthesizedWhitespace) and gap.empty_lines:
        # Comments above an argument stay above it.
        gap = gap.with_changes(empty_lines=())
        if place == 0:
            call = call.with_changes(whitespace_before_args=gap)
        else:
            comma = args[place - 1].comma
            assert isinstance(comma, cst.Comma)
            args[place - 1] = args[place - 1].with_changes(
                comma=comma.with_changes(whitespace_after=gap)
            )
    return call.with_changes(args=args)


def _appended(call: cst.Call, new: cst.Arg) -> cst.Call:
    *others, last = call.args
    own_line = _gap(others[-1]) if others else call.whitespace_before_args
    between = _without_comments(own_line)
    comma, end = last.comma, last.whitespace_after_arg
    behind = _gap(last) if isinstance(comma, cst.Comma) else end
    match between, behind:
        case cst.ParenthesizedWhitespace(), cst.ParenthesizedWhitespace():
            # A comment behind the last argument is that argument's.
            between = between.with_changes(first_line=behind.first_line)
            end = _below(end)
            if isinstance(comma, cst.Comma):
                comma = comma.with_changes(whitespace_after=_below(behind))
        case cst.SimpleWhitespace(), _:
            between = _SPACE
    last = last.with_changes(
        comma=cst.Comma(whitespace_after=between), whitespace_after_arg=_NOTHING
    )
    new = new.with_changes(comma=comma, whitespace_after_arg=end)
    return call.with_changes(args=[*others, last, new])


def _gap(item: _Item) -> cst.BaseParenthesizableWhitespace:
    """What stands between an item's comma and the next item."""
    return item.comma.whitespace_after if isinstance(item.comma, cst.Comma) else _NOTHING


def _below(gap: cst.BaseParenthesizableWhitespace) -> cst.BaseParenthesizableWhitespace:
    """The same gap one argument further down: a comment on the line above is not repeated."""
    if not isinstance(gap, cst.ParenthesizedWhitespace):
        return gap
    newline = cst.TrailingWhitespace(newline=gap.first_line.newline)
    return gap.with_changes(first_line=newline)


def _without_comments(gap: cst.BaseParenthesizableWhitespace) -> cst.BaseParenthesizableWhitespace:
    below = _below(gap)
    is_lines = isinstance(below, cst.ParenthesizedWhitespace)
    return below.with_changes(empty_lines=()) if is_lines else below
