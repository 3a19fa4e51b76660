"""Streams: LiteLLM's, driven to its end for its accounts, yielding what the server sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from .errors import is_unread
from .packages import load_litellm, load_sdk, once, subclass, typed

if TYPE_CHECKING:
    from .call import Call


def stream_of(kind: type, inner: Any, call: Call | None) -> Any:
    """LiteLLM's stream, driven to its end for its accounts, yielding what the server sent."""
    ours = [type(inner)] if is_stream(type(inner)) else []
    theirs = load_sdk().AsyncStream if kind is AsyncRouterStream else load_sdk().Stream
    stream = object.__new__(subclass(kind, *ours, theirs))
    stream.__dict__.update(_inner=inner, _call=call, _iterator=None)
    if call is not None and call.on_the_wire and hasattr(inner, _REPETITION_GUARD):
        setattr(inner, _REPETITION_GUARD, lambda: None)  # it would end what the server still sends
    return stream


_REPETITION_GUARD = "raise_on_model_repetition"


class _StreamBase:
    _inner: Any
    _call: Call | None
    _iterator: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_inner"], name)

    @property
    def response(self) -> Any:
        """The HTTP response that the stream is read from; of another provider, the stream."""
        return self if self._live is None else self._live.response

    @property
    def _live(self) -> Any:
        return self._call.live if self._call else None

    def _drained(self, item: Any) -> Iterator[Any]:
        """What the program gets now that LiteLLM has given *item*."""
        if self._call is None or self._live is None:
            if item is not None:
                yield self._foreign(item)
            return
        while self._call.seen:
            yield self._call.given(self._call.seen.popleft(), None)

    def _foreign(self, item: Any) -> Any:
        """A chunk of another provider; for the typed helpers, in the SDK's type."""
        if self._call is None or not isinstance(
            item, load_litellm().types.utils.ModelResponseStream
        ):
            return item
        return typed(load_sdk().types.chat.ChatCompletionChunk, item.model_dump())

    def _is_readable(self, error: Exception) -> bool:
        """Does the stream go on, though LiteLLM did not understand what came?"""
        live = self._call is not None and self._call.flow is not None and self._call.error is None
        return live and is_unread(error)

    def _blaming(self) -> AbstractContextManager[None]:
        return self._call.blaming() if self._call else nullcontext()


class RouterStream(_StreamBase):
    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._iterator is None:
            self._iterator = self._run()
        return next(self._iterator)

    def _run(self) -> Iterator[Any]:
        flow = self._call.flow if self._call and self._call.flow else ()
        with self._blaming():
            try:
                for source in (self._inner if is_stream(type(self._inner)) else (), flow):
                    for item in source:
                        yield from self._drained(item)
            except Exception as error:
                yield from self._drained(None)
                if not self._is_readable(error):
                    raise
                for item in flow:
                    yield from self._drained(item)
            yield from self._drained(None)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the response and give the connection back."""
        target = self._live or self._inner
        if hasattr(target, "close"):
            target.close()


class AsyncRouterStream(_StreamBase):
    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        if self._iterator is None:
            self._iterator = self._run()
        return await anext(self._iterator)

    async def _run(self) -> AsyncIterator[Any]:
        flow = self._call.flow if self._call and self._call.flow else _nothing()
        with self._blaming():
            try:
                for source in (self._inner if is_stream(type(self._inner)) else _nothing(), flow):
                    async for item in source:
                        for chunk in self._drained(item):
                            yield chunk
            except Exception as error:
                for chunk in self._drained(None):
                    yield chunk
                if not self._is_readable(error):
                    raise
                async for item in flow:
                    for chunk in self._drained(item):
                        yield chunk
            for chunk in self._drained(None):
                yield chunk

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the response and give the connection back."""
        target = self._live or self._inner
        if hasattr(target, "close"):
            await target.close()
        elif hasattr(target, "aclose"):
            await target.aclose()

    aclose = close


async def _nothing() -> AsyncIterator[Any]:
    return
    yield


@once
def is_stream(kind: type) -> bool:
    return hasattr(kind, "__next__") or hasattr(kind, "__anext__")
