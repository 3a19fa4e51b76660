"""The parts of the plan for one file, put together. Each takes data and returns data."""

from __future__ import annotations

import ast
from collections.abc import Collection
from pathlib import PurePosixPath

from codemods.migrate_openai.flow.terms import Sdk
from codemods.migrate_openai.model import Finding
from codemods.migrate_openai.plan.client_calls import ClientCalls
from codemods.migrate_openai.plan.kept_names import with_kept_names
from codemods.migrate_openai.plan.lookalikes import LookAlikes
from codemods.migrate_openai.plan.module_uses import ModuleUses, is_move
from codemods.migrate_openai.plan.planner import Draft, Plan, Planner
from codemods.migrate_openai.rewrite.imports import ImportRequest
from codemods.migrate_openai.rewrite.reads import sdk_imports
from codemods.migrate_openai.rules.other import NO_COUNTERPART, TYPE
from codemods.migrate_openai.rules.reasons import REASONS
from codemods.migrate_openai.rules.sdk_names import LEGACY_MODULES


def plan_file(planner: Planner) -> Plan:
    """All that is to change in a file but its imports."""
    clients = ClientCalls(planner).plan()
    moves = any(map(is_move, clients.findings))
    uses = ModuleUses(planner, moves=moves)
    plan = clients + uses.plan()
    nothing_needs_it = uses.types_stay or _asks_whether_it_is_there(planner)
    if _only_names_move(plan) or (nothing_needs_it and not _sites(plan)):
        plan = clients + ModuleUses(planner, moves=moves, names_move=False).plan()
    return with_kept_names(planner, plan + LookAlikes(planner).plan())


def _asks_whether_it_is_there(planner: Planner) -> bool:
    """Is openai imported in functions that do without it, and for its exceptions alone?"""
    statements = [planner.index.statement(alias) for *_, alias in sdk_imports(planner.analysis)]
    return bool(statements) and all(
        isinstance(outer := planner.parent(statement), ast.Try)
        and statement in outer.body
        and planner.scope(statement).parent is not None
        for statement in statements
    )


def _only_names_move(plan: Plan) -> bool:
    """Do all calls of a file stay, so that it would get the router for an exception alone?"""
    sites = _sites(plan)
    left = [f.reason for f in sites if f.status == "left"]
    stay = [reason for reason in left if reason != "skipped" and REASONS[reason].is_openai]
    return bool(stay) and len(stay) == len(sites)


def _sites(plan: Plan) -> list[Finding]:
    return [finding for finding in plan.findings if finding.kind in {"call", "client"}]


def import_request(planner: Planner, plan: Plan) -> ImportRequest:
    """What the imports have to do for a plan."""
    return ImportRequest(
        router=planner.options.router,
        name=planner.router,
        reads=plan.reads,
        renamed=plan.renamed,
        legacy=plan.legacy,
        own=frozenset(PurePosixPath(planner.facts.path).parent.parts),
        reexports=planner.view.reexports,
    )


def types_left(planner: Planner, gone: Collection[int]) -> Plan:
    """Types of the SDK that stay: a finding for each name imported, but those that are gone."""
    draft = Draft(planner)
    for place, (_, _, binding, alias) in enumerate(sdk_imports(planner.analysis)):
        if place in gone:
            continue
        terms = planner.evaluator.binding(binding)
        imported = [t.name for t in terms if isinstance(t, Sdk)]
        if any(name.startswith("openai.types") for name in imported):
            draft.leave(TYPE, alias, "type")
        elif any(name.startswith(LEGACY_MODULES) for name in imported):
            draft.leave(NO_COUNTERPART, alias, "will-not-import", f"of 0.28 only: {imported[0]}")
    return draft.plan()
