"""Project files -> context text.

A context file lists what a prompt shows of the project, a line each, from the project root::

    # a comment
    README.md
    src/                 a folder: everything below it
    src/*                *, ?, [a-z] within a name: the files directly in src
    src/*/               the same with folders: everything below them
    src/**/*.py          ** for any number of folders
    X tests/data/        leave out, in the language of .gitignore, whatever the order of lines

Files that a ``.gitignore`` covers are left out, also those that are named. So are Personalvibe's
own artefacts, files that usually hold credentials (see `key_files`), binary files, files that
are not UTF-8 and files of more than a million bytes; each kind gets a note, and each file of
credentials. Files appear once, in the order of the lines, and within a line by path.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pathspec import GitIgnoreSpec

from personalvibe.credentials import Source
from personalvibe.errors import UserError
from personalvibe.key_files import is_key_file
from personalvibe.workspace import shown

MAX_FILE_BYTES = 1_000_000
MAX_KEY_FILES_NAMED = 200
_WILD = re.compile(r"[*?\[]")
_BACKTICKS = re.compile(r"^ {0,3}(`{3,})", re.MULTILINE)

#: Never shown, beside files that hold credentials: what Personalvibe writes, and git's folder.
_OWN = (
    ".git/",
    *("/data/*/prompt_inputs/", "/data/*/prompt_outputs/", "/data/*/runs/????-??-??_*.json"),
    "/logs/*_base.log",
)

LANGUAGES = {
    ".bash": "bash", ".c": "c", ".cc": "cpp", ".cfg": "ini", ".cpp": "cpp", ".cs": "csharp",
    ".css": "css", ".go": "go", ".h": "c", ".hpp": "cpp", ".html": "html", ".ini": "ini",
    ".ipynb": "json", ".java": "java", ".js": "javascript", ".json": "json", ".jsx": "jsx",
    ".kt": "kotlin", ".lua": "lua", ".md": "markdown", ".php": "php", ".pl": "perl",
    ".ps1": "powershell", ".py": "python", ".pyi": "python", ".r": "r", ".rb": "ruby",
    ".rs": "rust", ".rst": "rst", ".scala": "scala", ".scss": "scss", ".sh": "bash",
    ".sql": "sql", ".svg": "xml", ".swift": "swift", ".tex": "latex", ".toml": "toml",
    ".ts": "typescript", ".tsx": "tsx", ".vue": "vue", ".xml": "xml", ".yaml": "yaml",
    ".yml": "yaml", ".zsh": "zsh",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The text for the prompt and how it came about.

    Attributes:
        sources: the files in the text, from the project root, in the order of the text.
        notes: what was left out or matched nothing, a line each.
    """

    text: str = ""
    sources: tuple[Source, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(source.name for source in self.sources)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One glob of a context file.

    Attributes:
        folders: it ends in a slash, so that wildcards at its end mean folders.
    """

    pattern: str
    where: str
    folders: bool = False


def get_context(paths: Sequence[str], root: Path) -> Context:
    """The text of every file that the context files at `paths` (from `root`) list.

    Raises:
        UserError: a context file or a path that it names without wildcards is missing, cannot be
            read, or leads out of the project.
    """
    includes: list[_Line] = []
    excludes: list[_Line] = []
    for path in paths:
        _read_context_file(path, root, includes, excludes)
    tree = _Tree(root, (line.pattern for line in excludes))
    selected: dict[str, None] = {}
    notes: list[str] = []
    for line in includes:
        found = _select(line, tree)
        if not found:
            notes.append(f"{line.where}: `{line.pattern}` matches no file that may be shown")
        selected.update(dict.fromkeys(found))
    key_files = [name for name in selected if is_key_file(name)]
    for name in key_files:
        del selected[name]

    skipped: dict[str, list[str]] = {}
    parts: list[str] = []
    sources: list[Source] = []
    for name in selected:
        content = _text_of(root, name)
        if isinstance(content, _Skip):
            skipped.setdefault(content.reason, []).append(name)
        else:
            sources.append(Source(name=name, text=content))
            parts.append(_fenced(name, content))
    notes += _about_key_files(key_files)
    for reason, names in skipped.items():
        more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
        notes.append(f"left out, {reason}: {names[0]}{more}")
    return Context(text="\n".join(parts), sources=tuple(sources), notes=tuple(notes))


def _about_key_files(names: Sequence[str]) -> list[str]:
    notes = [f"left out, usually holds credentials: {n}" for n in names[:MAX_KEY_FILES_NAMED]]
    if (more := len(names) - len(notes)) > 0:
        notes.append(f"left out, usually hold credentials: {more:,} more files")
    return notes


def _read_context_file(name: str, root: Path, includes: list[_Line], excludes: list[_Line]) -> None:
    path = root / _inside(name, name)
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        hint = f"Context paths start at {root}."
        if _WILD.search(name):
            hint = "List globs in a text file, and name that file in code_context_paths."
        raise UserError(f"context file {name}: no such file", hint) from error
    except IsADirectoryError as error:
        raise UserError(
            f"context file {name}: is a folder",
            "List the folder in a text file, and name that file in code_context_paths.",
        ) from error
    except (OSError, ValueError) as error:
        reason = "not UTF-8 text" if isinstance(error, ValueError) else error.strerror
        raise UserError(
            f"context file {name}: cannot be read: {reason}",
            "A context file is a text that lists a glob a line.",
        ) from error
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        where = f"{shown(path)}:{number}"
        if line == "X" or line.startswith(("X ", "X\t")):
            pattern = line[1:].strip()
            if not pattern or pattern.startswith("!"):
                raise UserError(f"{where}: nothing to leave out", "Write `X <glob>`.")
            excludes.append(_Line(pattern=pattern, where=where))
        else:
            pattern = _inside(line, where)
            includes.append(_Line(pattern=pattern, where=where, folders=line.endswith("/")))


def _inside(pattern: str, where: str) -> str:
    """The pattern from the root: without a leading ``/`` or ``./``; ``..`` is refused."""
    parts = [part for part in pattern.replace("\\", "/").split("/") if part not in ("", ".")]
    if ".." in parts:
        raise UserError(
            f"{where}: `{pattern}` leads out of the project",
            "Only files of the project may be sent to a provider; copy the file into it.",
        )
    return "/".join(parts)


def _select(line: _Line, tree: _Tree) -> list[str]:
    """The files that one line asks for, sorted."""
    path = tree.root / line.pattern
    exists = path.exists()
    if exists or not _WILD.search(line.pattern):
        if not exists:
            raise UserError(
                f"{line.where}: no such file or folder: {line.pattern}",
                f"Paths start at {tree.root}; delete the line if the file is gone.",
            )
        if path.is_dir():
            return sorted(tree.below(line.pattern) if tree.reaches(line.pattern) else ())
        return [line.pattern] if tree.shows(line.pattern) else []
    segments = line.pattern.split("/")
    return sorted(set(_glob(tree, "", [*segments, "**"] if line.folders else segments)))


def _glob(tree: _Tree, folder: str, segments: list[str]) -> Iterator[str]:
    segment, rest = segments[0], segments[1:]
    folders, files = tree.listing(folder)
    if segment == "**":
        if rest:
            yield from _glob(tree, folder, rest)
        else:
            yield from (_join(folder, name) for name in files)
        for name in folders:
            yield from _glob(tree, _join(folder, name), segments)
        return
    matches = re.compile(fnmatch.translate(segment)).match
    if rest:
        for name in folders:
            if matches(name):
                yield from _glob(tree, _join(folder, name), rest)
    else:
        yield from (_join(folder, name) for name in files if matches(name))


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ignore:
    """One .gitignore: its patterns, and how a path from the project root is spelled for it."""

    spec: GitIgnoreSpec
    cut: int = 0
    prefix: str = ""

    def verdict(self, path: str) -> bool | None:
        """True: ignored. False: taken back by a ``!`` line. None: not mentioned."""
        name = self.prefix + path[self.cut :]
        for pattern in reversed(self.spec.patterns):
            if pattern.include is not None and _matches(pattern.match_file(name), name):
                return bool(pattern.include)
        return None

    def hides_root(self) -> bool:
        return bool(self.spec.check_file(self.prefix).include)


def _matches(found: Any, name: str) -> bool:
    """Whether a pattern means this path itself, and not a folder above it.

    Those were judged when they were listed; ``!folder/`` says nothing about what is in there.
    """
    if found is None:
        return False
    above = "ps_d" in found.match.re.groupindex and found.match["ps_d"] is not None
    return not above or bool(found.match.end("ps_d") == len(name))


class _Tree:
    """The files of the project that may be shown, listed folder by folder as they are asked for."""

    def __init__(self, root: Path, excludes: Iterable[str]) -> None:
        self.root = root
        self._never = GitIgnoreSpec.from_lines([*_OWN, *excludes])
        self._listings: dict[str, tuple[list[str], list[str]]] = {}
        self._ignores: dict[str, list[_Ignore]] = {}

    def listing(self, folder: str) -> tuple[list[str], list[str]]:
        """(folders, files) directly in a folder. Links to folders are not followed."""
        if folder not in self._listings:
            folders: list[str] = []
            files: list[str] = []
            rules = self._rules(folder)
            for entry in self._scan(folder):
                path = _join(folder, entry.name)
                if entry.is_dir(follow_symlinks=False):
                    if not self._hidden(f"{path}/", rules):
                        folders.append(entry.name)
                elif entry.is_file() and not self._hidden(path, rules):
                    files.append(entry.name)
            self._listings[folder] = (sorted(folders), sorted(files))
        return self._listings[folder]

    def below(self, folder: str) -> Iterator[str]:
        """Every file in a folder and the folders in it."""
        folders, files = self.listing(folder)
        yield from (_join(folder, name) for name in files)
        for name in folders:
            yield from self.below(_join(folder, name))

    def reaches(self, folder: str) -> bool:
        """Whether no rule hides the folder or one above it."""
        parts = folder.split("/") if folder else []
        return all(
            part in self.listing("/".join(parts[:depth]))[0] for depth, part in enumerate(parts)
        )

    def shows(self, file: str) -> bool:
        """Whether no rule hides the file or a folder above it."""
        folder, _, name = file.rpartition("/")
        return self.reaches(folder) and name in self.listing(folder)[1]

    def _scan(self, folder: str) -> Iterable[os.DirEntry[str]]:
        try:
            with os.scandir(self.root / folder) as entries:
                return list(entries)
        except OSError:
            return ()

    def _hidden(self, path: str, rules: list[_Ignore]) -> bool:
        if self._never.match_file(path):
            return True
        verdicts = (rule.verdict(path) for rule in rules)
        return next((verdict for verdict in verdicts if verdict is not None), False)

    def _rules(self, folder: str) -> list[_Ignore]:
        """Every .gitignore that governs a folder, the closest first."""
        if folder not in self._ignores:
            above = self._rules(folder.rpartition("/")[0]) if folder else self._outer_rules()
            spec = _gitignore(self.root / folder)
            own = [_Ignore(spec=spec, cut=len(folder) + 1 if folder else 0)] if spec else []
            self._ignores[folder] = [*own, *above]
        return self._ignores[folder]

    def _outer_rules(self) -> list[_Ignore]:
        """Those above the project root, up to the repository's own folder.

        A .gitignore that hides the root itself is not asked: the user chose to work there.
        """
        root = self.root.absolute()
        found: list[_Ignore] = []
        for folder in (root, *root.parents):
            if folder != root and (spec := _gitignore(folder)):
                rule = _Ignore(spec=spec, prefix=f"{root.relative_to(folder).as_posix()}/")
                if not rule.hides_root():
                    found.append(rule)
            if (folder / ".git").exists():
                return found
        return []


def _gitignore(folder: Path) -> GitIgnoreSpec | None:
    try:
        lines = (folder / ".gitignore").read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    return GitIgnoreSpec.from_lines(lines)


@dataclass(frozen=True, slots=True)
class _Skip:
    reason: str


def _text_of(root: Path, name: str) -> str | _Skip:
    path = root / name
    try:
        if path.is_symlink() and not path.resolve().is_relative_to(root.resolve()):
            return _Skip("a link that leads out of the project")
        if path.stat().st_size > MAX_FILE_BYTES:
            return _Skip(f"more than {MAX_FILE_BYTES:,} bytes")
        raw = path.read_bytes()
    except OSError as error:
        return _Skip(f"cannot be read ({error.strerror})")
    if b"\0" in raw[:8192]:
        return _Skip("binary")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _Skip("not UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _fenced(name: str, text: str) -> str:
    """The file between its name and a fence that nothing in it can close."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    language = LANGUAGES.get(Path(name).suffix.lower(), "")
    closing = "" if text.endswith("\n") or not text else "\n"
    return f"#### Start of {name}\n{fence}{language}\n{text}{closing}{fence}\n#### End of {name}\n"
