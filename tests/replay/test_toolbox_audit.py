"""``pv cassettes audit``: what it finds, what it leaves in peace, and what it never prints."""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from personalvibe.cli import main

CANARY = "k7Qz9mWb3XvR8tLp2NcY5hFd"
"""Looks like what a provider draws."""
BEARER = f"Bearer sk-proj-{CANARY}"


def interaction(
    body: Any = '{"model": "gpt-4o-mini"}',
    answer: Any = '{"ok": true}',
    *,
    uri: str = "https://api.openai.com/v1/chat/completions",
    asked: dict[str, Any] | None = None,
    answered: dict[str, Any] | None = None,
    status: int = 200,
) -> dict[str, Any]:
    return {
        "request": {"method": "POST", "uri": uri, "headers": asked or {}, "body": body},
        "response": {
            "status": {"code": status, "message": "-"},
            "headers": answered or {"content-type": ["application/json"]},
            "body": {"string": answer},
        },
    }


def write(path: Path, *interactions: dict[str, Any]) -> Path:
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(yaml.safe_dump({"interactions": list(interactions), "version": 1}))
    return path


def audit(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, Any]:
    capsys.readouterr()
    code = main(["cassettes", "audit", "--json", "--level", "note", *map(str, arguments)])
    out = capsys.readouterr().out
    assert CANARY not in out
    return code, json.loads(out)


def rules(found: Any) -> list[str]:
    return [one["rule"] for one in found["findings"]]


def json_of(**fields: Any) -> str:
    return json.dumps(fields)


STREAM = "".join(
    f'data: {{"delta": "{half}"}}\n\n' for half in (f"AIza{CANARY}", "0123456789abcde")
)
SECRETS = {
    "a password of words": interaction(json_of(password="correct-horse-battery")),
    "a secret header of a server": interaction(
        json_of(tools=[{"server_url": "x", "headers": {"x-own": CANARY}}])
    ),
    "a key that a server echoes": interaction(answer=json_of(headers={"X-Api-Key": CANARY})),
    "a bearer token": interaction(asked={"Authorization": [BEARER]}),
    "a header in bytes": interaction(asked={"x-api-key": [CANARY.encode()]}),
    "a header of the answer": interaction(answered={"x-auth-token": [CANARY]}),
    "an unknown header": interaction(asked={"x-shard": [CANARY]}),
    "a parameter": interaction(uri=f"https://api.example.com/v1?key={CANARY}"),
    "a fragment": interaction(uri=f"https://api.example.com/v1?a=b#{BEARER[7:]}"),
    "a password in an address": interaction(uri=f"https://me:{CANARY}@api.example.com/v1"),
    "a field": interaction(json_of(nested=[{"client_secret": CANARY}])),
    "a shape in a prompt": interaction(json_of(messages=[{"content": f"use {BEARER[7:]}"}])),
    "JSON in a string": interaction(json_of(arguments=json_of(api_key=CANARY))),
    "a form": interaction(
        f"a=b&client_secret={CANARY}",
        asked={"content-type": ["application/x-www-form-urlencoded"]},
    ),
    "a part": interaction(
        f'--B\r\nContent-Disposition: form-data; name="api_key"\r\n\r\n{CANARY}\r\n--B--\r\n',
        asked={"content-type": ["multipart/form-data; boundary=B"]},
    ),
    "gzip": interaction(
        answer=gzip.compress(json_of(access_token=CANARY).encode()),
        answered={"content-encoding": ["gzip"]},
    ),
    "gzip that no header names": interaction(gzip.compress(json_of(password=CANARY).encode())),
    "bytes": interaction(b"\xff\xfe " + BEARER.encode() + b" \xff"),
    "bytes that look like UTF-16": interaction(b"\x00\xd8\x00\xd8 " + BEARER.encode()),
    "UTF-16": interaction(BEARER.encode("utf-16-le")),
    "base64": interaction(json_of(blob=base64.b64encode(BEARER.encode()).decode())),
    "a stream": interaction(answer=STREAM, answered={"content-type": ["text/event-stream"]}),
}


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_found_and_not_printed(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = audit(capsys, write(tmp_path / "c.yaml", interaction(), SECRETS[kind]))
    assert code == 1
    assert set(rules(found)) == {"secret"}
    assert {one["interaction"] for one in found["findings"]} == {2}
    assert {one["place"].split(".")[0] for one in found["findings"]} <= {"request", "response"}


def test_what_stands_for_a_secret_is_left_in_peace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dummies = (
        "REDACTED",
        "Bearer test-key",
        "<your key>",
        "sk-test",
        "dummy",
        "***",
        "Bearer XXXX",
    )
    kept = [interaction(asked={"authorization": [one]}) for one in dummies]
    kept.append(
        interaction(
            json_of(api_key="fake-api-key", max_tokens="12"), asked={"cookie": ["a=REDACTED"]}
        )
    )
    code, found = audit(capsys, write(tmp_path / "c.yaml", *kept))
    assert (code, found["findings"]) == (0, [])


POLICY = f"report-uri https://logs.metrics.io/v1?dd-api-key=pub{CANARY}"
HARMLESS = {
    "the version of an interface": interaction(asked={"stripe-version": ["2025-09-30.clover"]}),
    "words with test among them": interaction(
        asked={"authorization": ["Bearer test_aws_authorization"]}
    ),
    "words for a server's header": interaction(
        json_of(tools=[{"server_url": "x", "headers": {"x-own": "custom-header-value"}}])
    ),
    "headers that a server echoes": interaction(
        answer=json_of(
            headers={"User-Agent": "python-httpx/0.23.0", "X-Amzn-Trace-Id": "Root=1-62a"}
        )
    ),
    "a key that every page shows": interaction(json_of(api_key=f"phc_{CANARY}{CANARY}")),
    "what a page may load": interaction(answered={"content-security-policy": [POLICY]}),
}


@pytest.mark.parametrize("kind", HARMLESS)
def test_what_looks_like_a_secret_is_left_in_peace(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "c.yaml", HARMLESS[kind])
    capsys.readouterr()
    assert main(["cassettes", "audit", str(path)]) == 0, capsys.readouterr().out


OTHERS = {
    "cookie": interaction(answered={"set-cookie": [f"sid={CANARY}; Path=/"]}),
    "internal-host": interaction(uri="http://10.1.2.3:8000/v1"),
    "content-encoding": interaction(answered={"content-encoding": ["gzip"]}),
    "large-body": interaction(answer=json_of(text="a b " * 300_000)),
    "error-response": interaction(answer="{}", status=401),
    "personal-data": interaction(json_of(text="write to jane@doe-family.org")),
    "account": interaction(json_of(owned_by="org-k7Qz9mWb3XvR8tLp2NcY5hFd")),
}


def test_everything_else_that_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for rule, wrong in OTHERS.items():
        write(tmp_path / f"{rule}.yaml", wrong)
    _, found = audit(capsys, tmp_path)
    told = {Path(one["path"]).stem: one["rule"] for one in found["findings"]}
    assert told == {rule: rule for rule in OTHERS}
    assert len(found["findings"]) == len(OTHERS)


PERSONAL = {
    "4111 1111 1111 1111": "the number of a card",
    "5500-0000-0000-0004": "the number of a card",
    "DE89 3704 0044 0532 0130 00": "the number of a bank account",
    "GB82WEST12345698765432": "the number of a bank account",
}
NUMBERS_OF_OTHER_THINGS = (
    "4111 1111 1111 1112",
    "4111 1111-1111 1111",
    "4111111111111111",
    "DE89 3704 0044 0532 0130 01",
    "order 2024-4111 1111 1111 1111",
)


def test_numbers_of_persons_check_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    places = {}
    for number, text in enumerate((*PERSONAL, *NUMBERS_OF_OTHER_THINGS)):
        told_in = interaction(answer=json_of(text=f"it is {text}, says she"))
        places[str(write(tmp_path / f"{number}.yaml", told_in))] = text
    _, found = audit(capsys, tmp_path)
    told = [one for one in found["findings"] if one["rule"] == "personal-data"]
    assert [places[one["path"]] for one in told] == list(PERSONAL)
    assert all(PERSONAL[places[one["path"]]] in one["message"] for one in told)


def test_a_failure_that_was_made_good_is_no_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "c.yaml", interaction(status=429), interaction())
    assert audit(capsys, path) == (0, {**audit(capsys, path)[1], "findings": []})


def test_files_that_are_no_cassettes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = write(tmp_path / "good.yaml", interaction())
    (tmp_path / "good.yaml.gz").write_bytes(gzip.compress(good.read_bytes()))
    (tmp_path / "settings.yaml").write_text("a: 1\n")
    (tmp_path / "cut.yaml").write_text(f'interactions:\n- request: {{body: "{BEARER}')
    unsafe = "interactions: !!python/object/apply:os.system ['true']\n"
    (tmp_path / "unsafe.yaml").write_text(unsafe)
    comment = good.read_text().replace("version: 1", f"version: 1  # {BEARER}")
    (tmp_path / "comment.yaml").write_text(comment)
    code, found = audit(capsys, tmp_path)
    told = sorted((Path(one["path"]).name, one["rule"], one["line"]) for one in found["findings"])
    assert code == 1
    assert told == [
        ("comment.yaml", "secret", comment.count("\n")),
        ("cut.yaml", "secret", 2),
        ("cut.yaml", "unreadable", 2),
        ("good.yaml", "duplicate", None),
        ("good.yaml.gz", "duplicate", None),
        ("unsafe.yaml", "unsafe-yaml", 1),
    ]
    [skipped] = found["skipped"]
    assert skipped["path"] == str(tmp_path / "settings.yaml")


def test_recordings_of_other_protocols_are_searched_as_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    socket = {"kind": "message", "direction": "sent", "data": {"type": "session.update"}}
    call = {"request_sample": {"json": {}, "raw": b"a"}, "response_sample": {"json": {}}}
    documents = {
        "socket": {"interactions": [socket], "version": 1},
        "call": {"interactions": [call], "version": 1},
        "cassetter": {"interactions": [], "ws_interactions": [{"messages": []}]},
    }
    for name, document in documents.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(document))
    code, found = audit(capsys, tmp_path)
    assert {(Path(one["path"]).stem, one["rule"], one["level"]) for one in found["findings"]} == {
        (name, "other-protocol", "note") for name in documents
    }
    (tmp_path / "socket.yaml").write_text(
        yaml.safe_dump({"interactions": [{**socket, "data": f"token {BEARER}"}]})
    )
    code, found = audit(capsys, tmp_path / "socket.yaml")
    assert (code, rules(found)) == (1, ["other-protocol", "secret"])


def test_a_baseline_accepts_what_it_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "tapes/c.yaml", interaction(asked={"x-api-key": [CANARY]}))
    baseline, sarif = tmp_path / "accepted.json", tmp_path / "out.sarif"
    arguments = (path, "--baseline", baseline)
    assert main(["cassettes", "audit", *map(str, arguments), "--write-baseline"]) == 0
    assert CANARY not in baseline.read_text()
    code, found = audit(capsys, *arguments)
    assert (code, found["accepted"], found["findings"]) == (0, 1, [])

    write(path, interaction(), interaction(asked={"x-api-key": [CANARY]}))
    assert audit(capsys, *arguments)[0] == 0  # it moved
    write(path, interaction(asked={"x-api-key": [CANARY[::-1]]}))
    code, found = audit(capsys, *arguments, "--sarif", sarif)
    assert (code, rules(found), found["stale"]) == (1, ["secret"], 1)
    [run] = json.loads(sarif.read_text())["runs"]
    [result] = run["results"]
    assert result["ruleId"] in [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert CANARY[::-1] not in sarif.read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.yaml", "--baseline", "nowhere.json"], "nowhere.json: there is no such file"),
        ([".", "--write-baseline"], "--write-baseline needs --baseline FILE"),
        (["."], "no cassette there"),
        ([".", "--redact", "what:ever"], "redact has an entry"),
    ],
)
def test_wrong_usage_is_one_line(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["cassettes", "audit", *arguments]) == 2
    error, hint = capsys.readouterr().err.splitlines()
    assert said in error
    assert hint.startswith("hint: ")


@pytest.mark.process
def test_the_module_is_the_command(tmp_path: Path) -> None:
    path = write(tmp_path / "c.yaml", interaction(asked={"authorization": [BEARER]}))
    done = subprocess.run(
        [sys.executable, "-m", "personalvibe.replay", "audit", str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        f"{path}:6: error: secret: a value under the name authorization "
        "at request.headers.authorization (interaction 1)",
        "hint: secret: Revoke it, then run pv cassettes scrub, or record the cassette again.",
    ]
    assert done.stderr == "1 cassettes, 1 interactions: 1 findings\n"
