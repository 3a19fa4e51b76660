"""How git is told to show cassettes by what they say."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from personalvibe.replay.cassette import disk
from personalvibe.replay.toolbox.files import SUFFIXES

DRIVER = "cassette"
PATTERNS = tuple(f"**/cassettes/**/*{suffix}" for suffix in SUFFIXES)


class NoRepositoryError(Exception):
    """There is no git, or no repository of git."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    attributes: Path
    added: tuple[str, ...]
    """Lines that the file lacked."""
    settings: tuple[tuple[str, str], ...]
    """Of this clone."""


def set_up(folder: Path, patterns: Sequence[str]) -> Setup:
    """Name the driver in ``.gitattributes``, and say in the clone's settings what it runs.

    Raises `NoRepositoryError`.
    """
    top = Path(_git(folder, "rev-parse", "--show-toplevel"))
    settings = _settings()
    for name, value in settings:
        _git(top, "config", "--local", name, value)
    attributes = top / ".gitattributes"
    content = attributes.read_bytes() if attributes.exists() else b""
    present = content.decode("utf-8", "replace").splitlines()
    added = [line for one in patterns if (line := f"{_quoted(one)} diff={DRIVER}") not in present]
    if added:
        disk.replace_file(attributes, _appended(content, added))
    return Setup(attributes=attributes, added=tuple(added), settings=settings)


def _settings() -> tuple[tuple[str, str], ...]:
    # -P: a repository may have a folder of the name of a module that is imported.
    command = f"{shlex.join([sys.executable, '-P', '-m'])} personalvibe.replay"
    return (
        (f"diff.{DRIVER}.textconv", f"{command} textconv"),
        (f"difftool.{DRIVER}.cmd", f'{command} diff "$LOCAL" "$REMOTE"'),
    )


def _quoted(pattern: str) -> str:
    """A pattern with a space is quoted as in C."""
    if not any(map(str.isspace, pattern)):
        return pattern
    escaped = pattern.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _appended(content: bytes, lines: Sequence[str]) -> bytes:
    end = b"\r\n" if b"\r\n" in content else b"\n"
    gap = end if content and not content.endswith(b"\n") else b""
    return content + gap + b"".join(line.encode() + end for line in lines)


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the git that the user has
            capture_output=True,
            text=True,
            check=True,
        )
    except FileNotFoundError:
        raise NoRepositoryError("git is not installed") from None
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip().splitlines() or ["git failed"])[-1]
        raise NoRepositoryError(reason.removeprefix("fatal: ")) from None
    return done.stdout.strip()
