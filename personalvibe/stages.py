"""Versions, the configs that are scaffolded for them, and the stages that replies turn into.

A version is ``<milestone>.<sprint>.<bugfix>``. ``prompts/<project>/`` holds a config for each
(there or in ``configs/``), ``prompts/<project>/stages/`` what came of it.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, Self

from personalvibe import llm_router, yaml_source
from personalvibe.errors import UserError
from personalvibe.prompts import render
from personalvibe.workspace import (
    Workspace,
    check_project_name,
    create,
    detect_project_name,
    listing,
    project_names,
    read_saved,
    shown,
)

ScaffoldMode = Literal["milestone", "sprint", "bugfix"]

_REQUESTS: dict[ScaffoldMode, str] = {
    "milestone": "Say where the project should go next, and in how many sprints.",
    "sprint": "Perform work for Chunk 1.",
    "bugfix": "Describe the fault: what you did, what you saw, the log, what you tried.",
}
_REPLY_NAME = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_\w+\.md")
_TAGGED = re.compile(
    r"^[ \t]*<python>[ \t]*\n(.*?)^[ \t]*</python>[ \t]*$", re.DOTALL | re.MULTILINE
)
_FENCE = re.compile(r"^ {0,3}(?P<fence>`{3,}|~{3,})[ \t]*(?P<language>[\w+-]*)[^`]*$")
_PYTHON = {"python", "python3", "py"}


class Version(NamedTuple):
    """``<milestone>.<sprint>.<bugfix>``; sorts as versions do."""

    milestone: int
    sprint: int
    bugfix: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        match = re.fullmatch(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})", text)
        return cls(*map(int, match.groups())) if match else None

    def __str__(self) -> str:
        return f"{self.milestone}.{self.sprint}.{self.bugfix}"

    def next(self, mode: ScaffoldMode) -> Version:
        if mode == "milestone":
            return Version(self.milestone + 1, 0, 0)
        if mode == "sprint":
            return Version(self.milestone, self.sprint + 1, 0)
        return Version(self.milestone, self.sprint, self.bugfix + 1)


_BEFORE_ALL: dict[ScaffoldMode, Version] = {
    "milestone": Version(0, 0, 0),
    "sprint": Version(1, 0, 0),
    "bugfix": Version(1, 0, 0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaffold:
    """The config of a next version, written."""

    file: Path
    project: str
    version: str
    mode: ScaffoldMode


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A reply's script, saved.

    Attributes:
        new: False when an earlier call saved the very same script of the same reply.
        block: which Python block of the reply it is, from 1.
        blocks: how many Python blocks the reply has.
        problem: why the script is not valid Python; empty when it is.
    """

    file: Path
    reply_file: Path
    new: bool
    block: int
    blocks: int
    problem: str


def find_project(place: Workspace, name: str | None, *, new: bool = False) -> str:
    """The project that a command works on.

    Args:
        new: whether it may be one that does not exist yet.

    Raises:
        UserError: not named and not to be found, not a folder name, or no project.
    """
    if not name:
        return detect_project_name(place.project_root, Path.cwd())
    check_project_name(name, "prompts/")
    if not new and not place.has(name):
        raise _no_such_project(place, name)
    return name


def _no_such_project(place: Workspace, name: str) -> UserError:
    names = project_names(place.project_root)
    near = place.nearest(name)
    hint = f"There are: {', '.join(names)}." if names else ""
    if near:
        hint = f"Did you mean {near}? {hint}"
    start = f"`pv new-milestone --project-name {shlex.quote(name)}` starts that project."
    return UserError(
        f"no project {name!r}: {shown(place.prompts(name))} does not exist",
        hint if near else f"{hint} {start}".strip(),
    )


def scaffold(mode: ScaffoldMode, place: Workspace, project: str) -> Scaffold:
    """Write the config of the next version.

    Of several processes at once, each gets a version of its own.

    Raises:
        UserError: the folder cannot be read or written.
    """
    prompts = place.prompts(project)
    while True:
        version = _newest([*_configs(prompts), *_stages(prompts)], _BEFORE_ALL[mode]).next(mode)
        folder = prompts / "configs" if (prompts / "configs").is_dir() else prompts
        path = folder / f"{version}.yaml"
        if create(path, _scaffold_text(mode, path.relative_to(place.project_root), project)):
            return Scaffold(file=path, project=project, version=str(version), mode=mode)


def _scaffold_text(mode: ScaffoldMode, path: Path, project: str) -> str:
    return render(
        "scaffold.yaml",
        version=path.stem,
        mode=mode,
        path=shlex.quote(path.as_posix()),
        project_name=yaml_source.line("project_name", project),
        default_model=llm_router.DEFAULT_MODEL,
        request=_REQUESTS[mode],
    )


def parse_stage(place: Workspace, project: str, *, block: int = 1) -> Stage:
    """Save the Python of the newest reply as the next stage.

    The next stage has the version of the newest config when that has no stage yet, else the next
    sprint's. The same reply is saved once.

    Args:
        block: which Python block of the reply, from 1.

    Raises:
        UserError: no reply, no such block, or the stage cannot be written.
    """
    reply_file = newest_reply(place, project)
    blocks = python_blocks(read_saved(reply_file))
    if not 1 <= block <= len(blocks):
        raise UserError(
            f"{shown(reply_file)}: no Python block {block}, there are {len(blocks)}"
            if blocks
            else f"{shown(reply_file)}: no Python in the reply",
            "Choose another --block."
            if blocks
            else "A script stands between lines <python> and </python>, or in a ```python fence.",
        )
    code = blocks[block - 1]
    text = f"# Saved by pv parse-stage from {reply_file.name}\n{code.rstrip()}\n"
    path, new = _save_stage(place.prompts(project), text)
    return Stage(
        file=path,
        reply_file=reply_file,
        new=new,
        block=block,
        blocks=len(blocks),
        problem=_syntax_problem(text),
    )


def _save_stage(prompts: Path, text: str) -> tuple[Path, bool]:
    """The file that holds the script, and whether it is new."""
    while True:
        same = [path for path in _files(prompts / "stages", ".py") if _reads(path) == text]
        if same:
            return same[-1], False
        path = prompts / "stages" / f"{_next_stage(prompts)}.py"
        if create(path, text):
            return path, True


def newest_reply(place: Workspace, project: str) -> Path:
    """The latest file of ``prompt_outputs/``, by the time in its name."""
    folder = place.outputs(project)
    replies = [path for path in _files(folder, ".md") if _REPLY_NAME.fullmatch(path.name)]
    if not replies:
        raise UserError(
            f"{shown(folder)}: no reply is stored there",
            "Run a config first: pv run --config prompts/<name>/<version>.yaml",
        )
    return replies[-1]


def python_blocks(reply: str) -> list[str]:
    """The Python in a reply: between ``<python>`` lines, else in fences marked as Python."""
    tagged = [_unfenced(block) for block in _TAGGED.findall(reply)]
    return tagged or [code for language, code in _fences(reply) if language in _PYTHON]


def _unfenced(block: str) -> str:
    fences = _fences(block)
    return fences[0][1] if len(fences) == 1 and block.lstrip().startswith(("```", "~~~")) else block


def _fences(text: str) -> list[tuple[str, str]]:
    """(language, content) of every fenced block; a fence inside a longer fence is content."""
    found: list[tuple[str, str]] = []
    closing: re.Pattern[str] | None = None
    language, content = "", [""]
    for line in text.replace("\r\n", "\n").split("\n"):
        if closing is not None:
            if closing.fullmatch(line):
                found.append((language, "\n".join(content) + "\n"))
                closing = None
            else:
                content.append(line)
        elif opening := _FENCE.fullmatch(line):
            fence = opening["fence"]
            closing = re.compile(rf" {{0,3}}{fence[0]}{{{len(fence)},}}[ \t]*")
            language, content = opening["language"].lower(), []
    return found


def _next_stage(prompts: Path) -> Version:
    stage = _newest(_stages(prompts), Version(1, 0, 0))
    config = _newest(_configs(prompts), stage)
    if config <= stage:
        return stage.next("sprint")
    is_milestone = config.sprint == config.bugfix == 0
    return config.next("sprint") if is_milestone else config


def _newest(versions: Iterable[Version], floor: Version) -> Version:
    return max(versions, default=floor)


def _configs(prompts: Path) -> list[Version]:
    files = [*_files(prompts, ".yaml"), *_files(prompts / "configs", ".yaml")]
    return [version for path in files if (version := Version.parse(path.stem))]


def _stages(prompts: Path) -> list[Version]:
    files = [*_files(prompts / "stages", ".py"), *_files(prompts / "stages", ".md")]
    return [version for path in files if (version := Version.parse(path.stem))]


def _files(folder: Path, suffix: str) -> list[Path]:
    return [path for path in listing(folder) if path.suffix == suffix]


def _reads(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _syntax_problem(code: str) -> str:
    try:
        ast.parse(code)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        return f"line {line}: {getattr(error, 'msg', error)}" if line else str(error)
    return ""
