# ruff: noqa: PTH100, PTH110, PTH118, PTH123, UP031, UP033
# mypy: ignore-errors
"""What a proof changes inside the processes of the program proved.

Every HTTP request is written to a log with the place that sent it. Requests to LLM providers go to
the stand-in on loopback instead; nothing else leaves the machine. Loaded by the interpreters of
the programs proved: Python 3.8, standard library only, nothing imported before its time.
"""

import base64
import contextlib
import contextvars
import errno
import functools
import importlib.abc
import importlib.util
import itertools
import json
import os
import re
import socket
import sys
import threading
from urllib.parse import urlsplit

_ENDPOINT = re.compile(
    r"/(chat/completions|completions|embeddings|moderations|edits|responses(/.*)?|models(/.*)?"
    r"|images/(generations|edits|variations)|audio/(transcriptions|translations|speech)"
    r"|messages|api/(chat|generate|embed|embeddings|show)|models/[^/]+:\w+)$"
)
_PROVIDER = re.compile(
    r"(^|\.)(openai\.com|openai\.azure\.com|cognitiveservices\.azure\.com|services\.ai\.azure\.com"
    r"|anthropic\.com|generativelanguage\.googleapis\.com|mistral\.ai)$"
)
_LOOPBACK = {"localhost", "127.0.0.1", "::1", "0.0.0.0", ""}  # noqa: S104
# From here on, systems give out ports to servers that ask for any: a test's own server, running
# or closed on purpose. Below it, a local model server that the stand-in may stand in for.
_EPHEMERAL = 32768
_DEPTH = 24

_settings = {}
_numbers = itertools.count()
_children = {}
_lock = threading.Lock()
_log = None
_mocked = set()

_task = contextvars.ContextVar("proof_task", default="main")
_origin = contextvars.ContextVar("proof_origin", default=())
_seen = contextvars.ContextVar("proof_seen", default=False)


def install(here):
    """Read settings.json beside this file and take hold of the process."""
    with open(os.path.join(here, "settings.json"), encoding="utf-8") as file:
        _settings.update(json.load(file))
    global _log
    _log = os.open(_settings["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    _move_paths()
    sys.addaudithook(_guard)
    sys.set_coroutine_origin_tracking_depth(_DEPTH)
    _follow_threads()
    for name in ("_trace_executors", "_trace_tasks"):
        _PATCHES.setdefault(_TRACED[name], globals()[name])
    sys.meta_path.insert(0, _AfterImport())


# Where the code is


def _move_paths():
    """An editable install points at the user's tree: point it at the copy."""
    origin, root = _settings["origin"], _settings["root"]

    def moved(path):
        if path == origin or path.startswith(origin + os.sep):
            new = root + path[len(origin) :]
            if os.path.exists(new):
                return new
        return path

    sys.path[:] = [moved(entry) if isinstance(entry, str) else entry for entry in sys.path]
    for name, module in list(sys.modules.items()):
        mapping = getattr(module, "MAPPING", None)
        if name.startswith("__editable__") and isinstance(mapping, dict):
            mapping.update({key: moved(value) for key, value in mapping.items()})


@functools.lru_cache(maxsize=None)
def _in_project(filename):
    """The file's path in the project, or None for libraries and for this hook."""
    path = os.path.abspath(filename)
    root = _settings["root"] + os.sep
    if not path.startswith(root):
        path = os.path.realpath(path)
        if not path.startswith(root):
            return None
    inside = path[len(root) :].replace(os.sep, "/")
    if "site-packages/" in inside or inside in _settings["skip"]:
        return None
    return inside


def _stack():
    """[file, line, function] of the project's frames, the innermost first.

    A task's own frames end where the event loop runs it; its maker's come after.
    """
    found = []
    frame = sys._getframe(1)
    while frame is not None and len(found) < _DEPTH:
        if frame.f_code.co_name == "_run" and frame.f_globals.get("__name__") == "asyncio.events":
            break
        inside = _in_project(frame.f_code.co_filename)
        if inside is not None:
            found.append((inside, frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back
    return tuple(found) + tuple(_origin.get())[: _DEPTH - len(found)]


def _made_by_project():
    """Is the project the one who starts this thread or task, and not a library inside it?"""
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_globals.get("__name__", "").partition(".")[0]
        if name not in ("asyncio", "concurrent", "threading", "anyio", __name__, "multiprocessing"):
            return _in_project(frame.f_code.co_filename) is not None
        frame = frame.f_back
    return False


def _child():
    """The label of a task or thread that starts now."""
    parent = _task.get()
    if not _made_by_project():
        return parent
    with _lock:
        _children[parent] = _children.get(parent, 0) + 1
        return "%s/%d" % (parent, _children[parent])


def _inherit(function, label, origin):
    """The function, run as the given task."""

    @functools.wraps(function, assigned=(), updated=())
    def run(*args, **kwargs):
        sys.set_coroutine_origin_tracking_depth(_DEPTH)
        tokens = (_task, _task.set(label)), (_origin, _origin.set(origin))
        try:
            return function(*args, **kwargs)
        finally:
            for variable, token in tokens:
                variable.reset(token)

    return run


def _follow_threads():
    start = threading.Thread.start

    def followed(self):
        self.run = _inherit(self.run, _child(), _stack())
        return start(self)

    threading.Thread.start = followed


def _trace_executors(module):
    submit = module.ThreadPoolExecutor.submit

    def followed(self, fn, *args, **kwargs):
        return submit(self, _inherit(fn, _child(), _stack()), *args, **kwargs)

    module.ThreadPoolExecutor.submit = followed


def _trace_tasks(module):
    create_task = module.BaseEventLoop.create_task

    def followed(self, coro, **kwargs):
        born = [
            (_in_project(file), line, name)
            for file, line, name in getattr(coro, "cr_origin", None) or ()
            if _in_project(file) is not None
        ]
        tokens = (_task, _task.set(_child())), (_origin, _origin.set(tuple(born) or _stack()))
        try:
            return create_task(self, coro, **kwargs)
        finally:
            for variable, token in tokens:
                variable.reset(token)

    module.BaseEventLoop.create_task = followed


_TRACED = {
    "_trace_executors": "concurrent.futures.thread",
    "_trace_tasks": "asyncio.base_events",
}


# What is written down


def write(record):
    line = json.dumps(record, ensure_ascii=True).encode("ascii") + b"\n"
    os.write(_log, line)


def _record(client, method, url, headers, body, timeout):
    sdk, retries = _sdk()
    write(
        {
            "kind": "request",
            "number": next(_numbers),
            "process": _process(),
            "test": _test(),
            "task": _task.get(),
            "stack": _stack(),
            "client": client,
            "method": method.upper(),
            "url": url,
            "headers": [[str(name), str(value)] for name, value in headers],
            "body": base64.b64encode(body or b"").decode("ascii"),
            "timeout": timeout,
            "retries": retries,
            "llm": sdk or _routed(url) is not None,
            "own_server": _own_server(url),
        }
    )


def _test():
    return os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]


def _process():
    """The same for the same process of either run: how it was started, without its number."""
    arguments = getattr(sys, "orig_argv", None) or getattr(sys, "argv", None) or [""]
    return " ".join(arguments[1:] or arguments)


def _sdk():
    """(does the SDK, LiteLLM or the router send this, how often would the SDK repeat it?)

    The second is None where nobody says.
    """
    found, retries = False, None
    frame = sys._getframe(1)
    while frame is not None and retries is None:
        file = frame.f_code.co_filename.replace(os.sep, "/")
        name = frame.f_globals.get("__name__") or ""
        found = found or name.partition(".")[0] in ("openai", "litellm")
        if file.endswith("openai/_base_client.py"):
            options, client = frame.f_locals.get("options"), frame.f_locals.get("self")
            with contextlib.suppress(AttributeError, TypeError, ValueError):
                retries = int(options.get_max_retries(client.max_retries))
        frame = frame.f_back
    return found, retries


# Where requests go


def _routed(url):
    """The stand-in's address for a provider's, or None for traffic that is not the proof's."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if url.startswith(_settings["stand_in"]):
        return None
    if not _PROVIDER.search(host):
        if not _ENDPOINT.search(parts.path):
            return None
        if host in _LOOPBACK and (
            (parts.port or 80) >= _EPHEMERAL or _listening(host, parts.port or 80)
        ):
            return None
    rest = url.split("://", 1)[1].rpartition("@")[2] if "@" in parts.netloc else url.split("://")[1]
    return "%s/.stand-in/%s/%s" % (_settings["stand_in"], parts.scheme, rest)


def _own_server(url):
    """Does a server that the program started answer, on whatever port it got?"""
    parts = urlsplit(url)
    return (parts.hostname or "") in _LOOPBACK and _routed(url) is None


def _listening(host, port):
    """Does the program, or its test, run a server of its own there?"""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.settimeout(0.3)
        return probe.connect_ex((host or "127.0.0.1", port)) == 0


def _guard(event, arguments):
    """Audit hook: nothing but loopback and unix sockets is ever connected to."""
    if event == "socket.connect" or event == "socket.sendto":
        address = arguments[1]
        if isinstance(address, tuple) and not _is_loopback(address[0]):
            raise ConnectionRefusedError(errno.ECONNREFUSED, _refusal(address[0]))
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
        if isinstance(host, bytes):
            host = host.decode("ascii", "replace")
        if host is not None and not _is_loopback(host):
            raise socket.gaierror(socket.EAI_NONAME, _refusal(host))


def _is_loopback(host):
    host = str(host).lower()
    return host in _LOOPBACK or host.startswith("127.") or host == socket.gethostname().lower()


def _refusal(host):
    return "a proof keeps the program off the network; it asked for %s" % host


# The clients


class _AfterImport(importlib.abc.MetaPathFinder):
    """Patch a module right after the program has imported it."""

    def find_spec(self, name, path=None, target=None):
        patch = _PATCHES.pop(name, None)
        if patch is None:
            return None
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return None
        spec.loader = _Patching(spec.loader, patch)
        return spec


class _Patching(importlib.abc.Loader):
    def __init__(self, loader, patch):
        self._loader = loader
        self._patch = patch

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._patch(module)

    def __getattr__(self, name):
        return getattr(self._loader, name)


def _httpx_timeout(request):
    return dict(request.extensions.get("timeout") or {}) if hasattr(request, "extensions") else {}


def _patch_httpx(httpx):
    name = httpx.__name__
    send = httpx.Client._send_single_request
    asend = httpx.AsyncClient._send_single_request
    handle = httpx.HTTPTransport.handle_request
    ahandle = httpx.AsyncHTTPTransport.handle_async_request

    def note(request, body):
        url, headers = str(request.url), request.headers.multi_items()
        _record(name, request.method, url, headers, body, _httpx_timeout(request))

    def send_noted(self, request, *args, **kwargs):
        note(request, request.read())
        token = _seen.set(True)
        try:
            return send(self, request, *args, **kwargs)
        finally:
            _seen.reset(token)

    async def asend_noted(self, request, *args, **kwargs):
        note(request, await request.aread())
        token = _seen.set(True)
        try:
            return await asend(self, request, *args, **kwargs)
        finally:
            _seen.reset(token)

    def at_loopback(request, url):
        headers = [(b"host", urlsplit(url).netloc.encode("ascii"))]
        headers += [(k, v) for k, v in request.headers.raw if k.lower() != b"host"]
        return httpx.Request(
            request.method,
            url,
            headers=headers,
            stream=request.stream,
            extensions={k: v for k, v in request.extensions.items() if k != "sni_hostname"},
        )

    def own(transport, plain):
        """The transport itself, unless it goes through a proxy or a socket of its own."""
        pool = type(getattr(transport, "_pool", None)).__name__
        return transport if pool in ("ConnectionPool", "AsyncConnectionPool") else plain()

    def mocked(transport):
        """Has the project's test put cassettes or mocks under the transport?"""
        pool = type(getattr(transport, "_pool", None))
        method = getattr(pool, "handle_request", None) or getattr(
            pool, "handle_async_request", None
        )
        return method is not None and not getattr(method, "__module__", "").startswith("httpcore")

    def handle_routed(self, request):
        url = None if mocked(self) else _routed(str(request.url))
        if url is None:
            return handle(self, request)
        return handle(own(self, _plain(httpx.HTTPTransport)), at_loopback(request, url))

    async def ahandle_routed(self, request):
        url = None if mocked(self) else _routed(str(request.url))
        if url is None:
            return await ahandle(self, request)
        return await ahandle(own(self, httpx.AsyncHTTPTransport), at_loopback(request, url))

    httpx.Client._send_single_request = send_noted
    httpx.AsyncClient._send_single_request = asend_noted
    httpx.HTTPTransport.handle_request = handle_routed
    httpx.AsyncHTTPTransport.handle_async_request = ahandle_routed


def _plain(kind):
    return functools.lru_cache(maxsize=None)(kind)


def _patch_requests(module):
    """requests.sessions and requests.adapters, the transport of the SDK before 1.0."""
    if module.__name__ == "requests.sessions":
        send = module.Session.send

        def send_noted(self, request, **kwargs):
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

    def send_routed(self, request, *args, **kwargs):
        url = _routed(request.url)
        if url is None:
            return send(self, request, *args, **kwargs)
        kwargs["proxies"] = {}
        there = request.copy()
        there.url = url
        response = send(self, there, *args, **kwargs)
        response.url, response.request = request.url, request
        return response

    module.HTTPAdapter.send = send_routed


def _patch_aiohttp(module):
    """aiohttp.client, the transport of the async SDK before 1.0 and of LiteLLM."""
    from yarl import URL

    request = module.ClientSession._request

    async def request_routed(self, method, str_or_url, **kwargs):
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
        url = _routed(real)
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


def note_patch(name, old):
    """A test has put something else in the place of ``old``: write down a part of the SDK."""
    if (getattr(old, "__module__", None) or "").partition(".")[0] == "openai":
        write({"kind": "patch", "name": name, "test": _test()})


def _patch_mock(module):
    """unittest.mock: which lines of the project a mock answered, so that nothing was sent, and
    which tests put something in the place of a part of the SDK.
    """
    note_call = module.CallableMixin._increment_mock_call
    enter = module._patch.__enter__

    def noted(self, *args, **kwargs):
        innermost = _stack()[:1]
        if innermost and innermost not in _mocked:
            _mocked.add(innermost)
            write({"kind": "mock", "place": innermost[0]})
        return note_call(self, *args, **kwargs)

    def entered(self):
        result = enter(self)
        note_patch(self.attribute, self.temp_original)
        return result

    module.CallableMixin._increment_mock_call = noted
    module._patch.__enter__ = entered


_PATCHES = {
    "httpx": _patch_httpx,
    "httpx2": _patch_httpx,
    "requests.sessions": _patch_requests,
    "requests.adapters": _patch_requests,
    "aiohttp.client": _patch_aiohttp,
    "unittest.mock": _patch_mock,
}
