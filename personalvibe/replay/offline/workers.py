"""Which test a thread works for: the one that started it, or handed it its work.

Threads are known by the test that started them, tasks by a context variable, and what a pool runs
by the test that submitted it. So a thread that outlives its test is not charged to the next.
"""

from __future__ import annotations

import functools
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

from personalvibe.replay.vcrpy.import_hooks import on_import

_working_for: ContextVar[str | None] = ContextVar("_working_for", default=None)
_threads: weakref.WeakKeyDictionary[threading.Thread, str] = weakref.WeakKeyDictionary()


@contextmanager
def working_for(test: str | None) -> Iterator[None]:
    """What this context starts, tasks on other threads included, is the test's."""
    token = _working_for.set(test)
    try:
        yield
    finally:
        _working_for.reset(token)


def test_of_this_thread() -> str | None:
    """The test that another thread than the tests' own works for, as far as it is known."""
    return _working_for.get() or _threads.get(threading.current_thread())


def watch(test: Callable[[], str | None]) -> None:
    """From now on threads, and what is submitted to pools of them, work for whom `test` names."""
    original = threading.Thread.start

    @functools.wraps(original)
    def start(self: threading.Thread) -> None:
        starter = test()
        if starter is not None:
            with suppress(TypeError):  # a sub-class may be unhashable
                _threads[self] = starter
        original(self)

    threading.Thread.start = start  # type: ignore[method-assign]
    if "concurrent.futures.thread" in sys.modules:
        _watch_pools(test)
    else:
        on_import("concurrent.futures.thread", functools.partial(_watch_pools, test))


def _watch_pools(test: Callable[[], str | None]) -> None:
    pool = sys.modules["concurrent.futures.thread"].ThreadPoolExecutor
    original = pool.submit

    @functools.wraps(original)
    def submit(self: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        submitter = test()
        if submitter is None:
            return original(self, fn, *args, **kwargs)  # type: ignore[no-any-return]
        return original(self, _run_for, submitter, fn, *args, **kwargs)  # type: ignore[no-any-return]

    pool.submit = submit


def _run_for(test: str, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    with working_for(test):
        return function(*args, **kwargs)
