"""What is left as it is."""

from __future__ import annotations

from codemods.migrate_openai.rules.base import Rule

NO_COUNTERPART = Rule(id="MOA901")
UNPROVEN = Rule(id="MOA902")
LOOK_ALIKE = Rule(id="MOA903", kind="other")
MOCK = Rule(id="MOA905", kind="other")

RULES = (NO_COUNTERPART, UNPROVEN, LOOK_ALIKE, MOCK)
