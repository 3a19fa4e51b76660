"""The record modes on LiteLLM calls, as real pytest runs against the stand-in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

TALKING = """
import os

import pytest

from personalvibe import llm_router

pytestmark = pytest.mark.vcr
os.environ.update(OPENAI_API_KEY="sk-x", ANTHROPIC_API_KEY="x")
MODELS = ["openai/gpt-4o-mini", "anthropic/claude-haiku-4-5"]


@pytest.mark.parametrize("model", MODELS)
def test_words(model):
    for text in os.environ["TEXTS"].split():
        asked = [{"role": "user", "content": text}]
        assert llm_router.chat_completion(model, asked).choices[0].message.content
"""
GROWING = """
import os
import pathlib

import pytest


def run(texts, mode, *options):
    os.environ["TEXTS"] = texts
    ended = pytest.main(["-q", "-p", "no:cacheprovider", f"--record-mode={mode}", *options])
    files = pathlib.Path("cassettes").rglob("*.yaml")
    return int(ended), {path.name: path.read_bytes() for path in files}


ended, recorded = run("one", "once", "--stand-in")
assert (ended, len(recorded)) == (0, 2)
assert run("one two", "none") == (1, recorded)
ended, grown = run("one two", "new_episodes", "--stand-in")
assert ended == 0 and all(len(grown[name]) > len(recorded[name]) for name in recorded)
assert run("one two", "rewrite", "--stand-in") == (0, grown)
print("every mode")
"""


PROXIED = """
import asyncio
import json
import urllib.request

import aiohttp
import httpx
import pytest
import requests

pytestmark = pytest.mark.vcr
URL = "https://api.openai.com/v1/chat/completions"
ASKED = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}
HEADERS = {"authorization": "Bearer x", "content-type": "application/json"}
EARLY = httpx.Client()


def test_httpx():
    assert EARLY.post(URL, json=ASKED, headers=HEADERS).json()["choices"]
    assert httpx.post(URL, json={**ASKED, "seed": 1}, headers=HEADERS).json()["choices"]


def test_requests():
    assert requests.post(URL, json=ASKED, headers=HEADERS).json()["choices"]


def test_urllib():
    request = urllib.request.Request(URL, json.dumps(ASKED).encode(), HEADERS)
    assert json.load(urllib.request.urlopen(request))["choices"]


def test_aiohttp():
    async def ask():
        async with aiohttp.ClientSession(trust_env=True) as session:
            async with session.post(URL, json=ASKED, headers=HEADERS) as response:
                return await response.json()

    assert asyncio.run(ask())["choices"]
"""


@pytest.mark.process
def test_proxies_of_the_environment_do_not_stand_in_the_way(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(test_proxied=PROXIED)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    run(pytester, "rewrite", "--stand-in").assert_outcomes(passed=4)
    recorded = cassettes(pytester)
    run(pytester, "none").assert_outcomes(passed=4)
    assert cassettes(pytester) == recorded


def run(pytester: pytest.Pytester, mode: str, *options: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess(f"--record-mode={mode}", *options, timeout=120)


def cassettes(pytester: pytest.Pytester) -> dict[str, bytes]:
    folder = Path(pytester.path) / "cassettes"
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*.yaml"))}


@pytest.mark.process
def test_litellm_calls_in_every_mode(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_talk=TALKING)
    done = pytester.run(sys.executable, pytester.makepyfile(growing=GROWING), timeout=120)
    assert done.ret == 0
    done.stdout.fnmatch_lines(["*messages*content*one*two*", "every mode"])
    done.stdout.fnmatch_lines(["2 failed*"])


EVERY_MODE = """
import pathlib
import sys

import pytest


def cassettes():
    return {path.name: path.read_bytes() for path in pathlib.Path("cassettes").rglob("*.yaml")}


def run(*options):
    common = ["-q", "-p", "no:cacheprovider", "tests/replay/test_providers.py"]
    assert pytest.main([*common, *options]) == 0
    return cassettes()


recorded = run("--record-mode=once", "--stand-in")
for mode in ("all", "rewrite", "new_episodes"):
    # All are recorded again by one mode alone: it takes seconds.
    less = () if mode == "rewrite" else ("-k", "chat or embedding")
    again = run(f"--record-mode={mode}", "--stand-in", *less)
    assert again == recorded, [name for name in again if again[name] != recorded.get(name)]
print("cassettes:", len(recorded))
assert run("--record-mode=none") == recorded
"""


@pytest.mark.process
def test_the_repositorys_own_suite_in_every_mode(pytester: pytest.Pytester) -> None:
    """All providers of test_providers.py, in one process. What they send again changes no byte.

    LiteLLM's aiohttp sessions, which nobody closes, complained after pytest's closing line.
    """
    suite = Path(__file__).with_name("test_providers.py")
    pytester.mkdir("tests")
    (pytester.mkdir("tests/replay") / suite.name).write_text(suite.read_text())
    script = pytester.makepyfile(every_mode=EVERY_MODE)
    done = pytester.run(sys.executable, script, timeout=300)
    assert done.ret == 0
    assert int(str(done.stdout).rpartition("cassettes: ")[2].split()[0]) > 40
    assert " passed" in done.outlines[-1]
    assert not done.errlines
