"""What the recorder would hide in a cassette of whoever wrote it, the audit points at."""

from __future__ import annotations

from personalvibe.replay.toolbox.secrets import sightings

from .test_what_is_hidden import CANARIES, RULES, exchange

IN_PIECES = {"answer: sse", "answer: sse, partial json", "answer: lines", "answer: array"}
"""Answers of which no part holds enough of the secret."""
BESIDE = {"answer: sse, comment", "answer: sse, id", "request: part, head"}
"""What the recorder hides beside the data of an event and of a part."""
BESIDE_EXAMPLES = {
    *("text: connection, smtp", "text: bot, telegram", "path: telegram"),
    *("text: htpasswd", "text: shadow"),
}
"""Texts in which something else says that they are made up: ``abcdefgh``, ``example.com``."""


def test_the_audit_points_at_what_the_recorder_hides() -> None:
    for canary in CANARIES:
        if canary.kind.partition(":")[0] in (
            "text",
            "body",
            "path",
            "request",
            "answer",
            "field",
            "parameter",
        ):
            seen = {one.place for one in sightings(exchange(canary), RULES)}
            exempt = canary.kind in IN_PIECES | BESIDE | BESIDE_EXAMPLES
            assert bool(seen) != exempt, canary.kind
