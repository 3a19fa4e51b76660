"""``pv demo``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from personalvibe.errors import ExitCode, UserError
from personalvibe.output import say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from personalvibe.demo import Step


@click.command("demo")
@click.option("--keep", is_flag=True, help="Keep the folder, to go on from there.")
def demo(keep: bool) -> int:
    """Show the whole story: record, migrate, prove, replay.

    A small application on the openai SDK is copied into a scratch folder. Every step prints the
    command that you would type, and what it really answers. It takes less than a minute and needs
    neither a key nor a network.

    Exit codes: 0 done; 1 a step ended in another way than it should; 2 a program is missing.
    """
    import os
    import shutil
    import tempfile
    from pathlib import Path

    from personalvibe import demo as story

    variables = story.environment(os.environ)
    if missing := story.missing_programs(variables):
        raise UserError(
            f"not installed beside pv: {', '.join(missing)}",
            "Install the package whole, into an environment of its own; docs/INSTALL.md says how.",
        )
    scratch = Path(tempfile.mkdtemp(prefix="pv-demo-"))
    try:
        story.unpack(scratch / "support_desk")
        say(f"# A small application on the openai SDK: {scratch / 'support_desk'}")
        for number, step in enumerate(story.STEPS, 1):
            _take(step, number, scratch / "support_desk", variables)
    finally:
        if not keep:
            shutil.rmtree(scratch, ignore_errors=True)
    say(_closing(scratch / "support_desk" if keep else None))
    return ExitCode.OK


def _take(step: Step, number: int, folder: Path, variables: Mapping[str, str]) -> None:
    from personalvibe import demo as story

    say(f"\n# {number}. {step.why}\n$ {step.line}")
    code = story.run(step, folder, variables, say)
    if code != step.expected_exit:
        raise UserError(
            f"step {number} ended with {code} instead of {step.expected_exit}: {step.line}",
            "See what it printed; with --keep the folder stays, to run it again there.",
            exit_code=ExitCode.TODO,
        )


def _closing(kept: Path | None) -> str:
    if kept is None:
        return "\n# The scratch folder is gone again; --keep keeps it."
    return f"\n# Kept: {kept}"
