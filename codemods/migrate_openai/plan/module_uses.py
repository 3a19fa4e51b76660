"""What a program does with the openai module itself: calls, settings, exceptions, types."""

from __future__ import annotations

import ast

from codemods.migrate_openai.flow.collect import PATCHERS
from codemods.migrate_openai.flow.signatures import called_name
from codemods.migrate_openai.flow.terms import Foreign, Router, Sdk
from codemods.migrate_openai.model import Edit
from codemods.migrate_openai.plan.arguments import (
    Provider,
    UnmatchedError,
    argument_edits,
    first_argument,
    new_keyword,
)
from codemods.migrate_openai.plan.planner import Planner, Site
from codemods.migrate_openai.rules import CALLS, LEGACY_CALLS, ROUTER_FUNCTIONS, Call, rule_of
from codemods.migrate_openai.rules import sdk_names as names
from codemods.migrate_openai.rules.module_names import call_of, is_leftover

SETTING = "MOA301"
EXCEPTION = "MOA401"
SENTINEL = "MOA402"
TYPE = "MOA403"
LEFT = "MOA901"
PATCHED = "MOA903"
RAW = "MOA904"
MOCK = "MOA905"

# Functions that call what they are given, with the arguments that follow it.
_FORWARDERS = frozenset({"partial", "to_thread", "submit", "apply_async", "partialmethod"})
# Packages that read the settings of the openai module themselves.
_READERS = frozenset({"langchain", "llama_index", "guidance", "gpt_index", "dspy", "marvin"})

# What every error of 0.28 could be made with, beside its text.
_MADE_WITH = frozenset(
    {"message", "http_body", "http_status", "json_body", "headers", "code", "param"}
)


class ModuleSites:
    def __init__(self, planner: Planner) -> None:
        self.p = planner
        self.mine = [s for s in planner.sites if s.sdk and not s.client_paths]
        self.azure = self._is_azure()
        # A notebook runs alone: what other files call makes no difference to it.
        self.calls_module = planner.view.calls_module and (
            not planner.facts.path.endswith(".ipynb")
            or any(call_of(name) for site in self.mine for name in site.sdk)
        )
        self.leftovers = planner.view.openai_stays or self._reads_settings()

    def _is_azure(self) -> bool:
        """Is the module on Azure for all that this file does?

        Where that is decided as the program runs, the router looks at its setting at every call.
        """
        kinds = []
        for node in self.p.index.nodes:
            if not isinstance(node, ast.Assign):
                continue
            for target in node.targets:
                if (
                    isinstance(target, ast.Attribute)
                    and target.attr == "api_type"
                    and Sdk("openai") in self.p.evaluator.terms(target.value)
                ):
                    always = isinstance(self.p.parent(node), ast.Module)
                    value = node.value.value if isinstance(node.value, ast.Constant) else ""
                    kinds.append(always and str(value).startswith("azure"))
        return bool(kinds) and all(kinds)

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
        later = []
        for site in self.mine:
            if {self._is_type(name) for name in site.sdk} == {True}:
                later.append(site)
            else:
                self._site(site)
        if any(f.status == "migrated" and f.kind != "exception" for f in self.p.plan.findings):
            for site in later:
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
        same = {names.exceptions(name) for name in found}
        if len(same) == 1 and () not in same and len(site.atoms) == len(found):
            # One class under the names of several generations.
            self._exceptions(site, found.pop())
            return
        calls = {name: call_of(name) for name in sorted(found)}
        if len(found) > 1 or len(site.atoms) > 1:
            known = [c for c in calls.values() if c is not None]
            if known and len(site.atoms) > 1:
                self.p.left(rule_of(known[0]), site.node, "chosen-at-run-time")
            return
        name = found.pop()
        target = calls[name]
        if target is not None:
            self._call(site, target)
        elif name.startswith("openai.error."):
            self._unraised(site)
        elif self._is_sentinel(name):
            self._replace(site, SENTINEL, name.rpartition(".")[2])
        elif name.startswith("openai.types."):
            self._type(site, name)
        elif name in names.TYPES:
            self._replace(site, TYPE, names.TYPES[name])
        elif is_leftover(name):
            self._leftover(site, name)
        elif name.removeprefix("openai.") in names.LEGACY_RESOURCES:
            self._resource(site)
        else:
            self._setting_read(site, name)

    def _leftover(self, site: Site, name: str) -> None:
        if "with_raw_response" in name or "with_streaming_response" in name:
            self.p.left(RAW, site.node, "raw-response")
            return
        short = name.removeprefix("openai.")
        self.p.left(LEFT, site.node, "no-counterpart", f"LiteLLM has no counterpart: {short}")

    def _resource(self, site: Site) -> None:
        """A class of 0.28 that is not called here."""
        parent = self.p.parent(site.node)
        if isinstance(parent, ast.ClassDef):
            self.p.left(LEFT, site.node, "subclass")
        elif isinstance(parent, ast.Call) and parent.func is not site.node:
            patched = called_name(parent.func) in PATCHERS
            self.p.left(MOCK if patched else LEFT, site.node, "mock" if patched else "handed-over")

    def _exceptions(self, site: Site, name: str) -> None:
        """One class of 0.28 may be several today: an except clause gets them all."""
        today = names.exceptions(name)
        parent = self.p.parent(site.node)
        made = self.p.called(site.node)
        if name.startswith("openai.error.") and today != ("OpenAIError",):
            # Today's classes ask for the response that they stand for, which 0.28's did not.
            if made:
                self._made_by_hand(site, made, today[0])
                return
            if isinstance(parent, ast.ClassDef):
                self._replace(site, EXCEPTION, f"legacy_base({self.p.router}.{today[0]})")
                return
        grouped = isinstance(parent, ast.Tuple)
        clause = self.p.parent(parent) if grouped else parent
        if not isinstance(clause, ast.ExceptHandler):
            today = today[:1]
        self._replace(site, EXCEPTION, *today, grouped=grouped)

    def _made_by_hand(self, site: Site, call: ast.Call, kind: str) -> None:
        starred = any(isinstance(a, ast.Starred) for a in call.args)
        if starred or len(call.args) > 1 or any(k.arg not in _MADE_WITH for k in call.keywords):
            self.p.left(EXCEPTION, site.node, "exception")
            return
        if not (self.p.applies(EXCEPTION, site.node) and self.p.imported(site.node)):
            self.p.left(EXCEPTION, site.node, "skipped")
            return
        routed = self.p.routed(kind, self.p.text.start(site.node))
        self.p.plan.edits.append(first_argument(self.p.text, call, routed))
        self._name(site.node, "legacy_error")
        self.p.found(EXCEPTION, site.node, "migrated")

    def _unraised(self, site: Site) -> None:
        """An exception of 0.28 that nothing raises any more."""
        parent = self.p.parent(site.node)
        if not isinstance(parent, ast.Tuple) or len(parent.elts) < 2:
            self.p.left(EXCEPTION, site.node, "exception")
            return
        text = self.p.text
        place = parent.elts.index(site.node)
        if place + 1 < len(parent.elts):
            start, end = text.start(site.node), text.start(parent.elts[place + 1])
        else:
            start, end = text.end(parent.elts[place - 1]), text.end(site.node)
            if len(parent.elts) == 2:
                end = start
        if start == end:
            self.p.left(EXCEPTION, site.node, "exception")
            return
        self.p.plan.edits.append(Edit(start=start, end=end, replacement=""))
        self.p.found(EXCEPTION, site.node, "migrated", "nothing raises it any more")

    def _is_type(self, name: str) -> bool:
        return name.startswith("openai.types.") or name in names.TYPES or self._is_sentinel(name)

    @staticmethod
    def _is_sentinel(name: str) -> bool:
        head, _, last = name.rpartition(".")
        return last in names.SENTINELS and head in {"openai", "openai._types"}

    def _call(self, site: Site, target: Call) -> None:
        rule = rule_of(target)
        if site.use.model == "patched":
            self.p.left(PATCHED, site.node, "patched", "a library adds response_model to it")
            return
        if not self.p.applies(rule, site.node):
            self.p.left(rule, site.node, "skipped")
            return
        if not self.p.is_placed(site.node):
            self.p.left(rule, site.node, "f-string")
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
        self.p.plan.edits += arguments + self._legacy(call, target)
        self.p.found(rule, call, "migrated")

    def _legacy(self, call: ast.Call, target: Call) -> list[Edit]:
        """0.28 did not retry what the server refuses, and its replies were dictionaries."""
        self._note_legacy(target)
        if target.legacy and self.p.view.mixed:
            # A setting of the module would reach the calls of the later generation too.
            return [new_keyword(self.p.text, call, "legacy=True", 0)]
        return []

    def _note_legacy(self, target: Call) -> None:
        if target.legacy and not self.p.view.mixed:
            self.p.plan.legacy = True

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
        if self.p.view.compared & set(site.sdk):
            self._compared(site, target)
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
                if target.legacy and self.p.view.mixed:
                    self.p.plan.edits.append(new_keyword(self.p.text, parent, "legacy=True", 1))
                self._note_legacy(target)
                self.p.found(rule, site.node, "migrated", "handed over uncalled")
                return
        start = self.p.text.start(site.node)
        partial = self._partial()
        function = self.p.routed(target.function, start)
        provider = "azure" if self.azure and target.legacy else "openai"
        self._note_legacy(target)
        legacy = ", legacy=True" if target.legacy and self.p.view.mixed else ""
        self.p.plan.edits.append(
            Edit(
                start=start,
                end=self.p.text.end(site.node),
                replacement=(
                    f'{partial}({function}, provider="{provider}"{legacy})'
                    if target.has_model
                    else function
                ),
            )
        )
        self.p.found(rule, site.node, "migrated", "handed over uncalled")

    def _compared(self, site: Site, target: Call) -> None:
        """Some file compares this method: it has to be one object wherever it is named."""
        rule = rule_of(target)
        if target.legacy and self.p.view.mixed:
            self.p.left(rule, site.node, "chosen-at-run-time")
            return
        self._note_legacy(target)
        self._name(site.node, f'of("openai").{target.function}')
        self.p.found(rule, site.node, "migrated", "handed over uncalled, and compared")

    def _partial(self) -> str:
        """How this module spells ``functools.partial``."""
        for name, bindings in self.p.index.module.bindings.items():
            for binding in bindings:
                if binding.kind != "import" or binding.arms:
                    continue
                terms = self.p.evaluator.binding(binding)
                if terms == {Foreign("functools.partial")}:
                    return name
                if terms == {Foreign("functools")}:
                    return f"{name}.partial"
        self.p.plan.needs_partial = True
        return "functools.partial"

    # -- names that are no calls

    def _replace(self, site: Site, rule: str, *new: str, grouped: bool = True) -> None:
        if not self.p.applies(rule, site.node):
            self.p.left(rule, site.node, "skipped")
            return
        if not self.p.imported(site.node) or not self.p.is_placed(site.node):
            return
        start = self.p.text.start(site.node)
        runtime = not self.p.is_annotation(site.node)
        written = ", ".join(self.p.routed(name, start, runtime=runtime) for name in new)
        self.p.plan.edits.append(
            Edit(
                start=start,
                end=self.p.text.end(site.node),
                replacement=written if grouped or len(new) == 1 else f"({written})",
            )
        )
        self.p.found(rule, site.node, "migrated")

    def _type(self, site: Site, name: str) -> None:
        if not self.p.imported(site.node):
            return
        new = names.RESPONSE_TYPES.get(name.rpartition(".")[2])
        chat = ".chat." in name or not name.startswith("openai.types.chat")
        if new and chat and self.p.is_annotation(site.node) and self.p.applies(TYPE, site.node):
            self._name(site.node, new, runtime=False)
            self.p.found(TYPE, site.node, "migrated")

    def _setting_read(self, site: Site, name: str) -> None:
        setting = name.removeprefix("openai.")
        if setting in names.SETTINGS and self._moves(setting, site.node):
            self._name(site.node, names.SETTINGS[setting])
            self.p.found(SETTING, site.node, "migrated")
        elif setting in names.SETTINGS and self.calls_module and not self.p.view.mixed:
            message = f"set nowhere, and 0.28 took it from the environment: {name}"
            self.p.left(SETTING, site.node, "setting", message)

    def _moves(self, setting: str, node: ast.AST) -> bool:
        known = setting in self.p.view.settings or setting in names.LEGACY_SETTINGS
        return self.calls_module and known and self.p.applies(SETTING, node)

    def _assigned(self, node: ast.Attribute) -> None:
        base = self.p.evaluator.terms(node.value)
        if base != {Sdk("openai")}:
            return
        if node.attr in names.UNSUPPORTED_SETTINGS:
            if self.calls_module:
                self.p.left(SETTING, node, "setting", f"no counterpart: openai.{node.attr}")
            return
        if node.attr not in names.SETTINGS or not self.calls_module:
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
