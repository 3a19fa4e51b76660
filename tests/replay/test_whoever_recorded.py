"""Cassettes and suites of other tools, as they write and configure them today."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from personalvibe.replay import CassetteError, use_cassette


def written(path: Path, request_body: str, key: str = "accept", top: str = "") -> Path:
    path.write_text(
        f"""{top}interactions:
- request:
    body: {request_body}
    headers:
      {key}:
      - '*/*'
    method: POST
    uri: http://h/
  response:
    body:
      string: fine
    headers: {{}}
    status:
      code: 200
      message: OK
version: 1
"""
    )
    return path


BODIES: dict[str, tuple[object, bytes]] = {
    "an uploaded file": (io.BytesIO(b"uploaded"), b"uploaded"),
    "chunks": (iter([b"in ", b"chunks"]), b"in chunks"),
    "a tuple of chunks": ((b"in ", b"chunks"), b"in chunks"),
}


@pytest.mark.parametrize("kind", BODIES)
def test_objects_that_vcrpy_writes_are_read_as_data(tmp_path: Path, kind: str) -> None:
    """As PyYAML dumps them, which is what vcrpy does."""
    value, sent = BODIES[kind]
    document: dict[str, Any] = {
        "interactions": [
            {
                "request": {"body": value, "headers": {}, "method": "POST", "uri": "http://h/"},
                "response": {
                    "body": {"string": "fine"},
                    "headers": {},
                    "status": {"code": 200, "message": "OK"},
                },
            }
        ],
        "version": 1,
    }
    path = tmp_path / "it.yaml"
    path.write_text(yaml.dump(document))
    assert "!!python/" in path.read_text()
    with use_cassette(path):
        assert httpx.post("http://h/", content=sent).text == "fine"


@pytest.mark.parametrize(
    "key",
    [
        "? !!python/object/apply:multidict._multidict.istr\n      - Accept\n      ",
        "? !!python/object/new:multidict.istr\n      - Accept\n      ",
        "!!python/unicode accept",
        "!!python/str accept",
    ],
)
def test_names_of_headers_that_are_objects_are_read_as_text(tmp_path: Path, key: str) -> None:
    with use_cassette(written(tmp_path / "it.yaml", "sent", key)):
        assert httpx.post("http://h/", content=b"sent").text == "fine"


def test_of_a_key_that_is_there_twice_the_last_counts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = written(tmp_path / "it.yaml", "sent", top="interactions: []\nversion: 1\n")
    with use_cassette(path):
        assert httpx.post("http://h/", content=b"sent").text == "fine"
    (note, *_) = [one.getMessage() for one in caplog.records if "appears twice" in one.getMessage()]
    assert note.startswith(f"{path}:3: the key 'interactions' appears twice; the last one counts")


def test_parallel_lists_of_langchain_are_read(tmp_path: Path) -> None:
    document = {
        "requests": [{"method": "POST", "uri": "http://h/", "body": "sent", "headers": {}}],
        "responses": [
            {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": "fine"}}
        ],
    }
    path = tmp_path / "it.yaml.gz"
    path.write_bytes(gzip.compress(yaml.safe_dump(document).encode()))
    with use_cassette(path):
        assert httpx.post("http://h/", content=b"sent").text == "fine"
    document["responses"] = []
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(CassetteError, match="1 requests and 0 responses"):
        use_cassette(path).__enter__()


LANGCHAIN = """
import gzip, pathlib
import pytest, yaml
from vcr.request import Request

class Serializer:
    @staticmethod
    def serialize(cassette):
        found = dict(cassette)
        found["requests"] = [
            {"method": one.method, "uri": one.uri, "body": one.body, "headers": dict(one.headers)}
            for one in found["requests"]
        ]
        return gzip.compress(yaml.dump(found).encode())

    @staticmethod
    def deserialize(content):
        found = yaml.safe_load(gzip.decompress(content))
        found["requests"] = [Request(**one) for one in found["requests"]]
        return found

class Persister:
    @classmethod
    def load_cassette(cls, path, serializer):
        found = serializer.deserialize(pathlib.Path(path).read_bytes())
        return found["requests"], found["responses"]

    @staticmethod
    def save_cassette(path, cassette, serializer):
        FAIL
        pathlib.Path(path).write_bytes(serializer.serialize(cassette))

def pytest_recording_configure(config, vcr):
    vcr.register_persister(Persister())
    vcr.register_serializer("yaml.gz", Serializer())

@pytest.fixture(scope="session")
def vcr_config():
    return {"serializer": "yaml.gz"}
"""
TEST = """
import httpx, pytest

@pytest.mark.vcr
def test_it():
    sent = {{"key": "sk-proj-a1B2c3D4e5F6g7H8i9J0k1L2"}}
    assert httpx.post("{url}", json=sent).status_code == 200
"""


def run(pytester: pytest.Pytester, *args: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess(
        "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *args
    )


def test_a_suite_with_a_persister_records_and_replays(pytester: pytest.Pytester, server) -> None:
    pytester.makeconftest(LANGCHAIN.replace("FAIL", ""))
    pytester.makepyfile(test_it=TEST.format(url=server.url))
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    (path,) = (pytester.path / "cassettes" / "test_it").iterdir()
    assert path.name == "test_it.yaml.gz"
    found = yaml.safe_load(gzip.decompress(path.read_bytes()))
    assert "REDACTED" in str(found["requests"])
    assert "sk-proj" not in str(found)
    run(pytester).assert_outcomes(passed=1)
    run(pytester, "--record-mode=rewrite").assert_outcomes(passed=1)
    assert len(server.asked) == 2


def test_what_a_persister_raises_is_one_line(pytester: pytest.Pytester, server) -> None:
    pytester.makeconftest(LANGCHAIN.replace("FAIL", "raise KeyError('requests')"))
    pytester.makepyfile(test_it=TEST.format(url=server.url))
    done = run(pytester, "--record-mode=once")
    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(["*the persister of the suite fails: KeyError: 'requests'*"])


def test_tornado_records_and_replays(tmp_path: Path, server) -> None:
    pytest.importorskip("tornado")
    import asyncio

    from tornado.httpclient import AsyncHTTPClient

    async def ask() -> object:
        found = await AsyncHTTPClient().fetch(f"{server.url}/x", method="POST", body="sent")
        return json.loads(found.body)

    live = asyncio.run(ask())
    for mode in ("once", "none"):
        with use_cassette(tmp_path / "it.yaml", record_mode=mode):
            assert asyncio.run(asyncio.wait_for(ask(), 20)) == live
    assert len(server.asked) == 2


# Written by cassetter 0.16.1 and ddapm-test-agent 1.69.1, which asked a server on loopback.
RECORDED_BY = Path(__file__).with_name("recorded_by")
BASE = "http://127.0.0.1:8080"


def test_cassetters_files_are_played() -> None:
    with use_cassette(RECORDED_BY / "cassetter.yaml") as session:
        asked = {"model": "m", "messages": [{"role": "user", "content": "hé\nzwei"}]}
        answer = httpx.post(f"{BASE}/v1/chat/completions", json=asked).json()
        assert answer["id"] == "chatcmpl-1"
        assert answer["big"] == 1.5e300
        assert httpx.post(f"{BASE}/bin", content=bytes(range(200))).content == bytes(range(256))
        events = httpx.post(f"{BASE}/sse", json={"stream": True}).text
        assert events == 'data: {"a":1}\n\ndata: [DONE]\n\n'
        assert httpx.get(f"{BASE}/gz?key=abc&x=1").json() == {"gz": True}
        assert httpx.post(f"{BASE}/form", data={"a": "1"}).json()["sent"] == "a=1"
        assert httpx.get(f"{BASE}/plain").json()["path"] == "/plain"
        assert not session.unplayed


@pytest.mark.parametrize("kind", ["ws_interactions", "grpc_interactions"])
def test_what_cassetter_recorded_beside_http_is_refused_by_its_name(
    tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "it.yaml"
    path.write_text((RECORDED_BY / "cassetter.yaml").read_text() + f"{kind}:\n- uri: x\n")
    with pytest.raises(CassetteError, match=rf"it\.yaml: cassetter's {kind} are not played"):
        use_cassette(path).__enter__()


def test_a_body_that_cassetter_may_write_some_day_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "it.yaml"
    known = (RECORDED_BY / "cassetter.yaml").read_text()
    for change in (("type: binary", "type: protobuf"), ("000102", "00010X")):
        path.write_text(known.replace(*change))
        with pytest.raises(CassetteError, match="interaction 3: cassetter's"):
            use_cassette(path).__enter__()


def test_ddapm_test_agents_files_are_played() -> None:
    with use_cassette(RECORDED_BY / "ddapm_v1_chat_completions_post.json"):
        asked = {"model": "m", "t": "\U0001f600"}
        answer = httpx.post(f"{BASE}/v1/chat/completions", json=asked)
        assert answer.json()["id"] == "chatcmpl-1"
    with use_cassette(RECORDED_BY / "ddapm_bin_post.json"):
        assert httpx.post(f"{BASE}/bin", content=bytes(range(200))).content == bytes(range(256))
    with use_cassette(RECORDED_BY / "ddapm_sse_post.json"):
        assert len(httpx.post(f"{BASE}/sse", json={"stream": True}).text.split("\n\n")) == 3


def test_vcrpys_json_may_hold_any_character(tmp_path: Path) -> None:
    from vcr.serializers import jsonserializer

    document = yaml.safe_load(written(tmp_path / "it.yaml", "asked").read_text())
    answer = "\U0001f600 \u2028 \x85 \x7f"
    document["interactions"][0]["response"]["body"]["string"] = answer
    path = tmp_path / "it.json"
    path.write_text(jsonserializer.serialize(document))
    with use_cassette(path):
        assert httpx.post("http://h/", content="asked").text == answer


@pytest.mark.parametrize(
    "text",
    [
        '{"interactions": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"interactions": [' + "[]," * 6_000_000 + "[]]}",
        '{"interactions": [',
    ],
    ids=["deep", "wide", "cut off"],
)
def test_json_that_is_none_or_too_much_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "it.json"
    path.write_text(text)
    with pytest.raises(CassetteError, match=r"it\.json.*: ") as caught:
        use_cassette(path).__enter__()
    assert "\n" not in caught.value.message
