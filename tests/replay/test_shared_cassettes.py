"""A cassette that several tests name: read once, and yet each test sees what is in the file."""

from __future__ import annotations

import pytest

SUITE = """
import pathlib
import httpx, pytest

URL = "{url}"
FILE = pathlib.Path(__file__).parent / "cassettes" / "test_it" / "shared.yaml"
pytestmark = [pytest.mark.vcr, pytest.mark.default_cassette("shared")]

def ask(**more):
    return httpx.post(URL + "/count", json={{"n": 1, **more}}).json()["n"]

def test_records():
    assert [ask(), ask()] == [1, 2]

@pytest.mark.parametrize("again", range(2))
def test_each_test_begins_with_the_first_recording(again):
    assert [ask(), ask()] == [1, 2]

@pytest.mark.vcr(ignore_json_paths=["run"])
def test_with_settings_of_its_own():
    assert ask(run=7) == 1

def test_without_them_again():
    with pytest.raises(BaseException, match="run"):
        ask(run=7)

def test_after_the_file_was_changed(request):
    FILE.write_text(FILE.read_text().replace('"n": 2', '"n": 22'))

def test_sees_the_change():
    assert [ask(), ask()] == [1, 22]

def test_sees_that_the_file_is_damaged_now():
    FILE.write_text(FILE.read_text().replace("...", ""))

def test_last():
    pass
"""


def test_what_tests_share_is_read_anew_when_it_changes(pytester: pytest.Pytester, server) -> None:
    pytester.makepyfile(test_it=SUITE.format(url=server.url))
    plain = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
    recorded = pytester.runpytest_inprocess(*plain, "--record-mode=once", "-k", "records")
    recorded.assert_outcomes(passed=1, deselected=8)
    done = pytester.runpytest_inprocess(*plain)
    done.assert_outcomes(passed=7, failed=1, errors=1)
    done.stdout.fnmatch_lines(
        [
            '*shared.yaml:*: the last line, "...", is missing*',
            "FAILED test_it.py::test_without_them_again*",
        ]
    )
    assert len(server.asked) == 2
