"""What looks like a call of the SDK and is not provably one: reported, never touched."""

from __future__ import annotations

from codemods.migrate_openai.plan import Planner, Site
from codemods.migrate_openai.shapes import is_shaped
from codemods.migrate_openai.terms import ClientPath, Foreign, Router, Sdk

UNPROVEN = "MOA902"
LOOK_ALIKE = "MOA903"


class Others:
    def __init__(self, planner: Planner) -> None:
        self.p = planner

    def run(self) -> None:
        for site in self.p.sites:
            if any(isinstance(a, (ClientPath, Sdk, Router)) for a in site.atoms):
                continue
            if is_shaped(site.use.names) and self.p.called(site.node) is not None:
                self._shaped(site)

    def _shaped(self, site: Site) -> None:
        foreign = [a.name for a in site.atoms if isinstance(a, Foreign)]
        if site.atoms and len(foreign) == len(site.atoms):
            if any("openai" in name for name in foreign):
                self.p.left(LOOK_ALIKE, site.node, "drop-in", f"stands in for openai: {foreign[0]}")
            else:
                self.p.left(LOOK_ALIKE, site.node, "other-sdk", f"another SDK: {foreign[0]}")
            return
        self.p.left(UNPROVEN, site.node, "receiver-unproven")
