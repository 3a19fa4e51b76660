"""What looks like a call of the SDK and is not provably one: reported, never touched."""

from __future__ import annotations

import ast
import re
import sys

from codemods.migrate_openai.flow.call_patterns import is_telling
from codemods.migrate_openai.flow.collect import PATCHERS, chain_names, is_test
from codemods.migrate_openai.flow.signatures import called_name, root_of
from codemods.migrate_openai.flow.terms import (
    ClientPath,
    Cls,
    Foreign,
    Func,
    Inst,
    Param,
    Router,
    Sdk,
    Value,
    client_class,
)
from codemods.migrate_openai.plan.planner import Draft, Plan, Planner, ResolvedUse
from codemods.migrate_openai.rules.other import LOOK_ALIKE, MOCK, UNPROVEN
from codemods.migrate_openai.rules.sdk_names import ROUTER_CLASSES

_ADDRESS = re.compile(r"https?://api\.openai\.com\b|https?://[\w.-]+\.openai\.azure\.com\b")
# Libraries that answer in the place of requests and aiohttp, which sent for openai 0.28.
_TRANSPORTS = frozenset({"requests_mock", "responses", "aioresponses", "httpretty"})
_OTHER_SDK = ("other-sdk", "another SDK")
_METHODS = frozenset({"create", "acreate", "parse", "stream", "generate", "edit", "retrieve"})
# Packages whose classes say nothing of where an attribute comes from.
_NEUTRAL = frozenset({"typing", "typing_extensions", "pydantic", "dataclasses", "abc", "attr"})


class LookAlikes:
    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self.draft = Draft(planner)

    def plan(self) -> Plan:
        for site in self.planner.sites:
            if any(isinstance(value, (ClientPath, Sdk, Router)) for value in site.values):
                continue
            if is_telling(site.use.names) and not _is_asked_of_mock(site.use.names[-1]):
                self._shaped(site)
        for node in self.planner.index.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                self._patched(node, node.value)
                self._answered(node, node.value)
        return self.draft.plan()

    def _answered(self, node: ast.Constant, address: str) -> None:
        """``requests_mock.post("https://api.openai.com/...")``: where 0.28 sent its requests."""
        if not (self.planner.view.legacy_calls and is_test(self.planner.facts.path)):
            return
        call = self.planner.parent(node)
        if _ADDRESS.match(address) and isinstance(call, ast.Call) and node in call.args:
            named = {*chain_names(call.func), *self.planner.occurrences.bound}
            if not _TRANSPORTS.isdisjoint(named):
                self.draft.leave(MOCK, node, "transport")

    def _patched(self, node: ast.Constant, target: str) -> None:
        """``patch("openai.OpenAI")``: follows what it replaces, or replaces it in vain."""
        parent = self.planner.parent(node)
        if not (isinstance(parent, ast.Call) and called_name(parent.func) in PATCHERS):
            return
        if target in self.planner.view.rerouted and self.planner.applies(MOCK, node):
            cls = client_class(target)
            new = ROUTER_CLASSES[cls] if cls else target
            code = self.planner.quoted(node, f"{self.planner.options.router}.{new}")
            self.draft.replace(node, code)
            self.draft.migrate(MOCK, node)

    def _is_of_mock(self, node: ast.expr) -> bool:
        """Does a chain begin with what a test made to be a mock, or calls one?"""
        first = root_of(node)
        if not isinstance(first, ast.Name):
            return _makes_mock(first)
        values = (binding.value for binding in self.planner.index.reaching(first))
        return "mock" in first.id.lower() or any(map(_makes_mock, values))

    def _shaped(self, site: ResolvedUse) -> None:
        if self.planner.call_at(site.node) is None and site.use.names[-1] not in _METHODS:
            return
        known = [value for value in site.values if not isinstance(value, Param)]
        if is_test(self.planner.facts.path) and self._is_of_mock(site.node):
            return
        if known and all(isinstance(value, (Func, Cls, Inst)) for value in known):
            return  # a class of the program's own
        foreign = [
            value.name for value in known if isinstance(value, Foreign) and another_sdk(value)
        ]
        if foreign and len(foreign) == len(known):
            drop_in = any("openai" in name for name in foreign)
            reason, what = ("drop-in", "stands in for openai") if drop_in else _OTHER_SDK
            self.draft.leave(LOOK_ALIKE, site.node, reason, f"{what}: {foreign[0]}")
            return
        self.draft.leave(UNPROVEN, site.node, "receiver-unproven")


def _makes_mock(node: ast.AST | None) -> bool:
    """``Mock()``, ``mocker.patch("app.make").return_value``."""
    node = root_of(node) if isinstance(node, ast.Attribute) else node
    if not isinstance(node, ast.Call):
        return False
    name = called_name(node.func)
    return name in PATCHERS | {"create_autospec"} or name.endswith("Mock")


def _is_asked_of_mock(name: str) -> bool:
    """``create.assert_awaited_once()``: no call of the API."""
    return name.startswith("assert_") or name in {"reset_mock", "configure_mock"}


def another_sdk(value: Value) -> str | None:
    """The package that this is of, where its own client may answer the same spelling."""
    package = value.package if isinstance(value, Foreign) else ""
    known = not package or package in _NEUTRAL | sys.stdlib_module_names
    return None if known else package
