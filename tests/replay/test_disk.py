"""Cassettes on disk: nothing lost, nothing exhausted, nothing left behind."""

from __future__ import annotations

import base64
import gzip
import os
import stat
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import brotli
import httpx
import pytest
import zstandard

from personalvibe.replay import CassetteError, use_cassette
from personalvibe.replay.cassette import file as cassette
from personalvibe.replay.cassette.disk import locked

# PERSONALVIBE_RECORDINGS=1000 is the bar, with four workers.
RECORDINGS = int(os.environ.get("PERSONALVIBE_RECORDINGS", "24"))
WORKERS = 2 if RECORDINGS <= 40 else 4

MANY = """
import httpx, pytest

PREFIX = "test_of_a_long_name_that_many_share_" * 3

def make(number):
    @pytest.mark.vcr
    @pytest.mark.default_cassette(f"{{PREFIX}}{{number}}")
    def test():
        assert httpx.post("{url}", json={{"n": number}}).status_code == 200
    return test

for number in range({tests}):
    globals()[f"test_{{number}}"] = make(number)
"""


@pytest.mark.process
def test_long_names_that_begin_alike_lose_nothing_between_workers(
    pytester: pytest.Pytester, server
) -> None:
    pytester.makepyfile(test_it=MANY.format(url=server.url, tests=RECORDINGS))
    for mode in ("once", "rewrite"):
        options = (f"--record-mode={mode}", f"-n{WORKERS}", "-q")
        done = pytester.runpytest_subprocess(*options, timeout=280)
        done.assert_outcomes(passed=RECORDINGS)
    folder = pytester.path / "cassettes" / "test_it"
    assert len(list(folder.glob("*.yaml"))) == RECORDINGS
    assert [path.name for path in folder.iterdir() if path.suffix != ".yaml"] == []


KILLED = """
import os, pathlib, sys
import httpx
from personalvibe.replay import use_cassette

pathlib.Path.replace = lambda *args: os.kill(os.getpid(), 9)
with use_cassette(sys.argv[1], record_mode="rewrite"):
    httpx.post(sys.argv[2], json={})
"""


@pytest.mark.process
def test_what_a_killed_recording_left_goes_with_the_next(tmp_path: Path, server) -> None:
    def record(name: str, text: str) -> None:
        with use_cassette(tmp_path / name, record_mode="rewrite"):
            httpx.post(server.url, json={"text": text})

    record("it.yaml", "first")
    before = (tmp_path / "it.yaml").read_bytes()
    command = [sys.executable, "-c", KILLED, str(tmp_path / "it.yaml"), server.url]
    done = subprocess.run(command, check=False, timeout=60)
    assert done.returncode == -9
    assert (tmp_path / "it.yaml").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 2
    record("other.yaml", "second")
    assert {path.name for path in tmp_path.iterdir()} == {"it.yaml", "other.yaml"}


def test_a_lock_that_cannot_be_had_ends_in_one_line(tmp_path: Path, server) -> None:
    path = tmp_path / "it.yaml"
    with (
        locked(path.resolve(), seconds=1),
        pytest.raises(CassetteError) as caught,
        use_cassette(path, record_mode="once", lock_seconds=1),
    ):
        httpx.post(server.url, json={})
    assert "another process has held the lock" in caught.value.message
    assert "\n" not in caught.value.message
    assert not path.exists()


def test_a_read_only_cassette_stays_and_the_mode_of_another_is_kept(tmp_path: Path, server) -> None:
    path = tmp_path / "it.yaml"
    with use_cassette(path, record_mode="rewrite"):
        httpx.post(server.url, json={"n": 1})
    path.chmod(0o640)
    with use_cassette(path, record_mode="rewrite"):
        httpx.post(server.url, json={"n": 2})
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    before = path.read_bytes()
    path.chmod(0o440)
    with (
        pytest.raises(CassetteError, match=r"read-only: make it writable.*it\.yaml"),
        use_cassette(path, record_mode="rewrite"),
    ):
        httpx.post(server.url, json={"n": 3})
    assert path.read_bytes() == before


NO_FILES: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a loop of links": lambda path: path.symlink_to(path),
}


@pytest.mark.parametrize("kind", NO_FILES)
@pytest.mark.parametrize("mode", ["none", "once", "rewrite"])
def test_what_is_no_file_is_one_line(tmp_path: Path, server, kind: str, mode: str) -> None:
    path = tmp_path / "it.yaml"
    NO_FILES[kind](path)
    with pytest.raises(CassetteError) as caught, use_cassette(path, record_mode=mode):
        httpx.post(server.url, json={})
    loops = kind == "a loop of links"
    reason = "it cannot be read: Too many levels of symbolic links" if loops else "it is not a file"
    assert caught.value.message == f"{path}: {reason}"
    assert {one.name for one in tmp_path.iterdir()} == {"it.yaml"}


def test_of_a_file_that_is_too_large_no_more_is_read_than_shows_it(tmp_path: Path) -> None:
    path = tmp_path / "it.yaml"
    with path.open("wb") as file:
        file.truncate(8 * cassette.MAX_BYTES)
    tracemalloc.start()
    try:
        with pytest.raises(CassetteError, match="has more than the 33,554,432 bytes allowed"):
            cassette.load(path)
        assert tracemalloc.get_traced_memory()[1] < 2 * cassette.MAX_BYTES
    finally:
        tracemalloc.stop()


def vcrpys(body: str, headers: str = "{}", uri: str = "http://h/") -> str:
    return f"""version: 1
interactions:
- request: {{method: GET, uri: "{uri}", body: null, headers: {{}}}}
  response:
    status: {{code: 200, message: OK}}
    headers: {headers}
    body: {{string: {body}}}
"""


PACKERS = {"br": brotli.compress, "zstd": zstandard.compress, "gzip": gzip.compress}


@pytest.mark.parametrize("encoding", PACKERS)
@pytest.mark.parametrize("bodies", [1, 5])
def test_what_unpacks_to_too_much_is_one_line(tmp_path: Path, encoding: str, bodies: int) -> None:
    """Of one body, or of several that are harmless one by one."""
    packed = base64.b64encode(PACKERS[encoding](bytes(5_000_000 // bodies))).decode()
    text = vcrpys(f"!!binary {packed}", f"{{content-encoding: [{encoding}]}}")
    head, item = text.split("interactions:\n")
    path = tmp_path / "it.yaml"
    path.write_text(f"{head}interactions:\n{item * bodies}")
    with pytest.raises(CassetteError, match="larger than allowed") as caught:
        use_cassette(path, max_cassette_bytes=2_000_000).__enter__()
    assert "\n" not in caught.value.message
    with use_cassette(path, max_cassette_bytes=20_000_000):
        assert httpx.get("http://h/").content == bytes(5_000_000 // bodies)


def test_aliases_that_stand_for_too_much_are_one_line(tmp_path: Path) -> None:
    anchors = "a: &a " + "x" * 100_000 + "\n"
    path = tmp_path / "it.yaml"
    path.write_text(anchors + vcrpys(f"[{', '.join(['*a'] * 100)}]"))
    with pytest.raises(CassetteError, match=r"it.yaml:\d+: .*larger than allowed"):
        use_cassette(path, max_cassette_bytes=1_000_000).__enter__()


@pytest.mark.parametrize("uri", ["http://[::1", "http://h:port/", "http://h:99999/"])
def test_an_address_that_is_none_is_one_line(tmp_path: Path, uri: str) -> None:
    path = tmp_path / "it.yaml"
    path.write_text(vcrpys("x", uri=uri))
    with pytest.raises(CassetteError, match=r"interaction 1: .*is no address"):
        use_cassette(path).__enter__()


def test_the_text_of_an_error_is_bounded(tmp_path: Path) -> None:
    key = "k" * 1_000
    path = tmp_path / "it.yaml"
    path.write_text(f"version: 2\ninteractions: [{{{key}: 1, {key}: 2}}]\n...\n")
    with pytest.raises(CassetteError) as caught:
        use_cassette(path).__enter__()
    assert len(caught.value.message) < 900
