"""The prompt of ``pv ask``: the argument, standard input, or both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TextIO

from personalvibe.bounded import read_text
from personalvibe.errors import UserError
from personalvibe.output import is_terminal

MAX_BYTES = 10_000_000
STDIN = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A whole prompt, and the part of it that was piped in."""

    text: str
    piped: str


def read_question(argument: str | None, stdin: TextIO | None) -> Question:
    """What is asked. What is piped in goes first: the argument speaks about it.

    Raises:
        UserError: there is nothing, too much, or no text.
    """
    asked_for = argument == STDIN
    piped = _piped(stdin) if asked_for or not is_terminal(stdin) else ""
    written = "" if asked_for or argument is None else decoded("the prompt", argument)
    parts = [part for part in (piped, written) if part.strip()]
    if not parts:
        raise UserError(
            "there is no prompt", 'Write it after the command, pv ask "...", or pipe it in.'
        )
    text = f"{piped.rstrip()}\n\n{written}" if len(parts) > 1 else parts[0]
    return Question(text=text, piped=piped)


def decoded(name: str, argument: str) -> str:
    """An argument as text: UTF-8, also where the locale is another.

    Raises:
        UserError: it is not.
    """
    try:
        return argument.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeError as error:
        raise UserError(
            f"{name}: is not UTF-8 text", "Use a UTF-8 terminal, or pipe the prompt in."
        ) from error


def _piped(stdin: TextIO | None) -> str:
    if stdin is None:  # closed by the shell: <&-
        return ""
    hint = "Pipe in what the model has to see, or give the command </dev/null."
    text = read_text(stdin.buffer, MAX_BYTES, name="standard input", hint=hint)
    return text.replace("\r\n", "\n")
