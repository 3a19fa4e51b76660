"""The loopback HTTP server in front of the endpoints."""

from __future__ import annotations

import gzip
import socket
import threading
import zlib
from collections import Counter
from collections.abc import Callable
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from personalvibe.replay.standin import endpoints, triggers
from personalvibe.replay.standin.derive import Seed
from personalvibe.replay.standin.model import ApiError, Received, Reply
from personalvibe.replay.standin.store import Store

HINT = "/.stand-in/"
"""Paths that `StandIn.route` makes: this, the scheme, the host, then the real path."""

_BODY_LIMIT = 256 * 2**20


class StandIn:
    """A server on 127.0.0.1 that answers as LLM providers do, without a key or a network.

    Use it as a context manager, or call `start` and `stop`. Answers follow from the request
    alone: the same request gets the same bytes, in every run; of what it keeps (files, batches,
    threads), from the requests before as well. `triggers` lists the words in a
    request that make it misbehave.

    ``requests`` is the log: every request that came, in order of arrival.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        first: Callable[[Received], Reply | None] | None = None,
        listener: socket.socket | None = None,
    ) -> None:
        """``port`` 0 takes any free one. Raises OSError from `start` when it is taken.

        ``first`` is asked for an answer before the stand-in makes one; None leaves it to it.
        ``listener``: a socket that listens already, such as one of another network namespace;
        the stand-in closes it.
        """
        self._wanted = port
        self._listener = listener
        self._first = first
        self._server: _Server | None = None
        self.requests: list[Received] = []

    def start(self) -> StandIn:
        if self._server is None:
            self._server = _Server(self._wanted, self.requests, self._first, self._listener)
        return self

    def stop(self) -> None:
        """Close every connection, hanging ones too. Harmless when it is not running."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def __enter__(self) -> StandIn:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        if self._server is None:
            raise RuntimeError("The stand-in is not running: use it in a `with` statement.")
        return int(self._server.server_address[1])

    @property
    def base_url(self) -> str:
        """The server's own address, with no path: OpenAI's base URL here is this + ``/v1``."""
        return f"http://127.0.0.1:{self.port}"

    def route(self, url: str) -> str:
        """The loopback address that answers for a provider's ``url``; `origin` undoes it."""
        parts = urlsplit(url)
        if url.startswith(self.base_url) or not parts.netloc:
            return url
        host = parts.netloc.rpartition("@")[2]
        query = f"?{parts.query}" if parts.query else ""
        return f"{self.base_url}{HINT}{parts.scheme}/{host}{parts.path}{query}"

    def origin(self, url: str) -> str:
        """The provider's address behind one that `route` made; any other comes back as it is."""
        prefix = self.base_url + HINT
        if not url.startswith(prefix):
            return url
        scheme, _, rest = url.removeprefix(prefix).partition("/")
        return f"{scheme}://{rest}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self,
        port: int,
        log: list[Received],
        first: Callable[[Received], Reply | None] | None,
        listener: socket.socket | None,
    ) -> None:
        super().__init__(("127.0.0.1", port), _Handler, bind_and_activate=listener is None)
        if listener is not None:
            self.socket.close()
            self.socket = listener
            self.server_address = listener.getsockname()
        self.log = log
        self.first = first
        self.attempts: Counter[str] = Counter()
        self.store = Store()
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(
            target=self.serve_forever, args=(0.02,), name="stand-in", daemon=True
        )
        self._thread.start()

    def attempt(self, request: Received) -> int:
        """Note a request; the number of times that it has come, this one included."""
        key = Seed(request.method, request.url, request.body.decode("latin-1")).hex(32)
        with self.lock:
            self.log.append(request)
            self.attempts[key] += 1
            return self.attempts[key]

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self.lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is nobody's mistake."""

    def close(self) -> None:
        self.stopping.set()
        self.shutdown()
        self.server_close()
        with self.lock:
            left = list(self._open)
        for connection in left:
            self.shutdown_request(connection)
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the log is `StandIn.requests`."""

    def handle_any(self) -> None:
        request = self._read()
        attempt = self.server.attempt(request)
        if self.server.first is not None and (given := self.server.first(request)) is not None:
            self._send(request, given, truncated=False)
            return
        endpoint, dialect = endpoints.find(request)
        trigger = triggers.find(request.body)
        if trigger and trigger.times is not None and attempt > trigger.times:
            trigger = None
        if trigger and not self._survives(trigger):
            return
        try:
            if endpoint is None:
                raise _no_endpoint(request)
            dialect.authorise(request)
            if trigger and trigger.name == "status":
                raise _asked_for(trigger)
            reply = endpoint.answer(request)
        except ApiError as failure:
            reply = dialect.fail(failure)
        reply = reply.with_headers(dialect.headers(request))
        self._send(request, reply, truncated=bool(trigger and trigger.name == "truncate"))

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = do_HEAD = do_OPTIONS = handle_any  # noqa: N815

    def _read(self) -> Received:
        headers = {name.lower(): value for name, value in self.headers.items()}
        if headers.get("expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = self._read_chunks()
        else:
            size = headers.get("content-length", "0")
            body = self.rfile.read(min(int(size) if size.isdigit() else 0, _BODY_LIMIT))
        if headers.get("content-encoding") == "gzip":
            try:
                body = gzip.decompress(body)
            except (OSError, EOFError, zlib.error):
                body = b""
        path, scheme, host = self.path, "http", headers.get("host", "127.0.0.1")
        if path.startswith(HINT):
            scheme, _, rest = path.removeprefix(HINT).partition("/")
            host, slash, path = rest.partition("/")
            path = slash + path
        parts = urlsplit(path)
        return Received(
            method=self.command,
            url=f"{scheme}://{host}{path}",
            host=host.partition(":")[0],
            target=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers=headers,
            body=body,
            store=self.server.store,
        )

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while len(body) <= _BODY_LIMIT:
            size = int(self.rfile.readline(100).split(b";")[0].strip() or b"0", 16)
            body += self.rfile.read(size)
            self.rfile.readline(100)
            if not size:
                break
        return bytes(body)

    def _survives(self, trigger: triggers.Trigger) -> bool:
        """Play a trigger that concerns the connection; is there an answer afterwards?"""
        if trigger.name == "drop":
            self._cut()
            return False
        if trigger.name == "hang":
            limit = float(trigger.value) if trigger.value else None
            if self.server.stopping.wait(limit) or limit is None:
                self._cut()
                return False
        return True

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.close()

    def _send(self, request: Received, reply: Reply, *, truncated: bool) -> None:
        seed = Seed(request.target, request.body.decode("latin-1"))
        self.send_response_only(reply.status)
        self.send_header("date", formatdate(seed.created, usegmt=True))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.chunks is None:
            self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            if request.method != "HEAD":
                half = len(reply.body) // 2
                self.wfile.write(reply.body[:half] if truncated else reply.body)
        else:
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            chunks = reply.chunks[: len(reply.chunks) // 2] if truncated else reply.chunks
            for chunk in chunks:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                self.wfile.flush()
            if not truncated:
                self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()
        if truncated:
            self._cut()


def _no_endpoint(request: Received) -> ApiError:
    return ApiError(404, f"Invalid URL ({request.method} {request.target})")


def _asked_for(trigger: triggers.Trigger) -> ApiError:
    status = int(trigger.value) if trigger.value.isdigit() else 500
    headers = {"retry-after": trigger.retry_after} if trigger.retry_after else {}
    codes = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}
    return ApiError(
        status,
        f"The stand-in was asked for status {status}.",
        code=codes.get(status),
        headers=headers,
    )
