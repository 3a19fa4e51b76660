"""Where the project lies, where its artefacts live, and how they are written.

::

    <project root>/prompts/<project>/1.2.0.yaml
    <workspace root>/data/<project>/prompt_inputs/<timestamp>_<hash>.md
    <workspace root>/data/<project>/prompt_outputs/<timestamp>_<input hash>_<hash>.md
    <workspace root>/data/<project>/runs/<timestamp>_<input hash>_<hash>.json
    <workspace root>/logs/<version>_base.log

The workspace root is ``PV_DATA_DIR``, else the project root, else the current folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path

from personalvibe.bounded import read_bytes
from personalvibe.errors import UserError

END_PROMPT = "### END PROMPT"
MAX_SAVED_BYTES = 50_000_000
TIMESTAMP = "%Y-%m-%d_%H-%M-%S"
PROJECT_NAME = re.compile(r"\w(?:[\w. -]*[\w.-])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """The folders of one project.

    Attributes:
        project_root: the folder that holds ``prompts/``; context paths start there.
        root: the folder that receives ``data/`` and ``logs/``.
    """

    project_root: Path
    root: Path

    @classmethod
    def find(
        cls, *, config: Path | None = None, environ: Mapping[str, str] | None = None
    ) -> Workspace:
        """The workspace of a config file, or without one that of the current folder."""
        environ = os.environ if environ is None else environ
        project_root = _project_root(config)
        data_dir = environ.get("PV_DATA_DIR", "").strip()
        root = Path(data_dir).expanduser().absolute() if data_dir else project_root
        return cls(project_root=project_root, root=root)

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    def prompts(self, project: str) -> Path:
        return self.project_root / "prompts" / project

    def inputs(self, project: str) -> Path:
        return self.root / "data" / project / "prompt_inputs"

    def outputs(self, project: str) -> Path:
        return self.root / "data" / project / "prompt_outputs"

    def runs(self, project: str) -> Path:
        return self.root / "data" / project / "runs"

    def has(self, project: str) -> bool:
        """Whether the project has begun."""
        return self.prompts(project).is_dir() or self.outputs(project).is_dir()

    def nearest(self, project: str) -> str | None:
        """The project whose name a misspelt one comes from."""
        near = get_close_matches(project, project_names(self.project_root), n=1)
        return near[0] if near else None


def shown(path: Path) -> str:
    """The path as a user would type it: relative to the current folder when it lies below."""
    try:
        return path.absolute().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)


def _project_root(config: Path | None) -> Path:
    if config is not None:
        for folder in config.absolute().parents:
            if folder.name == "prompts":
                return folder.parent
    here = Path.cwd()
    for folder in (here, *here.parents):
        if folder.name == "prompts":
            return folder.parent
        if (folder / "prompts").is_dir():
            return folder
        if (folder / ".git").exists():
            break
    return here


def project_names(project_root: Path) -> list[str]:
    """The folders of ``prompts/`` that can be projects, sorted."""
    prompts = project_root / "prompts"
    try:
        found = sorted(path.name for path in prompts.iterdir() if path.is_dir())
    except OSError:
        return []
    return [name for name in found if PROJECT_NAME.fullmatch(name)]


def check_project_name(name: str, folder: str) -> None:
    """Refuse what cannot be a folder of ``prompts/`` and ``data/``.

    Raises:
        UserError: it leads elsewhere, or is none that the configs could name.
    """
    if not PROJECT_NAME.fullmatch(name):
        raise UserError(
            f"--project-name {name!r} is not a folder name", f"Name a folder of {folder}."
        )


def detect_project_name(project_root: Path, start: Path) -> str:
    """The ``<name>`` of ``prompts/<name>/``, from a path below it or because it is the only one.

    Raises:
        UserError: there is no such folder, or there are several.
    """
    prompts = project_root / "prompts"
    with contextlib.suppress(ValueError):
        below = start.absolute().relative_to(prompts).parts
        if below and (prompts / below[0]).is_dir():
            return below[0]
    names = project_names(project_root)
    if len(names) == 1:
        return names[0]
    if names:
        raise UserError(
            f"{shown(prompts)} holds several projects: {', '.join(names)}",
            f"Name one: `project_name: {names[0]}` in the config, or "
            f"--project-name {shlex.quote(names[0])}.",
        )
    raise UserError(
        f"no project found: {shown(project_root)} has no folder prompts/<name>/",
        "Create prompts/<name>/, or name the project: `project_name:` in the config; "
        "`pv new-milestone --project-name NAME` starts one.",
    )


def atomic_write(path: Path, text: str) -> None:
    """Write a file whole or not at all. Lone surrogates are written as escapes.

    Raises:
        UserError: the folder or the file cannot be written.
    """
    try:
        with _written(path, text) as temporary:
            temporary.replace(path)
    except OSError as error:
        raise unwritable(path, error) from error


def create(path: Path, text: str) -> bool:
    """Write a file that is not there yet, whole or not at all; False when it is there.

    Of several processes that create the same file, one gets True.

    Raises:
        UserError: the folder or the file cannot be written.
    """
    try:
        with _written(path, text) as temporary:
            try:
                path.hardlink_to(temporary)
                return True
            except FileExistsError:
                return False
            except OSError:  # a file system without links
                return _create_in_place(path, text)
    except OSError as error:
        raise unwritable(path, error) from error


def _create_in_place(path: Path, text: str) -> bool:
    try:
        with path.open("xb") as file:
            file.write(encoded(text))
    except FileExistsError:
        return False
    return True


@contextlib.contextmanager
def _written(path: Path, text: str) -> Iterator[Path]:
    """A temporary file beside `path` that holds the text, and is gone in the end."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with temporary.open("xb") as file:
            file.write(encoded(text))
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def unwritable(path: Path, error: OSError) -> UserError:
    """What to tell a user whose workspace does not take a file."""
    return UserError(
        f"cannot write {shown(path)}: {error.strerror or error}",
        "Free or repair that place; PV_DATA_DIR puts data/ and logs/ elsewhere.",
    )


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def short_hash(text: str) -> str:
    """Ten hexadecimal digits of the SHA-256 of a text: what file names carry."""
    return hashlib.sha256(encoded(text)).hexdigest()[:10]


def save_prompt(text: str, folder: Path, input_hash: str = "") -> Path:
    """Store a prompt (or, with `input_hash`, the reply to one) once, and return its file.

    A text that the folder holds already is not written again. Every file ends in a line
    ``### END PROMPT``.

    Raises:
        UserError: the folder cannot be written.
    """
    suffix = f"_{input_hash}_{short_hash(text)}.md" if input_hash else f"_{short_hash(text)}.md"
    try:
        stored = sorted(p for p in folder.iterdir() if p.name.endswith(suffix))
    except FileNotFoundError:
        stored = []
    except OSError as error:
        raise unwritable(folder, error) from error
    if stored:
        return stored[-1]
    path = folder / f"{datetime.now(UTC).strftime(TIMESTAMP)}{suffix}"
    atomic_write(path, f"{text}\n{END_PROMPT}\n")
    return path


def read_saved(path: Path) -> str:
    """The text of a stored prompt or reply, without its closing line.

    Raises:
        UserError: the file cannot be read, or is too large to be one.
    """
    hint = "It is kept as it was: open it in an editor."
    raw = read_bytes(path, MAX_SAVED_BYTES, name=shown(path), hint=hint)
    return raw.decode("utf-8", "replace").removesuffix(f"\n{END_PROMPT}\n")


def listing(folder: Path) -> list[Path]:
    """What is in a folder, sorted; nothing when it does not exist.

    Raises:
        UserError: it cannot be read.
    """
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UserError(
            f"{shown(folder)}: cannot be read: {error.strerror}", "Check that it is a folder."
        ) from error
