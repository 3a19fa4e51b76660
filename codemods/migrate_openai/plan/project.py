"""Facts of all modules -> which names are clients across modules, and what each becomes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from codemods.migrate_openai.flow.caller_search import clients_passed_on
from codemods.migrate_openai.flow.facts import ModelNaming, ModuleFacts
from codemods.migrate_openai.flow.modules import FactsLoader, Modules, lone_notebooks
from codemods.migrate_openai.flow.resolve import Resolver
from codemods.migrate_openai.flow.terms import (
    NONE,
    Client,
    ClientPath,
    Param,
    Router,
    RouterClient,
    Sdk,
    SdkClient,
    Value,
    Values,
    client_class,
    clients_of,
)
from codemods.migrate_openai.model import Searcher, Spelling
from codemods.migrate_openai.plan.client_notes import ClientNotes
from codemods.migrate_openai.plan.decisions import Decision, decide
from codemods.migrate_openai.plan.replaced_names import ReplacedNames, tests_of
from codemods.migrate_openai.rules import ROUTER_FUNCTIONS
from codemods.migrate_openai.rules.client_attributes import is_answered, is_router_spelled
from codemods.migrate_openai.rules.module_names import call_of, is_leftover, is_of_router
from codemods.migrate_openai.rules.sdk_names import OF_TRANSPORT, exceptions


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleView:
    """All that the plan for one file needs to know of the project."""

    uses: tuple[Values, ...] = ()
    decisions: dict[SdkClient, Decision] = field(default_factory=dict)
    classes: dict[int, Client] = field(default_factory=dict)
    """The classes of this file, by place, that are clients themselves."""
    reexports: frozenset[str] = frozenset()
    """Names of the SDK that other files import from this one."""
    openai_stays: bool = False
    """Does something that stays in this project read the settings of the openai module?"""
    calls_module: bool = False
    """Does a module of the project call the openai module itself, or did before its migration?"""
    legacy_calls: bool = False
    """Are there calls of 0.28 that move?"""
    mixed: bool = False
    """Are there calls of later generations beside those of 0.28, migrated or not?"""
    replaced: frozenset[str] = frozenset()
    """Names of this file that a test puts something else in the place of."""
    replacing: frozenset[str] = frozenset()
    """Names by which this test replaces what of the SDK has moved."""
    replaced_calls: bool = False
    """Does a test replace functions of the openai module itself?"""
    all_move: bool = False
    """Is every client that the project makes or uses the router's from now on?"""
    ineffective_patches: Mapping[str, str] = field(default_factory=dict)
    """Functions of the module that a test outside of the run replaces -> that test."""
    lazy_import_patch: str = ""
    """The test that replaces the module where it is imported in a function."""
    rerouted: frozenset[str] = frozenset()
    """Dotted names of the SDK that a test's string replaces, and that the router has as well."""
    transport: str = ""
    """A setting of 0.28 that changes how its requests are sent, if the project has one."""
    settings: frozenset[str] = frozenset()
    """The settings of the openai module that some file of the project assigns."""


class Project:
    """Joins facts. Ask `view` for each file; then forget the project."""

    def __init__(
        self,
        facts: Iterable[ModuleFacts],
        load: FactsLoader,
        search: Searcher | None = None,
        spelling: Spelling = Spelling.AUTO,
    ) -> None:
        modules = Modules(facts, load)
        callers = _meet(modules, search, clients_passed_on(modules))
        self._resolver = Resolver(modules)
        self.facts = modules.facts
        self.asked = modules.asked
        self.resolved = self._resolve()
        _meet(modules, search, tests_of(modules), around=True)
        self._replaced = ReplacedNames(modules, self._resolver)
        self._classes = self._resolver.classes.clients()
        notes = ClientNotes(self._resolver, self.resolved, callers, self._replaced)
        notes.take(self.facts, self._classes.values())
        self._decisions: dict[SdkClient, Decision] = {}
        self._by_path: dict[str, set[SdkClient]] = defaultdict(set)
        for group in notes.groups(self.facts):
            self._decisions.update(dict.fromkeys(group.members, decide(group, spelling)))
            for member in group.members:
                self._by_path[member.path].add(member)
        alone = lone_notebooks(modules)
        self._views = {path: self._view_of({path}) for path in alone}
        together = self._view_of(self.facts.keys() - alone)
        self._every_view = replace(
            together,
            replaced_calls=together.calls_module and self._replaced.touches_calls,
            ineffective_patches=self._replaced.ineffective_patches(),
            lazy_import_patch=self._replaced.module_patch,
            rerouted=self._rerouted(calls=together.calls_module),
        )
        self._reexports: dict[str, set[str]] = defaultdict(set)
        for path, name in self._resolver.sdk_exports:
            self._reexports[path].add(name)

    def _view_of(self, paths: Collection[str]) -> ModuleView:
        """What all of some files have in common, which run in one process."""
        members = chain.from_iterable(self._by_path.get(path, ()) for path in paths)
        decisions = [self._decisions[member] for member in members]
        used = [decision for decision in decisions if not decision.unused]
        view = _shared_view(
            {path: self.facts[path] for path in paths},
            {path: self.resolved[path] for path in paths if path in self.resolved},
        )
        return replace(view, all_move=bool(used) and all(decision.moves for decision in used))

    def _resolve(self) -> dict[str, tuple[Values, ...]]:
        """What each use may stand for. All are asked before one is answered: they share work."""
        asked = [self.facts[path] for path in self.asked]
        exports = chain(*(facts.exports.items() for facts in asked))
        handed_on = {n for n, terms in exports if any(isinstance(t, (Sdk, Client)) for t in terms)}
        for facts in tuple(self.facts.values()):
            self._resolver.ask(ref for ref in facts.reads if ref.name in handed_on)
        for path in self.asked:
            for use in self.facts[path].uses:
                self._resolver.ask(use.terms)
            if self.facts[path].clients:
                self._resolver.explore(self.facts[path])
        return {
            path: tuple(
                _possible(self._resolver.values_of(use.terms), use.model)
                for use in self.facts[path].uses
            )
            for path in self.asked
        }

    def _rerouted(self, *, calls: bool) -> frozenset[str]:
        """What tests of the run replace in the SDK, where all that they can mean has moved."""
        moves = {m: d.moves for m, d in self._decisions.items() if isinstance(m, Client)}
        stay = {member.cls for member, goes in moves.items() if not goes}
        moved = {member.cls for member in moves} - stay
        asked = set(self.asked)
        return frozenset(
            name
            for name, files in self._replaced.of_sdk.items()
            if files <= asked and (client_class(name) in moved or (calls and is_of_router(name)))
        )

    @property
    def work(self) -> int:
        """What joining the facts has cost, in values handed on."""
        return self._resolver.graph.work

    def view(self, path: str) -> ModuleView:
        uses = self.resolved[path]
        members = self._by_path.get(path, set()).union(*map(clients_of, uses))
        return replace(
            self._views.get(path, self._every_view),
            uses=uses,
            decisions={m: self._decisions[m] for m in members if m in self._decisions},
            classes={
                cls.place: self._classes[path, name]
                for name, cls in self.facts[path].classes.items()
                if (path, name) in self._classes
            },
            reexports=frozenset(self._reexports.get(path, ())),
            replaced=frozenset(self._replaced.of_files.get(path, ())),
            replacing=self._replaced.replacing(path, self._every_view.rerouted),
        )


def _meet(
    modules: Modules,
    search: Searcher | None,
    holds: Callable[[bytes], bool] | None,
    *,
    around: bool = False,
) -> set[str]:
    """Take in the files that say nothing of openai and hold something else that matters."""
    if search is None or holds is None:
        return set()
    found = set(search(holds, around=around)) - set(modules.asked)
    for path in sorted(found):
        modules.load(path)
    return found


def _shared_view(
    facts: Mapping[str, ModuleFacts], resolved: Mapping[str, tuple[Values, ...]]
) -> ModuleView:
    """What some files do with the openai module itself, whichever of them asks."""
    modules = [facts[path] for path in resolved]
    values: Values = frozenset(chain(*chain(*resolved.values())))
    names = {value.name for value in values if isinstance(value, Sdk)}
    router_names = {value.name.rpartition(".")[2] for value in values if isinstance(value, Router)}
    settings = frozenset[str]().union(*(module.sets_module for module in facts.values()))
    transport = min(settings & OF_TRANSPORT, default="")
    calls = [c for c in map(call_of, names) if c is not None and not (c.legacy and transport)]
    later = any(module.clients for module in facts.values()) or not ROUTER_FUNCTIONS.isdisjoint(
        router_names
    )
    patched = any(use.model is ModelNaming.PATCHED for module in modules for use in module.uses)
    return ModuleView(
        openai_stays=patched
        or any(map(is_leftover, names))
        or any(map(_is_chosen, chain(*resolved.values())))
        or any(map(_derives_from_sdk, modules)),
        calls_module=bool(calls) or any(module.legacy for module in modules),
        legacy_calls=any(call.legacy for call in calls),
        mixed=later or not all(call.legacy for call in calls),
        settings=settings,
        transport=transport,
    )


def _is_chosen(values: Values) -> bool:
    """Is a call of the module one of several things, so that it stays?"""
    calls = [value for value in values if isinstance(value, Sdk) and call_of(value.name)]
    return bool(calls) and len(values) > 1


def _derives_from_sdk(module: ModuleFacts) -> bool:
    """Has a module a class whose base is neither a client nor one that the router has?"""
    bases = (base for cls in module.classes.values() for base in cls.bases)
    names = (base.name for base in bases if isinstance(base, Sdk))
    return any(not (client_class(name) or exceptions(name) or is_of_router(name)) for name in names)


def _possible(values: Values, naming: ModelNaming) -> Values:
    """Those that have the attribute which is asked for: what else may stand there has it."""
    possible = frozenset(filter(_has_attribute, values))
    if all(isinstance(value, (ClientPath, Param)) or value == NONE for value in values):
        # Nothing else may stand there: the call was migrated, and its client was not.
        called = naming is not ModelNaming.HANDED
        possible |= {
            value
            for value in values - possible
            if isinstance(value, ClientPath) and is_router_spelled(value.path, called=called)
        }
    return possible


def _has_attribute(value: Value) -> bool:
    if not isinstance(value, ClientPath) or isinstance(value.client, RouterClient):
        return True
    return not value.path or is_answered(value.path)
