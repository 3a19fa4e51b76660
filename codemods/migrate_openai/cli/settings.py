"""The command line and ``[tool.migrate_openai]``, as one frozen object."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from codemods.migrate_openai.errors import UsageError
from codemods.migrate_openai.files.state_folder import common_folder
from codemods.migrate_openai.model import DEFAULT_ROUTER, Options, Spelling

TABLE = "migrate_openai"

_EPILOG = """\
exit codes: 0 clean; 1 --check found direct calls; 2 usage or configuration; 3 some files could
not be processed, or none be written; 4 a bug; 130 interrupted.

[tool.migrate_openai] in pyproject.toml takes select, ignore, exclude (lists), router,
vendor-router, spelling and jobs. A comment "# migrate: skip" keeps a statement as it is;
above the first statement, the file.

proof:
  --prove [OPTIONS] -- COMMAND...   run COMMAND before and after the migration of a copy, and
                                    compare every request; repeatable, options hold from there on
  --prove-sites                     prove calls that no command exercises in isolation
  --before-python PYTHON            the interpreter for the old code
  --after-python PYTHON             the interpreter for the migrated code
  --before-with REQUIREMENT         what pip installs for the old code only: openai==0.28.1
  --timeout SECONDS                 for each execution of a command (default: 600)
  --isolation auto|namespace|hooks  what keeps COMMAND off the network (default: auto, a namespace
                                    where the system allows one)
  --compare-output                  what the commands print has to be the same
  --from-cassettes DIR              answers from the project's own recordings, where they match
  --allow-different                 with --write: write files although their requests differ
  --markdown FILE                   the report for a pull request
  --verbose                         list the proven sites, too
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one run of the command was asked to do."""

    paths: tuple[str, ...] = (".",)
    write: bool = False
    diff: bool = False
    check: bool = False
    deps: bool = False
    statistics: bool = False
    output: str = "text"
    """``text``, ``json`` or ``sarif``."""
    explain: str = ""
    undo: bool = False
    version: bool = False
    jobs: int | None = None
    """Processes; None decides by the number of files."""
    vendor_router: str = ""
    """Where to write the router, or empty."""
    exclude: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Pairs of a folder and patterns relative to it."""
    options: Options

    @property
    def stdin(self) -> bool:
        return self.paths == ("-",)


_AS_THEY_ARE = ("write", "diff", "check", "deps", "statistics", "undo", "version")


def read(arguments: Sequence[str]) -> Settings:
    """Parse. Raises `UsageError`; ``--help`` and argparse's own errors raise SystemExit."""
    options = _parser().parse_args(arguments)
    paths = tuple(options.paths) or (".",)
    if "-" in paths and (len(paths) > 1 or options.write or options.deps or options.vendor_router):
        raise UsageError("- stands alone", "Pipe one file in; its new text goes to stdout.")
    if options.undo and (
        options.write or options.diff or options.check or options.deps or "-" in paths
    ):
        raise UsageError("--undo stands alone", "It takes the last run back, and nothing else.")
    configured, base = _configured(paths)
    vendor = options.vendor_router or ""
    if not vendor and configured.vendor_router:
        vendor = _within(base, configured.vendor_router)
    router = options.router or configured.router
    if not router and vendor:
        from codemods.migrate_openai.files.import_roots import module_name

        router = module_name(vendor)
    router = router or DEFAULT_ROUTER
    if not all(part.isidentifier() for part in router.split(".")):
        raise UsageError(f"{router}: no module name", "Give a dotted name, as in app.llm_router.")
    jobs = configured.jobs if options.jobs is None else options.jobs
    if jobs is not None and jobs < 1:
        raise UsageError(f"--jobs {jobs}: too few", "Give the number of processes, 1 or more.")
    exclude = ((str(base), configured.exclude), (str(Path.cwd()), tuple(options.exclude)))
    return Settings(
        **{name: getattr(options, name) for name in _AS_THEY_ARE},
        paths=paths,
        output="json" if options.json else "sarif" if options.sarif else "text",
        explain=options.explain or "",
        jobs=jobs,
        vendor_router=vendor,
        exclude=tuple((folder, patterns) for folder, patterns in exclude if patterns),
        options=Options(
            router=router,
            select=frozenset(_split(options.select) or configured.select),
            ignore=frozenset(_split(options.ignore) or configured.ignore),
            spelling=Spelling(options.spelling or configured.spelling),
        ),
    )


def _within(base: Path, path: str) -> str:
    """A path that a project's own file gives, as it is from here. Raises `UsageError`."""
    target = (base / path).resolve()
    if not target.is_relative_to(base.resolve()):
        raise UsageError(
            f"{base / 'pyproject.toml'}: vendor-router {path}: leads out of the project",
            "Give a path within it; --vendor-router on the command line may name any.",
        )
    return os.path.relpath(base / path)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message, f"{self.prog} --help lists the options.")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="migrate-openai",
        usage="%(prog)s [options] [PATH ...]",
        description="Move direct openai calls onto LiteLLM. Without --write nothing is changed.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("paths", nargs="*", metavar="PATH", help="files or folders (default: .); - for stdin")
    group = parser.add_argument_group("what to do")
    add = group.add_argument
    add("--diff", action="store_true", help="show the change")
    add("--write", action="store_true", help="make the change")
    add("--check", action="store_true", help="exit 1 while direct calls remain")
    add("--deps", action="store_true", help="change requirement files and pyproject as well")
    add("--undo", action="store_true", help="take back what the last --write changed")
    add("--explain", metavar="RULE", help="say what a rule does, and stop")
    add("--version", action="store_true", help="print the version, and stop")
    group = parser.add_argument_group("where")
    add = group.add_argument
    add("--exclude", metavar="GLOB", action="append", default=[], help="leave out (repeatable)")
    add("--select", metavar="RULE", action="append", default=[], help="only these rules")
    add("--ignore", metavar="RULE", action="append", default=[], help="without these rules")
    add("--jobs", metavar="N", type=int, help="processes (default: as the work asks)")
    group = parser.add_argument_group("the router")
    add = group.add_argument
    add("--spelling", choices=[*map(str, Spelling)], help="how calls are written (default: auto)")
    add("--router", metavar="MODULE", help=f"what to import (default: {DEFAULT_ROUTER})")
    add("--vendor-router", metavar="PATH", help="write the router, with its parts beside it")
    group = parser.add_argument_group("output")
    add = group.add_argument
    formats = group.add_mutually_exclusive_group()
    formats.add_argument("--json", action="store_true", help="every site, as JSON")
    formats.add_argument("--sarif", action="store_true", help="every site, as SARIF 2.1.0")
    add("--statistics", action="store_true", help="counts by rule")
    return parser


def _split(values: Sequence[str]) -> list[str]:
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """``[tool.migrate_openai]``."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    router: str = ""
    vendor_router: str = ""
    spelling: str = Spelling.AUTO
    jobs: int | None = None


_KINDS = {
    **dict.fromkeys(("select", "ignore", "exclude"), list),
    **dict.fromkeys(("router", "vendor-router", "spelling"), str),
    "jobs": int,
}


def _configured(paths: Sequence[str]) -> tuple[_Table, Path]:
    """The table of the nearest pyproject.toml that has one, and its folder."""
    here = Path.cwd()
    start = here if paths == ("-",) else common_folder(paths)
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        table = _table(file) if file.is_file() else None
        if table is not None:
            return table, folder
        if (folder / ".git").exists():
            break
    return _Table(), here


def _table(file: Path) -> _Table | None:
    data = file.read_bytes()
    if TABLE.encode() not in data:
        return None
    import tomllib

    try:
        table = tomllib.loads(data.decode()).get("tool", {}).get(TABLE)
    except ValueError as error:
        raise UsageError(f"{file}: {error}", "Correct the file.") from error
    if table is None:
        return None
    values: dict[str, Any] = {}
    for key, value in table.items():
        where = f"{file}: [tool.{TABLE}] {key}"
        if key not in _KINDS:
            raise UsageError(f"{where}: not a setting", f"Known: {', '.join(_KINDS)}.")
        kind = _KINDS[key]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise UsageError(f"{where}: not a {kind.__name__}", "Correct its value.")
        if isinstance(value, list) and not all(isinstance(item, str) for item in value):
            raise UsageError(f"{where}: not a list of strings", "Correct its value.")
        if key == "spelling" and value not in [*Spelling]:
            raise UsageError(f"{where}: {value!r}", f"Known: {', '.join(Spelling)}.")
        values[key.replace("-", "_")] = tuple(value) if isinstance(value, list) else value
    return _Table(**values)
