"""A cassette is read as far as a test asks; what is damaged further on is not passed over."""

from __future__ import annotations

import httpx
import pytest

from personalvibe.replay import CassetteMiss, use_cassette

SUITE = """
import httpx, pytest

URL = "{url}"

def ask(n):
    return httpx.post(URL + "/echo", json={{"number": n}}).json()["number"]

@pytest.mark.vcr{settings}
def test_it():
    {body}
"""
PLAIN = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
RECORDING = "assert [ask(1), ask(2), ask(3)] == [1, 2, 3]"


def suite(pytester: pytest.Pytester, server, body: str, settings: str = "") -> None:
    pytester.makepyfile(test_it=SUITE.format(url=server.url, body=body, settings=settings))


def damaged(pytester: pytest.Pytester, server, old: str, new: str) -> None:
    """A recording of three requests, with a piece of its text replaced."""
    server.answers["/echo"] = lambda rest, sent: {"number": sent["number"]}
    suite(pytester, server, RECORDING)
    pytester.runpytest_inprocess(*PLAIN, "--record-mode=once").assert_outcomes(passed=1)
    path = pytester.path / "cassettes" / "test_it" / "test_it.yaml"
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("body", "extra"),
    [
        pytest.param("assert ask(1) == 1", (), id="behind what the test plays"),
        pytest.param("assert ask(3) == 3", ("--unplayed=ignore",), id="before what it plays"),
        pytest.param(
            "try:\n        ask(4)\n    except Exception:\n        pass",
            ("--unplayed=ignore",),
            id="in a request that nobody recorded and the program caught",
        ),
    ],
)
@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("      number: 2\n  respon: {}\n", "*test_it.yaml:*: an interaction has an unknown key*"),
        ("      number: 2\n<<<<<<< HEAD\n", "*test_it.yaml:*: not valid YAML*"),
    ],
)
def test_damage_is_told(
    pytester: pytest.Pytester, server, body: str, extra: tuple[str, ...], new: str, said: str
) -> None:
    damaged(pytester, server, "      number: 2\n  response:\n", f"{new}  response:\n")
    suite(pytester, server, body)
    done = pytester.runpytest_inprocess(*PLAIN, "--record-mode=none", *extra)
    assert done.ret == 1
    done.stdout.fnmatch_lines([said])
    assert len(server.asked) == 3


def test_a_test_pays_for_what_it_plays(pytester: pytest.Pytester, server) -> None:
    damaged(
        pytester,
        server,
        "      number: 2\n  response:\n",
        "      number: 2\n  respon: {}\n  response:\n",
    )
    suite(pytester, server, "assert ask(1) == 1")
    done = pytester.runpytest_inprocess(*PLAIN, "--record-mode=none", "--unplayed=ignore")
    done.assert_outcomes(passed=1)


def test_repeats_come_after_all_that_is_recorded(pytester: pytest.Pytester, server) -> None:
    counts = iter(range(1, 9))
    server.answers["/echo"] = lambda rest, sent: {"number": next(counts)}
    suite(pytester, server, "assert [ask(0), ask(1), ask(0)] == [1, 2, 3]")
    pytester.runpytest_inprocess(*PLAIN, "--record-mode=once").assert_outcomes(passed=1)
    body = "assert [ask(0), ask(0), ask(0), ask(1), ask(1)] == [1, 3, 3, 2, 2]"
    suite(pytester, server, body, "(allow_playback_repeats=True)")
    done = pytester.runpytest_inprocess(*PLAIN, "--record-mode=none")
    done.assert_outcomes(passed=1)


def test_a_script_reads_no_further_than_it_plays(pytester: pytest.Pytester, server) -> None:
    new = "      number: 2\n  respon: {}\n  response:\n"
    damaged(pytester, server, "      number: 2\n  response:\n", new)
    path = pytester.path / "cassettes" / "test_it" / "test_it.yaml"

    def ask(number: int) -> int:
        return int(httpx.post(f"{server.url}/echo", json={"number": number}).json()["number"])

    with use_cassette(path):
        assert ask(1) == 1
    with pytest.raises(CassetteMiss, match="an interaction has an unknown key"), use_cassette(path):
        ask(3)
    assert len(server.asked) == 3
