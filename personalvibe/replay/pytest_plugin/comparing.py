"""A test's recordings beside what the providers answered it in this run."""

from __future__ import annotations

from typing import Any

from personalvibe.replay.model import CassetteError, Interaction
from personalvibe.replay.redaction.redact import redact
from personalvibe.replay.session import Session
from personalvibe.replay.toolbox.drift import Comparison, Exchange, compare
from personalvibe.replay.toolbox.drift_report import TestDrift, plain


def compared(session: Session, test: str, *, passed: bool) -> dict[str, Any]:
    """As plain data, which travels between processes."""
    comparison, problem = Comparison(pairs=0, differences=()), ""
    try:
        if not session.path.exists():
            problem = "it has no recording"
        elif not session.recorded:
            problem = "it got no answer"
        else:
            comparison = _comparison(session, passed=passed)
    except CassetteError as error:
        problem = error.message
    return plain(
        TestDrift(
            test=test,
            cassette=session.path,
            passed=passed,
            pairs=comparison.pairs,
            differences=comparison.differences,
            problem=problem,
        )
    )


def _comparison(session: Session, *, passed: bool) -> Comparison:
    def exchange(one: Interaction, key: str, number: int | None = None) -> Exchange:
        hidden = redact(one, session.options.redaction)
        return Exchange(key=key, interaction=hidden, number=number)

    recorded = [
        exchange(one.interaction, one.canonical.key, one.position) for one in session.stored()
    ]
    live = [
        exchange(one, session.canonical(session.prepared(one.request)).key)
        for one in session.recorded
    ]
    return compare(recorded, live, finished=passed)
