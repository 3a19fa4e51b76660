# ruff: noqa: PTH100, UP031, UP033
"""Where in the project a request comes from: its lines, and its thread or task."""

from __future__ import annotations

import contextvars
import functools
import itertools
import os
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

    from codemods.migrate_openai.prove.hook import migrate_proof_state as state
else:
    import migrate_proof_state as state

_DEPTH = 24

_children: dict[str, int] = {}
_lock = threading.Lock()

task: contextvars.ContextVar[str] = contextvars.ContextVar("proof_task", default="main")
_origin: contextvars.ContextVar[tuple[Any, ...]] = contextvars.ContextVar(
    "proof_origin", default=()
)


def follow() -> None:
    """Follow the program into its threads; tasks and executors: see `PATCHES`."""
    sys.set_coroutine_origin_tracking_depth(_DEPTH)
    _follow_threads()


@functools.lru_cache(maxsize=None)
def _in_project(filename: str) -> str | None:
    """The file's path in the project, or None for libraries and for this hook."""
    if filename.startswith("<"):
        return None  # no file: <string>, <frozen runpy>
    path = os.path.abspath(filename)
    root = state.settings["root"] + os.sep
    if not path.startswith(root):
        path = os.path.realpath(path)
        if not path.startswith(root):
            return None
    inside = path[len(root) :].replace(os.sep, "/")
    if "site-packages/" in inside or inside in state.settings["skip"]:
        return None
    return inside


def _span(frame: FrameType) -> tuple[Any, ...]:
    """First and last line, first and last column of what the frame is executing."""
    positions = getattr(frame.f_code, "co_positions", None)
    if positions is None or frame.f_lasti < 0:
        return ()
    return next(itertools.islice(positions(), frame.f_lasti // 2, None), ())


def stack() -> tuple[Any, ...]:
    """[file, line, function, and where known the span] of the project's frames, innermost first.

    A task's own frames end where the event loop runs it; its maker's come after.
    """
    found: list[tuple[Any, ...]] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and len(found) < _DEPTH:
        if frame.f_code.co_name == "_run" and frame.f_globals.get("__name__") == "asyncio.events":
            break
        inside = _in_project(frame.f_code.co_filename)
        if inside is not None:
            found.append((inside, frame.f_lineno, frame.f_code.co_name, *_span(frame)))
        frame = frame.f_back
    return tuple(found) + tuple(_origin.get())[: _DEPTH - len(found)]


def _made_by_project() -> bool:
    """Is the project the one who starts this thread or task, and not a library inside it?"""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        name = frame.f_globals.get("__name__", "").partition(".")[0]
        if name not in ("asyncio", "concurrent", "threading", "anyio", __name__, "multiprocessing"):
            return _in_project(frame.f_code.co_filename) is not None
        frame = frame.f_back
    return False


def _child() -> str:
    """The label of a task or thread that starts now."""
    parent = task.get()
    if not _made_by_project():
        return parent
    with _lock:
        _children[parent] = _children.get(parent, 0) + 1
        return "%s/%d" % (parent, _children[parent])


def _inherit(
    function: Callable[..., Any], label: str, origin: tuple[Any, ...]
) -> Callable[..., Any]:
    """The function, run as the given task."""

    @functools.wraps(function, assigned=(), updated=())
    def run(*args: Any, **kwargs: Any) -> Any:
        sys.set_coroutine_origin_tracking_depth(_DEPTH)
        label_token, origin_token = task.set(label), _origin.set(origin)
        try:
            return function(*args, **kwargs)
        finally:
            task.reset(label_token)
            _origin.reset(origin_token)

    return run


def _follow_threads() -> None:
    start = threading.Thread.start

    def followed(self: Any) -> None:
        self.run = _inherit(self.run, _child(), stack())
        start(self)

    setattr(threading.Thread, "start", followed)  # noqa: B010


def _trace_executors(module: Any) -> None:
    submit = module.ThreadPoolExecutor.submit

    def followed(self: Any, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return submit(self, _inherit(fn, _child(), stack()), *args, **kwargs)

    module.ThreadPoolExecutor.submit = followed


def _trace_tasks(module: Any) -> None:
    create_task = module.BaseEventLoop.create_task

    def followed(self: Any, coro: Any, **kwargs: Any) -> Any:
        born = [
            (_in_project(file), line, name)
            for file, line, name in getattr(coro, "cr_origin", None) or ()
            if _in_project(file) is not None
        ]
        label_token, origin_token = task.set(_child()), _origin.set(tuple(born) or stack())
        try:
            return create_task(self, coro, **kwargs)
        finally:
            task.reset(label_token)
            _origin.reset(origin_token)

    module.BaseEventLoop.create_task = followed


PATCHES = {
    "concurrent.futures.thread": _trace_executors,
    "asyncio.base_events": _trace_tasks,
}
