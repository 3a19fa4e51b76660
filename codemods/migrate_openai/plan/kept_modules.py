"""Imports of openai whose name stays, and means ``llm_router.openai`` from now on."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import cached_property

from codemods.migrate_openai.flow.collect import Analysis
from codemods.migrate_openai.flow.facts import ModuleFacts
from codemods.migrate_openai.flow.known_calls import module_imported
from codemods.migrate_openai.flow.scopes import Binding, BindingKind
from codemods.migrate_openai.flow.signatures import called_name, root_of
from codemods.migrate_openai.flow.terms import Sdk, Term, Value
from codemods.migrate_openai.model import Spelling
from codemods.migrate_openai.plan.project import ModuleView
from codemods.migrate_openai.rules import rule_as_spelled
from codemods.migrate_openai.rules.module_names import is_leftover, is_of_router
from codemods.migrate_openai.rules.sdk_names import LEGACY_RESOURCES

_ARMS = (ast.If, ast.Try, ast.ExceptHandler, ast.With)
BY_STRING = frozenset({"setattr", "getattr", "hasattr", "delattr"})
AS_WRITTEN = "the router's module answers to this name"


class KeptModules:
    """Of one file: where the name may be missing, is asked for by a string, or is replaced."""

    def __init__(self, analysis: Analysis, facts: ModuleFacts, view: ModuleView) -> None:
        self.facts = facts
        self.index = analysis.index
        self.evaluator = analysis.evaluator
        self.view = view
        self.options = analysis.options

    def keeps_name(self, alias: ast.alias) -> bool:
        """Does the import of a name of the SDK stay, and means the router's from now on?"""
        name = alias.asname or alias.name
        kept = self.view.replaced | self.view.replacing
        return self.options.spelling is Spelling.SDK or name in kept or self._is_conditional(alias)

    def _is_conditional(self, alias: ast.alias) -> bool:
        """Does a module import it only sometimes? Then it stays where it is."""
        parents, node = self.index.parents, self.index.parents[alias]
        outer: list[ast.AST] = []
        while (node := parents[node]) is not self.index.module.node:
            outer.append(node)
        return bool(outer) and all(isinstance(n, _ARMS) for n in outer)

    @cached_property
    def modules(self) -> frozenset[ast.alias]:
        """The imports of openai whose name stays, and means the router's module of that name."""
        return frozenset(
            binding.node
            for scope in self.index.own_scope.values()
            for name, bindings in scope.bindings.items()
            for binding in bindings
            if isinstance(binding.node, ast.alias)
            and name not in self._names_of_clients_that_stay
            and (
                self.keeps_name(binding.node)
                or self.view.replaced_calls
                or _is_optional(bindings)
                or name in self._names_asked_by_string
                or name in self._names_of_bases - self._names_of_what_only_the_sdk_has
            )
            and any(map(_leads_to_calls, self.evaluator.binding(binding)))
        )

    @cached_property
    def _names_of_clients_that_stay(self) -> frozenset[str]:
        """How a file names the class of a client that stays the SDK's."""
        stay = (
            self.facts.constructors.get(member.at)
            for member, decision in self.view.decisions.items()
            if member.path == self.facts.path and not decision.moves
        )
        return frozenset(constructor.name for constructor in stay if constructor is not None)

    @cached_property
    def _names_of_what_only_the_sdk_has(self) -> frozenset[str]:
        """How a file reads what the router's module does not have, and what therefore stays."""
        uses = zip(self.facts.uses, self.view.uses, strict=True)
        first = (use.names[0] for use, values in uses if any(map(_is_of_sdk_alone, values)))
        return frozenset(first)

    @cached_property
    def _names_asked_by_string(self) -> frozenset[str]:
        """What is asked for attributes by their names: ``setattr(openai, name, ...)``."""
        calls = (n for n in self.index.nodes if isinstance(n, ast.Call) and n.args)
        asked = (c.args[0] for c in calls if called_name(c.func) in BY_STRING)
        return frozenset(node.id for node in asked if isinstance(node, ast.Name))

    @cached_property
    def _names_of_bases(self) -> frozenset[str]:
        """How a class derives from one of 0.28 whose calls the router has: by its module."""
        classes = (node for node in self.index.nodes if isinstance(node, ast.ClassDef))
        bases = [base for cls in classes for base in cls.bases]
        terms = {base: self.evaluator.terms(base) for base in bases}
        roots = map(root_of, (b for b in bases if any(map(_is_legacy_class, terms[b]))))
        return frozenset(root.id for root in roots if isinstance(root, ast.Name))

    def is_read(self, node: ast.AST) -> bool:
        """Is this read from the openai module, by a name that stays?"""
        node = root_of(node) if isinstance(node, ast.Attribute) else node
        if not isinstance(node, ast.Name) or not (self.modules or self.computed_imports):
            return False
        reaching = self.index.reaching(node)
        if reaching and all(b.value in self.computed_imports for b in reaching):
            return True
        imports = [b.node for b in reaching if b.kind is BindingKind.IMPORT]
        return bool(imports) and self.modules.issuperset(imports)

    @cached_property
    def computed_imports(self) -> Mapping[ast.AST | None, ast.Constant]:
        """The calls that import openai by its name: ``import_module("openai")``."""
        calls = (node for node in self.index.nodes if isinstance(node, ast.Call))
        named = ((call, module_imported(call)) for call in calls)
        return {call: name for call, name in named if name is not None and name.value == "openai"}


def _is_optional(bindings: Sequence[Binding]) -> bool:
    """May a module be missing: ``except ImportError: openai = None``?"""
    return any(b.kind is BindingKind.IMPORT for b in bindings) and any(
        isinstance(b.value, ast.Constant) and b.value.value is None for b in bindings
    )


def _is_of_sdk_alone(value: Value) -> bool:
    """Is this a raw response, or a class or method that has no counterpart?"""
    if not isinstance(value, Sdk):
        return False
    name = value.name.removeprefix("openai.")
    is_class = name in LEGACY_RESOURCES and not is_of_router(value.name)
    return is_class or (is_leftover(value.name) and rule_as_spelled(name) is None)


def _is_legacy_class(term: Term) -> bool:
    name = term.name.removeprefix("openai.") if isinstance(term, Sdk) else ""
    return name in LEGACY_RESOURCES and is_of_router(f"openai.{name}")


def _leads_to_calls(term: Term) -> bool:
    """Is this the module, or a class of 0.28 that a file imports from it?"""
    return isinstance(term, Sdk) and (
        term.name == "openai" or term.name.removeprefix("openai.") in LEGACY_RESOURCES
    )
