"""The ``pv`` command: the group of `commands`, and the boundary where errors become exit codes.

Only click is imported here; the rest waits until a command runs, so that ``--help`` is quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from personalvibe import __version__
from personalvibe.commands import (
    ask,
    cassettes,
    cassettes_drift,
    cassettes_prune,
    cassettes_refresh,
    cassettes_report,
    completion,
    demo,
    history,
    models,
    run,
    stages,
)
from personalvibe.errors import ExitCode, UserError
from personalvibe.output import discard, say

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
        say(error.format_message(), err=True)
        return ExitCode.USAGE
    except click.ClickException as error:
        command = (
            error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else ""
        )
        return _tell(error.format_message(), f"{command or 'pv'} --help", ExitCode.USAGE)
    except (KeyboardInterrupt, click.Abort):
        say("interrupted", err=True)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:  # the reader of a --help has seen enough
        discard(sys.stdout)
        return ExitCode.OK
    except OSError as error:
        discard(sys.stdout)
        return _tell(str(error), "Check the disk, and the rights of that file.", ExitCode.USAGE)
    except Exception as error:
        return _tell_bug(error)


def _tell(message: str, hint: str, code: int) -> int:
    say(f"error: {message}", err=True)
    if hint:
        say(f"hint: {hint}", err=True)
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


for _command in (*run.COMMANDS, ask.ask, *history.COMMANDS, *stages.COMMANDS, models.models):
    cli.add_command(_command)
for _command in (
    cassettes_drift.drift,
    cassettes_prune.prune,
    cassettes_refresh.refresh,
    cassettes_report.report,
):
    cassettes.cassettes.add_command(_command)
cli.add_command(cassettes.cassettes)
cli.add_command(completion.completion)
cli.add_command(demo.demo)


if __name__ == "__main__":
    sys.exit(main())
