"""``pv cassettes convert``: there and back, and every byte that was served is served."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from personalvibe.cli import main
from personalvibe.replay.cassette import file as cassette

CANARY = "k7Qz9mWb3XvR8tLp2NcY5hFd"
PRETTY = json.dumps({"text": "Grüße 🙂", "n": 1.50, "list": [1, 2]}, indent=2, ensure_ascii=False)
NUMBERS = json.dumps({"data": [{"embedding": [0.1, -2e-05, 3.0] * 20}]}, separators=(",", ":"))
BODIES: dict[str, tuple[str, Any]] = {
    "pretty": ("application/json", PRETTY),
    "compact": ("application/json", '{"a":1,"b":[true,null]}'),
    "numbers": ("application/json", NUMBERS),
    "twice": ("application/json", '{"a": 1, "a": 2}'),
    "stream": ("text/event-stream", 'data: {"a": 1}\n\ndata: [DONE]\n\n'),
    "crlf": ("text/event-stream", "event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n"),
    "lines": ("application/x-ndjson", '{"a": 1}\n{"b": 2}\n'),
    "bytes": ("audio/mpeg", b"\xff\xf3\x00\x01"),
    "controls": ("text/plain", "a\x00b\x07\u2028 c\t\n\n "),
    "empty": ("text/plain", ""),
}


def exchange(name: str, kind: str, body: Any, **headers: list[str]) -> dict[str, Any]:
    return {
        "request": {
            "method": "POST",
            "uri": f"https://api.example.com/{name}",
            "headers": {"User-Agent": ["suite/1"], "authorization": ["Bearer REDACTED"]},
            "body": f'{{"ask": "{name}"}}',
        },
        "response": {
            "status": {"code": 201, "message": "Made"},
            "headers": {
                "Content-Type": [kind],
                "x-ratelimit-remaining": ["7"],
                "X-Twice": ["a", "b"],
                **headers,
            },
            "body": {"string": body},
        },
    }


EXCHANGES = [exchange(name, kind, body) for name, (kind, body) in BODIES.items()]
EXCHANGES.append(
    exchange(
        "gzip", "application/json", gzip.compress(PRETTY.encode()), **{"Content-Encoding": ["gzip"]}
    )
)
NAMES = [*BODIES, "gzip"]

ASK = """
import httpx, json, sys, vcr
from personalvibe.replay import use_cassette

ADDED = ("content-encoding", "content-length")  # by who serves a body that was unpacked

def asked(names):
    for name in names:
        one = httpx.post(f"https://api.example.com/{name}", content='{"ask": "%s"}' % name)
        headers = sorted(pair for pair in one.headers.multi_items() if pair[0] not in ADDED)
        yield [one.status_code, one.content.hex(), headers]

def served(tool, path, names):
    options = {"unplayed": "ignore"} if tool is use_cassette else {}
    with tool(path, record_mode="none", **options):
        return list(asked(names))

names = sys.argv[1].split(",")
original, native, back = sys.argv[2:]
print(json.dumps([served(vcr.use_cassette, original, names), served(use_cassette, native, names),
                  served(vcr.use_cassette, back, names), served(use_cassette, back, names)]))
"""


def write(path: Path, *exchanges: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump({"interactions": list(exchanges), "version": 1}))
    return path


def convert(*arguments: str | Path) -> int:
    return main(["cassettes", "convert", *map(str, arguments)])


@pytest.mark.process
def test_the_same_bytes_are_served_there_and_back(tmp_path: Path) -> None:
    original = write(tmp_path / "vcrpy/sub/c.yaml", *EXCHANGES)
    folders = [original.parents[1], tmp_path / "native", tmp_path / "back"]
    assert convert(folders[0], "--to", "native", "--output", folders[1]) == 0
    assert convert(folders[1], "--to", "vcrpy", "--output", folders[2]) == 0
    paths = [str(folder / "sub/c.yaml") for folder in folders]
    assert Path(paths[1]).read_text().startswith("# Recorded by personalvibe.replay")
    done = subprocess.run(
        [sys.executable, "-c", ASK, ",".join(NAMES), *paths],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    expected, *others = json.loads(done.stdout)
    contents = [content for _, content, _ in expected]
    assert contents[0] == contents[-1] == PRETTY.encode().hex()
    assert ["x-ratelimit-remaining", "7"] in expected[0][2]
    for other in others:
        assert dict(zip(NAMES, other, strict=True)) == dict(zip(NAMES, expected, strict=True))


def test_files_are_converted_in_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = write(tmp_path / "a.yaml", EXCHANGES[0])
    packed = tmp_path / "b.yaml.gz"
    packed.write_bytes(gzip.compress(first.read_bytes()))
    before = cassette.load(first)
    assert convert(tmp_path, "--to", "native") == 0
    assert "2 cassettes: 2 converted, 0 in the format native already" in capsys.readouterr().err
    for path in (first, tmp_path / "b.yaml"):
        [now] = cassette.load(path)
        assert now.response.body == before[0].response.body
    packed.unlink()
    assert convert(tmp_path, "--to", "native") == 0
    assert "2 cassettes: 0 converted, 2 in the format native already" in capsys.readouterr().err


def test_no_secret_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = exchange("a", "text/plain", f"sk-proj-{CANARY}")
    known["request"]["headers"]["x-api-key"] = [CANARY]
    known["request"]["headers"]["x-goog-api-key"] = ["X-GOOG-API-KEY-XXX"]
    known["response"]["headers"]["Set-Cookie"] = [f"sid={CANARY}"]
    path = write(tmp_path / "a.yaml", known)
    assert convert(path, "--to", "native") == 0
    assert CANARY not in path.read_text()

    unknown = exchange("a", "text/plain", "")
    unknown["request"]["headers"]["x-shard"] = [CANARY]
    path = write(tmp_path / "b.yaml", unknown)
    before = path.read_bytes()
    capsys.readouterr()
    assert convert(path, "--to", "native") == 2
    error, hint, _ = capsys.readouterr().err.splitlines()
    assert f"{path}: interaction 1 has what looks like" in error
    assert "--redact" in hint
    assert path.read_bytes() == before
    assert convert(path, "--to", "native", "--redact", "x-shard") == 0
    assert CANARY not in path.read_text()


def test_another_cassette_is_not_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "a.yaml", EXCHANGES[0])
    taken = write(tmp_path / "out/a.yaml", EXCHANGES[1])
    before = taken.read_bytes()
    assert convert(source, tmp_path / "no.yaml", "--to", "native", "--output", taken.parent) == 2
    captured = capsys.readouterr().err
    assert f"{taken}: it is there already" in captured
    assert "no.yaml: there is no such file" in captured
    assert taken.read_bytes() == before


def as_native(path: Path, *exchanges: dict[str, Any]) -> str:
    write(path, *exchanges)
    assert convert(path, "--to", "native") == 0
    return path.read_text()


@pytest.mark.parametrize("to", ["native", "vcrpy"])
def test_what_only_the_end_of_a_file_says(tmp_path: Path, to: str) -> None:
    """An empty list, parallel lists, keys in another order, one that comes twice."""
    first, second = EXCHANGES[:2]
    own = as_native(tmp_path / "own.yaml", first)
    head, _, rest = own.partition("version: 2\n")
    files = {
        "empty.yaml": ("interactions: []\nversion: 1\n", 0),
        "twice.yaml": (
            yaml.safe_dump({"interactions": [first], "version": 1})
            + yaml.safe_dump({"interactions": [second]}),
            1,
        ),
        "parallel.yaml": (
            yaml.safe_dump({name + "s": [one[name] for one in (first, second)] for name in first}),
            2,
        ),
        "last.yaml": (head + rest.replace("...\n", "version: 2\n...\n"), 1),
        "windows.yaml": (own.replace("\n", "\r\n"), 1),
    }
    for name, (text, _) in files.items():
        (tmp_path / name).write_text(text, newline="")
    before = {name: cassette.load(tmp_path / name) for name in files}
    assert convert(*(tmp_path / name for name in files), "--to", to, "--output", tmp_path / to) == 0
    for name, (_, count) in files.items():
        after = cassette.load(tmp_path / to / name)
        assert [one.response.body for one in after] == [one.response.body for one in before[name]]
        assert len(after) == count, name


def test_what_is_no_cassette_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "a.yaml", EXCHANGES[0])
    (tmp_path / "a.json").write_text('{"a": 1}')
    (tmp_path / "b.yml").write_text("- 1\n")
    assert convert(tmp_path, "--to", "native", "--output", tmp_path / "new") == 0
    assert "1 cassettes: 1 converted" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.yaml"]


def test_a_file_that_is_damaged_at_its_end_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.yaml", *EXCHANGES[:3])
    path.write_text(path.read_text() + "}\n")
    before = path.read_bytes()
    assert convert(path, "--to", "native") == 2
    assert f"{path}:" in capsys.readouterr().err
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["a.yaml"]
