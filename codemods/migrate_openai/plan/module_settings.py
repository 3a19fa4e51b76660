"""Settings of the openai module: read, and assigned."""

from __future__ import annotations

import ast

from codemods.migrate_openai.flow.signatures import imported_modules
from codemods.migrate_openai.flow.terms import Router, Sdk
from codemods.migrate_openai.plan.kept_modules import AS_WRITTEN
from codemods.migrate_openai.plan.planner import Draft, Planner, ResolvedUse
from codemods.migrate_openai.rewrite.changes import AddTarget
from codemods.migrate_openai.rules import sdk_names as names
from codemods.migrate_openai.rules.other import SETTING

# Packages that read the settings of the openai module themselves.
_READERS = frozenset({"langchain", "llama_index", "guidance", "gpt_index", "dspy", "marvin"})


class ModuleSettings:
    def __init__(self, planner: Planner, draft: Draft, *, calls_module: bool) -> None:
        """*calls_module*: is there a call of the module that the settings are for?"""
        self.planner = planner
        self.draft = draft
        self.calls_module = calls_module
        self.leftovers = planner.view.openai_stays or self._reads_settings()

    def is_azure(self) -> bool:
        """Is the module on Azure for all that this file does?

        Where that is decided as the program runs, the router looks at its setting at every call.
        """
        kinds = [
            isinstance(self.planner.parent(node), ast.Module)
            and isinstance(node.value, ast.Constant)
            and str(node.value.value).startswith("azure")
            for node in self.planner.index.nodes
            if isinstance(node, ast.Assign) and any(map(self._is_api_type, node.targets))
        ]
        return bool(kinds) and all(kinds)

    def _is_api_type(self, target: ast.expr) -> bool:
        match target:
            case ast.Attribute(value=module, attr="api_type"):
                return Sdk("openai") in self.planner.evaluator.terms(module)
        return False

    def _reads_settings(self) -> bool:
        nodes = self.planner.index.nodes
        modules = (module for node in nodes for module in imported_modules(node))
        return any(module.split(".")[0] in _READERS for module in modules)

    def read(self, site: ResolvedUse, name: str) -> None:
        setting = name.removeprefix("openai.")
        if setting not in names.SETTINGS or not self.calls_module:
            return
        of_legacy = not self.planner.view.mixed
        known = setting in self.planner.view.settings or setting in names.LEGACY_SETTINGS
        if (known or of_legacy) and self.planner.applies(SETTING, site.node):
            # What a program of 0.28 has not set reads as 0.28 had it.
            self.draft.legacy |= of_legacy
            self.draft.replace(site.node, self.draft.router_name(names.SETTINGS[setting]))
            self.draft.migrate(SETTING, site.node)

    def assigned(self, node: ast.Attribute) -> None:
        base = self.planner.evaluator.terms(node.value)
        if base != {Sdk("openai")}:
            return
        if node.attr in names.UNSUPPORTED_SETTINGS:
            if self.calls_module:
                self.draft.leave(SETTING, node, "setting", f"no counterpart: openai.{node.attr}")
            return
        if node.attr not in names.SETTINGS or not self.calls_module:
            return
        if self.draft.skips(SETTING, node):
            return
        if self.planner.kept.is_read(node.value):
            self.draft.migrate(SETTING, node, AS_WRITTEN)
            return
        statement = self.planner.parent(node)
        if self.leftovers and isinstance(statement, ast.Assign):
            self._both(node, statement)
            return
        self.draft.replace(node, self.draft.router_name(names.SETTINGS[node.attr]))
        self.draft.migrate(SETTING, node)

    def _both(self, node: ast.Attribute, statement: ast.Assign) -> None:
        """Something that stays reads the SDK's setting: set both in one statement."""
        router = Router(f"llm_router.{names.SETTINGS[node.attr]}")
        for target in statement.targets:
            if isinstance(target, ast.Attribute) and router in self.planner.evaluator.terms(target):
                self.draft.report(SETTING, node, "already-done")
                return
        name = self.draft.router_name(names.SETTINGS[node.attr])
        self.draft.changes.append(AddTarget(span=self.planner.text.span(node), code=name))
        self.draft.migrate(SETTING, node, "kept for what stays on the SDK, too")
