"""Reading what a user names: at most so many bytes, and one clear line when it does not work."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from personalvibe.errors import UserError


def read_bytes(
    source: Path | BinaryIO, limit: int, *, name: str, hint: str, pipes: bool = False
) -> bytes:
    """The whole of a file or a stream.

    Args:
        name: what the user knows it as.
        hint: what to do when it cannot be used.
        pipes: whether a path may be one; nobody may ever write to it.

    Raises:
        UserError: it cannot be read, or is larger than the limit.
    """
    try:
        if isinstance(source, Path):
            if not pipes and source.is_fifo():
                raise UserError(f"{name}: is not a regular file", hint)
            with source.open("rb") as file:
                raw = file.read(limit + 1)
        else:
            raw = source.read(limit + 1)
    except OSError as error:
        raise UserError(f"{name}: cannot be read: {error.strerror or error}", hint) from error
    if len(raw) > limit:
        raise UserError(f"{name}: larger than {limit:,} bytes", hint)
    return raw


def read_text(source: Path | BinaryIO, limit: int, *, name: str, hint: str) -> str:
    """The same as text, also from a pipe.

    Raises:
        UserError: see `read_bytes`; or it is not UTF-8.
    """
    raw = read_bytes(source, limit, name=name, hint=hint, pipes=True)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"{name}:{line}: is not UTF-8 text", "Convert it to UTF-8 first."
        ) from error
