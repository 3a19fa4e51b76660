"""What the hook wrote down while a command ran, read."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from codemods.migrate_openai.prove.model import Ended, Frame, Isolation, Python, Run, SentRequest


@dataclass(slots=True, kw_only=True)
class Log:
    """The records of one run, by kind."""

    calls: list[SentRequest] = field(default_factory=list)
    tests: dict[str, str] = field(default_factory=dict)
    mocked: set[Frame] = field(default_factory=set)
    patched: dict[str, frozenset[str]] = field(default_factory=dict)
    python: Python = field(default_factory=Python)
    transports: dict[str, str] = field(default_factory=dict)
    mocks: set[str] = field(default_factory=set)
    cut: int = 0

    def take(self, record: dict[str, Any]) -> None:
        kind = record["kind"]
        if kind == "test":
            # A failed set-up or tear-down outweighs the test's own result.
            if record["when"] == "call" or record["outcome"] != "passed":
                said = f": {record['reason']}" if record["reason"] else ""
                self.tests[record["test"]] = record["outcome"] + said
        elif kind == "mock":
            self.mocked.add(_frame(record["place"]))
        elif kind == "patch":
            test = record["test"]
            self.patched[test] = self.patched.get(test, frozenset()) | {record["name"]}
        elif kind == "python":
            if not self.python.path:
                self.python = Python(path=record["path"], version=record["version"])
        elif kind == "sdk":
            self.transports[record["version"]] = record["transport"]
        elif kind == "transport mock":
            self.mocks.add(record["name"])
        else:
            self.calls.append(_call(record))

    def run(self, ended: Ended, isolation: Isolation, refusal: str) -> Run:
        return Run(
            exit_code=ended.exit_code,
            calls=tuple(self.calls),
            tests=self.tests,
            output=ended.output,
            errors=ended.errors,
            mocked=frozenset(self.mocked),
            patched=self.patched,
            python=self.python,
            sdk=self.transports,
            transport_mocks=frozenset(self.mocks),
            cut=self.cut,
            isolation=isolation,
            refusal=refusal,
        )


def read(path: Path) -> Log:
    log = Log()
    for line in _lines(path):
        try:
            log.take(json.loads(line))
        except (ValueError, KeyError, TypeError):
            log.cut += 1  # by the end of the process that wrote it
    return log


def _lines(path: Path) -> Iterable[str]:
    text = path.read_text("utf-8", "replace") if path.exists() else ""
    return (line for line in text.split("\n") if line)


def _frame(place: list[Any]) -> Frame:
    file, line, function = place[:3]
    return Frame(file=file, line=line, function=function, span=_span(place))


def _span(place: list[Any]) -> tuple[int, int, int, int] | None:
    first, last, column, end = (place[3:] + [None] * 4)[:4]
    return None if column is None else (first, column, last, end)


def _call(record: dict[str, Any]) -> SentRequest:
    return SentRequest(
        process=record["process"],
        test=record["test"],
        task=record["task"],
        stack=tuple(_frame(place) for place in record["stack"]),
        method=record["method"],
        url=record["url"],
        headers=tuple((name, value) for name, value in record["headers"]),
        body=base64.b64decode(record["body"]),
        timeout=record["timeout"],
        retries=record["retries"],
        llm=record["llm"],
        own_server=record["own_server"],
    )
