"""``python -m codemods.migrate_openai PATHS --prove -- COMMAND``: arguments, exit code."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from codemods.migrate_openai.cli import settings as configuration
from codemods.migrate_openai.cli.command import requirement_files
from codemods.migrate_openai.cli.printable import printable
from codemods.migrate_openai.cli.settings import Settings
from codemods.migrate_openai.errors import SourceError, UsageError
from codemods.migrate_openai.files import write
from codemods.migrate_openai.files.file_report import Item, Outcome, SideFile
from codemods.migrate_openai.files.pipeline import imports_openai
from codemods.migrate_openai.files.state_folder import of_project, unfinished
from codemods.migrate_openai.files.transaction import Transaction, locked, settle
from codemods.migrate_openai.files.vendor import router_files
from codemods.migrate_openai.files.write_run import written
from codemods.migrate_openai.prove import report
from codemods.migrate_openai.prove.migrate import Migrated, migrate
from codemods.migrate_openai.prove.model import Command, Isolation, Proof
from codemods.migrate_openai.prove.proof import Options, prove
from codemods.migrate_openai.prove.scratch import scratch

CLEAN, TO_DO, SOME_FAILED = 0, 1, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the arguments ask for."""

    settings: Settings
    commands: tuple[Command, ...]
    alone: Command
    """The interpreters for calls that are run in isolation."""
    sites: bool
    timeout: float
    compare_output: bool
    cassettes: str
    allow_different: bool
    markdown: str
    verbose: bool
    isolation: Isolation


def read(arguments: Sequence[str]) -> Request:
    """Parse. Raises `UsageError`; argparse's own errors raise SystemExit."""
    first, groups = _split(arguments)
    known, rest = _parser().parse_known_args(first)
    commands = []
    alone = _command(known, [sys.executable])
    given = known
    for options, command in groups:
        given, more = _parser().parse_known_args(options, argparse.Namespace(**vars(given)))
        rest += more
        if not command:
            raise UsageError(
                "--prove without a command", "Write it last: --prove -- python -m pytest."
            )
        commands.append(_command(given, command))
    if given.timeout <= 0:
        raise UsageError(f"--timeout {given.timeout:g}: too short", "Give seconds, more than 0.")
    settings = configuration.read(rest)
    if settings.stdin:
        raise UsageError("- cannot be proven", "Give the paths of files.")
    return Request(
        settings=settings,
        commands=tuple(commands),
        alone=alone,
        sites=given.prove_sites,
        timeout=given.timeout,
        compare_output=given.compare_output,
        cassettes=given.from_cassettes,
        allow_different=given.allow_different,
        markdown=given.markdown,
        verbose=given.verbose,
        isolation=Isolation(given.isolation),
    )


def _command(given: argparse.Namespace, arguments: Sequence[str]) -> Command:
    return Command(
        arguments=tuple(arguments),
        before_python=_interpreter(given.before_python),
        after_python=_interpreter(given.after_python),
        before_with=tuple(given.before_with),
    )


def _split(arguments: Sequence[str]) -> tuple[list[str], list[tuple[list[str], list[str]]]]:
    """What stands before the first --prove, then (options, command) of each."""
    groups: list[tuple[list[str], list[str]]] = []
    first: list[str] = []
    options, command = first, False
    for argument in arguments:
        if argument == "--prove":
            groups.append(([], []))
            options, command = groups[-1][0], False
        elif argument == "--" and groups and not command:
            command = True
        elif command:
            groups[-1][1].append(argument)
        else:
            options.append(argument)
    return first, groups


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m codemods.migrate_openai", add_help=False, allow_abbrev=False
    )
    add = parser.add_argument
    add("--prove-sites", action="store_true")
    add("--before-python", default="")
    add("--after-python", default="")
    add("--before-with", action="append", default=[])
    add("--timeout", type=float, default=600.0)
    add("--compare-output", action="store_true")
    add("--from-cassettes", default="")
    add("--allow-different", action="store_true")
    add("--markdown", default="")
    add("--verbose", action="store_true")
    add("--isolation", choices=[one.value for one in Isolation], default=Isolation.AUTO.value)
    return parser


def _interpreter(name: str) -> str:
    if not name:
        return ""
    found = shutil.which(name)
    if found is None:
        raise UsageError(f"{name}: no interpreter", "Give the path of a python executable.")
    return str(Path(found).absolute())


def main(arguments: Sequence[str]) -> int:
    """Run the proof and return the exit code: 0 without a difference, else 1."""
    request = read(arguments)
    settle(unfinished(of_project(request.settings.paths)), _say)
    signal.signal(signal.SIGTERM, _interrupt)
    first = None
    if request.cassettes:
        from codemods.migrate_openai.prove.recorded import answers

        first = answers(Path(request.cassettes))
    options = Options(
        timeout=request.timeout,
        compare_output=request.compare_output,
        first=first,
        router=request.settings.options.router,
        isolation=request.isolation,
    )
    with scratch(Path.cwd().resolve()) as place:
        proof, done = prove(
            place,
            request.commands,
            lambda copy: migrate(request.settings, copy),
            options,
            _progress,
        )
        if request.sites:
            from codemods.migrate_openai.prove.isolate import prove_sites

            commands = [*(result.command for result in proof.commands), request.alone]
            proof = prove_sites(proof, done, place, commands, options)
    _show(request, proof)
    failed = _write(request, proof, done) if request.settings.write else False
    if failed:
        return SOME_FAILED
    return CLEAN if proof.holds else TO_DO


def _show(request: Request, proof: Proof) -> None:
    if request.markdown:
        _save(request.markdown, report.markdown(proof))
    if request.settings.output == "json":
        sys.stdout.write(report.as_json(proof))
    elif request.settings.output == "sarif":
        sys.stdout.write(report.as_sarif(proof))
    else:
        sys.stdout.write(printable(report.text(proof, every=request.verbose), keep="\n"))


def _save(path: str, text: str) -> None:
    target = Path(path)
    try:
        old = target.read_bytes() if target.exists() else None
        write.replace(path, old, text.encode())
    except (OSError, SourceError) as error:
        raise UsageError(f"{path}: {error}", "Give a file that can be written.") from error


def _write(request: Request, proof: Proof, done: Migrated) -> bool:
    """Write what is proven into the user's tree, or nothing where a file cannot be written."""
    refused = set() if request.allow_different else set(proof.different_files)
    blamed = bool(refused) or request.allow_different
    if not blamed and not proof.same:
        refused = set(done.files)  # an outcome differs, and nobody knows because of which file
    items: list[Item] = []
    if request.settings.vendor_router and len(refused) < len(done.files):
        router = request.settings.options.router
        items += router_files(request.settings.vendor_router, router)
    for name, (before, after) in done.files.items():
        if name in refused:
            _say(f"{name}: not written: its requests differ (--allow-different writes it)")
        else:
            items.append(SideFile(path=name, before=before, after=after))
    if request.settings.deps and len(refused) < len(done.files):
        texts = (done.old[name] if name in refused else text for name, text in done.new.items())
        items += requirement_files(request.settings, keep=any(map(imports_openai, texts)))
    state = of_project(request.settings.paths)
    with locked(state, _say), Transaction(state) as transaction:
        results, _ = written(items, transaction, diff=False)
    errors = [item for item in results if isinstance(item, Outcome)]
    for outcome in errors:
        _say(f"{outcome.path}: {outcome.error}")
    number = 0 if errors else len(done.files) - len(refused)
    _say(f"{number} of {len(done.files)} files written")
    return bool(errors)


def _progress(what: str) -> None:
    if sys.stderr.isatty():
        _say(what)


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt


def _say(text: str) -> None:
    sys.stderr.write(printable(text) + os.linesep)
