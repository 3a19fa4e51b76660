"""What the commands of ``pv cassettes`` share: their options, and the files that are named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from personalvibe.errors import ExitCode, UserError
from personalvibe.output import say

if TYPE_CHECKING:
    from personalvibe.replay.model import CassetteError
    from personalvibe.replay.redaction.redact import RedactionRules
    from personalvibe.replay.toolbox.files import Recording

paths_argument = click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON; docs/cassettes.md has its keys."
)
secret_option = click.option(
    "--redact", "secret", multiple=True, metavar="NAME",
    help="What else is secret, as in vcr_config: x-header, query:name, body:name, text:literal.",
)  # fmt: skip
harmless_option = click.option(
    "--redact-keep", "harmless", multiple=True, metavar="NAME",
    help="What is no secret, in the same spelling.",
)  # fmt: skip


Item = TypeVar("Item")


def with_progress(items: Sequence[Item]) -> Iterable[Item]:
    """The same, with a bar on a terminal while they are gone through."""
    import sys

    from personalvibe.output import is_terminal

    if not is_terminal(sys.stderr):
        return items
    from rich.console import Console
    from rich.progress import track

    return track(items, "cassettes", console=Console(stderr=True), transient=True)


def redaction_rules(secret: Sequence[str], harmless: Sequence[str]) -> RedactionRules:
    import os

    from personalvibe.replay.model import CassetteError
    from personalvibe.replay.redaction.redact import RedactionRules

    try:
        return RedactionRules.from_config(
            {"redact": list(secret), "redact_keep": list(harmless)}, os.environ
        )
    except CassetteError as error:
        raise UserError(error.message.replace("in vcr_config ", ""), error.hint) from None


def each_cassette(paths: Sequence[Path], *, as_stored: bool = False) -> Iterator[Recording | None]:
    """The cassettes of files and folders, one at a time; None for one that cannot be read.

    Says of every such file why. Compressed bodies stay as they are if `as_stored`.
    """
    from personalvibe.replay.toolbox import files

    found = False
    for candidate in with_progress(files.find(paths)):
        result = files.read(candidate, as_stored=as_stored)
        if isinstance(result, files.Recording):
            found = True
            yield result
        elif result.is_cassette:
            found = True
            say(f"error: {result.error.message}", err=True)
            yield None
    if not found:
        raise no_cassette(paths)


def no_cassette(paths: Sequence[Path]) -> UserError:
    names = ", ".join(map(str, paths))
    return UserError(
        f"{names}: no cassette there", "Name cassettes, or a folder with .yaml or .json files."
    )


def say_failure(path: Path, error: CassetteError | OSError) -> None:
    """What is wrong with a file, and what to do about it."""
    if isinstance(error, OSError):
        say(f"error: {path}: {error.strerror or error}", err=True)
        return
    say(f"error: {error.message}", err=True)
    if error.hint:
        say(f"hint: {error.hint}", err=True)


def exit_code(readable: int, refused: int) -> int:
    """For so many files that could be read, and so many that could not."""
    if not refused:
        return ExitCode.OK
    return ExitCode.PARTIAL if readable else ExitCode.USAGE
