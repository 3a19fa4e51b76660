"""Fixtures shared by the tests of the replay harness."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer

import aiohttp  # noqa: F401

# pytester forgets what its inner runs import, but httpx remembers the httpcore that it met first.
import httpcore  # noqa: F401
import httpx  # noqa: F401

# LiteLLM imports this backport at some point. It unplugs the standard library's finder of
# distributions for its own; pytester, which restores sys.meta_path, would then leave none, and the
# next run in this process would find no plugin.
import importlib_metadata  # noqa: F401
import pytest

# pytester forgets what a run in this process imported; what it would import again is loaded here.
import personalvibe.replay.pytest_plugin.test_cassette  # noqa: F401
from personalvibe.replay.standin import StandIn

from .live_suite import Provider, Suite
from .loopback import Answer, Handler

pytest_plugins = ["pytester"]


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """As pytest has it, but for a plugin that takes half of the start of every inner process."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest")
    return pytester


class Server(ThreadingHTTPServer):
    """Answers on loopback and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []
        self.kinds: dict[str, str] = {}
        self.headers: dict[str, list[tuple[str, str]]] = {}
        self.answers: dict[str, Callable[[str, object], object]] = {}
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(Handler):
    """``/status/<n>`` answers with that status, ``/count`` counts, everything else echoes.

    A test may have paths answered by a function of the rest of the path and of the JSON that was
    sent: ``server.answers["/files/"] = lambda rest, sent: {"id": rest}``. Bytes are sent as text.
    """

    server: Server

    def answer(self, sent: bytes) -> Answer:
        self.server.asked.append(f"{self.command} {self.path}")
        status = int(self.path.split("/")[2]) if self.path.startswith("/status/") else 200
        headers = [("content-type", self.server.kinds.get(self.path) or "application/json")]
        headers += self.server.headers.get(self.path, [])
        if status in (429, 503):
            headers.append(("retry-after", "30"))
        return Answer(status=status, headers=headers, body=self.body(sent))

    def body(self, sent: bytes) -> bytes:
        start = next((one for one in self.server.answers if self.path.startswith(one)), None)
        if start is not None:
            own = self.server.answers[start](self.path.removeprefix(start), _parsed(sent))
            return own if isinstance(own, bytes) else json.dumps(own).encode()
        echo = {
            "path": self.path,
            "body": sent.decode("utf-8", "replace"),
            "n": len(self.server.asked) if self.path == "/count" else 0,
        }
        return json.dumps(echo).encode()


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def live(pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]) -> Iterator[Suite]:
    provider = Provider()
    with StandIn(first=provider.first) as stand_in:
        yield Suite(pytester, provider, stand_in.base_url, capsys)
