"""The two ends of a call, shells around the SDK's client.

The front is what the program's request comes from, the back what LiteLLM sends its version with.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .packages import load_sdk, once, subclass, typed

if TYPE_CHECKING:
    from .call import Call
    from .endpoint_call import Sender
    from .exchange import Exchange


RAW_HEADER = "X-Stainless-Raw-Response"  # the SDK's mark of a caller who wants the headers too


class _Shell:
    _call: Exchange


class Front:
    """What the SDK's methods are called on: hands the request that they build to LiteLLM."""

    _call: Call

    def request(
        self, cast_to: Any, options: Any, *, stream: bool = False, stream_cls: Any = None
    ) -> Any:
        self._call.describe(cast_to, options, stream, stream_cls)
        return self._call.send()


class AsyncFront:
    _call: Call

    async def request(
        self, cast_to: Any, options: Any, *, stream: bool = False, stream_cls: Any = None
    ) -> Any:
        self._call.describe(cast_to, options, stream, stream_cls)
        return await self._call.asend()


class Back(_Shell):
    """What LiteLLM sends its version of the request with: sends the program's."""

    def request(self, cast_to: Any, options: Any, **_: Any) -> Any:
        theirs = options.json_data or {}
        return _reply(self._call, self._call.exchange(theirs), *_asked(options))


class AsyncBack(_Shell):
    async def request(self, cast_to: Any, options: Any, **_: Any) -> Any:
        theirs = options.json_data or {}
        return _reply(self._call, await self._call.aexchange(theirs), *_asked(options))


def _asked(options: Any) -> tuple[bool, bool]:
    """Does LiteLLM want a stream, and the raw response?"""
    streams = bool((options.json_data or {}).get("stream"))
    return streams, bool((options.headers or {}).get(RAW_HEADER))


def _reply(call: Exchange, raw: Any, streams: bool, as_raw: bool) -> Any:
    """In the form that LiteLLM asked for: the SDK's raw response, or what is in it."""
    content = call.for_litellm()
    if call.unread:  # LiteLLM has an empty reply, the program has what is to come
        content = load_sdk().HttpxBinaryResponseContent(type(raw.http_response)(200))
    if call.stream:
        content = call.flow
        if not streams:
            # LiteLLM cannot stream this: it has an empty reply, the program has the stream.
            message = {"role": "assistant", "content": ""}
            choice = {"index": 0, "finish_reason": "stop", "message": message}
            empty = {"choices": [choice], "created": 0, "data": [], "text": ""}
            content = "" if call.cast_to is str else typed(call.cast_to, empty)
    if not as_raw:
        return content
    raw.parse = lambda: content
    return raw


RESOURCES = ("audio", "chat", "completions", "embeddings", "images", "moderations")


class Door:
    """A resource of the SDK's client as LiteLLM meets it: any method sends the program's request.

    The SDK's own methods would do their work twice, and whoever wraps them would see two calls.
    """

    def __init__(self, call: Exchange, raw: bool = False) -> None:
        self._call = call
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return Door(self._call, self._raw or name == "with_raw_response")

    def __call__(self, *_: Any, **request: Any) -> Any:
        call = self._call
        streams = bool(request.get("stream"))
        if call.is_async:
            return self._answered(streams, request)
        return _reply(call, call.exchange(request), streams, self._raw)

    async def _answered(self, streams: bool, request: dict[str, Any]) -> Any:
        return _reply(self._call, await self._call.aexchange(request), streams, self._raw)


class HttpBack(_Shell):
    """The same for what LiteLLM sends with its own HTTP handler."""

    def post(self, *_: Any, data: Any = None, json: Any = None, **__: Any) -> Any:
        raw = self._call.exchange(_posted(data, json))
        return _EventSource(self._call, raw.headers) if self._call.stream else raw.http_response

    get = delete = post

    def close(self) -> None:
        """There is nothing of its own to close; LiteLLM's handlers do so when they are gone."""


class AsyncHttpBack(_Shell):
    async def post(self, *_: Any, data: Any = None, json: Any = None, **__: Any) -> Any:
        raw = await self._call.aexchange(_posted(data, json))
        return _EventSource(self._call, raw.headers) if self._call.stream else raw.http_response

    get = delete = post

    async def close(self) -> None:
        """As for the synchronous one."""


def _posted(data: Any, as_json: Any) -> Mapping[str, Any]:
    if isinstance(data, (str, bytes)):
        import json

        data = json.loads(data)
    found = as_json if as_json is not None else data
    return found if isinstance(found, Mapping) else {}


class _EventSource:
    """The SDK's event stream, as the HTTP response that LiteLLM parses itself."""

    status_code = 200

    def __init__(self, call: Exchange, headers: Any) -> None:
        self._call = call
        self.headers = headers

    text = ""

    def json(self) -> Any:
        """Of a model that LiteLLM thinks cannot stream, it gets this, the program the stream."""
        return {"id": "", "created_at": 0, "model": self._call.name, "output": []}

    def iter_bytes(self) -> Iterator[bytes]:
        for event in self._call.flow:
            yield f"data: {event.to_json(indent=None)}\n\n".encode()

    async def aiter_bytes(self) -> AsyncIterator[bytes]:
        async for event in self._call.flow:
            yield f"data: {event.to_json(indent=None)}\n\n".encode()

    def iter_lines(self) -> Iterator[str]:
        return (line.decode().strip() for line in self.iter_bytes())

    async def aiter_lines(self) -> AsyncIterator[str]:
        async for line in self.aiter_bytes():
            yield line.decode().strip()


def shell_of(kind: type, real: Any) -> Any:
    """An instance of the SDK's client class that shares everything with *real* but `request`."""
    shell = object.__new__(subclass(kind, type(real)))
    shell.__dict__.update(plain_members(real))
    if "_custom_query" in shell.__dict__:
        shell._custom_query = dict(shell._custom_query)  # LiteLLM writes into it
    return shell


def plain_members(real: Any) -> dict[str, Any]:
    """Without the resources that are kept: they would go on to send with *real*."""
    resources = resources_of(type(real))
    return {k: v for k, v in real.__dict__.items() if k not in resources}


@once
def resources_of(kind: Any) -> frozenset[str]:
    """The names of the parts of a client's class: ``files``, ``chat``."""
    members = (vars(base).items() for base in kind.__mro__)
    found = itertools.chain.from_iterable(members)
    return frozenset(k for k, v in found if isinstance(v, functools.cached_property))


def end_of(kind: type, real: Any, call: Exchange) -> Any:
    """An end of *call*, which sends with *real*."""
    shell = shell_of(kind, real)
    shell.__dict__["_call"] = call
    return shell


class Lasting:
    """The SDK's client whose resources a client of the router shows: asks who sends at present."""

    _sender: Callable[[], Sender]

    def request(self, *args: Any, **kwargs: Any) -> Any:
        from .endpoint_call import Request, send

        return send(self._sender(), Request(*args, **kwargs))


def http_shell(kind: type, call: Exchange) -> Any:
    from litellm.llms.custom_httpx import http_handler

    base = http_handler.AsyncHTTPHandler if call.is_async else http_handler.HTTPHandler
    shell: Any = object.__new__(subclass(kind, base))
    shell._call = call
    return shell
