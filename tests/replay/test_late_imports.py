"""HTTP clients that are imported after the cassette was opened, or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

SUITE = """
import asyncio
import sys

import httpx
import pytest

pytestmark = pytest.mark.vcr
URL = "https://api.openai.com/v1/chat/completions"
ASKED = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}
HEADERS = {"authorization": "Bearer x"}


def test_nobody_imports_what_is_not_used():
    assert httpx.post(URL, json=ASKED, headers=HEADERS).json()["choices"]
    assert not {"aiohttp", "requests"} & set(sys.modules)


def test_an_import_inside_of_the_cassette():
    import aiohttp
    import requests

    async def ask():
        async with aiohttp.ClientSession(headers=HEADERS) as session:
            async with session.post(URL, json=ASKED) as response:
                return await response.json()

    assert asyncio.run(ask())["choices"]
    assert requests.post(URL, json=ASKED, headers=HEADERS).json()["choices"]


def test_the_next_cassette():
    test_an_import_inside_of_the_cassette()

"""


def run(folder: Path, *options: str) -> str:
    plain = ("-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:xdist")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plain, *options],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_clients_that_are_imported_late_are_recorded_and_replayed(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(SUITE)
    assert "recorded: 5 interactions" in run(tmp_path, "--record-mode=once", "--stand-in")
    assert "replayed: 3 tests, 5 interactions" in run(tmp_path)
