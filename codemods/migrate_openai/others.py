"""What looks like a call of the SDK and is not provably one: reported, never touched."""

from __future__ import annotations

import ast
import re

from codemods.migrate_openai.facts import called_name
from codemods.migrate_openai.module_sites import PATCHERS
from codemods.migrate_openai.plan import Planner, Site
from codemods.migrate_openai.shapes import is_shaped
from codemods.migrate_openai.terms import ClientPath, Foreign, Router, Sdk

MOCK = "MOA905"
UNPROVEN = "MOA902"
LOOK_ALIKE = "MOA903"

# What a test names to replace a call of the SDK, or a client.
_TARGET = re.compile(
    r"(^|\.)openai\.(\w+\.)*\w+$|(^|\.)(Async)?(Azure)?OpenAI$"
    r"|\.(chat\.completions|embeddings|completions|responses|moderations)\.create$"
    r"|\.(ChatCompletion|Completion|Embedding|Image|Audio|Moderation)\.a?create$"
)


class Others:
    def __init__(self, planner: Planner) -> None:
        self.p = planner

    def run(self) -> None:
        for site in self.p.sites:
            if any(isinstance(a, (ClientPath, Sdk, Router)) for a in site.atoms):
                continue
            if is_shaped(site.use.names) and self.p.called(site.node) is not None:
                self._shaped(site)
        for node in self.p.index.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                self._patched(node)

    def _patched(self, node: ast.Constant) -> None:
        """``patch("app.openai.ChatCompletion.create")``: strings are never changed."""
        parent = self.p.parent(node)
        if (
            isinstance(parent, ast.Call)
            and called_name(parent.func) in PATCHERS
            and _TARGET.search(str(node.value))
        ):
            self.p.left(MOCK, node, "mock")

    def _shaped(self, site: Site) -> None:
        foreign = [a.name for a in site.atoms if isinstance(a, Foreign)]
        if site.atoms and len(foreign) == len(site.atoms):
            if any("openai" in name for name in foreign):
                self.p.left(LOOK_ALIKE, site.node, "drop-in", f"stands in for openai: {foreign[0]}")
            else:
                self.p.left(LOOK_ALIKE, site.node, "other-sdk", f"another SDK: {foreign[0]}")
            return
        self.p.left(UNPROVEN, site.node, "receiver-unproven")
