"""``pv cassettes convert`` of a large cassette, against reading it.

    pytest tests/benchmarks/test_conversion.py -s

A conversion reads, redacts, looks for secrets, writes, and reads again what it wrote. Bars: times
the CPU time of reading, and the file's size in memory at the peak, on Linux.
"""

from __future__ import annotations

import base64
import functools
import itertools
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from personalvibe.replay.cassette import file as cassette
from personalvibe.replay.redaction.redact import RedactionRules
from personalvibe.replay.toolbox.convert import Format, convert
from tests.benchmarks.public_cassettes import memory
from tests.benchmarks.timing import seconds

DRAW = random.Random(14)
ROUNDS = 7
TIMES, IN_MEMORY = 5.5, 5.2


def embeddings() -> str:
    vectors = [[DRAW.uniform(-1, 1) for _ in range(1536)] for _ in range(60)]
    return json.dumps({"data": [{"embedding": vector} for vector in vectors]})


def an_image() -> str:
    return json.dumps({"b64_json": base64.b64encode(DRAW.randbytes(1_500_000)).decode()})


def a_photograph() -> bytes:
    return DRAW.randbytes(1_500_000)


@pytest.mark.parametrize("body", [embeddings, an_image, a_photograph])
def test_a_large_cassette(tmp_path: Path, body: Callable[[], str | bytes]) -> None:
    headers = {"content-type": ["application/json"]}
    request = {"method": "POST", "uri": "https://x.test/v1", "body": "{}", "headers": headers}
    status = {"code": 200, "message": "OK"}
    response = {"status": status, "headers": headers, "body": {"string": body()}}
    document = {"version": 1, "interactions": [{"request": request, "response": response}]}
    path = tmp_path / "it.yaml"
    path.write_text(yaml.dump(document, Dumper=yaml.CSafeDumper))

    rules = RedactionRules.from_config({}, {})
    numbers = itertools.count()
    reading = converting = float("inf")
    for _ in range(ROUNDS):  # in turn, because a shared machine is slow for a while
        reading = min(reading, seconds(lambda: cassette.load(path), 1))
        folder = tmp_path / str(next(numbers))
        work = functools.partial(convert, path, Format.NATIVE, rules, folder)
        converting = min(converting, seconds(work, 1))
    ratio = converting / reading
    print(f"\n{path.stat().st_size:,} bytes: conversion {ratio:.1f} times the reading, bar {TIMES}")
    assert ratio <= TIMES
    if sys.platform == "linux":
        peak = memory(path, tmp_path)
        print(f"{peak:.1f} times the file in memory, bar {IN_MEMORY}")
        assert peak <= IN_MEMORY
