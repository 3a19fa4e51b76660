"""docs/replay_secrets.md and docs/replay_network.md list what the code does: no more, no less."""

from __future__ import annotations

import re
from pathlib import Path

from personalvibe.replay.offline.environment import LITELLM_SILENCERS
from personalvibe.replay.redaction import rules
from personalvibe.replay.redaction.names import SECRET_NAMES, squeeze
from personalvibe.replay.redaction.token_prefixes import TOKEN_PREFIXES

DOCS = Path(__file__).parent.parent.parent / "docs"


def row(page: str, start: str) -> set[str]:
    (line,) = (x for x in (DOCS / page).read_text().splitlines() if x.startswith(f"| {start}"))
    return set(re.findall(r"`([^`]+)`", line.split("|")[2]))


def test_the_headers() -> None:
    page = "replay_secrets.md"
    masked, dropped = rules._MASKED_REQUEST, rules._DROPPED_REQUEST
    assert row(page, "request headers, replaced") == set(masked.split())
    assert row(page, "request headers, dropped") == set(dropped.split())
    masked, dropped = rules._MASKED_RESPONSE, rules._DROPPED_RESPONSE
    assert row(page, "response headers, replaced") == set(masked.split())
    kept = {"x-amzn-errortype"}
    assert row(page, "response headers, dropped") - kept == set(dropped.split())


def test_the_body_fields() -> None:
    assert {squeeze(name) for name in row("replay_secrets.md", "body fields")} == SECRET_NAMES


def test_the_prefixes_of_vendors() -> None:
    listed: dict[str, set[str]] = {}
    for line in TOKEN_PREFIXES:
        listed.setdefault(line.vendor, set()).update(line.prefixes)
    assert {vendor: row("replay_secrets.md", f"{vendor} |") for vendor in listed} == listed


def test_the_variables_of_litellm() -> None:
    text = (DOCS / "replay_network.md").read_text()
    table = dict(re.findall(r"^\| `([A-Z_0-9]+)=(\w+)`", text, re.MULTILINE))
    assert table == LITELLM_SILENCERS
