"""The options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

RECORD_MODES = ("none", "once", "new_episodes", "all", "rewrite")


class _RecordMode(click.Choice[str]):
    """vcrpy's modes in vcrpy's spelling: the underscore is no dash here, as it is in options."""

    def __init__(self) -> None:
        super().__init__(RECORD_MODES)

    def normalize_choice(self, choice: object, ctx: click.Context | None) -> str:
        return str(choice)


def _load_env_file(context: click.Context, _: click.Parameter, file: str | None) -> None:
    if file is None or context.resilient_parsing:
        return
    from pathlib import Path

    from personalvibe.env_file import loaded

    context.with_resource(loaded(Path(file)))


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document; docs/cli.md has its keys."
)
env_file_option = click.option(
    "--env-file", metavar="FILE", type=click.Path(), is_eager=True, expose_value=False,
    callback=_load_env_file,
    help="Read variables (keys) from a .env file; those of the environment win.",
)  # fmt: skip
project_option = click.option(
    "--project-name", metavar="NAME",
    help="The folder of prompts/.  [default: found from the current folder]",
)  # fmt: skip

_CALL = [
    click.option("-m", "--model", metavar="MODEL", help="<provider>/<name>; wins over a config's."),
    click.option(
        "--max-tokens", type=click.IntRange(min=1), metavar="N",
        help="Limit of the reply.  [default: the model's own]",
    ),
    click.option(
        "--max-retries", type=click.IntRange(min=0), default=2, metavar="N",
        help="Repeat a failed request so often.",
    ),
    click.option(
        "--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS",
        help="Wait so long for the provider.  [default: LiteLLM's, 600]",
    ),
    click.option(
        "--stream/--no-stream", default=None,
        help="Print the reply as it arrives.  [default: on a terminal, without --cassette]",
    ),
    json_option,
    click.option(
        "--verbosity", type=click.Choice(["verbose", "none", "errors"]), default="none",
        help="verbose tells each step, errors nothing but errors.",
    ),
    env_file_option,
    click.option(
        "--allow-secret", "allow_secrets", multiple=True, metavar="PLACE",
        help="Send what looks like a credential: a file, or file:line. Repeatable.",
    ),
    click.option(
        "--cassette", metavar="FILE", type=click.Path(),
        help="Record the whole run to this file, or replay it.",
    ),
    click.option(
        "--record-mode", type=_RecordMode(), metavar="MODE",
        help="none replays and keeps the network shut; once, new_episodes, all and rewrite "
        "record, as vcrpy does.  [default: once]",
    ),
    click.option(
        "--stand-in", is_flag=True,
        help="Record from a local stand-in of the provider: needs no key, costs nothing.",
    ),
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOptions:
    """How a model is asked, and how the reply is printed: the values of `call_options`."""

    model: str | None
    max_tokens: int | None
    max_retries: int
    timeout: float | None
    stream: bool | None
    as_json: bool
    verbosity: str
    allow_secrets: tuple[str, ...]
    cassette: str | None
    record_mode: str | None
    stand_in: bool

    @property
    def quiet(self) -> bool:
        return self.verbosity == "errors"

    def check(self) -> None:
        """Refuse options that exclude each other."""
        if self.cassette is None and (self.record_mode or self.stand_in):
            option = "--record-mode" if self.record_mode else "--stand-in"
            raise click.UsageError(f"{option} needs --cassette FILE.")
        if self.as_json and self.stream:
            raise click.UsageError("--json prints one document: it excludes --stream.")


def call_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that asks a model."""
    for option in reversed(_CALL):
        command = option(command)
    return command
