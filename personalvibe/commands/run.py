"""``pv run``, and the commands that are named after the modes."""

from __future__ import annotations

from typing import Any

import click

from personalvibe.commands.options import CallOptions, call_options


def _command(name: str, mode: str | None, text: str) -> click.Command:
    @click.command(name, help=text)
    @click.option(
        "--config", required=True, metavar="FILE", help="The YAML config.", type=click.Path()
    )
    @click.option("--prompt-only", is_flag=True, help="Store the prompt; ask no model.")
    @call_options
    def command(config: str, prompt_only: bool, **options: Any) -> None:
        _run(mode, config, CallOptions(**options), prompt_only=prompt_only)

    return command


COMMANDS = (
    _command("run", None, "Run a config, in the mode that it names."),
    _command("prd", "prd", "Run a config: write the product requirements."),
    _command("milestone", "milestone", "Run a config: plan the next milestone."),
    _command("sprint", "sprint", "Run a config: carry out a chunk of the milestone."),
    _command("bugfix", "bugfix", "Run a config: find the cause of a fault."),
    _command("validate", "validate", "Run a config: judge the outcome of the checks."),
)


def _run(mode: str | None, config: str, call: CallOptions, *, prompt_only: bool) -> None:
    call.check()

    import functools
    from pathlib import Path

    from personalvibe.commands.asking import deliver, report, resolve
    from personalvibe.config import load_config
    from personalvibe.run_pipeline import CallSettings, run
    from personalvibe.terminal import notes
    from personalvibe.workspace import Workspace

    with notes(call.verbosity):
        settings = load_config(config, mode=mode)
        model = resolve(call.model or settings.model)
        place = Workspace.find(config=Path(config))
        if prompt_only:
            limits = CallSettings(allow_secrets=call.allow_secrets)
            report(run(settings, place, limits, prompt_only=True), call)
        else:
            deliver(functools.partial(run, settings, place), call, model)
