"""vcrpy's patches of the HTTP clients, made once and asking whichever cassette is in use.

On top of what vcrpy does: replayed streams arrive one event at a time, aiohttp's bodies are seen
as bytes, and while recording from a stand-in the requests are sent there.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import functools
import http.client
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Protocol
from unittest import mock
from urllib.parse import urlsplit

from personalvibe.replay.cassette import bodies
from personalvibe.replay.model import Headers, Interaction
from personalvibe.replay.vcrpy.import_hooks import on_import
from personalvibe.replay.vcrpy.loading import AWAITED, VcrRequest, note_originals, vcr

# pytest leaves such frames out of tracebacks: their locals are requests before redaction.
__tracebackhide__ = True


decodes_itself: ContextVar[bool] = ContextVar("decodes_itself", default=False)
"""Whether the program that sends wants bodies as they travel: aiohttp's auto_decompress=False."""


class InUse(Protocol):
    """What the patches ask of a cassette; `bridge.ReplayCassette` is one."""

    custom_patches: tuple[Any, ...]
    skip_patchers: tuple[str, ...]
    route: Callable[[str], str] | None

    @property
    def write_protected(self) -> bool: ...

    def can_play_response_for(self, request: VcrRequest) -> bool: ...

    def play_response(self, request: VcrRequest) -> dict[str, Any]: ...

    def append(self, request: VcrRequest, response: dict[str, Any]) -> None: ...

    def filter_request(self, request: VcrRequest) -> VcrRequest | None: ...


def header_pairs(headers: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Headers:
    """vcrpy's headers, whose values are strings, bytes or lists of them; tornado's are pairs."""
    found = []
    for name, content in headers.items() if isinstance(headers, Mapping) else headers:
        for value in content if isinstance(content, (list, tuple)) else (content,):
            text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
            found.append((str(name), text))
    return tuple(found)


class Claim:
    """What a request that is on its way was promised. Shared by the copies that filters make."""

    __slots__ = ("answer", "cassette", "ticket")

    def __init__(self) -> None:
        self.cassette: InUse | None = None
        """The cassette that the request was first shown to."""
        self.answer: Interaction | None = None
        """The recording that is reserved for it."""
        self.ticket: int | None = None
        """Its place in the recording."""

    def __deepcopy__(self, memo: object) -> Claim:
        return self


def claim(request: VcrRequest) -> Claim:
    """The claim of a request, which is made at the first call."""
    found: Claim | None = vars(request).get("_replay_claim")
    if found is None:
        found = request._replay_claim = Claim()
    return found


class _Current:
    """The cassette of whoever asks now. vcrpy's patches are made for it, once in a process."""

    _path = ""
    custom_patches = ()
    skip_patchers = ()
    inject = False

    def __init__(self) -> None:
        self.active: list[InUse] = []
        self._mine: ContextVar[InUse | None] = ContextVar("cassette", default=None)

    def get(self) -> InUse | None:
        """The cassette of this task; elsewhere (in threads, say) the one opened last."""
        mine = self._mine.get()
        if mine is not None and mine in self.active:
            return mine
        return self.active[-1] if self.active else None

    @contextlib.contextmanager
    def using(self, cassette: InUse) -> Iterator[None]:
        self.active.append(cassette)
        self._mine.set(cassette)
        try:
            yield
        finally:
            # In place: patches made for one cassette's own settings look at the same list.
            self.active.remove(cassette)
            self._mine.set(None)

    # What vcrpy's stubs ask a cassette. Without one they hand the request on to the network.

    def can_play_response_for(self, request: VcrRequest) -> bool:
        cassette = self._asked(request)
        if cassette is None:
            return False
        claim(request).cassette = cassette
        return cassette.can_play_response_for(request)

    def _asked(self, request: VcrRequest) -> InUse | None:
        """The cassette that has been asked for this request, or else the one in use."""
        claimed = claim(request).cassette
        # One without interactions is as good, and as false, as an empty list.
        return self.get() if claimed is None else claimed

    def play_response(self, request: VcrRequest) -> dict[str, Any]:
        cassette = self._asked(request)
        if cassette is None:
            raise LookupError("no cassette is in use")
        return cassette.play_response(request)

    def append(self, request: VcrRequest, response: dict[str, Any]) -> None:
        cassette = self._asked(request)
        if cassette is not None:
            cassette.append(request, response)

    def filter_request(self, request: VcrRequest) -> VcrRequest | None:
        cassette = self.get()
        return cassette.filter_request(request) if cassette is not None else None

    def find_requests_with_most_matches(self, request: VcrRequest) -> list[Any]:
        return []

    @property
    def write_protected(self) -> bool:
        cassette = self.get()
        return cassette is not None and cassette.write_protected

    def route(self, url: str) -> str:
        cassette = self.get()
        return cassette.route(url) if cassette is not None and cassette.route else url


_current = _Current()
_lock = threading.RLock()
_patches: _Patches | None = None


class _Patches:
    """Patches that are applied and undone before and after every test, and so must be quick."""

    def __init__(self, skip: Iterable[str] = (), custom: tuple[Any, ...] = ()) -> None:
        self._skip = frozenset(skip)
        self._swaps: list[tuple[Any, str, Any]] = []
        self._others: list[Any] = []
        self._undo: list[tuple[Any, str, Any]] = []
        self._stack = contextlib.ExitStack()
        self._is_applied = False
        self._add([*_built(self._skip | _awaited, custom), *_general()])

    def _add(self, patches: list[Any]) -> None:
        # vcrpy makes them with `mock.patch.object`, whose own way takes ten times as long.
        swaps = [
            (patch.getter(), patch.attribute, patch.new)
            for patch in patches
            if hasattr(patch, "getter")
        ]
        others = [patch for patch in patches if not hasattr(patch, "getter")]
        self._swaps += swaps
        self._others += others
        if self._is_applied:
            self._put(swaps, others)

    def add_client(self, group: str) -> None:
        """Patch a client that was imported since."""
        if group not in self._skip:
            self._add(_built(frozenset(vcr.patch.PATCHER_NAMES) - {group}))

    def apply(self) -> None:
        self._is_applied = True
        self._put(self._swaps, self._others)

    def _put(self, swaps: list[tuple[Any, str, Any]], others: list[Any]) -> None:
        for target, attribute, new in swaps:
            self._undo.append((target, attribute, vars(target).get(attribute, _ABSENT)))
            setattr(target, attribute, new)
        for patch in others:
            self._stack.enter_context(patch)

    def undo(self) -> None:
        self._is_applied = False
        self._stack.close()
        while self._undo:
            target, attribute, old = self._undo.pop()
            if old is _ABSENT:
                delattr(target, attribute)
            else:
                setattr(target, attribute, old)


_ABSENT = object()
_applied: _Patches | None = None


@contextlib.contextmanager
def intercepting(cassette: InUse) -> Iterator[InUse]:
    """The HTTP clients ask `cassette`, from now on and in every thread."""
    global _applied
    with _current.using(cassette):
        with _lock:
            if len(_current.active) == 1:
                _applied = _client_patches(cassette)
                _applied.apply()
        try:
            yield cassette
        finally:
            with _lock:
                if _current.active == [cassette] and _applied is not None:
                    _applied.undo()
                    _applied = None


def _client_patches(cassette: InUse) -> _Patches:
    """vcrpy's patches and ours. Building them takes longer than applying them."""
    global _patches
    if cassette.custom_patches or cassette.skip_patchers:
        return _Patches(cassette.skip_patchers, cassette.custom_patches)
    if _patches is None:
        _patches = _Patches()
    return _patches


_awaited = set(AWAITED)


def _imported(group: str) -> None:
    with _lock:
        _awaited.discard(group)
        note_originals()
        for patches in filter(None, {_patches, _applied}):
            patches.add_client(group)


for _package in AWAITED:
    on_import(_package, functools.partial(_imported, _package))


def _built(skip: frozenset[str], custom: tuple[Any, ...] = ()) -> list[Any]:
    """vcrpy's patches, except of the groups to skip."""
    current = copy.copy(_current)
    vars(current).update(skip_patchers=skip, custom_patches=custom)
    routed = [
        mock.patch.object(vcr.patch, name, wrap(getattr(vcr.patch, name), current))
        for name, wrap in _ROUTED.items()
        if hasattr(vcr.patch, name)
    ]
    with contextlib.ExitStack() as stack:
        for patch in routed:
            stack.enter_context(patch)
        patches = list(vcr.patch.CassettePatcherBuilder(current).build())
    for patch in patches:
        if getattr(patch, "attribute", None) == "_request":
            patch.new = _explicit_body(patch.new)
    if "aiohttp" not in skip and "vcr.stubs.aiohttp_stubs" in sys.modules:
        stubs = sys.modules["vcr.stubs.aiohttp_stubs"]
        patches += [
            mock.patch.object(stubs, "build_response", _aiohttp_response(stubs)),
            mock.patch.object(stubs, "record_response", _unread_again(stubs.record_response)),
            mock.patch.object(stubs.MockClientResponse, "read", _read_the_rest),
            *(
                mock.patch.object(
                    stubs.MockClientResponse,
                    name,
                    _after_reading(getattr(stubs.MockClientResponse, name)),
                )
                for name in ("text", "json")
            ),
        ]
    return patches


def _general() -> list[Any]:
    """Patches of vcrpy's own classes."""
    patches = [
        mock.patch.object(vcr.patch, "force_reset", _reset_where_needed),
        *(
            mock.patch.object(owner, name, _without_reset(getattr(owner, name)))
            for owner, name in _resetting()
        ),
        mock.patch.object(vcr.stubs.VCRConnection, "getresponse", _routed_getresponse),
        mock.patch.object(vcr.stubs.VCRConnection, "_url", _routed_url),
        mock.patch.object(vcr.stubs.VCRHTTPResponse, "stream", _stream),
    ]
    if "vcr.stubs.httpx_stubs" in sys.modules:
        stubs = sys.modules["vcr.stubs.httpx_stubs"]
        patches.append(mock.patch.object(stubs, "_deserialize_response", _httpx_response))
    return patches


# vcrpy puts the real classes back for a moment, for the whole process, whenever one of its
# connections is made, connects or sends. What other threads ask in that moment would get past the
# cassette. Only a class that looks itself up by its name has need of it.

_FREE = ("urllib3.", "botocore.")
_HTTPConnection = http.client.HTTPConnection
_thread = threading.local()
_force_reset = vcr.patch.force_reset


@contextlib.contextmanager
def _reset_where_needed() -> Iterator[None]:
    if getattr(_thread, "needs_no_reset", False):
        yield
    else:
        with _force_reset():
            yield


def _resetting() -> Iterator[tuple[Any, str]]:
    """The methods of vcrpy's connections that put the real classes back."""
    for name in ("__init__", "connect"):
        yield vcr.stubs.VCRConnection, name
    stubs = sys.modules.get("vcr.stubs.boto3_stubs")
    if stubs is not None:
        yield stubs.VCRRequestsHTTPSConnection, "__init__"


def _without_reset(method: Any) -> Any:
    @functools.wraps(method)
    def call(connection: Any, *args: Any, **kwargs: Any) -> Any:
        real = connection._baseclass
        before = getattr(_thread, "needs_no_reset", False)
        _thread.needs_no_reset = real is _HTTPConnection or real.__module__.startswith(_FREE)
        try:
            return method(connection, *args, **kwargs)
        finally:
            _thread.needs_no_reset = before

    return call


# Recording from a stand-in: the request goes there, the recording keeps the provider's address.


@contextlib.contextmanager
def _routed(request: Any, current: _Current) -> Iterator[None]:
    """An httpx request with the address of the stand-in, as long as it is on its way."""
    url, host = request.url, request.headers.get("host")
    target = current.route(str(url))
    if target == str(url):
        yield
        return
    request.url = type(url)(target)
    request.headers["host"] = request.url.netloc.decode()
    try:
        yield
    finally:
        request.url, request.headers["host"] = url, host


def _route_httpx(real: Any, current: _Current) -> Any:
    def handle_request(transport: Any, request: Any) -> Any:
        with _routed(request, current):
            return real(transport, request)

    return functools.wraps(real)(handle_request)


def _route_async_httpx(real: Any, current: _Current) -> Any:
    async def handle_async_request(transport: Any, request: Any) -> Any:
        with _routed(request, current):
            return await real(transport, request)

    return functools.wraps(real)(handle_async_request)


def _route_aiohttp(real: Any, current: _Current) -> Any:
    async def request(client: Any, method: str, url: Any, **kwargs: Any) -> Any:
        target = current.route(str(url))
        address = url if target == str(url) else type(url)(target, encoded=True)
        return await real(client, method, address, **kwargs)

    return functools.wraps(real)(request)


_ROUTED: Mapping[str, Callable[[Any, _Current], Any]] = {
    "_HttpxHttpTransport_handle_request": _route_httpx,
    "_HttpxAsyncHttpTransport_handle_async_request": _route_async_httpx,
    "_Httpx2HttpTransport_handle_request": _route_httpx,
    "_Httpx2AsyncHttpTransport_handle_async_request": _route_async_httpx,
    "_AiohttpClientSessionRequest": _route_aiohttp,
}

_getresponse = vcr.stubs.VCRConnection.getresponse
_url = vcr.stubs.VCRConnection._url


@_without_reset
def _routed_getresponse(connection: Any, *args: Any, **kwargs: Any) -> Any:
    """http.client and what is built on it: requests, urllib3, botocore."""
    request = connection._vcr_request
    target = urlsplit(_current.route(request.uri))
    if target.geturl() == request.uri or _current.can_play_response_for(request):
        return _getresponse(connection, *args, **kwargs)
    real = connection.real_connection
    connection._deferred_connect = None
    connection.real_connection = _HTTPConnection(str(target.hostname), target.port)
    try:
        return _getresponse(connection, *args, **kwargs)
    finally:
        connection.real_connection.close()
        connection.real_connection = real


def _routed_url(connection: Any, uri: str) -> str:
    target = _current.route(uri)
    if target == uri:
        return str(_url(connection, uri))
    return urlsplit(target)._replace(scheme="", netloc="").geturl()


# Replayed streams: one event at a time, as the provider sent them.


def _pieces(response: Mapping[str, Any]) -> list[bytes]:
    return bodies.chunks(header_pairs(response["headers"]), response["body"]["string"])


def _stream(response: Any, amt: int = 65536, decode_content: object = None) -> Iterator[bytes]:
    """`VCRHTTPResponse.stream`, of which urllib3, requests and botocore read."""
    pieces = _pieces(response.recorded_response)
    if len(pieces) > 1 and response.tell() == 0:
        for piece in pieces:
            yield response.read(len(piece))
    else:
        yield from _whole_stream(response, amt, decode_content)


_whole_stream = vcr.stubs.VCRHTTPResponse.stream


def _httpx_response(response: Mapping[str, Any], httpx: Any) -> Any:
    """An unread response of httpx or httpx2."""
    message = response["status"]["message"]
    return httpx.Response(
        response["status"]["code"],
        headers=list(header_pairs(response["headers"])),
        stream=_httpx_stream(httpx)(_pieces(response)),
        extensions={"reason_phrase": message.encode("ascii", "replace")} if message else None,
    )


@functools.cache
def _httpx_stream(httpx: Any) -> Any:
    class Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):  # type: ignore[misc]
        def __init__(self, pieces: list[bytes]) -> None:
            self.pieces = pieces

        def __iter__(self) -> Iterator[bytes]:
            yield from self.pieces

        async def __aiter__(self) -> AsyncIterator[bytes]:
            from anyio.lowlevel import checkpoint

            for piece in self.pieces:
                # Other tasks run between two events, as they do in life.
                await checkpoint()
                yield piece

    return Pieces


def _aiohttp_response(stubs: Any) -> Callable[..., Any]:
    build = stubs.build_response

    class Pieces(stubs.MockStream):  # type: ignore[misc]
        """A stream whose reads end where an event ends."""

        def __init__(self, pieces: list[bytes]) -> None:
            super().__init__(b"".join(pieces))
            self._buffer.clear()
            self._buffer.extend(pieces)

        async def read(self, n: int = -1) -> Any:
            await asyncio.sleep(0)
            return await super().read(n)

        async def readany(self) -> Any:
            await asyncio.sleep(0)
            return await super().readany()

        def _read_nowait(self, n: int) -> Any:
            return self._read_nowait_chunk(n) if self._buffer else b""

    def build_response(request: Any, recorded: Mapping[str, Any], history: Any) -> Any:
        response = build(request, recorded, history)
        response._body = None
        pieces = _pieces(recorded)
        if len(pieces) > 1:
            response.content = Pieces(pieces)
        return response

    return build_response


async def _read_the_rest(response: Any) -> Any:
    if response._body is None:
        response._body = await response.content.read()
    return response._body


def _after_reading(method: Any) -> Any:
    @functools.wraps(method)
    async def call(response: Any, *args: Any, **kwargs: Any) -> Any:
        await response.read()
        return await method(response, *args, **kwargs)

    return call


def _unread_again(record: Any) -> Any:
    """Recording reads a response; its program shall still read it in parts and then the rest."""

    async def record_response(cassette: Any, request: Any, response: Any) -> None:
        await record(cassette, request, response)
        if response._body:
            response._body = None

    return record_response


class _Written:
    """Takes a payload of aiohttp as its connection would, in every version of aiohttp."""

    def __init__(self) -> None:
        self.body = bytearray()

    async def write(self, chunk: bytes) -> None:
        self.body += chunk


def _explicit_body(inner: Any) -> Any:
    """aiohttp's session request, told its body as bytes: vcrpy's stub does not see the others."""

    async def request(client: Any, method: str, url: Any, **kwargs: Any) -> Any:
        decodes_itself.set(not client._auto_decompress)
        from aiohttp import FormData, hdrs
        from aiohttp.payload import Payload

        headers = client._prepare_headers(kwargs.get("headers"))
        data, kind = kwargs.get("data"), None
        if isinstance(data, (Mapping, list, tuple)):
            data = FormData(data)
        if isinstance(data, FormData):
            data = data()
        if isinstance(data, Payload):
            written: Any = _Written()
            await data.write(written)
            kwargs["data"] = bytes(written.body)
            kind = data.headers.get(hdrs.CONTENT_TYPE)
        elif data is None and kwargs.get("json") is not None:
            kwargs["data"] = client._json_serialize(kwargs.pop("json")).encode()
            kind = "application/json"
        if kind is not None:
            headers.setdefault(hdrs.CONTENT_TYPE, kind)
            kwargs["headers"] = headers
        return await inner(client, method, client._build_url(url), **kwargs)

    return functools.wraps(inner)(request)
