"""Projects that are proven, and the proof: what its tests share."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import pytest
from filelock import FileLock

from codemods.migrate_openai.prove.migrate import Migrated
from codemods.migrate_openai.prove.model import CallSite, Command, Proof
from codemods.migrate_openai.prove.proof import Options, prove
from codemods.migrate_openai.prove.scratch import Scratch, scratch

ROOT = Path(__file__).resolve().parent.parent.parent


def write_tree(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))


def by_hand(old: Mapping[str, str], new: Mapping[str, str]) -> Callable[[Scratch], Migrated]:
    """A migration that somebody typed. A comment ``# site NAME`` marks the line of a call."""
    old = {name: textwrap.dedent(text).lstrip("\n") for name, text in old.items()}
    new = {name: textwrap.dedent(text).lstrip("\n") for name, text in new.items()}

    def marks(texts: Mapping[str, str]) -> dict[tuple[str, str], int]:
        return {
            (name, found[1]): number
            for name, text in texts.items()
            for number, line in enumerate(text.splitlines(), 1)
            if (found := re.search(r"# site (\S+)", line))
        }

    after = marks(new)
    sites = tuple(
        CallSite(
            file=file, line=line, column=1, rule="MOA101", source=name, new_line=after[file, name]
        )
        for (file, name), line in marks(old).items()
    )

    def migrate(place: Scratch) -> Migrated:
        write_tree(place.root, new)
        files = {name: (old[name].encode(), text.encode()) for name, text in new.items()}
        return Migrated(sites=sites, old=old, new=new, files=files)

    return migrate


def proof_of(
    project: Path,
    old: Mapping[str, str],
    new: Mapping[str, str],
    *command: str,
    options: Options | None = None,
) -> Proof:
    write_tree(project, old)
    with scratch(project.resolve()) as place:
        arguments = command or (sys.executable, "main.py")
        given = options or Options(timeout=300)
        proof, _ = prove(place, [Command(arguments=arguments)], by_hand(old, new), given)
    return proof


_T = TypeVar("_T")


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[], _T]) -> _T:
    """What one of several workers of pytest-xdist makes for all of them."""
    own = factory.getbasetemp()
    file = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / f"{name}.pickle"
    with FileLock(f"{file}.lock"):
        if not file.exists():
            file.write_bytes(pickle.dumps(make()))
        found: _T = pickle.loads(file.read_bytes())
        return found


def command(
    project: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "codemods.migrate_openai", *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        capture_output=True,
        text=True,
        timeout=180,
    )
