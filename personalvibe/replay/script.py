"""`use_cassette` for programs and for tests without the plugin's mark."""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, cast

from personalvibe.replay.model import CassetteError, RecordMode

if TYPE_CHECKING:
    from personalvibe.replay.session import Session
    from personalvibe.replay.vcrpy.bridge import ReplayCassette

# pytest leaves such frames out of tracebacks: their locals are requests before redaction.
__tracebackhide__ = True

P = ParamSpec("P")
T = TypeVar("T")


class Router(Protocol):
    """`personalvibe.replay.standin.StandIn`, while it runs."""

    def route(self, url: str) -> str: ...


class CassetteContext:
    """A cassette in use: ``with``, ``async with``, or a decorator of functions of either kind."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        record_mode: str,
        stand_in: Router | None,
        config: Mapping[str, Any],
    ) -> None:
        self._arguments = (path, record_mode, stand_in, config)
        self._stack: contextlib.ExitStack | None = None
        self.cassette: ReplayCassette | None = None

    def __enter__(self) -> Session:
        if self._stack is not None:
            raise RuntimeError("this cassette is already in use: call use_cassette() again")
        from personalvibe.replay.opening import opened

        path, record_mode, stand_in, config = self._arguments
        stack = contextlib.ExitStack()
        self.cassette = stack.enter_context(
            opened(Path(path), record_mode, config, stand_in.route if stand_in else None)
        )
        self._stack = stack
        return self.cassette.session

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        stack, cassette = self._stack, self.cassette
        self._stack = self.cassette = None
        if stack is None or cassette is None:
            return
        stack.close()
        session = cassette.session
        if session.misses and (error is None or isinstance(error, Exception)):
            # The program caught it and went on; what it did since rests on nothing.
            raise session.misses[0]
        if error is None:
            outcome = session.commit()
            if outcome.kind == "refused":
                raise CassetteError(
                    f"nothing was recorded: {outcome.reason}",
                    path=outcome.path,
                    hint="The cassette is as it was before.",
                )

    async def __aenter__(self) -> Session:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, function: Callable[P, T]) -> Callable[P, T]:
        if inspect.iscoroutinefunction(function):
            awaited = cast(Callable[P, Awaitable[Any]], function)

            @functools.wraps(function)
            async def replayed_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                async with CassetteContext(*self._arguments):
                    return await awaited(*args, **kwargs)

            return cast(Callable[P, T], replayed_async)

        @functools.wraps(function)
        def replayed(*args: P.args, **kwargs: P.kwargs) -> T:
            with CassetteContext(*self._arguments):
                return function(*args, **kwargs)

        return replayed


def use_cassette(
    path: str | os.PathLike[str],
    record_mode: str | RecordMode = RecordMode.NONE,
    *,
    stand_in: Router | None = None,
    **config: Any,
) -> CassetteContext:
    """Record the HTTP traffic of a block to a cassette, or play it from there.

    In mode ``none`` the network is closed inside the block, and a request without a recording
    raises `CassetteMiss`, at the request and again at the end of the block if it was caught.
    What was recorded is written at the end of the block, unless that ends with an exception.

    Args:
        path: the cassette, a YAML file.
        record_mode: ``none``, ``once``, ``new_episodes``, ``all`` or ``rewrite``.
        stand_in: a running `StandIn`, asked instead of the provider while recording.
        config: what ``vcr_config`` takes, see docs/replay.md.

    Raises:
        CassetteError: the cassette cannot be read, or the recording must not be written.
        CassetteMiss: a request is not recorded (a BaseException).
    """
    return CassetteContext(path, record_mode, stand_in, config)
