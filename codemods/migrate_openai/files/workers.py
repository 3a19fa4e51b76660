"""One function for many items, in order, in as many processes as asked."""

from __future__ import annotations

import contextlib
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

T = TypeVar("T")
Item = TypeVar("Item")

_CHUNK = 8


def each(
    function: Callable[..., T],
    items: Sequence[Item],
    workers: int,
    shared: tuple[Any, ...],
    stopped: Callable[[Item], T],
) -> Generator[T]:
    """``function(item, *shared)`` for every item, in order.

    *stopped* answers for an item that stops the process it is worked on in. With one worker
    everything happens in this process.
    """
    if workers == 1:
        yield from (function(item, *shared) for item in items)
        return
    from concurrent.futures import ProcessPoolExecutor

    def start(count: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(count, initializer=_start, initargs=(function, shared))

    with _imports_from_elsewhere_only():
        yield from _in_processes(items, workers, start, stopped)


def _in_processes(
    items: Sequence[Item],
    workers: int,
    start: Callable[[int], ProcessPoolExecutor],
    stopped: Callable[[Item], T],
) -> Iterator[T]:
    from concurrent.futures.process import BrokenProcessPool

    pool = start(workers)
    chunks = deque(items[i : i + _CHUNK] for i in range(0, len(items), _CHUNK))
    window: deque[tuple[Sequence[Item], Future[list[T]]]] = deque()
    try:
        while chunks or window:
            try:
                while chunks and len(window) < workers * 3:
                    window.append((chunks[0], pool.submit(_run, chunks[0])))
                    chunks.popleft()
                answers = window[0][1].result()
            except BrokenProcessPool:
                # Any item of the window may be the one; so each of them gets a process to itself.
                pool.shutdown(wait=True)
                unanswered = [item for chunk, _ in window for item in chunk]
                window.clear()
                yield from _one_by_one(unanswered, start, stopped)
                pool = start(workers)
                continue
            window.popleft()
            yield from answers
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _one_by_one(
    items: Sequence[Item], start: Callable[[int], ProcessPoolExecutor], stopped: Callable[[Item], T]
) -> Iterator[T]:
    from concurrent.futures.process import BrokenProcessPool

    pool = start(1)
    try:
        for item in items:
            try:
                yield from pool.submit(_run, [item]).result()
            except BrokenProcessPool:
                pool.shutdown(wait=True)
                pool = start(1)
                yield stopped(item)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_job: tuple[Callable[..., Any], tuple[Any, ...]]


def _start(function: Callable[..., Any], shared: tuple[Any, ...]) -> None:
    import threading

    # Ctrl-C reaches the whole process group; the parent is the one that answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A parent that is killed takes its workers along: they share its lock on the project.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    global _job
    _job = function, shared


def _end_with_parent() -> None:
    from multiprocessing import parent_process

    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


@contextlib.contextmanager
def _imports_from_elsewhere_only() -> Iterator[None]:
    """A new interpreter would look into the current folder first, where a types.py may stand."""
    name = "PYTHONSAFEPATH"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _run(chunk: Sequence[Any]) -> list[Any]:
    function, shared = _job
    return [function(item, *shared) for item in chunk]
