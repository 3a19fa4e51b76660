"""The search for candidates in processes of its own, while this one imports the engine."""

from __future__ import annotations

import heapq
import os
import pickle
import signal
import threading
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NoReturn

from codemods.migrate_openai.errors import UsageError
from codemods.migrate_openai.files.discover import Candidate, Exclude, discover

_SCOUTS = 2
"""More of them do not pay: reading the folders, which each of them does, begins to count."""


def search(paths: Sequence[str], exclude: Sequence[Exclude]) -> Iterator[Candidate]:
    """What `discover` finds, searched ahead where that saves time.

    The search starts with the call, not with the first item. Raises `UsageError` like `discover`.
    """
    worth_it = hasattr(os, "fork") and (os.cpu_count() or 1) > 1 and any(map(_is_folder, paths))
    if not worth_it or threading.active_count() > 1:
        return discover(paths, exclude)
    return _merged([_Scout(paths, exclude, (number, _SCOUTS)) for number in range(_SCOUTS)])


class _Scout:
    """One process that looks into its share of the files, and the pipe to it."""

    def __init__(
        self, paths: Sequence[str], exclude: Sequence[Exclude], share: tuple[int, int]
    ) -> None:
        reader, writer = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            os.close(reader)
            _search(writer, paths, exclude, share)
        os.close(writer)
        self._stream: BinaryIO = os.fdopen(reader, "rb")

    def __iter__(self) -> Iterator[Candidate]:
        try:
            while (item := pickle.load(self._stream)) is not None:  # noqa: S301 - from our child
                if not isinstance(item, Candidate):
                    raise UsageError(*item)
                yield item
        except EOFError:
            raise RuntimeError("the search for files ended early") from None

    def end(self) -> None:
        self._stream.close()
        os.kill(self._child, signal.SIGTERM)
        os.waitpid(self._child, 0)


def _merged(scouts: Sequence[_Scout]) -> Iterator[Candidate]:
    try:
        yield from heapq.merge(*scouts, key=lambda candidate: candidate.order)
    finally:
        for scout in scouts:
            scout.end()


def _search(
    writer: int, paths: Sequence[str], exclude: Sequence[Exclude], share: tuple[int, int]
) -> NoReturn:
    """The child's whole life. It never returns, and dies without a word on Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    code = 1
    try:
        with os.fdopen(writer, "wb") as stream:
            try:
                for candidate in discover(paths, exclude, share):
                    pickle.dump(candidate, stream)
                    stream.flush()  # somebody waits for it, and works on it meanwhile
            except UsageError as error:
                pickle.dump((error.message, error.hint), stream)
            pickle.dump(None, stream)
        code = 0
    finally:
        os._exit(code)


def _is_folder(path: str) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - no Path is needed to ask
