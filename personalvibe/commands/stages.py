"""``pv new-milestone``, ``prepare-sprint``, ``prepare-bugfix`` and ``parse-stage``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from personalvibe.commands.options import env_file_option, json_option, project_option
from personalvibe.errors import ExitCode, UserError
from personalvibe.output import say

if TYPE_CHECKING:
    from pathlib import Path

    from personalvibe.stages import ScaffoldMode, Stage


def _scaffold_command(name: str, mode: ScaffoldMode, text: str) -> click.Command:
    @click.command(name, help=text)
    @project_option
    @json_option
    def command(project_name: str | None, as_json: bool) -> None:
        from personalvibe.commands import documents
        from personalvibe.stages import find_project, scaffold
        from personalvibe.workspace import Workspace, project_names, shown

        place = Workspace.find()
        known = project_names(place.project_root)
        # Where there is no project yet, a name cannot be a slip for another.
        may_start = mode == "milestone" or (mode == "sprint" and not known)
        project = find_project(place, project_name, new=may_start)
        written = scaffold(mode, place, project)
        if known and project not in known:
            say(f"note: {shown(place.prompts(project))} is a new project", err=True)
        if as_json:
            documents.print_document(documents.of_scaffold(written))
        else:
            say(shown(written.file))

    return command


@click.command("parse-stage")
@project_option
@click.option(
    "--block", type=click.IntRange(min=1), default=1, metavar="N",
    help="Which Python block of the reply.",
)  # fmt: skip
@click.option("--run", is_flag=True, help="Run the saved script, from the project's folder.")
@json_option
@env_file_option
def parse_stage(project_name: str | None, block: int, run: bool, as_json: bool) -> int:
    """Save the Python of the newest reply as the next stage.

    Takes what stands between lines <python> and </python>, else a ```python block, and writes
    it to prompts/<project>/stages/<next version>.py. It is model output: read it before --run.
    """
    if run and as_json:
        raise click.UsageError("--json prints one document: it excludes --run.")

    from personalvibe import stages
    from personalvibe.commands import documents
    from personalvibe.workspace import Workspace

    place = Workspace.find()
    stage = stages.parse_stage(place, stages.find_project(place, project_name), block=block)
    if as_json:
        documents.print_document(documents.of_stage(stage))
        return ExitCode.OK
    _tell(stage, run=run)
    return _run_script(stage.file, place.project_root) if run else ExitCode.OK


COMMANDS = (
    _scaffold_command(
        "new-milestone", "milestone", "Write the config of the next milestone: 2.0.0."
    ),
    _scaffold_command("prepare-sprint", "sprint", "Write the config of the next sprint: 1.1.0."),
    _scaffold_command("prepare-bugfix", "bugfix", "Write the config of the next bugfix: 1.1.1."),
    parse_stage,
)


def _tell(stage: Stage, *, run: bool) -> None:
    from personalvibe.workspace import shown

    say(shown(stage.file))
    word = "saved" if stage.new else "was saved before"
    say(f"note: {word}, from {shown(stage.reply_file)}", err=True)
    if stage.blocks > 1:
        say(f"note: block {stage.block} of {stage.blocks}; --block chooses", err=True)
    if stage.problem:
        problem = f"{shown(stage.file)} is not valid Python: {stage.problem}"
        if run:
            raise UserError(problem, "Correct the file, then run it with python.")
        say(f"note: {problem}", err=True)


def _run_script(script: Path, folder: Path) -> int:
    import subprocess

    from personalvibe.workspace import shown

    say(f"running {sys.executable} {shown(script)} in {folder}", err=True)
    code = subprocess.run([sys.executable, script], cwd=folder, check=False).returncode
    if code:
        raise UserError(
            f"{shown(script)} ended with exit code {code}",
            "Its own output says why; `pv prepare-bugfix` starts a config to mend it.",
            exit_code=ExitCode.PARTIAL,
        )
    return ExitCode.OK
