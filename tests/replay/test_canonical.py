"""Which requests are the same, and what stays the same when an exchange is recorded again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalvibe.replay.cassette.bodies import STORED_BOUNDARY
from personalvibe.replay.matching.canonical import MATCHERS, MatchRules, canonicalise, normalise
from personalvibe.replay.matching.placeholders import stabilise
from personalvibe.replay.model import CassetteError, Interaction, Request, Response

JSON = (("content-type", "application/json"),)
URL = "https://api.openai.com/v1/chat/completions"


def key(request: Request, **rules: object) -> str:
    return canonicalise(normalise(request), MatchRules(**rules)).key  # type: ignore[arg-type]


def post(body: object, url: str = URL, headers: tuple[tuple[str, str], ...] = JSON) -> Request:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Request(method="POST", url=url, headers=headers, body=raw)


def form(text: bytes) -> Request:
    return post(text, headers=(("content-type", "application/x-www-form-urlencoded"),))


def multipart(mark: bytes, content: bytes, **fields: str) -> Request:
    parts = [
        b'Content-Disposition: form-data; name="%s"\r\n\r\n%s' % (name.encode(), value.encode())
        for name, value in fields.items()
    ]
    parts.append(b'Content-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n' + content)
    body = b"".join(b"--%s\r\n%s\r\n" % (mark, part) for part in parts) + b"--%s--\r\n" % mark
    kind = f"multipart/form-data; boundary={mark.decode()}"
    return post(body, headers=(("content-type", kind),))


ID = "6f1c0f52-5c1c-4b0b-9c3f-0e6a8f7f3a11"
OTHER_ID = "0b9f2c44-1d2e-4c7a-8a6b-5d4c3b2a1f00"

SAME = {
    "key order": (post({"a": 1, "b": 2}), post({"b": 2, "a": 1})),
    "whitespace": (post(b'{"a": [1, 2]}'), post(b'{"a":[1,2]}')),
    "number spelling": (post(b'{"a": 1.0, "b": 0.30}'), post(b'{"a": 1, "b": 3e-1}')),
    "escapes": (post(b'{"a": "\\u00e9"}'), post('{"a": "é"}'.encode())),
    "default port": (post({}, "https://h/x"), post({}, "https://h:443/x")),
    "query order": (post({}, "https://h/x?a=1&b=2"), post({}, "https://h/x?b=2&a=1")),
    "no path": (post({}, "https://h"), post({}, "https://h/")),
    "form order": (form(b"a=1&b=2"), form(b"b=2&a=1")),
    "boundaries": (multipart(b"abc", b"\0\1"), multipart(b"xyz", b"\0\1")),
    "random ids": (post({"id": ID, "ref": ID}), post({"id": OTHER_ID, "ref": OTHER_ID})),
    "tool call ids": (
        post({"tool_call_id": "call_abcdefgh12345678XYZ"}),
        post({"tool_call_id": "call_replay-0123456789"}),
    ),
    "signatures": (
        post({}, "https://h/x?X-Amz-Date=1&X-Amz-Signature=abc&q=1"),
        post({}, "https://h/x?X-Amz-Date=2&X-Amz-Signature=def&q=1"),
    ),
    "headers": (post({}), post({}, headers=(*JSON, ("idempotency-key", "x"), ("host", "y")))),
}

DIFFERENT = {
    "prompt": (post({"messages": ["a"]}), post({"messages": ["b"]})),
    "order of messages": (post({"messages": ["a", "b"]}), post({"messages": ["b", "a"]})),
    "null": (post({"a": None}), post({})),
    "true and 1": (post({"a": True}), post({"a": 1})),
    "text and number": (post({"a": "1"}), post({"a": 1})),
    "temperature": (post({"t": 0.2}), post({"t": 0.3})),
    "host": (post({}, "https://a/x"), post({}, "https://b/x")),
    "port": (post({}, "https://a/x"), post({}, "https://a:444/x")),
    "scheme": (post({}, "https://a:1/x"), post({}, "http://a:1/x")),
    "query": (post({}, "https://a/x?b=1"), post({}, "https://a/x?b=2")),
    "which id is referred to": (
        post({"ids": [ID, OTHER_ID], "ref": ID}),
        post({"ids": [ID, OTHER_ID], "ref": OTHER_ID}),
    ),
    "file": (multipart(b"a", b"\0" * 5000), multipart(b"a", b"\1" * 5000)),
    "field beside a file": (multipart(b"a", b"x", model="m"), multipart(b"a", b"x", model="n")),
    "image": (post({"b64": "A" * 5000}), post({"b64": "B" * 5000})),
    "model whose name looks random": (
        post({"model": "claude-3-5-sonnet-20241022"}),
        post({"model": "claude-3-5-sonnet-20240620"}),
    ),
}


@pytest.mark.parametrize("what", SAME)
def test_the_same(what: str) -> None:
    one, other = SAME[what]
    assert key(one) == key(other)


@pytest.mark.parametrize("what", DIFFERENT)
def test_different(what: str) -> None:
    one, other = DIFFERENT[what]
    assert key(one) != key(other)


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("metadata.run", True),
        ("$.metadata.run", True),
        ("metadata", True),
        ("*.run", True),
        ("**.run", True),
        ("messages[*].run", False),
        ("metadata.other", False),
    ],
)
def test_ignored_json_paths(path: str, ignored: bool) -> None:
    one, other = ({"metadata": {"run": run}, "messages": [{"id": 1}]} for run in (1, 2))
    same = key(post(one), ignore_json_paths=(path,)) == key(post(other), ignore_json_paths=(path,))
    assert same is ignored


def compared(request: Request, **rules: object) -> object:
    """What is compared of a request's body, which is what a miss shows."""
    return canonicalise(normalise(request), MatchRules(**rules)).fields["body"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("list[*].id", {"list": [{"a": 1}, {}, "id"], "map": {"id": 3, "deep": {"id": 4}}}),
        (
            "list[1].id",
            {"list": [{"id": 1, "a": 1}, {}, "id"], "map": {"id": 3, "deep": {"id": 4}}},
        ),
        ("list[0]", {"list": [{"id": 2}, "id"], "map": {"id": 3, "deep": {"id": 4}}}),
        ("list[*]", {"list": [], "map": {"id": 3, "deep": {"id": 4}}}),
        ("*.id", {"list": [{"id": 1, "a": 1}, {"id": 2}, "id"], "map": {"deep": {"id": 4}}}),
        ("map.*.id", {"list": [{"id": 1, "a": 1}, {"id": 2}, "id"], "map": {"id": 3, "deep": {}}}),
        ("**.id", {"list": [{"a": 1}, {}, "id"], "map": {"deep": {}}}),
        ("map.**.id", {"list": [{"id": 1, "a": 1}, {"id": 2}, "id"], "map": {"deep": {}}}),
        *(
            (
                path,
                {"list": [{"id": 1, "a": 1}, {"id": 2}, "id"], "map": {"id": 3, "deep": {"id": 4}}},
            )
            for path in ("list.id", "list[9].id", "map[0]", "list[2].id.x", "other", "$")
        ),
    ],
)
def test_what_an_ignored_path_leaves(path: str, left: object) -> None:
    body = {"list": [{"id": 1, "a": 1}, {"id": 2}, "id"], "map": {"id": 3, "deep": {"id": 4}}}
    assert compared(post(body), ignore_json_paths=(path,)) == left


def test_ids_are_counted_from_one_over_the_body() -> None:
    body = {"ids": [ID, OTHER_ID.upper()], "ref": OTHER_ID, "text": f"{ID} and {OTHER_ID}"}
    assert compared(post(body)) == {
        "ids": ["<id 1>", "<id 2>"],
        "ref": "<id 2>",
        "text": "<id 1> and <id 2>",
    }


A_AND_B = (("x-a", "1"), ("x-b", "2"))


def test_headers_are_compared_by_name_and_joined() -> None:
    def headers(*pairs: tuple[str, str]) -> object:
        request = normalise(post({}, headers=pairs))
        return canonicalise(request, MatchRules(match_on=("headers",))).fields["headers"]

    assert headers(("X-A", "1"), ("b", ""), ("x-a", "2")) == {"x-a": "1, 2", "b": ""}
    one, other = (post({}, headers=pairs) for pairs in (A_AND_B, A_AND_B[::-1]))
    assert key(one, match_on=("headers",)) == key(other, match_on=("headers",))


STORED = STORED_BOUNDARY.encode()
LARGE = "QUJD" * 513
"""Four characters of base64 over the limit."""
BINARY = b"\xff" * 2049
DIGEST = "<2052 characters of base64, sha256 " + hashlib.sha256(LARGE.encode()).hexdigest() + ">"


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (LARGE, DIGEST),
        (f"data:image/png;base64,{LARGE}", f"data:image/png;base64,{DIGEST}"),
        (LARGE[4:], LARGE[4:]),
        (LARGE[:-3] + "é==", LARGE[:-3] + "é=="),
        (f"{LARGE[4:]} and", f"{LARGE[4:]} and"),
        (f"one,{LARGE}", f"one,{LARGE}"),
    ],
)
def test_long_base64_is_stored_as_its_digest_and_text_as_it_is(value: str, stored: str) -> None:
    padding = "text " * 500
    body = {"parts": [{"data": value}, [value], 1, None], "text": padding}
    expected = {"parts": [{"data": stored}, [stored], 1, None], "text": padding}
    assert json.loads(normalise(post(body)).body) == expected


@pytest.mark.parametrize(
    ("body", "stored"),
    [
        (b"\xff" * 2048, b"\xff" * 2048),
        (
            BINARY,
            f"<2049 bytes, sha256 {hashlib.sha256(BINARY).hexdigest()}>".encode(),
        ),
        (LARGE.encode(), DIGEST.encode()),
        (b"two words " * 300, b"two words " * 300),
        (b'{ "a" : [ ' + b"1, " * 1000 + b"2 ] }", b'{ "a" : [ ' + b"1, " * 1000 + b"2 ] }"),
    ],
)
def test_large_bodies(body: bytes, stored: bytes) -> None:
    assert normalise(post(body)).body == stored
    assert normalise(multipart(b"m", body)).body == multipart(STORED, stored).body


@pytest.mark.parametrize(
    ("alias", "target", "asked", "real"),
    [
        ("http://gw:4000/openai", "https://api.openai.com", "http://gw:4000/openai/v1/x", "/v1/x"),
        ("http://gw/openai/", "https://api.openai.com/", "http://gw/openai/v1/x", "/v1/x"),
        ("http://gw/openai", "api.openai.com", "http://gw/openai?a=1", "?a=1"),
        ("http://gw/openai", "api.openai.com", "http://gw/openai", ""),
        ("gw:4000", "api.openai.com", "http://gw:4000/v1/x?a=1#end", "/v1/x?a=1#end"),
        ("gw", "api.openai.com", "https://gw/v1/x", "/v1/x"),
        ("gw", "api.openai.com", "http://user@gw:1/v1/x", "/v1/x"),
        ("gw", "https://api.openai.com/v1/", "http://gw/x", "/v1/x"),
    ],
)
def test_an_alias_stands_for_an_address(alias: str, target: str, asked: str, real: str) -> None:
    aliases = {"elsewhere": "other.test", alias: target}
    assert address(asked, host_aliases=aliases) == f"https://api.openai.com{real}"


@pytest.mark.parametrize(
    "asked", ["http://gateway/openaix/v1", "https://gw/openai/v1", "http://gw:4001/v1", "http://x/"]
)
def test_an_alias_stands_for_no_other_address(asked: str) -> None:
    aliases = {"http://gateway/openai": "a.test", "gw:4000": "b.test", "y": "c.test"}
    assert address(asked, host_aliases=aliases) == asked


def address(url: str, **rules: object) -> object:
    fields = MatchRules(match_on=("uri",), **rules)  # type: ignore[arg-type]
    return canonicalise(normalise(post({}, url)), fields).fields["uri"]


def test_what_is_compared_has_the_name_of_its_matcher() -> None:
    url = f"https://h/x/{ID}/y?b=2&a=&b=1&X-Amz-Date=3#f"
    request = normalise(post(b'{"b": 1.5, "a": 2.0}', url, (("B", "1"), ("Host", "x"))))
    found = canonicalise(request, MatchRules(match_on=tuple(MATCHERS))).fields
    assert found == {
        "method": "POST",
        "scheme": "https",
        "host": "h",
        "port": 443,
        "path": "/x/<id>/y",
        "query": [["a", ""], ["b", "1"], ["b", "2"]],
        "uri": url,
        "url": url,
        "headers": {"b": "1"},
        "body": {"b": 1.5, "a": 2},
        "raw_body": hashlib.sha256(b'{"b": 1.5, "a": 2.0}').hexdigest(),
    }
    assert list(canonicalise(request, MatchRules(match_on=("host", "body"))).fields) == [
        "host", "body",
    ]  # fmt: skip
    ports = [
        canonicalise(post({}, url), MatchRules()).fields["port"]
        for url in ("http://h/", "http://h:8080/", "ws://h/")
    ]
    assert ports == [80, 8080, None]


def test_a_matcher_that_is_none_is_refused_with_the_names_of_those_there_are() -> None:
    with pytest.raises(CassetteError, match="match_on: there is no matcher 'bodies'") as caught:
        MatchRules(match_on=("method", "bodies"))
    assert caught.value.hint is not None
    assert "method, scheme, host, port, path, query, uri, url, headers, body" in caught.value.hint
    assert "vcr.register_matcher in pytest_recording_configure" in caught.value.hint


def test_the_parts_of_a_form_are_compared_by_their_names() -> None:
    sent = multipart(b"m", b"\xff\0", model=ID, user="u" * 15)
    assert compared(sent) == {
        "model": "<id 1>",
        "user": "u" * 15,
        "file": {"filename": "a.wav", "content": "\\xff\0"},
    }
    kind = (("Content-Type", "multipart/form-data; boundary=m"), ("x", "1"))
    part = b'--m\r\nContent-Disposition: form-data; name="a"\r\n\r\n%d\r\n'
    twice = post(b"".join(part % number for number in range(3)) + b"--m--\r\n", headers=kind)
    assert compared(twice) == {"a": "0", "a'": "1", "a''": "2"}
    assert normalise(twice).headers == (
        ("Content-Type", f"multipart/form-data; boundary={STORED_BOUNDARY}"),
        ("x", "1"),
    )
    assert compared(form(b"b=2&a=&b=1")) == [["a", ""], ["b", "1"], ["b", "2"]]
    assert compared(post(b"\xff no JSON")) == "\\xff no JSON"
    assert compared(post(b"")) is None


JSON_DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON_DATA)
def test_normalising_twice_changes_nothing(data: object) -> None:
    once = normalise(post(data))
    assert normalise(once) == once


def respelled(value: object) -> object:
    """The same with its keys the other way round."""
    if isinstance(value, dict):
        return {key: respelled(value[key]) for key in reversed(value)}
    return [respelled(item) for item in value] if isinstance(value, list) else value


def with_another_leaf(value: Any, choose: Callable[[int], int]) -> object:
    """The same but for one place."""
    if not isinstance(value, (dict, list)) or not value:
        return [value]
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = keys[choose(len(keys))]
    changed = {**value} if isinstance(value, dict) else [*value]
    changed[key] = with_another_leaf(value[key], choose)
    return changed


@given(JSON_DATA, st.randoms(use_true_random=False))
def test_a_body_is_what_it_says_and_not_how(document: object, random: Random) -> None:
    as_sent = post(document)
    spelled = json.dumps(respelled(document), indent=1, ensure_ascii=False)
    assert key(post(spelled.encode())) == key(as_sent)
    assert key(post(with_another_leaf(document, random.randrange))) != key(as_sent)


def test_recording_again_gives_the_same_placeholders_also_where_they_are_sent_back() -> None:
    def recorded(call: str, created: int, answer: str) -> list[Interaction]:
        first = {"id": answer, "created": created, "tool_calls": [{"id": call, "name": "f"}]}
        second = {"messages": [{"role": "tool", "tool_call_id": call, "content": "42"}]}
        return [
            Interaction(
                request=post({"messages": ["go"]}),
                response=Response(status=200, headers=JSON, body=json.dumps(first).encode()),
            ),
            Interaction(
                request=post(second, f"https://api.openai.com/v1/responses/{answer}"),
                response=Response(status=200, headers=JSON, body=b"{}"),
            ),
        ]

    def stable(interactions: list[Interaction]) -> list[Interaction]:
        return stabilise(
            interactions, lambda request: canonicalise(request, MatchRules()).key
        ).interactions

    one = stable(recorded("call_Abcdefgh12345678", 1_700_000_001, "chatcmpl-aB3dE5gH7jK9"))
    other = stable(recorded("call_Zyxwvuts98765432", 1_700_000_999, "chatcmpl-zY8xW6vU4tS2"))
    assert one == other
    placeholder = json.loads(one[0].response.body)["tool_calls"][0]["id"]
    assert placeholder.startswith("call_replay-")
    assert placeholder.encode() in one[1].request.body
    assert json.loads(one[0].response.body)["id"] in one[1].request.url
    assert stable(one) == one


def test_streams_keep_their_bytes_except_for_placeholders() -> None:
    head = (("content-type", "text/event-stream"),)
    body = (
        b'event: x\r\ndata: {"id": "chatcmpl-aB3dE5gH7jK9", "obfuscation": "abc"}\r\n\r\n'
        b": comment\r\n\r\ndata: [DONE]\r\n\r\n"
    )
    exchange = Interaction(request=post({}), response=Response(status=200, headers=head, body=body))
    (stable,) = stabilise([exchange], lambda request: "k").interactions
    lines = stable.response.body.split(b"\r\n")
    assert lines[0] == b"event: x"
    assert json.loads(lines[1].removeprefix(b"data: "))["obfuscation"] == ""
    assert lines[2:] == [b"", b": comment", b"", b"data: [DONE]", b"", b""]
