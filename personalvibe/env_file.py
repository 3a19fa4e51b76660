"""``--env-file``: variables for one command. What the environment has already wins."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

from personalvibe.bounded import read_text
from personalvibe.errors import UserError
from personalvibe.workspace import shown

MAX_BYTES = 1_000_000


@contextlib.contextmanager
def loaded(path: Path) -> Iterator[None]:
    """The variables of a ``.env`` file, for the time being.

    Raises:
        UserError: the file cannot be read, or holds a line that sets nothing.
    """
    new = {name: value for name, value in read(path).items() if name not in os.environ}
    os.environ.update(new)
    try:
        yield
    finally:
        for name in new:
            os.environ.pop(name, None)


def read(path: Path) -> dict[str, str]:
    """The variables that a ``.env`` file sets, by python-dotenv's rules.

    Raises:
        UserError: see `loaded`.
    """
    from dotenv import dotenv_values
    from dotenv.parser import parse_stream

    text = _text(path)
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            source = binding.original  # with the blank lines before it
            blank = source.string[: -len(source.string.lstrip())].count("\n")
            raise UserError(
                f"env file {shown(path)}:{source.line + blank}: sets no variable",
                "A line is NAME=value, or a comment after #.",
            )
    return {
        name: value
        for name, value in dotenv_values(stream=io.StringIO(text)).items()
        if value is not None
    }


def _text(path: Path) -> str:
    name, hint = f"env file {shown(path)}", "--env-file names a file of lines NAME=value."
    text = read_text(path, MAX_BYTES, name=name, hint=hint)
    if "\0" in text:
        raise UserError(f"{name}: holds a NUL character", hint)
    return text
