"""The suites of public projects, before and after the migration.

    python tests/public_suites/run.py WORK [--mirror DIR] [--only NAME]... [--spelling NAME]...

Needs git, the network (for the sources, once, and the packages) and ``uv``. README.md says more.
"""

from __future__ import annotations

import argparse
import json
import platform
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import environments
import migration
import projects
import report
import sources
import suites
from comparison import compare
from environments import Side
from packaging.specifiers import SpecifierSet
from projects import Project
from report import Result

DEFAULT = "default"
EXIT_LOST, EXIT_USAGE, EXIT_TERMINATED = 1, 2, 143


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a run is asked to do."""

    work: Path
    checkout: Path
    mirror: Path | None
    spellings: tuple[str, ...]
    timeout: float
    freeze: bool


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    # Not killed on the spot: what was started has to be ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(EXIT_TERMINATED))
    order = Order(
        work=options.work.resolve(),
        checkout=options.checkout.resolve(),
        mirror=options.mirror and options.mirror.resolve(),
        spellings=tuple(options.spelling or [DEFAULT]),
        timeout=options.timeout,
        freeze=options.freeze,
    )
    try:
        table = projects.load(frozenset(options.only))
    except projects.TableError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    results = list(_all(order, table))
    print(report.as_text(results))
    if options.json:
        document = report.as_json(results, _commit(order.checkout))
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    clean = all(result.comparison and not result.comparison.losses for result in results)
    return 0 if clean else EXIT_LOST


def _all(order: Order, table: Sequence[Project]) -> Iterator[Result]:
    for project in table:
        for result in _project(order, project):
            print(report.one_line(result), file=sys.stderr, flush=True)
            yield result


def _project(order: Order, project: Project) -> Iterator[Result]:
    folder = order.work / project.name
    version = platform.python_version()
    if version not in SpecifierSet(project.python):
        problem = f"needs Python {project.python}, this is {version}"
        yield from (_failed(project, name, problem) for name in order.spellings)
        return
    try:
        sources.checkout(project, folder / "source", order.mirror)
        then, now = environments.prepare(project, folder / "source", folder, order.checkout)
        before = _before(order, project, then, folder)
    except (sources.SourceError, environments.InstallError) as error:
        yield from (_failed(project, name, str(error)) for name in order.spellings)
        return
    if order.freeze:
        environments.freeze(project, now.python)
    for spelling in order.spellings:
        yield _after(order, project, (then, now), before, spelling)


def _before(order: Order, project: Project, side: Side, folder: Path) -> suites.Run:
    """The run before, which is the same every time: once for what is installed there."""
    stamp, results = folder / "before.txt", folder / "before.xml"
    known = f"{side.installed} {project.tests} {project.env}"
    if results.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == known:
        return suites.Run(tests=suites.read(results), isolated=suites.namespaces(), ended="")
    copy = sources.copy(folder / "source", folder / "before")
    run = suites.run(project, side, copy, results, order.timeout)
    if not run.ended:
        stamp.write_text(known, encoding="utf-8")
    return run


def _after(
    order: Order,
    project: Project,
    sides: tuple[Side, Side],
    before: suites.Run,
    spelling: str,
) -> Result:
    folder = order.work / project.name
    if not any(test.outcome is suites.Outcome.PASSED for test in before.tests):
        return _failed(
            project, spelling, f"no test passes before: {before.ended or 'see before.log'}"
        )
    copy = sources.copy(folder / "source", folder / f"after-{spelling}")
    try:
        options = [*project.options, *([] if spelling == DEFAULT else ["--spelling", spelling])]
        account = migration.migrate(copy, order.checkout, options, order.timeout)
    except (migration.MigrationError, subprocess.TimeoutExpired) as error:
        return _failed(project, spelling, str(error))
    results = folder / f"after-{spelling}.xml"
    # A program of which nothing moves stays with its SDK.
    side = sides[account.changed > 0]
    after = suites.run(project, side, copy, results, order.timeout)
    return Result(
        project=project.name,
        spelling=spelling,
        comparison=compare(before, after, account, _texts(project, folder / "source", before)),
        account=account,
        isolated=after.isolated,
    )


def _texts(project: Project, source: Path, before: suites.Run) -> dict[str, str]:
    """The files of the tests, by the names of the report."""
    names = {test.file for test in before.tests if test.file}
    places = {name: source / project.folder / name for name in names}
    return {name: path.read_text("utf-8") for name, path in places.items() if path.is_file()}


def _failed(project: Project, spelling: str, problem: str) -> Result:
    return Result(project=project.name, spelling=spelling, problem=problem)


def _commit(checkout: Path) -> str:
    command = ["git", "-C", str(checkout), "describe", "--always", "--dirty"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("work", type=Path, help="folder for sources, environments and reports")
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--mirror", type=Path, help="clone from DIR/owner+name, not from the URLs")
    parser.add_argument("--spelling", action="append", metavar="NAME", help="auto, sdk, router")
    parser.add_argument("--checkout", type=Path, default=Path(__file__).parents[2])
    parser.add_argument("--timeout", type=float, default=300.0, help="seconds for each suite")
    parser.add_argument("--json", type=Path, help="write the results to this file, too")
    parser.add_argument("--freeze", action="store_true", help="write constraints/NAME.txt anew")
    return parser


if __name__ == "__main__":
    sys.exit(main())
