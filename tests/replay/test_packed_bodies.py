"""Bodies as they travel: packed in any encoding, and in the pieces of a stream."""

from __future__ import annotations

import gzip
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import httpx
import pytest
import yaml
import zstandard

from personalvibe.replay import CassetteError, use_cassette
from personalvibe.replay.cassette import bodies
from personalvibe.replay.cassette import file as cassette

PLAIN = json.dumps({"say": "Grüße", "numbers": list(range(300))}).encode()
LIMIT = 100_000
"""Bytes that all bodies may unpack to, with `FILE` for the file itself."""


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


def in_pieces(pack: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """One after the other, as servers do that flush."""
    return lambda body: pack(body[:100]) + pack(body[100:])


PACK: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "capitals and spaces": (" GZip ", gzip.compress),
    "gzip in pieces": ("gzip", in_pieces(gzip.compress)),
    "deflate": ("deflate", zlib.compress),
    "deflate without its frame": ("deflate", raw_deflate),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstandard.compress),
    "zstd in pieces": ("zstd", in_pieces(zstandard.compress)),
    "first br, then gzip": ("br, gzip", lambda body: gzip.compress(brotli.compress(body))),
    "first gzip, then deflate": ("gzip,deflate", lambda body: zlib.compress(gzip.compress(body))),
}


def written(path: Path, *answers: tuple[dict[str, str], bytes]) -> Path:
    """vcrpy's cassette of these answers."""
    items: list[dict[str, Any]] = [
        {
            "request": {"method": "GET", "uri": f"http://h/{number}", "body": None, "headers": {}},
            "response": {
                "status": {"code": 200, "message": "OK"},
                "headers": {name: [value] for name, value in headers.items()},
                "body": {"string": body},
            },
        }
        for number, (headers, body) in enumerate(answers)
    ]
    path.write_text(yaml.safe_dump({"interactions": items, "version": 1}))
    return path


def encoded(encoding: str, body: bytes) -> tuple[dict[str, str], bytes]:
    return {"x": "1", "Content-Encoding": encoding, "Content-Length": str(len(body))}, body


@pytest.mark.parametrize("kind", PACK)
def test_a_packed_body_is_read_and_nothing_speaks_of_its_packing(kind: str, tmp_path: Path) -> None:
    encoding, pack = PACK[kind]
    (one,) = cassette.load(written(tmp_path / "it.yaml", encoded(encoding, pack(PLAIN))))
    assert one.response.body == PLAIN
    assert one.response.headers == (("x", "1"),)


@pytest.mark.parametrize("kind", PACK)
def test_what_is_not_packed_as_its_header_says_is_left(kind: str, tmp_path: Path) -> None:
    encoding, pack = PACK[kind]
    damaged = pack(PLAIN)[:-9]
    path = written(tmp_path / "it.yaml", encoded(encoding, PLAIN), encoded(encoding, damaged))
    plain, cut = cassette.load(path)
    assert plain.response.body == PLAIN
    assert cut.response.body == damaged
    assert plain.response.headers == cut.response.headers == (("x", "1"),)


def test_an_unknown_packing_stays_with_its_header(tmp_path: Path) -> None:
    answers = [encoded("compress", b"\x1f\x9dx"), encoded("identity", b"text"), encoded("br", b"")]
    kept, plain, empty = cassette.load(written(tmp_path / "it.yaml", *answers))
    assert (dict(kept.response.headers), kept.response.body) == answers[0]
    assert (dict(plain.response.headers), plain.response.body) == (
        {"x": "1", "Content-Length": "4"},
        b"text",
    )
    assert (empty.response.headers, empty.response.body) == ((("x", "1"),), b"")


@pytest.mark.parametrize("kind", PACK)
def test_the_bytes_of_all_bodies_together_are_counted(kind: str, tmp_path: Path) -> None:
    encoding, pack = PACK[kind]
    times = len(encoding.split(","))  # what is unpacked on the way counts
    size = LIMIT * cassette.UNPACKED // 2
    body = bytes(size)
    spent = size if times == 1 else size + len(pack(body))
    answers = [encoded(encoding, pack(body))] * 2
    path = written(tmp_path / "it.yaml", *answers)
    least = -(-2 * spent // cassette.UNPACKED)
    found = cassette.load(path, max_bytes=least + 100)
    assert [one.response.body for one in found] == [body, body]
    with pytest.raises(CassetteError, match=r"interaction 2: .*larger than allowed"):
        cassette.load(path, max_bytes=least - 100)


def test_a_budget_can_be_spent_to_its_last_byte() -> None:
    budget = bodies.Budget(10)
    budget.spend(4)
    budget.spend(6)
    with pytest.raises(bodies.OverBudgetError):
        budget.spend(1)


def frame(head: bytes, payload: bytes) -> bytes:
    prelude = struct.pack("!II", len(head) + len(payload) + 16, len(head))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + head + payload
    return message + struct.pack("!I", zlib.crc32(message))


FRAMES = [frame(b"", b""), frame(b"h" * 300, b"one"), frame(b"", b"two")]
STREAMS: dict[str, tuple[str, list[bytes]]] = {
    "events": (
        "text/event-stream; charset=utf-8",
        [b"data: 1\n\n", b"data: 2\r\n\r\n", b": x\r\r", b"data: the rest"],
    ),
    "ndjson": ("application/x-ndjson", [b'{"a": 1}\n', b'{"b": 2}\r\n', b'{"c": 3}']),
    "jsonl": ("Application/JSONL", [b'{"a": 1}\n', b'{"b": 2}\n']),
    "json lines": ("application/x-jsonlines", [b"1\n", b"2"]),
    "a vendor's lines": ("application/vnd.x+ndjson", [b"1\n", b"2"]),
    "frames": ("application/vnd.amazon.eventstream", FRAMES),
    "frames, cut off": ("application/vnd.amazon.eventstream", [*FRAMES, FRAMES[1][:-1]]),
    "frames, damaged": (
        "application/vnd.amazon.eventstream",
        [FRAMES[0], b"\x00\x00\x00\x0f" + bytes(30)],
    ),
    "text": ("text/plain", [b"data: 1\n\ndata: 2\n\n"]),
    "nothing": ("text/event-stream", []),
}


@pytest.mark.parametrize("kind", STREAMS)
def test_a_stream_is_served_in_the_pieces_that_were_sent(kind: str, tmp_path: Path) -> None:
    media, pieces = STREAMS[kind]
    path = written(tmp_path / "it.yaml", ({"content-type": media}, b"".join(pieces)))
    with use_cassette(path), httpx.stream("GET", "http://h/0") as answer:
        assert list(answer.iter_raw()) == pieces
