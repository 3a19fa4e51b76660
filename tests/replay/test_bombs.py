"""A small file that stands for gigabytes is refused in a bounded amount of memory."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

PLAIN = 600_000_000
LIMIT = 300_000_000
"""Bytes of memory that reading may take beside what Python itself has: half of what is packed."""

READ = """
import resource, sys
from pathlib import Path
import yaml
from personalvibe.replay.cassette import file, foreign
from personalvibe.replay.model import CassetteError

pages = int(Path("/proc/self/statm").read_text().split()[0])
limit = pages * resource.getpagesize() + int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for name in sys.argv[2:]:
    try:
        file.load(Path(name))
    except CassetteError as error:
        print(Path(name).name, "allowed" in str(error))
"""


def packed(encoding: str, body: bytes) -> bytes:
    response = {
        "status": {"code": 200, "message": "OK"},
        "headers": {"content-encoding": [encoding]},
        "body": {"string": body},
    }
    request: dict[str, object] = {
        "method": "GET",
        "uri": "http://x.test/",
        "body": None,
        "headers": {},
    }
    one = {"request": request, "response": response}
    return yaml.dump({"interactions": [one]}, Dumper=yaml.CSafeDumper).encode()


def repeated() -> bytes:
    """A megabyte, and 600 aliases of it."""
    text = f"text: &text {json.dumps('x' * (PLAIN // 600))}\ninteractions:\n"
    one = (
        "- request: {method: GET, uri: 'http://x.test/', body: *text, headers: {}}\n"
        "  response: {status: {code: 200, message: OK}, headers: {}, body: {string: *text}}\n"
    )
    return (text + one * 600).encode()


def bombs() -> dict[str, bytes]:
    zipped = gzip.compress(bytes(PLAIN), 1)
    return {
        "aliases": repeated(),
        "gzip": packed("gzip", zipped),
        "twice": packed("gzip, gzip", gzip.compress(zipped)),
    }


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="the limit is read from /proc")
def test_what_unpacks_to_gigabytes_is_refused_in_little_memory(tmp_path: Path) -> None:
    paths = []
    for name, content in bombs().items():
        assert len(content) < 4_000_000
        paths.append(tmp_path / f"{name}.yaml")
        paths[-1].write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", READ, str(LIMIT), *map(str, paths)], capture_output=True, text=True
    )
    assert done.stdout.splitlines() == [f"{path.name} True" for path in paths], done.stderr


SEARCH = """
import json, resource
from personalvibe.replay.model import Request
from personalvibe.replay.redaction.redact import redact_request, redact_text
from personalvibe.replay.redaction.rules import RedactionRules

resource.setrlimit(resource.RLIMIT_CPU, (40, 40))
rules = RedactionRules()
tables = ("| password | b |\\n", "[secrets]\\nkind: Secret\\ndata:\\n<table><tr><td>")
marks = ("-", "\\\\", "=", "--- ", "|", "\\t", " ", "<tr>", "a,", "'", '"', "(", "password")
names = ("password=", "token: x # ", "token='", 'token">', "{token ", "a_")
escapes = ("&amp;", "&quot;", "%25", "%2522", "%3A", "\\\\u0022")
for head, units in (*((table, marks) for table in tables), ("token ", names), ("token ", escapes)):
    for unit in units:
        redact_text(head + unit * (100_000 // len(unit)) + "x", rules)
for unit in (
    "['", "{'a':", "('token', ",
    "[", "{", '["', '[{"a":', '{\\\\"', '{"token":"', '{"a": "token"} ', "& token ", "token\\n",
    "token \\\\\\\\ ", "token\\nx y\\n", "api_key\\nk7Qz9mWb3XvR8tLp\\n", '{"password": "x y"} ',
):
    text = "token " + unit * (40_000 // len(unit))
    for body in text, json.dumps({"a": text}), json.dumps({"a": json.dumps({"b": text})}):
        redact_request(Request(method="POST", url="https://x.test/", body=body.encode()), rules)
"""


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="a process is given so much time there")
def test_no_text_takes_the_square_of_its_length() -> None:
    """Linear, these take seconds together; an expression that tries again takes minutes for one."""
    done = subprocess.run([sys.executable, "-c", SEARCH], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
