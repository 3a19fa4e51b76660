"""``pv cassettes refresh``, with real test runs against a stand-in that a test changes."""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from personalvibe.cli import main
from personalvibe.replay.cassette import file as cassette
from personalvibe.replay.standin.model import json_reply

from .live_suite import COMMAND, Suite

TESTS = """
def test_same():
    assert ask("the same")

def test_changed():
    assert ask("another")
    assert ask("the same too")

def test_strict():
    assert ask("strict") == "It is strict."

def test_refused():
    httpx.post("{url}/v1/chat/completions", json={{"messages": [{{"content": "an error"}}]}})

@pytest.mark.default_cassette("shared")
@pytest.mark.parametrize("text", ["one", "two"])
def test_shared(text):
    assert ask(text) == f"It is {{text}}."

@pytest.mark.skipif("os.environ.get('NO_KEY')")
def test_skipped():
    assert ask("skipped", model="gpt-4o")
"""


def change(asked: str, answer: dict[str, Any]) -> Any:
    message = answer["choices"][0]["message"]
    if asked == "another":
        message["content"] = "It was another."
    elif asked in ("strict", "two"):
        message["content"] = "something else"
    elif asked == "an error":
        return json_reply({"error": {"message": "no"}}, status=500)
    return None


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.process
def test_what_changed_is_shown_and_what_failed_stays(
    live: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.write("import os\n" + TESTS.format(url=live.url))
    live.run("--record-mode=once").assert_outcomes(passed=7)
    before = live.contents()
    asked = len(live.provider.asked)

    code, out, err = live.pv("refresh", ".", "--dry-run")
    assert (code, out) == (1, "")
    assert "cassettes/test_it/test_changed.yaml: 2 interactions; gpt-4o-mini, 20" in err
    assert "6 cassettes, by 7 tests" in err
    assert "12,000 tokens, USD 0.0102" in err
    code, _, err = live.pv("refresh", ".")
    assert (code, err.splitlines()[-1]) == (2, "hint: Say --yes.")
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    code, _, err = live.pv("refresh", ".")
    assert (code, err.splitlines()[-1]) == (1, "Record them again? [y/N]: ")
    code, _, err = live.pv("refresh", ".", "--yes", "--max-cost", "0.001")
    assert code == 2
    assert "more than --max-cost 0.001" in err
    assert (live.contents(), len(live.provider.asked)) == (before, asked)

    live.provider.change = change
    monkeypatch.setenv("NO_KEY", "1")
    code, out, err = live.pv("refresh", ".", "--yes", "--pytest", COMMAND)
    assert code == 3
    assert out.splitlines() == [
        "cassettes/test_it/test_changed.yaml: recorded again",
        "  answer assistant",
        "  - It is another.",
        "  + It was another.",
        "cassettes/test_it/test_same.yaml: says the same",
    ]
    for name, reason in {
        "shared": "test_it.py::test_shared[two] did not pass",
        "test_refused": "request 1 was answered with 500",
        "test_skipped": "test_it.py::test_skipped did not run",
        "test_strict": "test_it.py::test_strict did not pass",
    }.items():
        assert f"error: left as it is: cassettes/test_it/{name}.yaml: " in err
        assert reason in err
    after = live.contents()
    assert {name for name in before if before[name] != after[name]} == {"test_changed"}
    assert after.keys() == before.keys()
    live.run().assert_outcomes(passed=6, skipped=1)


@pytest.mark.process
def test_selection(live: Suite) -> None:
    live.write(
        "def test_mini():\n    assert ask('a')\n"
        "def test_large():\n    assert ask('b', model='gpt-4o')\n"
        "def test_missing():\n    assert ask('c')\n"
    )
    live.run("--record-mode=once").assert_outcomes(passed=3)
    old = live.cassettes / "test_large.yaml"
    date = cassette.load(old)[0].provenance.recorded_at  # type: ignore[union-attr]
    old.write_text(old.read_text().replace(date, "2020-01-01T00:00:00Z"))
    missing = live.cassettes / "test_missing.yaml"
    missing.unlink()
    live.run().assert_outcomes(passed=2, failed=1)

    def chosen(*arguments: str | Path) -> list[str]:
        _, found = live.document("refresh", "--dry-run", *arguments)
        return [Path(one["cassette"]).stem for one in found["cassettes"]]

    assert chosen(".") == ["test_large", "test_mini"]
    assert chosen("--older-than", "30") == ["test_large"]
    assert chosen("--older-than", "0") == ["test_large", "test_mini"]
    assert chosen("--model", "gpt-4o") == ["test_large"]
    assert chosen("--model", "gpt-4o*") == ["test_large", "test_mini"]
    assert chosen("--missed") == ["test_missing"]
    assert chosen("--missed", "--model", "gpt-4o", old) == []
    assert chosen("--provider", "openai") == []
    assert chosen("--provider", "127.0.0.1", live.cassettes / "test_mini.yaml") == ["test_mini"]
    code, found = live.document("refresh", "--dry-run", "other.yaml")
    assert (code, found["left"][0]["reason"]) == (3, "no test of the last run records it")
    assert live.pv("refresh")[0] == 2
    code, _, err = live.pv("refresh", ".", "--yes", "--pytest", "no-such-command")
    assert code == 2
    assert 'hint: Say how the tests are run: --pytest "COMMAND".' in err

    # What has not changed is young again: it was asked for by its age.
    code, _, _ = live.pv("refresh", "--older-than", "30", "--yes", "--pytest", COMMAND)
    assert code == 0
    assert chosen("--older-than", "30") == []


@pytest.mark.process
def test_a_run_that_gets_too_dear_is_stopped(live: Suite, tmp_path: Path) -> None:
    live.write("@pytest.mark.parametrize('n', range(8))\ndef test_it(n):\n    assert ask(f'{n}')\n")
    live.run("--record-mode=once").assert_outcomes(passed=8)

    def dear(asked: str, answer: dict[str, Any]) -> None:
        answer["choices"][0]["message"]["content"] = "A long answer."
        answer["usage"]["completion_tokens"] = 1_000_000

    live.provider.change = dear
    done = live.run(
        "--record-mode=rewrite", f"--stage-recordings={tmp_path}", "--max-recording-cost=0.5"
    )
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["*recording has cost USD 0.6*, more than 0.5*"])
    code, found = live.document(
        "refresh", ".", "--yes", "--max-cost", "0.5", "--pytest", f"{COMMAND} -n 1"
    )
    assert code == 3
    new = [one for one in found["recorded"] if one["changes"]]
    assert 1 <= len(new) < 8
    reasons = {one["reason"].partition(" ")[2] for one in found["left"]}
    assert reasons == {"did not run"}
    assert len(found["left"]) == 8 - len(new)


KILLS = int(os.environ.get("PERSONALVIBE_KILLS", "3"))


@pytest.mark.process
@pytest.mark.skipif(os.name == "nt", reason="needs signals")
def test_killed_at_a_random_moment_every_cassette_is_whole(live: Suite) -> None:
    """The old one or the new one; a cassette that tests share is of one generation."""
    live.write(
        "@pytest.mark.default_cassette('shared')\n@pytest.mark.parametrize('n', range(6))\n"
        "def test_shared(n):\n    assert ask(f'number {n}')\n"
        "def test_own():\n    assert ask('one') and ask('two')\n"
    )
    generation = 0

    def change(asked: str, answer: dict[str, Any]) -> None:
        answer["choices"][0]["message"]["content"] = f"generation {generation}"

    live.provider.change = change
    live.run("--record-mode=once").assert_outcomes(passed=7)
    arguments = ["cassettes", "refresh", ".", "--yes", "--pytest", COMMAND]
    drift = ["cassettes", "drift", ".", "--pytest", COMMAND]
    chance = random.Random(15)
    for _ in range(KILLS):
        generation += 1
        asked = len(live.provider.asked)
        with subprocess.Popen(
            [sys.executable, "-m", "personalvibe", *chance.choice((arguments, drift))],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        ) as victim:  # fmt: skip
            last = asked + chance.randint(1, 8)
            while len(live.provider.asked) < last and victim.poll() is None:
                threading.Event().wait(0.01)
            threading.Event().wait(chance.uniform(0, 0.3))
            os.killpg(victim.pid, signal.SIGKILL)
        for path in live.cassettes.iterdir():
            answers = {one.response.body for one in cassette.load(path)}
            generations = {answer[answer.index(b"generation") :][:13] for answer in answers}
            assert len(generations) == 1
    assert {path.stem for path in live.cassettes.iterdir()} == {"shared", "test_own"}
    assert main([*arguments]) == 0
    assert f"generation {generation}".encode() in (live.cassettes / "shared.yaml").read_bytes()
