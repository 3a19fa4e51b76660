"""The cassette file, version 2: interactions to bytes and back. See docs/replay.md."""

from __future__ import annotations

import gzip
import io
import json
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from personalvibe.replay.cassette import bodies, disk, native, yaml_io
from personalvibe.replay.model import (
    CassetteError,
    Interaction,
    Provenance,
    RedactedInteraction,
)

MAX_BYTES = 32 * 1024 * 1024
"""The largest cassette that is read, decompressed. The largest met in the wild had 4 MB."""

UNPACKED = 2
"""Bytes that the bodies of a cassette may unpack to, for each byte that its file may have."""
_HEAD = "# Recorded by personalvibe.replay. Re-record it with: pytest --record-mode=rewrite\n"
_OWN = f"{_HEAD}version: {native.VERSION}\n".encode()
_END = "...\n"
_GZIP = b"\x1f\x8b"
_ENDS = (_END.encode(), b"...\r\n")
"""Git on Windows may write the line ends of Windows."""


def dump(interactions: Iterable[RedactedInteraction]) -> bytes:
    """The file of a cassette. The same interactions give the same bytes."""
    fields = native.interaction_fields
    return "".join(pieces(interactions, fields)).encode()


Fields = Callable[[RedactedInteraction, Provenance | None], dict[str, Any]]
"""As `native.interaction_fields`."""


def pieces(interactions: Iterable[RedactedInteraction], fields: Fields) -> Iterator[str]:
    """The text of a cassette, which holds one interaction at a time."""
    common: Provenance | None = None
    head = ""
    for one in interactions:
        if not head:
            common = one.provenance
            yield (head := f"{_beginning(common)}interactions:\n")
        yield from yaml_io.item(fields(one, common))
        del one  # before the next is read: each may be as large as the file
    if not head:
        yield f"{_beginning(None)}interactions: []\n"
    yield _END


def _beginning(common: Provenance | None) -> str:
    fields = native.provenance_fields(common) if common else {}
    return _HEAD + yaml_io.dump({"version": native.VERSION, **fields})


def same(one: RedactedInteraction, other: RedactedInteraction) -> bool:
    """Whether two interactions are written alike, whenever they were recorded."""
    return one == other or native.exchange_fields(one) == native.exchange_fields(other)


def load(path: Path, *, max_bytes: int = MAX_BYTES) -> list[Interaction]:
    """The interactions of a cassette, ours or another tool's.

    Raises `FileNotFoundError`, and `CassetteError` for a file that is damaged, too large or in
    no known format.
    """
    return parse(disk.read(path, max_bytes + 1), path, max_bytes=max_bytes)


def parse(
    raw: bytes, path: Path, *, max_bytes: int = MAX_BYTES, as_stored: bool = False
) -> list[Interaction]:
    """The interactions of a file's content; `path` is for messages. Raises `CassetteError`.

    Bodies are unpacked, unless they are wanted as the file holds them.
    """
    document = document_of(raw, path, max_bytes=max_bytes)
    value = document.value
    version = value.get("version") if isinstance(value, dict) else None
    if isinstance(version, int) and version > native.VERSION:
        raise CassetteError(
            f"version {version}, and this program reads up to {native.VERSION}",
            path=path,
            hint="Upgrade personalvibe, or record it again with --record-mode=rewrite.",
        )
    if document.repeated is not None:
        if version == native.VERSION:
            raise document.repeated
        logging.getLogger(__name__).warning("%s; the last one counts", document.repeated.message)
    if isinstance(value, dict) and version == native.VERSION:
        _require_end(_unpacked(raw, path, max_bytes), path)
        return native.Reader(path, document).interactions(value)
    from personalvibe.replay.cassette.foreign import read_foreign

    budget = bodies.Budget(max_bytes * UNPACKED)
    return read_foreign(value, path, budget, as_stored=as_stored)


def stream(raw: bytes, path: Path, *, max_bytes: int = MAX_BYTES) -> Iterable[Interaction]:
    """`parse`, but a file of our own is read as far as somebody goes on asking.

    What is wrong further on is raised then.
    """
    if raw.startswith(_OWN) and raw.endswith(_END.encode()):
        return _gradually(raw, path, max_bytes)
    return parse(raw, path, max_bytes=max_bytes)


class NotGradualError(Exception):
    """What a file says can only be known when all of it is read."""


def one_by_one(file: BinaryIO, path: Path, *, max_bytes: int = MAX_BYTES) -> Iterator[Interaction]:
    """`parse`, but a file in YAML is held in memory one interaction at a time.

    Raises `NotGradualError`, also late, where that cannot be done.
    """
    start = file.read(len(_OWN))
    if start[:2] == _GZIP or start.lstrip()[:1] == b"{":
        raise NotGradualError
    is_own = start == _OWN
    if is_own and not _is_whole(file):
        raise NotGradualError
    file.seek(0)
    return (_gradually if is_own else _foreign)(file, path, max_bytes)


def _is_whole(file: BinaryIO) -> bool:
    file.seek(-len(_END), os.SEEK_END)
    return file.read() == _END.encode()


def _gradually(source: bytes | BinaryIO, path: Path, max_bytes: int) -> Iterator[Interaction]:
    gradual = yaml_io.Gradual(source, path, max_bytes=max_bytes, name="interactions")
    common: Provenance | None = None
    is_first = True
    for item in gradual:
        reader = native.Reader(path, gradual.document())
        if is_first:
            common = reader.provenance(reader.document.value)
            is_first = False
        one = reader.interaction(item, common, item)
        del item
        yield one
        del one
    whole = gradual.document()
    if whole.repeated is not None:
        raise whole.repeated
    # The items are gone; what stands beside them is left to be looked at.
    native.Reader(path, whole).interactions(whole.value)


def _foreign(file: BinaryIO, path: Path, max_bytes: int) -> Iterator[Interaction]:
    from personalvibe.replay.cassette import foreign

    gradual = yaml_io.Gradual(file, path, max_bytes=max_bytes, name="interactions")
    budget = bodies.Budget(max_bytes * UNPACKED)
    number = 0
    for item in gradual:  # `enumerate` would hold it
        number += 1
        if number == 1 and not (foreign.has_sides(item) and _is_plain(gradual)):
            raise NotGradualError
        one = foreign.read_interaction(item, path, number, budget)
        del item
        yield one
        del one
    if not number or gradual.document().repeated or not _is_plain(gradual):
        raise NotGradualError


def _is_plain(gradual: yaml_io.Gradual) -> bool:
    """Whether a document, as far as it was read, says nothing else of its interactions."""
    document: dict[Any, Any] = gradual.document().value
    return document.keys() <= {"interactions", "version"} and document.get("version", 1) == 1


def says_native(raw: bytes) -> bool:
    """Whether a text is in our own format, if it is a cassette at all."""
    return _SAYS_NATIVE.search(raw) is not None


# The look-behind comes second, because `re` searches fast for a literal that comes first.
_SAYS_NATIVE = re.compile(
    rb"version:(?<![^\n]version:)[ \t]*%d[ \t\r]*(?:#[^\n]*)?(?:\n|\Z)" % native.VERSION
)


def document_of(raw: bytes, path: Path, *, max_bytes: int = MAX_BYTES) -> yaml_io.Document:
    """The data of a file's content, whatever it means. Raises `CassetteError`."""
    plain = _unpacked(raw, path, max_bytes)
    return _json(plain, path, max_bytes) or yaml_io.load(plain, path, max_bytes=max_bytes)


def _unpacked(raw: bytes, path: Path, max_bytes: int) -> bytes:
    return _gunzip(raw, path, max_bytes) if raw[:2] == _GZIP else raw


def _require_end(raw: bytes, path: Path) -> None:
    if not raw.endswith(_ENDS):
        raise CassetteError(
            'the last line, "...", is missing: the file is cut off',
            path=path,
            line=raw.count(b"\n") + 1,
            hint=native.REPAIR,
        )


def _json(raw: bytes, path: Path, max_bytes: int) -> yaml_io.Document | None:
    """The data of a file in JSON, whose surrogate pairs are no YAML; None for other files."""
    if raw.lstrip()[:1] != b"{" or len(raw) > max_bytes:
        return None
    if sum(map(raw.count, (b",", b"[", b"{"))) > yaml_io.MAX_NODES:
        raise CassetteError(f"more than {yaml_io.MAX_NODES:,} nodes", path=path, hint=native.REPAIR)
    try:
        return yaml_io.Document(value=json.loads(raw), lines={}, repeated=None)
    except RecursionError:
        raise CassetteError("nested too deeply", path=path, hint=native.REPAIR) from None
    except ValueError:
        return None  # YAML may begin so, too, and says on which line it is wrong


def _gunzip(raw: bytes, path: Path, max_bytes: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
            return file.read(max_bytes + 1)
    except (OSError, EOFError) as error:
        raise CassetteError(f"not valid gzip: {error}", path=path, hint=native.REPAIR) from None
