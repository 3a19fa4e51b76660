"""Bytes of a Python file <-> `SourceFile`, so that every byte outside an edit comes back."""

from __future__ import annotations

import codecs
import io
import re
import tokenize
from collections.abc import Iterator

from codemods.migrate_openai.errors import SourceError
from codemods.migrate_openai.model import SourceFile

SKIP = re.compile(r"#\s*migrate:\s*skip\b", re.IGNORECASE)
_NEWLINE = re.compile(r"\r\n|\n|\r")
_GENERATED = re.compile(
    r"^\s*(?:#|//|\"\"\"|''').*(?:@generated\b|\bcode generated\b.*|\bdo not edit\b|"
    r"\b(?:auto-?|automatically )generated (?:file|by|from)\b)",
    re.IGNORECASE | re.MULTILINE,
)
_PYTHON_2 = (
    ("print statement", re.compile(r"^[ \t]*print[ \t]+(?:>>|[\"'\w])", re.MULTILINE)),
    ("except X, name", re.compile(r"^[ \t]*except[ \t]+[\w.()]+[ \t]*,[ \t]*\w+[ \t]*:", re.M)),
    ("raise X, value", re.compile(r"^[ \t]*raise[ \t]+[\w.]+[ \t]*,", re.MULTILINE)),
    ("exec statement", re.compile(r"^[ \t]*exec[ \t]+[\"'\w]", re.MULTILINE)),
    ("<> operator", re.compile(r"\w[ \t]*<>[ \t]*\w")),
    ("ur string", re.compile(r"\bur[\"']", re.IGNORECASE)),
)


def decode(path: str, data: bytes) -> SourceFile:
    """The file as text. Raises `SourceError` for bytes that are not what they claim."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.removeprefix(codecs.BOM_UTF8).decode(encoding.removesuffix("-sig"))
    except Exception as error:  # a codec, which the file chooses, may raise anything
        raise SourceError(f"cannot be decoded: {error}") from error
    file = SourceFile(path=path, text=text, encoding=encoding, skipped_lines=skipped_lines(text))
    if encode(file, text) != data:
        raise SourceError(f"does not survive a round trip through {encoding}")
    return file


def encode(file: SourceFile, text: str) -> bytes:
    """The bytes of ``text`` in the encoding of ``file``. Raises `SourceError`."""
    bom = codecs.BOM_UTF8 if file.encoding == "utf-8-sig" else b""
    try:
        return bom + text.encode(file.encoding.removesuffix("-sig"))
    except Exception as error:
        raise SourceError(f"cannot be encoded again: {error}") from error


def is_generated(text: str) -> bool:
    """Whether the first lines say that a tool wrote the file."""
    return _GENERATED.search("\n".join(text[:4000].splitlines()[:12])) is not None


def python_2_sign(text: str) -> str | None:
    """``"print statement, line 3"`` if a file that does not parse looks like Python 2."""
    for name, pattern in _PYTHON_2:
        if found := pattern.search(text):
            line = text.count("\n", 0, found.start()) + 1
            return f"{name}, line {line}"
    return None


def skipped_lines(text: str) -> frozenset[int]:
    """The lines, from 1, that a ``# migrate: skip`` comment covers.

    Behind code it covers the statement it stands in; on a line of its own the statement below;
    above the first statement of the file, the file.
    """
    if SKIP.search(text) is None:  # what a tokenizer takes long to say
        return frozenset()
    covered: set[int] = set()
    pending = False
    first = True
    for start, end, comments, has_code in _logical_lines(text):
        marked = any(SKIP.match(comment) for comment in comments)
        if not has_code:
            if marked and first:
                return frozenset(range(1, len(_NEWLINE.split(text)) + 1))
            pending = pending or marked
            continue
        first = False
        if marked or pending:
            covered.update(range(start, end + 1))
        pending = False
    return frozenset(covered)


def _logical_lines(text: str) -> Iterator[tuple[int, int, list[str], bool]]:
    """(first line, last line, comments, holds code?) per statement or comment line.

    Stops at the first thing that cannot be tokenised: such a file does not parse either.
    """
    start, comments, code = 1, list[str](), False
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                comments.append(token.string)
            elif token.type in (tokenize.NEWLINE, tokenize.NL):
                if token.type == tokenize.NEWLINE or not code:
                    yield start, token.end[0], comments, code
                    start, comments, code = token.end[0] + 1, [], False
            elif token.type not in (tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
                if not code:
                    start = token.start[0]
                code = True
    except (tokenize.TokenError, SyntaxError):
        return
