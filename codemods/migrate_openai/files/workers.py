"""One function for many items, in order, in as many processes as asked."""

from __future__ import annotations

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
    from concurrent.futures.process import BrokenProcessPool

    def start(count: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(count, initializer=_start, initargs=(function, shared))

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
                suspects = [item for chunk, _ in window for item in chunk]
                window.clear()
                yield from _one_by_one(suspects, start, stopped)
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
    # Ctrl-C reaches the whole process group; the parent is the one that answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    global _job
    _job = function, shared


def _run(chunk: Sequence[Any]) -> list[Any]:
    function, shared = _job
    return [function(item, *shared) for item in chunk]
