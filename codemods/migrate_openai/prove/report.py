"""A proof for people and for machines: terminal, Markdown, JSON, SARIF. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from codemods.migrate_openai.prove.model import (
    ABSENT,
    ChangedValue,
    CommandResult,
    Difference,
    Frame,
    Isolation,
    Proof,
    Run,
    Verdict,
)
from codemods.migrate_openai.prove.outcomes import never_started

VERDICTS = tuple(Verdict)
_WIDTH = 160
_CHANGES = 12


def text(proof: Proof, *, every: bool = False) -> str:
    """What the terminal shows; ``every``: proven sites one by one as well."""
    return "\n".join(_text(proof, every)) + "\n"


def _text(proof: Proof, every: bool) -> Iterator[str]:
    for result in proof.sites:
        site = result.site
        proven = result.verdict in (Verdict.PROVEN, Verdict.ISOLATED)
        if proven and not result.known and not every:
            continue
        sent = f" ({_plural(result.requests, 'request')})" if result.requests else ""
        yield f"{site}: {result.verdict}: {site.source}{sent}"
        if result.note:
            yield f"    {result.note}"
        for difference in result.differences:
            yield from _difference(proof, difference)
        if result.unstable:
            yield f"    left out, varies with the old code too: {', '.join(result.unstable)}"
        for known in result.known:
            yield f"    known difference: {known}"
    for difference in proof.elsewhere:
        yield f"{_place(difference.where)}: different: a request of no migrated site"
        yield from _difference(proof, difference)
    for command in proof.commands:
        yield from _command(command)
    yield from remarks(proof)
    yield summary(proof)


def _difference(proof: Proof, difference: Difference) -> Iterator[str]:
    if difference.where is not None:
        line = _line(proof, difference.where)
        yield f"    {_place(difference.where)}: {line}".rstrip(": ")
    if difference.test:
        yield f"    in {difference.test}"
    for change in difference.changes[:_CHANGES]:
        yield f"      {_change(change)}"
    if len(difference.changes) > _CHANGES:
        yield f"      and {len(difference.changes) - _CHANGES} more"
    if difference.times > 1:
        yield f"      the same in {difference.times} requests"


def _command(command: CommandResult) -> Iterator[str]:
    reason = never_started(command.before)
    if command.failed:
        said = f"it never started: {reason}" if reason else "nothing is proven by it"
        yield f"command: {_short(command)}: {_failure(command)}; {said}"
        yield from _tail(command.before)
    if command.same:
        return
    yield f"command: {_short(command)}: another outcome"
    yield from (f"      {line}" for line in _starts(command))
    yield from (f"      {line}" for line in _outcome(command))
    if command.before.exit_code != command.after.exit_code and not command.after.tests:
        yield from _tail(command.after)


def _failure(command: CommandResult) -> str:
    return f"exit {command.before.exit_code}, before and after"


def _starts(command: CommandResult) -> Iterator[str]:
    """Where it did not begin at all."""
    for when, run in (("before", command.before), ("after", command.after)):
        reason = never_started(run)
        if reason:
            yield f"{when} the migration it never started: {reason}"


def remarks(proof: Proof) -> Iterator[str]:
    """What the commands were run with, each thing once."""
    found: dict[str, None] = {}
    for command in proof.commands:
        found |= dict.fromkeys(_remarks(command))
    yield from found


def _remarks(command: CommandResult) -> Iterator[str]:
    before, after = command.before, command.after
    if before.python == after.python:
        yield f"python: {_python(before)}"
    else:
        yield f"python: {_python(before)} before, {_python(after)} after"
    if command.command.before_reason:
        wanted = " ".join(command.command.before_with)
        yield f"sdk: {wanted} before the migration ({command.command.before_reason})"
    for run in (before, after):
        yield _network(run)
        yield from _silent_mocks(run)
        if run.cut:
            yield f"log: {_plural(run.cut, 'record')} cut by the end of a process, not compared"


def _python(run: Run) -> str:
    return f"{run.python.path} ({run.python.version})" if run.python.path else "none was started"


def _network(run: Run) -> str:
    if run.isolation is Isolation.NAMESPACE:
        return "network: none, by a namespace of the system"
    why = f" ({run.refusal})" if run.refusal else ""
    return f"network: refused by hooks in Python{why}; other programs could reach it"


def _silent_mocks(run: Run) -> Iterator[str]:
    """A suite that replaces httpx, and an SDK that sends with something else."""
    for version, transport in run.sdk.items():
        if run.transport_mocks and transport not in ("", "httpx"):
            mocks = ", ".join(sorted(run.transport_mocks))
            yield (
                f"mocks: {mocks} replaces httpx, but openai {version} sends with {transport}: "
                "the stand-in answered in its place"
            )


def _short(command: CommandResult) -> str:
    text = command.command.text
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."


def _outcome(command: CommandResult) -> Iterator[str]:
    """The changes of a command's outcome; tests that changed in the same way are one."""
    patched, others = command.before.patched, []
    mocked: list[str] = []
    announced: list[str] = []
    alike: dict[tuple[str, str], list[str]] = {}
    for change in command.changes:
        test = change.path.removeprefix("test ")
        if test == change.path:
            others.append(_change(change))
        elif test in command.announced:
            announced.append(test)
        elif test in patched:
            mocked.append(test)
        else:
            alike.setdefault((_value(change.before), _value(change.after)), []).append(test)
    for (before, after), tests in sorted(alike.items(), key=lambda group: -len(group[1])):
        others.append(f"{_tests(tests)}: {before} -> {after}")
    yield from others[:_CHANGES]
    if len(others) > _CHANGES:
        yield f"and {len(others) - _CHANGES} more"
    if announced:
        yield f"{_tests(announced)}: as the account says (MOA905), adapt what they replace"
    if mocked:
        names = ", ".join(sorted({name for test in mocked for name in patched[test]}))
        yield (
            f"{_tests(mocked)}: they put mocks in the place of openai's {names}, which the "
            "migrated code calls no longer: adapt them"
        )


def _tests(tests: Sequence[str]) -> str:
    more = ", ..." if len(tests) > 1 else ""
    return f"{_plural(len(tests), 'test')} with another result ({tests[0]}{more})"


def _tail(run: Run) -> Iterator[str]:
    for said, count in ((run.output, 8), (run.errors, 4)):
        lines = [line for line in said.splitlines() if line.strip()]
        yield from (f"    | {line[:_WIDTH]}" for line in lines[-count:])


def summary(proof: Proof) -> str:
    counts = [f"{proof.count(v)} {v}" for v in reversed(VERDICTS) if proof.count(v)]
    exercised = sum(not result.verdict.is_open for result in proof.sites)
    total = len(proof.sites)
    coverage = f" ({100 * exercised // total} % of the sites covered)" if total else ""
    same = sum(command.same for command in proof.commands)
    outcomes = f"{same} of {_plural(len(proof.commands), 'command')} with the same outcome"
    failed = sum(command.failed for command in proof.commands)
    outcomes += f", {failed} failed before and after" if failed else ""
    sites = ", ".join(counts) or "no migrated call"
    return (
        f"{_plural(total, 'site')}: {sites}{coverage}; "
        f"{_plural(proof.requests, 'request')}; {outcomes}"
    )


def markdown(proof: Proof) -> str:
    """For a pull request."""
    return "\n".join(_markdown(proof)) + "\n"


def _markdown(proof: Proof) -> Iterator[str]:
    yield "## Migration proof"
    yield ""
    yield f"{summary(proof)}."
    yield ""
    for command in proof.commands:
        mark = "same outcome" if command.same else "**another outcome**"
        if command.failed:
            mark = f"**failed** ({_failure(command)})"
        yield f"- `{_short(command)}`: {mark}"
        yield from (f"  - {_cell(line)}" for line in _starts(command))
        yield from (f"  - {_cell(line)}" for line in _outcome(command))
    yield from (f"- {_cell(remark)}" for remark in remarks(proof))
    yield ""
    yield "| Call | Verdict | Requests | Remarks |"
    yield "| --- | --- | --- | --- |"
    for result in proof.sites:
        place = f"`{result.site}`"
        what = "<br>".join(
            _cell(_change(change))
            for difference in result.differences
            for change in difference.changes[:_CHANGES]
        )
        known = "<br>".join(f"known: {_cell(said)}" for said in result.known)
        what = "<br>".join(part for part in (what, known, _cell(result.note)) if part)
        verdict = f"**{result.verdict}**" if result.verdict is Verdict.DIFFERENT else result.verdict
        yield f"| {place} `{result.site.source}` | {verdict} | {result.requests} | {what} |"
    for difference in proof.elsewhere:
        what = "<br>".join(_cell(_change(change)) for change in difference.changes[:_CHANGES])
        yield f"| `{_place(difference.where)}` (no migrated site) | **different** | | {what} |"


def _cell(value: str) -> str:
    return value.replace("|", "\\|").replace("\n", " ")


def as_json(proof: Proof) -> str:
    return json.dumps(_object(proof), indent=2, ensure_ascii=False, default=repr) + "\n"


def _object(proof: Proof) -> dict[str, Any]:
    return {
        "summary": {
            "sites": len(proof.sites),
            **{verdict.replace(" ", "_"): proof.count(verdict) for verdict in VERDICTS},
            "elsewhere": len(proof.elsewhere),
            "requests": proof.requests,
            "same": proof.same,
            "failed_commands": sum(command.failed for command in proof.commands),
        },
        "remarks": list(remarks(proof)),
        "commands": [_json_command(command) for command in proof.commands],
        "sites": [
            {
                "file": result.site.file,
                "line": result.site.line,
                "column": result.site.column,
                "new_line": result.site.new_line,
                "rule": result.site.rule,
                "source": result.site.source,
                "verdict": result.verdict,
                "requests": result.requests,
                "unstable": list(result.unstable),
                "known": list(result.known),
                "note": result.note,
                "differences": [_json_difference(proof, d) for d in result.differences],
            }
            for result in proof.sites
        ],
        "elsewhere": [_json_difference(proof, d) for d in proof.elsewhere],
    }


def _json_command(command: CommandResult) -> dict[str, Any]:
    runs = {"before": command.before, "after": command.after}
    return {
        "command": list(command.command.arguments),
        "same": command.same,
        "failed": command.failed,
        "exit_code": {when: run.exit_code for when, run in runs.items()},
        "never_started": {when: never_started(run) for when, run in runs.items()},
        "python": {
            when: {"path": run.python.path, "version": run.python.version}
            for when, run in runs.items()
        },
        "isolation": {
            when: {"held": run.isolation.value, "refusal": run.refusal}
            for when, run in runs.items()
        },
        "before_with": list(command.command.before_with),
        "announced": sorted(command.announced),
        "changes": [_json_change(change) for change in command.changes],
    }


def _json_difference(proof: Proof, difference: Difference) -> dict[str, Any]:
    where = difference.where
    return {
        "file": where.file if where else None,
        "line": where.line if where else None,
        "source": _line(proof, where) if where else None,
        "test": difference.test,
        "times": difference.times,
        "changes": [_json_change(change) for change in difference.changes],
    }


def _json_change(change: ChangedValue) -> dict[str, Any]:
    found: dict[str, Any] = {"path": change.path}
    for name, value in (("before", change.before), ("after", change.after)):
        if value is not ABSENT:
            found[name] = value
    return found


def as_sarif(proof: Proof) -> str:
    """SARIF 2.1.0: a result for every site that is not proven and every other difference."""
    rules = [
        {
            "id": "different",
            "shortDescription": {"text": "The migrated call sends another request"},
        },
        {"id": "not-exercised", "shortDescription": {"text": "Nothing ran this migrated call"}},
        {"id": "outcome", "shortDescription": {"text": "A command ends in another way"}},
    ]
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "migrate_openai --prove", "rules": rules}},
                "results": list(_sarif_results(proof)),
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _sarif_results(proof: Proof) -> Iterator[dict[str, Any]]:
    for result in proof.sites:
        site = result.site
        if result.verdict is Verdict.DIFFERENT:
            for difference in result.differences:
                where = difference.where
                file, line = (where.file, where.line) if where else (site.file, site.line)
                yield _sarif("different", "error", _changes(difference.changes), file, line)
        elif result.verdict is Verdict.NOT_EXERCISED:
            why = f": {result.note}" if result.note else ""
            message = f"{site.source} was not exercised{why}"
            yield _sarif("not-exercised", "note", message, site.file, site.line)
        elif result.verdict is Verdict.NOT_PROVEN:
            message = f"{site.source} is not proven: {result.note}"
            yield _sarif("not-exercised", "warning", message, site.file, site.line)
    for difference in proof.elsewhere:
        where = difference.where
        message = _changes(difference.changes)
        yield _sarif(
            "different", "error", message, where.file if where else "", where.line if where else 1
        )
    for command in proof.commands:
        if not command.same:
            message = f"{_short(command)}: {'; '.join([*_starts(command), *_outcome(command)])}"
            yield _sarif("outcome", "error", message, "", 1)
        elif command.failed:
            message = f"{_short(command)}: {_failure(command)}"
            yield _sarif("outcome", "error", message, "", 1)


def _sarif(rule: str, level: str, message: str, file: str, line: int) -> dict[str, Any]:
    found: dict[str, Any] = {"ruleId": rule, "level": level, "message": {"text": message}}
    if file:
        place = {"artifactLocation": {"uri": file}, "region": {"startLine": line}}
        found["locations"] = [{"physicalLocation": place}]
    return found


def _changes(changes: Sequence[ChangedValue]) -> str:
    return "; ".join(_change(change) for change in changes[:_CHANGES])


def _change(change: ChangedValue) -> str:
    return f"{change.path}: {_value(change.before)} -> {_value(change.after)}"


def _value(value: Any) -> str:
    if value is ABSENT:
        return "(absent)"
    shown = json.dumps(value, ensure_ascii=False, default=repr)
    return shown if len(shown) <= _WIDTH else shown[: _WIDTH - 3] + "..."


def _place(frame: Frame | None) -> str:
    return f"{frame.file}:{frame.line}" if frame else "outside of the project"


def _line(proof: Proof, frame: Frame) -> str:
    lines = proof.texts.get(frame.file, "").splitlines()
    return lines[frame.line - 1].strip() if 0 < frame.line <= len(lines) else ""


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
