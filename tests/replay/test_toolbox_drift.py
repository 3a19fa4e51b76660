"""``pv cassettes drift``, with real test runs against a stand-in that a test changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from personalvibe.replay.standin.model import Reply, json_reply, sse, sse_reply

from .live_suite import COMMAND, Suite

SECRET = "sk-proj-k7Qz9mWb3XvR8tLp2NcY5hFd"


def message(answer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = answer["choices"][0]["message"]
    return found


def retyped(answer: dict[str, Any]) -> None:
    answer["usage"]["total_tokens"] = "1500"
    answer["choices"][0]["index"] = [0]


def gone(answer: dict[str, Any]) -> None:
    del answer["usage"], answer["choices"][0]["finish_reason"]


def added(answer: dict[str, Any]) -> None:
    message(answer)["annotations"] = [{"kind": "new", "deep": {"er": 1}}]
    answer["usage"]["details"] = {"cached": 1}


def said(answer: dict[str, Any]) -> None:
    message(answer)["content"] = f"It was different.\nAnd it says {SECRET}"


def called(answer: dict[str, Any]) -> None:
    function = {"name": "look", "arguments": "{}"}
    call = {"id": "call_1", "type": "function", "function": function}
    message(answer).update(content=None, tool_calls=[call])


def other_numbers(answer: dict[str, Any]) -> None:
    answer["created"] = 1.5e9
    answer["usage"].update(prompt_tokens=7, completion_tokens=2.0)


def emptied(answer: dict[str, Any]) -> None:
    answer["system_fingerprint"] = None


def filled(answer: dict[str, Any]) -> None:
    answer["choices"][0]["logprobs"] = {"content": []}
    answer["service_tier"] = "default"


def failing(answer: dict[str, Any]) -> Reply:
    return json_reply({"error": {"message": "the model is overloaded"}}, status=503)


def streamed(answer: dict[str, Any]) -> Reply:
    return sse_reply((sse(answer), b"data: [DONE]\n\n"))


def model(answer: dict[str, Any]) -> None:
    answer["model"] = "gpt-4o-mini-2025-01-01"


# What the provider does -> what is found, in the order of the places.
CHANGES: dict[str, tuple[Any, list[tuple[str, str, str]]]] = {
    "nothing": (lambda answer: None, []),
    "numbers": (other_numbers, []),
    "retyped": (
        retyped,
        [
            ("error", "type changed", "response.choices[].index"),
            ("error", "type changed", "response.usage.total_tokens"),
        ],
    ),
    "gone": (
        gone,
        [
            ("warning", "field removed", "response.choices[].finish_reason"),
            ("warning", "field removed", "response.usage"),
        ],
    ),
    "added": (
        added,
        [
            ("note", "field added", "response.choices[].message.annotations"),
            ("note", "field added", "response.usage.details"),
        ],
    ),
    "said": (said, [("note", "text changed", "answer")]),
    "called": (called, [("note", "text changed", "answer")]),
    "emptied": (emptied, [("warning", "value became null", "response.system_fingerprint")]),
    "filled": (
        filled,
        [
            ("note", "value was null", "response.choices[].logprobs"),
            ("note", "field added", "response.service_tier"),
        ],
    ),
    "failing": (failing, [("error", "status changed", "response.status")]),
    "streamed": (streamed, [("error", "form changed", "response.body")]),
    "model": (model, [("note", "text changed", "response.model")]),
}
TESTS = """
@pytest.mark.parametrize("kind", {kinds})
def test_it(kind):
    ask(kind)
    httpx.post("{url}/v1/chat/completions", json={{"messages": [{{"content": "a stream"}}]}})
"""


def changed(asked: str, answer: dict[str, Any]) -> Any:
    return CHANGES[asked][0](answer) if asked in CHANGES else chunks(asked, new="a field")


def chunks(asked: str, **more: str) -> Reply | None:
    """A stream of two events."""
    if asked != "a stream":
        return None
    events = [{"object": "chunk", "choices": [{"delta": {"content": "Hi"}}]} for _ in range(2)]
    last = {"object": "chunk", "choices": [], "usage": {"total_tokens": 3, **more}}
    return sse_reply((*map(sse, events), sse(last), b"data: [DONE]\n\n"))


@pytest.mark.process
def test_each_change_has_its_level(live: Suite) -> None:
    live.write(TESTS.format(kinds=list(CHANGES), url=live.url))
    live.provider.change = lambda asked, answer: chunks(asked)
    live.run("--record-mode=once").assert_outcomes(passed=len(CHANGES))
    before = live.contents()
    live.provider.change = changed
    code, found = live.document("drift", "--pytest", f"{COMMAND} -n 2")
    assert code == 1
    assert live.contents() == before
    for kind, (_, expected) in CHANGES.items():
        test = found["tests"][f"test_it.py::test_it[{kind}]"]
        by_number: dict[int, list[tuple[str, str, str]]] = {1: [], 2: []}
        for one in test["differences"]:
            by_number[one["interaction"]].append((one["level"], one["kind"], one["place"]))
        assert sorted(by_number[1], key=lambda one: one[2]) == expected, kind
        # A test that fails does not come to its second request.
        streamed = ("note", "field added", "response.events[].usage.new")
        assert by_number[2] == ([streamed] if test["passed"] else []), kind
    assert SECRET not in json.dumps(found)
    assert found["counts"]["error"] == 4


@pytest.mark.process
def test_a_summary_for_people(live: Suite, tmp_path: Path) -> None:
    live.write(TESTS.format(kinds=["said", "added", "later"], url=live.url))
    live.run("--record-mode=once").assert_outcomes(passed=3)
    later, added = (live.cassettes / f"test_it[{name}].yaml" for name in ("later", "added"))
    later.rename(tmp_path / "elsewhere.yaml")
    live.provider.change = lambda asked, answer: (
        CHANGES[asked][0](answer) if asked in CHANGES else None
    )
    summary = tmp_path / "summary.md"
    code, out, err = live.pv(
        "drift", "--text", "--summary", summary, "--pytest", COMMAND, "--fail-on=note"
    )
    assert code == 1
    assert "cassettes/test_it/test_it[added].yaml: note: field added: response.usage.details" in out
    assert "  -It is said.\n  +It was different.\n" in out
    assert SECRET not in out
    assert "4 recordings compared: 0 errors, 0 warnings, 3 notes" in err
    text = summary.read_text()
    assert "4 recordings compared: 0 errors, 0 warnings, 3 notes." in text
    assert "| note | `cassettes/test_it/test_it[said].yaml` 1 | text changed | `answer` |" in text

    # By default a note is no failure; a test that misses its recording cannot be compared.
    live.run("-k", "later")
    code, out, err = live.pv("drift", "--missed", "--pytest", COMMAND)
    assert (code, out) == (3, "")
    assert "test_it.py::test_it[later] could not be compared: it has no recording" in err
    code, _, err = live.pv("drift", "--dry-run", added)
    assert code == 1
    assert "1 cassettes, by 1 tests" in err
    assert live.pv("drift", added, "--max-cost", "0.0001")[0] == 2


def test_without_the_mode_that_asks_it_is_a_mistake(live: Suite) -> None:
    live.write("def test_it():\n    pass\n")
    done = live.run("--drift-report=drift.json")
    done.stderr.fnmatch_lines(["*--drift-report asks the providers: add --record-mode=rewrite*"])
