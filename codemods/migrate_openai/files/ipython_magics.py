"""IPython syntax -> Python of the same length, so that offsets stay true."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

# Cell magics whose body is Python of this kernel.
_PYTHON_BODY = frozenset({"time", "timeit", "capture", "prun", "memit", "mprun", "lprun", "debug"})
# Line magics that run the Python statement behind them.
_PYTHON_ARGUMENT = re.compile(
    r"%(?:time|timeit|prun|memit)[ \t]+(?:-\w+(?:[ \t]*\d+)?[ \t]+)*(?=[^\s-])"
)
_CELL_MAGIC = re.compile(r"\s*%%(\w*)[^\n]*\n?")
_ESCAPED = re.compile(r"[ \t]*(?:!|%|\?)")
_ASSIGNED = re.compile(r"[ \t]*[\w.,\[\]'\" \t()*]+?=[ \t]*(?=!|%[A-Za-z])")
_HELP = re.compile(r"[ \t]*%{0,2}[\w.*]+\?{1,2}[ \t]*$")
# Commands that IPython accepts without their % sign.
_AUTOMAGIC = re.compile(
    r"[ \t]*(?:pip|conda|mamba|ls|cd|cat|mkdir|rm|rmdir|cp|mv|pwd|clear|run|load_ext|matplotlib|"
    r"env|set_env|time|timeit|who|whos|autoreload|alias|history)(?:[ \t]+[^=\s(.,\[].*)?$"
)


INDENTED = "if 1:\n"
"""What makes an indented cell a block of its own."""


def mask(cell: str) -> str | None:
    """The cell as Python text of the same length, or None where it holds no Python we can read.

    What is not Python becomes an expression without effect (``0###``) or a comment; a statement
    behind ``%time`` stays, its magic turned into an assignment to a name of underscores.
    """
    if parses(cell):
        return cell
    if indented(cell) and not cell.lstrip().startswith("%%"):
        return cell if parses(INDENTED + cell) else None
    head = _CELL_MAGIC.match(cell)
    if head and head[1] not in _PYTHON_BODY:
        return None
    for keep_arguments, automagic in ((True, False), (False, False), (False, True)):
        text = "".join(_masked_lines(cell, keep_arguments, automagic))
        if parses(text):
            return text
    return None


def indented(cell: str) -> bool:
    """Whether the first line is indented; IPython takes that off before it runs a cell."""
    return cell.startswith((" ", "\t")) and not parses(cell)


def parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _masked_lines(cell: str, keep_arguments: bool, automagic: bool) -> Iterator[str]:
    state = _Scanner()
    continued = False
    for line in cell.splitlines(keepends=True):
        body = line.rstrip("\r\n")
        ending = line[len(body) :]
        if continued:
            continued = body.endswith("\\")
            yield "#" * len(body) + ending
        elif state.inside:
            state.feed(line)
            yield line
        elif keep_arguments and (magic := _PYTHON_ARGUMENT.match(body.lstrip(" \t"))):
            indent = len(body) - len(body.lstrip(" \t"))
            rest = body[indent + magic.end() :]
            state.feed(rest + ending)
            yield body[:indent] + "_" * (magic.end() - 1) + "=" + rest + ending
        elif _ESCAPED.match(body) or _HELP.match(body) or (automagic and _AUTOMAGIC.match(body)):
            continued = body.endswith("\\")
            yield _nothing(body) + ending
        elif assigned := _ASSIGNED.match(body):
            continued = body.endswith("\\")
            yield assigned[0] + _nothing(body[assigned.end() :]) + ending
        else:
            state.feed(line)
            yield line


def _nothing(body: str) -> str:
    indent = body[: len(body) - len(body.lstrip(" \t"))]
    return indent + "0" + "#" * (len(body) - len(indent) - 1)


class _Scanner:
    """Whether the next line starts inside a bracket, a string or a continued line."""

    _TOKEN = re.compile(
        r"(?P<triple>'''|\"\"\")|(?P<string>'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\")"
        r"|(?P<comment>#[^\n]*)|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<continue>\\\r?\n)"
    )

    def __init__(self) -> None:
        self._depth = 0
        self._quote = ""
        self._continued = False

    @property
    def inside(self) -> bool:
        return bool(self._depth or self._quote or self._continued)

    def feed(self, line: str) -> None:
        self._continued = False
        position = 0
        while position < len(line):
            if self._quote:
                end = re.compile(rf"(?:\\.|(?!{self._quote})[\s\S])*").match(line, position)
                position = end.end() if end else len(line)
                if line.startswith(self._quote, position):
                    position += 3
                    self._quote = ""
                continue
            token = self._TOKEN.search(line, position)
            if token is None:
                return
            position = token.end()
            if token["triple"]:
                self._quote = token["triple"]
            elif token["open"]:
                self._depth += 1
            elif token["close"]:
                self._depth = max(0, self._depth - 1)
            elif token["continue"]:
                self._continued = True
