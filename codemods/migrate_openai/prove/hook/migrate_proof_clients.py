"""The HTTP clients and the mocks of the program proved: what they do is written down."""

from __future__ import annotations

import base64
import contextlib
import contextvars
import functools
import importlib.abc
import importlib.util
import itertools
import json
import os
import sys
from urllib.parse import urlsplit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from importlib.machinery import ModuleSpec
    from types import FrameType, ModuleType
    from typing import Any

    from codemods.migrate_openai.prove.hook import migrate_proof_network as network
    from codemods.migrate_openai.prove.hook import migrate_proof_places as places
    from codemods.migrate_openai.prove.hook import migrate_proof_state as state
else:
    import migrate_proof_network as network
    import migrate_proof_places as places
    import migrate_proof_state as state

_numbers = itertools.count()
_mocked: set[tuple[Any, ...]] = set()
_transport_mocks: set[str] = set()
_seen: contextvars.ContextVar[bool] = contextvars.ContextVar("proof_seen", default=False)


def _record(
    client: str,
    method: str,
    url: str,
    headers: Iterable[tuple[str, str]],
    body: bytes | None,
    timeout: Mapping[str, Any],
) -> None:
    sdk, retries = _sdk()
    state.write(
        {
            "kind": "request",
            "number": next(_numbers),
            "process": state.process(),
            "test": state.test(),
            "task": places.task.get(),
            "stack": places.stack(),
            "client": client,
            "method": method.upper(),
            "url": url,
            "headers": [[str(name), str(value)] for name, value in headers],
            "body": base64.b64encode(body or b"").decode("ascii"),
            "timeout": timeout,
            "retries": retries,
            "llm": sdk or network.routed(url) is not None,
            "own_server": network.own_server(url),
        }
    )


def _sdk() -> tuple[bool, int | None]:
    """(does the SDK, LiteLLM or the router send this, how often would the SDK repeat it?)

    The second is None where nobody says.
    """
    found = False
    retries: int | None = None
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and retries is None:
        file = frame.f_code.co_filename.replace(os.sep, "/")
        name = frame.f_globals.get("__name__") or ""
        found = found or name.partition(".")[0] in ("openai", "litellm")
        if file.endswith("openai/_base_client.py"):
            options: Any = frame.f_locals.get("options")
            client: Any = frame.f_locals.get("self")
            with contextlib.suppress(AttributeError, TypeError, ValueError):
                retries = int(options.get_max_retries(client.max_retries))
        frame = frame.f_back
    return found, retries


class AfterImport(importlib.abc.MetaPathFinder):
    """Patch a module right after the program has imported it."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        patch = PATCHES.pop(fullname, None)
        if patch is None:
            return None
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            return None
        spec.loader = _Patching(spec.loader, patch)
        return spec


class _Patching(importlib.abc.Loader):
    def __init__(self, loader: Any, patch: Callable[[Any], None]) -> None:
        self._loader = loader
        self._patch = patch

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        created: ModuleType | None = self._loader.create_module(spec)
        return created

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._patch(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


def _httpx_timeout(request: Any) -> dict[str, Any]:
    return dict(request.extensions.get("timeout") or {}) if hasattr(request, "extensions") else {}


def _patch_httpx(httpx: Any) -> None:
    name = httpx.__name__
    send = httpx.Client._send_single_request
    asend = httpx.AsyncClient._send_single_request
    handle = httpx.HTTPTransport.handle_request
    ahandle = httpx.AsyncHTTPTransport.handle_async_request

    def note(request: Any, body: bytes) -> None:
        url, headers = str(request.url), request.headers.multi_items()
        _record(name, request.method, url, headers, body, _httpx_timeout(request))

    def send_noted(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        note(request, request.read())
        token = _seen.set(True)
        try:
            return send(self, request, *args, **kwargs)
        finally:
            _seen.reset(token)

    async def asend_noted(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        note(request, await request.aread())
        token = _seen.set(True)
        try:
            return await asend(self, request, *args, **kwargs)
        finally:
            _seen.reset(token)

    def at_loopback(request: Any, url: str) -> Any:
        headers = [(b"host", urlsplit(url).netloc.encode("ascii"))]
        headers += [(k, v) for k, v in request.headers.raw if k.lower() != b"host"]
        return httpx.Request(
            request.method,
            url,
            headers=headers,
            stream=request.stream,
            extensions={k: v for k, v in request.extensions.items() if k != "sni_hostname"},
        )

    def own(transport: Any, plain: Callable[[], Any]) -> Any:
        """The transport itself, unless it goes through a proxy or a socket of its own."""
        pool = type(getattr(transport, "_pool", None)).__name__
        return transport if pool in ("ConnectionPool", "AsyncConnectionPool") else plain()

    def mocked(transport: Any) -> bool:
        """Has the project's test put cassettes or mocks under the transport?"""
        pool = type(getattr(transport, "_pool", None))
        method = getattr(pool, "handle_request", None) or getattr(
            pool, "handle_async_request", None
        )
        return method is not None and not getattr(method, "__module__", "").startswith("httpcore")

    def handle_routed(self: Any, request: Any) -> Any:
        url = None if mocked(self) else network.routed(str(request.url))
        if url is None:
            return handle(self, request)
        return handle(own(self, _plain(httpx.HTTPTransport)), at_loopback(request, url))

    async def ahandle_routed(self: Any, request: Any) -> Any:
        url = None if mocked(self) else network.routed(str(request.url))
        if url is None:
            return await ahandle(self, request)
        return await ahandle(own(self, httpx.AsyncHTTPTransport), at_loopback(request, url))

    httpx.Client._send_single_request = send_noted
    httpx.AsyncClient._send_single_request = asend_noted
    httpx.HTTPTransport.handle_request = handle_routed
    httpx.AsyncHTTPTransport.handle_async_request = ahandle_routed


def _plain(kind: Callable[[], Any]) -> Callable[[], Any]:
    return functools.lru_cache(maxsize=None)(kind)


def _patch_requests(module: Any) -> None:
    """requests.sessions and requests.adapters, the transport of the SDK before 1.0."""
    if module.__name__ == "requests.sessions":
        send = module.Session.send

        def send_noted(self: Any, request: Any, **kwargs: Any) -> Any:
            body = request.body
            if hasattr(body, "read"):
                body = body.read()
                request.body = body
            if isinstance(body, str):
                body = body.encode("utf-8")
            if not isinstance(body, (bytes, type(None))):
                body = b"".join(body)
                request.body = body
            timeout = kwargs.get("timeout")
            if isinstance(timeout, tuple):
                seconds = {"connect": timeout[0], "read": timeout[1]}
            else:
                seconds = {"read": timeout}
            url = request.url
            headers = request.headers.items()
            _record("requests", request.method, url, headers, body, seconds)
            return send(self, request, **kwargs)

        module.Session.send = send_noted
        return
    send = module.HTTPAdapter.send

    def send_routed(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        url = network.routed(request.url)
        if url is None:
            return send(self, request, *args, **kwargs)
        kwargs["proxies"] = {}
        there = request.copy()
        there.url = url
        response = send(self, there, *args, **kwargs)
        response.url, response.request = request.url, request
        return response

    module.HTTPAdapter.send = send_routed


def _patch_aiohttp(module: Any) -> None:
    """aiohttp.client, the transport of the async SDK before 1.0 and of LiteLLM."""
    from yarl import URL

    request = module.ClientSession._request

    async def request_routed(self: Any, method: str, str_or_url: Any, **kwargs: Any) -> Any:
        build = getattr(self, "_build_url", None)
        real = str(build(str_or_url) if build else str_or_url)
        if not _seen.get():
            headers = dict(getattr(self, "_default_headers", None) or {})
            headers.update(kwargs.get("headers") or {})
            body = kwargs.get("data")
            if kwargs.get("json") is not None:
                body = json.dumps(kwargs["json"]).encode("utf-8")
            if isinstance(body, str):
                body = body.encode("utf-8")
            if not isinstance(body, (bytes, type(None))):
                body = type(body).__name__.encode("ascii")  # a form can be read only once
            given = kwargs.get("timeout", getattr(self, "_timeout", None))
            seconds = given if isinstance(given, (int, float)) else getattr(given, "total", None)
            timeout = {"read": seconds}
            _record("aiohttp", method, real, headers.items(), body, timeout)
        url = network.routed(real)
        if url is None:
            return await request(self, method, str_or_url, **kwargs)
        kwargs["proxy"] = None
        target = URL(url, encoded=True)
        base, self._base_url = getattr(self, "_base_url", None), None
        try:
            return await request(self, method, target, **kwargs)
        finally:
            self._base_url = base

    module.ClientSession._request = request_routed


def note_patch(name: str, old: object) -> None:
    """A test has put something else in the place of ``old``: write down a part of the SDK."""
    if (getattr(old, "__module__", None) or "").partition(".")[0] == "openai":
        state.write({"kind": "patch", "name": name, "test": state.test()})


def _patch_mock(module: Any) -> None:
    """unittest.mock: which lines of the project a mock answered, so that nothing was sent, and
    which tests put something in the place of a part of the SDK.
    """
    note_call = module.CallableMixin._increment_mock_call
    enter = module._patch.__enter__

    def noted(self: Any, *args: Any, **kwargs: Any) -> Any:
        innermost = places.stack()[:1]
        if innermost and innermost not in _mocked:
            _mocked.add(innermost)
            state.write({"kind": "mock", "place": innermost[0]})
        return note_call(self, *args, **kwargs)

    def entered(self: Any) -> Any:
        result = enter(self)
        note_patch(self.attribute, self.temp_original)
        return result

    module.CallableMixin._increment_mock_call = noted
    module._patch.__enter__ = entered


def _note_sdk(module: Any) -> None:
    """openai._base_client, since openai 1: which version sends, and with what."""
    version = getattr(sys.modules.get("openai._version"), "__version__", "")
    transport = next((name for name in ("httpx", "httpx2") if hasattr(module, name)), "")
    state.write({"kind": "sdk", "version": version, "transport": transport})


def _note_respx(module: Any) -> None:
    start = module.MockRouter.start

    def started(self: Any) -> None:
        note_transport_mock("respx")
        start(self)

    module.MockRouter.start = started


def note_transport_mock(name: str) -> None:
    """A test replaces httpx's transport: once a process is enough."""
    if name not in _transport_mocks:
        _transport_mocks.add(name)
        state.write({"kind": "transport mock", "name": name})


PATCHES: dict[str, Callable[[Any], None]] = {
    **places.PATCHES,
    "httpx": _patch_httpx,
    "httpx2": _patch_httpx,
    "requests.sessions": _patch_requests,
    "requests.adapters": _patch_requests,
    "aiohttp.client": _patch_aiohttp,
    "unittest.mock": _patch_mock,
    "openai._base_client": _note_sdk,
    "respx.router": _note_respx,
}
