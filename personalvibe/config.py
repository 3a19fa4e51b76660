"""YAML file -> `ConfigModel`. Every error says file, line and remedy."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from personalvibe import llm_router, yaml_source
from personalvibe.errors import UserError
from personalvibe.workspace import PROJECT_NAME, Workspace, detect_project_name, shown

log = logging.getLogger(__name__)

Mode = Literal["prd", "milestone", "sprint", "bugfix", "validate"]
MODES: tuple[str, ...] = get_args(Mode)
Role = Literal["system", "developer", "user", "assistant"]

#: A later spelling of a field -> the field.
SPELLINGS = {
    "task": "mode",
    "user_instructions": "execution_details",
    "project_context_paths": "code_context_paths",
}

#: Keys of earlier versions that no longer mean anything -> what holds now.
LEGACY = {
    "milestone_file_name": "the milestone is found by the version",
    "execution_task": "write the task into execution_details",
    "version": "the version is the name of the file",
}


class Turn(BaseModel):
    """One message of an earlier conversation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Role
    content: str


class ConfigModel(BaseModel):
    """What one run is asked to do."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    """The name of the file without ``.yaml``: ``1.2.0``."""
    project_name: str
    """The ``<name>`` of ``prompts/<name>/``."""
    mode: Mode
    """Which instructions the model gets."""
    execution_details: str = ""
    """What the user wants, in their own words."""
    code_context_paths: list[Annotated[str, Field(min_length=1)]] = []
    """Files that list globs; see `personalvibe.context`."""
    conversation_history: list[Turn] = []
    """Messages that precede the prompt."""
    error_file_name: str = ""
    """A file of ``prompts/<name>/errors/`` to put into the prompt."""
    model: str = ""
    """``<provider>/<name>``, an alias of the router, or empty for its default."""

    @field_validator("project_name")
    @classmethod
    def _is_a_folder_name(cls, value: str) -> str:
        if not PROJECT_NAME.fullmatch(value):
            raise ValueError(f"{value!r} is not a folder name (letters, digits, `_`, `-`, `.`)")
        return value

    @field_validator("error_file_name")
    @classmethod
    def _stays_inside(cls, value: str) -> str:
        if Path(value).is_absolute() or ".." in Path(value).parts:
            raise ValueError(f"{value!r} leaves prompts/<name>/errors/")
        return value

    @field_validator("model")
    @classmethod
    def _is_a_model(cls, value: str) -> str:
        llm_router.resolve_model(value.strip())
        return value.strip()


def load_config(path: str | Path, *, mode: str | None = None) -> ConfigModel:
    """Read a config file.

    Args:
        path: the YAML file; its name is the version, its place may tell the project.
        mode: what the command line says; the file may then leave `mode` out, but not differ.

    Raises:
        UserError: with file, line and remedy.
    """
    path = Path(path)
    document = yaml_source.read(path, origin=shown(path))
    values = _in_one_spelling(document)
    if mode is not None and values.setdefault("mode", mode) != mode and values["mode"] in MODES:
        raise UserError(
            f"{document.where(('mode',))}: the mode is {values['mode']}, the command {mode}",
            f"Run `pv {values['mode']}` or `pv run` with this file, or change its mode.",
        )
    if not values.get("project_name"):
        root = Workspace.find(config=path).project_root
        start = path if path.absolute().is_relative_to(root / "prompts") else Path.cwd()
        values["project_name"] = detect_project_name(root, start)
    try:
        return ConfigModel(version=path.stem, **values)
    except ValidationError as error:
        raise _explain(error, document) from error


def _in_one_spelling(document: yaml_source.Document) -> dict[str, Any]:
    """The values under the names of `ConfigModel`; empty ones (``key:``) are left out."""
    values: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for key, value in document.values.items():
        if key in LEGACY:
            log.warning("%s: `%s` is ignored: %s", document.where((key,)), key, LEGACY[key])
            continue
        name = SPELLINGS.get(key, key)
        if name not in ConfigModel.model_fields:
            raise _unknown(key, document)
        if name in values and values[name] != value:
            raise UserError(
                f"{document.where((key,))}: `{key}` and `{origin[name]}` are two spellings of one "
                "field, with different values",
                "Keep one of them.",
            )
        origin.setdefault(name, key)
        if value is not None:
            values[name] = value
    return values


def _unknown(key: str, document: yaml_source.Document) -> UserError:
    known = [*(name for name in ConfigModel.model_fields if name != "version"), *SPELLINGS]
    near = get_close_matches(key, known, n=1)
    return UserError(
        f"{document.where((key,))}: unknown key `{key}`",
        f"Did you mean `{near[0]}`?" if near else f"Known keys: {', '.join(known)}.",
    )


def _explain(error: ValidationError, document: yaml_source.Document) -> UserError:
    """The first problem by line, in one line."""
    spelled = {SPELLINGS.get(key, key): key for key in document.values}
    problems = []
    for problem in error.errors():
        place = problem["loc"]
        written = (spelled.get(str(place[0]), str(place[0])), *place[1:])
        where = document.where(written)
        _, _, line = where.rpartition(":")
        problems.append((int(line) if line.isdigit() else 0, where, written, problem))
    _, where, written, problem = min(problems, key=lambda found: found[0])
    what, remedy = _WORDS.get(problem["type"], _WORDS["value_error"])
    context: Mapping[str, Any] = {
        "key": ".".join(str(part + 1) if isinstance(part, int) else part for part in written),
        "given": _given(problem["input"]),
        "choices": str(problem.get("ctx", {}).get("expected", "")).replace("'", ""),
        "message": str(problem.get("ctx", {}).get("error", problem["msg"])),
    }
    if problem["type"] == "literal_error" and isinstance(problem["input"], str):
        near = get_close_matches(problem["input"], [*MODES, *get_args(Role)], n=1)
        if near and near[0] in context["choices"]:
            remedy = f"Did you mean {near[0]}? {{choices}} are known."
    return UserError(f"{where}: {what.format(**context)}", remedy.format(**context))


#: pydantic's type of error -> what is said, and what to do.
_WORDS = {
    "missing": ("`{key}` is missing", "Add a line `{key}: ...`; docs/cli.md lists the keys."),
    "string_type": ("`{key}` must be text, not {given}", "Put it in quotes, or after `|`."),
    "list_type": (
        "`{key}` must be a list, not {given}",
        "Write each item on a line of its own, beginning with `- `.",
    ),
    "string_too_short": ("`{key}` is empty", "Fill it in, or delete the line."),
    "model_type": ("`{key}` must have a role and a content, not be {given}", "See docs/cli.md."),
    "extra_forbidden": ("unknown key `{key}`", "Known keys there: role, content."),
    "literal_error": ("`{key}` is {given}", "Choose one of {choices}."),
    "value_error": ("`{key}`: {message}", "Correct it; docs/cli.md describes the keys."),
}


def _given(value: Any) -> str:
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else f"{value[:37]}...")
    names = {bool: "true or false", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), "a mapping" if isinstance(value, dict) else type(value).__name__)
