"""Programs that change what they were given before they send it back are answered in replay."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import random
import re
import string
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from personalvibe.replay import use_cassette
from personalvibe.replay.matching.placeholders import stabilise
from personalvibe.replay.model import CassetteError, Interaction, Request, Response

from .test_recording_replays import drawn

KINDS: dict[str, Callable[[], str]] = {
    "of an assistant": lambda: drawn("asst_", 24),
    "of a completion": lambda: drawn("chatcmpl-", 29),
    "hexadecimal": lambda: f"file-a1b{''.join(random.choices('0123456789abcdef', k=21))}",
    "a UUID": lambda: str(uuid.UUID(int=random.getrandbits(128), version=4)),
    "without a prefix": lambda: f"aB1{''.join(random.choices(string.ascii_letters, k=25))}",
}
CHANGES: dict[str, Callable[[str], object]] = {
    "its beginning": lambda given: given[:12],
    "its end": lambda given: given[-7:],
    "its middle": lambda given: given[9:18].replace("-", ""),
    "without its prefix": lambda given: re.split("[-_]", given, maxsplit=1)[-1],
    "in capitals": str.upper,
    "without separators": lambda given: re.sub("[-_]", "", given),
    "quoted": lambda given: quote(f"a/{given}?", safe=""),
    "quoted twice": lambda given: quote(quote(f"a/{given}?", safe="")),
    "in base64": lambda given: base64.b64encode(given.encode()).decode(),
    "a cursor": lambda given: base64.urlsafe_b64encode(
        json.dumps({"after": given, "n": 20}).encode()
    ).decode(),
    "a digest": lambda given: hashlib.sha256(given.encode()).hexdigest(),
    "a short digest": lambda given: hashlib.md5(given.encode(), usedforsecurity=False).hexdigest()[
        :10
    ],
    "a digest in base64": lambda given: base64.b64encode(
        hashlib.sha1(given.encode(), usedforsecurity=False).digest()
    ).decode(),
    "a key": lambda given: {given[:14]: 1},
}


def record_and_replay(path: Path, program: Callable[[], None], **settings: Any) -> None:
    for mode in ("once", "none"):
        with use_cassette(path, record_mode=mode, **settings):
            program()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_id_that_comes_back_changed(
    change: Callable[[str], object], tmp_path: Path, server: Any
) -> None:
    server.answers["/echo"] = lambda rest, sent: sent
    kinds = [kind for kind in KINDS.values() if change(example := kind()) != example]
    for number, kind in enumerate(kinds):
        server.answers["/new"] = lambda rest, sent, kind=kind: {"id": kind()}

        def program() -> None:
            for _ in range(2):
                sent = {"q": change(httpx.post(f"{server.url}/new").json()["id"])}
                assert httpx.post(f"{server.url}/echo", json=sent).json() == sent

        record_and_replay(tmp_path / f"{number}.yaml", program)


def test_a_path_of_a_part(tmp_path: Path, server: Any) -> None:
    server.answers["/new"] = lambda rest, sent: {"id": drawn("job-", 24)}
    server.answers["/logs/"] = lambda rest, sent: {"lines": [rest]}

    def program() -> None:
        part = httpx.post(f"{server.url}/new").json()["id"][4:12]
        assert httpx.get(f"{server.url}/logs/{part}").json() == {"lines": [part]}

    record_and_replay(tmp_path / "it.yaml", program)


def test_chance_likenesses_keep_no_id(tmp_path: Path, server: Any) -> None:
    prompt = "The assistant filed chatcmpl reports; run_reports in thread_pools, file by file."
    server.answers["/new"] = lambda rest, sent: {"id": drawn(sent, 30)}
    server.answers["/echo"] = lambda rest, sent: sent

    def program() -> None:
        for prefix in ("chatcmpl-", "asst_", "run_", "thread_", "file-"):
            httpx.post(f"{server.url}/new", json=prefix)
            httpx.post(f"{server.url}/echo", json={"prompt": prompt})

    record_and_replay(tmp_path / "it.yaml", program)
    assert (tmp_path / "it.yaml").read_text().count("replay-") == 5


NOW = datetime.datetime.fromtimestamp(1_796_050_961.25, datetime.UTC)
TIMES: dict[str, object] = {
    "created": int(NOW.timestamp()),
    "created_at": NOW.timestamp(),
    "updated_at": NOW.isoformat(),
    "createTime": NOW.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    "total_duration": 1_234_567_890,
}
WAYS: dict[str, Callable[[httpx.Client, Any], object]] = {
    "a parameter": lambda client, time: client.get("/list", params={"since": time}),
    "a field": lambda client, time: client.post("/echo", json={"since": time}),
    "a text": lambda client, time: client.post("/echo", json={"q": f"since {time}, please"}),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_time_that_comes_back(
    way: Callable[[httpx.Client, Any], object], tmp_path: Path, server: Any
) -> None:
    for path in ("/list", "/echo"):
        server.answers[path] = lambda rest, sent: {}
    server.answers["/new"] = lambda rest, sent: TIMES
    server.headers["/new"] = [("last-modified", "Mon, 30 Nov 2026 15:04:11 GMT")]
    with httpx.Client(base_url=server.url) as client:

        def program() -> None:
            reply = client.post("/new")
            for time in (*reply.json().values(), reply.headers["last-modified"]):
                way(client, time)
            way(client, int(reply.json()["created_at"]))

        record_and_replay(tmp_path / "it.yaml", program)


def exchange(sent: object, given: object, **headers: str) -> Interaction:
    kind = ("content-type", "application/json")
    return Interaction(
        request=Request(
            method="POST",
            url="https://x.test/",
            headers=(kind, *headers.items()),
            body=json.dumps(sent).encode(),
        ),
        response=Response(
            status=200,
            headers=(kind, ("date", "Mon, 30 Nov 2026 15:04:11 GMT")),
            body=json.dumps(given).encode(),
        ),
    )


def test_all_times_of_a_second_are_kept_at_once() -> None:
    """Each that is found is a reason to begin again; a long list must not be gone through as often
    as it is long."""
    times = [{"created_at": 1_796_050_961 + number / 128} for number in range(100)]
    exchanges = [exchange({}, times), exchange({"since": 1_796_050_961}, {})]
    keys: list[Request] = []

    def key(request: Request) -> str:
        keys.append(request)
        return request.method

    kept = stabilise(exchanges, key).interactions[0].response.body
    assert json.loads(kept) == times
    assert len(keys) <= 3 * len(exchanges)


def test_the_time_of_a_request_is_no_trace_of_the_answer_before() -> None:
    """Clients sign with the time of now, which is often that of the answer before."""
    now = {"x-ms-date": "Mon, 30 Nov 2026 15:04:11 GMT"}
    stable = stabilise([exchange({}, {}), exchange({"n": 1}, {}, **now)], lambda one: one.method)
    dates = {dict(one.response.headers)["date"] for one in stable.interactions}
    assert dates == {"Wed, 01 Jan 2025 00:00:00 GMT"}


def test_a_word_that_a_hidden_header_has_too_refuses_nothing(tmp_path: Path, server: Any) -> None:
    server.answers["/new"] = lambda rest, sent: {}
    server.answers["/echo"] = lambda rest, sent: sent
    server.headers["/new"] = [("openai-organization", "acme-corporation")]

    def program() -> None:
        httpx.post(f"{server.url}/new")
        httpx.post(f"{server.url}/echo", json={"customer": "acme-corporation"})

    record_and_replay(tmp_path / "it.yaml", program)


def test_a_hidden_header_that_comes_back_refuses_the_recording(tmp_path: Path, server: Any) -> None:
    path = tmp_path / "it.yaml"
    server.answers["/new"] = lambda rest, sent: {}
    server.answers["/echo"] = lambda rest, sent: sent
    server.headers["/new"] = [("x-request-id", drawn("req_", 24))]

    def program() -> None:
        sent = {"parent": httpx.post(f"{server.url}/new").headers["x-request-id"]}
        assert httpx.post(f"{server.url}/echo", json=sent).json() == sent

    with pytest.raises(CassetteError, match="would not be answered in replay") as refusal:
        record_and_replay(path, program)
    assert not path.exists()
    [keep] = re.findall(r"redact_keep=(\[.*?\])", str(refusal.value))
    record_and_replay(path, program, redact_keep=json.loads(keep))
