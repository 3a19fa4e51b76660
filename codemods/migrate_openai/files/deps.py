"""Requirement files: where a project asks for openai, and what it asks for afterwards.

Pure: text in, `Dependency` and text out. The shell finds the files and writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from codemods.migrate_openai.model import DEFAULT_ROUTER

# Below 4 that name on the public index is another project's.
PERSONALVIBE = "personalvibe>=4"
# 1.82.7 and 1.82.8 were a supply-chain compromise; 1.106.0 to 1.106.2 fail on tools.
LITELLM = "litellm>=1.95,!=1.82.7,!=1.82.8,!=1.106.0,!=1.106.1,!=1.106.2,<2"

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_NAME = r"(?P<name>openai)(?P<extras>\s*\[[^\]]*\])?(?P<spec>\s*(?:[<>=!~@(][^;#\"']*?)?)"
_PIP = re.compile(
    rf"(?P<indent>\s*){_NAME}(?P<marker>\s*;[^#\n]*?)?(?P<rest>\s*(?:\\|#[^\n]*)?\s*)$", re.I
)
_QUOTED = re.compile(
    rf"(?P<quote>[\"']){_NAME}(?P<marker>\s*;(?:(?!(?P=quote)).)*)?(?P=quote)", re.I
)
_KEYED = re.compile(r"\s*[\"']?openai[\"']?\s*=\s*(?P<value>.+)", re.IGNORECASE)
_HEADER = re.compile(r"\s*\[+\s*([^\[\]]+?)\s*\]+\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([\w.\"'-]+)\s*=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """One line that asks for openai."""

    path: str
    line: int
    before: str
    after: str | None = None
    """The text that takes its place, empty where it goes; None where a person has to look."""
    needed: str
    """What the migrated program asks for."""
    kept: bool = False
    """Whether openai stays beside it."""
    note: str = ""


def requirement(router: str, *, vendored: bool) -> str:
    """What a migrated program needs: litellm, or the package that brings it."""
    return PERSONALVIBE if router == DEFAULT_ROUTER and not vendored else LITELLM


def plan(path: str, text: str, needed: str, *, keep: bool) -> tuple[tuple[Dependency, ...], str]:
    """What asks for openai in one file, and the text that asks for ``needed``.

    ``keep`` leaves openai beside it, for what still calls the SDK directly.
    """
    name = Path(path).name
    lines = _LINE.findall(text)
    found: list[Dependency] = []
    wanted = list(_asked(name, lines))
    present = re.search(rf"^[\s\"'-]*{re.escape(_project(needed))}\b", text, re.M | re.I)
    for number, new in wanted:
        old = lines[number].rstrip("\r\n")
        ending = lines[number][len(old) :]
        after = None
        if new is None:
            note = f"by hand: ask for {needed}" + (" as well" if keep else " instead")
        elif keep and present:
            continue
        else:
            note = _conflict(old) if keep else ""
            line = new.format(needed=needed, project=_project(needed), spec=_spec(needed))
            lines[number] = "" if present else (_beside(old, line) if keep else line) + ending
            after = lines[number].strip()
        found.append(
            Dependency(
                path=path,
                line=number + 1,
                before=old.strip(),
                after=after,
                needed=needed,
                kept=keep and new is not None,
                note=note,
            )
        )
    return tuple(found), "".join(lines)


def _asked(name: str, lines: Sequence[str]) -> Iterator[tuple[int, str | None]]:
    """(index of the line, its replacement as a format, or None where we cannot tell)."""
    if name == "pyproject.toml":
        yield from _in_toml(lines)
        return
    if name == "setup.py" and not any("setup(" in line for line in lines):
        return  # a module of that name
    for index, line in enumerate(lines):
        if name == "Pipfile":
            if _KEYED.match(line):
                yield index, '{project} = "{spec}"'
        elif name == "setup.py" or name.startswith("environment."):
            if _QUOTED.search(line) or re.match(r"\s*-\s*openai\b(?!-)", line):
                yield index, None
        elif found := _PIP.match(line.rstrip("\r\n")):
            hashed = found["rest"].strip() == "\\"
            yield index, None if hashed else _format(found)


def _format(found: re.Match[str]) -> str:
    return (
        _escaped(found["indent"]) + "{needed}" + _escaped((found["marker"] or "") + found["rest"])
    )


def _in_toml(lines: Sequence[str]) -> Iterator[tuple[int, str | None]]:
    table = key = ""
    depth = 0
    for index, line in enumerate(lines):
        if depth == 0 and (header := _HEADER.match(line)):
            table, key = header[1].replace('"', ""), ""
            continue
        if depth == 0 and (named := _KEY.match(line)):
            key = named[1].strip("\"'")
        if depth == 0 and re.match(r"tool\.poetry\.(?:.+\.)?(?:dev-)?dependencies$", table):
            if keyed := _KEYED.match(line):
                plain = keyed["value"].lstrip().startswith(("'", '"'))
                yield index, '{project} = "{spec}"' if plain else None
            continue
        code = re.sub(r"\"[^\"]*\"|'[^']*'|#.*", "", line)
        if _holds_requirements(table, key) and (found := _QUOTED.search(line)):
            yield (
                index,
                _escaped(line[: found.start()])
                + f"{found['quote']}{{needed}}{_escaped(found['marker'] or '')}{found['quote']}"
                + _escaped(line[found.end() :].rstrip("\r\n")),
            )
        depth = max(0, depth + code.count("[") - code.count("]"))


def _holds_requirements(table: str, key: str) -> bool:
    if table in ("project.optional-dependencies", "dependency-groups"):
        return True
    if table.endswith((".dev-dependencies", ".optional-dependencies")):
        return True
    return key in ("dependencies", "dev-dependencies", "extra-dependencies", "requires") or (
        table == "project" and key.startswith("optional-dependencies")
    )


def _beside(old: str, new: str) -> str:
    """``old`` with ``new`` after it: a line more, or an item more where the list is on one line."""
    quoted = _QUOTED.search(old)
    if quoted is None:
        return f"{old}\n{new}"
    item = new[quoted.start() : len(new) - (len(old) - quoted.end())]
    if old[: quoted.start()].strip():
        return f"{old[: quoted.end()]}, {item}{old[quoted.end() :]}"
    head = old if old[quoted.end() :].lstrip().startswith(",") else old + ","
    return f"{head}\n{new}"


def _conflict(old: str) -> str:
    """A word on a bound that keeps openai older than LiteLLM takes it."""
    if re.search(r"(?:==|~=|\^)\s*[01]\b|<=\s*[01]\b|<\s*[012]\b", old):
        return "litellm needs openai 2 or newer: lift this bound"
    return ""


def _project(requirement: str) -> str:
    return re.split(r"[<>=!~ ]", requirement, maxsplit=1)[0]


def _spec(requirement: str) -> str:
    return requirement[len(_project(requirement)) :] or "*"


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
