"""What files that say nothing of openai have to do with clients.

They hand them to functions, ``ask(make(), text)``, or import them, ``from clients import client``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from codemods.migrate_openai.flow.call_patterns import is_shaped
from codemods.migrate_openai.flow.modules import Modules, last, stem_of
from codemods.migrate_openai.flow.terms import EMPTY, Access, Attr, Client, Cls, Inst, Param, Term


def clients_passed_on(modules: Modules) -> Callable[[bytes], bool] | None:
    """Tells from its bytes whether a file may import a client of the files given, or call one of
    the functions that nobody met calls."""
    functions, clients = set(_uncalled(modules)), set(_exported(modules))
    missing = functions | clients
    if not missing:
        return None
    names = sorted({name.encode() for _, name in missing})
    called = rb"(?:" + _any_of(name for _, name in functions) + rb")\s*\("
    read = rb"(?:" + _any_of(name for _, name in clients) + rb")\b"
    used = re.compile(rb"\b(?:" + called + b"|" + read + b")")
    stems = _any_of(stem_of(path) for path, _ in missing)
    # The lines of a notebook are strings of JSON.
    line = rb"(?:^|\")[ \t]*(?:from|import)\b[^\n]*\b(?:" + stems + rb")\b"
    imported = re.compile(line, re.MULTILINE)

    def passes_one_on(data: bytes) -> bool:
        # A name is found many times as fast as a pattern.
        found = any(name in data for name in names) and used.search(data)
        return bool(found and imported.search(data))

    return passes_one_on


def _any_of(names: Iterable[str]) -> bytes:
    """A pattern; one that matches nothing if there are no names."""
    escaped = sorted({re.escape(name).encode(errors="surrogateescape") for name in names})
    return b"|".join(escaped) or b"(?!)"


def _exported(modules: Modules) -> Iterator[tuple[str, str]]:
    """(file, name) of the clients that a module holds under a name."""
    for path in modules.asked:
        if not path.endswith(".ipynb"):
            for name, terms in modules.facts[path].exports.items():
                if any(isinstance(term, Client) for term in terms):
                    yield path, name


def _uncalled(modules: Modules) -> Iterator[tuple[str, str]]:
    """(file, name) of what no call met so far gives its client to, though it uses one."""
    uses = (use for path in modules.asked for use in modules.facts[path].uses)
    todo = [p for use in uses if is_shaped(use.names) for p in _params(modules, use.terms)]
    seen: set[Param] = set()
    while todo:
        param = todo.pop()
        if param in seen or param.path.endswith(".ipynb"):
            continue
        seen.add(param)
        owner, _, name = param.qualname.rpartition(".")
        if name == "__init__":
            name = last(owner)
        flows = modules.calls.get(name, ())
        if not flows and not name.startswith("test") and not name.startswith("<"):
            yield param.path, name
        todo += [p for flow in flows for p in _params(modules, flow.terms)]


def _params(modules: Modules, terms: Iterable[Term]) -> Iterator[Param]:
    """The parameters that terms come from, by way of an attribute of the same class too."""
    for term in terms:
        attr = ""
        while isinstance(term, Access):
            attr = term.name if isinstance(term, Attr) else ""
            term = term.base
        if isinstance(term, Param):
            yield term
        elif isinstance(term, Inst) and isinstance(term.cls, Cls) and attr:
            stored = modules.cls(term.cls).attrs.get(attr, EMPTY)
            yield from (t for t in stored if isinstance(t, Param))
