"""Under which names a project imports its own packages, and whether one hides the router's."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from codemods.migrate_openai.errors import UsageError
from codemods.migrate_openai.files.discover import NOT_SOURCE, read
from codemods.migrate_openai.files.project_bounds import roots
from codemods.migrate_openai.flow.limits import FILES_SEARCHED

_IMPORTED = re.compile(rb"^[ \t]*(?:from|import)[ \t]+(\w+)", re.MULTILINE)


def module_name(path: str) -> str:
    """The dotted name under which a program imports the file at ``path``.

    A folder with an ``__init__.py`` is part of it only where the program imports it by that name:
    of ``src/app/llm_router.py`` most programs say ``app.llm_router``.
    """
    file = Path(path).absolute()
    packages: list[str] = []
    folder = file.parent
    while (folder / "__init__.py").exists():
        packages.insert(0, folder.name)
        folder = folder.parent
    used = _imported(folder) if len(packages) > 1 else set()
    while len(packages) > 1 and packages[0] not in used and packages[1] in used:
        packages.pop(0)
    return ".".join([*packages, file.stem])


def refuse_hidden_router(paths: Sequence[str], router: str) -> None:
    """Raises `UsageError` where a package of the project has the name of the router's."""
    package, _, rest = router.partition(".")
    if not rest:
        return
    router_file = Path(*rest.split(".")).with_suffix(".py")
    for root in map(Path, roots(paths)):
        for folder in (root / package, root / "src" / package):
            if (folder / "__init__.py").is_file() and not (folder / router_file).is_file():
                shown = _shown(folder)
                raise UsageError(
                    f"{shown}: this package hides {package}, which has the router",
                    f"Give --vendor-router {shown}/{router_file.name}: the router comes into it.",
                )


def _shown(path: Path) -> str:
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()


def _imported(folder: Path) -> set[str]:
    """The first names of all that the files of a folder import."""
    found: set[str] = set()
    for file in itertools.islice(_sources(folder), FILES_SEARCHED):
        try:
            found.update(name.decode() for name in _IMPORTED.findall(read(str(file))))
        except (OSError, UnicodeDecodeError):
            continue
    return found


def _sources(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink() and path.name not in NOT_SOURCE:
            yield from _sources(path)
        elif path.suffix == ".py":
            yield path
