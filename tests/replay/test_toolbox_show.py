"""``pv cassettes show``: every provider's messages as one kind of conversation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from personalvibe.cli import main

RECORDINGS = Path(__file__).resolve().parents[2] / "cassettes" / "test_providers"
PROVIDERS = ("openai", "azure", "anthropic", "gemini", "mistral", "ollama")
SECRET = "sk-proj-k7Qz9mWb3XvR8tLp2NcY5hFd"


def show(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    capsys.readouterr()
    code = main(["cassettes", "show", *map(str, arguments)])
    return code, capsys.readouterr().out


def conversations(capsys: pytest.CaptureFixture[str], *paths: Path) -> Any:
    code, out = show(capsys, "--json", *paths)
    assert code == 0
    return json.loads(out)


@pytest.mark.parametrize("kind", ["chat", "stream"])
def test_every_provider_reads_alike(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    for provider in PROVIDERS:
        [said] = conversations(capsys, RECORDINGS / f"test_{kind}[{provider}].yaml")
        assert said["streamed"] is (kind == "stream")
        texts = [[part["text"] for part in turn["parts"]] for turn in said["asked"]]
        assert texts[-1] == ["Reply with a short greeting."], provider
        [answer] = said["answered"]
        assert answer["role"] == "assistant"
        [part] = answer["parts"]
        assert part["text"].endswith('You asked: "Reply with a short greeting."'), provider


def test_tools_are_shown_with_their_results(capsys: pytest.CaptureFixture[str]) -> None:
    for provider in ("openai", "anthropic", "gemini", "mistral", "ollama"):
        code, out = show(capsys, RECORDINGS / f"test_tools[{provider}].yaml", "--interaction", "2")
        assert code == 0
        assert "tools: get_weather" in out, provider
        assert "-> get_weather({" in out, provider
        assert "<- " in out, provider


def written(path: Path, asked: Any, answered: Any, **headers: list[str]) -> Path:
    answer = answered if isinstance(answered, str) else json.dumps(answered)
    kind = {"content-type": ["text/event-stream" if "data:" in answer else "application/json"]}
    exchange = {
        "request": {
            "method": "POST",
            "uri": "https://api.example.com/v1/x",
            "headers": headers,
            "body": json.dumps(asked),
        },
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": kind,
            "body": {"string": answer},
        },
    }
    path.write_text(yaml.safe_dump({"interactions": [exchange], "version": 1}))
    return path


def events(*documents: dict[str, Any]) -> str:
    return "".join(f"data: {json.dumps(one)}\n\n" for one in documents)


def called(**function: str) -> dict[str, Any]:
    return {
        "choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": function}]}}]
    }


IMAGE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{'QUJD' * 100}"}}
FOREIGN = {
    "an image": ([IMAGE], {"choices": []}, ["[image, image/png, 300 bytes]"]),
    "thoughts": (
        "hi",
        {"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "yes"}]},
        ["> hm", "yes"],
    ),
    "a streamed call": (
        "hi",
        events(called(name="look"), called(arguments='{"a"'), called(arguments=": 1}")),
        ['-> look({"a": 1})'],
    ),
    "a streamed answer of Anthropic's": (
        "hi",
        events(
            {
                "type": "content_block_start",
                "index": 0,
                "content_block": {"type": "tool_use", "name": "f"},
            },
            {"type": "content_block_delta", "index": 0, "delta": {"partial_json": '{"b": 2}'}},
        ),
        ['-> f({"b": 2})'],
    ),
    "a streamed answer of the responses API": (
        "hi",
        events(
            {"type": "response.output_text.delta", "delta": "Bon"},
            {"type": "response.output_text.delta", "delta": "jour"},
        ),
        ["Bonjour"],
    ),
    "an embedding": ("hi", {"data": [{"embedding": [0.5] * 40}]}, ["[40 numbers]"]),
    "an error": ("hi", {"error": {"message": "no such model"}}, ["## error", "no such model"]),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_what_other_recorders_wrote(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, answered, expected = FOREIGN[kind]
    asked = {"model": "m", "messages": [{"role": "user", "content": content}]}
    code, out = show(capsys, written(tmp_path / "c.yaml", asked, answered))
    assert code == 0
    for line in expected:
        assert line in out.splitlines()


@pytest.mark.parametrize("odd", [None, 7, "x", [3], {"a": [1]}, [[{"b": None}]]])
def test_fields_of_another_kind_are_no_bug(
    odd: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("type", "choices", "candidates", "message", "output", "content", "data", "done")
    message = dict.fromkeys(("role", "content", "tool_calls", "images", "function_call"), odd)
    for name in names:
        answer = {name: odd, "index": odd, "delta": odd}
        for number, answered in enumerate((answer, events(answer, {name: [message]}))):
            asked = {"messages": [message, odd], "system": odd, "input": odd, "tools": [odd]}
            path = written(tmp_path / f"{name}{number}.yaml", asked, answered)
    code, out = show(capsys, tmp_path)
    assert code == 0
    assert out.count("# /") == 2 * len(names)
    assert path.name in out


def test_secrets_are_not_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = {"messages": [{"role": "user", "content": f"key {SECRET}"}]}
    path = written(tmp_path / "c.yaml", asked, {}, authorization=[f"Bearer {SECRET}"])
    for option in ("--interaction=1", "--raw", "--json"):
        code, out = show(capsys, path, option)
        assert code == 0
        assert "REDACTED" in out
        assert SECRET not in out


def test_files_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damaged = tmp_path / "a.yaml"
    damaged.write_text("interactions: [")
    assert main(["cassettes", "show", str(tmp_path)]) == 2
    assert f"{damaged}:1: not valid YAML" in capsys.readouterr().err
    good = written(tmp_path / "b.yaml", {"messages": []}, {})
    assert main(["cassettes", "show", str(tmp_path)]) == 3
    assert str(good) in capsys.readouterr().out
    assert main(["cassettes", "show", str(good), "--interaction", "7"]) == 2
    assert "there is no interaction 7" in capsys.readouterr().err
