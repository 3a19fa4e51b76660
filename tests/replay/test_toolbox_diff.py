"""``pv cassettes diff`` and the driver of git: what changed in meaning, and nothing else."""

from __future__ import annotations

import copy
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from personalvibe.cli import main
from personalvibe.replay import use_cassette
from personalvibe.replay.toolbox.outline import Topic

RECORDINGS = Path(__file__).resolve().parents[2] / "cassettes" / "test_providers"
PROVIDERS = ("openai", "azure", "anthropic", "gemini", "mistral", "ollama")
SECRET = "sk-proj-k7Qz9mWb3XvR8tLp2NcY5hFd"
ASKED: dict[str, Any] = {
    "model": "gpt-4o-mini",
    "temperature": 0.2,
    "tools": [{"type": "function", "function": {"name": "look", "description": "Looks. Twice."}}],
    "messages": [
        {"role": "system", "content": "Be brief. Be kind."},
        {"role": "user", "content": "What is the weather?\nIn Paris."},
    ],
}
ANSWERED: dict[str, Any] = {
    "id": "chatcmpl-A1b2C3d4E5f6G7h8",
    "created": 1_760_000_000,
    "model": "gpt-4o-mini-2024-07-18",
    "system_fingerprint": "fp_0123abcdef",
    "choices": [
        {"index": 0, "finish_reason": "stop",
         "message": {"role": "assistant", "content": "It rains. Take a coat. Bye."}}
    ],
    "usage": {"prompt_tokens": 20, "completion_tokens": 9},
}  # fmt: skip


def exchange(asked: Any = ASKED, answered: Any = ANSWERED, **headers: str) -> dict[str, Any]:
    return {
        "request": {
            "method": "POST",
            "uri": "https://api.openai.com/v1/chat/completions",
            "headers": {"authorization": [f"Bearer {SECRET}"]},
            "body": asked if isinstance(asked, str) else json.dumps(asked),
        },
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {"content-type": ["application/json"]}
            | {k: [v] for k, v in headers.items()},
            "body": {"string": answered if isinstance(answered, str) else json.dumps(answered)},
        },
    }


def write(path: Path, *exchanges: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump({"interactions": list(exchanges), "version": 1}))
    return path


def changed(document: Any, path: str, value: Any) -> Any:
    """A copy with one field that is another."""
    result = copy.deepcopy(document)
    *heads, last = [int(one) if one.isdigit() else one for one in path.split(".")]
    holder = result
    for one in heads:
        holder = holder[one]
    holder[last] = value
    return result


def diff(
    capsys: pytest.CaptureFixture[str], *arguments: str | Path
) -> tuple[int, list[dict[str, Any]]]:
    capsys.readouterr()
    code = main(["cassettes", "diff", "--json", *map(str, arguments)])
    out = capsys.readouterr().out
    assert SECRET not in out
    return code, json.loads(out)


def changes(found: list[dict[str, Any]]) -> list[tuple[str, str, list[str], list[str]]]:
    return [
        (one["topic"], one["name"], one["before"], one["after"])
        for cassette in found
        for interaction in cassette["interactions"]
        for one in interaction["changes"]
    ]


ANSWER = "choices.0.message.content"
CHANGES = {
    "a parameter": (
        exchange(changed(ASKED, "temperature", 0.7)),
        [("parameter", "temperature", ["0.2"], ["0.7"])],
    ),
    "a nested parameter": (
        exchange(ASKED | {"response_format": {"json_schema": {"strict": True}}}),
        [("parameter", "response_format.json_schema.strict", [], ["true"])],
    ),
    "a model": (
        exchange(changed(ASKED, "model", "gpt-4o")),
        [("model", "", ["gpt-4o-mini"], ["gpt-4o"])],
    ),
    "a sentence of a prompt": (
        exchange(changed(ASKED, "messages.0.content", "Be brief. Be rude.")),
        [("prompt", "system", ["Be kind."], ["Be rude."])],
    ),
    "a turn": (
        exchange(ASKED | {"messages": [*ASKED["messages"], {"role": "user", "content": "Now?"}]}),
        [("prompt", "user", [], ["Now?"])],
    ),
    "a tool's description": (
        exchange(changed(ASKED, "tools.0.function.description", "Looks. Once.")),
        [("tool", "look", ["function.description: Twice."], ["function.description: Once."])],
    ),
    "a sentence of an answer": (
        exchange(answered=changed(ANSWERED, ANSWER, "It rains. Take a hat. Bye.")),
        [("answer", "assistant", ["Take a coat."], ["Take a hat."])],
    ),
    "why it stopped": (
        exchange(answered=changed(ANSWERED, "choices.0.finish_reason", "length")),
        [("finish", "", ["stop"], ["length"])],
    ),
    "the version of the model": (
        exchange(answered=changed(ANSWERED, "model", "gpt-4o-mini-2025-01-01")),
        [("answered by", "", ["gpt-4o-mini-2024-07-18"], ["gpt-4o-mini-2025-01-01"])],
    ),
    "tokens": (
        exchange(answered=changed(ANSWERED, "usage.completion_tokens", 10)),
        [("tokens", "output", ["9"], ["10"])],
    ),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_what_changed_is_all_that_is_said(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new, expected = CHANGES[kind]
    before = write(tmp_path / "before.yaml", exchange(), exchange())
    after = write(tmp_path / "after.yaml", exchange(), new)
    code, found = diff(capsys, before, after)
    assert code == 1
    assert changes(found) == expected
    topics = [argument for topic, *_ in expected for argument in ("--ignore", topic)]
    assert diff(capsys, before, after, *topics) == (0, [])


def called(name: str, arguments: str) -> Any:
    call = {"id": "call_A1b2C3d4E5f6G7h8", "function": {"name": name, "arguments": arguments}}
    return changed(
        ANSWERED, "choices.0.message", {"role": "assistant", "content": None, "tool_calls": [call]}
    )


def test_calls_of_tools_are_compared_by_their_arguments(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = exchange(answered=called("look", '{"city": "Paris", "days": 2}'))
    before = write(tmp_path / "a.yaml", first)
    after = write(
        tmp_path / "b.yaml", exchange(answered=called("look", '{"days":2,"city":"Rome"}'))
    )
    code, found = diff(capsys, before, after)
    assert (code, changes(found)) == (1, [("tool call", "look", ["city: Paris"], ["city: Rome"])])
    other = write(tmp_path / "c.yaml", exchange(answered=called("see", "{}")))
    assert [one[:2] for one in changes(diff(capsys, before, other)[1])] == [
        ("tool call", "look"),
        ("tool call", "see"),
    ]


def events(*documents: dict[str, Any]) -> str:
    return "".join(f"data: {json.dumps(one)}\n\n" for one in documents)


def test_noise_is_no_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    again = changed(ANSWERED, "id", "chatcmpl-Z9y8X7w6V5u4T3s2")
    again["created"], again["system_fingerprint"] = 1_770_000_000, "fp_fedcba3210"
    spaced = json.dumps(dict(reversed(ASKED.items())), indent=2)
    one = exchange(answered=called("look", "{}"), date="Mon, 01 Jan 2024 00:00:00 GMT")
    two = exchange(answered=called("look", "{ }"), date="Tue, 02 Jan 2024 00:00:00 GMT")
    two["response"]["body"]["string"] = two["response"]["body"]["string"].replace("A1b2", "Z9y8")
    before = write(tmp_path / "a.yaml", exchange(), one)
    after = write(tmp_path / "b.yaml", exchange(spaced, again, server="x"), two)
    assert diff(capsys, before, after) == (0, [])

    one, two = (
        {"content": [{"type": "web_search_result", "title": "t", "encrypted_content": opaque}]}
        for opaque in ("EroTCioIBxgCIiQ0NGFl", "EqsCCioIBxgCIiQ0NGFl")
    )
    before = write(tmp_path / "a.yaml", exchange(answered=one))
    after = write(tmp_path / "b.yaml", exchange(answered=two))
    assert diff(capsys, before, after) == (0, [])

    delta = {"index": 0, "delta": {"content": "It rains. "}}
    pieces = [{"choices": [{"index": 0, "delta": {"content": one}}]} for one in ("It ", "rains. ")]
    kind = {"content-type": "text/event-stream"}
    before = write(tmp_path / "a.yaml", exchange(answered=events({"choices": [delta]}), **kind))
    after = write(tmp_path / "b.yaml", exchange(answered=events(*pieces), **kind))
    assert diff(capsys, before, after) == (0, [])


def test_interactions_that_came_and_went(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = exchange(changed(ASKED, "messages.1.content", "And in Rome?"))
    before = write(tmp_path / "a.yaml", exchange(), other)
    third = changed(ASKED, "messages.1.content", "And in Oslo? And in Riga?")
    after = write(tmp_path / "b.yaml", exchange(third), exchange(), other)
    _, [found] = diff(capsys, before, after)
    [interaction] = found["interactions"]
    assert (interaction["before"], interaction["after"]) == (None, 1)
    _, [found] = diff(capsys, after, before)
    [interaction] = found["interactions"]
    assert (interaction["before"], interaction["after"]) == (1, None)


def test_large_data_is_compared_by_a_digest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = "Ab-_" * 1_000
    for old, new in (
        ([{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}], "Ab"),
        ([{"video": {"format": "mp4", "source": {"bytes": data}}}], "Ab"),
        (f"no JSON: {data}", "Ab"),
    ):
        messages = [{"role": "user", "content": old}]
        asked = json.dumps({"messages": messages}) if isinstance(old, list) else old
        before = write(tmp_path / "a.yaml", exchange(asked))
        after = write(tmp_path / "b.yaml", exchange(asked.replace(new, "Cd")))
        code, found = diff(capsys, before, after)
        [(topic, _, [gone], [came])] = changes(found)
        assert (code, topic) == (1, "prompt")
        assert "digest" in gone
        assert gone != came
        assert len(gone) < 200


def test_every_provider_is_compared_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    names = [f"test_{kind}[{name}].yaml" for kind in ("chat", "tools") for name in PROVIDERS]
    for folder, sentence in ((before, "of the stand-in."), (after, "of somebody else.")):
        folder.mkdir()
        for name in names:
            text = (RECORDINGS / name).read_text().replace("of the stand-in.", sentence)
            (folder / name).write_text(text)
    code, found = diff(capsys, before, after)
    assert (code, len(found)) == (1, len(names))
    for topic, role, [gone], [new] in changes(found):
        assert (topic, role) == ("answer", "assistant")
        assert new == gone.replace("the stand-in", "somebody else")
    assert len(changes(found)) == len(names)


def test_folders_are_compared_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for side in ("old", "new"):
        write(tmp_path / side / "sub/same.yaml", exchange())
    write(tmp_path / "old/gone.yaml", exchange())
    write(tmp_path / "new/came.yaml", exchange())
    arguments = (tmp_path / "old", tmp_path / "new")
    code, found = diff(capsys, *arguments)
    assert code == 1
    assert [(one["before"], one["after"]) for one in found] == [
        (None, str(tmp_path / "new/came.yaml")),
        (str(tmp_path / "old/gone.yaml"), None),
    ]
    damaged = tmp_path / "new/sub/same.yaml"
    damaged.write_text("interactions: [")
    assert main(["cassettes", "diff", *map(str, arguments)]) == 3
    captured = capsys.readouterr()
    assert f"{damaged}:1: not valid YAML" in captured.err
    assert f"--- (none)\n+++ {tmp_path / 'new/came.yaml'}" in captured.out


def test_wrong_usage_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = write(tmp_path / "a.yaml", exchange())
    for arguments, said in (
        ((good, tmp_path), "are a folder and a file"),
        ((good, tmp_path / "b.yaml"), "b.yaml: there is no such file"),
        ((tmp_path / "a.yaml", good, "--ignore", "x"), "Invalid value for '--ignore'"),
    ):
        assert main(["cassettes", "diff", *map(str, arguments)]) == 2
        assert said in capsys.readouterr().err.splitlines()[0]
    every = [argument for topic in Topic for argument in ("--ignore", topic)]
    assert diff(capsys, good, good, *every) == (0, [])


def git(folder: Path, *arguments: str) -> str:
    environ = {**os.environ, "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8"}
    names = ("-c", "user.name=n", "-c", "user.email=n@example.org")
    done = subprocess.run(
        ["git", *names, *arguments],
        cwd=folder, env=environ, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def record(path: Path, server: Any, content: str, *, number: int) -> None:
    answer = changed(ANSWERED, ANSWER, content)
    answer |= {"id": f"chatcmpl-A1b2C3d4E5f6G7h{number}", "created": 1_760_000_000 + number}
    answer["usage"] = {"prompt_tokens": 20, "completion_tokens": number}
    server.answers["/v1/"] = lambda rest, sent: answer
    server.headers["/v1/chat/completions"] = [("x-request-id", f"req_{number}")]
    with use_cassette(path, record_mode="rewrite"):
        httpx.post(f"{server.url}/v1/chat/completions", json=ASKED)


@pytest.mark.process
def test_git_shows_the_sentence_that_changed_and_nothing_else(
    tmp_path: Path,
    server: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["cassettes", "git-setup"]) == 2
    assert "not a git repository" in capsys.readouterr().err
    git(tmp_path, "init", "-q")
    (tmp_path / ".gitattributes").write_text("*.py text")
    # A module of the name of one that the driver imports.
    (tmp_path / "types.py").write_text("raise SystemExit(9)\n")
    assert main(["cassettes", "git-setup"]) == 0
    assert main(["cassettes", "git-setup"]) == 0
    attributes = (tmp_path / ".gitattributes").read_text().splitlines()
    assert attributes[:2] == ["*.py text", "**/cassettes/**/*.yaml diff=cassette"]
    assert len(attributes) == len(set(attributes))

    path = write(tmp_path / "tests/cassettes/test_a/test_b.yaml", exchange(), exchange())
    recorded = path.with_name("recorded.yaml")
    record(recorded, server, "It rains. Take a coat. Bye.", number=1)
    damaged = path.with_name("damaged.yaml")
    damaged.write_text("interactions: [\n")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "first")
    again = changed(ANSWERED, ANSWER, "It rains. Take a hat. Bye.")
    again |= {"id": "chatcmpl-Z9y8X7w6V5u4T3s2", "created": 1_770_000_000}
    again["usage"] = {"prompt_tokens": 20, "completion_tokens": 11}
    write(path, exchange(), exchange(answered=again, date="Tue, 02 Jan 2024 00:00:00 GMT"))
    damaged.write_text("interactions: [[\n")
    record(recorded, server, "It rains. Take an umbrella. Bye.", number=2)
    assert len(git(tmp_path, "diff", "--no-textconv", "--", str(recorded)).splitlines()) > 12

    shown = git(tmp_path, "diff").splitlines()
    told = [line for line in shown if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert told == [
        *("-interactions: [", "+interactions: [["),
        *("-Take a coat.", "+Take an umbrella."),
        *("-Take a coat.", "+Take a hat."),
    ]
    told = git(tmp_path, "difftool", "-y", "-t", "cassette", "--", str(path)).splitlines()
    assert told[2:] == [
        "@@ interaction 2: POST api.openai.com/v1/chat/completions @@",
        "answer assistant",
        "- Take a coat.",
        "+ Take a hat.",
        "tokens output",
        "- 9",
        "+ 11",
    ]
