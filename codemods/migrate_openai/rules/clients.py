"""Clients: where they are made, declared, and reached under another name."""

from __future__ import annotations

from codemods.migrate_openai.rules.base import Rule

MADE = Rule(id="MOA201", kind="client")
TYPED = Rule(id="MOA202", kind="type")
RESOURCE = Rule(id="MOA203", kind="client")

RULES = (MADE, TYPED, RESOURCE)
