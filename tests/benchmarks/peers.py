"""What recorders of HTTP traffic do with one small suite: a script, and docs/comparison.md's table.

    pip install -e '.[bench]' && python tests/benchmarks/peers.py [--check docs/comparison.md]

Each tool records the suite from a server on loopback, and replays it under conditions that occur in
the life of a suite. Every tool has its default settings. ``--check`` exits with 1 when a page does
not have the table that was just measured.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path

KEY = "sk-live-4f9b2c7d8e1a6035f9b2"
TEMPERATURE, OTHER = "0.125", "0.875"
TOKEN = "tok-71c0a2de94b8f3650d2c"

SUITE = """\
import os

import httpx
import pytest


{mark}
def test_ask({fixture}):
    body = {{
        "model": "gpt-4o-mini",
        "messages": [{{"role": "user", "content": os.environ.get("QUESTION", "Hello.")}}],
        "temperature": float(os.environ["TEMPERATURE"]),
    }}
    try:
        with httpx.stream(
            "POST", os.environ["URL"], json=body, headers={{"x-api-key": "{key}"}}
        ) as answer:
            pieces = list(answer.iter_bytes())
    except Exception:
        if "FALLBACK" not in os.environ:
            raise
    assert "FAIL" not in os.environ
    assert "PIECES" not in os.environ or len(pieces) > 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    package: str
    plugin: str
    replay: tuple[str, ...]
    record_again: tuple[str, ...]
    variables: tuple[str, str] = ("", "")
    """What says the mode where no option does: its values when replaying and recording again."""
    mark: str = "@pytest.mark.vcr"
    fixture: str = ""


TOOLS = (
    Tool(
        package="personalvibe",
        plugin="personalvibe_replay",
        replay=("--record-mode=none",),
        record_again=("--record-mode=rewrite",),
    ),
    Tool(
        package="pytest-recording",
        plugin="recording",
        replay=("--record-mode=none",),
        record_again=("--record-mode=rewrite",),
    ),
    Tool(
        package="cassetter",
        plugin="cassetter",
        replay=("--record-mode=none",),
        record_again=("--record-mode=all",),
    ),
    Tool(
        package="promptecho",
        plugin="promptecho",
        replay=(),
        record_again=(),
        variables=("none", "all"),
        mark="",
        fixture="promptecho_cassette",
    ),
)


class Handler(BaseHTTPRequestHandler):
    """A provider that streams two events; one of them holds a token."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        events = [{"choices": [{"delta": {"content": "Hi."}}]}, {"access_token": TOKEN}]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in events:
            self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def provider() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/chat/completions"
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    tool: Tool
    folder: Path
    url: str

    def run(self, options: tuple[str, ...], mode: str, **conditions: str) -> tuple[bool, str]:
        """Whether the suite passed, and what pytest printed."""
        others = (f"no:{other.plugin}" for other in TOOLS if other is not self.tool)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
        command += [word for other in others for word in ("-p", other)]
        modes = {"PROMPTECHO_MODE": mode} if mode else {}
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, "URL": self.url, "TEMPERATURE": TEMPERATURE, **modes, **conditions},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode == 0, done.stdout

    def replay(self, **conditions: str) -> tuple[bool, str]:
        return self.run(self.tool.replay, self.tool.variables[0], **conditions)

    def record_again(self, **conditions: str) -> tuple[bool, str]:
        return self.run(self.tool.record_again, self.tool.variables[1], **conditions)

    def cassettes(self) -> str:
        files = sorted(path for path in self.folder.rglob("cassettes/**/*") if path.is_file())
        return "\n".join(path.read_text("utf-8") for path in files)


def _fails(**conditions: str) -> Callable[[Bench], bool]:
    return lambda bench: not bench.replay(**conditions)[0]


def _keeps_the_recording(bench: Bench) -> bool:
    before = bench.cassettes()
    bench.record_again(FAIL="1", QUESTION="Another question.")
    return bench.cassettes() == before


QUESTIONS: dict[str, Callable[[Bench], bool]] = {
    "another prompt fails the test": _fails(QUESTION="Another question."),
    "another temperature fails the test": _fails(TEMPERATURE=OTHER),
    "... and the report has both temperatures": lambda bench: (
        {TEMPERATURE, OTHER} <= set(re.findall(r"[\d.]+", bench.replay(TEMPERATURE=OTHER)[1]))
    ),
    "... also if the program catches every exception": _fails(
        QUESTION="Another question.", FALLBACK="1"
    ),
    "a stream comes back event by event": lambda bench: bench.replay(PIECES="1")[0],
    "the key of the request stays out of the file": lambda bench: KEY not in bench.cassettes(),
    "a token in the response stays out of the file": lambda bench: TOKEN not in bench.cassettes(),
    "recording again in a test that fails keeps the old recording": _keeps_the_recording,
}


def answers(tool: Tool, url: str) -> list[bool]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        suite = SUITE.format(mark=tool.mark, fixture=tool.fixture, key=KEY)
        (folder / "test_suite.py").write_text(suite)
        (folder / "pytest.ini").write_text("[pytest]\n")
        bench = Bench(tool=tool, folder=folder, url=url)
        recorded, printed = bench.run(("--record-mode=once",) if not tool.fixture else (), "")
        if not recorded or not bench.cassettes() or not bench.replay()[0]:
            raise SystemExit(f"{tool.package} records or replays nothing:\n{printed}")
        return [question(bench) for question in QUESTIONS.values()]


def table() -> str:
    with provider() as url:
        columns = [answers(tool, url) for tool in TOOLS]
    names = [f"{tool.package} {version(tool.package)}" for tool in TOOLS]
    rows = [
        ["", *names],
        ["---"] * (len(TOOLS) + 1),
        *(
            [question, *("yes" if column[number] else "no" for column in columns)]
            for number, question in enumerate(QUESTIONS)
        ),
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def main(arguments: list[str]) -> int:
    measured = table()
    print(measured, end="")
    if arguments[:1] == ["--check"] and measured not in Path(arguments[1]).read_text("utf-8"):
        print(f"{arguments[1]} has another table", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
