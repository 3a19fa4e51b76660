"""What tests put something else in the place of: such a name stays, and so does its spelling.

``patch("app.OpenAI")``, ``monkeypatch.setattr(app.openai, "OpenAI", ...)``, ``bot.client = fake``:
the program goes on to read the name that is replaced, and calls what it finds there as before.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Set
from functools import cached_property

from codemods.migrate_openai.flow.facts import SDK_IN_MODULES, Constructor, ModuleFacts, Replacement
from codemods.migrate_openai.flow.modules import Modules, stem_of
from codemods.migrate_openai.flow.resolve import Resolver
from codemods.migrate_openai.flow.terms import (
    EMPTY,
    Attr,
    Func,
    Ref,
    Sdk,
    SdkClient,
    Term,
    client_class,
    clients_of,
)
from codemods.migrate_openai.rules.module_names import is_of_router
from codemods.migrate_openai.rules.sdk_names import SETTINGS

_TEST = re.compile(rb"\bdef test|\bfixture\b|\bpatch\b|\bsetattr\b|\bmocker\b")


def tests_of(modules: Modules) -> Callable[[bytes], bool] | None:
    """Tells from its bytes whether a file may test one of the modules that use openai."""
    stems = {stem_of(path) for path in modules.asked if modules.facts[path].uses}
    if not stems:
        return None
    names = b"|".join(sorted(re.escape(stem).encode(errors="surrogateescape") for stem in stems))
    named = re.compile(rb"\b(?:" + names + rb")\b")
    return lambda data: bool(_TEST.search(data) and named.search(data))


class ReplacedNames:
    """The names of a project, and of the SDK, that somebody replaces."""

    def __init__(self, modules: Modules, resolver: Resolver) -> None:
        self._modules = modules
        self._resolver = resolver
        self.of_files: dict[str, set[str]] = defaultdict(set)
        """By file, the names of its module."""
        self.roots: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        """By test, the names by which it reaches the SDK -> what of the SDK it replaces."""
        self.attributes: set[str] = set()
        self.of_sdk: dict[str, set[str]] = defaultdict(set)
        """Dotted names of the SDK -> the tests that replace them by its own name."""
        self.module_patch = ""
        """A test that has another module imported under the SDK's name."""
        every = [(path, r) for path, facts in modules.facts.items() for r in facts.replacements]
        for _, replacement in every:
            for base in replacement.base:
                resolver.ask(_chain(base))
        for path, replacement in every:
            self._take(path, replacement)

    def _take(self, path: str, replacement: Replacement) -> None:
        if not replacement.base:
            self._take_path(path, replacement.name)
            return
        self.attributes.add(replacement.name)
        for base in replacement.base:
            for each in _chain(Attr(base, replacement.name)):
                self._note_names(each)
        for value in self._resolver.values_of(replacement.base):
            if isinstance(value, Sdk):
                dotted = f"{value.name}.{replacement.name}"
                self.of_sdk[dotted].update([path] if value in replacement.base else [])
                self.roots[path][replacement.root].add(dotted)

    def _note_names(self, term: Term) -> None:
        """What a term reads of the modules of the project."""
        match term:
            case Ref(path, module, name) if name:
                self._note_name(path, module, name)
            case Attr(base, name):
                for value in self._resolver.values_of([base]):
                    if isinstance(value, Ref) and not value.name:
                        self._note_name(value.path, value.module, name)

    def _note_name(self, importer: str, module: str, name: str) -> None:
        located = self._modules.locate(importer, module)
        if located is not None:
            self.of_files[located].add(name)

    def _take_path(self, path: str, dotted: str) -> None:
        """``app.service.OpenAI``: the longest part that is a module, and names in it."""
        if dotted == SDK_IN_MODULES:
            self.module_patch = path
            return
        parts = dotted.split(".")
        if parts[0] == "openai":
            self.of_sdk[dotted].add(path)
            return
        for end in range(len(parts) - 1, 0, -1):
            located = self._modules.locate(path, ".".join(parts[:end]))
            if located is not None:
                first, *rest = parts[end:]
                self.of_files[located].add(first)
                self.attributes.update(rest)
                exported = self._modules.facts[located].exports
                if rest and Sdk("openai") in exported.get(first, EMPTY):
                    self.of_sdk[".".join(("openai", *rest))].update()
                return

    # -- what follows from it

    @property
    def touches_calls(self) -> bool:
        """Is a function of the openai module replaced, or what leads to one?"""
        names = (name for name in self.of_sdk if name.removeprefix("openai.") not in SETTINGS)
        return any(map(is_of_router, names))

    def replacing(self, path: str, moved: Set[str]) -> frozenset[str]:
        """The names by which a test reaches the SDK, where all that it replaces has *moved*."""
        return frozenset(root for root, names in self.roots[path].items() if names <= moved)

    @cached_property
    def classes(self) -> frozenset[str]:
        """The client classes that are replaced in the SDK itself, whoever names them."""
        return frozenset(filter(None, map(client_class, self.of_sdk)))

    def replaceable_clients(self) -> set[SdkClient]:
        """The clients that are kept under a name which is replaced, or given by such a function."""
        modules = self._modules.facts.values()
        terms = [term for module in modules for term in self._holders(module)]
        self._resolver.ask(terms)
        values = self._resolver.values_of(terms)
        functions = (self._modules.function(value) for value in values if isinstance(value, Func))
        returns = [term for function in functions for term in function.returns]
        return {*clients_of(values), *clients_of(self._resolver.values_of(returns))}

    def make(self, member: SdkClient) -> bool:
        """Is a client made of a class that is read by a name which is replaced?"""
        constructor = self._constructor(member)
        names = self.of_files.get(member.path, ())
        return member.cls in self.classes or (constructor is not None and constructor.name in names)

    def ineffective_patch(self, member: SdkClient) -> str:
        """The test that would replace a client in vain if it moved; empty where there is none."""
        constructor = self._constructor(member)
        if constructor is not None and constructor.lazy and self.module_patch:
            return self.module_patch
        asked = set(self._modules.asked)
        names = (name for name in self.of_sdk if constructor and client_class(name) == member.cls)
        return min((file for name in names for file in self.of_sdk[name] - asked), default="")

    def ineffective_patches(self) -> dict[str, str]:
        """The same of functions of the module, and what leads to them: name -> test."""
        asked = set(self._modules.asked)
        return {
            name: min(files - asked)
            for name, files in self.of_sdk.items()
            if is_of_router(name) and files - asked
        }

    def _constructor(self, member: SdkClient) -> Constructor | None:
        return self._modules.facts[member.path].constructors.get(member.at)

    def _holders(self, module: ModuleFacts) -> Iterator[Term]:
        """What is kept under a name that is replaced, or returned by a function of that name."""
        for name in self.of_files.get(module.path, ()):
            yield from module.exports.get(name, EMPTY)
        for cls in module.classes.values():
            for name in self.attributes & cls.attrs.keys():
                yield from cls.attrs[name]
            for name in self.attributes & cls.methods.keys():
                yield Func(module.path, cls.methods[name])
        for store in module.stores:
            if store.attr in self.attributes:
                yield from store.terms


def _chain(term: Term) -> Iterator[Term]:
    yield term
    while isinstance(term, Attr):
        term = term.base
        yield term
