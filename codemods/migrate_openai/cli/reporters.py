"""Where the report goes: text for a person, JSON or SARIF for a machine."""

from __future__ import annotations

import sys
from typing import Protocol, TextIO

from codemods.migrate_openai.cli import text_report as report
from codemods.migrate_openai.cli.printable import printable
from codemods.migrate_openai.cli.settings import Settings
from codemods.migrate_openai.cli.text_report import Tally
from codemods.migrate_openai.files.deps import Dependency
from codemods.migrate_openai.files.file_report import Outcome, TextChange


class Sink(Protocol):
    """Takes the outcomes in order, then the dependencies, then the end."""

    def file(self, outcome: Outcome) -> None: ...

    def dependency(self, dependency: Dependency, change: TextChange | None) -> None: ...

    def end(self, tally: Tally, *, written: bool) -> None: ...


def sink_for(settings: Settings) -> Sink:
    if settings.output == "text":
        return TextSink(settings)
    from codemods.migrate_openai.cli.json_sarif import MachineSink

    return MachineSink(settings, sys.stdout)


class TextSink:
    """Lines for a person. A diff, or the text of stdin, has stdout to itself."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lines: TextIO = sys.stderr if settings.diff or settings.stdin else sys.stdout
        self._colour = report.coloured(sys.stdout)

    def file(self, outcome: Outcome) -> None:
        if self._settings.diff:
            for change in outcome.changes:
                self._diff(change)
        for line in report.lines(outcome, write=self._settings.write):
            self._say(line)

    def dependency(self, dependency: Dependency, change: TextChange | None) -> None:
        if self._settings.diff and change is not None:
            self._diff(change)
        self._say(report.dependency(dependency, deps=self._settings.deps))

    def end(self, tally: Tally, *, written: bool) -> None:
        if self._settings.statistics:
            for line in report.statistics(tally):
                self._say(line)
        quiet = self._settings.stdin and not tally.files
        if not quiet:
            for line in report.summary(tally, write=self._settings.write):
                self._say(line)
            preview = not (self._settings.write or self._settings.check or self._settings.stdin)
            if preview and tally.changed:
                hint = "Nothing was written. --diff shows the change, --write makes it."
                self._say(hint)

    def _say(self, line: str) -> None:
        print(printable(line), file=self._lines)

    def _diff(self, change: TextChange) -> None:
        terminal = self._colour or sys.stdout.isatty()
        sys.stdout.writelines(report.diff(change, colour=self._colour, terminal=terminal))
