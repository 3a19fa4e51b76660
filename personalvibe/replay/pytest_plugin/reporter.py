"""The closing lines of a run, and whether it fails for what they say."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from personalvibe.replay.pytest_plugin.options import unplayed_severity
from personalvibe.replay.pytest_plugin.state import FACTS, STATE

if TYPE_CHECKING:
    from personalvibe.replay.pytest_plugin.report import RunRecord


def refused(config: pytest.Config) -> list[tuple[str, bool]]:
    """Attempts to reach the network since the last report: what was said, and whether late."""
    attempts = config.stash[STATE].take_violations()
    return [(one.message.splitlines()[0], one.late) for one in attempts if not one.declared]


class Reporter:
    """Adds up what the tests of all processes did. Lives where the terminal is."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.run: RunRecord | None = None
        self.skipped: set[str] = set()
        self.failed: set[str] = set()
        self.lines: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)
        facts = getattr(report, FACTS, None)
        if facts is None:
            return
        if "test" in facts:
            self._record().add(facts["test"])
        self.skipped.update(facts.get("skipped", []))
        self._record().refused += map(tuple, facts.get("refused", []))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """One of xdist's workers has ended."""
        facts = (getattr(node, "workeroutput", None) or {}).get(FACTS, {})
        if facts.get("refused"):
            self._record().refused += map(tuple, facts["refused"])
        if facts.get("deselected"):
            self.config.stash[STATE].deselected = True

    def _record(self) -> RunRecord:
        if self.run is None:
            from personalvibe.replay.pytest_plugin.report import RunRecord

            self.run = RunRecord()
        return self.run

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        found = refused(self.config)
        if found:
            self._record().refused += found
        if self.run is None:
            return
        from personalvibe.replay.dates import days_ago
        from personalvibe.replay.pytest_plugin import report

        days = self.config.getoption("--max-cassette-age")
        stale = report.stale(self.run, days_ago(days)) if days is not None else []
        self.run.other_paths.update(report.opened_by_programs(self.config.stash[STATE].notes))
        report_file = self.config.stash[STATE].drift_report
        if report_file is None:
            self._remember(session)
        else:
            from personalvibe.replay.toolbox.drift_report import save

            drifts = {one.test: one.drift for one in self.run.tests.values() if one.drift}
            save(report_file, drifts)
        strict = self.config.getoption("--unused-cassettes")
        unused = [] if strict == "ignore" else self._unused(session)
        unplayed = self._unplayed(session)
        self.lines = report.summary(self.run, stale=stale, unplayed=unplayed, unused=unused)
        strict_network = self.config.getini("replay_caught_network") == "fail"
        failed = {
            "tests reached for the network after their end": strict_network
            and any(late for _, late in self.run.refused),
            f"recordings are older than {days} days": stale,
            "cassettes are unused": strict == "fail" and unused,
            "recordings were not played": unplayed and unplayed_severity(self.config) == "fail",
        }
        reasons = [reason for reason, found in failed.items() if found]
        if reasons and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
            self.lines.append(f"The run fails: {', '.join(reasons)}.")

    def _chose_tests(self, session: pytest.Session) -> bool:
        """Whether tests were left out that might use a cassette."""
        selective = ("keyword", "markexpr", "deselect", "lf", "stepwise", "collectonly", "ignore")
        stopped = session.shouldstop or session.shouldfail or self.config.stash[STATE].deselected
        return bool(stopped) or any(getattr(self.config.option, one, None) for one in selective)

    def _unplayed(self, session: pytest.Session) -> list[str]:
        """What no test played of cassettes that tests share."""
        from personalvibe.replay.pytest_plugin import report

        whole = self.config.args_source is not pytest.Config.ArgsSource.ARGS
        wanted = unplayed_severity(self.config) != "ignore"
        if self.run is None or not wanted or not whole or self._chose_tests(session):
            return []
        return report.unplayed_shared(self.run, self.skipped)

    def _whole_folders(self, session: pytest.Session) -> list[Path]:
        """The folders of which all tests ran; none if some were left out."""
        if self._chose_tests(session):
            return []
        if self.config.args_source is not pytest.Config.ArgsSource.ARGS:
            return [Path(self.config.rootpath.anchor)]
        folders = [Path(self.config.invocation_params.dir, one) for one in self.config.args]
        return [one.resolve() for one in folders] if all(map(Path.is_dir, folders)) else []

    def _unused(self, session: pytest.Session) -> list[Path]:
        """Cassettes without a test; only known where all tests that might use them ran."""
        from personalvibe.replay.toolbox.unused import unused

        folders = self._whole_folders(session)
        if self.run is None or not folders:
            return []
        of_tests = {path for one in self.run.tests.values() for path in one.paths}
        found = unused(of_tests, of_tests | self.run.other_paths, self.skipped)
        return [path for path in found if any(path.is_relative_to(one) for one in folders)]

    def _remember(self, session: pytest.Session) -> None:
        """Leave what the tests did with their cassettes to the commands that ask for it."""
        if self.run is None:
            return
        from personalvibe.replay.pytest_plugin.remembering import remember
        from personalvibe.replay.toolbox.last_run import NAME

        ended = session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        with contextlib.suppress(OSError):  # a cache that cannot be written fails no test
            folder = self._record_folder()
            if folder is not None:
                remember(
                    self.run,
                    folder / NAME,
                    root=self.config.rootpath,
                    ini_file=str(self.config.inipath or ""),
                    folders=self._whole_folders(session) if ended else [],
                    skipped=self.skipped,
                    failed=self.failed,
                )

    def _record_folder(self) -> Path | None:
        from personalvibe.replay.toolbox.last_run import FOLDER

        staging = self.config.stash[STATE].staging
        cache = getattr(self.config, "cache", None)  # none with -p no:cacheprovider
        return staging or (cache.mkdir(FOLDER) if cache else None)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.lines:
            terminalreporter.write_sep("=", "cassettes")
            for line in self.lines:
                terminalreporter.write_line(line)
