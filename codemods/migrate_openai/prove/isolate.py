"""``--prove-sites``: calls that no command reached, each alone, with made-up arguments.

The old and the new call are cut out of their files, with the construction of their client; what the
rest of the program would have put in is replaced by the same values on both sides.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from codemods.migrate_openai.prove import compare, launch
from codemods.migrate_openai.prove.extract import UnfitError, extract
from codemods.migrate_openai.prove.install import Installs
from codemods.migrate_openai.prove.migrate import Migrated
from codemods.migrate_openai.prove.model import (
    CallSite,
    Command,
    Difference,
    Frame,
    Proof,
    Run,
    SentRequest,
    SiteResult,
    Verdict,
)
from codemods.migrate_openai.prove.normal import normalise
from codemods.migrate_openai.prove.proof import Options, collect
from codemods.migrate_openai.prove.scratch import Scratch

_FOLDER = "migrate_proof_cases"
_RUNNER = """\
import json, runpy, sys
said = {}
for name in sys.argv[1:]:
    try:
        runpy.run_path(name, run_name="case")
    except BaseException as error:
        said[name] = "%s: %s" % (type(error).__name__, str(error).split("\\n")[0][:200])
print("\\n" + json.dumps(said))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A site's two programs. ``file`` is where either stands when it runs."""

    result: SiteResult
    file: str
    old: str
    new: str


def prove_sites(
    proof: Proof, done: Migrated, place: Scratch, commands: Sequence[Command], options: Options
) -> Proof:
    """The proof, with every site that is not decided yet tried in isolation."""
    cases, results = [], []
    for number, result in enumerate(proof.sites):
        if not result.verdict.is_open:
            results.append(result)
            continue
        site = result.site
        try:
            old, new = extract(site, done.old[site.file], done.new[site.file], options.router)
        except (UnfitError, SyntaxError) as reason:
            results.append(_left(result, str(reason)))
            continue
        file = f"{_FOLDER}/case_{number}.py"
        cases.append(_Case(result=result, file=file, old=old, new=new))
    if not cases:
        return replace(proof, sites=tuple(results))
    results += _tried(cases, place, commands, options)
    return replace(proof, sites=tuple(sorted(results, key=_place)))


def _left(result: SiteResult, why: str) -> SiteResult:
    said = f"not to be isolated: {why}"
    return replace(result, note=f"{result.note}; {said}" if result.note else said)


def _place(result: SiteResult) -> CallSite:
    return result.site


def _tried(
    cases: Sequence[_Case], place: Scratch, commands: Sequence[Command], options: Options
) -> list[SiteResult]:
    """Run the old programs with every interpreter that was given, the new ones once."""
    plain = Command(arguments=(sys.executable,))
    before: dict[str, Sequence[SentRequest]] = {}
    reasons: dict[str, str] = {}
    for command in [*commands, plain]:
        left = [case for case in cases if case.file not in before]
        if not left:
            break
        with Installs(place.home, [command]) as installs:
            library = installs.folder(command)
        run = _run(left, place, command, options, library=library, old=True)
        sent = _by_file(run)
        before |= {case.file: sent[case.file] for case in left if case.file in sent}
        reasons |= _said(run)
    after_command = next((c for c in commands if c.after_python), plain)
    after_run = _run(cases, place, after_command, options, library=None, old=False)
    after, said = _by_file(after_run), _said(after_run)
    found = []
    for case in cases:
        if case.file not in before:
            why = reasons.get(case.file, "it sent no request")
            found.append(_left(case.result, why))
            continue
        found.append(
            _compared(case, before[case.file], after.get(case.file, ()), said.get(case.file, ""))
        )
    return found


def _compared(
    case: _Case, before: Sequence[SentRequest], after: Sequence[SentRequest], error: str
) -> SiteResult:
    site = case.result.site
    where = Frame(file=site.file, line=site.new_line or site.line, function="")
    pairs = [
        compare.Pair(
            before=_group(before, index, site, where), after=_group(after, index, site, where)
        )
        for index in range(max(len(before), len(after)))
    ]
    found, _, known = collect(pairs, set())
    differences = [replace(difference, where=where) for difference in found]
    return replace(
        case.result,
        verdict=Verdict.DIFFERENT if differences else Verdict.ISOLATED,
        requests=len(before),
        differences=tuple(_once(differences)),
        known=tuple(known),
        note=error if differences else "",
    )


def _once(differences: Sequence[Difference]) -> Sequence[Difference]:
    return list({str(d.changes): d for d in differences}.values())


def _group(
    calls: Sequence[SentRequest], index: int, site: CallSite, where: Frame
) -> compare.Group | None:
    if index >= len(calls):
        return None
    return compare.Group(
        site=site,
        frame=where,
        sent=normalise(calls[index]),
        test="",
        task="",
        position=index,
    )


def _run(
    cases: Sequence[_Case],
    place: Scratch,
    command: Command,
    options: Options,
    *,
    library: Path | None,
    old: bool,
) -> Run:
    folder = place.root / _FOLDER
    folder.mkdir(exist_ok=True)
    for case in cases:
        text = case.old if old else case.new
        (place.root / case.file).write_text(text, encoding="utf-8")
    runner = folder / "run.py"
    runner.write_text(_RUNNER, encoding="utf-8")
    python = (command.before_python if old else command.after_python) or (
        launch.interpreter(command.arguments[0]) or sys.executable
    )
    environment = dict(options.environment)
    if library is not None:
        environment["PYTHONPATH"] = str(library)
    return launch.run(
        (python, str(runner), *(case.file for case in cases)),
        place,
        place.root,
        timeout=options.timeout,
        isolation=options.isolation,
        environment=environment,
    )


def _by_file(run: Run) -> dict[str, list[SentRequest]]:
    found: dict[str, list[SentRequest]] = {}
    for call in run.calls:
        file = next((f.file for f in call.stack if f.file.startswith(f"{_FOLDER}/case_")), "")
        if file:
            found.setdefault(file, []).append(call)
    return found


def _said(run: Run) -> Mapping[str, str]:
    """What went wrong, by case."""
    lines = run.output.strip().splitlines()
    try:
        said: dict[str, str] = json.loads(lines[-1]) if lines else {}
    except ValueError:
        said = {}
    return said
