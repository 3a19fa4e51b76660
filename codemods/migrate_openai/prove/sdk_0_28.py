"""Programs for openai 0.28: recognised, and run with that SDK before the migration."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from codemods.migrate_openai.prove import launch
from codemods.migrate_openai.prove.migrate import Migrated
from codemods.migrate_openai.prove.model import Command
from codemods.migrate_openai.rules import RULES

_LAST = "openai==0.28.1"
_FILES = (
    "requirements*.txt", "requirements*.in", "requirements/*.txt", "pyproject.toml", "setup.cfg",
    "setup.py", "Pipfile", "environment*.yml", "environment*.yaml", "constraints*.txt",
)  # fmt: skip
# In whatever file: the name, what may stand between it and the versions, and the versions.
_REQUIREMENT = re.compile(
    r"""(?<![\w./-])openai(?:\[[^\]]*\])?"""
    r"""(?:\s*=\s*(?:\{\s*version\s*=\s*)?["']|["']\s*:\s*["']|\s*\(?(?=[=<>~^!]))"""
    r"""((?:[=<>~^!]{0,3}\s*\d[\d.*]*[\s,]*)+)"""
)
_COMMENT = re.compile(r"(^|\s)#.*")
_EXACT = re.compile(r"={0,3}\s*(0\.\d+(?:\.\d+)?)$")
_OLD = re.compile(r"<\s*1(\.0)*|<=?\s*0\..*|[=~^]{0,3}\s*0\..*")
LEGACY_RULES = frozenset(
    rule.id for rule in RULES.values() if rule.calls and all(call.legacy for call in rule.calls)
)
_VERSION = "from importlib.metadata import version; print(version('openai'))"


def with_its_sdk(command: Command, root: Path, done: Migrated) -> Command:
    """The command, with openai 0.28 for the old code if that is what the program is written for."""
    if command.before_with:
        return command
    wanted, why = _wanted(root, done)
    if not wanted or _installed(command).startswith("0."):
        return command
    return replace(command, before_with=(wanted,), before_reason=why)


def _wanted(root: Path, done: Migrated) -> tuple[str, str]:
    """(the requirement, how it is known), or empty texts for programs of later SDKs."""
    for file, versions in _requirements(root):
        if any(map(_is_old, versions.split(","))):
            exact = _EXACT.match(versions)
            return f"openai=={exact[1]}" if exact else _LAST, f"{file}: openai{versions}"
        return "", ""
    if done.sites and all(site.rule in LEGACY_RULES for site in done.sites):
        return _LAST, f"{done.sites[0]}: {done.sites[0].source}"
    return "", ""


def _is_old(version: str) -> bool:
    return _OLD.fullmatch(version.strip()) is not None


def _requirements(root: Path) -> Iterator[tuple[str, str]]:
    """(file, versions) wherever a file of the project asks for openai."""
    for pattern in _FILES:
        for path in sorted(root.glob(pattern)):
            text = _COMMENT.sub("", path.read_text("utf-8", "replace"))
            for versions in _REQUIREMENT.findall(text):
                yield path.relative_to(root).as_posix(), versions.strip().rstrip(",")


def _installed(command: Command) -> str:
    """The version of openai that the old code would get; empty if there is none."""
    python = python_of(command)
    done = subprocess.run([python, "-c", _VERSION], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def python_of(command: Command) -> str:
    """The interpreter of the old code."""
    named = command.before_python or launch.interpreter(command.arguments[0]) or "python"
    return shutil.which(named) or sys.executable
