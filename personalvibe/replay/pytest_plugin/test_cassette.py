"""One test's cassette: which file, how opened, and what becomes of it. Knows nothing of pytest."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from personalvibe.replay import opening, options
from personalvibe.replay.dates import days_ago, iso
from personalvibe.replay.matching.index import Recording
from personalvibe.replay.matching.miss import CassetteMiss
from personalvibe.replay.model import CassetteError, Source
from personalvibe.replay.pytest_plugin import naming
from personalvibe.replay.pytest_plugin.report import TestRecord, unplayed_text
from personalvibe.replay.redaction.redact import RedactionRules, redact_text
from personalvibe.replay.redaction.shapes import replaced
from personalvibe.replay.shared import SharedCassettes
from personalvibe.replay.usage import Prices
from personalvibe.replay.vcrpy import bridge

_NAMED = {"method", "scheme", "host", "port", "path"}
_USUAL_PORTS = (None, 80, 443)


@dataclass(slots=True, kw_only=True)
class TestCassette:
    __test__ = False

    test: str
    """Node id."""
    hint: str
    """The command that records it again."""
    class_name: str | None
    test_name: str
    name: str
    """Of the cassette, without suffix."""
    distinct: bool
    """Whether tests whose names differ in what files cannot have get files of their own."""
    folder: str
    extra: Sequence[str]
    """Further cassettes, only read."""
    config: Mapping[str, Any]
    mode: str
    unplayed: str
    max_age_days: int | None
    route: Callable[[str], str] | None
    source: Source
    staging: Path | None
    """The folder that gets the recordings; the cassettes stay as they are."""
    prices: Prices | None
    """What recordings cost goes by these, or else by LiteLLM's where that is loaded."""
    compares: bool
    """Nothing is written: the answers are compared with the recordings."""
    notes: Path
    """A folder in which the processes of a test run leave notes for one another."""
    started: float
    """When the run started, in seconds since the epoch: the date of all its recordings."""
    shared: SharedCassettes
    configure: Callable[[Any], object]
    """Told vcrpy's VCR object before the cassette is opened."""
    cassette: bridge.ReplayCassette | None = None
    record: TestRecord | None = None
    _reported: int = field(default=0)

    def open(self) -> bridge.ReplayCassette:
        """Load the cassette. Raises `CassetteError`."""
        settings = options.vcrpy_kwargs(self.config)
        folder = Path(settings.pop("cassette_library_dir", self.folder)).absolute()
        own_names = "path_transformer" in settings
        hide = self._for_file_names()
        path = naming.cassette_path(
            folder,
            hide(self.name),
            class_name=self.class_name,
            test_name=hide(self.test_name),
            distinct=self.distinct,
            suffix="" if own_names else f".{settings.get('serializer', 'yaml')}",
        )
        chosen = options.parse(
            self.config,
            os.environ,
            record_mode=self.mode,
            unplayed=self.unplayed,
            shared=naming.is_shared(path, hide(self.name), self.class_name, hide(self.test_name)),
            refresh_before="" if self.max_age_days is None else days_ago(self.max_age_days),
            notes=self.notes,
            staging=self.staging,
            hint=self.hint,
        )
        maker = bridge.make_vcr(cassette_library_dir=str(folder))
        self.configure(maker)
        self.cassette = bridge.open_cassette(
            maker,
            path,
            settings,
            chosen,
            extra_paths=[folder / one for one in self.extra],
            source=self.source,
            at=iso(self.started),
            shared=self.shared,
        )
        self.cassette.route = self.route
        return self.cassette

    def _for_file_names(self) -> Callable[[str], str]:
        """What a key becomes that is a test's parameter, or its name: no file is called so."""
        rules = RedactionRules.from_config({}, os.environ)
        return lambda name: replaced(name, rules.find(name))

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        assert self.cassette is not None
        with opening.in_use(self.cassette):
            yield

    def redacted(self, text: str) -> str:
        """Text for people, without what the test's settings hide."""
        if self.cassette is None:
            return redact_text(text, RedactionRules.from_config(self.config, os.environ))
        return redact_text(text, self.cassette.session.options.redaction)

    def take_misses(self) -> list[tuple[str, CassetteMiss]]:
        """The misses since the last call."""
        if self.cassette is None:
            return []
        misses = self.cassette.session.misses
        new, self._reported = misses[self._reported :], len(misses)
        return [(str(one), one) for one in new]

    @staticmethod
    def raised_misses(ends: Sequence[BaseException]) -> list[tuple[str, BaseException]]:
        """Those that a program may catch, and did not."""
        return [(str(end), end) for end in ends if isinstance(end, bridge.CassetteMissError)]

    def finish(self, *, passed: bool) -> str:
        """Commit, if the test passed; returns what must fail it nevertheless, or nothing."""
        assert self.cassette is not None
        session = self.cassette.session
        passed = passed and not session.misses
        played = session.played
        recorded = session.recorded
        usage = session.usage_recorded(self.prices) if recorded else session.usage_played()
        dates = [
            one.interaction.provenance.recorded_at for one in played if one.interaction.provenance
        ]
        self.record = record = TestRecord(
            test=self.test,
            paths=[str(path) for path in session.paths],
            played=sum(one.times_played for one in played),
            recorded=len(recorded),
            tokens=usage.input_tokens + usage.output_tokens,
            cost_usd=usage.cost_usd,
            oldest=min(dates, default=""),
            passed=passed,
            missed=bool(session.misses),
            uses=self._uses(),
        )
        problem = ""
        if recorded and not passed:
            record.outcome = "discarded"
        elif recorded:
            problem = self._commit(record)
        record.left = {} if session.options.shared else None
        if passed and session.plays and session.options.unplayed != "ignore":
            try:
                unplayed = self._note_unplayed(record)
            except CassetteError as error:
                # Damaged behind the last recording that the test played.
                unplayed = str(error)
            problem = problem or unplayed
        return problem

    def _note_unplayed(self, record: TestRecord) -> str:
        """Notes what a passing test left of its cassette; returns what must fail it for that."""
        assert self.cassette is not None
        session = self.cassette.session
        left = self._left()
        if session.options.shared:
            # What another test plays or records of it counts, too: the report adds it up.
            record.left = {} if record.recorded else left
            return ""
        record.unplayed = unplayed_text(session.path, left)
        fails = record.unplayed and session.options.unplayed == "fail"
        return f"Recordings were not played: {record.unplayed}" if fails else ""

    def _commit(self, record: TestRecord) -> str:
        assert self.cassette is not None
        if self.compares:
            record.outcome = "compared"
            return ""
        try:
            outcome = self.cassette.session.commit()
        except CassetteError as error:
            record.outcome, record.reason = "refused", error.message
        else:
            record.outcome, record.reason = outcome.kind, outcome.reason
            record.warnings = [f"{outcome.path.name}: {one}" for one in outcome.warnings]
        if record.outcome != "refused":
            return ""
        path = self.cassette.session.path
        return f"Nothing was recorded, {path} is as it was before: {record.reason}"

    def _left(self) -> dict[int, str]:
        """The unplayed recordings of the cassette: their positions, and what they are."""
        assert self.cassette is not None
        session = self.cassette.session
        return {
            one.position: self._name(one)
            for one in session.unplayed
            if one.cassette == session.path
        }

    def _name(self, one: Recording) -> str:
        """Method and address of a recording, without the query, where secrets travel."""
        assert self.cassette is not None
        fields = one.canonical.fields
        if fields.keys() >= _NAMED:
            port = "" if fields["port"] in _USUAL_PORTS else f":{fields['port']}"
            return f"{fields['method']} {fields['scheme']}://{fields['host']}{port}{fields['path']}"
        # The suite compares less than that.
        request = self.cassette.session.prepared(one.interaction.request)
        return f"{request.method} {request.url.partition('?')[0]}"

    def _uses(self) -> dict[str, list[int]]:
        """Of each cassette, the positions of the interactions that were played."""
        assert self.cassette is not None
        session = self.cassette.session
        return {
            str(path): [one.position for one in session.played if one.cassette == path]
            for path in session.paths
        }

    def compare(self, *, passed: bool) -> None:
        """Note what the answers of this run say differently from the recordings, if that is asked.

        To be called after `finish`.
        """
        if self.compares and self.cassette is not None and self.record is not None:
            from personalvibe.replay.pytest_plugin.comparing import compared

            passed = passed and self.record.passed
            self.record.drift = compared(self.cassette.session, self.test, passed=passed)
