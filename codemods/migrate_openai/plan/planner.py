"""Facts and rules -> the changes and findings for one file. Nothing is changed here."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from codemods.migrate_openai.flow.collect import Analysis
from codemods.migrate_openai.flow.facts import ModuleFacts, Use
from codemods.migrate_openai.flow.scopes import Scope
from codemods.migrate_openai.flow.signatures import root_of
from codemods.migrate_openai.flow.terms import ClientPath, Router, Sdk, Values
from codemods.migrate_openai.model import Finding, SiteStatus
from codemods.migrate_openai.plan.kept_modules import KeptModules
from codemods.migrate_openai.plan.occurrences import Occurrences
from codemods.migrate_openai.plan.project import ModuleView
from codemods.migrate_openai.rewrite.changes import Change, Replace
from codemods.migrate_openai.rewrite.positions import Text
from codemods.migrate_openai.rewrite.reads import is_annotation
from codemods.migrate_openai.rules import Rule
from codemods.migrate_openai.rules.reasons import REASONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to change in one file, and what is said about it."""

    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()
    reads: frozenset[str] = frozenset()
    """Names that the changes write and that something has to import: the router."""
    renamed: Mapping[int, str] = field(default_factory=dict)
    """Imports of the SDK, by their order, whose name stays and is to mean this of the router."""
    legacy: bool = False
    """Was a call of 0.28 moved, which did not retry and gave dictionaries?"""

    def __add__(self, other: Plan) -> Plan:
        return Plan(
            changes=self.changes + other.changes,
            findings=self.findings + other.findings,
            reads=self.reads | other.reads,
            renamed={**self.renamed, **other.renamed},
            legacy=self.legacy or other.legacy,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedUse:
    """One use, resolved."""

    use: Use
    node: ast.expr
    values: Values

    @property
    def sdk(self) -> list[str]:
        return [value.name for value in self.values if isinstance(value, Sdk)]

    @property
    def client_paths(self) -> list[ClientPath]:
        """The shortest first: a name that is assigned from itself has longer ones too."""
        found = [value for value in self.values if isinstance(value, ClientPath)]
        return sorted(found, key=lambda value: (len(value.path), value.path, repr(value.client)))


class Planner:
    """Shared by the parts of the plan: the text, the tree, the names. It never changes."""

    def __init__(self, analysis: Analysis, facts: ModuleFacts, view: ModuleView) -> None:
        self.analysis = analysis
        self.index = analysis.index
        self.evaluator = analysis.evaluator
        self.facts = facts
        self.view = view
        self.options = analysis.options
        self.text = Text(analysis.file.text, analysis.parsed.text)
        self.sites = [
            ResolvedUse(use=use, node=_expression(self.index.nodes[use.place]), values=values)
            for use, values in zip(facts.uses, view.uses, strict=True)
        ]
        self.router = self._router_name()
        self.kept = KeptModules(analysis, facts, view)

    # -- names

    def _router_name(self) -> str:
        """The name for the router in this module."""
        for name, bindings in self.index.module.bindings.items():
            for binding in bindings:
                top = binding.kind == "import" and not binding.arms
                if top and self.evaluator.binding(binding) == {Router("llm_router")}:
                    return name
        taken = {n for s in self.index.own_scope.values() for n in s.bindings}
        name = self.options.router.rpartition(".")[2]
        while name in taken and not self._is_router(name):
            name = f"_{name}"
        return name

    def _is_router(self, name: str) -> bool:
        return all(
            self.evaluator.binding(b) == {Router("llm_router")}
            for s in self.index.own_scope.values()
            for b in s.bindings.get(name, [])
        )

    def applies(self, rule: Rule, node: ast.AST) -> bool:
        line = getattr(node, "lineno", 0)
        return self.options.applies(rule.id) and line not in self.analysis.file.kept_lines

    # -- questions

    @cached_property
    def occurrences(self) -> Occurrences:
        return Occurrences(self.index)

    def is_placed(self, node: ast.expr) -> bool:
        """Does the tree know where a node stands? Before 3.12 not always inside f-strings."""
        outer: ast.AST = node
        while not isinstance(outer, (ast.JoinedStr, ast.stmt)):
            outer = self.index.parents[outer]
        if isinstance(outer, ast.stmt):
            return True
        whole = self.call_at(node) or node
        try:
            found = ast.parse(self.text.of(whole), mode="eval").body
        except (SyntaxError, ValueError, IndexError):
            return False
        return ast.dump(found) == ast.dump(whole)

    def parent(self, node: ast.AST) -> ast.AST:
        return self.index.parents[node]

    def call_at(self, node: ast.expr) -> ast.Call | None:
        parent = self.parent(node)
        return parent if isinstance(parent, ast.Call) and parent.func is node else None

    def scope(self, node: ast.AST) -> Scope:
        return self.index.scope_of[node]

    def is_imported(self, node: ast.expr) -> bool:
        """Is this chain rooted in an import, with nothing assigned in between?"""
        node = root_of(node)
        if not isinstance(node, ast.Name):
            return False
        bindings = self.index.reaching(node)
        if not bindings:
            return bool(self.index.module.star_imports)
        return all(b.kind == "import" for b in bindings)

    def quoted(self, node: ast.Constant, text: str) -> str:
        """Another text for a string literal, in quotes of the same kind."""
        quote = next(character for character in self.text.of(node) if character in "'\"")
        return f"{quote}{text}{quote}"

    def is_annotation(self, node: ast.AST) -> bool:
        return is_annotation(self.index, node)


class Draft:
    """One part of a plan while it is being made."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._text = planner.text
        self.changes: list[Change] = []
        self.findings: list[Finding] = []
        self.reads: set[str] = set()
        self.renamed: dict[int, str] = {}
        self.legacy = False

    def plan(self) -> Plan:
        return Plan(
            changes=tuple(self.changes),
            findings=tuple(self.findings),
            reads=frozenset(self.reads),
            renamed=self.renamed,
            legacy=self.legacy,
        )

    def router_name(self, name: str) -> str:
        """``llm_router.<name>``, which the file then has to import."""
        self.reads.add(self._planner.router)
        return f"{self._planner.router}.{name}"

    def replace(self, node: ast.AST, code: str) -> None:
        self.changes.append(Replace(span=self._text.span(node), code=code))

    def report(
        self, rule: Rule, node: ast.AST, status: SiteStatus, message: str = "", reason: str = ""
    ) -> None:
        start = self._text.start(node)
        source = " ".join(self._text.of(node).split())
        self.findings.append(
            Finding(
                rule=rule.id,
                line=self._text.line_of(start),
                column=self._text.column_of(start),
                status=status,
                kind=rule.kind,
                source=source if len(source) <= 80 else source[:77] + "...",
                reason=reason,
                message=message or (REASONS[reason].title if reason else ""),
                advice=REASONS[reason].advice if reason else "",
                end_line=getattr(node, "end_lineno", None),
            )
        )

    def migrate(self, rule: Rule, node: ast.AST, message: str = "") -> None:
        self.report(rule, node, "migrated", message)

    def leave(self, rule: Rule, node: ast.AST, reason: str, message: str = "") -> None:
        if getattr(node, "lineno", 0) in self._planner.analysis.file.unprintable_lines:
            reason, message = "unprintable", ""
        self.report(rule, node, "left", message, reason)

    def skips(self, rule: Rule, node: ast.AST) -> bool:
        """Do options, or a comment, say to leave this? Then it is left."""
        if self._planner.applies(rule, node):
            return False
        self.leave(rule, node, "skipped")
        return True


def _expression(node: ast.AST) -> ast.expr:
    assert isinstance(node, ast.expr)
    return node


def receiver_of(node: ast.expr, path: tuple[str, ...]) -> ast.expr | None:
    """The client in ``client.chat.completions.create``; None where the path is not spelled out."""
    for name in reversed(path):
        if not isinstance(node, ast.Attribute) or node.attr != name:
            return None
        node = node.value
    return node
