"""`use_cassette` with every HTTP client, recorded from the stand-in, played without it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import aiohttp
import boto3
import httpx
import pytest
import requests
import urllib3

from personalvibe.replay import CassetteError, CassetteMiss, StandIn, use_cassette
from personalvibe.replay.offline.guard import NetworkDisabled

URL = "https://api.openai.com/v1/chat/completions"
KEY = {"authorization": "Bearer sk-test"}


def chat(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}], **more}


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


def with_httpx() -> list[bytes]:
    with httpx.Client(headers=KEY) as client:
        whole = client.post(URL, json=chat("whole")).content
        with client.stream("POST", URL, json=chat("stream", stream=True)) as response:
            return [whole, *response.iter_raw()]


def with_async_httpx() -> list[bytes]:
    async def main() -> list[bytes]:
        async with httpx.AsyncClient(headers=KEY) as client:
            whole = (await client.post(URL, json=chat("whole"))).content
            async with client.stream("POST", URL, json=chat("s", stream=True)) as response:
                return [whole, *[piece async for piece in response.aiter_raw()]]

    return asyncio.run(main())


def with_aiohttp() -> list[bytes]:
    async def main() -> list[bytes]:
        async with aiohttp.ClientSession(headers=KEY) as session:
            async with session.post(URL, json=chat("whole")) as response:
                whole = await response.read()
            async with session.post(URL, json=chat("s", stream=True)) as response:
                return [whole, *[piece async for piece in response.content.iter_any()]]

    return asyncio.run(main())


def with_an_aiohttp_form() -> list[bytes]:
    async def main() -> list[bytes]:
        form = aiohttp.FormData({"model": "whisper-1"})
        form.add_field("file", b"RIFF" + bytes(5000), filename="a.wav")
        url = URL.replace("chat/completions", "audio/transcriptions")
        session = aiohttp.ClientSession(headers=KEY)
        async with session, session.post(url, data=form) as response:
            return [await response.read()]

    return asyncio.run(main())


def with_requests() -> list[bytes]:
    whole = requests.post(URL, json=chat("whole"), headers=KEY, timeout=5).content
    streamed = requests.post(URL, json=chat("s", stream=True), headers=KEY, stream=True, timeout=5)
    return [whole, *[piece for piece in streamed.iter_content(None) if piece]]


def with_urllib3() -> list[bytes]:
    pool = urllib3.PoolManager(headers={**KEY, "content-type": "application/json"})
    whole = pool.request("POST", URL, body=json.dumps(chat("whole"))).data
    streamed = pool.request(
        "POST", URL, body=json.dumps(chat("s", stream=True)), preload_content=False
    )
    return [whole, *[piece for piece in streamed.stream() if piece]]


def with_urllib() -> list[bytes]:
    request = urllib.request.Request(
        URL, json.dumps(chat("whole")).encode(), {**KEY, "content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=5) as response:
        return [response.read()]


CLIENTS: dict[str, Callable[[], list[bytes]]] = {
    "httpx": with_httpx,
    "async httpx": with_async_httpx,
    "aiohttp": with_aiohttp,
    "requests": with_requests,
    "urllib3": with_urllib3,
    "urllib": with_urllib,
}


def test_an_aiohttp_form_replays(tmp_path: Path, stand_in: StandIn) -> None:
    with use_cassette(tmp_path / "a.yaml", "once", stand_in=stand_in):
        recorded = with_an_aiohttp_form()
    with use_cassette(tmp_path / "a.yaml"):
        assert json.loads(with_an_aiohttp_form()[0]) == json.loads(recorded[0])


@pytest.mark.parametrize("client", CLIENTS)
def test_every_client_records_and_replays(tmp_path: Path, stand_in: StandIn, client: str) -> None:
    path = tmp_path / "a.yaml"
    with use_cassette(path, "rewrite", stand_in=stand_in):
        recorded = CLIENTS[client]()
    text = path.read_text()
    assert f"url: {URL}" in text
    assert "recorded_from: stand-in" in text
    assert "sk-test" not in text
    with use_cassette(path) as session:
        played = CLIENTS[client]()
    assert not session.unplayed

    def said(pieces: list[bytes]) -> str:
        return str(json.loads(pieces[0])["choices"][0]["message"]["content"])

    assert said(played) == said(recorded)
    events = played[1:]
    assert all(event.endswith(b"\n\n") and event.count(b"\n\n") == 1 for event in events)
    assert len(events) == (0 if client == "urllib" else b"".join(recorded[1:]).count(b"\n\n"))
    with use_cassette(path, "rewrite", stand_in=stand_in):
        CLIENTS[client]()
    assert path.read_text() == text


def test_botocore(tmp_path: Path, server: Any) -> None:
    def ask() -> str:
        client = boto3.client(
            "bedrock-runtime",
            region_name="us-east-1",
            endpoint_url=server.url,
            aws_access_key_id="AKIAAAAAAAAAAAAAAAAA",
            aws_secret_access_key="not-a-secret",
        )
        reply = client.invoke_model(modelId="m", body=json.dumps({"prompt": "hello"}))
        return str(json.loads(reply["body"].read())["body"])

    path = tmp_path / "a.yaml"
    with use_cassette(path, "once"):
        recorded = ask()
    with use_cassette(path):
        assert ask() == recorded
    assert len(server.asked) == 1
    assert "AKIA" not in path.read_text()


def test_what_could_not_be_read_is_not_written(tmp_path: Path, stand_in: StandIn) -> None:
    path = tmp_path / "a.yaml"
    with (
        pytest.raises(CassetteError, match="900 are allowed"),
        use_cassette(path, "once", stand_in=stand_in, max_cassette_bytes=900),
    ):
        httpx.post(URL, json=chat("hi"), headers=KEY)
    assert not path.exists()


def test_proxies_do_not_stand_between_client_and_stand_in(
    tmp_path: Path, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "internal.example.com")
    monkeypatch.delenv("no_proxy", raising=False)
    with use_cassette(tmp_path / "a.yaml", "once", stand_in=stand_in):
        assert httpx.post(URL, json=chat("hi"), headers=KEY).json()["choices"]
    assert os.environ["NO_PROXY"] == "internal.example.com"
    assert "no_proxy" not in os.environ


def test_concurrent_requests_get_their_own_answers(tmp_path: Path, stand_in: StandIn) -> None:
    async def ask(client: httpx.AsyncClient, number: int) -> str:
        answer = (await client.post(URL, json=chat(f"number {number}"), headers=KEY)).json()
        return str(answer["choices"][0]["message"]["content"])

    async def main(numbers: list[int]) -> list[str]:
        async with httpx.AsyncClient() as client:
            return await asyncio.gather(*(ask(client, number) for number in numbers))

    numbers = list(range(20))
    with use_cassette(tmp_path / "a.yaml", "once", stand_in=stand_in):
        recorded = asyncio.run(main(numbers))
    with use_cassette(tmp_path / "a.yaml"):
        assert asyncio.run(main(numbers[::-1])) == recorded[::-1]


def test_identical_requests_are_answered_in_recorded_order(tmp_path: Path, server: Any) -> None:
    def ask() -> int:
        return int(httpx.get(f"{server.url}/count").json()["n"])

    with use_cassette(tmp_path / "a.yaml", "once"):
        recorded = [ask(), ask(), ask()]
    with use_cassette(tmp_path / "a.yaml"):
        assert [ask(), ask(), ask()] == recorded == [1, 2, 3]
    with pytest.raises(CassetteMiss, match="every recording of it was already played"):
        ask_four_times(tmp_path / "a.yaml", ask)


def ask_four_times(path: Path, ask: Callable[[], int]) -> None:
    with use_cassette(path):
        for _ in range(4):
            ask()


def test_recorded_through_a_gateway_and_replayed_against_the_provider(
    tmp_path: Path, server: Any
) -> None:
    path = tmp_path / "a.yaml"
    with use_cassette(path, "once"):
        recorded = httpx.post(f"{server.url}/v1/embeddings", json=chat("hi")).json()
    aliases = {server.url: "https://api.openai.com"}
    with use_cassette(path, "none", host_aliases=aliases):
        reply = httpx.post("https://api.openai.com/v1/embeddings", json=chat("hi"))
    assert reply.json() == recorded


def test_a_miss_that_was_caught_is_raised_at_the_end(tmp_path: Path) -> None:
    def program() -> None:
        with use_cassette(tmp_path / "a.yaml"), contextlib.suppress(BaseException):
            httpx.get("http://127.0.0.1/")

    with pytest.raises(CassetteMiss, match="does not exist"):
        program()


def test_a_misspelt_setting_is_an_error(tmp_path: Path) -> None:
    with (
        pytest.raises(CassetteError, match="did you mean 'redact'"),
        use_cassette(tmp_path / "c.yaml", redacts=["x-team"]),
    ):
        pass


def test_the_network_is_closed_while_playing(tmp_path: Path) -> None:
    with use_cassette(tmp_path / "a.yaml"), pytest.raises(NetworkDisabled, match=r"192\.0\.2\.1"):
        socket.create_connection(("192.0.2.1", 80))


def test_an_exception_or_an_error_response_records_nothing(tmp_path: Path, server: Any) -> None:
    path = tmp_path / "a.yaml"
    with contextlib.suppress(KeyError), use_cassette(path, "once"):
        httpx.get(server.url)
        raise KeyError
    with pytest.raises(CassetteError, match="answered with 401"), use_cassette(path, "once"):
        httpx.get(f"{server.url}/status/401")
    assert not path.exists()
    with use_cassette(path, "once", allow_errors=[401]):
        httpx.get(f"{server.url}/status/401")
    assert path.exists()


def test_decorating_functions_of_both_kinds(tmp_path: Path, server: Any) -> None:
    def ask() -> int:
        return httpx.get(f"{server.url}/count").status_code

    async def ask_later() -> int:
        async with httpx.AsyncClient() as client:
            return (await client.get(f"{server.url}/count")).status_code

    async def ask_in_block() -> int:
        async with use_cassette(tmp_path / "a.yaml", "once"):
            return await ask_later()

    decorated = use_cassette(tmp_path / "a.yaml", "once")
    assert decorated(ask)() == 200
    assert asyncio.run(decorated(ask_later)()) == 200
    assert asyncio.run(ask_in_block()) == 200
    assert len(server.asked) == 1


def test_tasks_with_a_cassette_each(tmp_path: Path, server: Any) -> None:
    async def ask(name: str) -> str:
        async with use_cassette(tmp_path / f"{name}.yaml", "once"), httpx.AsyncClient() as client:
            return str((await client.get(f"{server.url}/{name}")).json()["path"])

    async def main() -> list[str]:
        return list(await asyncio.gather(ask("a"), ask("b"), ask("c")))

    assert asyncio.run(main()) == ["/a", "/b", "/c"]
    for name in "abc":
        assert (tmp_path / f"{name}.yaml").read_text().count("request:") == 1
    assert asyncio.run(main()) == ["/a", "/b", "/c"]
    assert len(server.asked) == 3


def test_threads_use_the_cassette_of_the_program(tmp_path: Path, server: Any) -> None:
    def ask() -> None:
        threads = [
            threading.Thread(target=httpx.get, args=(f"{server.url}/{n}",)) for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    with use_cassette(tmp_path / "a.yaml", "once"):
        ask()
    with use_cassette(tmp_path / "a.yaml") as session:
        ask()
    assert not session.unplayed
    assert len(server.asked) == 8


@pytest.mark.parametrize("library", ["requests", "urllib3", "urllib", "httpx"])
def test_threads_lose_no_request(tmp_path: Path, server: Any, library: str) -> None:
    ask = {
        "requests": lambda url: requests.get(url).content,
        "urllib3": lambda url: urllib3.PoolManager().request("GET", url).data,
        "urllib": lambda url: urllib.request.urlopen(url).read(),
        "httpx": lambda url: httpx.get(url).content,
    }[library]
    together = threading.Barrier(16)

    def one(number: int) -> str:
        together.wait()
        return str(json.loads(ask(f"{server.url}/{number}"))["path"])

    for mode in ("rewrite", "none"):
        with (
            use_cassette(tmp_path / "c.yaml", record_mode=mode),
            ThreadPoolExecutor(16) as pool,
        ):
            assert list(pool.map(one, range(16))) == [f"/{number}" for number in range(16)]
    assert len(server.asked) == 16


def test_nobody_waits_after_a_recorded_error(tmp_path: Path, server: Any) -> None:
    path = tmp_path / "a.yaml"
    retries = urllib3.Retry(2, status_forcelist=[429], backoff_factor=10, raise_on_status=False)

    def ask() -> int:
        with requests.Session() as session:
            session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retries))
            return session.get(f"{server.url}/status/429", timeout=5).status_code

    def recorded() -> int:
        return requests.get(f"{server.url}/status/429", timeout=5).status_code

    with use_cassette(path, "once", allow_errors=True):
        assert [recorded(), recorded(), recorded()] == [429, 429, 429]
    own_sleep = time.sleep
    slept: list[float] = []

    def noted(seconds: float) -> None:
        slept.append(seconds)
        own_sleep(0)

    time.sleep = noted  # type: ignore[assignment]  # the real clock, seen from below the harness
    try:
        with use_cassette(path):
            assert ask() == 429
            time.sleep(7)
    finally:
        time.sleep = own_sleep
    # The client asked for 30 seconds each time; the program for 7.
    assert [seconds for seconds in slept if seconds] == [7]


def test_a_full_disk_leaves_the_old_cassette(tmp_path: Path, server: Any) -> None:
    import resource

    path = tmp_path / "a.yaml"
    with use_cassette(path, "once"):
        httpx.get(f"{server.url}/a")
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, limits[1]))
    try:
        refused = pytest.raises(CassetteError, match="nothing was recorded")
        with refused, use_cassette(path, "rewrite"):
            httpx.get(f"{server.url}/b")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["a.yaml"]


def test_plain_vcrpy_cassettes_can_be_written(tmp_path: Path, server: Any) -> None:
    path = tmp_path / "a.yaml"
    with use_cassette(path, "once", format="vcrpy"):
        httpx.post(server.url, json={"prompt": "hello"}, headers=KEY)
    import vcr

    with vcr.use_cassette(path, record_mode="none", match_on=["method", "uri", "body"]):
        assert httpx.post(server.url, json={"prompt": "hello"}).status_code == 200
    with use_cassette(path):
        assert httpx.post(server.url, json={"prompt": "hello"}).status_code == 200
    assert "sk-test" not in path.read_text()


def test_a_binary_upload_is_bounded_and_still_matches(tmp_path: Path, stand_in: StandIn) -> None:
    url = "https://api.openai.com/v1/audio/transcriptions"

    def ask(sound: bytes) -> int:
        files = {"file": ("a.wav", sound, "audio/wav")}
        return httpx.post(url, data={"model": "whisper-1"}, files=files, headers=KEY).status_code

    path = tmp_path / "a.yaml"
    sound = b"RIFF" + bytes(range(256)) * 1000
    with use_cassette(path, "once", stand_in=stand_in):
        assert ask(sound) == 200
    assert path.stat().st_size < 8_000
    with use_cassette(path):
        assert ask(sound) == 200
    with pytest.raises(CassetteMiss, match=r"file\.content"), use_cassette(path):
        ask(sound + b"more")


async def read_in_parts(url: str) -> list[object]:
    found: list[object] = []
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as response:
            found += [await response.content.readexactly(4), await response.read()]
        async with session.get(url) as response:
            found += [await response.content.readexactly(4), await response.content.read()]
        async with session.get(url) as response:
            found += [await response.text(), await response.read(), await response.text()]
    return found


def test_aiohttp_reads_a_part_and_then_the_rest(tmp_path: Path, server) -> None:
    server.answers["/text"] = lambda rest, sent: b"hello world"
    url = f"{server.url}/text"
    live = asyncio.run(read_in_parts(url))
    for mode in ("once", "none"):
        with use_cassette(tmp_path / "it.yaml", record_mode=mode):
            assert asyncio.run(read_in_parts(url)) == live
