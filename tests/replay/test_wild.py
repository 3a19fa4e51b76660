"""Cassettes that other tools wrote, in small; the shapes are those of public repositories."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from vcr.serialize import deserialize
from vcr.serializers import yamlserializer

from personalvibe.replay.cassette import file as cassette
from personalvibe.replay.cassette.bodies import MAX_UNPACKED, Budget
from personalvibe.replay.cassette.foreign import read_foreign, to_vcrpy
from personalvibe.replay.model import CassetteError, Interaction, Request, Response
from personalvibe.replay.redaction.redact import RedactionRules, redact

ANSWER = {"choices": [{"message": {"content": "Grüße"}}]}
PLAIN = json.dumps(ANSWER, ensure_ascii=False)


def written(
    tmp_path: Path, response: dict[str, Any], request: dict[str, Any] | None = None
) -> Path:
    asked = {"method": "POST", "uri": "https://x.test/v1", "body": "{}", "headers": {}}
    item = {"request": asked | (request or {}), "response": response}
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump({"interactions": [item], "version": 1}))
    return path


def status(**fields: Any) -> dict[str, Any]:
    return {"status": {"code": 200, "message": "OK"}, "headers": {}, **fields}


@pytest.mark.parametrize(
    "response",
    [
        status(body={"string": PLAIN}),
        status(body={"string": PLAIN.encode()}),
        status(
            headers={"Content-Encoding": ["gzip"], "content-length": ["9999"]},
            body={"string": gzip.compress(PLAIN.encode())},
        ),
        status(
            headers={"content-encoding": ["deflate"]},
            body={"string": zlib.compress(PLAIN.encode())},
        ),
        status(headers={"content-encoding": "gzip"}, body={"string": PLAIN}),
        {"status_code": 200, "http_version": "HTTP/1.1", "headers": {}, "content": PLAIN},
        status(content=PLAIN, headers=[["content-length", "3"]]),
        status(body=PLAIN),
        status(body=ANSWER),
        status(
            parsed_body=ANSWER,
            headers={"content-length": ["1"], "transfer-encoding": ["chunked"]},
        ),
    ],
    ids=[
        "text", "binary", "gzip", "deflate", "gzip header on a decoded body", "old httpx",
        "content", "bare body", "JSON as YAML", "parsed_body",
    ],
)  # fmt: skip
def test_bodies_in_every_spelling(tmp_path: Path, response: dict[str, Any]) -> None:
    (found,) = cassette.load(written(tmp_path, response))
    assert found.response.status == 200
    assert json.loads(found.response.body) == ANSWER
    names = {name.lower() for name, _ in found.response.headers}
    assert not names & {"content-encoding", "transfer-encoding"}
    length = dict(found.response.headers).get("content-length", len(found.response.body))
    assert int(length) == len(found.response.body)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (None, b""), ("a", b"a"), (b"\xff", b"\xff"), (["a", b"\xff"], b"a\xff"), (12, b"12"),
        ({"string": "a"}, b"a"), ({}, b""), ({"a": [1], "type": "b"}, b'{"a":[1],"type":"b"}'),
    ],
)  # fmt: skip
def test_request_bodies(tmp_path: Path, body: object, expected: bytes) -> None:
    (found,) = cassette.load(written(tmp_path, status(), {"body": body, "method": "post"}))
    assert found.request.body == expected
    assert found.request.method == "POST"


def test_header_values_keep_their_order(tmp_path: Path) -> None:
    asked = {"headers": {"b": ["1", "2"], "a": "x", "n": 3, b"raw": [b"\xff"], "gone": None}}
    (found,) = cassette.load(written(tmp_path, status(), asked))
    assert set(found.request.headers) == {
        ("b", "1"), ("b", "2"), ("a", "x"), ("n", "3"), ("raw", "\xff"),
    }  # fmt: skip


def test_json_cassettes_and_gzipped_files(tmp_path: Path) -> None:
    document = yaml.safe_load(written(tmp_path, status(body={"string": PLAIN})).read_text())
    path = tmp_path / "c.json"
    path.write_text(json.dumps(document, indent=4))
    assert json.loads(cassette.load(path)[0].response.body) == ANSWER
    packed = tmp_path / "c.yaml.gz"
    packed.write_bytes(gzip.compress(json.dumps(document).encode()))
    assert cassette.load(packed) == cassette.load(path)


def test_an_empty_cassette_has_no_interactions(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("interactions: []\nversion: 1\n")
    assert cassette.load(path) == []


def test_a_body_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    piece = bytes(1024 * 1024)
    bomb = b"".join(packer.compress(piece) for _ in range(MAX_UNPACKED // len(piece) + 2))
    bomb += packer.flush()
    response = status(headers={"content-encoding": ["gzip"]}, body={"string": bomb})
    with pytest.raises(CassetteError, match="larger than allowed"):
        cassette.load(written(tmp_path, response))


HEADERS = st.lists(
    st.tuples(st.sampled_from(["content-type", "x-a", "accept"]), st.text("abc /;=", max_size=9)),
    max_size=4,
).map(tuple)
INTERACTIONS = st.lists(
    st.builds(
        Interaction,
        request=st.builds(
            Request,
            method=st.sampled_from(["GET", "POST"]),
            url=st.just("https://x.test/v1?a=1"),
            headers=HEADERS,
            body=st.one_of(st.binary(max_size=50), st.text(max_size=50).map(str.encode)),
        ),
        response=st.builds(
            Response,
            status=st.integers(200, 599),
            headers=HEADERS,
            body=st.one_of(st.binary(max_size=50), st.text(max_size=50).map(str.encode)),
        ),
    ),
    max_size=3,
)


@given(INTERACTIONS)
def test_what_is_written_for_vcrpy_is_read_by_it_and_by_us(interactions: list[Interaction]) -> None:
    rules = RedactionRules.from_config({}, {})
    redacted = [redact(one, rules) for one in interactions]
    written = "".join(to_vcrpy(redacted))
    requests, responses = deserialize(written, yamlserializer)[:2]
    assert [(one.body or b"") for one in requests] == [one.request.body for one in redacted]
    assert [one["body"]["string"] or b"" for one in responses] == [
        one.response.body for one in redacted
    ]
    back = read_foreign(yaml.safe_load(written), Path("c.yaml"), Budget(MAX_UNPACKED))
    assert [(one.request.body, one.response.body) for one in back] == [
        (one.request.body, one.response.body) for one in redacted
    ]
    assert "".join(to_vcrpy(redacted)) == written
