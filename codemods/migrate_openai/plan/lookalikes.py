"""What looks like a call of the SDK and is not provably one: reported, never touched."""

from __future__ import annotations

import ast
import re
import sys

from codemods.migrate_openai.flow.call_patterns import is_shaped
from codemods.migrate_openai.flow.collect import PATCHERS, chain_names
from codemods.migrate_openai.flow.signatures import called_name
from codemods.migrate_openai.flow.terms import Atom, ClientPath, Foreign, Param, Router, Sdk
from codemods.migrate_openai.plan.planner import Draft, Plan, Planner, ResolvedUse
from codemods.migrate_openai.rules.left import LOOK_ALIKE, MOCK, UNPROVEN

# What a test names to replace a call of the SDK, or a client.
_TARGET = re.compile(
    r"(^|\.)openai\.(\w+\.)*\w+$|\.openai$|(^|\.)(Async)?(Azure)?OpenAI$"
    r"|\.(chat\.completions|embeddings|completions|responses|moderations)\.create$"
    r"|\.(ChatCompletion|Completion|Embedding|Image|Audio|Moderation)\.a?create$"
)

# What a mock is asked or told behind the name that it replaces.
_MOCKED = frozenset({"return_value", "side_effect", "call_args", "call_count", "mock_calls"})
_METHODS = frozenset({"create", "acreate", "parse", "stream", "generate", "edit", "retrieve"})
# Packages whose classes say nothing of where an attribute comes from.
_NEUTRAL = frozenset({"typing", "typing_extensions", "pydantic", "dataclasses", "abc", "attr"})


class LookAlikes:
    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self.draft = Draft(planner)

    def plan(self) -> Plan:
        for site in self.planner.sites:
            if any(isinstance(a, (ClientPath, Sdk, Router)) for a in site.atoms):
                continue
            if is_shaped(site.use.names) and not _is_mocked(site.node):
                self._shaped(site)
        for node in self.planner.index.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                self._patched(node)
            elif isinstance(node, ast.Attribute):
                self._mocked(node)
        return self.draft.plan()

    def _mocked(self, node: ast.Attribute) -> None:
        """``client.chat.completions.create.return_value = ...``, or another put in its place."""
        replaced = isinstance(node.ctx, ast.Store) and node.attr in _METHODS
        target = node if replaced else node.value
        if (replaced or _is_mocked(node)) and is_shaped(chain_names(target)):
            self.draft.left(MOCK, target, "mock")

    def _patched(self, node: ast.Constant) -> None:
        """``patch("app.openai.ChatCompletion.create")``: strings are never changed."""
        parent = self.planner.parent(node)
        if (
            isinstance(parent, ast.Call)
            and called_name(parent.func) in PATCHERS
            and _TARGET.search(str(node.value))
        ):
            self.draft.left(MOCK, node, "mock")

    def _shaped(self, site: ResolvedUse) -> None:
        if self.planner.called(site.node) is None and site.use.names[-1] not in _METHODS:
            return
        known = [a for a in site.atoms if not isinstance(a, Param)]
        foreign = [a.name for a in known if isinstance(a, Foreign) and a.package not in _NEUTRAL]
        if foreign and len(foreign) == len(known):
            if any("openai" in name for name in foreign):
                self.draft.left(
                    LOOK_ALIKE, site.node, "drop-in", f"stands in for openai: {foreign[0]}"
                )
            else:
                self.draft.left(LOOK_ALIKE, site.node, "other-sdk", f"another SDK: {foreign[0]}")
            return
        self.draft.left(UNPROVEN, site.node, "receiver-unproven")


def _is_mocked(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and (
        node.attr in _MOCKED or node.attr.startswith("assert_")
    )


def another_sdk(atom: Atom) -> str | None:
    """The package that this is of, where its own client may answer the same spelling."""
    package = atom.package if isinstance(atom, Foreign) else ""
    known = not package or package in _NEUTRAL | sys.stdlib_module_names
    return None if known else package
