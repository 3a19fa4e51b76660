"""What the commands about a test run share: which run is meant, and how its files are shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from personalvibe.errors import UserError

if TYPE_CHECKING:
    from personalvibe.replay.toolbox.last_run import LastRun

last_run_option = click.option(
    "--last-run",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The record of the test run.  [default: .pytest_cache/d/personalvibe_replay/"
    "last-run.json, here or in a folder above]",
)


def known_run(path: Path | None) -> LastRun:
    from personalvibe.replay.model import CassetteError
    from personalvibe.replay.toolbox import last_run

    try:
        return last_run.load(path or last_run.find(Path.cwd()))
    except CassetteError as error:
        raise UserError(error.message, error.hint) from None


def shown_path(path: Path) -> str:
    """A path as a user types it: from the current folder, if it is below that."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
