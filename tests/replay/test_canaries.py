"""Canaries in every place where a secret travels; none may be found afterwards, anywhere.

The tree, the logs, the JUnit report and everything that pytest printed are searched for the bytes
of each canary, and the cassettes also for what their base64 and their gzip hold.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from personalvibe.replay.cassette import file as cassette

from .loopback import Answer, Handler, served

# By place; a shape where the name of the place says nothing. None is in the searched tree: the
# inner run reads them from a file beside it.
CANARIES = {
    "authorization": "Bearer canary-header-4f1a",
    "api key header": "canary-apikey-88d2",
    "cookie": "sid=canary-cookie-17bb",
    "shape in a header": "sk-proj-canaryHdr8aF3kQ9xZ2mW7bN5cV1",
    "query": "canary-query-90aa",
    "nested JSON": "canary-nested-61c0",
    "own JSON field": "canary-own-field-3e7d",
    "prompt": "sk-ant-api03-canaryPrompt7Gk2Lm9Qx4Rt8",
    "tool arguments": "canary-arguments-5512",
    "form field": "canary-form-7d21",
    "multipart field": "canary-part-2b2b",
    "gzip request": "canary-gzip-request-0c9e",
    "binary request": "sk-proj-canaryBin1qA2wS3eD4rF5tG6yH7u",
    "environment": "canary-environment-d00d",
    "response header": "canary-response-header-ab12",
    "response cookie": "canary-set-cookie-cd34",
    "response body": "canary-response-body-ef56",
    "response token": "eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOiJyZXNwb25zZSJ9.canaryResponseTokenSig",
    "gzip response": "canary-gzip-response-7788",
    "binary response": "AIzaSyCanaryBinaryResponse0123456789abc",
    "stream": "sk-proj-canaryStream9zX8cV7bN6mQ5wE4rT3",
    "streamed arguments": "canary-streamed-arguments-99",
    "signed address": "canary-signature-4242",
    "miss": "sk-proj-canaryMiss5tR4eW3qA2sD1fG9hJ8k",
}


class _Handler(Handler):
    def answer(self, sent: bytes) -> Answer:
        kind, body, extra = self.parts()
        headers = {
            "Content-Type": kind,
            "Set-Cookie": f"sid={CANARIES['response cookie']}; HttpOnly",
            "x-request-id": CANARIES["response header"],
            "x-upstream": f"k={CANARIES['shape in a header']}",
            **extra,
        }
        return Answer(headers=headers.items(), body=body)

    def parts(self) -> tuple[str, bytes, dict[str, str]]:
        match self.path.partition("?")[0]:
            case "/stream":
                secret = CANARIES["stream"]
                pieces = ["Key: ", secret[:9], secret[9:22], secret[22:], " done"]
                events: list[Any] = [
                    {"choices": [{"index": 0, "delta": {"content": p}}]} for p in pieces
                ]
                value = CANARIES["streamed arguments"]
                for piece in ('{"pass', f'word": "{value[:8]}', f'{value[8:]}"}}'):
                    events.append({"index": 1, "delta": {"partial_json": piece}})
                lines = [f"data: {json.dumps(event)}\n\n" for event in events]
                return "text/event-stream", "".join(lines).encode(), {}
            case "/gzip":
                body = gzip.compress(json.dumps({"password": CANARIES["gzip response"]}).encode())
                return "application/json", body, {"content-encoding": "gzip"}
            case "/binary":
                body = b"\x00\xff\xfe " + CANARIES["binary response"].encode() + b" \x80"
                return "application/octet-stream", body, {}
        answer = {
            "client": {"refresh_token": CANARIES["response body"]},
            "text": f"token {CANARIES['response token']} and {CANARIES['environment']}",
            "url": f"https://s3.test/x?X-Amz-Signature={CANARIES['signed address']}&n=1",
        }
        return "application/json", json.dumps(answer).encode(), {}


@pytest.fixture
def url() -> Iterator[str]:
    with served(_Handler) as address:
        yield address


SUITE = """
import gzip, json, logging, os
import httpx, pytest

with open(os.environ["CANARY_FILE"]) as file:
    C = json.load(file)
URL = {url!r}

@pytest.fixture(scope="module")
def vcr_config():
    return {{"redact": ["body:house_key"]}}

@pytest.mark.vcr
def test_everywhere():
    logging.getLogger("app").info("asking")
    with httpx.Client(base_url=URL, headers={{
        "Authorization": C["authorization"], "x-api-key": C["api key header"],
        "Cookie": C["cookie"], "x-upstream": "k=" + C["shape in a header"],
    }}) as client:
        query = {{"key": C["query"]}}
        body = {{
            "a": [{{"api_key": C["nested JSON"], "house_key": C["own JSON field"]}}],
            "content": "use\\n" + C["prompt"] + "\\nor " + os.environ["APP_SECRET"],
            "arguments": json.dumps({{"password": C["tool arguments"]}}),
        }}
        assert client.post("/json", params=query, json=body).json()["client"]
        client.post("/form", data={{"client_secret": C["form field"], "a": "b"}})
        client.post("/part", data={{"api_key": C["multipart field"]}}, files={{"f": b"x"}})
        packed = gzip.compress(json.dumps({{"password": C["gzip request"]}}).encode(), mtime=0)
        client.post("/gzip", content=packed, headers={{
            "content-encoding": "gzip", "content-type": "application/json"}})
        client.post("/binary", content=b"\\x00\\xff " + C["binary request"].encode() + b" \\x01")
        with client.stream("POST", "/stream", json={{"stream": True}}) as answer:
            assert "done" in "".join(answer.iter_text())

@pytest.mark.vcr("test_everywhere.yaml")
def test_miss():
    if not os.environ.get("MISSING"):
        pytest.skip("only on replay")
    httpx.post(URL + "/json?token=" + C["query"], json={{
        "content": C["miss"], "api_key": C["nested JSON"],
    }}, headers={{"api-key": C["api key header"]}})

@pytest.mark.vcr("test_everywhere.yaml")
def test_swallowed_miss():
    if not os.environ.get("MISSING"):
        pytest.skip("only on replay")
    try:
        httpx.post(URL + "/x", headers={{"Authorization": C["authorization"]}}, content=C["miss"])
    except BaseException:
        pass

def test_network():
    if not os.environ.get("MISSING"):
        pytest.skip("only on replay")
    httpx.post("http://llm.invalid:9/?key=" + C["query"], headers={{"api-key": C["miss"]}})
"""


def search(where: str, content: bytes) -> list[str]:
    return [
        f"{place} in {where}" for place, canary in CANARIES.items() if canary.encode() in content
    ]


def search_tree(folder: Path) -> list[str]:
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            found += search(str(path), path.read_bytes())
            if path.parent.parent.name == "cassettes":
                for one in cassette.load(path):
                    for body in (one.request.body, one.response.body):
                        found += search(f"a body of {path}", body)
                        if body[:2] == b"\x1f\x8b":
                            found += search(f"a gzip body of {path}", gzip.decompress(body))
    return found


def test_no_canary_is_ever_found(
    pytester: pytest.Pytester,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "canaries.json"
    outside.write_text(json.dumps(CANARIES))
    monkeypatch.setenv("CANARY_FILE", str(outside))
    monkeypatch.setenv("APP_SECRET", CANARIES["environment"])
    import httpx  # noqa: F401 - once for all inner runs

    pytester.makepyfile(test_it=SUITE.format(url=url))
    logs = ("--junitxml=report.xml", "--log-file=log.txt", "--log-level=DEBUG", "-rA", "-vv")

    recorded = pytester.runpytest_inprocess("--record-mode=rewrite", *logs)
    recorded.assert_outcomes(passed=1, skipped=3)
    path = pytester.path / "cassettes" / "test_it" / "test_everywhere.yaml"
    assert len(cassette.load(path)) == 6
    assert search("the output", str(recorded.stdout).encode() + str(recorded.stderr).encode()) == []
    assert search_tree(pytester.path) == []
    text = path.read_text()
    assert text.count("REDACTED") >= 15

    replayed = pytester.runpytest_inprocess(*logs)
    replayed.assert_outcomes(passed=1, skipped=3)

    monkeypatch.setenv("MISSING", "1")
    missed = pytester.runpytest_inprocess("--record-mode=none", *logs)
    missed.assert_outcomes(passed=1, failed=3)
    assert search("the output", str(missed.stdout).encode() + str(missed.stderr).encode()) == []
    assert search_tree(pytester.path) == []


UNKNOWN = """
import httpx, pytest

@pytest.mark.vcr
def test_unknown():
    httpx.post({url!r}, headers={{"x-house": open({secret!r}).read()}})
"""


def test_a_suspect_refuses_the_write_and_is_not_named(
    pytester: pytest.Pytester, url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = "f81d4fae7dec11d0a76500a0c91e6bf6"
    outside = tmp_path_factory.mktemp("outside") / "secret"
    outside.write_text(secret)
    pytester.makepyfile(test_it=UNKNOWN.format(url=url, secret=str(outside)))
    done = pytester.runpytest_inprocess("--record-mode=rewrite", "-p", "no:cacheprovider")
    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(["*request.headers.x-house*"])
    assert secret not in str(done.stdout)
    assert not (pytester.path / "cassettes").exists()


MAIL = """
import httpx, pytest

@pytest.mark.vcr
def test_mail():
    httpx.post({url!r}, json={{"content": "write to jane.roe@company.io"}})
"""


def test_an_e_mail_address_is_written_and_pointed_at(pytester: pytest.Pytester, url: str) -> None:
    pytester.makepyfile(test_it=MAIL.format(url=url))
    done = pytester.runpytest_inprocess("--record-mode=rewrite", "-p", "no:cacheprovider")
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(
        ["look at: test_mail.yaml: interaction 1 has an e-mail address at request.body"]
    )


NAMED = """
import httpx, pytest

KEY = open({secret!r}).read()

@pytest.mark.vcr
@pytest.mark.parametrize("key", [KEY])
def test_parameter(key):
    httpx.post({url!r} + "/stream", json={{}})

@pytest.mark.vcr
@pytest.mark.default_cassette("of " + KEY)
def test_named():
    httpx.post({url!r} + "/stream", json={{}})
"""


def test_a_key_never_becomes_a_file_name(
    pytester: pytest.Pytester, url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = CANARIES["prompt"]
    outside = tmp_path_factory.mktemp("outside") / "secret"
    outside.write_text(secret)
    pytester.makepyfile(test_it=NAMED.format(url=url, secret=str(outside)))
    for mode in ("once", "none"):
        done = pytester.runpytest_inprocess(f"--record-mode={mode}", "-p", "no:cacheprovider")
        done.assert_outcomes(passed=2)
    names = {path.name for path in (pytester.path / "cassettes" / "test_it").iterdir()}
    assert names == {"test_parameter[REDACTED].yaml", "of REDACTED.yaml"}
    assert search_tree(pytester.path / "cassettes") == []


THEN = """
import httpx, pytest

KEY = open({secret!r}).read()

@pytest.mark.vcr
def test_then():
    try:
        httpx.post({url!r}, json={{"ticket": "{unknown}"}}, headers={{"api-key": KEY}})
    except BaseException as error:
        pass
    raise AssertionError("said " + KEY)
"""


def test_a_failure_after_a_miss_and_its_locals_are_redacted(
    pytester: pytest.Pytester, url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret, unknown = CANARIES["prompt"], "9f8a7c6b5d4e3f2a1b0c"
    outside = tmp_path_factory.mktemp("outside") / "secret"
    outside.write_text(secret)
    program = THEN.format(url=url, secret=str(outside), unknown=unknown)
    pytester.makepyfile(test_it=program.replace(unknown, unknown[::-1]))
    pytester.runpytest_inprocess("--record-mode=once", "-p", "no:cacheprovider")
    pytester.makepyfile(test_it=program)
    done = pytester.runpytest_inprocess("--showlocals", "-p", "no:cacheprovider")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["Then the test failed:*"])
    shown = done.stdout.str().replace(str(outside), "")
    assert secret not in shown
    assert "KEY" in shown
