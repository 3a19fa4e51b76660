"""The modules of a project: where a name leads, and what calls, stores and derives by name."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import TypeAlias

from codemods.migrate_openai.flow.facts import ClassFacts, Flow, FunctionFacts, ModuleFacts, Store
from codemods.migrate_openai.flow.terms import (
    UNKNOWN,
    Attr,
    Cls,
    Foreign,
    Func,
    Param,
    Ref,
    Term,
    Terms,
)

A_PARAMETER = "<parameter>"
"""Stands for the name of what is called where that is a parameter: ``fn`` of a decorator."""

FactsLoader: TypeAlias = Callable[[str], ModuleFacts | None]


class Modules:
    """The facts of every file met so far. Files that were not given are loaded when asked for."""

    def __init__(self, facts: Iterable[ModuleFacts], load: FactsLoader) -> None:
        self.facts: dict[str, ModuleFacts] = {}
        self.calls: dict[str, list[Flow]] = defaultdict(list)
        """The arguments of the calls under a name."""
        self.stores: dict[str, list[Store]] = defaultdict(list)
        self.derived: dict[str, list[Cls]] = defaultdict(list)
        """The classes that derive from something of a name."""
        self._load = load
        self._absent: set[str] = set()
        self._located: dict[tuple[str, str], str | None] = {}
        self._exported: dict[tuple[str, str], tuple[str, Terms] | None] = {}
        for each in facts:
            self._add(each)
        self.asked = tuple(self.facts)
        self._by_end: dict[str, list[str]] = defaultdict(list)
        """The files given, by the last two parts of the module names that may mean them."""
        for path in self.asked:
            name = path.removesuffix(".py").removesuffix("/__init__")
            self._by_end["/".join(name.split("/")[-2:])].append(path)

    def _add(self, facts: ModuleFacts) -> None:
        self.facts[facts.path] = facts
        for flow in facts.flows:
            for name in {callee_name(term) for term in flow.callee}:
                if name:
                    self.calls[name].append(flow)
        for cls in facts.classes.values():
            for name in {callee_name(term) for term in cls.bases}:
                if name:
                    self.derived[name].append(Cls(facts.path, cls.qualname))
        for store in facts.stores:
            self.stores[store.attr].append(store)

    def function(self, func: Func) -> FunctionFacts:
        return self.facts[func.path].functions[func.qualname]

    def fixture(self, path: str, name: str) -> FunctionFacts | None:
        """The fixture that pytest hands to a test of a file: its own, or the nearest conftest's."""
        folder = posixpath.dirname(path)
        files = [path, posixpath.join(folder, "conftest.py")]
        while not _is_top(folder):
            folder = posixpath.dirname(folder)
            files.append(posixpath.join(folder, "conftest.py"))
        for file in files:
            facts = self.load(file)
            found = facts.functions.get(name) if facts else None
            if found is not None and found.fixture:
                return found
        return None

    def cls(self, cls: Cls) -> ClassFacts:
        return self.facts[cls.path].classes[cls.qualname]

    def exported(self, path: str, name: str) -> tuple[str, Terms] | None:
        """(file, terms) of what a module means by a name, star imports followed."""
        key = (path, name)
        if key not in self._exported:
            self._exported[key] = self._search(path, name)
        return self._exported[key]

    def _search(self, path: str, name: str) -> tuple[str, Terms] | None:
        seen: set[str] = set()
        todo = [path]
        while todo:
            path = todo.pop()
            facts = self.load(path)
            if facts is None or path in seen:
                continue
            seen.add(path)
            terms = facts.exports.get(name)
            if terms is not None:
                return path, terms
            targets = (self.locate(star.path, star.module) for star in reversed(facts.stars))
            todo += [target for target in targets if target is not None]
        return None

    def meaning(self, ref: Ref) -> tuple[str, Terms]:
        """(file, terms) of what an import leads to; the file is empty where it is no module's."""
        path = self.locate(ref.path, ref.module)
        if path is not None:
            if not ref.name:
                return "", frozenset({ref})
            exported = self.exported(path, ref.name)
            if exported is not None:
                return exported
        if ref.name:
            sub = f"{ref.module}.{ref.name}" if ref.module.strip(".") else f"{ref.module}{ref.name}"
            if self.locate(ref.path, sub) is not None:
                return "", frozenset({Ref(ref.path, sub, "")})
        # A relative import is the project's own, found or not.
        own = ref.module.startswith(".") or (
            path is not None and not self._inside_package(path, ref.module)
        )
        return "", frozenset({UNKNOWN if own else Foreign(ref.module)})

    def locate(self, importer: str, module: str) -> str | None:
        """The file that a module name means, seen from a file; the nearest wins."""
        folder = posixpath.dirname(importer)
        found = self._from(folder, module)
        if found != importer:
            return found
        # A file does not import itself: `openai.py` of a project may well import openai.
        return next(
            (c for c in _candidates(folder, module) if c != importer and self._exists(c)), None
        )

    def _elsewhere(self, module: str) -> str | None:
        """The one file whose path ends like a dotted name, under a folder that is no package."""
        name = module.replace(".", "/")
        ends = (f"/{name}.py", f"/{name}/__init__.py")
        found = [
            path
            for path in self._by_end.get("/".join(name.split("/")[-2:]), ())
            if path.endswith(ends)
        ]
        if len(found) != 1 or "/" not in name:
            return None
        return None if self._inside_package(found[0], module) else found[0]

    def _inside_package(self, path: str, module: str) -> bool:
        """Does a file have a dotted name only seen from inside a package? Such roots are rare."""
        whole = path.removesuffix(".py").removesuffix("/__init__")
        root = whole.removesuffix(module.replace(".", "/"))
        return self._exists(f"{root}__init__.py")

    def _from(self, folder: str, module: str) -> str | None:
        key = (folder, module)
        if key not in self._located:
            found = next(filter(self._exists, _files_at(folder, module)), None)
            if found is None and not module.startswith("."):
                # Every folder between is remembered, so that the next file asks for little.
                above = posixpath.dirname(folder)
                found = self._elsewhere(module) if _is_top(folder) else self._from(above, module)
            self._located[key] = found
        return self._located[key]

    def _exists(self, path: str) -> bool:
        return self.load(path) is not None

    def load(self, path: str) -> ModuleFacts | None:
        """The facts of a file, met before or not; None where there is no such file."""
        facts = self.facts.get(path)
        if facts is not None or path in self._absent:
            return facts
        facts = self._load(path)
        if facts is None:
            self._absent.add(path)
        else:
            self._add(facts)
        return facts


def lone_notebooks(modules: Modules) -> set[str]:
    """The notebooks given that import nothing of the project: each is a program of its own."""
    return {
        path
        for path in modules.asked
        if path.endswith(".ipynb")
        and not any(modules.locate(path, module) for module in _imported(modules.facts[path]))
    }


def _imported(facts: ModuleFacts) -> set[str]:
    refs = {*facts.reads, *facts.stars, *chain.from_iterable(facts.exports.values())}
    return {ref.module for ref in refs if isinstance(ref, Ref)}


def is_drop_in(ref: Ref) -> bool:
    """Is this a module of the project that stands in for the SDK, and wraps what it hands on?"""
    return last(ref.module) == "openai"


def stem_of(path: str) -> str:
    """The last part of the name by which a file is imported."""
    folder, file = posixpath.split(path)
    stem = file.removesuffix(".py")
    return posixpath.basename(folder) if stem == "__init__" else stem


def last(dotted: str) -> str:
    return dotted.rpartition(".")[2]


def callee_name(term: Term) -> str:
    """The last name of what is called, by which it can be looked up."""
    match term:
        case Attr(_, name):
            return name
        case Ref(_, module, name):
            return name or last(module)
        case Func(_, qualname) | Cls(_, qualname):
            return last(qualname)
        case Param():
            return A_PARAMETER
    return ""


def _candidates(folder: str, module: str) -> Iterator[str]:
    """The files that a module name may mean, seen from a folder, nearest first."""
    yield from _files_at(folder, module)
    while not (module.startswith(".") or _is_top(folder)):
        folder = posixpath.dirname(folder)
        yield from _files_at(folder, module)


def _files_at(folder: str, module: str) -> list[str]:
    """Those in a folder, and in its ``src``; a relative name counts from the folder."""
    level = len(module) - len(module.lstrip("."))
    name = module[level:].replace(".", "/")
    for _ in range(level - 1):
        folder = posixpath.dirname(folder)
    return _files(folder, name) + ([] if level else _files(posixpath.join(folder, "src"), name))


def _is_top(folder: str) -> bool:
    return folder in {"", "/", "."}


def _files(base: str, name: str) -> list[str]:
    path = posixpath.join(base, name) if name else base
    package = posixpath.join(path, "__init__.py") if path else "__init__.py"
    return [f"{path}.py", package] if name else [package]
