"""Names of the openai module that are no calls: their reads become those of the router."""

from __future__ import annotations

import ast

from codemods.migrate_openai.flow.signatures import root_of
from codemods.migrate_openai.plan.planner import Draft, Planner, ResolvedUse
from codemods.migrate_openai.rewrite.changes import ReplaceElement
from codemods.migrate_openai.rules import Rule
from codemods.migrate_openai.rules import sdk_names as names
from codemods.migrate_openai.rules.module import EXCEPTION


class ModuleReads:
    def __init__(self, planner: Planner, draft: Draft, *, names_move: bool) -> None:
        """*names_move*: do they, or would the file get the router for them alone?"""
        self.planner = planner
        self.draft = draft
        self.names_move = names_move

    def replace(self, site: ResolvedUse, rule: Rule, *new: str, grouped: bool = True) -> None:
        if not (self.names_move or rule.kind == "call" or rule is EXCEPTION):
            return
        if self.draft.skips(rule, site.node):
            return
        if not self.planner.is_imported(site.node) or not self.planner.is_placed(site.node):
            return
        codes = tuple(self._written(site.node, name) for name in new)
        if grouped and len(codes) > 1:
            span = self.planner.text.span(site.node)
            self.draft.changes.append(ReplaceElement(span=span, codes=codes))
        else:
            joined = ", ".join(codes)
            self.draft.replace(site.node, joined if len(codes) == 1 else f"({joined})")
        self.draft.migrate(rule, site.node)

    def _written(self, node: ast.expr, name: str) -> str:
        """A name of the router, read from its module of the SDK's name where that is at hand."""
        module = root_of(node)
        if self.planner.kept.is_read(module) and name in names.EXCEPTIONS | names.SENTINELS:
            return f"{self.planner.text.of(module)}.{name}"
        return self.draft.router_name(name)
