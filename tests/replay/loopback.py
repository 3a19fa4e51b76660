"""A server of a test's own on the loopback interface."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    body: bytes
    headers: Iterable[tuple[str, str]] = ()
    status: int = 200


class Handler(BaseHTTPRequestHandler):
    """Answers every request, and says nothing of it on the terminal."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    """Heads and bodies in one packet: apart, the second waits for the first's acknowledgement."""

    @abstractmethod
    def answer(self, sent: bytes) -> Answer:
        """The answer to what was sent to `path`."""

    def do_GET(self) -> None:
        answer = self.answer(self.rfile.read(int(self.headers.get("content-length") or 0)))
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Its address, for as long as it answers."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
