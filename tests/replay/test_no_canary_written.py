"""Hundreds of secrets, each in a place of its own, go through recordings: none is written.

What was recorded replays, and no request that misses is described with what the file would hide.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from personalvibe.replay import CassetteMiss, use_cassette
from personalvibe.replay.cassette import file as cassette
from personalvibe.replay.model import CassetteError

from .canaries import canaries
from .loopback import Answer, Handler, served

CANARIES = list(canaries())
AT_LEAST = 227
# A miss is compared with every recording, so in small cassettes all of them cost little.
PARTS = 12


class _Handler(Handler):
    """``/7/...`` is answered as the canary of that number says."""

    def answer(self, sent: bytes) -> Answer:
        answer = CANARIES[int(self.path.split("/")[1])].answer
        return Answer(headers=answer.headers.items(), body=answer.body)


@pytest.fixture
def url() -> Iterator[str]:
    with served(_Handler) as address:
        yield address


def ask(client: httpx.Client, number: int, more: str = "") -> int:
    canary = CANARIES[number]
    return client.post(
        f"/{number}/{more}{canary.path}",
        headers=dict(canary.sent.headers),
        content=canary.sent.body,
    ).status_code


_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{20,}={0,2}")


def unpacked(content: bytes, depth: int = 3) -> Iterator[bytes]:
    """What a curious reader finds: as it is, in UTF-16, in base64, in gzip, and in each other."""
    yield content
    yield content.replace(b"\0", b"")
    if not depth:
        return
    inner = [_decoded(run) for run in _BASE64.findall(content)]
    inner += [_decoded(run) for run in _BASE64.findall(content.replace(b"\n", b""))]
    if content[:2] == b"\x1f\x8b":
        inner.append(gzip.decompress(content))
    for one in inner:
        yield from unpacked(one, depth - 1)


def _decoded(run: bytes) -> bytes:
    text = run.rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
    try:
        return base64.b64decode(text[: len(text) - (len(text) % 4 == 1)] + b"=" * (-len(text) % 4))
    except (binascii.Error, zlib.error):
        return b""


def found_in(contents: Iterator[bytes]) -> set[str]:
    everything = b"\n".join(inner for content in contents for inner in unpacked(content))
    return {one.kind for one in CANARIES if one.secret.encode() in everything}


def written(path: Path) -> Iterator[bytes]:
    yield path.read_bytes()
    for one in cassette.load(path):
        yield from (one.request.body, one.response.body)


def test_every_canary_is_another_and_can_be_found() -> None:
    assert len({one.secret for one in CANARIES}) == len(CANARIES) > AT_LEAST
    sent = (body for one in CANARIES for body in (one.sent.body, one.answer.body))
    in_bodies = [one.kind for one in CANARIES if "header" not in one.kind and "pa" not in one.kind]
    assert len(found_in(sent)) > len(in_bodies) / 2


@pytest.mark.parametrize("part", range(PARTS))
def test_none_of_them_is_written_and_all_of_them_replay(
    part: int, tmp_path: Path, url: str
) -> None:
    path = tmp_path / "canaries.yaml"
    numbers = range(part, len(CANARIES), PARTS)
    with httpx.Client(base_url=url) as client:
        for mode in ("once", "none"):
            with use_cassette(path, record_mode=mode):
                statuses = {ask(client, number) for number in numbers}
            assert statuses == {200}
        assert found_in(written(path)) == set()

        said = []
        with pytest.raises(CassetteMiss), use_cassette(path):  # noqa: PT012 - the end raises it too
            for number in numbers:
                with pytest.raises(CassetteMiss) as miss:
                    ask(client, number, "elsewhere/")
                said.append(str(miss.value).encode())
        assert found_in(iter(said)) == set()


SECRET = CANARIES[0].secret
UNKNOWN: dict[str, dict[str, Any]] = {
    "a field": {"json": {"house_session_key": SECRET}},
    "a field in a list": {"json": {"items": [{"House-Session.Key": SECRET}]}},
    "a header": {"headers": {"X-House": SECRET}},
    "a parameter": {"params": {"house_session_key": SECRET}},
}


@pytest.mark.parametrize("place", UNKNOWN)
def test_what_may_be_a_secret_refuses_the_write_and_the_settings_it_names_help(
    place: str, tmp_path: Path, url: str
) -> None:
    path = tmp_path / "refused.yaml"

    def record(**settings: Any) -> None:
        with use_cassette(path, record_mode="once", **settings):
            httpx.post(f"{url}/0/", **UNKNOWN[place])

    with pytest.raises(CassetteError, match="nothing was recorded") as refusal:
        record()
    assert SECRET not in str(refusal.value)
    assert not path.exists()
    settings = re.findall(r"(redact|redact_keep)=(\[.*?\])", str(refusal.value))
    for (name, value), is_written in zip(settings, (False, True), strict=True):
        record(**{name: json.loads(value)})
        assert (SECRET in path.read_text()) == is_written
        path.unlink()
