"""The openai module itself: its settings, exceptions, sentinels and types."""

from __future__ import annotations

from codemods.migrate_openai.rules.base import Rule

SETTING = Rule(id="MOA301", kind="setting")
EXCEPTION = Rule(id="MOA401", kind="exception")
SENTINEL = Rule(id="MOA402", kind="type")
TYPE = Rule(id="MOA403", kind="type")

RULES = (SETTING, EXCEPTION, SENTINEL, TYPE)
