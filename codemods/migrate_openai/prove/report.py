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
    Proof,
    Run,
    Verdict,
)

VERDICTS: tuple[Verdict, ...] = ("different", "not exercised", "proven", "proven in isolation")
_WIDTH = 160
_CHANGES = 12


def text(proof: Proof, *, every: bool = False) -> str:
    """What the terminal shows; ``every``: proven sites one by one as well."""
    return "\n".join(_text(proof, every)) + "\n"


def _text(proof: Proof, every: bool) -> Iterator[str]:
    for result in proof.sites:
        site = result.site
        if result.verdict.startswith("proven") and not every:
            continue
        sent = f" ({_plural(result.requests, 'request')})" if result.requests else ""
        yield f"{site}: {result.verdict}: {site.source}{sent}"
        if result.note:
            yield f"    {result.note}"
        for difference in result.differences:
            yield from _difference(proof, difference)
        if result.unstable:
            yield f"    left out, varies with the old code too: {', '.join(result.unstable)}"
    for difference in proof.elsewhere:
        yield f"{_place(difference.where)}: different: a request of no migrated site"
        yield from _difference(proof, difference)
    for command in proof.commands:
        yield from _command(command)
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
    if command.same and command.before.exit_code:
        yield f"command: {_short(command)}: exit {command.before.exit_code}, before and after"
        yield from _tail(command.before)
    if command.same:
        return
    yield f"command: {_short(command)}: another outcome"
    yield from (f"      {line}" for line in _outcome(command))
    if command.before.exit_code != command.after.exit_code and not command.after.tests:
        yield from _tail(command.after)


def _short(command: CommandResult) -> str:
    text = command.command.text
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."


def _outcome(command: CommandResult) -> Iterator[str]:
    """The changes of a command's outcome; tests that changed in the same way are one."""
    patched, others = command.before.patched, []
    mocked: list[str] = []
    alike: dict[tuple[str, str], list[str]] = {}
    for change in command.changes:
        test = change.path.removeprefix("test ")
        if test == change.path:
            others.append(_change(change))
        elif test in patched:
            mocked.append(test)
        else:
            alike.setdefault((_value(change.before), _value(change.after)), []).append(test)
    for (before, after), tests in sorted(alike.items(), key=lambda group: -len(group[1])):
        others.append(f"{_tests(tests)}: {before} -> {after}")
    yield from others[:_CHANGES]
    if len(others) > _CHANGES:
        yield f"and {len(others) - _CHANGES} more"
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
    exercised = sum(r.verdict != "not exercised" for r in proof.sites)
    total = len(proof.sites)
    coverage = f" ({100 * exercised // total} % of the sites covered)" if total else ""
    same = sum(command.same for command in proof.commands)
    outcomes = f"{same} of {_plural(len(proof.commands), 'command')} with the same outcome"
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
        failed = f" (exit {command.before.exit_code})" if command.before.exit_code else ""
        mark = f"same outcome{failed}" if command.same else "**another outcome**"
        yield f"- `{_short(command)}`: {mark}"
        yield from (f"  - {_cell(line)}" for line in _outcome(command))
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
        what = "<br>".join(part for part in (what, _cell(result.note)) if part)
        verdict = f"**{result.verdict}**" if result.verdict == "different" else result.verdict
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
        },
        "commands": [
            {
                "command": list(command.command.arguments),
                "same": command.same,
                "exit_code": {"before": command.before.exit_code, "after": command.after.exit_code},
                "changes": [_json_change(change) for change in command.changes],
            }
            for command in proof.commands
        ],
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
                "note": result.note,
                "differences": [_json_difference(proof, d) for d in result.differences],
            }
            for result in proof.sites
        ],
        "elsewhere": [_json_difference(proof, d) for d in proof.elsewhere],
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
        if result.verdict == "different":
            for difference in result.differences:
                where = difference.where
                file, line = (where.file, where.line) if where else (site.file, site.line)
                yield _sarif("different", "error", _changes(difference.changes), file, line)
        elif result.verdict == "not exercised":
            why = f": {result.note}" if result.note else ""
            message = f"{site.source} was not exercised{why}"
            yield _sarif("not-exercised", "note", message, site.file, site.line)
    for difference in proof.elsewhere:
        where = difference.where
        message = _changes(difference.changes)
        yield _sarif(
            "different", "error", message, where.file if where else "", where.line if where else 1
        )
    for command in proof.commands:
        if not command.same:
            message = f"{_short(command)}: {'; '.join(_outcome(command))}"
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
