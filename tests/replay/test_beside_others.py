"""xdist, pytest-asyncio, pytest-randomly and pytest-timeout in one run: pip install '.[beside]'"""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.process

for package in ("pytest_asyncio", "pytest_randomly", "pytest_timeout", "xdist"):
    pytest.importorskip(package)

PLAIN = ("-p", "no:hypothesispytest", "-p", "no:cacheprovider", "-p", "no:recording")
MANY = ("-n", "2", "--timeout=60", "-p", "randomly")

SUITE = """
import asyncio, socket, threading
import aiohttp, httpx, pytest, pytest_asyncio

URL = "{url}"
pytestmark = pytest.mark.vcr

@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def client():
    async with httpx.AsyncClient() as client:
        yield client

@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("number", range(6))
async def test_with_the_loop_of_the_session(client, number):
    answers = await asyncio.gather(*(client.post(URL, json={{"n": [number, n]}}) for n in range(3)))
    assert [answer.json()["path"] for answer in answers] == ["/"] * 3

@pytest.mark.asyncio
@pytest.mark.default_cassette("shared")
@pytest.mark.parametrize("number", range(4))
async def test_with_a_loop_of_its_own(number):
    async with aiohttp.ClientSession() as session:
        async with session.post(URL, json={{"n": number}}) as answer:
            assert (await answer.json())["path"] == "/"

@pytest.mark.timeout(60, method="thread")
def test_in_threads():
    def ask(number):
        httpx.post(URL, json={{"thread": number}})
    threads = [threading.Thread(target=ask, args=[n]) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""

FAILING = """
import threading
import httpx, pytest

pytestmark = pytest.mark.vcr

@pytest.mark.asyncio
async def test_that_misses():
    async with httpx.AsyncClient() as client:
        try:
            await client.post("{url}", json={{"new": 1}})
        except BaseException:
            pass

@pytest.mark.timeout(2, func_only=True)
@pytest.mark.vcr(record_mode="rewrite")
def test_that_hangs():
    httpx.post("{url}", json={{"n": 1}})
    threading.Event().wait()

@pytest.mark.asyncio
async def test_that_reaches_out():
    import asyncio
    await asyncio.open_connection("llm.invalid", 443)
"""


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess(*PLAIN, *MANY, *options, timeout=120)


def test_recorded_together_and_replayed_in_another_order(pytester: pytest.Pytester, server) -> None:
    pytester.makepyfile(test_it=SUITE.format(url=server.url))
    run(pytester, "--record-mode=once", "-p", "randomly").assert_outcomes(passed=11)
    assert len(server.asked) == 18 + 4 + 3
    for seed in (1, 2):
        done = run(pytester, "--record-mode=none", f"--randomly-seed={seed}")
        done.assert_outcomes(passed=11)
    assert len(server.asked) == 18 + 4 + 3


def test_what_fails_is_named_and_a_hanging_test_records_nothing(
    pytester: pytest.Pytester, server
) -> None:
    pytester.makepyfile(test_it=FAILING.format(url=server.url))
    done = run(pytester)
    done.assert_outcomes(failed=3)
    text = done.stdout.str()
    for line in (
        "FAILED test_it.py::test_that_misses - No recording answers this request",
        "FAILED test_it.py::test_that_hangs - Failed: Timeout",
        "FAILED test_it.py::test_that_reaches_out - ",
        "'llm.invalid' (port 443): name look-up by test_it.py::test_that_reaches_out.",
    ):
        assert line in text
    assert not list(pytester.path.rglob("*.yaml"))
