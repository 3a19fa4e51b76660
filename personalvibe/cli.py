"""The ``pv`` command: arguments, exit codes, printing (with `terminal`; nothing else prints).

Only click is imported here; the rest waits until a command runs, so that ``--help`` is quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from personalvibe import __version__
from personalvibe.errors import ExitCode, UserError

if TYPE_CHECKING:
    from pathlib import Path

    from personalvibe.stages import ScaffoldMode

RECORD_MODES = ["none", "once", "new_episodes", "all", "rewrite"]
CONTEXT = {
    "help_option_names": ["-h", "--help"],
    "token_normalize_func": lambda token: token.replace("_", "-"),
    "max_content_width": 100,
    "show_default": True,
}


@click.group(name="pv", context_settings=CONTEXT)
@click.version_option(__version__, prog_name="pv")
def cli() -> None:
    """Turn a YAML config into a prompt, ask a model, and keep both.

    A config lies in prompts/<project>/<version>.yaml. Prompts and replies are kept in
    data/<project>/, logs in logs/, below PV_DATA_DIR or else the project's folder.

    Exit codes: 0 done; 2 wrong usage, config, key or model; 3 the provider failed;
    4 a bug; 130 interrupted.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: the boundary where errors become lines."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = cli.main(args=arguments, prog_name="pv", standalone_mode=False)
        if sys.stdout is not None:  # closed by the shell: >&-
            sys.stdout.flush()
        return code if isinstance(code, int) else ExitCode.OK
    except UserError as error:
        return _tell(error.message, error.hint, error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return ExitCode.USAGE
    except click.ClickException as error:
        command = (
            error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else ""
        )
        return _tell(error.format_message(), f"{command or 'pv'} --help", ExitCode.USAGE)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:  # the reader (head, less) has seen enough
        _drop_output()
        return ExitCode.OK
    except OSError as error:
        _drop_output()
        return _tell(str(error), "Check the disk, and the rights of that file.", ExitCode.USAGE)
    except Exception as error:
        return _tell_bug(error)


def _drop_output() -> None:
    """Forget what stdout could not take, or the interpreter complains at exit."""
    with suppress(OSError, ValueError, AttributeError):  # no file behind it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tell(message: str, hint: str, code: int) -> int:
    click.echo(f"error: {message}", err=True)
    if hint:
        click.echo(f"hint: {hint}", err=True)
    return code


def _tell_bug(error: Exception) -> int:
    import tempfile
    import traceback

    from personalvibe.scrub import scrub

    text = scrub("".join(traceback.format_exception(error)))
    try:
        descriptor, name = tempfile.mkstemp(prefix="pv-", suffix=".log")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"pv {__version__}, Python {sys.version}\n{text}")
        hint = f"The traceback is in {name}"
    except OSError as unwritable:
        hint = f"The traceback could not be written: {unwritable}"
    what = scrub(f"{type(error).__name__}: {error}").splitlines()[0]
    return _tell(f"a bug in pv: {what}", hint, ExitCode.BUG)


# --- pv run and its kin ---------------------------------------------------------------------------


def _run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that ``run`` and the commands named after modes share."""
    options = [
        click.option(
            "--config", required=True, metavar="FILE", help="The YAML config.",
            type=click.Path(),
        ),
        click.option("--prompt-only", is_flag=True, help="Store the prompt; ask no model."),
        click.option("--model", metavar="MODEL", help="<provider>/<name>; wins over the config."),
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
        click.option(
            "--verbosity", type=click.Choice(["verbose", "none", "errors"]), default="none",
            help="verbose tells each step, errors nothing but errors.",
        ),
        click.option(
            "--allow-secret", "allow_secrets", multiple=True, metavar="PLACE",
            help="Send what looks like a credential: a file, or file:line. Repeatable.",
        ),
        click.option(
            "--cassette", metavar="FILE", type=click.Path(),
            help="Record the whole run to this file, or replay it.",
        ),
        click.option(
            "--record-mode", type=click.Choice(RECORD_MODES), metavar="MODE",
            help="none replays and keeps the network shut; once, new_episodes, all and rewrite "
            "record, as vcrpy does.  [default: once]",
        ),
        click.option(
            "--stand-in", is_flag=True,
            help="Record from a local stand-in of the provider: needs no key, costs nothing.",
        ),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def _add_run(name: str, mode: str | None, text: str) -> None:
    @cli.command(name, help=text)
    @_run_options
    def command(**options: Any) -> None:
        _run(mode, **options)


_add_run("run", None, "Run a config, in the mode that it names.")
_add_run("prd", "prd", "Run a config: write the product requirements.")
_add_run("milestone", "milestone", "Run a config: plan the next milestone.")
_add_run("sprint", "sprint", "Run a config: carry out a chunk of the milestone.")
_add_run("bugfix", "bugfix", "Run a config: find the cause of a fault.")
_add_run("validate", "validate", "Run a config: judge the outcome of the checks.")


def _run(
    mode: str | None,
    *,
    config: str,
    prompt_only: bool,
    model: str | None,
    max_tokens: int | None,
    max_retries: int,
    timeout: float | None,
    stream: bool | None,
    verbosity: str,
    allow_secrets: tuple[str, ...],
    cassette: str | None,
    record_mode: str | None,
    stand_in: bool,
) -> None:
    if cassette is None and (record_mode or stand_in):
        given = "--record-mode" if record_mode else "--stand-in"
        raise click.UsageError(f"{given} needs --cassette FILE.")

    from pathlib import Path

    from personalvibe import llm_router
    from personalvibe.config import load_config
    from personalvibe.recording import recorded
    from personalvibe.run_pipeline import run
    from personalvibe.terminal import notes, summary, waiting
    from personalvibe.vibe_utils import ReplyNotSavedError
    from personalvibe.workspace import Workspace, shown

    quiet = verbosity == "errors"
    with notes(verbosity):
        settings = load_config(config, mode=mode)
        try:
            asked = llm_router.resolve_model(model or settings.model)
        except ValueError as error:
            raise UserError(f"--model: {error}", "`pv models` lists what works now.") from error
        place = Workspace.find(config=Path(config))
        if prompt_only:
            outcome = run(settings, place, prompt_only=True, allow_secrets=allow_secrets)
            if not quiet:
                summary(outcome)
            click.echo(shown(outcome.prompt_file))
            return
        if stream is None:
            stream = sys.stdout.isatty() and cassette is None
        reply = ""
        try:
            with (
                recorded(
                    Path(cassette) if cassette else None,
                    record_mode or "once",
                    model=asked,
                    stand_in=stand_in,
                ),
                waiting(asked, quiet=quiet) as show,
            ):
                outcome = run(
                    settings,
                    place,
                    model=asked,
                    max_tokens=max_tokens,
                    max_retries=max_retries,
                    timeout=timeout,
                    on_text=show if stream else None,
                    allow_secrets=allow_secrets,
                )
                reply = outcome.reply or ""
        except UserError as error:  # a reply was paid for: show it, whatever failed afterwards
            if isinstance(error, ReplyNotSavedError):
                reply = error.reply
            if reply and not stream:
                click.echo(reply)
            raise
        click.echo("" if stream else reply)
        if not quiet:
            summary(outcome)


def _shown(path: Path) -> str:
    from personalvibe.workspace import shown

    return shown(path)


# --- versions and stages --------------------------------------------------------------------------

_project_option = click.option(
    "--project-name", metavar="NAME",
    help="The folder of prompts/.  [default: found from the current folder]",
)  # fmt: skip


def _add_scaffold(name: str, mode: ScaffoldMode, text: str) -> None:
    @cli.command(name, help=text)
    @_project_option
    def command(project_name: str | None) -> None:
        from personalvibe.stages import find_project, scaffold
        from personalvibe.workspace import Workspace

        place = Workspace.find()
        click.echo(_shown(scaffold(mode, place, find_project(place, project_name))))


_add_scaffold("new-milestone", "milestone", "Write the config of the next milestone: 2.0.0.")
_add_scaffold("prepare-sprint", "sprint", "Write the config of the next sprint: 1.1.0.")
_add_scaffold("prepare-bugfix", "bugfix", "Write the config of the next bugfix: 1.1.1.")


@cli.command("parse-stage")
@_project_option
@click.option(
    "--block", type=click.IntRange(min=1), default=1, metavar="N",
    help="Which Python block of the reply.",
)  # fmt: skip
@click.option("--run", is_flag=True, help="Run the saved script, from the project's folder.")
def parse_stage(project_name: str | None, block: int, run: bool) -> int:
    """Save the Python of the newest reply as the next stage.

    Takes what stands between lines <python> and </python>, else a ```python block, and writes
    it to prompts/<project>/stages/<next version>.py. It is model output: read it before --run.
    """
    from personalvibe import stages
    from personalvibe.workspace import Workspace

    place = Workspace.find()
    stage = stages.parse_stage(place, stages.find_project(place, project_name), block=block)
    click.echo(_shown(stage.file))
    word = "saved" if stage.new else "was saved before"
    click.echo(f"note: {word}, from {_shown(stage.reply_file)}", err=True)
    if stage.blocks > 1:
        click.echo(f"note: block {block} of {stage.blocks}; --block chooses", err=True)
    if stage.problem:
        problem = f"{_shown(stage.file)} is not valid Python: {stage.problem}"
        if run:
            raise UserError(problem, "Correct the file, then run it with python.")
        click.echo(f"note: {problem}", err=True)
    return _run_script(stage.file, place.project_root) if run else ExitCode.OK


def _run_script(script: Path, folder: Path) -> int:
    import subprocess

    click.echo(f"running {sys.executable} {_shown(script)} in {folder}", err=True)
    sys.stdout.flush()
    code = subprocess.run([sys.executable, script], cwd=folder, check=False).returncode
    if code:
        raise UserError(
            f"{_shown(script)} ended with exit code {code}",
            "Its own output says why; `pv prepare-bugfix` starts a config to mend it.",
            exit_code=ExitCode.PARTIAL,
        )
    return ExitCode.OK


# --- the rest -------------------------------------------------------------------------------------


@cli.command("models")
@click.argument("containing", default="")
def list_models(containing: str) -> None:
    """List the models that work now, with the keys that are set.

    CONTAINING keeps the names with this text in them.
    """
    from personalvibe import llm_router, models

    click.echo(f"{llm_router.DEFAULT_MODEL}  (the default)")
    for alias, meant in sorted(llm_router.ALIASES.items()):
        click.echo(f"{alias}  (an alias of {meant})")
    providers = models.available()
    for provider in providers:
        for name in provider.models or (f"{provider.name}/<name>",):
            if containing in name:
                click.echo(name)
    if not providers:
        click.echo("note: no provider's key is set; docs/LLM_PROVIDERS.md lists them", err=True)


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes pv in a shell.

    For bash: eval "$(pv completion bash)" in ~/.bashrc; likewise for zsh. For fish:
    pv completion fish > ~/.config/fish/completions/pv.fish
    """
    from click.shell_completion import get_completion_class

    completer = get_completion_class(shell)
    if completer is not None:
        click.echo(completer(cli, {}, "pv", "_PV_COMPLETE").source())


if __name__ == "__main__":
    sys.exit(main())
