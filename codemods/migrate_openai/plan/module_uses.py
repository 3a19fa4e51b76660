"""What a program does with the openai module itself: its calls here, the rest beside it."""

from __future__ import annotations

import ast
from collections.abc import Set
from dataclasses import replace
from functools import cached_property

from codemods.migrate_openai.flow.collect import PATCHERS, is_lazy
from codemods.migrate_openai.flow.signatures import called_name, root_of
from codemods.migrate_openai.flow.terms import Router, Sdk
from codemods.migrate_openai.model import Finding
from codemods.migrate_openai.plan.arguments import (
    Provider,
    UnmatchedError,
    argument_changes,
    new_keyword,
)
from codemods.migrate_openai.plan.kept_modules import AS_WRITTEN, BY_STRING
from codemods.migrate_openai.plan.module_reads import ModuleReads
from codemods.migrate_openai.plan.module_settings import ModuleSettings
from codemods.migrate_openai.plan.planner import Draft, Plan, Planner, ResolvedUse
from codemods.migrate_openai.rewrite.changes import Change
from codemods.migrate_openai.rewrite.reads import sdk_imports
from codemods.migrate_openai.rules import (
    LEGACY_CALLS,
    ROUTER_CALLS,
    Call,
    Rule,
    rule_as_spelled,
    rule_of,
)
from codemods.migrate_openai.rules import sdk_names as names
from codemods.migrate_openai.rules.module_names import call_of, is_leftover, is_of_router
from codemods.migrate_openai.rules.other import (
    EXCEPTION,
    LOOK_ALIKE,
    MOCK,
    NO_COUNTERPART,
    SENTINEL,
    SETTING,
    TYPE,
)

HELPER: Rule = rule_of(LEGACY_CALLS["Embedding.create"])

_HANDED = "handed over uncalled"
# Functions that call what they are given, with the arguments that follow it.
_FORWARDERS = frozenset({"partial", "to_thread", "submit", "apply_async", "partialmethod"})


class ModuleUses:
    def __init__(self, planner: Planner, *, moves: bool, names_move: bool = True) -> None:
        """*moves*: does something else of this file move already? *names_move*: do exceptions?"""
        self.planner = planner
        self.types_stay = False
        """Are there types of the SDK that stay, since nothing else of the file moves?"""
        self.draft = Draft(planner)
        self._moves_already = moves
        self.mine = [s for s in planner.sites if s.sdk and not s.client_paths]
        self.calls_module = planner.view.calls_module
        self.settings = ModuleSettings(planner, self.draft, calls_module=self.calls_module)
        self.azure = self.settings.is_azure()
        self.names = ModuleReads(planner, self.draft, names_move=names_move)

    def plan(self) -> Plan:
        later = []
        for site in self.mine:
            if {self._is_type(name) for name in site.sdk} == {True} and not self._is_gone(site):
                later.append(site)
            else:
                self._site(site)
        if self._moves_already or any(map(is_move, self.draft.findings)):
            for site in later:
                self._site(site)
        else:
            self.types_stay = bool(later)
        for node in self.planner.index.nodes:
            if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                self.settings.assigned(node)
        for site in self.planner.sites:
            self._already(site)
        return self.draft.plan()

    def _already(self, site: ResolvedUse) -> None:
        for value in site.values:
            if not isinstance(value, Router) or isinstance(site.node, ast.Name):
                continue
            name = value.name.removeprefix("llm_router.")
            call = call_of(name) if name.startswith("openai.") else ROUTER_CALLS.get(name)
            rule = rule_of(call) if call else rule_as_spelled(name.removeprefix("openai."))
            if name in names.HELPERS.values():
                rule = HELPER
            if rule is not None:
                self.draft.report(rule, site.node, "already-done")

    # -- one use

    def _site(self, site: ResolvedUse) -> None:
        found = set(site.sdk)
        if isinstance(site.node, ast.Name) and not self.planner.is_imported(site.node):
            return
        if self._stays(site, found) or self._is_as_written(site, found):
            return
        same = {names.exceptions(name) for name in found}
        if len(same) == 1 and () not in same and len(site.values) == len(found):
            # One class under the names of several generations.
            self.names.exception(site, found.pop())
            return
        calls = {name: call_of(name) for name in sorted(found)}
        if len(found) > 1 or len(site.values) > 1:
            known = [c for c in calls.values() if c is not None]
            if known and len(site.values) > 1:
                self.draft.leave(rule_of(known[0]), site.node, "chosen-at-run-time")
            return
        name = found.pop()
        target = calls[name]
        if target is not None:
            self._call(site, target)
        elif name.startswith("openai.error."):
            self.names.unraised(site)
        elif self._is_sentinel(name):
            self.names.replace(site, SENTINEL, name.rpartition(".")[2])
        elif name.startswith("openai.types."):
            self._type(site, name)
        elif name in names.TYPES:
            self.names.replace(site, TYPE, names.TYPES[name])
        elif name.rpartition(".")[0] in names.TYPES and isinstance(site.node, ast.Attribute):
            outer = replace(site, node=site.node.value)  # ``OpenAIObject.construct_from``
            self.names.replace(outer, TYPE, names.TYPES[name.rpartition(".")[0]])
        elif name in names.HELPERS:
            self.names.replace(site, HELPER, names.HELPERS[name])
        elif is_leftover(name):
            self._leftover(site, name)
        elif name.removeprefix("openai.") in names.LEGACY_RESOURCES:
            self._resource(site)
        else:
            self.settings.read(site, name)

    def _stays(self, site: ResolvedUse, found: Set[str]) -> bool:
        """Is this where it does not run, or where a test would not find the router's?"""
        calls = [call for call in map(call_of, sorted(found)) if call is not None]
        test = self._ineffective_patch(site, *found) if len(found) == 1 else ""
        if self._is_dead(site.node):
            if calls or any(map(names.exceptions, found)):
                rule = rule_of(calls[0]) if calls else EXCEPTION
                self.draft.leave(rule, site.node, "other-generation")
            return True
        if test and calls:
            self.draft.leave(rule_of(calls[0]), site.node, "mock", f"a test replaces it: {test}")
        return bool(test)

    def _is_as_written(self, site: ResolvedUse, found: Set[str]) -> bool:
        """Is this read from a module that has the same name in the router?"""
        if not len(found) == len(site.values) == 1 or not self.planner.kept.is_read(site.node):
            return False
        parent = self.planner.parent(site.node)
        by_string = isinstance(parent, ast.Call) and called_name(parent.func) in BY_STRING
        rule = SETTING if by_string else _rule_as_written(*found)
        if rule is SETTING and not self.calls_module:
            return False
        if rule is not None:
            where = self.planner.call_at(site.node) if rule.kind == "call" else None
            self.draft.migrate(rule, where or site.node, AS_WRITTEN)
        return rule is not None

    @cached_property
    def _dead_arms(self) -> tuple[range, ...]:
        """Lines that run with openai 0.28 only, in a program that has calls of later generations.

        ``try: import openai.error ...`` asks which generation there is.
        """
        if not self.planner.view.mixed:
            return ()
        tries = (node for node in self.planner.index.nodes if isinstance(node, ast.Try))
        return tuple(
            range(node.body[0].lineno, (node.body[-1].end_lineno or 0) + 1)
            for node in tries
            if node.handlers and any(map(_imports_legacy, node.body))
        )

    def _is_dead(self, node: ast.expr) -> bool:
        return any(node.lineno in lines for lines in self._dead_arms)

    def _ineffective_patch(self, site: ResolvedUse, name: str) -> str:
        """The test that would replace this in vain if it moved."""
        root = root_of(site.node)
        if isinstance(root, ast.Name) and is_lazy(self.planner.index, root):
            return self.planner.view.lazy_import_patch
        ineffective_patch = self.planner.view.ineffective_patches
        return next(
            (by for part, by in ineffective_patch.items() if f"{name}.".startswith(f"{part}.")), ""
        )

    def _leftover(self, site: ResolvedUse, name: str) -> None:
        short = name.removeprefix("openai.")
        rule, call = rule_as_spelled(short), self.planner.call_at(site.node)
        if rule and call and self.planner.applies(rule, site.node):
            self._name(site.node, name)  # the router has a module by that name
            self.draft.migrate(rule, call)
            return
        self.draft.leave(
            NO_COUNTERPART, site.node, "no-counterpart", f"LiteLLM has no counterpart: {short}"
        )

    def _resource(self, site: ResolvedUse) -> None:
        """A class of 0.28 that is not called here."""
        parent = self.planner.parent(site.node)
        if self.planner.kept.is_read(site.node):
            if isinstance(parent, ast.ClassDef) and is_of_router(site.sdk[0]):
                self.draft.migrate(TYPE, site.node, AS_WRITTEN)
                return
            if not isinstance(parent, ast.ClassDef):
                return
        if isinstance(parent, ast.ClassDef):
            self.draft.leave(NO_COUNTERPART, site.node, "subclass")
        elif isinstance(parent, ast.Call) and parent.func is not site.node:
            patched = called_name(parent.func) in PATCHERS
            self.draft.leave(
                MOCK if patched else NO_COUNTERPART, site.node, "mock" if patched else "handed-over"
            )

    def _is_type(self, name: str) -> bool:
        return name.startswith("openai.types.") or name in names.TYPES or self._is_sentinel(name)

    def _is_gone(self, site: ResolvedUse) -> bool:
        """Is this of a module that no later package has, so that it has to move with the calls?"""
        return self.calls_module and all(n.startswith(names.LEGACY_MODULES) for n in site.sdk)

    @staticmethod
    def _is_sentinel(name: str) -> bool:
        head, _, last = name.rpartition(".")
        return last in names.SENTINELS and head in {"openai", "openai._types"}

    def _call(self, site: ResolvedUse, target: Call) -> None:
        rule = rule_of(target)
        if target.legacy and (setting := self.planner.view.transport):
            message = f"it depends on openai.{setting}, which the router does not have"
            self.draft.leave(rule, site.node, "setting", message)
            return
        if site.use.model == "patched":
            self.draft.leave(
                LOOK_ALIKE, site.node, "patched", "a library adds response_model to it"
            )
            return
        if self.draft.skips(rule, site.node):
            return
        if not self.planner.is_placed(site.node):
            self.draft.leave(rule, site.node, "f-string")
            return
        called = self.planner.call_at(site.node)
        call = called or self._forwarder(site.node)
        if call is None:
            self._handed(site, target)
            return
        try:
            arguments = self._arguments(call, target, skip=0 if called else 1)
        except UnmatchedError as error:
            self.draft.leave(rule, site.node, "arguments", str(error))
            return
        self._name(site.node, target.function)
        self._note_legacy(target)
        self.draft.changes += arguments
        self.draft.migrate(rule, called or site.node, "" if called else _HANDED)

    def _arguments(self, call: ast.Call, target: Call, skip: int = 0) -> list[Change]:
        """The arguments for the router. Raises `UnmatchedError`.

        0.28 did not retry what the server refuses, and its replies were dictionaries.
        """
        text = self.planner.text
        changes = argument_changes(text, call, target, self._provider(call, target), skip)
        if target.legacy and self.planner.view.mixed:
            # A setting of the module would reach the calls of the later generation too.
            changes.append(new_keyword(text, call, "legacy=True", skip))
        return changes

    def _note_legacy(self, target: Call) -> None:
        if target.legacy and not self.planner.view.mixed:
            self.draft.legacy = True

    def _provider(self, call: ast.Call, target: Call) -> Provider:
        """Azure, where this file says so and the call names a deployment."""
        azure = self.azure and target.legacy
        for keyword in call.keywords:
            if keyword.arg == "api_type" and isinstance(keyword.value, ast.Constant):
                azure = str(keyword.value.value).startswith("azure")
        return Provider(name="azure" if azure else "openai")

    def _name(self, node: ast.expr, function: str) -> None:
        self.draft.replace(node, self.draft.router_name(function))

    def _handed(self, site: ResolvedUse, target: Call) -> None:
        """The method goes to something that calls it: a retry helper, a thread pool.

        It is one object wherever it is named, so that it can be compared.
        """
        name = target.function
        if target.legacy and self.planner.view.mixed:
            name = f'of("openai", legacy=True).{target.function}'
        elif target.has_model:
            name = f'of("openai").{target.function}'
        self._note_legacy(target)
        self._name(site.node, name)
        self.draft.migrate(rule_of(target), site.node, _HANDED)

    def _forwarder(self, node: ast.expr) -> ast.Call | None:
        """The call that is given a function and its arguments: ``partial(create, model=...)``."""
        match self.planner.parent(node):
            case ast.Call(func=func, args=[first, *_]) as call if first is node:
                return call if called_name(func) in _FORWARDERS else None
        return None

    # -- names that are no calls

    def _type(self, site: ResolvedUse, name: str) -> None:
        if not self.planner.is_imported(site.node):
            return
        if (
            self._types_vanish
            and self.planner.is_annotation(site.node)
            and self.planner.applies(TYPE, site.node)
        ):
            self._name(site.node, name.rpartition(".")[2])
            self.draft.migrate(TYPE, site.node)

    @cached_property
    def _types_vanish(self) -> bool:
        """Are all types that the file imports types of replies, and read in annotations alone?

        What makes one, such as a fake of the program's tests, says so as before; and a file that
        needs the SDK for other types needs no second name for these.
        """
        imported = [
            (name, term.name)
            for _, name, binding, _ in sdk_imports(self.planner.analysis)
            for term in self.planner.evaluator.binding(binding)
            if isinstance(term, Sdk) and term.name.startswith("openai.types")
        ]
        reads = (node for name, _ in imported for node in self.planner.occurrences.names[name])
        replies = all(dotted.rpartition(".")[2] in names.REPLIES for _, dotted in imported)
        return replies and all(map(self.planner.is_annotation, reads))


def _imports_legacy(statement: ast.stmt) -> bool:
    """Does a statement import what only 0.28 has?"""
    match statement:
        case ast.Import(names=imported):
            modules = [alias.name for alias in imported]
        case ast.ImportFrom(module=str(module), level=0):
            modules = [module]
        case _:
            return False
    return any(module.startswith((*names.LEGACY_MODULES, "openai.error")) for module in modules)


def _rule_as_written(name: str) -> Rule | None:
    """The rule of what the router's module answers to by the SDK's name."""
    if (call := call_of(name)) is not None:
        return rule_of(call)
    if names.exceptions(name) == (name.removeprefix("openai."),):
        return EXCEPTION
    if name.removeprefix("openai.") in names.SENTINELS:
        return SENTINEL
    return SETTING if name.removeprefix("openai.") in names.SETTINGS else None


def is_move(finding: Finding) -> bool:
    """Does the file get something of the router that is more than an exception?"""
    return finding.status == "migrated" and finding.kind != "exception"
