"""``pv ask``: a prompt from the command line or standard input."""

from __future__ import annotations

from typing import Any

import click

from personalvibe.commands.options import CallOptions, call_options


@click.command("ask")
@click.argument("prompt", required=False)
@click.option("-s", "--system", metavar="TEXT", help="A system prompt.")
@click.option(
    "--project-name", metavar="NAME", default="ask", help="The folder of data/ that keeps both.",
)  # fmt: skip
@call_options
def ask(prompt: str | None, system: str | None, project_name: str, **options: Any) -> None:
    """Ask a model, without a config.

    What is piped in goes before PROMPT, so that `pv ask "Explain this." < app.py` works. With - or
    without PROMPT it is all of the prompt.
    """
    call = CallOptions(**options)
    call.check()

    import functools
    import sys

    from personalvibe import run_pipeline
    from personalvibe.commands.asking import deliver, resolve
    from personalvibe.commands.question import decoded, read_question
    from personalvibe.terminal import notes
    from personalvibe.workspace import Workspace, check_project_name

    check_project_name(project_name, "data/")
    model = resolve(call.model)
    question = read_question(prompt, sys.stdin)
    work = functools.partial(
        run_pipeline.ask,
        question.text,
        Workspace.find(),
        project=project_name,
        system=decoded("--system", system or ""),
        piped=question.piped,
    )
    with notes(call.verbosity):
        deliver(work, call, model)
