"""Rules for what is no call: clients, the names of the openai module, and what is left as it is."""

from __future__ import annotations

from codemods.migrate_openai.rules.base import Rule

CONSTRUCTION = Rule(id="MOA201", kind="client")
DECLARATION = Rule(id="MOA202", kind="type")
RESOURCE = Rule(id="MOA203", kind="client")
SETTING = Rule(id="MOA301", kind="setting")
EXCEPTION = Rule(id="MOA401", kind="exception")
SENTINEL = Rule(id="MOA402", kind="type")
TYPE = Rule(id="MOA403", kind="type")
NO_COUNTERPART = Rule(id="MOA901")
UNPROVEN = Rule(id="MOA902")
LOOK_ALIKE = Rule(id="MOA903", kind="other")
MOCK = Rule(id="MOA905", kind="other")

RULES = (
    *(CONSTRUCTION, DECLARATION, RESOURCE, SETTING, EXCEPTION, SENTINEL, TYPE),
    *(NO_COUNTERPART, UNPROVEN, LOOK_ALIKE, MOCK),
)
