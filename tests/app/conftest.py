"""A project to run ``pv`` in, and a provider on the loopback interface."""

from __future__ import annotations

import functools
import importlib
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import personalvibe
from personalvibe.cli import main

if copied := os.environ.get("ROUTER_UNDER_TEST"):  # see test_router_vendored.py
    personalvibe.llm_router = importlib.import_module(copied)  # type: ignore[attr-defined]
    sys.modules["personalvibe.llm_router"] = personalvibe.llm_router

from .wire import Wire, loaded_litellm, serving  # it imports the router

if TYPE_CHECKING:
    from personalvibe.llm_router_parts.endpoints import Endpoint

REPOSITORY = Path(__file__).resolve().parents[2]


_SETTINGS = (
    *("api_base", "api_key", "api_key_path", "api_type", "api_version", "organization"),
    *("base_url", "proxy", "timeout", "max_retries"),
)


@pytest.fixture
def settings_as_before() -> Iterator[None]:
    """pytest 8 puts back what it read of the router's settings, also of those that were not set."""
    router = personalvibe.llm_router
    before = set(vars(router))
    yield
    for name in set(_SETTINGS) - before:
        vars(router).pop(name, None)


@pytest.fixture(autouse=True)
def clean_environment(settings_as_before: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.endswith(("_API_KEY", "_API_BASE", "_BASE_URL")) or name.startswith(
            ("PV_", "SHARP_", "AWS_", "OPENAI_")
        ):
            monkeypatch.delenv(name)


@pytest.fixture
def callbacks(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """LiteLLM's callbacks; it enters them in lists of its own, which end with the test."""
    litellm = loaded_litellm()
    for name in vars(litellm):
        if name.endswith("_callback") and isinstance(getattr(litellm, name), list):
            monkeypatch.setattr(litellm, name, [])
    monkeypatch.setattr(litellm, "callbacks", [])
    # Whether there are functions among them it asks once a process, at the first call with any.
    monkeypatch.setattr(litellm.utils, "callback_list", [])
    return litellm.callbacks  # type: ignore[no-any-return]


@dataclass
class Project:
    """A folder with ``prompts/demo/``, which is the current folder too."""

    root: Path

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def config(self, text: str = "mode: sprint\n", version: str = "1.1.0") -> str:
        self.write(f"prompts/demo/{version}.yaml", text)
        return f"prompts/demo/{version}.yaml"

    def files(self, pattern: str) -> list[Path]:
        return sorted(self.root.glob(pattern))

    @property
    def prompts(self) -> list[Path]:
        return self.files("data/demo/prompt_inputs/*.md")

    @property
    def replies(self) -> list[Path]:
        return self.files("data/demo/prompt_outputs/*.md")

    @property
    def leftovers(self) -> list[Path]:
        """Temporary files that somebody forgot."""
        return [p for p in self.root.rglob("*") if p.suffix == ".tmp"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    (tmp_path / "prompts/demo").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


@dataclass
class Result:
    code: int
    out: str
    err: str


@pytest.fixture
def pv(capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """``pv`` in this process, through the boundary that a process has."""

    def run(*arguments: str | Path) -> Result:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Result(int(code), *capsys.readouterr())

    return run


@pytest.fixture
def pv_process(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """``pv`` as a process of its own."""

    def start(*arguments: str | Path, cwd: Path = tmp_path, **environ: str) -> Any:
        return subprocess.Popen(
            [sys.executable, "-m", "personalvibe", *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def chat_reply(text: str = "Hello.", **choice: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o-mini",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", **choice}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    }


@dataclass
class Provider:
    """Answers every request with `status` and `reply`; `asked` holds what came in."""

    url: str = ""
    status: int = 200
    reply: Any = field(default_factory=chat_reply)
    stream: list[dict[str, Any]] | None = None
    extra: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    received: threading.Event = field(default_factory=threading.Event)
    answer: threading.Event = field(default_factory=threading.Event)

    def says(self, text: str, **choice: Any) -> None:
        self.reply = chat_reply(text, **choice)

    def fails(self, status: int, message: str = "It failed.") -> None:
        self.status = status
        self.reply = {"error": {"message": message, "type": "some_error", "code": None}}


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider that ``openai/...`` reaches, with a key in the environment."""
    state = Provider()
    state.answer.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            state.asked.append(json.loads(body))
            # httpx2 writes their names in lower case, httpx did not.
            state.headers.append({name.lower(): value for name, value in self.headers.items()})
            state.received.set()
            state.answer.wait(30)
            if isinstance(state.reply, bytes):
                kind, content = "text/html", state.reply
            elif state.stream is not None:
                kind = "text/event-stream"
                content = b"".join(b"data: %s\n\n" % json.dumps(c).encode() for c in state.stream)
                content += b"data: [DONE]\n\n"
            else:
                kind = "application/json"
                model = state.asked[-1].get("model")
                content = json.dumps(state.reply | {"model": model}).encode()
            try:
                self.send_response(state.status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(content)))
                for name, value in state.extra.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                pass

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    monkeypatch.setenv("OPENAI_BASE_URL", state.url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")
    yield state
    state.answer.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def server() -> Iterator[Wire]:
    with serving() as running:
        yield running


@pytest.fixture
def wire(server: Wire, monkeypatch: pytest.MonkeyPatch) -> Wire:
    """The server, as what an untouched program talks to."""
    for name in [name for name in os.environ if name.startswith(("OPENAI_", "AZURE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-env")
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    server.reset()
    return server


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often LiteLLM's function of each endpoint was called."""
    from personalvibe.llm_router_parts import endpoint_call
    from personalvibe.llm_router_parts.endpoints import litellm_twin

    counted: Counter[str] = Counter()

    def counting(endpoint: Endpoint, is_async: bool) -> Any:
        if (twin := litellm_twin(endpoint, is_async)) is None:
            return None

        @functools.wraps(twin)
        def call(*args: Any, **kwargs: Any) -> Any:
            counted[endpoint.name] += 1
            return twin(*args, **kwargs)

        return call

    monkeypatch.setattr(endpoint_call, "litellm_twin", counting)
    return counted
