"""Run before, migrate, run after, compare: the proof itself."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from codemods.migrate_openai.errors import UsageError
from codemods.migrate_openai.prove import compare, launch
from codemods.migrate_openai.prove.compare import Pair
from codemods.migrate_openai.prove.install import Installs
from codemods.migrate_openai.prove.migrate import Migrated
from codemods.migrate_openai.prove.model import (
    CallSite,
    Command,
    CommandResult,
    Difference,
    Proof,
    Run,
    SiteResult,
    Verdict,
)
from codemods.migrate_openai.prove.scratch import Scratch
from codemods.migrate_openai.prove.sites import SiteIndex, uncalled
from personalvibe.replay.standin import Received, Reply, StandIn

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    timeout: float = 600.0
    """Seconds for each execution of a command."""
    compare_output: bool = False
    folder: str = "."
    """Where the commands start, relative to the project."""
    first: Callable[[], Callable[[Received], Reply | None]] | None = None
    """Makes, for every run anew, what is asked for an answer before the stand-in."""
    router: str = "personalvibe.llm_router"
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


def prove(
    place: Scratch,
    commands: Sequence[Command],
    migrate: Callable[[Scratch], Migrated],
    options: Options,
    progress: Progress = lambda _: None,
) -> tuple[Proof, Migrated]:
    """The proof and what the codemod did. The copy is left migrated."""
    libraries, before = [], []
    with Installs(place.home, commands) as installs:
        for command in commands:
            progress(f"before: {command.text}")
            libraries.append(installs.folder(command))
            before.append(_run(place, command, options, library=libraries[-1], old=True))
    place.renew()
    progress("migrating the copy")
    done = migrate(place)
    after = []
    for command in commands:
        progress(f"after: {command.text}")
        skip = [done.router_file] if done.router_file else []
        after.append(_run(place, command, options, skip=skip))
    found = [_pairs(one, two, done) for one, two in zip(before, after, strict=True)]
    changes = [
        compare.outcome(one, two, output=options.compare_output)
        for one, two in zip(before, after, strict=True)
    ]
    unstable: dict[CallSite | None, set[str]] = defaultdict(set)
    if any(changes) or any(pair.difference for pairs in found for pair in pairs):
        for command, one, two in zip(commands, before, after, strict=True):
            if one.exit_code != two.exit_code:
                _check_router(place, command, options)
        place.renew()
        for n, (command, library) in enumerate(zip(commands, libraries, strict=True)):
            progress(f"before, a second time: {command.text}")
            again = _run(place, command, options, library=library, old=True)
            for pair in compare.pairs(
                before[n], again, _index(done, new=False), _index(done, new=False)
            ):
                if pair.difference is not None:
                    unstable[pair.site] |= {c.path for c in pair.difference.changes}
            noise = {
                c.path for c in compare.outcome(before[n], again, output=options.compare_output)
            } - {compare.TIME_LIMIT}
            changes[n] = tuple(c for c in changes[n] if c.path not in noise)
    pairs = [pair for pairs in found for pair in pairs]
    results = tuple(
        CommandResult(command=command, before=one, after=two, changes=change)
        for command, one, two, change in zip(commands, before, after, changes, strict=True)
    )
    index = _index(done, new=False)
    mocked = {index.at(frame) for run in before for frame in run.mocked}
    proof = Proof(
        sites=tuple(
            _verdict(site, pairs, unstable[site], mocked=site in mocked) for site in done.sites
        ),
        elsewhere=_differences((p for p in pairs if p.site is None), unstable[None])[0],
        commands=results,
        requests=sum(len(run.calls) for run in before),
        texts=done.new,
    )
    return proof, done


def _run(
    place: Scratch,
    command: Command,
    options: Options,
    *,
    library: Path | None = None,
    skip: Iterable[str] = (),
    old: bool = False,
) -> Run:
    environment = dict(options.environment)
    if library is not None:
        paths = [str(library), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    python = command.before_python if old else command.after_python
    with StandIn(first=options.first() if options.first else None) as stand_in:
        return launch.run(
            command.arguments,
            place,
            place.root / options.folder,
            stand_in=stand_in.base_url,
            timeout=options.timeout,
            python=Path(python) if python else None,
            skip=skip,
            environment=environment,
        )


def _why(site: CallSite, *, mocked: bool) -> str:
    if mocked:
        return "a mock answered here, and nothing was sent"
    return "handed over uncalled: what it sends counts where it is called" * uncalled(site)


def _check_router(place: Scratch, command: Command, options: Options) -> None:
    """Can the migrated program import what the codemod made it import?"""
    python = command.after_python or launch.interpreter(command.arguments[0])
    if not python:
        return
    probe = f"import litellm, importlib; importlib.import_module({options.router!r})"
    result = _run(
        place,
        replace(command, arguments=(python, "-c", probe)),
        replace(options, timeout=max(options.timeout, 120.0), first=None),
    )
    if result.exit_code != 0:
        last = (result.errors.strip().splitlines() or ["it cannot be started"])[-1]
        raise UsageError(
            f"{python} cannot import litellm and {options.router}: {last}",
            "Install them for the migrated code, name its interpreter with --after-python, or "
            "put the router into the project with --vendor-router.",
        )


def _index(done: Migrated, *, new: bool) -> SiteIndex:
    return SiteIndex(done.sites, done.new if new else done.old, new=new)


def _pairs(before: Run, after: Run, done: Migrated) -> list[Pair]:
    return compare.pairs(before, after, _index(done, new=False), _index(done, new=True))


def _verdict(
    site: CallSite, pairs: Sequence[Pair], unstable: set[str], *, mocked: bool
) -> SiteResult:
    own = [pair for pair in pairs if pair.site == site]
    differences, left_out = _differences(own, unstable)
    requests = sum(pair.before.times for pair in own if pair.before is not None)
    # A request that only sometimes has a partner says nothing.
    compared = any(pair.before is not None and pair.after is not None for pair in own)
    verdict: Verdict = "different" if differences else "proven" if compared else "not exercised"
    return SiteResult(
        site=site,
        verdict=verdict,
        requests=requests,
        differences=differences,
        unstable=tuple(sorted(left_out)),
        note=_why(site, mocked=mocked) if verdict == "not exercised" else "",
    )


def _differences(
    pairs: Iterable[Pair], unstable: set[str]
) -> tuple[tuple[Difference, ...], set[str]]:
    """Every way in which pairs differ, once, without what varies by itself; and what does."""
    found: dict[tuple[object, ...], Difference] = {}
    left_out: set[str] = set()
    for pair in pairs:
        difference = pair.difference
        if difference is None:
            continue
        left_out |= {c.path for c in difference.changes if c.path in unstable}
        changes = tuple(c for c in difference.changes if c.path not in unstable)
        if not changes:
            continue
        key = (difference.where, *(c.path for c in changes))
        known = found.get(key)
        found[key] = (
            replace(difference, changes=changes)
            if known is None
            else replace(known, times=known.times + 1)
        )
    return tuple(found.values()), left_out
