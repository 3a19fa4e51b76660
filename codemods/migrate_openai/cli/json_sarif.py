"""Outcomes -> JSON and SARIF, written file by file so that no run is held in memory."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import PurePath
from typing import Any, TextIO

from codemods.migrate_openai.cli.settings import Settings
from codemods.migrate_openai.cli.text_report import ASKED_FOR, Tally
from codemods.migrate_openai.files.deps import Dependency
from codemods.migrate_openai.files.file_report import Outcome, Site, TextChange

Object = dict[str, Any]

_TOTALS = ("files", "changed", "failed", "migrated", "already_done", "left")
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def site(site: Site) -> Object:
    """One site, as ``--json`` has it."""
    finding = site.finding
    found: Object = {
        "rule": finding.rule,
        "kind": finding.kind,
        "status": finding.status,
        "line": site.line,
        "column": site.column,
        "end_line": site.end_line,
        "source": finding.source,
        "message": finding.message,
    }
    if site.cell is not None:
        found["cell"] = site.cell
    if finding.status == "left":
        found["reason"] = finding.reason
        found["advice"] = finding.advice
    if finding.new_line is not None:
        found["new_line"] = finding.new_line
    return found


def file(outcome: Outcome) -> Object:
    """One file, as ``--json`` has it."""
    found: Object = {
        "path": _valid(outcome.path),
        "status": outcome.status,
        "changed": outcome.after is not None,
        "sites": [site(s) for s in outcome.sites],
    }
    if outcome.error:
        found["error"] = _valid(outcome.error)
    return found


class MachineSink:
    """A `sink.Sink` that writes one document, a file at a time."""

    def __init__(self, settings: Settings, stream: TextIO) -> None:
        self._stream = stream
        self._sarif = settings.output == "sarif"
        self._first = True
        self._dependencies: list[Object] = []
        self._failures: list[Object] = []

    def file(self, outcome: Outcome) -> None:
        if not self._sarif:
            self._item(file(outcome))
            return
        if outcome.error:
            self._failures.append(_notification(outcome))
        for result in _results(outcome):
            self._item(result)

    def dependency(self, dependency: Dependency, change: TextChange | None) -> None:
        self._dependencies.append({**asdict(dependency), "path": _valid(dependency.path)})

    def end(self, tally: Tally, *, written: bool) -> None:
        summary = {name: getattr(tally, name) for name in _TOTALS}
        rest = {"dependencies": self._dependencies, "written": written, "summary": summary}
        if self._first:
            self._stream.write(self._head())
        if not self._sarif:
            self._stream.write("\n], " + json.dumps(rest)[1:] + "\n")
            return
        invocation = {
            "executionSuccessful": not tally.failed,
            "toolExecutionNotifications": self._failures,
        }
        run = {"invocations": [invocation], "properties": rest}
        self._stream.write("\n], " + json.dumps(run)[1:] + "]}\n")

    def _item(self, item: Object) -> None:
        # Not before the first file: a usage error leaves stdout empty.
        self._stream.write((f"{self._head()}\n" if self._first else ",\n") + json.dumps(item))
        self._first = False

    def _head(self) -> str:
        return _sarif_head() if self._sarif else '{"version": 1, "files": ['


def _sarif_head() -> str:
    from codemods.migrate_openai.rules import RULES
    from codemods.migrate_openai.rules.pages import summary

    driver = {"name": "migrate-openai", "rules": [_rule(id, *summary(id)) for id in RULES]}
    return (
        f'{{"$schema": "{_SCHEMA}", "version": "2.1.0", "runs": [{{"tool": '
        f'{{"driver": {json.dumps(driver)}}}, "columnKind": "unicodeCodePoints", "results": ['
    )


def _rule(id: str, title: str, what: str) -> Object:
    help = {"text": what, "markdown": what}
    return {"id": id, "shortDescription": {"text": title}, "help": help}


def _notification(outcome: Outcome) -> Object:
    return {
        "level": "error",
        "message": {"text": _valid(outcome.error)},
        "locations": [{"physicalLocation": _artifact(outcome.path)}],
    }


def _results(outcome: Outcome) -> Iterator[Object]:
    for found in outcome.sites:
        finding = found.finding
        if finding.status == "already-done":
            continue
        region = {
            "startLine": found.line,
            "startColumn": found.column,
            "endLine": found.end_line,
        }
        text = " ".join(part for part in (finding.message, finding.advice) if part)
        result: Object = {
            "level": "warning",
            "message": {"text": text or finding.source},
            "locations": [{"physicalLocation": {**_artifact(outcome.path), "region": region}}],
            "properties": {"status": finding.status, "reason": finding.reason},
        }
        if finding.rule:
            result["ruleId"] = finding.rule
        if found.cell is not None:
            result["properties"]["cell"] = found.cell
        if finding.reason in ASKED_FOR:
            result["suppressions"] = [{"kind": "inSource"}]
        yield result


def _artifact(path: str) -> Object:
    return {"artifactLocation": {"uri": uri(PurePath(path))}}


def uri(path: PurePath) -> str:
    from urllib.parse import quote

    return path.as_uri() if path.is_absolute() else quote(os.fsencode(path.as_posix()))


def _valid(text: str) -> str:
    """A file name need not be Unicode; JSON has to be."""
    return text.encode("utf-8", "backslashreplace").decode()
