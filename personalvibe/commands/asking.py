"""What ``pv run`` and ``pv ask`` do alike: ask inside of a cassette, print the reply."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from personalvibe import llm_router
from personalvibe.commands import documents
from personalvibe.commands.options import CallOptions
from personalvibe.errors import UserError
from personalvibe.output import is_terminal, say
from personalvibe.recording import recorded
from personalvibe.run_pipeline import CallSettings, Outcome
from personalvibe.terminal import summary, waiting
from personalvibe.vibe_utils import Reply, ReplyNotSavedError
from personalvibe.workspace import shown

Work = Callable[[CallSettings], Outcome]


def resolve(model: str | None) -> str:
    """``<provider>/<name>`` of what ``--model``, or else the config, says."""
    try:
        return llm_router.resolve_model(model)
    except ValueError as error:
        raise UserError(f"--model: {error}", "`pv models` lists what works now.") from error


def deliver(work: Work, call: CallOptions, model: str) -> None:
    """Have `work` ask the model, and print the reply: also one that could not be kept."""
    stream = call.stream
    if stream is None:
        stream = is_terminal(sys.stdout) and call.cassette is None and not call.as_json
    outcome: Outcome | None = None
    try:
        with (
            recorded(
                Path(call.cassette) if call.cassette else None,
                call.record_mode or "once",
                model=model,
                stand_in=call.stand_in,
            ),
            waiting(model, quiet=call.quiet) as show,
        ):
            outcome = work(_settings(call, model, on_text=show if stream else None))
    except UserError as error:  # a reply was paid for: show it, whatever failed afterwards
        _show_paid(error, outcome, call, streamed=stream)
        raise
    report(outcome, call, streamed=stream)


def report(outcome: Outcome, call: CallOptions, *, streamed: bool = False) -> None:
    """Print what came of it: the reply, or without one the prompt's file."""
    if call.as_json:
        documents.print_document(documents.of_outcome(outcome))
        return
    if outcome.reply is not None:
        say("" if streamed else outcome.reply)
    if not call.quiet:
        summary(outcome)
    if outcome.reply is None:
        say(shown(outcome.prompt_file))


def _settings(
    call: CallOptions, model: str, *, on_text: Callable[[str], None] | None
) -> CallSettings:
    return CallSettings(
        model=model,
        max_tokens=call.max_tokens,
        max_retries=call.max_retries,
        timeout=call.timeout,
        on_text=on_text,
        allow_secrets=call.allow_secrets,
    )


def _show_paid(
    error: UserError, outcome: Outcome | None, call: CallOptions, *, streamed: bool
) -> None:
    reply: Reply | str | None = outcome.reply if outcome else None
    if isinstance(error, ReplyNotSavedError):
        reply = error.reply
    if not reply:
        return
    if call.as_json:
        whole = documents.of_outcome(outcome) if outcome else documents.of_reply(None)
        documents.print_document({**whole, "reply": str(reply)})
    elif not streamed:
        say(reply)
