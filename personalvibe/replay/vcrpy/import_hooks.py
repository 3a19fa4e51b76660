"""Packages that this process has not imported yet: kept out, and announced when they come.

vcrpy imports every HTTP client that is installed, to patch it: a tenth to a fifth of a second that
a test run pays whether or not the program under test uses them.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType


@contextlib.contextmanager
def withheld(*packages: str) -> Iterator[None]:
    """In this thread, importing one of these packages fails as if it were not installed.

    Those that were imported before stay available.
    """
    finder = _Withholding(frozenset(packages))
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def on_import(module: str, then: Callable[[], None]) -> None:
    """Call `then` as soon as `module` has been imported. To ask twice is to ask once."""
    waiting = (one for one in sys.meta_path if isinstance(one, _Announcing))
    if not any(one.module == module and one.then == then for one in waiting):
        sys.meta_path.insert(0, _Announcing(module, then))


class _Withholding:
    def __init__(self, packages: frozenset[str]) -> None:
        self._packages = packages
        self._thread = threading.get_ident()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name in self._packages and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"{name} is imported later", name=name)
        return None


class _Announcing:
    """Finds the module as the other finders do, and adds a call to its execution."""

    def __init__(self, module: str, then: Callable[[], None]) -> None:
        self.module = module
        self.then = then
        self._searching = False

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != self.module or self._searching:
            return None
        self._searching = True
        try:
            spec = find_spec(name)
        finally:
            self._searching = False
        if spec is not None and spec.loader is not None:
            loader, execute = spec.loader, spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                # Only now: a spec may be asked for without an import that follows.
                if self in sys.meta_path:
                    sys.meta_path.remove(self)
                execute(module)
                self.then()

            loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
