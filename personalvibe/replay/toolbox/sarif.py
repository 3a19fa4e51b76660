"""Findings as SARIF 2.1.0, which code scanning services show beside the lines."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from personalvibe import __version__
from personalvibe.replay.toolbox.findings import RULES, Finding, Rule


def document(findings: Sequence[Finding]) -> dict[str, Any]:
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "pv cassettes audit",
                        "version": __version__,
                        "rules": [_rule(rule) for rule in Rule],
                    }
                },
                "results": [_result(one) for one in findings],
            }
        ],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    text = RULES[rule]
    return {
        "id": rule.value,
        "shortDescription": {"text": text.what},
        "help": {"text": text.help},
        "defaultConfiguration": {"level": text.level.value},
    }


def _result(one: Finding) -> dict[str, Any]:
    return {
        "ruleId": one.rule.value,
        "level": one.level.value,
        "message": {"text": described(one)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": uri(PurePath(one.path))},
                    "region": {"startLine": one.line or 1},
                }
            }
        ],
    }


def uri(path: PurePath) -> str:
    return path.as_uri() if path.is_absolute() else quote(os.fsencode(path.as_posix()))


def described(one: Finding) -> str:
    """``a bearer token at request.headers.authorization (interaction 2)``."""
    place = f" at {one.place}" if one.place else ""
    number = f" (interaction {one.interaction})" if one.interaction else ""
    return f"{one.message}{place}{number}"
