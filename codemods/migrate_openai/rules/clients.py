"""Clients: where they are made, declared, and reached under another name."""

from __future__ import annotations

from codemods.migrate_openai.rules.base import Rule

CONSTRUCTION = Rule(id="MOA201", kind="client")
DECLARATION = Rule(id="MOA202", kind="type")
RESOURCE = Rule(id="MOA203", kind="client")

RULES = (CONSTRUCTION, DECLARATION, RESOURCE)
