"""A cassette without some of its interactions. What stays keeps every byte."""

from __future__ import annotations

import gzip
from collections.abc import Collection
from pathlib import Path
from typing import Any

from personalvibe.replay.cassette import file as cassette
from personalvibe.replay.model import CassetteError

_HINT = "Record it again: pytest --record-mode=rewrite."


def without(content: bytes, positions: Collection[int], path: Path) -> bytes:
    """The content without the interactions at `positions` (1 for the first).

    Raises `CassetteError` where their lines cannot be cut out: JSON, lists in brackets, and
    interactions that others refer to.
    """
    packed = content[:2] == b"\x1f\x8b"
    plain = gzip.decompress(content) if packed else content
    kept = _without_lines(plain, positions, path)
    before = cassette.parse(plain, path, as_stored=True)
    expected = [one for number, one in enumerate(before, 1) if number not in positions]
    try:
        correct = cassette.parse(kept, path, as_stored=True) == expected
    except CassetteError:
        correct = False
    if not correct:
        raise CassetteError(
            "its interactions cannot be taken apart line by line", path=path, hint=_HINT
        )
    return gzip.compress(kept, mtime=0) if packed else kept


def _without_lines(plain: bytes, positions: Collection[int], path: Path) -> bytes:
    lines = plain.splitlines(keepends=True)
    starts = _starts(plain, lines, path)
    cut = {
        line
        for number in positions
        if number < len(starts)
        for line in range(starts[number - 1], starts[number])
    }
    return b"".join(line for number, line in enumerate(lines) if number not in cut)


def _starts(plain: bytes, lines: list[bytes], path: Path) -> list[int]:
    """The lines where the interactions start, and the one where the last has ended."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    root = yaml.compose(plain, Loader=loader)
    fields = root.value if isinstance(root, yaml.MappingNode) else []
    sequence = next((value for key, value in fields if key.value == "interactions"), None)
    if not isinstance(sequence, yaml.SequenceNode) or sequence.flow_style:
        raise CassetteError("its interactions are no list of lines", path=path, hint=_HINT)
    starts = []
    for node in sequence.value:
        line = node.start_mark.line
        while not lines[line].lstrip().startswith(b"-"):
            line -= 1
        starts.append(line)
    return [*starts, sequence.end_mark.line]
