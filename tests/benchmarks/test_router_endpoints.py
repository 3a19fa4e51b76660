"""Large files and many pages: through the router they cost what they cost with the SDK.

Bars: memory within 20 MB of the SDK's for 200 MB up and down; 1.6 of its CPU for 1,000 pages of one
item each.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

SIZE = 200 * 2**20
FILE = {
    "id": "file-1",
    "object": "file",
    "bytes": 1,
    "created_at": 1,
    "filename": "a",
    "purpose": "batch",
    "status": "processed",
}
PROGRAM = """
import json, resource, sys, time
from pathlib import Path
kind, what, url, path = sys.argv[1:]
if kind == "sdk":
    from openai import OpenAI as Client
else:
    from personalvibe.llm_router import Client
client = Client(api_key="k", base_url=url)
client.files.retrieve("file-1")
before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
if what == "upload":
    with Path(path).open("rb") as file:
        client.files.create(file=file, purpose="batch")
elif what == "download":
    with client.files.with_streaming_response.content("file-1") as response:
        assert sum(map(len, response.iter_bytes())) == Path(path).stat().st_size
elif what == "whole":
    assert len(client.files.content("file-1").content) == Path(path).stat().st_size
else:
    assert sum(1 for _ in client.files.list()) == 1000
spent = time.process_time() - started
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": spent, "megabytes": (after - before) / 1024}))
"""


class Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        """Quiet."""

    def do_POST(self) -> None:
        left = int(self.headers["content-length"])
        while left > 0:
            left -= len(self.rfile.read(min(left, 2**16)))
        self._send(FILE)

    def do_GET(self) -> None:
        if self.path.endswith("/content"):
            self.send_response(200)
            self.send_header("content-length", str(SIZE))
            self.end_headers()
            for _ in range(SIZE // 2**16):
                self.wfile.write(bytes(2**16))
        elif "/files/" in self.path:
            self._send(FILE)
        else:
            number = int(self.path.partition("after=file-")[2] or 0) + 1
            row = {**FILE, "id": f"file-{number}"}
            self._send({"object": "list", "data": [row], "has_more": number < 1000})

    def _send(self, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


def measured(kind: str, what: str, url: str, path: Path) -> dict[str, float]:
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, kind, what, url, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    print(f"{what:9} {kind:7} {found['seconds']:6.2f} s  {found['megabytes']:6.1f} MB")
    return found


@pytest.mark.parametrize("what", ["upload", "download", "whole"])
def test_a_large_file_is_held_no_more_often_than_by_the_sdk(
    what: str, url: str, tmp_path: Path
) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(SIZE)
    sdk, router = (measured(kind, what, url, path) for kind in ("sdk", "router"))
    assert router["megabytes"] < sdk["megabytes"] + 20


def test_a_thousand_pages(url: str, tmp_path: Path) -> None:
    sdk, router = (measured(kind, "pages", url, tmp_path) for kind in ("sdk", "router"))
    assert router["megabytes"] < sdk["megabytes"] + 20
    assert router["seconds"] / sdk["seconds"] < 1.6
