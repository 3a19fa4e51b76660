"""``pv cassettes scrub``: what the audit finds is gone, and the recording still plays."""

from __future__ import annotations

import gzip
import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from personalvibe.cli import main
from personalvibe.replay.cassette import file as cassette

CANARY = "k7Qz9mWb3XvR8tLp2NcY5hFd"
PROMPT = f"My key is sk-proj-{CANARY}, keep it."


def exchange(body: Any, answer: Any, **headers: Any) -> dict[str, Any]:
    return {
        "request": {
            "method": "POST",
            "uri": f"https://api.openai.com/v1/chat/completions?key={CANARY}",
            "headers": {"x-api-key": [CANARY], "x-shard": [CANARY[::-1]], "accept": ["*/*"]},
            "body": body,
        },
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {
                "content-type": ["application/json"],
                "x-request-id": ["req-1"],
                "set-cookie": [f"sid={CANARY}; Path=/"],
                **headers,
            },
            "body": {"string": answer},
        },
    }


ASKED = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": PROMPT}]})
ANSWER = json.dumps({"choices": [], "nested": {"access_token": CANARY}, "text": "Grüße"})
PACKED = gzip.compress(ANSWER.encode())
EXCHANGES = [
    exchange(ASKED, ANSWER, **{"content-length": [str(len(ANSWER.encode()))]}),
    exchange(ASKED, PACKED, **{"content-encoding": ["gzip"], "content-length": ["9"]}),
]


def pydantic(one: dict[str, Any]) -> dict[str, Any]:
    request = {**one["request"], "parsed_body": json.loads(ASKED)}
    del request["body"]
    response = {**one["response"], "parsed_body": json.loads(ANSWER)}
    del response["body"]
    return {"request": request, "response": response}


def cassetter(one: dict[str, Any]) -> dict[str, Any]:
    body = {"type": "json", "content": json.loads(ASKED)}
    answer = {"type": "binary", "content": ANSWER.encode().hex()}
    return {
        "request": {**one["request"], "body": body},
        "response": {**one["response"], "body": answer},
    }


def pairs(one: dict[str, Any]) -> dict[str, Any]:
    """Headers as pairs."""
    return {
        name: {**side, "headers": [[key, value[0]] for key, value in side["headers"].items()]}
        for name, side in one.items()
    }


def dumped(document: Any) -> bytes:
    return yaml.safe_dump(document, allow_unicode=True, encoding="utf-8")


def listed(*exchanges: dict[str, Any]) -> dict[str, Any]:
    return {"interactions": list(exchanges), "version": 1}


FILES = {
    "vcrpy.yaml": dumped(listed(*EXCHANGES)),
    "vcrpy.json": json.dumps(listed(EXCHANGES[0])).encode(),
    "packed.yaml.gz": gzip.compress(dumped(listed(*EXCHANGES))),
    "pydantic.yaml": dumped(listed(pydantic(EXCHANGES[0]))),
    "cassetter.yaml": dumped(listed(cassetter(EXCHANGES[0]))),
    "pairs.yaml": dumped(listed(pairs(EXCHANGES[0]))),
    "langchain.yaml": dumped(
        {side: [one[side[:-1]] for one in EXCHANGES] for side in ("requests", "responses")}
    ),
    "ddapm.json": json.dumps(
        {
            "request": {**EXCHANGES[0]["request"], "url": "https://x.test/v1"},
            "response": {"status": {"code": 200}, "headers": {}, "body": ANSWER},
        }
    ).encode(),
    "comment.yaml": dumped(listed(exchange("{}", "{}"))) + f"# sk-proj-{CANARY}\n".encode(),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_what_was_found_is_gone_and_the_rest_is_there(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {name: cassette.load(folder / name) for name in FILES}
    (folder / "vcrpy.yaml").chmod(0o640)
    assert main(["cassettes", "scrub", str(folder), "--dry-run"]) == 1
    assert {name: (folder / name).read_bytes() for name in FILES} == FILES
    assert main(["cassettes", "scrub", str(folder)]) == 0
    captured = capsys.readouterr()
    assert CANARY not in captured.out + captured.err
    assert "redact=['header:x-shard']" in captured.err
    for name, old in before.items():
        content = (folder / name).read_bytes()
        assert (content[:2] == b"\x1f\x8b") == name.endswith(".gz")
        assert cassette.document_of(content, folder).value.keys() == (
            cassette.document_of(FILES[name], folder).value.keys()
        ), name
        for was, now in zip(old, cassette.load(folder / name), strict=True):
            text = repr(now)
            assert CANARY not in text, name
            assert CANARY[::-1] not in text, name
            assert now.request.method == was.request.method
            assert dict(now.request.headers)["accept"] == "*/*"
            assert now.response.headers == () or ("x-request-id", "req-1") in now.response.headers
            sized = [size for key, size in now.response.headers if key == "content-length"]
            assert sized in ([], [str(len(now.response.body))])
            if b"nested" in was.response.body:
                told = json.loads(now.response.body)
                assert (told["nested"]["access_token"], told["text"]) == ("REDACTED", "Grüße")
    assert stat.S_IMODE((folder / "vcrpy.yaml").stat().st_mode) == 0o640
    assert main(["cassettes", "audit", str(folder)]) == 0
    after = {name: (folder / name).read_bytes() for name in FILES}
    assert main(["cassettes", "scrub", str(folder)]) == 0
    assert {name: (folder / name).read_bytes() for name in FILES} == after


SUITE = f"""
import httpx, pytest

@pytest.fixture(scope="module")
def vcr_config():
    return {{"redact": ["header:x-shard"]}}

@pytest.mark.vcr("scrubbed.yaml")
def test_ask():
    answer = httpx.post(
        "https://api.openai.com/v1/chat/completions?key=another", content={ASKED!r}.encode(),
    )
    assert answer.json()["text"] == "Grüße"
    assert answer.headers["x-request-id"] == "req-1"
"""
WITH_VCRPY = """
import httpx, sys, vcr
with vcr.use_cassette(sys.argv[1], record_mode="none", match_on=["method", "host", "path"]):
    for _ in range(2):
        answer = httpx.post("https://api.openai.com/v1/chat/completions", content="{}")
        print(answer.json()["nested"])
"""


@pytest.mark.process
def test_it_still_plays_here_and_with_vcrpy(folder: Path, pytester: pytest.Pytester) -> None:
    path = folder / "vcrpy.yaml"
    assert main(["cassettes", "scrub", str(path)]) == 0
    pytester.makepyfile(SUITE)
    home = pytester.path / "cassettes" / "test_it_still_plays_here_and_with_vcrpy"
    home.mkdir(parents=True)
    (home / "scrubbed.yaml").write_bytes(path.read_bytes())
    run = pytester.runpytest_inprocess("--record-mode=none", "-p", "no:recording")
    run.assert_outcomes(passed=1)
    done = subprocess.run(
        [sys.executable, "-c", WITH_VCRPY, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "{'access_token': 'REDACTED'}\n" * 2


def test_a_cassette_of_this_harness_changes_where_the_secret_was(tmp_path: Path) -> None:
    recording = Path(__file__).resolve().parents[2] / "cassettes/test_providers/test_responses.yaml"
    before = recording.read_text()
    path = tmp_path / "native.yaml"
    path.write_text(before.replace("of the stand-in.", f"of sk-proj-{CANARY}."))
    assert main(["cassettes", "scrub", str(path)]) == 0
    assert path.read_text() == before.replace("of the stand-in.", "of REDACTED.")


def test_the_host_of_an_account_is_not_touched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clean = exchange("{}", "{}")
    clean["request"] |= {"uri": "https://unit.openai.azure.com/v1", "headers": {}}
    del clean["response"]["headers"]["set-cookie"]
    path = tmp_path / "azure.yaml"
    path.write_bytes(dumped(listed(clean)))
    before = path.read_bytes()
    assert main(["cassettes", "scrub", str(path)]) == 0
    assert "0 findings redacted" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_what_cannot_be_written_stays(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "vcrpy.yaml").write_bytes(b"interactions: [")
    unreadable = folder / "pairs.yaml"
    unreadable.chmod(0o400)
    assert main(["cassettes", "scrub", str(folder)]) == 3
    error = capsys.readouterr().err
    assert f"{folder / 'vcrpy.yaml'}:1: not valid YAML" in error
    assert f"{unreadable}: " in error
    assert unreadable.read_bytes() == FILES["pairs.yaml"]
    assert main(["cassettes", "scrub", str(folder / "no.yaml")]) == 2


def test_what_no_yaml_holds_is_told_with_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "it.yaml"
    path.write_text(
        "interactions:\n"
        "- request: {method: GET, uri: 'http://h/?api_key=Zx81kQmT0aWvB2nL', more: !numbers '1'}\n"
        "  response: {status: {code: 200, message: OK}}\n"
    )
    before = path.read_bytes()
    assert main(["cassettes", "scrub", str(path)]) != 0
    assert f"{path}: it cannot be written: " in capsys.readouterr().err
    assert path.read_bytes() == before
