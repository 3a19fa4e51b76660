"""Plain data to YAML text and back, for cassettes.

Why not ``yaml.safe_dump``: libyaml escapes every emoji and so turns the multi-line texts that
models write into one quoted line; its output also differs between versions, and a re-recorded
cassette must not change by a byte. Why not ``yaml.safe_load``: it recurses on the depth of an
untrusted file, expands aliases without a bound, turns strings into dates and drops the lines that
an error message needs. So the text is parsed by libyaml (`CSafeLoader`'s parser) and the objects
are built here, from its events, with bounds and no tags that construct anything.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import functools
import itertools
import json
import math
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from personalvibe.replay.cassette import bodies
from personalvibe.replay.cassette.long_lines import LongLines, UnclearError
from personalvibe.replay.model import CassetteError

MAX_DEPTH = 200
"""Levels of nesting in a file."""
_EXPANDED = 2
"""Characters after aliases are expanded, for each byte that a file may have."""
MAX_NODES = 5_000_000
"""Nodes in a file after aliases are expanded."""

_REPAIR = "Restore it from version control, or record it again with --record-mode=rewrite."

_PLAIN_START = re.compile("[A-Za-z/_]")
_WORDS = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n"))
_LONGEST_WORD = max(map(len, _WORDS))
_MAX_KEY = 900
"""YAML limits a simple key to 1,024 characters; the rest is for escapes and indentation."""


def dump(value: Any) -> str:
    """YAML text of dicts, lists, strings, numbers, booleans, None and `bodies.NumberText`.

    Deterministic; multi-line strings become block literals.
    """
    return "".join(_block(value, ""))


def item(value: Any) -> Iterator[str]:
    """The text of one item of a list in the document's mapping, in pieces. None of them copies a
    long text together with what stands around it: one may be as large as the whole file.
    """
    return _item("", value, "")


def representable(value: Any, *, max_depth: int = 60) -> bool:
    """Whether `dump` followed by `load` gives the same value back."""
    stack = [(value, 0)]
    while stack:
        item, depth = stack.pop()
        if depth > max_depth:
            return False
        match item:
            case str():
                if not _encodable(item):
                    return False
            case float():
                if not math.isfinite(item):
                    return False
            case dict():
                for key, child in item.items():
                    if len(key) > _MAX_KEY // 6 or not _encodable(key):
                        return False
                    stack.append((child, depth + 1))
            case list():
                if not _is_numbers(item) or not all(map(math.isfinite, item)):
                    stack.extend((child, depth + 1) for child in item)
    return True


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _block(value: Any, pad: str, lead: str | None = None) -> Iterator[str]:
    """The text of a node on lines of its own; `lead` is in the place of the first line's `pad`."""
    lead = pad if lead is None else lead
    if isinstance(value, dict) and value:
        for key, child in value.items():
            yield from _entry(f"{lead}{_quoted_or_plain(key)}:", child, pad)
            lead = pad
    elif isinstance(value, list) and value:
        for child in value:
            yield from _item(lead, child, pad)
            lead = pad
    else:
        yield from _scalar(lead, value, f"{pad}  ")


def _entry(head: str, child: Any, pad: str) -> Iterator[str]:
    if isinstance(child, dict) and child:
        yield f"{head}\n"
        yield from _block(child, f"{pad}  ")
    elif isinstance(child, list) and child and not _is_numbers(child):
        yield f"{head}\n"
        yield from _block(child, pad)
    else:
        yield from _scalar(f"{head} ", child, f"{pad}  ")


def _item(lead: str, child: Any, pad: str) -> Iterator[str]:
    if isinstance(child, (dict, list)) and child and not _is_numbers(child):
        yield from _block(child, f"{pad}  ", f"{lead}- ")
    else:
        yield from _scalar(f"{lead}- ", child, f"{pad}  ")


_NUMBERS = "!numbers"
"""The tag of a list of numbers that is written as text: an embedding has thousands, and a YAML
node for each takes four times the space and ten times the time of the JSON that it came from."""
_LINE = 240


def _is_numbers(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) >= bodies.MANY_NUMBERS and bodies.is_numbers(value)
    return isinstance(value, bodies.NumberText)


def _number_lines(numbers: list[int | float] | bodies.NumberText, pad: str) -> Iterator[str]:
    if isinstance(numbers, list):
        text = json.dumps(numbers, separators=(",", ":"))[1:-1]
    else:
        text = numbers.text
    yield f"{_NUMBERS} |-\n"
    start = 0
    while len(text) - start > _LINE:
        end = text.rfind(",", start, start + _LINE) + 1
        yield f"{pad}{text[start:end]}\n"
        start = end
    yield f"{pad}{text[start:]}\n"


def _scalar(head: str, value: Any, pad: str) -> Iterator[str]:
    """A value behind `head`, to the end of its last line; `pad` is that of its further lines."""
    if _is_numbers(value):
        yield head
        yield from _number_lines(value, pad)
    elif isinstance(value, str) and len(value) > _LONG:
        yield head
        yield from _literal(value, pad) if _is_literal(value) else _quoted_pieces(value)
        yield "\n"
    elif isinstance(value, str) and _is_literal(value):
        yield f"{head}{''.join(_literal(value, pad))}\n"
    else:
        yield f"{head}{_spelled(value)}\n"


_LONG = 10_000
"""Characters from which on a text is handed on in pieces, without being copied."""


def _spelled(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _float(value)
        case str():
            return _quoted_or_plain(value)
        case dict():
            return "{}"
        case list():
            return "[]"
    raise TypeError(f"cannot write a {type(value).__name__} to a cassette")


def _float(value: float) -> str:
    text = repr(value)
    mantissa, e, exponent = text.partition("e")
    if not e:
        return text
    sign = "" if exponent.startswith("-") else "+"
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{sign}{exponent.lstrip('+')}"


def _is_literal(text: str) -> bool:
    """Whether a text has several lines and survives the trip as a block literal, unescaped."""
    if "\n" not in text or text[0] in " \n\t" or text.endswith("\n\n") or not _is_verbatim(text):
        return False
    end = len(text) - text.endswith("\n")
    return bool(text[text.rfind("\n", 0, end) + 1 : end].strip())


def _literal(text: str, pad: str) -> Iterator[str]:
    end = len(text) - text.endswith("\n")
    yield "|" if end < len(text) else "|-"
    position = 0
    while position < end:
        # To where a line ends near: a piece has many short lines, or a long one.
        stop = text.find("\n", min(position + _LONG, end), end)
        stop = end if stop < 0 else stop
        yield "".join(
            f"\n{pad}{line}" if line else "\n" for line in text[position:stop].split("\n")
        )
        position = stop + 1


_VERBATIM = bytes((*b"\t\n", *range(0x20, 0x7F)))


def _is_verbatim(text: str) -> bool:
    """Whether no character has to be escaped in YAML."""
    if not text.isascii():
        return not _unquotable().search(text)
    # Deleting is eight times as fast as searching.
    starts = range(0, len(text), _LONG)
    return not any(text[at : at + _LONG].encode().translate(None, _VERBATIM) for at in starts)


@functools.cache
def _unquotable() -> re.Pattern[str]:
    """What YAML wants escaped. Takes milliseconds to compile, and who replays writes nothing."""
    return re.compile(
        "[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
    )


def _quoted_or_plain(text: str) -> str:
    return "".join(_quoted_pieces(text))


def _quoted_pieces(text: str) -> Iterator[str]:
    verbatim = "\n" not in text and _is_verbatim(text)
    if verbatim and _is_plain(text):
        yield text
    elif verbatim and ('"' in text or "\\" in text):
        # No escapes: JSON inside of a string stays readable.
        yield "'"
        yield text.replace("'", "''")
        yield "'"
    else:
        quoted = json.dumps(text, ensure_ascii=False)
        yield _unquotable().sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


def _is_plain(text: str) -> bool:
    return (
        _PLAIN_START.match(text) is not None
        and "\t" not in text
        and ": " not in text
        and " #" not in text
        and text[-1] not in ": "
        and (len(text) > _LONGEST_WORD or text.lower() not in _WORDS)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    value: Any
    lines: dict[int, int]
    """id() of a mapping or a list in `value` -> the line on which it starts."""
    repeated: CassetteError | None
    """What to say of a key of the document's own mapping that it has twice; the last one counts."""

    def line(self, container: object) -> int | None:
        return self.lines.get(id(container))


def load(text: bytes, path: Path, *, max_bytes: int) -> Document:
    """The data of one YAML document.

    Aliases are shared objects; a long list of numbers stays text (`bodies.NumberText`). Raises
    `CassetteError`, with the line, for text that is no YAML, too large, too deep, or has a tag
    other than YAML's own scalars.
    """
    builder = _Builder(path, max_bytes * _EXPANDED)
    with _parsing(text, path, max_bytes) as loader:
        for _ in builder.build(loader):
            pass
    return Document(value=builder.value, lines=builder.lines, repeated=builder.repeated)


class Gradual:
    """A mapping of YAML whose list `name` is read as far as somebody asks for its items.

    An item belongs to who takes it. Iterating raises `CassetteError` as `load` does, as soon as it
    comes to where the text is wrong.
    """

    def __init__(self, source: Source, path: Path, *, max_bytes: int, name: str) -> None:
        self._source, self._path, self._max_bytes, self._name = source, path, max_bytes, name
        self._builder = _Builder(path, max_bytes * _EXPANDED)

    def __iter__(self) -> Iterator[Any]:
        taken = 0
        try:
            for items in self._lists(LongLines(self._source)):
                taken += 1
                yield items.pop()
        except UnclearError:
            self._builder = _Builder(self._path, self._max_bytes * _EXPANDED)
            for items in itertools.islice(self._lists(None), taken, None):
                yield items.pop()

    def _lists(self, lines: LongLines | None) -> Iterator[list[Any]]:
        """The list again and again, at each of its items."""
        self._builder.long_lines = lines
        with _parsing(self._source, self._path, self._max_bytes, lines) as loader:
            for name, items in self._builder.build(loader):
                if name == self._name:
                    yield items
                    self._builder.forget()

    def document(self) -> Document:
        """What is read so far, without the items."""
        read = self._builder
        return Document(value=read.value, lines=read.lines, repeated=read.repeated)


Source = bytes | BinaryIO


def _size(source: Source) -> int:
    return len(source) if isinstance(source, bytes) else os.fstat(source.fileno()).st_size


def _line_count(source: Source) -> int:
    if isinstance(source, bytes):
        return len(source.splitlines())
    source.seek(0)
    return sum(1 for _ in source)


@contextlib.contextmanager
def _parsing(
    source: Source, path: Path, max_bytes: int, lines: LongLines | None = None
) -> Iterator[Any]:
    """PyYAML's parser of a text, given by its `lines`; its errors become a `CassetteError`."""
    import yaml

    if _size(source) > max_bytes:
        # Of a file that is too large no more is read than shows it.
        raise CassetteError(
            f"the cassette has more than the {max_bytes:,} bytes allowed",
            path=path,
            hint="Split it, or raise max_cassette_bytes in vcr_config.",
        )
    if not isinstance(source, bytes):
        source.seek(0)
    parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        loader = parser(lines or source)
        try:
            yield loader
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        # A file that ends too early is reported past its end.
        last = _line_count(source)
        line = min(error.problem_mark.line + 1, last) if error.problem_mark else None
        raise CassetteError(
            f"not valid YAML: {error.problem}", path=path, line=line, hint=_REPAIR
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        detail = str(error).splitlines()[0]
        raise CassetteError(f"not valid YAML: {detail}", path=path, hint=_REPAIR) from None


_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]+)?")
_CONSTANTS = {
    **dict.fromkeys(("null", "Null", "NULL", "~", "")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_YAML = "tag:yaml.org,2002:"
_PYTHON = f"{_YAML}python/"
_CONTAINER_TAGS = (
    *("!", f"{_YAML}map", f"{_YAML}seq", f"{_YAML}omap"),
    *(f"{_PYTHON}tuple", f"{_PYTHON}list", f"{_PYTHON}dict"),
)
_OBJECT = re.compile(rf"{re.escape(_PYTHON)}object/(?:new|apply):(?P<name>[\w.]+)")
_TEXTS = (f"{_YAML}str", f"{_YAML}timestamp", f"{_PYTHON}str", f"{_PYTHON}unicode")
_STARTS: dict[str, type[Any]] = {"MappingStartEvent": dict, "SequenceStartEvent": list}
_NUMERIC = frozenset("-+.0123456789")
_MAX_DIGITS = sys.get_int_max_str_digits()


def _arguments(value: Any) -> Any:
    """What PyYAML would call an object with, as plain data: a list, or a mapping that has one."""
    found = value.get("args", value.get("state")) if isinstance(value, dict) else value
    return found[0] if isinstance(found, list) and found else None


# Objects that vcrpy and its users' cassettes hold, by the data that they stand for. None is made.
_STANDS_FOR: dict[str, tuple[type[Any], ...]] = {
    "_io.BytesIO": (bytes, str),
    "_io.StringIO": (str,),
    "builtins.iter": (list, bytes, str),
    "multidict._multidict.istr": (str,),
    "multidict.istr": (str,),
    "multidict._multidict_py.istr": (str,),
}


class _Builder:
    """Objects from parser events, without recursion."""

    def __init__(self, path: Path, most: int) -> None:
        self.path = path
        self.most = most
        self.nodes = 0
        self.characters = 0
        self.anchors: dict[str, tuple[Any, int, int]] = {}
        """Name -> value, its nodes, its characters."""
        self.lines: dict[int, int] = {}
        self.repeated: CassetteError | None = None
        self.long_lines: LongLines | None = None
        """Through which the parser reads, if it does."""
        self.value: Any = None
        """The document; while it is read, its mapping as far as it goes."""

    def error(self, message: str, event: Any) -> CassetteError:
        return CassetteError(message, path=self.path, line=event.start_mark.line + 1, hint=_REPAIR)

    def forget(self) -> None:
        """Where what somebody took began: its numbers may come again."""
        line = self.lines.get(id(self.value), 1)
        self.lines.clear()
        self.lines[id(self.value)] = line

    def build(self, loader: Any) -> Iterator[tuple[Any, list[Any]]]:
        """Reads all. Halts at each item of a list in the document's mapping: its key, and it."""
        document: list[Any] = []
        # (container, the key that waits for its value, anchor, nodes and characters before it, the
        # class that its tag names)
        stack: list[list[Any]] = [[document, None, None, 0, 0, ""]]
        while True:
            event = loader.get_event()
            # By name: where PyYAML was imported twice (pytester does that), its C parser still
            # makes the classes of the first time.
            kind = type(event).__name__
            if kind == "ScalarEvent":
                text = self.text(event)
                value = self.scalar(event, text)
                self.count(1, len(text), event)
                if event.anchor:
                    self.anchors[event.anchor] = (value, 1, len(text))
                del text
            elif kind in _STARTS:
                name = self.object_name(event)
                if len(stack) > MAX_DEPTH:
                    raise self.error(f"nested deeper than {MAX_DEPTH} levels", event)
                self.count(1, 0, event)
                container = _STARTS[kind]()
                self.lines[id(container)] = event.start_mark.line + 1
                if len(stack) == 1:
                    self.value = container
                stack.append([container, _NO_KEY, event.anchor, self.nodes, self.characters, name])
                continue
            elif kind in ("MappingEndEvent", "SequenceEndEvent"):
                value, _, anchor, nodes, characters, name = stack.pop()
                if name:
                    value = self.plain(value, name, event)
                if anchor:
                    size = (self.nodes - nodes + 1, self.characters - characters)
                    self.anchors[anchor] = (value, *size)
            elif kind == "AliasEvent":
                if event.anchor not in self.anchors:
                    raise self.error(f"the alias *{event.anchor} stands for nothing", event)
                value, nodes, characters = self.anchors[event.anchor]
                self.count(nodes, characters, event)
            elif kind == "DocumentStartEvent" and document:
                raise self.error("a second document in one cassette", event)
            elif event is None or kind == "StreamEndEvent":
                self.value = document[0] if document else None
                return
            else:
                continue
            self.place(stack[-1], value, event, top=len(stack) == _TOP)
            del value  # whoever takes an item is to be the only one who holds it
            if len(stack) == _TOP + 1 and isinstance(stack[-1][0], list):
                yield stack[_TOP - 1][1], stack[-1][0]

    def count(self, nodes: int, characters: int, event: Any) -> None:
        self.nodes += nodes
        self.characters += characters
        if self.nodes > MAX_NODES:
            raise self.error(f"more than {MAX_NODES:,} nodes", event)
        if self.characters > self.most:
            raise self.error(str(bodies.OverBudgetError()), event)

    def numbers(self, event: Any, lines: str) -> bodies.NumberText:
        text = lines.replace("\n", "")
        if not bodies.number_list().fullmatch(text):
            raise self.error("!numbers that are no list of numbers", event)
        self.count(text.count(","), 0, event)
        return bodies.NumberText(text=text)

    def object_name(self, event: Any) -> str:
        """The class that a tag names, if it is a known one; empty for plain containers."""
        if event.tag is None or event.tag in _CONTAINER_TAGS:
            return ""
        found = _OBJECT.fullmatch(event.tag)
        if found is None or found["name"] not in _STANDS_FOR:
            raise self.error(f"the tag {event.tag} is not allowed", event)
        return found["name"]

    def plain(self, value: Any, name: str, event: Any) -> Any:
        """The data that an object of a known class stands for."""
        found = _arguments(value)
        if not isinstance(found, _STANDS_FOR[name]):
            raise self.error(f"a {name} without its data", event)
        return found

    def place(self, frame: list[Any], value: Any, event: Any, *, top: bool) -> None:
        container = frame[0]
        if isinstance(container, list):
            container.append(value)
        elif frame[1] is _NO_KEY:
            if isinstance(value, (dict, list)):
                raise self.error("a mapping or a list cannot be a key", event)
            if value in container:
                error = self.error(f"the key {value!r} appears twice", event)
                if not top:
                    raise error
                self.repeated = self.repeated or error
            frame[1] = value
        else:
            container[frame[1]] = value
            frame[1] = _NO_KEY

    def text(self, event: Any) -> str:
        text: str = event.value
        return self.long_lines.restored(text, event.style or "") if self.long_lines else text

    def scalar(self, event: Any, text: str) -> Any:
        tag = event.tag
        if tag is None or tag == "!":
            if not event.implicit[0] or tag == "!":
                return text
            if text in _CONSTANTS:
                return _CONSTANTS[text]
            if text[0] not in _NUMERIC:
                return text
            if _INT.fullmatch(text) and len(text.lstrip("+-")) <= _MAX_DIGITS:
                return int(text)
            if _FLOAT.fullmatch(text):
                return float(text)
            return text
        if tag == f"{_YAML}binary":
            try:
                return base64.b64decode(text.encode())
            except (binascii.Error, UnicodeEncodeError):
                raise self.error("!!binary that is not base64", event) from None
        if tag == _NUMBERS:
            return self.numbers(event, text)
        if tag in _TEXTS:
            return text
        if tag == f"{_YAML}null":
            return None
        try:
            if tag == f"{_YAML}int":
                return int(text)
            if tag == f"{_YAML}float":
                return float(text)
        except ValueError:
            raise self.error(f"{text!r} is not a number", event) from None
        raise self.error(f"the tag {tag} is not allowed", event)


_TOP = 2
"""Frames of the builder where the keys of the document's own mapping are placed."""
_NO_KEY = object()
