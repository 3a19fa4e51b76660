"""The cassette file: bytes in, the same bytes out; damage is refused."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalvibe.replay.cassette import file as cassette
from personalvibe.replay.cassette.bodies import STORED_BOUNDARY, parse_json, write_json
from personalvibe.replay.cassette.foreign import to_vcrpy
from personalvibe.replay.model import (
    CassetteError,
    Interaction,
    Provenance,
    Request,
    Response,
)
from personalvibe.replay.redaction.redact import RedactionRules, redact

RULES = RedactionRules.from_config({}, {})
TYPES = ["application/json", "text/event-stream", "text/plain", "application/octet-stream", ""]
WORDS = st.text("abcdefgh XYZ.,:-#'\"\n\r\té\U0001f600", max_size=40)
BODIES = (
    st.binary(max_size=60)
    | WORDS.map(str.encode)
    | st.lists(WORDS.map(lambda text: f"data: {text}\n\n"), max_size=4).map(
        lambda events: "".join(events).encode()
    )
)


def write(path: Path, *interactions: Interaction) -> Path:
    path.write_bytes(cassette.dump([redact(one, RULES) for one in interactions]))
    return path


@given(kind=st.sampled_from(TYPES), body=BODIES, reason=st.text("abc: #", max_size=5))
def test_bodies_come_back_byte_exact(
    tmp_path_factory: pytest.TempPathFactory, kind: str, body: bytes, reason: str
) -> None:
    head = (("content-type", kind),) if kind else ()
    exchange = redact(
        Interaction(
            request=Request(method="GET", url="http://127.0.0.1/x", headers=head, body=body),
            response=Response(status=200, reason=reason, headers=head, body=body),
        ),
        RULES,
    )
    path = tmp_path_factory.getbasetemp() / "round.yaml"
    path.write_bytes(cassette.dump([exchange]))
    (again,) = cassette.load(path)
    if again.response.body != exchange.response.body:
        # JSON is kept as structure: what it says stays, how it was spaced does not.
        assert parse_json(again.response.body) == parse_json(exchange.response.body)
    assert again.response.reason == exchange.response.reason
    assert cassette.dump([redact(again, RULES)]) == path.read_bytes()


def test_the_file_reads_like_the_exchange(tmp_path: Path) -> None:
    kind = (("Content-Type", "application/json"),)
    path = write(
        tmp_path / "a.yaml",
        Interaction(
            request=Request(
                method="POST",
                url="https://api.openai.com/v1/chat/completions",
                headers=kind,
                body=b'{"model":"gpt-4o","messages":[{"role":"user","content":"One.\\nTwo."}]}',
            ),
            response=Response(
                status=200,
                reason="OK",
                headers=(("content-type", "text/event-stream"), ("X", "1"), ("x", "2")),
                body=b'data: {"a":1}\n\ndata: [DONE]\n\n',
            ),
            provenance=Provenance(
                recorded_at="2026-01-02T03:04:05Z",
                recorded_by=(("vcrpy", "9.4.2"),),
                recorded_from="stand-in",
            ),
        ),
    )
    assert (
        path.read_text()
        == """\
# Recorded by personalvibe.replay. Re-record it with: pytest --record-mode=rewrite
version: 2
recorded_at: "2026-01-02T03:04:05Z"
recorded_by:
  vcrpy: "9.4.2"
recorded_from: stand-in
interactions:
- request:
    method: POST
    url: https://api.openai.com/v1/chat/completions
    headers:
      content-type: application/json
    json:
      model: gpt-4o
      messages:
      - role: user
        content: |-
          One.
          Two.
  response:
    status: 200
    reason: OK
    headers:
      content-type: text/event-stream
      x:
      - "1"
      - "2"
    events:
    - 'data: {"a":1}'
    - "data: [DONE]"
...
"""
    )


DAMAGE = {
    "status: 200": ("status: two", "not an HTTP status"),
    "method: GET": ("methode: GET", "unknown key"),
    "url: http://127.0.0.1/x": ("url: [1]", "`url` is not a string"),
    "  response:": ("  answer:", "unknown key"),
    "    text: hello": ("    base64: '!'", "not base64"),
    "...\n": ("", "cut off"),
    "interactions:\n": ("interactions: {}\nrest:\n", "unknown key"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_names_file_and_line(tmp_path: Path, what: str) -> None:
    path = write(
        tmp_path / "a.yaml",
        Interaction(
            request=Request(method="GET", url="http://127.0.0.1/x"),
            response=Response(status=200, body=b"hello"),
        ),
    )
    text = path.read_text()
    assert what in text
    path.write_text(text.replace(what, DAMAGE[what][0], 1))
    with pytest.raises(CassetteError, match=DAMAGE[what][1]) as caught:
        cassette.load(path)
    assert caught.value.line is not None
    assert str(path) in caught.value.message
    assert "rewrite" in caught.value.hint


PART = b'--%b\r\nContent-Disposition: form-data; name="a"\r\nX: 1\r\n\r\nhello\r\n--%b--\r\n' % (
    (STORED_BOUNDARY.encode(),) * 2
)
ORIGIN = Provenance(
    recorded_at="2026-01-02T03:04:05Z",
    recorded_by=(("vcrpy", "9.4.2"), ("openai", "3.1")),
    recorded_from="provider",
)
EVERY_FORM = [
    Interaction(
        request=Request(
            method="POST",
            url="http://h/x",
            headers=(("content-type", f"multipart/form-data; boundary={STORED_BOUNDARY}"),),
            body=PART,
        ),
        response=Response(
            status=200,
            reason="OK",
            headers=(("content-type", "application/json"), ("x", "1"), ("x", "2")),
            body=b'{"a":[1,"b"]}',
        ),
        provenance=ORIGIN,
    ),
    Interaction(
        request=Request(method="GET", url="http://h/y", body=b"a text"),
        response=Response(
            status=999,
            headers=(("content-type", "text/event-stream"),),
            body=b"data: 1\n\ndata: 2\n\n",
        ),
        provenance=ORIGIN,
    ),
    Interaction(
        request=Request(method="GET", url="http://h/z", body=b"\xff\x00" * 50),
        response=Response(
            status=100,
            headers=(("content-type", "text/event-stream"),),
            body=b"event: a\r\ndata: 1\r\n\r\n",
        ),
        provenance=Provenance(
            recorded_at="2026-01-03T03:04:05Z", recorded_by=(), recorded_from="stand-in"
        ),
    ),
]
WRONG = [
    ("interactions:\n", "interactions: 1\nlater:\n", 2, "the cassette has an unknown key, 'later'"),
    ("- request:\n", "- 1\n- request:\n", 9, "an interaction is not a mapping"),
    ("  response:\n", "  answer:\n", 9, "an interaction has an unknown key, 'answer'"),
    ("  response:\n", "  response: 1\n", 20, "not valid YAML"),
    ("    method: POST", "    methods: POST", 10, "a request has an unknown key, 'methods'"),
    ("    reason: OK", "    reasons: OK", 20, "a response has an unknown key, 'reasons'"),
    ("    reason: OK", "    reason: 1", 20, "`reason` is not a string"),
    ("    method: POST", "    method: 1", 10, "`method` is not a string"),
    ("http://h/x", "http://[h/x", 10, "'http://[h/x' is no address"),
    ("status: 200", "status: 99", 20, "the status 99 is not an HTTP status"),
    ("status: 200", "status: 1000", 20, "the status 1000 is not an HTTP status"),
    ("status: 200", "status: '200'", 20, "the status '200' is not an HTTP status"),
    ("      x:\n", "      1:\n", 23, "the header 1 is not a string"),
    ('      - "2"\n', "      - 2\n", 23, "the header 'x' is not a string"),
    ("    json:\n", "    text: a\n    json:\n", 20, "two bodies: json and text"),
    ("      - b\n", "      - !!binary YQ==\n", 20, "`json` holds something that JSON has not"),
    ("    - headers:", "    - header:", 15, "a part has an unknown key, 'header'"),
    ("    parts:\n", "    parts:\n    - 1\n", 15, "a part is not a mapping"),
    ("      text: hello", "      text: 1", 15, "`text` is not a string"),
    ("    text: a text", "    text: [a]", 32, "`text` is not a string"),
    ('    - "data: 1"', "    - 1", 36, "`events` is not a list of strings"),
    ("    crlf_events:\n", "    crlf_events:\n    - 1\n", 53, "`crlf_events` is not a list of"),
    ("recorded_from: provider", "recorded_from: me", 2, "it is not said by what and from where"),
    ("recorded_at: ", "recorded_on: ", 2, "the cassette has an unknown key, 'recorded_on'"),
]


def test_every_form_comes_back_with_its_origin(tmp_path: Path) -> None:
    path = write(tmp_path / "a.yaml", *EVERY_FORM)
    assert cassette.load(path) == EVERY_FORM


@pytest.mark.parametrize(("right", "wrong", "line", "reason"), WRONG)
def test_what_is_wrong_in_a_file_is_named(
    tmp_path: Path, right: str, wrong: str, line: int, reason: str
) -> None:
    path = write(tmp_path / "a.yaml", *EVERY_FORM)
    text = path.read_text()
    assert right in text
    path.write_text(text.replace(right, wrong, 1))
    with pytest.raises(CassetteError, match=re.escape(reason)) as caught:
        cassette.load(path)
    assert caught.value.message.startswith(f"{path}:{line}: ")
    assert "rewrite" in caught.value.hint
    with pytest.raises(CassetteError) as late:
        list(cassette.stream(path.read_bytes(), path))
    # A number has no place of its own.
    place = path if wrong.startswith("- 1\n") else f"{path}:{line}"
    assert late.value.message.startswith(f"{place}: ")
    assert late.value.hint == caught.value.hint


def test_interactions_are_the_same_that_are_written_alike() -> None:
    one = redact(EVERY_FORM[0], RULES)
    spaced = replace(one, response=replace(one.response, body=b'{"a": [1, "b"]}'))
    assert cassette.same(one, replace(one))
    assert cassette.same(one, replace(spaced, provenance=None))
    assert not cassette.same(one, replace(one, response=replace(one.response, body=b"{}")))
    assert not cassette.same(one, replace(one, request=replace(one.request, method="GET")))


def test_a_later_version_is_not_taken_for_another_format(tmp_path: Path) -> None:
    path = tmp_path / "later.yaml"
    path.write_text("version: 3\ninteractions: []\n")
    with pytest.raises(CassetteError, match="version 3"):
        cassette.load(path)


def embeddings(count: int) -> Interaction:
    numbers = [round(((n * 7919) % 20_011) / 10_005.5 - 1, 9) for n in range(1_536)]
    data = [{"index": n, "embedding": [-0.0, 1e-09, n, *numbers]} for n in range(count)]
    return Interaction(
        request=Request(method="POST", url="https://api.openai.com/v1/embeddings", body=b"{}"),
        response=Response(
            status=200,
            headers=(("content-type", "application/json"),),
            body=json.dumps({"data": data, "usage": {"prompt_tokens": 1}}).encode(),
        ),
    )


def test_embeddings_take_no_more_than_in_vcrpys_format(tmp_path: Path) -> None:
    exchange = embeddings(4)
    path = write(tmp_path / "a.yaml", exchange)
    (again,) = cassette.load(path)
    assert parse_json(again.response.body) == parse_json(exchange.response.body)
    assert path.stat().st_size <= len("".join(to_vcrpy([redact(exchange, RULES)])))
    assert "prompt_tokens: 1" in path.read_text()
    assert cassette.dump([redact(again, RULES)]) == path.read_bytes()


@pytest.mark.parametrize(
    "numbers",
    [
        "1e999," * 40 + "1",
        "0.5, " * 40 + "1e999",
        "0.5, " * 40 + "1 2",
        "1," * 40,
        "01," * 40 + "1",
        "NaN," * 40 + "1",
    ],
)
def test_a_long_list_of_what_no_double_holds_is_kept_to_the_byte(
    tmp_path: Path, numbers: str
) -> None:
    exchange = embeddings(1)
    body = f'{{"data": [{numbers}]}}'.encode()
    exchange = replace(exchange, response=replace(exchange.response, body=body))
    (again,) = cassette.load(write(tmp_path / "a.yaml", exchange))
    assert again.response.body == body


def test_a_long_list_deep_down_is_kept_to_the_byte(tmp_path: Path) -> None:
    exchange = embeddings(1)
    body = b"[" * 700 + json.dumps([0.25] * 40).encode() + b"]" * 700
    exchange = replace(exchange, response=replace(exchange.response, body=body))
    (again,) = cassette.load(write(tmp_path / "a.yaml", exchange))
    assert again.response.body == body


def test_a_text_that_quotes_a_long_list_stays_a_text(tmp_path: Path) -> None:
    exchange = embeddings(1)
    quoted = json.dumps([0.25] * 40)
    body = json.dumps({"text": quoted, "data": [0.25] * 40}).encode()
    exchange = replace(exchange, response=replace(exchange.response, body=body))
    (again,) = cassette.load(write(tmp_path / "a.yaml", exchange))
    assert parse_json(again.response.body) == {"text": quoted, "data": [0.25] * 40}


@pytest.mark.parametrize("more", [0, 1])
def test_lines_of_numbers_are_as_long_as_they_may_be(tmp_path: Path, more: int) -> None:
    numbers = [1234] * 47 + [12345 * 10**more]
    exchange = embeddings(1)
    exchange = replace(exchange, response=replace(exchange.response, body=write_json(numbers)))
    text = write(tmp_path / "a.yaml", exchange).read_text()
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("1234,")]
    assert [len(line) for line in lines] == ([235] if more else [240])
    assert f"{numbers[-1]}\n" in text


def gradually(path: Path) -> list[Interaction]:
    with path.open("rb") as file:
        return list(cassette.one_by_one(file, path))


def test_a_file_is_read_one_by_one_if_each_interaction_can_be_known_alone(tmp_path: Path) -> None:
    exchanges = [embeddings(1), embeddings(2)]
    own = write(tmp_path / "own.yaml", *exchanges)
    assert gradually(own) == cassette.load(own)
    theirs = tmp_path / "theirs.yaml"
    theirs.write_text("".join(to_vcrpy([redact(one, RULES) for one in exchanges])))
    assert gradually(theirs) == cassette.load(theirs)


WHOLE: dict[str, Callable[[bytes], bytes]] = {
    "gzipped": gzip.compress,
    "JSON": lambda own: b' {"interactions": []}',
    "cut off": lambda own: own.removesuffix(b"...\n"),
    "of another version": lambda own: own.replace(b"version: 2", b"version: 3"),
    "with something beside": lambda own: own[own.index(b"version") :].replace(
        b"version: 2", b"version: 1\nmore: 1"
    ),
    "twice": lambda own: b"version: 1\ninteractions: []\ninteractions: []\n",
    "without any": lambda own: b"version: 1\ninteractions: []\n",
}


@pytest.mark.parametrize("kind", WHOLE)
def test_other_files_are_to_be_read_whole(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / "a.yaml", embeddings(1))
    path.write_bytes(WHOLE[kind](path.read_bytes()))
    with pytest.raises(cassette.NotGradualError):
        gradually(path)


@pytest.mark.parametrize("numbers", ["1,,2", "01,2", "1,NaN", "1,[2]", "a,", "1 2,"])
def test_numbers_that_are_none_are_refused(tmp_path: Path, numbers: str) -> None:
    path = write(tmp_path / "a.yaml", embeddings(1))
    head, mark, rest = path.read_text().partition("!numbers |-\n")
    line = head.count("\n") + 1
    indent = rest.partition("-")[0]
    path.write_text(f"{head}{mark}{indent}{numbers}\n{rest}")
    with pytest.raises(CassetteError, match=f"a.yaml:{line}: !numbers that are no list of"):
        cassette.load(path)
