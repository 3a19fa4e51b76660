"""migrate-openai, or python -m codemods.migrate_openai: arguments in, text and an exit code out."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from codemods.migrate_openai.cli import settings as configuration
from codemods.migrate_openai.cli.printable import printable
from codemods.migrate_openai.cli.settings import Settings
from codemods.migrate_openai.errors import UsageError

CLEAN, USAGE, BUG, INTERRUPTED = 0, 2, 4, 130
_PROOF = {"--prove", "--prove-sites"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal need not have every letter
    try:
        code = _prove(words) if _PROOF & set(words) else _dispatch(configuration.read(words))
        sys.stdout.flush()
    except UsageError as error:
        _say(f"error: {error.message}")
        _say(error.hint)
        return USAGE
    except KeyboardInterrupt:
        _say("interrupted: the files of the run are all written, or none is")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has seen enough. What is still in the buffer must not raise at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLEAN
    except Exception as error:
        _say(f"internal error: {type(error).__name__}: {error}")
        _say(f"Please report it with {_log()}")
        return BUG
    return code


def _prove(arguments: Sequence[str]) -> int:
    from codemods.migrate_openai.prove import cli

    return cli.main(arguments)


def _dispatch(settings: Settings) -> int:
    if settings.explain:
        from codemods.migrate_openai.cli.explain import explain

        sys.stdout.write(explain(settings.explain) + "\n")
        return CLEAN
    if settings.version:
        from importlib.metadata import version

        sys.stdout.write(f"migrate-openai {version('personalvibe')}\n")
        return CLEAN
    if settings.options.select or settings.options.ignore:
        from codemods.migrate_openai.cli.explain import check_rules

        check_rules("--select", settings.options.select)
        check_rules("--ignore", settings.options.ignore)
    if settings.stdin:
        from codemods.migrate_openai.cli import command

        return command.on_stdin(settings)
    from codemods.migrate_openai.files import state_folder

    state = state_folder.of_project(settings.paths)
    if broken := state_folder.unfinished(state):
        from codemods.migrate_openai.files.transaction import settle

        settle(broken, _say)
    from codemods.migrate_openai.cli import command

    return command.undo(state, _say) if settings.undo else command.on_tree(settings, state, _say)


def _say(text: str) -> None:
    sys.stderr.write(printable(text) + "\n")


def _log() -> str:
    """Write the traceback of the exception being handled where it is in nobody's way."""
    import tempfile
    import traceback

    descriptor, path = tempfile.mkstemp(prefix="migrate-openai-", suffix=".log")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        traceback.print_exc(file=file)
    return path


if __name__ == "__main__":
    sys.exit(main())
