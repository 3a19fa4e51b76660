"""`ConfigModel` + context -> prompt. The templates are package data, in ``personalvibe/data``.

A prompt depends on the config and the project's files only: no time, no absolute path and nothing
of the environment is in it, so that a recorded run can be replayed anywhere.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

from jinja2 import PackageLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from personalvibe.config import ConfigModel
from personalvibe.credentials import Source
from personalvibe.errors import UserError
from personalvibe.workspace import Workspace, shown

_VERSION = re.compile(r"(\d+)\.\d+\.\d+")


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
        UserError: the config names an error file that cannot be read.
    """
    return render(
        "master.md",
        project_name=config.project_name,
        version=config.version,
        mode=config.mode,
        execution_details=config.execution_details,
        milestone=_read(_milestone(config, workspace)),
        error_text=_read(_error_file(config, workspace)),
        context=context,
    )


def own_sources(config: ConfigModel, workspace: Workspace) -> list[Source]:
    """What a prompt holds of the project's prompts folder."""
    paths = (_milestone(config, workspace), _error_file(config, workspace))
    return [Source(name=shown(path), text=_read(path)) for path in paths if path is not None]


def _milestone(config: ConfigModel, workspace: Workspace) -> Path | None:
    """``stages/<major>.0.0.md``: what sprints, bugfixes and validations belong to."""
    version = _VERSION.fullmatch(config.version)
    if version is None or config.mode in {"prd", "milestone"}:
        return None
    path = workspace.prompts(config.project_name) / "stages" / f"{version[1]}.0.0.md"
    return path if path.is_file() else None


def _error_file(config: ConfigModel, workspace: Workspace) -> Path | None:
    if not config.error_file_name:
        return None
    return workspace.prompts(config.project_name) / "errors" / config.error_file_name


def _read(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text("utf-8", "replace")
    except OSError as error:
        raise UserError(
            f"{shown(path)}: cannot be read: {error.strerror}",
            "error_file_name names a file in prompts/<name>/errors/.",
        ) from error
