"""Run a command in the scratch copy with the hook injected, and read what it sent."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from codemods.migrate_openai.prove import environment as environments
from codemods.migrate_openai.prove import log
from codemods.migrate_openai.prove.model import Isolation, Run
from codemods.migrate_openai.prove.process import supervised
from codemods.migrate_openai.prove.scratch import Scratch
from personalvibe.replay.standin import Received, Reply, StandIn


def run(
    command: Sequence[str],
    place: Scratch,
    folder: Path,
    *,
    timeout: float,
    first: Callable[[Received], Reply | None] | None = None,
    isolation: Isolation = Isolation.AUTO,
    python: Path | None = None,
    skip: Iterable[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Run:
    """Execute ``command`` in ``folder``, a path in the copy, for ``timeout`` seconds at most.

    ``first`` is asked for answers before the stand-in. ``python``: an interpreter whose folder
    goes first in PATH, and that stands for the command's own when the command begins with one.
    ``skip``: files of the copy that are libraries, not places of calls.
    """
    env = environments.compose(
        place, environment if environment is not None else os.environ, python
    )
    argv = [environments.moved(word, place) for word in _with_python(command, python, env)]
    path = place.home / "requests.jsonl"
    path.unlink(missing_ok=True)
    with (
        supervised(isolation, place.lease) as supervisor,
        StandIn(first=first, listener=supervisor.listener) as stand_in,
    ):
        settings = {
            "origin": str(place.origin),
            "root": str(place.root),
            "stand_in": stand_in.base_url,
            "log": str(path),
            "skip": sorted(skip),
            "isolation": supervisor.isolation.value,
        }
        (place.hook / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
        ended = supervisor.run(argv, folder, env, timeout)
        shorten = _Shortener(place, stand_in.base_url)
    found = log.read(path).run(ended, supervisor.isolation, supervisor.refusal)
    return _shortened(found, shorten)


def _shortened(run: Run, shorten: _Shortener) -> Run:
    return replace(
        run,
        tests={test: shorten(said) for test, said in run.tests.items()},
        output=shorten(run.output),
        errors=shorten(run.errors),
    )


def interpreter(program: str) -> str:
    """The Python that runs a program: itself, or the one that its first line names; or empty."""
    found = shutil.which(program)
    if found is None or Path(program).name.startswith("python"):
        return program if Path(program).name.startswith("python") else ""
    with Path(found).open("rb") as file:
        line = file.readline(512)
    named = line[2:].strip().decode("utf-8", "replace") if line.startswith(b"#!") else ""
    return named if Path(named).name.startswith("python") else ""


class _Shortener:
    """Takes what belongs to this proof alone out of a text."""

    def __init__(self, place: Scratch, stand_in: str) -> None:
        self._pairs = ((str(place.root), str(place.origin)), (stand_in, "http://stand-in"))

    def __call__(self, text: str) -> str:
        for old, new in self._pairs:
            text = text.replace(old, new)
        return text


def _with_python(command: Sequence[str], python: Path | None, env: Mapping[str, str]) -> list[str]:
    first = Path(command[0]).name
    if python is not None and first.startswith("python"):
        return [str(python), *command[1:]]
    # Without this, the caller's PATH would be searched, and not the one of the program.
    found = shutil.which(command[0], path=env.get("PATH"))
    return [found or command[0], *command[1:]]
