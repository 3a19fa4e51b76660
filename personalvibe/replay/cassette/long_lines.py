"""The long texts of a YAML file, kept away from its parser.

libyaml looks at every character of an image in base64, in many times the time that it takes to find
where the image ends, and holds it three times. So a line such as ``data: iVBORw0...`` is shortened
to ``data: <mark>`` on the way to the parser, and the mark in what it says becomes the text again;
likewise the lines of a block of base64 or numbers.
"""

from __future__ import annotations

import io
import re
import uuid
from typing import BinaryIO

LONGEST = 4_096
"""Characters of a line, or of a block, that the parser gets."""
_READ = 65_536
_WINDOW = LONGEST // 2
"""Where each of these has the end of a line, no line is longer."""
_KEY = re.compile(rb"[ -]*[\w-]+: (?P<quote>'|(?=[A-Za-z/_]))")
_PRINTABLE = bytes(range(0x20, 0x7F))
_BLOCK = re.compile(rb" \|-?\n(?P<indent> +)(?=[\w+/=.,-]{60})")
_DENSE = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_.,-\n "


class UnclearError(Exception):
    """What was left out turned out to be something else than the value of a key."""


class LongLines:
    """A file as PyYAML reads one, without its long texts."""

    def __init__(self, source: bytes | BinaryIO) -> None:
        self._file = io.BytesIO(source) if isinstance(source, bytes) else source
        self._mark = f"long-line-{uuid.uuid4().hex}-"
        self._marks = re.compile(rf"{self._mark}([0-9]+)\.")
        self._texts: dict[int, str] = {}
        self._blocks: set[int] = set()
        """Which of the texts are blocks."""
        self._count = 0
        self._left = b""
        """Lines that were read and are not yet handed on."""

    def read(self, _size: int) -> bytes:
        lines = self._left or self._lines()
        self._left = b""
        found = _BLOCK.search(lines)
        if found is None:
            return lines
        indent, start = found["indent"], found.start("indent")
        head, lines = lines[:start], lines[start:]
        return head + self._without_block(self._block(lines, indent), indent)

    def _lines(self) -> bytes:
        """The next whole lines of the file, shortened; empty at its end."""
        lines = self._file.read(_READ)
        rest = b"" if lines.endswith(b"\n") else self._file.readline()
        if len(rest) <= LONGEST:
            return self._each_shortened(lines + rest)
        start = lines.rfind(b"\n") + 1
        line = lines[start:] + rest
        del rest  # as large as the file, perhaps
        return self._each_shortened(lines[:start]) + self._shortened(line)

    def _each_shortened(self, lines: bytes) -> bytes:
        starts = range(0, len(lines) - _WINDOW, _WINDOW)
        if all(lines.find(b"\n", start, start + _WINDOW) >= 0 for start in starts):
            return lines
        return b"".join(
            self._shortened(line) if len(line) > LONGEST else line
            for line in lines.splitlines(keepends=True)
        )

    def _shortened(self, line: bytes) -> bytes:
        key = _KEY.match(line)
        if key is None or not line.endswith(b"\n"):
            return line
        quote = key["quote"]
        start, end = key.end(), len(line) - 1 - len(quote)
        if line[end:-1] != quote or not _is_simple(line, start, end, in_quotes=bool(quote)):
            return line
        text = str(memoryview(line)[start:end], "ascii")  # without a copy of these bytes
        return b"%b%b%b\n" % (line[:start], self._marked(text), quote)

    def _block(self, lines: bytes, indent: bytes) -> bytes:
        """The lines of the block with which `lines` begin; what comes behind them is left."""
        pieces = []
        within = re.compile(b"%b[^ \n]" % indent)
        end = re.compile(b"\n(?!%b)" % within.pattern)
        while within.match(lines):
            found = end.search(lines)
            stop = found.start() + 1 if found else len(lines)
            pieces.append(lines[:stop])
            lines = lines[stop:] or self._lines()
        self._left = lines
        return b"".join(pieces)

    def _without_block(self, block: bytes, indent: bytes) -> bytes:
        if len(block) <= LONGEST or not block.endswith(b"\n") or block.translate(None, _DENSE):
            return block
        text = block.replace(b"\n" + indent, b"\n")[len(indent) : -1].decode()
        self._blocks.add(self._count)
        # Empty lines at its end mean nothing, and keep the numbers of those that follow.
        return indent + self._marked(text) + b"\n" * block.count(b"\n")

    def _marked(self, text: str) -> bytes:
        self._texts[self._count] = text
        self._count += 1
        return f"{self._mark}{self._count - 1}.".encode()

    def restored(self, text: str, style: str) -> str:
        """What the parser would have said of the file as it is. Each text is restored once.

        Raises `UnclearError`.
        """
        if self._mark not in text:
            return text
        whole = self._marks.fullmatch(text.rstrip("\n"))
        numbers = {int(number) for number in self._marks.findall(text)}
        if whole and style == "|" and numbers <= self._blocks:
            return text.replace(whole[0], self._texts.pop(*numbers))
        if whole and style in ("", "'"):
            line = self._texts.pop(*numbers)
            return line.replace("''", "'") if style else line
        if style == "|" and numbers.isdisjoint(self._blocks):
            return self._marks.sub(lambda found: self._texts.pop(int(found[1])), text)
        raise UnclearError


def _is_simple(line: bytes, start: int, end: int, *, in_quotes: bool) -> bool:
    """Whether a value means itself: in quotes but for its quotes, otherwise a word."""
    if line.translate(None, _PRINTABLE) != b"\n":
        return False
    if not in_quotes:
        return line.find(b" ", start) < 0 and line[end - 1 : end] != b":"
    return line.find(b"'", start, end) < 0 or b"'" not in line[start:end].replace(b"''", b"")
