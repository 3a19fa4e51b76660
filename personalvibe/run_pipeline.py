"""Config -> context -> prompt -> `get_vibed` -> saved."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from personalvibe import vibe_utils, workspace
from personalvibe.config import ConfigModel, load_config
from personalvibe.context import get_context
from personalvibe.credentials import Source, refuse_credentials
from personalvibe.prompts import build_prompt, own_sources
from personalvibe.runlog import run_log
from personalvibe.vibe_utils import Reply
from personalvibe.workspace import Workspace

__all__ = ["ConfigModel", "Outcome", "load_config", "run"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run left behind. `reply` is None when only the prompt was wanted."""

    prompt: str
    prompt_file: Path
    context_files: int
    log_file: Path
    reply: Reply | None


def run(
    config: ConfigModel,
    place: Workspace,
    *,
    prompt_only: bool = False,
    model: str | None = None,
    max_tokens: int | None = None,
    max_retries: int = 2,
    timeout: float | None = None,
    on_text: Callable[[str], None] | None = None,
    allow_secrets: Collection[str] = (),
) -> Outcome:
    """Run one config.

    Args:
        model: wins over the config's.
        max_tokens: limit of the reply, in tokens.
        timeout: seconds.
        on_text: receives the reply piece by piece.
        allow_secrets: files, or places (``file:line``), whose look of a credential is none.

    Raises:
        UserError: see `get_context`, `build_prompt`, `refuse_credentials` and `get_vibed`.
    """
    with run_log(place, config.version) as log_file:
        found = get_context(config.code_context_paths, place.project_root)
        log.info("%s %s, %s files", config.project_name, config.mode, len(found.sources))
        for note in found.notes:
            log.warning("%s", note)
        prompt = build_prompt(config, found.text, place)
        sources = (*found.sources, *own_sources(config, place), *_earlier_turns(config))
        refuse_credentials(sources, prompt, allow_secrets)
        reply = None
        if prompt_only:
            prompt_file = workspace.save_prompt(prompt, place.inputs(config.project_name))
        else:
            reply = vibe_utils.get_vibed(
                prompt,
                config.project_name,
                model or config.model,
                max_tokens,
                conversation_history=[t.model_dump() for t in config.conversation_history],
                workspace=place.root,
                max_retries=max_retries,
                timeout=timeout,
                on_text=on_text,
            )
            prompt_file = reply.prompt_file
            if not reply.complete:
                log.warning("the reply was cut off at the token limit; raise --max-tokens")
    return Outcome(
        prompt=prompt,
        prompt_file=prompt_file,
        context_files=len(found.sources),
        log_file=log_file,
        reply=reply,
    )


def _earlier_turns(config: ConfigModel) -> list[Source]:
    return [
        Source(name=f"conversation_history[{number}]", text=turn.content)
        for number, turn in enumerate(config.conversation_history)
    ]
