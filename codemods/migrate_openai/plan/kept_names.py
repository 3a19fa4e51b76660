"""Names that a file imports from the SDK and goes on using: their import names the router instead.

``from openai import OpenAI`` becomes ``from personalvibe.llm_router import Client as OpenAI``
where the name may stand for something else too, or is read so often that a changed import is the
smaller change.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from codemods.migrate_openai.flow.scopes import Binding
from codemods.migrate_openai.flow.signatures import root_of
from codemods.migrate_openai.flow.terms import client_class
from codemods.migrate_openai.plan.kept_modules import AS_WRITTEN
from codemods.migrate_openai.plan.planner import Plan, Planner
from codemods.migrate_openai.rewrite.changes import Change, Replace, Span
from codemods.migrate_openai.rewrite.reads import sdk_imports
from codemods.migrate_openai.rules.sdk_names import AT_NO_COST, ROUTER_CLASSES

_OFTEN = 6
"""From so many reads on, one line of import is less to review than the reads."""


class NamedImports:
    """The names that a file imports from the SDK one by one."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._index = planner.index
        self.places = {
            alias: place
            for place, (*_, alias) in enumerate(sdk_imports(planner.analysis))
            if isinstance(planner.index.statement(alias), ast.ImportFrom)
        }
        """Each name's place among the imports of the SDK."""

    def kept(self, cls: str) -> int | None:
        """The place of a class under its own name, where that stays."""
        kept = (
            place
            for alias, place in self.places.items()
            if alias.name == cls and not alias.asname and self._planner.kept.keeps_name(alias)
        )
        return next(kept, None)

    def conditional(self, func: ast.expr, cls: str) -> int | None:
        """The place of a name that something else may bind as well: ``OpenAI = None``.

        Of several imports under one name, that of the class *cls*.
        """
        if not isinstance(func, ast.Name):
            return None
        reaching = self._index.reaching(func)
        found = [
            self.places[b.node]
            for b in reaching
            if isinstance(b.node, ast.alias) and b.node in self.places and b.node.name == cls
        ]
        return found[0] if len(found) == 1 < len(reaching) else None


@dataclass(slots=True, kw_only=True)
class _NameUses:
    reads: int = 0
    changes: list[Replace] = field(default_factory=list)
    calls_left: int = 0
    """Reads that are called, and do not change."""

    def one_name(self, prefix: str) -> str | None:
        """What of the router all reads become, if it is one thing."""
        names = {change.code.removeprefix(prefix) for change in self.changes}
        if self.reads != len(self.changes) or len(names) != 1:
            return None
        [name] = names
        return name if name.isidentifier() else None


def with_kept_names(planner: Planner, plan: Plan) -> Plan:
    """The plan with one changed import instead of many changed reads, where that costs nothing.

    A name that somebody replaces keeps its import whatever it costs.
    """
    replaced = {change.span: change for change in plan.changes if isinstance(change, Replace)}
    places = NamedImports(planner).places
    renamed = dict(plan.renamed)
    unneeded: set[Change] = set()
    for alias, found in _uses(planner, replaced, places).items():
        name = renamed.get(places[alias]) or _kept_as(planner, alias, found)
        if name is not None:
            renamed[places[alias]] = name
            unneeded.update(found.changes)
    kept = tuple(change for change in plan.changes if change not in unneeded)
    moves = any(finding.message == AS_WRITTEN for finding in plan.findings)
    modules = {
        place: "openai" if alias.name == "openai" else f"openai.{alias.name}"
        for place, (_, name, _, alias) in enumerate(sdk_imports(planner.analysis))
        if alias in planner.kept.modules and (moves or name in planner.view.replacing)
    }
    if moves:
        kept += tuple(_computed(planner))
    return replace(plan, changes=kept, renamed={**renamed, **modules})


def _computed(planner: Planner) -> Iterator[Change]:
    """An import by a string names the router's module, where the file reads what it gives."""
    roots = (root_of(site.node) for site in planner.sites if site.sdk)
    names = (root for root in roots if isinstance(root, ast.Name))
    values = {binding.value for name in names for binding in planner.index.reaching(name)}
    for call, constant in planner.kept.computed_imports.items():
        if call in values:
            code = planner.quoted(constant, f"{planner.options.router}.openai")
            yield Replace(span=planner.text.span(constant), code=code)


def _kept_as(planner: Planner, alias: ast.alias, uses: _NameUses) -> str | None:
    """What of the router the import of a name is to mean; None where its reads change."""
    name = uses.one_name(f"{planner.router}.")
    if planner.kept.keeps_name(alias):
        cls = client_class(f"openai.{alias.name}")
        if cls is not None and uses.changes and not uses.calls_left:
            return ROUTER_CLASSES[cls]
        return name
    return name if name in AT_NO_COST and uses.reads >= _OFTEN else None


def _uses(
    planner: Planner, replaced: Mapping[Span, Replace], places: Collection[ast.alias]
) -> dict[ast.alias, _NameUses]:
    uses: dict[ast.alias, _NameUses] = defaultdict(_NameUses)
    names = {alias.asname or alias.name for alias in places}
    for name in names:
        for node in planner.occurrences.names[name]:
            bindings: list[Binding] = planner.index.reaching(node)
            for alias in (b.node for b in bindings if isinstance(b.node, ast.alias)):
                if isinstance(node.ctx, ast.Store) or alias not in places:
                    continue
                uses[alias].reads += 1
                change = replaced.get(planner.text.span(node))
                if change is not None and len(bindings) == 1:
                    uses[alias].changes.append(change)
                elif planner.call_at(node) is not None:
                    uses[alias].calls_left += 1
    return uses
