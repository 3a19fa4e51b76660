"""YAML text -> plain values, each with its line. Safe, bounded, and clear when it refuses."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from personalvibe.errors import UserError

MAX_BYTES = 1_000_000
MAX_VALUES = 20_000

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_TAGS = {"str", "int", "float", "bool", "null", "timestamp", "seq", "map"}
_SURROGATE = re.compile(r"[\ud800-\udfff]")

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A YAML mapping and the lines, from 1, of everything in it."""

    origin: str
    values: dict[str, Any]
    lines: Mapping[KeyPath, int]

    def where(self, key_path: KeyPath) -> str:
        """``file:line`` of a value, or of the closest thing around it that the file holds."""
        for end in range(len(key_path), -1, -1):
            line = self.lines.get(key_path[:end])
            if line is not None and (end or not key_path):
                return f"{self.origin}:{line}"
        return self.origin


def line(key: str, value: str) -> str:
    """The line ``key: value``, quoted where YAML would read something else than this text."""
    dumped = yaml.safe_dump({key: value}, allow_unicode=True, width=MAX_BYTES)
    return str(dumped).rstrip("\n")


def read(path: Path, *, origin: str) -> Document:
    """Read and parse a file.

    Raises:
        UserError: missing, not a file, too large, not UTF-8, or not the YAML that is wanted.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise UserError(f"{origin}: is a folder", "Name the YAML file in it.")
        if not stat.S_ISREG(mode):
            raise UserError(f"{origin}: is not a regular file", "Save the YAML to a file first.")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UserError(f"{origin}: no such file", _neighbour(path)) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(
            f"{origin}: cannot be read: {reason}", "Check its name and rights."
        ) from error
    if len(raw) > MAX_BYTES:
        raise UserError(
            f"{origin}: larger than {MAX_BYTES:,} bytes",
            "A config is short: move long texts to files and list them in code_context_paths.",
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        if raw[error.start] == 0xED:
            raise _surrogate(f"{origin}:{line}") from error
        raise UserError(
            f"{origin}:{line}: not UTF-8 text (byte 0x{raw[error.start]:02x})",
            "Save the file in the encoding UTF-8.",
        ) from error
    return parse(text, origin=origin)


def parse(text: str, *, origin: str) -> Document:
    """Parse one YAML mapping. Control characters are dropped.

    Raises:
        UserError: with `origin` and the line.
    """
    text = _CONTROL.sub("", text)
    if found := _SURROGATE.search(text):
        raise _surrogate(f"{origin}:{text.count(chr(10), 0, found.start()) + 1}")
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None or node.tag == "tag:yaml.org,2002:null":
            raise UserError(
                f"{origin}: the file is empty",
                "Write at least `mode: sprint`; `pv prepare-sprint` makes a config to start from.",
            )
        lines = _Reader(origin).lines(node)
        value = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text, origin) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise UserError(
            f"{origin}:{line}: a character that YAML forbids (U+{error.character:04X})",
            "Delete it, or write it as an escape in double quotes.",
        ) from error
    except (ValueError, OverflowError) as error:
        raise UserError(
            f"{origin}: a value that cannot be read: {error}", "Put it in quotes."
        ) from error
    except RecursionError as error:
        raise UserError(f"{origin}: nested too deeply", "A config needs two levels.") from error
    return Document(origin=origin, values=_clean(value, (), lines, origin), lines=lines)


class _Reader:
    """Walks the node graph before any value is built: lines, duplicates, tags, size."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.found: dict[KeyPath, int] = {}
        self.values = 0
        self.open: set[int] = set()

    def lines(self, node: yaml.Node) -> dict[KeyPath, int]:
        if not isinstance(node, yaml.MappingNode):
            raise UserError(
                f"{self._at(node)}: a config is a list of `key: value` lines, not a "
                f"{'list' if isinstance(node, yaml.SequenceNode) else 'single value'}",
                "Start with a line such as `mode: sprint`.",
            )
        self._walk(node, ())
        return self.found

    def _at(self, node: yaml.Node) -> str:
        return f"{self.origin}:{node.start_mark.line + 1}"

    def _walk(self, node: yaml.Node, key_path: KeyPath) -> None:
        self.found.setdefault(key_path, node.start_mark.line + 1)
        self.values += 1
        if self.values > MAX_VALUES or id(node) in self.open:
            raise UserError(
                f"{self._at(node)}: the aliases (*name) of this file expand without end"
                if id(node) in self.open
                else f"{self._at(node)}: more than {MAX_VALUES:,} values, aliases expanded",
                "Write the values out; a config needs a few dozen.",
            )
        if node.tag.removeprefix("tag:yaml.org,2002:") not in _TAGS:
            raise UserError(
                f"{self._at(node)}: the tag {node.tag} is not allowed", "Write a plain value."
            )
        self.open.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self._walk(item, (*key_path, index))
        elif isinstance(node, yaml.MappingNode):
            self._walk_mapping(node, key_path)
        self.open.discard(id(node))

    def _walk_mapping(self, node: yaml.MappingNode, key_path: KeyPath) -> None:
        seen: set[str] = set()
        for key, value in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                self._walk(value, key_path)
                continue
            if key.tag != "tag:yaml.org,2002:str":
                raise UserError(
                    f"{self._at(key)}: a key must be a word", "Put it in quotes, or rename it."
                )
            if key.value in seen:
                raise UserError(
                    f"{self._at(key)}: `{key.value}` stands here for the second time",
                    "Delete one of the two.",
                )
            seen.add(key.value)
            self.found[(*key_path, key.value)] = key.start_mark.line + 1
            self._walk(value, (*key_path, key.value))


def _clean(value: Any, key_path: KeyPath, lines: Mapping[KeyPath, int], origin: str) -> Any:
    """The value without the control characters that escapes such as "\\e" bring in."""
    if isinstance(value, str):
        if _SURROGATE.search(value):
            raise _surrogate(f"{origin}:{lines.get(key_path, 1)}")
        return _CONTROL.sub("", value)
    if isinstance(value, list):
        return [_clean(v, (*key_path, i), lines, origin) for i, v in enumerate(value)]
    if isinstance(value, dict):
        return {
            _clean(k, (*key_path, k), lines, origin): _clean(v, (*key_path, k), lines, origin)
            for k, v in value.items()
        }
    return value


def _surrogate(where: str) -> UserError:
    return UserError(
        f"{where}: half a character (a lone surrogate)",
        "Delete it and type the character again; the text was cut inside an emoji or the like.",
    )


def _syntax_error(error: yaml.MarkedYAMLError, text: str, origin: str) -> UserError:
    mark = error.problem_mark or error.context_mark
    if "quoted scalar" in (error.context or ""):
        opened = error.context_mark.line + 1 if error.context_mark else 1
        return UserError(
            f"{origin}:{opened}: not valid YAML: a quote opens here and does not close",
            "Close it; within single quotes write '' for an apostrophe.",
        )
    line = mark.line + 1 if mark else 1
    rows = text.splitlines()
    row = rows[line - 1] if line <= len(rows) else ""
    if "\t" in row[: len(row) - len(row.lstrip())]:
        return UserError(
            f"{origin}:{line}: a tab is used to indent", "YAML indents with spaces: replace it."
        )
    problem = error.problem or "not valid YAML"
    if "but found another document" in problem:
        return UserError(f"{origin}:{line}: a second document begins", "Delete the `---` line.")
    if "undefined alias" in problem:
        return UserError(
            f"{origin}:{line}: {problem}", "A value that begins with `*` must stand in quotes."
        )
    return UserError(
        f"{origin}:{line}: not valid YAML: {problem}",
        "Check the colon and the indent there; put a text with `: `, `#`, `*`, `{` or quotes in "
        "quotes, or after `|` on lines of its own.",
    )


def _neighbour(path: Path) -> str:
    try:
        names = [p.name for p in path.absolute().parent.iterdir() if p.suffix in {".yaml", ".yml"}]
    except OSError:
        return "Check the path: its folder does not exist either."
    near = get_close_matches(path.name, sorted(names), n=1, cutoff=0.4)
    return f"Did you mean {path.with_name(near[0])}?" if near else "Check the path."
