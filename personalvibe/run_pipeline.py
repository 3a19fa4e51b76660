"""Config -> context -> prompt -> `get_vibed` -> saved; or a prompt that is there already."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from personalvibe import vibe_utils, workspace
from personalvibe.config import ConfigModel, Turn, load_config
from personalvibe.context import get_context
from personalvibe.credentials import Source, refuse_credentials
from personalvibe.errors import UserError
from personalvibe.history import save_record
from personalvibe.prompts import build_prompt, own_files, own_sources
from personalvibe.runlog import run_log
from personalvibe.vibe_utils import Reply
from personalvibe.workspace import Workspace

__all__ = ["CallSettings", "ConfigModel", "Outcome", "ask", "load_config", "run"]

log = logging.getLogger(__name__)

#: The folder of ``data/`` for prompts of no project, and the name of their log.
ASK = "ask"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run left behind.

    Attributes:
        project: names the folder of ``data/``.
        version: of the config; None when there was none, as `mode`.
        reply: None when only the prompt was wanted.
        run: the name of the run's record; None when there is none.
    """

    project: str
    version: str | None = None
    mode: str | None = None
    prompt: str
    prompt_file: Path
    context_files: int = 0
    log_file: Path
    reply: Reply | None
    run: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSettings:
    """How a model is asked.

    Attributes:
        model: ``<provider>/<name>``, an alias, or empty: the config's, or the router's default.
        max_tokens: limit of the reply.
        timeout: seconds.
        on_text: receives the reply piece by piece.
        allow_secrets: files, or places (``file:line``), whose look of a credential is none.
    """

    model: str = ""
    max_tokens: int | None = None
    max_retries: int = 2
    timeout: float | None = None
    on_text: Callable[[str], None] | None = None
    allow_secrets: Collection[str] = ()


def run(
    config: ConfigModel, place: Workspace, call: CallSettings, *, prompt_only: bool = False
) -> Outcome:
    """Run one config.

    Raises:
        UserError: see `get_context`, `build_prompt`, `refuse_credentials` and `get_vibed`.
    """
    project = config.project_name
    with run_log(place, config.version) as log_file:
        found = get_context(config.code_context_paths, place.project_root)
        log.info("%s %s, %s files", project, config.mode, len(found.sources))
        if not place.has(project) and (near := place.nearest(project)):
            log.warning("%s is a new project; is it %s that is meant?", project, near)
        for note in found.notes:
            log.warning("%s", note)
        if own_files(config, place).requirements is None:
            path = workspace.shown(place.prompts(project) / "prd.md")
            log.info("no %s: the prompt holds no product requirements", path)
        prompt = build_prompt(config, found.text, place)
        sources = (*found.sources, *own_sources(config, place), *_earlier_turns(config))
        refuse_credentials(sources, prompt, call.allow_secrets)
        reply, name = None, None
        if prompt_only:
            prompt_file = workspace.save_prompt(prompt, place.inputs(project))
        else:
            call = replace(call, model=call.model or config.model)
            reply = _ask(prompt, project, config.conversation_history, place, call)
            prompt_file = reply.prompt_file
            name = _keep(place, project, reply, mode=config.mode, version=config.version)
    return Outcome(
        project=project,
        version=config.version,
        mode=config.mode,
        prompt=prompt,
        prompt_file=prompt_file,
        context_files=len(found.sources),
        log_file=log_file,
        reply=reply,
        run=name,
    )


def ask(
    prompt: str,
    place: Workspace,
    call: CallSettings,
    *,
    project: str = ASK,
    system: str = "",
    piped: str = "",
) -> Outcome:
    """Send a prompt as it is.

    Args:
        project: names the folder of ``data/`` that keeps prompt and reply.
        system: a message that goes before the prompt.
        piped: the part of the prompt that came from standard input.

    Raises:
        UserError: see `refuse_credentials` and `get_vibed`.
    """
    history = [Turn(role="system", content=system)] if system else []
    with run_log(place, ASK) as log_file:
        sources = [Source(name="standard input", text=piped), Source(name="--system", text=system)]
        refuse_credentials(sources, prompt, call.allow_secrets)
        reply = _ask(prompt, project, history, place, call)
        name = _keep(place, project, reply, system=system or None)
    return Outcome(
        project=project,
        prompt=prompt,
        prompt_file=reply.prompt_file,
        log_file=log_file,
        reply=reply,
        run=name,
    )


def _ask(
    prompt: str, project: str, history: Iterable[Turn], place: Workspace, call: CallSettings
) -> Reply:
    return vibe_utils.get_vibed(
        prompt,
        project,
        call.model,
        call.max_tokens,
        conversation_history=[turn.model_dump() for turn in history],
        workspace=place.root,
        max_retries=call.max_retries,
        timeout=call.timeout,
        on_text=call.on_text,
    )


def _keep(place: Workspace, project: str, reply: Reply, **facts: str | None) -> str | None:
    """The name of the run's record. Without one the run is no failure: its texts are kept."""
    if not reply.complete:
        log.warning("the reply was cut off at the token limit; raise --max-tokens")
    try:
        return save_record(place, project, reply, **facts)
    except UserError as error:
        log.warning("%s", error.message)
        return None


def _earlier_turns(config: ConfigModel) -> list[Source]:
    return [
        Source(name=f"conversation_history[{number}]", text=turn.content)
        for number, turn in enumerate(config.conversation_history)
    ]
