"""Names that a file imports from the SDK and goes on using: their import names the router instead.

``from openai import OpenAI`` becomes ``from personalvibe.llm_router import Client as OpenAI``
where the name may stand for something else too, or is read so often that a changed import is the
smaller change.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from codemods.migrate_openai.flow.scopes import Binding
from codemods.migrate_openai.plan.planner import Plan, Planner
from codemods.migrate_openai.rewrite.changes import Change, Replace, Span
from codemods.migrate_openai.rewrite.reads import sdk_imports
from codemods.migrate_openai.rules.sdk_names import AT_NO_COST

_OFTEN = 6
"""From so many reads on, one line of import is less to review than the reads."""


class NamedImports:
    """The names that a file imports from the SDK one by one."""

    def __init__(self, planner: Planner) -> None:
        self._index = planner.index
        self.places = {
            alias: place
            for place, (*_, alias) in enumerate(sdk_imports(planner.analysis))
            if isinstance(planner.index.statement(alias), ast.ImportFrom)
        }
        """Each name's place among the imports of the SDK."""

    def conditional(self, func: ast.expr) -> int | None:
        """The place of a name that something else may bind as well: ``OpenAI = None``."""
        if not isinstance(func, ast.Name):
            return None
        reaching = self._index.reaching(func)
        nodes = [b.node for b in reaching if isinstance(b.node, ast.alias)]
        found = [self.places[node] for node in nodes if node in self.places]
        return found[0] if len(found) == 1 < len(reaching) else None


@dataclass(slots=True, kw_only=True)
class _NameUses:
    reads: int = 0
    changes: list[Replace] = field(default_factory=list)

    def one_name(self, prefix: str) -> str | None:
        """What of the router all reads become, if it is one thing."""
        names = {change.code.removeprefix(prefix) for change in self.changes}
        if self.reads != len(self.changes) or len(names) != 1:
            return None
        [name] = names
        return name if name.isidentifier() else None


def with_kept_names(planner: Planner, plan: Plan) -> Plan:
    """The plan with one changed import instead of many changed reads, where that costs nothing."""
    replaced = {change.span: change for change in plan.changes if isinstance(change, Replace)}
    places = NamedImports(planner).places
    uses = _uses(planner, replaced, places)
    renamed = dict(plan.renamed)
    spared: set[Change] = set()
    for alias, found in uses.items():
        name = found.one_name(f"{planner.router}.")
        if name in AT_NO_COST and found.reads >= _OFTEN and places[alias] not in renamed:
            renamed[places[alias]] = name
            spared.update(found.changes)
    kept = tuple(change for change in plan.changes if change not in spared)
    return replace(plan, changes=kept, renamed=renamed) if spared else plan


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
    return uses
