"""``pv cassettes prune``: what no test plays goes, and nothing else."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from personalvibe.cli import main

SUITE = """
import httpx, pytest

def ask(text):
    return httpx.post("{url}", json={{"prompt": text}}).json()

pytestmark = pytest.mark.vcr
"""
SHARED = """
@pytest.mark.default_cassette("shared")
@pytest.mark.parametrize("text", {texts})
def test_shared(text):
    assert ask(text)
"""
OWN = """
def test_own():
    for text in {texts}:
        assert ask(text)
"""
GONE = """
def test_gone():
    assert ask("gone")
"""

Prune = Callable[..., tuple[int, str, str]]


@pytest.fixture
def prune(capsys: pytest.CaptureFixture[str]) -> Prune:
    def run(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["cassettes", "prune", *map(str, arguments)])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def suite(pytester: pytest.Pytester, server: Any, *tests: str, **files: str) -> None:
    pytester.makepyfile(test_it=SUITE.format(url=server.url) + "".join(tests), **files)


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess("-p", "no:hypothesispytest", *arguments)


def folder(pytester: pytest.Pytester) -> Path:
    return pytester.path / "cassettes" / "test_it"


def prompts(path: Path) -> list[str]:
    return [one["request"]["json"]["prompt"] for one in yaml.safe_load(path.read_text())[KEY]]


KEY = "interactions"


@pytest.mark.process
@pytest.mark.parametrize("workers", ["0", "2"])
def test_what_no_test_plays_goes(
    pytester: pytest.Pytester, server: Any, prune: Prune, workers: str
) -> None:
    three = ["one", "two", "three"]
    suite(pytester, server, SHARED.format(texts=three), OWN.format(texts=three), GONE)
    run(pytester, "--record-mode=once").assert_outcomes(passed=5)
    texts = ["one", "three"]
    suite(pytester, server, SHARED.format(texts=texts), OWN.format(texts=texts))
    own, shared, gone = (folder(pytester) / f"test_{name}.yaml" for name in ("own", "x", "gone"))
    shared = shared.with_name("shared.yaml")
    before = {path: path.read_bytes() for path in (own, shared, gone)}
    run(pytester, "-n", workers).assert_outcomes(passed=3)

    code, out, err = prune()
    assert code == 1
    relative = Path("cassettes/test_it")
    assert out.splitlines() == [
        f"{relative / 'shared.yaml'}: interactions that no test plays: 2 of 3",
        f"{relative / 'test_gone.yaml'}: no test opens it",
        f"{relative / 'test_own.yaml'}: interactions that no test plays: 2 of 3",
    ]
    assert "1 cassettes and 2 interactions to remove; --write removes them" in err
    assert {path: path.read_bytes() for path in before} == before

    code, out, err = prune("--json", shared)
    assert code == 1
    assert [one["interactions"] for one in json.loads(out)["removals"]] == [[2]]

    code, out, err = prune("--write")
    assert code == 0
    assert "1 cassettes and 2 interactions removed" in err
    assert not gone.exists()
    for path in (own, shared):
        assert prompts(path) == texts
        lines = before[path].splitlines()
        assert [line for line in path.read_bytes().splitlines() if line not in lines] == []
    run(pytester, "--unplayed=fail", "--unused-cassettes=fail").assert_outcomes(passed=3)
    assert prune()[0] == 0


FAILS = "    assert 0\n"
LEFT_OUT: dict[str, tuple[str, list[str], str]] = {
    "its test fails": (OWN.format(texts=["one"]) + FAILS, [], "did not pass"),
    "its test is skipped": (
        "\n@pytest.mark.skip\ndef test_own():\n    pass\n\ndef test_a():\n    ask('a')\n",
        [],
        "0 cassettes",
    ),
    "tests are left out": (OWN.format(texts=["one"]), ["-k", "own"], "some of the tests"),
    "the run stops": (OWN.format(texts=["one"]) + FAILS, ["-x"], "some of the tests"),
    "a module fails": (OWN.format(texts=["one", "two"]), [], "test_broken.py failed"),
}


@pytest.mark.parametrize("what", LEFT_OUT)
def test_what_is_not_known_to_be_unplayed_stays(
    pytester: pytest.Pytester, server: Any, prune: Prune, what: str
) -> None:
    suite(pytester, server, OWN.format(texts=["one", "two"]), "\ndef test_a():\n    ask('a')\n")
    run(pytester, "--record-mode=once", "-p", "no:cacheprovider").assert_outcomes(passed=2)
    before = {path: path.read_bytes() for path in folder(pytester).iterdir()}
    tests, options, reason = LEFT_OUT[what]
    broken = {"test_broken": "import nothing_of_that_name"} if "module" in what else {}
    suite(pytester, server, tests, **broken)
    run(pytester, "--continue-on-collection-errors", *options)
    _, out, err = prune("--write")
    assert reason in out + err
    own = folder(pytester) / "test_own.yaml"
    assert own.read_bytes() == before[own]
    assert (folder(pytester) / "test_a.yaml").exists() is (what != "its test fails")


def test_a_cassette_that_changed_after_the_run_stays(
    pytester: pytest.Pytester, server: Any, prune: Prune
) -> None:
    suite(pytester, server, OWN.format(texts=["one", "two", "three"]))
    run(pytester, "--record-mode=once").assert_outcomes(passed=1)
    suite(pytester, server, OWN.format(texts=["one"]))
    run(pytester).assert_outcomes(passed=1)
    path = folder(pytester) / "test_own.yaml"
    path.write_text(path.read_text().replace("two", "TWO"))
    code, out, err = prune("--write")
    assert (code, out) == (0, "")
    assert "it has changed since the tests played it" in err
    # A run of this test alone tells the rest.
    run(pytester, "test_it.py::test_own").assert_outcomes(passed=1)
    assert prune("--write")[0] == 0
    assert prompts(path) == ["one"]


def exchange(url: str, text: str) -> dict[str, Any]:
    return {
        "request": {"method": "POST", "uri": url, "headers": {}, "body": f'{{"prompt":"{text}"}}'},
        "response": {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {}},
    }


def test_other_recorders_files(pytester: pytest.Pytester, server: Any, prune: Prune) -> None:
    """vcrpy's keep their text, packed ones stay packed, what has no lines of its own is named."""
    exchanges = [exchange(f"{server.url}/", text) for text in ("one", "two")]
    document = {"interactions": exchanges, "version": 1}
    text, rest = (
        yaml.safe_dump({**document, "interactions": kept}).encode()
        for kept in (exchanges, exchanges[1:])
    )
    contents = {
        "plain.yaml": (text, rest),
        "packed.yaml.gz": (gzip.compress(text, mtime=0), gzip.compress(rest, mtime=0)),
        "lines.json": (json.dumps(document).encode(), json.dumps(document).encode()),
    }
    tests = f"\nURL = '{server.url}/'\n"
    folder(pytester).mkdir(parents=True)
    for number, (name, (before, _)) in enumerate(contents.items()):
        tests += f"\n@pytest.mark.vcr('{name}')\ndef test_{number}():\n"
        tests += (
            f"    assert httpx.post('{server.url}/', json={{'prompt': 'two'}}).content == b''\n"
        )
        (folder(pytester) / name).write_bytes(before)
    suite(pytester, server, tests)
    run(pytester).assert_outcomes(passed=3)
    code, _, err = prune("--write")
    assert code == 3
    assert "lines.json: its interactions are no list of lines" in err
    for name, (_, after) in contents.items():
        assert (folder(pytester) / name).read_bytes() == after
    run(pytester).assert_outcomes(passed=3)


def test_without_a_run_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prune: Prune
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = prune()
    assert (code, out) == (2, "")
    assert "Run the whole suite once" in err
    other = tmp_path / "other.json"
    other.write_text('{"tests": 3}')
    code, _, err = prune("--last-run", other)
    assert code == 2
    assert f"{other}: it is no record of a test run" in err
