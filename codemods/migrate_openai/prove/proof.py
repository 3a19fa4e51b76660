"""Run before, migrate, run after, compare: the proof itself."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from codemods.migrate_openai.errors import UsageError
from codemods.migrate_openai.prove import compare, launch, outcomes
from codemods.migrate_openai.prove.announced import announced
from codemods.migrate_openai.prove.compare import Pair
from codemods.migrate_openai.prove.install import Installs
from codemods.migrate_openai.prove.known import note
from codemods.migrate_openai.prove.migrate import Migrated
from codemods.migrate_openai.prove.model import (
    CallSite,
    ChangedValue,
    Command,
    CommandResult,
    Difference,
    Isolation,
    Proof,
    Run,
    SiteResult,
    Verdict,
)
from codemods.migrate_openai.prove.scratch import Scratch
from codemods.migrate_openai.prove.sdk_0_28 import with_its_sdk
from codemods.migrate_openai.prove.sites import SiteIndex, uncalled
from personalvibe.replay.standin import Received, Reply

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
    isolation: Isolation = Isolation.AUTO


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """One command, run with the old code and with the new."""

    command: Command
    library: Path | None
    """What pip installed for the old code."""
    before: Run
    after: Run
    pairs: Sequence[Pair]
    changes: tuple[ChangedValue, ...]

    @property
    def differs(self) -> bool:
        return bool(self.changes) or any(pair.difference for pair in self.pairs)


def prove(
    place: Scratch,
    commands: Sequence[Command],
    migrate: Callable[[Scratch], Migrated],
    options: Options,
    progress: Progress = lambda _: None,
) -> tuple[Proof, Migrated]:
    """The proof and what the codemod did."""
    progress("migrating the copy")
    done = migrate(place)
    place.put_aside()
    commands = [with_its_sdk(command, place.root, done) for command in commands]
    before = _before(place, commands, options, progress)
    place.take_back()
    trials = []
    for command, (library, old) in zip(commands, before, strict=True):
        progress(f"after: {command.text}")
        trials.append(_trial(place, command, library, old, done, options))
    unstable: dict[CallSite | None, set[str]] = defaultdict(set)
    if any(trial.differs for trial in trials):
        for trial in trials:
            if trial.before.exit_code != trial.after.exit_code:
                _check_router(place, trial.command, options)
        place.renew()
        trials = [_repeated(place, t, done, options, unstable, progress) for t in trials]
    return _proof(trials, done, unstable), done


def _before(
    place: Scratch, commands: Sequence[Command], options: Options, progress: Progress
) -> list[tuple[Path | None, Run]]:
    runs = []
    with Installs(place.home, commands) as installs:
        for command in commands:
            progress(f"before: {command.text}")
            library = installs.folder(command)
            runs.append((library, _run(place, command, options, library=library, old=True)))
    return runs


def _trial(
    place: Scratch,
    command: Command,
    library: Path | None,
    before: Run,
    done: Migrated,
    options: Options,
) -> _Trial:
    skip = [done.router_file] if done.router_file else []
    after = _run(place, command, options, skip=skip)
    return _Trial(
        command=command,
        library=library,
        before=before,
        after=after,
        pairs=_pairs(before, after, done),
        changes=compare.outcome(before, after, output=options.compare_output),
    )


def _repeated(
    place: Scratch,
    trial: _Trial,
    done: Migrated,
    options: Options,
    unstable: dict[CallSite | None, set[str]],
    progress: Progress,
) -> _Trial:
    """Without the changes that a second run of the old code shows too; notes what varies."""
    progress(f"before, a second time: {trial.command.text}")
    again = _run(place, trial.command, options, library=trial.library, old=True)
    index = _index(done, new=False)
    for pair in compare.pairs(trial.before, again, index, index):
        if pair.difference is not None:
            unstable[pair.site] |= {c.path for c in pair.difference.changes}
    varying = compare.outcome(trial.before, again, output=options.compare_output)
    noise = {change.path for change in varying} - {compare.TIME_LIMIT}
    return replace(trial, changes=tuple(c for c in trial.changes if c.path not in noise))


def _proof(
    trials: Sequence[_Trial], done: Migrated, unstable: Mapping[CallSite | None, set[str]]
) -> Proof:
    pairs = [pair for trial in trials for pair in trial.pairs]
    proving = {id(pair) for t in trials for pair in t.pairs if _proves(pair, t.before, t.after)}
    index = _index(done, new=False)
    mocked = {index.at(frame) for trial in trials for frame in trial.before.mocked}
    return Proof(
        sites=tuple(
            _verdict(site, pairs, proving, unstable.get(site, set()), mocked=site in mocked)
            for site in done.sites
        ),
        elsewhere=collect((p for p in pairs if p.site is None), unstable.get(None, set()))[0],
        commands=tuple(_result(trial, done) for trial in trials),
        requests=sum(len(trial.before.calls) for trial in trials),
        texts=done.new,
    )


def _result(trial: _Trial, done: Migrated) -> CommandResult:
    return CommandResult(
        command=trial.command,
        before=trial.before,
        after=trial.after,
        changes=trial.changes,
        announced=announced(done.announced, (change.path for change in trial.changes)),
    )


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
    return launch.run(
        command.arguments,
        place,
        place.root / options.folder,
        timeout=options.timeout,
        first=options.first() if options.first else None,
        isolation=options.isolation,
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


def _proves(pair: Pair, before: Run, after: Run) -> bool:
    """Were the requests sent by what did not fail both times?"""
    if pair.before is None or pair.after is None:
        return False
    return outcomes.worked(before, pair.before.test) or outcomes.worked(after, pair.after.test)


def _verdict(
    site: CallSite, pairs: Sequence[Pair], proving: set[int], unstable: set[str], *, mocked: bool
) -> SiteResult:
    own = [pair for pair in pairs if pair.site == site]
    differences, left_out, known = collect(own, unstable)
    requests = sum(pair.before.times for pair in own if pair.before is not None)
    # A request that only sometimes has a partner says nothing.
    compared = any(pair.before is not None and pair.after is not None for pair in own)
    verdict, note = Verdict.NOT_EXERCISED, _why(site, mocked=mocked)
    if differences:
        verdict, note = Verdict.DIFFERENT, ""
    elif any(id(pair) in proving for pair in own):
        verdict, note = Verdict.PROVEN, ""
    elif compared:
        verdict, note = Verdict.NOT_PROVEN, "what sent it failed, before and after"
    return SiteResult(
        site=site,
        verdict=verdict,
        requests=requests,
        differences=differences,
        unstable=tuple(sorted(left_out)),
        known=tuple(known),
        note=note,
    )


def collect(
    pairs: Iterable[Pair], unstable: set[str]
) -> tuple[tuple[Difference, ...], set[str], list[str]]:
    """Every way in which pairs differ, once, without what varies by itself or is documented.

    Then the paths that vary, and what is documented.
    """
    found: dict[tuple[object, ...], Difference] = {}
    left_out: set[str] = set()
    documented: dict[str, None] = {}
    for pair in pairs:
        difference = pair.difference
        if difference is None:
            continue
        known = {change.path: said for change in difference.changes if (said := note(pair, change))}
        documented |= dict.fromkeys(known.values())
        left_out |= {c.path for c in difference.changes if c.path in unstable}
        changes = tuple(
            c for c in difference.changes if c.path not in unstable and c.path not in known
        )
        if not changes:
            continue
        key = (difference.where, *(c.path for c in changes))
        before = found.get(key)
        found[key] = (
            replace(difference, changes=changes)
            if before is None
            else replace(before, times=before.times + 1)
        )
    return tuple(found.values()), left_out, list(documented)
