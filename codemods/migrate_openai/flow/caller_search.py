"""Functions that are handed clients by files that say nothing of openai: ``ask(make(), text)``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from codemods.migrate_openai.flow.call_patterns import is_shaped
from codemods.migrate_openai.flow.modules import Modules, last, stem_of
from codemods.migrate_openai.flow.terms import EMPTY, Access, Attr, Cls, Inst, Param, Term


def functions_uncalled(modules: Modules) -> Callable[[bytes], bool] | None:
    """Tells from its bytes whether a file may call one of the functions that nobody met calls."""
    missing = set(_uncalled(modules))
    if not missing:
        return None
    stems = b"|".join(
        sorted({re.escape(stem_of(path)).encode(errors="surrogateescape") for path, _ in missing})
    )
    names = sorted({name.encode() for _, name in missing})
    called = re.compile(rb"\b(?:" + b"|".join(map(re.escape, names)) + rb")\s*\(")
    line = rb"^[ \t]*(?:from|import)\b[^\n]*\b(?:" + stems + rb")\b"
    imported = re.compile(line, re.MULTILINE)

    def calls_one(data: bytes) -> bool:
        # A name is found many times as fast as a pattern.
        found = any(name in data for name in names) and called.search(data)
        return bool(found and imported.search(data))

    return calls_one


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
