"""The search for candidates in a process of its own, while this one imports the engine."""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NoReturn

from codemods.migrate_openai.discover import Candidate, Exclude, discover
from codemods.migrate_openai.errors import UsageError


def search(paths: Sequence[str], exclude: Sequence[Exclude]) -> Iterator[Candidate]:
    """What `discover` finds, searched ahead where that saves time.

    The search starts with the call, not with the first item. Raises `UsageError` like `discover`.
    """
    worth_it = hasattr(os, "fork") and (os.cpu_count() or 1) > 1 and any(map(_is_folder, paths))
    if not worth_it or threading.active_count() > 1:
        return discover(paths, exclude)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _scout(writer, paths, exclude)
    os.close(writer)
    return _received(os.fdopen(reader, "rb"), child)


def _received(stream: BinaryIO, child: int) -> Iterator[Candidate]:
    try:
        while True:
            item = pickle.load(stream)  # noqa: S301 - written by our own child
            if item is None:
                return
            if isinstance(item, Candidate):
                yield item
            else:
                raise UsageError(*item)
    except EOFError:
        raise RuntimeError("the search for files ended early") from None
    finally:
        stream.close()
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)


def _scout(writer: int, paths: Sequence[str], exclude: Sequence[Exclude]) -> NoReturn:
    """The child's whole life. It never returns, and dies without a word on Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    code = 1
    try:
        with os.fdopen(writer, "wb") as stream:
            try:
                for candidate in discover(paths, exclude):
                    pickle.dump(candidate, stream)
            except UsageError as error:
                pickle.dump((error.message, error.hint), stream)
            pickle.dump(None, stream)
        code = 0
    finally:
        os._exit(code)


def _is_folder(path: str) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - no Path is needed to ask
