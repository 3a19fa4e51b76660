"""Facts and rules -> the edits and findings for one file. Nothing is changed here."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from codemods.migrate_openai.flow.collect import Analysis
from codemods.migrate_openai.flow.facts import ModuleFacts, Use
from codemods.migrate_openai.flow.scopes import Scope
from codemods.migrate_openai.flow.terms import (
    Atoms,
    ClientPath,
    Router,
    Sdk,
)
from codemods.migrate_openai.model import Edit, Finding, Options
from codemods.migrate_openai.plan.project import ModuleView
from codemods.migrate_openai.rewrite.text import Text
from codemods.migrate_openai.rules import RULES
from codemods.migrate_openai.rules.reasons import REASONS


@dataclass(slots=True, kw_only=True)
class Plan:
    """What the parts of the plan add to. Edits that belong together come in one call."""

    edits: list[Edit] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    router_names: list[tuple[int, bool]] = field(default_factory=list)
    """Where the router's name is written: (offset, needed when the program runs?)."""
    needs_partial: bool = False
    legacy: bool = False
    """Was a call of 0.28 moved, which did not retry and gave dictionaries?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One use, resolved."""

    use: Use
    node: ast.expr
    atoms: Atoms

    @property
    def sdk(self) -> list[str]:
        return [a.name for a in self.atoms if isinstance(a, Sdk)]

    @property
    def client_paths(self) -> list[ClientPath]:
        """The shortest first: a name that is assigned from itself has longer ones too."""
        found = [a for a in self.atoms if isinstance(a, ClientPath)]
        return sorted(found, key=lambda a: (len(a.path), a.path, repr(a.client)))


class Planner:
    """Shared by the parts of the plan: the text, the tree, the names, the result."""

    def __init__(
        self, analysis: Analysis, facts: ModuleFacts, view: ModuleView, options: Options
    ) -> None:
        self.analysis = analysis
        self.index = analysis.index
        self.evaluator = analysis.evaluator
        self.facts = facts
        self.view = view
        self.options = options
        self.text = Text(analysis.file.text, analysis.parsed.text)
        self.plan = Plan()
        self.sites = [
            Site(use=use, node=_expression(self.index.nodes[use.place]), atoms=atoms)
            for use, atoms in zip(facts.uses, view.uses, strict=True)
        ]
        self.router, self.router_bound = self._router_name()

    # -- names

    def _router_name(self) -> tuple[str, bool]:
        """The name for the router in this module, and whether the module imports it already."""
        for name, bindings in self.index.module.bindings.items():
            for binding in bindings:
                top = binding.kind == "import" and not binding.arms
                if top and self.evaluator.binding(binding) == {Router("llm_router")}:
                    return name, True
        taken = {n for s in self.index.own_scope.values() for n in s.bindings}
        name = self.options.router.rpartition(".")[2]
        while name in taken and not self._is_router(name):
            name = f"_{name}"
        return name, False

    def _is_router(self, name: str) -> bool:
        return all(
            self.evaluator.binding(b) == {Router("llm_router")}
            for s in self.index.own_scope.values()
            for b in s.bindings.get(name, [])
        )

    def routed(self, name: str, at: int, *, runtime: bool = True) -> str:
        """``llm_router.<name>``, noted as written at an offset."""
        self.plan.router_names.append((at, runtime))
        return f"{self.router}.{name}"

    # -- results

    def applies(self, rule: str, node: ast.AST) -> bool:
        line = getattr(node, "lineno", 0)
        return self.options.applies(rule) and line not in self.analysis.file.skipped_lines

    def found(
        self,
        rule: str,
        node: ast.AST,
        status: str,
        message: str = "",
        reason: str = "",
        end: ast.AST | None = None,
    ) -> None:
        start = self.text.start(node)
        source = " ".join(self.text.of(node).split())
        self.plan.findings.append(
            Finding(
                rule=rule,
                line=self.text.line_of(start),
                column=self.text.column_of(start),
                status=status,  # type: ignore[arg-type]
                kind=RULES[rule].kind,
                source=source if len(source) <= 80 else source[:77] + "...",
                reason=reason,
                message=message or (REASONS[reason].title if reason else ""),
                advice=REASONS[reason].advice if reason else "",
                end_line=getattr(end or node, "end_lineno", None),
            )
        )

    def left(self, rule: str, node: ast.AST, reason: str, message: str = "") -> None:
        self.found(rule, node, "left", message, reason)

    # -- questions

    def tree_imports(self) -> list[ast.stmt]:
        """The import statements of the module scope, in order."""
        return [
            n
            for n in self.index.nodes
            if isinstance(n, (ast.Import, ast.ImportFrom))
            and self.index.scope_of[n] is self.index.module
        ]

    def is_placed(self, node: ast.expr) -> bool:
        """Does the tree know where a node stands? Before 3.12 not always inside f-strings."""
        outer: ast.AST = node
        while not isinstance(outer, (ast.JoinedStr, ast.stmt)):
            outer = self.index.parents[outer]
        if isinstance(outer, ast.stmt):
            return True
        whole = self.called(node) or node
        try:
            found = ast.parse(self.text.of(whole), mode="eval").body
        except (SyntaxError, ValueError, IndexError):
            return False
        return ast.dump(found) == ast.dump(whole)

    def parent(self, node: ast.AST) -> ast.AST:
        return self.index.parents[node]

    def called(self, node: ast.expr) -> ast.Call | None:
        parent = self.parent(node)
        return parent if isinstance(parent, ast.Call) and parent.func is node else None

    def scope(self, node: ast.AST) -> Scope:
        return self.index.scope_of[node]

    def imported(self, node: ast.expr) -> bool:
        """Is this chain rooted in an import, with nothing assigned in between?"""
        while isinstance(node, ast.Attribute):
            node = node.value
        if not isinstance(node, ast.Name):
            return False
        bindings = self.index.reaching(node)
        if not bindings:
            return bool(self.index.module.star_imports)
        return all(b.kind == "import" for b in bindings)

    def is_annotation(self, node: ast.AST) -> bool:
        """Is the expression evaluated as an annotation, which may never run?"""
        child: ast.AST = node
        while True:
            parent = self.index.parents.get(child)
            if parent is None or isinstance(parent, ast.stmt):
                break
            if isinstance(parent, ast.arg) and parent.annotation is child:
                return True
            child = parent
        if isinstance(parent, ast.AnnAssign):
            return parent.annotation is child
        if isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return parent.returns is child
        return False


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
