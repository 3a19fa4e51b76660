"""The options and settings that the plugin adds to pytest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

RECORD_MODES = ("once", "new_episodes", "none", "all", "rewrite")

INI_WORDS = {
    "replay_format": (
        ("personalvibe", "vcrpy"),
        "what new cassettes are written in, where vcr_config and marks have no format",
    ),
    "replay_miss": (
        ("fail", "error"),
        "a request that nobody recorded: the test fails, or the client raises vcrpy's exception",
    ),
    "replay_names": (
        ("distinct", "plain"),
        "tests whose names files cannot have: a digest tells them apart, or none, "
        "as in pytest-recording",
    ),
    "replay_caught_network": (
        ("fail", "warn"),
        "a test that tried to reach the closed network and caught the refusal",
    ),
    "replay_network": (
        ("guard", "namespace"),
        "what keeps the network closed: this plugin, or the kernel as well",
    ),
    "replay_unplayed": (("warn", "fail", "ignore"), "see --unplayed"),
}
"""Settings of the ini file -> what they may say, the default first, and what it is about."""

MARKS = (
    "vcr(*cassettes, **settings): Play this test's HTTP traffic from a cassette, or record it.",
    "block_network(allowed_hosts=None): Close the network to this test unless it records.",
    "default_cassette(name): The name of this test's cassette.",
    "allowed_hosts(hosts): Hosts that stay open to this test.",
)


def _days(text: str) -> int:
    days = int(text)
    if days < 0:
        raise ValueError
    return days


def _absolute(text: str) -> Path:
    return Path(text).absolute()


OPTIONS: dict[str, dict[str, Any]] = {
    "--record-mode": {
        "default": None,
        "choices": RECORD_MODES,
        "help": "VCR.py record mode. It says what happens to requests without a recording: "
        "none (the default) fails the test.",
    },
    "--block-network": {
        "action": "store_true",
        "default": False,
        "help": "Close the network except to tests that record.",
    },
    "--allowed-hosts": {
        "default": None,
        "metavar": "HOSTS",
        "help": "Hosts that stay open: regular expressions, separated by commas.",
    },
    "--disable-recording": {
        "action": "store_true",
        "default": False,
        "help": "Ignore all cassettes: the tests reach the real network.",
    },
    "--stand-in": {
        "action": "store_true",
        "default": False,
        "help": "Record from a local stand-in for the LLM providers: no keys, no network.",
    },
    "--stage-recordings": {
        "default": None,
        "type": _absolute,
        "metavar": "DIR",
        "help": "Leave cassettes as they are: what they would become is written below this folder.",
    },
    "--max-recording-cost": {
        "default": None,
        "type": float,
        "metavar": "USD",
        "help": "End the run when what it recorded has cost more, by LiteLLM's price list.",
    },
    "--drift-report": {
        "default": None,
        "type": _absolute,
        "metavar": "FILE",
        "help": "With --record-mode=rewrite: write no cassette, but this file, which says what "
        "differs between the recordings and the answers of this run.",
    },
    "--unplayed": {
        "default": None,
        "choices": ("fail", "warn", "ignore"),
        "help": "What becomes of a passing test that leaves recordings unplayed. Default: warn.",
    },
    "--unused-cassettes": {
        "default": "warn",
        "choices": ("fail", "warn", "ignore"),
        "help": "What becomes of cassettes that no test of the whole suite opened. Default: warn.",
    },
    "--max-cassette-age": {
        "default": None,
        "type": _days,
        "metavar": "DAYS",
        "help": "Fail the run if a test played a recording older than this.",
    },
}


def unplayed_severity(config: Any) -> str:
    """What becomes of unplayed recordings: command line > ini file."""
    return str(config.getoption("--unplayed") or config.getini("replay_unplayed"))
