"""Sources of a project, as its users have them: a clone at one commit."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from projects import Project


class SourceError(Exception):
    """The sources cannot be had; the message says why."""


def checkout(project: Project, folder: Path, mirror: Path | None) -> None:
    """Clone the project to `folder`, from its URL or from a mirror, unless it stands there."""
    if _commit(folder) == project.commit:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    where = ["--filter=blob:none", project.url] if mirror is None else [_in_mirror(project, mirror)]
    _git("clone", "--quiet", "--no-checkout", *where, str(folder))
    _git("-C", str(folder), "checkout", "--quiet", "--detach", project.commit)


def copy(source: Path, target: Path) -> Path:
    """A fresh copy of the sources, with what git knows of them."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)
    return target


def _in_mirror(project: Project, mirror: Path) -> str:
    """``MIRROR/owner+name``, a git directory or a folder with one in ``repo``."""
    owner, name = project.url.rstrip("/").removesuffix(".git").rsplit("/", 2)[1:]
    folder = mirror / f"{owner}+{name}"
    for candidate in (folder / "repo" / ".git", folder / "repo", folder):
        if (candidate / "HEAD").is_file():
            return str(candidate)
    raise SourceError(f"{project.name}: no git directory at {folder}. Clone {project.url} there")


def _commit(folder: Path) -> str:
    command = ["git", "-C", str(folder), "rev-parse", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if (folder / ".git").exists() else ""


def _git(*arguments: str) -> None:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SourceError(f"git {arguments[0]}: {done.stderr.strip()}")
