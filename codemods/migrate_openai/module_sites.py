"""What a program does with the openai module itself: calls, settings, exceptions, types."""

from __future__ import annotations

import ast

from codemods.migrate_openai import names
from codemods.migrate_openai.arguments import Provider, UnmatchedError, argument_edits
from codemods.migrate_openai.model import Edit
from codemods.migrate_openai.module_names import call_of, is_leftover
from codemods.migrate_openai.plan import ROUTER_FUNCTIONS, Planner, Site
from codemods.migrate_openai.rules import CALLS, LEGACY_CALLS, Call, rule_of
from codemods.migrate_openai.terms import Router, Sdk

SETTING = "MOA301"
EXCEPTION = "MOA401"
SENTINEL = "MOA402"
TYPE = "MOA403"
LEFT = "MOA901"
RAW = "MOA904"

# Functions that call what they are given, with the arguments that follow it.
_FORWARDERS = frozenset({"partial", "to_thread", "submit", "apply_async", "partialmethod"})
# Packages that read the settings of the openai module themselves.
_READERS = frozenset({"langchain", "llama_index", "guidance", "gpt_index", "dspy", "marvin"})


class ModuleSites:
    def __init__(self, planner: Planner) -> None:
        self.p = planner
        self.mine = [s for s in planner.sites if s.sdk and not s.client_paths]
        self.azure = self._is_azure()
        self.leftovers = planner.view.openai_stays or self._reads_settings()

    def _is_azure(self) -> bool:
        """Does this file switch the module to Azure, and never back?"""
        kinds = {
            binding
            for node in self.p.index.nodes
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Attribute) and target.attr == "api_type"
            if Sdk("openai") in self.p.evaluator.terms(target.value)
            for binding in [node.value.value if isinstance(node.value, ast.Constant) else "unknown"]
        }
        return bool(kinds) and all(str(k).startswith("azure") for k in kinds)

    def _reads_settings(self) -> bool:
        for node in self.p.index.nodes:
            modules: list[str] = []
            if isinstance(node, ast.Import):
                modules = [a.name for a in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules = [node.module]
            if any(m.split(".")[0] in _READERS for m in modules):
                return True
        return False

    def run(self) -> None:
        for site in self.mine:
            self._site(site)
        for node in self.p.index.nodes:
            if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                self._assigned(node)
        for site in self.p.sites:
            self._already(site)

    def _already(self, site: Site) -> None:
        for atom in site.atoms:
            if not isinstance(atom, Router) or isinstance(site.node, ast.Name):
                continue
            name = atom.name.removeprefix("llm_router.")
            if name in ROUTER_FUNCTIONS:
                by_function = {c.function: rule_of(c) for c in LEGACY_CALLS.values()}
                by_function.update({c.function: rule_of(c) for c in CALLS.values()})
                rule = by_function.get(name) or by_function.get(name.removeprefix("a"))
                if rule is not None:
                    self.p.found(rule, site.node, "already-done")

    # -- one use

    def _site(self, site: Site) -> None:
        found = set(site.sdk)
        if isinstance(site.node, ast.Name) and not self.p.imported(site.node):
            return
        calls = {name: call_of(name) for name in found}
        if len(found) > 1 or len(site.atoms) > 1:
            known = [c for c in calls.values() if c is not None]
            if known and len(site.atoms) > 1:
                self.p.left(rule_of(known[0]), site.node, "chosen-at-run-time")
            return
        name = found.pop()
        target = calls[name]
        if target is not None:
            self._call(site, target)
        elif names.exception(name) is not None:
            self._replace(site, EXCEPTION, names.exception(name) or "")
        elif name.startswith("openai.error."):
            self.p.left(EXCEPTION, site.node, "exception")
        elif self._is_sentinel(name):
            self._replace(site, SENTINEL, name.rpartition(".")[2])
        elif name.startswith("openai.types."):
            self._type(site, name)
        elif name in names.TYPES:
            self._replace(site, TYPE, names.TYPES[name])
        elif is_leftover(name):
            self._leftover(site, name)
        else:
            self._setting_read(site, name)

    def _leftover(self, site: Site, name: str) -> None:
        if "with_raw_response" in name or "with_streaming_response" in name:
            self.p.left(RAW, site.node, "raw-response")
            return
        short = name.removeprefix("openai.")
        self.p.left(LEFT, site.node, "no-counterpart", f"LiteLLM has no counterpart: {short}")

    @staticmethod
    def _is_sentinel(name: str) -> bool:
        head, _, last = name.rpartition(".")
        return last in names.SENTINELS and head in {"openai", "openai._types"}

    def _call(self, site: Site, target: Call) -> None:
        rule = rule_of(target)
        if not self.p.applies(rule, site.node):
            self.p.left(rule, site.node, "skipped")
            return
        call = self.p.called(site.node)
        if call is None:
            self._handed(site, target)
            return
        text = self.p.text
        try:
            arguments = argument_edits(text, call, target, self._provider(call, target))
        except UnmatchedError as error:
            self.p.left(rule, site.node, "arguments", str(error))
            return
        self._name(site.node, target.function)
        self.p.plan.edits += arguments
        self.p.found(rule, call, "migrated")

    def _provider(self, call: ast.Call, target: Call) -> Provider:
        """Azure, where this file says so and the call names a deployment."""
        azure = self.azure and target.legacy
        for keyword in call.keywords:
            if keyword.arg == "api_type" and isinstance(keyword.value, ast.Constant):
                azure = str(keyword.value.value).startswith("azure")
        return Provider(name="azure" if azure else "openai")

    def _name(self, node: ast.expr, function: str, *, runtime: bool = True) -> None:
        start = self.p.text.start(node)
        self.p.plan.edits.append(
            Edit(
                start=start,
                end=self.p.text.end(node),
                replacement=self.p.routed(function, start, runtime=runtime),
            )
        )

    def _handed(self, site: Site, target: Call) -> None:
        """The method goes to something that calls it: a retry helper, a thread pool."""
        rule = rule_of(target)
        parent = self.p.parent(site.node)
        if isinstance(parent, ast.Compare):
            self.p.left(rule, site.node, "chosen-at-run-time")
            return
        if isinstance(parent, ast.Call) and parent.args and parent.args[0] is site.node:
            name = getattr(parent.func, "attr", None) or getattr(parent.func, "id", "")
            if name in _FORWARDERS:
                try:
                    arguments = argument_edits(
                        self.p.text, parent, target, self._provider(parent, target), skip=1
                    )
                except UnmatchedError as error:
                    self.p.left(rule, site.node, "arguments", str(error))
                    return
                self._name(site.node, target.function)
                self.p.plan.edits += arguments
                self.p.found(rule, site.node, "migrated", "handed over uncalled")
                return
        start = self.p.text.start(site.node)
        partial = self._partial()
        function = self.p.routed(target.function, start)
        provider = "azure" if self.azure and target.legacy else "openai"
        self.p.plan.edits.append(
            Edit(
                start=start,
                end=self.p.text.end(site.node),
                replacement=(
                    f'{partial}({function}, provider="{provider}")'
                    if target.has_model
                    else function
                ),
            )
        )
        self.p.found(rule, site.node, "migrated", "handed over uncalled")

    def _partial(self) -> str:
        """How this module spells ``functools.partial``."""
        for name, bindings in self.p.index.module.bindings.items():
            for binding in bindings:
                if binding.kind != "import" or binding.arms:
                    continue
                alias = binding.node
                statement = self.p.index.parents[alias]
                if isinstance(statement, ast.ImportFrom) and statement.module == "functools":
                    if isinstance(alias, ast.alias) and alias.name == "partial":
                        return name
                if isinstance(statement, ast.Import) and isinstance(alias, ast.alias):
                    if alias.name == "functools":
                        return f"{name}.partial"
        self.p.plan.needs_partial = True
        return "functools.partial"

    # -- names that are no calls

    def _replace(self, site: Site, rule: str, name: str) -> None:
        if not self.p.applies(rule, site.node):
            self.p.left(rule, site.node, "skipped")
            return
        if not self.p.imported(site.node):
            return
        self._name(site.node, name, runtime=not self.p.is_annotation(site.node))
        self.p.found(rule, site.node, "migrated")

    def _type(self, site: Site, name: str) -> None:
        if not self.p.imported(site.node):
            return
        new = names.RESPONSE_TYPES.get(name.rpartition(".")[2])
        chat = ".chat." in name or not name.startswith("openai.types.chat")
        if new and chat and self.p.is_annotation(site.node) and self.p.applies(TYPE, site.node):
            self._name(site.node, new, runtime=False)
            self.p.found(TYPE, site.node, "migrated")
        else:
            self.p.left(TYPE, site.node, "type")

    def _setting_read(self, site: Site, name: str) -> None:
        setting = name.removeprefix("openai.")
        if setting in names.SETTINGS and self._moves(setting, site.node):
            self._name(site.node, names.SETTINGS[setting])
            self.p.found(SETTING, site.node, "migrated")

    def _moves(self, setting: str, node: ast.AST) -> bool:
        return (
            self.p.view.calls_module
            and setting in self.p.view.settings
            and self.p.applies(SETTING, node)
        )

    def _assigned(self, node: ast.Attribute) -> None:
        base = self.p.evaluator.terms(node.value)
        if base != {Sdk("openai")}:
            return
        if node.attr in names.UNSUPPORTED_SETTINGS:
            if self.p.view.calls_module:
                self.p.left(SETTING, node, "setting", f"no counterpart: openai.{node.attr}")
            return
        if node.attr not in names.SETTINGS or not self.p.view.calls_module:
            return
        if not self.p.applies(SETTING, node):
            self.p.left(SETTING, node, "skipped")
            return
        statement = self.p.parent(node)
        if self.leftovers and isinstance(statement, ast.Assign):
            self._both(node, statement)
            return
        self._name(node, names.SETTINGS[node.attr])
        self.p.found(SETTING, node, "migrated")

    def _both(self, node: ast.Attribute, statement: ast.Assign) -> None:
        """Something that stays reads the SDK's setting: set both in one statement."""
        router = Router(f"llm_router.{names.SETTINGS[node.attr]}")
        for target in statement.targets:
            if isinstance(target, ast.Attribute) and router in self.p.evaluator.terms(target):
                self.p.found(SETTING, node, "already-done")
                return
        start = self.p.text.start(node)
        name = self.p.routed(names.SETTINGS[node.attr], start)
        self.p.plan.edits.append(Edit(start=start, end=start, replacement=f"{name} = "))
        self.p.found(SETTING, node, "migrated", "kept for what stays on the SDK, too")
