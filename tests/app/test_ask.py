"""``pv ask``: prompts from the command line and standard input."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from personalvibe.commands import question

from .conftest import Project, Provider, Result

PV = Callable[..., Result]
TOKEN = "ghp_" + "a1B2" * 9


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Sets what standard input holds."""

    def set_to(content: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), "latin-1"))

    set_to(b"")
    return set_to


PROMPTS = {
    "an argument": ("Hi there", b"", "Hi there"),
    "standard input": (None, b"text\n", "text\n"),
    "a dash": ("-", b"text\n", "text\n"),
    "both": ("Explain this.", b"x = 1\n\n", "x = 1\n\nExplain this."),
    "a blank pipe": ("Hi", b" \n", "Hi"),
    "a blank argument": (" ", b"text", "text"),
    "Windows, with a mark": (None, b"\xef\xbb\xbfcaf\xc3\xa9\r\nx", "caf\u00e9\nx"),
}


@pytest.mark.parametrize(("argument", "content", "sent"), PROMPTS.values(), ids=PROMPTS)
def test_what_is_asked(
    argument: str | None, content: bytes, sent: str,
    project: Project, provider: Provider, pv: PV, piped: Any,
) -> None:  # fmt: skip
    piped(content)
    result = pv("ask", *([argument] if argument else []))
    assert (result.code, result.out) == (0, "Hello.\n")
    assert provider.asked[0]["messages"] == [{"role": "user", "content": sent}]
    [prompt] = project.files("data/ask/prompt_inputs/*.md")
    assert prompt.read_text() == f"{sent}\n### END PROMPT\n"


def test_model_system_prompt_and_limits(
    project: Project, provider: Provider, pv: PV, piped: Any
) -> None:
    result = pv(
        *("ask", "Hi", "-m", "openai/gpt-4o", "-s", "Be brief.", "--max-tokens", "9"),
        *("--project-name", "my notes"),
    )
    assert result.code == 0
    [asked] = provider.asked
    assert asked["model"] == "gpt-4o"
    assert 9 in (asked.get("max_completion_tokens"), asked.get("max_tokens"))
    assert asked["messages"][0] == {"role": "system", "content": "Be brief."}
    assert result.err.splitlines()[2] == "model   openai/gpt-4o: 11 tokens in, 7 out, USD 0.000098"
    assert len(project.files("data/my notes/prompt_outputs/*.md")) == 1


REFUSED = {
    "nothing": ([], b"", "there is no prompt", "pipe it in"),
    "not UTF-8": ([], b"one\ncaf\xe9", "standard input:2: is not UTF-8 text", "Convert"),
    "too much": (["Hi"], b"x" * (question.MAX_BYTES + 1), "standard input: larger than", "Pipe"),
    "bytes of another encoding": (["caf\udce9"], b"", "the prompt: is not UTF-8 text", "pipe"),
    "the same in --system": (["Hi", "-s", "\udce9"], b"", "--system: is not UTF-8 text", "UTF-8"),
    "a model": (["Hi", "-m", "gpt-4o"], b"", "--model: model 'gpt-4o' is not", "pv models"),
    "a name": (["Hi", "--project-name", "../x"], b"", "--project-name '../x' is not", "data/"),
    "a stream as JSON": (["Hi", "--json", "--stream"], b"", "--json prints one document", "--help"),
    "a mode alone": (["Hi", "--record-mode", "none"], b"", "--record-mode needs", "pv ask --help"),
}


@pytest.mark.parametrize(("options", "content", "error", "hint"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(
    options: list[str], content: bytes, error: str, hint: str,
    project: Project, provider: Provider, pv: PV, piped: Any,
) -> None:  # fmt: skip
    piped(content)
    result = pv("ask", *options)
    assert (result.code, result.out, provider.asked) == (2, "", [])
    message, remedy = result.err.splitlines()
    assert message.startswith(f"error: {error}")
    assert hint in remedy
    assert project.files("data/**/*.md") == []


SECRETS = {
    "standard input:2": ([], f"one\n{TOKEN}\n"),
    "the prompt:1": ([f"use {TOKEN}"], ""),
    "--system:1": (["Hi", "-s", TOKEN], ""),
}


@pytest.mark.parametrize("place", SECRETS)
def test_no_credential_is_sent_unless_allowed(
    place: str, project: Project, provider: Provider, pv: PV, piped: Any
) -> None:
    options, content = SECRETS[place]
    piped(content.encode())
    refused = pv("ask", *options)
    assert (refused.code, provider.asked) == (2, [])
    assert refused.err.startswith(f"error: {place}: looks like a credential: ")
    piped(content.encode())
    assert pv("ask", *options, "--allow-secret", place).code == 0
    assert TOKEN in json.dumps(provider.asked)


def test_a_closed_standard_input(
    project: Project, provider: Provider, pv: PV, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert pv("ask", "Hi").code == 0
    assert pv("ask").err.startswith("error: there is no prompt\n")


def test_json(project: Project, provider: Provider, pv: PV, piped: Any) -> None:
    provider.says("caf\u00e9 \x1b]52;c;eA==\x07")
    printed = pv("ask", "Hi", "--json")
    assert printed.out.isascii()
    assert "\x1b" not in printed.out
    document = json.loads(printed.out)
    [prompt] = project.files("data/ask/prompt_inputs/*.md")
    [reply] = project.files("data/ask/prompt_outputs/*.md")
    [record] = project.files("data/ask/runs/*.json")
    assert document == {
        "run": record.stem,
        "project": "ask",
        "version": None,
        "mode": None,
        "prompt_file": f"data/ask/prompt_inputs/{prompt.name}",
        "context_files": 0,
        "log_file": "logs/ask_base.log",
        "model": "openai/gpt-4o-mini",
        "reply_file": f"data/ask/prompt_outputs/{reply.name}",
        "input_tokens": 11,
        "output_tokens": 7,
        "cost_usd": document["cost_usd"],
        "complete": True,
        "reply": "caf\u00e9 \x1b]52;c;eA==\x07",
    }
    assert 0 < document["cost_usd"] < 0.001
    assert printed.err == ""


def test_a_reply_that_cannot_be_stored_is_in_the_json(
    project: Project, provider: Provider, pv: PV, piped: Any
) -> None:
    project.write("data/ask/prompt_outputs", "a file in place of the folder")
    result = pv("ask", "Hi", "--json")
    assert result.code == 2
    document = json.loads(result.out)
    assert (document["reply"], document["reply_file"]) == ("Hello.", None)


@pytest.mark.process
def test_real_pipes_in_a_fresh_folder(tmp_path: Any, provider: Provider) -> None:
    """No project, another locale, a reader that leaves."""
    provider.says("word " * 50_000)
    script = "printf 'caf\u00e9\\n' | pv ask '\u00fcbersetze' | head -c 4"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {script}"],
        capture_output=True,
        cwd=tmp_path,
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0",
             "PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"},  # noqa: PTH120
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, b"word"), done.stderr
    assert provider.asked[0]["messages"][0]["content"] == "caf\u00e9\n\n\u00fcbersetze"
    [reply] = (tmp_path / "data/ask/prompt_outputs").iterdir()
    assert reply.stat().st_size > 250_000
