"""Differences that the documentation announces: see "What stays different" of the router. Pure."""

from __future__ import annotations

from codemods.migrate_openai.prove.compare import Pair
from codemods.migrate_openai.prove.model import ABSENT, ChangedValue
from codemods.migrate_openai.prove.sdk_0_28 import LEGACY_RULES


def note(pair: Pair, change: ChangedValue) -> str:
    """What the documentation says about a change; empty for one that it does not announce."""
    if pair.site is None or pair.site.rule not in LEGACY_RULES or pair.after is None:
        return ""
    added = change.path == "body.model" and change.before is ABSENT
    if not added or f"/deployments/{change.after}/" not in pair.after.sent.address:
        return ""
    return f"body.model: {change.after} beside the deployment in the address (0.28 on Azure)"
