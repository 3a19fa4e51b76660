"""What a running ``pv run`` shows: notes, a spinner, the reply, the summary.

stdout is the reply's; everything else goes to stderr.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Callable, Iterator

from personalvibe.output import is_terminal, printable, say
from personalvibe.run_pipeline import Outcome
from personalvibe.scrub import scrub
from personalvibe.workspace import shown

LEVELS = {"verbose": logging.DEBUG, "none": logging.WARNING, "errors": logging.ERROR}


class _Notes(logging.Handler):
    """Log records for the eyes of the user: without tracebacks, which are in the log file."""

    def emit(self, record: logging.LogRecord) -> None:
        word = {logging.WARNING: "note: ", logging.ERROR: "error: "}.get(record.levelno, "")
        text = scrub(record.getMessage())
        if is_terminal(sys.stderr):  # the name of a file may hold the end of a line, and a next one
            text = text.replace("\n", "\\n")
        say(f"{word}{text}", err=True)


@contextlib.contextmanager
def notes(verbosity: str) -> Iterator[None]:
    """Show what the package logs, from the level of `verbosity` up."""
    handler = _Notes(LEVELS[verbosity])
    logger = logging.getLogger("personalvibe")
    level, propagate = logger.level, logger.propagate
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate


@contextlib.contextmanager
def waiting(model: str, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """A spinner on a terminal until the reply begins.

    Yields the function that prints a piece of the reply.
    """
    end_spinner: Callable[[], None] = lambda: None  # noqa: E731 - replaced below

    def show(piece: str) -> None:
        end_spinner()
        say(piece, end="")

    if quiet or not is_terminal(sys.stderr):
        yield show
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    progress = Progress(
        SpinnerColumn(),
        TextColumn("waiting for {task.description}", markup=False),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    progress.add_task(printable(model), total=None)
    end_spinner = progress.stop
    with progress:
        yield show


def summary(outcome: Outcome) -> None:
    """Where everything is and what it took."""
    files = outcome.context_files
    shows = f", {files:,} project file{'' if files == 1 else 's'}" if files else ""
    lines = [f"prompt  {shown(outcome.prompt_file)} ({len(outcome.prompt):,} characters{shows})"]
    if (reply := outcome.reply) is not None:
        tokens = "tokens not reported"
        if reply.input_tokens is not None:
            tokens = f"{reply.input_tokens:,} tokens in, {reply.output_tokens or 0:,} out"
        cost = "cost unknown" if reply.cost_usd is None else f"USD {reply.cost_usd:.6f}"
        lines += [
            f"reply   {shown(reply.file)} ({len(reply):,} characters)",
            f"model   {reply.model}: {tokens}, {cost}",
        ]
    lines.append(f"log     {shown(outcome.log_file)}")
    say("\n".join(lines), err=True)
