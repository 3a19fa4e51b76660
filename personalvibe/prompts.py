"""`ConfigModel` + context -> prompt. The templates are package data, in ``personalvibe/data``.

A prompt depends on the config and the project's files only: no time, no absolute path and nothing
of the environment is in it, so that a recorded run can be replayed anywhere.
"""

from __future__ import annotations

import functools
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import PackageLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from personalvibe.bounded import read_bytes
from personalvibe.config import ConfigModel
from personalvibe.context import MAX_FILE_BYTES
from personalvibe.credentials import Source
from personalvibe.workspace import Workspace, shown

_VERSION = re.compile(r"(\d+)\.\d+\.\d+")

#: What a ``prd.md`` of version 2 had filled in -> the section of the prompt that says it now.
_SECTIONS = {
    "execution_task": "the task in <task_instructions>",
    "execution_details": "(see <user_instructions>)",
    "instructions": "(see <task_instructions>)",
    "code_context": "(see <project_context>)",
}
_PLACEHOLDER = re.compile(rf"\{{\{{-?\s*({'|'.join(_SECTIONS)})\s*-?\}}\}}")


@functools.cache
def _environment() -> SandboxedEnvironment:
    return SandboxedEnvironment(
        loader=PackageLoader("personalvibe", "data"),
        undefined=StrictUndefined,
        autoescape=False,  # Markdown for a model, not HTML for a browser
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(template: str, /, **values: Any) -> str:
    """Fill in a template of ``personalvibe/data``. Values are inserted, never rendered."""
    return _environment().get_template(template).render(values)


def build_prompt(config: ConfigModel, context: str, workspace: Workspace) -> str:
    """The text that the model gets.

    Raises:
        UserError: one of the project's own files (see `own_files`) cannot be read.
    """
    own = own_files(config, workspace)
    return render(
        "master.md",
        project_name=config.project_name,
        version=config.version,
        mode=config.mode,
        execution_details=config.execution_details,
        requirements=_PLACEHOLDER.sub(_section, _read(own.requirements)),
        milestone=_read(own.milestone),
        error_text=_read(own.error),
        context=context,
    )


def own_sources(config: ConfigModel, workspace: Workspace) -> list[Source]:
    """What a prompt holds of the project's prompts folder."""
    own = own_files(config, workspace)
    paths = (own.requirements, own.milestone, own.error)
    return [Source(name=shown(path), text=_read(path)) for path in paths if path is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFiles:
    """The files of ``prompts/<name>/`` that a prompt holds; None for those that it does not.

    Attributes:
        requirements: ``prd.md``.
        milestone: ``stages/<major>.0.0.md``: what sprints, bugfixes and validations belong to.
        error: what the config names as ``error_file_name``.
    """

    requirements: Path | None
    milestone: Path | None
    error: Path | None


def own_files(config: ConfigModel, workspace: Workspace) -> OwnFiles:
    prompts = workspace.prompts(config.project_name)
    requirements = prompts / "prd.md"
    error = config.error_file_name
    return OwnFiles(
        requirements=requirements if os.path.lexists(requirements) else None,
        milestone=_milestone(config, prompts),
        error=prompts / "errors" / error if error else None,
    )


def _milestone(config: ConfigModel, prompts: Path) -> Path | None:
    version = _VERSION.fullmatch(config.version)
    if version is None or config.mode in {"prd", "milestone"}:
        return None
    path = prompts / "stages" / f"{version[1]}.0.0.md"
    return path if path.is_file() else None


def _section(placeholder: re.Match[str]) -> str:
    return _SECTIONS[placeholder[1]]


def _read(path: Path | None) -> str:
    if path is None:
        return ""
    hint = "It is part of the prompt; error_file_name names a file in prompts/<name>/errors/."
    raw = read_bytes(path, MAX_FILE_BYTES, name=shown(path), hint=hint)
    return raw.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
