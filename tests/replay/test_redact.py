"""What is hidden, what is left, what the scan says. All keys here are made up."""

from __future__ import annotations

import base64
import gzip
import json
import re
import struct
import zlib
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalvibe.replay.model import (
    CassetteError,
    Interaction,
    RedactedInteraction,
    Request,
    Response,
)
from personalvibe.replay.redaction import redact as redact_module
from personalvibe.replay.redaction.names import SECRET_NAMES
from personalvibe.replay.redaction.redact import (
    RedactionRules,
    find_leaks,
    find_warnings,
    redact,
    redact_miss,
    redact_request,
    redact_text,
)

RULES = RedactionRules.from_config({}, {})
JSON = (("content-type", "application/json"),)
SSE = (("content-type", "text/event-stream"),)
OPENAI_KEY = "sk-proj-Zx81kQmT0aWvB2nLr7cYp94DfGhJ3sEuXo65"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"


def request(url: str = "https://api.openai.com/v1/chat/completions", **fields: Any) -> Request:
    return replace(Request(method="POST", url=url), **fields)


def exchange(asked: Request | None = None, answer: Response | None = None) -> Interaction:
    return Interaction(request=asked or request(), response=answer or Response(status=200))


def body_of(body: object, rules: RedactionRules = RULES) -> object:
    sent = request(headers=JSON, body=json.dumps(body).encode())
    return json.loads(redact_request(sent, rules).body)


def response_of(body: bytes, headers: tuple[tuple[str, str], ...] = (), **config: object) -> bytes:
    rules = RedactionRules.from_config(config, {})
    answer = Response(status=200, headers=headers, body=body)
    return redact(exchange(answer=answer), rules).response.body


REQUEST_NAMES = """
    Authorization Proxy-Authorization X-Api-Key api-key Ocp-Apim-Subscription-Key x-portkey-api-key
    x-goog-api-key X-Goog-User-Project Cookie X-Amz-Security-Token X-Amz-Date X-Amz-Content-Sha256
    amz-sdk-invocation-id Idempotency-Key traceparent OpenAI-Organization OpenAI-Project
    anthropic-organization-id x-stainless-os user-agent x-auth-token
"""
RESPONSE_NAMES = """
    Set-Cookie openai-organization openai-project anthropic-organization-id x-request-id request-id
    x-amzn-RequestId apim-request-id azureml-model-session CF-RAY x-amz-cf-id traceresponse
    x-cloud-trace-id x-session-id x-oauth-scopes x-accepted-oauth-scopes www-authenticate report-to
    nel via server-timing x-litellm-key-spend x-ratelimit-remaining-tokens
    anthropic-ratelimit-requests-limit
"""
FIELD_NAMES = """
    access_token id_token refresh_token client_secret client_id assertion api_key password
    authorization user_secret RoleArn SecretAccessKey SessionToken AccessKeyId
"""


@pytest.mark.parametrize("name", REQUEST_NAMES.split())
def test_request_headers_that_are_hidden(name: str) -> None:
    redacted = redact_request(request(headers=((name, "canary-1"),)), RULES)
    assert "canary" not in repr(redacted)


@pytest.mark.parametrize("name", RESPONSE_NAMES.split())
def test_response_headers_that_are_hidden(name: str) -> None:
    answer = Response(status=200, headers=((name, "canary-1"),))
    assert "canary" not in repr(redact(exchange(answer=answer), RULES))


@pytest.mark.parametrize(
    "name", ["retry-after", "content-type", "x-amzn-errortype", "openai-version", "retry-after-ms"]
)
def test_response_headers_that_programs_need_stay(name: str) -> None:
    answer = Response(status=200, headers=((name, "2"),))
    assert redact(exchange(answer=answer), RULES).response.headers == ((name, "2"),)


def test_a_cassette_shows_that_a_key_was_sent() -> None:
    sent = request(headers=(("Authorization", f"Bearer {OPENAI_KEY}"),))
    assert redact_request(sent, RULES).headers == (("Authorization", "REDACTED"),)


def test_a_key_in_any_other_header_is_found_by_its_shape() -> None:
    sent = request(headers=(("x-upstream", f"k={OPENAI_KEY};v=1"),))
    assert redact_request(sent, RULES).headers == (("x-upstream", "k=REDACTED;v=1"),)


@pytest.mark.parametrize(
    "parameter",
    [
        "key", "api_key", "api-key", "access_token", "token", "sig", "X-Amz-Signature",
        "X-Amz-Credential", "X-Goog-Signature", "project_id",
    ],
)  # fmt: skip
def test_query_parameters_that_are_hidden(parameter: str) -> None:
    redacted = redact_request(request(f"https://x.test/p?a=1&{parameter}=canary&b=%20"), RULES)
    assert redacted.url == f"https://x.test/p?a=1&{parameter}=REDACTED&b=%20"


def test_addresses_without_secrets_come_back_as_they_were() -> None:
    coupons = ("https://x.test/shop?code=SUMMER2024", "https://x.test/shop?page=2#code=DE")
    for url in (
        "https://x.test",
        "https://x.test/?",
        "http://x.test/a%2Fb?c=%7E&d#e",
        "?",
        *coupons,
    ):
        assert redact_request(request(url), RULES).url == url


def test_the_password_in_an_address_is_hidden() -> None:
    url = redact_request(request("https://me:pw@x.test/a"), RULES).url
    assert url == "https://REDACTED@x.test/a"


def test_an_arn_in_a_path_keeps_its_form() -> None:
    arn = "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova"
    url = redact_request(request(f"https://b.test/model/{quote(arn, safe='')}/converse"), RULES).url
    assert "123456789012" not in url
    assert "%3A000000000000%3A" in url


def test_body_fields_are_hidden_at_any_depth() -> None:
    body = {"a": [{"b": {"Api-Key": "canary", "clientSecret": 12345, "n": 1}}], "ok": "password"}
    assert body_of(body) == {
        "a": [{"b": {"Api-Key": "REDACTED", "clientSecret": "REDACTED", "n": 1}}],
        "ok": "password",
    }


@pytest.mark.parametrize("name", FIELD_NAMES.split())
def test_body_fields_that_are_hidden(name: str) -> None:
    assert body_of({name: "canary"}) == {name: "REDACTED"}


def test_an_account_number_is_hidden_in_the_arn() -> None:
    assert body_of({"x": "arn:aws:iam::123456789012:role/r"}) == {
        "x": "arn:aws:iam::000000000000:role/r"
    }


def test_what_models_need_stays() -> None:
    body = {
        "signature": "EqQBCkgIBBABGAIiQL" * 9,
        "thoughtSignature": "sk-" + "A1" * 40,
        "encrypted_content": "gAAAAABo" + "x9" * 60,
        "logprobs": [{"token": "sk", "bytes": [1]}],
        "max_tokens": 3,
        "usage": {"total_tokens": 9},
        "parameters": {"properties": {"password": {"type": "string", "description": "a word"}}},
        "stop": None,
        "api_key": None,
    }
    assert body_of(body) == body


def test_nested_json_in_a_string_is_searched() -> None:
    arguments = json.dumps({"password": 'hun"ter2', "deep": json.dumps({"api_key": "canary"})})
    redacted = json.dumps(body_of({"function": {"arguments": arguments}}))
    assert "canary" not in redacted
    assert "hun" not in redacted
    assert "ter2" not in redacted
    assert json.loads(json.loads(redacted)["function"]["arguments"])["password"] == "REDACTED"


def test_a_key_in_a_prompt_is_found_after_a_line_break() -> None:
    assert body_of({"content": f"see\n{OPENAI_KEY}\nok"}) == {"content": "see\nREDACTED\nok"}


SHAPED = {
    "OpenAI": OPENAI_KEY,
    "OpenAI, old": "sk-" + "aB3dE6gH9jK2mN5pQ8sT" * 2,
    "Anthropic": "sk-ant-api03-" + "abcDEF_-" * 10,
    "Google": "AIza" + "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q"[:35],
    "AWS": "AKIA" + "IOSFODNN7EXAMPLE",
    "Groq": "gsk_" + "a1B2" * 13,
    "GitHub": "ghp_" + "a1B2" * 9,
    "Hugging Face": "hf_" + "aBcD" * 9,
    "JWT": JWT,
    "private key": "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----",
    "bearer": "Bearer 5f3c9a7e-1111-2222-3333-444455556666",
    "presigned": "https://s3.test/x?X-Amz-Signature=0123abcd&z=1",
    "Azure SAS": "https://a.blob.core.windows.net/i.png?se=1&sig=aB%2Fc%3D",
    "organisation": "org-aBcDeFgHiJkLmNoPqRsTuVwX",
}


@pytest.mark.parametrize("secret", SHAPED.values(), ids=SHAPED)
def test_shapes_are_hidden_wherever_they_stand(secret: str) -> None:
    tail = "MIIEvQ" if "PRIVATE" in secret else secret[-8:]
    texts = [
        response_of(json.dumps({"error": f"bad: {secret} !"}).encode(), JSON),
        response_of(f"<p>{secret}</p>".encode()),
        response_of(b"\xff\xfe\x00 " + secret.encode() + b" \x80"),
        response_of(gzip.compress(f"x {secret} y".encode())),
        response_of(f"data: {json.dumps({'t': secret})}\n\n".encode(), SSE),
    ]
    for text in texts:
        plain = gzip.decompress(text) if text[:2] == b"\x1f\x8b" else text
        assert tail.encode() not in plain
        assert b"REDACTED" in plain


def test_base64_is_no_key() -> None:
    image = base64.b64encode(bytes(range(256)) * 40).decode()
    safe = f"iVBORw0KGgo_sk-{'A1b2' * 20}-AIza{'x1' * 30}"
    body = {"url": f"data:image/png;base64,{image}", "b64_json": safe}
    assert body_of(body) == body
    sent = redact(exchange(request(headers=JSON, body=json.dumps(body).encode())), RULES)
    assert find_leaks(sent, RULES) == []


@pytest.mark.parametrize(
    "text",
    ["sk-learn-is-a-well-known-library-name", "sk-1234", "max_tokens: 100", "eyJust", "a@2x.png"],
)
def test_words_are_no_keys(text: str) -> None:
    assert body_of({"content": text}) == {"content": text}


def test_a_key_split_over_events_is_hidden_and_the_rest_stays() -> None:
    pieces = ["The key is sk-pr", "oj-Zx81kQmT0aWvB2", "nLr7cYp94DfGh", "J3s bye"]
    events = [
        {"choices": [{"index": n, "delta": {"content": piece if n == 0 else "other"}}]}
        for piece in pieces
        for n in (0, 1)
    ]
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
    redacted = response_of(body.encode(), SSE).decode()
    texts = [
        json.loads(line[6:])["choices"][0]["delta"]["content"]
        for line in redacted.splitlines()
        if line.startswith("data: {") and '"index":1' not in line.replace(" ", "")
    ]
    assert "".join(texts) == "The key is REDACTED bye"
    assert redacted.count("data: ") == body.count("data: ")
    assert redacted.count("other") == 4


def test_an_argument_split_over_events_is_hidden() -> None:
    pieces = ['{"user": "a", "pass', 'word": "hun', 'ter2secret"}']
    events = [{"type": "d", "index": 1, "delta": {"partial_json": piece}} for piece in pieces]
    body = "".join(f"event: d\ndata: {json.dumps(event)}\n\n" for event in events)
    redacted = response_of(body.encode(), SSE)
    assert b"hun" not in redacted
    assert b"ter2" not in redacted


def test_a_key_split_over_lines_and_over_an_array_is_hidden() -> None:
    pieces = [{"message": {"content": part}} for part in (OPENAI_KEY[:9], OPENAI_KEY[9:])]
    lines = "".join(json.dumps(piece) + "\n" for piece in pieces)
    for body, kind in ((lines, "application/x-ndjson"), (json.dumps(pieces), "application/json")):
        redacted = response_of(body.encode(), (("content-type", kind),))
        assert OPENAI_KEY[9:].encode() not in redacted
        assert OPENAI_KEY[:9].encode() not in redacted


def frame(payload: bytes) -> bytes:
    head = b"\x0b:event-type\x07\x00\x05chunk"
    prelude = struct.pack("!II", len(head) + len(payload) + 16, len(head))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + head + payload
    return message + struct.pack("!I", zlib.crc32(message))


def test_amazon_frames_stay_valid_when_a_key_is_hidden_in_them() -> None:
    from botocore.eventstream import EventStreamBuffer

    headers = (("content-type", "application/vnd.amazon.eventstream"),)
    wrapped = base64.b64encode(json.dumps({"u": OPENAI_KEY}).encode()).decode()
    body = frame(json.dumps({"t": OPENAI_KEY[:20]}).encode())
    body += frame(json.dumps({"t": OPENAI_KEY[20:]}).encode())
    body += frame(json.dumps({"bytes": wrapped}).encode())
    redacted = response_of(body, headers)
    buffer = EventStreamBuffer()
    buffer.add_data(redacted)
    payloads = [json.loads(event.payload) for event in buffer]
    assert [one.get("t") for one in payloads] == ["REDACTED", "", None]
    assert json.loads(base64.b64decode(payloads[2]["bytes"])) == {"u": "REDACTED"}
    assert response_of(frame(b'{"t": 1}'), headers) == frame(b'{"t": 1}')
    with_empty = frame(b"") + frame(json.dumps({"password": "hunter2"}).encode()) + frame(b"")
    hidden = frame(b"") + frame(b'{"password":"REDACTED"}') + frame(b"")
    assert response_of(with_empty, headers) == hidden


def test_form_fields_are_hidden() -> None:
    form = (("content-type", "application/x-www-form-urlencoded"),)
    sent = request(headers=form, body=b"grant_type=x&client_secret=c%61nary&t=%20&assertion=a.b")
    assert redact_request(sent, RULES).body == (
        b"grant_type=x&client_secret=REDACTED&t=%20&assertion=REDACTED"
    )


def test_multipart_fields_are_hidden_and_files_searched() -> None:
    headers = (("content-type", "multipart/form-data; boundary=zz"),)
    body = (
        b'--zz\r\nContent-Disposition: form-data; name="api_key"\r\n\r\ncanary\r\n'
        b'--zz\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
        b"\x00\xff " + OPENAI_KEY.encode() + b" \x01\r\n--zz--\r\n"
    )
    redacted = redact_request(request(headers=headers, body=body), RULES).body
    assert redacted == body.replace(b"canary", b"REDACTED").replace(
        OPENAI_KEY.encode(), b"REDACTED"
    )


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_encoded_bodies_are_unpacked_and_searched(encoding: str) -> None:
    plain = json.dumps({"password": "canary"}).encode()
    packed = gzip.compress(plain) if encoding == "gzip" else zlib.compress(plain)
    headers = (*JSON, ("Content-Encoding", encoding), ("content-length", str(len(packed))))
    sent = redact_request(request(headers=headers, body=packed), RULES)
    assert json.loads(sent.body) == {"password": "REDACTED"}
    assert "Content-Encoding" not in dict(sent.headers)


def test_values_of_the_environment_are_hidden_everywhere() -> None:
    environ = {
        "MY_API_KEY": "7c0f3b9e-0000-4000-8000-aabbccddeeff",
        "APP_SECRET": "p@ss w0rd/1",
        "CI_TOKEN": "test",
        "DEBUG_TOKEN": "production",
        "HOME": "/home/somebody",
    }
    rules = RedactionRules.from_config({}, environ)
    uuid, password = environ["MY_API_KEY"], environ["APP_SECRET"]
    sent = request(
        f"https://x.test/{uuid}?q={quote(password, safe='')}",
        headers=(("x-thing", f"a{uuid}"),),
        body=f"test production /home/somebody {password}".encode(),
    )
    redacted = redact_request(sent, rules)
    assert redacted.url == "https://x.test/REDACTED?q=REDACTED"
    assert redacted.headers == (("x-thing", "aREDACTED"),)
    assert redacted.body == b"test production /home/somebody REDACTED"


def test_one_line_extends_the_rules() -> None:
    names = ["x-my-header", "x-team-*", "body: session_key", "query:sid"]
    config = {"redact": [*names, "text:Bob", "text: and Eve"]}
    rules = RedactionRules.from_config(config, {})
    sent = request(
        "https://x.test/?sid=canary&n=1",
        headers=(("X-My-Header", "canary"), ("x-team-a", "canary"), *JSON),
        body=b'{"a": {"sessionKey": "canary"}, "b": "Hello Bob and Eve"}',
    )
    redacted = redact_request(sent, rules)
    assert "canary" not in repr(redacted)
    assert json.loads(redacted.body)["b"] == "Hello REDACTEDREDACTED"
    assert response_of(b'{"session_key": "canary"}', JSON, **config) == (
        b'{"session_key":"REDACTED"}'
    )


def test_rules_that_are_widened_hide_what_they_hid() -> None:
    own = {
        "redact": ["x-own", "query:own", "body:own"],
        "redact_keep": ["query:key"],
        "filter_headers": ["x-gone"],
    }
    rules = RedactionRules.from_config(own, {"TEAM_API_KEY": "canary-4x7q-99"})
    wider = rules.hiding(["x-more", "query:more", "body:more"])
    sent = request(
        "https://x.test/?own=canary&more=canary&key=stays&sig=canary",
        headers=(("x-own", "canary"), ("x-more", "canary"), ("x-gone", "canary"), *JSON),
        body=b'{"own":"canary","a":[{"more":"canary"}],"text":"canary-4x7q-99"}',
    )
    hidden = redact_request(sent, wider)
    assert "canary" not in repr(hidden)
    assert "key=stays" in hidden.url
    assert hidden.headers == (("x-own", "REDACTED"), ("x-more", "REDACTED"), *JSON)
    answer = Response(status=200, headers=sent.headers, body=sent.body)
    assert redact(exchange(sent, answer), wider).response.body == hidden.body
    assert b"canary" in redact_request(sent, rules).body


def test_what_is_declared_harmless_stays() -> None:
    rules = RedactionRules.from_config(
        {"redact_keep": ["query:key", "body:client_id", "x-request-token"]}, {}
    )
    sent = request(
        "https://x.test/?key=name",
        headers=(("x-request-token", "abc"), *JSON),
        body=b'{"client_id":"me"}',
    )
    assert redact_request(sent, rules) == sent


def test_the_filters_of_vcrpy_mean_what_they_mean_there() -> None:
    rules = RedactionRules.from_config(
        {
            "filter_headers": ["X-Trace", ("Authorization", "DUMMY"), ("api-key", None)],
            "filter_query_parameters": ["key", ("user", "U")],
            "filter_post_data_parameters": ["secret_id", ("api_key", "K")],
        },
        {},
    )
    headers = (("x-trace", "1"), ("authorization", "Bearer x"), ("api-key", "x"), *JSON)
    sent = request(
        "https://x.test/?key=1&user=2&n=3",
        headers=headers,
        body=b'{"secret_id":"1","api_key":"2","n":[{"secret_id":3}]}',
    )
    redacted = redact_request(sent, rules)
    assert redacted.url == "https://x.test/?user=U&n=3"
    assert redacted.headers == (("authorization", "DUMMY"), *JSON)
    assert redacted.body == b'{"api_key":"K","n":[{}]}'
    form = (("content-type", "application/x-www-form-urlencoded"),)
    asked = request(headers=form, body=b"secret_id=1&n=2&api_key=z")
    assert redact_request(asked, rules).body == b"n=2&api_key=K"


def test_a_replacement_function_is_called_as_vcrpy_calls_it() -> None:
    """Once for each value, with its name; what it has no answer for is removed."""
    asked: list[tuple[str, Any]] = []

    def first(request: Request, value: Any, key: str) -> str | None:
        assert request.method == "POST"
        asked.append((key, value))
        return None if str(value).startswith("-") else str(value)[:1]

    rules = RedactionRules.from_config(
        {
            "filter_headers": [("X-User", first)],
            "filter_query_parameters": [("user", first)],
            "filter_post_data_parameters": [("user", first), ("age", ("7",)), ("size", "9")],
        },
        {},
    )

    def sent(body: bytes, kind: str) -> bytes:
        asked.clear()
        headers = (("content-type", kind), ("x-user", "alice"), ("x-user", "-"))
        redacted = redact_request(
            request("https://x.test/?user=b%20c&user=-1&n=2", headers=headers, body=body), rules
        )
        assert redacted.url == "https://x.test/?user=b&n=2"
        assert redacted.headers == (("content-type", kind), ("x-user", "a"))
        others = [("x-user", "alice"), ("x-user", "-"), ("user", "b c"), ("user", "-1")]
        assert all(one in asked for one in others)
        asked[:] = [one for one in asked if one not in others]
        return redacted.body

    document = {"user": "dora", "n": [{"user": -1}, {"user": 23}, {"user": ["eve", True, None]}]}
    assert json.loads(sent(json.dumps(document).encode(), "application/json")) == {
        "user": "d", "n": [{}, {"user": "2"}, {"user": ["e", True, None]}],
    }  # fmt: skip
    assert asked == [("user", "dora"), ("user", -1), ("user", 23), ("user", "eve")]
    assert sent(b'{"size":1,"age":"3","n":"-"}', "application/json") == (
        b'{"size":"9","age":"(\'7\',)","n":"-"}'
    )
    form = "application/x-www-form-urlencoded"
    assert sent(b"user=f+g&n=a=b&user=-2&size=1&user=", form) == b"user=f&n=a=b&size=9&user="
    assert asked == [("user", "f g"), ("user", "-2")]
    part = b'--m\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
    parts = [(b"user", b"hal"), (b"n", b"x"), (b"user", b"-3"), (b"user", b"")]
    body = b"".join(part % one for one in parts) + b"--m--\r\n"
    left = b"".join(part % one for one in [(b"user", b"h"), (b"n", b"x"), (b"user", b"")])
    assert sent(body, "multipart/form-data; boundary=m") == left + b"--m--\r\n"
    assert asked == [("user", "hal"), ("user", "-3")]


@pytest.mark.parametrize(
    "config",
    [
        {"redact": [3]},
        {"redact": ["cookie:x"]},
        {"redact": "body:"},
        {"filter_headers": [("a", "b", "c")]},
    ],
)
def test_an_entry_that_means_nothing_is_an_error(config: dict[str, object]) -> None:
    with pytest.raises(CassetteError, match="in vcr_config") as caught:
        RedactionRules.from_config(config, {})
    assert caught.value.hint


def test_a_redirect_keeps_its_address_and_loses_its_signature() -> None:
    answer = Response(status=302, headers=(("Location", "https://s.test/a?sig=abc&x=1"),))
    redacted = redact(exchange(answer=answer), RULES).response
    assert redacted.headers == (("Location", "https://s.test/a?sig=REDACTED&x=1"),)


def test_the_length_follows_the_body() -> None:
    body = json.dumps({"password": "x"}).encode()
    headers = (*JSON, ("content-length", str(len(body))))
    redacted = redact(exchange(answer=Response(status=200, headers=headers, body=body)), RULES)
    assert dict(redacted.response.headers)["content-length"] == str(len(redacted.response.body))


# --- the scan -------------------------------------------------------------------------------------


def unredacted(**fields: Any) -> RedactedInteraction:
    """What a defect in `redact` would hand to the scan."""
    answer = fields.pop("response", Response(status=200))
    return RedactedInteraction(request=request(**fields), response=answer)


def test_the_scan_names_the_place_and_never_the_value() -> None:
    body = json.dumps({"data": [{"x": 1}, {"note": f"use {OPENAI_KEY}"}]}).encode()
    (leak,) = find_leaks(unredacted(headers=JSON, body=body), RULES)
    assert leak.place == "request.body.data[1].note"
    assert leak.shape == "a token of OpenAI"
    assert OPENAI_KEY not in repr(leak)


@pytest.mark.parametrize(
    ("interaction", "place"),
    [
        (unredacted(url=f"https://x.test/{OPENAI_KEY}"), "request.url"),
        (unredacted(headers=(("x-a", OPENAI_KEY),)), "request.headers.x-a"),
        (unredacted(headers=(("X-Shard", "9f8a7c6b5d4e3f2a1b0c"),)), "request.headers.x-shard"),
        (unredacted(url="https://x.test/?auth_token=9f8a7c6b5d4e3f2a1b"), "auth_token"),
        (unredacted(body=b"\xff\x00 " + OPENAI_KEY.encode()), "request.body"),
        (unredacted(body=gzip.compress(OPENAI_KEY.encode())), "request.body"),
        (unredacted(body=b'{"login": {"csrf_token": "9f8a7c6b5d4e3f2a1b0c"}}'), "csrf_token"),
        (
            unredacted(response=Response(status=200, body=json.dumps({OPENAI_KEY: 1}).encode())),
            "response.body",
        ),
        (
            unredacted(
                response=Response(status=200, headers=(("content-encoding", "br"),), body=b"\x0b")
            ),
            "response.body",
        ),
        (
            unredacted(
                response=Response(
                    status=200,
                    headers=SSE,
                    body="".join(
                        f"data: {json.dumps({'t': part})}\n\n"
                        for part in (OPENAI_KEY[:20], OPENAI_KEY[20:])
                    ).encode(),
                )
            ),
            "response.body.events[*].t",
        ),
    ],
)
def test_the_scan_finds(interaction: RedactedInteraction, place: str) -> None:
    leaks = find_leaks(interaction, RULES)
    assert leaks
    assert place in leaks[0].place
    assert "9f8a" not in repr(leaks)


DRAWN = "9f8a7c6b5d4e3f2a1b0c"
OF_OPENAI, BY_NAME = "a token of OpenAI", "a random value under a secret's name"


def events(*documents: object) -> bytes:
    return b"".join(b"data: %b\n\n" % json.dumps(one).encode() for one in documents)


FOUND: dict[str, tuple[RedactedInteraction, list[tuple[str, str]]]] = {
    "several places": (
        unredacted(
            url=f"https://x.test/?auth_token={DRAWN}",
            headers=(("X-Shard", DRAWN),),
            body=json.dumps({"a": [{"note": OPENAI_KEY}], "session_token": DRAWN}).encode(),
        ),
        [
            ("request.url.query.auth_token", BY_NAME),
            ("request.url", "a named secret"),
            ("request.headers.x-shard", "a random value in an unknown header"),
            ("request.body.session_token", BY_NAME),
            ("request.body.a[0].note", OF_OPENAI),
        ],
    ),
    "a key of JSON": (
        unredacted(body=json.dumps({OPENAI_KEY: 1}).encode()),
        [("request.body", OF_OPENAI)],
    ),
    "a list under a name": (
        unredacted(body=json.dumps({"my_secrets": ["x", DRAWN], "my_keys": [1, 2]}).encode()),
        [("request.body.my_secrets[1]", BY_NAME)],
    ),
    "twice in a text": (
        unredacted(body=json.dumps({"a": f"{OPENAI_KEY} {OPENAI_KEY}"}).encode()),
        [("request.body.a", OF_OPENAI)],
    ),
    "what is sent back as it came": (
        unredacted(body=json.dumps({"signature": OPENAI_KEY}).encode()),
        [],
    ),
    "pieces of a stream": (
        unredacted(
            headers=SSE,
            body=events(
                {"index": 0, "text": f"a {OPENAI_KEY[:20]}", "signature": OPENAI_KEY[:20]},
                {"index": 0, "text": OPENAI_KEY[20:], "signature": OPENAI_KEY[20:]},
            ),
        ),
        [("request.body.events[*].0.text", OF_OPENAI)],
    ),
    "an event of a stream": (
        unredacted(headers=SSE, body=events({"text": "a"}, {"text": OPENAI_KEY})),
        [("request.body.events[1].text", OF_OPENAI)],
    ),
    "an event that is no JSON": (
        unredacted(headers=SSE, body=b"data: [DONE]\n\ndata: %b\n\n" % OPENAI_KEY.encode()),
        [("request.body.events[1]", OF_OPENAI)],
    ),
    "gzip": (
        unredacted(body=gzip.compress(json.dumps({"a": OPENAI_KEY}).encode())),
        [("request.body.a", OF_OPENAI)],
    ),
    "damaged gzip": (
        unredacted(body=gzip.compress(b"x")[:-3]),
        [("request.body", "a compressed body (gzip) that cannot be searched")],
    ),
    "an encoding": (
        unredacted(headers=(("content-encoding", " BR "),), body=b"abc"),
        [("request.body", "a compressed body (br) that cannot be searched")],
    ),
    "an encoding of nothing": (unredacted(headers=(("content-encoding", "br"),)), []),
    "no encoding": (
        unredacted(headers=(("content-encoding", "Identity"),), body=OPENAI_KEY.encode()),
        [("request.body", OF_OPENAI)],
    ),
    "bytes": (
        unredacted(body=b"\x00\x01\xff%b\x00\xff" % OPENAI_KEY.encode()),
        [("request.body", OF_OPENAI)],
    ),
    "a response": (
        unredacted(
            response=Response(
                status=200,
                reason=f"no {OPENAI_KEY}",
                headers=(("X-Auth-Token", DRAWN), ("x-shard", DRAWN), ("X-It", OPENAI_KEY)),
                body=OPENAI_KEY.encode(),
            )
        ),
        [
            ("response.reason", OF_OPENAI),
            ("response.headers.x-auth-token", "a named secret"),
            ("response.headers.x-auth-token", BY_NAME),
            ("response.headers.x-it", OF_OPENAI),
            ("response.body", OF_OPENAI),
        ],
    ),
}


@pytest.mark.parametrize("kind", FOUND)
def test_the_scan_says_where_it_found_what(kind: str) -> None:
    interaction, found = FOUND[kind]
    assert [(leak.place, leak.shape) for leak in find_leaks(interaction, RULES)] == found


def test_a_suspect_can_be_declared_harmless() -> None:
    rules = RedactionRules.from_config({"redact_keep": ["x-shard", "body:csrf_token"]}, {})
    interaction = unredacted(
        headers=(("X-Shard", "9f8a7c6b5d4e3f2a1b0c"),),
        body=b'{"csrf_token": "9f8a7c6b5d4e3f2a1b0c"}',
    )
    assert find_leaks(interaction, rules) == []


def test_a_piece_of_text_that_an_answer_speaks_of_is_not_suspected() -> None:
    said = {"text": 'See {"token": "hello", "type": "word"}, {&quot;token&quot;: &quot;be&quot;}'}
    answered = exchange(
        request(), Response(status=200, headers=JSON, body=json.dumps(said).encode())
    )
    assert find_leaks(redact(answered, RULES), RULES) == []


def test_ordinary_traffic_is_not_suspected() -> None:
    body = {
        "model": "gpt-4o-mini-2024-07-18",
        "messages": [{"role": "user", "content": "write api_key = 'YOUR_KEY' and token: abc"}],
        "next_page_token": "CAESBgiA8Jb5Aw12345678",
        "usage": {"prompt_tokens": 3},
        "id": "chatcmpl-AbCdEf1234567890abcdef",
    }
    headers = (
        *JSON,
        ("accept-encoding", "gzip, deflate, br, zstd"),
        ("anthropic-beta", "prompt-caching-2024-07-31,token-counting-2024-11-01"),
        ("authorization", f"Bearer {OPENAI_KEY}"),
        ("host", "my-resource-12345678.openai.azure.com"),
        ("x-made-by", "build-2024-2025-de"),
    )
    sent = request(headers=headers, body=json.dumps(body).encode())
    assert find_leaks(redact(exchange(sent), RULES), RULES) == []


def test_mail_addresses_are_a_warning() -> None:
    sent = request(headers=JSON, body=b'{"content": "write to jane.roe@company.io"}')
    redacted = redact(exchange(sent), RULES)
    assert b"jane.roe" in redacted.request.body
    assert find_leaks(redacted, RULES) == []
    assert [warning.place for warning in find_warnings(redacted, RULES)] == ["request.body"]
    fine = request(headers=JSON, body=b'{"content": "a@example.com b@mail.example.org i@2x.png"}')
    assert find_warnings(redact(exchange(fine), RULES), RULES) == []


def test_failure_text_is_redacted() -> None:
    text = (
        f"POST https://x.test/v1?key=canary1&n=1 Authorization: Bearer canary2\n"
        f"headers={{'api-key': 'canary3', 'n': '1'}} {OPENAI_KEY}\n"
        "OPENAI_API_KEY=canary4; api_key: canary5, cookie=canary6"
    )
    redacted = redact_text(text, RULES)
    for number in (1, 2, 3, 4, 5, 6):
        assert f"canary{number}" not in redacted
    assert OPENAI_KEY not in redacted
    assert "n=1" in redacted


@pytest.mark.parametrize(
    "text",
    [
        "api_key=None password: null OPENAI_API_KEY=REDACTED secret=",
        "?keys=1&tokens=2 key=3 the_key: 4",
        "('accept', '*/*') (b'content-type', b'x')",
    ],
)
def test_failure_text_without_secrets_stays(text: str) -> None:
    assert redact_text(text, RULES) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://h/?key=canary&a=1", "https://h/?key=REDACTED&a=1"),
        ("https://h/?a=1&project_id=canary", "https://h/?a=1&project_id=REDACTED"),
        ("Proxy-Authorization: Basic canary", "Proxy-Authorization: Basic REDACTED"),
        ("{'X-Api-Key': b'canary', 'n': 1}", "{'X-Api-Key': b'REDACTED', 'n': 1}"),
        ("(b'api-key', b'canary')", "(b'api-key', b'REDACTED')"),
        ("db_password = 'canary')", "db_password = 'REDACTED')"),
    ],
)
def test_failure_text_says_what_was_hidden(text: str, shown: str) -> None:
    assert redact_text(text, RULES) == shown
    assert redact_text(shown, RULES) == shown


def test_the_text_of_a_miss_shows_no_value_of_an_unknown_kind() -> None:
    drawn = "zQ3vB9xL1mK7pT5rW8yN2cD4"
    text = f"recorded {drawn}, sent call_AbCdEfGh12345678 {drawn}é <3 bytes, sha256 {'a1' * 32}>"
    assert redact_miss(text, RULES) == text.replace(drawn, "<24 random characters>")


# --- properties -----------------------------------------------------------------------------------

SECRETS = st.sampled_from([OPENAI_KEY, JWT, "AKIAIOSFODNN7EXAMPLE", "ghp_" + "a1B2" * 9])
TEXT = st.one_of(st.text(max_size=40), SECRETS, SECRETS.map(lambda key: f"x {key}\n\"y'\\"))
NAMES = st.one_of(st.text(max_size=10), st.sampled_from(["api_key", "password", "index", "bytes"]))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["content-type", "x-a", "Authorization", "location", "content-length"]),
        st.one_of(
            TEXT,
            st.sampled_from(
                [
                    "application/json",
                    "text/event-stream",
                    "application/x-www-form-urlencoded",
                    "application/vnd.amazon.eventstream",
                ]
            ),
        ),
    ),
    max_size=4,
).map(tuple)
BODIES = st.one_of(
    st.binary(max_size=200),
    VALUES.map(lambda value: json.dumps(value).encode()),
    st.lists(VALUES, max_size=3).map(
        lambda values: b"".join(b"data: %s\n\n" % json.dumps(value).encode() for value in values)
    ),
    TEXT.map(lambda text: text.encode("utf-8", "surrogatepass")),
    TEXT.map(lambda text: gzip.compress(text.encode("utf-8", "surrogatepass"), mtime=0)),
)
INTERACTIONS = st.builds(
    Interaction,
    request=st.builds(
        Request,
        method=st.just("POST"),
        url=TEXT.map(lambda text: f"https://x.test/{text}?key={text}&q={text}"),
        headers=HEADERS,
        body=BODIES,
    ),
    response=st.builds(Response, status=st.just(200), headers=HEADERS, body=BODIES),
)


@given(INTERACTIONS)
def test_redaction_is_idempotent(interaction: Interaction) -> None:
    once = redact(interaction, RULES)
    again = redact(Interaction(request=once.request, response=once.response), RULES)
    assert again == once


@given(INTERACTIONS)
def test_nothing_that_has_a_shape_is_left(interaction: Interaction) -> None:
    redacted = redact(interaction, RULES)
    assert [
        s for s in find_leaks(redacted, RULES) if not re.search("random|searched", s.shape)
    ] == []


@given(HEADERS, BODIES, BODIES)
def test_equal_requests_stay_equal(
    headers: tuple[tuple[str, str], ...], body: bytes, other: bytes
) -> None:
    live = request(headers=headers, body=body)
    assert redact_request(live, RULES) == redact_request(replace(live), RULES)
    if redact_request(live, RULES) == live:
        assert redact_request(request(headers=headers, body=other), RULES) != live or other == body


@given(st.text(max_size=200))
def test_failure_text_redaction_is_idempotent(text: str) -> None:
    once = redact_text(text, RULES)
    assert redact_text(once, RULES) == once


def test_only_this_module_makes_redacted_interactions() -> None:
    from pathlib import Path

    folder = Path(redact_module.__file__).parent
    makers = {p.name for p in folder.rglob("*.py") if "RedactedInteraction(" in p.read_text()}
    assert makers <= {"redact.py", "model.py"}


def test_the_name_of_a_forms_field_may_be_a_secret() -> None:
    assert response_of(b"sk-proj-0000000000000000AAA=") == b"REDACTED="


def test_the_quick_look_knows_every_name() -> None:
    assert all(RULES.may_find(f'"{name}": "x"') for name in SECRET_NAMES)


def test_headers_in_a_log_line_are_redacted() -> None:
    line = "headers=[(b'Set-Cookie', b'sid=canary'), ('x-request-id', \"canary\"), (b'a', b'1')]"
    redacted = redact_text(line, RULES)
    assert "canary" not in redacted
    assert "(b'a', b'1')" in redacted


def test_ordinary_traffic_is_seen_at_a_glance_to_hold_no_secret() -> None:
    """A shape that any full stop hints at would cost every body a search for all shapes."""
    rules = RedactionRules.from_config({}, {})
    for text in (
        "https://api.openai.com/v1/chat/completions",
        '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Be brief. What is 2 x 3?"}]}',
        '{"choices":[{"index":0,"message":{"role":"assistant","content":"42. It is 42."}}]}',
    ):
        assert not rules.may_find(text)
