"""Names of the openai module that are no calls: their reads become those of the router."""

from __future__ import annotations

import ast

from codemods.migrate_openai.flow.signatures import root_of
from codemods.migrate_openai.plan.planner import Draft, Planner, ResolvedUse
from codemods.migrate_openai.rewrite.changes import AddArgument, NameArgument, ReplaceElement
from codemods.migrate_openai.rules import Rule
from codemods.migrate_openai.rules import sdk_names as names
from codemods.migrate_openai.rules.other import EXCEPTION

# What the errors of 0.28 are made with, in order.
_ERROR = ("message", "http_body", "http_status", "json_body", "headers", "code")
_BAD_REQUEST = ("message", "param", "code", "http_body", "http_status", "json_body", "headers")


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

    # -- exceptions: caught, raised and derived from

    def exception(self, site: ResolvedUse, name: str) -> None:
        """One class of 0.28 may be several today: an except clause gets them all."""
        legacy = name.startswith("openai.error.") and self.planner.view.legacy_calls
        if not (self.names_move or legacy):
            return  # of a later generation: the router raises the very same
        today = names.exceptions(name)
        parent = self.planner.parent(site.node)
        call = self.planner.call_at(site.node)
        if name.startswith("openai.error."):
            # Today's classes ask for the response that they stand for, which 0.28's did not.
            if call:
                self._made_by_hand(site, call, today[0])
                return
            if isinstance(parent, ast.ClassDef):
                self.replace(site, EXCEPTION, f"legacy_base({self.planner.router}.{today[0]})")
                return
        grouped = isinstance(parent, ast.Tuple)
        clause = self.planner.parent(parent) if grouped else parent
        if not isinstance(clause, ast.ExceptHandler):
            today = today[:1]
        self.replace(site, EXCEPTION, *today, grouped=grouped)

    def _made_by_hand(self, site: ResolvedUse, call: ast.Call, today: str) -> None:
        order = _BAD_REQUEST if site.sdk[0].endswith(".InvalidRequestError") else _ERROR
        starred = any(isinstance(a, ast.Starred) for a in call.args)
        unknown = any(k.arg not in {*order, "param"} for k in call.keywords)
        if (starred and order is _BAD_REQUEST) or len(call.args) > len(order) or unknown:
            self.draft.leave(EXCEPTION, site.node, "exception")
            return
        if not (self.planner.applies(EXCEPTION, site.node) and self.planner.is_imported(site.node)):
            self.draft.leave(EXCEPTION, site.node, "skipped")
            return
        span, kind = self.planner.text.span(call), self.draft.router_name(today)
        if order is _BAD_REQUEST:
            self.draft.changes += (
                NameArgument(span=span, argument=place, name=order[place])
                for place in range(1, len(call.args))
            )
        first = 0 if call.args or call.keywords else None
        self.draft.changes.append(AddArgument(span=span, code=kind, before=first))
        self.draft.replace(site.node, self.draft.router_name("legacy_error"))
        self.draft.migrate(EXCEPTION, site.node)

    def unraised(self, site: ResolvedUse) -> None:
        """An exception of 0.28 that nothing raises any more."""
        parent = self.planner.parent(site.node)
        if not isinstance(parent, ast.Tuple) or len(parent.elts) < 2:
            self.draft.leave(EXCEPTION, site.node, "exception")
            return
        self.draft.changes.append(ReplaceElement(span=self.planner.text.span(site.node)))
        self.draft.migrate(EXCEPTION, site.node, "nothing raises it any more")
