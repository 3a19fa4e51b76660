"""A suite written for pytest-recording, run unchanged, on its cassettes and on ours."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.process

pytest.importorskip("pytest_recording")

SUITE = Path(__file__).parent / "suites" / "for_pytest_recording.py"
TESTS = 15
THEIRS = ("-p", "no:personalvibe_replay", "-p", "no:cassetter")


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    done = pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments, timeout=120)
    done.assert_outcomes(passed=TESTS)
    return done


def test_the_suite_runs_unchanged(
    pytester: pytest.Pytester, server, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(test_it=SUITE.read_text())
    monkeypatch.setenv("URL", server.url)
    folder = pytester.path / "cassettes"

    # Recorded by pytest-recording, replayed here: nothing is asked and nothing is changed.
    run(pytester, *THEIRS, "--record-mode=once")
    asked = len(server.asked)
    names = {path.name for path in folder.rglob("*.yaml")}
    before = {path: path.read_bytes() for path in folder.rglob("*.yaml")}
    monkeypatch.setenv("REPLAY", "1")
    monkeypatch.setenv("QUERY", "2")
    run(pytester)
    assert len(server.asked) == asked
    assert {path: path.read_bytes() for path in folder.rglob("*.yaml")} == before

    # Recorded here, replayed here, under the same names.
    monkeypatch.delenv("REPLAY")
    monkeypatch.setenv("QUERY", "1")
    run(pytester, "--record-mode=rewrite")
    assert len(server.asked) > asked
    assert {path.name for path in folder.rglob("*.yaml")} >= names
    asked = len(server.asked)
    monkeypatch.setenv("REPLAY", "1")
    run(pytester, "--block-network", "--record-mode=none")
    assert len(server.asked) == asked
    text = "".join(path.read_text() for path in folder.rglob("*.yaml"))
    assert "Bearer abc" not in text


AS_THERE = """
[pytest]
replay_format = vcrpy
replay_miss = error
replay_names = plain
"""
AS_THERE_SUITE = """
import httpx, openai, pytest, requests, vcr.errors

URL = "{url}"

@pytest.mark.vcr
@pytest.mark.parametrize("value", ["a/b", "../c"])
def test_asks(value):
    assert requests.post(URL + "/echo", json={{"number": 1}}).json() == {{"number": 1}}

@pytest.mark.vcr
@pytest.mark.parametrize("post", [requests.post, httpx.post])
def test_caught(post):
    with pytest.raises(vcr.errors.CannotOverwriteExistingCassetteException) as caught:
        post("http://localhost:1/echo", json={{"number": 2}})
    assert caught.value.failed_request.uri == "http://localhost:1/echo"
    assert (caught.value.reason, caught.value.similar_requests) == ("cassette_not_found", [])
    assert isinstance(caught.value, Exception)

@pytest.mark.vcr
def test_through_an_sdk():
    client = openai.OpenAI(api_key="x", base_url="http://localhost:1", max_retries=0)
    missing = vcr.errors.CannotOverwriteExistingCassetteException
    with pytest.raises((openai.APIConnectionError, missing)):  # of openai 2, of openai 3
        client.models.list()

@pytest.mark.vcr
def test_not_caught():
    requests.get("http://localhost:1/?token={secret}")

@pytest.mark.vcr(miss="fail")
def test_ours():
    try:
        requests.get("http://localhost:1/")
    except BaseException:
        pass
"""


def test_three_lines_make_it_behave_as_there(pytester: pytest.Pytester, server) -> None:
    secret = "k7Qz9mWb3XvR8tLp2NcY5hFd"
    server.answers["/echo"] = lambda rest, sent: {"number": sent["number"]}
    pytester.makeini(AS_THERE)
    pytester.makepyfile(test_it=AS_THERE_SUITE.format(url=server.url, secret=secret))
    options = ("-p", "no:cacheprovider", "-rA")
    done = pytester.runpytest_subprocess(*options, "--record-mode=rewrite", "-k", "asks")
    done.assert_outcomes(passed=2, deselected=5)
    folder = pytester.path / "cassettes" / "test_it"
    assert {one.name for one in folder.iterdir()} == {
        "test_asks[a-b].yaml",
        "test_asks[..-c].yaml",
    }
    for one in folder.iterdir():
        assert yaml.safe_load(one.read_text())["interactions"][0]["request"]["uri"]

    done = pytester.runpytest_subprocess(*options, "--record-mode=none", timeout=120)
    done.assert_outcomes(passed=5, failed=2)
    output = done.stdout.str()
    assert "No recording answers this request: GET http://localhost:1/?token=REDACTED" in output
    assert "asked at test_it.py:" in output
    failures, _ = output.split("short test summary info")  # where CI says all of it again
    assert failures.count("The program caught the exception and went on.") == 1
    assert secret not in output
