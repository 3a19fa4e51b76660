"""``pv runs`` and ``pv show``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Project, Provider, Result

PV = Callable[..., Result]
OLD = "2025-01-02_03-04-05_aaaaaaaaaa_bbbbbbbbbb"


def keep(project: Project, name: str, prompt: str | None, reply: str | None) -> None:
    """What an earlier version left of a run."""
    time, hashes = name[:19], name[20:].split("_")
    if prompt is not None:
        path = f"data/demo/prompt_inputs/{time}_{hashes[0]}.md"
        project.write(path, f"{prompt}\n### END PROMPT\n")
    if reply is not None:
        project.write(f"data/demo/prompt_outputs/{name}.md", f"{reply}\n### END PROMPT\n")


@pytest.fixture
def asked(project: Project, provider: Provider, pv: PV) -> Project:
    """A run of this version and one of an earlier version."""
    keep(project, OLD, "Old question", "Old answer")
    assert pv("run", "--config", project.config("mode: prd\n")).code == 0
    return project


def test_runs_are_listed_the_newest_first(asked: Project, pv: PV) -> None:
    listed = pv("runs")
    assert listed.code == 0
    header, new, old = (re.split(r"\s{2,}", line) for line in listed.out.splitlines())
    assert header == ["RUN", "PROJECT", "MODEL", "IN", "OUT", "USD", "PROMPT"]
    [record] = asked.files("data/demo/runs/*.json")
    title = "# demo 1.1.0: prd"
    assert new == [record.stem, "demo", "openai/gpt-4o-mini", "11", "7", "0.000006", title]
    assert old == [OLD, "demo", "-", "-", "-", "-", "Old question"]
    some = pv("runs", "--limit", "1")
    assert len(some.out.splitlines()) == 2
    assert some.err == "note: 1 older runs; --limit shows more\n"


def test_runs_as_json(asked: Project, pv: PV) -> None:
    new, old = json.loads(pv("runs", "--json").out)
    assert old == {
        "run": OLD,
        "project": "demo",
        "prompt_file": "data/demo/prompt_inputs/2025-01-02_03-04-05_aaaaaaaaaa.md",
        "reply_file": f"data/demo/prompt_outputs/{OLD}.md",
        "time": "2025-01-02T03:04:05+00:00",
        "mode": None,
        "version": None,
        "model": None,
        "system": None,
        "input_tokens": None,
        "output_tokens": None,
        "cost_usd": None,
        "complete": None,
    }
    assert new.keys() == old.keys()
    assert (new["mode"], new["version"], new["input_tokens"]) == ("prd", "1.1.0", 11)
    assert new["run"][:10] == new["time"][:10]


def test_show_is_the_newest_with_everything(asked: Project, pv: PV) -> None:
    shown = pv("show")
    assert shown.code == 0
    assert "model   openai/gpt-4o-mini: 11 tokens in, 7 out, USD 0.000006\n" in shown.out
    assert "\n## Prompt\n\n# demo 1.1.0: prd\n" in shown.out
    assert shown.out.endswith("\n## Reply\n\nHello.\n")
    document = json.loads(pv("show", "--json").out)
    assert (document["reply"], document["model"]) == ("Hello.", "openai/gpt-4o-mini")
    assert document["prompt"].startswith("# demo 1.1.0: prd\n")


NAMES = {
    "its name": OLD,
    "the beginning": "2025-01-02",
    "its reply": f"data/demo/prompt_outputs/{OLD}.md",
    "its prompt": "data/demo/prompt_inputs/2025-01-02_03-04-05_aaaaaaaaaa.md",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_run_is_named(asked: Project, pv: PV, name: str) -> None:
    assert pv("show", name, "--reply").out == "Old answer\n"
    assert pv("show", name, "--prompt").out == "Old question\n"


def test_the_system_prompt_is_shown(
    project: Project, provider: Provider, pv: PV, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    pv("ask", "Hi", "--system", "Be brief.")
    assert "\n## System\n\nBe brief.\n\n## Prompt\n\nHi\n" in pv("show").out
    assert json.loads(pv("show", "--json").out)["system"] == "Be brief."


def test_what_nobody_answered_is_listed(project: Project, provider: Provider, pv: PV) -> None:
    provider.fails(500)
    pv("run", "--config", project.config("mode: prd\n"), "--max-retries", "0")
    assert pv("runs").out.splitlines()[1].endswith("# demo 1.1.0: prd")
    assert pv("show").out.endswith("\n## Reply\n\n(not kept)\n")
    missing = pv("show", "--reply")
    assert missing.code == 2
    assert missing.err.splitlines()[0].endswith("its reply is not kept")


def test_the_same_run_twice_is_two_runs(project: Project, provider: Provider, pv: PV) -> None:
    for _ in range(2):
        pv("run", "--config", project.config("mode: prd\n"))
    names = [run["run"] for run in json.loads(pv("runs", "--json").out)]
    assert len(set(names)) == 2
    assert len(project.replies) == 1
    shown = [json.loads(pv("show", name, "--json").out)["run"] for name in names]
    assert shown == names
    reply = str(project.replies[0])
    assert json.loads(pv("show", reply, "--json").out)["run"] in names


def test_runs_that_cannot_be_shown(project: Project, pv: PV) -> None:
    assert pv("runs") == Result(0, "", "note: no run is kept here yet\n")
    assert json.loads(pv("runs", "--json").out) == []
    assert pv("show").err.startswith("error: no run is kept here yet\n")
    keep(project, OLD, "One", "1")
    keep(project, OLD.replace("03-04-05", "03-04-06").replace("b", "c"), "One", "2")
    for name, error in {
        "1999": "no run '1999' is kept",
        "2025": "2 runs begin with '2025': 2025-01-02_03-04-06",
        "..": "no run '..' is kept",
    }.items():
        refused = pv("show", name)
        assert refused.code == 2
        assert refused.err.startswith(f"error: {error}")
    both = pv("show", OLD, "--reply", "--json")
    assert (both.code, both.out) == (2, "")
    assert pv("runs", "--project-name", "../x").code == 2


@pytest.mark.parametrize("content", ["", "{", "[]", '{"time": 5}', "\xff"])
def test_a_record_that_cannot_be_read(asked: Project, pv: PV, content: str) -> None:
    [record] = asked.files("data/demo/runs/*.json")
    record.write_bytes(content.encode("latin-1"))
    listed = pv("runs")
    assert listed.code == 0
    assert listed.out.splitlines()[1].startswith(f"{record.stem}  demo     -")
    assert listed.err.startswith(
        f"note: data/demo/runs/{record.name}: is not the record of a run\n"
    )
    assert pv("show").out.endswith("Hello.\n")


def test_texts_that_are_gone(asked: Project, pv: PV) -> None:
    asked.prompts[-1].unlink()
    assert "\n## Prompt\n\n(not kept)\n\n## Reply\n\nHello.\n" in pv("show").out
    assert pv("runs").code == 0


def test_a_record_that_cannot_be_written_costs_no_reply(
    project: Project, provider: Provider, pv: PV
) -> None:
    project.write("data/demo/runs", "a file in place of the folder")
    result = pv("run", "--config", project.config("mode: prd\n"))
    assert (result.code, result.out) == (0, "Hello.\n")
    assert result.err.startswith("note: cannot write data/demo/runs/")
    refused: Any = pv("runs")
    assert refused.code == 2
    assert refused.err.startswith("error: data/demo/runs: cannot be read: Not a directory\n")


def test_records_are_no_context(asked: Project, provider: Provider, pv: PV) -> None:
    asked.write("data/demo/runs/experiment.txt", "mine\n")
    asked.write("code.txt", "data/\n")
    pv("run", "--config", asked.config("mode: prd\ncode_context_paths: [code.txt]\n"))
    prompt = provider.asked[-1]["messages"][-1]["content"]
    assert re.findall("Start of (.*)", prompt) == ["data/demo/runs/experiment.txt"]
