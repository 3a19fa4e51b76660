"""``pv cassettes audit`` beside detect-secrets, on the same files.

    pip install -e '.[bench]' && pytest tests/benchmarks/test_audit_speed.py -s
    PERSONALVIBE_CASSETTES=FOLDER pytest tests/benchmarks/test_audit_speed.py -s

The folder holds cassettes of any tool; without one, those of this repository are read. Bar: at
least five times as many megabytes for each second of CPU time.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from personalvibe.replay.redaction.redact import RedactionRules
from personalvibe.replay.toolbox import files
from personalvibe.replay.toolbox.audit import audit
from tests.benchmarks.timing import seconds

OWN = Path(__file__).resolve().parents[2] / "cassettes"
BAR = 5
ROUNDS = 2


def test_throughput_against_detect_secrets() -> None:
    pytest.importorskip("detect_secrets", reason="pip install -e '.[bench]'")
    from detect_secrets import SecretsCollection
    from detect_secrets.settings import default_settings

    candidates = files.find([Path(os.environ.get("PERSONALVIBE_CASSETTES", OWN))])
    megabytes = sum(one.path.stat().st_size for one in candidates) / 1e6
    rules = RedactionRules.from_config({}, {})

    def theirs() -> None:
        found = SecretsCollection()
        with default_settings():
            for one in candidates:
                found.scan_file(str(one.path))

    speeds = {
        "personalvibe": megabytes / seconds(lambda: audit(candidates, rules), ROUNDS),
        "detect-secrets": megabytes / seconds(theirs, ROUNDS),
    }
    print(f"\n{len(candidates):,} files, {megabytes:.1f} MB")
    for name, speed in speeds.items():
        print(f"{name:16} {speed:6.2f} MB/s")
    ratio = speeds["personalvibe"] / speeds["detect-secrets"]
    print(f"ratio {ratio:.1f}, bar {BAR}")
    assert ratio >= BAR
